//! Orders from the shop, orders that are open at a counter, and codes that take something off.

use soko_app_api::{CouponRow, DiscountInput, Query, View};
use soko_domain::money::Ppm;

use super::table::{Cell, Rows, Shape};
use super::{Of, joined, maybe, money, number, odd, text};
use crate::engine::Engine;
use crate::failure::NotDone;

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "orders",
        about: "Lines of orders from the web shop, and what bringing them costs.",
        columns: &[
            ("order", "the order's id"),
            ("state", "how far it is"),
            ("at_ms", "when it was placed"),
            ("product", "the product's id; empty for bringing it"),
            ("name", "what was ordered"),
            ("quantity", "how many units"),
            ("total", "what it costs, taxes in"),
            ("coupon", "the code that the order carries"),
            ("note", "what its buyer noted"),
        ],
        fill: orders,
    },
    Shape {
        name: "tabs",
        about: "Lines of orders that are open at a counter: carts that were put aside, and tables.",
        columns: &[
            ("tab", "the open order's id"),
            ("title", "what it is called"),
            ("customer", "the customer's id"),
            ("line", "the line's id; empty for an order without lines"),
            ("product", "the product's id; empty for an amount without a product"),
            ("name", "what it is"),
            ("quantity", "how many units are to be paid"),
            ("paid", "how many of the line are paid"),
            ("unit_price", "what price_per units cost when the line was put there"),
            ("price_per", "how many units the price is for"),
            ("discount", "what comes off the line: an amount, or percent"),
            ("discount_reason", "why"),
            ("note", "what was noted of the line"),
            ("tab_discount", "what comes off the whole order"),
            ("tab_discount_reason", "why"),
            ("tab_note", "what was noted of the whole order"),
        ],
        fill: tabs,
    },
    Shape {
        name: "coupons",
        about: "Codes that take something off orders from the web shop.",
        columns: &[
            ("code", "what buyers type"),
            ("off", "what comes off: an amount, or percent"),
            ("minimum", "what the goods must come to"),
            ("products", "what it is for; empty for everything"),
            ("from_day", "its first day"),
            ("until_day", "its last day"),
            ("uses_max", "for how many orders it is good"),
            ("buyer_uses_max", "for how many of one person"),
            ("ended", "whether the stall took it back"),
            ("uses", "orders that carry it"),
            ("taken_off", "what came off those"),
        ],
        fill: coupons,
    },
];

fn orders(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let Of { stall, now, .. } = of;
    let query = |window| Query::Orders { stall, only_waiting: false, window };
    let list = |view| if let View::Orders(rows) = view { Some(rows) } else { None };
    engine.each(now, (query, list), |engine, row| {
        let View::Order(order) = engine.answer(&Query::Order { stall, order: row.order }, now)? else {
            return Ok(());
        };
        let mut add = |product: Cell, name: String, (quantity, total_minor): (i64, i64)| {
            out(vec![
                text(row.order),
                text(&row.state),
                Cell::Number(row.at_ms),
                product,
                Cell::Text(name),
                Cell::Number(quantity),
                Cell::Money(total_minor),
                text(&order.coupon),
                text(&order.note),
            ])
        };
        for line in &order.lines {
            add(text(line.product), line.name.clone(), (line.quantity, line.total_minor))?;
        }
        // Without it the lines would not add up to what was paid.
        order.delivery.as_ref().map_or(Ok(()), |delivery| {
            let name = format!("delivery {}", delivery.zone).trim_end().to_owned();
            add(Cell::Nothing, name, (1, delivery.total_minor))
        })
    })
}

fn tabs(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let Of { stall, now, .. } = of;
    let query = |window| Query::OpenOrders { stall, window };
    let list = |view| if let View::OpenOrders(rows) = view { Some(rows) } else { None };
    engine.each(now, (query, list), |engine, row| {
        let View::OpenOrder(tab) = engine.answer(&Query::OpenOrder { stall, order: row.order }, now)? else {
            return Ok(());
        };
        let mut add = |line: [Cell; 10]| {
            let head = [text(tab.order), text(&tab.title), maybe(tab.customer)];
            let foot = [off(tab.discount), text(&tab.reason), text(&tab.note)];
            out(head.into_iter().chain(line).chain(foot).collect())
        };
        // What was taken out again is in it no more.
        for line in tab.lines.iter().filter(|line| line.quantity > 0 || line.paid > 0) {
            add([
                text(line.line),
                maybe(line.product),
                text(&line.name),
                Cell::Number(line.quantity),
                Cell::Number(line.paid),
                Cell::Money(line.unit_price_minor),
                Cell::Number(line.price_per),
                off(line.discount),
                text(&line.reason),
                text(&line.note),
            ])?;
        }
        if tab.lines.is_empty() { add([(); 10].map(|()| Cell::Nothing)) } else { Ok(()) }
    })
}

fn off(discount: DiscountInput) -> Cell {
    match discount {
        DiscountInput::None => Cell::Nothing,
        DiscountInput::AmountMinor(minor) => Cell::Money(minor),
        DiscountInput::PercentPpm(ppm) => Cell::Text(format!("{} %", Ppm(ppm))),
    }
}

fn coupons(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let View::Coupons(view) = engine.answer(&Query::Coupons(of.stall), of.now)? else { return Err(odd()) };
    view.rows.into_iter().try_for_each(|row| out(coupon(row)))
}

fn coupon(row: CouponRow) -> Vec<Cell> {
    let CouponRow { code, terms, uses, off_minor, .. } = row;
    let day = |day: Option<i32>| day.map_or(Cell::Nothing, Cell::Day);
    let most = |most: Option<u32>| most.map_or(Cell::Nothing, number);
    vec![
        Cell::Text(code),
        off(terms.off),
        money((terms.min_minor > 0).then_some(terms.min_minor)),
        joined(terms.products),
        day(terms.from_day),
        day(terms.until_day),
        most(terms.uses_max),
        most(terms.buyer_uses_max),
        Cell::Flag(terms.is_ended),
        number(uses),
        Cell::Money(off_minor),
    ]
}
