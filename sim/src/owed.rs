//! What a stall owes its buyers, added up from what was written and by nothing of the code that does the same: gift cards, units at
//! a deal's price, and cash that goes back.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::entry::{Entry, FillCause, Kind, PurseMove, SpendCause, Units};
use soko_domain::ids::{AuthorId, OrderId, ProductId, ThingId};

use crate::broken::{Broken, broken};
use crate::deals::{EACH_UNITS, OFFER_UNITS};

pub(crate) const CARD_WORTH: &str = "a card is never spent beyond its worth";
pub(crate) const CARD_ONCE: &str = "a card pays for an order once";
pub(crate) const OFFERED: &str = "an offer never sells more than its quantity";
pub(crate) const GIVEN_ONCE: &str = "what was allowed to go back goes back once";

type Place = (AuthorId, u64);

#[derive(Default)]
pub(crate) struct Owed {
    cards: BTreeMap<ProductId, Card>,
    orders: BTreeMap<OrderId, Vec<Word>>,
    /// Cash that left a drawer, by its part of an order's money.
    given: BTreeMap<(OrderId, ThingId), i64>,
    /// What registers took with the goods. Two that handed one order over took it twice.
    taken: BTreeMap<OrderId, i64>,
    /// Orders of whose card two lives of the server said the same. How that is told apart is known to be open: what such a card
    /// is worth is not checked any more.
    pub(crate) said_twice: BTreeSet<OrderId>,
}

#[derive(Default)]
struct Card {
    filled: i64,
    /// At registers.
    spent: i64,
}

/// A word of the server's about an order. What only its lost disk had does not count before somebody brings it again.
struct Word {
    place: Place,
    is_forgotten: bool,
    says: Says,
}

enum Says {
    Placed,
    Released(Vec<Units>),
    Held { card: ProductId, units: i64 },
    Moved { card: ProductId, cause: PurseMove, units: i64 },
    AtDeal { deal: ThingId, buyer: ThingId, units: i64 },
}

/// A card in an order, over all that counts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct OnOrder {
    /// All that was ever held for it.
    pub(crate) held: i64,
    /// What of that is held still.
    pub(crate) open: i64,
    /// What it paid and does not have again.
    pub(crate) paid: i64,
}

impl Owed {
    /// Whether such an entry can break what is checked here.
    pub(crate) fn is_about(kind: Kind) -> bool {
        matches!(
            kind,
            Kind::PurseFilled
                | Kind::PurseSpent
                | Kind::OrderPlaced
                | Kind::OrderReleased
                | Kind::OrderPurseHeld
                | Kind::OrderPurseMoved
                | Kind::DealTaken
        )
    }

