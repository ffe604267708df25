//! Paying: an order placed, paid at a provider that answers in a millisecond, and written as paid in the stall's records,
//! by many buyers at once. And a burst: far more buyers than there is to sell, or than there is at a special price.

use std::fs::File;
use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use soko_app_api::{DealInput, ProductEdit, StallEdit, Verb};
use soko_domain::ids::{LogId, ProductId};
use soko_register::home::{now, random_id};

use crate::client::{Connection, Words};
use crate::figure::{Fault, Measured, Milli, complain, per_mille, percentile, print, resident_mb};
use crate::orders::Database;
use crate::provider::{self, Provider};
use crate::world::{Folder, ServerProcess, Till};

const CLIENTS: [usize; 4] = [1, 16, 64, 256];
const CHECKOUTS: usize = 512;
/// How long a buyer waits for a word about its order before it looks all the same, as the app does.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(120);
const SHOP_UNITS: i64 = 100_000;
/// Transactions that wait for the disk on the way of one checkout: placed, asked and answered, told, looked, answered and
/// taken in one, answered.
const COMMITS: usize = 7;
const PAGE_BYTES: usize = 4_096;
const BASELINES: usize = 200;

const BUYERS: usize = 10_000;
const BUYERS_AT_ONCE: usize = 256;
const FLASH_UNITS: usize = 500;
/// So many more are in the shop while there are only as many at the price of a deal.
const DEAL_STOCK: i64 = 20_000;
const DEAL_MINOR: i64 = 1;
const DEAL_LASTS_MS: i64 = 3_600_000;

pub(crate) fn checkout() -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measured())
}

async fn measured() -> Measured {
    paid("", None).await?;
    match Database::make()? {
        Some(database) => paid("_postgres", Some(&database.url)).await?,
        None => complain("checkout.c1_postgres and its like were not measured: there is no PostgreSQL"),
    }
    {
        let folder = Folder::new()?;
        let process = ServerProcess::start(folder.path(), None)?;
        flash("checkout.flash", Burst::Stock, &folder, &[process]).await?;
    }
    {
        let folder = Folder::new()?;
        let process = ServerProcess::start(folder.path(), None)?;
        flash("checkout.deal", Burst::Deal, &folder, &[process]).await?;
    }
    for (name, what) in [("checkout.flash_postgres", Burst::Stock), ("checkout.deal_postgres", Burst::Deal)] {
        let Some(database) = Database::make()? else {
            complain(&format!("{name} was not measured: there is no PostgreSQL"));
            continue;
        };
        let (one, two) = (Folder::new()?, Folder::new()?);
        let first = ServerProcess::start(one.path(), Some(&database.url))?;
        let second = ServerProcess::start(two.path(), Some(&database.url))?;
        flash(name, what, &one, &[first, second]).await?;
    }
    Ok(())
}

/// Ever more buyers at once, at one server, and the memory that it has then.
async fn paid(store: &str, database_url: Option<&str>) -> Measured {
    let folder = Folder::new()?;
    let provider = Provider::default();
    let url = provider.open().await?;
    let process = ServerProcess::start_with(folder.path(), database_url, &pays(&url))?;
    let shop = Shop::open(&folder, &process, (SHOP_UNITS, false)).await?;
    let mut done = shop.checkouts(&process, &provider, (1, 1)).await?.len();
    for clients in CLIENTS {
        let each = (CHECKOUTS / clients).clamp(2, 64);
        let began = Instant::now();
        let mut times = shop.checkouts(&process, &provider, (clients, each)).await?;
        let took = began.elapsed();
        done += times.len();
        let baseline = Milli::millis(bare(folder.path(), 99)?);
        let name = |what: &str| format!("checkout.c{clients}{store}.{what}");
        let p99 = Milli::millis(percentile(&mut times, 99));
        print(&name("p99_ms"), "ms", p99, Some(baseline));
        print(&name("p50_ms"), "ms", Milli::millis(percentile(&mut times, 50)), None);
        print(&name("p999_ms"), "ms", Milli::millis(per_mille(&mut times, 999)), None);
        print(&name("per_s"), "1/s", Milli::per_second(u64::try_from(times.len())?, took), None);
    }
    if provider.charges() != done {
        return Err(Fault(format!("{done} were paid, and {} were charged", provider.charges())));
    }
    print(&format!("checkout.memory{store}_mb"), "MB", resident_mb(process.child.id())?, None);
    Ok(())
}

