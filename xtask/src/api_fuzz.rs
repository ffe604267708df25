//! Tries every operation that the server publishes with odd and hostile input: none may be answered with 5xx,
//! and the server must be well afterwards. As a stranger, as the owner of a stall that exists and as a device at once,
//! so that what lies behind the sign-in is reached too. The tool reads `/openapi.json`, so a new operation needs no line
//! here.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::machine;
use crate::postgres::free_port;
use crate::server::{Server, small_demo, test_build};
use crate::shell::{Doing as _, Failure, Outcome, root, run_aside, target_dir};

/// The same input every time: a failure can be repeated.
const SEED: &str = "20261121";
const OWNER: &str = "owner1@demo.example";
const PASSWORD: &str = "orchid ladder frost";
/// What the fuzzers begin with: an introduction, and pages of the same device.
const INTRODUCTION: &str = "fuzz/corpus/record/00.bin";
const PAGES: &[&str] = &["fuzz/corpus/page/00.bin", "fuzz/corpus/page/01.bin"];
/// How many bytes of a page are spoilt, one in each try.
const SPOILT_BYTES: usize = 64;
/// These would end the session, or make it another's.
const NOT_AS_OWNER: &[&str] = &["/v1/sessions/current", "/v1/me/password", "/v1/me/erasure"];
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);

/// Cases of each operation: by hand it takes minutes, and every submission looks for what is new.
#[derive(Clone, Copy)]
pub(crate) enum Cases {
    Many,
    Few,
}

impl Cases {
    fn max(self) -> &'static str {
        match self {
            Self::Many => "40",
            Self::Few => "12",
        }
    }
}

/// Against the server of the test build.
pub(crate) fn try_every_operation(cases: Cases) -> Outcome {
    let program = test_build()?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let data_dir = target_dir().join(format!("api-fuzz-{}", std::process::id()));
    small_demo(&program, &data_dir, &["--password", PASSWORD])?;
    // With limits the owner would be told to wait before anything is reached.
    let mut server = Server::start(&program, &data_dir, address, &["--limits=false"])?;
    let tried = at_once([
        &|| as_stranger(address, &data_dir, cases),
        &|| as_owner(address, &data_dir, cases),
        &|| as_device(address, &data_dir, cases),
    ]);
    if !server.is_well(address) {
        return Err(server.failure("the server is not well afterwards"));
    }
    tried.map_err(|failure| server.failure(&failure.to_string()))
}

/// Each on a thread of its own: the tool works with one core, and what one does is no excuse for what another is answered.
fn at_once(tries: [&(dyn Fn() -> Outcome + Sync); 3]) -> Outcome {
    std::thread::scope(|scope| {
        let running = tries.map(|tried| scope.spawn(tried));
        let ended = running.map(|it| it.join().unwrap_or_else(|_| Err(Failure::new("a thread panicked"))));
        ended.into_iter().collect()
    })
}

fn as_stranger(address: SocketAddr, data_dir: &Path, cases: Cases) -> Outcome {
    run_aside(&mut tool((address, cases), data_dir, None))
}

fn as_owner(address: SocketAddr, data_dir: &Path, cases: Cases) -> Outcome {
    let token = sign_in(address)?;
    let stalls = asked(address, "GET", "/v1/stalls", Some(&token), "")?;
    let stall = text(stalls.pointer("/stalls/0").unwrap_or(&Value::Null), "stall")?;
    let mut command = tool_at_stall((address, cases), data_dir, "owner", (stall, &token))?;
    for path in NOT_AS_OWNER {
        command.args(["--exclude-path", path]);
    }
    run_aside(&mut command)
}

fn sign_in(address: SocketAddr) -> Outcome<String> {
    let sign_in = serde_json::json!({"email": OWNER, "password": PASSWORD, "carrier": "bearer"});
    let session = asked(address, "POST", "/v1/sessions", None, &sign_in.to_string())?;
    text(&session, "token").map(str::to_owned)
}

