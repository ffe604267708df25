//! Starting other programs and talking to the person at the terminal.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;

/// Why a task could not be done, as a sentence that says what to do.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// Without what a command said.
    pub(crate) fn in_short(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
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

/// Clippy, once everything is to be compiled by it.
static CHECKER: OnceLock<PathBuf> = OnceLock::new();

/// From now on Clippy compiles what is in the workspace, for every command of this run: what is tested is checked as it is built, and
/// not built once more to be checked. A warning ends the build.
pub(crate) fn check_what_is_compiled(clippy: PathBuf) {
    CHECKER.get_or_init(|| clippy);
}

pub(crate) fn checks_what_is_compiled() -> bool {
    CHECKER.get().is_some()
}

/// Cargo of the same toolchain, at the top of the workspace, never asking anything.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root()).stdin(Stdio::null());
    if let Some(clippy) = CHECKER.get() {
        command.env("RUSTC_WORKSPACE_WRAPPER", clippy).env("CLIPPY_ARGS", "-Dwarnings");
    }
    command
}

/// Shows the command, runs it with its output passed through, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let shown = shown(command);
    say(&format!("$ {shown}"));
    let status = command.stdin(Stdio::null()).status().doing(&format!("starting `{shown}`"))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` ended with {status}"))) }
}

/// How much of a failed command's words its failure repeats: the end of a long run must say what is wrong.
const LAST_LINES: usize = 150;
/// How much is shown of a command that ran aside and succeeded.
const SUMMARY_LINES: usize = 14;

/// The same, and a failure repeats the last that the command said.
pub(crate) fn run_kept(command: &mut Command) -> Outcome {
    let shown = shown(command);
    say(&format!("$ {shown}"));
    let starting = format!("starting `{shown}`");
    let (reader, writer) = std::io::pipe().doing(&starting)?;
    let both = writer.try_clone().doing(&starting)?;
    let mut child = command.stdin(Stdio::null()).stdout(writer).stderr(both).spawn().doing(&starting)?;
    // Otherwise the command's ends of the pipe stay open here, and reading never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut last = VecDeque::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line.doing(&shown)?;
        let line = String::from_utf8_lossy(&line).into_owned();
        say(&line);
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
    let status = child.wait().doing(&shown)?;
    ended(&shown, status, last.make_contiguous())
}

/// The same beside others: what it printed is shown in one piece when it ends, all of it only if it failed.
pub(crate) fn run_aside(command: &mut Command) -> Outcome {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output().doing(&format!("starting `{shown}`"))?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let lines: Vec<String> = said.lines().map(str::to_owned).collect();
    let hidden = if output.status.success() { lines.len().saturating_sub(SUMMARY_LINES) } else { 0 };
    say(&format!("$ {shown}\n{}", lines.get(hidden..).unwrap_or_default().join("\n")));
    ended(&shown, output.status, &lines)
}

fn ended(shown: &str, status: ExitStatus, lines: &[String]) -> Outcome {
    if status.success() {
        return Ok(());
    }
    let last = lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default().join("\n");
    Err(Failure::new(format!("`{shown}` ended with {status}\n{last}")))
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
