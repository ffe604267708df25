//! Tries every operation that the server publishes with odd and hostile input: none may be answered with 5xx,
//! and the server must be well afterwards. The tool reads `/openapi.json`, so a new operation needs no line here.

use std::net::SocketAddr;
use std::process::Command;

use crate::machine;
use crate::packages::require_program;
use crate::postgres::free_port;
use crate::server::{PACKAGE, PROGRAM, Server};
use crate::shell::{Outcome, run, target_dir};

/// The same input every time: a failure can be repeated.
const SEED: &str = "20261121";
const CASES_PER_OPERATION_MAX: &str = "40";

/// Against the server of the test build.
pub(crate) fn try_every_operation() -> Outcome {
    require_program(PACKAGE, PROGRAM)?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let data_dir = target_dir().join(format!("api-fuzz-{}", std::process::id()));
    let mut server = Server::start(&target_dir().join("debug").join(PROGRAM), &data_dir, address)?;
    let tried = run(Command::new(machine::schemathesis())
        .arg("run")
        .arg(format!("http://{address}/openapi.json"))
        .args(["--checks", "not_a_server_error", "--seed", SEED, "--max-examples", CASES_PER_OPERATION_MAX])
        .args(["--phases", "examples,coverage,fuzzing", "--no-color"])
        .current_dir(&data_dir));
    if !server.is_well(address) {
        return Err(server.failure("the server is not well afterwards"));
    }
    tried.map_err(|failure| server.failure(&failure.to_string()))
}
