//! Selling on one register: durable before it is answered, once, numbered without gaps, and never refused
//! because a number is wrong.

use crate::world::*;
use soko_app_api::{
    AllowedRefund, BeyondShare, DiscountInput, Query, RefundHolder, RefundLineInput, RefundRightView, Reply,
    ReturnInput, SaleLineInput, TenderInput, Verb, View,
};
use soko_domain::ask::Answer;
use soko_domain::basket::TenderKind;
use soko_domain::entry::{GoodsBack, RefundAllowed};
use soko_domain::ids::{LogId, ShiftId};
use soko_domain::refusal::Refusal;
use soko_domain::role::Role;
use soko_engine::{ANSWERS_KEPT_MAX, Failure, NotDone};
use soko_record_log::{StoreError, params};

const MANGO: u16 = 101;

fn stocked() -> Device {
    let mut device = Device::ready(1, &["Mango"], None);
    device.done(receive(10, product(MANGO), 5));
    device
}

fn receipt(reply: &Reply) -> u64 {
    match reply {
        Reply::Sold { receipt_number, .. } => *receipt_number,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sale_that_was_answered_survives_a_kill() {
    let mut device = stocked();
    let reply = device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    let mut device = device.restart();
    assert_eq!(device.stock(product(MANGO)).own_share, 3);
    let sale = device.engine.answer(&Query::Sale { stall: STALL, sale: sale_id(20) }, now()).unwrap();
    let View::Sale(sale) = sale else { panic!("{sale:?}") };
    assert_eq!((sale.row.total_minor, sale.row.receipt_number), (500, receipt(&reply)));
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}

#[test]
fn a_repeat_gets_the_first_answer_and_does_nothing() {
    let mut device = stocked();
    let first = device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    assert_eq!(device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse)), first);
    let mut device = device.restart();
    assert_eq!(device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse)), first);
    assert_eq!(device.stock(product(MANGO)).own_share, 3);
}

#[test]
fn a_refusal_is_repeated_even_when_it_would_be_done_now() {
    let mut device = stocked();
    assert_eq!(device.refused(sell(20, product(MANGO), 9, BeyondShare::Refuse)), "share_exceeded");
    device.done(receive(21, product(MANGO), 50));
    assert_eq!(device.refused(sell(20, product(MANGO), 9, BeyondShare::Refuse)), "share_exceeded");
    assert_eq!(device.stock(product(MANGO)).own_share, 55);
}

#[test]
fn a_repeat_after_the_answer_was_given_up_does_nothing_and_says_so() {
    let mut device = stocked();
    device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    device.refused(sell(21, product(MANGO), 9, BeyondShare::Refuse));
    device.refused(sell(22, product(MANGO), 9, BeyondShare::Refuse));
    // As if the last of them were the last of as many as are kept.
    device
        .engine
        .database()
        .transaction::<_, StoreError>(|tx| {
            let last = "update own_answer set place = $1 where place = (select max(place) from own_answer)";
            tx.execute(last, params![ANSWERS_KEPT_MAX])
        })
        .unwrap();
    let mut device = device.restart();
    for number in 1_000..1_070 {
        device.refused(sell(number, product(MANGO), 1_000, BeyondShare::Refuse));
    }
    let kept = device
        .engine
        .database()
        .read::<_, StoreError>(|tx| tx.query_one("select count(*) from own_answer", &[])?.int(0));
    assert_eq!(kept.unwrap(), 71, "those before are given up");
    for (command, quantity) in [(20, 2), (21, 9), (20, 1)] {
        let again = sell(command, product(MANGO), quantity, BeyondShare::Refuse);
        assert_eq!(device.refused(again), "answered_long_ago");
    }
    assert_eq!(device.refused(sell(22, product(MANGO), 9, BeyondShare::Refuse)), "share_exceeded");
    assert_eq!(device.stock(product(MANGO)).own_share, 3);
}

#[test]
fn an_id_that_was_used_for_something_else_is_refused() {
    let mut device = stocked();
    let first = device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    assert_eq!(device.refused(sell(20, product(MANGO), 1, BeyondShare::Refuse)), "id_reused");
    assert_eq!(device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse)), first);
}

