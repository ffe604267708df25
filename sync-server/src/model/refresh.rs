//! Between two trainings: what happened since the model in use is folded into it. Another model, under its own hash, that says whom it
//! follows; compared, kept and gone back from like any other.

use soko_domain::ids::Hash;
use soko_domain::interaction::hour;
use soko_recommend::packed::{Packed, model_id};
use soko_recommend::train::{DeedWeights, Since};
use soko_record_log::StoreError;

use super::job::{Gathered, NotTrained, SEED, Tell, Trained, behind, card_of, gather, keep, step};
use super::kept::{self, Card, Follows, Kept};
use super::turn::Turn;
use crate::store::Store;

/// A model is refreshed when there is a fiftieth more to learn from, and so many records or looks.
const GROWN: i64 = 50;
const NEW_MIN: i64 = 20;
/// What drifts is set right by a training: after a day, or so many refreshes.
const TRAINED_MS_MAX: i64 = 24 * 3_600 * 1_000;
const REFRESHES_MAX: u32 = 48;

/// What is to be done now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Due {
    Nothing,
    Refresh,
    Training,
}

/// After so many records and looks of the whole server, of which so many were tried; `is_worth_training` says it of more of either.
pub(super) fn due(
    Kept { made_ms, card, .. }: &Kept,
    (tried, (records, met)): ((i64, i64), (i64, i64)),
    is_worth_training: impl Fn((i64, i64)) -> bool,
    now_ms: i64,
) -> Due {
    let trained = card.follows.as_ref();
    let (trained_ms, base) =
        trained.map_or((*made_ms, (card.records, card.met)), |it| (it.trained_ms, (it.records, it.met)));
    let times = trained.map_or(0, |it| it.refreshes);
    let is_more = |now: i64, then: i64| now - then > (then / GROWN).max(NEW_MIN);
    let later = |(a, b): (i64, i64)| (a.max(tried.0), b.max(tried.1));
    let ((records_then, met_then), base) = (later((card.records, card.met)), later(base));
    let is_more = is_more(records, records_then) || is_more(met, met_then);
    let is_old = now_ms - trained_ms > TRAINED_MS_MAX || times >= REFRESHES_MAX;
    match (is_worth_training(base), is_more, is_old) {
        (true, ..) | (false, true, true) => Due::Training,
        (false, true, false) => Due::Refresh,
        (false, false, _) => Due::Nothing,
    }
}

/// Folds what is new into the model in use, compares, and keeps the model; none where nothing is new. Not for a thread that serves.
///
/// # Errors
/// Where there is no model that this version can read, somebody else trains, `tell` says to stop, or the store fails.
pub fn refresh(store: &Store, now_ms: i64, tell: Tell<'_>) -> Result<Option<Trained>, NotTrained> {
    let turn = Turn::take(store)?.ok_or(NotTrained::Elsewhere)?;
    let parent = store.read_blocking(|tx| {
        let Some(known) = kept::in_use(tx)? else { return Ok(None) };
        Ok(kept::bytes(tx, known.model)?.map(|bytes| (known, bytes)))
    });
    let Some((parent, old)) = parent.map_err(StoreError::from)? else { return Err(NotTrained::NoParent) };
    let packed = Packed::read(&old).map_err(|_| NotTrained::NoParent)?;
    let mut gathered = gather(store, now_ms, tell)?;
    if (gathered.records, gathered.met) == (parent.card.records, parent.card.met) {
        return Ok(None);
    }
    let Gathered { trade, times_ms, .. } = &mut gathered;
    trade.weights = weights(&parent.card);
    let baskets = behind(times_ms, parent.card.to_ms);
    let since = Since { baskets, hour: hour(parent.made_ms) };
    step(tell, 60, "comparing")?;
    let compared = trade.compare_refreshed(&packed, since, SEED)?;
    step(tell, 80, "refreshing")?;
    let bytes = trade.refresh(&packed, since)?;
    if Hash(model_id(&bytes)) == parent.model {
        return Ok(None);
    }
    let follows = Some(follows(&parent));
    let card = Card { follows, ..card_of(&gathered, compared, parent.card.parameters.clone()) };
    step(tell, 95, "keeping")?;
    let trained = keep(store, &turn, (bytes, card, compared), now_ms)?;
    step(tell, 100, "done")?;
    Ok(Some(trained))
}

fn follows(parent: &Kept) -> Follows {
    let before = parent.card.follows.as_ref();
    let (records, met) = before.map_or((parent.card.records, parent.card.met), |it| (it.records, it.met));
    Follows {
        parent: parent.model.to_string(),
        since_ms: parent.card.to_ms,
        refreshes: before.map_or(0, |it| it.refreshes) + 1,
        trained_ms: before.map_or(parent.made_ms, |it| it.trained_ms),
        records,
        met,
    }
}

/// What deeds said when the parent was trained; they are chosen by trainings only.
fn weights(card: &Card) -> DeedWeights {
    // Short fractions.
    #[expect(clippy::cast_possible_truncation, reason = "a number between 0 and some hundreds")]
    let of = |name: &str, usual: f32| card.parameters.get(name).map_or(usual, |value| *value as f32);
    let usual = DeedWeights::default();
    DeedWeights {
        put: of("weight of baskets", usual.put),
        liked: of("weight of likes", usual.liked),
        opened: of("weight of looks", usual.opened),
        dismissed: of("weight of dismissals", usual.dismissed),
        half_life_days: of("half-life in days", usual.half_life_days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_000_000_000;

    fn kept(records: i64) -> Kept {
        let card = Card {
            products: 10,
            baskets: 100,
            people: 1,
            from_ms: 0,
            to_ms: NOW_MS,
            records,
            met: 0,
            tested: 0,
            found: 0.0,
            found_before: None,
            give_or_take: 0.0,
            parameters: std::collections::BTreeMap::new(),
            follows: None,
        };
        Kept { model: Hash([1; 32]), made_ms: NOW_MS, is_in_use: true, length: 1, card }
    }

    fn after(records: i64, tried: i64, now: i64) -> Due {
        let grown = |(then, _): (i64, i64)| now - then > then / 10;
        due(&kept(records), ((tried, 0), (now, 0)), grown, NOW_MS)
    }

    #[test]
    fn a_little_more_is_folded_in_and_much_more_is_trained_with() {
        assert_eq!(after(1_000, 1_000, 1_000), Due::Nothing);
        assert_eq!(after(1_000, 1_000, 1_020), Due::Nothing);
        assert_eq!(after(1_000, 1_000, 1_050), Due::Refresh);
        assert_eq!(after(1_000, 1_000, 1_200), Due::Training);
    }

    /// The operator went back to an older model, or the last one did worse and was put aside: with the same, it would be made again.
    #[test]
    fn what_was_tried_is_not_tried_again_with_the_same() {
        assert_eq!(after(1_000, 1_200, 1_200), Due::Nothing);
        assert_eq!(after(1_000, 1_200, 1_260), Due::Refresh);
        assert_eq!(after(1_000, 1_200, 1_400), Due::Training);
    }
}
