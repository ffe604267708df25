//! Who may import whom, and what a pure crate may list. Read from `cargo metadata`, so that purity is a fact of
//! the manifests and not a matter of discipline.

use serde_json::Value;

use super::{expect_none, expect_one};

/// Every member with all members that it may import. An edge that is not here is forbidden.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("soko-domain", &[]),
    ("soko-documents", &["soko-domain"]),
    ("soko-app-api", &["soko-domain"]),
    ("soko-search", &[]),
    ("soko-checkout", &["soko-domain"]),
    ("soko-print", &["soko-app-api", "soko-domain"]),
    ("soko-recommend", &[]),
    ("soko-pricing", &[]),
    ("soko-experiment", &[]),
    ("soko-replication", &["soko-domain"]),
    ("soko-record-log", &["soko-replication", "soko-domain"]),
    ("soko-projection", &["soko-domain", "soko-documents", "soko-replication", "soko-record-log"]),
    ("soko-engine", &BELOW_THE_SHELLS),
    ("soko-sync-server", &SERVER),
    ("soko-device", &DEVICE),
    ("soko-meet", &["soko-device", "soko-engine", "soko-app-api", "soko-replication", "soko-domain"]),
    ("soko-ui", &["soko-app-api", "soko-domain", "soko-print"]),
    ("soko-ui-worker", &["soko-device", "soko-engine", "soko-record-log", "soko-app-api", "soko-domain"]),
    ("soko", &["soko-meet", "soko-device", "soko-engine", "soko-record-log", "soko-app-api", "soko-domain"]),
    (
        "soko-register",
        &[
            "soko-meet",
            "soko-device",
            "soko-engine",
            "soko-app-api",
            "soko-domain",
            "soko-replication",
            "soko-documents",
            "soko-projection",
            "soko-record-log",
        ],
    ),
    (
        "soko-sim",
        &[
            "soko-engine",
            "soko-sync-server",
            "soko-replication",
            "soko-domain",
            "soko-documents",
            "soko-app-api",
            "soko-record-log",
            "soko-projection",
            "soko-checkout",
        ],
    ),
    ("soko-web-build", &[]),
    (
        "soko-bench",
        &[
            "soko-register",
            "soko-device",
            "soko-engine",
            "soko-sync-server",
            "soko-replication",
            "soko-domain",
            "soko-app-api",
            "soko-record-log",
            "soko-projection",
        ],
    ),
    ("soko-measure", &[]),
    ("soko-recommend-bench", &["soko-recommend", "soko-measure"]),
    ("soko-pricing-bench", &["soko-pricing", "soko-measure"]),
    ("soko-experiment-bench", &["soko-experiment", "soko-measure"]),
    ("xtask", &[]),
];

/// What both a device and the server are made of.
const BELOW_THE_SHELLS: [&str; 9] = [
    "soko-domain",
    "soko-documents",
    "soko-app-api",
    "soko-replication",
    "soko-record-log",
    "soko-projection",
    "soko-search",
    "soko-pricing",
    "soko-experiment",
];

/// The server trains what devices suggest from, drives payments, and writes receipts that are mailed.
const SERVER: [&str; 12] = [
    "soko-domain",
    "soko-documents",
    "soko-app-api",
    "soko-replication",
    "soko-record-log",
    "soko-projection",
    "soko-search",
    "soko-recommend",
    "soko-pricing",
    "soko-experiment",
    "soko-checkout",
    "soko-print",
];

/// A device that talks to its servers.
const DEVICE: [&str; 11] = [
    "soko-engine",
    "soko-print",
    "soko-recommend",
    "soko-experiment",
    "soko-app-api",
    "soko-domain",
    "soko-replication",
    "soko-documents",
    "soko-projection",
    "soko-record-log",
    "soko-search",
];

/// More, for tests only.
const TESTS_MAY_IMPORT: &[(&str, &[&str])] = &[
    ("soko-meet", &["soko-record-log"]),
    ("soko-device", &["soko-sync-server"]),
    // The printer that is none.
    ("soko", &["soko-print"]),
    ("soko-print", &["soko-print"]),
];

/// The feature that makes rules weakenable, and who may ask for it.
const SABOTAGE: &str = "sabotage";
const SABOTEUR: &str = "soko-sim";

const PURE: &[&str] = &[
    "soko-domain",
    "soko-documents",
    "soko-replication",
    "soko-app-api",
    "soko-search",
    "soko-print",
    "soko-recommend",
    "soko-experiment",
    "soko-checkout",
    "soko-pricing",
    "soko-experiment",
];

/// Runtimes, databases, HTTP, clocks and random sources.
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "chrono",
    "getrandom",
    "gloo-timers",
    "hyper",
    "js-sys",
    "postgres",
    "rand",
    "rand_core",
    "reqwest",
    "rusqlite",
    "smol",
    "sqlite-wasm-rs",
    "sqlx",
    "time",
    "tokio",
    "tokio-postgres",
    "tower",
    "ureq",
    "uuid",
    "wasm-bindgen",
    "wasm-bindgen-futures",
    "web-sys",
    "web-time",
];

/// One line of a member's manifest.
#[derive(Debug)]
struct Dependency<'a> {
    package: &'a str,
    name: &'a str,
    is_member: bool,
    for_tests_only: bool,
    wants_sabotage: bool,
}

