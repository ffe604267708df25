//! Puts the app together, from what nothing refers to up to the page that refers to everything.

use std::fs;
use std::path::Path;

use crate::Sources;
use crate::bind::bind;
use crate::dist::{Dist, Effort, hash};
use crate::manifest::manifest;
use crate::template::fill;

/// Icons that a page, a manifest or an installed app shows; the folder also has those of the native window.
/// Each with the name that says its size.
const ICONS: &[(&str, &str)] = &[
    ("soko.svg", "soko.svg"),
    ("192x192.png", "192x192.png"),
    ("icon.png", "512x512.png"),
    ("maskable-192.png", "maskable-192.png"),
    ("maskable-512.png", "maskable-512.png"),
];

/// Writes every file and answers a table of them.
pub(crate) fn build(sources: &Sources) -> Result<String, String> {
    let effort = if sources.small { Effort::Small } else { Effort::Quick };
    let mut dist = Dist::begin(&sources.out, effort)?;
    let worker = worker(sources, &mut dist)?;
    let ui = screens(sources, &mut dist)?;
    let css = dist.hashed("app", ".css", style(&sources.page.join("style"))?.as_bytes())?;
    let theme = dist.hashed("theme", ".js", &read(&sources.page.join("theme.js"))?)?;
    let page = fill(
        "index.html",
        &read_text(&sources.page.join("index.html"))?,
        &[
            ("theme.js", &format!("/{theme}")),
            ("app.css", &format!("/{css}")),
            ("ui.js", &format!("/{}", ui.script)),
            ("ui.wasm", &format!("/{}", ui.program)),
            ("worker.js", &format!("/{worker}")),
        ],
    )?;
    dist.fixed("index.html", page.as_bytes())?;
    let icons = icons(sources, &mut dist)?;
    dist.fixed("manifest.webmanifest", manifest(&icons).as_bytes())?;
    service_worker(sources, &mut dist, &page)?;
    Ok(table(&dist))
}

/// The names of a script and of the program that it loads.
struct Pair {
    script: String,
    program: String,
}

/// The engine, and the script that decides which tab runs it.
fn worker(sources: &Sources, dist: &mut Dist) -> Result<String, String> {
    let engine = program(&sources.engine, "engine", dist, "")?;
    let script = read_text(&sources.scripts.join("worker.js"))?;
    let script = fill(
        "worker.js",
        &script,
        &[("engine.js", &format!("/{}", engine.script)), ("engine.wasm", &format!("/{}", engine.program))],
    )?;
    dist.hashed("worker", ".js", script.as_bytes())
}

/// The screens start themselves as soon as their script runs.
fn screens(sources: &Sources, dist: &mut Dist) -> Result<Pair, String> {
    program(&sources.ui, "ui", dist, "\n__wbg_init();\n")
}

fn program(compiled: &Path, name: &str, dist: &mut Dist, more: &str) -> Result<Pair, String> {
    let bound = bind(compiled, name)?;
    let program = dist.hashed(name, "_bg.wasm", &bound.program)?;
    let plain = format!("{name}_bg.wasm");
    if !bound.script.contains(&plain) {
        return Err(format!("the script of {name} does not load {plain}"));
    }
    let script = bound.script.replace(&plain, &program) + more;
    let script = dist.hashed(name, ".js", script.as_bytes())?;
    Ok(Pair { script, program })
}

/// All style sheets in the order of their names, which therefore begin with a number where order matters.
fn style(folder: &Path) -> Result<String, String> {
    let sheets = names(folder)?.into_iter().filter(|name| name.ends_with(".css"));
    let texts: Result<Vec<String>, String> = sheets.map(|name| read_text(&folder.join(name))).collect();
    let texts = texts?;
    if texts.is_empty() {
        Err(format!("{} has no style sheet", folder.display()))
    } else {
        Ok(texts.join("\n"))
    }
}

fn icons(sources: &Sources, dist: &mut Dist) -> Result<Vec<String>, String> {
    let mut copied = Vec::new();
    for (source, name) in ICONS {
        dist.fixed(&format!("icons/{name}"), &read(&sources.icons.join(source))?)?;
        copied.push((*name).to_owned());
    }
    Ok(copied)
}

/// Last, since it names all the others. Its version follows from them, so that the same build is no update.
fn service_worker(sources: &Sources, dist: &mut Dist, page: &str) -> Result<(), String> {
    let mut files: Vec<String> = dist.written().iter().map(|it| format!("/{}", it.name)).collect();
    files.sort();
    let version = hash([files.join("\n").as_str(), page].concat().as_bytes());
    let list = serde_json::to_string(&files).map_err(|error| format!("listing the files: {error}"))?;
    let script = read_text(&sources.scripts.join("sw.js"))?;
    let script = fill("sw.js", &script, &[("version", &version), ("files", &list)])?;
    dist.fixed("sw.js", script.as_bytes())
}

fn table(dist: &Dist) -> String {
    let mut rows = vec![format!("{:<40} {:>10} {:>10} {:>10}", "file", "bytes", "gzip", "brotli")];
    let shown = |bytes: Option<usize>| bytes.map_or("-".to_owned(), |it| it.to_string());
    for file in dist.written() {
        let (gzip, brotli) = (shown(file.gzip), shown(file.brotli));
        rows.push(format!("{:<40} {:>10} {gzip:>10} {brotli:>10}", file.name, file.bytes));
    }
    rows.join("\n")
}

fn names(folder: &Path) -> Result<Vec<String>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn read_text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