    pub(crate) fn apply(&mut self, place: Place, entry: &Entry) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other entry of a run owes anybody anything")]
        match entry {
            Entry::PurseFilled(filled) => {
                let card = self.cards.entry(filled.purse).or_default();
                match filled.cause {
                    FillCause::Undone => card.spent -= filled.units,
                    FillCause::Bought | FillCause::Refund | FillCause::Earned | FillCause::Given => {
                        card.filled += filled.units;
                    }
                }
            }
            Entry::PurseSpent(spent) => {
                let card = self.cards.entry(spent.purse).or_default();
                match spent.cause {
                    SpendCause::Paid | SpendCause::TakenBack => card.spent += spent.units,
                }
            }
            Entry::OrderPlaced(order) => self.word(place, order.order, Says::Placed),
            Entry::OrderReleased(order) => {
                self.word(place, order.order, Says::Released(order.units.clone()));
            }
            Entry::OrderPurseHeld(held) => {
                let says = Says::Held { card: held.purse, units: held.units };
                self.word(place, held.order, says);
            }
            Entry::OrderPurseMoved(moved) => {
                let says = Says::Moved { card: moved.purse, cause: moved.cause, units: moved.units };
                self.word(place, moved.order, says);
            }
            Entry::DealTaken(taken) => {
                let says = Says::AtDeal { deal: taken.deal, buyer: taken.buyer, units: taken.units };
                self.word(place, taken.order, says);
            }
            Entry::OrderHandedOver(handed) => {
                let taken_minor = handed.taken.as_ref().map_or(0, |taken| taken.total_minor);
                *self.taken.entry(handed.order).or_default() += taken_minor;
            }
            _ => {}
        }
    }

    fn word(&mut self, place: Place, order: OrderId, says: Says) {
        self.orders.entry(order).or_default().push(Word { place, is_forgotten: false, says });
    }

    /// A part of an order's money left a drawer.
    pub(crate) fn cash_given(&mut self, part: (OrderId, ThingId), amount_minor: i64) -> Result<(), Broken> {
        match self.given.insert(part, amount_minor) {
            None => Ok(()),
            Some(_) => broken(GIVEN_ONCE, format!("part {} of order {} left a drawer twice", part.1, part.0)),
        }
    }

    pub(crate) fn cash_given_of(&self, order: OrderId) -> i64 {
        self.given.iter().filter(|((of, _), _)| *of == order).map(|(_, amount_minor)| amount_minor).sum()
    }

    pub(crate) fn taken_for(&self, order: OrderId) -> i64 {
        self.taken.get(&order).copied().unwrap_or_default()
    }

    /// Orders of which cash went back.
    pub(crate) fn cash_orders(&self) -> BTreeSet<OrderId> {
        self.given.keys().map(|(order, _)| *order).collect()
    }

    pub(crate) fn is_at_deal(&self, order: OrderId) -> bool {
        let words = self.orders.get(&order);
        words.is_some_and(|words| words.iter().any(|word| matches!(word.says, Says::AtDeal { .. })))
    }

    /// Orders that a card was to pay for.
    pub(crate) fn card_orders(&self) -> Vec<OrderId> {
        let has_card = |words: &Vec<Word>| words.iter().any(|word| matches!(word.says, Says::Held { .. }));
        self.orders.iter().filter(|(_, words)| has_card(words)).map(|(order, _)| *order).collect()
    }

    /// The server's disk was lost behind these places.
    pub(crate) fn forget(&mut self, is_lost: impl Fn(Place) -> bool) {
        self.words().filter(|word| is_lost(word.place)).for_each(|word| word.is_forgotten = true);
    }

    pub(crate) fn seen_again(&mut self, place: Place) {
        self.words().filter(|word| word.place == place).for_each(|word| word.is_forgotten = false);
    }

    fn words(&mut self) -> impl Iterator<Item = &mut Word> {
        self.orders.values_mut().flatten()
    }

    pub(crate) fn on_order(&self, order: OrderId) -> OnOrder {
        self.orders.get(&order).map(|words| on_order(words, None)).unwrap_or_default()
    }

    /// Looks at what an entry may have broken.
    pub(crate) fn check(&mut self) -> Result<(), Broken> {
        for (order, words) in &self.orders {
            let OnOrder { held, paid, .. } = on_order(words, None);
            if (0..=held).contains(&paid) || self.said_twice.contains(order) {
                continue;
            }
            let lives: BTreeSet<AuthorId> = moved(words).map(|word| word.place.0).collect();
            if lives.len() < 2 {
                return broken(CARD_ONCE, format!("order {order}: {paid} of {held}"));
            }
            self.said_twice.insert(*order);
        }
        self.check_worth()?;
        self.check_offers()
    }

    fn check_worth(&self) -> Result<(), Broken> {
        for (id, card) in &self.cards {
            let mut spent = card.spent;
            let mut is_known_fault = false;
            for (order, words) in &self.orders {
                let on = on_order(words, Some(*id));
                spent += on.open.max(0) + on.paid;
                is_known_fault |= on.held > 0 && self.said_twice.contains(order);
            }
            if spent > card.filled && !is_known_fault {
                return broken(CARD_WORTH, format!("card {id}: {spent} of {}", card.filled));
            }
        }
        Ok(())
    }

    /// An order that was cancelled and handed over all the same has its units beside those that were offered again.
    fn check_offers(&self) -> Result<(), Broken> {
        let mut all: BTreeMap<ThingId, i64> = BTreeMap::new();
        let mut each: BTreeMap<(ThingId, ThingId), i64> = BTreeMap::new();
        for words in self.orders.values() {
            let is_over = counted(words).any(|word| matches!(word.says, Says::Released(_)));
            for word in counted(words).filter(|_| !is_over) {
                if let Says::AtDeal { deal, buyer, units } = word.says {
                    *all.entry(deal).or_default() += units;
                    *each.entry((deal, buyer)).or_default() += units;
                }
            }
        }
        if let Some((deal, units)) = all.iter().find(|(_, units)| **units > OFFER_UNITS) {
            return broken(OFFERED, format!("{units} of {OFFER_UNITS} of deal {deal}"));
        }
        if let Some(((deal, buyer), units)) = each.iter().find(|(_, units)| **units > EACH_UNITS) {
            return broken(OFFERED, format!("{buyer} has {units} of {EACH_UNITS} of deal {deal}"));
        }
        Ok(())
    }
}

fn counted(words: &[Word]) -> impl Iterator<Item = &Word> {
    let is_placed = words.iter().any(|word| !word.is_forgotten && matches!(word.says, Says::Placed));
    words.iter().filter(move |word| is_placed && !word.is_forgotten)
}

fn moved(words: &[Word]) -> impl Iterator<Item = &Word> {
    counted(words).filter(|word| matches!(word.says, Says::Moved { .. }))
}

/// What this card, or any, has to do with an order.
fn on_order(words: &[Word], meant: Option<ProductId>) -> OnOrder {
    let is_meant = |card: ProductId| meant.is_none_or(|meant| meant == card);
    let cards: BTreeSet<ProductId> = counted(words)
        .filter_map(|word| if let Says::Held { card, .. } = word.says { Some(card) } else { None })
        .collect();
    let mut on = OnOrder::default();
    for word in counted(words) {
        match &word.says {
            Says::Held { card, units } if is_meant(*card) => {
                on.held += units;
                on.open += units;
            }
            Says::Moved { card, cause, units } if is_meant(*card) => match cause {
                PurseMove::Paid => {
                    on.open -= units;
                    on.paid += units;
                }
                PurseMove::Back => on.paid -= units,
                PurseMove::Freed => on.open -= units,
            },
            Says::Released(units) => {
                let of_card =
                    units.iter().filter(|units| cards.contains(&units.product) && is_meant(units.product));
                on.open -= of_card.map(|units| units.quantity).sum::<i64>();
            }
            Says::Placed | Says::Held { .. } | Says::Moved { .. } | Says::AtDeal { .. } => {}
        }
    }
    on
}
