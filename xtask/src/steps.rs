//! `test` and `ci` as tables of steps: a new step is one line. Every step is timed, and a step that could not
//! run says why: nothing is left out in silence.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::machine;
use crate::postgres::{ADDRESS_VARIABLE, Durability, Postgres};
use crate::shell::{Failure, Outcome, cargo, run_kept, say, succeeds, target_dir};
use crate::{api_fuzz, browser, bundle, questions, rules, setup, shell, sim, web};

/// Enough to notice a broken rule at once; the long campaign is `cargo xtask sim --seeds 2000`.
const SHORT_CAMPAIGN_SEEDS: u32 = 60;
/// Where tests find the programs that the build step made.
const PROGRAMS_VARIABLE: &str = "SOKO_TEST_BIN_DIR";
/// The window's package: what it needs of the system may be missing where that is allowed.
const WINDOW: &str = "soko";
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
    /// All but these.
    RanWithout(Vec<Lack>),
    NotRun(Lack),
}

/// Something that was not tried, and why.
#[derive(Clone, Debug)]
struct Lack {
    why: String,
    weight: Weight,
}

/// How much a run is worth without it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Weight {
    /// A check beside the tests, or one more world for an adapter, by a tool that comes from a registry of its own.
    Extra,
    /// Journeys, where what drives the browser comes from a registry that is not reachable.
    Elsewhere,
    /// PostgreSQL, the window, the browser: Debian has them.
    Core,
}

impl Lack {
    fn extra(why: impl Into<String>) -> Self {
        Self { why: why.into(), weight: Weight::Extra }
    }

    fn core(why: impl Into<String>) -> Self {
        Self { why: why.into(), weight: Weight::Core }
    }
}

/// What may be left out of a run that ends well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asks {
    /// For whoever merges: nothing but extras.
    All,
    /// On a machine that reaches Debian's packages and no other registry.
    WhatDebianHas,
    /// Whatever cannot be installed here; the end of the run says what that was.
    WhatIsHere,
}

impl Asks {
    fn allows(self, weight: Weight) -> bool {
        match (self, weight) {
            (Self::WhatIsHere, _) | (_, Weight::Extra) | (Self::WhatDebianHas, Weight::Elsewhere) => true,
            (Self::All, Weight::Elsewhere) | (Self::All | Self::WhatDebianHas, Weight::Core) => false,
        }
    }
}

/// What the steps share.
struct Stage {
    asks: Asks,
    postgres: Option<Postgres>,
    /// Why the window is neither built nor tested; nothing if it is.
    no_window: Option<String>,
}

/// What comes before everything: lints and tests read every member, and the window's needs libraries of the system.
pub(crate) const SETUP: &[Step] = &[Step { name: "setup", work: Work::Call(set_up), gate: true }];

/// What `ci` checks before it does what `test` does.
pub(crate) const CI_FIRST: &[Step] = &[
    Step { name: "format", work: Work::Cargo(&["fmt", "--all", "--check"]), gate: false },
    // Every build after it fails for a warning.
    Step { name: "lints", work: Work::Call(begin_linting), gate: true },
    Step { name: "advisories, licences", work: Work::Call(check_dependencies), gate: false },
];

/// What `test` does. The build comes first and once: later steps use its programs.
pub(crate) const TEST: &[Step] = &[
    // Before the build: the window has the screens built in.
    Step { name: "web app", work: Work::Call(build_web_app), gate: true },
    Step { name: "build", work: Work::Call(build_all), gate: true },
    Step { name: "start PostgreSQL", work: Work::Call(start_postgres), gate: true },
    Step { name: "tests", work: Work::Call(run_tests), gate: false },
    Step { name: "Debian package", work: Work::Call(try_package), gate: false },
    Step { name: "journeys in a browser", work: Work::Call(run_journeys), gate: false },
    Step { name: "short simulation", work: Work::Call(simulate), gate: false },
    Step { name: "alert rules", work: Work::Call(check_rules), gate: false },
    Step { name: "dashboards", work: Work::Call(check_dashboards), gate: false },
    Step { name: "every HTTP operation", work: Work::Call(try_every_operation), gate: false },
    Step { name: "large questions", work: Work::Call(ask_large_questions), gate: false },
];

/// Runs the tables in order, prints the time by step, and fails if any step failed or more was left out than may be.
pub(crate) fn run(tables: &[&[Step]], asks: Asks) -> Outcome {
    let mut stage = Stage { asks, postgres: None, no_window: None };
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
    for line in not_tried(&report) {
        say(&line);
    }
    verdict(&report, asks)
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
            command.env(ADDRESS_VARIABLE, &postgres.url);
            match self.asks {
                Asks::All | Asks::WhatDebianHas => drop(command.env(COMPLETE_VARIABLE, "1")),
                Asks::WhatIsHere => {}
            }
        }
        command.env(PROGRAMS_VARIABLE, target_dir().join("debug"));
        run_kept(command).map(|()| Done::Ran)
    }
}

