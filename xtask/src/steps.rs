//! `test` and `ci` as tables of steps: a new step is one line. Every step is timed, and a step that could not
//! run says why: nothing is left out in silence.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::machine::{self, WASM_TARGET};
use crate::postgres::{ADDRESS_VARIABLE, Durability, Postgres};
use crate::shell::{Failure, Outcome, cargo, run_kept, say, succeeds, target_dir};
use crate::{api_fuzz, browser, questions, rules, setup, sim, web};

/// Enough to notice a broken rule at once; the long campaign is `cargo xtask sim --seeds 2000`.
const SHORT_CAMPAIGN_SEEDS: u32 = 60;
/// Where tests find the programs that the build step made.
const PROGRAMS_VARIABLE: &str = "SOKO_TEST_BIN_DIR";
/// Set where Debian's programs that tests need were installed: what one of them cannot try, it fails for.
const COMPLETE_VARIABLE: &str = "SOKO_TEST_COMPLETE";

/// One line of the table.
pub(crate) struct Step {
    name: &'static str,
    work: Work,
    /// When this fails, nothing after it can succeed.
    gate: bool,
}

enum Work {
    Cargo(&'static [&'static str]),
    Call(fn(&mut Stage) -> Outcome<Done>),
}

/// How a step ended without failing.
enum Done {
    Ran,
    /// These failed once and passed when they were run again by themselves: named, because somebody should look at them.
    SecondTry(Vec<String>),
    NotRun(String),
}

/// What the steps share.
#[derive(Default)]
struct Stage {
    postgres: Option<Postgres>,
}

/// What comes before everything: lints and tests read every member, and the window's needs libraries of the system.
pub(crate) const SETUP: &[Step] = &[Step { name: "setup", work: Work::Call(set_up), gate: true }];

/// What `ci` checks before it does what `test` does.
pub(crate) const CI_FIRST: &[Step] = &[
    Step { name: "format", work: Work::Cargo(&["fmt", "--all", "--check"]), gate: false },
    Step {
        name: "lints",
        work: Work::Cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
        gate: false,
    },
    Step { name: "advisories, licences", work: Work::Call(check_dependencies), gate: false },
];

/// What `test` does. The build comes first and once: later steps use its programs.
pub(crate) const TEST: &[Step] = &[
    // Before the build: the window has the screens built in.
    Step { name: "web app", work: Work::Call(build_web_app), gate: true },
    Step {
        name: "build",
        work: Work::Cargo(&["build", "--workspace", "--bins", "--tests", "--examples", "--locked"]),
        gate: true,
    },
    Step { name: "start PostgreSQL", work: Work::Call(start_postgres), gate: true },
    Step { name: "tests", work: Work::Call(run_tests), gate: false },
    Step { name: "lints for the browser", work: Work::Call(check_browser_programs), gate: false },
    Step { name: "journeys in a browser", work: Work::Call(run_journeys), gate: false },
    Step { name: "short simulation", work: Work::Call(simulate), gate: false },
    Step { name: "alert rules", work: Work::Call(check_rules), gate: false },
    Step { name: "dashboards", work: Work::Call(check_dashboards), gate: false },
    Step { name: "every HTTP operation", work: Work::Call(try_every_operation), gate: false },
    Step { name: "large questions", work: Work::Call(ask_large_questions), gate: false },
];

