//! The fuzzers of `fuzz/`: a workspace of its own, so that nightly Rust and its tools stay out of the product. What they
//! find is written below `fuzz/artifacts`; what they learn stays below the target folder and is not kept.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::machine;
use crate::shell::{Doing as _, Failure, Outcome, root, run, target_dir};

/// Longer inputs than any decoder is likely to be broken by; pages may be larger and are slower to learn from.
const INPUT_BYTES_MAX: u32 = 65_536;
/// A decoder that needs more for such an input is broken.
const MEMORY_MB_MAX: u32 = 1_024;
const ONE_INPUT_SECONDS_MAX: u32 = 10;

pub(crate) fn run_targets(named: &[String], seconds: u32) -> Outcome {
    if !machine::has_cargo_command("fuzz") {
        return Err(Failure::new(
            "there is no cargo-fuzz: cargo install cargo-fuzz, and rustup install nightly",
        ));
    }
    let all = targets(&root())?;
    if let Some(unknown) = named.iter().find(|name| !all.contains(name)) {
        return Err(Failure::new(format!("{unknown} is none of {}", all.join(", "))));
    }
    for target in all.iter().filter(|target| named.is_empty() || named.contains(target)) {
        fuzz(target, seconds)?;
    }
    Ok(())
}

fn fuzz(target: &str, seconds: u32) -> Outcome {
    let built = target_dir().join("fuzz");
    let learnt = built.join("learnt").join(target);
    fs::create_dir_all(&learnt).doing("making a folder for what the fuzzer learns")?;
    // By its name: the cargo that runs this task is of another toolchain.
    let mut command = Command::new("cargo");
    command.current_dir(root()).env_remove("RUSTUP_TOOLCHAIN");
    command.args(["+nightly", "fuzz", "run", "--target-dir"]).arg(&built).arg(target);
    // The first folder is where new inputs go; the seeds are only read.
    command.arg(&learnt).arg(root().join("fuzz/corpus").join(target)).arg("--");
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
    command.arg(format!("-rss_limit_mb={MEMORY_MB_MAX}"));
    command.arg(format!("-timeout={ONE_INPUT_SECONDS_MAX}"));
    command.arg("-print_final_stats=1");
    run(&mut command)
}

/// By the names of their files.
fn targets(root: &Path) -> Outcome<Vec<String>> {
    let folder = fs::read_dir(root.join("fuzz/fuzz_targets")).doing("looking for fuzzers")?;
    let stems = folder.flatten().filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned()));
    let mut targets: Vec<String> = stems.collect();
    targets.sort();
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target that is not in the manifest is never built, and one without seeds begins with nothing.
    #[test]
    fn every_fuzzer_is_in_its_manifest_and_has_seeds() {
        let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
        let targets = targets(&root()).unwrap();
        assert!(!targets.is_empty());
        for target in targets {
            assert!(manifest.contains(&format!("name = \"{target}\"\n")), "{target}");
            let seeds = fs::read_dir(root().join("fuzz/corpus").join(&target));
            assert!(seeds.is_ok_and(|mut seeds| seeds.next().is_some()), "{target}");
        }
    }
}
