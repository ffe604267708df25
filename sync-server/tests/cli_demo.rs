//! The demo as somebody meets it: made once, sound, and nothing that a backup would not carry.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::{Command, Output};

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_soko-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SOKO_")) {
        command.env_remove(name);
    }
    command.current_dir(directory).args(arguments).args(["--data-dir", "data"]).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_demo_is_made_once_and_is_sound() {
    let directory = tempfile::tempdir().unwrap();
    let made = run(directory.path(), &["demo", "--small", "--password", "kiosk lantern"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let said = text(&made.stdout);
    assert!(said.starts_with("Made 3 stalls with 4 registers, "), "{said}");
    assert!(said.contains("the password kiosk lantern"), "{said}");
    assert_eq!(said.matches("owns ").count(), 3, "{said}");
    for kind in ["products and", "pictures,", "sales,", "orders ("] {
        let before = said.split(kind).next().unwrap().trim_end();
        let count: u64 = before.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(count >= 10, "{count} {kind} {said}");
    }
    // Lines, because this is no terminal.
    let progress = text(&made.stderr);
    assert!(progress.lines().count() > 5 && progress.contains("done"), "{progress}");

    // What goes with what is known from the first visit on, and there is one model.
    assert!(said.contains("\nModel ") && said.contains("It is in use."), "{said}");
    let listed = text(&run(directory.path(), &["train", "--list"]).stdout);
    assert!(listed.lines().count() == 1 && listed.contains("in use"), "{listed}");
    let model = listed.split(' ').next().unwrap();
    assert!(run(directory.path(), &["train", "--use", model]).status.success());
    for (unknown, code) in [("ab".repeat(32).as_str(), 1), ("ab", 2)] {
        let refused = run(directory.path(), &["train", "--use", unknown]);
        assert_eq!(refused.status.code(), Some(code), "{}", text(&refused.stderr));
    }

    let evaluated = run(directory.path(), &["recommend", "evaluate"]);
    let found = text(&evaluated.stdout);
    assert!(
        found.starts_with("Of ") && found.contains(" %, give or take "),
        "{found}{}",
        text(&evaluated.stderr)
    );
    assert!(found.contains("what most had") && found.contains(model), "{found}");
    assert!(text(&evaluated.stderr).contains("asking"), "its progress: {}", text(&evaluated.stderr));
    let explained = text(&run(directory.path(), &["recommend", "explain", "orange juice"]).stdout);
    assert!(explained.starts_with("With Orange juice:\n"), "{explained}");
    let unknown = run(directory.path(), &["recommend", "explain", "no such thing"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("nothing on offer is called no such thing"));

    let again = run(directory.path(), &["demo", "--small"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("not empty"), "{}", text(&again.stderr));

    let sound = run(directory.path(), &["verify"]);
    assert!(sound.status.success(), "{}{}", text(&sound.stdout), text(&sound.stderr));
    let help = run(directory.path(), &["demo", "--help"]);
    assert!(text(&help.stdout).contains("EXAMPLES"));
}

#[test]
fn a_flipped_byte_is_found() {
    let directory = tempfile::tempdir().unwrap();
    assert!(run(directory.path(), &["demo", "--small"]).status.success());
    let database = directory.path().join("data/soko.db");
    let mut bytes = std::fs::read(&database).unwrap();
    let name = b"Orange juice";
    let places: Vec<usize> =
        bytes.windows(name.len()).enumerate().filter(|(_, found)| found == name).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|at| bytes[*at] ^= 1);
    std::fs::write(&database, bytes).unwrap();
    let found = run(directory.path(), &["verify"]);
    assert_eq!(found.status.code(), Some(1), "{}{}", text(&found.stdout), text(&found.stderr));
    assert!(text(&found.stdout).contains("author "), "{}", text(&found.stdout));
}

#[test]
fn a_damaged_store_is_served_to_nobody_and_a_backup_takes_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    assert!(run(directory.path(), &["demo", "--small"]).status.success());
    assert!(run(directory.path(), &["backup", "good.db"]).status.success());
    let database = data.join("soko.db");
    let whole = std::fs::read(&database).unwrap();
    let mut torn = whole.clone();
    let middle = whole.len() / 2;
    torn[middle..middle + 16_384].fill(0x5a);
    for (name, bytes) in
        [("torn", torn.as_slice()), ("cut short", &whole[..middle]), ("another file", b"GIF89a no store")]
    {
        std::fs::write(&database, bytes).unwrap();
        let served = run(directory.path(), &["serve", "--listen", "127.0.0.1:0"]);
        let said = text(&served.stderr);
        assert_eq!(served.status.code(), Some(1), "{name}: {said}");
        assert!(
            said.contains("soko.db") && said.contains("soko-server restore FILE --data-dir data --force"),
            "{name}: {said}"
        );
        assert_eq!(std::fs::read(&database).unwrap(), bytes, "{name}: nothing was changed");
        let doctor = run(directory.path(), &["doctor"]);
        assert_eq!(doctor.status.code(), Some(1), "{name}: {}", text(&doctor.stdout));
        assert_eq!(std::fs::read(&database).unwrap(), bytes, "{name}: nothing was changed");
    }
    // A log without its database is what is left of a store.
    std::fs::rename(&database, directory.path().join("away.db")).unwrap();
    std::fs::write(data.join("soko.db-wal"), b"what was acknowledged").unwrap();
    for command in [vec!["serve", "--listen", "127.0.0.1:0"], vec!["restore", "good.db"]] {
        assert_eq!(run(directory.path(), &command).status.code(), Some(1), "{command:?}");
    }
    let restored = run(directory.path(), &["restore", "good.db", "--force"]);
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    let aside = std::fs::read(data.join("soko.db.before-restore-1-wal")).unwrap();
    assert_eq!(aside, b"what was acknowledged");
    assert!(run(directory.path(), &["verify"]).status.success());
}
