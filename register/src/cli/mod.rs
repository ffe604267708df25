//! The words of the command line.

mod arguments;
mod meetings;
mod run;
mod script;
mod verbs;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use soko_domain::ids::LogId;

use crate::outcome;
pub use arguments::{IdArgument, What};

const EXAMPLES: &str = "\
EXAMPLES
  A stall, a product, stock, and a sale, without any server:
    soko-register create-stall --name \"Mama Njeri\" --currency KES
    soko-register product add --name \"Chai masala\" --price 15000
    soko-register receive \"Chai masala=20\"
    soko-register shift open --float 200000
    soko-register sell \"Chai masala=2\" --cash 50000
  Join a server, and exchange records:
    soko-register enrol --server http://127.0.0.1:7300 --email njeri@example.org --password \"…\" --new-account
    soko-register replicate
  A second register with a code from the first one's owner:
    soko-register --data-dir till-2 enrol --server http://127.0.0.1:7300 --stall 5f… --code ABCD-EFGH-JKLM
  Two registers of a stall, without any server:
    soko-register meet --listen 0.0.0.0:7317
    soko-register --data-dir till-2 meet 192.168.1.20:7317
  Many commands in one process, one JSON line for each answer:
    soko-register run-script day.txt

Amounts are in the smallest unit of the currency, quantities in the product's (pieces, grams, millilitres).

EXIT CODES
  0 done   2 wrong use   3 refused by a rule, with its code and a sentence   4 failed: disk, network, store";

/// A register of Soko behind a command line.
#[derive(Parser, Debug)]
#[command(name = "soko-register", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// Where the register keeps everything; one process at a time.
    #[arg(long, env = "SOKO_REGISTER_DIR", default_value = "soko-register-data", global = true)]
    pub data_dir: PathBuf,
    /// Answer with one line of JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// The stall that is meant, when the register works for several.
    #[arg(long, value_parser = arguments::stall, global = true)]
    pub stall: Option<LogId>,
    /// How long to wait for the server's reply, in milliseconds.
    #[arg(long, default_value_t = soko_replication::session::REPLY_MS, global = true)]
    pub reply_ms: u64,
    /// How long to wait after a first failure, in milliseconds; it doubles with each further one.
    #[arg(long, default_value_t = soko_replication::session::RETRY_FIRST_MS, global = true)]
    pub retry_ms: u64,
    #[command(subcommand)]
    pub what: What,
}

/// One line of a script: a command as it would be typed.
#[derive(Parser, Debug)]
#[command(no_binary_name = true)]
struct Line {
    #[arg(long, value_parser = arguments::stall, global = true)]
    stall: Option<LogId>,
    #[command(subcommand)]
    what: What,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; the rest are mistakes. If nobody reads it, nothing is lost.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let is_json = cli.json;
    let ended = run::run(cli);
    show(is_json, &ended);
    outcome::exit_code(&ended)
}

/// A script has shown its answers already.
fn show(is_json: bool, ended: &outcome::Outcome) {
    match ended {
        Ok(serde_json::Value::Null) => {}
        _ if is_json => script::say(&outcome::as_json(ended)),
        Ok(answer) => script::say(&outcome::as_text(answer)),
        Err(undone) => script::complain(&format!("soko-register: {undone}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_words_fit_together() {
        Cli::command().debug_assert();
        Line::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} says nothing about itself", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
