//! Place an order and hold its units, in one decision. Decided by the server alone, against the shop's share.
//! The demand for one product is summed over all lines before it is compared.

use std::collections::BTreeMap;

use crate::basket::{Basket, BasketLine, Discount, Policy, Priced, PricedLine, price};
use crate::coupon::{CouponProblem, CouponTerms, Uses};
use crate::deal::{Deal, DealUse};
use crate::delivery::{Charge, Handing, Handings, Parcel, grams};
use crate::entry::{DealTaken, Entry, OrderCoupon, OrderDelivery, OrderLine, OrderPlaced};
use crate::ids::{OrderId, ProductId, ThingId};
use crate::quantity::{Quantity, Unit};
use crate::refusal::{Refusal, ensure};
use crate::tax::{TaxRate, TaxTotal, add_up};
use crate::verbs::card_order::{self, AskedCard};
use crate::verbs::{check_lines, check_note, check_quantity};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlaceOrder {
    pub order: OrderId,
    pub buyer: ThingId,
    pub lines: Vec<AskedLine>,
    pub note: String,
    pub handing: Handing,
    /// Where to, if the stall has prices by zone.
    pub zone: String,
    /// The code that is to take something off, in its one way of writing; empty without one.
    pub coupon: String,
    /// What the buyer saw it come to, bringing and taxes included. Whoever asks without it asked no person.
    pub seen_total_minor: Option<i64>,
    /// How much of that was taxes: another rate is asked about, too, where the total stays.
    pub seen_tax_minor: Option<i64>,
    /// A gift card that pays as much of it as is there.
    pub card: Option<AskedCard>,
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
    pub unit: Unit,
    /// What a piece weighs; 0 where the stall does not say.
    pub piece_g: i64,
    pub pool: i64,
    /// Another price for a while, and what orders have of it so far.
    pub deal: Option<(Deal, DealUse)>,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub frozen: bool,
    pub policy: Policy,
    pub offers: BTreeMap<ProductId, Offer>,
    pub handings: Handings,
    /// Orders of this buyer at this stall that have not ended.
    pub held: u32,
    /// By the server's clock.
    pub now_ms: i64,
    /// The stall's business day.
    pub day: i32,
    /// The buyer is known again at the next order.
    pub has_account: bool,
    /// The code that the command names, with its uses so far; none is no code of this stall.
    pub coupon: Option<(CouponTerms, Uses)>,
    /// What the shop may promise of the card that the command names; none is no gift card of this stall.
    pub card: Option<i64>,
}

/// Orders that one buyer may have open at a stall: each holds units that nobody else can have.
pub const ORDERS_HELD_MAX: u32 = 20;

pub fn decide(facts: &Facts, command: &PlaceOrder) -> Result<Vec<Entry>, Refusal> {
    ensure(!facts.frozen, Refusal::StallFrozen)?;
    check_lines(command.lines.len())?;
    check_note(&command.note)?;
    ensure(facts.held < ORDERS_HELD_MAX, Refusal::TooManyHeld { held: facts.held })?;
    let demand = demand(facts, command)?;
    let deals = deals(facts, command, &demand)?;
    let wanted = command.lines.iter().map(|asked| offer(facts, &deals, asked).map(|offer| (offer, asked)));
    let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
    for (product, asked) in &demand {
        let available = facts.offers.get(product).map_or(0, |offer| offer.pool.max(0));
        let exceeded = Refusal::ShareExceeded { product: *product, available, asked: *asked };
        ensure(*asked <= available, exceeded)?;
    }
    let coupon = coupon(facts, command)?;
    let how = How { handings: &facts.handings, handing: command.handing, zone: &command.zone, coupon };
    let worked = work_out(facts.policy, &wanted, &how)?;
    check_seen(command, &worked)?;
    let WorkedOut { priced, delivery, total_minor } = worked;
    let lines = wanted.iter().zip(&priced.lines).map(|((offer, _), line)| order_line(offer, line));
    let by_zone = delivery.is_some() && facts.handings.has_zones(command.handing);
    let zone = if by_zone { command.zone.clone() } else { String::new() };
    let placed = OrderPlaced {
        order: command.order,
        buyer: command.buyer,
        currency: priced.currency,
        lines: lines.collect(),
        total_minor,
        note: command.note.clone(),
        handing: command.handing,
        delivery: delivery.map(|charge| OrderDelivery {
            zone,
            taxes: charge.taxes,
            tax_minor: charge.tax_minor,
            total_minor: charge.total_minor,
        }),
        coupon: coupon
            .map(|_| OrderCoupon { code: command.coupon.clone(), discount_minor: priced.discount_minor }),
    };
    let taken = deals.iter().map(|(product, at_deal)| taken(command, (*product, demand[product]), at_deal));
    let card = card_order::hold(command.card, facts.card, (command.order, total_minor))?;
    Ok(std::iter::once(placed.into()).chain(taken).chain(card).collect())
}

