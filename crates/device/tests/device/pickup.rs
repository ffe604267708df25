//! Fetching an order: what its buyer shows is on the device, and the stall's camera reads it, with no server there.

use soko_app_api::{Answer, Call, OwnOrderState, Pickup, PickupCode, Query, TenderInput, Verb, View};
use soko_domain::ids::OrderId;

use crate::buyer::{buy, buyer, orders_at, own_order, place, put, until_state};
use crate::world::*;

const ORDER: OrderId = OrderId([0x71; 16]);
/// Of a code on a screen before a camera, in dots a module; and white around it.
const DOTS: usize = 4;
const QUIET: usize = 4;

/// The code as a camera sees it, in shades of grey.
fn seen(code: &PickupCode) -> Call {
    let side = usize::try_from(code.side).unwrap();
    assert_eq!(code.modules.len(), side * side);
    let dots = (side + 2 * QUIET) * DOTS;
    let is_dark = |x: usize, y: usize| {
        let (x, y) = ((x / DOTS).checked_sub(QUIET), (y / DOTS).checked_sub(QUIET));
        x.zip(y).is_some_and(|(x, y)| x < side && y < side && code.modules[y * side + x])
    };
    let all = (0..dots).flat_map(|y| (0..dots).map(move |x| (x, y)));
    let shades = all.map(|(x, y)| if is_dark(x, y) { 40 } else { 210 }).collect();
    let dots = u32::try_from(dots).unwrap();
    Call::ReadCode { width: dots, height: dots, shades }
}

#[test]
fn what_a_buyer_shows_opens_the_order_at_the_stall_without_a_server() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, phone) = (folder.path().join("server"), folder.path().join("phone"));
        let server = Running::start(&data);
        let (url, port) = (server.url(), server.port());
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let shopper = Shell::open(&phone);
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 3)).await;
        buy(&shopper, 2, place(ORDER)).await;
        until_state(&shopper, ORDER, OwnOrderState::Held).await;
        stall.until("the order at the stall", async || (orders_at(&stall).await > 0).then_some(())).await;
        drop(server);
        shopper.close();
        let shopper = Shell::open(&phone);

        let code = own_order(&shopper, ORDER).await.pickup.unwrap();
        assert!(code.link.starts_with(&url), "any telephone's camera opens it: {}", code.link);
        let Answer::Code(Some(read)) = stall.call(seen(&code)).await else { panic!("nothing was read") };
        assert_eq!(Pickup::of_link(&read), Some(Pickup { stall: STALL, order: ORDER }));
        let View::Order(found) = stall.ask(Query::Order { stall: STALL, order: ORDER }).await else {
            panic!("the stall has no such order")
        };
        assert_eq!(found.row.state, "held");
        stall.done(Verb::HandOverOrder { order: ORDER, tenders: vec![TenderInput::cash(750)] }).await;

        let _server = Running::start_at(&data, port);
        stall.device(soko_app_api::DeviceVerb::ExchangeNow).await;
        shopper.device(soko_app_api::DeviceVerb::ExchangeNow).await;
        until_state(&shopper, ORDER, OwnOrderState::HandedOver).await;
        assert_eq!(own_order(&shopper, ORDER).await.pickup, None, "nothing lies there any more");
        stall.close();
        shopper.close();
    });
}

#[test]
fn what_only_the_device_knows_has_no_code_to_show() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        drop(server);
        buy(&shopper, 1, put(MANGO, 1)).await;
        buy(&shopper, 2, place(ORDER)).await;
        let saved = own_order(&shopper, ORDER).await;
        assert_eq!((saved.row.state, saved.pickup), (OwnOrderState::Saved, None));
        stall.close();
        shopper.close();
    });
}
