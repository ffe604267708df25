//! A real server on this machine, and a guest who orders by plain HTTP.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;
use soko_domain::ids::{LogId, ProductId};

use crate::stage::{Program, Stage, until};

/// Where the programs of other packages are, if not beside ours.
const PROGRAMS_VARIABLE: &str = "SOKO_TEST_BIN_DIR";

pub(crate) struct Server {
    _program: Program,
    port: u16,
}

impl Server {
    pub(crate) fn start(stage: &Stage) -> Self {
        let beside = Path::new(env!("CARGO_BIN_EXE_soko")).parent().unwrap().to_owned();
        let folder = std::env::var_os(PROGRAMS_VARIABLE).map_or(beside, PathBuf::from);
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = stage.command(folder.join("soko-server"));
        command.arg("serve").arg("--data-dir").arg(stage.folder.join("server"));
        command.args(["--limits=false", "--listen", &format!("127.0.0.1:{port}")]);
        command.stdout(Stdio::null()).stderr(std::fs::File::create(stage.folder.join("server.log")).unwrap());
        let server = Self { _program: Program::start(&mut command), port };
        until("the server is ready", || {
            server.ask("GET", "/readyz", "").is_some_and(|status| status == 200).then_some(())
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Orders two pieces as a guest; says whether they are held.
    pub(crate) fn order(&self, stall: LogId, product: ProductId, order: &str) -> bool {
        let line = json!({"product": product.to_string(), "quantity": 2, "seen_price_minor": 5_000});
        let body = json!({"order": order, "lines": [line]}).to_string();
        let status = self.ask("POST", &format!("/v1/stalls/{stall}/orders"), &body);
        status.is_some_and(|status| status == 200 || status == 201)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Option<u16> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        let (port, guest, length) = (self.port, "6e".repeat(32), body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nSoko-Buyer: {guest}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).ok()?;
        std::str::from_utf8(&answer[9..]).ok()?.parse().ok()
    }
}
