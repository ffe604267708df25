//! Pay an order from the shop with a gift card of its stall, wholly or in part. What the card is to pay is held with the order's
//! goods, out of the shop's share alone, so that no register can spend the same (R14). It is paid when the rest is paid or the goods are
//! handed over; where nothing remains, at once. What goes back of such an order goes back to the card first: it is there at once,
//! nobody else has to agree, and no card becomes money.

use crate::entry::{Entry, OrderPurseHeld, OrderPurseMoved, OrderRefundAllowed, OrderRefundEnded};
use crate::entry::{PurseMove, RefundEnd};
use crate::ids::{OrderId, ProductId, ThingId};
use crate::refusal::{Refusal, ensure};
use crate::verbs::pay_order;
use crate::verbs::release_order::OrderState;

/// A card that a buyer wants to pay with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AskedCard {
    pub purse: ProductId,
    /// What the buyer saw it pay. When it pays another amount by now, the buyer is asked first: nobody is charged more elsewhere.
    pub seen_minor: Option<i64>,
}

/// A card in the records of an order.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Card {
    pub purse: ProductId,
    /// What it was to pay, and what was left for another way.
    pub pays_minor: i64,
    pub rest_minor: i64,
    /// What it paid, and what of that is back. What it had again and paid once more for the same order is neither.
    pub paid_minor: i64,
    pub back_minor: i64,
    /// What the next words about it say was before them.
    pub said: Said,
}

/// All that was said of a card and an order by now, in whatever life of the server: held, paid, freed, and back without a part. For whoever
/// writes the next words, nothing where the own chain says so.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Said {
    pub held: i64,
    pub paid: i64,
    pub freed: i64,
    pub back: i64,
}

impl Card {
    /// Nothing remained for another way.
    pub fn is_all(&self) -> bool {
        self.rest_minor <= 0
    }

    /// What is said that it pays: as long as the order waits for its end, what it is to pay, and from then on what it paid. Nothing
    /// where that is nothing.
    pub fn shown_minor(&self, state: OrderState) -> Option<i64> {
        let minor = match state {
            OrderState::Held | OrderState::HandedOver => self.pays_minor,
            OrderState::Released | OrderState::Fulfilled => self.paid_minor,
        };
        (minor > 0).then_some(minor)
    }

    /// What it paid and does not have again.
    pub fn left_minor(&self) -> i64 {
        self.paid_minor.saturating_sub(self.back_minor).max(0)
    }
}

/// What a card pays of an order, with the order. `there` is what the shop may promise of it; none is no gift card of this stall.
pub fn hold(
    asked: Option<AskedCard>,
    there: Option<i64>,
    (order, total_minor): (OrderId, i64),
) -> Result<Vec<Entry>, Refusal> {
    let Some(AskedCard { purse, seen_minor }) = asked else { return Ok(vec![]) };
    let units = there.ok_or(Refusal::UnknownPurse)?.max(0).min(total_minor);
    let is_as_seen = seen_minor.map_or(units > 0 || total_minor == 0, |seen| seen == units);
    ensure(is_as_seen, Refusal::CardPays { pays_minor: units })?;
    if units == 0 {
        return Ok(vec![]);
    }
    let rest_minor = total_minor.saturating_sub(units);
    let card = Card { purse, rest_minor, ..Card::default() };
    let paid = (rest_minor == 0).then(|| moved((order, &card), (PurseMove::Paid, units), None));
    Ok(std::iter::once(held((order, &card), units)).chain(paid).collect())
}

/// The card pays, now that the rest is paid or the goods are with their buyer: no more than the order comes to by now. `held` is what
/// the order still has of it.
pub fn pay(money: &pay_order::Facts, order: OrderId, (held, total_minor): (i64, i64)) -> Vec<Entry> {
    let Some(card) = money.card.filter(|_| held > 0) else { return vec![] };
    let units = held.min(total_minor.max(0));
    let of = (order, &card);
    let paid = (units > 0).then(|| moved(of, (PurseMove::Paid, units), None));
    let freed = (held > units).then(|| moved(of, (PurseMove::Freed, held - units), None));
    paid.into_iter().chain(freed).collect()
}

/// The order ended without its goods, or all of its money goes back: so does what the card paid.
pub fn all_back(money: &pay_order::Facts, order: OrderId) -> Vec<Entry> {
    let Some(card) = money.card.filter(|card| card.left_minor() > 0) else { return vec![] };
    vec![moved((order, &card), (PurseMove::Back, card.left_minor()), None)]
}

