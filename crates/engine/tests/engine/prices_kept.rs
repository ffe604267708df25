//! Prices that move by themselves come back, stop where they must, and end with the owner's own.

use soko_app_api::{PriceExperimentState, PriceQuiet, PriceRuleInput, ProductEdit, StallEdit, Verb};
use soko_domain::entry::{PriceAim, PriceCause, PriceMode, PriceWhy};
use soko_domain::ids::OrderId;

use crate::prices::{DAY_MS, HOUR_MS, MANGO, Stall, plain, steady, too_cheap, trial};
use crate::replication::order_of;
use crate::world::{Device, Relay, create_product, product, thing};

/// Half as dear sells nearly four times as much.
fn bread(mut stall: Stall, gone_by_minutes: u32) -> Stall {
    stall.past(30, ((250, 3), (150, 8)));
    stall.edits(ProductEdit::CostMinor(Some(60)));
    let gone_by_minutes = Some(gone_by_minutes);
    stall.rules(PriceRuleInput { mode: PriceMode::Auto, gone_by_minutes, ..plain() });
    stall
}

#[test]
fn a_day_of_bread_begins_with_its_usual_price_for_ten_days() {
    let mut stall = bread(Stall::new(), 18 * 60);
    for day in 0..10 {
        stall.opens();
        stall.receives(90);
        let moved = stall.moves();
        if day > 0 {
            assert_eq!((moved, stall.row().now_minor), (1, 250), "the first look of day {day}");
            let back = &stall.price().moves[0];
            let why: Vec<_> = back.reasons.iter().map(|it| (it.why, it.first, it.second)).collect();
            assert_eq!((back.cause, why), (PriceCause::Auto, vec![(PriceWhy::Left, 0, 0)]));
        }
        for _ in 0..9 {
            stall.at_ms += HOUR_MS;
            stall.moves();
            let now = stall.row().now_minor;
            assert!((213..=287).contains(&now), "a day's step from the usual price: {now} on day {day}");
            stall.sells(2);
        }
        assert!(stall.row().now_minor < 250, "so much is left on day {day}");
        stall.closes();
        stall.at_ms += DAY_MS - 9 * HOUR_MS;
    }
    // What somebody sets before the day's first move is the usual price from then on, from which it gets cheaper.
    stall.edits(ProductEdit::PriceMinor(200));
    stall.opens();
    assert_eq!((stall.moves(), stall.row().now_minor < 200), (1, true), "so much is left");
    stall.closes();
    stall.at_ms += DAY_MS;
    stall.opens();
    assert_eq!((stall.moves(), stall.row().now_minor), (1, 200));
}

#[test]
fn a_markdown_that_is_taken_back_stays_away_until_tomorrow_and_the_usual_price_comes_back() {
    let mut stall = bread(Stall::new(), 18 * 60);
    stall.rules(PriceRuleInput {
        mode: PriceMode::Auto,
        step_ppm: 500_000,
        gone_by_minutes: Some(18 * 60),
        ..plain()
    });
    let morning = stall.at_ms;
    stall.opens();
    stall.receives(30);
    let mut seen = vec![250];
    while seen.len() < 3 && stall.at_ms < morning + 8 * HOUR_MS {
        stall.receives(6);
        stall.at_ms += HOUR_MS / 4;
        if stall.moves() > 0 {
            seen.push(stall.row().now_minor);
        }
    }
    assert!(seen.len() == 3 && seen[2] < seen[1] && seen[1] < 250, "two markdowns: {seen:?}");
    let moved = stall.price().moves[0].moved;
    stall.does(Verb::UndoPrice { moved });
    while stall.at_ms < morning + 9 * HOUR_MS + HOUR_MS / 2 {
        stall.at_ms += HOUR_MS / 4;
        // However much comes in: whoever took it back has the word.
        stall.receives(6);
        assert_eq!((stall.moves(), stall.row().now_minor), (0, seen[1]), "{seen:?}");
    }
    stall.closes();
    stall.at_ms = morning + DAY_MS;
    stall.opens();
    assert_eq!((stall.moves(), stall.row().now_minor), (1, 250), "not what it was taken back to");
    let mut lowest = 250;
    while stall.at_ms < morning + DAY_MS + 9 * HOUR_MS {
        stall.at_ms += HOUR_MS;
        stall.moves();
        lowest = lowest.min(stall.row().now_minor);
        assert!((125..=375).contains(&stall.row().now_minor), "a day's step from the usual price");
    }
    assert!(lowest <= seen[2], "it may get as cheap as yesterday: {lowest} after {seen:?}");
}

