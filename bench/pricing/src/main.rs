//! The program `soko-pricing-bench`: measures prices that learn and prints a line of JSON for each figure. It needs no server, no
//! device and no database.

mod calibrate;
mod finite;
mod retail;
mod size;
mod unlimited;
mod world;

use std::process::ExitCode;

use soko_measure::figure::{Fault, Measured, tell};

const USAGE: &str = "soko-pricing-bench pricing | unlimited WORLDS | finite WORLDS | retail | size";
const WORLDS: u64 = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let measured = match words.as_slice() {
        ["pricing"] => all(),
        ["unlimited", worlds] => worlds.parse().map_err(Fault::from).and_then(unlimited::measure),
        ["finite", worlds] => worlds.parse().map_err(Fault::from).and_then(finite::measure),
        ["retail"] => retail::measure(),
        ["size"] => size::measure(),
        _ => {
            tell(USAGE);
            return ExitCode::from(2);
        }
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fault(why)) => {
            tell(&format!("soko-pricing-bench: {why}"));
            ExitCode::from(4)
        }
    }
}

fn all() -> Measured {
    // First, while this process has used little memory.
    size::measure()?;
    unlimited::measure(WORLDS)?;
    finite::measure(WORLDS)?;
    retail::measure()
}
