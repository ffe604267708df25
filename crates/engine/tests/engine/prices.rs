//! Prices that learn: what a register's own records say, what an owner allows, and who has the last word.

use soko_app_api::{
    AuditWhat, BeyondShare, Command, DiscountInput, PriceExperimentRow, PriceExperimentState, PriceQuiet,
    PriceRow, PriceRuleInput, PriceView, PricesView, ProductEdit, Query, SaleLineInput, StallEdit,
    TenderInput, Verb, View,
};
use soko_domain::entry::{PriceAim, PriceCause, PriceMode, PriceWhy};
use soko_domain::ids::{ProductId, ShiftId};
use soko_domain::role::Role;
use soko_engine::{NotDone, Now};

use crate::world::{
    Device, NOON_MS, STALL, command, create_product, create_stall, product, receive, sale_id, thing,
};

pub(crate) const MANGO: u16 = 101;
pub(crate) const DAY_MS: i64 = 86_400_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// A stall with a past: its clock, and ids that were not used.
pub(crate) struct Stall {
    pub(crate) device: Device,
    pub(crate) at_ms: i64,
    next: u16,
}

impl Stall {
    pub(crate) fn new() -> Self {
        Self::of(Device::new(1, None))
    }

    /// On a device that may meet others.
    pub(crate) fn of(mut device: Device) -> Self {
        device.done(create_stall(1));
        device.done(create_product(MANGO, "Mango"));
        Self { device, at_ms: NOON_MS - 4 * HOUR_MS, next: 1_000 }
    }

    /// Another register, at the same moment.
    pub(crate) fn beside(&self, device: Device) -> Self {
        Self { device, at_ms: self.at_ms, next: 9_000 }
    }

    fn command(&mut self, verb: Verb) -> Command {
        self.next += 1;
        command(self.next, verb)
    }

    pub(crate) fn try_to(&mut self, verb: Verb) -> Result<soko_app_api::Reply, NotDone> {
        let command = self.command(verb);
        self.device.engine.handle(command, Now::utc(self.at_ms))
    }

    pub(crate) fn does(&mut self, verb: Verb) {
        self.try_to(verb).unwrap();
    }

    pub(crate) fn refused(&mut self, verb: Verb) -> String {
        match self.try_to(verb) {
            Err(NotDone::Refused(refused)) => refused.code,
            other => panic!("not refused: {other:?}"),
        }
    }

    pub(crate) fn opens(&mut self) {
        let shift = ShiftId(thing(self.next + 1).0);
        self.does(Verb::OpenShift { shift, float_minor: 0 });
    }

    pub(crate) fn closes(&mut self) {
        let View::Shift(shift) = self.asked(&Query::Shift(STALL)) else { panic!("no shift") };
        let counted_minor = shift.expected_minor.unwrap();
        self.does(Verb::CloseShift { shift: shift.shift, counted_minor, reason: String::new() });
    }

    pub(crate) fn sells(&mut self, quantity: i64) {
        self.sells_of(MANGO..MANGO + 1, quantity);
    }

    pub(crate) fn sells_of(&mut self, products: std::ops::Range<u16>, quantity: i64) {
        self.next += 1;
        let verb = Verb::MakeSale {
            sale: sale_id(self.next),
            lines: products.map(|it| SaleLineInput::of(product(it), quantity)).collect(),
            discount: DiscountInput::None,
            tenders: vec![TenderInput::cash(1_000_000)],
            beyond: BeyondShare::Allow,
            about: soko_app_api::SaleAbout::default(),
        };
        self.device.engine.handle(command(self.next, verb), Now::utc(self.at_ms)).unwrap();
    }

    pub(crate) fn receives(&mut self, quantity: i64) {
        self.next += 1;
        let delivery = receive(self.next, product(MANGO), quantity);
        self.device.engine.handle(delivery, Now::utc(self.at_ms)).unwrap();
    }

    pub(crate) fn edits(&mut self, edit: ProductEdit) {
        self.does(Verb::EditProduct { product: product(MANGO), edits: vec![edit] });
    }

