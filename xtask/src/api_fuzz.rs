//! Tries every operation that the server publishes with odd and hostile input: none may be answered with 5xx,
//! and the server must be well afterwards. Once as a stranger, and once as the owner of a stall that exists, so that
//! what lies behind the sign-in is reached too. The tool reads `/openapi.json`, so a new operation needs no line here.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::machine;
use crate::packages::require_program;
use crate::postgres::free_port;
use crate::server::{PACKAGE, PROGRAM, Server};
use crate::shell::{Doing as _, Failure, Outcome, run, target_dir};

/// The same input every time: a failure can be repeated.
const SEED: &str = "20261121";
const CASES_PER_OPERATION_MAX: &str = "40";
const OWNER: &str = "owner1@demo.example";
const PASSWORD: &str = "orchid ladder frost";
/// These would end the session, or make it another's.
const NOT_AS_OWNER: &[&str] = &["/v1/sessions/current", "/v1/me/password"];
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);

/// Against the server of the test build.
pub(crate) fn try_every_operation() -> Outcome {
    require_program(PACKAGE, PROGRAM)?;
    let program = target_dir().join("debug").join(PROGRAM);
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let data_dir = target_dir().join(format!("api-fuzz-{}", std::process::id()));
    let demo = ["demo", "--small", "--password", PASSWORD, "--data-dir"];
    run(Command::new(&program).args(demo).arg(&data_dir))?;
    // With limits the owner would be told to wait before anything is reached.
    let mut server = Server::start(&program, &data_dir, address, &["--limits=false"])?;
    let tried = as_stranger(address, &data_dir).and_then(|()| as_owner(address, &data_dir));
    if !server.is_well(address) {
        return Err(server.failure("the server is not well afterwards"));
    }
    tried.map_err(|failure| server.failure(&failure.to_string()))
}

fn as_stranger(address: SocketAddr, data_dir: &Path) -> Outcome {
    run(&mut tool(address, data_dir, None))
}

fn as_owner(address: SocketAddr, data_dir: &Path) -> Outcome {
    let sign_in = serde_json::json!({"email": OWNER, "password": PASSWORD, "carrier": "bearer"});
    let session = asked(address, "POST", "/v1/sessions", None, &sign_in.to_string())?;
    let token = text(&session, "token")?;
    let stalls = asked(address, "GET", "/v1/stalls", Some(token), "")?;
    let stall = text(stalls.pointer("/stalls/0").unwrap_or(&Value::Null), "stall")?;
    let settings = data_dir.join("schemathesis.toml");
    // What is asked for mostly exists; otherwise every answer would be that there is no such stall.
    let known = format!("[parameters]\n\"path.stall\" = \"{stall}\"\n");
    fs::write(&settings, known).doing("writing the settings of schemathesis")?;
    let mut command = tool(address, data_dir, Some(&settings));
    command.arg("--header").arg(format!("Authorization: Bearer {token}"));
    for path in NOT_AS_OWNER {
        command.args(["--exclude-path", path]);
    }
    run(&mut command)
}

fn tool(address: SocketAddr, data_dir: &Path, settings: Option<&Path>) -> Command {
    let mut command = Command::new(machine::schemathesis());
    if let Some(settings) = settings {
        command.arg("--config-file").arg(settings);
    }
    command
        .arg("run")
        .arg(format!("http://{address}/openapi.json"))
        .args(["--checks", "not_a_server_error", "--seed", SEED, "--max-examples", CASES_PER_OPERATION_MAX])
        .args(["--phases", "examples,coverage,fuzzing", "--no-color"])
        .current_dir(data_dir);
    command
}

/// One request, and the JSON of its answer.
fn asked(address: SocketAddr, method: &str, path: &str, token: Option<&str>, json: &str) -> Outcome<Value> {
    let doing = format!("{method} {path}");
    let mut stream = TcpStream::connect(address).doing(&doing)?;
    stream.set_read_timeout(Some(ANSWER_WAIT_MAX)).doing(&doing)?;
    let bearer = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let length = json.len();
    let request = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\n{bearer}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{json}"
    );
    stream.write_all(request.as_bytes()).doing(&doing)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).doing(&doing)?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).map_err(|error| Failure::new(format!("{doing}: {error} in {answer}")))
}

fn text<'a>(json: &'a Value, key: &str) -> Outcome<&'a str> {
    json.get(key).and_then(Value::as_str).ok_or_else(|| Failure::new(format!("no {key} in {json}")))
}