fn set_up(stage: &mut Stage) -> Outcome<Done> {
    let is_needed = match stage.asks {
        Asks::All | Asks::WhatDebianHas => setup::Missing::Fails,
        Asks::WhatIsHere => setup::Missing::IsSaid,
    };
    setup::install_missing(setup::Need::Optional, is_needed)?;
    stage.no_window = setup::missing_for_window();
    Ok(Done::Ran)
}

/// What of the workspace is built and tested.
fn members(stage: &Stage) -> &'static [&'static str] {
    if stage.no_window.is_some() { &["--workspace", "--exclude", WINDOW] } else { &["--workspace"] }
}

/// A second build of everything, only to be looked at, took a quarter of the run.
fn begin_linting(_: &mut Stage) -> Outcome<Done> {
    let clippy =
        machine::clippy().ok_or_else(|| Failure::new("Clippy is missing: run `cargo xtask setup`"))?;
    shell::check_what_is_compiled(clippy);
    Ok(Done::Ran)
}

fn build_all(stage: &mut Stage) -> Outcome<Done> {
    let mut build = cargo(&["build", "--bins", "--tests", "--examples", "--locked"]);
    build.args(members(stage));
    if shell::checks_what_is_compiled() {
        build.arg("--benches");
    }
    stage.run(&mut build)
}

fn check_rules(_: &mut Stage) -> Outcome<Done> {
    match rules::programs()? {
        Some(programs) => {
            let lack = rules::check(&programs)?.map(Lack::extra);
            Ok(lack.map_or(Done::Ran, |lack| Done::RanWithout(vec![lack])))
        }
        None => Ok(Done::NotRun(Lack::extra(
            "Prometheus cannot run: install Debian's prometheus and prometheus-alertmanager",
        ))),
    }
}

fn check_dashboards(_: &mut Stage) -> Outcome<Done> {
    match rules::no_schema() {
        Some(why) => Ok(Done::NotRun(Lack::extra(why))),
        None => rules::dashboards().map(|()| Done::Ran),
    }
}

fn start_postgres(stage: &mut Stage) -> Outcome<Done> {
    if machine::postgres_programs().is_none() {
        return Ok(Done::NotRun(Lack::core("it is not installed, so nothing was tried with it")));
    }
    stage.postgres = Some(Postgres::start(Durability::Fast)?);
    Ok(Done::Ran)
}

/// The faster runner when it is there; compiling it would cost more than it saves.
fn run_tests(stage: &mut Stage) -> Outcome<Done> {
    let has_nextest = machine::has_cargo_command("nextest");
    let mut tests = if has_nextest {
        cargo(&["nextest", "run", "--no-fail-fast", "--locked"])
    } else {
        cargo(&["test", "--bins", "--lib", "--tests", "--no-fail-fast", "--locked"])
    };
    tests.args(members(stage));
    let mut lacks: Vec<Lack> = stage.no_window.iter().map(Lack::core).collect();
    if !machine::localstripe().is_file() {
        // Those tests have its name in theirs.
        tests.args(if has_nextest {
            ["-E", "not test(localstripe)"].as_slice()
        } else {
            &["--", "--skip", "localstripe"]
        });
        lacks.push(Lack::extra("localstripe could not be installed from PyPI"));
    }
    stage.run(&mut tests)?;
    Ok(if lacks.is_empty() { Done::Ran } else { Done::RanWithout(lacks) })
}

/// Made of the window that was built before, installed into a folder and started there.
fn try_package(stage: &mut Stage) -> Outcome<Done> {
    match &stage.no_window {
        Some(why) => Ok(Done::NotRun(Lack::core(why.clone()))),
        None => bundle::try_installed().map(|()| Done::Ran),
    }
}

fn build_web_app(_: &mut Stage) -> Outcome<Done> {
    web::build(web::Kind::Quick).map(|()| Done::Ran)
}

fn run_journeys(_: &mut Stage) -> Outcome<Done> {
    match browser::missing() {
        Some(browser::Missing::Programs(why)) => Ok(Done::NotRun(Lack::core(why))),
        Some(browser::Missing::Packages(why)) => Ok(Done::NotRun(Lack { why, weight: Weight::Elsewhere })),
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
        return Ok(Done::NotRun(Lack::extra("schemathesis could not be installed from PyPI")));
    }
    api_fuzz::try_every_operation(api_fuzz::Cases::Few).map(|()| Done::Ran)
}

