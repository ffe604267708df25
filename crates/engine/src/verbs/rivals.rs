//! What others ask: seen and typed in, sent away, and which sources count.

use std::collections::BTreeMap;

use soko_app_api::{Reply, RivalAnswer, RivalChoice, Verb};
use soko_domain::entry::{RivalLine, RivalPrice, RivalWay};
use soko_domain::ids::ProductId;
use soko_domain::money::Currency;
use soko_domain::refusal::Refusal;
use soko_domain::verbs::note_rivals::{self, Facts, source_of};
use soko_domain::wrong::Wrong;
use soko_projection::read;
use soko_projection::rivals::{self, Certain};
use soko_record_log::StoreError;

use crate::failure::{Failure, NotDone};
use crate::rivals::{Fit, Here, fit};
use crate::write::Writing;

#[expect(clippy::wildcard_enum_match_arm, reason = "only the verbs about others' prices come here")]
pub(super) fn perform(writing: &mut Writing<'_>, verb: &Verb) -> Result<Reply, NotDone> {
    match verb {
        Verb::SeeRival { product, source, price_minor } => see(writing, (*product, source), *price_minor),
        Verb::TakeRivals { source, is_feed, bytes, choice, answers } => {
            let way = if *is_feed { RivalWay::Feed } else { RivalWay::File };
            take(writing, (source, way), (bytes, choice), answers)
        }
        Verb::DropRival { source, key } => send_away(writing, source, key),
        Verb::PutRivalSource { source, is_on, forget } => {
            let facts = facts(writing, source)?;
            writing.write(note_rivals::decide_source(&facts, source, *is_on, *forget)?)?;
            Ok(Reply::Done)
        }
        _ => Err(Failure::Inconsistent("a verb went the wrong way".into()).into()),
    }
}

fn see(
    writing: &mut Writing<'_>,
    (product, source): (ProductId, &str),
    price_minor: i64,
) -> Result<Reply, NotDone> {
    let found = read::product(writing.tx, writing.log, product)?;
    let found = found.ok_or(Refusal::UnknownProduct(product))?;
    let no_price = Refusal::Invalid(Wrong::CurrencyMissing);
    let price = RivalPrice {
        price_minor,
        currency: Currency::parse(&found.currency).ok_or(no_price)?,
        unit: found.unit,
        per: found.price_per,
        seen_at_ms: writing.stamp.at_ms,
    };
    let line = RivalLine {
        key: product.to_string(),
        name: found.name.clone(),
        product: Some(product),
        price: Some(price),
    };
    say(writing, (source, RivalWay::Typed), vec![line])
}

fn send_away(writing: &mut Writing<'_>, source: &str, key: &str) -> Result<Reply, NotDone> {
    let unknown = Refusal::Invalid(Wrong::RivalUnknown);
    let source = source_of(source)?;
    if !rivals::matches(writing.tx, writing.log, &source)?.contains_key(key) {
        return Err(unknown.into());
    }
    let line = RivalLine { key: key.into(), name: key.into(), product: None, price: None };
    say(writing, (&source, RivalWay::Typed), vec![line])
}

/// What is certain counts; what only has a like name counts where somebody said so, and that is remembered.
fn take(
    writing: &mut Writing<'_>,
    (source, way): (&str, RivalWay),
    (bytes, choice): (&[u8], &RivalChoice),
    answers: &[RivalAnswer],
) -> Result<Reply, NotDone> {
    let source = source_of(source)?;
    let here =
        Here { log: writing.log, at_ms: writing.stamp.at_ms, offset_minutes: writing.stamp.offset_minutes };
    let fitted = fit(writing.tx, here, (&source, bytes), Some(choice))?;
    let said: BTreeMap<&str, Option<ProductId>> =
        answers.iter().map(|answer| (answer.key.as_str(), answer.product)).collect();
    let mut lines = Vec::new();
    for (row, fit) in &fitted.rows {
        let product = match (said.get(row.key.as_str()), fit) {
            (Some(answer), _) => *answer,
            (None, Fit::Certain(Certain::Said(product) | Certain::Barcode(product))) => Some(*product),
            (None, Fit::Certain(Certain::NotHere | Certain::Unknown) | Fit::Like(..)) => continue,
        };
        let line = match product {
            Some(product) => {
                let line = rivals::line(writing.tx, writing.log, row, product)?;
                line.ok_or(Refusal::UnknownProduct(product))?
            }
            None => RivalLine { key: row.key.clone(), name: row.name.clone(), product: None, price: None },
        };
        if note_rivals::is_news(fitted.matches.get(&row.key), &line) {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        return Ok(Reply::Done);
    }
    say(writing, (&source, way), lines)
}

fn say(
    writing: &mut Writing<'_>,
    (source, way): (&str, RivalWay),
    lines: Vec<RivalLine>,
) -> Result<Reply, NotDone> {
    let facts = facts(writing, source)?;
    let entries = note_rivals::decide_seen(&facts, (source, way), &lines, writing.stamp.at_ms)?;
    writing.write(entries)?;
    Ok(Reply::Done)
}

fn facts(writing: &mut Writing<'_>, source: &str) -> Result<Facts, StoreError> {
    rivals::facts(writing.tx, writing.log, source)
}
