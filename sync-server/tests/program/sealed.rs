//! The server's own secrets in its store: sealed at the start, opened with one key alone, in the clear in no file.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use soko_domain::ids::LogId;
use soko_record_log::{OpenMode, Sqlite, StoreError, Tx, params};
use soko_sync_server::messages::{PushKey, ensure_push_key};
use soko_sync_server::platform::server_secret;
use soko_sync_server::sealed::{self, Lying, SealKey};
use soko_sync_server::store::{Place, Shard, Store};

use super::{Serving, common, run, text};

const SECRET: [u8; 32] = *b"nobody else has to know of this!";
/// What is set, and has no business in the store.
const SET: [(&str, &str); 10] = [
    ("--mail-server", "smtp://soko:mail-password-7@127.0.0.1:9"),
    ("--mail-from", "Soko <market@example.org>"),
    ("--public-url", "https://market.example"),
    ("--stripe-key", "sk_test_stripe-key-7"),
    ("--stripe-webhook-secret", "whsec_stripe-hook-7"),
    ("--sms", "twilio"),
    ("--sms-user", "AC7"),
    ("--sms-secret", "twilio-token-7"),
    ("--sms-from", "+15550100"),
    ("--operator-key", "operator-key-7-of-at-least-32-characters"),
];
const NEVER_KEPT: [&str; 5] =
    ["mail-password-7", "stripe-key-7", "stripe-hook-7", "twilio-token-7", "operator-key-7"];

/// A store as an older program left it. Answers what its push key is.
fn left_in_the_clear(place: &Place) -> Vec<u8> {
    let store = Store::open(place, Arc::new(|_| {})).unwrap();
    let fresh = PushKey::fresh().unwrap();
    let kept = store.write_blocking(Shard::stall(LogId::default()), move |tx| {
        server_secret::ensure(tx, None, SECRET)?;
        ensure_push_key(tx, None, &fresh)
    });
    store.close();
    kept.map_err(StoreError::from).unwrap()
}

/// The file that holds these bytes, if any does but the key's own.
fn holding(folder: &Path, wanted: &[u8]) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .filter(|file| file.is_file() && !file.ends_with("seal.key"))
        .find(|file| std::fs::read(file).unwrap().windows(wanted.len()).any(|part| part == wanted))
}

fn rows(tx: &mut dyn Tx) -> Result<Vec<Vec<u8>>, StoreError> {
    let sql = "select secret from server_secret union all select private_key from push_key";
    tx.query(sql, params![])?.iter().map(|row| row.blob(0).map(<[u8]>::to_vec)).collect()
}

fn rows_of(data: &Path) -> Vec<Vec<u8>> {
    Sqlite::open(&data.join("soko.db"), OpenMode::ReadOnly).unwrap().read(rows).unwrap()
}

fn refused(home: &Path, arguments: &[&str], sentence: &str) {
    let Output { status, stderr, .. } = run(home, arguments);
    assert_eq!(status.code(), Some(1), "{arguments:?}: {}", text(&stderr));
    assert!(text(&stderr).contains(sentence), "{arguments:?}: {}", text(&stderr));
}

