//! What an operator asks of a whole market with ten million lines behind it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use soko_app_api::{
    BeyondShare, DiscountInput, ReceivedLineInput, SaleAbout, SaleLineInput, TenderInput, Verb,
};
use soko_domain::basket::TenderKind;
use soko_domain::ids::{LogId, SaleId};
use soko_projection::figures::month;
use soko_record_log::{Param, StoreError, Tx, params};
use soko_register::home::{now, random_id};
use soko_sync_server::operator::{DAYS_MAX, market};
use soko_sync_server::platform::Refusal;
use soko_sync_server::store::{Place, Shard, Store};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::figure::{Fault, Measured, Milli, complain, percentile, print, resident_mb};
use crate::orders::Database;
use crate::world::{Folder, ServerProcess, Till};

const STALLS: u8 = 20;
const PRODUCTS: u32 = 1_000;
const HOURS: u32 = 10;
/// Of each product on each day, but for a third of the days on which it is one more: half a million a stall and year.
const LINES_A_DAY: i64 = 1;
const TIMES: usize = 21;
const LIVE_SALES: u64 = 200;
/// What a register that was away for a week or two brings.
const INGEST_SALES: usize = 5_000;
const INGEST_LINES: usize = 4;
const INGEST_PRODUCTS: usize = 200;
const LIVE_DAYS: &str = "/v1/operator/stream?days=2";
const PATIENCE: Duration = Duration::from_secs(60);
/// Words that nobody took yet.
const UNHEARD_MAX: usize = 1_024;
const MS_PER_DAY: i64 = 86_400_000;
const EVERY_ROW: &str = "select count(*) from figure_product
  where log in (select log from stall_profile) and grain = 1 and at >= $1";

pub(crate) fn operator() -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(live())?;
    runtime.block_on(ingest("sqlite", None))?;
    let folder = Folder::new()?;
    measure("sqlite", &Place::Directory(folder.path().join("data")))?;
    match Database::make()? {
        Some(database) => measure("postgres", &Place::Url(database.url.clone()))?,
        None => complain("operator.postgres was not measured: there is no PostgreSQL"),
    }
    if let Some(database) = Database::make()? {
        runtime.block_on(ingest("postgres", Some(&database.url)))?;
    }
    Ok(())
}

/// A register that was away hands in what it sold: from its first page until all of it is in the server's sums, as the operator's page
/// is told.
async fn ingest(name: &str, database_url: Option<&str>) -> Measured {
    let folder = Folder::new()?;
    let key = format!("{}{}", random_id(), random_id());
    let settings = [("SOKO_OPERATOR_KEY", key.clone())];
    let process = ServerProcess::start_with(folder.path(), database_url, &settings)?;
    let mut till = Till::found(&folder.path().join("till"), INGEST_PRODUCTS)?;
    let all = till.products.iter();
    let lines =
        all.map(|product| ReceivedLineInput { product: *product, quantity: 10_000, cost_minor: None });
    till.handle(Verb::ReceiveStock { lines: lines.collect(), note: String::new() })?;
    let server = till.server(&process)?;
    till.enrol(&server).await?;
    till.exchange().await?;
    // How quickly it sells is measured elsewhere.
    till.home.engine()?.database().connection()?.pragma_update(None, "synchronous", "off")?;
    for number in 0..INGEST_SALES {
        let at = |line: usize| (number * INGEST_LINES + line) % INGEST_PRODUCTS;
        let lines = (0..INGEST_LINES).map(|line| SaleLineInput::of(till.products[at(line)], 1)).collect();
        till.handle(sale(lines))?;
    }
    let mut words = listen(&process.address, &key).await?;
    let began = Instant::now();
    till.exchange().await?;
    let all = u64::try_from(INGEST_SALES)?;
    let there = heard(&mut words, all).await?;
    let lines = u64::try_from(INGEST_SALES * INGEST_LINES)?;
    let rate = Milli::per_second(lines, there.saturating_duration_since(began));
    print(&format!("operator.{name}.ingest.lines_per_s"), "1/s", rate, None);
    Ok(till.home.close()?)
}

