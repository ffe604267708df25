//! The closed list of registers that each kind of document has, and what each may hold. Checked when an edit is
//! made, when a change arrives and when a document is read.

use soko_domain::deal::DEAL_BYTES_MAX;
use soko_domain::delivery::TERMS_BYTES_MAX;
use soko_domain::ids::{Hash, ProductId, ThingId};
use soko_domain::opening::{OPENING_BYTES_MAX, Opening};
use soko_domain::point::Point;
use soko_domain::quantity::Unit;
use soko_domain::tab::{self, PIECES_BYTES_MAX};
use soko_domain::tax::TaxRate;
use soko_domain::transfer::TERMS_BYTES_MAX as TRANSFER_BYTES_MAX;
use soko_domain::verbs::make_sale::BeyondRule;
use soko_domain::verbs::return_goods::DAYS_MAX;

use crate::kind::DocumentKind;
use crate::problem::{Problem, Scalar};

/// The register that names the kind; written by the genesis change and by nothing else.
pub(crate) const KIND_KEY: &str = "kind";
/// The register that names the version of the schema; written by the genesis change and by nothing else.
pub(crate) const SCHEMA_KEY: &str = "schema";

const BARCODE_BYTES_MAX: usize = 64;
/// Longest name of an option of a variant, such as "Size"; short, since it stands in the register's name.
const OPTION_BYTES_MAX: usize = 60;
const PRICE_MINOR_MAX: i64 = 1_000_000_000_000;
const QUANTITY_MAX: i64 = 1_000_000_000;
/// A tonne.
const PIECE_GRAMS_MAX: i64 = 1_000_000;
const POSITION_MAX: i64 = 1_000_000;
const TAX_PPM_MAX: i64 = 1_000_000;
const CASH_STEP_MAX: i64 = 100_000;
const CUT_OFF_MINUTES_MAX: i64 = 24 * 60 - 1;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $key:literal),* $(,)?) => {
        /// A field with one value. Its key is frozen: documents hold it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Field { $($(#[$doc])* $name),* }

        impl Field {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key),* }
            }

            fn from_key(key: &str) -> Option<Self> {
                match key { $($key => Some(Self::$name),)* _ => None }
            }
        }
    };
}

fields! {
    Name = "name",
    Description = "description",
    Sku = "sku",
    Unit = "unit",
    /// The price of `PricePer` units, in the currency's minor unit.
    Price = "price_minor",
    Currency = "currency",
    PricePer = "price_per",
    Cost = "cost_minor",
    TaxPpm = "tax_ppm",
    TaxInclusive = "tax_inclusive",
    /// The class of the stall whose tax counts in place of a product's own.
    TaxClass = "tax_class",
    Archived = "archived",
    Parent = "parent",
    Position = "position",
    Zone = "zone",
    /// Minutes after midnight at which the business day changes.
    CutOffMinutes = "cut_off_minutes",
    Place = "place",
    Hours = "hours",
    /// Where that is on the earth, as `soko_domain::point` reads it; one register, so that two edits never mix two points.
    Point = "point",
    /// The hours as `soko_domain::opening` reads them; one register, so that two edits never mix two weeks.
    Opening = "opening",
    /// The smallest coin in use, in the currency's minor unit; the cash part of a sale is rounded to it.
    CashStep = "cash_step",
    /// What sellers may do with goods in the hand that no share covers.
    BeyondRule = "beyond_rule",
    /// How the codes that a scale prints are to be read.
    ScaleCodes = "scale_codes",
    /// How buyers may pay before they fetch.
    TakesCard = "takes_card",
    TakesPhone = "takes_phone",
    /// Buyers cannot come for their orders.
    NoPickup = "no_pickup",
    /// Where and when they can.
    PickupText = "pickup_text",
    /// What bringing and sending cost, as `soko_domain::delivery` reads it; empty where the stall does neither.
    LocalTerms = "local_terms",
    ShippingTerms = "shipping_terms",
    /// Where buyers send money by bank, as `soko_domain::transfer` reads it; one register, so that two edits never mix two accounts.
    TransferTerms = "transfer_terms",
    /// So many days the stall takes back what was handed over.
    ReturnDays = "return_days",
    /// What a piece weighs, in grams.
    PieceGrams = "piece_g",
    /// Another price for a while and for so many, as `soko_domain::deal` reads it; one register, so that two edits never mix two deals.
    Deal = "deal",
    Title = "title",
    Customer = "customer",
    ClosedBy = "closed_by",
    /// One of those that a seller wants at hand.
    Favourite = "favourite",
    /// Below this many units somebody should buy more.
    LowLevel = "low_level",
    /// The product that this one is a size, a colour or the like of.
    VariantOf = "variant_of",
    Note = "note",
    /// Off the whole order: an amount in the currency's minor unit, or parts per million.
    OffMinor = "off_minor",
    OffPpm = "off_ppm",
    /// What the set of the order's sales that stood when the amount was said is called, as it is off what these left.
    OffAfter = "off_after",
    /// Why.
    Reason = "reason",
    /// The customer was told what it costs.
    Told = "told",
}

