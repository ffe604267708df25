//! What is measured on: folders, registers with many products, a server of its own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use soko_app_api::{
    Command as ToDo, DiscountInput, ProductContent, Query, ReceivedLineInput, SaleLineInput, StallContent,
    Verb, View,
};
use soko_device::{Exchange, Server, Summary, Ticket};
use soko_domain::ids::{LogId, ProductId, ShiftId, ThingId};
use soko_domain::role::Role;
use soko_engine::Join;
use soko_register::home::{Home, now, random_id};

use soko_replication::Timing;

use crate::figure::{Fault, Measured};

/// Failures in a row after which nothing is measured.
const FAILURES_MAX: u32 = 3;
const READY_WAIT_MAX: Duration = Duration::from_secs(60);
const READY_POLL: Duration = Duration::from_millis(50);
const EMAIL: &str = "bench@example.org";
const PASSWORD: &str = "orchid ladder frost";
pub(crate) const WORDS: [&str; 20] = [
    "chai", "masala", "kahawa", "sukari", "unga", "mchele", "maziwa", "sabuni", "mafuta", "embe", "ndizi",
    "nanasi", "kitenge", "kanga", "shuka", "mkeka", "kikapu", "sufuria", "kijiko", "taa",
];

/// A folder that goes with its measurement.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Measured<Self> {
        let path = std::env::temp_dir().join(format!("soko-bench-{}", random_id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An open register with products and an open shift.
pub(crate) struct Till {
    pub(crate) home: Home,
    pub(crate) stall: LogId,
    pub(crate) products: Vec<ProductId>,
}

impl Till {
    /// Founds a stall with so many products and enough stock of the first.
    pub(crate) fn found(folder: &Path, products: usize) -> Measured<Self> {
        Self::stocked(folder, products, 1_000_000)
    }

    /// The same with so many units of the first.
    pub(crate) fn stocked(folder: &Path, products: usize, units: i64) -> Measured<Self> {
        let contents = (0..products).map(|number| ProductContent::piece(&product_name(number), 250));
        let mut till = Self::with(folder, "KES", contents)?;
        if let Some(product) = till.products.first().copied() {
            let line = ReceivedLineInput { product, quantity: units, cost_minor: None };
            till.handle(Verb::ReceiveStock { lines: vec![line], note: String::new() })?;
        }
        Ok(till)
    }

    /// Founds a stall with these products and an open shift.
    pub(crate) fn with(
        folder: &Path,
        currency: &str,
        contents: impl Iterator<Item = ProductContent>,
    ) -> Measured<Self> {
        let home = Home::open(folder, Timing::default())?;
        let stall = LogId(random_id().0);
        home.engine()?.join(Join {
            stall,
            name: "till".into(),
            role: Role::Owner,
            server_keys: Vec::new(),
        })?;
        let mut till = Self { home, stall, products: Vec::new() };
        till.handle(Verb::CreateStall(StallContent {
            name: "Duka".into(),
            currency: currency.into(),
            zone: "Africa/Nairobi".into(),
            cut_off_minutes: 0,
        }))?;
        till.handle(Verb::OpenShift { shift: ShiftId(random_id().0), float_minor: 0 })?;
        till.filled(folder, contents)
    }

    /// With these products, too. It is closed and opened again: nothing is measured before.
    fn filled(mut self, folder: &Path, contents: impl Iterator<Item = ProductContent>) -> Measured<Self> {
        self.home.engine()?.database().connection()?.pragma_update(None, "synchronous", "off")?;
        for content in contents {
            let product = ProductId(random_id().0);
            self.handle(Verb::CreateProduct { product, content })?;
            self.products.push(product);
        }
        let Self { home, stall, products } = self;
        home.close()?;
        Ok(Self { home: Home::open(folder, Timing::default())?, stall, products })
    }

    /// Opens one again, and fills its catalogue up to so many products.
    pub(crate) fn fill(
        folder: &Path,
        stall: LogId,
        products: Vec<ProductId>,
        up_to: usize,
    ) -> Measured<Self> {
        let more = (products.len()..up_to).map(|number| ProductContent::piece(&product_name(number), 250));
        Self { home: Home::open(folder, Timing::default())?, stall, products }.filled(folder, more)
    }

    /// The question that a cart asks with every tap.
    pub(crate) fn basket(&self, lines: &[SaleLineInput]) -> Query {
        Query::Basket {
            stall: self.stall,
            lines: lines.to_vec(),
            discount: DiscountInput::None,
            tenders: Vec::new(),
        }
    }

    pub(crate) fn handle(&mut self, verb: Verb) -> Measured {
        let command = ToDo { id: ThingId(random_id().0), stall: self.stall, verb };
        self.home.engine()?.handle(command, now())?;
        Ok(())
    }

    /// What the shop may promise of a product, as far as this register has heard.
    pub(crate) fn in_shop(&self, product: ProductId) -> Measured<i64> {
        let View::Stock(view) = self.home.ask(&Query::Stock { stall: self.stall, product })? else {
            return Err(Fault("the register does not know the product's stock".into()));
        };
        Ok(view.shop)
    }

    /// Joins the server as the stall's owner; a session of that owner.
    pub(crate) async fn enrol(&mut self, server: &Server) -> Measured<String> {
        use soko_domain::wire::Wire as _;
        server.create_account(EMAIL, PASSWORD).await?;
        let session = server.sign_in(EMAIL, PASSWORD).await?;
        let introduction = self.home.engine()?.introduction(self.stall)?.to_bytes();
        server.claim(&session, &introduction).await?;
        let ticket = Ticket::Person { session: session.clone(), role: "owner".into() };
        self.home.device().enrol(server, self.stall, ("till", &ticket)).await?;
        Ok(session)
    }

    /// Exchanges records until neither side has anything to say.
    pub(crate) async fn exchange(&self) -> Measured<Summary> {
        let mut exchange = Exchange::new(self.home.device(), self.stall)?;
        exchange.until_quiet(FAILURES_MAX).await?;
        Ok(exchange.summary)
    }

    /// The server, as this register's device reaches it.
    pub(crate) fn server(&self, process: &ServerProcess) -> Measured<Server> {
        Ok(self.home.device().server_at(&process.url)?)
    }

    /// Another register of the same stall, let in by the owner.
    pub(crate) async fn second(&self, folder: &Path, server: &Server, session: &str) -> Measured<Self> {
        let home = Home::open(folder, Timing::default())?;
        let join =
            Join { stall: self.stall, name: "till 2".into(), role: Role::Manager, server_keys: Vec::new() };
        home.engine()?.join(join)?;
        let ticket = Ticket::Person { session: session.into(), role: "manager".into() };
        home.device().enrol(server, self.stall, ("till 2", &ticket)).await?;
        Ok(Self { home, stall: self.stall, products: self.products.clone() })
    }
}

/// Different for every number, with words that many share.
pub(crate) fn product_name(number: usize) -> String {
    let word = |at: usize| WORDS[at % WORDS.len()];
    format!("{} {} {}{number:05}", word(number), word(number / 20), word(number / 400))
}

/// A server in a process of its own.
pub(crate) struct ServerProcess {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(crate) address: String,
}

impl ServerProcess {
    /// With its data in a folder or in a PostgreSQL database.
    pub(crate) fn start(folder: &Path, database_url: Option<&str>) -> Measured<Self> {
        Self::start_with(folder, database_url, &[])
    }

    /// With these settings, too.
    pub(crate) fn start_with(
        folder: &Path,
        database_url: Option<&str>,
        settings: &[(&str, String)],
    ) -> Measured<Self> {
        let program = server_program()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(program);
        command.args(["serve", "--limits=false", "--log", "warn", "--listen", &address.to_string()]);
        command.arg("--data-dir").arg(folder.join("server"));
        if let Some(url) = database_url {
            command.env("SOKO_DATABASE_URL", url);
        }
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let log = std::fs::File::create(folder.join("server.log"))?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let server = Self { child, url: format!("http://{address}"), address: address.to_string() };
        let started = Instant::now();
        while started.elapsed() < READY_WAIT_MAX {
            if is_ready(&address.to_string()) {
                return Ok(server);
            }
            std::thread::sleep(READY_POLL);
        }
        Err(Fault(std::fs::read_to_string(folder.join("server.log"))?))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_ready(address: &str) -> bool {
    use std::io::{Read as _, Write as _};
    let ask = || -> std::io::Result<bool> {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

/// The server beside this program, built if it is not there.
fn server_program() -> Measured<PathBuf> {
    let own = std::env::current_exe()?;
    let program = own.with_file_name("soko-server");
    if let Some(cargo) = std::env::var_os("CARGO") {
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--release", "-p", "soko-sync-server", "--bin", "soko-server"])
            .stdout(Stdio::null())
            .status()?;
        if !built.success() {
            return Err(Fault("the server does not build".into()));
        }
    }
    if program.is_file() { Ok(program) } else { Err(Fault(format!("{} is not built", program.display()))) }
}
