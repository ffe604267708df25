//! Tools rely on the names of figures: each that a bench prints stands in the table of docs/benchmarks.md, and each there is printed.
//! A name that a program puts together is known by its pieces: `{what}` in a text stands for anything.

use super::{expect_none, expect_one, repository_files};

const TABLE: &str = "docs/benchmarks.md";
/// Texts of these programs that look like names of figures: files, an event of a provider, a value in a page.
const NO_FIGURES: &[&str] = &["register.sqlite", "server.log", "checkout.session.completed", "window.taps"];

/// The names in the first cells, written out: `.p50_ms` is the name before it with another end.
fn named(table: &str) -> Vec<String> {
    let (mut names, mut row_before) = (Vec::<String>::new(), String::new());
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cell = line.split('|').nth(1).unwrap_or_default();
        let mut first = String::new();
        for word in cell.split('`').skip(1).step_by(2) {
            let base = if first.is_empty() { &row_before } else { &first };
            let name = match word.trim_start_matches('…').strip_prefix('.') {
                Some(end) => with_end(base, end),
                None => word.to_owned(),
            };
            if first.is_empty() {
                first.clone_from(&name);
            }
            names.push(name);
        }
        row_before = first;
    }
    names
}

fn with_end(name: &str, end: &str) -> String {
    let segments: Vec<&str> = name.split('.').collect();
    let kept = segments.len().saturating_sub(end.split('.').count());
    segments[..kept].iter().copied().chain([end]).collect::<Vec<_>>().join(".")
}

/// What stands between quotes in a program. Raw texts with quotes inside name no figures.
fn texts(source: &str) -> Vec<&str> {
    source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .collect()
}

/// Whether a text with its places in braces can become this name.
fn becomes(text: &str, name: &str) -> bool {
    let Some((before, rest)) = text.split_once('{') else { return text == name };
    let Some(left) = name.strip_prefix(before) else { return false };
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    left.char_indices().map(|(at, _)| &left[at..]).chain([""]).any(|left| becomes(after, left))
}

/// Whether one program prints a name: as it is, or made of a text and what stands in another one.
fn prints(texts: &[&str], name: &str) -> bool {
    let (begin, end) = name.rsplit_once('.').unwrap_or((name, ""));
    let has_end =
        || texts.iter().any(|text| *text == end || text.rsplit_once('.').is_some_and(|it| it.1 == end));
    texts.iter().any(|text| match text.rsplit_once('.') {
        // Its end is said elsewhere, too.
        Some((_, last)) if last.starts_with('{') && last.ends_with('}') => becomes(text, name) && has_end(),
        Some(_) => {
            becomes(text, name) || (*text == begin && texts.contains(&format!("{{name}}.{end}").as_str()))
        }
        None => false,
    })
}

fn check(table: &str, programs: &[(String, String)]) -> Vec<String> {
    let names = named(table);
    let groups: Vec<&str> =
        names.iter().filter_map(|name| name.split_once('.')).map(|(group, _)| group).collect();
    let is_name = |text: &str| {
        let is_plain =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_.{}".contains(letter);
        text.split_once('.').is_some_and(|(group, _)| groups.contains(&group))
            && text.chars().all(is_plain)
            && !NO_FIGURES.contains(&text)
    };
    let mut complaints = Vec::new();
    for (file, source) in programs {
        for text in texts(source).into_iter().filter(|text| is_name(text)) {
            let begins = |name: &String| name.strip_prefix(text).is_some_and(|rest| rest.starts_with('.'));
            if !names.iter().any(|name| becomes(text, name) || begins(name)) {
                complaints.push(format!("{file}: {text} is no row of {TABLE}"));
            }
        }
    }
    let programs: Vec<Vec<&str>> = programs.iter().map(|(_, source)| texts(source)).collect();
    for name in names.iter().filter(|name| !programs.iter().any(|texts| prints(texts, name))) {
        complaints.push(format!("{TABLE}: nothing prints {name}"));
    }
    complaints
}

fn is_program(name: &str) -> bool {
    let is_bench = name.starts_with("bench/") || name.starts_with("src-tauri/benches/");
    (is_bench && name.ends_with(".rs")) || name == "tests/browser/bench.js"
}

#[test]
fn every_figure_is_a_row_of_the_table_and_every_row_is_a_figure() {
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    let table = read(&crate::shell::root().join(TABLE));
    let files = repository_files();
    let programs: Vec<(String, String)> = files
        .iter()
        .filter(|file| is_program(&file.name))
        .map(|file| (file.name.clone(), read(&file.path)))
        .collect();
    assert!(programs.len() > 20 && named(&table).len() > 100);
    expect_none(&check(&table, &programs));
}

#[test]
fn a_figure_without_a_row_and_a_row_without_a_figure_are_seen() {
    let check = |table: &str, source: &str| check(table, &[("bench/src/a.rs".to_owned(), source.to_owned())]);
    let table = "| `web.a.p99_ms`, `.p50_ms` | ms |\n| `web.N.sold` | units |\n| `….left` | units |\n";
    let whole =
        "say(\"web.a.p99_ms\"); say(\"web.a.p50_ms\"); format!(\"web.{n}.{what}\"); (\"sold\", \"left\")";
    expect_none(&check(table, whole));
    expect_one(&check(table, &format!("{whole}; say(\"web.b.ms\")")), "web.b.ms is no row");
    expect_one(&check(table, &whole.replace("\"left\"", "")), "nothing prints web.N.left");
    expect_one(&check(table, &whole.replace("say(\"web.a.p50_ms\")", "")), "nothing prints web.a.p50_ms");
}
