//! The one place that knows how `soko-server` is started.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::packages::require_program;
use crate::shell::{Doing as _, Failure, Outcome, run, target_dir};

pub(crate) const PACKAGE: &str = "soko-sync-server";
pub(crate) const PROGRAM: &str = "soko-server";

pub(crate) const READY_WAIT_MAX: Duration = Duration::from_secs(30);
pub(crate) const READY_POLL: Duration = Duration::from_millis(100);
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(2);

/// The server of the test build.
pub(crate) fn test_build() -> Outcome<PathBuf> {
    require_program(PACKAGE, PROGRAM)?;
    Ok(target_dir().join("debug").join(PROGRAM))
}

/// Fills a data directory with a small market.
pub(crate) fn small_demo(program: &Path, data_dir: &Path, settings: &[&str]) -> Outcome {
    run(Command::new(program).args(["demo", "--small"]).args(settings).arg("--data-dir").arg(data_dir))
}

/// The command that serves one data directory at one address.
pub(crate) fn serve_command(program: &Path, data_dir: &Path, listen: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("serve").arg("--data-dir").arg(data_dir).args(["--listen", listen]);
    command
}

/// A server of a test step; dropping it ends it and removes its data.
pub(crate) struct Server {
    child: Child,
    data_dir: PathBuf,
}

impl Server {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(
        program: &Path,
        data_dir: &Path,
        address: SocketAddr,
        settings: &[&str],
    ) -> Outcome<Self> {
        fs::create_dir_all(data_dir).doing("making a data directory for the server")?;
        let log = fs::File::create(data_dir.join("server.log")).doing("making the server's log")?;
        let mut command = serve_command(program, data_dir, &address.to_string());
        command.args(settings).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().doing("starting the server")?;
        let mut server = Self { child, data_dir: data_dir.to_owned() };
        let started = Instant::now();
        while started.elapsed() < READY_WAIT_MAX {
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(server.failure(&format!("the server ended with {status}")));
            }
            if is_ready(address) {
                return Ok(server);
            }
            std::thread::sleep(READY_POLL);
        }
        Err(server.failure("the server does not become ready"))
    }

    /// Whether it still runs and answers.
    pub(crate) fn is_well(&mut self, address: SocketAddr) -> bool {
        matches!(self.child.try_wait(), Ok(None)) && answers_ok(address, "/healthz")
    }

    pub(crate) fn failure(&self, what: &str) -> Failure {
        let log = fs::read_to_string(self.data_dir.join("server.log")).unwrap_or_default();
        Failure::new(format!("{what}. Its log:\n{log}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data_dir);
    }
}

/// Whether the server at an address takes requests.
pub(crate) fn is_ready(address: SocketAddr) -> bool {
    answers_ok(address, "/readyz")
}

fn answers_ok(address: SocketAddr, path: &str) -> bool {
    let ask = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&address, ANSWER_WAIT_MAX)?;
        stream.set_read_timeout(Some(ANSWER_WAIT_MAX))?;
        // In one piece: whoever closes with a part of it unread resets the connection, and the answer is lost.
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer == b"HTTP/1.1 200")
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Answers one request with these bytes.
    fn one_answer(bytes: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 512]).unwrap();
            stream.write_all(bytes).unwrap();
        });
        address
    }

    #[test]
    fn only_a_plain_200_counts_as_an_answer() {
        for (bytes, expected) in [
            (&b"HTTP/1.1 200 OK\r\n\r\n"[..], true),
            (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", false),
            (b"HTTP", false),
        ] {
            assert_eq!(answers_ok(one_answer(bytes), "/readyz"), expected);
        }
    }
}
