//! A document's visible registers as plain data, and the typed read over them. No Automerge here: a server reads
//! these from its worker's answer without ever loading the document itself.

use std::collections::BTreeMap;

use soko_domain::basket::Discount;
use soko_domain::entry::TabSpan;
use soko_domain::ids::{Hash, ProductId, ThingId};
use soko_domain::money::Ppm;
use soko_domain::tab;
use soko_domain::tax::TaxRate;
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

use crate::edit::Edit;
use crate::kind::DocumentKind;
use crate::limits::{DOCUMENT_FIELDS_MAX, KEY_BYTES_MAX, LINES_MAX, MEMBERS_MAX, OUTS_MAX, PRICES_MAX};
use crate::problem::{Problem, Scalar, take_values};
use crate::schema::{self, Field, KIND_KEY, LinePart, SCHEMA_KEY, Slot};
use crate::values::{Category, OpenOrder, OrderLine, PriceList, Product, Stall, Value};

/// What a document shows: for each register its concurrent values, in the same order on every replica, the one
/// that wins last.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fields(pub(crate) BTreeMap<String, Vec<Scalar>>);

/// The typed form of one kind of document.
pub trait Typed: Sized {
    const KIND: DocumentKind;

    /// Takes what it knows out of the registers; never fails.
    fn take(input: &mut Taker) -> Self;

    /// The edits that set every field of an empty document to this. On a document that has content, only what
    /// differs is written, and members that this value lacks stay.
    fn edits(&self) -> Vec<Edit>;
}

impl Fields {
    /// Reads as one kind. Registers of another kind are reported as unknown, absent ones as missing.
    pub fn read<T: Typed>(&self) -> (T, Vec<Problem>) {
        let mut taker = Taker::new(self, T::KIND);
        let value = T::take(&mut taker);
        (value, taker.finish())
    }

    pub fn value(&self, kind: DocumentKind) -> (Value, Vec<Problem>) {
        match kind {
            DocumentKind::Product => wrap(self.read::<Product>(), Value::Product),
            DocumentKind::Category => wrap(self.read::<Category>(), Value::Category),
            DocumentKind::PriceList => wrap(self.read::<PriceList>(), Value::PriceList),
            DocumentKind::Stall => wrap(self.read::<Stall>(), Value::Stall),
            DocumentKind::OpenOrder => wrap(self.read::<OpenOrder>(), Value::OpenOrder),
        }
    }

    /// All concurrent values of a register by its key, the winner last; empty if it is not set.
    pub fn values(&self, key: &str) -> &[Scalar] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The kind that the genesis change wrote, if nothing else claims to be it.
    pub(crate) fn kind(&self) -> Option<DocumentKind> {
        let [Scalar::Number(number)] = self.values(KIND_KEY) else {
            return None;
        };
        DocumentKind::from_number(u8::try_from(*number).ok()?)
    }
}

fn wrap<T>((value, problems): (T, Vec<Problem>), of: fn(T) -> Value) -> (Value, Vec<Problem>) {
    (of(value), problems)
}

impl Wire for Fields {
    fn put(&self, out: &mut Writer) {
        out.varint(self.0.len() as u64);
        for (key, values) in &self.0 {
            out.bytes(key.as_bytes());
            values.put(out);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let count = input.varint()?;
        if count > DOCUMENT_FIELDS_MAX as u64 {
            return Err(Malformed::TooLong);
        }
        let mut fields: BTreeMap<String, Vec<Scalar>> = BTreeMap::new();
        for _ in 0..count {
            let key = std::str::from_utf8(input.bytes(KEY_BYTES_MAX)?).map_err(|_| Malformed::Text)?;
            // Ascending keys give equal fields one encoding.
            if fields.last_key_value().is_some_and(|(last, _)| last.as_str() >= key) {
                return Err(Malformed::Number);
            }
            fields.insert(key.to_owned(), take_values(input)?);
        }
        Ok(Self(fields))
    }
}

/// Hands out registers once each, and remembers what was wrong with them.
pub struct Taker {
    kind: DocumentKind,
    left: BTreeMap<String, Vec<Scalar>>,
    problems: Vec<Problem>,
}

impl Taker {
    fn new(fields: &Fields, kind: DocumentKind) -> Self {
        let mut left = fields.0.clone();
        left.remove(SCHEMA_KEY);
        let mut problems = Vec::new();
        if fields.kind() == Some(kind) {
            left.remove(KIND_KEY);
        } else {
            problems.push(Problem::WrongType { field: KIND_KEY.to_owned() });
        }
        Self { kind, left, problems }
    }

