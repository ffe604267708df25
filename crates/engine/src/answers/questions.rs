//! What only a person can settle: fields that several people set at once, and barcodes that several products have. Each
//! answer comes with the edits that settle it.

use std::collections::BTreeSet;

use soko_app_api::{
    AnswerValue, OptionValue, PartInput, ProductEdit, ProductToEdit, Question, QuestionAbout, QuestionAnswer,
    QuestionRow, Said, Window,
};
use soko_documents::{Problem, Product, Scalar};
use soko_domain::ids::{ProductId, ThingId};
use soko_domain::tax::TaxRate;
use soko_projection::{read as facts, taxes};
use soko_record_log::StoreError;

use super::products::read_with_problems;
use super::{Asking, bounded};
use crate::said;

/// Products that share one barcode.
const SHARERS_MAX: u32 = 20;

/// What to ask about a product, and what is wrong with it that nobody can choose.
pub(super) fn of_product(
    asking: &mut Asking<'_>,
    product: ProductId,
    (value, problems): (&Product, &[Problem]),
) -> Result<(Vec<Question>, Vec<Said>), StoreError> {
    let mut questions = Vec::new();
    let mut others = Vec::new();
    for problem in problems {
        if let Problem::Conflict { field, values } = problem {
            let taxes = match field.as_str() {
                "tax_class" => taxes::classes(asking.tx, asking.log)?,
                _ => Vec::new(),
            };
            questions.extend(conflict(product, (field, &taxes), values));
        } else {
            others.push(said::problem(problem));
        }
    }
    if !value.archived {
        for code in &value.barcodes {
            questions.extend(shared_code(asking, code)?);
        }
    }
    Ok((questions, others))
}

/// None for what nobody would want to be asked, such as the order of pictures: the last one counts.
fn conflict(
    product: ProductId,
    (field, taxes): (&str, &[(ThingId, TaxRate)]),
    values: &[Scalar],
) -> Option<Question> {
    let answer = |(place, value): (usize, &Scalar)| {
        let (shown, edit) = answer((field, taxes), value)?;
        Some(QuestionAnswer {
            value: shown,
            is_shown: place + 1 == values.len(),
            edits: vec![ProductToEdit { product, edits: vec![edit] }],
        })
    };
    let answers: Option<Vec<_>> = values.iter().enumerate().map(answer).collect();
    Some(Question { about: QuestionAbout::Field(field.into()), answers: answers? })
}

fn answer(
    (field, taxes): (&str, &[(ThingId, TaxRate)]),
    value: &Scalar,
) -> Option<(AnswerValue, ProductEdit)> {
    use ProductEdit as Edit;
    Some(match (field, value) {
        ("name", Scalar::Text(text)) => (AnswerValue::Text(text.clone()), Edit::Name(text.clone())),
        ("description", Scalar::Text(text)) => {
            (AnswerValue::Text(text.clone()), Edit::Description(text.clone()))
        }
        ("sku", Scalar::Text(text)) => (AnswerValue::Text(text.clone()), Edit::Sku(text.clone())),
        ("price_minor", Scalar::Number(minor)) => (AnswerValue::Money(*minor), Edit::PriceMinor(*minor)),
        ("cost_minor", Scalar::Number(minor)) => (AnswerValue::Money(*minor), Edit::CostMinor(Some(*minor))),
        ("price_per", Scalar::Number(per)) => (AnswerValue::Number(*per), Edit::PricePer(*per)),
        ("low_level", Scalar::Number(level)) => (AnswerValue::Number(*level), Edit::LowLevel(Some(*level))),
        ("tax_ppm", Scalar::Number(ppm)) => {
            let ppm = u32::try_from(*ppm).ok()?;
            (AnswerValue::Percent(ppm), Edit::TaxPpm(ppm))
        }
        ("tax_inclusive", Scalar::Flag(flag)) => (AnswerValue::Flag(*flag), Edit::TaxInclusive(*flag)),
        ("tax_class", Scalar::Bytes(class)) => {
            let class = ThingId::from_slice(class)?;
            let known = taxes.iter().find(|(known, _)| *known == class);
            let label = known.map(|(_, tax)| tax.label.clone()).unwrap_or_default();
            (AnswerValue::Text(label), Edit::TaxClass(Some(class)))
        }
        ("archived", Scalar::Flag(flag)) => (AnswerValue::Flag(*flag), Edit::Archived(*flag)),
        ("favourite", Scalar::Flag(flag)) => (AnswerValue::Flag(*flag), Edit::Favourite(*flag)),
        (other, Scalar::Text(text)) => {
            let option = OptionValue { name: other.strip_prefix("option/")?.into(), value: text.clone() };
            (AnswerValue::Text(text.clone()), Edit::PutOption(option))
        }
        (other, Scalar::Number(quantity)) => {
            let part = ProductId::from_hex(other.strip_prefix("part/")?)?;
            (AnswerValue::Number(*quantity), Edit::PutPart(PartInput { product: part, quantity: *quantity }))
        }
        _ => return None,
    })
}

/// Whose is this barcode? Each answer takes it off the others.
fn shared_code(asking: &mut Asking<'_>, code: &str) -> Result<Option<Question>, StoreError> {
    let mut sharers = Vec::new();
    for product in facts::products_of_code(asking.tx, asking.log, code, SHARERS_MAX)? {
        let found = facts::product(asking.tx, asking.log, product)?;
        sharers.extend(found.filter(|found| !found.archived).map(|found| (product, found.name)));
    }
    if sharers.len() < 2 {
        return Ok(None);
    }
    let answer = |(keeper, name): &(ProductId, String)| QuestionAnswer {
        value: AnswerValue::Product(name.clone()),
        is_shown: false,
        edits: sharers
            .iter()
            .filter(|(product, _)| product != keeper)
            .map(|(product, _)| ProductToEdit {
                product: *product,
                edits: vec![ProductEdit::RemoveBarcode(code.into())],
            })
            .collect(),
    };
    let answers = sharers.iter().map(answer).collect();
    Ok(Some(Question { about: QuestionAbout::Barcode(code.into()), answers }))
}

/// Every product that needs somebody's eye.
pub(super) fn list(asking: &mut Asking<'_>, window: Window) -> Result<Vec<QuestionRow>, StoreError> {
    let found = facts::products_in_question(asking.tx, asking.log, bounded(window))?;
    let mut rows = Vec::new();
    // A barcode that three products share is one question, not three.
    let mut asked = BTreeSet::new();
    for found in found {
        let product = found.product;
        let Some((value, problems)) = read_with_problems::<Product>(asking, ThingId(product.0))? else {
            continue;
        };
        let (mut questions, problems) = of_product(asking, product, (&value, &problems))?;
        questions.retain(|question| match &question.about {
            QuestionAbout::Barcode(code) => asked.insert(code.clone()),
            QuestionAbout::Field(_) => true,
        });
        if questions.is_empty() && problems.is_empty() {
            continue;
        }
        let picture = found.pictures.first().copied();
        rows.push(QuestionRow {
            product,
            name: found.name,
            picture,
            currency: found.currency,
            questions,
            problems,
        });
    }
    Ok(rows)
}