/// The parts of one line of an open order, each a register of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum LinePart {
    /// The line exists for as long as this register does.
    Product,
    Quantity,
    UnitPrice,
    Note,
    /// What a line without a product is called.
    Name,
    /// So much off, in the currency's minor unit.
    OffMinor,
    /// So many parts per million off.
    OffPpm,
    /// So many of its units were paid when the amount was said, as it is off the others.
    OffPaid,
    /// Why something comes off.
    Reason,
    /// The code of a scale's label.
    Label,
}

impl LinePart {
    pub(crate) const ALL: [Self; 10] = [
        Self::Product,
        Self::Quantity,
        Self::UnitPrice,
        Self::Note,
        Self::Name,
        Self::OffMinor,
        Self::OffPpm,
        Self::OffPaid,
        Self::Reason,
        Self::Label,
    ];

    fn key(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Quantity => "quantity",
            Self::UnitPrice => "unit_price_minor",
            Self::Note => "note",
            Self::Name => "name",
            Self::OffMinor => "off_minor",
            Self::OffPpm => "off_ppm",
            Self::OffPaid => "off_paid",
            Self::Reason => "reason",
            Self::Label => "label",
        }
    }
}

/// One register of a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    Field(Field),
    Barcode(String),
    Category(ThingId),
    Picture(Hash),
    /// What a variant is by one of its options: "Size" holds "M".
    Option(String),
    /// So many units of another product are in this one.
    Part(ProductId),
    Price(ProductId),
    /// A class of tax, as `soko_domain::tax` reads it.
    Tax(ThingId),
    Line(ThingId, LinePart),
    /// What a word took out of a line, as `soko_domain::tab` reads it. Each word is a register of its own, so none is written over.
    Out(ThingId, ThingId),
}

impl Slot {
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Field(field) => field.key().to_owned(),
            Self::Barcode(barcode) => format!("barcode/{barcode}"),
            Self::Category(category) => format!("category/{category}"),
            Self::Picture(picture) => format!("picture/{picture}"),
            Self::Option(name) => format!("option/{name}"),
            Self::Part(product) => format!("part/{product}"),
            Self::Price(product) => format!("price/{product}"),
            Self::Tax(class) => format!("tax/{class}"),
            Self::Line(line, part) => format!("line/{line}/{}", part.key()),
            Self::Out(line, word) => format!("out/{line}/{word}"),
        }
    }

    /// Reads what [`Slot::key`] writes, and only that: two spellings of one register would not merge.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        let slot = match key.split_once('/') {
            None => Self::Field(Field::from_key(key)?),
            Some(("barcode", barcode)) => Self::Barcode(barcode.to_owned()),
            Some(("category", id)) => Self::Category(ThingId::from_hex(id)?),
            Some(("picture", hash)) => Self::Picture(Hash::from_hex(hash)?),
            Some(("option", name)) => Self::Option(name.to_owned()),
            Some(("part", id)) => Self::Part(ProductId::from_hex(id)?),
            Some(("price", id)) => Self::Price(ProductId::from_hex(id)?),
            Some(("tax", id)) => Self::Tax(ThingId::from_hex(id)?),
            Some(("line", rest)) => {
                let (id, part) = rest.split_once('/')?;
                let part = LinePart::ALL.into_iter().find(|known| known.key() == part)?;
                Self::Line(ThingId::from_hex(id)?, part)
            }
            Some(("out", rest)) => {
                let (line, word) = rest.split_once('/')?;
                Self::Out(ThingId::from_hex(line)?, ThingId::from_hex(word)?)
            }
            Some(_) => return None,
        };
        (slot.key() == key).then_some(slot)
    }
}

/// What a register may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rule {
    /// One line of text.
    Line {
        bytes_max: usize,
    },
    /// Text with line breaks.
    Prose {
        bytes_max: usize,
    },
    /// Three capital letters.
    Currency,
    /// A class of tax.
    TaxClass,
    /// A point of the earth, or nothing.
    Point,
    /// When a week is open.
    Opening,
    /// Units of a line of an open order.
    Units,
    Number {
        min: i64,
        max: i64,
    },
    Flag,
    Thing,
    /// A member of a set: the register's being there is what counts.
    Present,
}

/// Whether this kind of document has this register at all.
pub(crate) fn knows(kind: DocumentKind, slot: &Slot) -> bool {
    rule(kind, slot).is_some()
}

