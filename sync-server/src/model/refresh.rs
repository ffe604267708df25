//! Between two trainings: what happened since the model in use is folded into it. Another model, under its own hash, that says whom it
//! follows; compared, kept and gone back from like any other.

use soko_domain::ids::Hash;
use soko_domain::interaction::hour;
use soko_recommend::packed::{Packed, model_id};
use soko_recommend::train::{DeedWeights, Since};
use soko_record_log::StoreError;

use super::job::{
    Gathered, NotTrained, SEED, Tell, Trained, behind, card_of, gather, keep, on_some_cores, step,
};
use super::kept::{self, Card, Follows, Kept};
use super::turn::Turn;
use crate::store::Store;

/// So many new records or looks are a reason to refresh once an hour is over, and a fiftieth more at once.
const NEW_MIN: i64 = 20;
const GROWN_REFRESH: i64 = 50;
const REFRESH_MS: i64 = 3_600 * 1_000;
/// A tenth more is a reason to train at once; fewer looks and likes than this are none.
const GROWN_TRAINING: i64 = 10;
const MET_MIN: i64 = 100;
/// What drifts is set right by a training: after a day on which anything changed, or so many refreshes. What people took back is gone then, too.
const TRAINED_MS_MAX: i64 = 24 * 3_600 * 1_000;
const REFRESHES_MAX: u32 = 48;

/// What is to be done now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Due {
    Nothing,
    Refresh,
    Training,
}

/// When something was learnt or tried, from how many records and looks of the whole server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Try {
    pub(super) at_ms: i64,
    pub(super) records: i64,
    pub(super) met: i64,
}

impl Try {
    pub(super) fn later(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        one.into_iter().chain(other).max_by_key(|it| it.at_ms)
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.records, self.met) == (other.records, other.met)
    }

    /// Whether there is more than that by one of so many parts, and by so many records and looks at least.
    fn has_grown(&self, now: &Self, parts: i64, (records_min, met_min): (i64, i64)) -> bool {
        now.records - self.records > (self.records / parts).max(records_min)
            || now.met - self.met > (self.met / parts).max(met_min)
    }
}

/// After the last try of any kind and the last training, and so many refreshes of the model in use.
pub(super) fn due((last, training): (&Try, &Try), refreshes: u32, now: &Try) -> Due {
    // What was tried and did worse, or was gone back from, is not made again with the same.
    let is_more = now.records - last.records >= NEW_MIN || now.met - last.met >= NEW_MIN;
    let is_old = now.at_ms - training.at_ms >= TRAINED_MS_MAX && !training.is_same(now);
    if is_old
        || training.has_grown(now, GROWN_TRAINING, (0, MET_MIN))
        || is_more && refreshes >= REFRESHES_MAX
    {
        return Due::Training;
    }
    let waited = now.at_ms - last.at_ms >= REFRESH_MS;
    let is_much = last.has_grown(now, GROWN_REFRESH, (NEW_MIN, NEW_MIN));
    if is_more && waited || is_much { Due::Refresh } else { Due::Nothing }
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
    let gate = on_some_cores(|| trade.compare_refreshed(&packed, since, SEED))?;
    step(tell, 80, "refreshing")?;
    let bytes = on_some_cores(|| trade.refresh(&packed, since))?;
    if Hash(model_id(&bytes)) == parent.model {
        return Ok(None);
    }
    let follows = Some(follows(&parent));
    let card = Card { follows, ..card_of(&gathered, gate, parent.card.parameters.clone()) };
    step(tell, 95, "keeping")?;
    let trained = keep(store, &turn, (bytes, card, gate), now_ms)?;
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

    const HOUR_MS: i64 = 3_600_000;

    fn at(hours: i64, records: i64, met: i64) -> Try {
        Try { at_ms: hours * HOUR_MS, records, met }
    }

    /// From the last try and the last training to now.
    fn after(last: Try, training: Try, now: Try) -> Due {
        due((&last, &training), 0, &now)
    }

    #[test]
    fn a_little_more_is_folded_in_and_much_more_is_trained_with() {
        let trained = at(0, 1_000, 0);
        let quarter = |records| Try { at_ms: HOUR_MS / 4, records, met: 0 };
        for (now, expected) in [
            (quarter(1_000), Due::Nothing),
            (quarter(1_020), Due::Nothing),
            (at(1, 1_019, 0), Due::Nothing),
            (at(1, 1_020, 0), Due::Refresh),
            (quarter(1_050), Due::Refresh),
            (quarter(1_200), Due::Training),
            (at(23, 1_001, 0), Due::Nothing),
            (at(24, 1_001, 0), Due::Training),
            (at(24, 1_000, 0), Due::Nothing),
        ] {
            assert_eq!(after(trained, trained, now), expected, "{now:?}");
        }
        assert_eq!(due((&trained, &trained), REFRESHES_MAX, &at(1, 1_020, 0)), Due::Training);
    }

    /// A part of all that ever happened is more than a market does in weeks.
    #[test]
    fn a_large_market_does_not_wait_for_a_part_of_all_that_it_ever_did() {
        let trained = at(0, 10_000_000, 1_000_000);
        assert_eq!(after(trained, trained, at(1, 10_000_020, 1_000_000)), Due::Refresh);
        assert_eq!(after(trained, trained, at(1, 10_000_000, 1_000_020)), Due::Refresh);
        assert_eq!(
            after(at(20, 10_000_500, 1_000_000), trained, at(24, 10_000_501, 1_000_000)),
            Due::Training
        );
        // Consents that were taken back, and what became too old.
        assert_eq!(after(trained, trained, at(23, 10_000_000, 999_000)), Due::Nothing);
        assert_eq!(after(trained, trained, at(24, 10_000_000, 999_000)), Due::Training);
    }

    /// The operator went back to an older model, or the last one did worse and was put aside: with the same, it would be made again.
    #[test]
    fn what_was_tried_is_not_tried_again_with_the_same() {
        let tried = at(5, 1_200, 0);
        assert_eq!(after(tried, tried, at(30, 1_200, 0)), Due::Nothing);
        assert_eq!(after(tried, tried, at(6, 1_260, 0)), Due::Refresh);
        assert_eq!(after(tried, tried, at(6, 1_400, 0)), Due::Training);
        assert_eq!(Try::later(Some(at(1, 1, 1)), Some(at(2, 1, 1))), Some(at(2, 1, 1)));
    }
}
