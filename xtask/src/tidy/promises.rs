//! The list of the first hour names tests: each of them must be there.

use super::{expect_none, expect_one};

const LIST: &str = "docs/first-hour.md";

/// Lines like "- `file`: a part of it", and what is wrong with each.
fn check(list: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (at, line) in list.lines().enumerate() {
        let Some((file, title)) = line.trim_start().strip_prefix("- `").and_then(|it| it.split_once("`: "))
        else {
            continue;
        };
        match read(file) {
            None => complaints.push(format!("{LIST}:{}: there is no {file}", at + 1)),
            Some(text) if !text.contains(title) => {
                complaints.push(format!("{LIST}:{}: {file} has no {title:?}", at + 1));
            }
            Some(_) => {}
        }
    }
    complaints
}

#[test]
fn every_test_that_the_first_hour_names_is_there() {
    let root = crate::shell::root();
    let list = std::fs::read_to_string(root.join(LIST)).unwrap();
    expect_none(&check(&list, |file| std::fs::read_to_string(root.join(file)).ok()));
    let named = list.lines().filter(|line| line.trim_start().starts_with("- `")).count();
    assert!(named > 30, "{named} tests are named");
}

#[test]
fn a_test_that_is_gone_is_seen() {
    let read = |file: &str| (file == "a.rs").then(|| "fn it_holds()".to_owned());
    expect_none(&check("- `a.rs`: it_holds\n- Not shown: more", read));
    expect_one(&check("  - `a.rs`: it_held", read), "has no");
    expect_one(&check("- `b.rs`: it_holds", read), "there is no");
}
