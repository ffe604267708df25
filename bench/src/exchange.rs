//! Two devices and a server: a first exchange of everything, and how fast an edit arrives.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use soko_app_api::{ProductEdit, Verb};
use soko_device::Exchange;
use soko_register::home::Home;
use soko_replication::Timing;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::figure::{Fault, Measured, Milli, percentile, print};
use crate::world::{Folder, ServerProcess, Till};

const PRODUCTS: usize = 10_000;
const EDITS: i64 = 200;
/// An edit that takes longer is lost.
const ARRIVAL_WAIT: Duration = Duration::from_secs(10);

pub(crate) fn replicate() -> Measured {
    let folder = Folder::new()?;
    let process = ServerProcess::start(folder.path(), None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut first = Till::found(&folder.path().join("first"), PRODUCTS)?;
    let path = folder.path().join("second");
    runtime.block_on(fresh(&mut first, &path, &process))?;
    // An open connection lives on the runtime that opened it.
    edits(first, &path, &runtime)
}

/// A new device fetches everything there is.
async fn fresh(first: &mut Till, path: &Path, process: &ServerProcess) -> Measured {
    let server = first.server(process)?;
    let session = first.enrol(&server).await?;
    first.exchange().await?;
    let second = first.second(path, &server, &session).await?;
    let started = Instant::now();
    let summary = second.exchange().await?;
    let took = started.elapsed();
    if summary.records < u64::try_from(PRODUCTS)? {
        return Err(Fault(format!("only {} records arrived", summary.records)));
    }
    print("replicate.fresh_10k.seconds", "s", Milli::seconds(took), None);
    print("replicate.fresh_10k.bytes", "bytes", Milli::whole(summary.bytes_in + summary.bytes_out), None);
    second.home.close()?;
    // The first one hears of the second, so that only edits travel from now on.
    first.exchange().await?;
    Ok(())
}

/// From the command on one device to the record on the disk of the other, which listens.
fn edits(mut first: Till, second: &Path, runtime: &Runtime) -> Measured {
    let (arrived, arrivals) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let (path, stall) = (second.to_owned(), first.stall);
    let listening = std::thread::spawn(move || -> Measured {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // A device stays on its thread.
        let home = Home::open(&path, Timing::default())?;
        let mut exchange = Exchange::new(home.device(), stall)?;
        runtime.block_on(async {
            tokio::select! {
                // Nobody waits any more at the end.
                ended = exchange.follow(|_| {
                    let _ = arrived.send(Instant::now());
                }) => ended,
                // A sender that is gone means the same.
                _ = stopped => Ok(()),
            }
        })?;
        Ok(home.close()?)
    });
    let measured = send_edits(&mut first, &arrivals, runtime);
    let _ = stop.send(());
    let ended = listening.join().map_err(|_| Fault("the listener failed".into()))?;
    let mut times = measured?;
    ended?;
    print("replicate.edit.p99_ms", "ms", Milli::millis(percentile(&mut times, 99)), None);
    Ok(())
}

fn send_edits(
    first: &mut Till,
    arrivals: &mpsc::Receiver<Instant>,
    runtime: &Runtime,
) -> Measured<Vec<Duration>> {
    let product = *first.products.first().ok_or_else(|| Fault("there is no product".into()))?;
    let mut times = Vec::new();
    // The first one shows that the other listens.
    for number in 0..=EDITS {
        let started = Instant::now();
        first.handle(Verb::EditProduct { product, edits: vec![ProductEdit::PriceMinor(1_000 + number)] })?;
        runtime.block_on(first.exchange())?;
        let arrived = arrivals.recv_timeout(ARRIVAL_WAIT)?;
        if number > 0 {
            times.push(arrived.saturating_duration_since(started));
        }
    }
    Ok(times)
}
