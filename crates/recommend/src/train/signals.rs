//! What people did with products besides buying them, and how much each of it says: chosen on a part of what is learnt from.
//!
//! Each product counts once for a person, by what says most of it; who met nearly everything says nothing of taste.

use std::collections::BTreeMap;

use super::histories::{HISTORY_MAX, TASTE_PRODUCTS_MIN, index};

/// What was done with a product.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Deed {
    Bought,
    /// It came into a basket.
    Put,
    Liked,
    /// Its page was opened.
    Opened,
    /// A suggestion of it was sent away.
    Dismissed,
}

/// That somebody did something with a product. The product is an id, or its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Signal<Product> {
    pub product: Product,
    pub deed: Deed,
    /// Hours since 1970.
    pub hour: i64,
}

impl<Product> Signal<Product> {
    /// The same of the product's number.
    pub(super) fn numbered(&self, product: u32) -> Signal<u32> {
        Signal { product, deed: self.deed, hour: self.hour }
    }
}

/// How much each deed says, where having bought something says 1.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DeedWeights {
    pub put: f32,
    pub liked: f32,
    pub opened: f32,
    /// How surely what was sent away is not wanted.
    pub dismissed: f32,
    /// After so many days what was only met says half as much; 0: it does not fade.
    pub half_life_days: f32,
}

impl Default for DeedWeights {
    fn default() -> Self {
        Self { put: 0.5, liked: 0.5, opened: 0.1, dismissed: 0.3, half_life_days: 90.0 }
    }
}

/// What was only met of one person: the latest count.
const MET_MAX: usize = 500;
/// Who met more than this met it for another reason than to buy it.
const MET_BY_PEOPLE_MAX: usize = 2_000;

impl DeedWeights {
    fn of(self, deed: Deed, age_hours: i64) -> f32 {
        let weight = match deed {
            Deed::Bought => return 1.0,
            Deed::Put => self.put,
            Deed::Liked => self.liked,
            Deed::Opened => self.opened,
            Deed::Dismissed => self.dismissed,
        };
        if self.half_life_days <= 0.0 {
            return weight;
        }
        // Days, so that the hour of a training changes little.
        let days = i16::try_from((age_hours / 24).max(0)).unwrap_or(i16::MAX);
        weight * (-f32::from(days) / self.half_life_days).exp2()
    }

    /// A person's products, in the order in which they were met last, and what each says. `products`: of the whole catalogue.
    #[must_use]
    pub fn weigh(self, signals: &[Signal<u32>], products: usize, now_hour: i64) -> Vec<(u32, f32)> {
        let mut all: BTreeMap<u32, Said> = BTreeMap::new();
        for signal in signals.iter().filter(|signal| index(signal.product) < products) {
            all.entry(signal.product).or_default().add(signal, self.of(signal.deed, now_hour - signal.hour));
        }
        let is_nearly_all = |count: usize| products >= TASTE_PRODUCTS_MIN && count * 4 > products * 3;
        let met = all.values().filter(|said| !said.is_bought).count();
        if met > MET_BY_PEOPLE_MAX || is_nearly_all(all.len()) {
            all.retain(|_, said| said.is_bought);
        }
        if is_nearly_all(all.len()) {
            return Vec::new();
        }
        let mut row: Vec<(u32, Said)> = all.into_iter().collect();
        row.sort_by_key(|(product, said)| (said.last_hour, *product));
        let mut surplus = row.iter().filter(|(_, said)| !said.is_bought).count().saturating_sub(MET_MAX);
        row.retain(|(_, said)| {
            let is_surplus = !said.is_bought && surplus > 0;
            surplus -= usize::from(is_surplus);
            !is_surplus
        });
        row.drain(..row.len().saturating_sub(HISTORY_MAX));
        row.into_iter().map(|(product, said)| (product, said.weight())).filter(|it| it.1 != 0.0).collect()
    }
}

/// What one person's deeds say of one product.
#[derive(Clone, Copy, Default)]
struct Said {
    is_bought: bool,
    most_for: f32,
    for_hour: i64,
    against: f32,
    against_hour: i64,
    last_hour: i64,
}

impl Said {
    fn add(&mut self, signal: &Signal<u32>, weight: f32) {
        self.last_hour = self.last_hour.max(signal.hour);
        if signal.deed == Deed::Dismissed {
            self.against = self.against.max(weight);
            self.against_hour = self.against_hour.max(signal.hour);
            return;
        }
        self.is_bought |= signal.deed == Deed::Bought;
        self.most_for = self.most_for.max(weight);
        self.for_hour = self.for_hour.max(signal.hour);
    }

    /// What was sent away and then wanted after all is wanted; what was bought stays bought.
    fn weight(self) -> f32 {
        let is_against = self.against > 0.0 && !self.is_bought && self.against_hour >= self.for_hour;
        if is_against { -self.against } else { self.most_for }
    }
}
