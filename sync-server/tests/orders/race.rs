//! Two processes on one database end one paid order in the same instant. Whoever comes second finds what the first one decided, held
//! open until somebody waits for it, by the lock of the stall and without it by the stall's row.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use soko_domain::entry::ReleaseReason;
use soko_domain::ids::{LogId, OrderId};
use soko_record_log::{Tx, params};
use soko_sync_server::core::{Now, StallCore};
use soko_sync_server::platform::Refusal;
use soko_sync_server::stall::EndOrder;
use soko_sync_server::store::{Place, Shard};
use tokio::sync::Semaphore;

use crate::common::hostile::Speaks;
use crate::common::shop::{STALL, core, id, stores};
use crate::paying::{ORDER, World};

const CANCEL: EndOrder = EndOrder::Release(ReleaseReason::BuyerCancelled);
/// Whoever takes this does not wait for whoever writes in the stall.
const ELSEWHERE: Shard = Shard::stall(LogId([0xee; 16]));

/// Whether the first one did it, whether somebody waited for it meanwhile, and whether the second one did it, too.
async fn at_once(world: &World, (first, second): (EndOrder, EndOrder), shard: Shard) -> (bool, bool, bool) {
    let other = world.shop.server.store.again();
    let (has_decided, is_over) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicBool::new(false)));
    let (order, now) =
        (OrderId::from_hex(&id(ORDER)).unwrap(), Now { now_ms: world.now_ms(), seed: [7; 32] });
    let own: Arc<dyn StallCore> = world.shop.core.clone();
    let (decided, over) = (Arc::clone(&has_decided), Arc::clone(&is_over));
    let hold = move |tx: &mut dyn Tx| {
        own.end_order(tx, STALL, (order, first), now)?;
        decided.add_permits(1);
        let waiting = "select count(*) from pg_locks where not granted
             and (database is null or database = (select oid from pg_database where datname = current_database()))";
        while !over.load(Ordering::Acquire) {
            if tx.query_one(waiting, params![])?.int(0)? > 0 {
                return Ok::<_, Refusal>(true);
            }
        }
        Ok(false)
    };
    let theirs: Arc<dyn StallCore> = core();
    let follow = async {
        has_decided.acquire().await.unwrap().forget();
        let end =
            move |tx: &mut dyn Tx| Ok::<_, Refusal>(theirs.end_order(tx, STALL, (order, second), now)?);
        let done = other.store.write(shard, end).await;
        is_over.store(true, Ordering::Release);
        done.is_ok()
    };
    let (held, followed) =
        tokio::join!(world.shop.server.store.store.write(Shard::stall(STALL), hold), follow);
    (held.is_ok(), held.is_ok_and(|waited| waited), followed)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_end_an_order_in_one_instant_the_second_is_refused() {
    for (first, second, state) in
        [(CANCEL, EndOrder::Fulfil, "held"), (EndOrder::Fulfil, CANCEL, "fulfilled")]
    {
        for shard in [Shard::stall(STALL), ELSEWHERE] {
            // A directory belongs to one process alone.
            for store in stores().into_iter().filter(|store| matches!(store.place, Place::Url(_))) {
                let world = World::waiting((store, Speaks::Stripe)).await;
                world.provider.books().buyer(true);
                world.until(("held", "paid")).await;
                let done = at_once(&world, (first, second), shard).await;
                assert_eq!(done, (true, true, false), "{first:?} and {second:?}, {shard:?}");
                assert_eq!(world.standing().await.0, state);
            }
        }
    }
}
