//! `cargo xtask run`: build the server and become it.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use crate::server::{PACKAGE, PROGRAM, serve_command};
use crate::shell::{Failure, Outcome, cargo, root, run as run_command, say, target_dir};

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// Only the server. There are no screens yet, so this is what happens without it, too
    #[arg(long)]
    headless: bool,
    /// Where the server keeps its data
    #[arg(long, default_value = "data")]
    data_dir: PathBuf,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1:7300")]
    listen: String,
    /// Build without optimisation: starts sooner, runs slower
    #[arg(long)]
    debug: bool,
}

/// Replaces this process by the server, so that Ctrl-C reaches the server alone and it can end in order.
pub(crate) fn run(args: &RunArgs) -> Outcome {
    let mut build = cargo(&["build", "-p", PACKAGE, "--bin", PROGRAM]);
    if !args.debug {
        build.arg("--release");
    }
    run_command(&mut build)?;
    let folder = if args.debug { "debug" } else { "release" };
    let data_dir = root().join(&args.data_dir);
    if !args.headless {
        say("There are no screens yet: this starts the server alone.");
    }
    say(&format!("Data in {}. Open http://{}/docs. Ctrl-C ends it.", data_dir.display(), args.listen));
    let program = target_dir().join(folder).join(PROGRAM);
    let error = serve_command(&program, &data_dir, &args.listen).exec();
    Err(Failure::new(format!("starting {PROGRAM}: {error}")))
}