/// Whatever differs from what the buyer saw is asked about.
fn check_seen(command: &PlaceOrder, worked: &WorkedOut) -> Result<(), Refusal> {
    let (total_minor, tax_minor) = (worked.total_minor, worked.tax_minor());
    let has_total = command.seen_total_minor.is_none_or(|seen| seen == total_minor);
    ensure(has_total, Refusal::TotalChanged { total_minor })?;
    let has_tax = command.seen_tax_minor.is_none_or(|seen| seen == tax_minor);
    ensure(has_tax, Refusal::TaxChanged { tax_minor })
}

/// What is asked for of each product, over all lines.
fn demand(facts: &Facts, command: &PlaceOrder) -> Result<BTreeMap<ProductId, i64>, Refusal> {
    let mut demand: BTreeMap<ProductId, i64> = BTreeMap::new();
    for asked in &command.lines {
        check_quantity(asked.quantity)?;
        let is_known = facts.offers.get(&asked.product).is_some_and(|offer| !offer.archived);
        ensure(is_known, Refusal::UnknownProduct(asked.product))?;
        let sum = demand.entry(asked.product).or_default();
        *sum = sum.checked_add(asked.quantity).ok_or(Refusal::TooLarge)?;
    }
    Ok(demand)
}

/// A product as it is offered while its deal is on.
struct AtDeal {
    deal: Deal,
    offer: Offer,
}

/// What of the order has a deal's price: all units of a product, or none. Where it cannot have it, whoever saw that price or named
/// none is told so; whoever saw the usual one gets it for that.
fn deals(
    facts: &Facts,
    command: &PlaceOrder,
    demand: &BTreeMap<ProductId, i64>,
) -> Result<BTreeMap<ProductId, AtDeal>, Refusal> {
    let mut deals = BTreeMap::new();
    for (product, asked) in demand {
        let Some(offer) = facts.offers.get(product) else { continue };
        let usual_minor = offer.unit_price_minor;
        let Some((deal, taken)) = offer.deal.filter(|(deal, _)| deal.is_on(facts.now_ms, usual_minor)) else {
            continue;
        };
        let mut lines = command.lines.iter().filter(|line| line.product == *product);
        let is_wanted = lines.any(|line| line.seen_price_minor.is_none_or(|seen| seen == deal.price_minor));
        match deal.allows(*asked, taken) {
            Ok(()) => {
                let offer = Offer { unit_price_minor: deal.price_minor, ..offer.clone() };
                deals.insert(*product, AtDeal { deal, offer });
            }
            Err(problem) if is_wanted => {
                return Err(Refusal::Deal { product: *product, problem });
            }
            Err(_) => {}
        }
    }
    Ok(deals)
}

fn taken(command: &PlaceOrder, (product, units): (ProductId, i64), at_deal: &AtDeal) -> Entry {
    let (order, buyer) = (command.order, command.buyer);
    DealTaken { order, deal: at_deal.deal.id, product, buyer, units }.into()
}

/// The terms of the code that was asked for, if it may be used now.
fn coupon<'a>(facts: &'a Facts, command: &PlaceOrder) -> Result<Option<&'a CouponTerms>, Refusal> {
    if command.coupon.is_empty() {
        return Ok(None);
    }
    let (terms, uses) = facts.coupon.as_ref().ok_or(CouponProblem::Unknown)?;
    terms.check(facts.day, *uses, facts.has_account)?;
    Ok(Some(terms))
}

/// How an order is to reach its buyer, what the stall offers, and what comes off.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    pub handings: &'a Handings,
    pub handing: Handing,
    pub zone: &'a str,
    /// Checked already, but for what the basket has to do with it.
    pub coupon: Option<&'a CouponTerms>,
}

/// What an order comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkedOut {
    /// Its goods.
    pub priced: Priced,
    /// Nothing where the buyer comes for it.
    pub delivery: Option<Charge>,
    /// Both together.
    pub total_minor: i64,
}

impl WorkedOut {
    /// All taxes in the total.
    pub fn tax_minor(&self) -> i64 {
        let of_bringing = self.delivery.as_ref().map_or(0, |charge| charge.tax_minor);
        self.priced.tax_minor.saturating_add(of_bringing)
    }