#[test]
fn receipt_numbers_have_no_gap_through_refusals_and_restarts() {
    let mut device = stocked();
    let mut numbers = Vec::new();
    for at in 20..24 {
        numbers.push(receipt(&device.done(sell(at, product(MANGO), 1, BeyondShare::Refuse))));
        device.refused(sell(at + 100, product(MANGO), 1_000, BeyondShare::Refuse));
        device = device.restart();
    }
    device.done(command(60, Verb::VoidSale { sale: sale_id(23), reason: "wrong".into() }));
    numbers.push(receipt(&device.done(sell(30, product(MANGO), 1, BeyondShare::Refuse))));
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
}

#[test]
fn goods_in_the_hand_are_sold_beyond_the_share_and_marked() {
    let mut device = stocked();
    let asked = Query::Basket {
        stall: STALL,
        lines: vec![SaleLineInput::of(product(MANGO), 7)],
        discount: DiscountInput::None,
        tenders: vec![],
    };
    let View::Basket(basket) = device.engine.answer(&asked, now()).unwrap() else { panic!("no basket") };
    assert_eq!(basket.short.iter().map(|short| (short.available, short.asked)).collect::<Vec<_>>(), [(5, 7)]);
    assert_eq!((basket.total_minor, basket.due_minor), (1_750, 1_750));

    let reply = device.done(sell(20, product(MANGO), 7, BeyondShare::Allow));
    assert!(matches!(reply, Reply::Sold { beyond_share: 2, total_minor: 1_750, .. }), "{reply:?}");
    let stock = device.stock(product(MANGO));
    assert_eq!((stock.own_share, stock.owed, stock.counted), (0, 2, -2));
}

#[test]
fn a_screen_and_a_receipt_show_the_same_totals() {
    let mut device = stocked();
    let lines = vec![
        SaleLineInput {
            discount: DiscountInput::PercentPpm(333_333),
            ..SaleLineInput::of(product(MANGO), 3)
        },
        SaleLineInput {
            product: None,
            name: Some("Bag".into()),
            unit_price_minor: Some(17),
            ..SaleLineInput::of(product(MANGO), 1)
        },
    ];
    let discount = DiscountInput::AmountMinor(11);
    let tenders = vec![TenderInput::cash(2_000)];
    let asked = Query::Basket { stall: STALL, lines: lines.clone(), discount, tenders: tenders.clone() };
    let View::Basket(basket) = device.engine.answer(&asked, now()).unwrap() else { panic!("no basket") };
    let sold = Verb::MakeSale {
        sale: sale_id(20),
        lines,
        discount,
        tenders,
        beyond: BeyondShare::Refuse,
        about: Default::default(),
    };
    let reply = device.done(command(20, sold));
    let Reply::Sold { total_minor, change_minor, .. } = reply else { panic!("{reply:?}") };
    assert_eq!((total_minor, change_minor), (basket.total_minor, basket.change_minor));
}

#[test]
fn refunds_of_a_line_never_exceed_it() {
    let refund = |number: u16, quantity: i64| {
        let line = RefundLineInput { line: 0, quantity, goods: GoodsBack::Sellable };
        let verb = Verb::Refund {
            sale: sale_id(20),
            lines: vec![line],
            tender: TenderKind::Cash,
            reason: "ripe".into(),
            into: None,
        };
        command(number, verb)
    };
    let mut device = stocked();
    device.done(sell(20, product(MANGO), 3, BeyondShare::Refuse));
    assert_eq!(device.done(refund(30, 2)), Reply::Refunded { refund: thing(30), amount_minor: 500 });
    assert_eq!(device.refused(refund(31, 2)), "refund_exceeds");
    assert_eq!(device.done(refund(32, 1)), Reply::Refunded { refund: thing(32), amount_minor: 250 });
    assert_eq!(device.refused(refund(33, 1)), "refund_exceeds");
    assert_eq!(device.stock(product(MANGO)).own_share, 5);
    assert_eq!(
        device.refused(command(34, Verb::VoidSale { sale: sale_id(20), reason: "x".into() })),
        "sale_refunded"
    );
}

fn close_and_open(device: &mut Device) {
    let close = Verb::CloseShift { shift: ShiftId(thing(2).0), counted_minor: 1_750, reason: String::new() };
    assert_eq!(
        device.done(command(30, close)),
        Reply::ShiftClosed { expected_minor: 1_750, counted_minor: 1_750 }
    );
    assert_eq!(device.refused(sell(31, product(MANGO), 1, BeyondShare::Allow)), "no_shift");
    device.done(open_shift(32));
}

