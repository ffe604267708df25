//! The program `soko-experiment-bench`: measures on made-up people and stalls what is said of experiments, and prints a line of
//! JSON for each figure.

mod people;
mod switchback;

use std::process::ExitCode;

use soko_measure::figure::tell;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["experiment"] => {
            people::measure();
            switchback::measure();
        }
        ["people"] => people::measure(),
        ["switchback"] => switchback::measure(),
        _ => {
            tell("soko-experiment-bench experiment | people | switchback");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