#[test]
fn what_must_be_gone_after_midnight_is_gone_by_the_business_day() {
    let mut stall = Stall::new();
    stall.does(Verb::EditStall { edits: vec![StallEdit::CutOffMinutes(4 * 60)] });
    // From four in the afternoon until two.
    stall.at_ms += 8 * HOUR_MS;
    let mut stall = bread(stall, 60);
    stall.opens();
    stall.receives(90);
    stall.at_ms += 7 * HOUR_MS + HOUR_MS / 2;
    let better = stall.row().suggested.unwrap();
    let left = better.reasons.iter().find(|reason| reason.why == PriceWhy::Left).unwrap();
    assert_eq!((left.first, left.second), (90, 90), "half past eleven: an hour and a half until one");
    assert_eq!((stall.moves(), stall.row().now_minor < 250), (1, true));
    let last = stall.row().now_minor;
    stall.at_ms += 2 * HOUR_MS;
    assert_eq!(stall.row().quiet, Some(PriceQuiet::Fine), "nothing is to be had any more");
    assert_eq!((stall.moves(), stall.row().now_minor), (0, last));
}

#[test]
fn what_is_left_is_what_anybody_may_buy_and_where_nobody_counts_that_is_said() {
    let mut relay = Relay::new();
    let device = Device::new(1, Some(&relay));
    relay.admit(&device);
    let mut stall = bread(Stall::of(device), 18 * 60);
    stall.opens();
    assert_eq!(stall.row().quiet, Some(PriceQuiet::Fine), "sold out");
    stall.receives(90);
    stall.device.replicate(&mut relay);
    let left = |stall: &mut Stall| {
        let better = stall.row().suggested.unwrap();
        better.reasons.iter().find(|reason| reason.why == PriceWhy::Left).map(|reason| reason.first)
    };
    assert_eq!(left(&mut stall), Some(90));
    let mut placed = order_of(OrderId(thing(90).0), 20);
    placed.lines[0].product = product(MANGO);
    relay.write(placed);
    stall.device.replicate(&mut relay);
    assert_eq!(left(&mut stall), Some(70), "twenty are promised");
    // More goes out than ever came in: there are some, and nobody knows how many.
    stall.at_ms += HOUR_MS;
    stall.sells(95);
    assert_eq!((stall.row().quiet, stall.moves()), (Some(PriceQuiet::NotCounted), 0));
}

#[test]
fn nothing_moves_by_itself_with_nothing_below_it() {
    let mut stall = Stall::new();
    stall.past(30, ((250, 3), (300, 3)));
    let auto = PriceRuleInput { mode: PriceMode::Auto, aim: PriceAim::Revenue, ..plain() };
    let rule = |rule| Verb::PutPriceRule { product: Some(product(MANGO)), rule };
    assert_eq!(stall.refused(rule(auto)), "no_floor");
    assert_eq!(stall.refused(rule(PriceRuleInput { gone_by_minutes: Some(18 * 60), ..auto })), "no_floor");
    stall.does(rule(PriceRuleInput { floor_minor: Some(200), ..auto }));
    stall.edits(ProductEdit::CostMinor(Some(100)));
    stall.does(rule(auto));
    // Nobody knows its cost any more.
    stall.edits(ProductEdit::CostMinor(None));
    stall.opens();
    assert_eq!((stall.moves(), stall.row().quiet), (0, Some(PriceQuiet::NoCost)));
}

#[test]
fn a_step_is_one_from_the_days_first_price_whichever_edit_wins() {
    let mut stall = too_cheap();
    for (from, to) in [(250, 260), (260, 280)] {
        let taken = stall.accept(from, to);
        stall.does(taken);
    }
    // As where two registers moved it and the first one's edit won.
    stall.edits(ProductEdit::PriceMinor(260));
    let beyond = stall.accept(260, 290);
    assert_eq!(stall.refused(beyond), "price_beyond_limits", "287 is a step from 250");
    let within = stall.accept(260, 287);
    stall.does(within);
}

#[test]
fn a_price_far_outside_its_limits_comes_back_step_by_step() {
    let mut stall = too_cheap();
    stall.rules(PriceRuleInput { over_cost_ppm: 3_000_000, ..plain() });
    let mut seen = Vec::new();
    while let Some(better) = stall.row().suggested.filter(|_| seen.len() < 9) {
        let now = stall.row().now_minor;
        assert!(better.price_minor > now && better.price_minor <= now * 115 / 100, "{better:?}");
        let taken = stall.accept(now, better.price_minor);
        stall.does(taken);
        seen.push(better.price_minor);
        stall.at_ms += DAY_MS;
        if better.price_minor >= 400 {
            break;
        }
    }
    // Prices end in tens here.
    assert_eq!(seen.first(), Some(&280));
    assert!(seen.len() == 4 && *seen.last().unwrap() >= 400, "{seen:?}");
}

