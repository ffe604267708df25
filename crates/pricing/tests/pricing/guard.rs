//! No price outside its band, whatever anybody says.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use soko_pricing::guard::{
    Band, Facts, Held, Limit, MARKET_AGE_MS_MAX, PRICE_MINOR_MAX, Quote, Rival, Rules, band, market_median,
    may,
};

use crate::made_up::{KES, facts, quote};

fn rival(price_minor: i64) -> Rival {
    Rival { quote: quote(price_minor), seen_at_ms: facts(1).at_ms }
}

#[test]
fn each_limit_holds_alone() {
    let free = Rules { step_ppm: 900_000, market_ppm: 100_000, over_cost_ppm: 100_000, ..Rules::default() };
    let rivals = [rival(100), rival(110), rival(120)];
    let with = |rules, facts: Facts<'_>| {
        band(&rules, &facts).map(|it| (it.low_minor, it.low_by, it.high_minor, it.high_by))
    };
    let open = facts(100);
    for (name, rules, facts, expected) in [
        ("step", Rules { step_ppm: 100_000, ..free }, open, (90, Limit::Step, 110, Limit::Step)),
        ("floor", Rules { floor_minor: Some(95), ..free }, open, (95, Limit::Own, 190, Limit::Step)),
        ("ceiling", Rules { ceiling_minor: Some(130), ..free }, open, (10, Limit::Step, 130, Limit::Own)),
        ("cost", free, Facts { cost_minor: Some(81), ..open }, (90, Limit::Cost, 190, Limit::Step)),
        ("market", free, Facts { rivals: &rivals, ..open }, (99, Limit::Market, 121, Limit::Market)),
    ] {
        assert_eq!(with(rules, facts), Ok(expected), "{name}");
    }
}

#[test]
fn what_keeps_a_price_is_said_in_order() {
    let none = facts(0);
    let frozen = Rules { is_frozen: true, ..Rules::default() };
    let closed = Facts { is_open: false, ..facts(100) };
    assert_eq!(band(&frozen, &Facts { is_open: false, ..none }), Err(Held::NoPrice));
    assert_eq!(band(&frozen, &closed), Err(Held::Frozen));
    assert_eq!(band(&Rules::default(), &closed), Err(Held::Closed));
    let dear = Facts { cost_minor: Some(200), ..facts(100) };
    let capped = Rules { ceiling_minor: Some(150), ..Rules::default() };
    assert_eq!(
        band(&capped, &dear),
        Err(Held::NoRoom { low_minor: 210, low_by: Limit::Cost, high_minor: 150, high_by: Limit::Own })
    );
    assert_eq!(
        may(&Rules::default(), &facts(100), 116),
        Err(Held::Outside { low_minor: 85, high_minor: 115 })
    );
}

#[test]
fn where_only_the_step_bars_the_way_a_price_comes_nearer() {
    let rules = Rules { over_cost_ppm: 100_000, ..Rules::default() };
    let ends = |rules, facts: Facts<'_>| band(&rules, &facts).map(|it| (it.low_minor, it.high_minor));
    let dear = Facts { cost_minor: Some(110), ..facts(100) };
    assert_eq!(ends(rules, dear), Ok((100, 115)), "121 is two days away");
    // What was reached today is not left again.
    let moved = Facts { now: quote(110), ..dear };
    assert_eq!(ends(rules, moved), Ok((110, 115)));
    let capped = Rules { ceiling_minor: Some(60), ..rules };
    assert_eq!(ends(capped, facts(100)), Ok((85, 100)));
    // Others who all ask too much lead it nowhere.
    let rivals = [rival(900), rival(900), rival(900)];
    let held = ends(rules, Facts { rivals: &rivals, ..facts(100) });
    assert!(matches!(held, Err(Held::NoRoom { low_minor: 630, low_by: Limit::Market, .. })), "{held:?}");
}

#[test]
fn a_hostile_market_is_not_listened_to() {
    let now = facts(100);
    let stale = Rival { seen_at_ms: now.at_ms - MARKET_AGE_MS_MAX - 1, ..rival(100) };
    let future = Rival { seen_at_ms: now.at_ms + 1, ..rival(100) };
    let other_money = Rival { quote: Quote { currency: *b"USD", ..quote(100) }, ..rival(1) };
    let other_unit = Rival { quote: Quote { unit: 2, ..quote(100) }, ..rival(1) };
    let for_nothing = Rival { quote: Quote { per: 0, ..quote(100) }, ..rival(1) };
    for bad in [
        rival(0),
        rival(-5),
        rival(i64::MIN),
        rival(i64::MAX),
        stale,
        future,
        other_money,
        other_unit,
        for_nothing,
    ] {
        let rivals = [bad; 5];
        assert_eq!(market_median(&Facts { rivals: &rivals, ..now }), None, "{bad:?}");
    }
    // Two make no market; and one wild price moves no median.
    assert_eq!(market_median(&Facts { rivals: &[rival(90), rival(95)], ..now }), None);
    let rivals = [rival(90), rival(PRICE_MINOR_MAX), rival(95)];
    assert_eq!(market_median(&Facts { rivals: &rivals, ..now }), Some(95));
    // A kilogram's price compares with that of a half.
    let half = Rival { quote: Quote { per: 2, ..quote(200) }, ..rival(1) };
    assert_eq!(market_median(&Facts { rivals: &[half; 3], ..now }), Some(100));
}

