//! Codes on a buyer's phone: what is seen before the last tap is what is charged, with a signal and without.

use soko_app_api::{
    Answer, BuyerQuery, BuyerVerb, BuyerView, Call, CheckoutView, CouponInput, CouponsView, DeviceVerb,
    DiscountInput, OwnOrderState, Query, Verb, View,
};
use soko_domain::delivery::Handing;
use soko_domain::ids::OrderId;

use crate::buyer::{buy, buyer, offers, orders_at, own_order, put, until_state};
use crate::world::{MANGO, Running, STALL, Shell, on_one_thread};

async fn checkout(shell: &Shell, coupon: Option<&str>) -> CheckoutView {
    let coupon = coupon.map(str::to_owned);
    let query = BuyerQuery::Checkout {
        stall: STALL,
        handing: Some(Handing::Pickup),
        zone: String::new(),
        coupon,
        card: None,
    };
    match shell.call(Call::Buyer(query)).await {
        Answer::Buyer(BuyerView::Checkout(view)) => *view,
        other => panic!("{other:?}"),
    }
}

/// Code, what it takes off, why not, and the whole.
fn told(view: &CheckoutView) -> (&str, i64, &str, Option<i64>) {
    (&view.coupon, view.discount_minor, &view.coupon_problem, view.total_minor)
}

fn order(order: u8, coupon: &str, seen_minor: i64) -> BuyerVerb {
    BuyerVerb::PlaceOrder {
        stall: STALL,
        order: OrderId([order; 16]),
        note: String::new(),
        pay: None,
        handing: Handing::Pickup,
        zone: String::new(),
        contact: None,
        coupon: coupon.into(),
        seen_total_minor: Some(seen_minor),
        seen_tax_minor: None,
        card: String::new(),
        seen_card_minor: None,
    }
}

async fn made(stall: &Shell, code: &str, terms: CouponInput) {
    stall.done(Verb::PutCoupon { code: code.into(), terms }).await;
    stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
}

async fn coupons(stall: &Shell) -> CouponsView {
    match stall.ask(Query::Coupons(STALL)).await {
        View::Coupons(view) => view,
        other => panic!("{other:?}"),
    }
}

fn tenth() -> CouponInput {
    CouponInput {
        off: DiscountInput::PercentPpm(100_000),
        min_minor: 500,
        uses_max: Some(1),
        ..CouponInput::default()
    }
}

#[test]
fn a_code_takes_off_what_was_seen_counts_for_the_stall_and_comes_back_with_its_order() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        made(&stall, "mango-10", tenth()).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 1)).await;
        let little = checkout(&shopper, Some("Mango-10")).await;
        assert_eq!(told(&little), ("MANGO-10", 0, "coupon_minimum", Some(250)));
        assert_eq!(little.coupon_min_minor, Some(500));
        buy(&shopper, 2, put(MANGO, 3)).await;
        assert_eq!(told(&checkout(&shopper, Some("nope")).await), ("NOPE", 0, "coupon_unknown", Some(750)));
        assert_eq!(told(&checkout(&shopper, Some("é")).await), ("é", 0, "coupon_unknown", Some(750)));
        assert_eq!(told(&checkout(&shopper, Some("mango-10")).await), ("MANGO-10", 75, "", Some(675)));
        assert_eq!(told(&checkout(&shopper, None).await), ("", 0, "", Some(750)));

        // Another sum than was seen is not ordered; five taps are one order.
        let Answer::Refused(refused) = buy(&shopper, 3, order(7, "mango-10", 750)).await else {
            panic!("it was ordered")
        };
        assert_eq!(refused.code, "total_changed");
        for id in 10..15 {
            assert_eq!(buy(&shopper, id, order(7, "mango-10", 675)).await, Answer::Bought);
        }
        until_state(&shopper, OrderId([7; 16]), OwnOrderState::Held).await;
        let own = own_order(&shopper, OrderId([7; 16])).await;
        assert_eq!((own.coupon.as_str(), own.discount_minor, own.row.total_minor), ("MANGO-10", 75, 675));
        assert_eq!(own.lines[0].total_minor, 675);
        stall.until("the order at the stall", async || (orders_at(&stall).await > 0).then_some(())).await;
        let [row] = coupons(&stall).await.rows.try_into().unwrap();
        assert_eq!((row.uses, row.off_minor), (1, 75));

        // It may be used once, and once more when that order is cancelled.
        buy(&shopper, 20, put(MANGO, 2)).await;
        assert_eq!(
            told(&checkout(&shopper, Some("mango-10")).await),
            ("MANGO-10", 0, "coupon_used_up", Some(500))
        );
        buy(&shopper, 21, BuyerVerb::CancelOrder { order: OrderId([7; 16]) }).await;
        until_state(&shopper, OrderId([7; 16]), OwnOrderState::Cancelled).await;
        assert_eq!(told(&checkout(&shopper, Some("mango-10")).await), ("MANGO-10", 50, "", Some(450)));
        // Ended by the stall, it takes nothing off, and says so.
        made(&stall, "MANGO-10", CouponInput { is_ended: true, ..tenth() }).await;
        assert_eq!(told(&checkout(&shopper, Some("mango-10")).await).2, "coupon_over");
        stall.close();
        shopper.close();
    });
}

