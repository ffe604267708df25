//! What reports say, beside what was sold.

use soko_app_api::{
    BeyondShare, DiscountInput, FiguresView, GoodsView, PeopleCall, PeopleVerb, ProductContent, ProductEdit,
    Query, RefundLineInput, SaleAbout, SaleLineInput, Span, StallContent, Step, TaxInput, TenderInput, Verb,
    View,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{GoodsBack, RecordParked};
use soko_domain::ids::PersonId;
use soko_domain::role::Role;
use soko_domain::tax::TaxMode;
use soko_engine::Now;
use soko_record_log::params;

use crate::world::{
    Device, NOON_MS, Relay, STALL, command, create_stall, open_shift, product, receive, sale_id, sell,
};

const DAY_MS: i64 = 86_400_000;
/// 2026-11-21, a Saturday, as `NOON_MS`.
const TODAY: i32 = 20_778;
const MANGO: u16 = 101;
const TEA: u16 = 102;

impl Device {
    fn figures(&mut self, span: Span, against: Option<Span>, at_ms: i64) -> FiguresView {
        let query = Query::Figures { stall: STALL, span: Some(span), against };
        match self.engine.answer(&query, Now::utc(at_ms)).unwrap() {
            View::Figures(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    fn goods_of(&mut self, span: Span) -> GoodsView {
        match self.engine.answer(&Query::Goods { stall: STALL, span: Some(span) }, Now::utc(NOON_MS)).unwrap()
        {
            View::Goods(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    fn at(&mut self, verb: Verb, number: u16, at_ms: i64) {
        self.engine.handle(command(number, verb), Now::utc(at_ms)).unwrap();
    }
}

/// Mangoes at 2.50 that cost 1.00, 16 % in it; tea at 4.00 whose cost nobody said.
fn stall() -> Device {
    let mut device = Device::new(1, None);
    device.done(create_stall(1));
    let mango = ProductContent { cost_minor: Some(100), ..ProductContent::piece("Mango", 250) };
    device.done(command(MANGO, Verb::CreateProduct { product: product(MANGO), content: mango }));
    let tea = ProductContent::piece("Tea", 400);
    device.done(command(TEA, Verb::CreateProduct { product: product(TEA), content: tea }));
    device.done(open_shift(2));
    device.done(receive(3, product(MANGO), 50));
    device.done(receive(4, product(TEA), 7));
    device
}

fn sale(number: u16, lines: Vec<SaleLineInput>, kind: TenderKind, paid: i64) -> Verb {
    Verb::MakeSale {
        sale: sale_id(number),
        lines,
        discount: DiscountInput::None,
        tenders: vec![TenderInput { kind, ..TenderInput::cash(paid) }],
        beyond: BeyondShare::Refuse,
        about: SaleAbout::default(),
    }
}

fn mangoes(quantity: i64) -> SaleLineInput {
    let tax = Some(TaxInput { ppm: 160_000, mode: TaxMode::Inclusive });
    SaleLineInput { tax, ..SaleLineInput::of(product(MANGO), quantity) }
}

/// A week before at 09:00: 2 mangoes. Today at 10:00: 4 mangoes, paid by card; at noon: 1 mango and 2 teas; and a sale of
/// the week before is voided today, another of today is refunded in part tomorrow.
fn sold() -> Device {
    let mut device = stall();
    let week = NOON_MS - 7 * DAY_MS;
    let hour = 3_600_000;
    device.at(sale(20, vec![mangoes(2)], TenderKind::Cash, 500), 20, week - 3 * hour);
    device.at(sale(21, vec![mangoes(1)], TenderKind::Cash, 250), 21, week - 3 * hour);
    device.at(sale(22, vec![mangoes(4)], TenderKind::Card, 1_000), 22, NOON_MS - 2 * hour);
    let both = vec![mangoes(1), SaleLineInput::of(product(TEA), 2)];
    device.at(sale(23, both, TenderKind::Cash, 2_000), 23, NOON_MS);
    device.at(Verb::VoidSale { sale: sale_id(21), reason: "typo".into() }, 24, NOON_MS);
    let lines = vec![RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::Sellable }];
    let (sale, tender, reason) = (sale_id(22), TenderKind::Card, "ripe".into());
    device.at(Verb::Refund { sale, lines, tender, reason, into: None }, 25, NOON_MS + DAY_MS);
    device
}

#[test]
fn a_day_is_what_was_sold_and_stands_beside_the_same_weekday() {
    let mut device = sold();
    let today = device.figures(Span::day(TODAY), Some(Span::day(TODAY - 7)), NOON_MS);
    // 4 × 2.50 and 1 × 2.50 + 2 × 4.00.
    assert_eq!((today.total.sales, today.total.lines, today.total.revenue_minor), (2, 3, 2_050));
    assert_eq!((today.total.average_minor, today.total.lines_of_hundred), (Some(1_025), Some(150)));
    // The tax of 10.00 and of 2.50: 1.38 and 0.34.
    assert_eq!((today.total.tax_minor, today.total.refunded_minor), (138 + 34, 0));
    assert_eq!((today.step, today.steps.len(), today.until_hour), (Step::Hours, 24, Some(12)));
    let hours: Vec<_> = today.steps.iter().filter(|step| step.sums.sales > 0).map(|step| step.at).collect();
    assert_eq!(hours, [10, 12]);
    let before = today.before.unwrap();
    assert_eq!((before.sales, before.revenue_minor, before.voids, before.voided_minor), (1, 500, 1, 250));
    assert_eq!(today.change_ppm, Some(3_100_000));
    let paid: Vec<_> = today.paid.iter().map(|paid| (paid.kind, paid.payments, paid.amount_minor)).collect();
    assert_eq!(paid, [(TenderKind::Cash, 1, 1_050), (TenderKind::Card, 1, 1_000)]);
    let taxes: Vec<_> = today.taxes.iter().map(|tax| (tax.ppm, tax.net_minor, tax.tax_minor)).collect();
    assert_eq!(taxes, [(160_000, 1_250 - 172, 172)]);
    // Early in the day only what had been sold by then a week before counts beside it.
    let early = device.figures(Span::day(TODAY), Some(Span::day(TODAY - 7)), NOON_MS - 4 * 3_600_000);
    assert_eq!(early.before.unwrap().revenue_minor, 0);
}

#[test]
fn a_day_that_begins_at_four_goes_on_behind_midnight() {
    let mut device = Device::new(1, None);
    let content = StallContent {
        name: "Night market".into(),
        currency: "EUR".into(),
        zone: "UTC".into(),
        cut_off_minutes: 240,
    };
    device.done(command(1, Verb::CreateStall(content)));
    let tea = ProductContent::piece("Tea", 400);
    device.done(command(TEA, Verb::CreateProduct { product: product(TEA), content: tea }));
    device.done(open_shift(2));
    device.done(receive(4, product(TEA), 20));
    let (hour, week) = (3_600_000, NOON_MS - 7 * DAY_MS);
    // A week before at noon and at half past three in the night; today at two in the night.
    for (number, quantity, at_ms) in
        [(20, 1, week), (21, 5, week + 15 * hour + hour / 2), (22, 2, NOON_MS + 14 * hour)]
    {
        let lines = vec![SaleLineInput::of(product(TEA), quantity)];
        device.at(sale(number, lines, TenderKind::Cash, 10_000), number, at_ms);
    }
    let now_ms = NOON_MS + 14 * hour + hour / 2;
    let night = device.figures(Span::day(TODAY), Some(Span::day(TODAY - 7)), now_ms);
    assert_eq!((night.total.revenue_minor, night.until_hour), (800, Some(2)));
    assert_eq!(night.before.unwrap().revenue_minor, 400);
    let hours: Vec<_> = night.steps.iter().map(|step| step.at).collect();
    assert_eq!((hours.len(), hours[0], hours[23]), (24, 4, 3));
    assert_eq!((night.steps[22].sums.revenue_minor, night.steps[23].sums.revenue_minor), (800, 0));
    assert_eq!(night.steps[23].before.map(|before| before.revenue_minor), Some(2_000));
}

#[test]
fn a_void_and_a_refund_restate_the_day_of_their_sale_and_count_where_they_belong() {
    let mut device = sold();
    let weeks = device.figures(Span { from: TODAY - 7, to: TODAY + 1 }, None, NOON_MS + DAY_MS);
    let days: Vec<_> = weeks
        .steps
        .iter()
        .filter(|step| step.sums != soko_app_api::Sums::default())
        .map(|step| (step.at - TODAY, step.sums.revenue_minor, step.sums.refunded_minor, step.is_restated))
        .collect();
    assert_eq!(days, [(-7, 500, 0, true), (0, 2_050, 0, true), (1, 0, 250, false)]);
    assert_eq!((weeks.total.kept_minor, weeks.total.refunds), (2_300, 1));
    // Saturdays at 9, 10 and 12.
    let week: Vec<_> = weeks.week.iter().filter(|cell| cell.sales > 0).map(|c| (c.weekday, c.hour)).collect();
    assert_eq!(week, [(5, 9), (5, 10), (5, 12)]);
    // The refund of one of four mangoes takes a quarter of 1.38 back.
    let tomorrow = device.figures(Span::day(TODAY + 1), None, NOON_MS + DAY_MS);
    let taxes: Vec<_> = tomorrow.taxes.iter().map(|tax| (tax.net_minor, tax.tax_minor)).collect();
    assert_eq!(taxes, [(-215, -35)]);
    let before = device.engine.state_digest(STALL).unwrap();
    device.engine.rebuild(STALL).unwrap();
    assert_eq!(device.engine.state_digest(STALL).unwrap(), before);
    assert!(device.engine.verify(STALL).unwrap().is_sound());
    assert_eq!(device.figures(Span::day(TODAY + 1), None, NOON_MS + DAY_MS), tomorrow);
}

#[test]
fn goods_say_what_they_earned_and_how_long_they_last() {
    let mut device = sold();
    let goods = device.goods_of(Span { from: TODAY - 7, to: TODAY + 1 });
    let top: Vec<_> = goods.top.iter().map(|row| (row.name.as_str(), row.units, row.kept_minor)).collect();
    // 2 + 4 + 1 mangoes less the one that came back; two teas.
    assert_eq!(top, [("Mango", 6, 1_500), ("Tea", 2, 800)]);
    // 15.00 less taxes of 0.69 + 1.38 + 0.34 − 0.35, less 6 × 1.00.
    let mango = &goods.top[0];
    assert_eq!(
        (mango.margin_minor, mango.here, mango.worth_minor),
        (Some(1_500 - 206 - 600), 44, Some(4_400))
    );
    // Six in nine days: 44 last 66 days.
    assert_eq!((mango.days_left, goods.top[1].days_left), (Some(66), Some(22)));
    assert_eq!((goods.margin.known_minor, goods.margin.unknown_minor), (1_294, 800));
    assert_eq!((goods.margin.stock_minor, goods.margin.stock_unknown), (4_400, 1));
    // Fewer teas were sold.
    let slow: Vec<_> = goods.slow.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(slow, ["Tea", "Mango"]);
}

fn costs(device: &mut Device, number: u16, cost_minor: i64) {
    let edits = vec![ProductEdit::CostMinor(Some(cost_minor))];
    device.done(command(number, Verb::EditProduct { product: product(MANGO), edits }));
}

/// What mangoes earned in the nine days about today, what they cost, and what of that nobody had said as they were sold.
fn earned(device: &mut Device) -> (Option<i64>, i64, i64) {
    let goods = device.goods_of(Span { from: TODAY - 7, to: TODAY + 1 });
    let mango = goods.top.iter().find(|row| row.name == "Mango").unwrap();
    (mango.margin_minor, goods.margin.cost_minor, goods.margin.cost_today_minor)
}

#[test]
fn another_cost_changes_no_margin_of_before_and_what_comes_back_brings_its_own() {
    let mut device = sold();
    let before = earned(&mut device);
    assert_eq!(before, (Some(1_500 - 206 - 600), 600, 0));
    costs(&mut device, 30, 180);
    assert_eq!(earned(&mut device), before);
    // Two more at their new cost; another one of the four of before comes back and goes onto the shelf, one more is spoiled.
    device.at(sale(31, vec![mangoes(2)], TenderKind::Cash, 500), 31, NOON_MS);
    let back = |goods| vec![RefundLineInput { line: 0, quantity: 1, goods }];
    for (number, goods) in [(32, GoodsBack::Sellable), (33, GoodsBack::Waste)] {
        let (sale, tender, reason) = (sale_id(22), TenderKind::Card, "ripe".into());
        let refund = Verb::Refund { sale, lines: back(goods), tender, reason, into: None };
        device.at(refund, number, NOON_MS + DAY_MS);
    }
    let after = earned(&mut device);
    assert_eq!((after.1, after.2), (600 + 2 * 180 - 100, 0));
    // A void takes the cost along.
    device.at(sale(34, vec![mangoes(3)], TenderKind::Cash, 750), 34, NOON_MS);
    device.at(Verb::VoidSale { sale: sale_id(34), reason: "typo".into() }, 35, NOON_MS);
    costs(&mut device, 36, 999);
    assert_eq!(earned(&mut device), after);
    device.engine.rebuild(STALL).unwrap();
    assert_eq!(earned(&mut device), after);
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}

/// Nobody had said what tea costs when it was sold, and a program of before said it of nothing.
#[test]
fn what_nobody_said_as_goods_were_sold_is_reckoned_with_today_and_told() {
    let mut device = sold();
    let edits = vec![ProductEdit::CostMinor(Some(150))];
    device.done(command(30, Verb::EditProduct { product: product(TEA), edits }));
    let span = Span { from: TODAY - 7, to: TODAY + 1 };
    let margin = device.goods_of(span).margin;
    assert_eq!((margin.cost_minor, margin.cost_today_minor, margin.unknown_minor), (600 + 300, 300, 0));
    device.at(sale(31, vec![SaleLineInput::of(product(TEA), 1)], TenderKind::Cash, 400), 31, NOON_MS);
    let edits = vec![ProductEdit::CostMinor(Some(200))];
    device.done(command(32, Verb::EditProduct { product: product(TEA), edits }));
    let margin = device.goods_of(span).margin;
    assert_eq!((margin.cost_minor, margin.cost_today_minor), (600 + 150 + 400, 400));
}

#[test]
fn what_another_register_sold_late_counts_for_its_own_day_on_both() {
    let mut relay = Relay::new();
    let mut first = Device::ready(1, &["Mango"], Some(&relay));
    relay.admit(&first);
    first.done(receive(3, product(MANGO), 50));
    let mut second = Device::new(2, Some(&relay));
    relay.admit(&second);
    first.replicate(&mut relay);
    second.replicate(&mut relay);
    second.done(open_shift(40));
    // Sold two days ago without a network, and heard of today.
    let late = sell(41, product(MANGO), 3, BeyondShare::Allow);
    second.engine.handle(late, Now::utc(NOON_MS - 2 * DAY_MS)).unwrap();
    first.done(sell(42, product(MANGO), 1, BeyondShare::Refuse));
    let span = Span { from: TODAY - 2, to: TODAY };
    assert_eq!(first.figures(span, None, NOON_MS).total.revenue_minor, 250);
    second.replicate(&mut relay);
    first.replicate(&mut relay);
    second.replicate(&mut relay);
    let seen = first.figures(span, None, NOON_MS);
    let days: Vec<_> = seen.steps.iter().map(|step| step.sums.revenue_minor).collect();
    assert_eq!(days, [750, 0, 250]);
    assert_eq!(seen.registers.len(), 2);
    assert_eq!(second.figures(span, None, NOON_MS).steps, seen.steps);
    assert_eq!(first.engine.state_digest(STALL).unwrap(), second.engine.state_digest(STALL).unwrap());
}

/// What changed of a day, and when that was known: sales, what they come to, what came back.
fn restated(view: &FiguresView) -> Vec<(i32, i32, i64, i64, i64)> {
    let row = |row: &soko_app_api::RestatedRow| {
        (row.day - TODAY, row.told_day - TODAY, row.sales, row.revenue_minor, row.returned_minor)
    };
    view.restated.iter().map(row).collect()
}

#[test]
fn a_day_that_changed_once_it_was_over_says_so_and_by_how_much() {
    let mut device = sold();
    let span = Span { from: TODAY - 7, to: TODAY + 1 };
    // A sale of the week before was voided today, and one of today came back in part tomorrow.
    let expected = [(0, 1, 0, 0, 250), (-7, 0, -1, -250, 0)];
    assert_eq!(restated(&device.figures(span, None, NOON_MS)), expected);
    device.engine.rebuild(STALL).unwrap();
    assert_eq!(restated(&device.figures(span, None, NOON_MS)), expected);
    assert_eq!(restated(&device.figures(Span::day(TODAY), None, NOON_MS)), expected[..1]);
}

#[test]
fn a_day_of_which_a_register_hears_once_it_was_over_is_restated_there() {
    let mut relay = Relay::new();
    let mut first = Device::ready(1, &["Mango"], Some(&relay));
    relay.admit(&first);
    first.done(receive(3, product(MANGO), 50));
    let mut second = Device::new(2, Some(&relay));
    relay.admit(&second);
    let later = |device: &mut Device, relay: &mut Relay, days: i64| {
        device.replicate_at(relay, Now::utc(NOON_MS + days * DAY_MS));
    };
    for days in [0, 1] {
        later(&mut first, &mut relay, days);
        later(&mut second, &mut relay, days);
    }
    // Sold on the next day and without a network since; the other one is up to date two days later, and hears of it on the third.
    second.engine.handle(open_shift(40), Now::utc(NOON_MS + DAY_MS)).unwrap();
    let late = sell(41, product(MANGO), 3, BeyondShare::Allow);
    second.engine.handle(late, Now::utc(NOON_MS + DAY_MS)).unwrap();
    later(&mut first, &mut relay, 2);
    let span = Span { from: TODAY, to: TODAY + 3 };
    assert_eq!(first.figures(span, None, NOON_MS + 2 * DAY_MS).restated, []);
    later(&mut second, &mut relay, 3);
    later(&mut first, &mut relay, 3);
    let seen = first.figures(span, None, NOON_MS + 3 * DAY_MS);
    assert_eq!(restated(&seen), [(1, 3, 1, 750, 0)]);
    let marked: Vec<_> = seen.steps.iter().map(|step| step.is_restated).collect();
    assert_eq!(marked, [false, true, false, false]);
    // Whoever sold it knew, and whoever comes now never read otherwise.
    assert_eq!(second.figures(span, None, NOON_MS + 3 * DAY_MS).restated, []);
    let mut third = Device::new(3, Some(&relay));
    relay.admit(&third);
    later(&mut third, &mut relay, 3);
    let new = third.figures(span, None, NOON_MS + 3 * DAY_MS);
    assert_eq!((new.total.revenue_minor, new.restated), (750, Vec::new()));
    first.engine.rebuild(STALL).unwrap();
    assert_eq!(first.figures(span, None, NOON_MS + 3 * DAY_MS), seen);
}

#[test]
fn a_sale_that_the_server_sets_aside_after_its_day_restates_that_day() {
    let mut relay = Relay::new();
    let mut first = Device::ready(1, &["Mango"], Some(&relay));
    relay.admit(&first);
    first.done(receive(3, product(MANGO), 50));
    first.done(sell(40, product(MANGO), 1, BeyondShare::Refuse));
    first.done(sell(41, product(MANGO), 3, BeyondShare::Refuse));
    let own = first.me();
    let head = first
        .engine
        .database()
        .read::<_, soko_record_log::StoreError>(|tx| soko_record_log::log::head(tx, STALL, &own));
    let seq = head.unwrap().unwrap().seq;
    first.replicate_at(&mut relay, Now::utc(NOON_MS));
    let span = Span { from: TODAY - 1, to: TODAY };
    assert_eq!(first.figures(span, None, NOON_MS).total.revenue_minor, 1_000);
    // What is said of it two days later is the first that this register hears of it.
    relay.withhold(own, seq);
    relay.write(RecordParked { author: own, seq, code: 4, note: "no".into() });
    first.replicate_at(&mut relay, Now::utc(NOON_MS + 2 * DAY_MS));
    let seen = first.figures(span, None, NOON_MS + 2 * DAY_MS);
    assert_eq!(seen.total.revenue_minor, 250);
    assert_eq!(restated(&seen), [(0, 2, -1, -750, 0)]);
    assert_eq!(seen.steps.iter().map(|step| step.is_restated).collect::<Vec<_>>(), [false, true]);
    first.engine.rebuild(STALL).unwrap();
    assert_eq!(first.figures(span, None, NOON_MS + 2 * DAY_MS), seen);
    // Whoever comes later finds neither the sale nor another word about its day.
    let mut second = Device::new(2, Some(&relay));
    relay.admit(&second);
    second.replicate_at(&mut relay, Now::utc(NOON_MS + 2 * DAY_MS));
    first.replicate_at(&mut relay, Now::utc(NOON_MS + 2 * DAY_MS));
    let new = second.figures(span, None, NOON_MS + 2 * DAY_MS);
    assert_eq!((new.total.revenue_minor, new.restated), (250, Vec::new()));
    assert_eq!(first.engine.state_digest(STALL).unwrap(), second.engine.state_digest(STALL).unwrap());
}

/// The tables were filled when it was opened, and then it did not know the day.
#[test]
fn what_an_update_made_count_restates_days_once_the_day_is_known() {
    let mut device = sold();
    let span = Span { from: TODAY - 7, to: TODAY };
    let before = restated(&device.figures(span, None, NOON_MS));
    device.engine.database().transaction::<_, soko_record_log::StoreError>(|tx| {
        for day in [TODAY - 3, TODAY + 2] {
            tx.execute(
                "insert into told_before (log, business_day, told_day, sales, revenue_minor, refunded_minor, returned_minor)
                 values ($1, $2, 2147483647, 1, 400, 0, 0)",
                params![STALL, day],
            )?;
        }
        Ok(())
    }).unwrap();
    assert_eq!(restated(&device.figures(span, None, NOON_MS)), before);
    for _ in 0..2 {
        device.engine.knows_day(Now::utc(NOON_MS + 2 * DAY_MS)).unwrap();
        let mut expected = vec![(-3, 2, 1, 400, 0)];
        expected.extend(&before);
        assert_eq!(restated(&device.figures(span, None, NOON_MS)), expected);
    }
}

#[test]
fn a_day_that_begins_inside_an_hour_has_that_hour_at_both_ends() {
    let mut device = Device::new(1, None);
    let content = StallContent {
        name: "Night market".into(),
        currency: "EUR".into(),
        zone: "UTC".into(),
        cut_off_minutes: 270,
    };
    device.done(command(1, Verb::CreateStall(content)));
    let tea = ProductContent::piece("Tea", 400);
    device.done(command(TEA, Verb::CreateProduct { product: product(TEA), content: tea }));
    device.done(open_shift(2));
    device.done(receive(4, product(TEA), 50));
    let (minute, week) = (60_000, NOON_MS - 7 * DAY_MS);
    // A week before: at 04:40, at noon, and at 04:10 of the next date, which is still that day.
    let times = [week - 440 * minute, week, week + 970 * minute];
    for (number, (quantity, at_ms)) in (20..).zip([1, 2, 4].into_iter().zip(times)) {
        let lines = vec![SaleLineInput::of(product(TEA), quantity)];
        device.at(sale(number, lines, TenderKind::Cash, 10_000), number, at_ms);
    }
    for (now_ms, expected) in [
        (NOON_MS - 430 * minute, 400),
        (NOON_MS - 60 * minute, 400),
        (NOON_MS, 1_200),
        (NOON_MS + 900 * minute, 1_200),
        (NOON_MS + 975 * minute, 2_800),
    ] {
        let day = device.figures(Span::day(TODAY), Some(Span::day(TODAY - 7)), now_ms);
        assert_eq!(day.before.map(|before| before.revenue_minor), Some(expected), "{now_ms}");
    }
    let then = device.figures(Span::day(TODAY - 7), None, NOON_MS);
    let hours: Vec<_> = then.steps.iter().map(|step| (step.at, step.sums.revenue_minor)).collect();
    assert_eq!((hours.len(), hours[0], hours[8], hours[24]), (25, (4, 400), (12, 800), (4, 1_600)));
    // In the order of the day, on its own weekday: what was sold after midnight belongs to the Saturday before.
    let week: Vec<_> = then.week.iter().map(|cell| (cell.weekday, cell.hour, cell.revenue_minor)).collect();
    assert_eq!(week, [(5, 4, 400), (5, 12, 800), (5, 28, 1_600)]);
    assert_eq!(then.begins_minutes, 270);
}

#[test]
fn months_stand_beside_the_days_that_they_are_compared_with() {
    let mut device = stall();
    let day = |text: &str| text.parse::<soko_domain::calendar::BusinessDay>().unwrap().days();
    // A year of whole weeks before 31 January 2026 is 1 February 2025, and before 3 March it is 4 March.
    let sold =
        [("2025-02-01", 1), ("2025-02-02", 2), ("2025-03-01", 3), ("2025-03-04", 4), ("2026-03-03", 5)];
    for (number, (text, quantity)) in (20..).zip(sold) {
        let at_ms = i64::from(day(text)) * DAY_MS + DAY_MS / 2;
        device.at(sale(number, vec![mangoes(quantity)], TenderKind::Cash, 5_000), number, at_ms);
    }
    let span = Span { from: day("2026-01-31"), to: day("2026-04-30") };
    let against = Span { from: span.from - 364, to: span.to - 364 };
    let view = device.figures(span, Some(against), NOON_MS);
    let months: Vec<_> = view
        .steps
        .iter()
        .map(|step| (step.at, step.sums.revenue_minor, step.before.map(|before| before.revenue_minor)))
        .collect();
    let months_then = [(0, 250), (0, 500 + 750), (1_250, 1_000), (0, 0)];
    let begins = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"].map(day);
    let expected: Vec<_> =
        begins.into_iter().zip(months_then).map(|(at, (now, then))| (at, now, Some(then))).collect();
    assert_eq!((view.step, months), (Step::Months, expected));
}

#[test]
fn only_an_owner_or_a_manager_sees_figures() {
    let ask = |device: &mut Device, query: Query| device.engine.answer(&query, Now::utc(NOON_MS)).unwrap();
    let figures = || Query::Figures { stall: STALL, span: None, against: None };
    let goods = || Query::Goods { stall: STALL, span: None };
    // A cashier's register shows them to nobody.
    let mut relay = Relay::new();
    let mut cashier = Device::with_role(3, Role::Cashier, Some(&relay));
    relay.admit_author(&cashier.joined, Role::Cashier);
    cashier.replicate(&mut relay);
    assert_eq!(ask(&mut cashier, figures()), View::ForManagers);
    let mut device = stall();
    assert!(matches!(ask(&mut device, figures()), View::Figures(_)));
    let (owner, helper) = (PersonId([0xa1; 16]), PersonId([0xa2; 16]));
    for (number, person, role) in [(900, owner, Role::Owner), (901, helper, Role::Cashier)] {
        let (name, is_active) = ("Amina".into(), true);
        device.done(command(number, Verb::PutPerson { person, name, role, is_active }));
    }
    let call = |device: &mut Device, verb: PeopleVerb| {
        device.engine.people(&PeopleCall { stall: STALL, verb }, Now::utc(NOON_MS)).unwrap()
    };
    for (person, pin) in [(owner, "4711"), (helper, "0815")] {
        call(&mut device, PeopleVerb::SetPin { person, pin: pin.into(), old: String::new(), approval: None });
    }
    let mut device = device.restart();
    for (who, sees) in [(None, false), (Some((helper, "0815")), false), (Some((owner, "4711")), true)] {
        if let Some((person, pin)) = who {
            call(&mut device, PeopleVerb::Enter { person, pin: pin.into() });
        }
        assert_eq!(matches!(ask(&mut device, figures()), View::Figures(_)), sees, "{who:?}");
        assert_eq!(matches!(ask(&mut device, goods()), View::Goods(_)), sees, "{who:?}");
    }
}
