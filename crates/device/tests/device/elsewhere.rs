//! A buyer's orders on all their devices: those that another one placed are there, followed, cancelled, brought back and
//! reviewed like one's own, and nobody else's are.

use soko_app_api::{
    Answer, BackLine, Bought, BuyerQuery, BuyerVerb, BuyerView, Call, DeviceVerb, OwnOrderRow, OwnOrderState,
    OwnReviewState, StallEdit, TenderInput, Verb, Window,
};
use soko_domain::entry::{OrderStep, ReturnWhy};
use soko_domain::ids::{OrderId, ThingId};

use crate::buyer::{buy, buyer, orders_at, own_order, place, put, until_state};
use crate::world::*;

const ORDER: OrderId = OrderId([0x61; 16]);
const SECOND: OrderId = OrderId([0x62; 16]);
const AS_GUEST: OrderId = OrderId([0x63; 16]);

async fn rows(shell: &Shell) -> Vec<OwnOrderRow> {
    match shell.call(Call::Buyer(BuyerQuery::Orders { window: Window::first(50) })).await {
        Answer::Buyer(BuyerView::Orders(rows)) => rows,
        other => panic!("{other:?}"),
    }
}

async fn until_rows(shell: &Shell, what: &str, wanted: &[OrderId]) {
    let known = async || rows(shell).await.iter().map(|row| row.order).collect::<Vec<_>>();
    shell.until(what, async || (known().await == wanted).then_some(())).await;
}

async fn sign_in(shell: &Shell, email: &str) {
    shell.device(DeviceVerb::SignIn { email: email.into(), password: PASSWORD.into() }).await;
}

#[test]
fn an_order_is_on_every_device_of_its_buyer_and_goes_on_from_each() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let server = Running::start(&path("server"));
        let stall = Shell::open(&path("till"));
        stall.shop(&server).await;
        stall.done(Verb::EditStall { edits: vec![StallEdit::ReturnDays(14)] }).await;
        stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
        let phone = Shell::open(&path("phone"));
        buyer(&phone, &server).await;
        // Ordered before there was an account, and then with one.
        buy(&phone, 1, put(MANGO, 1)).await;
        buy(&phone, 2, place(AS_GUEST)).await;
        until_state(&phone, AS_GUEST, OwnOrderState::Held).await;
        phone.sign_up(&server, "amina@example.org").await;
        buy(&phone, 3, put(MANGO, 2)).await;
        buy(&phone, 4, put(TEA, 1)).await;
        buy(&phone, 5, place(ORDER)).await;
        until_state(&phone, ORDER, OwnOrderState::Held).await;

        // The other device has never seen the market.
        let tablet = Shell::open(&path("tablet"));
        tablet.device(DeviceVerb::UseServer { server: server.url() }).await;
        assert_eq!(rows(&tablet).await, []);
        sign_in(&tablet, "amina@example.org").await;
        until_rows(&tablet, "what the phone ordered", &[ORDER, AS_GUEST]).await;
        let (here, there) = (own_order(&phone, ORDER).await, own_order(&tablet, ORDER).await);
        assert_eq!(
            (&there.row.stall_name, there.row.total_minor, &there.note),
            (&here.row.stall_name, 900, &here.note)
        );
        assert_eq!((&there.lines, there.row.state), (&here.lines, OwnOrderState::Held));
        assert_eq!(there.pickup, here.pickup, "it is fetched with either");
        assert!(tablet.arrivals().is_empty(), "nothing of it is news");

        // Placed later, it comes when somebody looks; cancelled there, it is cancelled here.
        buy(&phone, 6, put(TEA, 2)).await;
        buy(&phone, 7, place(SECOND)).await;
        until_rows(&tablet, "the next one", &[SECOND, ORDER, AS_GUEST]).await;
        assert_eq!(buy(&tablet, 1, BuyerVerb::CancelOrder { order: SECOND }).await, Answer::Bought);
        until_state(&tablet, SECOND, OwnOrderState::Cancelled).await;
        until_state(&phone, SECOND, OwnOrderState::Cancelled).await;
        assert_eq!(buy(&tablet, 2, BuyerVerb::CancelOrder { order: AS_GUEST }).await, Answer::Bought);
        until_state(&phone, AS_GUEST, OwnOrderState::Cancelled).await;

        // Followed live, brought back and reviewed from the device that did not place it.
        stall.until("the order at the stall", async || (orders_at(&stall).await > 2).then_some(())).await;
        stall.done(Verb::StepOrder { order: ORDER, step: OrderStep::Accepted }).await;
        until_state(&tablet, ORDER, OwnOrderState::Accepted).await;
        stall.done(Verb::HandOverOrder { order: ORDER, tenders: vec![TenderInput::cash(900)] }).await;
        until_state(&tablet, ORDER, OwnOrderState::HandedOver).await;
        bring_back_and_review(&tablet, &phone).await;
        for shell in [stall, phone, tablet] {
            shell.close();
        }
    });
}

