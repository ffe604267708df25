//! Place an order and hold its units, in one decision. Decided by the server alone, against the shop's share.
//! The demand for one product is summed over all lines before it is compared.

use std::collections::BTreeMap;

use crate::basket::{Basket, BasketLine, Discount, Policy, PricedLine, price};
use crate::entry::{Entry, OrderLine, OrderPlaced};
use crate::ids::{OrderId, ProductId, ThingId};
use crate::quantity::Quantity;
use crate::refusal::{Refusal, ensure};
use crate::tax::TaxRate;
use crate::verbs::{check_lines, check_note, check_quantity};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlaceOrder {
    pub order: OrderId,
    pub buyer: ThingId,
    pub lines: Vec<AskedLine>,
    pub note: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AskedLine {
    pub product: ProductId,
    pub quantity: i64,
    /// What the buyer saw. When the price is another by now, the buyer is asked first.
    pub seen_price_minor: Option<i64>,
}

/// What the shop knows of a product.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    pub name: String,
    pub unit_price_minor: i64,
    pub price_per: i64,
    pub archived: bool,
    pub taxes: Vec<TaxRate>,
    pub pool: i64,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub frozen: bool,
    pub policy: Policy,
    pub offers: BTreeMap<ProductId, Offer>,
    /// Orders of this buyer at this stall that have not ended.
    pub held: u32,
}

/// Orders that one buyer may have open at a stall: each holds units that nobody else can have.
pub const ORDERS_HELD_MAX: u32 = 20;

pub fn decide(facts: &Facts, command: &PlaceOrder) -> Result<Vec<Entry>, Refusal> {
    ensure(!facts.frozen, Refusal::StallFrozen)?;
    check_lines(command.lines.len())?;
    check_note(&command.note)?;
    ensure(facts.held < ORDERS_HELD_MAX, Refusal::TooManyHeld { held: facts.held })?;
    let mut demand: BTreeMap<ProductId, i64> = BTreeMap::new();
    let mut basket = Basket { lines: Vec::new(), discount: Discount::None, policy: facts.policy };
    for asked in &command.lines {
        check_quantity(asked.quantity)?;
        basket.lines.push(basket_line(offer(facts, asked)?, asked));
        let sum = demand.entry(asked.product).or_default();
        *sum = sum.checked_add(asked.quantity).ok_or(Refusal::TooLarge)?;
    }
    for (product, asked) in demand {
        let available = facts.offers.get(&product).map_or(0, |offer| offer.pool.max(0));
        ensure(asked <= available, Refusal::ShareExceeded { product, available, asked })?;
    }
    let priced = price(&basket)?;
    let lines = command.lines.iter().zip(&priced.lines);
    let lines = lines.map(|(asked, line)| order_line(offer(facts, asked)?, line));
    Ok(vec![
        OrderPlaced {
            order: command.order,
            buyer: command.buyer,
            currency: priced.currency,
            lines: lines.collect::<Result<_, _>>()?,
            total_minor: priced.total_minor,
            note: command.note.clone(),
        }
        .into(),
    ])
}

fn offer<'a>(facts: &'a Facts, asked: &AskedLine) -> Result<&'a Offer, Refusal> {
    let unknown = Refusal::UnknownProduct(asked.product);
    let offer = facts.offers.get(&asked.product).filter(|offer| !offer.archived).ok_or(unknown)?;
    let unchanged = asked.seen_price_minor.is_none_or(|seen| seen == offer.unit_price_minor);
    ensure(unchanged, Refusal::PriceChanged(asked.product))?;
    Ok(offer)
}

fn basket_line(offer: &Offer, asked: &AskedLine) -> BasketLine {
    BasketLine {
        product: asked.product,
        quantity: Quantity(asked.quantity),
        unit_price_minor: offer.unit_price_minor,
        price_per: offer.price_per,
        discount: Discount::None,
        taxes: offer.taxes.clone(),
    }
}

fn order_line(offer: &Offer, line: &PricedLine) -> Result<OrderLine, Refusal> {
    Ok(OrderLine {
        product: line.product,
        name: offer.name.clone(),
        quantity: line.quantity.0,
        unit_price_minor: offer.unit_price_minor,
        price_per: offer.price_per,
        tax_minor: line.tax_minor,
        total_minor: line.total_minor,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::invalid;

    const MANGO: ProductId = ProductId([3; 16]);

    fn facts(pool: i64) -> Facts {
        let offer = Offer {
            name: "Mango".into(),
            unit_price_minor: 150,
            price_per: 1,
            archived: false,
            taxes: vec![],
            pool,
        };
        Facts {
            frozen: false,
            policy: Policy::plain(crate::money::Currency::parse("EUR").unwrap()),
            offers: [(MANGO, offer)].into(),
            held: 0,
        }
    }

    fn order(quantities: &[i64], seen_price_minor: Option<i64>) -> PlaceOrder {
        let line = |quantity: &i64| AskedLine { product: MANGO, quantity: *quantity, seen_price_minor };
        PlaceOrder {
            order: OrderId([1; 16]),
            buyer: ThingId([2; 16]),
            lines: quantities.iter().map(line).collect(),
            note: String::new(),
        }
    }

    #[test]
    fn table() {
        let exceeded = |available, asked| Err(Refusal::ShareExceeded { product: MANGO, available, asked });
        let archived = {
            let mut facts = facts(5);
            facts.offers.get_mut(&MANGO).unwrap().archived = true;
            facts
        };
        let frozen = Facts { frozen: true, ..facts(5) };
        let holding = |held| Facts { held, ..facts(5) };
        for (facts, command, expected) in [
            (facts(5), order(&[5], None), Ok(750)),
            (facts(5), order(&[2, 3], Some(150)), Ok(750)),
            (facts(5), order(&[3, 3], None), exceeded(5, 6)),
            (facts(-2), order(&[1], None), exceeded(0, 1)),
            (facts(5), order(&[1], Some(140)), Err(Refusal::PriceChanged(MANGO))),
            (archived, order(&[1], None), Err(Refusal::UnknownProduct(MANGO))),
            (frozen, order(&[1], None), Err(Refusal::StallFrozen)),
            (holding(ORDERS_HELD_MAX - 1), order(&[1], None), Ok(150)),
            (
                holding(ORDERS_HELD_MAX),
                order(&[1], None),
                Err(Refusal::TooManyHeld { held: ORDERS_HELD_MAX }),
            ),
            (facts(5), order(&[0], None), Err(invalid("quantity", "must be at least 1 and not absurd"))),
            (facts(5), order(&[], None), Err(invalid("lines", "must be between 1 and 500"))),
        ] {
            let total = decide(&facts, &command).map(|entries| match entries.as_slice() {
                [Entry::OrderPlaced(placed)] => placed.total_minor,
                other => panic!("{other:?}"),
            });
            assert_eq!(total, expected);
        }
    }
}