/// What runs out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Burst {
    Stock,
    /// There is more of it, but not at the price that everybody wants, and nobody may have two.
    Deal,
}

impl Burst {
    fn units(self) -> Measured<i64> {
        Ok(match self {
            Self::Stock => i64::try_from(FLASH_UNITS)?,
            Self::Deal => DEAL_STOCK,
        })
    }

    fn line(self, product: &str) -> Value {
        match self {
            Self::Stock => json!({"product": product, "quantity": 1}),
            Self::Deal => json!({"product": product, "quantity": 1, "seen_price_minor": DEAL_MINOR}),
        }
    }

    fn sold_out(self) -> &'static str {
        match self {
            Self::Stock => "share_exceeded",
            Self::Deal => "deal_sold_out",
        }
    }
}

fn pays(url: &str) -> [(&'static str, String); 3] {
    [
        ("SOKO_STRIPE_KEY", provider::KEY.into()),
        ("SOKO_STRIPE_WEBHOOK_SECRET", provider::WEBHOOK_SECRET.into()),
        ("SOKO_STRIPE_URL", url.into()),
    ]
}

/// As many bare writes as a checkout has commits, each waited for, one after the other.
fn bare(folder: &std::path::Path, percent: usize) -> Measured<Duration> {
    let mut file = File::create(folder.join("bare"))?;
    let mut times = Vec::new();
    for _ in 0..BASELINES {
        let began = Instant::now();
        for _ in 0..COMMITS {
            file.write_all(&[7; PAGE_BYTES])?;
            file.sync_data()?;
        }
        times.push(began.elapsed());
    }
    Ok(percentile(&mut times, percent))
}

struct Shop {
    stall: LogId,
    product: ProductId,
}

impl Shop {
    async fn open(
        folder: &Folder,
        process: &ServerProcess,
        (units, has_deal): (i64, bool),
    ) -> Measured<Self> {
        // The register keeps as many as the shop gets, so that nothing is shared out anew; the server may have asked for
        // some of them already.
        let mut till = Till::stocked(&folder.path().join("till"), 1, 2 * units)?;
        let server = till.server(process)?;
        let product = *till.products.first().ok_or_else(|| Fault("there is no product".into()))?;
        till.enrol(&server).await?;
        till.handle(Verb::EditStall { edits: vec![StallEdit::TakesCard(true)] })?;
        if has_deal {
            let edits = vec![ProductEdit::Deal(Some(deal()?))];
            till.handle(Verb::EditProduct { product, edits })?;
        }
        till.exchange().await?;
        let missing = units - till.in_shop(product)?;
        if missing > 0 {
            till.handle(Verb::ReturnShare { product, quantity: missing })?;
            till.exchange().await?;
        }
        let in_shop = till.in_shop(product)?;
        if in_shop != units {
            return Err(Fault(format!("the shop has {in_shop} units and should have {units}")));
        }
        let shop = Self { stall: till.stall, product };
        till.home.close()?;
        Ok(shop)
    }

    fn orders(&self) -> String {
        format!("/v1/stalls/{}/orders", self.stall)
    }

    /// How long each took, from placing it until the stall's records said that it is paid.
    async fn checkouts(
        &self,
        process: &ServerProcess,
        provider: &Provider,
        (clients, each): (usize, usize),
    ) -> Measured<Vec<Duration>> {
        let one = |_| {
            let buyer = Buyer {
                address: process.address.clone(),
                orders: self.orders(),
                stall: self.stall.to_string(),
                product: self.product.to_string(),
                provider: provider.clone(),
            };
            tokio::spawn(async move { buyer.pay(each).await })
        };
        let all: Vec<_> = (0..clients).map(one).collect();
        let mut times = Vec::new();
        for buyer in all {
            times.extend(buyer.await??);
        }
        Ok(times)
    }
}

struct Buyer {
    address: String,
    orders: String,
    stall: String,
    product: String,
    provider: Provider,
}

impl Buyer {
    async fn pay(self, orders: usize) -> Measured<Vec<Duration>> {
        let mut server = Connection::open(&self.address).await?;
        let mut times = Vec::new();
        for _ in 0..orders {
            // Each by somebody else: a shop holds only so many for one.
            let secret = format!("{}{}", random_id(), random_id());
            let began = Instant::now();
            self.checkout(&mut server, &secret).await?;
            times.push(began.elapsed());
        }
        Ok(times)
    }

    async fn checkout(&self, server: &mut Connection, secret: &str) -> Measured {
        let order = random_id().to_string();
        let lines = json!([{"product": self.product, "quantity": 1}]);
        let body = json!({"order": order, "lines": lines, "pay": {"way": "card"}}).to_string();
        let (status, answer) = server.post(&self.orders, secret, &body).await?;
        if status != 201 {
            return Err(Fault(format!("an order was not taken: {status} {answer}")));
        }
        let path = format!("/v1/orders/stream?orders={}.{order}", self.stall);
        let mut words = Connection::open(&self.address).await?.listen(&path, secret).await?;
        self.until((server, &mut words), (secret, &order), "waiting").await?;
        if !self.provider.pay(&order) {
            return Err(Fault("the provider does not know the order".into()));
        }
        let (word, signature) = provider::word(&self.stall, &order, now().at_ms);
        let (status, answer) = server.tell("/v1/pay/stripe/webhook", &signature, &word).await?;
        if status != 200 {
            return Err(Fault(format!("a webhook was not taken: {status} {answer}")));
        }
        self.until((server, &mut words), (secret, &order), "paid").await
    }

    async fn until(
        &self,
        (server, words): (&mut Connection, &mut Words),
        (secret, order): (&str, &str),
        state: &str,
    ) -> Measured {
        let began = Instant::now();
        loop {
            let (_, answer) = server.get(&format!("{}/{order}", self.orders), secret).await?;
            let seen: Value = serde_json::from_str(&answer)?;
            if seen["payment"]["state"] == state {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(Fault(format!("a payment did not become {state}: {answer}")));
            }
            if let Ok(heard) = tokio::time::timeout(LOOK_EVERY, words.next()).await {
                heard?;
            }
        }
    }
}

fn deal() -> Measured<DealInput> {
    let at_ms = now().at_ms;
    Ok(DealInput {
        deal: random_id(),
        price_minor: DEAL_MINOR,
        price_per: Some(1),
        from_ms: at_ms - DEAL_LASTS_MS,
        until_ms: at_ms + DEAL_LASTS_MS,
        quantity: i64::try_from(FLASH_UNITS)?,
        each: Some(1),
    })
}

/// Every buyer wants one, and there are far fewer: how many were sold, and how long an answer took, whatever it was.
async fn flash(name: &str, what: Burst, folder: &Folder, processes: &[ServerProcess]) -> Measured {
    let first = processes.first().ok_or_else(|| Fault("nobody serves".into()))?;
    let shop = Shop::open(folder, first, (what.units()?, what == Burst::Deal)).await?;
    let one = |number: usize| {
        let address = processes[number % processes.len()].address.clone();
        let (orders, product) = (shop.orders(), shop.product.to_string());
        let count = BUYERS / BUYERS_AT_ONCE + usize::from(number < BUYERS % BUYERS_AT_ONCE);
        tokio::spawn(async move { burst(address, orders, (what, product), count).await })
    };
    let all: Vec<_> = (0..BUYERS_AT_ONCE).map(one).collect();
    let (mut times, mut sold) = (Vec::new(), 0);
    for buyers in all {
        let (its_times, its_sold) = buyers.await??;
        times.extend(its_times);
        sold += its_sold;
    }
    if times.len() != BUYERS || sold != FLASH_UNITS {
        return Err(Fault(format!("{sold} of {FLASH_UNITS} were sold to {} buyers", times.len())));
    }
    print(&format!("{name}.sold"), "units", Milli::whole(u64::try_from(sold)?), None);
    print(&format!("{name}.p50_ms"), "ms", Milli::millis(percentile(&mut times, 50)), None);
    print(&format!("{name}.p99_ms"), "ms", Milli::millis(percentile(&mut times, 99)), None);
    Ok(())
}

async fn burst(
    address: String,
    orders: String,
    (what, product): (Burst, String),
    buyers: usize,
) -> Measured<(Vec<Duration>, usize)> {
    let mut server = Connection::open(&address).await?;
    let (mut times, mut sold) = (Vec::new(), 0);
    for _ in 0..buyers {
        let secret = format!("{}{}", random_id(), random_id());
        let body = json!({"order": random_id().to_string(), "lines": [what.line(&product)]}).to_string();
        let began = Instant::now();
        let (status, answer) = server.post(&orders, &secret, &body).await?;
        times.push(began.elapsed());
        match status {
            201 => sold += 1,
            409 if answer.contains(what.sold_out()) => {}
            _ => return Err(Fault(format!("neither sold nor sold out: {status} {answer}"))),
        }
    }
    Ok((times, sold))
}
