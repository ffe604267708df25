//! The closed list of what a person can do to a document, and the registers each edit writes.

use std::collections::BTreeMap;

use soko_domain::basket::Discount;
use soko_domain::entry::TabSpan;
use soko_domain::ids::{Hash, ProductId, ThingId};
use soko_domain::tab;
use soko_domain::tax::TaxRate;

use crate::fields::Fields;
use crate::kind::DocumentKind;
use crate::limits::EDITS_MAX;
use crate::problem::{Problem, Scalar};
use crate::refused::Refused;
use crate::schema::{self, Field, LinePart, Slot};
use crate::values::OrderLine;

/// One thing done to a document. Several make one change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edit {
    SetText {
        field: Field,
        text: String,
    },
    SetNumber {
        field: Field,
        number: i64,
    },
    SetFlag {
        field: Field,
        flag: bool,
    },
    SetThing {
        field: Field,
        thing: ThingId,
    },
    Clear {
        field: Field,
    },
    AddBarcode {
        barcode: String,
    },
    RemoveBarcode {
        barcode: String,
    },
    AddCategory {
        category: ThingId,
    },
    RemoveCategory {
        category: ThingId,
    },
    PutPicture {
        picture: Hash,
        position: i64,
    },
    RemovePicture {
        picture: Hash,
    },
    /// One option of a variant; an empty value takes it away.
    PutOption {
        name: String,
        value: String,
    },
    /// So many units of another product are in this one.
    PutPart {
        product: ProductId,
        quantity: i64,
    },
    RemovePart {
        product: ProductId,
    },
    PutPrice {
        product: ProductId,
        price_minor: i64,
    },
    RemovePrice {
        product: ProductId,
    },
    /// A class of tax, added or changed.
    PutTax {
        class: ThingId,
        tax: TaxRate,
    },
    RemoveTax {
        class: ThingId,
    },
    /// Adds a line under a fresh id, or sets every part of one that is there.
    PutLine {
        line: ThingId,
        content: OrderLine,
    },
    SetLineQuantity {
        line: ThingId,
        quantity: i64,
    },
    SetLinePrice {
        line: ThingId,
        unit_price_minor: i64,
    },
    SetLineNote {
        line: ThingId,
        note: String,
    },
    RemoveLine {
        line: ThingId,
    },
    /// Takes units out of a line, under a fresh id. They stay known as put in.
    TakeOut {
        line: ThingId,
        word: ThingId,
        spans: Vec<TabSpan>,
    },
}

/// Why an edit was not made. Nothing changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EditRefused {
    #[error("too many edits at once: make at most {EDITS_MAX}")]
    TooMany,
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The change that the edits made would not be accepted elsewhere.
    #[error(transparent)]
    Change(#[from] Refused),
}

/// What to write, by register: a value, or nothing to delete it.
pub(crate) type Writes = BTreeMap<String, Option<Scalar>>;

/// Checks the edits and reduces them to the registers that really change.
pub(crate) fn plan(kind: DocumentKind, fields: &Fields, edits: &[Edit]) -> Result<Writes, EditRefused> {
    if edits.len() > EDITS_MAX {
        return Err(EditRefused::TooMany);
    }
    let mut writes = Writes::new();
    for edit in edits {
        require_line(fields, &writes, edit)?;
        for (slot, value) in slots(edit) {
            let key = slot.key();
            if !schema::knows(kind, &slot) {
                return Err(Problem::Unknown { field: key }.into());
            }
            if let Some(value) = &value {
                schema::check(kind, &key, value)?;
            }
            // An empty text and an absent one must not differ, or clearing a field would leave two states.
            writes.insert(key, value.filter(|value| *value != Scalar::Text(String::new())));
        }
    }
    // Writing what is there already would win over somebody's concurrent edit without anybody meaning it.
    writes.retain(|key, value| match (value, fields.values(key)) {
        (Some(value), [only]) => only != value,
        (Some(_), _) => true,
        (None, current) => !current.is_empty(),
    });
    Ok(writes)
}

/// Part of a line can be set only while the line is there.
fn require_line(fields: &Fields, writes: &Writes, edit: &Edit) -> Result<(), Problem> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other edit stands alone")]
    let line = match edit {
        Edit::SetLineQuantity { line, .. }
        | Edit::SetLinePrice { line, .. }
        | Edit::SetLineNote { line, .. } => line,
        _ => return Ok(()),
    };
    let key = Slot::Line(*line, LinePart::Product).key();
    let there = match writes.get(&key) {
        Some(write) => write.is_some(),
        None => !fields.values(&key).is_empty(),
    };
    if there { Ok(()) } else { Err(Problem::Missing { field: key }) }
}