fn give_back(number: u16, quantity: i64) -> soko_app_api::Command {
    let lines = vec![RefundLineInput { line: 0, quantity, goods: GoodsBack::Waste }];
    let (sale, tender) = (sale_id(20), TenderKind::Cash);
    command(number, Verb::Refund { sale, lines, tender, reason: "bad".into(), into: None })
}

fn right(device: &mut Device) -> RefundRightView {
    let asked = Query::RefundRight { stall: STALL, sale: sale_id(20) };
    match device.engine.answer(&asked, now()).unwrap() {
        View::RefundRight(right) => right,
        other => panic!("{other:?}"),
    }
}

/// R14: the right is the register's while its drawer is open, then the server's, which is asked line by line.
#[test]
fn after_the_shift_the_server_holds_the_right_to_refund() {
    let mut relay = Relay::new();
    let mut device = Device::ready(1, &["Mango"], Some(&relay));
    device.done(receive(3, product(MANGO), 5));
    relay.admit(&device);
    device.replicate(&mut relay);
    device.done(sell(20, product(MANGO), 3, BeyondShare::Allow));
    assert_eq!(right(&mut device).holder, RefundHolder::Here);
    close_and_open(&mut device);
    assert_eq!(device.refused(give_back(33, 1)), "refund_held_elsewhere");
    assert_eq!(right(&mut device).holder, RefundHolder::Server);

    let ask = |number, quantity| command(number, Verb::AskRefund { sale: sale_id(20), line: 0, quantity });
    device.done(ask(40, 4));
    assert_eq!(right(&mut device).lines[0].asked, 4);
    let no = Refusal::RefundExceeds { left: 3 };
    relay.answers.push((thing(40), Answer::Refused { code: no.code().into(), sentence: no.to_string() }));
    device.replicate(&mut relay);
    let refused = right(&mut device).lines[0].clone();
    assert_eq!((refused.asked, refused.refused.unwrap().0.as_str()), (0, "refund_exceeds"));

    device.done(ask(41, 2));
    let waiting = right(&mut device).lines[0].clone();
    assert_eq!((waiting.asked, waiting.refused), (2, None), "what was said before is past");
    let (allowance, to, sale) = (thing(41), device.joined.author, sale_id(20));
    relay.write(RefundAllowed {
        allowance,
        to,
        sale,
        line: 0,
        quantity: 2,
        amount_minor: 500,
        money_minor: 500,
        all_minor: 500,
    });
    relay.answers.push((thing(41), Answer::Done));
    device.replicate(&mut relay);
    let allowed = right(&mut device).lines[0].allowed;
    assert_eq!(allowed, Some(AllowedRefund { quantity: 2, amount_minor: 500 }));
    assert_eq!(device.refused(give_back(42, 3)), "refund_exceeds");
    device.done(give_back(43, 1));
    assert_eq!(device.refused(give_back(44, 1)), "refund_held_elsewhere", "it is used up");
    assert!(right(&mut device).lines.is_empty());
}

/// A stall that no server joins has nobody else who could hold the right: yesterday's receipt is refunded.
#[test]
fn a_register_alone_keeps_the_right_to_refund() {
    let mut device = stocked();
    device.done(sell(20, product(MANGO), 3, BeyondShare::Refuse));
    close_and_open(&mut device);
    assert_eq!(right(&mut device).holder, RefundHolder::Here);
    device.done(give_back(33, 2));
    assert_eq!(device.refused(give_back(34, 2)), "refund_exceeds");
}

