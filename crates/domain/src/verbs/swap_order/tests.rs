//! Offers that are made, kept, answered and taken back.

use super::*;
use crate::delivery::Handing;
use crate::ids::ProductId;
use crate::money::{Currency, Ppm};
use crate::quantity::Unit;
use crate::stock::{Account, transfers};
use crate::tax::TaxRate;

const ORDER: OrderId = OrderId([1; 16]);
const SWAP: ThingId = ThingId([2; 16]);
const TILL: AuthorId = AuthorId([3; 16]);
const MANGO: ProductId = ProductId([4; 16]);
const PAPAYA: ProductId = ProductId([5; 16]);

fn policy() -> Policy {
    Policy::plain(Currency::parse("EUR").unwrap())
}

fn facts(money: PayStanding) -> Facts {
    let line = OrderLine {
        product: MANGO,
        name: "Mango".into(),
        quantity: 3,
        unit_price_minor: 150,
        price_per: 1,
        discount_minor: 0,
        taxes: vec![],
        tax_minor: 0,
        total_minor: 450,
    };
    let placed = OrderPlaced {
        order: ORDER,
        buyer: ThingId([6; 16]),
        currency: Currency::parse("EUR").unwrap(),
        lines: vec![line],
        total_minor: 450,
        note: String::new(),
        handing: Handing::Pickup,
        delivery: None,
        coupon: None,
    };
    let state = Some(OrderState::Held);
    Facts { state, step: None, money, placed: Some(placed), swaps: vec![], left_minor: 450 }
}

fn papaya(unit_price_minor: i64, pool: i64) -> Offer {
    Offer {
        name: "Papaya".into(),
        unit_price_minor,
        price_per: 1,
        archived: false,
        taxes: vec![TaxRate::exclusive(Ppm(100_000))],
        unit: Unit::Piece,
        piece_g: 0,
        deal: None,
        pool,
    }
}

fn asked(instead: Option<(ProductId, i64)>) -> OrderSwapAsked {
    let instead = instead.map(|(product, quantity)| Instead { product, quantity });
    OrderSwapAsked { swap: SWAP, order: ORDER, line: 0, instead }
}

fn swap(standing: SwapStanding, offered: Option<OrderSwapOffered>) -> Swap {
    Swap { swap: SWAP, line: 0, standing, by: Some(TILL), is_withdrawn: false, offered, end: None }
}