    fn finish(mut self) -> Vec<Problem> {
        self.problems.extend(self.left.into_keys().map(|field| Problem::Unknown { field }));
        self.problems
    }

    pub(crate) fn text(&mut self, field: Field) -> Option<String> {
        text(self.winner(field.key())?)
    }

    pub(crate) fn number(&mut self, field: Field) -> Option<i64> {
        number(self.winner(field.key())?)
    }

    pub(crate) fn flag(&mut self, field: Field) -> Option<bool> {
        match self.winner(field.key())? {
            Scalar::Flag(flag) => Some(flag),
            Scalar::Number(_) | Scalar::Text(_) | Scalar::Bytes(_) | Scalar::Foreign => None,
        }
    }

    pub(crate) fn thing(&mut self, field: Field) -> Option<ThingId> {
        thing(self.winner(field.key())?)
    }

    /// Reports a required field that has no readable value, unless it was reported for a worse reason.
    pub(crate) fn require<T>(&mut self, field: Field, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.problems.iter().any(|problem| problem.field() == field.key()) {
            self.problems.push(Problem::Missing { field: field.key().to_owned() });
        }
        value
    }

    pub(crate) fn barcodes(&mut self) -> Vec<String> {
        self.members(
            "barcode/",
            MEMBERS_MAX,
            |slot| if let Slot::Barcode(code) = slot { Some(code) } else { None },
        )
        .into_iter()
        .map(|(barcode, _)| barcode)
        .collect()
    }

    pub(crate) fn categories(&mut self) -> Vec<ThingId> {
        self.members(
            "category/",
            MEMBERS_MAX,
            |slot| if let Slot::Category(id) = slot { Some(id) } else { None },
        )
        .into_iter()
        .map(|(category, _)| category)
        .collect()
    }

    pub(crate) fn pictures(&mut self) -> Vec<Hash> {
        let mut pictures: Vec<(i64, Hash)> =
            self.members("picture/", MEMBERS_MAX, |slot| {
                if let Slot::Picture(hash) = slot { Some(hash) } else { None }
            })
            .into_iter()
            .filter_map(|(picture, position)| Some((number(position)?, picture)))
            .collect();
        pictures.sort();
        pictures.into_iter().map(|(_, picture)| picture).collect()
    }

    /// The options of a variant. One whose value was taken away is none.
    pub(crate) fn options(&mut self) -> Vec<(String, String)> {
        self.members(
            "option/",
            MEMBERS_MAX,
            |slot| if let Slot::Option(name) = slot { Some(name) } else { None },
        )
        .into_iter()
        .filter_map(|(name, value)| Some((name, text(value)?)))
        .collect()
    }

    /// The classes of tax; of those that other programs wrote, what is one.
    pub(crate) fn taxes(&mut self) -> Vec<(ThingId, TaxRate)> {
        self.members("tax/", MEMBERS_MAX, |slot| if let Slot::Tax(class) = slot { Some(class) } else { None })
            .into_iter()
            .filter_map(|(class, value)| Some((class, TaxRate::parse_class(&text(value)?)?)))
            .collect()
    }

    pub(crate) fn parts(&mut self) -> Vec<(ProductId, i64)> {
        self.members("part/", MEMBERS_MAX, |slot| if let Slot::Part(id) = slot { Some(id) } else { None })
            .into_iter()
            .filter_map(|(product, quantity)| Some((product, number(quantity)?)))
            .collect()
    }

    pub(crate) fn prices(&mut self) -> Vec<(ProductId, i64)> {
        self.members("price/", PRICES_MAX, |slot| if let Slot::Price(id) = slot { Some(id) } else { None })
            .into_iter()
            .filter_map(|(product, price)| Some((product, number(price)?)))
            .collect()
    }

    pub(crate) fn lines(&mut self) -> Vec<(ThingId, OrderLine)> {
        let part = |slot| if let Slot::Line(line, part) = slot { Some((line, part)) } else { None };
        let parts = self.members("line/", LINES_MAX * LinePart::ALL.len(), part);
        let mut lines: BTreeMap<ThingId, BTreeMap<LinePart, Scalar>> = BTreeMap::new();
        for ((line, part), value) in parts {
            lines.entry(line).or_default().insert(part, value);
        }
        lines.into_iter().filter_map(|(line, parts)| Some((line, self.line(line, parts)?))).collect()
    }