fn ask_large_questions(_: &mut Stage) -> Outcome<Done> {
    match questions::missing() {
        Some(why) => Ok(Done::NotRun(Lack::extra(why))),
        None => questions::ask().map(|()| Done::Ran),
    }
}

/// Licences and banned crates are also checked by a test of ours; the advisories need data from outside.
fn check_dependencies(stage: &mut Stage) -> Outcome<Done> {
    if !machine::has_cargo_command("deny") {
        return Ok(Done::NotRun(Lack::extra(
            "cargo-deny is not installed; licences and bans are checked by the tests",
        )));
    }
    stage.run(&mut cargo(&["deny", "--offline", "check", "licenses", "bans", "sources"]))?;
    if !succeeds(&mut cargo(&["deny", "fetch", "db"])) {
        return Ok(Done::NotRun(Lack::extra("the advisory data is not reachable from here")));
    }
    stage.run(&mut cargo(&["deny", "--offline", "check", "advisories"]))
}

struct Line {
    name: &'static str,
    took: Duration,
    outcome: Outcome<Done>,
}

impl Line {
    fn lacks(&self) -> &[Lack] {
        match &self.outcome {
            Ok(Done::RanWithout(lacks)) => lacks,
            Ok(Done::NotRun(lack)) => std::slice::from_ref(lack),
            Ok(Done::Ran | Done::SecondTry(_)) | Err(_) => &[],
        }
    }
}

fn table(report: &[Line], planned: usize) -> String {
    let mut rows = vec!["\ntime by step".to_owned()];
    for line in report {
        let result = match &line.outcome {
            Ok(Done::Ran) => "ok".to_owned(),
            Ok(Done::SecondTry(names)) => format!("ok, but only at the second try: {}", names.join(", ")),
            Ok(Done::RanWithout(lacks)) => {
                format!(
                    "ok, but: {}",
                    lacks.iter().map(|lack| lack.why.as_str()).collect::<Vec<_>>().join("; ")
                )
            }
            Ok(Done::NotRun(lack)) => format!("not run: {}", lack.why),
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

/// What was left out of these steps.
fn lacks(report: &[Line]) -> Vec<(&'static str, &Lack)> {
    report.iter().flat_map(|line| line.lacks().iter().map(|lack| (line.name, lack))).collect()
}

/// The last that is said of a run, so that nobody takes it for a whole one.
fn not_tried(report: &[Line]) -> Vec<String> {
    let weighty = lacks(report).into_iter().filter(|(_, lack)| lack.weight != Weight::Extra);
    weighty.map(|(name, lack)| format!("NOT TRIED: {name}: {}", lack.why)).collect()
}

fn verdict(report: &[Line], asks: Asks) -> Outcome {
    let failed = report.iter().filter(|line| line.outcome.is_err()).map(|line| line.name.to_owned());
    let left_out = lacks(report).into_iter().filter(|(_, lack)| !asks.allows(lack.weight));
    let left_out =
        left_out.map(|(name, _)| format!("{name} (not tried; `test --allow-missing` lets that pass)"));
    let wrong: Vec<String> = failed.chain(left_out).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join(", "))) }
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
            line("advisories", 0, Ok(Done::NotRun(Lack::extra("no data")))),
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
        assert_eq!(verdict(&report, Asks::All).unwrap_err().to_string(), "tests");
        assert!(verdict(&report[..3], Asks::All).is_ok(), "an extra that could not run is no failure");
    }

    #[test]
    fn a_run_that_left_out_what_counts_says_so_last_and_fails_unless_that_is_allowed() {
        let lack = |weight| Lack { why: "not there".into(), weight };
        let all = [Asks::All, Asks::WhatDebianHas, Asks::WhatIsHere];
        for (weight, passes, is_said) in [
            (Weight::Extra, [true, true, true], false),
            (Weight::Elsewhere, [false, true, true], true),
            (Weight::Core, [false, false, true], true),
        ] {
            for outcome in [Done::NotRun(lack(weight)), Done::RanWithout(vec![lack(weight)])] {
                let report = [line("build", 1, Ok(Done::Ran)), line("journeys", 0, Ok(outcome))];
                assert_eq!(all.map(|asks| verdict(&report, asks).is_ok()), passes, "{weight:?}");
                let said = not_tried(&report);
                assert_eq!(said.len(), usize::from(is_said), "{said:?}");
                assert!(said.iter().all(|line| line == "NOT TRIED: journeys: not there"), "{said:?}");
            }
        }
        let report = [line("journeys", 0, Ok(Done::NotRun(lack(Weight::Core))))];
        let failure = verdict(&report, Asks::WhatDebianHas).unwrap_err().to_string();
        assert!(
            failure.starts_with("journeys (not tried") && failure.contains("--allow-missing"),
            "{failure}"
        );
    }
}
