//! The server as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    soko_sync_server::cli::main(std::env::args_os())
}
