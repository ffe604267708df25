//! Taxes on a buyer's phone: said by the server before the last tap and with the order, worked out here without it, and asked about
//! when they changed.

use soko_app_api::{
    Answer, BuyerQuery, BuyerVerb, BuyerView, Call, CheckoutView, OwnOrderState, ProductEdit, StallEdit,
    TaxClass, TaxRow, Verb,
};
use soko_domain::delivery::Handing;
use soko_domain::ids::{OrderId, ThingId};
use soko_domain::tax::TaxMode;

use crate::buyer::{buy, buyer, own_order, put, until_state};
use crate::world::{MANGO, Running, STALL, Shell, TEA, on_one_thread};

async fn checkout(shell: &Shell) -> CheckoutView {
    let (handing, zone, coupon) = (Some(Handing::Pickup), String::new(), None);
    match shell
        .call(Call::Buyer(BuyerQuery::Checkout { stall: STALL, handing, zone, coupon, card: None }))
        .await
    {
        Answer::Buyer(BuyerView::Checkout(view)) => *view,
        other => panic!("{other:?}"),
    }
}

fn order(order: u8, view: &CheckoutView) -> BuyerVerb {
    BuyerVerb::PlaceOrder {
        stall: STALL,
        order: OrderId([order; 16]),
        note: String::new(),
        pay: None,
        handing: Handing::Pickup,
        zone: String::new(),
        contact: None,
        coupon: String::new(),
        seen_total_minor: view.total_minor,
        seen_tax_minor: view.tax_minor,
        card: String::new(),
        seen_card_minor: None,
    }
}

fn tax(ppm: u32, mode: TaxMode, net_minor: i64, tax_minor: i64) -> TaxRow {
    TaxRow { ppm, mode, label: String::new(), net_minor, tax_minor }
}

async fn taxed(stall: &Shell, product: soko_domain::ids::ProductId, ppm: u32, is_inclusive: bool) {
    let edits = vec![ProductEdit::TaxPpm(ppm), ProductEdit::TaxInclusive(is_inclusive)];
    stall.done(Verb::EditProduct { product, edits }).await;
    stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
}

#[test]
fn taxes_are_seen_as_they_are_charged_and_asked_about_when_they_changed() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        taxed(&stall, MANGO, 250_000, true).await;
        taxed(&stall, TEA, 100_000, false).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 2)).await;
        buy(&shopper, 2, put(TEA, 1)).await;
        let first = checkout(&shopper).await;
        let tea = first.total_minor.unwrap() - 500;
        let on_top = tax(100_000, TaxMode::Exclusive, tea * 10 / 11, tea / 11);
        assert_eq!(first.taxes, [on_top.clone(), tax(250_000, TaxMode::Inclusive, 400, 100)]);
        assert_eq!((first.is_of_server, first.tax_minor), (true, Some(100 + tea / 11)));
        assert_eq!(first.line_totals, [500, tea]);

        // The stall changes a rate; the total stays, and whoever saw the other one is asked.
        taxed(&stall, MANGO, 0, true).await;
        assert_eq!(buy(&shopper, 3, order(7, &first)).await, Answer::Bought);
        until_state(&shopper, OrderId([7; 16]), OwnOrderState::Reconfirm).await;
        assert_eq!(own_order(&shopper, OrderId([7; 16])).await.because, "tax_changed");
        let again = checkout(&shopper).await;
        assert_eq!((again.total_minor, &again.taxes), (first.total_minor, &vec![on_top.clone()]));
        assert_eq!(buy(&shopper, 4, order(8, &again)).await, Answer::Bought);
        until_state(&shopper, OrderId([8; 16]), OwnOrderState::Held).await;
        assert_eq!(own_order(&shopper, OrderId([8; 16])).await.taxes, std::slice::from_ref(&on_top));

        // Without a server it is worked out here, and said so; the order waits with the same.
        buy(&shopper, 5, put(TEA, 1)).await;
        checkout(&shopper).await;
        drop(server);
        let alone = checkout(&shopper).await;
        assert_eq!((alone.is_of_server, alone.tax_minor, &alone.taxes), (false, None, &vec![on_top.clone()]));
        assert_eq!(alone.total_minor, Some(tea));
        assert_eq!(buy(&shopper, 6, order(9, &alone)).await, Answer::Bought);
        let saved = own_order(&shopper, OrderId([9; 16])).await;
        assert_eq!((saved.row.state, saved.taxes), (OwnOrderState::Saved, vec![on_top]));
    });
}

#[test]
fn a_tax_is_called_by_its_class_without_a_server_too_once_that_said_it() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let class =
            TaxClass { class: ThingId([8; 16]), label: "Reduced".into(), ppm: 250_000, is_inclusive: true };
        stall.done(Verb::EditStall { edits: vec![StallEdit::PutTax(class)] }).await;
        let edits = vec![ProductEdit::TaxClass(Some(ThingId([8; 16])))];
        stall.done(Verb::EditProduct { product: MANGO, edits }).await;
        taxed(&stall, TEA, 100_000, true).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 2)).await;
        buy(&shopper, 2, put(TEA, 1)).await;
        let labels = |view: &CheckoutView| view.taxes.iter().map(|tax| tax.label.clone()).collect::<Vec<_>>();
        let said = checkout(&shopper).await;
        assert_eq!((said.is_of_server, labels(&said)), (true, vec![String::new(), "Reduced".into()]));
        drop(server);
        let alone = checkout(&shopper).await;
        assert_eq!((alone.is_of_server, &alone.taxes), (false, &said.taxes));
        assert_eq!(buy(&shopper, 3, order(9, &alone)).await, Answer::Bought);
        assert_eq!(own_order(&shopper, OrderId([9; 16])).await.taxes, said.taxes);
    });
}
