//! Whose turn it is to train: of several servers on one store, and whoever calls `soko-server train` beside them, one at a time. A turn
//! is said to go on every minute, so that one whose process ended is over soon; what was trained by whoever lost it is not kept.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use soko_domain::ids::{LogId, ThingId};
use soko_record_log::{StoreError, Tx, params};

use crate::outside::{Clock as _, OsEntropy, SystemClock, random};
use crate::store::{Shard, Store};

/// Without a word for so long, a turn is over.
const TURN_MS: i64 = 3 * 60_000;
const SAID_EVERY: Duration = Duration::from_secs(60);

/// A turn, until it is dropped.
pub(super) struct Turn {
    store: Store,
    holder: ThingId,
    saying: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Turn {
    /// None: somebody else has it.
    pub(super) fn take(store: &Store) -> Result<Option<Self>, StoreError> {
        let holder = random(&OsEntropy).map_err(|error| StoreError::Other(error.to_string()))?;
        let holder = ThingId(holder);
        if !say(store, holder)? {
            return Ok(None);
        }
        let (stop, stopped) = channel::<()>();
        let own = store.clone();
        let saying = std::thread::Builder::new().name("training".into()).spawn(move || {
            while stopped.recv_timeout(SAID_EVERY) == Err(RecvTimeoutError::Timeout) {
                // A store that fails now is asked again in a minute: the turn is longer than that.
                if matches!(say(&own, holder), Ok(false)) {
                    return;
                }
            }
        });
        let saying = saying.map_err(|error| StoreError::Other(error.to_string()))?;
        Ok(Some(Self { store: store.clone(), holder, saying: Some((stop, saying)) }))
    }

    /// Whether it still is, asked in the transaction that keeps what came of it.
    pub(super) fn holds(tx: &mut dyn Tx, holder: ThingId) -> Result<bool, StoreError> {
        let row = tx.query_opt("select 1 from training where holder = $1", params![holder])?;
        Ok(row.is_some())
    }

    pub(super) fn holder(&self) -> ThingId {
        self.holder
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((stop, saying)) = self.saying.take() {
            drop(stop);
            // It only waited.
            let _ = saying.join();
        }
        let holder = self.holder;
        let over = self.store.write_blocking(Shard::stall(LogId::default()), move |tx| {
            tx.run("delete from training where holder = $1", params![holder])
        });
        // Then it is over by itself.
        if let Err(error) = over.map_err(StoreError::from) {
            tracing::warn!(%error, "training.turn_not_given_back");
        }
    }
}

/// Takes the turn, or goes on with it.
fn say(store: &Store, holder: ThingId) -> Result<bool, StoreError> {
    let now_ms = SystemClock.now_ms();
    let said = store.write_blocking(Shard::stall(LogId::default()), move |tx| {
        let until_ms = now_ms.saturating_add(TURN_MS);
        let moved = tx.execute(
            "insert into training (only_row, holder, until_ms) values (1, $1, $2)
             on conflict (only_row) do update set holder = excluded.holder, until_ms = excluded.until_ms
             where training.holder = excluded.holder or training.until_ms < $3",
            params![holder, until_ms, now_ms],
        )?;
        Ok::<_, StoreError>(moved == 1)
    });
    said.map_err(StoreError::from)
}