#[test]
fn no_file_of_a_store_holds_a_secret_once_the_server_ran() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let push = left_in_the_clear(&Place::Directory(data.clone()));
    // Of DER: the number that nobody else knows.
    let scalar = &push[36..68];
    assert!(holding(&data, &SECRET).is_some() && holding(&data, scalar).is_some(), "they are looked for");
    let doctor = run(home.path(), &["doctor", "--data-dir", "data"]);
    assert!(
        text(&doctor.stdout).contains("2 secrets lie in the store in the clear"),
        "{}",
        text(&doctor.stdout)
    );

    let set: Vec<&str> = SET.iter().flat_map(|(flag, value)| [*flag, *value]).collect();
    let serving = Serving::start_with(home.path(), &set);
    assert!(serving.stop().success());
    assert_eq!((holding(&data, &SECRET), holding(&data, scalar)), (None, None));
    for set in NEVER_KEPT {
        assert_eq!(holding(&data, set.as_bytes()), None, "{set}");
    }
    let key = SealKey::from_hex(&std::fs::read_to_string(data.join("seal.key")).unwrap()).unwrap();
    assert_eq!(holding(&data, key.reveal().as_bytes()), None);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(data.join("seal.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // They are the same as before.
    let mut store = Sqlite::open(&data.join("soko.db"), OpenMode::Existing).unwrap();
    let kept = store.transaction(|tx| ensure_push_key(tx, Some(&key), b"another")).unwrap();
    let before = soko_sync_server::secret::ServerSecret::new(SECRET).stall_key();
    let secret = store.read(|tx| server_secret::read(tx, Some(&key))).unwrap().unwrap();
    assert_eq!((kept, secret.stall_key()), (push, before));
    drop(store);
    let doctor = run(home.path(), &["doctor", "--data-dir", "data"]);
    assert!(text(&doctor.stdout).contains("2 secrets are sealed"), "{}", text(&doctor.stdout));
}

#[test]
fn another_key_or_none_is_refused_and_destroys_nothing() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    assert!(Serving::start_with(home.path(), &[]).stop().success());
    let (before, key) = (rows_of(&data), data.join("seal.key"));
    std::fs::rename(&key, home.path().join("kept.key")).unwrap();
    std::fs::write(home.path().join("other.key"), "1".repeat(64)).unwrap();
    std::fs::write(home.path().join("no.key"), "hush").unwrap();
    let serve = ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0", "--log", "off"];
    let with = |file: &'static str| [&serve[..], &["--seal-key", file]].concat();
    refused(home.path(), &serve, "the key to them is not here");
    assert!(!key.exists(), "a key that opens nothing is not made");
    refused(home.path(), &with("other.key"), "not the one that sealed");
    refused(home.path(), &with("no.key"), "holds no seal key");
    refused(home.path(), &with("absent.key"), "cannot be read");
    refused(home.path(), &["verify", "--data-dir", "data"], "the key to them is not here");
    let doctor = run(home.path(), &["doctor", "--data-dir", "data", "--seal-key", "other.key"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(text(&doctor.stdout).contains("WRONG  the seal key is not the one"), "{}", text(&doctor.stdout));
    assert_eq!(rows_of(&data), before);
    assert!(Serving::start_with(home.path(), &["--seal-key", "kept.key"]).stop().success());
    assert_eq!(rows_of(&data), before);
}

#[test]
fn a_backup_comes_back_with_the_key_that_sealed_it_and_not_without() {
    let home = tempfile::tempdir().unwrap();
    assert!(Serving::start_with(home.path(), &[]).stop().success());
    let made = run(home.path(), &["backup", "--data-dir", "data", "shop.db"]);
    assert!(text(&made.stdout).contains("seal.key"), "{}", text(&made.stdout));
    refused(home.path(), &["restore", "shop.db", "--data-dir", "new"], "the key to them is not here");
    assert!(!home.path().join("new/soko.db").exists());
    let key = home.path().join("data/seal.key");
    let named = ["restore", "shop.db", "--data-dir", "new", "--seal-key", key.to_str().unwrap()];
    let restored = run(home.path(), &named);
    assert!(restored.status.success(), "{}", text(&restored.stderr));
}

#[test]
fn processes_on_one_database_share_a_key_that_is_named() {
    let Some(store) = common::TestStore::postgres() else { return };
    let Place::Url(url) = store.place.clone() else { panic!("not a database") };
    let home = tempfile::tempdir().unwrap();
    let lying = || store.store.read_blocking(sealed::lying).map_err(StoreError::from).unwrap();
    let serve = ["--database-url", &url];
    assert!(Serving::start_with(home.path(), &serve).stop().success());
    assert_eq!(lying(), Lying { sealed: 0, clear: 2 }, "nobody makes a key that others do not have");
    std::fs::write(home.path().join("named.key"), "7".repeat(64)).unwrap();
    let named = [&serve[..], &["--seal-key", "named.key"]].concat();
    for _ in 0..2 {
        assert!(Serving::start_with(home.path(), &named).stop().success());
        assert_eq!(lying(), Lying { sealed: 2, clear: 0 });
    }
    let unnamed = [&["serve", "--listen", "127.0.0.1:0", "--log", "off"], &serve[..]].concat();
    refused(home.path(), &unnamed, "the key to them is not here");
}
