//! What is answered to who asks again for what is held, and to who comes too late for it.

use axum::http::StatusCode;
use soko_sync_server::guard::limits::{Rate, Rates};

use crate::common::server::Wanted;
use crate::common::shop::{Shop, core, stores};
use crate::paying::{ORDER, World, scenes};

/// The reply was lost, and whoever takes payments is not here any more when it is asked for again.
#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_of_what_is_held_gets_its_answer_though_nobody_takes_payments_any_more() {
    for scene in scenes() {
        let world = World::open(scene).await;
        let first = world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        let world = world.restart_with(vec![]);
        assert_eq!(world.order(1, ORDER).send().await.expect(StatusCode::CREATED).bytes, first.bytes);
        world.order(1, 2).send().await.refused(StatusCode::BAD_REQUEST, "unknown_way");
        assert_eq!(world.shop.available().await, 2, "held once");
    }
}

/// A burst empties a stall's bucket: who comes too late for the goods hears that, and not that they should come again.
#[tokio::test(flavor = "multi_thread")]
async fn once_it_is_sold_out_nobody_waits_to_hear_so() {
    for store in stores() {
        let stall = Rate { burst: 40, per_second: 1 };
        let rates = Rates { stall, ..Rates::default() };
        let wanted = Wanted { rates: Some(rates), ..Wanted::default() };
        let shop = Shop::open_wanted(store, core(), 3, wanted).await;
        shop.server.clock.advance_ms(60_000);
        let held = shop.order(1, 1, 2).send().await.expect(StatusCode::CREATED);
        shop.order(2, 2, 1).send().await.expect(StatusCode::CREATED);
        shop.order(3, 3, 1).send().await.refused(StatusCode::CONFLICT, "share_exceeded");
        for late in 4..30 {
            shop.order(late, late, 1).send().await.refused(StatusCode::CONFLICT, "share_exceeded");
        }
        // Whoever has an order hears of that, once there is a place.
        shop.order(1, 1, 2).send().await.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
        shop.server.clock.advance_ms(60_000);
        assert_eq!(shop.order(1, 1, 2).send().await.expect(StatusCode::CREATED).bytes, held.bytes);
    }
}
