//! Beginning an experiment: what is asked for, whether it can be, and what is written.

use soko_domain::ids::{Hash, ThingId};
use soko_experiment::assign::{ARMS_MAX, BadShares, Shares};
use soko_experiment::judge::Plan;
use soko_experiment::{ArmCounts, Metric};
use soko_record_log::{StoreError, Tx};

use super::{Arm, Experiment, guardrails, rows};
use crate::model;
use crate::store::JobError;

const NAME_CHARS_MAX: usize = 60;
/// Fewer say nothing of anything that happens now and then.
const PEOPLE_MIN: u64 = 100;
const PEOPLE_MAX: u64 = 100_000_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub name: String,
    pub aim: Metric,
    pub arms: Vec<WantedArm>,
    pub worth_ppm: u32,
    pub people_min: u64,
    pub people_max: u64,
    pub ordered_margin_ppm: u32,
    pub dismissed_margin_ppm: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WantedArm {
    pub name: String,
    pub share_ppm: u32,
    pub model: Option<Hash>,
    pub explores: bool,
}

/// Why an experiment does not begin, in order of precedence.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotBegun {
    #[error(
        "an experiment and each of its arms has a name of 1 to {NAME_CHARS_MAX} letters, and no name twice"
    )]
    Names,
    #[error(
        "people are shared out to 2 to {ARMS_MAX} arms, each more than nothing, all together at most 1,000,000"
    )]
    Shares,
    #[error("it looks for what people tap, put into baskets or order")]
    Aim,
    #[error(
        "a difference that matters and what may be lost are 1 to 1,000,000 millionths; it needs at least {PEOPLE_MIN} people in each arm, and not more than it may have"
    )]
    Numbers,
    #[error("two arms get the same: nothing would be tried out")]
    Alike,
    #[error("no model is in use: there is nothing to suggest")]
    NoModel,
    #[error("model {0} is not kept here")]
    NoSuchModel(Hash),
    #[error("an experiment runs: end it first")]
    Runs,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl JobError for NotBegun {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Begins one, from now on, under this identity.
///
/// # Errors
/// Where it cannot be as it is wanted, or another one runs.
pub fn begin(tx: &mut dyn Tx, (experiment, wanted): (ThingId, &Wanted), now_ms: i64) -> Result<(), NotBegun> {
    let plan = plan(wanted)?;
    let Some(in_use) = model::in_use(tx)? else { return Err(NotBegun::NoModel) };
    let what = |arm: &WantedArm| (arm.model.unwrap_or(in_use.model), arm.explores);
    for (at, arm) in wanted.arms.iter().enumerate() {
        if let Some(model) = arm.model
            && !model::is_kept(tx, model)?
        {
            return Err(NotBegun::NoSuchModel(model));
        }
        if wanted.arms.iter().take(at).any(|other| what(other) == what(arm)) {
            return Err(NotBegun::Alike);
        }
    }
    if rows::running(tx)?.is_some() {
        return Err(NotBegun::Runs);
    }
    // The model in use may change while it runs: an arm has the one that is in use now until the end.
    let arm = |arm: &WantedArm| Arm {
        name: arm.name.trim().to_owned(),
        model: Some(arm.model.unwrap_or(in_use.model)),
        explores: arm.explores,
        counts: ArmCounts::default(),
    };
    let begun = Experiment {
        experiment,
        name: wanted.name.trim().to_owned(),
        plan,
        arms: wanted.arms.iter().map(arm).collect(),
        begun_ms: now_ms,
        ended: None,
    };
    Ok(rows::put(tx, &begun)?)
}

fn plan(wanted: &Wanted) -> Result<Plan, NotBegun> {
    let names: Vec<&str> = wanted.arms.iter().map(|arm| arm.name.trim()).collect();
    let is_name = |name: &str| {
        (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
    };
    let is_twice = |(at, name): (usize, &&str)| names.iter().take(at).any(|other| other == name);
    if !is_name(wanted.name.trim())
        || !names.iter().all(|name| is_name(name))
        || names.iter().enumerate().any(is_twice)
    {
        return Err(NotBegun::Names);
    }
    let shares: Vec<u32> = wanted.arms.iter().map(|arm| arm.share_ppm).collect();
    let shares = Shares::new(&shares).map_err(|bad: BadShares| match bad {
        BadShares::TooFew | BadShares::TooMany | BadShares::Empty | BadShares::TooLarge => NotBegun::Shares,
    })?;
    match wanted.aim {
        Metric::Tapped | Metric::Basket | Metric::Ordered => {}
        Metric::Shown | Metric::Dismissed => return Err(NotBegun::Aim),
    }
    let parts = [wanted.worth_ppm, wanted.ordered_margin_ppm, wanted.dismissed_margin_ppm];
    let people = (PEOPLE_MIN..=PEOPLE_MAX).contains(&wanted.people_min)
        && (wanted.people_min..=PEOPLE_MAX).contains(&wanted.people_max);
    if !people || parts.iter().any(|part| !(1..=1_000_000).contains(part)) {
        return Err(NotBegun::Numbers);
    }
    Ok(Plan {
        shares,
        aim: wanted.aim,
        worth_ppm: wanted.worth_ppm,
        people_min: wanted.people_min,
        people_max: wanted.people_max,
        guardrails: guardrails(wanted.ordered_margin_ppm, wanted.dismissed_margin_ppm),
    })
}
