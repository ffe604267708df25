//! What is left of an order, whoever asks for it, and in which order.

use super::*;
use crate::delivery::Handing;
use crate::entry::{GoodsBack, OrderLine, PayWay};
use crate::ids::ProductId;
use crate::money::Currency;

const ORDER: OrderId = OrderId([1; 16]);
const ME: AuthorId = AuthorId([2; 16]);
const OTHER: AuthorId = AuthorId([3; 16]);

fn placed() -> OrderPlaced {
    let line = |quantity, total_minor| OrderLine {
        product: ProductId([4; 16]),
        name: "Mango".into(),
        quantity,
        unit_price_minor: 100,
        price_per: 1,
        taxes: vec![],
        tax_minor: 0,
        total_minor,
        discount_minor: 0,
    };
    OrderPlaced {
        order: ORDER,
        buyer: ThingId([5; 16]),
        currency: Currency::parse("EUR").unwrap(),
        lines: vec![line(3, 100), line(1, 200)],
        total_minor: 350,
        note: String::new(),
        handing: Handing::Local,
        delivery: None,
        coupon: None,
    }
}

fn by_card() -> Facts {
    let money = pay_order::Facts { to_pay: Some((PayWay::Card, 350)), paid_minor: 350, ..Default::default() };
    Facts {
        money,
        state: Some(OrderState::Fulfilled),
        placed: Some(placed()),
        parts: vec![],
        returned: BTreeMap::new(),
    }
}

fn at_hand_over() -> Facts {
    Facts { money: pay_order::Facts::default(), ..by_card() }
}

fn asks(name: u8, lines: &[(u32, i64)], amount_minor: i64, way: BackWay) -> OrderRefundAsked {
    let line = |(line, quantity): &(u32, i64)| OrderBackLine {
        line: *line,
        quantity: *quantity,
        goods: GoodsBack::Sellable,
    };
    OrderRefundAsked {
        refund: ThingId([name; 16]),
        order: ORDER,
        lines: lines.iter().map(line).collect(),
        amount_minor,
        way,
        reason: "mould".into(),
    }
}