#[test]
fn an_experiment_ends_with_the_owners_own_price_whatever_the_limits_say_by_then() {
    let mut stall = steady();
    stall.does(trial(300, 315));
    stall.at_ms += DAY_MS;
    while stall.day(|_| 3) == 300 {}
    assert_eq!(stall.row().now_minor, 315);
    stall.rules(PriceRuleInput { floor_minor: Some(310), step_ppm: 10_000, ..plain() });
    stall.does(Verb::EndPriceExperiment { product: product(MANGO) });
    assert_eq!(stall.experiment().state, PriceExperimentState::Stopped);
    assert_eq!(stall.row().now_minor, 300);
}

#[test]
fn a_move_is_taken_back_at_any_distance_but_not_below_what_it_costs_now() {
    let mut stall = too_cheap();
    let taken = stall.accept(250, 280);
    stall.does(taken);
    let moved = stall.price().moves[0].moved;
    stall.at_ms += 20 * DAY_MS;
    let can_undo = |stall: &mut Stall| stall.price().moves[0].can_undo;
    assert!(can_undo(&mut stall));
    stall.edits(ProductEdit::CostMinor(Some(245)));
    assert_eq!(stall.refused(Verb::UndoPrice { moved }), "price_beyond_limits");
    assert!(!can_undo(&mut stall), "what would be refused is not offered");
    stall.rules(PriceRuleInput { mode: PriceMode::Frozen, over_cost_ppm: 0, ..plain() });
    assert_eq!(stall.refused(Verb::UndoPrice { moved }), "price_held");
    assert!(!can_undo(&mut stall));
    stall.rules(PriceRuleInput { over_cost_ppm: 0, step_ppm: 10_000, ..plain() });
    assert!(can_undo(&mut stall));
    stall.does(Verb::UndoPrice { moved });
    assert_eq!(stall.row().now_minor, 250);
}

#[test]
fn a_drawer_that_was_left_open_over_night_moves_nothing() {
    let mut stall = too_cheap();
    stall.rules(PriceRuleInput { mode: PriceMode::Auto, ..plain() });
    stall.opens();
    assert_eq!(stall.moves(), 1);
    stall.at_ms += 18 * HOUR_MS;
    assert_eq!(stall.moves(), 0, "two at night, when nobody ever bought anything");
    stall.at_ms += 8 * HOUR_MS;
    assert_eq!(stall.moves(), 0, "longer than a day");
    stall.closes();
    stall.opens();
    assert_eq!(stall.moves(), 1);
}

#[test]
fn a_price_moves_by_itself_only_in_the_hours_that_the_stall_says() {
    let mut stall = too_cheap();
    stall.rules(PriceRuleInput { mode: PriceMode::Auto, ..plain() });
    stall.does(Verb::EditStall { edits: vec![StallEdit::Opening("1111111 09:00-18:00".into())] });
    stall.opens();
    assert_eq!(stall.moves(), 0, "the drawer is open at eight, and the stall is not");
    stall.at_ms += HOUR_MS;
    assert_eq!(stall.moves(), 1);
}

#[test]
fn who_did_not_want_a_price_raised_says_nothing_of_lowering_it() {
    let mut stall = Stall::new();
    stall.past(30, ((250, 3), (150, 8)));
    stall.edits(ProductEdit::CostMinor(Some(60)));
    stall.edits(ProductEdit::PriceMinor(200));
    stall.does(Verb::RefusePrice { product: product(MANGO), price_minor: 240 });
    stall.at_ms += HOUR_MS;
    stall.edits(ProductEdit::PriceMinor(250));
    let better = stall.row().suggested.unwrap();
    assert!(better.price_minor <= 240, "{better:?}");
    stall.does(Verb::RefusePrice { product: product(MANGO), price_minor: better.price_minor });
    assert_eq!(stall.row().quiet, Some(PriceQuiet::Refused));
}

