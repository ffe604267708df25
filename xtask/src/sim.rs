//! The simulator: `cargo xtask sim` runs it optimised, the test steps run the one that is already built.

use std::ffi::OsString;
use std::process::Command;

use crate::packages::require_program;
use crate::shell::{Outcome, cargo, run, target_dir};

pub(crate) const PACKAGE: &str = "soko-sim";
pub(crate) const PROGRAM: &str = "soko-sim";
/// Optimised, with assertions and overflow checks kept on: a campaign is worth what its checks are worth.
const PROFILE: &str = "bench-check";

/// Hands its arguments to the simulator.
pub(crate) fn campaign(args: &[OsString]) -> Outcome {
    require_program(PACKAGE, PROGRAM)?;
    run(cargo(&["run", "--quiet", "--profile", PROFILE, "-p", PACKAGE, "--bin", PROGRAM, "--"]).args(args))
}

/// A short campaign with the simulator of the test build, so that nothing is compiled a second time.
pub(crate) fn short_campaign(seeds: u32) -> Outcome {
    require_program(PACKAGE, PROGRAM)?;
    run(Command::new(target_dir().join("debug").join(PROGRAM)).arg("--seeds").arg(seeds.to_string()))
}