/// Enrolled by an owner at a stall of its own, with the introduction that the fuzzers begin with.
fn as_device(address: SocketAddr, data_dir: &Path, cases: Cases) -> Outcome {
    let session = sign_in(address)?;
    let introduction: String = read(INTRODUCTION)?.iter().map(|byte| format!("{byte:02x}")).collect();
    let claim = serde_json::json!({"introduction": introduction}).to_string();
    let claimed = asked(address, "POST", "/v1/stalls", Some(&session), &claim)?;
    let enrol = serde_json::json!({
        "introduction": introduction, "name": "till", "role": "owner", "request": "07".repeat(16),
    });
    let enrolled = asked(address, "POST", "/v1/devices/enrol", Some(&session), &enrol.to_string())?;
    let (stall, token) = (text(&claimed, "stall")?, text(&enrolled, "access_token")?);
    for page in PAGES {
        let page = read(page)?;
        must_be(200, exchanged(address, (stall, token), &page)?)?;
        for at in (0..page.len()).step_by(page.len().div_ceil(SPOILT_BYTES)) {
            let mut spoilt = page.clone();
            spoilt[at] ^= 0x55;
            let status = exchanged(address, (stall, token), &spoilt)?;
            if status >= 500 {
                return Err(Failure::new(format!("a page with byte {at} spoilt was answered with {status}")));
            }
        }
    }
    run_aside(&mut tool_at_stall((address, cases), data_dir, "device", (stall, token))?)?;
    // Otherwise the tool may have met nothing but the door.
    must_be(200, exchanged(address, (stall, token), &read(PAGES[0])?)?)
}

fn must_be(wanted: u16, status: u16) -> Outcome {
    if status == wanted {
        Ok(())
    } else {
        Err(Failure::new(format!("a good page was answered with {status}")))
    }
}

fn read(file: &str) -> Outcome<Vec<u8>> {
    fs::read(root().join(file)).doing(file)
}

/// The status of the answer to one page.
fn exchanged(address: SocketAddr, (stall, token): (&str, &str), page: &[u8]) -> Outcome<u16> {
    let path = format!("/v1/stalls/{stall}/replicate");
    let answer = answered(address, ("POST", &path, Some(token)), ("application/octet-stream", page))?;
    let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    status.ok_or_else(|| Failure::new(format!("no status in {}", String::from_utf8_lossy(&answer))))
}

/// What is asked for mostly exists; otherwise every answer would be that there is no such stall.
fn tool_at_stall(
    at: (SocketAddr, Cases),
    data_dir: &Path,
    who: &str,
    (stall, token): (&str, &str),
) -> Outcome<Command> {
    let settings = data_dir.join(format!("schemathesis-{who}.toml"));
    let known = format!("[parameters]\n\"path.stall\" = \"{stall}\"\n");
    fs::write(&settings, known).doing("writing the settings of schemathesis")?;
    let mut command = tool(at, data_dir, Some(&settings));
    command.arg("--header").arg(format!("Authorization: Bearer {token}"));
    Ok(command)
}

fn tool((address, cases): (SocketAddr, Cases), data_dir: &Path, settings: Option<&Path>) -> Command {
    let mut command = Command::new(machine::schemathesis());
    if let Some(settings) = settings {
        command.arg("--config-file").arg(settings);
    }
    command
        .arg("run")
        .arg(format!("http://{address}/openapi.json"))
        .args(["--checks", "not_a_server_error", "--seed", SEED, "--max-examples", cases.max()])
        .args(["--phases", "examples,coverage,fuzzing", "--no-color"])
        .current_dir(data_dir);
    command
}

/// One request, and the JSON of its answer.
fn asked(address: SocketAddr, method: &str, path: &str, token: Option<&str>, json: &str) -> Outcome<Value> {
    let answer = answered(address, (method, path, token), ("application/json", json.as_bytes()))?;
    let answer = String::from_utf8_lossy(&answer);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let wrong = |error| Failure::new(format!("{method} {path}: {error} in {answer}"));
    serde_json::from_str(body).map_err(wrong)
}

/// One request, and all of its answer.
fn answered(
    address: SocketAddr,
    (method, path, token): (&str, &str, Option<&str>),
    (media_type, body): (&str, &[u8]),
) -> Outcome<Vec<u8>> {
    let doing = format!("{method} {path}");
    let mut stream = TcpStream::connect(address).doing(&doing)?;
    stream.set_read_timeout(Some(ANSWER_WAIT_MAX)).doing(&doing)?;
    let bearer = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\n{bearer}Content-Type: {media_type}\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).doing(&doing)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).doing(&doing)?;
    Ok(answer)
}

fn text<'a>(json: &'a Value, key: &str) -> Outcome<&'a str> {
    json.get(key).and_then(Value::as_str).ok_or_else(|| Failure::new(format!("no {key} in {json}")))
}
