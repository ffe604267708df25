//! Licences and banned crates, from deny.toml, checked without any data from outside: cargo-deny is not on every
//! machine, and a licence that we may not ship must not depend on that.

use serde_json::Value;

use super::{expect_none, expect_one};
use crate::machine::WASM_TARGET;
use crate::shell::{cargo, output_of, root};

const SHIPPED_TARGETS: &[&str] = &["x86_64-unknown-linux-gnu", WASM_TARGET];

struct Policy {
    allowed: Vec<String>,
    /// Crate and licence: what is allowed for this crate alone.
    exceptions: Vec<(String, String)>,
    banned: Vec<String>,
}

impl Policy {
    fn read() -> Self {
        let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let list = |section: &str, key: &str| table[section][key].as_array().unwrap().clone();
        let text_of = |value: &toml::Value| value.as_str().unwrap().to_owned();
        Self {
            allowed: list("licenses", "allow").iter().map(text_of).collect(),
            exceptions: list("licenses", "exceptions")
                .iter()
                .flat_map(|entry| {
                    let licences = entry["allow"].as_array().unwrap();
                    licences.iter().map(|licence| (text_of(&entry["crate"]), text_of(licence)))
                })
                .collect(),
            banned: list("bans", "deny").iter().map(|entry| text_of(&entry["crate"])).collect(),
        }
    }

    fn check(&self, metadata: &Value) -> Vec<String> {
        let packages = metadata["packages"].as_array().unwrap().iter();
        packages.filter_map(|package| self.complaint(package)).collect()
    }

    fn complaint(&self, package: &Value) -> Option<String> {
        let name = package["name"].as_str()?;
        if self.banned.iter().any(|banned| banned == name) {
            return Some(format!("{name} is banned in deny.toml; `cargo tree -i {name}` shows who wants it"));
        }
        let licence = package["license"].as_str().unwrap_or_default();
        let excepted = self.exceptions.iter().any(|(crate_name, it)| crate_name == name && it == licence);
        (!excepted && !self.allows(licence))
            .then(|| format!("{name} has the licence {licence:?}, which deny.toml does not allow"))
    }

    /// One of the alternatives must be allowed with all its parts. Parentheses bind; `/` is an old `OR`.
    fn allows(&self, licence: &str) -> bool {
        let spaced = licence.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut reader = Reader { words: &words, policy: self };
        reader.any() && reader.words.is_empty()
    }
}

struct Reader<'a> {
    words: &'a [&'a str],
    policy: &'a Policy,
}

impl Reader<'_> {
    fn any(&mut self) -> bool {
        let mut verdict = self.all();
        while self.takes("OR") {
            verdict |= self.all();
        }
        verdict
    }

    fn all(&mut self) -> bool {
        let mut verdict = self.one();
        while self.takes("AND") {
            verdict &= self.one();
        }
        verdict
    }

    fn one(&mut self) -> bool {
        if self.takes("(") {
            let verdict = self.any();
            return self.takes(")") && verdict;
        }
        let Some((name, rest)) = self.words.split_first() else { return false };
        self.words = rest;
        let mut licence = (*name).to_owned();
        if self.takes("WITH")
            && let Some((exception, rest)) = self.words.split_first()
        {
            self.words = rest;
            licence = format!("{licence} WITH {exception}");
        }
        self.policy.allowed.contains(&licence)
    }

    fn takes(&mut self, word: &str) -> bool {
        match self.words.split_first() {
            Some((first, rest)) if *first == word => {
                self.words = rest;
                true
            }
            Some(_) | None => false,
        }
    }
}

#[test]
fn everything_that_is_built_in_may_be_shipped() {
    for target in SHIPPED_TARGETS {
        let printed =
            output_of(&mut cargo(&["metadata", "--format-version", "1", "--filter-platform", target]));
        let metadata: Value = serde_json::from_str(&printed.expect("cargo metadata")).unwrap();
        assert!(metadata["packages"].as_array().unwrap().len() > 20, "too few packages to be the whole");
        expect_none(&Policy::read().check(&metadata));
    }
}

#[test]
fn a_bad_licence_and_a_banned_crate_are_seen() {
    let policy = Policy {
        allowed: vec!["MIT".into(), "ISC".into(), "A WITH E".into()],
        exceptions: vec![("known".into(), "MPL-2.0".into())],
        banned: vec!["bad".into()],
    };
    for (licence, expected) in [
        ("MIT", true),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND ISC", true),
        ("MIT AND GPL-3.0", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("GPL-3.0 OR (MIT AND LGPL-3.0)", false),
        ("A WITH E", true),
        ("A", false),
        ("", false),
        ("(MIT", false),
    ] {
        assert_eq!(policy.allows(licence), expected, "{licence}");
    }
    let package =
        |name: &str, licence: &str| serde_json::json!({"packages": [{"name": name, "license": licence}]});
    expect_one(&policy.check(&package("odd", "GPL-3.0")), "odd has the licence");
    expect_one(&policy.check(&package("bad", "MIT")), "bad is banned");
    expect_none(&policy.check(&package("good", "MIT")));
    expect_none(&policy.check(&package("known", "MPL-2.0")));
    expect_one(&policy.check(&package("stranger", "MPL-2.0")), "stranger has the licence");
}
