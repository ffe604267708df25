//! What is learnt from days.

use soko_pricing::belief::Ahead;
use soko_pricing::history::{Day, History, Hours};
use soko_pricing::pool::learn;
use soko_pricing::seeds::Seeds;

use crate::made_up::{ahead, chance, days, learnt};

#[test]
fn an_elasticity_is_found_with_honest_uncertainty() {
    let mut inside = 0;
    for seed in 0..60 {
        let days = days(90, 20.0, -2.5, 1.0, seed);
        let (_, belief, _) = learnt(&days);
        let slope = belief.slope();
        inside += u32::from((slope.mean + 2.5).abs() < 1.645 * slope.variance.sqrt());
    }
    // Nine of ten, give or take what chance does with sixty.
    assert!((48..=60).contains(&inside), "{inside} of 60 intervals held the truth");
}

#[test]
fn a_day_without_stock_is_no_day_without_buyers() {
    let mut short = days(40, 20.0, -2.0, 1.0, 7);
    // From the twentieth day on, all is sold in the first quarter of the day.
    for day in short.iter_mut().skip(20) {
        day.sold = (day.sold / 4.0).round();
    }
    let unaware = learnt(&short).1.expect(100, &ahead(40), &learnt(&short).2).mean();
    for day in short.iter_mut().skip(20) {
        day.exposure = 0.25;
    }
    let (_, belief, group) = learnt(&short);
    let aware = belief.expect(100, &ahead(40), &group).mean();
    assert!((15.0..25.0).contains(&aware), "{aware} expected of 20");
    assert!(unaware < 12.0, "{unaware}: what was short looked like no demand");
    assert_eq!(belief.evidence.short_days, 20);
}

#[test]
fn what_others_ask_and_what_is_promoted_is_told_apart_from_the_own_price() {
    let mut seeds = Seeds::new(11);
    // Another one's price a fifth higher brings a third more buyers, and a promotion half as many again.
    let days: Vec<Day> = (0..90)
        .map(|day| {
            let price_minor = if day % 3 == 2 { 120 } else { 100 };
            let rival = if day % 4 < 2 { 0.2_f32 } else { -0.2 };
            let is_promoted = day % 5 == 0;
            let more = 1.5 * f64::from(rival) + if is_promoted { 0.4 } else { 0.0 };
            let mean = 30.0 * (-2.0 * (price_minor as f64 / 100.0 - 1.0) + more).exp();
            Day { day, price_minor, sold: chance(mean, &mut seeds), exposure: 1.0, rival, is_promoted }
        })
        .collect();
    let (_, belief, group) = learnt(&days);
    let of = |rival: f64, is_promoted| {
        belief.expect(100, &Ahead { rival, is_promoted, ..ahead(92) }, &group).mean()
    };
    let usual = of(0.0, false);
    assert!((25.0..36.0).contains(&usual), "{usual} of 30");
    let (dear, cheap, promoted) = (of(0.2, false), of(-0.2, false), of(0.0, true));
    assert!((1.15..1.55).contains(&(dear / usual)), "{dear} where others are dearer, usually {usual}");
    assert!((0.65..0.87).contains(&(cheap / usual)), "{cheap} where they are cheaper, usually {usual}");
    assert!((1.2..1.75).contains(&(promoted / usual)), "{promoted} where it is promoted, usually {usual}");
    assert!((belief.slope().mean + 2.0).abs() < 0.6, "{:?}", belief.slope());
}

#[test]
fn weekdays_are_seen() {
    let days = days(70, 15.0, -2.0, 0.5, 3);
    let (_, belief, group) = learnt(&days);
    let (monday, tuesday) = (belief.weekday_factor(74, &group), belief.weekday_factor(75, &group));
    assert!(monday / tuesday < 0.7, "Mondays sell {} of Tuesdays", monday / tuesday);
}

#[test]
fn what_alike_products_taught_helps_one_that_sold_ten() {
    let many: Vec<Vec<Day>> = (0..20).map(|seed| days(60, 20.0, -3.0, 1.0, seed)).collect();
    let few = days(2, 5.0, -3.0, 1.0, 99);
    let mut histories: Vec<History<'_>> = many.iter().map(|days| History { group: 1, days }).collect();
    histories.push(History { group: 1, days: &few });
    let learned = learn(&histories);
    let slope = learned.belief(20, 1).unwrap().slope();
    assert!((slope.mean + 3.0).abs() < 0.5, "{slope:?}");
    // In a group of its own it is as unsure as anybody.
    let alone = learnt(&few).1.slope();
    assert!(alone.variance > 2.0 * slope.variance, "{alone:?} and {slope:?}");
}

#[test]
fn old_days_are_forgotten() {
    let mut seeds = Seeds::new(5);
    let day = |day, rate, seeds: &mut Seeds| Day {
        day,
        price_minor: 100,
        sold: chance(rate, seeds),
        exposure: 1.0,
        rival: 0.0,
        is_promoted: false,
    };
    let days: Vec<Day> = (0..120).map(|at| day(at, if at < 60 { 30.0 } else { 10.0 }, &mut seeds)).collect();
    let (_, belief, group) = learnt(&days);
    let now = belief.expect(100, &ahead(120), &group).mean();
    assert!((7.0..14.0).contains(&now), "{now} expected of 10");
}

#[test]
fn one_day_more_is_what_all_days_again_would_be() {
    let days = days(50, 12.0, -2.0, 1.3, 11);
    let (mut learned, ..) = learnt(&days);
    let belief = learned.beliefs[0];
    let group = *learned.group(0);
    let mut again = learned.believe(&History { group: 0, days: &days[..49] });
    again.learn(&days[49], &group);
    assert_eq!(again, belief);
    learned.learn_one(0, &History { group: 0, days: &days });
    assert_eq!(learned.beliefs[0], belief);
}

#[test]
fn days_that_cannot_be_are_not_learnt() {
    let mut days = days(30, 12.0, -2.0, 1.0, 1);
    let (_, before, _) = learnt(&days);
    let (good, last) = (days[0], days.last().unwrap().day);
    for bad in [
        Day { price_minor: 0, ..good },
        Day { price_minor: i64::MIN, ..good },
        Day { sold: f32::NAN, ..good },
        Day { sold: -1.0, ..good },
        Day { sold: f32::INFINITY, ..good },
        Day { exposure: 0.0, ..good },
        Day { exposure: f32::NAN, ..good },
    ] {
        days.push(Day { day: last, ..bad });
    }
    assert_eq!(learnt(&days).1, before);
}

#[test]
fn hours_say_how_much_of_a_day_is_left() {
    let (mut sold, mut open) = ([0.0; 24], [0.0; 24]);
    for hour in 8..18 {
        open[hour] = 60.0;
        sold[hour] = if hour < 12 { 600.0 } else { 150.0 };
    }
    let hours = Hours::learn(&sold, &open);
    let morning = hours.between(8.0, 12.0);
    let (all, evening) = (hours.between(0.0, 24.0), hours.between(16.0, 18.0));
    assert!((all - 1.0).abs() < 1e-9, "{all}");
    assert!(morning > 0.6 && evening < 0.15, "{morning} and {evening}");
    // Past midnight is the next day's morning.
    assert!((hours.between(16.0, 36.0) - evening - morning).abs() < 1e-9);
}
