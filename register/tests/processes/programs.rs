//! The programs as children of a test: found, started, asked, and ended by their own id whatever happens.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) const REGISTER: &str = env!("CARGO_BIN_EXE_soko-register");
const PROXY: &str = env!("CARGO_BIN_EXE_soko-faultproxy");
/// Where the programs of other packages are, if not beside ours.
const PROGRAMS_VARIABLE: &str = "SOKO_TEST_BIN_DIR";
const COMPLETE_VARIABLE: &str = "SOKO_TEST_COMPLETE";
pub(crate) const PASSWORD: &str = "orchid ladder frost";
const READY_WAIT_MAX: Duration = Duration::from_secs(60);
const READY_POLL: Duration = Duration::from_millis(20);
const PORT_ATTEMPTS: u32 = 5;
const PATIENCE: u32 = 5;

/// A process that ends with the test.
pub(crate) struct Ended(pub(crate) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs one command of a register.
pub(crate) fn register(data_dir: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(REGISTER);
    command.arg("--json").arg("--data-dir").arg(data_dir).args(arguments);
    answer_of(&mut command)
}

/// The line of JSON that a register answers with; null if it was killed before.
pub(crate) fn answer_of(command: &mut Command) -> Value {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap_or("null")).unwrap_or(Value::Null)
}

/// The answer of a command that must have been done.
#[track_caller]
pub(crate) fn done(answer: Value) -> Value {
    assert_eq!(answer["ok"], true, "{answer}");
    answer["answer"].clone()
}

#[track_caller]
pub(crate) fn run(data_dir: &Path, arguments: &[&str]) -> Value {
    done(register(data_dir, arguments))
}

/// A register that stays open and does a line at a time.
pub(crate) struct Script {
    child: Ended,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Script {
    pub(crate) fn start(data_dir: &Path) -> Self {
        let mut command = Command::new(REGISTER);
        // Patience that fits a test: replies are near, and retries are soon.
        command
            .args(["--reply-ms", "1500", "--retry-ms", "20", "--data-dir"])
            .arg(data_dir)
            .arg("run-script");
        Self::of(command)
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        Self { child: Ended(child), input, output: BufReader::new(output) }
    }

    /// Sends a line and waits for its answer; null if the process ended before.
    pub(crate) fn say(&mut self, line: &str) -> Value {
        self.send(line);
        self.hear()
    }

    pub(crate) fn send(&mut self, line: &str) {
        if let Some(input) = &mut self.input {
            // A process that is gone is noticed when nothing is heard.
            let _ = writeln!(input, "{line}").and_then(|()| input.flush());
        }
    }

    pub(crate) fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or(Value::Null)
    }

    #[track_caller]
    pub(crate) fn done(&mut self, line: &str) -> Value {
        let answer = self.say(line);
        assert_eq!(answer["ok"], true, "{line}: {answer}");
        answer["answer"].clone()
    }

    /// As `done`, for what takes longer than a reply is waited for on a busy machine, and may be repeated.
    #[track_caller]
    pub(crate) fn patiently(&mut self, line: &str) -> Value {
        for _ in 0..PATIENCE {
            let answer = self.say(line);
            if answer["ok"] == true {
                return answer["answer"].clone();
            }
        }
        self.done(line)
    }

    /// Ends it at once, in the middle of whatever it does.
    pub(crate) fn kill(mut self) {
        let _ = self.child.0.kill();
        let _ = self.child.0.wait();
    }

    /// Ends it in order: closes its input and waits. What it said last.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.input = None;
        let rest = self.output.by_ref().lines().map_while(Result::ok).collect();
        let _ = self.child.0.wait();
        rest
    }
}

trait ByRef {
    fn by_ref(&mut self) -> &mut Self;
}

impl ByRef for BufReader<ChildStdout> {
    fn by_ref(&mut self) -> &mut Self {
        self
    }
}

/// The proxy between registers and server.
pub(crate) struct Proxy {
    script: Script,
    pub(crate) url: String,
}

impl Proxy {
    pub(crate) fn start(target: &str, seed: u64) -> Self {
        let mut command = Command::new(PROXY);
        command.args(["--target", target, "--seed", &seed.to_string()]);
        let mut script = Script::of(command);
        let listening = script.hear()["listening"].as_str().unwrap().to_owned();
        Self { script, url: format!("http://{listening}") }
    }