fn any_minor() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(-1),
        Just(i64::MIN),
        Just(i64::MAX),
        Just(PRICE_MINOR_MAX),
        1..100_000_i64,
        any::<i64>()
    ]
}

fn any_ppm() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), 0..1_000_000_u32, any::<u32>()]
}

prop_compose! {
    pub(crate) fn any_rules()(
        floor_minor in proptest::option::of(any_minor()), ceiling_minor in proptest::option::of(any_minor()),
        over_cost_ppm in any_ppm(), step_ppm in any_ppm(), market_ppm in any_ppm(), is_frozen in proptest::bool::weighted(0.1),
    ) -> Rules {
        Rules { floor_minor, ceiling_minor, over_cost_ppm, step_ppm, market_ppm, is_frozen }
    }
}

prop_compose! {
    pub(crate) fn any_rival()(
        price_minor in any_minor(), is_ours in any::<bool>(), unit in 0..3_u8, per in prop_oneof![Just(1_i64), any::<i64>()],
        age_ms in prop_oneof![0..MARKET_AGE_MS_MAX, any::<i64>()],
    ) -> Rival {
        let currency = if is_ours { KES } else { *b"XXX" };
        Rival { quote: Quote { price_minor, currency, unit, per }, seen_at_ms: facts(1).at_ms.wrapping_sub(age_ms) }
    }
}

/// The limits once more, written down separately and in floats of many digits' tolerance.
pub(crate) fn is_inside(rules: &Rules, facts: &Facts<'_>, price: i64) -> bool {
    let near = |limit: f64| limit.abs() * 1e-9 + 1e-6;
    let (price, day, now) = (price as f64, facts.day_price_minor as f64, facts.now.price_minor as f64);
    let part = |ppm: u32| f64::from(ppm) / 1e6;
    let around = |middle: f64, ppm: u32| (middle * (1.0 - part(ppm)), middle * (1.0 + part(ppm)));
    let mut low = rules.floor_minor.map_or(1.0, |floor| (floor as f64).max(1.0));
    let most = PRICE_MINOR_MAX as f64;
    let mut high = rules.ceiling_minor.map_or(most, |ceiling| most.min(ceiling as f64));
    if let Some(cost) = facts.cost_minor.filter(|cost| *cost > 0) {
        low = low.max(cost as f64 * (1.0 + part(rules.over_cost_ppm)));
    }
    // What others ask draws no price.
    let firm = (low, high);
    if let Some(median) = market_median(facts) {
        let (least, most) = around(median as f64, rules.market_ppm);
        (low, high) = (low.max(least), high.min(most));
    }
    let (nearest, furthest) = around(day, rules.step_ppm);
    let between =
        |low: f64, high: f64| price >= low - near(low) && price <= high + near(high) && price >= 1.0;
    let barred_below =
        furthest.floor() < firm.0.ceil() + near(firm.0) && price + near(price) >= now.min(furthest.floor());
    let barred_above =
        nearest.ceil() > firm.1.floor() - near(firm.1) && price - near(price) <= now.max(nearest.ceil());
    !rules.is_frozen
        && facts.is_open
        && low <= high + near(high)
        && between(nearest, furthest)
        && (between(low, high) || barred_below || barred_above)
}

/// Rules and numbers as a stall may have them, where most leave a price; [`any_rules`] mostly leave none.
fn usual_rules() -> impl Strategy<Value = Rules> {
    let ppm = 0..400_000_u32;
    let limits = (proptest::option::of(40..110_i64), proptest::option::of(90..250_i64));
    (limits, ppm.clone(), ppm.clone(), ppm).prop_map(|((floor_minor, ceiling_minor), over, step, market)| {
        Rules {
            floor_minor,
            ceiling_minor,
            over_cost_ppm: over,
            step_ppm: step,
            market_ppm: market,
            is_frozen: false,
        }
    })
}

/// Two thousand sets of rules and facts, the same on every run: of those that leave a price there must be enough, or nothing was
/// tried.
#[test]
fn no_band_lets_a_price_out() {
    let anything = (
        prop_oneof![
            (any_rules(), any_minor(), any_minor(), proptest::option::of(any_minor())),
            (usual_rules(), 80..130_i64, 80..130_i64, proptest::option::of(30..100_i64)),
        ],
        proptest::collection::vec(any_rival(), 0..6),
        (proptest::bool::weighted(0.9), prop_oneof![any_minor(), 70..140_i64]),
    );
    let (bands, allowed) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(crate::config(2_000));
    let tried = runner.run(&anything, |((rules, price, day, cost), rivals, (is_open, asked))| {
        let facts =
            Facts { day_price_minor: day, cost_minor: cost, rivals: &rivals, is_open, ..facts(price) };
        if let Ok(Band { low_minor, high_minor, .. }) = band(&rules, &facts) {
            bands.set(bands.get() + 1);
            prop_assert!(low_minor <= high_minor);
            for edge in [low_minor, high_minor, low_minor + (high_minor - low_minor) / 2] {
                prop_assert!(may(&rules, &facts, edge).is_ok());
                prop_assert!(is_inside(&rules, &facts, edge), "{edge} by {rules:?} and {facts:?}");
            }
        }
        if may(&rules, &facts, asked).is_ok() {
            allowed.set(allowed.get() + 1);
            prop_assert!(is_inside(&rules, &facts, asked));
        }
        Ok(())
    });
    tried.unwrap();
    assert!(bands.get() > 500 && allowed.get() > 200, "{} bands, {} allowed", bands.get(), allowed.get());
}
