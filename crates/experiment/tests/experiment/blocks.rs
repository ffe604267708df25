//! A stall's time shared out.

use soko_experiment::blocks::{Arm, BadSchedule, Effect, Outcome, Schedule, effect, outcome};
use soko_experiment::seeds::Seeds;

const PLACE: &[u8] = b"stall and product";

#[test]
fn each_weekday_has_each_arm_as_often() {
    for seed in 0..200 {
        let schedule = Schedule::new(28, 7, seed).unwrap();
        for weekday in 0..7 {
            let tried = (0..4).filter(|week| schedule.arm(PLACE, week * 7 + weekday) == Arm::Tried).count();
            assert_eq!(tried, 2, "seed {seed}, weekday {weekday}");
        }
    }
}

#[test]
fn the_coin_is_fair_and_each_place_has_its_own() {
    const SEEDS: u64 = 4_000;
    let (mut tried, mut alike) = (0, 0);
    for seed in 0..SEEDS {
        let schedule = Schedule::new(14, 7, seed).unwrap();
        tried += u64::from(schedule.arm(PLACE, 3) == Arm::Tried);
        alike += u64::from(schedule.arm(PLACE, 3) == schedule.arm(b"another", 3));
    }
    for count in [tried, alike] {
        assert!(count.abs_diff(SEEDS / 2) < 130, "{count} of {SEEDS}");
    }
}

#[test]
fn schedules_are_refused() {
    for (blocks, season, bad) in [
        (6, 1, BadSchedule::TooShort),
        (402, 1, BadSchedule::TooLong),
        (14, 0, BadSchedule::Ragged),
        (13, 1, BadSchedule::Ragged),
        (21, 7, BadSchedule::Ragged),
    ] {
        assert_eq!(Schedule::new(blocks, season, 1), Err(bad), "{blocks} by {season}");
    }
}

/// A week whose days differ tenfold, no noise: the difference comes out to the digit, whatever the coin said.
#[test]
fn a_season_cancels_out() {
    let schedule = Schedule::new(14, 7, 5).unwrap();
    let bring = |block: usize| {
        let weekday = (block % 7 + 1) as f64 * 10.0;
        let tried = if schedule.arm(PLACE, block) == Arm::Tried { 3.0 } else { 0.0 };
        // The first part of a block is still the one before.
        vec![999.0, weekday + tried, weekday + tried]
    };
    let slots: Vec<_> = (0..14).map(bring).collect();
    let found = effect(&schedule, PLACE, (&slots, 1)).unwrap();
    let near = |found: f64, wanted: f64| (found - wanted).abs() < 1e-9;
    assert!(near(found.estimate, 3.0) && near(found.low, 3.0) && near(found.high, 3.0), "{found:?}");
    assert!(near(found.before, 40.0) && near(found.tried, 43.0) && found.pairs == 7, "{found:?}");
}

#[test]
fn half_of_a_pair_says_nothing() {
    let schedule = Schedule::new(14, 7, 5).unwrap();
    let days = |count| vec![vec![1.0, 2.0]; count];
    assert_eq!(effect(&schedule, PLACE, (&days(10), 0)), None);
    assert_eq!(effect(&schedule, PLACE, (&days(11), 0)).unwrap().pairs, 4);
    // A day on which the stall was closed has no other half.
    let mut closed = days(14);
    closed[2] = Vec::new();
    assert_eq!(effect(&schedule, PLACE, (&closed, 0)).unwrap().pairs, 6);
    assert_eq!(effect(&schedule, PLACE, (&days(14), 2)), None);
}

#[test]
fn it_ends_with_a_word_and_stops_early_for_harm_alone() {
    let of = |estimate: f64, reach: f64| Effect {
        before: 100.0,
        tried: 100.0 + estimate,
        estimate,
        low: estimate - reach,
        high: estimate + reach,
        pairs: 7,
    };
    for (effect, is_over, wanted) in [
        (None, false, Outcome::TooEarly),
        (None, true, Outcome::Unclear),
        (Some(of(20.0, 5.0)), false, Outcome::TooEarly),
        (Some(of(20.0, 5.0)), true, Outcome::Better),
        (Some(of(-20.0, 5.0)), false, Outcome::Harmful),
        (Some(of(-14.0, 5.0)), false, Outcome::TooEarly),
        (Some(of(-14.0, 5.0)), true, Outcome::Worse),
        (Some(of(4.0, 5.0)), true, Outcome::Unclear),
    ] {
        assert_eq!(outcome(effect.as_ref(), is_over, 0.05), wanted, "{effect:?}");
    }
}

/// Weekdays that differ threefold, a trend, days that are good or bad as a whole, and a morning that still belongs to yesterday.
#[test]
fn nine_intervals_of_ten_hold() {
    const WORLDS: u64 = 600;
    let (mut held, mut held_with_mornings) = (0, 0);
    for world in 0..WORLDS {
        let mut seeds = Seeds::new(world.wrapping_mul(0x1234_5678_9abc_def1));
        let schedule = Schedule::new(28, 7, seeds.next_u64()).unwrap();
        let (trend, mut yesterday) = (seeds.unit() - 0.5, 0.0);
        let day = |block: usize| {
            let tried = if schedule.arm(PLACE, block) == Arm::Tried { -8.0 } else { 0.0 };
            let good = (0..6).map(|_| seeds.unit() - 0.5).sum::<f64>() * 8.0;
            let usual = 20.0 * (1 + block % 7 % 3) as f64 + trend * block as f64 + good;
            let morning = usual + yesterday;
            yesterday = tried;
            vec![morning, usual + tried + seeds.unit() - 0.5, usual + tried + seeds.unit() - 0.5]
        };
        let slots: Vec<_> = (0..28).map(day).collect();
        let holds = |burn_in| {
            let found = effect(&schedule, PLACE, (&slots, burn_in)).unwrap();
            found.low <= -8.0 && -8.0 <= found.high
        };
        held += u64::from(holds(1));
        held_with_mornings += u64::from(holds(0));
    }
    println!("{held} of {WORLDS} intervals held, {held_with_mornings} with mornings");
    assert!((525..=555).contains(&held), "{held} of {WORLDS}");
    assert!(held_with_mornings < 480, "{held_with_mornings} of {WORLDS}: mornings do matter here");
}
