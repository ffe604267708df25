//! The first life of a server is decided once, though two stalls begin in the same instant: each would otherwise be in a life of its
//! own, and one of them come back frozen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use soko_domain::ids::LogId;
use soko_projection::read;
use soko_record_log::{StoreError, Tx, params};
use soko_sync_server::core::{CoreRefusal, Now};
use soko_sync_server::store::{Failed, Place, Shard};
use tokio::sync::Semaphore;

use crate::common::shop::{core, stores};

const FIRST: LogId = LogId([0xa1; 16]);
const SECOND: LogId = LogId([0xa2; 16]);
const WAITING: &str = "select count(*) from pg_locks where not granted
     and (database is null or database = (select oid from pg_database where datname = current_database()))";

fn now(seed: u8) -> Now {
    Now { now_ms: 1, seed: [seed; 32] }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stalls_that_begin_at_once_are_in_one_life_of_the_server() {
    // A directory has one process, and one writer.
    for store in stores().into_iter().filter(|store| matches!(store.place, Place::Url(_))) {
        let other = store.again();
        let (has_begun, is_over) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicBool::new(false)));
        let (begun, over, first) = (Arc::clone(&has_begun), Arc::clone(&is_over), core());
        let hold = move |tx: &mut dyn Tx| {
            first.confirm_devices(tx, FIRST, now(1))?;
            begun.add_permits(1);
            while !over.load(Ordering::Acquire) {
                if tx.query_one(WAITING, params![])?.int(0)? > 0 {
                    return Ok::<_, CoreRefusal>(true);
                }
            }
            Ok(false)
        };
        let second = core();
        let follow = async {
            has_begun.acquire().await.unwrap().forget();
            let begin = move |tx: &mut dyn Tx| second.confirm_devices(tx, SECOND, now(2)).map(drop);
            let done: Result<(), Failed<CoreRefusal>> = other.store.write(Shard::stall(SECOND), begin).await;
            is_over.store(true, Ordering::Release);
            done.map_err(|failed| format!("{failed:?}")).unwrap();
        };
        let (held, ()) = tokio::join!(store.store.write(Shard::stall(FIRST), hold), follow);
        assert!(held.map_err(|failed| format!("{failed:?}")).unwrap(), "the second one did not wait");
        for (stall, seed) in [(FIRST, 3), (SECOND, 4)] {
            let core = core();
            let again = store.store.write(Shard::stall(stall), move |tx| {
                core.confirm_devices(tx, stall, now(seed))?;
                Ok::<_, CoreRefusal>(read::stall_frozen(tx, stall)?)
            });
            assert!(!again.await.map_err(|failed| format!("{failed:?}")).unwrap(), "{stall} is frozen");
        }
        let lives = store
            .store
            .read(|tx| tx.query_one("select count(distinct epoch) from stall_core", params![])?.int(0));
        assert_eq!(lives.await.map_err(StoreError::from).unwrap(), 1);
    }
}
