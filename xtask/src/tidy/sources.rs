//! What files look like: sizes, module docs, leftovers, a machine's paths, links; and what pure crates name.

use super::rust_text::{code_only, functions, without_tests};
use super::{Entry, expect_none, expect_one, repository_files};

const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;
const FILE_BYTES_MAX: u64 = 1_000_000;

/// Never in code.
const LEFTOVERS: &[&str] = &["todo!", "unimplemented!", "#[ignore", "dbg!"];
/// Code in a doc comment is compiled by no step; what shows how a part is used is a test or an example.
const FENCE: &str = "```";
/// Never anywhere; put together here so that this file does not complain about itself.
const NOTES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];
const MACHINE_PATHS: &[&str] = &[concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];

const PURE_SOURCES: &[&str] = &[
    "crates/domain/src/",
    "crates/documents/src/",
    "crates/replication/src/",
    "crates/app-api/src/",
    "crates/search/src/",
    "crates/print/src/",
    "crates/recommend/src/",
    "crates/checkout/src/",
    "crates/pricing/src/",
    "crates/experiment/src/",
];
/// The world, and what has no order of its own.
const IMPURE_WORDS: &[&str] = &[
    "SystemTime",
    "Instant::now",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "HashMap",
    "HashSet",
    "RandomState",
    "thread_rng",
];

/// A test of random cases says their seed, or it may fail on one run and pass on the next.
const RANDOM_CASES: &[&str] = &["proptest! {", "TestRunner::new("];
const CASES_SEED: &[&str] = &["RngSeed::Fixed", "crate::config("];

/// What a first visit gets: everything of the screens but the seller's own, and what puts all of it together.
const SCREENS: &str = "ui/src/";
const NOT_AT_A_FIRST_VISIT: &[&str] = &["ui/src/seller", "ui/src/settings", "ui/src/app.rs"];
const SELLERS_SCREENS: &[&str] = &["seller::"];

fn check_rust(name: &str, source: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let lines = source.lines().count();
    if lines > FILE_LINES_MAX {
        complaints.push(format!("{name}: {lines} lines, at most {FILE_LINES_MAX}: split it by noun"));
    }
    if name.contains("src/") && !source.starts_with("//!") {
        complaints.push(format!("{name}: does not begin with `//!`: say what it is and what not"));
    }
    let code = code_only(source);
    for long in functions(&code).into_iter().filter(|it| it.lines > FUNCTION_LINES_MAX) {
        let (at, lines) = (long.line, long.lines);
        complaints
            .push(format!("{name}:{at}: {} has {lines} lines, at most {FUNCTION_LINES_MAX}", long.name));
    }
    complaints.extend(lines_with(name, &code, LEFTOVERS, "is unfinished work"));
    let docs = |line: &str| line.trim_start().starts_with("///") || line.starts_with("//!");
    let fenced = source.lines().enumerate().filter(|(_, line)| docs(line) && line.contains(FENCE));
    complaints
        .extend(fenced.map(|(at, _)| format!("{name}:{}: code in a doc comment: make it a test", at + 1)));
    if PURE_SOURCES.iter().any(|pure| name.starts_with(pure)) && !name.ends_with("/tests.rs") {
        complaints.extend(lines_with(
            name,
            &without_tests(&code),
            IMPURE_WORDS,
            "has no place in a pure crate",
        ));
    }
    if RANDOM_CASES.iter().any(|it| code.contains(it)) && !CASES_SEED.iter().any(|it| code.contains(it)) {
        complaints.push(format!("{name}: random cases without a seed: say `RngSeed::Fixed`"));
    }
    if name.starts_with(SCREENS) && !NOT_AT_A_FIRST_VISIT.iter().any(|it| name.starts_with(it)) {
        complaints.extend(lines_with(name, &code, SELLERS_SCREENS, "would make a first visit heavy"));
    }
    complaints
}

fn check_text(name: &str, text: &str) -> Vec<String> {
    let mut complaints = lines_with(name, text, NOTES, "is a note to oneself: do it or open an issue");
    complaints.extend(lines_with(name, text, MACHINE_PATHS, "is one machine's path"));
    complaints
}

fn lines_with(name: &str, text: &str, words: &[&str], verdict: &str) -> Vec<String> {
    let hits = text.lines().enumerate().flat_map(|(index, line)| {
        words.iter().filter(move |word| line.contains(**word)).map(move |word| (index + 1, word))
    });
    hits.map(|(line, word)| format!("{name}:{line}: `{word}` {verdict}")).collect()
}

