//! The typed form of each kind of document: plain values in the words of a shop.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::basket::Discount;
use soko_domain::deal::Deal;
use soko_domain::entry::TabSpan;
use soko_domain::ids::{Hash, ProductId, SaleId, ThingId};
use soko_domain::quantity::Unit;
use soko_domain::tax::TaxRate;
use soko_domain::verbs::make_sale::BeyondRule;

use crate::edit::Edit;
use crate::fields::{Taker, Typed, off};
use crate::kind::DocumentKind;
use crate::schema::Field;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Product {
    pub name: String,
    pub description: String,
    pub sku: String,
    pub barcodes: BTreeSet<String>,
    pub unit: Unit,
    /// The price of `price_per` units.
    pub price_minor: i64,
    pub currency: String,
    pub price_per: i64,
    pub cost_minor: Option<i64>,
    /// Parts per million: 190,000 is 19 %.
    /// Its own tax, which counts while it is in no class, or in one that is gone.
    pub tax_ppm: u32,
    pub tax_inclusive: bool,
    pub tax_class: Option<ThingId>,
    pub categories: BTreeSet<ThingId>,
    /// In the order to show them.
    pub pictures: Vec<Hash>,
    pub archived: bool,
    pub favourite: bool,
    /// None: nobody wants to be told.
    pub low_level: Option<i64>,
    /// What a piece weighs, in grams.
    pub piece_g: Option<i64>,
    /// Another price for a while and for so many; for orders only.
    pub deal: Option<Deal>,
    /// The product that this one is a size, a colour or the like of; it has everything else of its own.
    pub variant_of: Option<ProductId>,
    /// What makes it that variant: "Size" is "M".
    pub options: BTreeMap<String, String>,
    /// Units of other products that one of this takes. Empty unless it is a bundle.
    pub parts: BTreeMap<ProductId, i64>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Category {
    pub name: String,
    pub parent: Option<ThingId>,
    pub position: i64,
    pub archived: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PriceList {
    pub name: String,
    pub prices: BTreeMap<ProductId, i64>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stall {
    pub name: String,
    pub currency: String,
    /// The name of the time zone, such as "Europe/Berlin".
    pub zone: String,
    /// Minutes after midnight at which the business day changes.
    pub cut_off_minutes: u16,
    pub description: String,
    pub place: String,
    pub hours: String,
    /// Where it is on the earth, as `soko_domain::point` reads it, and when it is open, as `soko_domain::opening` does; empty where it
    /// does not say so.
    pub point: String,
    pub opening: String,
    /// The smallest coin in use; 0 where every minor unit can be paid in coins.
    pub cash_step_minor: u32,
    /// None: sellers are told, and sell.
    pub beyond_rule: Option<BeyondRule>,
    pub scale_codes: String,
    /// Buyers may pay by card before they fetch.
    pub takes_card: bool,
    /// The same from their telephone.
    pub takes_phone: bool,
    /// Where they send money by bank, as `soko_domain::transfer` reads it; empty where they cannot.
    pub transfer_terms: String,
    /// How orders reach their buyers: not by coming for them, where and when by coming, and what bringing and sending cost.
    pub no_pickup: bool,
    pub pickup_text: String,
    pub local_terms: String,
    pub shipping_terms: String,
    /// So many days the stall takes back what was handed over; 0 does not.
    pub return_days: u16,
    /// The tax of an amount that is no product's.
    pub tax_ppm: u32,
    pub tax_inclusive: bool,
    /// Taxes that products share.
    pub taxes: BTreeMap<ThingId, TaxRate>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OpenOrder {
    pub title: String,
    pub lines: BTreeMap<ThingId, OrderLine>,
    /// What was taken out of a line, by the word that did.
    pub outs: BTreeMap<(ThingId, ThingId), Vec<TabSpan>>,
    pub closed_by: Option<SaleId>,
    /// Only an id: a document's history keeps what was deleted, so no person may stand in it.
    pub customer: Option<ThingId>,
    pub note: String,
    /// Off the whole order, and why.
    pub off: Discount,
    /// What the set of its sales was called when an amount was said: it is off what these left.
    pub off_after: Option<ThingId>,
    pub reason: String,
    /// Paying of it began, so the customer was told what it costs.
    pub is_told: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderLine {
    pub product: ProductId,
    pub quantity: i64,
    pub unit_price_minor: i64,
    pub note: String,
    /// Of a custom amount, which is a line of no product.
    pub name: String,
    pub off: Discount,
    /// So many of its units were paid when an amount was said: it is off the others.
    pub off_paid: i64,
    /// Why something comes off.
    pub reason: String,
    /// The code on the label of a scale, which says a price of its own.
    pub label: String,
}

/// Any document's typed form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    Product(Product),
    Category(Category),
    PriceList(PriceList),
    Stall(Stall),
    OpenOrder(OpenOrder),
}

impl Default for Product {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            sku: String::new(),
            barcodes: BTreeSet::new(),
            unit: Unit::Piece,
            price_minor: 0,
            currency: String::new(),
            price_per: 1,
            cost_minor: None,
            tax_ppm: 0,
            tax_inclusive: false,
            tax_class: None,
            categories: BTreeSet::new(),
            pictures: Vec::new(),
            archived: false,
            favourite: false,
            low_level: None,
            piece_g: None,
            deal: None,
            variant_of: None,
            options: BTreeMap::new(),
            parts: BTreeMap::new(),
        }
    }
}

impl Typed for Product {
    const KIND: DocumentKind = DocumentKind::Product;

    fn take(input: &mut Taker) -> Self {
        let name = input.text(Field::Name);
        let unit = input.number(Field::Unit).and_then(|number| Unit::from_number(u8::try_from(number).ok()?));
        let price = input.number(Field::Price);
        let currency = input.text(Field::Currency);
        let tax = input.number(Field::TaxPpm).and_then(|tax| u32::try_from(tax).ok());
        let tax_inclusive = input.flag(Field::TaxInclusive);
        let price_per = input.number(Field::PricePer).unwrap_or(1);
        let deal = input.text(Field::Deal).and_then(|text| Deal::read(&text));
        Self {
            name: input.require(Field::Name, name).unwrap_or_default(),
            description: input.text(Field::Description).unwrap_or_default(),
            sku: input.text(Field::Sku).unwrap_or_default(),
            barcodes: input.barcodes().into_iter().collect(),
            unit: input.require(Field::Unit, unit).unwrap_or(Unit::Piece),
            price_minor: input.require(Field::Price, price).unwrap_or_default(),
            currency: input.require(Field::Currency, currency).unwrap_or_default(),
            price_per,
            cost_minor: input.number(Field::Cost),
            tax_ppm: input.require(Field::TaxPpm, tax).unwrap_or_default(),
            tax_inclusive: input.require(Field::TaxInclusive, tax_inclusive).unwrap_or_default(),
            tax_class: input.thing(Field::TaxClass),
            categories: input.categories().into_iter().collect(),
            pictures: input.pictures(),
            archived: input.flag(Field::Archived).unwrap_or_default(),
            favourite: input.flag(Field::Favourite).unwrap_or_default(),
            low_level: input.number(Field::LowLevel),
            piece_g: input.number(Field::PieceGrams),
            // None where its price is for something else than the product's own price is.
            deal: deal.filter(|deal| deal.is_for(price_per)),
            variant_of: input.thing(Field::VariantOf).map(|product| ProductId(product.0)),
            options: input.options().into_iter().collect(),
            parts: input.parts().into_iter().collect(),
        }
    }

    fn edits(&self) -> Vec<Edit> {
        let mut edits = vec![
            text(Field::Name, &self.name),
            text(Field::Description, &self.description),
            text(Field::Sku, &self.sku),
            number(Field::Unit, i64::from(self.unit.number())),
            number(Field::Price, self.price_minor),
            text(Field::Currency, &self.currency),
            number(Field::PricePer, self.price_per),
            number(Field::TaxPpm, i64::from(self.tax_ppm)),
            Edit::SetFlag { field: Field::TaxInclusive, flag: self.tax_inclusive },
            Edit::SetFlag { field: Field::Archived, flag: self.archived },
        ];
        edits.push(match self.cost_minor {
            Some(cost) => number(Field::Cost, cost),
            None => Edit::Clear { field: Field::Cost },
        });
        edits.extend(self.barcodes.iter().map(|barcode| Edit::AddBarcode { barcode: barcode.clone() }));
        edits.extend(self.categories.iter().map(|category| Edit::AddCategory { category: *category }));
        let pictures = (0..).zip(&self.pictures);
        edits.extend(pictures.map(|(position, picture)| Edit::PutPicture { picture: *picture, position }));
        edits.extend(self.more());
        edits
    }
}

impl Typed for Category {
    const KIND: DocumentKind = DocumentKind::Category;

    fn take(input: &mut Taker) -> Self {
        let name = input.text(Field::Name);
        Self {
            name: input.require(Field::Name, name).unwrap_or_default(),
            parent: input.thing(Field::Parent),
            position: input.number(Field::Position).unwrap_or_default(),
            archived: input.flag(Field::Archived).unwrap_or_default(),
        }
    }

    fn edits(&self) -> Vec<Edit> {
        vec![
            text(Field::Name, &self.name),
            thing(Field::Parent, self.parent),
            number(Field::Position, self.position),
            flag(Field::Archived, self.archived),
        ]
    }
}

impl Typed for PriceList {
    const KIND: DocumentKind = DocumentKind::PriceList;

    fn take(input: &mut Taker) -> Self {
        let name = input.text(Field::Name);
        Self {
            name: input.require(Field::Name, name).unwrap_or_default(),
            prices: input.prices().into_iter().collect(),
        }
    }

    fn edits(&self) -> Vec<Edit> {
        let prices = self
            .prices
            .iter()
            .map(|(product, price)| Edit::PutPrice { product: *product, price_minor: *price });
        std::iter::once(text(Field::Name, &self.name)).chain(prices).collect()
    }
}

impl Typed for Stall {
    const KIND: DocumentKind = DocumentKind::Stall;

    fn take(input: &mut Taker) -> Self {
        let name = input.text(Field::Name);
        let currency = input.text(Field::Currency);
        let zone = input.text(Field::Zone);
        let step = input.number(Field::CashStep).and_then(|minor| u32::try_from(minor).ok());
        let rule = input.number(Field::BeyondRule).and_then(|rule| u8::try_from(rule).ok());
        let cut_off = input.number(Field::CutOffMinutes).and_then(|minutes| u16::try_from(minutes).ok());
        let tax = input.number(Field::TaxPpm).and_then(|ppm| u32::try_from(ppm).ok());
        let days = input.number(Field::ReturnDays).and_then(|days| u16::try_from(days).ok());
        Self {
            name: input.require(Field::Name, name).unwrap_or_default(),
            currency: input.require(Field::Currency, currency).unwrap_or_default(),
            zone: input.require(Field::Zone, zone).unwrap_or_default(),
            cut_off_minutes: cut_off.unwrap_or_default(),
            description: input.text(Field::Description).unwrap_or_default(),
            place: input.text(Field::Place).unwrap_or_default(),
            hours: input.text(Field::Hours).unwrap_or_default(),
            point: input.text(Field::Point).unwrap_or_default(),
            opening: input.text(Field::Opening).unwrap_or_default(),
            cash_step_minor: step.unwrap_or_default(),
            beyond_rule: rule.and_then(BeyondRule::from_number),
            scale_codes: input.text(Field::ScaleCodes).unwrap_or_default(),
            takes_card: input.flag(Field::TakesCard).unwrap_or_default(),
            takes_phone: input.flag(Field::TakesPhone).unwrap_or_default(),
            transfer_terms: input.text(Field::TransferTerms).unwrap_or_default(),
            no_pickup: input.flag(Field::NoPickup).unwrap_or_default(),
            pickup_text: input.text(Field::PickupText).unwrap_or_default(),
            local_terms: input.text(Field::LocalTerms).unwrap_or_default(),
            shipping_terms: input.text(Field::ShippingTerms).unwrap_or_default(),
            return_days: days.unwrap_or_default(),
            tax_ppm: tax.unwrap_or_default(),
            tax_inclusive: input.flag(Field::TaxInclusive).unwrap_or_default(),
            taxes: input.taxes().into_iter().collect(),
        }
    }

    fn edits(&self) -> Vec<Edit> {
        let mut edits = vec![
            text(Field::Name, &self.name),
            text(Field::Currency, &self.currency),
            text(Field::Zone, &self.zone),
            number(Field::CutOffMinutes, i64::from(self.cut_off_minutes)),
            text(Field::Description, &self.description),
            text(Field::Place, &self.place),
            text(Field::Hours, &self.hours),
        ];
        // Fields that came later are written where they say something.
        if self.cash_step_minor != 0 {
            edits.push(number(Field::CashStep, i64::from(self.cash_step_minor)));
        }
        if self.tax_ppm != 0 {
            edits.push(number(Field::TaxPpm, i64::from(self.tax_ppm)));
        }
        if self.return_days != 0 {
            edits.push(number(Field::ReturnDays, i64::from(self.return_days)));
        }
        edits.extend(self.beyond_rule.map(|rule| number(Field::BeyondRule, i64::from(rule.number()))));
        if !self.scale_codes.is_empty() {
            edits.push(text(Field::ScaleCodes, &self.scale_codes));
        }
        let said = [
            (Field::PickupText, &self.pickup_text),
            (Field::LocalTerms, &self.local_terms),
            (Field::ShippingTerms, &self.shipping_terms),
            (Field::TransferTerms, &self.transfer_terms),
            (Field::Point, &self.point),
            (Field::Opening, &self.opening),
        ];
        edits.extend(
            said.into_iter().filter(|(_, said)| !said.is_empty()).map(|(field, said)| text(field, said)),
        );
        let taken = [
            (Field::TakesCard, self.takes_card),
            (Field::TakesPhone, self.takes_phone),
            (Field::NoPickup, self.no_pickup),
            (Field::TaxInclusive, self.tax_inclusive),
        ];
        edits.extend(taken.into_iter().filter(|(_, takes)| *takes).map(|(field, takes)| flag(field, takes)));
        edits.extend(self.taxes.iter().map(|(class, tax)| Edit::PutTax { class: *class, tax: tax.clone() }));
        edits
    }
}

impl Typed for OpenOrder {
    const KIND: DocumentKind = DocumentKind::OpenOrder;

    fn take(input: &mut Taker) -> Self {
        Self {
            title: input.text(Field::Title).unwrap_or_default(),
            lines: input.lines().into_iter().collect(),
            outs: input.outs().into_iter().collect(),
            closed_by: input.thing(Field::ClosedBy).map(|sale| SaleId(sale.0)),
            customer: input.thing(Field::Customer),
            note: input.text(Field::Note).unwrap_or_default(),
            off: off(input.number(Field::OffMinor), input.number(Field::OffPpm)),
            off_after: input.thing(Field::OffAfter),
            reason: input.text(Field::Reason).unwrap_or_default(),
            is_told: input.flag(Field::Told).unwrap_or_default(),
        }
    }

    fn edits(&self) -> Vec<Edit> {
        let lines =
            self.lines.iter().map(|(line, content)| Edit::PutLine { line: *line, content: content.clone() });
        let outs = self.outs.iter().map(|((line, word), spans)| Edit::TakeOut {
            line: *line,
            word: *word,
            spans: spans.clone(),
        });
        [
            text(Field::Title, &self.title),
            thing(Field::ClosedBy, self.closed_by.map(|sale| ThingId(sale.0))),
            thing(Field::Customer, self.customer),
        ]
        .into_iter()
        .chain((!self.note.is_empty()).then(|| text(Field::Note, &self.note)))
        .chain((!self.reason.is_empty()).then(|| text(Field::Reason, &self.reason)))
        .chain(self.is_told.then(|| flag(Field::Told, true)))
        .chain(off_edits(self.off))
        .chain(self.off_after.map(|sales| thing(Field::OffAfter, Some(sales))))
        .chain(lines)
        .chain(outs)
        .collect()
    }
}

impl Product {
    /// What most products do not have: left out where they do not, so that a plain product stays small.
    fn more(&self) -> Vec<Edit> {
        let mut edits = vec![
            flag(Field::Favourite, self.favourite),
            self.low_level
                .map_or(Edit::Clear { field: Field::LowLevel }, |level| number(Field::LowLevel, level)),
            thing(Field::VariantOf, self.variant_of.map(|product| ThingId(product.0))),
        ];
        edits.extend(self.piece_g.map(|grams| number(Field::PieceGrams, grams)));
        edits.extend(self.tax_class.map(|class| thing(Field::TaxClass, Some(class))));
        edits.extend(self.deal.map(|deal| text(Field::Deal, &deal.to_string())));
        let option =
            |(name, value): (&String, &String)| Edit::PutOption { name: name.clone(), value: value.clone() };
        edits.extend(self.options.iter().map(option));
        let part = |(product, quantity): (&ProductId, &i64)| Edit::PutPart {
            product: *product,
            quantity: *quantity,
        };
        edits.extend(self.parts.iter().map(part));
        edits
    }
}

/// A flag that was never set and one that says no are the same, and only one of them costs bytes.
fn flag(field: Field, flag: bool) -> Edit {
    if flag { Edit::SetFlag { field, flag } } else { Edit::Clear { field } }
}

/// What an order's discount is as edits.
pub fn off_edits(off: Discount) -> [Edit; 2] {
    let (minor, ppm) = match off {
        Discount::None => (None, None),
        Discount::Amount(minor) => (Some(minor), None),
        Discount::Percent(ppm) => (None, Some(i64::from(ppm.0))),
    };
    let edit = |field, number: Option<i64>| match number {
        Some(number) => Edit::SetNumber { field, number },
        None => Edit::Clear { field },
    };
    [edit(Field::OffMinor, minor), edit(Field::OffPpm, ppm)]
}

fn text(field: Field, text: &str) -> Edit {
    Edit::SetText { field, text: text.to_owned() }
}

fn number(field: Field, number: i64) -> Edit {
    Edit::SetNumber { field, number }
}

fn thing(field: Field, thing: Option<ThingId>) -> Edit {
    match thing {
        Some(thing) => Edit::SetThing { field, thing },
        None => Edit::Clear { field },
    }
}
