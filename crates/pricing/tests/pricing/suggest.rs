//! Suggestions with their reasons, and with whatever they are asked.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use soko_pricing::belief::{Ahead, Belief, Group};
use soko_pricing::decide::{Objective, Worth};
use soko_pricing::endings::Endings;
use soko_pricing::finite::Clearance;
use soko_pricing::guard::{Facts, Held, Limit, Rules};
use soko_pricing::history::Day;
use soko_pricing::suggest::{EVERY_DAY, Horizon, Nothing, Question, Reason, suggest};

use crate::guard::{any_rival, any_rules, is_inside};
use crate::made_up::{ahead, days, facts, learnt};

fn question<'a>(
    belief: &'a Belief,
    group: &'a Group,
    rules: &'a Rules,
    facts: &'a Facts<'a>,
) -> Question<'a> {
    Question {
        belief,
        group,
        rules,
        facts,
        endings: Endings::ANY,
        worth: Worth { objective: Objective::Margin, cost_minor: Some(40), tax_ppm: 0 },
        horizon: Horizon::Days(7),
        opens: EVERY_DAY,
        ahead: ahead(60),
        seed: 1,
        is_curious: false,
    }
}

#[test]
fn what_is_too_cheap_gets_dearer_with_reasons() {
    // With elasticity −1 at 100 and a cost of 40 the best price is 140; a day's step ends at 115.
    let days = days(60, 30.0, -1.0, 0.6, 4);
    let (_, belief, group) = learnt(&days);
    let (rules, facts) = (Rules::default(), facts(100));
    let mut asked = question(&belief, &group, &rules, &facts);
    // A Monday.
    asked.ahead = ahead(67);
    let found = suggest(&asked).unwrap();
    assert_eq!((found.price_minor, found.band.high_by), (115, Limit::Step));
    assert!(found.sold_then.likely < found.sold_now.likely && found.sold_now.low < found.sold_now.high);
    assert!(found.gain_minor > 0 && found.gain_low_minor < found.gain_minor && found.better_ppm > 900_000);
    assert!(
        found.reasons.contains(&Reason::Limited { by: Limit::Step, at_minor: 115 }),
        "{:?}",
        found.reasons
    );
    let monday =
        |reason: &Reason| matches!(reason, Reason::Weekday { weekday: 0, sold_ppm } if *sold_ppm < -200_000);
    assert!(found.reasons.iter().any(monday), "{:?}", found.reasons);
    assert_eq!(found.evidence.days, 60);
    assert_eq!(suggest(&asked).unwrap(), found, "the same question has the same answer");
}

#[test]
fn nobody_buys_on_days_on_which_nobody_opens() {
    let days = days(60, 30.0, -1.0, 0.6, 4);
    let (_, belief, group) = learnt(&days);
    let (rules, facts) = (Rules::default(), facts(100));
    let asked = question(&belief, &group, &rules, &facts);
    let all = suggest(&asked).unwrap();
    let only = |opens| suggest(&Question { opens, ..asked }).unwrap();
    let (three, four) =
        (only([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]), only([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]));
    let both = three.sold_now.likely + four.sold_now.likely;
    assert!(
        (both - all.sold_now.likely).abs() <= all.sold_now.likely * 0.03,
        "{both} and {}",
        all.sold_now.likely
    );
    assert!(three.gain_minor > 0 && three.gain_minor < all.gain_minor, "{three:?}");
    // Every second one of its days.
    let half = only([0.5; 7]).sold_now.likely * 2.0;
    assert!(
        (half - all.sold_now.likely).abs() <= all.sold_now.likely * 0.03,
        "{half} and {}",
        all.sold_now.likely
    );
    assert!(suggest(&Question { opens: [0.0; 7], ..asked }).is_err(), "closed, nothing is worth anything");
}

#[test]
fn what_is_outside_its_limits_goes_as_near_as_the_day_allows() {
    // With elasticity −2 at 100 nobody would make it dearer for money.
    let days = days(60, 30.0, -2.0, 0.6, 4);
    let (_, belief, group) = learnt(&days);
    let rules = Rules { floor_minor: Some(121), ..Rules::default() };
    let facts = facts(100);
    let asked = question(&belief, &group, &rules, &facts);
    let found = suggest(&asked).unwrap();
    assert_eq!(found.price_minor, 115);
    assert!(found.reasons.contains(&Reason::Limited { by: Limit::Step, at_minor: 115 }), "{found:?}");
    let endings = Endings { step_minor: 10, minus_minor: 0, coin_minor: 10 };
    assert_eq!(suggest(&Question { endings, ..asked }).unwrap().price_minor, 110);
}

#[test]
fn bread_before_closing_is_marked_down() {
    let days = days(60, 40.0, -2.5, 1.0, 4);
    let (_, belief, group) = learnt(&days);
    let rules = Rules { step_ppm: 500_000, ..Rules::default() };
    let facts = facts(100);
    let sale = Clearance { stock: 25.0, steps: &[0.1, 0.1], salvage_minor: 0 };
    let asked = Question {
        horizon: Horizon::Until { sale, minutes: 120 },
        ..question(&belief, &group, &rules, &facts)
    };
    let found = suggest(&asked).unwrap();
    assert!(found.price_minor < 90, "{found:?}");
    let left = found.reasons.iter().find_map(|reason| {
        let Reason::Left { left, minutes, kept_now, kept_then } = reason else { return None };
        Some((*left, *minutes, *kept_now, *kept_then))
    });
    let (left, minutes, kept_now, kept_then) = left.unwrap();
    assert_eq!((left, minutes), (25, 120));
    assert!(kept_then < kept_now && found.sold_then.high <= 25.0, "{found:?}");
}