fn check_entry(name: &str, bytes: u64, is_link: bool) -> Vec<String> {
    if is_link {
        return vec![format!("{name}: is a link; a checkout elsewhere may not follow it")];
    }
    if bytes > FILE_BYTES_MAX {
        return vec![format!("{name}: {bytes} bytes, at most {FILE_BYTES_MAX}")];
    }
    Vec::new()
}

fn check_file(file: &Entry) -> Vec<String> {
    let bytes = std::fs::symlink_metadata(&file.path).unwrap().len();
    let mut complaints = check_entry(&file.name, bytes, file.is_link);
    if !complaints.is_empty() {
        return complaints;
    }
    // Samples of bytes are no text and hold no notes.
    if let Ok(text) = std::fs::read_to_string(&file.path) {
        complaints.extend(check_text(&file.name, &text));
        if file.name.ends_with(".rs") {
            complaints.extend(check_rust(&file.name, &text));
        }
    }
    complaints
}

#[test]
fn every_file_is_tidy() {
    let complaints: Vec<String> = repository_files().iter().flat_map(check_file).collect();
    expect_none(&complaints);
}

#[test]
fn each_untidiness_is_seen() {
    let long_function = format!("//! x\nfn long() {{\n{}}}\n", "  a();\n".repeat(69));
    for (source, part) in [
        (format!("//! x\n{}", "\n".repeat(800)), "801 lines"),
        ("fn a() {}\n".to_owned(), "does not begin with"),
        (long_function, "a.rs:2: long has 71 lines"),
        ("//! x\nfn a() { todo!() }\n".to_owned(), "a.rs:2: `todo!`"),
        ("//! x\nproptest! {}\n".to_owned(), "a.rs: random cases without a seed"),
        ("//! x\n  /// ```\n".to_owned(), "a.rs:2: code in a doc comment"),
        ("//! x\n#[ignore = \"slow\"]\nfn a() {}\n".to_owned(), "a.rs:2: `#[ignore`"),
    ] {
        expect_one(&check_rust("src/a.rs", &source), part);
    }
    expect_none(&check_rust("src/a.rs", "//! x\nconst A: &str = \"todo! HashMap\"; // unimplemented!\n"));
}

#[test]
fn a_pure_crate_that_names_the_world_is_seen() {
    let source =
        "//! x\nuse std::collections::HashMap;\n#[cfg(test)]\nmod tests {\nuse std::fs; }\nuse std::env;\n";
    let complaints = check_rust("crates/domain/src/a.rs", source);
    assert_eq!(complaints.len(), 2, "{complaints:?}");
    assert!(complaints.iter().any(|it| it.contains("a.rs:2: `HashMap` has no place")), "{complaints:?}");
    assert!(complaints.iter().any(|it| it.contains("a.rs:6: `std::env` has no place")), "{complaints:?}");
    expect_none(&check_rust("crates/engine/src/a.rs", source));
}

#[test]
fn a_sellers_screen_at_a_first_visit_is_seen() {
    let source = "//! x\nuse crate::seller::Scans;\n// seller::Sell is said only\n";
    for shared in
        ["ui/src/shopper/market.rs", "ui/src/chrome/frame.rs", "ui/src/parts.rs", "ui/src/bin/soko-shop.rs"]
    {
        expect_one(&check_rust(shared, source), "rs:2: `seller::` would make a first visit heavy");
    }
    for own in ["ui/src/seller/sell.rs", "ui/src/app.rs", "src-tauri/src/lib.rs"] {
        expect_none(&check_rust(own, source));
    }
}

#[test]
fn notes_and_machine_paths_are_seen_in_any_text() {
    expect_one(&check_text("a.md", &format!("x\n{} later", NOTES[0])), "a.md:2");
    for path in MACHINE_PATHS {
        expect_one(&check_text("a.md", &format!("see {path}x")), "one machine's path");
    }
    expect_none(&check_text("a.md", "see docs/testing.md"));
}

#[test]
fn links_and_big_files_are_seen() {
    expect_one(&check_entry("a", 1, true), "is a link");
    expect_one(&check_entry("a", FILE_BYTES_MAX + 1, false), "at most");
    expect_none(&check_entry("a", FILE_BYTES_MAX, false));
}
