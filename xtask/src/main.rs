//! Everything a developer or CI runs, as one typed program: `cargo xtask <task>`.
//!
//! It starts other programs and reports; it holds no rule of the shop and imports no crate of the workspace.

mod alerts;
mod api_fuzz;
mod bench;
mod browser;
mod bundle;
mod fuzz;
mod machine;
mod packages;
mod port;
mod postgres;
mod questions;
mod rules;
mod serve;
mod server;
mod setup;
mod shell;
mod sim;
mod steps;
#[cfg(test)]
mod tidy;
mod web;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::steps::Asks;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, run, test and measure Soko", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

const EXAMPLES: &str = "Examples:
  cargo xtask run                          a demo market in ./data, in the browser and in a window
  cargo xtask test                         install what is missing, then run every test
  cargo xtask pg cargo test -p soko-sync-server
                                           one crate's tests with a throw-away PostgreSQL
  cargo xtask sim --seeds 2000             look for broken promises
  cargo xtask bench register --json out.json";

#[derive(Subcommand)]
enum Task {
    /// Find out what is missing on this machine and install it
    Setup {
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Build everything, make a demo market once, start the server and the window; Ctrl-C ends it
    Run(serve::RunArgs),
    /// Build the web app's files into target/web/dist
    Web {
        /// As small as possible, which takes minutes
        #[arg(long)]
        release: bool,
    },
    /// Run the journeys in a real browser, all or only these files of tests/browser
    Browser { files: Vec<String> },
    /// Have Lighthouse look at the pages of a first visit, and fail below a floor
    Audits,
    /// Take pictures of every screen, size, light and direction into target/shots
    Shots,
    /// Make a Debian package of the window
    Bundle {
        /// Build without optimisation: sooner, slower, only to try the package
        #[arg(long)]
        debug: bool,
    },
    /// Install the window that is built as a Debian package below the target folder, and look at what is there
    Package,
    /// Install what is missing, then run every test; fails where PostgreSQL, the window or the browser cannot be had
    Test {
        /// Let it pass without what cannot be installed here; the end says what was not tried
        #[arg(long)]
        allow_missing: bool,
    },
    /// What CI runs: format, lints, advisories, then everything that `test` does; nothing that counts may be missing
    Ci,
    /// Simulate whole shops from seeds; arguments go to the simulator
    #[command(disable_help_flag = true)]
    Sim {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Try every HTTP operation of the server that is built with odd input
    Api,
    /// Plant the fault of each alert, and have a real Prometheus ask what the dashboard asks of a server that is built
    Rules,
    /// Ask the questions of docs/large-questions.md of a small demo's ledger, by the server that is built
    Questions,
    /// Run every fuzzer, or only these, for some seconds each; needs nightly Rust and cargo-fuzz
    Fuzz {
        targets: Vec<String>,
        /// How long each of them
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Measure, print a table and write the figures
    Bench {
        /// Only these groups; all when none is named
        groups: Vec<String>,
        /// Write `{name: {value, unit, baseline, ratio}}` to this file
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Run a command with a throw-away PostgreSQL (its address in SOKO_TEST_POSTGRES)
    Pg {
        /// Write through to the disk, as a real server does
        #[arg(long)]
        durable: bool,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
    /// Becomes the window once the server that started it answers
    #[command(hide = true)]
    OpenWindow(serve::WindowArgs),
    /// Owns one throw-away PostgreSQL until its standard input closes
    #[command(hide = true)]
    KeepPostgres {
        #[arg(long)]
        durable: bool,
    },
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            shell::warn(&format!("\nfailed: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(task: Task) -> shell::Outcome {
    match task {
        Task::Setup { dry_run: true } => setup::describe(),
        Task::Setup { dry_run: false } => {
            setup::install_missing(setup::Need::Optional, setup::Missing::Fails)
        }
        Task::Run(args) => serve::run(&args),
        Task::OpenWindow(args) => serve::open_window(&args),
        Task::Web { release: true } => web::build(web::Kind::Release),
        Task::Web { release: false } => web::build(web::Kind::Quick),
        Task::Browser { files } => match browser::missing() {
            None => browser::build_and_run(&files),
            Some(missing) => Err(missing.into()),
        },
        Task::Audits => browser::audits(),
        Task::Shots => browser::shots(),
        Task::Bundle { debug } => bundle::debian(debug),
        Task::Package => bundle::try_installed(),
        Task::Test { allow_missing: false } => steps::run(&[steps::SETUP, steps::TEST], Asks::WhatDebianHas),
        Task::Test { allow_missing: true } => steps::run(&[steps::SETUP, steps::TEST], Asks::WhatIsHere),
        Task::Ci => steps::run(&[steps::SETUP, steps::CI_FIRST, steps::TEST], Asks::All),
        Task::Sim { args } => sim::campaign(&args),
        Task::Api => api_fuzz::try_every_operation(api_fuzz::Cases::Many),
        Task::Rules => match rules::programs()? {
            Some(programs) => rules::check(&programs).and_then(|not_tried| {
                match rules::no_schema() {
                    None => rules::dashboards()?,
                    Some(why) => return Err(shell::Failure::new(why)),
                }
                not_tried.map_or(Ok(()), |why| Err(shell::Failure::new(format!("not tried: {why}"))))
            }),
            None => Err(shell::Failure::new("Prometheus is neither installed nor could it be fetched")),
        },
        Task::Questions => match questions::missing() {
            None => questions::ask(),
            Some(why) => Err(shell::Failure::new(why)),
        },
        Task::Fuzz { targets, seconds } => fuzz::run_targets(&targets, seconds),
        Task::Bench { groups, json } => bench::measure(&groups, json.as_deref()),
        Task::Pg { durable, command } => postgres::with_command(durable.into(), &command),
        Task::KeepPostgres { durable } => postgres::keep(durable.into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
