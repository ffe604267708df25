//! A product with its variants: in one row, as a table to choose from, and those that are to be made.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use soko_domain::family;
use soko_domain::ids::ProductId;

use crate::edits::OptionValue;
use crate::market::OfferRow;
use crate::review::Rating;
use crate::text::{as_hex, as_hex_list};
use crate::views::ProductRow;

/// What the variants of a product come to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FamilyRow {
    /// Those on offer.
    #[serde(with = "as_hex_list")]
    pub variants: Vec<ProductId>,
    /// What the cheapest costs.
    pub price_minor: i64,
    pub price_per: i64,
    /// Others cost more.
    pub is_from: bool,
    /// What this register may promise of all of them, and of the product itself.
    pub own_share: i64,
}

/// A product with its variants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FamilyView {
    pub itself: ProductRow,
    /// The sides of the table that the variants make: one or two. None where they do not all have the same options.
    pub axes: Vec<OptionAxis>,
    /// As they stand in the table, row by row; by name where there is none.
    pub variants: Vec<VariantRow>,
}

/// An option with the values that there are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OptionAxis {
    pub name: String,
    pub values: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VariantRow {
    pub row: ProductRow,
    /// By name.
    pub options: Vec<OptionValue>,
    /// Units that should lie at the stall.
    pub here: i64,
    /// Some were here once, and this register may promise none.
    pub is_sold_out: bool,
}

/// Variants that are made at once at most: a page for the others, and no wait here.
pub const VARIANTS_AT_ONCE_MAX: usize = 60;

/// A variant to make: like its product but for what makes it that variant, and for its price where one is given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VariantInput {
    /// Made for it; not used where this variant was there before.
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub options: Vec<OptionValue>,
    pub price_minor: Option<i64>,
}

/// What a product on offer and its variants come to, for buyers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FamilyOffer {
    /// Of the cheapest that there is; where there is none, of the cheapest variant.
    pub price_minor: i64,
    pub price_per: i64,
    pub was_minor: Option<i64>,
    /// Others cost more.
    pub is_from: bool,
    /// What the dearest costs.
    pub most_minor: i64,
    /// Of all of them.
    pub available: i64,
    pub rating: Rating,
}

/// One of a family, as it is added up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
    pub price_minor: i64,
    pub price_per: i64,
    pub was_minor: Option<i64>,
    pub available: i64,
    pub rating: Rating,
}

impl FamilyOffer {
    /// Nothing without variants. The product itself has a price here only while there is some of it: otherwise it only
    /// holds its variants together.
    #[must_use]
    pub fn of(itself: Member, variants: &[Member]) -> Option<Self> {
        let all = || std::iter::once(&itself).chain(variants);
        let mut priced: Vec<&Member> = all().filter(|member| member.available > 0).collect();
        if priced.is_empty() {
            priced = variants.iter().collect();
        }
        let cheapest = priced.iter().min_by(|a, b| by_price(a, b)).filter(|_| !variants.is_empty())?;
        let dearest = priced.iter().max_by(|a, b| by_price(a, b))?;
        Some(Self {
            price_minor: cheapest.price_minor,
            price_per: cheapest.price_per,
            was_minor: cheapest.was_minor,
            is_from: by_price(cheapest, dearest).is_ne(),
            most_minor: dearest.price_minor,
            available: all().map(|member| member.available).fold(0, i64::saturating_add),
            rating: all().fold(Rating::default(), |sum, member| Rating {
                reviews: sum.reviews.saturating_add(member.rating.reviews),
                stars: sum.stars.saturating_add(member.rating.stars),
            }),
        })
    }
}

/// One may be sold by the piece and another by the hundred.
fn by_price(a: &Member, b: &Member) -> Ordering {
    let worth = |of: &Member, per: i64| i128::from(of.price_minor) * i128::from(per);
    worth(a, b.price_per).cmp(&worth(b, a.price_per))
}

/// What of a family there is to choose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Choices {
    /// The product itself, where it is on offer.
    pub itself: Option<OfferRow>,
    /// One or two. Where no option tells all of them apart there is one without a name, and its values are theirs.
    pub axes: Vec<OptionAxis>,
    /// As they stand in the table; by name where there is none.
    pub variants: Vec<OfferRow>,
}

impl Choices {
    /// Nothing without variants.
    #[must_use]
    pub fn of(itself: Option<OfferRow>, mut variants: Vec<OfferRow>) -> Option<Self> {
        if variants.is_empty() {
            return None;
        }
        let pair = |option: &OptionValue| (option.name.clone(), option.value.clone());
        let options: Vec<Vec<_>> =
            variants.iter().map(|row| row.options.iter().map(pair).collect()).collect();
        let axes = family::axes(&options.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut axes: Vec<OptionAxis> =
            axes.into_iter().map(|axis| OptionAxis { name: axis.name, values: axis.values }).collect();
        variants.sort_by(|a, b| {
            let values = a.options.iter().zip(&b.options).filter(|_| !axes.is_empty());
            let mut orders = values.map(|(a, b)| family::order(&a.value, &b.value));
            orders.find(|order| order.is_ne()).unwrap_or_else(|| a.name.cmp(&b.name))
        });
        if axes.is_empty() {
            let values = variants.iter().map(|row| row.name.clone()).collect();
            axes.push(OptionAxis { name: String::new(), values });
        }
        Some(Self { itself, axes, variants })
    }

    /// Where a variant stands on each axis.
    #[must_use]
    pub fn values<'a>(&self, variant: &'a OfferRow) -> Vec<&'a str> {
        if self.axes.iter().all(|axis| axis.name.is_empty()) {
            return vec![&variant.name];
        }
        variant.options.iter().map(|option| option.value.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(price_minor: i64, available: i64) -> Member {
        let rating = Rating { reviews: 1, stars: 4 };
        Member { price_minor, price_per: 1, was_minor: None, available, rating }
    }

    #[test]
    fn a_family_costs_what_can_be_had_of_it_and_is_sold_out_only_as_a_whole() {
        for (itself, variants, expected) in [
            // Nothing of the product itself: its price is nobody's.
            (member(1, 0), &[member(9, 2), member(12, 3)][..], Some((9, 12, true, 5))),
            (member(1, 4), &[member(9, 2), member(12, 3)], Some((1, 12, true, 9))),
            // The cheapest is sold out.
            (member(1, 0), &[member(9, 0), member(12, 3)], Some((12, 12, false, 3))),
            (member(1, 0), &[member(9, 0), member(12, 0)], Some((9, 12, true, 0))),
            (member(9, 1), &[member(9, 2), member(9, 0)], Some((9, 9, false, 3))),
            (member(9, 1), &[], None),
        ] {
            let found = FamilyOffer::of(itself, variants);
            let told = found.map(|sum| (sum.price_minor, sum.most_minor, sum.is_from, sum.available));
            assert_eq!(told, expected, "{itself:?} {variants:?}");
        }
        let hundred = Member { price_per: 100, ..member(500, 1) };
        let sum = FamilyOffer::of(member(1, 0), &[member(9, 1), hundred]).unwrap();
        assert_eq!((sum.price_minor, sum.price_per), (500, 100), "five cents for one is less than nine");
        assert_eq!(sum.rating, Rating { reviews: 3, stars: 12 });
    }
}
