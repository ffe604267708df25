//! Puts the app together, from what nothing refers to up to the page that refers to everything.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::Sources;
use crate::bind::bind;
use crate::dist::{Dist, Effort, hash};
use crate::first_visit::FirstVisit;
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

/// The shopper's side: its program, and the page around it for a first visit.
const SHOP: &str = "shop";
const FIRST_PAGE: &str = "shop.html";
/// In the names of the style sheets that a first visit does not need: those of the other side, and of what the whole app alone has.
const NOT_AT_FIRST: [&str; 2] = ["-seller", "-whole"];

/// Writes every file and answers a table of them.
pub(crate) fn build(sources: &Sources) -> Result<String, String> {
    let effort = if sources.small { Effort::Small } else { Effort::Quick };
    let mut dist = Dist::begin(&sources.out, effort)?;
    let worker = worker(sources, &mut dist)?;
    let whole = screens(&sources.ui, "ui", &mut dist)?;
    let shop = screens(&sources.shop, SHOP, &mut dist)?;
    let css = dist.hashed("app", ".css", style(&sources.page.join("style"), |_| true)?.as_bytes())?;
    let shop_style =
        style(&sources.page.join("style"), |sheet| !NOT_AT_FIRST.iter().any(|word| sheet.contains(word)))?;
    let shop_css = dist.hashed(&format!("{SHOP}-app"), ".css", shop_style.as_bytes())?;
    let theme = dist.hashed("theme", ".js", &read(&sources.page.join("theme.js"))?)?;
    let mut places = vec![("theme.js".to_owned(), theme), ("worker.js".to_owned(), worker)];
    let texts = texts(&sources.page.join("i18n"))?;
    let mut shop_places = places.clone();
    places.push(("app.css".to_owned(), css));
    shop_places.push(("app.css".to_owned(), shop_css));
    places.extend(words(&texts, "words", &mut dist)?);
    let said = said_by(&texts, &read(&sources.shop)?);
    shop_places.extend(words(&said, &format!("{SHOP}-words"), &mut dist)?);
    let template = read_text(&sources.page.join("index.html"))?;
    let index = page(&template, &places, &whole)?;
    dist.fixed("index.html", index.as_bytes())?;
    let first = page(&template, &shop_places, &shop)?;
    dist.fixed(FIRST_PAGE, first.as_bytes())?;
    let icons = icons(sources, &mut dist)?;
    dist.fixed("manifest.webmanifest", manifest(&icons).as_bytes())?;
    service_worker(sources, &mut dist, &index)?;
    let first_visit = FirstVisit::of(&first, dist.written());
    if sources.small {
        first_visit.check()?;
    }
    Ok(table(&dist) + &first_visit.told())
}

/// The page around one program.
fn page(template: &str, places: &[(String, String)], program: &Pair) -> Result<String, String> {
    let own = [("ui.js", &program.script), ("ui.wasm", &program.program)];
    let all = places.iter().map(|(place, name)| (place.as_str(), name)).chain(own);
    let all: Vec<(&str, String)> = all.map(|(place, name)| (place, format!("/{name}"))).collect();
    let all: Vec<(&str, &str)> = all.iter().map(|(place, name)| (*place, name.as_str())).collect();
    fill("index.html", template, &all)
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

/// Screens start themselves as soon as their script runs.
fn screens(compiled: &Path, name: &str, dist: &mut Dist) -> Result<Pair, String> {
    program(compiled, name, dist, "\n__wbg_init();\n")
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

/// Those style sheets that are wanted, in the order of their names, which therefore begin with a number where order matters.
fn style(folder: &Path, is_wanted: fn(&str) -> bool) -> Result<String, String> {
    let sheets = names(folder)?.into_iter().filter(|name| name.ends_with(".css") && is_wanted(name));
    let texts: Result<Vec<String>, String> =
        sheets.map(|name| read_text(&folder.join(name)).map(|text| bare(&text))).collect();
    let texts = texts?;
    if texts.is_empty() {
        Err(format!("{} has no style sheet", folder.display()))
    } else {
        Ok(texts.concat())
    }
}

/// A style sheet without what is for its writers: remarks, and the space that lines begin with.
fn bare(sheet: &str) -> String {
    let mut parts = sheet.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    let without = parts.fold(first, |text, part| text + part.split_once("*/").map_or("", |(_, rest)| rest));
    let lines = without.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A language, and its texts line by line, without what is for their writers.
type Texts = (String, Vec<String>);

fn texts(folder: &Path) -> Result<Vec<Texts>, String> {
    let files = names(folder)?;
    let languages = files.iter().filter_map(|name| name.strip_suffix(".txt"));
    languages
        .map(|language| {
            let text = read_text(&folder.join(format!("{language}.txt")))?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            Ok((language.to_owned(), lines.map(str::to_owned).collect()))
        })
        .collect()
}

/// Those that a program can say: it names every text, or the section of a text whose end it computes, and the names are in
/// it as they are. `pay.due` is of the section `pay`.
fn said_by(texts: &[Texts], program: &[u8]) -> Vec<Texts> {
    let mut sections: BTreeMap<String, bool> = BTreeMap::new();
    let mut is_said = |line: &String| {
        let Some((section, _)) = line.split_once('.') else { return true };
        *sections
            .entry(format!("{section}."))
            .or_insert_with_key(|name| program.windows(name.len()).any(|bytes| bytes == name.as_bytes()))
    };
    let mut said = Vec::new();
    for (language, lines) in texts {
        said.push((language.clone(), lines.iter().filter(|line| is_said(line)).cloned().collect()));
    }
    said
}

/// Writes the texts of each language, and answers the place of each in the page.
fn words(texts: &[Texts], name: &str, dist: &mut Dist) -> Result<Vec<(String, String)>, String> {
    let mut places = Vec::new();
    for (language, lines) in texts {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let file = dist.hashed(&format!("{name}-{language}"), ".txt", text.as_bytes())?;
        places.push((format!("words-{language}.txt"), file));
    }
    Ok(places)
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
    // Whoever keeps the app has the whole one.
    let kept = dist.written().iter().filter(|it| !it.name.starts_with(SHOP));
    let mut files: Vec<String> = kept.map(|it| format!("/{}", it.name)).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_keeps_its_rules_and_nothing_else() {
        let sheet =
            "/* All. */\n@layer a {\n\n  .b { top: 0; } /* it\n is */ .c > d { margin: 0 auto; }\n}\n";
        assert_eq!(bare(sheet), "@layer a {\n.b { top: 0; }  .c > d { margin: 0 auto; }\n}\n");
    }

    #[test]
    fn a_program_gets_the_texts_that_it_can_say() {
        let lines =
            ["shop.empty = Nothing", "shop.found[one] = {n} thing", "prices.title = Prices", "pay.due = Due"];
        let texts = vec![("en".to_owned(), lines.map(str::to_owned).to_vec())];
        let said = said_by(&texts, b"\0asm shop.emptypay. prices");
        assert_eq!(said, [("en".to_owned(), [lines[0], lines[1], lines[3]].map(str::to_owned).to_vec())]);
    }
}
