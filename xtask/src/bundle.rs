//! `cargo xtask bundle`: the window as a Debian package, put together by dpkg's own tool. Packages for other systems are
//! made by Tauri's, where those systems are; see `.github/workflows/release.yml`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{Doing as _, Failure, Outcome, cargo, output_of, root, run, say, target_dir};
use crate::web::Kind;

const PACKAGE: &str = "soko";
/// Loaded when the window opens, beside what the program is linked with.
const DEPENDS: &str = "libc6, libgtk-3-0 | libgtk-3-0t64, libwebkit2gtk-4.1-0, libayatana-appindicator3-1";

const DESKTOP_ENTRY: &str = "[Desktop Entry]
Type=Application
Name=Soko
Comment=A till and a shop that go on working when the network does not
Exec=soko %u
Icon=soko
Terminal=false
Categories=Office;Finance;
MimeType=x-scheme-handler/soko;
StartupWMClass=soko
";

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
    let file = pack(&target_dir().join("bundle"), &program, architecture.trim())?;
    say(&format!(
        "made {}. AppImage needs tools from outside and is made by the release workflow.",
        file.display()
    ));
    Ok(())
}

fn pack(folder: &Path, program: &Path, architecture: &str) -> Outcome<PathBuf> {
    let tree = folder.join("deb");
    if tree.exists() {
        fs::remove_dir_all(&tree).doing("clearing the last package")?;
    }
    fill(&tree, program, architecture)?;
    let file = folder.join(format!("{PACKAGE}_{}_{architecture}.deb", env!("CARGO_PKG_VERSION")));
    run(Command::new("dpkg-deb").args(["--build", "--root-owner-group"]).arg(&tree).arg(&file))?;
    Ok(file)
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
    for (place, text) in [
        ("usr/share/applications/soko.desktop", DESKTOP_ENTRY.to_owned()),
        ("DEBIAN/control", control(architecture)),
    ] {
        let to = tree.join(place);
        make_folder_of(&to)?;
        fs::write(&to, text).doing(&format!("writing {place}"))?;
    }
    Ok(())
}

fn make_folder_of(file: &Path) -> Outcome {
    fs::create_dir_all(file.parent().unwrap_or(file)).doing("making a folder of the package")
}

fn control(architecture: &str) -> String {
    format!(
        "Package: {PACKAGE}\nVersion: {}\nArchitecture: {architecture}\nDepends: {DEPENDS}\nSection: misc\n\
         Priority: optional\nMaintainer: Soko maintainers <maintainers@soko.invalid>\n\
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
        let text = control("amd64");
        for field in ["Package: soko\n", "Version: ", "Architecture: amd64\n", "Depends: ", "Description: "] {
            assert!(text.contains(field), "{field}");
        }
        assert!(text.ends_with('\n') && !text.contains("\n\n"));
    }

    #[test]
    fn the_package_unpacks_to_what_a_desktop_needs() {
        let folder = target_dir().join("bundle-test");
        // Any program will do: this one is there.
        let file = pack(&folder, &std::env::current_exe().unwrap(), "all").unwrap();
        let unpacked = folder.join("unpacked");
        run(Command::new("dpkg-deb").arg("--extract").arg(&file).arg(&unpacked)).unwrap();
        for place in ["usr/bin/soko", "usr/share/applications/soko.desktop", "usr/share/doc/soko/copyright"] {
            assert!(unpacked.join(place).is_file(), "{place}");
        }
        for (_, place) in ICONS {
            assert!(unpacked.join("usr/share/icons/hicolor").join(place).is_file(), "{place}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
