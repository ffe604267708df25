//! Sell goods that are in the buyer's hands. Totals are computed here, by the one computation there is, and
//! copied into the entry. Goods in the hand are never refused because a number is wrong: what the share does
//! not cover is stated as such, when the cashier has said that the goods are there.

use std::collections::BTreeMap;

use crate::basket::{Basket, PricedLine, Settled, Tender, price, settle};
use crate::entry::{Entry, SaleLine, SaleMade, TenderKind, Tendered};
use crate::ids::{ProductId, SaleId, ShiftId};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::{NOTE_LEN_MAX, check_lines, check_quantity};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MakeSale {
    pub sale: SaleId,
    pub basket: Basket,
    /// What each line is called on the receipt, line by line.
    pub names: Vec<String>,
    pub tenders: Vec<Tendered>,
    pub beyond: BeyondShare,
}

/// What to do with units that the register's share does not cover.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BeyondShare {
    /// Refuse: the goods are not in the buyer's hands yet.
    Refuse,
    /// Record and mark: the goods are there, whatever the numbers say.
    GoodsInHand,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub frozen: bool,
    pub open_shift: Option<ShiftId>,
    pub next_receipt_number: u64,
    /// The register's own share of each product of the basket.
    pub shares: BTreeMap<ProductId, i64>,
}

/// A line of this product has no stock: a custom amount.
pub const NO_PRODUCT: ProductId = ProductId([0; 16]);

pub fn decide(facts: &Facts, command: &MakeSale) -> Result<Vec<Entry>, Refusal> {
    check_lines(command.basket.lines.len())?;
    ensure(command.names.len() == command.basket.lines.len(), invalid("names", "one for each line"))?;
    ensure(command.names.iter().all(|name| name.len() <= NOTE_LEN_MAX), invalid("names", "are too long"))?;
    let shift = facts.open_shift.ok_or(Refusal::NoShift)?;
    let priced = price(&command.basket)?;
    let paid = pay(&command.tenders, priced.total_minor, command)?;
    let mut shares = facts.shares.clone();
    let mut lines = Vec::new();
    let inputs = command.basket.lines.iter().zip(&command.names).zip(&priced.lines);
    for ((asked, name), line) in inputs {
        check_quantity(asked.quantity.0)?;
        let beyond_share = take_share(facts, &mut shares, line, command.beyond)?;
        lines.push(SaleLine {
            product: (line.product != NO_PRODUCT).then_some(line.product),
            name: name.clone(),
            quantity: line.quantity.0,
            beyond_share,
            unit_price_minor: asked.unit_price_minor,
            price_per: asked.price_per,
            discount_minor: line.discount_minor + line.basket_discount_minor,
            taxes: line.taxes.clone(),
            total_minor: line.total_minor,
        });
    }
    Ok(vec![
        SaleMade {
            sale: command.sale,
            shift,
            receipt_number: facts.next_receipt_number,
            currency: priced.currency,
            lines,
            total_minor: priced.total_minor,
            cash_rounding_minor: paid.cash_rounding_minor,
            tenders: command.tenders.clone(),
            change_minor: paid.change_minor,
        }
        .into(),
    ])
}

/// Takes a line's units off the shares and returns how many were not there. One product on two lines is
/// summed: the second line finds what the first one left.
fn take_share(
    facts: &Facts,
    shares: &mut BTreeMap<ProductId, i64>,
    line: &PricedLine,
    beyond: BeyondShare,
) -> Result<i64, Refusal> {
    if line.product == NO_PRODUCT {
        return Ok(0);
    }
    // A restored or copied register may record what was handed over, and promise nothing.
    ensure(!facts.frozen || beyond == BeyondShare::GoodsInHand, Refusal::RegisterFrozen)?;
    let share = shares.entry(line.product).or_default();
    let available = if facts.frozen { 0 } else { (*share).max(0) };
    let asked = line.quantity.0;
    let covered = asked.min(available);
    if covered < asked && beyond == BeyondShare::Refuse {
        return Err(Refusal::ShareExceeded { product: line.product, available, asked });
    }
    *share -= covered;
    Ok(asked - covered)
}

