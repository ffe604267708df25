//! The market: searching it as many visitors at once, and pictures. The tables are filled past the devices: what is
//! measured is reading, and a hundred thousand products would take longer to sell than to search.

use std::path::Path;
use std::time::{Duration, Instant};

use soko_app_api::{MarketQuery, MarketView, Window, decode, encode};
use soko_domain::ids::{Hash, LogId, ProductId};
use soko_record_log::{OpenMode, Sqlite, StoreError, Tx, params};
use soko_register::home::random_id;

use crate::figure::{Fault, Measured, Milli, percentile, print};
use crate::world::{Folder, ServerProcess, WORDS};

const STALLS: usize = 100;
const PRODUCTS_OF_EACH: usize = 1_000;
const VISITORS: usize = 64;
const VIEWERS: usize = 16;
const SEARCHES_OF_EACH: usize = 100;
const PAGES_OF_EACH: usize = 200;
const SHOWN_ROWS: u32 = 24;
const PICTURES: usize = 64;
/// What a picture of goods weighs on a page.
const PICTURE_BYTES: usize = 60 * 1024;
const PICTURES_FOR: Duration = Duration::from_secs(5);
const DATABASE: &str = "server/soko.db";

pub(crate) fn market() -> Measured {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    soko_sync_server::tls::install();
    let folder = Folder::new()?;
    // Once, so that the tables are there.
    drop(ServerProcess::start(folder.path(), None)?);
    let pictures = fill(folder.path())?;
    let process = ServerProcess::start(folder.path(), None)?;
    runtime.block_on(search(&process.url))?;
    runtime.block_on(home(&process.url))?;
    runtime.block_on(show(&process.url, pictures))
}

