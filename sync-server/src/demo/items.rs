//! From what a stall sells to single products: names, prices, codes, and how often people ask for them.

use std::collections::BTreeMap;

use soko_documents::Product;
use soko_domain::ids::{Hash, ProductId, ThingId};
use soko_domain::quantity::Unit;

use super::chance::Chance;
use super::goods::{Group, Shelf};
use super::paint::{Look, look};

/// Digits of a code that shops give out themselves, before its check digit.
const CODE_DIGITS: usize = 12;
const WEIGHT_STEP: i64 = 50;
/// Units that count as one portion of what is weighed.
const PORTION: i64 = 500;

/// A product of the demo.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) product: ProductId,
    pub(super) name: String,
    pub(super) text: String,
    pub(super) category: &'static str,
    pub(super) unit: Unit,
    pub(super) price_minor: i64,
    pub(super) per: i64,
    pub(super) cost_minor: i64,
    pub(super) tax_ppm: u32,
    pub(super) code: String,
    pub(super) sku: String,
    pub(super) look: Look,
    /// How often people ask for it, compared with others.
    pub(super) weight: u32,
}

impl Item {
    /// What one buyer takes.
    pub(super) fn wanted(&self, chance: &mut Chance) -> i64 {
        match self.unit {
            Unit::Piece => [1, 1, 1, 1, 2, 2, 3].get(chance.index(7)).copied().unwrap_or(1),
            Unit::Gram | Unit::Millilitre => WEIGHT_STEP * i64::from(chance.between(3, 30)),
        }
    }

    /// What it cost at the counter on a day: some goods were a tenth dearer on every third, to see what happens.
    pub(super) fn price_on(&self, day: i64) -> i64 {
        let is_tried = self.weight % 2 == 1 && day.rem_euclid(3) == 1;
        if is_tried { self.price_minor + (self.price_minor + 5) / 10 } else { self.price_minor }
    }

    /// So many portions in its unit.
    pub(super) fn portions(&self, count: i64) -> i64 {
        match self.unit {
            Unit::Piece => count,
            Unit::Gram | Unit::Millilitre => count * PORTION,
        }
    }

    pub(super) fn content(
        &self,
        currency: &str,
        categories: &BTreeMap<&'static str, ThingId>,
        picture: Option<Hash>,
    ) -> Product {
        Product {
            name: self.name.clone(),
            description: self.text.clone(),
            sku: self.sku.clone(),
            barcodes: [self.code.clone()].into(),
            unit: self.unit,
            price_minor: self.price_minor,
            currency: currency.into(),
            price_per: self.per,
            cost_minor: Some(self.cost_minor),
            tax_ppm: self.tax_ppm,
            tax_inclusive: true,
            categories: categories.get(self.category).copied().into_iter().collect(),
            pictures: picture.into_iter().collect(),
            piece_g: (self.unit == Unit::Piece).then_some(PIECE_G),
            ..Product::default()
        }
    }
}

/// What a piece weighs, about.
const PIECE_G: i64 = 350;

/// All products of a stall, without identities yet. `names_max` of each group.
pub(super) fn of(shelf: &Shelf, number: u32, names_max: usize, chance: &mut Chance) -> Vec<Item> {
    let mut items = Vec::new();
    for group in shelf.groups {
        for (name, price, hue) in group.names.iter().take(names_max) {
            let look = look(group.motif, *hue, chance);
            for (size, percent) in group.sizes {
                let about = About { group, price_minor: price * percent / 100, look };
                items.push(item(&about, format!("{name}{size}"), (number, items.len()), chance));
            }
        }
    }
    items
}

struct About<'a> {
    group: &'a Group,
    price_minor: i64,
    look: Look,
}

fn item(about: &About<'_>, name: String, (stall, place): (u32, usize), chance: &mut Chance) -> Item {
    let group = about.group;
    // A few goods carry a stall.
    let weight = if chance.percent(15) { chance.between(12, 24) } else { chance.between(1, 6) };
    let code = with_check_digit(&format!("20{stall:02}{place:04}{}", chance.digits(CODE_DIGITS - 8)));
    Item {
        product: ProductId::default(),
        text: group.text.to_owned(),
        name,
        category: group.category,
        unit: group.unit,
        price_minor: about.price_minor,
        per: group.per,
        cost_minor: about.price_minor * group.cost_percent / 100,
        tax_ppm: group.tax_ppm,
        code,
        sku: format!("{stall:02}-{place:03}"),
        look: about.look,
        weight,
    }
}

/// The code as a scanner reads it: an EAN-13.
fn with_check_digit(digits: &str) -> String {
    let weighted = digits.bytes().zip([1u32, 3].into_iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit.saturating_sub(b'0')) * weight).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::super::goods::shelves;
    use super::*;

    #[test]
    fn the_market_is_large_and_every_product_can_be_sold() {
        let shelves = shelves();
        assert!(shelves.len() >= 8);
        let mut all = Vec::new();
        for (number, shelf) in (1..).zip(&shelves) {
            assert!(soko_domain::money::Currency::parse(shelf.currency).is_some(), "{}", shelf.currency);
            assert!(soko_domain::point::Point::read(shelf.point).is_some(), "{}", shelf.point);
            assert!(soko_domain::opening::Opening::read(shelf.opening).is_some(), "{}", shelf.opening);
            all.extend(of(shelf, number, usize::MAX, &mut Chance::new(1, u64::from(number))));
        }
        assert!(all.len() >= 400, "{}", all.len());
        let codes: std::collections::BTreeSet<&str> = all.iter().map(|item| item.code.as_str()).collect();
        assert_eq!(codes.len(), all.len());
        for item in &all {
            assert!(item.price_minor > 0 && item.cost_minor < item.price_minor, "{item:?}");
            assert!(item.code.len() == 13 && !item.text.is_empty(), "{item:?}");
        }
    }

    #[test]
    fn the_check_digit_is_the_one_that_scanners_expect() {
        assert_eq!(with_check_digit("400638133393"), "4006381333931");
        assert_eq!(with_check_digit("978014300723"), "9780143007234");
    }
}
