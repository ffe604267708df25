//! `cargo xtask bundle`: the window as a Debian package, put together by dpkg's own tool. Packages for other systems are
//! made by Tauri's, where those systems are; see `.github/workflows/release.yml`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine;
use crate::shell::{Doing as _, Failure, Outcome, cargo, output_of, root, run, say, target_dir, which};
use crate::web::Kind;

const PACKAGE: &str = "soko";
/// What the program is linked with, under the names of Debian 12 and, where they changed, of later releases. The last one is
/// loaded when the window opens.
const DEPENDS: &str = "libc6, libgcc-s1, libcairo2, libgdk-pixbuf-2.0-0, libglib2.0-0 | libglib2.0-0t64, \
    libgtk-3-0 | libgtk-3-0t64, libjavascriptcoregtk-4.1-0, libsoup-3.0-0, libwebkit2gtk-4.1-0, \
    libayatana-appindicator3-1";

const DESKTOP_ENTRY: &str = "[Desktop Entry]
Type=Application
Name=Soko
Comment=A till and a shop that go on working when the network does not
Exec=soko %u
Icon=soko
Terminal=false
Categories=Office;Finance;
Keywords=till;shop;sale;stock;market;
MimeType=x-scheme-handler/soko;
StartupWMClass=soko
";

/// Read by `man soko`.
const MANUAL: &str = "src-tauri/soko.1";
const MANUAL_PLACE: &str = "usr/share/man/man1/soko.1.gz";
const CHANGES_PLACE: &str = "usr/share/doc/soko/changelog.gz";
const MAINTAINER: &str = "Soko maintainers <maintainers@soko.invalid>";
/// Nobody knows when it was made where there is no history.
const SOME_DAY: &str = "Thu, 01 Jan 1970 00:00:00 +0000";
/// Debian's own critic of packages.
const CRITIC: &str = "lintian";

/// Where each icon goes below `hicolor`.
const ICONS: &[(&str, &str)] = &[
    ("32x32.png", "32x32/apps/soko.png"),
    ("128x128.png", "128x128/apps/soko.png"),
    ("128x128@2x.png", "256x256/apps/soko.png"),
    ("icon.png", "512x512/apps/soko.png"),
    ("soko.svg", "scalable/apps/soko.svg"),
];

/// Builds the program with its screens and packs it.
pub(crate) fn debian(debug: bool) -> Outcome {
    crate::web::build(if debug { Kind::Quick } else { Kind::Release })?;
    let mut build = cargo(&["build", "-p", PACKAGE, "--bin", PACKAGE, "--locked"]);
    if !debug {
        build.arg("--release");
    }
    run(&mut build)?;
    let program = target_dir().join(if debug { "debug" } else { "release" }).join(PACKAGE);
    let architecture = output_of(Command::new("dpkg").arg("--print-architecture"))
        .ok_or_else(|| Failure::new("dpkg is not here: a Debian package is made on a Debian system"))?;
    let file = pack(&target_dir().join("bundle"), &program, (architecture.trim(), Packed::Small))?;
    criticise(&file)?;
    say(&format!(
        "made {}. AppImage needs tools from outside and is made by the release workflow.",
        file.display()
    ));
    Ok(())
}

/// How a package is compressed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packed {
    Small,
    /// For whoever unpacks it at once.
    Quickly,
}

fn pack(folder: &Path, program: &Path, (architecture, packed): (&str, Packed)) -> Outcome<PathBuf> {
    let tree = folder.join("deb");
    if tree.exists() {
        fs::remove_dir_all(&tree).doing("clearing the last package")?;
    }
    fill(&tree, program, architecture)?;
    let file = folder.join(format!("{PACKAGE}_{}_{architecture}.deb", env!("CARGO_PKG_VERSION")));
    let mut build = Command::new("dpkg-deb");
    build.args(["--build", "--root-owner-group"]);
    if packed == Packed::Quickly {
        build.arg("-Znone");
    }
    run(build.arg(&tree).arg(&file))?;
    Ok(file)
}