    /// What each word took out of each line.
    pub(crate) fn outs(&mut self) -> Vec<((ThingId, ThingId), Vec<TabSpan>)> {
        let out = |slot| if let Slot::Out(line, word) = slot { Some((line, word)) } else { None };
        self.members("out/", OUTS_MAX, out)
            .into_iter()
            .filter_map(|((line, word), value)| Some(((line, word), tab::read(line, &text(value)?)?)))
            .collect()
    }

    /// A line that one person removed while another changed it is gone; what is left of it is reported.
    fn line(&mut self, line: ThingId, mut parts: BTreeMap<LinePart, Scalar>) -> Option<OrderLine> {
        let product = parts.remove(&LinePart::Product).and_then(thing).map(|product| ProductId(product.0));
        let quantity = parts.remove(&LinePart::Quantity).and_then(number);
        let unit_price_minor = parts.remove(&LinePart::UnitPrice).and_then(number);
        let note = parts.remove(&LinePart::Note).and_then(text).unwrap_or_default();
        let name = parts.remove(&LinePart::Name).and_then(text).unwrap_or_default();
        let off = off(
            parts.remove(&LinePart::OffMinor).and_then(number),
            parts.remove(&LinePart::OffPpm).and_then(number),
        );
        let off_paid = parts.remove(&LinePart::OffPaid).and_then(number).unwrap_or(0);
        let reason = parts.remove(&LinePart::Reason).and_then(text).unwrap_or_default();
        let label = parts.remove(&LinePart::Label).and_then(text).unwrap_or_default();
        let absent = if product.is_none() {
            LinePart::Product
        } else if quantity.is_none() {
            LinePart::Quantity
        } else {
            LinePart::UnitPrice
        };
        let whole = product.zip(quantity).zip(unit_price_minor);
        if whole.is_none() {
            self.problems.push(Problem::Missing { field: Slot::Line(line, absent).key() });
        }
        let ((product, quantity), unit_price_minor) = whole?;
        Some(OrderLine { product, quantity, unit_price_minor, note, name, off, off_paid, reason, label })
    }

    /// Takes every register under a prefix, in the order of their keys, up to a limit.
    fn members<T>(&mut self, prefix: &str, max: usize, pick: fn(Slot) -> Option<T>) -> Vec<(T, Scalar)> {
        let keys: Vec<String> = self
            .left
            .range(prefix.to_owned()..)
            .map(|(key, _)| key.clone())
            .take_while(|key| key.starts_with(prefix))
            .collect();
        if keys.len() > max {
            self.problems.push(Problem::TooMany { field: prefix.trim_end_matches('/').to_owned() });
        }
        let mut members = Vec::new();
        for key in keys {
            let Some(member) = Slot::parse(&key).and_then(pick) else {
                continue;
            };
            if members.len() >= max {
                self.left.remove(&key);
            } else if let Some(value) = self.winner(&key) {
                members.push((member, value));
            }
        }
        members
    }

    /// The value that wins, if it is well formed. Each value is checked, since a loser may win later.
    fn winner(&mut self, key: &str) -> Option<Scalar> {
        let mut values = self.left.remove(key)?;
        for value in &values {
            if let Err(problem) = schema::check(self.kind, key, value) {
                self.problems.push(problem);
                return None;
            }
        }
        if values.len() > 1 {
            self.problems.push(Problem::Conflict { field: key.to_owned(), values: values.clone() });
        }
        values.pop()
    }
}

fn text(value: Scalar) -> Option<String> {
    match value {
        Scalar::Text(text) => Some(text),
        Scalar::Flag(_) | Scalar::Number(_) | Scalar::Bytes(_) | Scalar::Foreign => None,
    }
}

fn number(value: Scalar) -> Option<i64> {
    match value {
        Scalar::Number(number) => Some(number),
        Scalar::Flag(_) | Scalar::Text(_) | Scalar::Bytes(_) | Scalar::Foreign => None,
    }
}

fn thing(value: Scalar) -> Option<ThingId> {
    match value {
        Scalar::Bytes(bytes) => ThingId::from_slice(&bytes),
        Scalar::Flag(_) | Scalar::Number(_) | Scalar::Text(_) | Scalar::Foreign => None,
    }
}

/// Where two people gave one line an amount and a percentage off, the amount counts.
pub(crate) fn off(minor: Option<i64>, ppm: Option<i64>) -> Discount {
    match (minor, ppm.and_then(|ppm| u32::try_from(ppm).ok())) {
        (Some(minor), _) => Discount::Amount(minor),
        (None, Some(ppm)) => Discount::Percent(Ppm(ppm)),
        (None, None) => Discount::None,
    }
}
