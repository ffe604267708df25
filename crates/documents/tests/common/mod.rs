//! What several test files need: authors, sample values, a small deterministic source of choices.

#![allow(dead_code, reason = "each test file uses a part of this")]

use soko_documents::{
    Category, Document, DocumentKind, Edit, OpenOrder, OrderLine, PriceList, Product, Stall, Typed,
};
use soko_domain::basket::Discount;
use soko_domain::ids::{AuthorId, Hash, ProductId, ThingId};
use soko_domain::quantity::Unit;

pub(crate) const MOMENT_MS: i64 = 1_700_000_000_000;

pub(crate) fn author(number: u8) -> AuthorId {
    AuthorId([number; 16])
}

pub(crate) fn thing(number: u8) -> ThingId {
    ThingId([number; 16])
}

pub(crate) fn product_id(number: u8) -> ProductId {
    ProductId([number; 16])
}

pub(crate) fn product() -> Product {
    Product {
        name: "Rye bread".into(),
        description: "Baked before dawn.\nKeeps a week.".into(),
        sku: "BR-01".into(),
        barcodes: ["4006381333931".into(), "4006381333948".into()].into(),
        unit: Unit::Piece,
        price_minor: 450,
        currency: "EUR".into(),
        price_per: 1,
        cost_minor: Some(180),
        tax_ppm: 70_000,
        tax_inclusive: true,
        categories: [thing(0x31), thing(0x32)].into(),
        pictures: vec![Hash([9; 32]), Hash([7; 32])],
        ..Product::default()
    }
}

pub(crate) fn line(product: u8, quantity: i64) -> OrderLine {
    OrderLine {
        product: product_id(product),
        quantity,
        unit_price_minor: 450,
        note: "sliced".into(),
        name: String::new(),
        off: Discount::None,
        off_paid: 0,
        reason: String::new(),
        label: String::new(),
    }
}

pub(crate) fn edits(kind: DocumentKind) -> Vec<Edit> {
    match kind {
        DocumentKind::Product => product().edits(),
        DocumentKind::Category => {
            Category { name: "Bread".into(), parent: Some(thing(0x30)), position: 2, archived: false }.edits()
        }
        DocumentKind::PriceList => {
            PriceList { name: "Fair".into(), prices: [(product_id(1), 400), (product_id(2), -50)].into() }
                .edits()
        }
        DocumentKind::Stall => Stall {
            name: "Corner bakery".into(),
            currency: "EUR".into(),
            zone: "Europe/Berlin".into(),
            cut_off_minutes: 240,
            description: "Bread".into(),
            place: "Market square".into(),
            hours: "Sat 8-13".into(),
            ..Stall::default()
        }
        .edits(),
        DocumentKind::OpenOrder => OpenOrder {
            title: "Table 4".into(),
            lines: [(thing(0x41), line(1, 2)), (thing(0x42), line(2, 1))].into(),
            closed_by: None,
            customer: Some(thing(0x50)),
            ..OpenOrder::default()
        }
        .edits(),
    }
}

/// An edited document and its one change.
pub(crate) fn written(kind: DocumentKind, by: u8) -> (Document, Vec<u8>) {
    let mut document = Document::new(kind).unwrap();
    let edited = document.edit(&author(by), MOMENT_MS, &edits(kind)).unwrap().unwrap();
    (document, edited.change)
}

/// Xorshift: the same choices on every run.
pub(crate) struct Choices(pub u64);

impl Choices {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }
}
