//! What is said of an experiment, by tables and by a thousand in which nothing differs.

use soko_experiment::assign::Shares;
use soko_experiment::interval::wilson;
use soko_experiment::judge::{Guardrail, LEVEL, Plan, Verdict, judge};
use soko_experiment::seeds::Seeds;
use soko_experiment::unequal::sharing;
use soko_experiment::{ArmCounts, Metric};

fn plan() -> Plan {
    let guardrails = vec![
        Guardrail { metric: Metric::Ordered, margin_ppm: 5_000 },
        Guardrail { metric: Metric::Dismissed, margin_ppm: 5_000 },
    ];
    Plan {
        shares: Shares::new(&[500_000, 500_000]).unwrap(),
        aim: Metric::Tapped,
        worth_ppm: 10_000,
        people_min: 100,
        people_max: 100_000,
        guardrails,
    }
}

fn arm(people: u64, tapped: u64, ordered: u64, dismissed: u64) -> ArmCounts {
    ArmCounts { people, shown: people, tapped, basket: ordered, ordered, dismissed }
}

#[test]
fn a_verdict_by_what_came_of_it() {
    for (arms, verdict) in [
        ([arm(0, 0, 0, 0), arm(0, 0, 0, 0)], Verdict::TooEarly),
        // Nobody tapped where everybody did: still too few people.
        ([arm(50, 0, 0, 0), arm(50, 50, 0, 0)], Verdict::TooEarly),
        ([arm(5_000, 120, 90, 10), arm(5_000, 125, 90, 10)], Verdict::TooEarly),
        ([arm(5_000, 120, 90, 10), arm(5_000, 220, 90, 10)], Verdict::Better { arm: 1 }),
        ([arm(5_000, 220, 90, 10), arm(5_000, 120, 90, 10)], Verdict::Worse { arm: 1 }),
        // More taps, and fewer orders: it stops for the orders.
        (
            [arm(5_000, 120, 200, 10), arm(5_000, 220, 50, 10)],
            Verdict::Harmful { arm: 1, metric: Metric::Ordered },
        ),
        (
            [arm(5_000, 120, 90, 10), arm(5_000, 220, 90, 400)],
            Verdict::Harmful { arm: 1, metric: Metric::Dismissed },
        ),
        // Whatever else there is to see, a tenth of one arm's people is missing.
        ([arm(5_000, 120, 90, 10), arm(4_500, 220, 90, 10)], Verdict::Unequal),
        // Fewer than one of a hundred more or less.
        ([arm(40_000, 960, 700, 10), arm(40_000, 962, 700, 10)], Verdict::Alike),
        // Nothing more is to come.
        ([arm(50_000, 1_500, 10, 10), arm(50_100, 1_600, 10, 10)], Verdict::Alike),
        // What a sender counts wrongly is no rate above one.
        ([arm(5_000, 50_000, 90, 10), arm(5_000, 120, 90, 10)], Verdict::Worse { arm: 1 }),
    ] {
        let judged = judge(&plan(), &arms);
        assert_eq!(judged.verdict, verdict, "{arms:?}: {judged:?}");
        assert_eq!(verdict.ends(), verdict != Verdict::TooEarly);
    }
}

#[test]
fn of_more_arms_each_is_held_against_the_first() {
    let third = Shares::new(&[333_333; 3]).unwrap();
    let plan = Plan { shares: third, ..plan() };
    let arms = [arm(5_000, 120, 90, 10), arm(5_010, 125, 90, 10), arm(4_990, 240, 90, 10)];
    let judged = judge(&plan, &arms);
    assert_eq!(judged.verdict, Verdict::Better { arm: 2 });
    assert_eq!(judged.differences.len(), 2);
    assert!(judged.differences[1].chance < LEVEL / 2.0 && judged.differences[0].chance > LEVEL);
}

#[test]
fn fewer_dismissals_are_better() {
    let plan = Plan { aim: Metric::Dismissed, guardrails: Vec::new(), ..plan() };
    let (few, many) = (arm(5_000, 120, 90, 100), arm(5_000, 120, 90, 400));
    assert_eq!(judge(&plan, &[many, few]).verdict, Verdict::Better { arm: 1 });
    assert_eq!(judge(&plan, &[few, many]).verdict, Verdict::Worse { arm: 1 });
}

#[test]
fn an_interval_for_one_look_holds_for_few_people_and_for_none() {
    let of = |hits, of| {
        let counts = ArmCounts { people: of, tapped: hits, ..ArmCounts::default() };
        let found = wilson(counts.share(Metric::Tapped));
        ((found.low * 1e4).round() / 1e4, (found.high * 1e4).round() / 1e4)
    };
    // As computed by hand and by R's prop.test without correction.
    assert_eq!(of(0, 0), (0.0, 1.0));
    assert_eq!(of(0, 10), (0.0, 0.2775));
    assert_eq!(of(10, 10), (0.7225, 1.0));
    assert_eq!(of(5, 10), (0.2366, 0.7634));
    assert_eq!(of(31, 1_000), (0.0219, 0.0437));
}

#[test]
fn sharing_is_compared_with_the_plan_and_not_with_halves() {
    let shares = Shares::new(&[100_000, 300_000]).unwrap();
    let people = |first, second| [arm(first, 0, 0, 0), arm(second, 0, 0, 0)];
    let kept = sharing(&shares, &people(1_000, 3_000));
    assert!(!kept.is_unequal && kept.chance > 0.99);
    let halves = sharing(&shares, &people(2_000, 2_000));
    assert!(halves.is_unequal && halves.chance < 1e-6);
    // Ten more than planned of ten thousand are chance.
    assert!(!sharing(&shares, &people(2_510, 7_490)).is_unequal);
}

/// Where nothing differs a difference is called in at most one experiment of twenty, although somebody looks after every twentieth
/// person; and where something differs, most of them find it.
#[test]
fn looking_all_the_time_calls_no_difference_that_is_none() {
    const RUNS: u64 = 1_000;
    let plan = Plan { people_max: 4_000, ..plan() };
    let (mut called, mut found, mut unequal) = (0, 0, 0);
    for run in 0..RUNS {
        match simulated(&plan, run, [0.05, 0.05]) {
            Verdict::Better { .. } | Verdict::Worse { .. } | Verdict::Harmful { .. } => called += 1,
            Verdict::Unequal => unequal += 1,
            Verdict::Alike | Verdict::TooEarly => {}
        }
        if run < 200 && simulated(&plan, RUNS + run, [0.05, 0.09]) == (Verdict::Better { arm: 1 }) {
            found += 1;
        }
    }
    println!(
        "no difference: {called} of {RUNS} called one, {unequal} unequal; a difference: {found} of 200 found it"
    );
    assert!(called <= 50, "{called} of {RUNS}");
    assert!(unequal <= 4, "{unequal} of {RUNS}");
    assert!(found >= 160, "{found} of 200");
}

fn simulated(plan: &Plan, run: u64, tapped: [f64; 2]) -> Verdict {
    let mut seeds = Seeds::new(run.wrapping_mul(0x1234_5678_9abc_def1));
    let mut arms = [ArmCounts::default(); 2];
    for person in 0..plan.people_max {
        let at = plan.shares.arm(&run.to_be_bytes(), &person.to_be_bytes()).unwrap();
        arms[at].people += 1;
        arms[at].tapped += u64::from(seeds.unit() < tapped[at]);
        arms[at].ordered += u64::from(seeds.unit() < 0.02);
        if person % 20 != 19 {
            continue;
        }
        let verdict = judge(plan, &arms).verdict;
        if verdict.ends() {
            return verdict;
        }
    }
    Verdict::TooEarly
}
