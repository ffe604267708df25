//! The program `soko-recommend-bench`: measures recommendations and prints a line of JSON for each figure. It is apart from
//! `soko-bench` so that it is built in a minute: it needs no server, no device and no database.

mod baseline;
mod movielens;
mod retail;
mod shape;

use std::path::PathBuf;
use std::process::ExitCode;

use soko_measure::figure::{Fault, Measured, tell};

const USAGE: &str = "soko-recommend-bench recommend | retail | search";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let measured = match words.as_slice() {
        ["recommend"] => recommend(),
        ["retail"] => retail(),
        ["search"] => search(),
        // One point of the scaling, in a process of its own: its memory is nobody else's.
        ["scale", interactions] => shape::scale_one(interactions),
        _ => {
            tell(USAGE);
            return ExitCode::from(2);
        }
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fault(why)) => {
            tell(&format!("soko-recommend-bench: {why}"));
            ExitCode::from(4)
        }
    }
}

fn recommend() -> Measured {
    match soko_measure::data::folder() {
        Some(folder) => {
            movielens::measure(&folder)?;
            retail::measure(&folder)?;
        }
        None => {
            tell("without the figures recommend.ml1m and .retail: no data in ../shared/data or SOKO_DATA")
        }
    }
    shape::device()?;
    shape::delta()?;
    shape::scaling()
}

fn retail() -> Measured {
    retail::measure(&data()?)
}

fn search() -> Measured {
    movielens::search(&data()?)
}

fn data() -> Measured<PathBuf> {
    soko_measure::data::folder().ok_or_else(|| Fault("no data in ../shared/data or SOKO_DATA".into()))
}