/// What the server answers becomes what it knows.
fn heard(facts: &mut Facts, to: AuthorId, asked: &OrderRefundAsked) -> Result<i64, RefundEnd> {
    match allow(facts, to, asked).as_slice() {
        [Entry::OrderRefundAllowed(allowed)] => {
            facts.parts.push(Part {
                refund: allowed.refund,
                way: allowed.way,
                standing: PartStanding::Allowed,
                end: None,
                amount_minor: allowed.amount_minor,
                card_minor: 0,
                lines: allowed.lines.clone(),
                to: Some(allowed.to),
                reason: String::new(),
                at_ms: 0,
            });
            Ok(allowed.amount_minor)
        }
        [Entry::OrderRefundEnded(ended)] => Err(ended.end),
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_registers_that_did_not_hear_each_other_never_give_back_more_than_was_paid() {
    use BackWay::{AsPaid, Cash};
    // Each register sees everything left and asks; what the server takes in whatever order stays below what was paid.
    let wishes = [
        asks(1, &[(0, 2)], 0, AsPaid),
        asks(2, &[(0, 2)], 0, Cash),
        asks(3, &[(1, 1)], 0, Cash),
        asks(4, &[], 250, AsPaid),
        asks(5, &[(0, 1)], 50, Cash),
        asks(6, &[], 350, AsPaid),
    ];
    for first in 0..wishes.len() {
        for step in [1, 5] {
            let mut facts = by_card();
            for at in 0..wishes.len() {
                let wish = &wishes[(first + at * step) % wishes.len()];
                assert!(ask(&by_card(), &Doer::Anybody, wish).is_ok(), "a register that heard nothing");
                let before = facts.left_minor();
                match heard(&mut facts, if at % 2 == 0 { ME } else { OTHER }, wish) {
                    Ok(amount) => assert_eq!(facts.left_minor(), before - amount),
                    Err(end) => assert_eq!((end, facts.left_minor()), (RefundEnd::TooMuch, before)),
                }
                // However often it arrives.
                assert!(
                    allow(&facts, ME, wish).is_empty()
                        || facts.parts.iter().all(|part| part.refund != wish.refund)
                );
            }
            let sum: i64 = facts.parts.iter().map(|part| part.amount_minor).sum();
            let units: i64 = facts
                .parts
                .iter()
                .flat_map(|part| &part.lines)
                .filter(|line| line.line == 0)
                .map(|it| it.quantity)
                .sum();
            assert!(sum <= 350 && units <= 3, "{sum} {units}");
        }
    }
}

#[test]
fn who_may_ask_for_what() {
    use BackWay::{AsPaid, Cash};
    let held = Facts { state: Some(OrderState::Held), ..by_card() };
    let unpaid = pay_order::Facts { paid_minor: 0, ..by_card().money };
    let whole = pay_order::Facts { is_back_asked: true, ..by_card().money };
    let ok = Ok(1);
    let no = |wrong| Err(invalid(wrong));
    let above = || no(Wrong::AmountAbovePaid);
    for (name, facts, asked, wanted) in [
        ("a line", by_card(), asks(1, &[(0, 1)], 0, AsPaid), ok.clone()),
        ("all lines", by_card(), asks(1, &[(0, 3), (1, 1)], 0, AsPaid), ok.clone()),
        ("what bringing cost, too", by_card(), asks(1, &[(0, 3), (1, 1)], 50, AsPaid), ok.clone()),
        ("more", by_card(), asks(1, &[(0, 3), (1, 1)], 51, AsPaid), above()),
        ("too many", by_card(), asks(1, &[(0, 2), (0, 2)], 0, Cash), Err(Refusal::RefundExceeds { left: 1 })),
        ("no line", by_card(), asks(1, &[(7, 1)], 0, Cash), no(Wrong::OrderLineUnknown)),
        ("nothing", by_card(), asks(1, &[], 0, Cash), no(Wrong::AmountMissing)),
        ("negative", by_card(), asks(1, &[(0, 1)], -5, Cash), no(Wrong::Negative)),
        ("an amount of what is held", held.clone(), asks(1, &[], 10, AsPaid), ok.clone()),
        (
            "a line of what is held",
            held.clone(),
            asks(1, &[(0, 1)], 0, AsPaid),
            no(Wrong::LinesNotHandedOver),
        ),
        ("cash for what is held", held, asks(1, &[], 10, Cash), no(Wrong::BackAsPaid)),
        ("cash at hand-over", at_hand_over(), asks(1, &[(0, 1)], 0, Cash), ok),
        ("by card, and it was not", at_hand_over(), asks(1, &[(0, 1)], 0, AsPaid), no(Wrong::BackInCash)),
        ("unpaid", Facts { money: unpaid, ..by_card() }, asks(1, &[], 1, AsPaid), no(Wrong::OrderNotPaid)),
        ("all goes back", Facts { money: whole, ..by_card() }, asks(1, &[], 1, AsPaid), above()),
        (
            "cancelled",
            Facts { state: Some(OrderState::Released), ..by_card() },
            asks(1, &[], 1, AsPaid),
            Err(Refusal::OrderEnded("cancelled")),
        ),
    ] {
        let decided = ask(&facts, &Doer::Anybody, &asked).map(|entries| entries.len());
        assert_eq!(decided, wanted, "{name}");
    }
}

#[test]
fn cash_is_given_once_by_whoever_may() {
    let mut facts = at_hand_over();
    let (asked, shift) = (asks(1, &[(0, 2)], 0, BackWay::Cash), Some(ShiftId([6; 16])));
    let part = (asked.refund, ORDER);
    assert!(give(&facts, (ME, shift), part).is_err(), "nobody asked");
    assert_eq!(heard(&mut facts, ME, &asked), Ok(66));
    assert!(give(&facts, (OTHER, shift), part).is_err());
    assert_eq!(give(&facts, (ME, None), part), Err(Refusal::NoShift));
    let given = give(&facts, (ME, shift), part).unwrap();
    assert!(matches!(given.as_slice(), [Entry::OrderCashGiven(given)] if given.amount_minor == 66));
    facts.parts[0].standing = PartStanding::Back;
    assert_eq!(give(&facts, (ME, shift), part), Ok(vec![]));
}

#[test]
fn what_is_refused_by_whoever_took_it_can_go_back_another_way_and_its_goods_are_back() {
    let mut facts = by_card();
    assert_eq!(heard(&mut facts, ME, &asks(1, &[(0, 3)], 0, BackWay::AsPaid)), Ok(100));
    let ended = ended(&facts, (ThingId([1; 16]), ORDER), RefundEnd::NotTaken, "");
    assert!(matches!(ended.as_slice(), [Entry::OrderRefundEnded(ended)] if ended.amount_minor == 100));
    facts.parts[0].standing = PartStanding::Refused;
    assert_eq!((facts.left_minor(), facts.line_left(0)), (350, 0));
    assert_eq!(heard(&mut facts, ME, &asks(2, &[(0, 1)], 0, BackWay::Cash)), Err(RefundEnd::TooMuch));
    assert_eq!(heard(&mut facts, ME, &asks(3, &[], 100, BackWay::Cash)), Ok(100));
}

#[test]
fn goods_of_a_return_do_not_come_back_a_second_time_with_their_money() {
    let back = Facts { returned: [(0, 2)].into(), ..by_card() };
    let with = |quantity, goods| {
        let lines = vec![OrderBackLine { line: 0, quantity, goods }];
        OrderRefundAsked { lines, ..asks(1, &[], 0, BackWay::AsPaid) }
    };
    let again = Err(invalid(Wrong::GoodsBackBefore));
    for (asked, expected) in [
        (with(2, GoodsBack::Sellable), again.clone()),
        (with(2, GoodsBack::Waste), again),
        (with(1, GoodsBack::Sellable), Ok(33)),
        // The money of what came back, and nothing more on the shelf.
        (with(2, GoodsBack::KeptByBuyer), Ok(66)),
        (with(3, GoodsBack::KeptByBuyer), Ok(100)),
    ] {
        assert_eq!(decide(&back, &asked).map(|(_, minor)| minor), expected, "{asked:?}");
    }
    assert!(decide(&back, &with(4, GoodsBack::KeptByBuyer)).is_err());
}
