//! Prices that moved by themselves: what the limits allow is taken, and what they do not is parked with its edit.

use super::*;
use common::shop::Register;
use soko_domain::entry::{
    Entry, PriceAim, PriceCause, PriceMode, PriceMoved, PriceReason, PriceRulePut, PriceWhy, RivalLine,
    RivalPrice, RivalWay, RivalsSeen, ShiftClosed, ShiftOpened,
};
use soko_domain::verbs::move_price::Rule;
use soko_projection::ParkCode;

const SHIFT: ShiftId = ShiftId([0x5f; 16]);
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Noon of a day long before the server's clock.
const NOON_MS: i64 = 20_700 * DAY_MS + 12 * HOUR_MS;

fn rule(revision: u64, rule: &Rule) -> Entry {
    PriceRulePut {
        product: Some(TEA),
        revision,
        mode: rule.mode,
        aim: PriceAim::Revenue,
        floor_minor: rule.floor_minor,
        ceiling_minor: rule.ceiling_minor,
        over_cost_ppm: rule.over_cost_ppm,
        step_ppm: rule.step_ppm,
        gone_by_minutes: rule.gone_by_minutes,
        market_ppm: rule.market_ppm,
    }
    .into()
}

fn auto() -> Rule {
    Rule { mode: PriceMode::Auto, floor_minor: Some(300), ..Rule::default() }
}

/// A move that no register of ours would make says what it likes of its limits.
fn moved(number: u8, (from_minor, to_minor): (i64, i64), reasons: &[PriceReason]) -> Entry {
    PriceMoved {
        moved: ThingId([number; 16]),
        product: TEA,
        from_minor,
        to_minor,
        cause: PriceCause::Auto,
        undoes: None,
        low_minor: 1,
        high_minor: 1_000_000,
        gain_low_minor: 0,
        gain_minor: 0,
        gain_high_minor: 0,
        days: 1,
        reasons: reasons.to_vec(),
    }
    .into()
}

fn others_ask(price_minor: i64) -> Vec<Entry> {
    let line = |source: &str| RivalsSeen {
        source: source.into(),
        way: RivalWay::Typed,
        revision: 1,
        lines: vec![RivalLine {
            key: TEA.to_string(),
            name: "Tea".into(),
            product: Some(TEA),
            price: Some(RivalPrice {
                price_minor,
                currency: Currency::parse("EUR").unwrap(),
                unit: Unit::Piece,
                per: 1,
                seen_at_ms: NOON_MS - DAY_MS,
            }),
        }],
    };
    ["a", "b", "c"].map(|source| line(source).into()).into()
}

fn number(field: Field, number: i64) -> Edit {
    Edit::SetNumber { field, number }
}

/// The move and its edit, as a register writes them.
fn moves(register: &mut Register, (entry, to_minor): (Entry, i64), at_ms: i64) {
    register.device.write([entry], at_ms).unwrap();
    let tea = (ThingId(TEA.0), DocumentKind::Product);
    register.device.edit(tea, &[number(Field::Price, to_minor)], at_ms).unwrap();
}

async fn price(shop: &Shop) -> i64 {
    let answer = shop.server.get(&format!("/v1/stalls/{STALL}/products")).send().await;
    answer.expect(StatusCode::OK).json()["products"][0]["price_minor"].as_i64().unwrap()
}

/// Codes of what is parked, with the register's records that are.
async fn parked(shop: &Shop) -> i64 {
    let count = |tx: &mut dyn soko_record_log::Tx| {
        let sql = "select count(*) from parked where log = $1 and note = $2";
        let note = ParkCode::PriceBeyondLimits.sentence();
        tx.query_one(sql, soko_record_log::params![STALL, note])?.int(0)
    };
    shop.server.app.store().read(count).await.unwrap()
}

/// A stall whose tea moves by itself, with its drawer open.
async fn open(rules: &Rule) -> Shop {
    let mut shop = Shop::open(stores().remove(0), core(), 4).await;
    let opened = ShiftOpened { shift: SHIFT, float_minor: 0 };
    shop.register.device.write([rule(1, rules), opened.into()], NOON_MS).unwrap();
    shop
}

#[tokio::test]
async fn a_move_inside_its_limits_is_taken_and_one_beyond_them_stops_nobody() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 4).await;
        let opened = ShiftOpened { shift: SHIFT, float_minor: 0 };
        // All in one run: the server knew nothing of it before.
        shop.register.device.write([rule(1, &auto()), opened.into()], NOON_MS).unwrap();
        moves(&mut shop.register, (moved(1, (450, 500), &[]), 500), NOON_MS);
        shop.exchange().await;
        assert_eq!((price(&shop).await, parked(&shop).await), (500, 0));
        // Another step on the same day, in another exchange: 450 and 15 % are 517.
        moves(&mut shop.register, (moved(2, (500, 570), &[]), 570), NOON_MS + HOUR_MS);
        let closed = ShiftClosed { shift: SHIFT, expected_minor: 0, counted_minor: 0, reason: String::new() };
        shop.register.device.write([closed.into()], NOON_MS + 2 * HOUR_MS).unwrap();
        shop.exchange().await;
        assert_eq!((price(&shop).await, parked(&shop).await), (500, 2), "the move and its edit");
        let is_open = |tx: &mut dyn soko_record_log::Tx| {
            let sql = "select count(*) from shift where log = $1 and closed = 0";
            tx.query_one(sql, soko_record_log::params![STALL])?.int(0)
        };
        assert_eq!(shop.server.app.store().read(is_open).await.unwrap(), 0, "what came behind it counts");
        let mut other = shop.register(2, "owner").await;
        let beside = (ThingId([9; 16]), DocumentKind::Product);
        let jam =
            Product { name: "Jam".into(), price_minor: 1, currency: "EUR".into(), ..Product::default() };
        other.device.edit(beside, &jam.edits(), NOON_MS).unwrap();
        common::shop::exchange(&shop.server, &mut other).await;
        assert_eq!((price(&shop).await, parked(&shop).await), (500, 2));
    }
}

