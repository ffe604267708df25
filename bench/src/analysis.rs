//! The ledger as files: a market of the demo, written on SQLite and on PostgreSQL, beside a plain read of the same records.

use std::sync::Arc;
use std::time::{Duration, Instant};

use soko_domain::entry::Kind;
use soko_domain::ids::LogId;
use soko_projection::LocalApplier;
use soko_record_log::{StoreError, params};
use soko_register::home::now;
use soko_sync_server::analysis::{self, Written};
use soko_sync_server::demo::{self, Made, Size, Tools};
use soko_sync_server::outside::{OsEntropy, random};
use soko_sync_server::platform::passwords::{Cost, Passwords};
use soko_sync_server::platform::{Refusal, server_secret};
use soko_sync_server::secret::ServerSecret;
use soko_sync_server::stall::Core;
use soko_sync_server::store::{Place, Shard, Store, read_beside};

use crate::figure::{Fault, Measured, Milli, complain, print, resident_mb};
use crate::orders::Database;
use crate::world::Folder;

/// The best of so many: what else the machine does only makes it slower.
const TIMES: usize = 5;
/// Stalls, products and buyers that the demo has at least.
const MARKET_MIN: [usize; 3] = [8, 400, 120];
/// As many as the export reads at a time.
const PORTION: i64 = 2_000;

pub(crate) fn analysis() -> Measured {
    let folder = Folder::new()?;
    measure("sqlite", &Place::Directory(folder.path().join("data")), &folder)?;
    match Database::make()? {
        Some(database) => measure("postgres", &Place::Url(database.url.clone()), &folder)?,
        None => complain("analysis.postgres was not measured: there is no PostgreSQL"),
    }
    Ok(())
}

fn measure(name: &str, place: &Place, folder: &Folder) -> Measured {
    let store = Store::open(place, Arc::new(|_| {}))?;
    let began = Instant::now();
    let made = make(&store)?;
    let took = began.elapsed();
    let market = [made.stalls, made.products, made.buyers];
    if std::iter::zip(market, MARKET_MIN).any(|(made, least)| made < least) {
        return Err(Fault(format!("the demo has {market:?} stalls, products and buyers")));
    }
    print(&format!("analysis.{name}.demo_s"), "s", Milli::seconds(took), None);
    let before = resident_mb(std::process::id())?;
    let out = folder.path().join(format!("ledger-{name}"));
    let (mut best, mut bare, mut written) = (Duration::MAX, Duration::MAX, Written::default());
    for _ in 0..TIMES {
        let began = Instant::now();
        let done = analysis::write((place, None), &out, now().at_ms, &mut |_, _| {});
        written = done.map_err(|error| Fault(error.to_string()))?;
        best = best.min(began.elapsed());
        let began = Instant::now();
        read(place)?;
        bare = bare.min(began.elapsed());
    }
    let after = resident_mb(std::process::id())?;
    let lines = written.lines + written.order_lines;
    let figure = |what: &str| format!("analysis.{name}.{what}");
    print(&figure("lines"), "lines", Milli::whole(lines), None);
    print(
        &figure("lines_per_s"),
        "1/s",
        Milli::per_second(lines, best),
        Some(Milli::per_second(lines, bare)),
    );
    print(
        &figure("bytes_per_line"),
        "bytes",
        Milli(written.bytes.saturating_mul(1_000) / lines.max(1)),
        None,
    );
    print(&figure("memory_mb"), "MB", after, Some(before));
    store.close();
    Ok(())
}

/// The same records in the same portions, and nothing made of them.
fn read(place: &Place) -> Measured {
    let kinds =
        [Kind::SaleMade, Kind::SaleVoided, Kind::RefundMade, Kind::OrderHandedOver, Kind::OrderPlaced];
    let [sale, void, refund, handed, placed] = kinds.map(Kind::number);
    let read = read_beside(place, |tx| {
        for row in tx.query("select log from log_counter order by log", &[])? {
            let (log, mut after): (LogId, i64) = (row.id(0)?, 0);
            loop {
                let rows = tx.query(
                    "select position, body from record where log = $1 and position > $2
                     and kind in ($3, $4, $5, $6, $7) order by position limit $8",
                    params![log, after, sale, void, refund, handed, placed, PORTION],
                )?;
                let Some(last) = rows.last() else { break };
                after = last.int(0)?;
            }
        }
        Ok::<_, StoreError>(())
    });
    Ok(read?)
}

fn make(store: &Store) -> Measured<Made> {
    let fresh = random(&OsEntropy)?;
    let shard = Shard::stall(LogId::default());
    let kept =
        store.write_blocking(shard, move |tx| Ok::<_, Refusal>(server_secret::ensure(tx, None, fresh)?));
    let secret: ServerSecret = kept.map_err(|failed| Fault(format!("{failed:?}")))?;
    let tools = Tools {
        store,
        core: &Arc::new(Core::new(secret.stall_key(), Box::new(|| Box::new(LocalApplier)))),
        secret: &secret,
        passwords: &Passwords::new(Cost::default())?,
        entropy: &OsEntropy,
        now_ms: now().at_ms,
        seed: 1,
        size: Size::WHOLE,
        password: Some("orchid ladder frost".to_owned()),
        progress: &|_, _, _| {},
    };
    Ok(demo::make(&tools)?)
}
