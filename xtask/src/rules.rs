//! The alert rules, read by Prometheus' own checker. That the metrics they name exist is a test of the server.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::shell::{Doing as _, Outcome, root, run, succeeds, target_dir, which};

const CHECKER: &str = "promtool";
/// Debian's package that holds it.
const PACKAGE: &str = "prometheus";
const CHECKS: [[&str; 3]; 2] =
    [["check", "rules", "ops/rules/soko.yml"], ["check", "config", "ops/prometheus.yml"]];

/// The checker, where it is installed or could be fetched. Its package would start a service: it is unpacked below the target
/// folder and not installed.
pub(crate) fn checker() -> Outcome<Option<PathBuf>> {
    if let Some(installed) = which(CHECKER) {
        return Ok(Some(installed));
    }
    let folder = target_dir().join("tools/prometheus");
    let unpacked = folder.join("usr/bin").join(CHECKER);
    if unpacked.is_file() {
        return Ok(Some(unpacked));
    }
    if which("apt-get").is_none() || which("dpkg-deb").is_none() {
        return Ok(None);
    }
    fs::create_dir_all(&folder).doing("making a folder for the checker of rules")?;
    if !succeeds(Command::new("apt-get").args(["download", "--quiet", PACKAGE]).current_dir(&folder)) {
        return Ok(None);
    }
    for entry in fs::read_dir(&folder).doing("looking for the package")? {
        let path = entry.doing("looking for the package")?.path();
        if path.extension().is_some_and(|ending| ending == "deb") {
            run(Command::new("dpkg-deb").arg("-x").arg(path).arg(&folder))?;
        }
    }
    Ok(Some(unpacked).filter(|program| program.is_file()))
}

pub(crate) fn check(checker: &PathBuf) -> Outcome {
    CHECKS.iter().try_for_each(|check| run(Command::new(checker).args(check).current_dir(root())))
}