    /// Net amount and tax of each rate, bringing it included: what [`super::hand_over_order::taxes`] reads from the order's record.
    pub fn taxes(&self) -> Vec<TaxTotal> {
        let of_lines = self.priced.lines.iter().map(|line| (line.taxes.as_slice(), line.total_minor));
        let of_bringing = self.delivery.iter().map(|it| (it.taxes.as_slice(), it.total_minor));
        add_up(of_lines.chain(of_bringing))
    }
}

/// The total of an order as the server charges it. A buyer's device shows the same before the last tap.
pub fn work_out(policy: Policy, lines: &[(&Offer, &AskedLine)], how: &How<'_>) -> Result<WorkedOut, Refusal> {
    let basket_lines = lines.iter().map(|(offer, asked)| basket_line(offer, asked));
    let mut basket = Basket { lines: basket_lines.collect(), discount: Discount::None, policy };
    let mut priced = price(&basket)?;
    if let Some(coupon) = how.coupon {
        let gross: Vec<_> = priced.lines.iter().map(|line| (line.product, line.gross_minor)).collect();
        let off = coupon.off_lines(&gross, policy.line_rounding)?;
        for (line, off) in basket.lines.iter_mut().zip(off) {
            line.discount = Discount::Amount(off);
        }
        priced = price(&basket)?;
    }
    let grams = lines.iter().try_fold(0i64, |sum, (offer, asked)| {
        sum.checked_add(grams(offer.unit, asked.quantity, offer.piece_g)?).ok_or(Refusal::TooLarge)
    })?;
    let parcel = Parcel { goods_minor: priced.total_minor, grams, zone: how.zone };
    let delivery = how.handings.charge(how.handing, policy, &parcel)?;
    let bringing_minor = delivery.as_ref().map_or(0, |charge| charge.total_minor);
    let total_minor = priced.total_minor.checked_add(bringing_minor).ok_or(Refusal::TooLarge)?;
    Ok(WorkedOut { priced, delivery, total_minor })
}

fn offer<'a>(
    facts: &'a Facts,
    deals: &'a BTreeMap<ProductId, AtDeal>,
    asked: &AskedLine,
) -> Result<&'a Offer, Refusal> {
    let at_deal = deals.get(&asked.product).map(|at_deal| &at_deal.offer);
    let offer = at_deal.or_else(|| facts.offers.get(&asked.product));
    let offer = offer.ok_or(Refusal::UnknownProduct(asked.product))?;
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

