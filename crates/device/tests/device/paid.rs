//! That the money for an order came is told at registers that did not see it themselves.

use soko_app_api::{Arrival, BuyerVerb, DeviceVerb, OwnOrderState, PayChoice, Query, StallEdit, Verb, View};
use soko_domain::delivery::Handing;
use soko_domain::entry::PayWay;
use soko_domain::ids::OrderId;
use soko_domain::verbs::pay_order::PayStanding;

use crate::buyer::{buy, buyer, put, until_state};
use crate::stalls::invite;
use crate::world::{MANGO, Running, STALL, Shell, on_one_thread};

const ORDER: OrderId = OrderId([0x7b; 16]);
const TERMS: &str = "holder Duka\nnumber DE89370400440532013000\ndays 2";

fn by_transfer() -> BuyerVerb {
    by(PayWay::Transfer)
}

fn by(way: PayWay) -> BuyerVerb {
    BuyerVerb::PlaceOrder {
        stall: STALL,
        order: ORDER,
        note: String::new(),
        pay: Some(PayChoice { way, phone: String::new() }),
        handing: Handing::Pickup,
        zone: String::new(),
        contact: None,
        coupon: String::new(),
        seen_total_minor: None,
        seen_tax_minor: None,
        card: String::new(),
        seen_card_minor: None,
    }
}

fn payments(shell: &Shell) -> Vec<Arrival> {
    shell.arrivals().into_iter().filter(|it| matches!(it, Arrival::Paid { .. })).collect()
}

async fn knows_the_order(shell: &Shell) {
    let knows = async || {
        let view = shell.ask(Query::Order { stall: STALL, order: ORDER }).await;
        matches!(view, View::Order(_)).then_some(())
    };
    shell.until("the order", knows).await;
}

#[test]
fn a_payment_is_told_once_at_the_registers_that_did_not_see_it() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let first = Shell::open(&folder.path().join("first"));
        first.shop(&server).await;
        first.done(Verb::EditStall { edits: vec![StallEdit::TransferTerms(TERMS.into())] }).await;
        let at = folder.path().join("second");
        let second = Shell::open(&at);
        let (invitation, device_name) = (invite(&first).await, "till 2".into());
        second.device(DeviceVerb::Join { invitation, device_name }).await;
        let has_all =
            async || (second.digest() == first.digest() && first.status().await.unsent == 0).then_some(());
        second.until("the first one's records", has_all).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 2)).await;
        buy(&shopper, 2, by_transfer()).await;
        until_state(&shopper, ORDER, OwnOrderState::Held).await;
        knows_the_order(&first).await;
        knows_the_order(&second).await;

        first.done(Verb::TransferCame { order: ORDER, amount_minor: 500, reference: String::new() }).await;
        let told = second.until("the payment", async || payments(&second).first().cloned()).await;
        let (stall_name, currency) = ("Duka".into(), "EUR".into());
        let news = Arrival::Paid {
            stall: STALL,
            order: ORDER,
            stall_name,
            currency,
            amount_minor: 500,
            payments: 1,
        };
        assert_eq!((told, payments(&second).len()), (news, 1));
        assert_eq!(payments(&first), [], "whoever marked it knows");
        // Opened again, nobody is told again.
        second.close();
        let second = Shell::open(&at);
        second.until("its server", async || (second.digest() == first.digest()).then_some(())).await;
        second.device(DeviceVerb::ExchangeNow).await;
        assert_eq!(payments(&second), []);
        first.close();
        second.close();
        shopper.close();
    });
}

/// Many are never paid, and nobody hands one over before.
#[test]
fn an_order_that_is_about_to_be_paid_is_told_once_it_is_paid() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start_paid(&folder.path().join("server"));
        let till = Shell::open(&folder.path().join("till"));
        till.shop(&server).await;
        till.done(Verb::EditStall { edits: vec![StallEdit::TakesCard(true)] }).await;
        let sent = async || (till.status().await.unsent == 0).then_some(());
        till.until("the stall at the server", sent).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 2)).await;
        buy(&shopper, 2, by(PayWay::Card)).await;
        until_state(&shopper, ORDER, OwnOrderState::Held).await;
        knows_the_order(&till).await;
        let pays = async || {
            let answer = server.post(&format!("/v1/test-money/{ORDER}"), "answer=yes").await;
            answer.contains("303").then_some(())
        };
        till.until("the page of the payment", pays).await;
        let told = till.until("the order", async || till.arrivals().first().cloned()).await;
        assert!(matches!(told, Arrival::Order { order: ORDER, .. }), "{told:?}");
        let view = till.ask(Query::Order { stall: STALL, order: ORDER }).await;
        let View::Order(order) = view else { panic!("{view:?}") };
        assert_eq!((order.row.money, till.arrivals().len()), (PayStanding::Paid, 1), "once, and paid");
        till.close();
        shopper.close();
    });
}
