//! Migrations are numbered without a gap, and a step written for one server database is written for the other.
//!
//! `device/NNNN_name.sql` is for SQLite. `server/NNNN_name.sql` and `shared/NNNN_name.sql` serve both databases;
//! where their words differ, `NNNN_name.sqlite.sql` and `NNNN_name.postgres.sql` are twins.

use super::{expect_none, expect_one, repository_files};

const DIGITS: usize = 4;

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
