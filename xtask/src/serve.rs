//! `cargo xtask run`: build the web app and the server, make the demo's market once, and become the server; the window,
//! where there is a display, opens once the server answers.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::process::{CommandExt as _, parent_id};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::port;
use crate::server::{PACKAGE, PROGRAM, READY_POLL, READY_WAIT_MAX, is_ready, serve_command};
use crate::setup::{self, Missing, Need};
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
    /// A small market, which is made sooner
    #[arg(long)]
    small: bool,
    /// The folder with programs that are built already: nothing is installed or built
    #[arg(long, hide = true)]
    programs: Option<PathBuf>,
}

/// What the window is started with.
#[derive(clap::Args)]
pub(crate) struct WindowArgs {
    #[arg(long)]
    program: PathBuf,
    #[arg(long)]
    data_dir: PathBuf,
    #[arg(long)]
    server: SocketAddr,
}

/// Ends as the server: Ctrl-C reaches it and the window, which are one group, and both end in order.
pub(crate) fn run(args: &RunArgs) -> Outcome {
    // Building takes minutes: whoever cannot listen is told before that.
    let address = port::require_free(&args.listen)?;
    let wants_window = !args.headless && has_display();
    let (program, window) = match &args.programs {
        Some(folder) => (folder.join(PROGRAM), wants_window.then(|| folder.join(WINDOW))),
        None => build_all(args, wants_window)?,
    };
    let data_dir = root().join(&args.data_dir);
    if !args.empty {
        make_demo_once(&program, &data_dir, args.small)?;
    }
    if let Some(word) = otherwise(args.empty, data_dir.exists(), data_dir.join(DEMO_NOTE).exists()) {
        say(&format!("{} {word}", data_dir.display()));
    }
    port::require_free(&args.listen)?;
    if let Some(program) = window {
        start_window(&WindowArgs { program, data_dir: data_dir.join("window"), server: address })?;
    }
    say(&format!("\nData in {}. Ctrl-C ends everything.", data_dir.display()));
    say(&format!("The market: http://{0}/   For programs: http://{0}/docs\n", args.listen));
    let error = serve_command(&program, &data_dir, &args.listen).exec();
    Err(Failure::new(format!("starting {PROGRAM}: {error}")))
}

/// The server with its web app, and the window where one is wanted.
fn build_all(args: &RunArgs, wants_window: bool) -> Outcome<(PathBuf, Option<PathBuf>)> {
    setup::install_missing(if wants_window { Need::Window } else { Need::Serve }, Missing::Fails)?;
    web::build(if args.debug { Kind::Quick } else { Kind::Release })?;
    let program = build(PACKAGE, PROGRAM, args.debug)?;
    let window = if wants_window { Some(build(WINDOW, WINDOW, args.debug)?) } else { None };
    Ok((program, window))
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
fn make_demo_once(program: &Path, data_dir: &Path, is_small: bool) -> Outcome {
    let note = data_dir.join(DEMO_NOTE);
    if !data_dir.exists() {
        // Half a market must not be taken for a whole one the next time, however this ends.
        let new = half_made(data_dir);
        if new.exists() {
            fs::remove_dir_all(&new).doing("clearing away half a market")?;
        }
        fs::create_dir_all(&new).doing("making the data directory")?;
        say("Making the demo's market.");
        let mut demo = Command::new(program);
        demo.arg("demo").arg("--data-dir").arg(&new).args(["--password", DEMO_PASSWORD]);
        demo.args(is_small.then_some("--small"));
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

/// Beside it, under a name that nobody gives to a market of their own.
fn half_made(data_dir: &Path) -> PathBuf {
    let mut name = data_dir.file_name().unwrap_or_default().to_owned();
    name.push(".half-made-demo");
    data_dir.with_file_name(name)
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|it| !it.is_empty()))
}

/// What is said where the data are other than what was asked for.
fn otherwise(wants_empty: bool, has_data: bool, has_demo: bool) -> Option<&'static str> {
    match (wants_empty, has_data, has_demo) {
        (true, _, true) => Some(
            "has the demo's market, which goes on. To begin with nothing, name another place: --data-dir empty",
        ),
        (false, true, false) => Some(
            "has data without the demo's market, which go on. To see the demo, name another place: --data-dir demo",
        ),
        (true, _, false) | (false, _, true) | (false, false, false) => None,
    }
}

/// Beside the server, in the same group. What waits is a process of its own, since this one becomes the server.
fn start_window(args: &WindowArgs) -> Outcome {
    // Not `current_exe`: a build may have replaced the file that this process was started from.
    let mut waiting = Command::new("/proc/self/exe");
    waiting.arg("open-window").arg("--program").arg(&args.program).arg("--data-dir").arg(&args.data_dir);
    waiting.arg("--server").arg(args.server.to_string()).stdin(Stdio::null());
    waiting.spawn().map(|_| ()).doing("opening the window")
}

/// Ends as the window, or as nothing when the server ended before it answered.
pub(crate) fn open_window(args: &WindowArgs) -> Outcome {
    let server = parent_id();
    wait_for_server(args.server, || parent_id() != server)?;
    let mut window = Command::new(&args.program);
    window.arg("--server").arg(format!("http://{}", args.server));
    let error = window.arg("--data-dir").arg(&args.data_dir).stdin(Stdio::null()).exec();
    Err(Failure::new(format!("opening the window: {error}")))
}

/// Until it answers, or it is known that it will not.
fn wait_for_server(server: SocketAddr, is_gone: impl Fn() -> bool) -> Outcome {
    let started = Instant::now();
    while !is_ready(server) {
        if is_gone() || started.elapsed() > READY_WAIT_MAX {
            return Err(Failure::new("the server does not answer, so no window opens"));
        }
        std::thread::sleep(READY_POLL);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_that_are_other_than_what_was_asked_for_are_named() {
        for (wants_empty, has_data, has_demo, part) in [
            (false, true, true, None),
            (false, true, false, Some("without the demo's market")),
            (true, true, true, Some("has the demo's market")),
            (true, true, false, None),
            (true, false, false, None),
        ] {
            let said = otherwise(wants_empty, has_data, has_demo);
            let is_right = match (said, part) {
                (Some(said), Some(part)) => said.contains(part),
                (said, part) => said.is_none() && part.is_none(),
            };
            assert!(is_right, "{wants_empty} {has_data} {has_demo}: {said:?}");
        }
    }

    #[test]
    fn no_window_opens_beside_a_server_that_ended() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let server = listener.local_addr().unwrap();
        drop(listener);
        let refused = wait_for_server(server, || true).unwrap_err().to_string();
        assert!(refused.contains("no window opens"), "{refused}");
    }
}