#[test]
fn what_one_register_tries_out_no_other_one_moves() {
    let mut relay = Relay::new();
    let (one, two) = (Device::new(1, Some(&relay)), Device::new(2, Some(&relay)));
    relay.admit(&one);
    relay.admit(&two);
    let mut stall = Stall::of(one);
    stall.past(40, ((300, 3), (330, 3)));
    stall.edits(ProductEdit::CostMinor(Some(100)));
    let mut beside = stall.beside(two);
    stall.rules(PriceRuleInput { mode: PriceMode::Auto, ..plain() });
    stall.does(trial(300, 315));
    stall.at_ms += DAY_MS;
    while stall.day(|_| 3) == 300 {}
    stall.device.replicate(&mut relay);
    beside.device.replicate(&mut relay);
    beside.at_ms = stall.at_ms;
    assert_eq!(beside.row().now_minor, 315);
    assert!(beside.row().suggested.is_some(), "it would move");
    beside.opens();
    assert_eq!((beside.moves(), beside.row().now_minor), (0, 315));
    assert_eq!(beside.refused(trial(315, 300)), "trial_running");
    // Over by its plan, and nobody heard of its end: that register is no more. The price from before is the owner's own.
    beside.closes();
    for (days, moved, now) in [(15, 0, 315), (7, 1, 300)] {
        beside.at_ms += days * DAY_MS;
        beside.opens();
        assert_eq!((beside.moves(), beside.row().now_minor), (moved, now), "{days} days later");
        beside.closes();
    }
    beside.opens();
    assert_eq!(beside.moves(), 0, "once a day");
}

#[test]
fn a_register_that_is_no_more_leaves_no_tried_price_behind() {
    let mut relay = Relay::new();
    let (one, two) = (Device::new(1, Some(&relay)), Device::new(2, Some(&relay)));
    relay.admit(&one);
    relay.admit(&two);
    let mut stall = Stall::of(one);
    stall.past(40, ((300, 3), (330, 3)));
    let mut beside = stall.beside(two);
    stall.does(trial(300, 315));
    stall.at_ms += DAY_MS;
    while stall.day(|_| 3) == 300 {}
    stall.device.replicate(&mut relay);
    beside.device.replicate(&mut relay);
    for (days, moved, now) in [(0, 0, 315), (1, 0, 315), (15, 0, 315), (6, 1, 300), (1, 0, 300)] {
        beside.at_ms = stall.at_ms.max(beside.at_ms) + days * DAY_MS;
        beside.opens();
        assert_eq!((beside.moves(), beside.row().now_minor), (moved, now), "{days} days later");
        beside.closes();
    }
    // What somebody took over by hand stays.
    let moved = beside.price().moves[0].moved;
    beside.does(Verb::UndoPrice { moved });
    beside.at_ms += DAY_MS;
    beside.opens();
    assert_eq!((beside.moves(), beside.row().now_minor), (0, 315));
}

#[test]
fn of_two_experiments_begun_without_a_word_one_goes_on() {
    let mut relay = Relay::new();
    let (one, two) = (Device::new(1, Some(&relay)), Device::new(2, Some(&relay)));
    relay.admit(&one);
    relay.admit(&two);
    let mut stall = Stall::of(one);
    stall.past(20, ((300, 3), (300, 3)));
    let mut beside = stall.beside(two);
    stall.device.replicate(&mut relay);
    beside.device.replicate(&mut relay);
    for register in [&mut stall, &mut beside] {
        register.does(trial(300, 315));
        register.at_ms += DAY_MS;
    }
    for _ in 0..14 {
        stall.day(|_| 3);
        stall.device.replicate(&mut relay);
        beside.device.replicate(&mut relay);
        beside.at_ms = stall.at_ms - 9 * HOUR_MS;
        beside.opens();
        beside.moves();
        beside.closes();
        beside.at_ms = stall.at_ms;
        beside.device.replicate(&mut relay);
        stall.device.replicate(&mut relay);
    }
    stall.opens();
    stall.moves();
    let ended = [stall.experiment().state, beside.experiment().state];
    assert!(ended[0] != PriceExperimentState::ByHand, "{ended:?}");
    assert_eq!(ended[1], PriceExperimentState::ByHand);
    assert_eq!(stall.row().now_minor, 300);
}

#[test]
fn a_price_set_by_hand_has_the_word_for_the_day() {
    let mut stall = too_cheap();
    stall.rules(PriceRuleInput { mode: PriceMode::Auto, ..plain() });
    stall.opens();
    stall.edits(ProductEdit::PriceMinor(240));
    assert_eq!(stall.moves(), 0);
    stall.at_ms += HOUR_MS;
    assert_eq!((stall.moves(), stall.row().now_minor), (0, 240));
    stall.closes();
    stall.at_ms += DAY_MS;
    stall.opens();
    assert_eq!(stall.moves(), 1);
}

