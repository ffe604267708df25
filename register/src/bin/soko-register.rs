//! The program `soko-register`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    soko_register::cli::main()
}
