//! A real server on this machine, and a guest who looks and orders by plain HTTP.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use soko_domain::ids::{LogId, ProductId};

use crate::http::{Request, http};
use crate::stage::{Program, Stage, until};

/// Where the programs of other packages are, if not beside ours.
const PROGRAMS_VARIABLE: &str = "SOKO_TEST_BIN_DIR";
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);

/// Who walks over the market.
const GUEST: u32 = 0x6e;

/// On a port that stays the same while it is stopped.
pub(crate) struct Server {
    program: Option<Program>,
    folder: PathBuf,
    port: u16,
}

/// What a guest asks for.
pub(crate) struct Wish<'a> {
    pub(crate) stall: LogId,
    pub(crate) product: ProductId,
    pub(crate) quantity: u32,
    /// Under which identity.
    pub(crate) order: &'a str,
}

impl Server {
    pub(crate) fn start(stage: &Stage) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut server = Self { program: None, folder: stage.folder.join("server"), port };
        server.start_again(stage);
        server
    }

    pub(crate) fn start_again(&mut self, stage: &Stage) {
        let mut command = stage.command(program("soko-server"));
        command.arg("serve").arg("--data-dir").arg(&self.folder);
        command.args(["--limits=false", "--listen", &self.address()]);
        command.stdout(Stdio::null()).stderr(std::fs::File::create(stage.folder.join("server.log")).unwrap());
        self.program = Some(Program::start(&mut command));
        until("the server is ready", || self.get("/readyz").map(drop));
    }

    /// Stops it, and has it say what it knows of its stalls; it fails where anything of that is wrong.
    pub(crate) fn stop_and_verify(&mut self, stage: &Stage) -> String {
        self.program.take().expect("it runs").stop();
        let mut command = stage.command(program("soko-server"));
        let said = command.arg("verify").arg("--data-dir").arg(&self.folder).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap()
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Orders as a guest: the units are held, or this is why they are not.
    pub(crate) fn order(&self, wish: &Wish<'_>) -> Result<(), String> {
        self.order_of(&guest(GUEST), wish)
    }

    /// The same as another guest, known by this secret.
    pub(crate) fn order_of(&self, guest: &str, wish: &Wish<'_>) -> Result<(), String> {
        let Wish { stall, product, quantity, order } = wish;
        let line = json!({"product": product.to_string(), "quantity": quantity, "seen_price_minor": 5_000});
        let body = json!({"order": order, "lines": [line]});
        match self.ask_of(guest, ("POST", &format!("/v1/stalls/{stall}/orders")), &body) {
            Some((200 | 201, _)) => Ok(()),
            Some((_, problem)) => Err(problem["code"].as_str().unwrap_or_default().to_owned()),
            None => Err("no answer".into()),
        }
    }

    /// A product of this name, as whoever walks over the market finds it.
    pub(crate) fn offer(&self, name: &str) -> Option<Value> {
        let market = self.get("/v1/market/stalls")?;
        let stalls = market["stalls"].as_array()?.iter().filter_map(|stall| stall["stall"].as_str());
        stalls.into_iter().find_map(|stall| {
            let offers = self.get(&format!("/v1/stalls/{stall}/products"))?;
            offers["products"].as_array()?.iter().find(|offer| offer["name"] == name).cloned()
        })
    }

    /// How many of them the shop can promise.
    pub(crate) fn available(&self, name: &str) -> i64 {
        self.offer(name).and_then(|offer| offer["available"].as_i64()).unwrap_or_default()
    }

    /// What is there for everybody, if it is.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        self.ask("GET", path, &Value::Null).and_then(|(status, body)| (status == 200).then_some(body))
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.ask_of(&guest(GUEST), (method, path), body)
    }

    fn ask_of(&self, guest: &str, (method, path): (&str, &str), body: &Value) -> Option<(u16, Value)> {
        let header = format!("Soko-Buyer: {guest}\r\n");
        http(self.port, &Request { method, path, header: &header, body }, ANSWER_WAIT_MAX).ok()
    }
}

/// The secret of a guest.
pub(crate) fn guest(number: u32) -> String {
    format!("{number:064x}")
}

/// A program of another package of this workspace.
pub(crate) fn program(name: &str) -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_soko")).parent().unwrap().to_owned();
    std::env::var_os(PROGRAMS_VARIABLE).map_or(beside, PathBuf::from).join(name)
}