#[test]
fn nothing_is_suggested_without_ground() {
    let young = days(3, 30.0, -1.0, 1.0, 4);
    let (_, belief, group) = learnt(&young);
    let (rules, facts) = (Rules::default(), facts(100));
    assert_eq!(suggest(&question(&belief, &group, &rules, &facts)), Err(Nothing::TooFew { days: 3 }));
    // Always one price: what another would do, nobody knows here. What must be gone is marked down all the same.
    let mut one = self::days(60, 30.0, -1.0, 1.0, 4);
    one.iter_mut().for_each(|day| day.price_minor = 100);
    let (_, belief, group) = learnt(&one);
    assert_eq!(suggest(&question(&belief, &group, &rules, &facts)), Err(Nothing::NeverVaried));
    let sale = Clearance { stock: 60.0, steps: &[0.1], salvage_minor: 0 };
    let horizon = Horizon::Until { sale, minutes: 60 };
    assert!(suggest(&Question { horizon, ..question(&belief, &group, &rules, &facts) }).is_ok());
    // With elasticity −5/3 and a cost of 40 the price is right.
    let days = days(90, 40.0, -5.0 / 3.0, 1.0, 8);
    let (_, belief, group) = learnt(&days);
    assert_eq!(suggest(&question(&belief, &group, &rules, &facts)), Err(Nothing::Fine));
    let closed = Facts { is_open: false, ..facts };
    assert_eq!(suggest(&question(&belief, &group, &rules, &closed)), Err(Nothing::Held(Held::Closed)));
}

prop_compose! {
    fn any_day()(
        day in 0..200_i32, price_minor in prop_oneof![Just(0_i64), Just(i64::MAX), 1..1_000_000_i64, any::<i64>()],
        sold in prop_oneof![Just(f32::MAX), 0.0..50.0_f32, any::<f32>()], exposure in prop_oneof![0.0..1.0_f32, any::<f32>()],
        rival in any::<f32>(), is_promoted in any::<bool>(),
    ) -> Day {
        Day { day, price_minor, sold, exposure, rival, is_promoted }
    }
}

/// What days, rules and rivals anybody may have, whatever they are; with days that make no sense and with plausible ones, so that it
/// comes to suggestions.
#[test]
fn no_suggestion_leaves_its_band() {
    let minor = || 1..10_000_i64;
    let plausible = (20..60_i32, 5.0..40.0_f64, -3.0..-0.5_f64, any::<u64>())
        .prop_map(|(count, rate, elasticity, seed)| days(count, rate, elasticity, 1.0, seed));
    let anything = (
        (prop_oneof![proptest::collection::vec(any_day(), 0..60), plausible], any_rules()),
        (prop_oneof![minor(), 80..130_i64], prop_oneof![minor(), 80..130_i64]),
        (proptest::option::of(any::<i64>()), proptest::collection::vec(any_rival(), 0..6)),
        (1..500_i64, 0..5_i64, any::<u64>(), any::<bool>(), any::<bool>()),
        (proptest::option::of(prop_oneof![0.0..300.0_f64, any::<f64>()]), any::<f64>()),
        (any::<f64>(), any::<f64>(), any::<i32>()),
    );
    let found = Cell::new(0);
    let mut runner = TestRunner::new(crate::config(600));
    let tried = runner.run(&anything, |(learned, (price, day_price), (cost, rivals), how, left, around)| {
        let (days, rules) = learned;
        let (_, belief, group) = learnt(&days);
        let facts = Facts { day_price_minor: day_price, cost_minor: cost, rivals: &rivals, ..facts(price) };
        let (stock, part) = left;
        let steps = [0.2, part];
        let horizon = match stock {
            Some(stock) => {
                Horizon::Until { sale: Clearance { stock, steps: &steps, salvage_minor: 0 }, minutes: 60 }
            }
            None => Horizon::Days(7),
        };
        let (step_minor, minus_minor, seed, is_curious, revenue) = how;
        let objective = if revenue { Objective::Revenue } else { Objective::Margin };
        let (exposure, rival, day) = around;
        let asked = Question {
            endings: Endings { step_minor, minus_minor, coin_minor: 1 },
            worth: Worth { objective, cost_minor: cost, tax_ppm: 160_000 },
            horizon,
            seed,
            is_curious,
            ahead: Ahead { day, exposure, rival, is_promoted: false },
            ..question(&belief, &group, &rules, &facts)
        };
        if let Ok(suggestion) = suggest(&asked) {
            found.set(found.get() + 1);
            prop_assert!(is_inside(&rules, &facts, suggestion.price_minor), "{suggestion:?}");
            prop_assert!(suggestion.band.allows(suggestion.price_minor));
        }
        Ok(())
    });
    tried.unwrap();
    assert!(found.get() >= 10, "something was suggested {} times", found.get());
}