#[test]
fn no_label_is_printed_for_next_to_nothing() {
    let mut stall = Stall::new();
    stall.past(30, ((500, 3), (600, 3)));
    stall.edits(ProductEdit::CostMinor(Some(200)));
    let auto = |floor, ceiling| PriceRuleInput {
        mode: PriceMode::Auto,
        floor_minor: Some(floor),
        ceiling_minor: Some(ceiling),
        ..plain()
    };
    stall.rules(auto(400, 512));
    let better = stall.row().suggested.unwrap().price_minor;
    assert_eq!(better, 510, "two parts of a hundred");
    stall.opens();
    assert_eq!(stall.moves(), 0);
    // A price outside of its limits comes back, however near.
    stall.rules(auto(better, 512));
    assert_eq!((stall.moves(), stall.row().now_minor), (1, better));
}

#[test]
fn a_sale_looks_at_what_must_be_gone_and_at_nothing_else_again() {
    let mut stall = too_cheap();
    stall.edits(ProductEdit::CostMinor(None));
    stall.rules(PriceRuleInput { mode: PriceMode::Auto, floor_minor: Some(200), ..plain() });
    stall.opens();
    stall.receives(20);
    assert_eq!(stall.moves(), 0, "nobody knows its cost");
    stall.edits(ProductEdit::CostMinor(Some(100)));
    stall.at_ms += HOUR_MS / 6;
    stall.sells(1);
    assert_eq!(stall.moves(), 0, "it was looked at ten minutes ago");
    stall.at_ms += HOUR_MS / 12;
    assert_eq!(stall.moves(), 1);

    let mut stall = bread(Stall::new(), 18 * 60);
    stall.opens();
    assert_eq!(stall.moves(), 0, "nothing is there");
    stall.at_ms += HOUR_MS / 12;
    stall.receives(90);
    assert_eq!(stall.moves(), 1, "so much is left now");
}

/// One look moves fifty prices at most, so that nobody waits for it; what there was no room for is moved by the next ones, in the same minute.
#[test]
fn more_prices_than_one_look_moves_are_all_moved_inside_their_limits() {
    const ALL: std::ops::Range<u16> = 200..320;
    let mut stall = Stall::new();
    for number in ALL {
        stall.device.done(create_product(number, &format!("Thing {number}")));
        let edits = vec![ProductEdit::PriceMinor(250), ProductEdit::CostMinor(Some(100))];
        stall.does(Verb::EditProduct { product: product(number), edits });
    }
    for day in 0..8 {
        // One of them was once dearer: that says how prices work here.
        let edits = vec![ProductEdit::PriceMinor(if day % 3 == 2 { 300 } else { 250 })];
        stall.does(Verb::EditProduct { product: product(ALL.start), edits });
        stall.opens();
        stall.at_ms += 5 * HOUR_MS;
        for some in (ALL.start..ALL.end).step_by(40) {
            stall.sells_of(some..some + 40, 3);
        }
        stall.at_ms += 5 * HOUR_MS;
        stall.closes();
        stall.at_ms += DAY_MS - 10 * HOUR_MS;
    }
    let edits = vec![ProductEdit::PriceMinor(250)];
    stall.does(Verb::EditProduct { product: product(ALL.start), edits });
    stall.at_ms += DAY_MS;
    for number in ALL {
        // Far below what is asked: it goes there by a day's step, as long as nothing else holds it.
        let rule = PriceRuleInput { mode: PriceMode::Auto, ceiling_minor: Some(150), ..plain() };
        stall.does(Verb::PutPriceRule { product: Some(product(number)), rule });
    }
    stall.opens();
    let moved: Vec<usize> = (0..5).map(|_| stall.moves()).collect();
    assert_eq!(moved, [50, 50, 20, 0, 0]);
    for number in ALL {
        let row = stall.row_of(number);
        // 15 % of 250.
        assert!((213..250).contains(&row.now_minor), "{number}: {}", row.now_minor);
    }
    // A day later each goes on from where it is.
    stall.closes();
    stall.at_ms += DAY_MS;
    stall.opens();
    let moved: Vec<usize> = (0..4).map(|_| stall.moves()).collect();
    assert_eq!(moved, [50, 50, 20, 0]);
    let lowest = ALL.map(|number| stall.row_of(number).now_minor).min().unwrap();
    assert!((181..213).contains(&lowest), "{lowest}");
}