/// Checks one value of one register. Registers that this version does not know pass: a newer one may.
pub(crate) fn check(kind: DocumentKind, key: &str, value: &Scalar) -> Result<(), Problem> {
    let Some(slot) = Slot::parse(key) else {
        return Ok(());
    };
    let Some(rule) = rule(kind, &slot) else {
        return Ok(());
    };
    let field = || key.to_owned();
    if let Slot::Barcode(barcode) = &slot {
        check_text(barcode, BARCODE_BYTES_MAX, false, key)?;
        if barcode.is_empty() {
            return Err(Problem::OutOfRange { field: field() });
        }
    }
    if let Slot::Option(name) = &slot {
        check_text(name, OPTION_BYTES_MAX, false, key)?;
        if name.is_empty() {
            return Err(Problem::OutOfRange { field: field() });
        }
    }
    let holds = match (rule, value) {
        (Rule::Line { bytes_max }, Scalar::Text(text)) => return check_text(text, bytes_max, false, key),
        (Rule::Prose { bytes_max }, Scalar::Text(text)) => return check_text(text, bytes_max, true, key),
        (Rule::Currency, Scalar::Text(text)) => {
            text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_uppercase())
        }
        (Rule::Point, Scalar::Text(text)) => text.is_empty() || Point::read(text).is_some(),
        (Rule::Opening, Scalar::Text(text)) if text.len() > OPENING_BYTES_MAX => {
            return Err(Problem::TooLong { field: field() });
        }
        (Rule::Opening, Scalar::Text(text)) => Opening::read(text).is_some(),
        (Rule::Units, Scalar::Text(text)) if text.len() > PIECES_BYTES_MAX => {
            return Err(Problem::TooLong { field: field() });
        }
        (Rule::Units, Scalar::Text(text)) => tab::read(ThingId::default(), text).is_some(),
        (Rule::TaxClass, Scalar::Text(text)) => TaxRate::parse_class(text).is_some(),
        (Rule::Number { min, max }, Scalar::Number(number)) => (min..=max).contains(number),
        (Rule::Flag, Scalar::Flag(_)) => true,
        (Rule::Thing, Scalar::Bytes(bytes)) => bytes.len() == ThingId::SIZE,
        (Rule::Present, Scalar::Flag(flag)) => *flag,
        _ => return Err(Problem::WrongType { field: field() }),
    };
    if holds { Ok(()) } else { Err(Problem::OutOfRange { field: field() }) }
}

fn check_text(text: &str, bytes_max: usize, breaks: bool, key: &str) -> Result<(), Problem> {
    if text.len() > bytes_max {
        return Err(Problem::TooLong { field: key.to_owned() });
    }
    // Control characters reach receipts printers and terminals, where they are commands.
    let allowed = |letter: char| !letter.is_control() || breaks && (letter == '\n' || letter == '\t');
    if text.chars().all(allowed) { Ok(()) } else { Err(Problem::OutOfRange { field: key.to_owned() }) }
}

fn rule(kind: DocumentKind, slot: &Slot) -> Option<Rule> {
    match kind {
        DocumentKind::Product => product_rule(slot),
        DocumentKind::Category => category_rule(slot),
        DocumentKind::PriceList => price_list_rule(slot),
        DocumentKind::Stall => stall_rule(slot),
        DocumentKind::OpenOrder => open_order_rule(slot),
    }
}

const NAME: Rule = Rule::Line { bytes_max: 200 };
const DESCRIPTION: Rule = Rule::Prose { bytes_max: 8_000 };
const PRICE: Rule = Rule::Number { min: -PRICE_MINOR_MAX, max: PRICE_MINOR_MAX };
const POSITION: Rule = Rule::Number { min: -POSITION_MAX, max: POSITION_MAX };

