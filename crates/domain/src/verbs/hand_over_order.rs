//! A register hands an order over, or asks to cancel it. The hold belongs to the server, so neither moves
//! stock by itself: the server answers with an entry of its own. Whoever hands over what was not paid before takes the money,
//! into an open drawer, as with a sale.

use std::collections::BTreeMap;

use crate::basket::{Tender, TenderKind, settle};
use crate::entry::{Entry, OrderCancelAsked, OrderHandedOver, OrderPlaced, OrderTaken, Standing, Tendered};
use crate::ids::{OrderId, SaleId, ShiftId};
use crate::money::{CashRounding, part_of};
use crate::refusal::{Refusal, ensure, invalid};
use crate::tax::{LineTax, TaxTotal, add_up};
use crate::verbs::card_order::Card;
use crate::verbs::check_note;
use crate::verbs::make_sale::check_tendered;
use crate::verbs::pay_order::PayStanding;
use crate::verbs::release_order::OrderState;
use crate::wrong::Wrong;

#[derive(Clone, Debug)]
pub struct Facts {
    pub state: Option<OrderState>,
    pub placed: Option<OrderPlaced>,
    pub money: PayStanding,
    /// A gift card pays some of it.
    pub card: Option<Card>,
    /// Something else was offered for a line, and the buyer has not answered.
    pub is_swapping: bool,
    /// A transfer is to come, and nobody saw it.
    pub awaits_transfer: bool,
    pub open_shift: Option<ShiftId>,
    pub cash_rounding: CashRounding,
    /// Codes of payments by phone that stand on sales already.
    pub codes_used: BTreeMap<String, SaleId>,
}

/// What whoever takes the goods of an open order pays for them. A payment that may still come is nobody's to take a second
/// time.
pub fn due_minor(money: PayStanding, total_minor: i64, card: Option<Card>) -> i64 {
    if money != PayStanding::AtHandOver {
        return 0;
    }
    total_minor.saturating_sub(card.map_or(0, |card| card.pays_minor)).max(0)
}

pub fn decide_hand_over(facts: &Facts, order: OrderId, tenders: &[Tendered]) -> Result<Vec<Entry>, Refusal> {
    check_open(facts.state, order)?;
    ensure(!facts.is_swapping, invalid(Wrong::OrderWaitsForAnswer))?;
    // What the buyer sends cannot be called back, so nothing is taken in its place.
    ensure(!facts.awaits_transfer, Refusal::TransferAwaited)?;
    let due = |placed: &OrderPlaced| due_minor(facts.money, placed.total_minor, facts.card);
    let taken = match &facts.placed {
        Some(placed) if due(placed) > 0 => Some(take(facts, (placed, due(placed)), tenders)?),
        Some(_) | None => {
            let waits = facts.money == PayStanding::Waiting;
            let why = if waits { Wrong::PaymentOpen } else { Wrong::NothingDue };
            ensure(tenders.is_empty(), invalid(why))?;
            None
        }
    };
    Ok(vec![OrderHandedOver { order, taken }.into()])
}

pub fn decide_cancel(state: Option<OrderState>, order: OrderId, reason: &str) -> Result<Vec<Entry>, Refusal> {
    check_note(reason)?;
    check_open(state, order)?;
    Ok(vec![OrderCancelAsked { order, reason: reason.into() }.into()])
}

fn check_open(state: Option<OrderState>, order: OrderId) -> Result<(), Refusal> {
    let state = state.ok_or(Refusal::UnknownOrder(order))?;
    ensure(state == OrderState::Held, Refusal::OrderEnded(state.name()))
}