/// Paid by card, whatever it comes to.
fn sale(lines: Vec<SaleLineInput>) -> Verb {
    let amount_minor = 250 * i64::try_from(lines.len()).unwrap_or(i64::MAX);
    let (kind, reference) = (TenderKind::Card, String::new());
    Verb::MakeSale {
        sale: SaleId(random_id().0),
        lines,
        discount: DiscountInput::None,
        tenders: vec![TenderInput { kind, amount_minor, reference, seen: true, purse: None }],
        beyond: BeyondShare::Allow,
        about: SaleAbout::default(),
    }
}

/// When a word came that counts so many sales.
async fn heard(words: &mut mpsc::Receiver<(Instant, u64)>, sales: u64) -> Measured<Instant> {
    loop {
        let word = tokio::time::timeout(PATIENCE, words.recv()).await;
        let (at, counted) = word.ok().flatten().ok_or_else(|| Fault("the page heard nothing".into()))?;
        if counted >= sales {
            return Ok(at);
        }
    }
}

/// From the moment before a register sells until an operator's page has the word that counts the sale: one sale right after the other, so
/// that each falls into the time within which the server shows moves together.
async fn live() -> Measured {
    let folder = Folder::new()?;
    let key = format!("{}{}", random_id(), random_id());
    let process = ServerProcess::start_with(folder.path(), None, &[("SOKO_OPERATOR_KEY", key.clone())])?;
    let mut till = Till::found(&folder.path().join("till"), 1)?;
    let server = till.server(&process)?;
    till.enrol(&server).await?;
    till.exchange().await?;
    let mut words = listen(&process.address, &key).await?;
    let product = *till.products.first().ok_or_else(|| Fault("there is no product".into()))?;
    let mut times = Vec::new();
    for number in 1..=LIVE_SALES {
        let began = Instant::now();
        till.handle(sale(vec![SaleLineInput::of(product, 1)]))?;
        till.exchange().await?;
        times.push(heard(&mut words, number).await?.saturating_duration_since(began));
    }
    print("operator.live.p99_ms", "ms", Milli::millis(percentile(&mut times, 99)), None);
    print("operator.live.p50_ms", "ms", Milli::millis(percentile(&mut times, 50)), None);
    Ok(till.home.close()?)
}

/// When each word of the operator's stream arrived, and how many sales it counts.
async fn listen(address: &str, key: &str) -> Measured<mpsc::Receiver<(Instant, u64)>> {
    let (tell, words) = mpsc::channel(UNHEARD_MAX);
    let mut stream = TcpStream::connect(address).await?;
    // Of two days, so that what was sold before midnight still counts behind it.
    let asked = format!("GET {LIVE_DAYS} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\r\n");
    stream.write_all(asked.as_bytes()).await?;
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let Some(data) = line.strip_prefix("data:") else { continue };
            let at = Instant::now();
            let Ok(figures) = serde_json::from_str::<Value>(data.trim()) else { continue };
            let currencies = figures["currencies"].as_array().into_iter().flatten();
            let sales = currencies.filter_map(|of| of["sales"].as_u64()).sum();
            if tell.send((at, sales)).await.is_err() {
                return;
            }
        }
    });
    Ok(words)
}

