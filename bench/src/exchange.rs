//! Two devices and a server: a first exchange of everything, and how fast an edit arrives.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use soko_app_api::{ProductEdit, Verb};
use soko_register::exchange::Exchange;
use soko_register::server::Server;
use tokio::sync::oneshot;

use crate::figure::{Fault, Measured, Milli, percentile, print};
use crate::world::{Folder, REPLY_WAIT, ServerProcess, Till};

const PRODUCTS: usize = 10_000;
const EDITS: i64 = 200;
const FAILURES_MAX: u32 = 3;
/// An edit that takes longer is lost.
const ARRIVAL_WAIT: Duration = Duration::from_secs(10);

pub(crate) fn replicate() -> Measured {
    let folder = Folder::new()?;
    let process = ServerProcess::start(folder.path(), None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = Server::new(&process.url, REPLY_WAIT)?;
    let mut first = Till::found(&folder.path().join("first"), PRODUCTS)?;
    let second = runtime.block_on(fresh(&mut first, &folder, &server))?;
    edits(first, second)
}

/// A new device fetches everything there is.
async fn fresh(first: &mut Till, folder: &Folder, server: &Server) -> Measured<Till> {
    let session = first.enrol(server).await?;
    Exchange::new(&mut first.home, first.stall, REPLY_WAIT)?.until_quiet(FAILURES_MAX).await?;
    let mut second = first.second(&folder.path().join("second"), server, &session).await?;
    let started = Instant::now();
    let mut exchange = Exchange::new(&mut second.home, second.stall, REPLY_WAIT)?;
    exchange.until_quiet(FAILURES_MAX).await?;
    let took = started.elapsed();
    let summary = exchange.summary.clone();
    if summary.records < u64::try_from(PRODUCTS)? {
        return Err(Fault(format!("only {} records arrived", summary.records)));
    }
    print("replicate.fresh_10k.seconds", "s", Milli::seconds(took), None);
    print("replicate.fresh_10k.bytes", "bytes", Milli::whole(summary.bytes_in + summary.bytes_out), None);
    // The first one hears of the second, so that only edits travel from now on.
    Exchange::new(&mut first.home, first.stall, REPLY_WAIT)?.until_quiet(FAILURES_MAX).await?;
    Ok(second)
}

/// From the command on one device to the record on the disk of the other, which listens.
fn edits(mut first: Till, mut second: Till) -> Measured {
    let (arrived, arrivals) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let listening = std::thread::spawn(move || -> Measured {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut exchange = Exchange::new(&mut second.home, second.stall, REPLY_WAIT)?;
        let stop = async {
            // A sender that is gone means the same.
            let _ = stopped.await;
        };
        Ok(runtime.block_on(exchange.watch(stop, |_, _| {
            // Nobody waits any more at the end.
            let _ = arrived.send(Instant::now());
        }))?)
    });
    let measured = send_edits(&mut first, &arrivals);
    let _ = stop.send(());
    let ended = listening.join().map_err(|_| Fault("the listener failed".into()))?;
    let mut times = measured?;
    ended?;
    print("replicate.edit.p99_ms", "ms", Milli::millis(percentile(&mut times, 99)), None);
    Ok(())
}

fn send_edits(first: &mut Till, arrivals: &mpsc::Receiver<Instant>) -> Measured<Vec<Duration>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let product = *first.products.first().ok_or_else(|| Fault("there is no product".into()))?;
    let mut times = Vec::new();
    // The first one shows that the other listens.
    for number in 0..=EDITS {
        let started = Instant::now();
        first.handle(Verb::EditProduct { product, edits: vec![ProductEdit::PriceMinor(1_000 + number)] })?;
        let (stall, home) = (first.stall, &mut first.home);
        runtime.block_on(Exchange::new(home, stall, REPLY_WAIT)?.until_quiet(FAILURES_MAX))?;
        let arrived = arrivals.recv_timeout(ARRIVAL_WAIT)?;
        if number > 0 {
            times.push(arrived.saturating_duration_since(started));
        }
    }
    Ok(times)
}
