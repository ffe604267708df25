//! The house's rules as tests: `cargo test -p xtask`.
//!
//! Each rule is a function from what it looks at to a list of complaints. One test holds it against this
//! repository, another shows that it can fail by giving it something bad.

mod figures;
mod graph;
mod licences;
mod migrations;
mod phones;
mod promises;
mod rust_text;
mod sources;

use std::path::{Path, PathBuf};

/// Not ours: built, kept by git (a file in a second work tree), fetched by a package manager, or a person's data.
const SKIPPED: &[&str] = &[".git", "target", "data", "node_modules"];

/// One file or link of the repository.
struct Entry {
    /// Relative to the top, with `/`.
    name: String,
    path: PathBuf,
    is_link: bool,
}

/// Every file below the top, in order, so that complaints do not move around.
fn repository_files() -> Vec<Entry> {
    let root = crate::shell::root();
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() > 20, "the walk found too little to be the repository");
    found
}

fn walk(root: &Path, dir: &Path, found: &mut Vec<Entry>) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if dir == root && SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            continue;
        }
        if kind.is_dir() {
            walk(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            found.push(Entry { name, path, is_link: kind.is_symlink() });
        }
    }
}

/// Fails with every complaint at once.
fn expect_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// For the tests of the rules: exactly one complaint, and it says this.
fn expect_one(complaints: &[String], part: &str) {
    assert!(
        complaints.len() == 1 && complaints[0].contains(part),
        "wanted one with {part:?}, got {complaints:?}"
    );
}
