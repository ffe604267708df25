//! Gift cards on a buyer's phone: sold at a till, seen before the last tap, tried when an order is sent, and asked about again when they
//! pay another amount by then.

use soko_app_api::{
    Answer, BuyerQuery, BuyerVerb, BuyerView, Call, CardPart, CheckoutView, DeviceVerb, OwnOrderState,
    PurseInput, Query, Verb, View,
};
use soko_domain::delivery::Handing;
use soko_domain::ids::OrderId;
use soko_domain::purse::{CARD_LETTERS, CardCode};

use crate::buyer::{buy, buyer, orders_at, own_order, put, until_state};
use crate::world::{MANGO, Running, STALL, Shell, on_one_thread};

fn code() -> String {
    CardCode::of_chance([9; CARD_LETTERS]).to_string()
}

async fn checkout(shell: &Shell, card: Option<&str>) -> CheckoutView {
    let (handing, zone, coupon) = (Some(Handing::Pickup), String::new(), None);
    let card = card.map(str::to_owned);
    match shell.call(Call::Buyer(BuyerQuery::Checkout { stall: STALL, handing, zone, coupon, card })).await {
        Answer::Buyer(BuyerView::Checkout(view)) => *view,
        other => panic!("{other:?}"),
    }
}

fn order(order: u8, total_minor: i64, seen_card_minor: Option<i64>) -> BuyerVerb {
    BuyerVerb::PlaceOrder {
        stall: STALL,
        order: OrderId([order; 16]),
        note: String::new(),
        pay: None,
        handing: Handing::Pickup,
        zone: String::new(),
        contact: None,
        coupon: String::new(),
        seen_total_minor: Some(total_minor),
        seen_tax_minor: None,
        card: code().to_lowercase(),
        seen_card_minor,
    }
}

async fn sold(stall: &Shell, units: i64) {
    let purse = PurseInput::Card(code());
    stall.done(Verb::FillPurse { purse, units, tender: None, reason: "fair".into() }).await;
    stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
}

#[test]
fn a_card_pays_first_as_it_was_seen_and_the_stall_hears_of_it() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        sold(&stall, 700).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 2)).await;
        for wrong in ["4711", "0000-0000-0000-0000"] {
            let view = checkout(&shopper, Some(wrong)).await;
            assert_eq!((view.card_problem.as_str(), view.card_pays_minor()), ("unknown_purse", None));
        }
        // All of it lies at the till, which gives it back when it hears that a buyer has it.
        let typed = format!(" {} ", code().to_lowercase().replace('-', " "));
        let view = shopper
            .until("the card to pay", async || {
                let view = checkout(&shopper, Some(&typed)).await;
                (view.card_there_minor == Some(700)).then_some(view)
            })
            .await;
        assert_eq!((view.total_minor, view.card_pays_minor()), (Some(500), Some(500)));
        for id in 10..15 {
            assert_eq!(buy(&shopper, id, order(7, 500, Some(500))).await, Answer::Bought);
        }
        until_state(&shopper, OrderId([7; 16]), OwnOrderState::Held).await;
        let own = own_order(&shopper, OrderId([7; 16])).await;
        assert_eq!((own.card_minor, own.card_back_minor, own.row.total_minor), (500, 0, 500));
        stall.until("the order at the stall", async || (orders_at(&stall).await > 0).then_some(())).await;
        let seen = match stall.ask(Query::Order { stall: STALL, order: OrderId([7; 16]) }).await {
            View::Order(view) => view,
            other => panic!("{other:?}"),
        };
        assert_eq!((seen.card, seen.due_minor), (Some(CardPart { pays_minor: 500, back_minor: 0 }), 0));

        // The other half of it pays as much as it can of the next order.
        buy(&shopper, 20, put(MANGO, 1)).await;
        let view = checkout(&shopper, Some(&code())).await;
        assert_eq!((view.total_minor, view.card_pays_minor()), (Some(250), Some(200)));
        buy(&shopper, 21, BuyerVerb::CancelOrder { order: OrderId([7; 16]) }).await;
        until_state(&shopper, OrderId([7; 16]), OwnOrderState::Cancelled).await;
        assert_eq!(own_order(&shopper, OrderId([7; 16])).await.card_back_minor, 500);
        // It was seen to pay 200, and could pay all by now: somebody is asked.
        assert_eq!(buy(&shopper, 22, order(8, 250, Some(200))).await, Answer::Bought);
        until_state(&shopper, OrderId([8; 16]), OwnOrderState::Reconfirm).await;
        assert_eq!(own_order(&shopper, OrderId([8; 16])).await.because, "card_changed");
        let again = checkout(&shopper, None).await;
        assert_eq!((again.card.as_str(), again.card_pays_minor()), (&*code().to_lowercase(), Some(250)));
        stall.close();
        shopper.close();
    });
}

#[test]
fn a_card_that_nobody_could_ask_about_goes_with_the_order_and_pays_what_is_on_it() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        sold(&stall, 300).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 2)).await;
        shopper
            .until("the card to pay", async || {
                let view = checkout(&shopper, Some(&code())).await;
                (view.card_there_minor == Some(300)).then_some(())
            })
            .await;
        drop(server);
        let alone = checkout(&shopper, Some(&code())).await;
        assert_eq!((alone.card_pays_minor(), alone.card_problem.as_str()), (None, ""));
        assert_eq!(buy(&shopper, 2, order(9, 500, None)).await, Answer::Bought);
        let saved = own_order(&shopper, OrderId([9; 16])).await;
        assert_eq!((saved.row.state, saved.card_minor), (OwnOrderState::Saved, 0));
        let _server = Running::start_at(&data, port);
        shopper.device(DeviceVerb::ExchangeNow).await;
        until_state(&shopper, OrderId([9; 16]), OwnOrderState::Held).await;
        assert_eq!(own_order(&shopper, OrderId([9; 16])).await.card_minor, 300);
        stall.close();
        shopper.close();
    });
}