    #[track_caller]
    pub(crate) fn obey(&mut self, word: &str) {
        let answer = self.script.say(word);
        assert_eq!(answer["ok"], true, "{word}: {answer}");
    }

    pub(crate) fn counters(&mut self) -> Value {
        self.script.say("counters")
    }

    /// Ends it; what it counted.
    pub(crate) fn end(self) -> Value {
        let said = self.script.end();
        serde_json::from_str(said.last().unwrap()).unwrap()
    }
}

/// Where the server keeps its data.
#[derive(Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(String),
}

/// A real server.
pub(crate) struct Server {
    pub(crate) child: Ended,
    /// `127.0.0.1:port`.
    pub(crate) address: String,
    place: Place,
    log: PathBuf,
}

impl Server {
    /// Starts it on a free port and waits until it says that it is ready.
    pub(crate) fn start(place: &Place, log: &Path) -> Self {
        for _ in 0..PORT_ATTEMPTS {
            // Somebody else may take the port in between; then the next one is tried.
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
            if let Some(server) = Self::try_start(place, &address, log) {
                return server;
            }
        }
        panic!("no server became ready: {}", std::fs::read_to_string(log).unwrap_or_default());
    }

    fn command(place: &Place, address: &str) -> Vec<String> {
        let mut words = vec![program("soko-server").display().to_string(), "serve".into()];
        words.extend(["--listen".into(), address.into(), "--limits=false".into()]);
        words.extend(match place {
            Place::Sqlite(path) => ["--data-dir".into(), path.display().to_string()],
            Place::Postgres(url) => ["--database-url".into(), url.clone()],
        });
        words
    }

    fn try_start(place: &Place, address: &str, log: &Path) -> Option<Self> {
        let words = Self::command(place, address);
        let errors = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        let child = Ended(command.spawn().unwrap());
        let (place, log) = (place.clone(), log.to_owned());
        let mut server = Self { child, address: address.to_owned(), place, log };
        let started = Instant::now();
        while started.elapsed() < READY_WAIT_MAX {
            if server.child.0.try_wait().unwrap().is_some() {
                return None;
            }
            if ask(address, ("GET", "/readyz"), NO_HEADER, "").0 == 200 {
                return Some(server);
            }
            std::thread::sleep(READY_POLL);
        }
        None
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.0.kill();
        let _ = self.child.0.wait();
    }

    /// Ends it at once and starts another at the same address, on the same data.
    pub(crate) fn restart(&mut self) -> Self {
        self.kill();
        Self::try_start(&self.place, &self.address, &self.log).unwrap()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// Runs one command of the server's program to its end.
#[track_caller]
pub(crate) fn server_command(arguments: &[&str]) {
    let output = Command::new(program("soko-server")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A header that says nothing.
pub(crate) const NO_HEADER: &str = "Accept: */*";

/// One HTTP request without any client: status and body. Status 0 if there was no answer.
pub(crate) fn ask(address: &str, (method, path): (&str, &str), header: &str, body: &str) -> (u16, Value) {
    use std::io::Read as _;
    let asked = || -> std::io::Result<String> {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{header}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let Ok(answer) = asked() else { return (0, Value::Null) };
    let status = answer.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// A program of this workspace.
fn program(name: &str) -> PathBuf {
    let beside = Path::new(REGISTER).parent().unwrap().to_owned();
    let folder = std::env::var_os(PROGRAMS_VARIABLE).map_or(beside, PathBuf::from);
    let path = folder.join(name);
    assert!(path.is_file(), "{} is not built: cargo build --workspace --bins", path.display());
    path
}

/// Says that something was not tried, so that nobody takes it for proven. `cargo xtask test` installs all there is to install, so
/// that it is a failure there.
#[track_caller]
pub(crate) fn not_tried(what: &str) {
    assert!(std::env::var_os(COMPLETE_VARIABLE).is_none(), "NOT TRIED: {what}");
    let _ = writeln!(std::io::stderr(), "NOT TRIED: {what}");
}

pub(crate) fn has_strace() -> bool {
    let found = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// Sixteen bytes as an id, from a word and a number.
pub(crate) fn id(word: u8, number: u32) -> String {
    format!("{word:02x}{:022x}{number:08x}", 0)
}