/// Packs the program of the test build, installs that below a folder, and looks whether everything is where a desktop
/// looks for it and whether the program starts.
pub(crate) fn try_installed() -> Outcome {
    let folder = target_dir().join(format!("bundle-{}", std::process::id()));
    let program = target_dir().join("debug").join(PACKAGE);
    let tried = try_in(&folder, &program);
    // Where nothing could be packed there is no folder; why not, is what was tried.
    tried.and(fs::remove_dir_all(&folder).doing("removing the installed package"))
}

fn try_in(folder: &Path, program: &Path) -> Outcome {
    let architecture = output_of(Command::new("dpkg").arg("--print-architecture"))
        .ok_or_else(|| Failure::new("dpkg is not here"))?;
    let file = pack(folder, program, (architecture.trim(), Packed::Quickly))?;
    let installed = install(&file, &folder.join("root"))?;
    let complaints = complaints(&file, &installed, architecture.trim())?;
    if complaints.is_empty() { Ok(()) } else { Err(Failure::new(complaints.join("\n"))) }
}

/// By dpkg itself where that is allowed, into a system that has nothing else; otherwise only unpacked.
fn install(file: &Path, system: &Path) -> Outcome<PathBuf> {
    if !machine::is_root() {
        run(Command::new("dpkg-deb").arg("--extract").arg(file).arg(system))?;
        return Ok(system.to_owned());
    }
    let database = system.join("var/lib/dpkg");
    for folder in ["info", "updates", "triggers"] {
        fs::create_dir_all(database.join(folder)).doing("making an empty system")?;
    }
    fs::write(database.join("status"), "").doing("making an empty system")?;
    let mut dpkg = Command::new("dpkg");
    dpkg.arg(format!("--root={}", system.display()));
    // What it depends on is in the real system, where the program finds it; whether all of it is named is looked at.
    run(dpkg.args(["--force-depends", "--install"]).arg(file))?;
    let state = ["--show", "--showformat=${db:Status-Status}", PACKAGE];
    let said = output_of(Command::new("dpkg-query").arg(format!("--root={}", system.display())).args(state));
    if said.as_deref() != Some("installed") {
        return Err(Failure::new(format!(
            "dpkg says that the package is {said:?}, not that it is installed"
        )));
    }
    Ok(system.to_owned())
}

/// What a person who installs it would miss.
fn complaints(file: &Path, installed: &Path, architecture: &str) -> Outcome<Vec<String>> {
    let mut wrong = Vec::new();
    let field = |name: &str| {
        let said = output_of(Command::new("dpkg-deb").arg("--field").arg(file).arg(name));
        said.unwrap_or_default().trim().to_owned()
    };
    for (name, expected) in
        [("Package", PACKAGE), ("Version", env!("CARGO_PKG_VERSION")), ("Architecture", architecture)]
    {
        if field(name) != expected {
            wrong.push(format!("the package's {name} is {:?}, not {expected:?}", field(name)));
        }
    }
    let wanted = ["Maintainer", "Description", "Section", "Priority", "Installed-Size"];
    wrong.extend(wanted.iter().filter(|name| field(name).is_empty()).map(|name| format!("it has no {name}")));
    let program = installed.join("usr/bin").join(PACKAGE);
    let named = packages_of(&field("Depends"));
    wrong.extend(undeclared(&program, &named)?);
    wrong.extend(misplaced(installed)?);
    wrong.extend(unsaid(installed, &program));
    let version = output_of(Command::new(&program).arg("--version")).unwrap_or_default();
    if version.trim() != format!("{PACKAGE} {}", env!("CARGO_PKG_VERSION")) {
        wrong.push(format!("the installed program does not start: of its version it says {version:?}"));
    }
    Ok(wrong)
}

