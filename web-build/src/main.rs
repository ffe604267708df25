//! Makes the files of the web app: `cargo xtask web` compiles the programs and calls this.
//!
//! Every file that a page loads carries a hash of its bytes in its name, so that it may be kept for ever; only
//! the page, the manifest, the icons and the service worker have fixed names. It compiles nothing and serves nothing.

mod app;
mod bind;
mod dist;
mod first_visit;
mod manifest;
mod template;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// What the app is made of, and where it goes.
#[derive(Parser)]
#[command(name = "soko-web-build", about = "Make the files of the web app")]
pub(crate) struct Sources {
    /// The compiled screens
    #[arg(long)]
    ui: PathBuf,
    /// The compiled shopper's side of the screens
    #[arg(long)]
    shop: PathBuf,
    /// The compiled engine
    #[arg(long)]
    engine: PathBuf,
    /// The folder with the worker's and the service worker's scripts
    #[arg(long)]
    scripts: PathBuf,
    /// The folder with the page and the style
    #[arg(long)]
    page: PathBuf,
    /// The folder with the icons
    #[arg(long)]
    icons: PathBuf,
    /// Where the files go; what was there before is removed
    #[arg(long)]
    out: PathBuf,
    /// Compress as well as possible, which takes a minute
    #[arg(long)]
    small: bool,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own, for whoever builds")]
fn main() -> ExitCode {
    match app::build(&Sources::parse()) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("failed: {problem}");
            ExitCode::FAILURE
        }
    }
}
