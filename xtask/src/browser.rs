//! The journeys in a real browser: `tests/browser`, run by Node's own test runner against the web app's files and
//! a real server. What they need from npm goes below the target folder.

use std::fs;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use crate::machine;
use crate::shell::{
    Doing as _, Failure, Outcome, cargo, root, run, run_aside, say, succeeds, target_dir, which,
};
use crate::web::{self, Kind};

/// Where the tests find what they drive and what they drive it with.
const PROGRAMS_VARIABLE: &str = "SOKO_TEST_BIN_DIR";
const WEB_VARIABLE: &str = "SOKO_TEST_WEB_DIR";
const TOOLS_VARIABLE: &str = "SOKO_BROWSER_TOOLS";
/// Journeys that keep every core busy by themselves.
const ALONE: [&str; 1] = ["prices.test.js"];
/// Each file has browsers and servers of its own, and mostly waits for them.
const AT_ONCE: usize = 2;
const REPORTER: &str = "--test-reporter=spec";
/// A file of journeys that takes longer hangs; its own waits are far shorter and say what they wait for. Node knows it from 20.11 on;
/// Debian 12 has 18.
const LONGEST_FILE: &str = "--test-timeout=1200000";
const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];
/// Where the audits find Lighthouse, and what it starts.
const AUDIT_TOOLS_VARIABLE: &str = "SOKO_AUDIT_TOOLS";
const CHROMIUM_VARIABLE: &str = "SOKO_CHROMIUM";

/// Packages from npm: where the project says which, and where they are below the target folder, once installed.
#[derive(Clone, Copy)]
struct Packages {
    said: &'static str,
    kept: &'static str,
    why: &'static str,
}

const DRIVER: Packages =
    Packages { said: "tests/browser", kept: "tools/browser", why: "the packages that drive the browser" };
/// Many times as large, and only for `cargo xtask audits`.
const LIGHTHOUSE: Packages =
    Packages { said: "tests/browser/audits", kept: "tools/lighthouse", why: "Lighthouse" };

/// Builds what the journeys need, and runs all of them or those in these files.
pub(crate) fn build_and_run(files: &[String]) -> Outcome {
    build_programs(&[])?;
    web::build(Kind::Quick)?;
    let again = run_journeys(files)?;
    if !again.is_empty() {
        say(&format!("passed only at the second try: {}", again.join(", ")));
    }
    Ok(())
}

/// Takes pictures of every screen into a folder.
pub(crate) fn shots() -> Outcome {
    if let Some(missing) = missing() {
        return Err(missing.into());
    }
    build_programs(&[])?;
    web::build(Kind::Quick)?;
    run(node("debug").arg("shots.js").arg(target_dir().join("shots")))
}

/// Lighthouse's scores of the pages that a first visit sees; fails below a floor.
pub(crate) fn audits() -> Outcome {
    if let Some(missing) = missing() {
        return Err(missing.into());
    }
    LIGHTHOUSE.install()?;
    let chromium = machine::chromium().ok_or_else(|| Failure::new("chromium is not installed"))?;
    build_programs(&[])?;
    web::build(Kind::Quick)?;
    let mut audits = node("debug");
    audits.env(AUDIT_TOOLS_VARIABLE, LIGHTHOUSE.folder()).env(CHROMIUM_VARIABLE, chromium);
    run(audits.arg("audits.js"))
}

/// Measures one group of figures of the app as people get it, and answers what the script printed.
pub(crate) fn measure(group: &str) -> Outcome<String> {
    if let Some(missing) = missing() {
        return Err(missing.into());
    }
    build_programs(&["--release", "-p", "soko-bench"])?;
    web::build(Kind::Release)?;
    let output =
        node("release").args(["bench.js", group]).stderr(Stdio::inherit()).output().doing("measuring")?;
    if output.status.success() {
        return String::from_utf8(output.stdout).doing("reading the figures");
    }
    Err(Failure::new(format!("bench.js ended with {}", output.status)))
}

fn build_programs(profile: &[&str]) -> Outcome {
    let programs = ["build", "-p", "soko-sync-server", "-p", "soko-register", "-p", "soko-app-api"];
    run(cargo(&programs).args(["--bins", "--examples", "--locked"]).args(profile))
}

