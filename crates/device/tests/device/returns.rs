//! Bringing something back: asked without a signal, sent once, answered by the stall, seen by both.

use soko_app_api::{
    Answer, Arrival, BackLine, BuyerVerb, Call, Command, DeviceVerb, GoodsLine, OrderView, OwnNews,
    OwnOrderState, OwnReturnState, Query, RefundLineInput, ReturnAnswer, StallEdit, TenderInput, Verb, View,
};
use soko_domain::entry::{BackWay, GoodsBack, ReturnWhy};
use soko_domain::ids::{OrderId, ThingId};
use soko_domain::verbs::refund_order::PartStanding;
use soko_domain::verbs::return_goods::ReturnState;

use crate::buyer::{buy, buyer, offers, own_order, place, put, until_state};
use crate::world::{MANGO, Running, STALL, Shell, on_one_thread};

const ORDER: OrderId = OrderId([0x77; 16]);
const BACK: ThingId = ThingId([0x78; 16]);

fn wanted(returned: ThingId, quantity: i64) -> BuyerVerb {
    let lines = vec![BackLine { line: 0, quantity }];
    BuyerVerb::ReturnGoods { order: ORDER, returned, why: ReturnWhy::NotAsShown, lines }
}

async fn order_at(stall: &Shell) -> OrderView {
    match stall.ask(Query::Order { stall: STALL, order: ORDER }).await {
        View::Order(view) => view,
        other => panic!("{other:?}"),
    }
}

async fn state(shell: &Shell) -> Option<OwnReturnState> {
    own_order(shell, ORDER).await.returns.first().map(|it| it.state)
}

#[test]
fn what_comes_back_is_asked_for_once_and_answered_on_both_sides() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        stall.done(Verb::EditStall { edits: vec![StallEdit::ReturnDays(14)] }).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 3)).await;
        buy(&shopper, 2, place(ORDER)).await;
        until_state(&shopper, ORDER, OwnOrderState::Held).await;
        let early = buy(&shopper, 3, wanted(BACK, 2)).await;
        assert!(matches!(early, Answer::Refused(it) if it.code == "return_not_handed_over"));
        stall
            .until("the order", async || {
                let view = stall.ask(Query::Order { stall: STALL, order: ORDER }).await;
                matches!(view, View::Order(_)).then_some(())
            })
            .await;
        stall.done(Verb::HandOverOrder { order: ORDER, tenders: vec![TenderInput::cash(100_000)] }).await;
        until_state(&shopper, ORDER, OwnOrderState::HandedOver).await;
        drop(server);

        // Without a signal; tapped again it is the same, and more than was bought is not kept.
        for id in 4..7 {
            assert_eq!(buy(&shopper, id, wanted(BACK, 2)).await, Answer::Bought);
        }
        let more = buy(&shopper, 7, wanted(ThingId([0x79; 16]), 2)).await;
        assert!(matches!(more, Answer::Refused(it) if it.code == "return_too_many"));
        assert_eq!(state(&shopper).await, Some(OwnReturnState::Saved));
        let _server = Running::start_at(&data, port);
        shopper.device(DeviceVerb::ExchangeNow).await;
        shopper
            .until("it to be sent", async || {
                (state(&shopper).await == Some(OwnReturnState::Asked)).then_some(())
            })
            .await;
        stall.device(DeviceVerb::ExchangeNow).await;
        let row =
            stall.until("it at the stall", async || order_at(&stall).await.returns.first().cloned()).await;
        assert_eq!((row.state, row.why, row.amount_minor), (ReturnState::Asked, ReturnWhy::NotAsShown, 500));

        let goods = Some(vec![GoodsLine { line: 0, goods: GoodsBack::Sellable }]);
        let answer =
            ReturnAnswer { stall: STALL, order: ORDER, returned: BACK, goods, reason: String::new() };
        stall.device(DeviceVerb::AnswerReturn(answer)).await;
        hears_the_answer(&shopper).await;
        stall
            .until("it in the records", async || {
                (order_at(&stall).await.returns[0].state == ReturnState::Taken).then_some(())
            })
            .await;
        // Two of three are the shop's to promise again.
        shopper
            .until("the shelf", async || {
                (offers(&shopper, "mango").await.value[0].available == 9).then_some(())
            })
            .await;
        its_money_goes_back_once(&stall).await;
        stall.close();
        shopper.close();
    });
}

/// Once.
async fn hears_the_answer(shopper: &Shell) {
    let is_taken = async || (state(shopper).await == Some(OwnReturnState::Taken)).then_some(());
    shopper.until("the answer", is_taken).await;
    let (stall_name, currency, news) = ("Duka".into(), "EUR".into(), OwnNews::ReturnTaken);
    let told = Arrival::OwnNews { order: ORDER, stall_name, currency, news };
    assert_eq!(shopper.arrivals().iter().filter(|it| **it == told).count(), 1);
}

/// Under the name of the return, however often it is asked for; and its goods are on the shelf already.
async fn its_money_goes_back_once(stall: &Shell) {
    let refund = |returned, quantity, goods| Verb::RefundOrder {
        order: ORDER,
        returned,
        lines: vec![RefundLineInput { line: 0, quantity, goods }],
        amount_minor: 0,
        way: BackWay::Cash,
        reason: "brought back".into(),
    };
    for _ in 0..3 {
        stall.done(refund(Some(BACK), 2, GoodsBack::KeptByBuyer)).await;
    }
    let order = stall
        .until("the server to allow it", async || {
            let order = order_at(stall).await;
            order.refunds.iter().any(|part| part.standing == PartStanding::Allowed).then_some(order)
        })
        .await;
    let parts: Vec<_> = order.refunds.iter().map(|part| (part.refund, part.amount_minor)).collect();
    assert_eq!((parts, order.left_minor, order.lines_left), (vec![(BACK, 500)], 250, vec![1]));
    let command =
        Command { id: ThingId([0x7a; 16]), stall: STALL, verb: refund(None, 2, GoodsBack::Sellable) };
    let again = stall.call(Call::Do(command)).await;
    assert!(matches!(again, Answer::Refused(_)), "{again:?}");
}
