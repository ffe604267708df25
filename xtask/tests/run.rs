//! `cargo xtask run` after its build: a demo market, the line that says where it is, and Ctrl-C, which ends all of it.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");
/// Where the programs of other packages are, if not beside ours.
const PROGRAMS_VARIABLE: &str = "SOKO_TEST_BIN_DIR";
/// Far away, and only reached by a failure: a whole run with its demo stands within it, on a busy machine, too.
const WAIT_MAX: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(25);
/// Below those that the kernel gives to whoever asks for any, as every other test does.
const PORTS: std::ops::Range<u16> = 20_000..30_000;
/// Where a port that this test took is held for as long as it runs: another run of it then takes another one.
const HELD_AT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// What was started, as a terminal starts it: in a group of its own, which a failure kills.
struct Running {
    child: Child,
    port: Port,
    folder: PathBuf,
    /// Whoever ends it when it takes too long, for as long as this is here.
    _limit: Sender<()>,
}

/// One that nobody else takes meanwhile.
struct Port {
    number: u16,
    _held: TcpListener,
}

impl Port {
    fn take() -> Self {
        let first = std::process::id() % u32::from(PORTS.end - PORTS.start);
        let all = PORTS.cycle().skip(usize::try_from(first).unwrap()).take(PORTS.len());
        let free = |number| {
            let held = TcpListener::bind((HELD_AT, number)).ok()?;
            // Asked after it is held: nobody who holds it is about to listen.
            TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
            Some(Self { number, _held: held })
        };
        all.into_iter().find_map(free).expect("a port is free")
    }
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
        let port = Port::take();
        let folder = folder("run");
        let beside = Path::new(XTASK).parent().unwrap().to_owned();
        let programs = std::env::var_os(PROGRAMS_VARIABLE).map_or(beside, PathBuf::from);
        let mut run = Command::new(XTASK);
        run.args(["run", "--headless", "--small"]).arg("--programs").arg(programs);
        run.arg("--data-dir")
            .arg(folder.join("data"))
            .args(["--listen", &format!("127.0.0.1:{}", port.number)]);
        let log = fs::File::create(folder.join("log")).unwrap();
        run.stderr(log);
        Self::begin(run, (port, folder), WAIT_MAX)
    }

    /// So long at most: what is read of it has an end then, and the test, too.
    fn begin(mut run: Command, (port, folder): (Port, PathBuf), limit: Duration) -> Self {
        let child = run.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let (goes_on, ended) = mpsc::channel();
        let group = child.id();
        std::thread::spawn(move || {
            if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                signal(group, "KILL");
            }
        });
        Self { child, port, folder, _limit: goes_on }
    }

    /// All lines up to the one that begins so, or what came instead.
    fn until_line(&mut self, begins: &str) -> Result<Vec<String>, String> {
        let mut lines = Vec::new();
        for line in BufReader::new(self.child.stdout.as_mut().unwrap()).lines() {
            lines.push(line.unwrap());
            if lines.last().is_some_and(|line| line.starts_with(begins)) {
                return Ok(lines);
            }
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(format!("it ended after {lines:#?} and {log}"))
    }

    /// Status and body, if somebody answers.
    fn get(&self, path: &str) -> Option<(String, String)> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port.number)).ok()?;
        stream.set_read_timeout(Some(WAIT_MAX)).ok()?;
        let host = format!("127.0.0.1:{}", self.port.number);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.lines().next()?.to_owned(), body.to_owned()))
    }

    /// To everything that it started, as a terminal does. Says whether anything was there.
    fn signal(&self, name: &str) -> bool {
        signal(self.child.id(), name)
    }
}

fn signal(group: u32, name: &str) -> bool {
    let mut kill = Command::new("kill");
    kill.args([&format!("-{name}"), "--", &format!("-{group}")]);
    kill.stderr(Stdio::null()).status().unwrap().success()
}

/// Of a run's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
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
    let lines = running.until_line("The market: ").unwrap_or_else(|instead| panic!("{instead}"));
    let address = format!("http://127.0.0.1:{}/", running.port.number);
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
    assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, running.port.number)).is_ok(), "its port is free again");
    assert!(!running.folder.join("data.half-made-demo").exists());
}

#[test]
fn what_says_nothing_is_ended_with_all_that_it_started() {
    let mut says_nothing = Command::new("sh");
    says_nothing.args(["-c", "sleep 600 & echo begun; wait"]);
    let mut running =
        Running::begin(says_nothing, (Port::take(), folder("silent")), Duration::from_millis(200));
    let instead = running.until_line("The market: ").unwrap_err();
    assert!(instead.contains("begun"), "{instead}");
    until("it ends", || running.child.try_wait().unwrap());
    until("nothing that it started is left", || (!running.signal("0")).then_some(()));
}

#[test]
fn a_port_that_is_taken_is_given_to_nobody_else() {
    let (one, other) = (Port::take(), Port::take());
    assert_ne!(one.number, other.number);
    // Those that are given to whoever asks for any lie elsewhere.
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first: u16 = range.split_whitespace().next().map_or(u16::MAX, |first| first.parse().unwrap());
    assert!(one.number < first, "{} is among {range}", one.number);
}