fn dependencies(metadata: &Value) -> Vec<Dependency<'_>> {
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .flat_map(|package| package["dependencies"].as_array().unwrap().iter().map(move |it| (package, it)))
        .map(|(package, it)| Dependency {
            package: package["name"].as_str().unwrap(),
            name: it["name"].as_str().unwrap(),
            is_member: it["path"].is_string(),
            for_tests_only: it["kind"] == "dev",
            wants_sabotage: it["features"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|feature| feature == SABOTAGE),
        })
        .collect()
}

fn unknown_members(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.filter_map(|package| {
        let name = package["name"].as_str().unwrap();
        let known = MAY_IMPORT.iter().any(|(member, _)| *member == name);
        (!known).then(|| format!("{name} is not in the table of who may import whom: add its line there and in ARCHITECTURE.md"))
    }).collect()
}

fn forbidden_edges(dependencies: &[Dependency<'_>]) -> Vec<String> {
    dependencies
        .iter()
        .filter(|it| it.is_member && !allowed(it))
        .map(|it| format!("{} may not import {}: see the table in ARCHITECTURE.md", it.package, it.name))
        .collect()
}

fn allowed(edge: &Dependency<'_>) -> bool {
    let listed = |table: &[(&str, &[&str])]| {
        table.iter().any(|(package, targets)| *package == edge.package && targets.contains(&edge.name))
    };
    listed(MAY_IMPORT) || edge.for_tests_only && listed(TESTS_MAY_IMPORT)
}

fn impure_dependencies(dependencies: &[Dependency<'_>]) -> Vec<String> {
    dependencies
        .iter()
        .filter(|it| PURE.contains(&it.package) && !it.for_tests_only && IMPURE.contains(&it.name))
        .map(|it| {
            format!("{} is pure and lists {}: take time, ids and seeds as arguments", it.package, it.name)
        })
        .collect()
}

fn saboteurs(dependencies: &[Dependency<'_>]) -> Vec<String> {
    dependencies
        .iter()
        .filter(|it| it.wants_sabotage && it.package != SABOTEUR)
        .map(|it| format!("{} wants {SABOTAGE} of {}: only {SABOTEUR} may weaken rules", it.package, it.name))
        .collect()
}

fn sample(package: &str, name: &str, kind: Option<&str>, path: Option<&str>) -> Value {
    serde_json::json!({"packages": [
        {"name": package, "dependencies": [{"name": name, "kind": kind, "path": path}]}]})
}

#[test]
fn members_import_only_what_they_may() {
    let metadata = crate::packages::members().unwrap();
    expect_none(&unknown_members(&metadata));
    let dependencies = dependencies(&metadata);
    assert!(dependencies.iter().any(|it| it.is_member), "no edge between members was found");
    expect_none(&forbidden_edges(&dependencies));
}

#[test]
fn a_forbidden_edge_and_an_unknown_member_are_seen() {
    let upwards = sample("soko-domain", "soko-engine", None, Some("crates/engine"));
    expect_one(&forbidden_edges(&dependencies(&upwards)), "soko-domain may not import soko-engine");
    let in_tests = sample("soko-domain", "soko-engine", Some("dev"), Some("crates/engine"));
    expect_one(&forbidden_edges(&dependencies(&in_tests)), "soko-domain may not import soko-engine");
    let fine = sample("soko-documents", "soko-domain", None, Some("crates/domain"));
    expect_none(&forbidden_edges(&dependencies(&fine)));
    expect_one(
        &unknown_members(&sample("soko-gadget", "serde", None, None)),
        "soko-gadget is not in the table",
    );
}

#[test]
fn pure_crates_list_nothing_impure() {
    let metadata = crate::packages::members().unwrap();
    for pure in PURE {
        let packages = metadata["packages"].as_array().unwrap();
        assert!(packages.iter().any(|it| it["name"] == *pure), "{pure} is gone: correct the list");
    }
    expect_none(&impure_dependencies(&dependencies(&metadata)));
}

#[test]
fn an_impure_dependency_is_seen_unless_only_tests_use_it() {
    let bad = sample("soko-domain", "tokio", None, None);
    expect_one(&impure_dependencies(&dependencies(&bad)), "soko-domain is pure and lists tokio");
    let built = sample("soko-domain", "chrono", Some("build"), None);
    expect_one(&impure_dependencies(&dependencies(&built)), "chrono");
    expect_none(&impure_dependencies(&dependencies(&sample("soko-domain", "rand", Some("dev"), None))));
    expect_none(&impure_dependencies(&dependencies(&sample("soko-engine", "rusqlite", None, None))));
}

#[test]
fn no_product_can_be_weakened() {
    let metadata = crate::packages::members().unwrap();
    expect_none(&saboteurs(&dependencies(&metadata)));
}

#[test]
fn a_product_that_wants_sabotage_is_seen() {
    let mut bad = sample("soko-register", "soko-engine", None, Some("crates/engine"));
    bad["packages"][0]["dependencies"][0]["features"] = serde_json::json!(["sabotage"]);
    expect_one(&saboteurs(&dependencies(&bad)), "soko-register wants sabotage of soko-engine");
    bad["packages"][0]["name"] = "soko-sim".into();
    expect_none(&saboteurs(&dependencies(&bad)));
}
