//! Stock that must be gone.

use soko_pricing::finite::{Clearance, Table, best};

use crate::made_up::{days, learnt};

#[test]
fn a_plan_of_two_steps_is_what_counting_by_hand_gives() {
    // One unit, two steps; who comes pays 10 surely with 0.5, and 6 with 0.9 (rates of Poisson: −ln(1 − p)).
    let rates = [0.5_f64, 0.9].map(|sure| -(1.0 - sure).ln());
    let table = Table { prices: &[10, 6], rates: &rates, dispersion: 0.0 };
    let sale = Clearance { stock: 1.0, steps: &[1.0, 1.0], salvage_minor: 0 };
    let values = table.first_step(&sale);
    // Last step: max(0.5·10, 0.9·6) = 5.4. First: 0.5·10 + 0.5·5.4 and 0.9·6 + 0.1·5.4.
    for (value, expected) in values.iter().zip([7.7, 5.94]) {
        assert!((value - expected).abs() < 1e-9, "{values:?}");
    }
}

#[test]
fn the_more_is_left_and_the_less_time_the_lower() {
    let days = days(60, 40.0, -2.2, 1.0, 2);
    let (_, belief, group) = learnt(&days);
    let prices: Vec<i64> = (4..=14).map(|at| at * 10).collect();
    let price = |stock: f64, steps: &[f64]| {
        let sale = Clearance { stock, steps, salvage_minor: 0 };
        best(&belief, &group, &prices, &sale, 1.0).unwrap()
    };
    let day = [0.25; 4];
    assert!(price(80.0, &day) < price(10.0, &day));
    assert!(price(20.0, &day[..1]) < price(20.0, &day));
    // What can be kept is not thrown after anybody.
    let kept = Clearance { stock: 80.0, steps: &day, salvage_minor: 90 };
    assert!(best(&belief, &group, &prices, &kept, 1.0).unwrap() >= 100);
}

#[test]
fn a_stock_that_nobody_could_count_is_planned_in_lots() {
    let (_, belief, group) = learnt(&days(30, 40.0, -2.0, 1.0, 3));
    for stock in [0.0, 0.4, 1e6, 1e300, f64::INFINITY, f64::NAN] {
        let sale = Clearance { stock, steps: &[0.5, 0.5], salvage_minor: 0 };
        let price = best(&belief, &group, &[80, 100], &sale, 1.0);
        assert!(matches!(price, Some(80 | 100)), "{stock}: {price:?}");
    }
}
