//! Experiments between models: two ways of suggesting, each for a part of the devices, which find out alone which part they are. What
//! comes of it arrives as counts of people; what may be said of them is `soko_experiment`'s, and an experiment that shows harm, an
//! answer, or unequal parts ends by itself.
//!
//! One runs at a time. It changes what is suggested and nothing else: no price, and no order of a search.

mod begin;
mod rows;
mod words;

use soko_domain::ids::{Hash, ThingId};
use soko_experiment::judge::{Guardrail, Judged, Plan, Verdict, judge};
use soko_experiment::{ArmCounts, Metric};
use soko_record_log::{StoreError, Tx};

use crate::interactions;

pub use begin::{NotBegun, Wanted, WantedArm, begin};
pub use rows::{list, running};
pub use words::sentence;

/// An experiment as it is kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Experiment {
    pub experiment: ThingId,
    pub name: String,
    pub plan: Plan,
    pub arms: Vec<Arm>,
    pub begun_ms: i64,
    pub ended: Option<Ended>,
}

/// What an arm's people get, and what came of it so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arm {
    pub name: String,
    /// None is the model in use.
    pub model: Option<Hash>,
    /// Whether the last place goes to something further down, another one each day.
    pub explores: bool,
    pub counts: ArmCounts,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    pub at_ms: i64,
    pub why: Why,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    Verdict(Verdict),
    /// Somebody ended it, for this reason.
    Stopped(String),
}

impl Experiment {
    #[must_use]
    pub fn judged(&self) -> Judged {
        judge(&self.plan, &self.counts())
    }

    #[must_use]
    pub fn counts(&self) -> Vec<ArmCounts> {
        self.arms.iter().map(|arm| arm.counts).collect()
    }
}

/// Counts of the experiment that runs, by arm; it ends with them if they say so. They are everything since it began, not what came
/// since the last time. Nothing happens if it is not the one that runs.
///
/// # Errors
/// Where the store fails.
pub fn note(
    tx: &mut dyn Tx,
    experiment: ThingId,
    counts: &[ArmCounts],
    now_ms: i64,
) -> Result<Option<Verdict>, StoreError> {
    let Some(known) = running(tx)?.filter(|known| known.experiment == experiment) else { return Ok(None) };
    if counts.len() != known.arms.len() {
        return Ok(None);
    }
    let verdict = judge(&known.plan, counts).verdict;
    rows::put_counts(tx, experiment, counts)?;
    if verdict.ends() {
        rows::put_end(tx, experiment, &Ended { at_ms: now_ms, why: Why::Verdict(verdict) })?;
    }
    Ok(Some(verdict))
}

/// Counts anew whom the experiment that runs met and what they did; it ends with that if that says so.
///
/// # Errors
/// Where the store fails.
pub fn count(tx: &mut dyn Tx, now_ms: i64) -> Result<Option<Verdict>, StoreError> {
    let Some(known) = running(tx)? else { return Ok(None) };
    let experiment = known.experiment.to_string();
    let of_arm = |arm: usize| interactions::people_of(tx, (&experiment, &arm.to_string()));
    let counts = (0..known.arms.len()).map(of_arm).collect::<Result<Vec<_>, _>>()?;
    note(tx, known.experiment, &counts, now_ms)
}

/// Ends the experiment that runs, because somebody says so; whether it is that one.
///
/// # Errors
/// Where the store fails.
pub fn stop(tx: &mut dyn Tx, experiment: ThingId, because: &str, now_ms: i64) -> Result<bool, StoreError> {
    if running(tx)?.is_none_or(|known| known.experiment != experiment) {
        return Ok(false);
    }
    rows::put_end(tx, experiment, &Ended { at_ms: now_ms, why: Why::Stopped(because.trim().to_owned()) })?;
    Ok(true)
}

/// What must not get worse, in the order in which it is kept.
fn guardrails(ordered_ppm: u32, dismissed_ppm: u32) -> Vec<Guardrail> {
    vec![
        Guardrail { metric: Metric::Ordered, margin_ppm: ordered_ppm },
        Guardrail { metric: Metric::Dismissed, margin_ppm: dismissed_ppm },
    ]
}