fn slots(edit: &Edit) -> Vec<(Slot, Option<Scalar>)> {
    match edit {
        Edit::SetText { field, text } => set(Slot::Field(*field), Scalar::Text(text.clone())),
        Edit::SetNumber { field, number } => set(Slot::Field(*field), Scalar::Number(*number)),
        Edit::SetFlag { field, flag } => set(Slot::Field(*field), Scalar::Flag(*flag)),
        Edit::SetThing { field, thing } => set(Slot::Field(*field), bytes(thing)),
        Edit::Clear { field } => vec![(Slot::Field(*field), None)],
        Edit::AddBarcode { barcode } => set(Slot::Barcode(barcode.clone()), Scalar::Flag(true)),
        Edit::RemoveBarcode { barcode } => vec![(Slot::Barcode(barcode.clone()), None)],
        Edit::AddCategory { category } => set(Slot::Category(*category), Scalar::Flag(true)),
        Edit::RemoveCategory { category } => vec![(Slot::Category(*category), None)],
        Edit::PutPicture { picture, position } => set(Slot::Picture(*picture), Scalar::Number(*position)),
        Edit::RemovePicture { picture } => vec![(Slot::Picture(*picture), None)],
        Edit::PutOption { name, value } => set(Slot::Option(name.clone()), Scalar::Text(value.clone())),
        Edit::PutPart { product, quantity } => set(Slot::Part(*product), Scalar::Number(*quantity)),
        Edit::RemovePart { product } => vec![(Slot::Part(*product), None)],
        Edit::PutPrice { product, price_minor } => set(Slot::Price(*product), Scalar::Number(*price_minor)),
        Edit::RemovePrice { product } => vec![(Slot::Price(*product), None)],
        Edit::PutTax { class, tax } => set(Slot::Tax(*class), Scalar::Text(tax.kept())),
        Edit::RemoveTax { class } => vec![(Slot::Tax(*class), None)],
        Edit::PutLine { line, content } => put_line(*line, content),
        Edit::SetLineQuantity { line, quantity } => {
            set(Slot::Line(*line, LinePart::Quantity), Scalar::Number(*quantity))
        }
        Edit::SetLinePrice { line, unit_price_minor } => {
            set(Slot::Line(*line, LinePart::UnitPrice), Scalar::Number(*unit_price_minor))
        }
        Edit::SetLineNote { line, note } => {
            set(Slot::Line(*line, LinePart::Note), Scalar::Text(note.clone()))
        }
        Edit::TakeOut { line, word, spans } => set(Slot::Out(*line, *word), Scalar::Text(tab::kept(spans))),
        Edit::RemoveLine { line } => {
            LinePart::ALL.into_iter().map(|part| (Slot::Line(*line, part), None)).collect()
        }
    }
}

fn put_line(line: ThingId, content: &OrderLine) -> Vec<(Slot, Option<Scalar>)> {
    let said = |text: &String| (!text.is_empty()).then(|| Scalar::Text(text.clone()));
    let (off_minor, off_ppm) = match content.off {
        Discount::None => (None, None),
        Discount::Amount(minor) => (Some(minor), None),
        Discount::Percent(ppm) => (None, Some(i64::from(ppm.0))),
    };
    vec![
        (Slot::Line(line, LinePart::Product), Some(Scalar::Bytes(content.product.as_bytes().to_vec()))),
        (Slot::Line(line, LinePart::Quantity), Some(Scalar::Number(content.quantity))),
        (Slot::Line(line, LinePart::UnitPrice), Some(Scalar::Number(content.unit_price_minor))),
        (Slot::Line(line, LinePart::Note), Some(Scalar::Text(content.note.clone()))),
        (Slot::Line(line, LinePart::Name), said(&content.name)),
        (Slot::Line(line, LinePart::OffMinor), off_minor.map(Scalar::Number)),
        (Slot::Line(line, LinePart::OffPpm), off_ppm.map(Scalar::Number)),
        (
            Slot::Line(line, LinePart::OffPaid),
            (content.off_paid > 0).then_some(Scalar::Number(content.off_paid)),
        ),
        (Slot::Line(line, LinePart::Reason), said(&content.reason)),
        (Slot::Line(line, LinePart::Label), said(&content.label)),
    ]
}

fn set(slot: Slot, value: Scalar) -> Vec<(Slot, Option<Scalar>)> {
    vec![(slot, Some(value))]
}

fn bytes(thing: &ThingId) -> Scalar {
    Scalar::Bytes(thing.as_bytes().to_vec())
}