/// Runs the tables in order, prints the time by step, and fails if any step failed.
pub(crate) fn run(tables: &[&[Step]]) -> Outcome {
    let mut stage = Stage::default();
    let mut report = Vec::new();
    let begun = Instant::now();
    for step in tables.iter().copied().flatten() {
        // Whoever is stopped in the middle still learns where the time went.
        say(&format!("\n== {}, after {}", step.name, seconds(begun.elapsed())));
        let started = Instant::now();
        let outcome = step.work.perform(&mut stage);
        if let Err(failure) = &outcome {
            say(&format!("failed: {}", failure.in_short()));
        }
        let stop = step.gate && outcome.is_err();
        report.push(Line { name: step.name, took: started.elapsed(), outcome });
        if stop {
            break;
        }
    }
    drop(stage);
    let planned = tables.iter().map(|table| table.len()).sum::<usize>();
    // Once more and last: of a long run often only the end is kept.
    for line in &report {
        if let Err(failure) = &line.outcome {
            say(&format!("\n== {} failed\n{failure}", line.name));
        }
    }
    say(&table(&report, planned));
    // On a disk that fills up a browser keeps nothing, and what fails then names everything but the disk.
    say(&format!("  disk left at the end: {}", machine::room().unwrap_or_else(|| "not known".into())));
    verdict(&report)
}

impl Work {
    fn perform(&self, stage: &mut Stage) -> Outcome<Done> {
        match self {
            Self::Cargo(args) => stage.run(&mut cargo(args)),
            Self::Call(call) => call(stage),
        }
    }
}

impl Stage {
    fn run(&self, command: &mut Command) -> Outcome<Done> {
        if let Some(postgres) = &self.postgres {
            command.env(ADDRESS_VARIABLE, &postgres.url).env(COMPLETE_VARIABLE, "1");
        }
        command.env(PROGRAMS_VARIABLE, target_dir().join("debug"));
        run_kept(command).map(|()| Done::Ran)
    }
}

fn set_up(_: &mut Stage) -> Outcome<Done> {
    setup::install_missing(setup::Need::Optional).map(|()| Done::Ran)
}

fn check_rules(_: &mut Stage) -> Outcome<Done> {
    match rules::checker()? {
        Some(checker) => rules::check(&checker).map(|()| Done::Ran),
        None => Ok(Done::NotRun(
            "promtool is not installed and could not be fetched: install Debian's prometheus".into(),
        )),
    }
}

fn check_dashboards(_: &mut Stage) -> Outcome<Done> {
    match rules::no_schema() {
        Some(why) => Ok(Done::NotRun(why)),
        None => rules::dashboards().map(|()| Done::Ran),
    }
}

fn start_postgres(stage: &mut Stage) -> Outcome<Done> {
    stage.postgres = Some(Postgres::start(Durability::Fast)?);
    Ok(Done::Ran)
}

/// The faster runner when it is there; compiling it would cost more than it saves.
fn run_tests(stage: &mut Stage) -> Outcome<Done> {
    let args: &[&str] = if machine::has_cargo_command("nextest") {
        &["nextest", "run", "--workspace", "--no-fail-fast", "--locked"]
    } else {
        &["test", "--workspace", "--bins", "--lib", "--tests", "--no-fail-fast", "--locked"]
    };
    stage.run(&mut cargo(args))
}

/// What exists only for the browser's target is not seen by the other lints.
fn check_browser_programs(stage: &mut Stage) -> Outcome<Done> {
    let clang = machine::clang().ok_or_else(|| Failure::new("clang is missing: run `cargo xtask setup`"))?;
    for package in web::PROGRAMS {
        let mut check = cargo(&["clippy", "-p", package, "--target", WASM_TARGET, "--locked"]);
        check
            .args(["--", "-D", "warnings"])
            .env("CC_wasm32_unknown_unknown", &clang.compiler)
            .env("AR_wasm32_unknown_unknown", &clang.archiver);
        stage.run(&mut check)?;
    }
    Ok(Done::Ran)
}

fn build_web_app(_: &mut Stage) -> Outcome<Done> {
    web::build(web::Kind::Quick).map(|()| Done::Ran)
}

fn run_journeys(_: &mut Stage) -> Outcome<Done> {
    match browser::missing() {
        Some(why) => Ok(Done::NotRun(why)),
        None => browser::run_journeys(&[]).map(|again| match again.as_slice() {
            [] => Done::Ran,
            _ => Done::SecondTry(again),
        }),
    }
}

