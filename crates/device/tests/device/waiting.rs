//! An order whose stall does nothing with it for a while keeps none of the buyer's others waiting.

use soko_app_api::{BuyerVerb, OwnOrderState};
use soko_domain::ids::OrderId;

use crate::buyer::{buy, buyer_of, place, put, until_state};
use crate::world::*;

const FIRST: OrderId = OrderId([0x71; 16]);
const SECOND: OrderId = OrderId([0x72; 16]);
/// As a server says it of a stall that waits for its devices after a restore.
const FROZEN: Marked = Marked {
    method: "POST ",
    path: "/cancel HTTP",
    instead: Instead::Reply(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncontent-length: 44\r\n\
         connection: close\r\n\r\n{\"code\":\"stall_frozen\",\"detail\":\"try later\"}",
    ),
};
const FOR_LONG: u32 = 1_000;

#[test]
fn a_cancelling_that_waits_for_a_frozen_stall_lets_the_next_order_go() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let lossy = Lossy::before(&server, (FROZEN, FOR_LONG)).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer_of(&shopper, lossy.url()).await;
        buy(&shopper, 1, put(MANGO, 3)).await;
        buy(&shopper, 2, place(FIRST)).await;
        until_state(&shopper, FIRST, OwnOrderState::Held).await;
        buy(&shopper, 3, BuyerVerb::CancelOrder { order: FIRST }).await;
        shopper.until("it to be refused", async || (lossy.lost.get() > 0).then_some(())).await;
        buy(&shopper, 4, put(TEA, 1)).await;
        buy(&shopper, 5, place(SECOND)).await;
        until_state(&shopper, SECOND, OwnOrderState::Held).await;
        // The stall is there again, and so is what was asked of it.
        lossy.lost.set(FOR_LONG);
        until_state(&shopper, FIRST, OwnOrderState::Cancelled).await;
        stall.close();
        shopper.close();
    });
}
