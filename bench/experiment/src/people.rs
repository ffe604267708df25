//! Experiments with people: a thousand in which nothing differs, a thousand with a difference, with harm, and with people lost.

use soko_experiment::assign::Shares;
use soko_experiment::judge::{Guardrail, Plan, Verdict, judge};
use soko_experiment::seeds::Seeds;
use soko_experiment::{ArmCounts, Metric};
use soko_measure::figure::{print, tell};

const RUNS: u64 = 1_000;
const PEOPLE_MAX: u64 = 40_000;
/// In every arm, before anything is said.
const PEOPLE_MIN: u64 = 100;
/// What the usual test for one look takes for no chance.
const USUAL: f64 = 1.96;

/// What people of the two arms do.
struct Truth {
    tapped: [f64; 2],
    /// Of all people; independent of tapping.
    ordered: [f64; 2],
    /// The part of the second arm's people that never arrives.
    lost: f64,
}

struct Run {
    verdict: Verdict,
    people: u64,
    /// The usual test, looked at as often, would have called a difference.
    is_usual_fooled: bool,
}

pub(crate) fn measure() {
    let same = Truth { tapped: [0.03; 2], ordered: [0.02; 2], lost: 0.0 };
    let same = runs(1, &same);
    let is_difference = |verdict| match verdict {
        Verdict::Better { .. } | Verdict::Worse { .. } | Verdict::Harmful { .. } => true,
        Verdict::Unequal | Verdict::Alike | Verdict::TooEarly => false,
    };
    let usual = share(&same, |run| run.is_usual_fooled);
    print("experiment.aa.false_share", "share", share(&same, |run| is_difference(run.verdict)), Some(usual));
    print("experiment.aa.unequal_share", "share", share(&same, |run| run.verdict == Verdict::Unequal), None);

    let better = Truth { tapped: [0.03, 0.04], ordered: [0.02; 2], lost: 0.0 };
    let better = runs(2, &better);
    let is_found = |run: &Run| run.verdict == Verdict::Better { arm: 1 };
    print("experiment.planted.found_share", "share", share(&better, is_found), None);
    let mut people: Vec<u64> = better.iter().filter(|run| is_found(run)).map(|run| run.people).collect();
    people.sort_unstable();
    let middle = people.get(people.len() / 2).copied().unwrap_or(PEOPLE_MAX);
    print("experiment.planted.people_p50", "people", middle as f64, Some(PEOPLE_MAX as f64));

    let harmful = Truth { tapped: [0.03, 0.03], ordered: [0.03, 0.015], lost: 0.0 };
    let harmful = runs(3, &harmful);
    let is_stopped = |run: &Run| run.verdict == Verdict::Harmful { arm: 1, metric: Metric::Ordered };
    print("experiment.harm.stopped_share", "share", share(&harmful, is_stopped), None);

    let lost = Truth { tapped: [0.03; 2], ordered: [0.02; 2], lost: 0.1 };
    let lost = runs(4, &lost);
    print(
        "experiment.unequal.found_share",
        "share",
        share(&lost, |run| run.verdict == Verdict::Unequal),
        None,
    );
    tell(&format!("people: {RUNS} runs each, up to {PEOPLE_MAX} people, a look after every person"));
}

fn share(runs: &[Run], wanted: impl Fn(&Run) -> bool) -> f64 {
    runs.iter().filter(|run| wanted(run)).count() as f64 / runs.len() as f64
}

fn runs(kind: u64, truth: &Truth) -> Vec<Run> {
    (0..RUNS).map(|number| run(kind << 32 | number, truth)).collect()
}

fn run(seed: u64, truth: &Truth) -> Run {
    let guardrails = vec![Guardrail { metric: Metric::Ordered, margin_ppm: 5_000 }];
    let plan = Plan {
        shares: half(),
        aim: Metric::Tapped,
        worth_ppm: 10_000,
        people_min: PEOPLE_MIN,
        people_max: PEOPLE_MAX,
        guardrails,
    };
    let mut seeds = Seeds::new(seed.wrapping_mul(0x1234_5678_9abc_def1));
    let mut arms = [ArmCounts::default(); 2];
    let (mut is_usual_fooled, mut ended) = (false, None);
    for person in 0..PEOPLE_MAX {
        let Some(at) = plan.shares.arm(&seed.to_be_bytes(), &person.to_be_bytes()) else { continue };
        if at == 1 && seeds.unit() < truth.lost {
            continue;
        }
        let arm = &mut arms[at];
        arm.people += 1;
        arm.shown += 1;
        arm.tapped += u64::from(seeds.unit() < truth.tapped[at]);
        arm.ordered += u64::from(seeds.unit() < truth.ordered[at]);
        is_usual_fooled |= usual(&arms);
        let verdict = judge(&plan, &arms).verdict;
        if ended.is_none() && verdict.ends() {
            ended = Some((verdict, arms[0].people + arms[1].people));
        }
        // Looking without end is what the usual test is measured by.
        if ended.is_some() && (is_usual_fooled || truth.tapped[0] != truth.tapped[1]) {
            break;
        }
    }
    let people = arms[0].people + arms[1].people;
    let (verdict, people) = ended.unwrap_or((Verdict::TooEarly, people));
    Run { verdict, people, is_usual_fooled }
}

fn half() -> Shares {
    Shares::new(&[500_000, 500_000]).unwrap_or_else(|_| unreachable!("two halves are everybody"))
}

fn usual(arms: &[ArmCounts; 2]) -> bool {
    let [first, second] = arms.map(|arm| arm.share(Metric::Tapped));
    if first.of < PEOPLE_MIN || second.of < PEOPLE_MIN {
        return false;
    }
    let (n, m) = (first.of as f64, second.of as f64);
    let pooled = (first.hits + second.hits) as f64 / (n + m);
    let spread = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    (second.rate() - first.rate()).abs() > USUAL * spread
}