/// Options that the manual does not have.
fn unsaid(installed: &Path, program: &Path) -> Vec<String> {
    let read = output_of(Command::new("gzip").arg("-dc").arg(installed.join(MANUAL_PLACE)));
    let manual = read.unwrap_or_default().replace('\\', "");
    let help = output_of(Command::new(program).arg("--help")).unwrap_or_default();
    let words = help.split([' ', ',', '\n']).filter(|word| word.starts_with("--"));
    let missing = words.filter(|word| !manual.contains(word));
    missing.map(|word| format!("its manual does not have {word}")).collect()
}

/// Nothing that Debian's critic calls an error or warns of, where it is installed. It takes its time with a large program.
fn criticise(file: &Path) -> Outcome {
    if which(CRITIC).is_none() {
        say(&format!("{CRITIC} is not installed, and did not look at it."));
        return Ok(());
    }
    run(Command::new(CRITIC).args(["--fail-on", "error,warning"]).arg(file))
}

/// Every package that a list of dependencies names, alternatives, too.
fn packages_of(depends: &str) -> Vec<String> {
    let names = depends.split([',', '|']).filter_map(|name| name.split_whitespace().next());
    names.map(str::to_owned).collect()
}

/// Libraries that the program is linked with and of whose package nothing is said.
fn undeclared(program: &Path, named: &[String]) -> Outcome<Vec<String>> {
    let linked = output_of(Command::new("readelf").arg("--dynamic").arg(program))
        .ok_or_else(|| Failure::new("readelf does not read the program"))?;
    let found = output_of(Command::new("ldd").arg(program))
        .ok_or_else(|| Failure::new("ldd does not find the program's libraries"))?;
    let needed = linked.lines().filter_map(|line| line.split_once("(NEEDED)")?.1.split(['[', ']']).nth(1));
    let needed: Vec<&str> = needed.collect();
    if needed.is_empty() {
        return Err(Failure::new("the program is linked with nothing, which cannot be"));
    }
    let mut wrong = Vec::new();
    for library in needed {
        let place = place_of(&found, library);
        let package = place.as_deref().and_then(owner_of);
        match package {
            Some(package) if named.contains(&package) => {}
            Some(package) => wrong.push(format!("{library} is in {package}, which Depends does not name")),
            None => wrong.push(format!("{library} is in no package of this system")),
        }
    }
    Ok(wrong)
}

/// Where `ldd` found a library.
fn place_of(found: &str, library: &str) -> Option<PathBuf> {
    let line = found.lines().map(str::trim).find(|line| {
        line.split_whitespace().next().is_some_and(|first| Path::new(first).ends_with(library))
    })?;
    let place = line.split_once(" => ").map_or(line, |(_, place)| place);
    place.split_whitespace().next().map(PathBuf::from)
}

/// The package of a file. What was moved below `/usr` may be known by its older place.
fn owner_of(place: &Path) -> Option<String> {
    let place = place.canonicalize().ok()?;
    let older = Path::new("/").join(place.strip_prefix("/usr").unwrap_or(&place));
    let said =
        [&place, &older].into_iter().find_map(|it| output_of(Command::new("dpkg").arg("-S").arg(it)))?;
    Some(said.split([':', ',']).next()?.trim().to_owned())
}