    /// Days from eight to six with so many units in each of ten hours; every third is at another price with fewer.
    pub(crate) fn past(&mut self, days: i64, (usual, dear): ((i64, i64), (i64, i64))) {
        for day in 0..days {
            let (price, hourly) = if day % 3 == 2 { dear } else { usual };
            self.edits(ProductEdit::PriceMinor(price));
            self.opens();
            // Not the same number each hour: chance, as it is.
            let more = |hour: i64| i64::from((day * 7 + hour * 3) % 5 == 0);
            self.receives((0..10).map(|hour| hourly + more(hour)).sum());
            for hour in 0..10 {
                let more = more(hour);
                self.at_ms += HOUR_MS / 2;
                self.sells(hourly + more);
                self.at_ms += HOUR_MS / 2;
            }
            self.closes();
            // In the evening: whoever sets a price has the word for that day.
            self.edits(ProductEdit::PriceMinor(usual.0));
            self.at_ms += DAY_MS - 10 * HOUR_MS;
        }
    }

    pub(crate) fn asked(&mut self, query: &Query) -> View {
        self.device.engine.answer(query, Now::utc(self.at_ms)).unwrap()
    }

    pub(crate) fn prices(&mut self) -> PricesView {
        match self.asked(&Query::Prices(STALL)) {
            View::Prices(prices) => *prices,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn row(&mut self) -> PriceRow {
        self.price().row
    }

    pub(crate) fn row_of(&mut self, number: u16) -> PriceRow {
        self.price_of(number).row
    }

    pub(crate) fn price(&mut self) -> PriceView {
        self.price_of(MANGO)
    }

    fn price_of(&mut self, number: u16) -> PriceView {
        match self.asked(&Query::Price { stall: STALL, product: product(number) }) {
            View::Price(price) => *price,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn rules(&mut self, rule: PriceRuleInput) {
        self.does(Verb::PutPriceRule { product: Some(product(MANGO)), rule });
    }

    pub(crate) fn moves(&mut self) -> usize {
        self.device.engine.move_prices(STALL, Now::utc(self.at_ms)).unwrap()
    }

    pub(crate) fn accept(&self, from_minor: i64, to_minor: i64) -> Verb {
        Verb::AcceptPrice { product: product(MANGO), from_minor, to_minor }
    }
}

pub(crate) fn plain() -> PriceRuleInput {
    PriceRuleInput {
        mode: PriceMode::Suggest,
        aim: PriceAim::Margin,
        floor_minor: None,
        ceiling_minor: None,
        over_cost_ppm: 50_000,
        step_ppm: 150_000,
        gone_by_minutes: None,
        market_ppm: 300_000,
    }
}

/// At 250 three an hour, at 300 hardly fewer: it is too cheap.
pub(crate) fn too_cheap() -> Stall {
    let mut stall = Stall::new();
    stall.past(30, ((250, 3), (300, 3)));
    stall.edits(ProductEdit::CostMinor(Some(100)));
    stall
}

#[test]
fn a_better_price_is_said_with_its_reasons_and_taken_with_one_tap() {
    let mut stall = too_cheap();
    let prices = stall.prices();
    let row = &prices.rows[0];
    let better = row.suggested.clone().unwrap();
    assert_eq!((row.name.as_str(), row.now_minor, row.mode), ("Mango", 250, PriceMode::Suggest));
    assert!(better.price_minor > 250 && better.price_minor <= 287, "{better:?}");
    assert_eq!((better.low_minor, better.high_minor), (213, 287));
    assert!(better.gain_minor.low < better.gain_minor.likely && better.gain_minor.likely > 0, "{better:?}");
    assert!(better.better_percent >= 80 && better.learnt_days == 30 && better.learnt_sold > 900);
    assert!(better.reasons.iter().any(|reason| reason.why == PriceWhy::TenthDearer), "{better:?}");
    assert!(better.reasons.iter().any(|reason| reason.why == PriceWhy::HeldByStep), "{better:?}");

    let taken = stall.accept(250, better.price_minor);
    stall.does(taken);
    let price = stall.price();
    assert_eq!(price.row.now_minor, better.price_minor);
    let moved = &price.moves[0];
    assert_eq!((moved.from_minor, moved.cause, moved.can_undo), (250, PriceCause::Accepted, true));
    assert_eq!((moved.reasons.clone(), moved.gain_minor), (better.reasons, better.gain_minor));
    // Whoever looks into it finds it.
    let what = Some(AuditWhat::PriceMoved);
    let audit = Query::Audit { stall: STALL, person: None, business_day: None, what, before: None, rows: 9 };
    let View::Audit(rows) = stall.asked(&audit) else { panic!("no audit") };
    assert_eq!((rows[0].about.as_str(), rows[0].amount_minor), ("Mango", Some(better.price_minor)));
    // The day's step is measured from its first price, however often it moves.
    let again = stall.accept(better.price_minor, 300);
    assert_eq!(stall.refused(again), "price_beyond_limits");
}

#[test]
fn a_day_without_a_sale_has_the_price_that_stood_whoever_set_it() {
    let mut stall = Stall::new();
    stall.past(10, ((250, 3), (250, 3)));
    stall.receives(50);
    // By hand, in the morning; and nobody buys at it.
    stall.edits(ProductEdit::PriceMinor(400));
    for _ in 0..5 {
        stall.opens();
        stall.at_ms += 10 * HOUR_MS;
        stall.closes();
        stall.at_ms += 14 * HOUR_MS;
    }
    // Halfway through an open day, and on one on which the stall stays closed.
    stall.opens();
    stall.at_ms += 5 * HOUR_MS;
    stall.edits(ProductEdit::PriceMinor(200));
    stall.at_ms += 5 * HOUR_MS;
    stall.closes();
    stall.at_ms += DAY_MS;
    stall.edits(ProductEdit::PriceMinor(350));
    stall.at_ms += 14 * HOUR_MS;
    stall.opens();
    stall.at_ms += 10 * HOUR_MS;
    stall.closes();
    stall.at_ms += 14 * HOUR_MS;
    let days: Vec<(i64, i64)> =
        stall.price().days.iter().skip(9).map(|day| (day.price_minor, day.sold)).collect();
    assert_eq!(days[0].0, 250);
    assert!(days[0].1 > 30, "{days:?}");
    assert_eq!(days[1..], [(400, 0), (400, 0), (400, 0), (400, 0), (400, 0), (300, 0), (350, 0)]);
}

#[test]
fn what_is_likely_to_sell_counts_only_days_on_which_the_stall_opens() {
    let mut stall = Stall::new();
    for week in 0..6 {
        // No weekday has a price of its own: it would be the day that sells, and not the price.
        let (usual, dear) = if week % 2 == 1 { (250, 300) } else { (300, 250) };
        stall.past(5, ((usual, 3), (dear, 3)));
        stall.at_ms += 2 * DAY_MS;
    }
    stall.edits(ProductEdit::CostMinor(Some(100)));
    // Thirty and some more on each of five days.
    let row = stall.row();
    let better = row.suggested.clone().unwrap_or_else(|| panic!("{row:?}"));
    assert_eq!(better.days, 7);
    assert!((140..190).contains(&better.sold_now.likely), "{better:?}");
    // What the stall says of its hours comes first.
    stall.does(Verb::EditStall { edits: vec![StallEdit::Opening("1010100 08:00-18:00".into())] });
    stall.at_ms += HOUR_MS;
    let better = stall.row().suggested.unwrap();
    assert!((84..115).contains(&better.sold_now.likely), "{better:?}");
}

#[test]
fn a_move_is_taken_back_and_neither_it_nor_a_refused_one_comes_back_soon() {
    let mut stall = too_cheap();
    let better = stall.row().suggested.unwrap().price_minor;
    let taken = stall.accept(250, better);
    stall.does(taken);
    let moved = stall.price().moves[0].moved;
    stall.does(Verb::UndoPrice { moved });
    let price = stall.price();
    assert_eq!((price.row.now_minor, price.moves[0].cause), (250, PriceCause::Undone));
    assert!(!price.moves[0].can_undo && price.moves.len() == 2);
    assert_eq!(price.row.quiet, Some(PriceQuiet::Refused));
    assert_eq!(stall.refused(Verb::UndoPrice { moved }), "price_changed");

    let mut stall = too_cheap();
    stall.does(Verb::RefusePrice { product: product(MANGO), price_minor: better });
    assert_eq!(stall.row().quiet, Some(PriceQuiet::Refused));
    assert!(stall.prices().rows.is_empty());
    stall.at_ms += 15 * DAY_MS;
    assert!(stall.row().suggested.is_some(), "after two weeks it may be said again");
}

#[test]
fn limits_hold_for_suggestions_and_for_whoever_asks_for_more() {
    let mut stall = too_cheap();
    stall.rules(PriceRuleInput { ceiling_minor: Some(260), ..plain() });
    let better = stall.row().suggested.unwrap();
    assert!(better.price_minor <= 260 && better.high_minor == 260, "{better:?}");
    let beyond = stall.accept(250, 261);
    assert_eq!(stall.refused(beyond), "price_beyond_limits");
    let stale = stall.accept(240, 255);
    assert_eq!(stall.refused(stale), "price_changed");
    stall.rules(PriceRuleInput { mode: PriceMode::Frozen, ..plain() });
    assert_eq!(stall.row().quiet, Some(PriceQuiet::Frozen));
    let frozen = stall.accept(250, 255);
    assert_eq!(stall.refused(frozen), "price_held");
    // Its cost and 300 % are above what others than its owner allow.
    stall.rules(PriceRuleInput { over_cost_ppm: 3_000_000, ceiling_minor: Some(390), ..plain() });
    assert!(matches!(stall.row().quiet, Some(PriceQuiet::NoRoom { low_minor: 400, .. })));
}

#[test]
fn a_cart_keeps_the_price_it_began_with_and_nobody_needs_a_manager_for_it() {
    let mut stall = too_cheap();
    stall.opens();
    let told = SaleLineInput { unit_price_minor: Some(250), ..SaleLineInput::of(product(MANGO), 2) };
    let taken = stall.accept(250, 270);
    stall.does(taken);
    let ask = |line: &SaleLineInput| Query::Basket {
        stall: STALL,
        lines: vec![line.clone()],
        discount: DiscountInput::None,
        tenders: Vec::new(),
    };
    let View::Basket(basket) = stall.asked(&ask(&told)) else { panic!("no basket") };
    // Without a mark that somebody changed the price.
    assert_eq!((basket.total_minor, basket.lines[0].own_price_minor), (500, None));
    let fresh = SaleLineInput::of(product(MANGO), 2);
    let View::Basket(basket) = stall.asked(&ask(&fresh)) else { panic!("no basket") };
    assert_eq!(basket.total_minor, 540);
    // It needs no word, and it can be read: nobody sees when it was told.
    let verb = Verb::MakeSale {
        sale: sale_id(900),
        lines: vec![told.clone(), fresh],
        discount: DiscountInput::None,
        tenders: vec![TenderInput::cash(10_000)],
        beyond: BeyondShare::Allow,
        about: soko_app_api::SaleAbout::default(),
    };
    stall.does(verb);
    let what = Some(AuditWhat::PriceOverridden);
    let audit = Query::Audit { stall: STALL, person: None, business_day: None, what, before: None, rows: 9 };
    let View::Audit(rows) = stall.asked(&audit) else { panic!("no audit") };
    assert_eq!((rows.len(), rows[0].parts.len(), rows[0].parts[0].about.as_str()), (1, 1, "Mango"));
    // The next day nobody was told the old price.
    stall.at_ms += DAY_MS;
    let View::Basket(basket) = stall.asked(&ask(&told)) else { panic!("no basket") };
    assert_eq!(basket.lines[0].own_price_minor, Some(270));
}

#[test]
fn bread_moves_by_itself_over_a_market_day_inside_its_limits() {
    let mut stall = Stall::new();
    // Half as dear sells nearly four times as much.
    stall.past(30, ((250, 3), (150, 8)));
    stall.edits(ProductEdit::CostMinor(Some(60)));
    let bread = PriceRuleInput {
        mode: PriceMode::Auto,
        floor_minor: Some(180),
        step_ppm: 400_000,
        gone_by_minutes: Some(18 * 60),
        ..plain()
    };
    stall.rules(bread);
    assert_eq!(stall.moves(), 0, "nothing moves before the stall opens");
    stall.opens();
    stall.receives(90);
    let mut seen = vec![250];
    for _ in 0..19 {
        stall.at_ms += HOUR_MS / 2;
        stall.moves();
        let now = stall.row().now_minor;
        seen.push(now);
        assert!((180..=350).contains(&now), "{seen:?}");
        stall.sells(if now < 220 { 3 } else { 1 });
    }
    let last = *seen.last().unwrap();
    assert!(last < 250, "so much is left that it gets cheaper: {seen:?}");
    let price = stall.price();
    assert!(price.moves.iter().all(|moved| moved.cause == PriceCause::Auto));
    let curious = |reason: &soko_app_api::PriceReasonRow| reason.why == PriceWhy::Curious;
    assert!(
        !price.moves.iter().any(|it| it.reasons.iter().any(curious)),
        "what must be gone finds nothing out"
    );
    let why: Vec<PriceWhy> = price.moves[0].reasons.iter().map(|reason| reason.why).collect();
    assert!(why.contains(&PriceWhy::Left) && why.contains(&PriceWhy::Kept), "{why:?}");
    // Whoever takes it back has the word until tomorrow.
    let moved = price.moves[0].moved;
    stall.does(Verb::UndoPrice { moved });
    let before = stall.row().now_minor;
    stall.at_ms += HOUR_MS / 4;
    assert_eq!((stall.moves(), stall.row().now_minor), (0, before));
    // A closed stall moves nothing.
    stall.closes();
    stall.at_ms += DAY_MS;
    assert_eq!(stall.moves(), 0);
}

#[test]
fn a_price_that_keeps_moves_once_a_day_and_only_on_a_register_that_may_edit() {
    let mut stall = too_cheap();
    stall.rules(PriceRuleInput { mode: PriceMode::Auto, ..plain() });
    stall.opens();
    assert_eq!((stall.moves(), stall.moves()), (1, 0));
    let moved = stall.row().now_minor;
    assert!(moved != 250 && (213..=287).contains(&moved));
    stall.closes();
    stall.at_ms += DAY_MS;
    stall.opens();
    assert_eq!(stall.moves(), 1);

    let mut till = Device::with_role(2, Role::Cashier, None);
    assert_eq!(till.refused(command(3, Verb::PutPriceRule { product: None, rule: plain() })), "not_allowed");
    let accept = Verb::AcceptPrice { product: ProductId([1; 16]), from_minor: 1, to_minor: 2 };
    assert_eq!(till.refused(command(4, accept)), "not_allowed");
    assert_eq!(till.engine.answer(&Query::Prices(STALL), Now::utc(NOON_MS)).unwrap(), View::ForManagers);
    assert_eq!(till.engine.move_prices(STALL, Now::utc(NOON_MS)).unwrap(), 0);
}

pub(crate) fn trial(from_minor: i64, tried_minor: i64) -> Verb {
    Verb::BeginPriceExperiment { product: product(MANGO), from_minor, tried_minor, weeks: 2 }
}

impl Stall {
    pub(crate) fn experiment(&mut self) -> PriceExperimentRow {
        self.price().experiment.unwrap()
    }

    /// A day from eight to six on which so many are sold each hour, given the price that then stands; which one that was.
    pub(crate) fn day(&mut self, hourly: impl Fn(i64) -> i64) -> i64 {
        self.opens();
        self.moves();
        let price = self.row().now_minor;
        self.receives(10 * hourly(price) + 10);
        for hour in 0..10 {
            self.at_ms += HOUR_MS / 2;
            // Not the same number each hour: chance, as it is.
            let sold = hourly(price) + i64::from((i64::from(self.next) + hour) % 7 == 0);
            if sold > 0 {
                self.sells(sold);
            }
            self.at_ms += HOUR_MS / 2;
        }
        // Looking again changes nothing within a day.
        assert_eq!(self.moves(), 0);
        self.closes();
        self.at_ms += DAY_MS - 10 * HOUR_MS;
        price
    }
}

/// Forty days of 300 with three an hour each.
pub(crate) fn steady() -> Stall {
    let mut stall = Stall::new();
    stall.past(20, ((300, 3), (300, 3)));
    stall
}

#[test]
fn a_price_is_tried_out_by_days_and_ends_with_a_word_and_the_price_from_before() {
    let mut stall = steady();
    stall.does(trial(300, 330));
    assert_eq!(stall.refused(trial(300, 330)), "trial_running");
    assert_eq!(stall.moves(), 0, "today began with one price");
    let waiting = stall.experiment();
    assert_eq!((waiting.day, waiting.days, waiting.state), (0, 14, PriceExperimentState::Running));
    stall.at_ms += DAY_MS;
    // Dearer, and hardly fewer want it.
    let days: Vec<i64> = (0..14).map(|_| stall.day(|_| 3)).collect();
    assert_eq!(days.iter().filter(|price| **price == 330).count(), 7, "{days:?}");
    for weekday in 0..7 {
        assert_ne!(days[weekday], days[weekday + 7], "each weekday has each price once: {days:?}");
    }
    stall.opens();
    stall.moves();
    let ended = stall.experiment();
    assert_eq!(ended.state, PriceExperimentState::Better, "{ended:?}");
    let brought = ended.brought.unwrap();
    assert!(brought.more_minor.low > 0 && brought.tried_minor > brought.before_minor, "{brought:?}");
    assert_eq!(stall.row().now_minor, 300, "nobody's price changes by what came of it");
    let moves = stall.price().moves;
    let planned = |reason: &soko_app_api::PriceReasonRow| {
        reason.why == PriceWhy::Curious && reason.second == 14 && (1..=14).contains(&reason.first)
    };
    assert!(
        moves.iter().all(|it| it.cause == PriceCause::Auto && it.reasons.iter().all(planned)),
        "{moves:?}"
    );
    assert!(moves.len() >= 2, "{moves:?}");
}

#[test]
fn a_tried_price_is_judged_by_what_the_owner_wants_more_of_without_tax() {
    let mut stall = steady();
    let edits =
        [ProductEdit::CostMinor(Some(200)), ProductEdit::TaxPpm(160_000), ProductEdit::TaxInclusive(true)];
    edits.into_iter().for_each(|edit| stall.edits(edit));
    stall.rules(PriceRuleInput { aim: PriceAim::Revenue, ..plain() });
    stall.does(trial(300, 330));
    stall.at_ms += DAY_MS;
    for _ in 0..14 {
        stall.day(|price| if price == 330 { 2 } else { 3 });
    }
    stall.opens();
    stall.moves();
    let ended = stall.experiment();
    assert!(matches!(ended.state, PriceExperimentState::Harmful | PriceExperimentState::Worse), "{ended:?}");
    // Thirty-one at 300, of which 16 parts of 116 are tax.
    let taken = ended.brought.unwrap();
    assert!(!taken.is_margin && (7_700..8_600).contains(&taken.before_minor), "{taken:?}");
    // By the margin the two are nearly the same: 300 leave 59 of them, and 330 leave 84 of each.
    stall.rules(plain());
    let margin = stall.experiment().brought.unwrap();
    assert!(margin.is_margin && (1_700..2_000).contains(&margin.before_minor), "{margin:?}");
    assert!((1_500..2_100).contains(&margin.tried_minor), "{margin:?}");
}

#[test]
fn harm_stops_a_price_early_and_so_does_a_hand() {
    let mut stall = steady();
    stall.does(trial(300, 330));
    stall.at_ms += DAY_MS;
    // Nearly nobody wants it any more.
    let mut days = 0;
    while stall.experiment().state == PriceExperimentState::Running && days < 14 {
        stall.day(|price| if price == 330 { 0 } else { 3 });
        days += 1;
    }
    assert_eq!(stall.experiment().state, PriceExperimentState::Harmful);
    assert!((11..14).contains(&days), "four pairs are needed, and the end is not: {days}");
    assert_eq!(stall.row().now_minor, 300);

    stall.does(trial(300, 290));
    stall.at_ms += DAY_MS;
    stall.day(|_| 3);
    stall.edits(ProductEdit::PriceMinor(310));
    stall.day(|_| 3);
    assert_eq!(stall.experiment().state, PriceExperimentState::ByHand);
    assert_eq!(stall.row().now_minor, 310, "whoever set it by hand has the word");

    stall.does(trial(310, 300));
    stall.at_ms += DAY_MS;
    while stall.day(|_| 3) == 310 {}
    stall.does(Verb::EndPriceExperiment { product: product(MANGO) });
    assert_eq!(stall.experiment().state, PriceExperimentState::Stopped);
    assert_eq!(stall.row().now_minor, 310);
    assert_eq!(stall.refused(Verb::EndPriceExperiment { product: product(MANGO) }), "trial_none");
    stall.day(|_| 3);
    assert_eq!(stall.row().now_minor, 310);
}

#[test]
fn an_experiment_keeps_to_the_owners_limits_and_word() {
    let mut stall = steady();
    stall.rules(PriceRuleInput { ceiling_minor: Some(320), ..plain() });
    assert_eq!(stall.refused(trial(300, 330)), "price_beyond_limits");
    stall.does(trial(300, 315));
    stall.at_ms += DAY_MS;
    // The limits became narrower: the price stays, and such days do not count.
    stall.rules(PriceRuleInput { ceiling_minor: Some(305), ..plain() });
    let days: Vec<i64> = (0..14).map(|_| stall.day(|_| 3)).collect();
    assert!(days.iter().all(|price| *price == 300), "{days:?}");
    stall.opens();
    stall.moves();
    let ended = stall.experiment();
    assert_eq!((ended.state, ended.brought), (PriceExperimentState::Unclear, None));

    let mut till = Device::with_role(2, Role::Cashier, None);
    let refused = till.refused(command(3, trial(300, 330)));
    assert_eq!(refused, "not_allowed");
}
