//! The program itself: its commands, its socket, its end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
#[path = "program/sealed.rs"]
mod sealed;

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use common::server::{self, TestServer, Wanted};
use soko_domain::ids::LogId;
use soko_projection::LocalApplier;
use soko_record_log::{OpenMode, Sqlite, StoreError, Tx, params};
use soko_sync_server::admin;
use soko_sync_server::secret::ServerSecret;
use soko_sync_server::stall::Core;
use soko_sync_server::store::{Failed, Place, STEPS, Shard, look_beside};

/// Far more than anything here takes; only a hang meets it.
const PATIENCE: Duration = Duration::from_secs(60);

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_soko-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SOKO_")) {
        command.env_remove(name);
    }
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    program().current_dir(directory).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    fn start(directory: &Path) -> Self {
        Self::start_with(directory, &[])
    }

    fn start_with(directory: &Path, more: &[&str]) -> Self {
        let mut command = program();
        command.current_dir(directory).args([
            "serve",
            "--data-dir",
            "data",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "off",
        ]);
        let mut child = command.args(more).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        Self { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn stop(mut self) -> std::process::ExitStatus {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        self.child.wait().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer(mut stream: TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_says_where_and_ends_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let serving = Serving::start(directory.path());
    let request = "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert!(answer(serving.connect(), request).starts_with("HTTP/1.1 200 OK"));

    let second = run(directory.path(), &["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("another process uses"), "{}", text(&second.stderr));

    // A connection without a request does not keep it from ending.
    let idle = serving.connect();
    assert!(serving.stop().success());
    drop(idle);
    let again = Serving::start(directory.path());
    assert!(again.stop().success());
}

#[test]
fn a_connection_that_is_cut_or_garbled_harms_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let serving = Serving::start(directory.path());
    serving.connect().write_all(b"POST /v1/accounts HTTP/1.1\r\nhost: x\r\ncontent-le").unwrap();
    let cut = "POST /v1/accounts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    serving.connect().write_all(cut.as_bytes()).unwrap();
    assert!(answer(serving.connect(), "\x16\x03\x01 not http\r\n\r\n").starts_with("HTTP/1.1 400"));
    let mut endless = serving.connect();
    let header = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(100 * 1024));
    // The server may hang up before it has read it all.
    let sent = endless.write_all(header.as_bytes());
    assert!(
        sent.is_ok()
            || sent.is_err_and(|error| matches!(
                error.kind(),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
            ))
    );
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert!(answer(serving.connect(), request).starts_with("HTTP/1.1 200 OK"));
    assert!(serving.stop().success());
}

#[test]
fn a_backup_is_whole_while_the_server_runs_and_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let serving = Serving::start(directory.path());
    let body = r#"{"email":"amina@example.org","password":"orchid ladder frost"}"#;
    let request = format!(
        "POST /v1/accounts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    assert!(answer(serving.connect(), &request).starts_with("HTTP/1.1 201"));
    let made = run(directory.path(), &["backup", "--data-dir", "data", "shop.db"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let again = run(directory.path(), &["backup", "--data-dir", "data", "shop.db"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("exists"));
    let nothing = run(directory.path(), &["backup", "--data-dir", "elsewhere", "other.db"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(serving.stop().success());

    let (file, data) = (directory.path().join("shop.db"), directory.path().join("data"));
    let people = |database: &Path| {
        let mut store = Sqlite::open(database, OpenMode::Existing).unwrap();
        store.read(|tx| tx.query_one("select count(*) from account", params![])?.int(0)).unwrap()
    };
    let fresh = directory.path().join("fresh");
    let mut was_asked = false;
    let restored = admin::restore(&file, &fresh, false, |_| {
        was_asked = true;
        Ok(())
    });
    assert_eq!((restored, was_asked, people(&fresh.join("soko.db"))), (Ok(None), true, 1));

    // A directory with a store is left alone, unless the old one may be set aside.
    let refused = admin::restore(&file, &data, false, |_| Ok(()));
    assert!(matches!(&refused, Err(StoreError::Other(why)) if why.contains("--force")), "{refused:?}");
    let aside = admin::restore(&file, &data, true, |_| Ok(())).unwrap().unwrap();
    assert_eq!((people(&aside), people(&data.join("soko.db"))), (1, 1));

    // What is no whole backup changes nothing.
    let cut = directory.path().join("cut.db");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    assert!(admin::restore(&cut, &data, true, |_| Ok(())).is_err());
    let failing = admin::restore(&file, &data, true, |_| Err(StoreError::Other("no new life".into())));
    assert_eq!(failing, Err(StoreError::Other("no new life".into())));
    assert_eq!(people(&data.join("soko.db")), 1);
}

#[test]
fn every_command_explains_itself() {
    let directory = tempfile::tempdir().unwrap();
    for command in [
        &["--help"][..],
        &["serve", "--help"],
        &["migrate", "--help"],
        &["backup", "--help"],
        &["restore", "--help"],
        &["verify", "--help"],
        &["rebuild", "--help"],
        &["config", "show", "--help"],
    ] {
        let help = run(directory.path(), command);
        assert!(help.status.success());
        assert!(text(&help.stdout).contains("EXAMPLES"), "{command:?}");
    }
    let mistakes: [&[&str]; 7] = [
        &["serv"],
        &["serve", "--lisen", "x"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--public-url", "market.example"],
        &["serve", "--config", "missing.toml"],
        &["serve", "--sms-receipts-per-day", "many"],
        &["serve", "--sms-receipts-per-day", "0"],
    ];
    for mistake in mistakes {
        assert_eq!(run(directory.path(), mistake).status.code(), Some(2), "{mistake:?}");
    }
}

#[test]
fn settings_come_from_flag_variable_file_and_default() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("soko.toml"),
        "log = \"warn\"\nlisten = \"file\"\nlog_format = \"json\"\n",
    )
    .unwrap();
    let shown = program()
        .current_dir(directory.path())
        .env("SOKO_LISTEN", "variable")
        .env("SOKO_LOG_FORMAT", "variable")
        .args(["config", "show", "--log-format", "flag"])
        .output()
        .unwrap();
    let table = text(&shown.stdout);
    let line = |name: &str| {
        let line = table.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("log-format"), "flag flag --log-format");
    assert_eq!(line("listen"), "variable variable SOKO_LISTEN");
    assert_eq!(line("log"), "warn file soko.toml");
    assert_eq!(line("data-dir"), "soko-data default");
}

#[test]
fn tables_are_made_once_on_either_engine() {
    let directory = tempfile::tempdir().unwrap();
    let migrate = |arguments: &[&str]| {
        let done = run(directory.path(), &[&["migrate"], arguments].concat());
        assert!(done.status.success(), "{}", text(&done.stderr));
        text(&done.stdout)
    };
    assert!(migrate(&["--data-dir", "data"]).contains("after"));
    assert!(migrate(&["--data-dir", "data"]).contains("up to date."));
    if let Some(store) = common::TestStore::postgres() {
        let soko_sync_server::store::Place::Url(url) = &store.place else { panic!("no URL") };
        assert!(migrate(&["--database-url", url]).contains("up to date."));
        let dump = directory.path().join("shop.dump");
        let made = run(directory.path(), &["backup", "--database-url", url, dump.to_str().unwrap()]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        assert!(std::fs::read(&dump).unwrap().starts_with(b"PGDMP"));
    }
}

/// A store in which a stall was claimed and a device enrolled, closed again.
async fn store_with_a_stall() -> common::TestStore {
    let key = ServerSecret::new(server::SECRET).stall_key();
    let core = Core::new(key, Box::new(|| Box::new(LocalApplier)));
    let server = TestServer::with(Wanted { core: Some(Arc::new(core)), ..Wanted::default() });
    let (owner, founder) = server.owner_and_stall().await;
    let code = server.code(&owner, founder.pen.log(), "owner").await;
    let enrolled = server.post("/v1/devices/enrol", &founder.enrol_with(&code)).send().await;
    enrolled.expect(axum::http::StatusCode::CREATED);
    server.store.store.close();
    server.store
}

fn directory_of(store: &common::TestStore) -> &Path {
    match &store.place {
        Place::Directory(path) => path,
        Place::Url(_) => panic!("not a directory"),
    }
}

fn change(data: &Path, sql: &str) {
    let mut store = Sqlite::open(&data.join("soko.db"), OpenMode::Existing).unwrap();
    let changed = store.transaction(|tx| tx.execute(sql, params![])).unwrap();
    assert!(changed > 0, "{sql}");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_found_and_what_can_be_derived_is_mended() {
    let store = store_with_a_stall().await;
    let data = directory_of(&store);
    let on_data = |command: &str| run(data, &[command, "--data-dir", data.to_str().unwrap()]);
    let sound = on_data("verify");
    assert!(sound.status.success(), "{}{}", text(&sound.stdout), text(&sound.stderr));
    assert!(text(&sound.stdout).contains("All is as it should be: 1 stalls, "), "{}", text(&sound.stdout));

    change(data, "update stall_device set revoked = 1");
    let found = on_data("verify");
    assert_eq!(found.status.code(), Some(1));
    assert!(text(&found.stdout).contains("not what the records say"), "{}", text(&found.stdout));
    assert!(text(&on_data("rebuild").stdout).contains("is right now"));
    assert!(text(&on_data("rebuild").stdout).contains("was right already"));
    assert!(on_data("verify").status.success());

    let units = "insert into balance (log, product, account, whose, quantity)
                 select log, zeroblob(16), 2, zeroblob(16), -3 from stall_core";
    change(data, units);
    let found = text(&on_data("verify").stdout);
    assert!(found.contains("in no account") && found.contains("promised that are not there"), "{found}");
    assert!(on_data("rebuild").status.success() && on_data("verify").status.success());

    change(data, "update record set body = x'00' where seq = 2");
    let found = on_data("verify");
    assert_eq!(found.status.code(), Some(1));
    assert!(text(&found.stdout).contains("author "), "{}", text(&found.stdout));
}

/// What only looks leaves a store of an older version as it is, and says that it is one.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_looks_brings_no_tables_up_to_date() {
    let home = tempfile::tempdir().unwrap();
    for store in common::shop::stores() {
        let forget = |tx: &mut dyn Tx| {
            tx.execute("delete from schema_migration where number = $1", params![STEPS.len()])
        };
        let forgotten = store.store.write(Shard::stall(LogId([1; 16])), forget).await;
        assert!(matches!(forgotten, Ok(1)), "{forgotten:?}");
        store.store.close();
        let (option, at) = match &store.place {
            Place::Directory(path) => ("--data-dir", path.to_str().unwrap().to_owned()),
            Place::Url(url) => ("--database-url", url.clone()),
        };
        let doctor = run(home.path(), &["doctor", option, &at]);
        assert!(text(&doctor.stdout).contains("the next start brings them up to date"), "{doctor:?}");
        let verify = run(home.path(), &["verify", option, &at]);
        assert_eq!(verify.status.code(), Some(1));
        assert!(text(&verify.stderr).contains("the store is of an older version"), "{verify:?}");
        let place = store.place.clone();
        let steps = std::thread::spawn(move || {
            look_beside::<usize, StoreError>(&place, |tx| {
                tx.query_one("select count(*) from schema_migration", params![])?.number::<usize>(0)
            })
        });
        assert_eq!(steps.join().unwrap(), Ok(STEPS.len() - 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_server_begins_a_new_life() {
    let store = store_with_a_stall().await;
    let data = directory_of(&store);
    let home = tempfile::tempdir().unwrap();
    let epoch = |directory: &Path| {
        let mut store = Sqlite::open(&directory.join("soko.db"), OpenMode::Existing).unwrap();
        let read = |tx: &mut dyn Tx| {
            let row = tx.query_one("select epoch, counter from server_epoch", params![])?;
            Ok::<_, StoreError>((row.blob(0)?.to_vec(), row.int(1)?))
        };
        store.read(read).unwrap()
    };
    let made = run(home.path(), &["backup", "--data-dir", data.to_str().unwrap(), "shop.db"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let before = epoch(data);
    for directory in ["one", "two"] {
        let restored = run(home.path(), &["restore", "shop.db", "--data-dir", directory]);
        assert!(restored.status.success(), "{}", text(&restored.stderr));
        assert!(run(home.path(), &["verify", "--data-dir", directory]).status.success());
    }
    let (one, two) = (epoch(&home.path().join("one")), epoch(&home.path().join("two")));
    assert_eq!((one.1, two.1), (before.1 + 1, before.1 + 1));
    assert!(one.0 != two.0 && one.0 != before.0);
    let refused = run(home.path(), &["restore", "shop.db", "--data-dir", "one"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(epoch(&home.path().join("one")), one);
    let forced = run(home.path(), &["restore", "shop.db", "--data-dir", "one", "--force"]);
    assert!(text(&forced.stdout).contains("soko.db.before-restore-1"), "{}", text(&forced.stderr));
}

#[test]
fn a_dump_comes_back_into_an_empty_database_and_nothing_else() {
    let (Some(old), Some(new)) = (common::TestStore::postgres(), common::TestStore::postgres()) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let url = |store: &common::TestStore| match &store.place {
        Place::Url(url) => url.clone(),
        Place::Directory(_) => panic!("not a database"),
    };
    let account = "insert into account (account, email, password, created_ms, password_changed_ms)
                   values ('\\x01', 'a@b.c', '', 0, 0)";
    let shard = soko_sync_server::store::Shard::stall(soko_domain::ids::LogId::default());
    old.store
        .write_blocking(shard, move |tx| tx.execute(account, params![]))
        .map_err(|e: Failed<StoreError>| format!("{e:?}"))
        .unwrap();
    assert!(run(home.path(), &["backup", "--database-url", &url(&old), "shop.dump"]).status.success());

    let full = run(home.path(), &["restore", "shop.dump", "--database-url", &url(&new)]);
    assert_eq!(full.status.code(), Some(1));
    assert!(text(&full.stderr).contains("holds tables"), "{}", text(&full.stderr));

    new.store.close();
    common::admin(&url(&new), "drop schema public cascade; create schema public");
    std::fs::write(home.path().join("cut.dump"), b"PGDMP").unwrap();
    let cut = run(home.path(), &["restore", "cut.dump", "--database-url", &url(&new)]);
    assert_eq!(cut.status.code(), Some(1));
    let restored = run(home.path(), &["restore", "shop.dump", "--database-url", &url(&new)]);
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    let opened = soko_sync_server::store::Store::open(&new.place, Arc::new(|_| {})).unwrap();
    let seen = opened.read_blocking(|tx| {
        let accounts = tx.query_one("select count(*) from account", params![])?.int(0)?;
        Ok::<_, StoreError>((accounts, tx.query_one("select counter from server_epoch", params![])?.int(0)?))
    });
    opened.close();
    assert_eq!(seen.map_err(|e| format!("{e:?}")).unwrap(), (1, 2));

    common::admin(&url(&new), "create table restore_unfinished (n bigint)");
    let unfinished = soko_sync_server::store::Store::open(&new.place, Arc::new(|_| {}));
    assert!(matches!(unfinished.err(), Some(StoreError::Corrupt(_))));
}

#[test]
fn mail_is_set_up_wholly_or_refused_with_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let server = ["--mail-server", "smtp://127.0.0.1:1"];
    let from = ["--mail-from", "Soko <market@example.org>"];
    let origin = ["--public-url", "https://market.example"];
    let open = ["--mail-server", "smtp://mail.example"];
    let cases: [(&[&[&str]], i32, &str); 5] = [
        (&[&["messages", "check"]], 2, "no mail server is set"),
        (&[&["messages", "check"], &server, &from], 2, "--public-url"),
        (&[&["serve"], &server, &origin], 2, "--mail-from"),
        (&[&["serve"], &open, &from, &origin], 2, "needs TLS"),
        // Nobody answers there, which is no fault of the program.
        (&[&["messages", "check"], &server, &from, &origin], 1, "onnection"),
    ];
    for (parts, code, sentence) in cases {
        let done = run(directory.path(), &parts.concat());
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{parts:?}: {said}");
        assert!(said.contains(sentence) && !said.contains("panicked"), "{parts:?}: {said}");
    }
    let none = run(directory.path(), &["messages", "list"]);
    assert_eq!(text(&none.stdout).trim(), "There are none.");
}

#[test]
fn who_takes_cards_is_said_wholly_or_refused_with_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let stripe = ["--stripe-key", "sk_test_1", "--stripe-webhook-secret", "whsec_1"];
    let client = ["--paypal-client", "client"];
    let whole = [&client[..], &["--paypal-secret", "hush-hush", "--paypal-webhook", "WH1"]].concat();
    for (arguments, sentence) in [
        (client.to_vec(), "paypal-secret"),
        ([&client[..], &["--paypal-secret", "hush-hush"]].concat(), "paypal-webhook"),
        ([&whole[..], &["--paypal-environment", "moon"]].concat(), "sandbox or live"),
        ([&whole[..], &stripe].concat(), "stripe or paypal, since both are set"),
        ([&whole[..], &["--card-provider", "stripe"]].concat(), "one that is set"),
        ([&whole[..], &stripe, &["--card-provider", "visa"]].concat(), "one that is set"),
    ] {
        let ran = run(directory.path(), &[&["serve", "--listen", "127.0.0.1:0"][..], &arguments].concat());
        let said = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(sentence) && !said.contains("hush-hush"), "{arguments:?}: {said}");
    }
    let both = [&["config", "show"][..], &whole, &stripe, &["--card-provider", "paypal"]].concat();
    let shown = text(&run(directory.path(), &both).stdout);
    assert!(shown.contains("card-provider") && shown.contains("(set, not shown)"), "{shown}");
    assert!(!shown.contains("hush-hush"), "{shown}");
}