/// What is not where a desktop looks for it, or says something else.
fn misplaced(installed: &Path) -> Outcome<Vec<String>> {
    let mut wrong = Vec::new();
    for (icon, place) in ICONS {
        let there = fs::read(installed.join("usr/share/icons/hicolor").join(place)).unwrap_or_default();
        let size = place.split('x').next().and_then(|size| size.parse::<u32>().ok());
        let is_right = match size {
            Some(size) => size_of_png(&there) == Some((size, size)),
            None => there.starts_with(b"<") && place.ends_with(".svg"),
        };
        if !is_right {
            wrong.push(format!("{icon} is not at {place}, or not of that size"));
        }
    }
    let changes = output_of(Command::new("gzip").arg("-dc").arg(installed.join(CHANGES_PLACE)));
    if !changes.is_some_and(|text| text.starts_with(&format!("{PACKAGE} ({})", env!("CARGO_PKG_VERSION")))) {
        wrong.push("it does not say what changed".into());
    }
    let copyright = fs::read_to_string(installed.join("usr/share/doc/soko/copyright")).unwrap_or_default();
    if !copyright.contains("Copyright") {
        wrong.push("it does not say whose it is and what one may do with it".into());
    }
    let entry = installed.join("usr/share/applications/soko.desktop");
    let said = fs::read_to_string(&entry).unwrap_or_default();
    wrong.extend(unlike_a_desktop_entry(&said, installed));
    if which("desktop-file-validate").is_some() {
        let checked = Command::new("desktop-file-validate").arg(&entry).output();
        let checked = checked.doing("checking the desktop entry")?;
        if !checked.status.success() {
            wrong.push(String::from_utf8_lossy(&checked.stdout).into_owned());
        }
    }
    Ok(wrong)
}

/// Width and height, out of a picture's first chunk.
fn size_of_png(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let number = |from: usize| Some(u32::from_be_bytes(header.get(from..from + 4)?.try_into().ok()?));
    Some((number(8)?, number(12)?))
}

/// What keeps a desktop from starting the program by this entry, by its menu or by a link.
fn unlike_a_desktop_entry(said: &str, installed: &Path) -> Vec<String> {
    let mut lines = said.lines();
    let mut wrong = Vec::new();
    if lines.next() != Some("[Desktop Entry]") {
        wrong.push("the desktop entry does not begin as one".to_owned());
    }
    let value = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    for (key, expected) in [("Type", "Application"), ("Terminal", "false")] {
        if value(key) != Some(expected) {
            wrong.push(format!("{key} of the desktop entry is not {expected}"));
        }
    }
    if value("Name").is_none_or(str::is_empty) {
        wrong.push("the desktop entry has no name".into());
    }
    let mut words = value("Exec").unwrap_or_default().split(' ');
    let program = words.next().unwrap_or_default();
    if !installed.join("usr/bin").join(program).is_file() || words.next() != Some("%u") {
        wrong.push("the desktop entry starts no program of the package with a link".into());
    }
    let icon = format!("usr/share/icons/hicolor/128x128/apps/{}.png", value("Icon").unwrap_or_default());
    if !installed.join(icon).is_file() {
        wrong.push("the desktop entry's icon is not in the package".into());
    }
    let types: Vec<&str> = value("MimeType").unwrap_or_default().split_terminator(';').collect();
    if types != ["x-scheme-handler/soko"] {
        wrong.push(format!("links of Soko, and nothing else, are to open it, not {types:?}"));
    }
    wrong
}

fn fill(tree: &Path, program: &Path, architecture: &str) -> Outcome {
    let icons = root().join("icons");
    let hicolor = "usr/share/icons/hicolor";
    let mut copies: Vec<(PathBuf, String)> =
        ICONS.iter().map(|(icon, place)| (icons.join(icon), format!("{hicolor}/{place}"))).collect();
    copies.push((root().join("LICENSE"), "usr/share/doc/soko/copyright".into()));
    copies.push((program.to_owned(), "usr/bin/soko".into()));
    for (from, place) in copies {
        let to = tree.join(place);
        make_folder_of(&to)?;
        fs::copy(&from, &to).doing(&format!("copying {}", from.display()))?;
    }
    run(Command::new("strip").arg(tree.join("usr/bin/soko")))?;
    let size_kb = size_of(&tree.join("usr"))?.div_ceil(1024);
    let manual = fs::read_to_string(root().join(MANUAL)).doing("reading the manual")?;
    for (place, text) in [
        ("usr/share/applications/soko.desktop", DESKTOP_ENTRY.to_owned()),
        ("DEBIAN/control", control(architecture, size_kb)),
        (MANUAL_PLACE.trim_end_matches(".gz"), manual),
        (CHANGES_PLACE.trim_end_matches(".gz"), changes()),
    ] {
        let to = tree.join(place);
        make_folder_of(&to)?;
        fs::write(&to, text).doing(&format!("writing {place}"))?;
    }
    // Without its name and moment, so that the same text is the same file.
    let texts = [MANUAL_PLACE, CHANGES_PLACE].map(|place| tree.join(place.trim_end_matches(".gz")));
    run(Command::new("gzip").args(["-9n", "--force"]).args(texts))
}