fn fill(folder: &Path) -> Measured<Vec<Hash>> {
    let mut database = Sqlite::open(&folder.join(DATABASE), OpenMode::Existing)?;
    let pictures: Vec<Hash> = (0..PICTURES).map(|_| hash()).collect();
    database.transaction(|tx| {
        for stall in 0..STALLS {
            fill_stall(tx, stall)?;
        }
        for picture in &pictures {
            let bytes = vec![0x5a; PICTURE_BYTES];
            tx.execute(
                "insert into picture (hash, kind, bytes) values ($1, 1, $2)",
                params![picture, bytes],
            )?;
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(pictures)
}

fn hash() -> Hash {
    let mut hash = Hash::default();
    hash.0[..16].copy_from_slice(&random_id().0);
    hash
}

fn fill_stall(tx: &mut dyn Tx, stall: usize) -> Result<(), StoreError> {
    let log = LogId(random_id().0);
    tx.execute(
        "insert into stall_profile (log, name, currency, zone, cut_off_minutes, description, place, hours)
         values ($1, $2, 'KES', 'Africa/Nairobi', 0, '', '', '')",
        params![log, format!("Duka {stall}")],
    )?;
    for number in 0..PRODUCTS_OF_EACH {
        let name = market_name(stall * PRODUCTS_OF_EACH + number);
        tx.execute(
            "insert into product (log, product, name, folded, description, sku, unit, price_minor, currency,
               price_per, tax_ppm, tax_inclusive, archived, problems, pictures, categories)
             values ($1, $2, $3, $4, '', '', 1, 250, 'KES', 1, 0, 1, 0, 0, $5, $6)",
            params![log, ProductId(random_id().0), name, name.to_lowercase(), vec![], vec![]],
        )?;
    }
    Ok(())
}

/// Two words that many share and one of some thousands: tens of thousands of distinct words in all would be more than
/// a market has, and a few dozen would be too easy.
fn market_name(number: usize) -> String {
    let word = |at: usize| WORDS[at % WORDS.len()];
    let own = number % 8_000;
    format!("{} {} {}{}{}", word(number), word(number / 20), word(own), word(own / 20), word(own / 400))
}

async fn search(url: &str) -> Measured {
    let address = format!("{url}/v1/market/ask");
    // The first question waits until the names are in memory.
    visitor(address.clone(), 0, 1).await?;
    let visitors: Vec<_> = (0..VISITORS)
        .map(|number| tokio::spawn(visitor(address.clone(), number, SEARCHES_OF_EACH)))
        .collect();
    let mut times = Vec::new();
    for visitor in visitors {
        times.extend(visitor.await??);
    }
    print("server.market_search.p99_ms", "ms", Milli::millis(percentile(&mut times, 99)), None);
    print("server.market_search.p50_ms", "ms", Milli::millis(percentile(&mut times, 50)), None);
    Ok(())
}

/// The page of a first visit, as the server writes it, to as many at once.
async fn home(url: &str) -> Measured {
    let started = Instant::now();
    let guests: Vec<_> = (0..VISITORS).map(|_| tokio::spawn(guest(format!("{url}/market")))).collect();
    let mut times = Vec::new();
    for guest in guests {
        times.extend(guest.await??);
    }
    let pages = u64::try_from(times.len())?;
    print("server.home.per_s", "1/s", Milli::per_second(pages, started.elapsed()), None);
    print("server.home.p99_ms", "ms", Milli::millis(percentile(&mut times, 99)), None);
    Ok(())
}

async fn guest(address: String) -> Measured<Vec<Duration>> {
    let client = reqwest::Client::builder().build()?;
    let mut times = Vec::new();
    for _ in 0..PAGES_OF_EACH {
        let started = Instant::now();
        let page = client.get(&address).send().await?.error_for_status()?.text().await?;
        times.push(started.elapsed());
        if !page.contains("Duka") {
            return Err(Fault("the market's page names no stall".into()));
        }
    }
    Ok(times)
}

/// Types a product's name with a letter missing, again and again.
async fn visitor(address: String, number: usize, searches: usize) -> Measured<Vec<Duration>> {
    let client = reqwest::Client::builder().build()?;
    let mut times = Vec::new();
    for search in 0..searches {
        let name = market_name((number * 7_919 + search * 104_729) % (STALLS * PRODUCTS_OF_EACH));
        let text: String =
            name.char_indices().filter(|(at, _)| *at + 2 != name.len()).map(|(_, letter)| letter).collect();
        let query = MarketQuery::Offers {
            stall: None,
            text,
            category: None,
            families: true,
            window: Window::first(SHOWN_ROWS),
        };
        let body = encode(&query)?;
        let started = Instant::now();
        let request = client.post(&address).header("content-type", "application/octet-stream").body(body);
        let bytes = request.send().await?.bytes().await?;
        times.push(started.elapsed());
        let MarketView::Offers(rows) = decode(&bytes)? else { return Err(Fault("no offers".into())) };
        if rows.value.iter().all(|row| row.name != name) {
            return Err(Fault(format!("{name} was not found")));
        }
    }
    Ok(times)
}

async fn show(url: &str, pictures: Vec<Hash>) -> Measured {
    let started = Instant::now();
    let viewers: Vec<_> =
        (0..VIEWERS).map(|number| tokio::spawn(viewer(url.to_owned(), pictures.clone(), number))).collect();
    let mut seen = 0;
    for viewer in viewers {
        seen += viewer.await??;
    }
    print("server.pictures.per_s", "1/s", Milli::per_second(seen, started.elapsed()), None);
    Ok(())
}

async fn viewer(url: String, pictures: Vec<Hash>, number: usize) -> Measured<u64> {
    let client = reqwest::Client::builder().build()?;
    let (started, mut seen) = (Instant::now(), 0);
    for picture in pictures.iter().cycle().skip(number) {
        if started.elapsed() >= PICTURES_FOR {
            break;
        }
        let bytes = client.get(format!("{url}/pictures/{picture}")).send().await?.bytes().await?;
        if bytes.len() != PICTURE_BYTES {
            return Err(Fault("a picture was not answered whole".into()));
        }
        seen += 1;
    }
    Ok(seen)
}
