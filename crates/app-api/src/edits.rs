//! What a person can change about the things that merge.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{Hash, ProductId, SaleId, ThingId};
use soko_domain::quantity::Unit;
use soko_domain::verbs::make_sale::BeyondRule;

use crate::command::DiscountInput;
use crate::counter::TabTaken;
use crate::deals::DealInput;
use crate::text::{as_hex, as_hex_list, as_hex_opt, as_word};

/// A stall as it begins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StallContent {
    pub name: String,
    /// Three letters of ISO 4217.
    pub currency: String,
    /// A zone's name, such as Africa/Nairobi.
    pub zone: String,
    /// Minutes after midnight at which the business day changes.
    pub cut_off_minutes: u16,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StallEdit {
    Name(String),
    Currency(String),
    Zone(String),
    CutOffMinutes(u16),
    Description(String),
    Place(String),
    Hours(String),
    /// The smallest coin in use.
    CashStepMinor(u32),
    BeyondRule(#[serde(with = "as_word")] BeyondRule),
    ScaleCodes(String),
    /// Buyers may pay by card before they fetch, or from their telephone.
    TakesCard(bool),
    TakesPhone(bool),
    /// Where buyers send money by bank, as `soko_domain::transfer` writes it; empty where they cannot.
    TransferTerms(String),
    /// Buyers cannot come for their orders, or can.
    NoPickup(bool),
    PickupText(String),
    /// What bringing and sending cost, as `soko_domain::delivery` writes it; empty where the stall does not.
    LocalTerms(String),
    ShippingTerms(String),
    /// So many days what was handed over can come back; 0 cannot.
    ReturnDays(u16),
    /// The tax of an amount that is no product's.
    TaxPpm(u32),
    TaxInclusive(bool),
    /// A tax that products share, added or changed.
    PutTax(TaxClass),
    /// Only while no product on offer has it.
    RemoveTax(#[serde(with = "as_hex")] ThingId),
    /// Where it is on the earth, as `soko_domain::point` writes it, and when it is open, as `soko_domain::opening` does; empty is not said.
    Point(String),
    Opening(String),
}

/// A tax that products share.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TaxClass {
    #[serde(with = "as_hex")]
    pub class: ThingId,
    pub label: String,
    pub ppm: u32,
    /// Prices contain it.
    pub is_inclusive: bool,
}

/// A product as it begins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProductContent {
    pub name: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub sku: String,
    #[serde(default)]
    pub barcodes: Vec<String>,
    #[serde(with = "as_word")]
    pub unit: Unit,
    /// The price of `price_per` units.
    pub price_minor: i64,
    pub price_per: i64,
    #[serde(default)]
    pub cost_minor: Option<i64>,
    #[serde(default)]
    pub tax_ppm: u32,
    #[serde(default)]
    pub tax_inclusive: bool,
    /// Whose tax counts in place of that.
    #[serde(with = "as_hex_opt", default)]
    pub tax_class: Option<ThingId>,
    #[serde(with = "as_hex_list", default)]
    pub categories: Vec<ThingId>,
    #[serde(default)]
    pub favourite: bool,
    /// Below this many units it is on the list of what to buy.
    #[serde(default)]
    pub low_level: Option<i64>,
    /// What a piece weighs, in grams.
    #[serde(default)]
    pub piece_g: Option<i64>,
    /// The product that this one is a size, a colour or the like of.
    #[serde(with = "as_hex_opt", default)]
    pub variant_of: Option<ProductId>,
    /// What makes it that variant: "Size" is "M".
    #[serde(default)]
    pub options: Vec<OptionValue>,
    /// Units of other products that one of this takes.
    #[serde(default)]
    pub parts: Vec<PartInput>,
}

/// One option of a variant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct OptionValue {
    pub name: String,
    pub value: String,
}

/// Units of another product in a bundle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PartInput {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub quantity: i64,
}

impl ProductContent {
    /// A piece at a price, without tax.
    pub fn piece(name: &str, price_minor: i64) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            sku: String::new(),
            barcodes: Vec::new(),
            unit: Unit::Piece,
            price_minor,
            price_per: 1,
            cost_minor: None,
            tax_ppm: 0,
            tax_inclusive: true,
            tax_class: None,
            categories: Vec::new(),
            favourite: false,
            low_level: None,
            piece_g: None,
            variant_of: None,
            options: Vec::new(),
            parts: Vec::new(),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProductEdit {
    Name(String),
    Description(String),
    Sku(String),
    PriceMinor(i64),
    PricePer(i64),
    CostMinor(Option<i64>),
    TaxPpm(u32),
    TaxInclusive(bool),
    Archived(bool),
    Favourite(bool),
    LowLevel(Option<i64>),
    PieceGrams(Option<i64>),
    /// An empty value takes the option away.
    PutOption(OptionValue),
    PutPart(PartInput),
    RemovePart(#[serde(with = "as_hex")] ProductId),
    AddBarcode(String),
    RemoveBarcode(String),
    AddCategory(#[serde(with = "as_hex")] ThingId),
    RemoveCategory(#[serde(with = "as_hex")] ThingId),
    PutPicture {
        #[serde(with = "as_hex")]
        picture: Hash,
        position: i64,
    },
    RemovePicture(#[serde(with = "as_hex")] Hash),
    /// Whose tax counts in place of its own.
    TaxClass(#[serde(with = "as_hex_opt")] Option<ThingId>),
    /// For orders from the shop only.
    Deal(Option<DealInput>),
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CategoryEdit {
    Name(String),
    Parent(#[serde(with = "as_hex_opt")] Option<ThingId>),
    Position(i64),
    /// Taken off every list; its products stay.
    Archived(bool),
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceListEdit {
    Name(String),
    PutPrice {
        #[serde(with = "as_hex")]
        product: ProductId,
        price_minor: i64,
    },
    RemovePrice(#[serde(with = "as_hex")] ProductId),
}

/// One line of an open order. Its quantity counts when it is put in for the first time: more of it is a line of its own, and less
/// of it is taken out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TabLine {
    /// None for a custom amount, which needs a name.
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
    pub name: String,
    pub quantity: i64,
    pub unit_price_minor: i64,
    pub discount: DiscountInput,
    pub note: String,
    /// Why something comes off.
    #[serde(default)]
    pub reason: String,
    /// The code on the label of a scale.
    #[serde(default)]
    pub label: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenOrderEdit {
    Title(String),
    Customer(#[serde(with = "as_hex_opt")] Option<ThingId>),
    PutLine {
        #[serde(with = "as_hex")]
        line: ThingId,
        content: TabLine,
    },
    /// Takes so many units of each line out. A word that was said before is not said again.
    TakeOut {
        #[serde(with = "as_hex")]
        word: ThingId,
        lines: Vec<TabTaken>,
    },
    LinePrice {
        #[serde(with = "as_hex")]
        line: ThingId,
        unit_price_minor: i64,
    },
    LineNote {
        #[serde(with = "as_hex")]
        line: ThingId,
        note: String,
    },
    Note(String),
    /// Off the whole order, and why.
    Discount(DiscountInput),
    Reason(String),
    /// The customer was told what it costs.
    Told,
    /// The sale that the tab became.
    ClosedBy(#[serde(with = "as_hex")] SaleId),
}