/// In Debian's form: which version it is, when it was written, and where the rest stands.
fn changes() -> String {
    let when = output_of(Command::new("git").args(["log", "-1", "--format=%aD"]).current_dir(root()));
    let when = when.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    format!(
        "{PACKAGE} ({}) unstable; urgency=medium\n\n  * What changed stands in CHANGELOG.md, where Soko comes from.\n\n \
         -- {MAINTAINER}  {}\n",
        env!("CARGO_PKG_VERSION"),
        when.as_deref().unwrap_or(SOME_DAY)
    )
}

fn make_folder_of(file: &Path) -> Outcome {
    fs::create_dir_all(file.parent().unwrap_or(file)).doing("making a folder of the package")
}

/// Of all files below a folder, in bytes.
fn size_of(folder: &Path) -> Outcome<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder).doing("measuring the package")? {
        let entry = entry.doing("measuring the package")?;
        let about = entry.metadata().doing("measuring the package")?;
        size += if about.is_dir() { size_of(&entry.path())? } else { about.len() };
    }
    Ok(size)
}

fn control(architecture: &str, size_kb: u64) -> String {
    format!(
        "Package: {PACKAGE}\nVersion: {}\nArchitecture: {architecture}\nDepends: {DEPENDS}\n\
         Installed-Size: {size_kb}\nSection: misc\n\
         Priority: optional\nMaintainer: {MAINTAINER}\n\
         Description: till and shop that work without a network\n Sells, takes in stock and answers orders on this \
         device,\n and joins the others when there is a network.\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_desktop_entry_takes_our_links_and_no_others() {
        assert!(
            DESKTOP_ENTRY.contains("\nExec=soko %u\n") && DESKTOP_ENTRY.contains("x-scheme-handler/soko;\n")
        );
        assert_eq!(DESKTOP_ENTRY.matches("x-scheme-handler").count(), 1);
    }

    #[test]
    fn the_control_file_has_what_dpkg_wants() {
        let text = control("amd64", 7);
        for field in [
            "Package: soko\n",
            "Version: ",
            "Architecture: amd64\n",
            "Depends: ",
            "Installed-Size: 7\n",
            "Description: ",
        ] {
            assert!(text.contains(field), "{field}");
        }
        assert!(text.ends_with('\n') && !text.contains("\n\n"));
    }

    #[test]
    fn the_package_unpacks_to_what_a_desktop_needs() {
        let folder = target_dir().join("bundle-test");
        // Any program will do: this one is there.
        let file = pack(&folder, &std::env::current_exe().unwrap(), ("all", Packed::Quickly)).unwrap();
        let unpacked = folder.join("unpacked");
        run(Command::new("dpkg-deb").arg("--extract").arg(&file).arg(&unpacked)).unwrap();
        let texts = [MANUAL_PLACE, CHANGES_PLACE, "usr/share/doc/soko/copyright"];
        for place in ["usr/bin/soko", "usr/share/applications/soko.desktop"].into_iter().chain(texts) {
            assert!(unpacked.join(place).is_file(), "{place}");
        }
        for (_, place) in ICONS {
            assert!(unpacked.join("usr/share/icons/hicolor").join(place).is_file(), "{place}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