/// What comes back pays what goes out; the difference is paid or given back, and both happen or neither (R14).
#[test]
fn goods_are_exchanged_for_others() {
    let mut device = Device::ready(1, &["Mango", "Kiwi"], None);
    let kiwi = product(MANGO + 1);
    device.done(receive(10, product(MANGO), 5));
    device.done(receive(11, kiwi, 5));
    let three = TenderInput::cash(750);
    let sold = sell(20, product(MANGO), 3, BeyondShare::Refuse);
    let Verb::MakeSale { sale, lines, discount, beyond, about, .. } = sold.verb else { panic!("no sale") };
    device.done(command(20, Verb::MakeSale { sale, lines, discount, beyond, about, tenders: vec![three] }));
    let exchange = |number: u16, sale: u16, (back, out, cash_minor): (i64, i64, i64)| {
        let lines = vec![RefundLineInput { line: 0, quantity: back, goods: GoodsBack::Sellable }];
        let returned = ReturnInput { sale: sale_id(20), lines, reason: "too green".into() };
        let goods = Verb::MakeSale {
            sale: sale_id(sale),
            lines: vec![SaleLineInput::of(kiwi, out)],
            discount: DiscountInput::None,
            tenders: vec![TenderInput::cash(cash_minor)],
            beyond: BeyondShare::Refuse,
            about: soko_app_api::SaleAbout::default(),
        };
        command(number, Verb::Exchange { returned, sale: Box::new(goods) })
    };
    let drawer = |device: &mut Device| match device.engine.answer(&Query::Shift(STALL), now()).unwrap() {
        View::Shift(shift) => shift.expected_minor,
        other => panic!("{other:?}"),
    };
    assert_eq!(device.refused(exchange(30, 30, (1, 2, 200))), "underpaid");
    assert_eq!(drawer(&mut device), Some(1_750), "nothing came back for nothing");
    let first = device.done(exchange(31, 31, (1, 2, 250)));
    assert!(matches!(first, Reply::Sold { total_minor: 500, change_minor: 0, .. }), "{first:?}");
    assert_eq!(drawer(&mut device), Some(2_000));
    // The answer was lost, and the same exchange comes with another command.
    assert_eq!(device.done(exchange(32, 31, (1, 2, 250))), first);
    assert_eq!(drawer(&mut device), Some(2_000));
    let second = device.done(exchange(33, 33, (2, 1, 0)));
    assert!(matches!(second, Reply::Sold { total_minor: 250, change_minor: 250, .. }), "{second:?}");
    assert_eq!(drawer(&mut device), Some(1_750));
    assert_eq!(device.refused(exchange(34, 34, (1, 1, 0))), "refund_exceeds");
    assert_eq!((device.stock(product(MANGO)).own_share, device.stock(kiwi).own_share), (5, 2));
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}

#[test]
fn a_void_gives_units_and_cash_back() {
    let mut device = stocked();
    device.done(sell(20, product(MANGO), 7, BeyondShare::Allow));
    let void = command(21, Verb::VoidSale { sale: sale_id(20), reason: "changed mind".into() });
    assert_eq!(device.done(void.clone()), Reply::Voided { cash_back_minor: 1_750 });
    assert_eq!(device.done(void), Reply::Voided { cash_back_minor: 1_750 });
    let stock = device.stock(product(MANGO));
    assert_eq!((stock.own_share, stock.owed), (5, 0));
    let View::Shift(shift) = device.engine.answer(&Query::Shift(STALL), now()).unwrap() else {
        panic!("no shift")
    };
    assert_eq!(shift.expected_minor, Some(1_000));
}

#[test]
fn a_count_moves_the_difference() {
    let count = |number, counted| {
        let verb = Verb::CountStock { product: product(MANGO), counted, reason: String::new(), count: None };
        command(number, verb)
    };
    let mut device = stocked();
    assert_eq!(device.done(count(20, 3)), Reply::Counted { expected: 5, counted: 3 });
    assert_eq!(device.stock(product(MANGO)).own_share, 3);
    assert_eq!(device.done(count(21, 8)), Reply::Counted { expected: 3, counted: 8 });
    assert_eq!(device.stock(product(MANGO)).counted, 8);
}

#[test]
fn a_role_bounds_what_a_register_does() {
    let mut cashier = Device::with_role(1, Role::Cashier, None);
    assert_eq!(cashier.refused(create_stall(1)), "not_allowed");
    assert_eq!(cashier.refused(command(2, Verb::ConfirmDevices)), "not_allowed");
    let count = Verb::CountStock { product: product(MANGO), counted: 1, reason: String::new(), count: None };
    assert_eq!(cashier.refused(command(3, count)), "not_allowed");
    cashier.done(open_shift(4));
}

#[test]
fn an_unknown_stall_is_a_failure_and_leaves_no_answer() {
    let mut device = stocked();
    let elsewhere = LogId([1; 16]);
    let mut lost = sell(20, product(MANGO), 1, BeyondShare::Refuse);
    lost.stall = elsewhere;
    assert_eq!(device.handle(lost), Err(NotDone::Failed(Failure::UnknownStall(elsewhere))));
    device.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
}
