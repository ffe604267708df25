//! The server: memory at rest, and orders of many buyers at once on both stores.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use soko_app_api::Verb;
use soko_domain::ids::{LogId, ProductId};
use soko_register::home::random_id;

use crate::client::Connection;
use crate::figure::{Fault, Measured, Milli, complain, print, resident_mb};
use crate::raw;
use crate::world::{Folder, ServerProcess, Till};

const CLIENTS: usize = 64;
const ORDERS_OF_EACH: usize = 150;
/// Then another buyer comes: a shop holds only so many for one.
const ORDERS_OF_A_BUYER: usize = 15;
const SHOP_UNITS: i64 = 100_000;
const POSTGRES_VARIABLE: &str = "SOKO_TEST_POSTGRES";
const PGBENCH_VARIABLE: &str = "SOKO_PGBENCH";
const PGBENCH_SECONDS: &str = "8";

pub(crate) fn server() -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = Folder::new()?;
    {
        let process = ServerProcess::start(folder.path(), None)?;
        print("server.idle_mb", "MB", resident_mb(process.child.id())?, None);
        let (rate, shop) = runtime.block_on(orders(&folder, &process))?;
        drop(process);
        let baseline = raw::group_commit(folder.path(), shop.stall, shop.product)?;
        print("server.orders.sqlite.per_s", "1/s", rate, Some(baseline));
    }
    let Some(database) = Database::make()? else {
        complain(&format!("server.orders.postgres.per_s was not measured: {POSTGRES_VARIABLE} is not set"));
        return Ok(());
    };
    postgres(&runtime, &database)
}

fn postgres(runtime: &tokio::runtime::Runtime, database: &Database) -> Measured {
    let baseline = pgbench(&database.url)?;
    let folder = Folder::new()?;
    let process = ServerProcess::start(folder.path(), Some(&database.url))?;
    let (rate, _) = runtime.block_on(orders(&folder, &process))?;
    print("server.orders.postgres.per_s", "1/s", rate, baseline);
    Ok(())
}

/// A database of its own, gone with its measurement.
pub(crate) struct Database {
    admin: String,
    name: String,
    pub(crate) url: String,
}

impl Database {
    /// Nothing where no PostgreSQL was named.
    pub(crate) fn make() -> Measured<Option<Self>> {
        let Ok(admin) = std::env::var(POSTGRES_VARIABLE) else { return Ok(None) };
        let (before, after) =
            admin.rsplit_once('/').ok_or_else(|| Fault("the address names no database".into()))?;
        let options = after.split_once('?').map_or(String::new(), |(_, options)| format!("?{options}"));
        let name = format!("soko_bench_{}", std::process::id());
        let url = format!("{before}/{name}{options}");
        tool("psql", &[&admin, "-q", "-c", &format!("create database {name}")])?;
        Ok(Some(Self { admin, name, url }))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("drop database {} with (force)", self.name);
        if let Err(Fault(why)) = tool("psql", &[&self.admin, "-q", "-c", &sql]) {
            complain(&why);
        }
    }
}

/// PostgreSQL's own measure of itself, with as many clients.
fn pgbench(url: &str) -> Measured<Option<Milli>> {
    tool("pgbench", &["-i", "-q", "-s", "10", url])?;
    let clients = CLIENTS.to_string();
    let said = tool("pgbench", &["-c", &clients, "-j", "2", "-T", PGBENCH_SECONDS, url])?;
    let tps = said.lines().find_map(|line| {
        line.strip_prefix("tps = ")?.split_whitespace().next()?.split('.').next()?.parse().ok()
    });
    Ok(tps.map(Milli::whole))
}

/// One of PostgreSQL's programs: beside the pgbench that was named, or the system's.
fn tool(name: &str, arguments: &[&str]) -> Measured<String> {
    let named = std::env::var_os(PGBENCH_VARIABLE).map(|pgbench| PathBuf::from(pgbench).with_file_name(name));
    let program = named.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(name));
    let output = Command::new(&program).args(arguments).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Fault(format!("{name}: {}", String::from_utf8_lossy(&output.stderr))))
}

/// Where orders were placed.
struct Shop {
    stall: LogId,
    product: ProductId,
}

/// Orders a second, each answered after it was kept.
async fn orders(folder: &Folder, process: &ServerProcess) -> Measured<(Milli, Shop)> {
    let mut till = Till::found(&folder.path().join("till"), 1)?;
    let server = till.server(process)?;
    let product = *till.products.first().ok_or_else(|| Fault("there is no product".into()))?;
    till.enrol(&server).await?;
    till.exchange().await?;
    till.handle(Verb::ReturnShare { product, quantity: SHOP_UNITS })?;
    till.exchange().await?;
    let shop = Shop { stall: till.stall, product };
    // One order first, so that nothing is measured that happens once.
    buyer(process.address.clone(), shop.path(), product.to_string(), 1).await?;
    let started = Instant::now();
    let buyers: Vec<_> = (0..CLIENTS)
        .map(|_| {
            tokio::spawn(buyer(process.address.clone(), shop.path(), product.to_string(), ORDERS_OF_EACH))
        })
        .collect();
    for buyer in buyers {
        buyer.await??;
    }
    let took: Duration = started.elapsed();
    till.home.close()?;
    Ok((Milli::per_second(u64::try_from(CLIENTS * ORDERS_OF_EACH)?, took), shop))
}

impl Shop {
    fn path(&self) -> String {
        format!("/v1/stalls/{}/orders", self.stall)
    }
}

async fn buyer(address: String, path: String, product: String, orders: usize) -> Measured {
    let mut server = Connection::open(&address).await?;
    let mut secret = String::new();
    for number in 0..orders {
        if number.is_multiple_of(ORDERS_OF_A_BUYER) {
            secret = format!("{}{}", random_id(), random_id());
        }
        let lines = json!([{"product": product, "quantity": 1}]);
        let body = json!({"order": random_id().to_string(), "lines": lines}).to_string();
        let (status, answer) = server.post(&path, &secret, &body).await?;
        if status != 201 {
            return Err(Fault(format!("an order was not taken: {status} {answer}")));
        }
    }
    Ok(())
}
