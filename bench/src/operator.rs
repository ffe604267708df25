//! What an operator asks of a whole market with ten million lines behind it, and how soon the page has what a register sold.

mod asked;
mod filled;

use std::time::{Duration, Instant};

use serde_json::Value;
use soko_app_api::{
    BeyondShare, DiscountInput, ReceivedLineInput, SaleAbout, SaleLineInput, TenderInput, Verb,
};
use soko_domain::basket::TenderKind;
use soko_domain::ids::SaleId;
use soko_register::home::random_id;
use soko_sync_server::store::Place;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::figure::{Fault, Measured, Milli, complain, percentile, print};
use crate::orders::Database;
use crate::world::{Folder, ServerProcess, Till};

const LIVE_SALES: u64 = 200;
/// What a register that was away for a week or two brings.
const INGEST_SALES: usize = 5_000;
const INGEST_LINES: usize = 4;
const INGEST_PRODUCTS: usize = 200;
const LIVE_DAYS: &str = "/v1/operator/stream?days=2";
const PATIENCE: Duration = Duration::from_secs(60);
/// Words that nobody took yet.
const UNHEARD_MAX: usize = 1_024;

pub(crate) fn operator() -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(live())?;
    runtime.block_on(ingest("sqlite", None))?;
    let folder = Folder::new()?;
    asked::measure("sqlite", &Place::Directory(folder.path().join("data")))?;
    match Database::make()? {
        Some(database) => asked::measure("postgres", &Place::Url(database.url.clone()))?,
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
