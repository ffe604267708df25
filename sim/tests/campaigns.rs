//! Short campaigns: the rules hold, each weakened rule is noticed, a run repeats exactly, and tapes of old
//! failures stay as they were judged.

use std::path::Path;

use soko_domain::sabotage::Sabotage;
use soko_sim::campaign::Campaign;
use soko_sim::noticed::{card_in_two_lives, play};
use soko_sim::plan::{Knob, NotATape, Plan};
use soko_sim::promises::{PROMISES, of_rule, of_sabotage};
use soko_sim::run;
use soko_sim::shrink::shrink;

const CLEAN_SEEDS: u64 = 20;
/// Rules whose weakening shows at once, and in how many seeds at most.
const QUICK: &[(Sabotage, u64)] = &[
    (Sabotage::ShareCheckSkipped, 10),
    (Sabotage::RetryExecutesAgain, 10),
    (Sabotage::AckBeforeDurable, 5),
    (Sabotage::NoRestoreCheck, 40),
];

#[test]
fn the_promises_hold() {
    let campaign =
        Campaign { from: 1, seeds: CLEAN_SEEDS, weaken: None, threads: 2, failures_max: usize::MAX };
    let result = campaign.run();
    assert!(result.failed.is_empty(), "{:?}", result.failed);
    assert!(result.unsteady.is_empty(), "{:?}", result.unsteady);
    assert_eq!(result.seeds, CLEAN_SEEDS);
}

#[test]
fn a_weakened_rule_is_noticed() {
    for (rule, seeds) in QUICK {
        let campaign = Campaign { from: 1, seeds: *seeds, weaken: Some(*rule), threads: 2, failures_max: 1 };
        assert!(!campaign.run().failed.is_empty(), "{} was not noticed in {seeds} seeds", rule.word());
    }
}

#[test]
fn every_rule_of_the_list_can_be_named() {
    for rule in Sabotage::ALL {
        assert_eq!(Sabotage::from_word(rule.word()), Some(*rule));
        let plan = Plan { steps: vec![1], ..Plan::from_seed(7, Some(*rule)) };
        assert_eq!(Plan::from_tape(&plan.to_tape()).as_ref(), Ok(&plan), "{}", rule.word());
    }
}

#[test]
fn the_same_seed_does_the_same_twice() {
    let hashes: Vec<_> = (1..4)
        .map(|seed| {
            let plan = Plan::from_seed(seed, None);
            let (first, second) = (run(&plan, false), run(&plan, true));
            assert_eq!(first.hash, second.hash, "seed {seed}");
            assert!(first.story.is_empty() && !second.story.is_empty());
            first.hash
        })
        .collect();
    assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2]);
}

#[test]
fn what_is_no_tape_is_refused() {
    let tape = Plan::from_seed(1, None).to_tape();
    assert_eq!(Plan::from_tape("a letter"), Err(NotATape::Header));
    for wrong in ["devices 9", "knob gravity 3", "step xyz", "weaken everything"] {
        let with_wrong = format!("{tape}{wrong}\n");
        assert_eq!(Plan::from_tape(&with_wrong), Err(NotATape::Line(wrong.into())));
    }
}

#[test]
fn a_failing_run_becomes_small() {
    let rule = Some(Sabotage::AckBeforeDurable);
    let plan = (1..20)
        .map(|seed| Plan::from_seed(seed, rule))
        .find(|plan| run(plan, false).broken_at > 3 && run(plan, false).broken.is_some())
        .unwrap_or_else(|| Plan::from_seed(1, rule));
    let broken = run(&plan, false).broken.unwrap();
    let small = shrink(&plan, broken.rule, std::time::Duration::from_secs(20));
    assert!(small.steps.len() < plan.steps.len());
    assert_eq!(run(&small, false).broken.map(|broken| broken.rule), Some(broken.rule));
    assert!(Knob::ALL.iter().all(|knob| small.knobs.get(*knob) <= plan.knobs.get(*knob)));
}

