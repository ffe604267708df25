//! A deal on a buyer's phone: what it costs is seen before the last tap, and whoever cannot have it is asked at the usual price.

use soko_app_api::{
    Answer, BuyerQuery, BuyerView, Call, DealInput, OwnOrderState, ProductEdit, ProductView, Query, Verb,
    View, WantedLine,
};
use soko_domain::ids::{OrderId, ThingId};

use crate::buyer::{buy, buyer, offers, own_order, place, put, until_state};
use crate::world::{MANGO, Running, STALL, Shell, on_one_thread, right_ms};

const HOUR_MS: i64 = 3_600_000;
const USUAL_MINOR: i64 = 250;
const DEAL_MINOR: i64 = 200;

fn deal(quantity: i64, each: Option<i64>) -> DealInput {
    let (from_ms, until_ms) = (right_ms() - HOUR_MS, right_ms() + HOUR_MS);
    let (deal, price_minor, price_per) = (ThingId([7; 16]), DEAL_MINOR, Some(1));
    DealInput { deal, price_minor, price_per, from_ms, until_ms, quantity, each }
}

async fn said(stall: &Shell, deal: DealInput) {
    stall.done(Verb::EditProduct { product: MANGO, edits: vec![ProductEdit::Deal(Some(deal))] }).await;
    stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
}

async fn basket(shell: &Shell) -> WantedLine {
    match shell.call(Call::Buyer(BuyerQuery::Baskets)).await {
        Answer::Buyer(BuyerView::Baskets(baskets)) => baskets[0].lines[0].clone(),
        other => panic!("{other:?}"),
    }
}

async fn product(stall: &Shell) -> ProductView {
    match stall.ask(Query::Product { stall: STALL, product: MANGO }).await {
        View::Product(view) => view,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_price_that_is_seen_is_the_deals_until_it_is_not_and_then_it_is_asked_about() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        said(&stall, deal(5, Some(2))).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        let row = offers(&shopper, "mango").await.value.remove(0);
        let told = row.deal.expect("a deal");
        assert_eq!((row.price_minor, row.was_minor), (DEAL_MINOR, Some(USUAL_MINOR)));
        assert_eq!((told.usual_minor, told.left, told.each, told.is_on), (USUAL_MINOR, 5, 2, true));

        // More than one buyer may have costs what it usually costs, and that is shown at once.
        buy(&shopper, 1, put(MANGO, 3)).await;
        assert_eq!(basket(&shopper).await.total_minor, 3 * USUAL_MINOR);
        buy(&shopper, 2, put(MANGO, 2)).await;
        assert_eq!(basket(&shopper).await.total_minor, 2 * DEAL_MINOR);
        buy(&shopper, 3, place(OrderId([1; 16]))).await;
        until_state(&shopper, OrderId([1; 16]), OwnOrderState::Held).await;
        assert_eq!(own_order(&shopper, OrderId([1; 16])).await.row.total_minor, 2 * DEAL_MINOR);
        let sold = async || product(&stall).await.deal.filter(|deal| deal.sold == 2).map(drop);
        stall.until("the sale at the stall", sold).await;

        // The phone does not know what one may still have: the server says so, and then it is asked at the usual price.
        buy(&shopper, 4, put(MANGO, 1)).await;
        assert_eq!(basket(&shopper).await.price_minor, DEAL_MINOR);
        buy(&shopper, 5, place(OrderId([2; 16]))).await;
        until_state(&shopper, OrderId([2; 16]), OwnOrderState::Reconfirm).await;
        assert_eq!(own_order(&shopper, OrderId([2; 16])).await.because, "deal_each");
        let line = basket(&shopper).await;
        assert_eq!((line.price_minor, line.price_was_minor), (USUAL_MINOR, Some(DEAL_MINOR)));
        buy(&shopper, 6, place(OrderId([3; 16]))).await;
        until_state(&shopper, OrderId([3; 16]), OwnOrderState::Held).await;
        assert_eq!(own_order(&shopper, OrderId([3; 16])).await.row.total_minor, USUAL_MINOR);
        // Whoever takes another number of it asks anew.
        buy(&shopper, 7, put(MANGO, 2)).await;
        assert_eq!(basket(&shopper).await.price_minor, DEAL_MINOR);
        stall.close();
        shopper.close();
    });
}

#[test]
fn of_two_who_ordered_the_last_ones_without_a_signal_one_is_told_and_sees_the_usual_price() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        said(&stall, deal(2, None)).await;
        let phones = ["first", "second"].map(|name| Shell::open(&folder.path().join(name)));
        for shopper in &phones {
            buyer(shopper, &server).await;
            offers(shopper, "mango").await;
            buy(shopper, 1, put(MANGO, 2)).await;
            assert_eq!(basket(shopper).await.total_minor, 2 * DEAL_MINOR);
        }
        drop(server);
        for (number, shopper) in (1..).zip(&phones) {
            buy(shopper, 2, place(OrderId([number; 16]))).await;
        }
        let server = Running::start_at(&data, port);
        let mut told = Vec::new();
        for (number, shopper) in (1..).zip(&phones) {
            let order = OrderId([number; 16]);
            let ended = async || {
                let state = own_order(shopper, order).await.row.state;
                (state != OwnOrderState::Saved).then_some(state)
            };
            told.push(shopper.until("an answer", ended).await);
        }
        let lost = told.iter().position(|state| *state == OwnOrderState::Reconfirm).expect("one is told");
        assert_eq!(told[1 - lost], OwnOrderState::Held);
        let shopper = &phones[lost];
        let order = OrderId([if lost == 0 { 1 } else { 2 }; 16]);
        assert_eq!(own_order(shopper, order).await.because, "deal_sold_out");
        let line = basket(shopper).await;
        assert_eq!((line.price_minor, line.price_was_minor), (USUAL_MINOR, Some(DEAL_MINOR)));
        buy(shopper, 3, place(OrderId([3; 16]))).await;
        until_state(shopper, OrderId([3; 16]), OwnOrderState::Held).await;
        assert_eq!(own_order(shopper, OrderId([3; 16])).await.row.total_minor, 2 * USUAL_MINOR);
        stall.close();
        for shopper in phones {
            shopper.close();
        }
        drop(server);
    });
}