fn order_line(offer: &Offer, line: &PricedLine) -> OrderLine {
    OrderLine {
        product: line.product,
        name: offer.name.clone(),
        quantity: line.quantity.0,
        unit_price_minor: offer.unit_price_minor,
        price_per: offer.price_per,
        discount_minor: line.discount_minor,
        taxes: line.taxes.clone(),
        tax_minor: line.tax_minor,
        total_minor: line.total_minor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deal::DealProblem;
    use crate::refusal::invalid;
    use crate::tax::LineTax;
    use crate::wrong::Wrong;

    const MANGO: ProductId = ProductId([3; 16]);

    fn facts(pool: i64) -> Facts {
        let offer = Offer {
            name: "Mango".into(),
            unit_price_minor: 150,
            price_per: 1,
            archived: false,
            taxes: vec![],
            unit: Unit::Piece,
            piece_g: 400,
            pool,
            deal: None,
        };
        Facts {
            frozen: false,
            policy: Policy::plain(crate::money::Currency::parse("EUR").unwrap()),
            offers: [(MANGO, offer)].into(),
            handings: Handings::read(
                false,
                "flat 500\nfree 600\ntax 250000 inclusive",
                "weight 1000 90\nweight 2000 200",
            ),
            held: 0,
            now_ms: 1_500,
            day: 20_000,
            has_account: false,
            coupon: None,
            card: None,
        }
    }

    fn order(quantities: &[i64], seen_price_minor: Option<i64>) -> PlaceOrder {
        let line = |quantity: &i64| AskedLine { product: MANGO, quantity: *quantity, seen_price_minor };
        PlaceOrder {
            order: OrderId([1; 16]),
            buyer: ThingId([2; 16]),
            lines: quantities.iter().map(line).collect(),
            note: String::new(),
            handing: Handing::Pickup,
            zone: String::new(),
            coupon: String::new(),
            seen_total_minor: None,
            seen_tax_minor: None,
            card: None,
        }
    }

    #[test]
    fn a_code_takes_something_off_each_line_before_taxes_and_bringing() {
        let terms = CouponTerms {
            off: Discount::Percent(crate::money::Ppm(100_000)),
            min_minor: 300,
            products: vec![],
            from_day: None,
            until_day: Some(20_000),
            uses_max: Some(2),
            buyer_uses_max: None,
            is_ended: false,
        };
        let with = |uses, facts: Facts| Facts {
            coupon: Some((terms.clone(), Uses { all: uses, by_buyer: 0 })),
            ..facts
        };
        let coded = |quantities: &[i64], handing, seen_total_minor| PlaceOrder {
            coupon: "SUMMER".into(),
            handing,
            seen_total_minor,
            ..order(quantities, None)
        };
        let pickup = |quantities: &[i64], seen| coded(quantities, Handing::Pickup, seen);
        let problem = |problem| Err(Refusal::Coupon(problem));
        for (facts, command, expected) in [
            (with(0, facts(10)), pickup(&[2, 1], Some(405)), Ok((vec![30, 15], 405))),
            (with(1, facts(10)), pickup(&[2], None), Ok((vec![30], 270))),
            // 600 of goods would be brought for nothing, and what is left of them is not enough for that.
            (with(0, facts(10)), coded(&[4], Handing::Local, None), Ok((vec![60], 1_040))),
            (with(2, facts(10)), pickup(&[2], None), problem(CouponProblem::UsedUp)),
            (with(0, Facts { day: 20_001, ..facts(10) }), pickup(&[2], None), problem(CouponProblem::Over)),
            (with(0, facts(10)), pickup(&[1], None), problem(CouponProblem::BelowMinimum { min_minor: 300 })),
            (facts(10), pickup(&[2], None), problem(CouponProblem::Unknown)),
            // What is not there is said first, and a sum that nobody saw is asked about.
            (
                with(2, facts(1)),
                pickup(&[2], None),
                Err(Refusal::ShareExceeded { product: MANGO, available: 1, asked: 2 }),
            ),
            (with(0, facts(10)), pickup(&[2], Some(300)), Err(Refusal::TotalChanged { total_minor: 270 })),
        ] {
            let placed = decide(&facts, &command).map(|entries| match entries.as_slice() {
                [Entry::OrderPlaced(placed)] => {
                    let off: Vec<i64> = placed.lines.iter().map(|line| line.discount_minor).collect();
                    let coupon = placed.coupon.as_ref().expect("a code");
                    assert_eq!((coupon.code.as_str(), coupon.discount_minor), ("SUMMER", off.iter().sum()));
                    (off, placed.total_minor)
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(placed, expected, "{command:?}");
        }
        let plain = decide(&with(0, facts(10)), &order(&[2], None)).unwrap();
        assert!(
            matches!(plain.as_slice(), [Entry::OrderPlaced(placed)] if placed.coupon.is_none() && placed.total_minor == 300)
        );
    }

    const DEAL: Deal = Deal {
        id: ThingId([9; 16]),
        price_minor: 100,
        price_per: Some(1),
        from_ms: 1_000,
        until_ms: 2_000,
        quantity: 5,
        each: Some(2),
    };

    fn at_deal(pool: i64, taken: (i64, i64)) -> Facts {
        let mut facts = facts(pool);
        let mango = facts.offers.get_mut(&MANGO).unwrap();
        mango.deal = Some((DEAL, DealUse { all: taken.0, by_buyer: taken.1 }));
        facts
    }

    #[test]
    fn a_deal_is_for_all_units_of_a_product_or_none_and_nobody_pays_more_unasked() {
        let refused = |problem| Err(Refusal::Deal { product: MANGO, problem });
        let each = |left| refused(DealProblem::Each { each: 2, left });
        let sold_out = |left| refused(DealProblem::SoldOut { left });
        let changed = Err(Refusal::PriceChanged(MANGO));
        let later = |now_ms| Facts { now_ms, ..at_deal(9, (0, 0)) };
        let (deal, usual) = (Some(100), Some(150));
        let exceeded = |asked| Err(Refusal::ShareExceeded { product: MANGO, available: 1, asked });
        for (facts, quantities, seen, expected) in [
            (at_deal(9, (0, 0)), &[2][..], deal, Ok((200, Some(2)))),
            (at_deal(9, (4, 0)), &[1], None, Ok((100, Some(1)))),
            (at_deal(9, (0, 0)), &[1, 1], deal, Ok((200, Some(2)))),
            // It went down since somebody looked.
            (at_deal(9, (0, 0)), &[1], usual, changed.clone()),
            (at_deal(9, (0, 0)), &[2, 1], deal, each(2)),
            (at_deal(9, (1, 1)), &[2], deal, each(1)),
            (at_deal(9, (2, 2)), &[1], None, each(0)),
            (at_deal(9, (4, 0)), &[2], deal, sold_out(1)),
            (at_deal(9, (5, 0)), &[1], deal, sold_out(0)),
            (at_deal(9, (5, 0)), &[1], None, sold_out(0)),
            // Who saw the usual price pays it.
            (at_deal(9, (5, 0)), &[1], usual, Ok((150, None))),
            (at_deal(9, (0, 0)), &[3], usual, Ok((450, None))),
            (at_deal(9, (5, 0)), &[1], Some(99), changed.clone()),
            (later(999), &[1], deal, changed.clone()),
            (later(999), &[1], None, Ok((150, None))),
            (later(2_000), &[1], deal, changed.clone()),
            (later(2_000), &[9], usual, Ok((1_350, None))),
            (at_deal(1, (0, 0)), &[2], deal, exceeded(2)),
        ] {
            let placed = decide(&facts, &order(quantities, seen)).map(|entries| match entries.as_slice() {
                [Entry::OrderPlaced(placed)] => (placed.total_minor, None),
                [Entry::OrderPlaced(placed), Entry::DealTaken(taken)] => {
                    let said = (taken.order, taken.deal, taken.product, taken.buyer);
                    assert_eq!(said, (placed.order, DEAL.id, MANGO, placed.buyer));
                    (placed.total_minor, Some(taken.units))
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(placed, expected, "{quantities:?} seen at {seen:?}");
        }
    }

    #[test]
    fn a_deal_that_is_dearer_than_the_price_is_none() {
        let mut facts = at_deal(9, (0, 0));
        facts.offers.get_mut(&MANGO).unwrap().unit_price_minor = 100;
        let entries = decide(&facts, &order(&[3], Some(100))).unwrap();
        assert!(matches!(entries.as_slice(), [Entry::OrderPlaced(placed)] if placed.total_minor == 300));
    }

    #[test]
    fn bringing_is_a_line_of_its_own_and_part_of_the_total() {
        let delivery = |tax_minor, total_minor| {
            let rate = TaxRate::inclusive(crate::money::Ppm(250_000));
            let taxes = if total_minor == 500 { vec![LineTax { rate, tax_minor }] } else { vec![] };
            Some(OrderDelivery { zone: String::new(), taxes, tax_minor, total_minor })
        };
        let brought = |handing, quantity, seen_total_minor| PlaceOrder {
            handing,
            zone: "anywhere".into(),
            seen_total_minor,
            ..order(&[quantity], None)
        };
        for (command, expected) in [
            (brought(Handing::Local, 3, Some(950)), Ok((delivery(100, 500), 950))),
            // From so much on it is free, and still brought.
            (brought(Handing::Local, 4, None), Ok((delivery(0, 0), 600))),
            // 400 g a piece.
            (brought(Handing::Shipping, 2, Some(390)), Ok((delivery(0, 90), 390))),
            (brought(Handing::Shipping, 3, None), Ok((delivery(0, 200), 650))),
            (brought(Handing::Shipping, 6, None), Err(Refusal::TooHeavy { heaviest_g: 2_000 })),
            (brought(Handing::Pickup, 3, Some(450)), Ok((None, 450))),
            // Any other total than the one that was seen is asked about.
            (brought(Handing::Local, 3, Some(949)), Err(Refusal::TotalChanged { total_minor: 950 })),
            (brought(Handing::Pickup, 3, Some(950)), Err(Refusal::TotalChanged { total_minor: 450 })),
        ] {
            let placed = decide(&facts(10), &command).map(|entries| match entries.as_slice() {
                [Entry::OrderPlaced(placed)] => (placed.delivery.clone(), placed.total_minor),
                other => panic!("{other:?}"),
            });
            assert_eq!(placed, expected, "{command:?}");
        }
        let visited = Facts { handings: Handings::default(), ..facts(10) };
        assert_eq!(decide(&visited, &brought(Handing::Local, 1, None)), Err(Refusal::HandingNotOffered));
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
            (facts(5), order(&[0], None), Err(invalid(Wrong::QuantityOdd))),
            (facts(5), order(&[], None), Err(invalid(Wrong::LinesOdd))),
        ] {
            let total = decide(&facts, &command).map(|entries| match entries.as_slice() {
                [Entry::OrderPlaced(placed)] => placed.total_minor,
                other => panic!("{other:?}"),
            });
            assert_eq!(total, expected);
        }
    }
}
