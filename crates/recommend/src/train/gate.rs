//! What decides whether a model takes the place of the one in use: both are asked the same questions. What goes with a basket is one
//! kind of question, and what is for somebody, from all that they had, the other one: a model that got worse at either is kept aside.

use super::market::{SURE, TESTED_MIN, Trade};
use super::signals::{Deed, Signal};
use crate::packed::{Packed, ProductId, Wanted};

/// How many are suggested when models are compared.
pub(super) const LIST: usize = 10;
/// So many people say how good suggestions are; more would only take longer.
const PEOPLE_MAX: usize = 5_000;

/// How often what was meant was among ten suggestions.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Compared {
    pub tested: usize,
    pub new: f64,
    /// Of the model that is in use, asked the same; none without one, or where too little can be asked that it did not learn.
    pub old: Option<f64>,
    /// The difference may be this much smaller or larger.
    pub give_or_take: f64,
}

impl Compared {
    /// Worse by more than chance would explain.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.old.is_some_and(|old| self.new - old + self.give_or_take < 0.0)
    }
}

/// Both kinds of questions.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Gate {
    /// What was taken out of the latest baskets, from the rest of each.
    pub baskets: Compared,
    /// What people bought since that they had not had, from what they had and liked until then: as "for you" on their devices.
    pub for_you: Compared,
}

impl Gate {
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.baskets.is_worse() || self.for_you.is_worse()
    }
}

/// Questions asked of two models.
#[derive(Default)]
pub(super) struct Tally {
    tested: u32,
    new: u32,
    old: u32,
    differ: u32,
}

impl Tally {
    pub(super) fn count(&mut self, new: bool, old: bool) {
        self.tested += 1;
        self.new += u32::from(new);
        self.old += u32::from(old);
        self.differ += u32::from(new != old);
    }

    pub(super) fn compared(&self, has_old: bool) -> Compared {
        let of = |hits: u32| f64::from(hits) / f64::from(self.tested.max(1));
        let (new, old) = (of(self.new), has_old.then(|| of(self.old)));
        // The variance of a difference that is -1, 0 or 1 for each question.
        let mean = old.map_or(0.0, |old| new - old);
        let variance = (of(self.differ) - mean * mean).max(0.0);
        let give_or_take = SURE * (variance / f64::from(self.tested.max(1))).sqrt();
        Compared { tested: super::index(self.tested), new, old, give_or_take }
    }
}

/// What somebody had and liked, the latest last, and what they bought next.
struct Asked {
    history: Vec<ProductId>,
    taken: ProductId,
}

impl Trade {
    /// Asks both what is for people of whom something is known from before so many baskets, and who bought something new since. Neither
    /// model learnt of that; a model in use that would be asked about too few is not asked.
    pub(super) fn for_you(&self, (new, old): (&Packed, Option<&Packed>), before: usize) -> Compared {
        let Some(until) = self.hours.get(before).copied() else { return Compared::default() };
        let asked: Vec<Asked> = self.asked_of(until).take(PEOPLE_MAX).collect();
        let old = old.filter(|_| asked.len() >= TESTED_MIN);
        let mut tally = Tally::default();
        for it in &asked {
            tally.count(is_for(new, it), old.is_some_and(|old| is_for(old, it)));
        }
        tally.compared(old.is_some())
    }

    fn asked_of(&self, until: i64) -> impl Iterator<Item = Asked> {
        self.people.iter().filter_map(move |did| {
            let of = |deed| move |it: &&Signal<ProductId>| it.deed == deed;
            // What was bought in that very hour one of the two may have learnt.
            let (now, later): (Vec<&Signal<ProductId>>, Vec<&Signal<ProductId>>) =
                did.iter().filter(of(Deed::Bought)).partition(|it| it.hour <= until);
            let is_new =
                |product: &ProductId| now.iter().all(|it: &&Signal<ProductId>| it.product != *product);
            let next = later.iter().map(|it| (it.hour, it.product)).filter(|it| is_new(&it.1)).min();
            let taken = next?.1;
            let mut had: Vec<_> = now.into_iter().filter(|it| it.hour < until).collect();
            had.sort_by_key(|it| it.hour);
            let mut liked: Vec<_> = did.iter().filter(of(Deed::Liked)).filter(|it| it.hour < until).collect();
            liked.sort_by_key(|it| it.hour);
            let mut history: Vec<ProductId> = Vec::new();
            for product in had.iter().chain(&liked).map(|it| it.product) {
                // What they liked first is still what they are asked about.
                if product != taken && !history.contains(&product) {
                    history.push(product);
                }
            }
            (!history.is_empty()).then_some(Asked { history, taken })
        })
    }
}

fn is_for(packed: &Packed, Asked { history, taken }: &Asked) -> bool {
    let Some(taken) = packed.number(taken) else { return false };
    let history: Vec<u32> = history.iter().filter_map(|id| packed.number(id)).collect();
    let wanted = Wanted { count: LIST, may_show: &|_| true, explore: None };
    packed.suggest(&history, &wanted).iter().any(|it| it.product == taken)
}
