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
    Card { card: ProductId, step: Step, units: i64, before: i64 },
    AtDeal { deal: ThingId, buyer: ThingId, units: i64 },
}

/// What is said of a card in an order, and what that is called: with the card it is one movement, whichever life says it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Held,
    Paid,
    Freed,
    Back(Option<ThingId>),
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
                let (card, units, before) = (held.purse, held.units, held.before);
                self.word(place, held.order, Says::Card { card, step: Step::Held, units, before });
            }
            Entry::OrderPurseMoved(moved) => {
                let step = match moved.cause {
                    PurseMove::Paid => Step::Paid,
                    PurseMove::Freed => Step::Freed,
                    PurseMove::Back => Step::Back(moved.refund),
                };
                let (card, units, before) = (moved.purse, moved.units, moved.before);
                self.word(place, moved.order, Says::Card { card, step, units, before });
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
        let is_held = |word: &Word| matches!(word.says, Says::Card { step: Step::Held, .. });
        let has_card = |words: &Vec<Word>| words.iter().any(is_held);
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
    pub(crate) fn check(&self) -> Result<(), Broken> {
        for (order, words) in &self.orders {
            let said = said(words);
            for card in cards(&said) {
                let OfCard { held, paid, back, .. } = of_card(&said, card);
                // A life that did not hear of a part may say the whole beside it, and no life alone says more than was paid.
                if paid > held || (back > paid && lives_back(words) < 2) {
                    let words = format!("order {order}: {paid} of {held}, and {back} back");
                    return broken(CARD_ONCE, words);
                }
            }
        }
        self.check_worth()?;
        self.check_offers()
    }

    fn check_worth(&self) -> Result<(), Broken> {
        for (id, card) in &self.cards {
            let mut spent = card.spent;
            for words in self.orders.values() {
                let on = on_order(words, Some(*id));
                spent += on.open + on.paid;
            }
            if spent > card.filled {
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

/// How far each movement of an order's cards was said by any life of the server. Each says what it knows to have gone before, so
/// what two say is one movement as far as both said it; what one life says again is more.
fn said(words: &[Word]) -> BTreeMap<(ProductId, Step), i64> {
    let mut lives: BTreeMap<(AuthorId, ProductId, Step), i64> = BTreeMap::new();
    let mut said: BTreeMap<(ProductId, Step), i64> = BTreeMap::new();
    for word in counted(words) {
        if let Says::Card { card, step, units, before } = word.says {
            let life = lives.entry((word.place.0, card, step)).or_default();
            *life = before.max(*life) + units;
            let of_all = said.entry((card, step)).or_default();
            *of_all = (*of_all).max(*life);
        }
    }
    said
}

fn cards(said: &BTreeMap<(ProductId, Step), i64>) -> BTreeSet<ProductId> {
    said.keys().map(|(card, _)| *card).collect()
}

/// Servers that said that a card has something again.
fn lives_back(words: &[Word]) -> usize {
    let is_back = |word: &&Word| matches!(word.says, Says::Card { step: Step::Back(_), .. });
    counted(words).filter(is_back).map(|word| word.place.0).collect::<BTreeSet<_>>().len()
}

/// What was said, by what it means.
#[derive(Default)]
struct OfCard {
    held: i64,
    paid: i64,
    freed: i64,
    back: i64,
}

fn of_card(said: &BTreeMap<(ProductId, Step), i64>, meant: ProductId) -> OfCard {
    let mut sums = OfCard::default();
    for ((_, step), units) in said.iter().filter(|((card, _), _)| *card == meant) {
        match step {
            Step::Held => sums.held += units,
            Step::Paid => sums.paid += units,
            Step::Freed => sums.freed += units,
            Step::Back(_) => sums.back += units,
        }
    }
    sums
}

/// What this card, or any, has to do with an order: no more is paid than was held, none is free that was paid, and no more comes back than
/// was paid, whatever lives say that do not know of each other.
fn on_order(words: &[Word], meant: Option<ProductId>) -> OnOrder {
    let said = said(words);
    let mut on = OnOrder::default();
    for card in cards(&said).into_iter().filter(|card| meant.is_none_or(|meant| meant == *card)) {
        let sums = of_card(&said, card);
        let paid = sums.paid.min(sums.held);
        let open = (sums.held - paid - sums.freed).max(0);
        on.held += sums.held;
        on.open += (open - released(words, card)).max(0);
        on.paid += (paid - sums.back).max(0);
    }
    on
}

/// An order is released once, however many lives say it.
fn released(words: &[Word], card: ProductId) -> i64 {
    let of_word = |word: &Word| match &word.says {
        Says::Released(units) => {
            let of_card = units.iter().filter(|units| units.product == card);
            of_card.map(|units| units.quantity).sum()
        }
        Says::Placed | Says::Card { .. } | Says::AtDeal { .. } => 0,
    };
    counted(words).map(of_word).max().unwrap_or_default()
}
