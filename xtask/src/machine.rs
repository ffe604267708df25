//! What this machine has: programs, compilers for the browser's target, the rights to install.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::shell::{output_of, succeeds, target_dir, which};

pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Newest first; every one of these can compile SQLite for the browser.
const CLANG_SUFFIXES: &[&str] = &["-19", "-20", "-21", "-18", "-17", "-16", "-15", "-14", ""];
/// The oldest PostgreSQL whose SQL the server uses.
const POSTGRES_MAJOR_MIN: u32 = 13;
const POSTGRES_PROGRAMS: &[&str] = &["initdb", "postgres", "pg_ctl", "pg_isready", "pgbench"];

/// The C compiler and archiver for the browser's target.
pub(crate) struct Clang {
    pub(crate) compiler: PathBuf,
    pub(crate) archiver: PathBuf,
}

pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Both programs of one version: mixing versions is not tried anywhere.
pub(crate) fn clang() -> Option<Clang> {
    CLANG_SUFFIXES.iter().find_map(|suffix| {
        let compiler = which(&format!("clang{suffix}"))?;
        let archiver = which(&format!("llvm-ar{suffix}"))?;
        Some(Clang { compiler, archiver })
    })
}

/// The directory with PostgreSQL's own programs: the newest one, in Debian's place or on the search path.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(major, _)| *major >= POSTGRES_MAJOR_MIN)
        .collect();
    versions.sort();
    let on_path = which("initdb").and_then(|file| file.parent().map(PathBuf::from));
    let candidates = versions.into_iter().rev().map(|(_, dir)| dir).chain(on_path);
    candidates.into_iter().find(|dir| POSTGRES_PROGRAMS.iter().all(|name| dir.join(name).is_file()))
}

pub(crate) fn has_wasm_target() -> bool {
    toolchain().is_some_and(|dir| dir.join("lib/rustlib").join(WASM_TARGET).is_dir())
}

/// The compiler that checks what it compiles.
pub(crate) fn clippy() -> Option<PathBuf> {
    let program = toolchain()?.join("bin").join(format!("clippy-driver{}", std::env::consts::EXE_SUFFIX));
    program.is_file().then_some(program)
}

/// Where the toolchain that builds this is.
fn toolchain() -> Option<PathBuf> {
    output_of(Command::new("rustc").args(["--print", "sysroot"])).map(|dir| PathBuf::from(dir.trim()))
}

/// Whether a C library and its headers are installed.
pub(crate) fn has_library(name: &str) -> bool {
    succeeds(Command::new("pkg-config").args(["--exists", name]))
}

pub(crate) fn has_cargo_command(name: &str) -> bool {
    succeeds(crate::shell::cargo(&[name, "--version"]).current_dir("/"))
}

/// Where the tests look for the mock of Stripe, too.
pub(crate) fn localstripe() -> PathBuf {
    target_dir().join("tools/localstripe/bin/localstripe")
}

/// Where the tool that tries every published HTTP operation lives once installed.
pub(crate) fn schemathesis() -> PathBuf {
    target_dir().join("tools/schemathesis/bin/schemathesis")
}

/// The program that runs what asks DataFusion, and what is there once that is installed.
pub(crate) fn datafusion_python() -> PathBuf {
    target_dir().join("tools/datafusion/bin/python3")
}

pub(crate) fn datafusion() -> PathBuf {
    python_package("datafusion", "datafusion")
}

/// The program that knows Grafana's schema, and what is there once that is installed.
pub(crate) fn grafana_python() -> PathBuf {
    target_dir().join("tools/grafana/bin/python3")
}

pub(crate) fn grafana_schema() -> PathBuf {
    python_package("grafana", "grafana_foundation_sdk")
}

fn python_package(tool: &str, package: &str) -> PathBuf {
    let libraries =
        std::fs::read_dir(target_dir().join("tools").join(tool).join("lib")).into_iter().flatten();
    let packages = libraries.flatten().map(|python| python.path().join("site-packages").join(package));
    packages.into_iter().find(|package| package.is_dir()).unwrap_or_default()
}

/// What is left of the disk that the target folder is on, as `df` says it.
pub(crate) fn room() -> Option<String> {
    let said = output_of(Command::new("df").args(["-h", "--output=avail"]).arg(target_dir()))?;
    said.lines().nth(1).map(|line| line.trim().to_owned())
}

/// The browser of the journeys.
pub(crate) fn chromium() -> Option<PathBuf> {
    which("chromium")
}

pub(crate) fn has_python_venv() -> bool {
    succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]))
}
