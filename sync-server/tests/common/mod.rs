//! Throw-away stores: SQLite always, PostgreSQL when `SOKO_TEST_POSTGRES` names a server where databases can be
//! created.
#![allow(dead_code, reason = "each test program uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test helper that fails fails the test")]

pub(crate) mod hostile;
pub(crate) mod server;
pub(crate) mod shop;

use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use soko_sync_server::store::{GroupReport, Place, Store};

pub(crate) const POSTGRES_VARIABLE: &str = "SOKO_TEST_POSTGRES";
const COMPLETE_VARIABLE: &str = "SOKO_TEST_COMPLETE";

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// One store of its own. What it leaves is removed with it.
pub(crate) struct TestStore {
    pub(crate) store: Store,
    pub(crate) place: Place,
    pub(crate) reports: Arc<Mutex<Vec<GroupReport>>>,
    _clean: Clean,
}

enum Clean {
    Directory(tempfile::TempDir),
    Database { server: String, name: String },
    Nothing,
}

impl TestStore {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::Directory(directory.path().join("data"));
        Self::open(place, Clean::Directory(directory))
    }

    /// None, and a loud word about it, without a server.
    pub(crate) fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var(POSTGRES_VARIABLE) else {
            let is_wanted = std::env::var_os(COMPLETE_VARIABLE).is_some();
            assert!(!is_wanted, "SKIPPED on PostgreSQL: {POSTGRES_VARIABLE} is not set");
            let _ = writeln!(std::io::stderr(), "SKIPPED on PostgreSQL: {POSTGRES_VARIABLE} is not set");
            return None;
        };
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("soko_test_{}_{number}", std::process::id());
        admin(&server, &format!("create database {name}"));
        let (base, _) = server.rsplit_once('/').unwrap();
        let place = Place::Url(format!("{base}/{name}"));
        Some(Self::open(place, Clean::Database { server, name }))
    }

    /// The same database once more, as another process has it.
    pub(crate) fn again(&self) -> Self {
        let place = self.place.clone();
        std::thread::spawn(move || Self::open(place, Clean::Nothing)).join().unwrap()
    }

    fn open(place: Place, clean: Clean) -> Self {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&reports);
        let store = Store::open(&place, Arc::new(move |report| sink.lock().unwrap().push(report))).unwrap();
        Self { store, place, reports, _clean: clean }
    }
}

impl Drop for TestStore {
    fn drop(&mut self) {
        self.store.close();
    }
}

impl Drop for Clean {
    fn drop(&mut self) {
        if let Self::Database { server, name } = self {
            admin(server, &format!("drop database if exists {name} with (force)"));
        }
    }
}

/// On a thread of its own: the caller may be inside the async runtime, where this client cannot run.
pub(crate) fn admin(server: &str, sql: &str) {
    let (server, sql) = (server.to_owned(), sql.to_owned());
    let done = std::thread::spawn(move || {
        postgres::Client::connect(&server, postgres::NoTls).unwrap().batch_execute(&sql).unwrap();
    });
    done.join().unwrap();
}

/// Runs a test on every engine there is.
pub(crate) fn each_store(test: impl Fn(&TestStore)) {
    test(&TestStore::sqlite());
    if let Some(store) = TestStore::postgres() {
        test(&store);
    }
}