fn take(
    facts: &Facts,
    (placed, total_minor): (&OrderPlaced, i64),
    tenders: &[Tendered],
) -> Result<OrderTaken, Refusal> {
    ensure(!tenders.is_empty(), Refusal::Underpaid { missing_minor: total_minor })?;
    for taken in tenders {
        let is_phone = taken.kind == TenderKind::MobileMoney;
        ensure(taken.kind != TenderKind::Voucher, invalid(Wrong::PurseAtTill))?;
        // The goods are gone after it: nobody gives them for what a buyer only says (C73).
        ensure(
            !is_phone || taken.standing == Standing::Verified && !taken.reference.trim().is_empty(),
            invalid(Wrong::PaymentUnseen),
        )?;
    }
    check_tendered(tenders, &facts.codes_used)?;
    let plain: Vec<Tender> = tenders.iter().map(Tendered::plain).collect();
    let paid = settle(total_minor, &plain, facts.cash_rounding)?;
    ensure(paid.is_paid(), Refusal::Underpaid { missing_minor: paid.due_minor })?;
    Ok(OrderTaken {
        shift: facts.open_shift.ok_or(Refusal::NoShift)?,
        total_minor,
        cash_rounding_minor: paid.cash_rounding_minor,
        tenders: tenders.to_vec(),
        change_minor: paid.change_minor,
        taxes: taxes_of(placed, total_minor),
    })
}

/// Net amount and tax of each rate of an order, bringing it included.
pub fn taxes(placed: &OrderPlaced) -> Vec<TaxTotal> {
    add_up(taxed(placed))
}

fn taxed(placed: &OrderPlaced) -> impl Iterator<Item = (&[LineTax], i64)> {
    let of_lines = placed.lines.iter().map(|line| (line.taxes.as_slice(), line.total_minor));
    let of_bringing = placed.delivery.iter().map(|it| (it.taxes.as_slice(), it.total_minor));
    of_lines.chain(of_bringing)
}