fn pay(tenders: &[Tendered], total_minor: i64, command: &MakeSale) -> Result<Settled, Refusal> {
    let plain: Vec<Tender> =
        tenders.iter().map(|taken| Tender { kind: taken.kind, amount_minor: taken.amount_minor }).collect();
    let references = tenders.iter().all(|taken| taken.reference.len() <= NOTE_LEN_MAX);
    ensure(references, invalid("reference", "is too long"))?;
    let paid = settle(total_minor, &plain, command.basket.policy.cash_rounding)?;
    ensure(paid.is_paid(), Refusal::Underpaid { missing_minor: paid.due_minor })?;
    Ok(paid)
}

/// Whether a sale put cash into the drawer, and how much.
pub fn cash_kept(sale: &SaleMade) -> i64 {
    let cash = sale.tenders.iter().filter(|taken| taken.kind == TenderKind::Cash);
    cash.map(|taken| taken.amount_minor).sum::<i64>() - sale.change_minor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basket::{BasketLine, Discount, Policy};
    use crate::quantity::Quantity;

    const MANGO: ProductId = ProductId([3; 16]);
    const SHIFT: ShiftId = ShiftId([2; 16]);

    fn facts(share: i64) -> Facts {
        let shares = [(MANGO, share)].into();
        Facts { frozen: false, open_shift: Some(SHIFT), next_receipt_number: 7, shares }
    }

    fn sale(quantities: &[i64], cash: i64, beyond: BeyondShare) -> MakeSale {
        let line = |quantity: &i64| BasketLine {
            product: MANGO,
            quantity: Quantity(*quantity),
            unit_price_minor: 100,
            price_per: 1,
            discount: Discount::None,
            taxes: vec![],
        };
        let policy = Policy::plain(crate::money::Currency::parse("EUR").unwrap());
        MakeSale {
            sale: SaleId([1; 16]),
            basket: Basket { lines: quantities.iter().map(line).collect(), discount: Discount::None, policy },
            names: quantities.iter().map(|_| "Mango".into()).collect(),
            tenders: vec![Tendered { kind: TenderKind::Cash, amount_minor: cash, reference: String::new() }],
            beyond,
        }
    }

    fn beyond(facts: &Facts, command: &MakeSale) -> Result<Vec<i64>, Refusal> {
        decide(facts, command).map(|entries| match entries.as_slice() {
            [Entry::SaleMade(made)] => made.lines.iter().map(|line| line.beyond_share).collect(),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn the_share_bounds_what_is_promised_and_never_what_is_handed_over() {
        use BeyondShare::{GoodsInHand, Refuse};
        let exceeded = |available, asked| Err(Refusal::ShareExceeded { product: MANGO, available, asked });
        for (share, quantities, how, expected) in [
            (5, &[3][..], Refuse, Ok(vec![0])),
            (2, &[3], Refuse, exceeded(2, 3)),
            (2, &[3], GoodsInHand, Ok(vec![1])),
            (-1, &[3], GoodsInHand, Ok(vec![3])),
            (4, &[3, 3], Refuse, exceeded(1, 3)),
            (4, &[3, 3], GoodsInHand, Ok(vec![0, 2])),
        ] {
            assert_eq!(beyond(&facts(share), &sale(quantities, 1000, how)), expected);
        }
    }

    #[test]
    fn a_frozen_register_promises_nothing_and_still_records_what_left() {
        let frozen = Facts { frozen: true, ..facts(5) };
        assert_eq!(beyond(&frozen, &sale(&[1], 100, BeyondShare::Refuse)), Err(Refusal::RegisterFrozen));
        assert_eq!(beyond(&frozen, &sale(&[2], 200, BeyondShare::GoodsInHand)), Ok(vec![2]));
    }

    #[test]
    fn money_and_number_are_right() {
        let entries = decide(&facts(5), &sale(&[2], 500, BeyondShare::Refuse)).unwrap();
        let [Entry::SaleMade(made)] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((made.total_minor, made.change_minor, made.receipt_number), (200, 300, 7));
        assert_eq!(cash_kept(made), 200);
        let short = decide(&facts(5), &sale(&[2], 150, BeyondShare::Refuse));
        assert_eq!(short, Err(Refusal::Underpaid { missing_minor: 50 }));
        let closed = Facts { open_shift: None, ..facts(5) };
        assert_eq!(decide(&closed, &sale(&[2], 500, BeyondShare::Refuse)), Err(Refusal::NoShift));
    }
}