#[expect(clippy::wildcard_enum_match_arm, reason = "a field that is not listed here is not one of this kind")]
fn product_rule(slot: &Slot) -> Option<Rule> {
    Some(match slot {
        Slot::Field(Field::Name) => NAME,
        Slot::Field(Field::Description) => DESCRIPTION,
        Slot::Field(Field::Sku) => Rule::Line { bytes_max: 64 },
        Slot::Field(Field::Unit) => {
            Rule::Number { min: i64::from(Unit::Piece.number()), max: i64::from(Unit::Millilitre.number()) }
        }
        Slot::Field(Field::Price | Field::Cost) => PRICE,
        Slot::Field(Field::Currency) => Rule::Currency,
        Slot::Field(Field::PricePer) => Rule::Number { min: 1, max: QUANTITY_MAX },
        Slot::Field(Field::TaxPpm) => Rule::Number { min: 0, max: TAX_PPM_MAX },
        Slot::Field(Field::TaxInclusive | Field::Archived | Field::Favourite) => Rule::Flag,
        Slot::Field(Field::LowLevel) => Rule::Number { min: 0, max: QUANTITY_MAX },
        Slot::Field(Field::PieceGrams) => Rule::Number { min: 0, max: PIECE_GRAMS_MAX },
        Slot::Field(Field::Deal) => Rule::Line { bytes_max: DEAL_BYTES_MAX },
        Slot::Field(Field::VariantOf | Field::TaxClass) => Rule::Thing,
        Slot::Option(_) => Rule::Line { bytes_max: OPTION_BYTES_MAX },
        Slot::Part(_) => Rule::Number { min: 1, max: QUANTITY_MAX },
        Slot::Barcode(_) | Slot::Category(_) => Rule::Present,
        Slot::Picture(_) => POSITION,
        _ => return None,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a field that is not listed here is not one of this kind")]
fn category_rule(slot: &Slot) -> Option<Rule> {
    Some(match slot {
        Slot::Field(Field::Name) => NAME,
        Slot::Field(Field::Parent) => Rule::Thing,
        Slot::Field(Field::Position) => POSITION,
        Slot::Field(Field::Archived) => Rule::Flag,
        _ => return None,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a field that is not listed here is not one of this kind")]
fn price_list_rule(slot: &Slot) -> Option<Rule> {
    Some(match slot {
        Slot::Field(Field::Name) => NAME,
        Slot::Price(_) => PRICE,
        _ => return None,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a field that is not listed here is not one of this kind")]
fn stall_rule(slot: &Slot) -> Option<Rule> {
    Some(match slot {
        Slot::Field(Field::Name) => NAME,
        Slot::Field(Field::Currency) => Rule::Currency,
        Slot::Field(Field::Zone) => Rule::Line { bytes_max: 64 },
        Slot::Field(Field::CutOffMinutes) => Rule::Number { min: 0, max: CUT_OFF_MINUTES_MAX },
        Slot::Field(Field::Description) => DESCRIPTION,
        Slot::Field(Field::Place) => Rule::Prose { bytes_max: 500 },
        Slot::Field(Field::Hours) => Rule::Prose { bytes_max: 2_000 },
        Slot::Field(Field::Point) => Rule::Point,
        Slot::Field(Field::Opening) => Rule::Opening,
        Slot::Field(Field::CashStep) => Rule::Number { min: 0, max: CASH_STEP_MAX },
        Slot::Field(Field::BeyondRule) => Rule::Number {
            min: i64::from(BeyondRule::Warn.number()),
            max: i64::from(BeyondRule::Refuse.number()),
        },
        Slot::Field(Field::ScaleCodes) => Rule::Line { bytes_max: 200 },
        Slot::Field(Field::TakesCard | Field::TakesPhone | Field::NoPickup) => Rule::Flag,
        Slot::Field(Field::TaxPpm) => Rule::Number { min: 0, max: TAX_PPM_MAX },
        Slot::Field(Field::TaxInclusive) => Rule::Flag,
        Slot::Tax(_) => Rule::TaxClass,
        Slot::Field(Field::ReturnDays) => Rule::Number { min: 0, max: i64::from(DAYS_MAX) },
        Slot::Field(Field::TransferTerms) => Rule::Prose { bytes_max: TRANSFER_BYTES_MAX },
        Slot::Field(Field::PickupText) => Rule::Prose { bytes_max: 500 },
        Slot::Field(Field::LocalTerms | Field::ShippingTerms) => Rule::Prose { bytes_max: TERMS_BYTES_MAX },
        _ => return None,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a field that is not listed here is not one of this kind")]
fn open_order_rule(slot: &Slot) -> Option<Rule> {
    Some(match slot {
        Slot::Field(Field::Title) => NAME,
        Slot::Field(Field::Note | Field::Reason) => Rule::Line { bytes_max: 500 },
        Slot::Field(Field::Told) => Rule::Flag,
        Slot::Field(Field::OffMinor) => PRICE,
        Slot::Field(Field::OffPpm) => Rule::Number { min: 0, max: TAX_PPM_MAX },
        Slot::Field(Field::Customer | Field::ClosedBy | Field::OffAfter) => Rule::Thing,
        Slot::Line(_, LinePart::Product) => Rule::Thing,
        Slot::Line(_, LinePart::Quantity | LinePart::OffPaid) => Rule::Number { min: 1, max: QUANTITY_MAX },
        Slot::Line(_, LinePart::UnitPrice) => PRICE,
        Slot::Line(_, LinePart::Note | LinePart::Reason) => Rule::Line { bytes_max: 500 },
        Slot::Line(_, LinePart::Label) => Rule::Line { bytes_max: BARCODE_BYTES_MAX },
        Slot::Line(_, LinePart::Name) => NAME,
        Slot::Line(_, LinePart::OffMinor) => PRICE,
        Slot::Line(_, LinePart::OffPpm) => Rule::Number { min: 0, max: TAX_PPM_MAX },
        Slot::Out(..) => Rule::Units,
        _ => return None,
    })
}