fn measure(name: &str, place: &Place) -> Measured {
    let store = Store::open(place, Arc::new(|_| {}))?;
    let today = i32::try_from(now().at_ms / MS_PER_DAY)?;
    for stall in 1..=STALLS {
        let log = LogId([stall; 16]);
        let filled =
            store.write_blocking(Shard::stall(log), move |tx| Ok::<_, Refusal>(fill(tx, log, today)?));
        filled.map_err(|failed| Fault(format!("{failed:?}")))?;
    }
    let figure = |what: &str| format!("operator.{name}.{what}");
    print(&figure("lines"), "lines", Milli::whole(u64::try_from(lines(&store)?)?), None);
    for (what, days) in [("day", 1), ("month", 30), ("year", DAYS_MAX)] {
        let (mut asked, mut counted) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let began = Instant::now();
            let seen = store.read_blocking(move |tx| Ok::<_, Refusal>(market(tx, now().at_ms, days)?));
            asked.push(began.elapsed());
            let (seen, _) = seen.map_err(|failed| Fault(format!("{failed:?}")))?;
            if seen.currencies.iter().map(|of| of.sales).sum::<i64>() == 0 {
                return Err(Fault("nothing was sold".into()));
            }
            counted.push(count(&store, today - i32::from(days) + 1)?);
        }
        let baseline = Milli::millis(percentile(&mut counted, 50));
        let p50 = Milli::millis(percentile(&mut asked, 50));
        print(&figure(&format!("{what}.p50_ms")), "ms", p50, Some(baseline));
    }
    print(&figure("memory_mb"), "MB", resident_mb(std::process::id())?, None);
    store.close();
    Ok(())
}

/// The sums of a year as its lines leave them, past the records: ringing ten million lines up would take a day.
fn fill(tx: &mut dyn Tx, log: LogId, today: i32) -> Result<(), StoreError> {
    tx.execute(
        "insert into stall_profile (log, name, currency, zone, cut_off_minutes, description, place)
         values ($1, 'A stall', 'EUR', 'UTC', 0, '', '')",
        params![log],
    )?;
    for product in 0..PRODUCTS {
        let mut id = log.0;
        id[..4].copy_from_slice(&product.to_be_bytes());
        tx.execute(
            "insert into product (log, product, name, folded, description, sku, unit, price_minor, currency, price_per,
               tax_ppm, tax_inclusive, archived, problems)
             values ($1, $2, 'Goods', 'goods', '', '', 1, 250, 'EUR', 1, 0, 1, 0, 0)",
            params![log, id.to_vec()],
        )?;
    }
    for day in today - i32::from(DAYS_MAX) + 1..=today {
        fill_day(tx, log, day)?;
    }
    Ok(())
}

fn fill_day(tx: &mut dyn Tx, log: LogId, day: i32) -> Result<(), StoreError> {
    let person = vec![0_u8; 16];
    for hour in 8..8 + HOURS {
        tx.execute(
            "insert into figure_hour values ($1, $2, $3, $4, $5, 40, 137, 34250, 0, 0, 0, 0, 0, 1, 250, 250, 0)",
            params![log, day, hour, log, person],
        )?;
    }
    let lines = if day % 3 == 0 { LINES_A_DAY + 1 } else { LINES_A_DAY };
    for (grain, at) in [(1, day), (2, month(day))] {
        tx.execute(
            "insert into figure_product
             select log, cast($2 as bigint), cast($3 as bigint), product, cast($4 as bigint), cast($4 as bigint),
               250 * cast($4 as bigint), 0, 0, 0, 0, 0, 0
             from product where log = $1
             on conflict (log, grain, at, product) do update
               set units = figure_product.units + excluded.units, lines = figure_product.lines + excluded.lines,
                 revenue_minor = figure_product.revenue_minor + excluded.revenue_minor",
            params![log, grain, at, lines],
        )?;
    }
    Ok(())
}

fn lines(store: &Store) -> Measured<i64> {
    one(store, "select cast(sum(lines) as bigint) from figure_product where grain = 1", None)
}

/// Every row of the days in question touched once, and nothing else made of it.
fn count(store: &Store, from: i32) -> Measured<Duration> {
    let began = Instant::now();
    one(store, EVERY_ROW, Some(from))?;
    Ok(began.elapsed())
}

fn one(store: &Store, sql: &'static str, from: Option<i32>) -> Measured<i64> {
    let read = store.read_blocking(move |tx| {
        let params: Vec<Param<'_>> = from.iter().map(|from| Param::Int(i64::from(*from))).collect();
        let rows = tx.query(sql, &params)?;
        Ok::<_, Refusal>(rows.first().map_or(Ok(0), |row| row.int(0))?)
    });
    read.map_err(|failed| Fault(format!("{failed:?}")))
}
