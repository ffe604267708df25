//! `cargo xtask web`: compiles the screens and the engine for the browser, and has `web-build` make the app's
//! files of them. The one place that knows where those files are.

use std::fs;
use std::path::{Path, PathBuf};

use crate::machine::{self, WASM_TARGET};
use crate::shell::{Doing as _, Failure, Outcome, cargo, root, run, target_dir};

/// The screens and the engine: package, program.
const UI: &str = "soko-ui";
const ENGINE: &str = "soko-ui-worker";
/// Another program of the screens' package.
const SHOP: &str = "soko-shop";

/// What runs in a browser.
const PROGRAMS: [&str; 2] = [UI, ENGINE];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Quick to build, for development and tests.
    Quick,
    /// As small as possible, for people.
    Release,
}

/// Where the files of the web app are.
pub(crate) fn dist() -> PathBuf {
    target_dir().join("web/dist")
}

/// Builds the files of the web app.
pub(crate) fn build(kind: Kind) -> Outcome {
    let clang = machine::clang().ok_or_else(|| Failure::new("clang is missing: run `cargo xtask setup`"))?;
    let profile = match kind {
        Kind::Quick => "wasm-dev",
        Kind::Release => "wasm",
    };
    // One after the other: together, features of one would be switched on in the other.
    for package in PROGRAMS {
        let mut compile =
            cargo(&["build", "-p", package, "--profile", profile, "--target", WASM_TARGET, "--locked"]);
        compile
            .env("CC_wasm32_unknown_unknown", &clang.compiler)
            .env("AR_wasm32_unknown_unknown", &clang.archiver);
        run(&mut compile)?;
    }
    // Tauri's own tool looks for it before it builds the program that fills it.
    fs::create_dir_all(target_dir().join("web/window")).doing("making a folder for the window's screens")?;
    assemble(&target_dir().join(WASM_TARGET).join(profile), kind)
}

fn assemble(programs: &Path, kind: Kind) -> Outcome {
    let mut command = cargo(&["run", "--quiet", "-p", "soko-web-build", "--locked", "--"]);
    for (option, path) in [
        ("--ui", programs.join(UI).with_extension("wasm")),
        ("--shop", programs.join(SHOP).with_extension("wasm")),
        ("--engine", programs.join(ENGINE).with_extension("wasm")),
        ("--scripts", root().join("ui-worker/js")),
        ("--page", root().join("ui")),
        ("--icons", root().join("icons")),
        ("--out", dist()),
    ] {
        command.arg(option).arg(path);
    }
    if kind == Kind::Release {
        command.arg("--small");
    }
    run(&mut command)
}
