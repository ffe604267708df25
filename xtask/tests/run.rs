//! `cargo xtask run` after its build: a demo market, the line that says where it is, and Ctrl-C, which ends all of it.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");
/// Where the programs of other packages are, if not beside ours.
const PROGRAMS_VARIABLE: &str = "SOKO_TEST_BIN_DIR";
/// Far away, and only reached by a failure.
const WAIT_MAX: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(25);

/// What was started, as a terminal starts it: in a group of its own, which a failure kills.
struct Running {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.signal("KILL");
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Running {
    fn start() -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("run-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let beside = Path::new(XTASK).parent().unwrap().to_owned();
        let programs = std::env::var_os(PROGRAMS_VARIABLE).map_or(beside, PathBuf::from);
        let mut run = Command::new(XTASK);
        run.args(["run", "--headless", "--small"]).arg("--programs").arg(programs);
        run.arg("--data-dir").arg(folder.join("data")).args(["--listen", &format!("127.0.0.1:{port}")]);
        let log = fs::File::create(folder.join("log")).unwrap();
        run.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).process_group(0);
        Self { child: run.spawn().unwrap(), port, folder }
    }

    /// All lines up to the one that begins so.
    fn until_line(&mut self, begins: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for line in BufReader::new(self.child.stdout.as_mut().unwrap()).lines() {
            lines.push(line.unwrap());
            if lines.last().is_some_and(|line| line.starts_with(begins)) {
                return lines;
            }
        }
        panic!("it ended after {lines:#?} and {}", fs::read_to_string(self.folder.join("log")).unwrap())
    }

    /// Status and body, if somebody answers.
    fn get(&self, path: &str) -> Option<(String, String)> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(WAIT_MAX)).ok()?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port);
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.lines().next()?.to_owned(), body.to_owned()))
    }

    /// To everything that it started, as a terminal does. Says whether anything was there.
    fn signal(&self, name: &str) -> bool {
        let group = format!("-{}", self.child.id());
        let mut kill = Command::new("kill");
        kill.args([&format!("-{name}"), "--", &group]).stderr(Stdio::null()).status().unwrap().success()
    }
}

fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < WAIT_MAX, "waited in vain: {what}");
        std::thread::sleep(POLL);
    }
}

#[test]
fn a_demo_market_is_made_and_served_and_ctrl_c_leaves_nothing_running() {
    let mut running = Running::start();
    let lines = running.until_line("The market: ");
    let address = format!("http://127.0.0.1:{}/", running.port);
    assert!(lines.last().unwrap().contains(&address), "{lines:#?}");
    for said in ["market-day", "Ctrl-C"] {
        assert!(lines.iter().any(|line| line.contains(said)), "{said} is not in {lines:#?}");
    }
    let is_ready = || running.get("/readyz").filter(|(status, _)| status == "HTTP/1.1 200 OK");
    until("the server is ready", is_ready);
    let (status, page) = running.get("/").unwrap();
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(page.contains("<html"), "{page}");

    assert!(running.signal("INT"), "it runs");
    let ended = until("Ctrl-C ends it", || running.child.try_wait().unwrap());
    assert!(ended.success(), "{ended}; {}", fs::read_to_string(running.folder.join("log")).unwrap());
    until("nothing that it started is left", || (!running.signal("0")).then_some(()));
    assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, running.port)).is_ok(), "its port is free again");
    assert!(!running.folder.join("data.half-made-demo").exists());
}
