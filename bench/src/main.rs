//! The program `soko-bench`: measures one group of figures and prints a line of JSON for each. The names are
//! listed in docs/benchmarks.md. Every baseline is measured in the same run, on the same disk.

mod analysis;
mod checkout;
mod client;
mod device;
mod exchange;
mod figure;
mod furnish;
mod import;
mod market;
mod notify;
mod operator;
mod orders;
mod provider;
mod raw;
mod retail;
mod world;

use std::process::ExitCode;

use figure::{Fault, complain};

const USAGE: &str = "soko-bench GROUP: register, engine, search, import, replicate, server, checkout, notify, market, operator, analysis or retail";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let measured = match words.as_slice() {
        ["register"] => device::sales(),
        ["engine"] => device::engine(),
        ["import"] => import::import(),
        ["search"] => device::search(),
        ["replicate"] => exchange::replicate(),
        ["server"] => orders::server(),
        ["checkout"] => checkout::checkout(),
        ["analysis"] => analysis::analysis(),
        ["notify"] => notify::notify(),
        ["market"] => market::market(),
        ["operator"] => operator::operator(),
        ["retail"] => retail::retail(),
        // The other half of a measurement of memory: a process that is nothing but an open register.
        ["hold", folder] => device::hold(folder),
        // What the measurements in a browser begin with.
        ["furnish", url, products] => products.parse().map_or_else(
            |_| Err(Fault(format!("{products} is no number of products"))),
            |products| furnish::furnish(url, products),
        ),
        _ => {
            complain(USAGE);
            return ExitCode::from(2);
        }
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fault(why)) => {
            complain(&why);
            ExitCode::from(4)
        }
    }
}
