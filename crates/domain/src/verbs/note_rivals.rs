//! Say what others ask: seen at their stall, read from a file, or fetched. Say that a source does not count, or forget it.

use std::collections::BTreeSet;

use crate::entry::{Entry, RivalLine, RivalSourcePut, RivalWay, RivalsFetched, RivalsSeen};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::move_price::PRICE_MINOR_MAX;

/// Longest name of a source.
pub const SOURCE_BYTES_MAX: usize = 120;
/// Most sources of a stall.
pub const SOURCES_MAX: usize = 40;
/// Longest name of a thing and longest key of it.
pub const RIVAL_NAME_BYTES_MAX: usize = 200;
/// Things of a source that are remembered, with those that are nothing here.
pub const RIVAL_LINES_MAX: usize = 5_000;
/// More is said in several entries.
const ENTRY_LINES_MAX: usize = 500;

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Facts {
    /// Sources of the stall without this one.
    pub others: usize,
    /// The highest revision that anything of this source has.
    pub revision: u64,
    pub gone_revision: u64,
    /// Things of it that are remembered.
    pub lines: usize,
    pub is_on: bool,
}

/// A price is more than nothing and no nonsense, and was seen before now.
pub fn decide_seen(
    facts: &Facts,
    (source, way): (&str, RivalWay),
    lines: Vec<RivalLine>,
    now_ms: i64,
) -> Result<Vec<Entry>, Refusal> {
    let source = source_of(source)?;
    ensure(facts.others < SOURCES_MAX, invalid("source", "is one too many: forget one of the others"))?;
    let is_full = facts.lines.saturating_add(lines.len()) > RIVAL_LINES_MAX;
    ensure(!is_full || lines.len() == 1, invalid("source", "has more than can be remembered"))?;
    let mut keys = BTreeSet::new();
    for line in &lines {
        let fits = |text: &str| !text.is_empty() && text.len() <= RIVAL_NAME_BYTES_MAX;
        ensure(fits(&line.key) && fits(&line.name), invalid("name", "is missing or too long"))?;
        ensure(keys.insert(line.key.as_str()), invalid("name", "stands there twice"))?;
        let Some(price) = &line.price else { continue };
        ensure((1..=PRICE_MINOR_MAX).contains(&price.price_minor), invalid("price", "is no price"))?;
        ensure(price.per >= 1, invalid("price", "is for nothing"))?;
        ensure(price.seen_at_ms <= now_ms, invalid("seen", "is in the future"))?;
    }
    let revision = facts.revision.checked_add(1).ok_or(Refusal::TooLarge)?;
    let entry = |lines: &[RivalLine]| -> Entry {
        let (source, lines) = (source.clone(), lines.to_vec());
        match way {
            RivalWay::Typed | RivalWay::File => RivalsSeen { source, way, revision, lines }.into(),
            RivalWay::Feed => RivalsFetched { source, revision, lines }.into(),
        }
    };
    Ok(lines.chunks(ENTRY_LINES_MAX).map(entry).collect())
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
    ensure(!source.is_empty(), invalid("source", "has no name"))?;
    ensure(source.len() <= SOURCE_BYTES_MAX, invalid("source", "has too long a name"))?;
    Ok(source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::RivalPrice;
    use crate::ids::ProductId;
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

    #[test]
    fn what_others_ask_is_a_price_of_the_past() {
        let plain = Facts { is_on: true, ..Facts::default() };
        let long = "x".repeat(RIVAL_NAME_BYTES_MAX + 1);
        let many = |count: usize| (0..count).map(|at| line(&at.to_string(), 80)).collect::<Vec<_>>();
        let full = Facts { lines: RIVAL_LINES_MAX, ..plain };
        for (facts, source, lines, refused) in [
            (plain, "Across", with(|_| {}), None),
            (plain, " ", with(|_| {}), Some("has no name")),
            (plain, &*"x".repeat(SOURCE_BYTES_MAX + 1), with(|_| {}), Some("has too long a name")),
            (
                Facts { others: SOURCES_MAX, ..plain },
                "a",
                with(|_| {}),
                Some("is one too many: forget one of the others"),
            ),
            (plain, "a", many(RIVAL_LINES_MAX + 1), Some("has more than can be remembered")),
            (full, "a", many(2), Some("has more than can be remembered")),
            // One that is typed, or sent away, is always taken.
            (full, "a", many(1), None),
            (plain, "a", vec![line("", 80)], Some("is missing or too long")),
            (plain, "a", vec![line(&long, 80)], Some("is missing or too long")),
            (plain, "a", vec![line("a", 80), line("a", 81)], Some("stands there twice")),
            (plain, "a", with(|it| it.price_minor = 0), Some("is no price")),
            (plain, "a", with(|it| it.price_minor = -80), Some("is no price")),
            (plain, "a", with(|it| it.price_minor = PRICE_MINOR_MAX + 1), Some("is no price")),
            (plain, "a", with(|it| it.per = 0), Some("is for nothing")),
            (plain, "a", with(|it| it.seen_at_ms = 1_001), Some("is in the future")),
            (Facts { revision: u64::MAX, ..plain }, "a", with(|_| {}), Some("")),
        ] {
            let said = decide_seen(&facts, (source, RivalWay::Typed), lines, 1_000);
            let problem = said.err().map(|refusal| match refusal {
                Refusal::Invalid { problem, .. } => problem,
                _ => "",
            });
            assert_eq!(problem, refused, "{source}");
        }
    }

    #[test]
    fn much_is_said_in_several_entries_of_one_revision_and_a_source_can_be_forgotten() {
        let facts = Facts { revision: 6, gone_revision: 2, is_on: true, ..Facts::default() };
        let lines = (0..1_100).map(|at| line(&at.to_string(), 80)).collect();
        let said = decide_seen(&facts, (" The  stall\nacross ", RivalWay::Feed), lines, 1_000).unwrap();
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
}
