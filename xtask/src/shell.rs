//! Starting other programs and talking to the person at the terminal.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Why a task could not be done, as a sentence that says what to do.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Adds what was being done to an error of the operating system.
pub(crate) trait Doing<T> {
    fn doing(self, what: &str) -> Outcome<T>;
}

impl<T, E: std::fmt::Display> Doing<T> for Result<T, E> {
    fn doing(self, what: &str) -> Outcome<T> {
        self.map_err(|error| Failure::new(format!("{what}: {error}")))
    }
}

/// A line for the person who started the task.
#[expect(clippy::print_stdout, reason = "this is the one place that talks")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// A line that must not mix with a task's results.
#[expect(clippy::print_stderr, reason = "this is the one place that talks")]
pub(crate) fn warn(line: &str) {
    eprintln!("{line}");
}

/// Cargo of the same toolchain, at the top of the workspace, never asking anything.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root()).stdin(Stdio::null());
    command
}

/// Shows the command, runs it with its output passed through, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let shown = shown(command);
    say(&format!("$ {shown}"));
    let status = command.stdin(Stdio::null()).status().doing(&format!("starting `{shown}`"))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` ended with {status}"))) }
}

/// The same beside others: what it printed is shown in one piece when it ends.
pub(crate) fn run_aside(command: &mut Command) -> Outcome {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output().doing(&format!("starting `{shown}`"))?;
    let said = [output.stdout, output.stderr].concat();
    say(&format!("$ {shown}\n{}", String::from_utf8_lossy(&said)));
    let status = output.status;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` ended with {status}"))) }
}

/// What a command printed, when it succeeded.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a command can be started and succeeds, in silence.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The top of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// Where cargo builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The full path of a program on the search path.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let name = program.file_name().map_or_else(|| program.clone().into_os_string(), Into::into);
    let words = std::iter::once(name.to_string_lossy().into_owned());
    words
        .chain(command.get_args().map(|arg| arg.to_string_lossy().into_owned()))
        .collect::<Vec<_>>()
        .join(" ")
}
