//! What the workspace says about itself: `cargo metadata`, without its dependencies.

use serde_json::Value;

use crate::shell::{Doing as _, Failure, Outcome, cargo, output_of};

/// The members' part of `cargo metadata`.
pub(crate) fn members() -> Outcome<Value> {
    let text = output_of(&mut cargo(&["metadata", "--format-version", "1", "--no-deps"]))
        .ok_or_else(|| Failure::new("`cargo metadata` does not succeed: run it by hand to see why"))?;
    serde_json::from_str(&text).doing("reading what cargo metadata printed")
}

/// Fails with a sentence when a package has no such program.
pub(crate) fn require_program(package: &str, program: &str) -> Outcome {
    if has_program(&members()?, package, program) {
        return Ok(());
    }
    Err(Failure::new(format!("the package {package} has no program called {program}")))
}

fn has_program(metadata: &Value, package: &str, program: &str) -> bool {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut targets = packages
        .filter(|it| it["name"] == package)
        .flat_map(|it| it["targets"].as_array().into_iter().flatten());
    targets.any(|target| {
        let is_program =
            target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "bin"));
        is_program && target["name"] == program
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_program_is_found_by_package_and_kind() {
        let metadata = json!({"packages": [{"name": "soko-sim", "targets": [
            {"name": "soko-sim", "kind": ["bin"]}, {"name": "soko_sim", "kind": ["lib"]}]}]});
        for (package, program, expected) in [
            ("soko-sim", "soko-sim", true),
            ("soko-sim", "soko_sim", false),
            ("soko-server", "soko-sim", false),
        ] {
            assert_eq!(super::has_program(&metadata, package, program), expected, "{package} {program}");
        }
    }
}