/// A tape of weakened rules must go on breaking; any other must hold now.
#[test]
fn tapes_stay_as_they_were_judged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut tapes = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "tape") {
            continue;
        }
        let plan = Plan::from_tape(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let ran = run(&plan, false);
        assert_eq!(ran.broken.is_some(), plan.weaken.is_some(), "{}: {:?}", path.display(), ran.broken);
        tapes += 1;
    }
    assert!(tapes > 0, "there is no tape to play");
}

macro_rules! each_by_itself {
    ($($name:ident $rule:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            let rule = Sabotage::$rule;
            assert_eq!(play(rule, None), Ok(()), "with the rule");
            let Err(broken) = play(rule, Some(rule)) else { panic!("nothing notices {}", rule.word()) };
            let promise = of_sabotage(rule).unwrap();
            assert_eq!(of_rule(broken.rule).map(|of| of.number), Some(promise.number), "{broken}");
        })*

        #[test]
        fn every_rule_has_a_case_of_its_own() {
            assert_eq!(Sabotage::ALL, [$(Sabotage::$rule),*]);
        }
    };
}

each_by_itself! {
    a_grant_that_sets_a_share_is_noticed AbsoluteQuota,
    a_return_that_counts_again_is_noticed ReturnTwice,
    a_clock_that_takes_shares_back_is_noticed ClockLease,
    a_copy_that_goes_on_is_noticed NoCloneCheck,
    a_backup_that_goes_on_is_noticed NoRestoreCheck,
    a_restored_server_that_sells_on_is_noticed NoFreeze,
    a_restored_server_that_takes_no_grants_back_is_noticed NoCertificateImport,
    records_without_their_chain_are_noticed UnchainedLog,
    an_answer_before_the_disk_is_noticed AckBeforeDurable,
    a_repeat_that_is_done_again_is_noticed RetryExecutesAgain,
    a_promise_beyond_the_share_is_noticed ShareCheckSkipped,
    money_asked_for_again_is_noticed ChargeAgain,
    a_capture_without_an_answer_is_noticed PostUncaptured,
    a_hold_that_is_free_early_is_noticed FreeEarly,
    a_card_that_pays_whatever_is_on_it_is_noticed CardUncounted,
    an_offer_without_an_end_is_noticed OfferUncounted,
    money_that_goes_back_twice_is_noticed RefundsUncounted,
    an_order_that_ends_while_frozen_is_noticed EndsFrozen,
    goods_in_the_hand_that_are_not_sold_are_noticed NumberRefuses,
    arrivals_that_change_nothing_are_noticed ArrivalsUnfollowed,
    a_good_record_that_is_parked_is_noticed ParksNeighbours,
    a_number_given_twice_is_noticed NumberReused,
    another_total_is_noticed TotalApart,
    a_share_that_stays_with_a_revoked_device_is_noticed RevokedKeeps,
}

/// One row for each promise, as the architecture tells them; and each of them is broken by something.
#[test]
fn every_promise_has_its_rules() {
    let text = include_str!("../../ARCHITECTURE.md");
    let rows = text.lines().filter_map(|line| {
        let (number, words) = line.strip_prefix("| P")?.strip_suffix(" |")?.split_once(" | ")?;
        Some((format!("P{number}"), words))
    });
    let mut promises = PROMISES.iter();
    for (number, words) in rows {
        let promise = promises.next().unwrap();
        assert_eq!(promise.number, number);
        assert!(words.starts_with(promise.begins), "{number}: {words}");
        assert!(!promise.rules.is_empty() && !promise.broken_by.is_empty(), "{number}");
    }
    assert!(promises.next().is_none(), "a promise that nobody made");
    let mut rules: Vec<&str> = PROMISES.iter().flat_map(|it| it.rules).map(|(rule, _)| *rule).collect();
    let all = rules.len();
    rules.sort_unstable();
    rules.dedup();
    assert_eq!(rules.len(), all, "a rule stands for two promises");
}

/// A device brings the life back that the server had forgotten.
#[test]
fn what_two_lives_say_of_a_card_counts_once() {
    let (before, after) = card_in_two_lives().unwrap();
    assert_eq!(after, before, "what a card is worth");
}
