//! What somebody may want, too: chosen on the device, from a model of what was bought together, and always with a reason.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, ProductId};

use crate::market::OfferRow;
use crate::spots::{Around, Spot};
use crate::text::{as_hex, as_hex_list};
use crate::views::ProductRow;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuggestQuery {
    /// For whoever uses this device, from what they ordered, what they like and what is in their baskets. What is far or closed comes behind
    /// what is as good; where somebody is goes no further than the device.
    ForMe { around: Option<Around> },
    /// What goes with a product on offer.
    With {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// What goes with what is wanted of a stall: what lies in a basket, say.
    WithAll {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex_list")]
        products: Vec<ProductId>,
    },
    /// What is like it, in the same stall, and goes with it no more than anything else. Where no model knows it: what has a word of the
    /// name or a category in common that few others have.
    Similar {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// What a cashier may offer with what is on the counter.
    AtCounter {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex_list")]
        products: Vec<ProductId>,
    },
}

/// The best first; nothing when nothing is known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suggestions {
    Offers(Vec<Suggested<OfferRow>>),
    Products(Vec<Suggested<ProductRow>>),
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Suggested<T> {
    pub row: T,
    pub because: Because,
    /// What its stall says of where it is and when it is open, as far as that is known here.
    pub spot: Option<Box<Spot>>,
}

/// Why something is suggested.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// In `both` of the `of` baskets with that product this one was, too.
    Together { with: String, both: u32, of: u32 },
    /// Who had that product had this one, too.
    Like { product: String },
    /// Whoever uses this device likes that product, and it goes with this one.
    Liked { product: String },
    /// Whoever uses this device looked at that product, and it goes with this one.
    Looked { product: String },
    /// It is like that product, and one of them was bought by nobody yet.
    Similar { product: String },
    /// It has this word of the name, or this category, in common with what is looked at: nobody learnt yet from what was bought.
    Shared { what: String },
    /// Many had it.
    Popular,
}