/// Node in the folder of the journeys, told where the programs of this profile and everything else is.
fn node(profile: &str) -> Command {
    let mut node = Command::new("node");
    node.current_dir(root().join("tests/browser"))
        .env(PROGRAMS_VARIABLE, target_dir().join(profile))
        .env(WEB_VARIABLE, web::dist())
        .env(TOOLS_VARIABLE, DRIVER.folder());
    node
}

/// Runs what `build_and_run` or an earlier step built. What fails is run again by itself, since these journeys share
/// two cores; what passes then is answered by its name, and what fails twice has failed.
pub(crate) fn run_journeys(files: &[String]) -> Outcome<Vec<String>> {
    let names = if files.is_empty() { all()? } else { files.to_vec() };
    let (alone, together): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| ALONE.contains(&name.as_str()));
    let mut again = run_files(together, AT_ONCE);
    again.extend(run_files(alone, 1));
    let names: Vec<String> = again.into_iter().map(|(name, _)| name).collect();
    let failed = run_files(names.clone(), 1);
    if failed.is_empty() {
        return Ok(names);
    }
    let names: Vec<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
    let said: Vec<String> = failed.iter().map(|(_, failure)| failure.to_string()).collect();
    Err(Failure::new(format!("failed twice: {}\n{}", names.join(", "), said.join("\n"))))
}

/// So many files at the same time; answers those that failed.
fn run_files(names: Vec<String>, at_once: usize) -> Vec<(String, Failure)> {
    let knows_limit = succeeds(Command::new("node").args([LONGEST_FILE, "--eval", ""]));
    let limit = knows_limit.then_some(LONGEST_FILE);
    let waiting = Mutex::new(names.into_iter());
    let next = || waiting.lock().ok()?.next();
    let work = || {
        let mut failed = Vec::new();
        while let Some(name) = next() {
            let started = Instant::now();
            let ran = run_aside(node("debug").args(["--test", REPORTER]).args(limit).arg(&name));
            say(&format!("{name} took {} s", started.elapsed().as_secs()));
            if let Err(failure) = ran {
                failed.push((name, failure));
            }
        }
        failed
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// Why the journeys cannot be run.
#[derive(Debug)]
pub(crate) enum Missing {
    /// What Debian has.
    Programs(String),
    /// What comes from npm.
    Packages(String),
}

impl From<Missing> for Failure {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Programs(why) | Missing::Packages(why) => Self::new(why),
        }
    }
}

/// Why the journeys cannot be run here; nothing if they can.
pub(crate) fn missing() -> Option<Missing> {
    let has_programs = which("node").is_some() && machine::chromium().is_some();
    if !has_programs || (!DRIVER.are_there() && which("npm").is_none()) {
        return Some(Missing::Programs(
            "node, npm or chromium is not installed: run `cargo xtask setup`".into(),
        ));
    }
    DRIVER.install().err().map(|failure| Missing::Packages(failure.to_string()))
}

impl Packages {
    fn folder(self) -> PathBuf {
        target_dir().join(self.kept)
    }

    fn are_there(self) -> bool {
        let (from, to) = (root().join(self.said), self.folder());
        to.join("node_modules").is_dir()
            && MANIFESTS.iter().all(|name| match (fs::read(from.join(name)), fs::read(to.join(name))) {
                (Ok(wanted), Ok(there)) => wanted == there,
                _ => false,
            })
    }

    /// Exactly what the lock file says; again only when it changed.
    fn install(self) -> Outcome {
        if self.are_there() {
            return Ok(());
        }
        let (from, to) = (root().join(self.said), self.folder());
        fs::create_dir_all(&to).doing("making the folder for npm's packages")?;
        let mut install = Command::new("npm");
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&to);
        for name in MANIFESTS {
            fs::copy(from.join(name), to.join(name)).doing(&format!("copying {name}"))?;
        }
        if succeeds(&mut install) {
            return Ok(());
        }
        // Half an installation must not look like a whole one.
        let _ = fs::remove_dir_all(&to);
        Err(Failure::new(format!("{} could not be installed from npm", self.why)))
    }
}

fn all() -> Outcome<Vec<String>> {
    let folder = root().join("tests/browser");
    let entries = fs::read_dir(&folder).doing("listing the journeys")?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".test.js")).collect();
    names.sort();
    if names.is_empty() { Err(Failure::new("there are no journeys")) } else { Ok(names) }
}
