//! Looking around by category: what is kept out, and what stands before what. The server does it over the whole market
//! and a device over what it holds, and both by this.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, ThingId};
use soko_domain::money::Currency;

use crate::market::OfferRow;
use crate::review::Rating;
use crate::text::{as_hex, as_hex_opt};

/// Reviews that a mean is pulled towards the middle by: one buyer's five stars are not better than fifty buyers' 4.8.
const DOUBT_REVIEWS: u64 = 3;
const DOUBT_STARS: u64 = 3 * DOUBT_REVIEWS;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Browse {
    /// As `MarketCategory::slug` says; empty is everything.
    pub category: String,
    #[serde(with = "as_hex_opt")]
    pub stall: Option<LogId>,
    pub in_stock: bool,
    /// Prices as their tags say, in whole units of their currency, both included.
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub sort: Sort,
}

impl Browse {
    #[must_use]
    pub fn of(category: &str) -> Self {
        Self {
            category: category.into(),
            stall: None,
            in_stock: false,
            min: None,
            max: None,
            sort: Sort::Name,
        }
    }

    /// Whether something of this stall at these prices, from the lowest to the highest, is asked for. What is in stock is
    /// asked where that is known.
    #[must_use]
    pub fn admits(&self, stall: LogId, (least_minor, most_minor): (i64, i64), currency: &str) -> bool {
        let digits = Currency::parse(currency).map_or(0, Currency::exponent);
        let minor = |whole: i64| whole.saturating_mul(10_i64.saturating_pow(u32::from(digits)));
        self.stall.is_none_or(|asked| asked == stall)
            && self.min.is_none_or(|min| most_minor >= minor(min))
            && self.max.is_none_or(|max| least_minor <= minor(max))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    #[default]
    Name,
    Newest,
    Cheapest,
    BestRated,
    MostBought,
    /// What went down most, and nothing else.
    Lowered,
}

impl Sort {
    pub const ALL: [Self; 6] =
        [Self::Name, Self::Newest, Self::Cheapest, Self::BestRated, Self::MostBought, Self::Lowered];

    /// Whether something is shown at all, given what it cost before it went down.
    #[must_use]
    pub fn admits(self, was_minor: Option<i64>) -> bool {
        self != Self::Lowered || was_minor.is_some()
    }

    /// As addresses have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Newest => "new",
            Self::Cheapest => "price",
            Self::BestRated => "rated",
            Self::MostBought => "bought",
            Self::Lowered => "lowered",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.word() == word)
    }
}

/// What of an offer decides where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place<'a> {
    /// Without accents and capitals.
    pub name: &'a str,
    pub currency: &'a str,
    pub price_minor: i64,
    pub was_minor: Option<i64>,
    pub rating: Rating,
    pub added_ms: i64,
    pub popular: u8,
}

impl<'a> Place<'a> {
    #[must_use]
    pub fn of(row: &'a OfferRow, folded: &'a str) -> Self {
        let shown = row.together();
        Self {
            name: folded,
            currency: &row.currency,
            price_minor: shown.price_minor,
            was_minor: shown.was_minor,
            rating: shown.rating,
            added_ms: row.added_ms,
            popular: row.popular,
        }
    }

    /// By how many millionths it went down.
    fn lowered_ppm(&self) -> i128 {
        let was = i128::from(self.was_minor.unwrap_or(0));
        let off = (was - i128::from(self.price_minor)).max(0);
        if was > 0 { off * 1_000_000 / was } else { 0 }
    }
}

/// Which of two stands first. Prices of different currencies stand apart; what is equal goes by name.
#[must_use]
pub fn order(sort: Sort, one: &Place<'_>, other: &Place<'_>) -> Ordering {
    let by_name = one.name.cmp(other.name);
    match sort {
        Sort::Name => by_name,
        Sort::Newest => other.added_ms.cmp(&one.added_ms).then(by_name),
        Sort::Cheapest => {
            one.currency.cmp(other.currency).then(one.price_minor.cmp(&other.price_minor)).then(by_name)
        }
        Sort::BestRated => worth(other.rating).cmp(&worth(one.rating)).then(by_name),
        Sort::MostBought => other.popular.cmp(&one.popular).then(by_name),
        Sort::Lowered => other.lowered_ppm().cmp(&one.lowered_ppm()).then(by_name),
    }
}

