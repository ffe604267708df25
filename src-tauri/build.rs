//! Reads the window's configuration, lets the page call exactly two commands, and takes of the web app what a window
//! needs: not the engine for browsers, nor what a server sends compressed.

use std::error::Error;
use std::fs;
use std::path::Path;

/// All that a page may ask of this program; `capabilities/window.json` grants them to the one window.
const COMMANDS: &[&str] = &["call", "listen"];

/// Made by `cargo xtask web`.
const WEB_APP: &str = "target/web/dist";
/// Built into the program; `tauri.conf.json` names it.
const PAGE: &str = "target/web/window";

const BROWSER_ONLY: &[&str] = &["engine-", "worker-", "shop-", "shop.html", "sw.js", "manifest.webmanifest"];
const COMPRESSED: &[&str] = &["br", "gz"];

const NO_SCREENS: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Soko</title>\
    <p>This program was built without its screens: run <code>cargo xtask web</code> and build it again.</p></html>\n";

fn main() -> Result<(), Box<dyn Error>> {
    take_page()?;
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}

fn take_page() -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(WEB_APP)?;
    println!("cargo:rerun-if-changed={WEB_APP}");
    if Path::new(PAGE).exists() {
        fs::remove_dir_all(PAGE)?;
    }
    copy(Path::new(WEB_APP), Path::new(PAGE))?;
    // The screens are built by a task of their own. Without them the program still compiles, and says so when opened.
    let index = Path::new(PAGE).join("index.html");
    if !index.exists() {
        fs::write(index, NO_SCREENS)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let name_text = name.to_string_lossy();
        let is_compressed = path.extension().is_some_and(|it| COMPRESSED.iter().any(|known| it == *known));
        if is_compressed || BROWSER_ONLY.iter().any(|start| name_text.starts_with(start)) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(&name))?;
        } else {
            fs::copy(&path, to.join(&name))?;
        }
    }
    Ok(())
}
