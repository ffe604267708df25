//! Suggestions with their reasons, and with whatever they are asked.

use proptest::prelude::*;
use soko_pricing::belief::{Ahead, Belief, Group};
use soko_pricing::decide::{Objective, Worth};
use soko_pricing::endings::Endings;
use soko_pricing::finite::Clearance;
use soko_pricing::guard::{Facts, Held, Limit, Rules};
use soko_pricing::history::Day;
use soko_pricing::suggest::{Horizon, Nothing, Question, Reason, suggest};

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_suggestion_leaves_its_band(
        days in proptest::collection::vec(any_day(), 0..60), rules in any_rules(), price in 1..10_000_i64, day_price in 1..10_000_i64,
        cost in proptest::option::of(any::<i64>()), rivals in proptest::collection::vec(any_rival(), 0..6),
        step_minor in 1..500_i64, minus_minor in 0..5_i64, seed in any::<u64>(), is_curious in any::<bool>(),
        stock in proptest::option::of(prop_oneof![0.0..300.0_f64, any::<f64>()]), part in any::<f64>(), revenue in any::<bool>(),
        exposure in any::<f64>(), rival in any::<f64>(), day in any::<i32>(),
    ) {
        let (_, belief, group) = learnt(&days);
        let facts = Facts { day_price_minor: day_price, cost_minor: cost, rivals: &rivals, ..facts(price) };
        let steps = [0.2, part];
        let horizon = match stock {
            Some(stock) => Horizon::Until { sale: Clearance { stock, steps: &steps, salvage_minor: 0 }, minutes: 60 },
            None => Horizon::Days(7),
        };
        let objective = if revenue { Objective::Revenue } else { Objective::Margin };
        let asked = Question {
            endings: Endings { step_minor, minus_minor, coin_minor: 1 },
            worth: Worth { objective, cost_minor: cost, tax_ppm: 160_000 },
            horizon, seed, is_curious,
            ahead: Ahead { day, exposure, rival, is_promoted: false },
            ..question(&belief, &group, &rules, &facts)
        };
        if let Ok(found) = suggest(&asked) {
            prop_assert!(is_inside(&rules, &facts, found.price_minor), "{found:?}");
            prop_assert!(found.band.allows(found.price_minor));
        }
    }
}