async fn bring_back_and_review(tablet: &Shell, phone: &Shell) {
    assert_eq!(own_order(tablet, ORDER).await.return_days, 14, "as the stall says");
    let returned = ThingId([9; 16]);
    let lines = vec![BackLine { line: 0, quantity: 1 }];
    let verb = BuyerVerb::ReturnGoods { order: ORDER, returned, why: ReturnWhy::NotWanted, lines };
    assert_eq!(buy(tablet, 3, verb).await, Answer::Bought);
    let back = async || own_order(phone, ORDER).await.returns.first().map(|it| it.returned);
    phone.until("what comes back", async || (back().await == Some(returned)).then_some(())).await;
    let it = Bought { order: ORDER, product: TEA };
    assert_eq!(
        buy(tablet, 4, BuyerVerb::Review { it, stars: 5, words: "Sweet.".into() }).await,
        Answer::Bought
    );
    let sent = async || match tablet.call(Call::Buyer(BuyerQuery::OwnReviews(ORDER))).await {
        Answer::Buyer(BuyerView::OwnReviews(said)) => said[0].state,
        other => panic!("{other:?}"),
    };
    tablet.until("the review", async || (sent().await == OwnReviewState::Sent).then_some(())).await;
}

#[test]
fn an_older_order_comes_with_the_sign_in_and_another_persons_never() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let server = Running::start(&path("server"));
        let stall = Shell::open(&path("till"));
        stall.shop(&server).await;
        let phone = Shell::open(&path("phone"));
        buyer(&phone, &server).await;
        phone.sign_up(&server, "amina@example.org").await;
        buy(&phone, 1, put(MANGO, 2)).await;
        buy(&phone, 2, place(ORDER)).await;
        until_state(&phone, ORDER, OwnOrderState::Held).await;

        let tablet = Shell::open(&path("tablet"));
        buyer_of_another(&tablet, &server).await;
        assert_eq!(rows(&tablet).await.iter().map(|row| row.order).collect::<Vec<_>>(), [SECOND]);
        assert_eq!(
            tablet.call(Call::Buyer(BuyerQuery::Order(ORDER))).await,
            Answer::Buyer(BuyerView::Missing),
            "another person's"
        );
        // More than one portion, all older than what is known here.
        for number in 0..21_u8 {
            buy(&phone, 10 + 2 * number, put(TEA, 1)).await;
            let order = OrderId([0x80 + number; 16]);
            buy(&phone, 11 + 2 * number, place(order)).await;
            until_state(&phone, order, OwnOrderState::Held).await;
            buy(&phone, 100 + number, BuyerVerb::CancelOrder { order }).await;
            until_state(&phone, order, OwnOrderState::Cancelled).await;
        }
        let desk = Shell::open(&path("desk"));
        desk.device(DeviceVerb::UseServer { server: server.url() }).await;
        sign_in(&desk, "amina@example.org").await;
        desk.until("all of them", async || (rows(&desk).await.len() == 22).then_some(())).await;
        assert_eq!(rows(&desk).await.last().map(|row| row.order), Some(ORDER));
        for shell in [stall, phone, tablet, desk] {
            shell.close();
        }
    });
}

async fn buyer_of_another(shell: &Shell, server: &Running) {
    shell.sign_up(server, "baraka@example.org").await;
    shell
        .until("the market", async || {
            let seen = crate::buyer::offers(shell, "").await;
            (seen.value.len() == 2).then_some(())
        })
        .await;
    buy(shell, 1, put(TEA, 1)).await;
    buy(shell, 2, place(SECOND)).await;
    until_state(shell, SECOND, OwnOrderState::Held).await;
}
