//! Say what others ask: seen at their stall, read from a file, or fetched. Say that a source does not count, or forget it.

use std::collections::BTreeSet;

use crate::entry::{Entry, RivalLine, RivalPrice, RivalSourcePut, RivalWay, RivalsFetched, RivalsSeen};
use crate::ids::ProductId;
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::move_price::PRICE_MINOR_MAX;
use crate::wrong::Wrong;

/// Longest name of a source.
pub const SOURCE_BYTES_MAX: usize = 120;
/// Most sources of a stall.
pub const SOURCES_MAX: usize = 40;
/// Longest name of a thing and longest key of it.
pub const RIVAL_NAME_BYTES_MAX: usize = 200;
/// Things of a source that are said at once. All that is said is something that is sold here, or what somebody answered, so what
/// is kept cannot outgrow the catalogue.
pub const RIVAL_LINES_MAX: usize = 5_000;
/// That a price is still the same is said after so long: half of the time for which it counts.
const SEEN_AGAIN_MS: i64 = 7 * 24 * 3_600 * 1_000;
/// More is said in several entries.
const ENTRY_LINES_MAX: usize = 500;

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Facts {
    /// Sources of the stall without this one.
    pub others: usize,
    /// The highest revision that anything of this source has.
    pub revision: u64,
    pub gone_revision: u64,
    pub is_on: bool,
}

/// What a register says.
pub fn decide_seen(
    facts: &Facts,
    (source, way): (&str, RivalWay),
    lines: &[RivalLine],
    now_ms: i64,
) -> Result<Vec<Entry>, Refusal> {
    let (source, revision) = checked(facts, source, lines, now_ms)?;
    let entry =
        |lines: &[RivalLine]| RivalsSeen { source: source.clone(), way, revision, lines: lines.to_vec() };
    Ok(lines.chunks(ENTRY_LINES_MAX).map(|part| entry(part).into()).collect())
}

/// What the server says.
pub fn decide_fetched(
    facts: &Facts,
    source: &str,
    lines: &[RivalLine],
    now_ms: i64,
) -> Result<Vec<Entry>, Refusal> {
    let (source, revision) = checked(facts, source, lines, now_ms)?;
    let entry =
        |lines: &[RivalLine]| RivalsFetched { source: source.clone(), revision, lines: lines.to_vec() };
    Ok(lines.chunks(ENTRY_LINES_MAX).map(|part| entry(part).into()).collect())
}

/// A price is more than nothing and no nonsense, and was seen before now.
fn checked(facts: &Facts, source: &str, lines: &[RivalLine], now_ms: i64) -> Result<(String, u64), Refusal> {
    let source = source_of(source)?;
    ensure(facts.others < SOURCES_MAX, invalid(Wrong::SourcesFull))?;
    ensure(lines.len() <= RIVAL_LINES_MAX, invalid(Wrong::SourceMuch))?;
    let mut keys = BTreeSet::new();
    for line in lines {
        let fits = |text: &str| !text.is_empty() && text.len() <= RIVAL_NAME_BYTES_MAX;
        ensure(fits(&line.key) && fits(&line.name), invalid(Wrong::RivalNameOdd))?;
        ensure(keys.insert(line.key.as_str()), invalid(Wrong::RivalTwice))?;
        let Some(price) = &line.price else { continue };
        ensure((1..=PRICE_MINOR_MAX).contains(&price.price_minor), invalid(Wrong::PriceOdd))?;
        ensure(price.per >= 1, invalid(Wrong::QuantityOdd))?;
        ensure(price.seen_at_ms <= now_ms, invalid(Wrong::RivalSeenLater))?;
    }
    Ok((source, facts.revision.checked_add(1).ok_or(Refusal::TooLarge)?))
}

/// Whether a line says something new: another product, another price, or one that would grow too old unless it is said that it
/// was seen again. A list that is fetched every day and never changes would fill every register otherwise.
pub fn is_news(known: Option<&(Option<ProductId>, Option<RivalPrice>)>, line: &RivalLine) -> bool {
    let Some((product, price)) = known else { return true };
    let (Some(before), Some(now)) = (price, &line.price) else {
        return *product != line.product || price.is_some() != line.price.is_some();
    };
    let is_seen_later = now.seen_at_ms.saturating_sub(before.seen_at_ms) >= SEEN_AGAIN_MS;
    let same = RivalPrice { seen_at_ms: before.seen_at_ms, ..now.clone() };
    *product != line.product || same != *before || is_seen_later
}

/// Whether a source counts, and whether what was said of it goes.
pub fn decide_source(facts: &Facts, source: &str, is_on: bool, forget: bool) -> Result<Vec<Entry>, Refusal> {
    let source = source_of(source)?;
    let revision = facts.revision.checked_add(1).ok_or(Refusal::TooLarge)?;
    let gone_revision = if forget { facts.revision } else { facts.gone_revision };
    Ok(vec![RivalSourcePut { source, revision, is_on, gone_revision }.into()])
}

