//! What may be said of an experiment now, and whether it ends with that. It may be asked at any time and as often as anybody likes.

use crate::assign::Shares;
use crate::counts::{ArmCounts, Metric};
use crate::sequential::{Difference, difference};
use crate::unequal::{Sharing, sharing};

/// What is said of a difference is wrong in at most one experiment of twenty, however often one looks.
pub const LEVEL: f64 = 0.05;

/// What is looked for, decided before the first look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    pub shares: Shares,
    pub aim: Metric,
    /// A difference that matters, in millionths.
    pub worth_ppm: u32,
    /// Nothing is said of a difference before so many people in every arm.
    pub people_min: u64,
    /// With so many people in all arms it ends, whatever is known.
    pub people_max: u64,
    pub guardrails: Vec<Guardrail>,
}

/// What must not get worse by more than this, whatever else gets better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guardrail {
    pub metric: Metric,
    pub margin_ppm: u32,
}

/// In order of precedence. An arm is a place in the list, the first one is what there was before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// People were not shared out as planned: nothing else means anything.
    Unequal,
    /// An arm breaks a guardrail.
    Harmful {
        arm: usize,
        metric: Metric,
    },
    /// An arm does worse.
    Worse {
        arm: usize,
    },
    /// An arm does better than the first.
    Better {
        arm: usize,
    },
    /// No difference that would matter, or none found with as many people as there was to be.
    Alike,
    TooEarly,
}

impl Verdict {
    /// Whether the experiment stops by itself.
    #[must_use]
    pub fn ends(self) -> bool {
        match self {
            Self::Unequal | Self::Harmful { .. } | Self::Worse { .. } | Self::Better { .. } | Self::Alike => {
                true
            }
            Self::TooEarly => false,
        }
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    pub verdict: Verdict,
    pub sharing: Sharing,
    /// Of each arm but the first, against the first: the aim's difference.
    pub differences: Vec<Difference>,
}

/// `arms` in the order of the plan's shares.
#[must_use]
pub fn judge(plan: &Plan, arms: &[ArmCounts]) -> Judged {
    let sharing = sharing(&plan.shares, arms);
    let differences = against_first(plan, arms, plan.aim, plan.worth_ppm);
    Judged { verdict: verdict(plan, arms, (sharing, &differences)), sharing, differences }
}

fn verdict(plan: &Plan, arms: &[ArmCounts], (sharing, differences): (Sharing, &[Difference])) -> Verdict {
    if sharing.is_unequal {
        return Verdict::Unequal;
    }
    let people: u64 = arms.iter().map(|arm| arm.people).sum();
    let is_early = arms.len() < 2 || arms.iter().any(|arm| arm.people < plan.people_min);
    if !is_early {
        if let Some(harmful) = plan.guardrails.iter().find_map(|rail| broken(plan, arms, *rail)) {
            return harmful;
        }
        let better = |it: &Difference| if plan.aim.is_good() { it.low > 0.0 } else { it.high < 0.0 };
        let worse = |it: &Difference| if plan.aim.is_good() { it.high < 0.0 } else { it.low > 0.0 };
        if let Some(at) = differences.iter().position(worse) {
            return Verdict::Worse { arm: at + 1 };
        }
        if let Some(at) = differences.iter().position(better) {
            return Verdict::Better { arm: at + 1 };
        }
        let worth = millionths(plan.worth_ppm);
        if differences.iter().all(|it| it.low > -worth && it.high < worth) {
            return Verdict::Alike;
        }
    }
    if people >= plan.people_max { Verdict::Alike } else { Verdict::TooEarly }
}

/// The first arm of which it is known that it is worse by more than the margin.
fn broken(plan: &Plan, arms: &[ArmCounts], rail: Guardrail) -> Option<Verdict> {
    let margin = millionths(rail.margin_ppm);
    let is_broken = |it: &Difference| if rail.metric.is_good() { it.high < -margin } else { it.low > margin };
    let found = against_first(plan, arms, rail.metric, rail.margin_ppm);
    let at = found.iter().position(is_broken)?;
    Some(Verdict::Harmful { arm: at + 1, metric: rail.metric })
}

fn against_first(plan: &Plan, arms: &[ArmCounts], metric: Metric, worth_ppm: u32) -> Vec<Difference> {
    let Some((first, others)) = arms.split_first() else { return Vec::new() };
    // With more arms each has less of the error that is allowed.
    let level = LEVEL / plan.shares.parts().len().saturating_sub(1).max(1) as f64;
    let worth = millionths(worth_ppm.max(1));
    let of = |arm: &ArmCounts| difference(first.share(metric), arm.share(metric), (worth, level));
    others.iter().map(of).collect()
}

fn millionths(ppm: u32) -> f64 {
    f64::from(ppm) / 1e6
}
