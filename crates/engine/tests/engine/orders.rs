//! The money of orders from the shop that are paid when they are handed over.

use soko_app_api::{
    Command, FiguresView, InsteadInput, OrderView, ProductEdit, Query, Reply, ShiftReport, Span, TenderInput,
    Verb, View,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{
    BackWay, GoodsBack, OrderDelivery, OrderPaid, OrderPaidBack, OrderPlaced, OrderRefundAllowed,
    OrderRefundEnded, OrderReleased, OrderSwapOffered, OrderSwapTaken, OrderToPay, OrderToTransfer, PayWay,
    RefundEnd, RefundLine, ReleaseReason, Units,
};
use soko_domain::ids::{OrderId, ShiftId};
use soko_domain::money::Ppm;
use soko_domain::tax::{LineTax, TaxRate};
use soko_domain::transfer::{BankAccount, reference};
use soko_domain::verbs::pay_order::PayStanding;
use soko_domain::verbs::swap_order::SwapStanding;

use crate::replication::{meet, order_of, pair};
use crate::world::{Device, STALL, command, now, product, thing};

fn order(number: u16) -> OrderId {
    OrderId(thing(number).0)
}

/// 500 for two mangoes and 116 for bringing them, each with tax in it.
fn taxed(number: u16) -> OrderPlaced {
    let tax = |tax_minor| vec![LineTax { rate: TaxRate::inclusive(Ppm(160_000)), tax_minor }];
    let mut placed = order_of(order(number), 2);
    placed.lines[0].taxes = tax(69);
    placed.lines[0].tax_minor = 69;
    placed.delivery =
        Some(OrderDelivery { zone: String::new(), taxes: tax(16), tax_minor: 16, total_minor: 116 });
    placed.total_minor = 616;
    placed
}

fn hand_over(id: u16, number: u16, tenders: Vec<TenderInput>) -> Command {
    command(id, Verb::HandOverOrder { order: order(number), tenders })
}

fn report(device: &mut Device) -> ShiftReport {
    match device.engine.answer(&Query::ShiftReport { stall: STALL, register: None, shift: None }, now()) {
        Ok(View::ShiftReport(report)) => *report,
        other => panic!("{other:?}"),
    }
}

fn due(device: &mut Device, number: u16) -> i64 {
    match device.engine.answer(&Query::Order { stall: STALL, order: order(number) }, now()) {
        Ok(View::Order(view)) => view.due_minor,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_paid_with_the_goods_lies_in_the_drawer() {
    let (mut relay, mut first, mut second) = pair();
    for number in [90, 91] {
        relay.write(taxed(number));
    }
    first.replicate(&mut relay);
    assert_eq!(due(&mut first, 90), 616);
    assert_eq!(first.refused(hand_over(20, 90, vec![])), "underpaid");
    assert_eq!(first.refused(hand_over(21, 90, vec![TenderInput::cash(600)])), "underpaid");
    let before = report(&mut first);

    let handed = first.done(hand_over(22, 90, vec![TenderInput::cash(1_000)]));
    assert_eq!(handed, Reply::HandedOver { cash_rounding_minor: 0, change_minor: 384 });
    let phone = TenderInput { kind: TenderKind::MobileMoney, ..TenderInput::cash(616) };
    assert_eq!(first.refused(hand_over(23, 91, vec![phone.clone()])), "payment_unseen", "nobody saw it come");
    let seen = TenderInput { seen: true, reference: "QX12".into(), ..phone };
    first.done(hand_over(24, 91, vec![seen]));
    assert_eq!((due(&mut first, 90), due(&mut first, 91)), (0, 0));

    let after = report(&mut first);
    assert_eq!((after.orders, after.orders_minor, after.sales), (2, 1_232, before.sales));
    assert_eq!((after.tendered_minor, after.change_minor), (1_000, 384));
    assert_eq!(after.expected_minor, before.expected_minor.map(|minor| minor + 616));
    assert_eq!(after.net_minor, before.net_minor + 1_232);
    let tenders: Vec<_> = after.tenders.iter().map(|of| (of.kind, of.payments, of.amount_minor)).collect();
    assert_eq!(tenders, [(TenderKind::Cash, 1, Some(616)), (TenderKind::MobileMoney, 1, Some(616))]);
    let taxes: Vec<_> = after.taxes.iter().map(|of| (of.ppm, of.net_minor, of.tax_minor)).collect();
    assert_eq!(taxes, [(160_000, 2 * 531, 2 * 85)]);
    // Every register has the same report of it, and so has one that makes its tables anew.
    meet(&mut relay, &mut [&mut first, &mut second]);
    let of_first = Query::ShiftReport { stall: STALL, register: Some(first.me()), shift: Some(after.shift) };
    match second.engine.answer(&of_first, now()).unwrap() {
        View::ShiftReport(seen) => {
            assert_eq!((seen.orders_minor, seen.expected_minor), (1_232, after.expected_minor));
        }
        other => panic!("{other:?}"),
    }
    assert!(first.engine.verify(STALL).unwrap().is_sound());
}

#[test]
fn what_goods_of_an_order_cost_is_kept_as_they_are_handed_over() {
    let (mut relay, mut first, mut second) = pair();
    let costs = |id, cost_minor| {
        let edits = vec![ProductEdit::CostMinor(Some(cost_minor))];
        command(id, Verb::EditProduct { product: product(101), edits })
    };
    let earned = |device: &mut Device| {
        let query = Query::Goods { stall: STALL, span: Some(Span { from: 20_770, to: 20_780 }) };
        match device.engine.answer(&query, now()) {
            Ok(View::Goods(view)) => (view.margin.cost_minor, view.margin.cost_today_minor),
            other => panic!("{other:?}"),
        }
    };
    first.done(costs(19, 80));
    relay.write(taxed(90));
    first.replicate(&mut relay);
    // What it cost when it was ordered does not count: until then it lay there.
    first.done(costs(20, 100));
    first.done(hand_over(21, 90, vec![TenderInput::cash(616)]));
    first.done(costs(22, 300));
    assert_eq!(earned(&mut first), (200, 0));
    meet(&mut relay, &mut [&mut first, &mut second]);
    assert_eq!(earned(&mut second), (200, 0));
    assert_eq!(first.engine.state_digest(STALL).unwrap(), second.engine.state_digest(STALL).unwrap());
    assert!(first.engine.verify(STALL).unwrap().is_sound());
}

#[test]
fn what_was_paid_before_needs_no_drawer_and_takes_no_money() {
    let (mut relay, mut first, _) = pair();
    let to_pay = |number| OrderToPay { order: order(number), way: PayWay::Card, amount_minor: 616 };
    for number in [90, 91, 92] {
        relay.write(taxed(number));
    }
    relay.write(to_pay(90));
    let (way, reference) = (PayWay::Card, "ch_1".into());
    relay.write(OrderPaid { order: order(90), way, amount_minor: 616, reference });
    // Of the second one, nobody knows yet whether it is paid.
    relay.write(to_pay(91));
    first.replicate(&mut relay);
    let open = report(&mut first);
    let (shift, counted_minor) = (open.shift, open.expected_minor.unwrap());
    first.done(command(20, Verb::CloseShift { shift, counted_minor, reason: String::new() }));

    for (id, number, why) in [(21, 90, "nothing_due"), (23, 91, "payment_open")] {
        assert_eq!(due(&mut first, number), 0);
        assert_eq!(first.refused(hand_over(id, number, vec![TenderInput::cash(616)])), why);
        assert_eq!(first.done(hand_over(id + 1, number, vec![])), Reply::Done);
    }
    // Money needs a drawer.
    assert_eq!(first.refused(hand_over(25, 92, vec![TenderInput::cash(616)])), "no_shift");
    first.done(command(26, Verb::OpenShift { shift: ShiftId(thing(26).0), float_minor: 0 }));
    first.done(hand_over(27, 92, vec![TenderInput::cash(616)]));
    assert_eq!(report(&mut first).expected_minor, Some(616));
}

fn figures(device: &mut Device) -> FiguresView {
    let query = Query::Figures { stall: STALL, span: None, against: None };
    match device.engine.answer(&query, now()).unwrap() {
        View::Figures(view) => *view,
        other => panic!("{other:?}"),
    }
}

/// The ways to pay, what was kept of each, and what went back of it.
fn ways(view: &FiguresView) -> Vec<(TenderKind, i64, i64)> {
    view.paid.iter().map(|paid| (paid.kind, paid.amount_minor, paid.refunded_minor)).collect()
}

#[test]
fn an_order_counts_as_a_sale_once_it_is_handed_over() {
    let (mut relay, mut first, mut second) = pair();
    for number in [90, 91] {
        relay.write(taxed(number));
    }
    let (way, reference) = (PayWay::Card, String::from("ch_1"));
    relay.write(OrderToPay { order: order(91), way, amount_minor: 616 });
    // A server that was restored says it again, and then a device brings its first word back.
    for _ in 0..2 {
        relay.write(OrderPaid { order: order(91), way, amount_minor: 616, reference: reference.clone() });
    }
    first.replicate(&mut relay);
    let before = figures(&mut first).total;
    assert_eq!(before.revenue_minor, 0, "it may still be cancelled");

    first.done(hand_over(20, 90, vec![TenderInput::cash(1_000)]));
    first.done(hand_over(21, 91, vec![]));
    let view = figures(&mut first);
    assert_eq!((view.total.sales, view.total.lines, view.total.revenue_minor), (2, 4, 1_232));
    assert_eq!(view.total.tax_minor, 2 * 85);
    assert_eq!(ways(&view), [(TenderKind::Cash, 616, 0), (TenderKind::Card, 616, 0)]);
    assert_eq!(today(&mut first), (2, 1_232, 616));

    // A part goes back as it was paid, and then all the rest.
    let part = OrderRefundAllowed {
        refund: thing(95),
        order: order(91),
        to: first.me(),
        way: BackWay::AsPaid,
        lines: vec![RefundLine {
            line: 0,
            product: Some(product(101)),
            quantity: 1,
            amount_minor: 250,
            goods: GoodsBack::Sellable,
        }],
        amount_minor: 250,
    };
    relay.write(part);
    let (refund, order) = (thing(95), order(91));
    let (end, amount_minor) = (RefundEnd::PaidBack, 250);
    relay.write(OrderRefundEnded { refund, order, end, amount_minor, reference: reference.clone() });
    for _ in 0..2 {
        relay.write(OrderPaidBack { order, way, amount_minor: 366, reference: reference.clone() });
    }
    meet(&mut relay, &mut [&mut first, &mut second]);
    let view = figures(&mut first);
    assert_eq!((view.total.revenue_minor, view.total.refunds, view.total.refunded_minor), (1_232, 2, 616));
    assert_eq!(ways(&view), [(TenderKind::Cash, 616, 0), (TenderKind::Card, 616, 616)]);
    let taxes: Vec<_> = view.taxes.iter().map(|tax| (tax.net_minor, tax.tax_minor)).collect();
    assert_eq!(taxes, [(531, 85)], "all of the second order's went back");
    assert_eq!(figures(&mut second), view);
    assert!(first.engine.verify(STALL).unwrap().is_sound());
}

#[test]
fn an_order_that_two_registers_handed_over_is_one_sale_with_both_their_money() {
    let (mut relay, mut first, mut second) = pair();
    relay.write(taxed(90));
    meet(&mut relay, &mut [&mut first, &mut second]);
    first.done(hand_over(20, 90, vec![TenderInput::cash(616)]));
    second.done(hand_over(30, 90, vec![TenderInput::cash(616)]));
    meet(&mut relay, &mut [&mut first, &mut second]);
    let view = figures(&mut first);
    assert_eq!((view.total.sales, view.total.revenue_minor), (1, 616));
    assert_eq!(ways(&view), [(TenderKind::Cash, 2 * 616, 0)]);
    assert_eq!(figures(&mut second), view);
}

fn today(device: &mut Device) -> (u32, i64, i64) {
    match device.engine.answer(&Query::Today(STALL), now()).unwrap() {
        View::Today(today) => (today.sales, today.total_minor.unwrap(), today.cash_minor.unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Something else in place of a line: the order comes to what was taken, here and at every register.
#[test]
fn what_its_buyer_takes_instead_is_what_the_order_comes_to() {
    let (mut relay, mut first, mut second) = pair();
    relay.write(taxed(90));
    first.replicate(&mut relay);
    let swap = |id: u16, line, instead| command(id, Verb::SwapLine { order: order(90), line, instead });
    let of = |number: u16, quantity| Some(InsteadInput { product: product(number), quantity });
    assert_eq!(first.refused(swap(20, 0, of(101, 2))), "swap_same_much", "no less than was ordered");
    assert_eq!(first.refused(swap(21, 1, None)), "order_line_unknown", "no such line");
    assert_eq!(first.refused(swap(22, 0, of(199, 1))), "unknown_product");
    first.done(swap(23, 0, of(102, 1)));
    assert_eq!(first.refused(swap(24, 0, None)), "swap_offered", "one at a time");
    // Nobody gives away what its buyer has not agreed to.
    assert_eq!(first.refused(hand_over(25, 90, vec![TenderInput::cash(616)])), "order_waits_for_answer");

    let mut into = taxed(90).lines[0].clone();
    (into.product, into.name, into.quantity, into.total_minor) = (product(102), "Papaya".into(), 1, 300);
    let units = |number: u16, quantity| vec![Units { product: product(number), quantity }];
    let (swap, order, delta_minor) = (thing(23), order(90), -200);
    relay.write(OrderSwapOffered {
        swap,
        order,
        line: 0,
        into: Some(into),
        held: units(102, 1),
        delta_minor,
    });
    first.replicate(&mut relay);
    let seen = |device: &mut Device| match device.engine.answer(&Query::Order { stall: STALL, order }, now())
    {
        Ok(View::Order(view)) => view,
        other => panic!("{other:?}"),
    };
    let view = seen(&mut first);
    assert_eq!((view.swaps[0].standing, view.row.total_minor), (SwapStanding::Offered, 616));
    relay.write(OrderSwapTaken { swap, order, place: 1, missing: units(101, 2), delta_minor });
    meet(&mut relay, &mut [&mut first, &mut second]);
    let view = seen(&mut first);
    let quantities: Vec<i64> = view.lines.iter().map(|line| line.quantity).collect();
    assert_eq!((quantities, view.row.total_minor, view.due_minor), (vec![0, 1], 416, 416));
    assert_eq!(seen(&mut second).lines, view.lines);

    first.done(hand_over(26, 90, vec![TenderInput::cash(416)]));
    let sold = figures(&mut first).total;
    assert_eq!((sold.sales, sold.revenue_minor), (1, 416));
    meet(&mut relay, &mut [&mut first, &mut second]);
    assert_eq!(figures(&mut second), figures(&mut first));
    assert!(first.engine.verify(STALL).unwrap().is_sound());
}

fn shown(device: &mut Device, number: u16) -> OrderView {
    match device.engine.answer(&Query::Order { stall: STALL, order: order(number) }, now()) {
        Ok(View::Order(view)) => view,
        other => panic!("{other:?}"),
    }
}

/// 616, to be sent to the stall's account.
fn to_transfer(number: u16) -> OrderToTransfer {
    let to =
        BankAccount { holder: "Duka".into(), number: "DE89370400440532013000".into(), bank: String::new() };
    OrderToTransfer { order: order(number), amount_minor: 616, to, until_ms: 1_795_521_600_000 }
}

fn came(id: u16, number: u16, amount_minor: i64, seen: &str) -> Command {
    let reference = seen.into();
    command(id, Verb::TransferCame { order: order(number), amount_minor, reference })
}

#[test]
fn a_transfer_is_seen_by_a_register_without_a_drawer_and_counts_once() {
    let (mut relay, mut first, mut second) = pair();
    relay.write(taxed(90));
    relay.write(to_transfer(90));
    first.replicate(&mut relay);
    second.replicate(&mut relay);
    let open = report(&mut first);
    let (shift, counted_minor) = (open.shift, open.expected_minor.unwrap());
    first.done(command(20, Verb::CloseShift { shift, counted_minor, reason: String::new() }));

    let waits = shown(&mut first, 90);
    let transfer = waits.transfer.clone().unwrap();
    assert_eq!(waits.row.money, PayStanding::Waiting);
    assert_eq!((transfer.number.as_str(), transfer.amount_minor), ("DE89 3704 0044 0532 0130 00", 616));
    assert_eq!((&transfer.reference, &waits.row.reference), (&reference(order(90)), &reference(order(90))));
    // Nothing is handed over for it before, and no other money is taken in its place.
    for (id, tenders) in [(21, vec![]), (22, vec![TenderInput::cash(616)])] {
        assert_eq!(first.refused(hand_over(id, 90, tenders)), "transfer_awaited");
    }
    assert_eq!(first.refused(came(23, 90, 600, "")), "transfer_differs");
    assert_eq!(first.refused(came(24, 90, 616, &reference(order(91)))), "transfer_of_other");
    first.done(came(25, 90, 616, "FT 1"));
    assert_eq!(first.done(came(25, 90, 616, "FT 1")), Reply::Done, "the same command, once");
    assert_eq!(first.refused(came(26, 90, 616, "")), "transfer_seen");
    let paid = shown(&mut first, 90);
    assert_eq!((paid.row.money, paid.row.reference.as_str()), (PayStanding::Paid, ""));
    // The other register did not hear of it.
    second.done(came(27, 90, 616, ""));
    meet(&mut relay, &mut [&mut first, &mut second]);
    assert_eq!(shown(&mut second, 90).row.money, PayStanding::Paid);
    assert_eq!(second.refused(came(28, 90, 616, "")), "transfer_seen");

    assert_eq!(first.done(hand_over(29, 90, vec![])), Reply::Done);
    let view = figures(&mut first);
    assert_eq!(ways(&view), [(TenderKind::BankTransfer, 616, 0)]);
    assert_eq!(first.refused(came(30, 92, 616, "")), "unknown_order");
    assert!(first.engine.verify(STALL).unwrap().is_sound());
}

#[test]
fn what_came_for_a_cancelled_order_is_sent_back_by_hand_and_said_once() {
    let (mut relay, mut first, mut second) = pair();
    for number in [90, 91] {
        relay.write(taxed(number));
        relay.write(to_transfer(number));
    }
    first.replicate(&mut relay);
    let units = |number| OrderReleased {
        order: order(number),
        reason: ReleaseReason::Lapsed,
        units: vec![Units { product: product(101), quantity: 2 }],
    };
    // The server ends both; of the first one this register had seen the money.
    first.done(came(20, 90, 616, ""));
    relay.write(units(90));
    relay.write(units(91));
    let (refund, to) = (thing(40), relay.pen.author());
    relay.write(OrderRefundAllowed {
        refund,
        order: order(90),
        to,
        way: BackWay::AsPaid,
        lines: vec![],
        amount_minor: 616,
    });
    meet(&mut relay, &mut [&mut first, &mut second]);
    assert_eq!(first.refused(came(21, 91, 616, "")), "transfer_late");
    let owed = shown(&mut second, 90);
    assert!(owed.refunds.iter().all(|part| part.may_send && !part.may_give), "{:?}", owed.refunds);
    let send =
        |id| command(id, Verb::SendBackTransfer { order: order(90), refund, reference: "TB 1".into() });
    second.done(send(22));
    second.done(send(23));
    first.done(send(24));
    meet(&mut relay, &mut [&mut first, &mut second]);
    let back = shown(&mut first, 90);
    assert_eq!(back.row.money, PayStanding::PaidBack);
    assert!(back.refunds.iter().all(|part| !part.may_send));
    assert!(first.engine.verify(STALL).unwrap().is_sound());
}