/// A register of before took this much of what the card had paid, too: the card has it again.
pub fn some_back(card: &Card, order: OrderId, twice_minor: i64) -> Vec<Entry> {
    let units = twice_minor.min(card.left_minor());
    (units > 0).then(|| moved((order, card), (PurseMove::Back, units), None)).into_iter().collect()
}

/// Cancelled, and given out all the same: the card pays with so much of what it has.
pub fn pay_after_all(card: &Card, order: OrderId, units: i64) -> Vec<Entry> {
    if units <= 0 {
        return vec![];
    }
    vec![held((order, card), units), moved((order, card), (PurseMove::Paid, units), None)]
}

/// What is allowed to go back of an order: to the card first, and what is more than that to whoever paid the rest. A part that the card
/// takes alone is over with that.
pub fn split(money: &pay_order::Facts, allowed: OrderRefundAllowed) -> Vec<Entry> {
    let Some(card) = money.card.filter(|card| card.left_minor() > 0) else { return vec![allowed.into()] };
    let (order, refund) = (allowed.order, allowed.refund);
    let units = card.left_minor().min(allowed.amount_minor);
    let amount_minor = allowed.amount_minor - units;
    let mut entries = vec![
        OrderRefundAllowed { amount_minor, ..allowed }.into(),
        moved((order, &card), (PurseMove::Back, units), Some(refund)),
    ];
    if amount_minor == 0 {
        let (end, reference) = (RefundEnd::PaidBack, String::new());
        entries.push(OrderRefundEnded { refund, order, end, amount_minor, reference }.into());
    }
    entries
}

fn held((order, card): (OrderId, &Card), units: i64) -> Entry {
    let Card { purse, rest_minor, said, .. } = *card;
    OrderPurseHeld { order, purse, units, rest_minor, before: said.held }.into()
}

