//! Migrations are numbered without a gap, and a step written for one server database is written for the other.
//!
//! One text serves both server databases, with placeholders for the few words that differ (migrations/README.md), so
//! a word that only one of them understands is a twin that was forgotten.
//!
//! `device/NNNN_name.sql` is for SQLite. `server/NNNN_name.sql` and `shared/NNNN_name.sql` serve both databases;
//! where their words differ, `NNNN_name.sqlite.sql` and `NNNN_name.postgres.sql` are twins.

use super::{Entry, expect_none, expect_one, repository_files};

const DIGITS: usize = 4;
/// Understood by one database only, or meaning something else on the other.
const ONE_DATABASE_ONLY: &[&str] = &[
    "autoincrement",
    "bigint",
    "bigserial",
    "blob",
    "bytea",
    "integer",
    "jsonb",
    "pragma",
    "rowid",
    "serial",
    "strict",
    "timestamptz",
    "trigger",
    "virtual",
];

/// A file's parts: number, name, and for which database when it is for one only.
#[derive(PartialEq, Eq, Clone, Debug)]
struct Step<'a> {
    number: u32,
    name: &'a str,
    database: Option<&'a str>,
}

fn parse(file: &str) -> Option<Step<'_>> {
    let stem = file.strip_suffix(".sql")?;
    let (number, rest) = stem.split_once('_')?;
    let (name, database) =
        rest.split_once('.').map_or((rest, None), |(name, database)| (name, Some(database)));
    let known = matches!(database, None | Some("sqlite" | "postgres"));
    let digits = number.len() == DIGITS && number.bytes().all(|it| it.is_ascii_digit());
    (known && digits && !name.is_empty()).then_some(Step { number: number.parse().ok()?, name, database })
}

fn check_folder(folder: &str, files: &[&str], twins_allowed: bool) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut steps = Vec::new();
    for file in files {
        match parse(file) {
            Some(step) if twins_allowed || step.database.is_none() => steps.push(step),
            Some(_) => complaints.push(format!("{folder}/{file}: a device has one database only")),
            None => complaints.push(format!("{folder}/{file}: is not called NNNN_name.sql")),
        }
    }
    complaints.extend(missing_twins(folder, &steps));
    complaints.extend(gaps(folder, &steps));
    complaints
}

/// A step without a twin must not need one.
fn check_words(file: &str, sql: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (index, line) in sql.lines().enumerate() {
        let statement = line.split("--").next().unwrap_or_default().to_lowercase();
        let words = statement.split(|it: char| !(it.is_alphanumeric() || "_{}'".contains(it)));
        for word in words.filter(|word| ONE_DATABASE_ONLY.contains(word)) {
            complaints.push(format!(
                "{file}:{}: `{word}` is for one database only: use a placeholder or write both files",
                index + 1
            ));
        }
    }
    complaints
}

fn check_file_words(file: &Entry) -> Vec<String> {
    let for_both =
        ["migrations/server/", "migrations/shared/"].iter().any(|folder| file.name.starts_with(folder));
    let single = file.name.ends_with(".sql") && !file.name.trim_end_matches(".sql").contains('.');
    if !for_both || !single {
        return Vec::new();
    }
    check_words(&file.name, &std::fs::read_to_string(&file.path).unwrap())
}

fn missing_twins(folder: &str, steps: &[Step<'_>]) -> Vec<String> {
    let missing = steps.iter().filter_map(|step| {
        let twin = if step.database? == "sqlite" { "postgres" } else { "sqlite" };
        let wanted = Step { database: Some(twin), ..step.clone() };
        (!steps.contains(&wanted))
            .then(|| format!("{folder}/{:04}_{}.{twin}.sql is missing", step.number, step.name))
    });
    missing.collect()
}

fn gaps(folder: &str, steps: &[Step<'_>]) -> Vec<String> {
    let mut names: Vec<(u32, &str)> = steps.iter().map(|step| (step.number, step.name)).collect();
    names.sort_unstable();
    names.dedup();
    let wrong = names.iter().zip(1u32..).find(|((number, _), expected)| number != expected);
    wrong
        .map(|((number, name), expected)| {
            format!("{folder}/{number:04}_{name}: the next number is {expected:04}")
        })
        .into_iter()
        .collect()
}

#[test]
fn the_migrations_are_in_order_and_have_their_twins() {
    let files = repository_files();
    let folders = [("migrations/device", false), ("migrations/server", true), ("migrations/shared", true)];
    for (folder, twins_allowed) in folders {
        let names: Vec<&str> =
            files.iter().filter_map(|it| it.name.strip_prefix(folder)?.strip_prefix('/')).collect();
        assert!(!names.is_empty(), "{folder} holds no migration");
        expect_none(&check_folder(folder, &names, twins_allowed));
    }
    expect_none(&files.iter().flat_map(check_file_words).collect::<Vec<_>>());
}

#[test]
fn a_word_of_one_database_is_seen() {
    let sql =
        "create table a (\n  n {int}, b {blob}, serial_number {int}, -- an integer\n  c BIGINT\n) {strict};";
    expect_one(&check_words("s/0001_a.sql", sql), "s/0001_a.sql:3: `bigint`");
}

#[test]
fn each_disorder_is_seen() {
    for (files, part) in [
        (&["0001_a.sqlite.sql"][..], "s/0001_a.postgres.sql is missing"),
        (&["0001_a.postgres.sql"], "s/0001_a.sqlite.sql is missing"),
        (&["0001_a.sql", "0003_b.sql"], "the next number is 0002"),
        (&["0001_a.sql", "0001_b.sql"], "0001_b: the next number is 0002"),
        (&["0001_a.sql", "2_b.sql"], "s/2_b.sql: is not called"),
        (&["0001_a.sql", "0002_b.oracle.sql"], "is not called"),
    ] {
        expect_one(&check_folder("s", files, true), part);
    }
    expect_one(&check_folder("d", &["0001_a.sql", "0002_b.sqlite.sql"], false), "one database only");
    expect_none(&check_folder("s", &["0001_a.sql", "0002_b.sqlite.sql", "0002_b.postgres.sql"], true));
}
