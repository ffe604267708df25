//! The desktop program.

// No console beside the window on Windows.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use soko_window::{DATA_DIR_VARIABLE, Ended, SERVER_VARIABLE, Start};
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(name = "soko", version, about = "A till and a shop that go on working when the network does not")]
struct Arguments {
    /// Where this device keeps what it holds
    #[arg(long, env = DATA_DIR_VARIABLE)]
    data_dir: Option<PathBuf>,
    /// The market that is looked at until somebody names another, such as https://market.example
    #[arg(long, env = SERVER_VARIABLE)]
    server: Option<String>,
    /// After how many seconds an order that nobody looks at is told again; each further pause is longer
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    remind_after: u64,
    /// A link to open, such as soko://stall/…
    link: Option<String>,
}

fn main() -> ExitCode {
    let log = EnvFilter::try_from_env("SOKO_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(log).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    match soko_window::run(Start {
        data_dir: arguments.data_dir,
        server: arguments.server.unwrap_or_default(),
        link: arguments.link,
        remind_after: Duration::from_secs(arguments.remind_after),
    }) {
        Ok(Ended::Closed) => ExitCode::SUCCESS,
        Ok(Ended::LedToOther) => {
            say("Soko is open with this data already: its window was brought to the front.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("Soko cannot run: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "for whoever started it in a terminal")]
fn say(line: &str) {
    eprintln!("{line}");
}