fn moved(
    (order, card): (OrderId, &Card),
    (cause, units): (PurseMove, i64),
    refund: Option<ThingId>,
) -> Entry {
    let before = match (cause, refund) {
        (PurseMove::Paid, _) => card.said.paid,
        (PurseMove::Freed, _) => card.said.freed,
        (PurseMove::Back, None) => card.said.back,
        // A part is named by itself, and goes back once.
        (PurseMove::Back, Some(_)) => 0,
    };
    OrderPurseMoved { order, purse: card.purse, cause, units, refund, before }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::BackWay;
    use crate::ids::AuthorId;

    const ORDER: OrderId = OrderId([1; 16]);
    const CARD: ProductId = ProductId([2; 16]);

    fn money(paid_minor: i64, back_minor: i64) -> pay_order::Facts {
        let said = Said { held: 300, paid: paid_minor, freed: 0, back: back_minor };
        let card = Card { purse: CARD, pays_minor: 300, rest_minor: 200, paid_minor, back_minor, said };
        pay_order::Facts { card: Some(card), ..pay_order::Facts::default() }
    }

    /// What entries do, in short: held and left, and what moved why.
    fn said(entries: &[Entry]) -> Vec<(&'static str, i64)> {
        let one = |entry: &Entry| {
            if let Entry::OrderPurseHeld(held) = entry {
                ("held", held.units)
            } else if let Entry::OrderPurseMoved(moved) = entry {
                let cause = match moved.cause {
                    PurseMove::Paid => "paid",
                    PurseMove::Back => "back",
                    PurseMove::Freed => "freed",
                };
                (cause, moved.units)
            } else if let Entry::OrderRefundAllowed(allowed) = entry {
                ("allowed", allowed.amount_minor)
            } else if let Entry::OrderRefundEnded(ended) = entry {
                ("ended", ended.amount_minor)
            } else {
                panic!("{entry:?}")
            }
        };
        entries.iter().map(one).collect()
    }

    #[test]
    fn a_card_pays_what_was_seen_or_the_buyer_is_asked() {
        let pays = |pays_minor| Err(Refusal::CardPays { pays_minor });
        for (seen_minor, there, total_minor, expected) in [
            (None, Some(300), 500, Ok(vec![("held", 300)])),
            (Some(300), Some(300), 500, Ok(vec![("held", 300)])),
            // Nothing remains: it is paid with the order.
            (Some(500), Some(800), 500, Ok(vec![("held", 500), ("paid", 500)])),
            (None, Some(500), 500, Ok(vec![("held", 500), ("paid", 500)])),
            // Less than was seen, and more: both are asked about.
            (Some(400), Some(300), 500, pays(300)),
            (Some(300), Some(400), 500, pays(400)),
            (Some(300), Some(0), 500, pays(0)),
            (None, Some(0), 500, pays(0)),
            (None, Some(-5), 500, pays(0)),
            (Some(300), None, 500, Err(Refusal::UnknownPurse)),
            (None, Some(300), 0, Ok(vec![])),
        ] {
            let asked = Some(AskedCard { purse: CARD, seen_minor });
            let held = hold(asked, there, (ORDER, total_minor)).map(|entries| said(&entries));
            assert_eq!(held, expected, "{seen_minor:?} of {there:?}");
        }
        assert_eq!(hold(None, None, (ORDER, 500)), Ok(vec![]));
    }

    #[test]
    fn no_more_is_paid_than_the_order_comes_to() {
        for (held, total_minor, expected) in [
            (300, 500, vec![("paid", 300)]),
            (300, 250, vec![("paid", 250), ("freed", 50)]),
            (300, 0, vec![("freed", 300)]),
            (0, 500, vec![]),
        ] {
            assert_eq!(said(&pay(&money(0, 0), ORDER, (held, total_minor))), expected);
        }
        assert_eq!(pay(&pay_order::Facts::default(), ORDER, (300, 500)), vec![]);
    }

    #[test]
    fn what_goes_back_goes_to_the_card_first() {
        let allowed = |amount_minor| OrderRefundAllowed {
            refund: ThingId([3; 16]),
            order: ORDER,
            to: AuthorId([4; 16]),
            way: BackWay::AsPaid,
            lines: vec![],
            amount_minor,
        };
        for (money, amount_minor, expected) in [
            (money(300, 0), 100, vec![("allowed", 0), ("back", 100), ("ended", 0)]),
            (money(300, 0), 300, vec![("allowed", 0), ("back", 300), ("ended", 0)]),
            (money(300, 200), 150, vec![("allowed", 50), ("back", 100)]),
            (money(300, 300), 150, vec![("allowed", 150)]),
            // It has not paid yet.
            (money(0, 0), 150, vec![("allowed", 150)]),
        ] {
            assert_eq!(said(&split(&money, allowed(amount_minor))), expected);
        }
        assert_eq!(said(&all_back(&money(300, 100), ORDER)), [("back", 200)]);
        assert_eq!(all_back(&money(300, 300), ORDER), vec![]);
        assert_eq!(all_back(&money(0, 0), ORDER), vec![]);
    }

    #[test]
    fn an_order_that_ended_shows_what_its_card_paid_and_not_what_it_was_to_pay() {
        use OrderState::{Fulfilled, HandedOver, Held, Released};
        for (paid_minor, expected) in [
            (0, [(Held, Some(300)), (HandedOver, Some(300)), (Released, None), (Fulfilled, None)]),
            (
                250,
                [(Held, Some(300)), (HandedOver, Some(300)), (Released, Some(250)), (Fulfilled, Some(250))],
            ),
        ] {
            let card = money(paid_minor, 0).card.unwrap();
            assert_eq!(expected.map(|(state, _)| (state, card.shown_minor(state))), expected);
        }
    }

    /// So that another life of the server that says the same says it in the same words.
    #[test]
    fn each_word_says_how_much_went_so_before() {
        let before = |entries: Vec<Entry>| -> Vec<i64> {
            let one = |entry: &Entry| {
                if let Entry::OrderPurseHeld(held) = entry {
                    held.before
                } else if let Entry::OrderPurseMoved(moved) = entry {
                    moved.before
                } else {
                    panic!("{entry:?}")
                }
            };
            entries.iter().map(one).collect()
        };
        let (fresh, used) = (money(0, 0).card.unwrap(), money(300, 300).card.unwrap());
        assert_eq!(before(pay(&money(0, 0), ORDER, (300, 250))), [0, 0]);
        assert_eq!(before(pay_after_all(&used, ORDER, 200)), [300, 300]);
        assert_eq!(before(some_back(&money(300, 100).card.unwrap(), ORDER, 500)), [100]);
        assert_eq!(before(all_back(&money(300, 100), ORDER)), [100]);
        assert_eq!((pay_after_all(&used, ORDER, 0), some_back(&fresh, ORDER, 5)), (vec![], vec![]));
    }
}