#[test]
fn a_code_that_nobody_could_ask_about_goes_with_the_order_and_is_asked_about_again() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, phone) = (folder.path().join("server"), folder.path().join("phone"));
        let server = Running::start(&data);
        let port = server.port();
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        made(&stall, "MANGO-10", tenth()).await;
        let shopper = Shell::open(&phone);
        buyer(&shopper, &server).await;
        drop(server);
        buy(&shopper, 1, put(MANGO, 3)).await;
        // Without a signal nobody knows what it takes off: the whole price is shown, and the code goes along.
        assert_eq!(
            told(&checkout(&shopper, Some("mango-10")).await),
            ("MANGO-10", 0, "coupon_unseen", Some(750))
        );
        assert_eq!(buy(&shopper, 2, order(0x0a, "MANGO-10", 750)).await, Answer::Bought);
        assert_eq!(own_order(&shopper, OrderId([0x0a; 16])).await.row.state, OwnOrderState::Saved);
        let server = Running::start_at(&data, port);
        shopper.device(DeviceVerb::ExchangeNow).await;
        // It comes to less by now, so whoever ordered is asked: the basket is there again, with the code.
        until_state(&shopper, OrderId([0x0a; 16]), OwnOrderState::Reconfirm).await;
        let again = checkout(&shopper, None).await;
        assert_eq!(told(&again), ("MANGO-10", 75, "", Some(675)));
        assert_eq!(buy(&shopper, 3, order(0x0b, "MANGO-10", 675)).await, Answer::Bought);
        until_state(&shopper, OrderId([0x0b; 16]), OwnOrderState::Held).await;

        // What was seen of a code counts without a signal; what became of it meanwhile is answered when the order is sent.
        let other = Shell::open(&folder.path().join("other"));
        made(&stall, "TEN", CouponInput { uses_max: None, ..tenth() }).await;
        other.device(DeviceVerb::UseServer { server: server.url() }).await;
        other.until("the market", async || (offers(&other, "").await.value.len() == 2).then_some(())).await;
        buy(&other, 1, put(MANGO, 2)).await;
        assert_eq!(told(&checkout(&other, Some("ten")).await), ("TEN", 50, "", Some(450)));
        drop(server);
        other
            .until("it to be alone", async || {
                checkout(&other, Some("ten")).await;
                (other.about().await.is_online == Some(false)).then_some(())
            })
            .await;
        assert_eq!(told(&checkout(&other, Some("ten")).await), ("TEN", 50, "", Some(450)));
        assert_eq!(buy(&other, 2, order(0x0c, "TEN", 450)).await, Answer::Bought);
        stall
            .done(Verb::PutCoupon { code: "TEN".into(), terms: CouponInput { is_ended: true, ..tenth() } })
            .await;
        other.close();
        let _server = Running::start_at(&data, port);
        stall.device(DeviceVerb::ExchangeNow).await;
        stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
        let other = Shell::open(&folder.path().join("other"));
        until_state(&other, OrderId([0x0c; 16]), OwnOrderState::Reconfirm).await;
        assert_eq!(own_order(&other, OrderId([0x0c; 16])).await.because, "coupon_over");
        assert_eq!(told(&checkout(&other, None).await), ("TEN", 0, "coupon_over", Some(500)));
        stall.close();
        shopper.close();
        other.close();
    });
}
