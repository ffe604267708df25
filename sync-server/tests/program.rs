//! The program itself: its commands, its socket, its end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use soko_record_log::{OpenMode, Sqlite, StoreError, params};
use soko_sync_server::admin;

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
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
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
        &["config", "show", "--help"],
    ] {
        let help = run(directory.path(), command);
        assert!(help.status.success());
        assert!(text(&help.stdout).contains("EXAMPLES"), "{command:?}");
    }
    let mistakes: [&[&str]; 5] = [
        &["serv"],
        &["serve", "--lisen", "x"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--public-url", "market.example"],
        &["serve", "--config", "missing.toml"],
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