/// The same of a part of what it comes to: what a gift card pays is in no shift, and neither are its taxes. Each line is cut, so that
/// net amounts and taxes, with what carries none, come to that part to the smallest unit.
fn taxes_of(placed: &OrderPlaced, part_minor: i64) -> Vec<TaxTotal> {
    let whole_minor = taxed(placed).fold(0, |sum: i64, (_, total_minor)| sum.saturating_add(total_minor));
    let mut before_minor = 0;
    let mut cut = Vec::new();
    for (of_line, total_minor) in taxed(placed) {
        let Some(cut_minor) = part_of(part_minor, whole_minor, before_minor, total_minor) else {
            return taxes(placed);
        };
        before_minor += total_minor;
        let of_tax = |tax: &LineTax| LineTax {
            tax_minor: part_of(tax.tax_minor, total_minor, 0, cut_minor).unwrap_or(0),
            ..tax.clone()
        };
        cut.push((of_line.iter().map(of_tax).collect::<Vec<_>>(), cut_minor));
    }
    add_up(cut.iter().map(|(of_line, cut_minor)| (of_line.as_slice(), *cut_minor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Handing;
    use crate::entry::OrderLine;
    use crate::ids::{ProductId, ThingId};
    use crate::money::{Currency, Ppm, Rounding};
    use crate::tax::TaxRate;

    const ORDER: OrderId = OrderId([1; 16]);
    const SHIFT: ShiftId = ShiftId([2; 16]);

    fn tax(tax_minor: i64) -> Vec<LineTax> {
        vec![LineTax { rate: TaxRate::inclusive(Ppm(160_000)), tax_minor }]
    }

    fn facts() -> Facts {
        let line = |total_minor, taxes| OrderLine {
            product: ProductId([4; 16]),
            name: "Mango".into(),
            quantity: 3,
            unit_price_minor: 100,
            price_per: 1,
            discount_minor: 0,
            taxes,
            tax_minor: 0,
            total_minor,
        };
        let placed = OrderPlaced {
            order: ORDER,
            buyer: ThingId([5; 16]),
            currency: Currency::parse("EUR").unwrap(),
            lines: vec![line(116, tax(16)), line(232, tax(32)), line(100, vec![])],
            total_minor: 448,
            note: String::new(),
            handing: Handing::Pickup,
            delivery: None,
            coupon: None,
        };
        Facts {
            state: Some(OrderState::Held),
            placed: Some(placed),
            money: PayStanding::AtHandOver,
            card: None,
            is_swapping: false,
            awaits_transfer: false,
            open_shift: Some(SHIFT),
            cash_rounding: CashRounding { step_minor: 5, rounding: Rounding::HalfUp },
            codes_used: [("QX9".into(), SaleId([8; 16]))].into(),
        }
    }

    fn paid(kind: TenderKind, amount_minor: i64) -> Tendered {
        Tendered { kind, amount_minor, reference: String::new(), standing: Standing::Taken }
    }

    #[test]
    fn only_an_open_order_can_be_handed_over_or_cancelled() {
        for (state, refused) in [
            (Some(OrderState::Held), None),
            (Some(OrderState::HandedOver), Some(Refusal::OrderEnded("handed over"))),
            (Some(OrderState::Released), Some(Refusal::OrderEnded("cancelled"))),
            (Some(OrderState::Fulfilled), Some(Refusal::OrderEnded("fulfilled"))),
            (None, Some(Refusal::UnknownOrder(ORDER))),
        ] {
            let facts = Facts { state, ..facts() };
            let cash = [paid(TenderKind::Cash, 448)];
            assert_eq!(decide_hand_over(&facts, ORDER, &cash).err(), refused.clone());
            assert_eq!(decide_cancel(state, ORDER, "no time").err(), refused);
        }
    }

    #[test]
    fn what_was_not_paid_before_is_paid_with_the_goods() {
        let cash = |minor| paid(TenderKind::Cash, minor);
        let phone = |reference: &str, standing| Tendered {
            reference: reference.into(),
            standing,
            ..paid(TenderKind::MobileMoney, 448)
        };
        let unseen = invalid(Wrong::PaymentUnseen);
        let underpaid = |missing_minor| Err(Refusal::Underpaid { missing_minor });
        // The drawer grows by so much, is rounded by so much, and gives so much change.
        for (tenders, expected) in [
            (vec![cash(448)], Ok((448, 0, 0))),
            (vec![cash(500)], Ok((450, 2, 50))),
            (vec![paid(TenderKind::Card, 448)], Ok((0, 0, 0))),
            (vec![paid(TenderKind::Card, 400), cash(50)], Ok((50, 2, 0))),
            (vec![phone("QX1", Standing::Verified)], Ok((0, 0, 0))),
            (vec![phone("QX1", Standing::Claimed)], Err(unseen.clone())),
            (vec![phone(" ", Standing::Verified)], Err(unseen)),
            (vec![phone("qx9", Standing::Verified)], Err(Refusal::CodeUsed(SaleId([8; 16])))),
            (vec![], underpaid(448)),
            (vec![cash(100)], underpaid(348)),
            (vec![paid(TenderKind::Voucher, 448)], Err(invalid(Wrong::PurseAtTill))),
        ] {
            let handed =
                decide_hand_over(&facts(), ORDER, &tenders).map(|entries| match entries.as_slice() {
                    [Entry::OrderHandedOver(OrderHandedOver { taken: Some(taken), .. })] => {
                        assert_eq!((taken.shift, taken.total_minor), (SHIFT, 448));
                        let total = TaxTotal { rate: tax(0)[0].rate.clone(), net_minor: 300, tax_minor: 48 };
                        assert_eq!(taken.taxes, [total]);
                        (taken.cash_kept(), taken.cash_rounding_minor, taken.change_minor)
                    }
                    other => panic!("{other:?}"),
                });
            assert_eq!(handed, expected, "{tenders:?}");
        }
        let unanswered = invalid(Wrong::OrderWaitsForAnswer);
        let swapping = Facts { is_swapping: true, ..facts() };
        assert_eq!(decide_hand_over(&swapping, ORDER, &[cash(448)]), Err(unanswered));
        let awaiting = Facts { awaits_transfer: true, money: PayStanding::Waiting, ..facts() };
        for tenders in [vec![], vec![cash(448)]] {
            assert_eq!(decide_hand_over(&awaiting, ORDER, &tenders), Err(Refusal::TransferAwaited));
        }
        let closed = Facts { open_shift: None, ..facts() };
        assert_eq!(decide_hand_over(&closed, ORDER, &[cash(448)]), Err(Refusal::NoShift));
    }

    /// What a card pays is in no shift; its report of takings and of taxes is about the same money.
    #[test]
    fn taxes_of_what_a_card_leaves_come_to_what_was_taken() {
        let placed = facts().placed.unwrap();
        let untaxed = OrderPlaced { lines: vec![placed.lines[0].clone(), placed.lines[1].clone()], ..placed };
        for rest_minor in 1..=348 {
            let totals = taxes_of(&untaxed, rest_minor);
            let sum: i64 = totals.iter().map(|total| total.net_minor + total.tax_minor).sum();
            assert_eq!(sum, rest_minor, "{totals:?}");
            assert!((totals[0].tax_minor * 348 - rest_minor * 48).abs() <= 2 * 348, "{totals:?}");
        }
        // A line without taxes takes its part, too.
        let placed = facts().placed.unwrap();
        let half = taxes_of(&placed, 224);
        assert_eq!(half, [TaxTotal { rate: tax(0)[0].rate.clone(), net_minor: 150, tax_minor: 24 }]);
        assert_eq!((taxes_of(&placed, 448), taxes_of(&placed, 0)[0].tax_minor), (taxes(&placed), 0));
    }

    #[test]
    fn a_gift_card_leaves_the_rest_to_whoever_takes_the_goods() {
        let card = |pays_minor| {
            let purse = ProductId([7; 16]);
            Some(Card { purse, pays_minor, rest_minor: 448 - pays_minor, ..Card::default() })
        };
        for (pays_minor, tenders, expected) in [
            (400, vec![paid(TenderKind::Card, 48)], Ok(Some(48))),
            (400, vec![paid(TenderKind::Card, 47)], Err(Refusal::Underpaid { missing_minor: 1 })),
            (400, vec![], Err(Refusal::Underpaid { missing_minor: 48 })),
            // Something cheaper was taken in place of a line, and the card has enough for all of it.
            (500, vec![], Ok(None)),
            (500, vec![paid(TenderKind::Card, 1)], Err(invalid(Wrong::NothingDue))),
        ] {
            let facts = Facts { card: card(pays_minor), ..facts() };
            let handed = decide_hand_over(&facts, ORDER, &tenders);
            let taken = handed.map(|entries| match entries.as_slice() {
                [Entry::OrderHandedOver(handed)] => handed.taken.as_ref().map(|taken| taken.total_minor),
                other => panic!("{other:?}"),
            });
            assert_eq!(taken, expected, "{pays_minor} and {tenders:?}");
        }
    }

    #[test]
    fn what_was_paid_or_may_still_be_paid_is_not_paid_again() {
        let nothing_due = Err(invalid(Wrong::NothingDue));
        for money in [PayStanding::Waiting, PayStanding::Paid, PayStanding::PartlyBack, PayStanding::PaidBack]
        {
            let facts = Facts { money, open_shift: None, ..facts() };
            let handed = Ok(vec![OrderHandedOver { order: ORDER, taken: None }.into()]);
            assert_eq!(decide_hand_over(&facts, ORDER, &[]), handed);
            let cash = [paid(TenderKind::Cash, 448)];
            let waits = money == PayStanding::Waiting;
            let refused = if waits { Err(invalid(Wrong::PaymentOpen)) } else { nothing_due.clone() };
            assert_eq!(decide_hand_over(&facts, ORDER, &cash), refused);
        }
        let mut free = facts();
        free.placed.as_mut().unwrap().total_minor = 0;
        assert_eq!(decide_hand_over(&free, ORDER, &[paid(TenderKind::Cash, 1)]), nothing_due);
        assert!(decide_hand_over(&free, ORDER, &[]).is_ok());
    }
}
