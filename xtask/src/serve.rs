//! `cargo xtask run`: build the web app and the server, make the demo's market once, open the window where there
//! is a display, and become the server.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::server::{PACKAGE, PROGRAM, serve_command};
use crate::setup::{self, Need};
use crate::shell::{Doing as _, Failure, Outcome, cargo, root, run as run_command, say, target_dir};
use crate::web::{self, Kind};

/// The window: package and program have the same name.
const WINDOW: &str = "soko";
/// The password of everybody in the demo, which listens on this machine alone unless somebody says otherwise.
const DEMO_PASSWORD: &str = "market-day";
/// What the demo said when it was made, so that the sign-ins can be shown again.
const DEMO_NOTE: &str = "demo.txt";

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// Open no window, even where there is a display
    #[arg(long)]
    headless: bool,
    /// Begin with an empty server instead of the demo's market
    #[arg(long)]
    empty: bool,
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

/// Ends as the server: Ctrl-C reaches it and the window, which are one group, and both end in order.
pub(crate) fn run(args: &RunArgs) -> Outcome {
    let wants_window = !args.headless && has_display();
    setup::install_missing(if wants_window { Need::Window } else { Need::Serve })?;
    web::build(if args.debug { Kind::Quick } else { Kind::Release })?;
    let program = build(PACKAGE, PROGRAM, args.debug)?;
    let data_dir = root().join(&args.data_dir);
    if !args.empty {
        make_demo_once(&program, &data_dir)?;
    }
    if wants_window {
        let window = build(WINDOW, WINDOW, args.debug)?;
        open_window(&window, &data_dir, &args.listen)?;
    }
    say(&format!("\nData in {}. Ctrl-C ends everything.", data_dir.display()));
    say(&format!("The market: http://{0}/   For programs: http://{0}/docs\n", args.listen));
    let error = serve_command(&program, &data_dir, &args.listen).exec();
    Err(Failure::new(format!("starting {PROGRAM}: {error}")))
}

fn build(package: &str, program: &str, debug: bool) -> Outcome<PathBuf> {
    let mut build = cargo(&["build", "-p", package, "--bin", program, "--locked"]);
    if !debug {
        build.arg("--release");
    }
    run_command(&mut build)?;
    let folder = if debug { "debug" } else { "release" };
    Ok(target_dir().join(folder).join(program))
}

/// Fills a server that has no data yet, and shows who can sign in, also the next time.
fn make_demo_once(program: &Path, data_dir: &Path) -> Outcome {
    let note = data_dir.join(DEMO_NOTE);
    if !data_dir.exists() {
        // Half a market must not be taken for a whole one the next time, however this ends.
        let new = data_dir.with_extension("new");
        if new.exists() {
            fs::remove_dir_all(&new).doing("clearing away half a market")?;
        }
        fs::create_dir_all(&new).doing("making the data directory")?;
        say("Making the demo's market.");
        let mut demo = Command::new(program);
        demo.arg("demo").arg("--data-dir").arg(&new).args(["--password", DEMO_PASSWORD]);
        let made = demo.stdin(Stdio::null()).stderr(Stdio::inherit()).output().doing("making the demo")?;
        if !made.status.success() {
            return Err(Failure::new(format!("the demo could not be made: {}", made.status)));
        }
        fs::write(new.join(DEMO_NOTE), &made.stdout).doing("keeping the sign-ins")?;
        fs::rename(&new, data_dir).doing("keeping the demo's market")?;
    }
    if let Ok(said) = fs::read_to_string(&note) {
        say(said.trim_end());
    }
    Ok(())
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|it| !it.is_empty()))
}

/// Beside the server, in the same group; it waits for a server by itself, as it does without a network.
fn open_window(program: &Path, data_dir: &Path, listen: &str) -> Outcome {
    let mut window = Command::new(program);
    window.arg("--server").arg(format!("http://{listen}"));
    window.arg("--data-dir").arg(data_dir.join("window")).stdin(Stdio::null());
    window.spawn().map(|_| ()).doing("opening the window")
}