/// A source's name as it is kept: one line, without what surrounds it.
pub fn source_of(text: &str) -> Result<String, Refusal> {
    let source = crate::import::one_line(text);
    ensure(!source.is_empty(), invalid(Wrong::NameMissing))?;
    ensure(source.len() <= SOURCE_BYTES_MAX, invalid(Wrong::TooLong))?;
    Ok(source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::quantity::Unit;

    fn line(key: &str, price_minor: i64) -> RivalLine {
        let price = RivalPrice {
            price_minor,
            currency: Currency::parse("KES").unwrap(),
            unit: Unit::Piece,
            per: 1,
            seen_at_ms: 1_000,
        };
        RivalLine { key: key.into(), name: key.into(), product: Some(ProductId([1; 16])), price: Some(price) }
    }

    fn with(change: impl FnOnce(&mut RivalPrice)) -> Vec<RivalLine> {
        let mut line = line("a", 80);
        change(line.price.as_mut().unwrap());
        vec![line]
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is no answer to these cases")]
    #[test]
    fn what_others_ask_is_a_price_of_the_past() {
        let plain = Facts { is_on: true, ..Facts::default() };
        let long = "x".repeat(RIVAL_NAME_BYTES_MAX + 1);
        let many = |count: usize| (0..count).map(|at| line(&at.to_string(), 80)).collect::<Vec<_>>();
        for (facts, source, lines, refused) in [
            (plain, "Across", with(|_| {}), None),
            (plain, " ", with(|_| {}), Some(Some(Wrong::NameMissing))),
            (plain, &*"x".repeat(SOURCE_BYTES_MAX + 1), with(|_| {}), Some(Some(Wrong::TooLong))),
            (Facts { others: SOURCES_MAX, ..plain }, "a", with(|_| {}), Some(Some(Wrong::SourcesFull))),
            (plain, "a", many(RIVAL_LINES_MAX + 1), Some(Some(Wrong::SourceMuch))),
            (plain, "a", vec![line("", 80)], Some(Some(Wrong::RivalNameOdd))),
            (plain, "a", vec![line(&long, 80)], Some(Some(Wrong::RivalNameOdd))),
            (plain, "a", vec![line("a", 80), line("a", 81)], Some(Some(Wrong::RivalTwice))),
            (plain, "a", with(|it| it.price_minor = 0), Some(Some(Wrong::PriceOdd))),
            (plain, "a", with(|it| it.price_minor = -80), Some(Some(Wrong::PriceOdd))),
            (plain, "a", with(|it| it.price_minor = PRICE_MINOR_MAX + 1), Some(Some(Wrong::PriceOdd))),
            (plain, "a", with(|it| it.per = 0), Some(Some(Wrong::QuantityOdd))),
            (plain, "a", with(|it| it.seen_at_ms = 1_001), Some(Some(Wrong::RivalSeenLater))),
            (Facts { revision: u64::MAX, ..plain }, "a", with(|_| {}), Some(None)),
        ] {
            let said = decide_seen(&facts, (source, RivalWay::Typed), &lines, 1_000);
            let problem = said.err().map(|refusal| match refusal {
                Refusal::Invalid(wrong) => Some(wrong),
                _ => None,
            });
            assert_eq!(problem, refused, "{source}");
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is no answer to these cases")]
    #[test]
    fn much_is_said_in_several_entries_of_one_revision_and_a_source_can_be_forgotten() {
        let facts = Facts { revision: 6, gone_revision: 2, is_on: true, ..Facts::default() };
        let lines: Vec<_> = (0..1_100).map(|at| line(&at.to_string(), 80)).collect();
        let said = decide_fetched(&facts, " The  stall\nacross ", &lines, 1_000).unwrap();
        let parts: Vec<_> = said
            .iter()
            .map(|entry| match entry {
                Entry::RivalsFetched(RivalsFetched { source, revision, lines }) => {
                    (source.as_str(), *revision, lines.len())
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            parts,
            [("The stall across", 7, 500), ("The stall across", 7, 500), ("The stall across", 7, 100)]
        );
        for (is_on, forget, gone_revision) in [(false, false, 2), (true, true, 6)] {
            let put = RivalSourcePut { source: "a".into(), revision: 7, is_on, gone_revision };
            assert_eq!(decide_source(&facts, "a", is_on, forget), Ok(vec![put.into()]));
        }
    }

    #[test]
    fn only_what_is_new_is_said_again() {
        let own = line("a", 80);
        let known = |change: fn(&mut RivalPrice)| {
            let mut price = own.price.clone().unwrap();
            change(&mut price);
            Some((own.product, Some(price)))
        };
        for (known, is_new) in [
            (None, true),
            (known(|_| {}), false),
            (known(|price| price.seen_at_ms -= SEEN_AGAIN_MS - 1), false),
            (known(|price| price.seen_at_ms -= SEEN_AGAIN_MS), true),
            (known(|price| price.price_minor = 81), true),
            (known(|price| price.per = 2), true),
            (Some((Some(ProductId([2; 16])), own.price.clone())), true),
            (Some((own.product, None)), true),
        ] {
            assert_eq!(is_news(known.as_ref(), &own), is_new, "{known:?}");
        }
        let away = RivalLine { product: None, price: None, ..own };
        assert!(!is_news(Some(&(None, None)), &away));
    }
}