fn simulate(_: &mut Stage) -> Outcome<Done> {
    sim::short_campaign(SHORT_CAMPAIGN_SEEDS).map(|()| Done::Ran)
}

fn try_every_operation(_: &mut Stage) -> Outcome<Done> {
    if !machine::schemathesis().is_file() {
        return Ok(Done::NotRun("schemathesis could not be installed from PyPI".into()));
    }
    api_fuzz::try_every_operation(api_fuzz::Cases::Few).map(|()| Done::Ran)
}

fn ask_large_questions(_: &mut Stage) -> Outcome<Done> {
    match questions::missing() {
        Some(why) => Ok(Done::NotRun(why)),
        None => questions::ask().map(|()| Done::Ran),
    }
}

/// Licences and banned crates are also checked by a test of ours; the advisories need data from outside.
fn check_dependencies(stage: &mut Stage) -> Outcome<Done> {
    if !machine::has_cargo_command("deny") {
        return Ok(Done::NotRun(
            "cargo-deny is not installed; licences and bans are checked by the tests".into(),
        ));
    }
    stage.run(&mut cargo(&["deny", "--offline", "check", "licenses", "bans", "sources"]))?;
    if !succeeds(&mut cargo(&["deny", "fetch", "db"])) {
        return Ok(Done::NotRun("the advisory data is not reachable from here".into()));
    }
    stage.run(&mut cargo(&["deny", "--offline", "check", "advisories"]))
}

struct Line {
    name: &'static str,
    took: Duration,
    outcome: Outcome<Done>,
}

fn table(report: &[Line], planned: usize) -> String {
    let mut rows = vec!["\ntime by step".to_owned()];
    for line in report {
        let result = match &line.outcome {
            Ok(Done::Ran) => "ok".to_owned(),
            Ok(Done::SecondTry(names)) => format!("ok, but only at the second try: {}", names.join(", ")),
            Ok(Done::NotRun(reason)) => format!("not run: {reason}"),
            Err(_) => "FAILED".to_owned(),
        };
        rows.push(format!("  {:<24} {:>8}  {result}", line.name, seconds(line.took)));
    }
    let total = report.iter().map(|line| line.took).sum();
    rows.push(format!("  {:<24} {:>8}", "together", seconds(total)));
    if report.len() < planned {
        rows.push(format!("  {} steps were not reached", planned - report.len()));
    }
    rows.join("\n")
}

fn seconds(took: Duration) -> String {
    format!("{}.{} s", took.as_secs(), took.subsec_millis() / 100)
}

fn verdict(report: &[Line]) -> Outcome {
    let failed: Vec<&str> =
        report.iter().filter(|line| line.outcome.is_err()).map(|line| line.name).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(failed.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &'static str, took_ms: u64, outcome: Outcome<Done>) -> Line {
        Line { name, took: Duration::from_millis(took_ms), outcome }
    }

    #[test]
    fn the_table_shows_every_ending_and_the_verdict_names_the_failures() {
        let report = [
            line("build", 1_250, Ok(Done::Ran)),
            line("advisories", 0, Ok(Done::NotRun("no data".into()))),
            line("journeys", 0, Ok(Done::SecondTry(vec!["mail.test.js".into()]))),
            line("tests", 61_000, Err(Failure::new("2 failed"))),
        ];
        let shown = table(&report, 6);
        for expected in [
            "build",
            "1.2 s  ok",
            "not run: no data",
            "61.0 s  FAILED",
            "62.2 s",
            "2 steps were not",
            "second try: mail.test.js",
        ] {
            assert!(shown.contains(expected), "{expected:?} is missing in {shown}");
        }
        assert_eq!(verdict(&report).unwrap_err().to_string(), "tests");
        assert!(verdict(&report[..3]).is_ok(), "a step that could not run is not a failure");
    }
}
