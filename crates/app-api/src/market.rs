//! What every visitor may see of the market: stalls and what they offer. A server answers from its tables, a
//! device from what it holds, and each answer says how old it is.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{AuthorId, Hash, LogId, ProductId, ThingId};
use soko_domain::quantity::Unit;

use crate::browse::{Browse, MarketCategory};
use crate::deals::OfferDeal;
use crate::edits::OptionValue;
use crate::family::{Choices, FamilyOffer};
use crate::query::Window;
use crate::review::{Rating, ReviewRow};
use crate::spots::{Spot, Spots};
use crate::text::{as_hex, as_hex_list, as_hex_opt, as_word};

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarketQuery {
    /// By name; with a text, those that match it.
    Stalls {
        text: String,
        window: Window,
    },
    Stall(#[serde(with = "as_hex")] LogId),
    /// By name, of one stall or of the whole market; with a text, the best matches first.
    Offers {
        #[serde(with = "as_hex_opt")]
        stall: Option<LogId>,
        text: String,
        #[serde(with = "as_hex_opt")]
        category: Option<ThingId>,
        /// A family as one row: no variant whose product stands in the same list; with a text, before it.
        families: bool,
        window: Window,
    },
    Offer {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// Of the whole market, those with most offers first.
    Categories,
    /// One of them, or everything, as somebody wants it; a family as one row.
    Browse {
        browse: Browse,
        window: Window,
    },
    /// What buyers say of a product, or of everything at a stall; the latest first.
    Reviews {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex_opt")]
        product: Option<ProductId>,
        window: Window,
    },
    /// Where stalls are, when they are open, and which are featured.
    Spots {
        which: Spots,
        window: Window,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarketView {
    /// The server knows no such thing, or none any more.
    Missing,
    Stalls(Dated<Vec<StallCard>>),
    Stall(Dated<StallPage>),
    Offers(Dated<Vec<OfferRow>>),
    Offer(Dated<OfferPage>),
    Reviews(Dated<Vec<ReviewRow>>),
    Categories(Dated<Vec<MarketCategory>>),
    Spots(Dated<Vec<Spot>>),
    /// This device never saw it, and nobody could be asked.
    Unseen,
}

/// Something seen at the server, and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dated<T> {
    /// When the server said the oldest part of it.
    pub as_of_ms: i64,
    /// Whether the server said it just now.
    pub is_fresh: bool,
    pub value: T,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StallCard {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    pub name: String,
    pub place: String,
    pub description: String,
    pub currency: String,
    /// How many products it offers.
    pub offers: u32,
    #[serde(with = "as_hex_opt")]
    pub picture: Option<Hash>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StallPage {
    pub card: StallCard,
    pub hours: String,
    /// How it hands orders over.
    pub handings: ShopHandings,
    pub categories: Vec<ShopCategory>,
    /// Who signs its receipts.
    pub registers: Vec<RegisterKey>,
}

/// How a stall hands orders over, as its profile says.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ShopHandings {
    pub no_pickup: bool,
    /// Where and when buyers come, where that is not the stall's own place and hours.
    pub pickup_text: String,
    /// What bringing and sending cost, as `soko_domain::delivery` reads it; empty where the stall does not.
    pub local_terms: String,
    pub shipping_terms: String,
    /// So many days what was handed over can come back; 0 cannot.
    pub return_days: u16,
}

/// A register with the key that its receipts are checked with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RegisterKey {
    #[serde(with = "as_hex")]
    pub register: AuthorId,
    pub name: String,
    #[serde(with = "as_hex")]
    pub public_key: Hash,
    pub is_revoked: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShopCategory {
    #[serde(with = "as_hex")]
    pub category: ThingId,
    pub name: String,
    pub offers: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferRow {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    pub stall_name: String,
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub price_minor: i64,
    /// The lowest price of the thirty days before it went down, while that is told.
    pub was_minor: Option<i64>,
    pub price_per: i64,
    pub currency: String,
    pub tax_ppm: u32,
    /// Whether the price has its tax in it.
    pub tax_inclusive: bool,
    /// What a piece weighs; 0 where the stall does not say.
    pub piece_g: i64,
    /// What the shop can promise.
    pub available: i64,
    #[serde(with = "as_hex_opt")]
    pub picture: Option<Hash>,
    pub rating: Rating,
    #[serde(with = "as_hex_list")]
    pub categories: Vec<ThingId>,
    /// Since when it is on offer; 0 if nobody noted it.
    pub added_ms: i64,
    /// Of a hundred products of the market, how many are bought less often.
    pub popular: u8,
    /// The product that it is a variant of.
    #[serde(with = "as_hex_opt")]
    pub variant_of: Option<ProductId>,
    /// What makes it that variant, by name.
    pub options: Vec<OptionValue>,
    /// What it comes to together with its variants, where it has some.
    pub family: Option<FamilyOffer>,
    /// Another price for a while, which is the price above while it can be had.
    pub deal: Option<OfferDeal>,
}

impl OfferRow {
    /// The price of an order of so many: a deal may not have so many left, or not for one buyer.
    #[must_use]
    pub fn price_of(&self, quantity: i64) -> i64 {
        self.deal.as_ref().map_or(self.price_minor, |deal| deal.price_of(quantity))
    }

    /// What it is shown with in a list: a product with variants stands for all of them.
    #[must_use]
    pub fn together(&self) -> FamilyOffer {
        self.family.unwrap_or(FamilyOffer {
            price_minor: self.price_minor,
            price_per: self.price_per,
            was_minor: self.was_minor,
            is_from: false,
            most_minor: self.price_minor,
            available: self.available,
            rating: self.rating,
        })
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferPage {
    pub row: OfferRow,
    pub description: String,
    #[serde(with = "as_hex_list")]
    pub pictures: Vec<Hash>,
    /// Of a product with variants, and of a variant with its sisters.
    pub choices: Option<Box<Choices>>,
    /// What it cost, the first price first: the last one of each day on which it changed.
    pub prices: Vec<PricedSince>,
}

/// What a product costs from a moment on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PricedSince {
    /// Zero where nobody noted it: it was so from the beginning.
    pub since_ms: i64,
    pub price_minor: i64,
}
