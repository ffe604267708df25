//! Reads the window's configuration, and lets the page call exactly two commands.

use std::path::Path;

/// All that a page may ask of this program; `capabilities/window.json` grants them to the one window.
const COMMANDS: &[&str] = &["call", "listen"];

const NO_SCREENS: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Soko</title>\
    <p>This program was built without its screens: run <code>cargo xtask web</code> and build it again.</p></html>\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The screens are built by a task of their own. Without them the program still compiles, and says so when opened.
    let page = Path::new("target/web/dist/index.html");
    if !page.exists() {
        std::fs::create_dir_all("target/web/dist")?;
        std::fs::write(page, NO_SCREENS)?;
    }
    println!("cargo:rerun-if-changed=target/web/dist");
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}