/// What a text found, without the variants that stand behind their product: whoever means one of them says more than the
/// product's name.
pub fn without_variants<K: Ord + Copy>(found: Vec<K>, product_of: impl Fn(K) -> Option<K>) -> Vec<K> {
    let mut before = std::collections::BTreeSet::new();
    let mut is_shown = |key: &K| {
        before.insert(*key);
        product_of(*key).is_none_or(|product| !before.contains(&product))
    };
    found.into_iter().filter(|key| is_shown(key)).collect()
}

/// A mean that few reviews move little, in thousandths; nothing without any.
fn worth(rating: Rating) -> u64 {
    let (stars, reviews) = (u64::from(rating.stars), u64::from(rating.reviews));
    if reviews == 0 { 0 } else { (stars + DOUBT_STARS) * 1_000 / (reviews + DOUBT_REVIEWS) }
}

/// A category of the whole market: the same name at several stalls is one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MarketCategory {
    /// Its address.
    pub slug: String,
    pub name: String,
    pub offers: u32,
    /// What it is at each stall.
    pub at: Vec<CategoryAt>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct CategoryAt {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    #[serde(with = "as_hex")]
    pub category: ThingId,
}

/// The address of a category, from its name without accents and capitals: words of letters and digits of any script.
#[must_use]
pub fn slug(folded: &str) -> String {
    let words = folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(
        name: &str,
        price_minor: i64,
        (reviews, stars): (u32, u32),
        added_ms: i64,
        popular: u8,
    ) -> Place<'_> {
        // Brie and cake went down, by 100 each.
        let was_minor = ["brie", "cake"].contains(&name).then_some(price_minor + 100);
        let rating = Rating { reviews, stars };
        Place { name, currency: "EUR", price_minor, was_minor, rating, added_ms, popular }
    }

    #[test]
    fn each_sort_puts_first_what_it_says() {
        let all = [
            place("brie", 700, (50, 240), 1, 10),
            place("apples", 300, (1, 5), 3, 90),
            place("cake", 300, (0, 0), 2, 90),
            place("dates", 100, (4, 8), 2, 0),
        ];
        for (sort, expected) in [
            (Sort::Name, "apples brie cake dates"),
            (Sort::Newest, "apples cake dates brie"),
            (Sort::Cheapest, "dates apples cake brie"),
            // Fifty buyers' 4.8 before one buyer's 5; what nobody rated comes last.
            (Sort::BestRated, "brie apples dates cake"),
            (Sort::MostBought, "apples cake brie dates"),
            // A quarter before an eighth; what did not go down is not shown where only that is asked for.
            (Sort::Lowered, "cake brie apples dates"),
        ] {
            let mut sorted = all;
            sorted.sort_by(|one, other| order(sort, one, other));
            let names: Vec<&str> = sorted.iter().map(|place| place.name).collect();
            assert_eq!(names.join(" "), expected, "{sort:?}");
            assert_eq!(Sort::from_word(sort.word()), Some(sort));
            assert_eq!(sort.admits(None), sort != Sort::Lowered);
        }
        let dear = Place { currency: "KES", price_minor: 1, ..all[0] };
        assert_eq!(
            order(Sort::Cheapest, &all[0], &dear),
            Ordering::Less,
            "a shilling is not cheaper than a euro"
        );
    }

    #[test]
    fn only_what_is_asked_for_is_admitted() {
        let (here, there) = (LogId([1; 16]), LogId([2; 16]));
        let asked = Browse { stall: Some(here), min: Some(1), max: Some(3), ..Browse::of("tea") };
        for (stall, price, currency, expected) in [
            (here, 100, "EUR", true),
            (here, 300, "EUR", true),
            (here, 99, "EUR", false),
            (here, 301, "EUR", false),
            (there, 200, "EUR", false),
            // A yen has no hundredths.
            (here, 2, "JPY", true),
            (here, 200, "JPY", false),
        ] {
            assert_eq!(asked.admits(stall, (price, price), currency), expected, "{price} {currency}");
        }
        // A family some of which costs as much.
        assert!(asked.admits(here, (50, 120), "EUR") && asked.admits(here, (250, 400), "EUR"));
        assert!(Browse::of("").admits(there, (i64::MAX, i64::MAX), "EUR"));
    }

    #[test]
    fn an_address_has_the_words_of_a_name_in_any_script() {
        for (folded, expected) in [
            ("fruit & vegetables", "fruit-vegetables"),
            ("  tea/coffee ", "tea-coffee"),
            ("خضار وفواكه", "خضار-وفواكه"),
            ("<script>", "script"),
            ("!?", ""),
        ] {
            assert_eq!(slug(folded), expected);
        }
    }
}