fn offered(entries: &[Entry]) -> Result<OrderSwapOffered, SwapEnd> {
    match entries {
        [Entry::OrderSwapOffered(offered)] => Ok(offered.clone()),
        [Entry::OrderSwapEnded(ended)] => Err(ended.end),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_may_be_asked() {
    let with = |change: fn(&mut Facts)| {
        let mut facts = facts(PayStanding::AtHandOver);
        change(&mut facts);
        facts
    };
    let less = || asked(Some((MANGO, 2)));
    let other_open = Swap { swap: ThingId([9; 16]), ..swap(SwapStanding::Offered, None) };
    let mut held = facts(PayStanding::AtHandOver);
    held.swaps.push(other_open);
    for (facts, command, may) in [
        (with(|_| ()), asked(Some((PAPAYA, 3))), true),
        (with(|_| ()), asked(None), true),
        (with(|_| ()), less(), true),
        (with(|_| ()), asked(Some((MANGO, 3))), false),
        (with(|_| ()), asked(Some((PAPAYA, 0))), false),
        (with(|_| ()), OrderSwapAsked { line: 1, ..less() }, false),
        (with(|facts| facts.step = Some(OrderStep::Packed)), less(), true),
        (with(|facts| facts.step = Some(OrderStep::Ready)), less(), false),
        (with(|facts| facts.state = Some(OrderState::Released)), less(), false),
        (with(|facts| facts.state = None), less(), false),
        (with(|facts| facts.money = PayStanding::Waiting), less(), false),
        (with(|facts| facts.placed.as_mut().unwrap().lines[0].quantity = 0), asked(None), false),
        (held, less(), false),
    ] {
        assert_eq!(ask(&facts, &command).is_ok(), may, "{facts:?} {command:?}");
    }
}

#[test]
fn what_is_offered_is_held_and_priced() {
    let unpaid = facts(PayStanding::AtHandOver);
    let paid = facts(PayStanding::Paid);
    let dear = papaya(200, 3);
    let total = |facts: &Facts, command: &OrderSwapAsked, offer: &Offer| {
        offered(&super::offer(facts, command, (policy(), Some(offer)))).map(|offered| {
            let held: i64 = offered.held.iter().map(|units| units.quantity).sum();
            (offered.into.map(|into| into.total_minor), offered.delta_minor, held)
        })
    };
    for (facts, command, offer, expected) in [
        (&unpaid, asked(Some((PAPAYA, 3))), &dear, Ok((Some(660), 210, 3))),
        // Who has paid pays no more, whatever taxes come on top.
        (&paid, asked(Some((PAPAYA, 3))), &dear, Ok((Some(450), 0, 3))),
        (&paid, asked(Some((PAPAYA, 1))), &dear, Ok((Some(220), -230, 1))),
        (&unpaid, asked(Some((PAPAYA, 4))), &dear, Err(SwapEnd::NotThere)),
        (
            &unpaid,
            asked(Some((PAPAYA, 1))),
            &Offer { archived: true, ..dear.clone() },
            Err(SwapEnd::NotThere),
        ),
        (&unpaid, asked(None), &dear, Ok((None, -450, 0))),
        // Two of the three that it holds, at the price of then.
        (
            &unpaid,
            asked(Some((MANGO, 2))),
            &Offer { taxes: vec![], ..papaya(999, 0) },
            Ok((Some(300), -150, 0)),
        ),
    ] {
        assert_eq!(total(facts, &command, offer), expected, "{command:?}");
    }
    let late = Facts { step: Some(OrderStep::Ready), ..facts(PayStanding::Paid) };
    assert_eq!(total(&late, &asked(None), &dear), Err(SwapEnd::TooLate));
    assert_eq!(total(&facts(PayStanding::Waiting), &asked(None), &dear), Err(SwapEnd::Money));
    let mut taken_back = facts(PayStanding::Paid);
    taken_back.swaps = vec![Swap { is_withdrawn: true, ..swap(SwapStanding::Asked, None) }];
    assert_eq!(total(&taken_back, &asked(None), &dear), Err(SwapEnd::Withdrawn));
    // Heard once more, nothing is offered twice.
    let mut known = facts(PayStanding::Paid);
    known.swaps = vec![swap(SwapStanding::Offered, None)];
    assert_eq!(super::offer(&known, &asked(None), (policy(), None)), []);
}

#[test]
fn an_answer_moves_units_and_money_once() {
    let facts_with = |money, standing, end| {
        let mut facts = facts(money);
        let entries = super::offer(&facts, &asked(Some((PAPAYA, 1))), (policy(), Some(&papaya(200, 3))));
        facts.swaps = vec![Swap { end, ..swap(standing, offered(&entries).ok()) }];
        facts
    };
    let open = facts_with(PayStanding::Paid, SwapStanding::Offered, None);
    let entries = answer(&open, (ORDER, SWAP), true).unwrap();
    let [Entry::OrderSwapTaken(taken), Entry::OrderRefundAllowed(back)] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert_eq!((taken.place, taken.delta_minor, back.amount_minor, back.refund), (1, -230, 230, SWAP));
    let moved = transfers(TILL, &entries[0]).unwrap();
    assert_eq!((moved[0].from, moved[0].to, moved[0].quantity), (Account::Hold(ORDER), Account::WriteOff, 3));
    let mut placed = open.placed.clone().unwrap();
    apply(&mut placed, open.swaps[0].offered.as_ref().unwrap());
    assert_eq!((placed.total_minor, placed.lines.len(), placed.lines[0].quantity), (220, 2, 0));

    let declined = answer(&open, (ORDER, SWAP), false).unwrap();
    let moved = transfers(TILL, &declined[0]).unwrap();
    assert_eq!((moved[0].from, moved[0].to, moved[0].quantity), (Account::Hold(ORDER), Account::Pool, 1));
    // Who pays with the goods gets nothing back: the order only comes to less.
    let unpaid = facts_with(PayStanding::AtHandOver, SwapStanding::Offered, None);
    assert_eq!(answer(&unpaid, (ORDER, SWAP), true).unwrap().len(), 1);

    // What went back before does not go back again.
    for (left_minor, expected) in [(450, Some(230)), (100, Some(100)), (0, None)] {
        let entries = answer(&Facts { left_minor, ..open.clone() }, (ORDER, SWAP), true).unwrap();
        let back = entries.iter().find_map(|entry| {
            let Entry::OrderRefundAllowed(allowed) = entry else { return None };
            Some(allowed.amount_minor)
        });
        assert_eq!(back, expected, "{left_minor}");
    }

    let over = Some(SwapEnd::Withdrawn);
    for (facts, is_taken, expected) in [
        (facts_with(PayStanding::Paid, SwapStanding::Taken, None), true, Some(0)),
        (facts_with(PayStanding::Paid, SwapStanding::Taken, None), false, None),
        (facts_with(PayStanding::Paid, SwapStanding::Ended, Some(SwapEnd::Declined)), false, Some(0)),
        (facts_with(PayStanding::Paid, SwapStanding::Ended, Some(SwapEnd::Declined)), true, None),
        (facts_with(PayStanding::Paid, SwapStanding::Ended, over), false, None),
        (facts_with(PayStanding::Paid, SwapStanding::Asked, None), true, None),
        (Facts { state: Some(OrderState::Released), ..open.clone() }, true, None),
        (facts(PayStanding::Paid), true, None),
    ] {
        let decided = answer(&facts, (ORDER, SWAP), is_taken).ok().map(|entries| entries.len());
        assert_eq!(decided, expected, "{facts:?} {is_taken}");
    }
    for (facts, expected) in [
        (open, 1),
        (facts_with(PayStanding::Paid, SwapStanding::Taken, None), 0),
        (facts_with(PayStanding::Paid, SwapStanding::Asked, None), 1),
    ] {
        assert_eq!(withdraw(&facts, (ORDER, SWAP)).unwrap().len(), expected);
    }
}
