//! The money of orders from the shop that are paid when they are handed over.

use soko_app_api::{Command, Query, Reply, ShiftReport, TenderInput, Verb, View};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{OrderDelivery, OrderPaid, OrderPlaced, OrderToPay, PayWay};
use soko_domain::ids::{OrderId, ShiftId};
use soko_domain::money::Ppm;
use soko_domain::tax::{LineTax, TaxRate};

use crate::replication::{meet, order_of, pair};
use crate::world::{Device, STALL, command, now, thing};

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
    assert_eq!(first.refused(hand_over(23, 91, vec![phone.clone()])), "invalid", "nobody saw it come");
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

    for (id, number) in [(21, 90), (23, 91)] {
        assert_eq!(due(&mut first, number), 0);
        assert_eq!(first.refused(hand_over(id, number, vec![TenderInput::cash(616)])), "invalid");
        assert_eq!(first.done(hand_over(id + 1, number, vec![])), Reply::Done);
    }
    // Money needs a drawer.
    assert_eq!(first.refused(hand_over(25, 92, vec![TenderInput::cash(616)])), "no_shift");
    first.done(command(26, Verb::OpenShift { shift: ShiftId(thing(26).0), float_minor: 0 }));
    first.done(hand_over(27, 92, vec![TenderInput::cash(616)]));
    assert_eq!(report(&mut first).expected_minor, Some(616));
}