/// One day's move from 450 after something was said or edited; what the server has afterwards.
async fn after(
    rules: Rule,
    said: Vec<Entry>,
    edits: &[(DocumentKind, Edit)],
    (to_minor, reasons): (i64, &[PriceReason]),
) -> (i64, i64) {
    let mut shop = open(&rules).await;
    shop.register.device.write(said, NOON_MS).unwrap();
    // What others ask is the register's own word until the server has it.
    shop.exchange().await;
    for (kind, edit) in edits {
        let document = if *kind == DocumentKind::Stall { STALL.0 } else { TEA.0 };
        let edits = std::slice::from_ref(edit);
        shop.register.device.edit((ThingId(document), *kind), edits, NOON_MS).unwrap();
    }
    moves(&mut shop.register, (moved(1, (450, to_minor), reasons), to_minor), NOON_MS);
    shop.exchange().await;
    (price(&shop).await, parked(&shop).await)
}

#[tokio::test]
async fn each_limit_is_asked_by_the_server_too() {
    let text = |field, text: &str| (DocumentKind::Stall, Edit::SetText { field, text: text.into() });
    let cost = |minor| (DocumentKind::Product, number(Field::Cost, minor));
    let new_day = [PriceReason { why: PriceWhy::Left, first: 0, second: 0 }];
    let tried = [PriceReason { why: PriceWhy::Curious, first: 3, second: 14 }];
    let closed = ShiftClosed { shift: SHIFT, expected_minor: 0, counted_minor: 0, reason: String::new() };
    let plain = Rule { mode: PriceMode::Suggest, ..auto() };
    let frozen = Rule { mode: PriceMode::Frozen, ..auto() };
    let bottomless = Rule { floor_minor: None, ..auto() };
    let (taken, held) = (0, 2);
    for (what, rules, said, edits, (to, reasons), expected) in [
        ("nothing is wrong", auto(), vec![], vec![], (500, &[][..]), taken),
        ("the step", auto(), vec![], vec![], (520, &[]), held),
        ("the floor", Rule { floor_minor: Some(440), ..auto() }, vec![], vec![], (430, &[]), held),
        ("the ceiling", Rule { ceiling_minor: Some(460), ..auto() }, vec![], vec![], (470, &[]), held),
        ("the cost", auto(), vec![], vec![cost(400)], (410, &[]), held),
        ("what it costs", auto(), vec![], vec![cost(380)], (410, &[]), taken),
        ("an essential", frozen, vec![], vec![], (460, &[]), held),
        ("nobody allowed it", plain, vec![], vec![], (460, &[]), held),
        ("nothing below it", bottomless, vec![], vec![], (460, &[]), held),
        ("no drawer is open", auto(), vec![closed.into()], vec![], (460, &[]), held),
        ("at night", auto(), vec![], vec![text(Field::Opening, "1111111 13:00-18:00")], (460, &[]), held),
        ("by day", auto(), vec![], vec![text(Field::Opening, "1111111 11:00-18:00")], (460, &[]), taken),
        ("what others ask", auto(), others_ask(340), vec![], (460, &[]), held),
        ("as others do", auto(), others_ask(400), vec![], (460, &[]), taken),
        ("its usual price at any distance", auto(), vec![], vec![], (310, &new_day), taken),
        ("its usual price below the floor", auto(), vec![], vec![], (290, &new_day), held),
        ("an experiment", plain, vec![], vec![], (500, &tried), taken),
        ("an experiment beyond the step", plain, vec![], vec![], (520, &tried), held),
    ] {
        let found = after(rules, said, &edits, (to, reasons)).await;
        assert_eq!(found, (if expected == taken { to } else { 450 }, expected), "{what}");
    }
}

#[tokio::test]
async fn an_experiment_goes_back_and_a_persons_edit_is_never_lost_with_a_move() {
    let tried = [PriceReason { why: PriceWhy::Curious, first: 3, second: 14 }];
    let mut shop = open(&auto()).await;
    moves(&mut shop.register, (moved(1, (450, 500), &tried), 500), NOON_MS);
    // Narrower by now: the owner's own price comes back all the same.
    let narrow = Rule { floor_minor: Some(490), step_ppm: 1_000, ..auto() };
    shop.register.device.write([rule(2, &narrow)], NOON_MS + HOUR_MS).unwrap();
    moves(&mut shop.register, (moved(2, (500, 450), &tried), 450), NOON_MS + DAY_MS);
    shop.exchange().await;
    assert_eq!((price(&shop).await, parked(&shop).await), (450, 0));

    let mut shop = open(&auto()).await;
    moves(&mut shop.register, (moved(1, (450, 900), &[]), 900), NOON_MS);
    let tea = (ThingId(TEA.0), DocumentKind::Product);
    shop.register.device.edit(tea, &[number(Field::Price, 800)], NOON_MS + HOUR_MS).unwrap();
    shop.exchange().await;
    assert_eq!((price(&shop).await, parked(&shop).await), (800, 0), "who sets it by hand has the word");
    // From there on, one step of the day's first price at a time, whatever a move says that it comes from.
    moves(&mut shop.register, (moved(2, (1_000, 1_100), &[]), 1_100), NOON_MS + DAY_MS);
    moves(&mut shop.register, (moved(3, (1_100, 900), &[]), 900), NOON_MS + DAY_MS + HOUR_MS);
    shop.exchange().await;
    assert_eq!((price(&shop).await, parked(&shop).await), (800, 4), "what moves on from it goes with it");
}
