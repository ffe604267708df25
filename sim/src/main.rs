//! The simulator's command line: campaigns, one seed as a story, tapes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use soko_domain::sabotage::Sabotage;
use soko_sim::campaign::{Campaign, Result as CampaignResult};
use soko_sim::counters::Counter;
use soko_sim::plan::Plan;
use soko_sim::promises::of_rule;
use soko_sim::{run, shrink::shrink};

/// A campaign of fewer seeds need not meet every fault.
const SEEDS_TO_MEET_ALL: u64 = 150;
/// A weakened rule is looked for in this many seeds at most when all are.
const SABOTAGE_SEEDS: u64 = 60;
/// So many failing seeds are enough to stop.
const FAILURES_MAX: usize = 5;

#[derive(Parser)]
#[command(name = "soko-sim", about = "Simulate whole shops from seeds and look for broken promises", after_help = EXAMPLES)]
struct Cli {
    /// How many seeds to run
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Run this one seed
    #[arg(long)]
    seed: Option<u64>,
    /// Tell what happens, step by step
    #[arg(long)]
    trace: bool,
    /// Weaken one rule: the campaign then succeeds if some seed notices
    #[arg(long, value_name = "NAME", value_parser = rule)]
    sabotage: Option<Sabotage>,
    /// Name every rule that can be weakened
    #[arg(long)]
    list_sabotage: bool,
    /// After the clean campaign, weaken each rule in turn
    #[arg(long)]
    all_sabotages: bool,
    /// Run a tape
    #[arg(long, value_name = "FILE")]
    tape: Option<PathBuf>,
    /// Where to write the tape of a failing seed, made small
    #[arg(long, value_name = "FOLDER", default_value = "sim/regressions")]
    tapes: PathBuf,
    /// How long to make a failing seed smaller; 0 writes no tape
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    shrink_s: u64,
    /// Seeds that run at the same time; all processors if it is left out
    #[arg(long)]
    threads: Option<usize>,
}

const EXAMPLES: &str = "Examples:
  soko-sim --seeds 2000                          look for broken promises
  soko-sim --seed 17 --trace                     tell the story of one seed
  soko-sim --sabotage no-freeze --seeds 200      see whether a weakened rule is noticed
  soko-sim --all-sabotages                       see it for each rule
  soko-sim --tape sim/regressions/NAME.tape --trace";

fn rule(word: &str) -> Result<Sabotage, String> {
    Sabotage::from_word(word).ok_or_else(|| "no such rule: see --list-sabotage".into())
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match work(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "soko-sim: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all went as it should.
fn work(cli: &Cli) -> std::io::Result<bool> {
    if cli.list_sabotage {
        for sabotage in Sabotage::ALL {
            say(&format!("{:<30} {}", sabotage.word(), sabotage.what()))?;
        }
        return Ok(true);
    }
    if let Some(tape) = &cli.tape {
        let text = std::fs::read_to_string(tape)?;
        let plan = Plan::from_tape(&text).map_err(|error| std::io::Error::other(error.to_string()))?;
        return one(&plan, cli.trace);
    }
    if let Some(seed) = cli.seed {
        return one(&Plan::from_seed(seed, cli.sabotage), cli.trace);
    }
    match cli.sabotage {
        Some(sabotage) => sabotaged(cli, sabotage, cli.seeds),
        None => {
            let mut good = clean(cli)?;
            if cli.all_sabotages {
                for sabotage in Sabotage::ALL {
                    good &= sabotaged(cli, *sabotage, cli.seeds.min(SABOTAGE_SEEDS))?;
                }
            }
            Ok(good)
        }
    }
}

fn one(plan: &Plan, with_story: bool) -> std::io::Result<bool> {
    let ran = run(plan, with_story);
    for line in &ran.story {
        say(line)?;
    }
    let hash: String = ran.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    say(&format!("seed {}: {} steps, trace {hash}", plan.seed, ran.steps))?;
    if let Some(broken) = &ran.broken {
        say(&format!("broken in step {}: {broken}", ran.broken_at))?;
    }
    Ok(ran.broken.is_none())
}

fn campaign(cli: &Cli, weaken: Option<Sabotage>, seeds: u64, failures_max: usize) -> CampaignResult {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cli.threads.unwrap_or(processors);
    Campaign { from: cli.from, seeds, weaken, threads, failures_max }.run()
}

fn clean(cli: &Cli) -> std::io::Result<bool> {
    let result = campaign(cli, None, cli.seeds, FAILURES_MAX);
    for counter in Counter::ALL {
        say(&format!("{:>10}  {}", result.counters.get(*counter), counter.word()))?;
    }
    say(&format!(
        "{} seeds, {} steps, {} steps/s, {} seeds repeated",
        result.seeds,
        result.steps,
        result.steps_per_s(),
        result.repeated
    ))?;
    for seed in &result.unsteady {
        say(&format!("seed {seed} did not do the same twice"))?;
    }
    for failed in &result.failed {
        let promise = of_rule(failed.broken.rule).map_or("", |promise| promise.number);
        say(&format!("seed {}: {promise} {}", failed.seed, failed.broken))?;
    }
    if let Some(first) = result.failed.first() {
        write_tape(cli, &Plan::from_seed(first.seed, None), first.broken.rule)?;
    }
    let missing = if cli.seeds >= SEEDS_TO_MEET_ALL { result.counters.missing() } else { Vec::new() };
    for counter in &missing {
        say(&format!("never met: {counter}"))?;
    }
    Ok(result.failed.is_empty() && result.unsteady.is_empty() && missing.is_empty())
}

fn sabotaged(cli: &Cli, rule: Sabotage, seeds: u64) -> std::io::Result<bool> {
    let result = campaign(cli, Some(rule), seeds, usize::MAX);
    let caught = result.failed.len();
    let first = result.failed.first().map_or_else(String::new, |failed| {
        format!(", first in seed {} by \"{}\"", failed.seed, failed.broken.rule)
    });
    say(&format!(
        "{:<30} caught in {caught} of {} seeds, {} steps/s{first}",
        rule.word(),
        result.seeds,
        result.steps_per_s()
    ))?;
    Ok(caught > 0)
}

fn write_tape(cli: &Cli, plan: &Plan, rule: &str) -> std::io::Result<()> {
    if cli.shrink_s == 0 {
        return Ok(());
    }
    let small = shrink(plan, rule, Duration::from_secs(cli.shrink_s));
    let path = cli.tapes.join(format!("seed-{}.tape", plan.seed));
    if !Path::new(&cli.tapes).is_dir() {
        say(&format!("there is no folder {}: no tape is written", cli.tapes.display()))?;
        return Ok(());
    }
    std::fs::write(&path, small.to_tape())?;
    say(&format!("{} steps are enough: {}", small.steps.len(), path.display()))
}

fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}
