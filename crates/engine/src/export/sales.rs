//! Sales: each as a whole, and its lines, taxes and payments.

use soko_app_api::SaleView;
use soko_app_api::text::Worded as _;
use soko_domain::entry::Stamp;
use soko_domain::money::Ppm;
use soko_domain::tax::TaxMode;

use super::table::{Cell, Rows, Shape};
use super::{Of, maybe, number, text, word};
use crate::answers::SalePlace;
use crate::engine::Engine;
use crate::failure::NotDone;

/// With all their lines, so fewer than rows of a list.
const PAGE_SALES: u32 = 100;

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "sales",
        about: "Every sale at a register, voided ones too.",
        columns: &[
            ("sale", "the sale's id"),
            ("register", "the register's id"),
            ("register_name", "what the register is called"),
            ("receipt_number", "the number on the receipt, gapless for each register"),
            ("at_ms", "when"),
            ("business_day", "for which day it counts"),
            ("shift", "the shift in whose drawer it was"),
            ("person", "who sold; empty where nobody has a PIN"),
            ("approved_by", "who allowed what that person may not do alone"),
            ("approved_why", "why that was allowed"),
            ("customer", "the customer's id"),
            ("tab", "the open order that it closed"),
            ("note", "what was noted"),
            ("discount_reason", "why something came off the whole sale"),
            ("total", "what was to be paid, taxes in"),
            ("cash_rounding", "added to its cash, so that coins suffice"),
            ("change", "what was given back of the cash"),
            ("voided", "whether it was undone"),
            ("refunded", "what its goods that came back were worth"),
            ("currency", "of its amounts"),
        ],
        fill: sales,
    },
    Shape {
        name: "sale-lines",
        about: "The lines of sales. Totals of lines add up to the sale's.",
        columns: &[
            ("sale", "the sale's id"),
            ("register", "the register's id"),
            ("receipt_number", "the number on the receipt"),
            ("at_ms", "when"),
            ("business_day", "for which day it counts"),
            ("voided", "whether the sale was undone"),
            ("line", "its place on the receipt, from 1"),
            ("product", "the product's id; empty for an amount without a product"),
            ("name", "what the receipt says"),
            ("quantity", "how many units"),
            ("unit_price", "what price_per units cost"),
            ("price_per", "how many units the price is for"),
            ("discount", "all that came off"),
            ("total", "what was paid for the line, taxes in"),
            ("refunded_quantity", "how many came back"),
            ("refunded", "what those were worth"),
            ("sale_total", "what the whole sale came to"),
            ("cash_rounding", "of the whole sale"),
            ("currency", "of its amounts"),
            ("unit", "what it is counted in"),
            ("beyond_share", "how many units the register had not been given"),
            ("discount_reason", "why something came off this line"),
            ("note", "what was noted"),
        ],
        fill: lines,
    },
    Shape {
        name: "sale-taxes",
        about: "What each sale was taxed with.",
        columns: &[
            ("sale", "the sale's id"),
            ("tax_percent", "the rate"),
            ("inclusive", "whether prices had it in them"),
            ("label", "what the tax is called"),
            ("net", "what was taxed"),
            ("tax", "the tax"),
        ],
        fill: taxes,
    },
    Shape {
        name: "sale-payments",
        about: "What sales were paid with. The rows of a sale add up to its total and its rounding.",
        columns: &[
            ("sale", "the sale's id"),
            ("by", "cash, card, mobile-money and so on; change is what was given back"),
            ("amount", "how much"),
            ("standing", "whether somebody saw the money"),
            ("reference", "the code or the digits that came with it"),
        ],
        fill: payments,
    },
];

/// Each sale with the moment and the people of its record.
fn each_sale(
    engine: &mut Engine,
    of: Of,
    with: &mut dyn FnMut(&SaleView, &Stamp) -> Result<(), NotDone>,
) -> Result<(), NotDone> {
    let mut place = SalePlace::FIRST;
    loop {
        let (sales, last) = engine.sales_page(of.stall, of.now, (place, PAGE_SALES))?;
        let Some(last) = last else { return Ok(()) };
        place = last;
        for (sale, stamp) in &sales {
            with(sale, stamp)?;
        }
    }
}

fn sales(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    each_sale(engine, of, &mut |sale, stamp| {
        let (row, approval) = (&sale.row, stamp.approval.as_ref());
        out(vec![
            text(row.sale),
            text(row.register),
            text(&sale.register_name),
            number(row.receipt_number),
            Cell::Number(row.at_ms),
            Cell::Day(row.business_day),
            text(sale.shift),
            maybe(stamp.by),
            maybe(approval.map(|approval| approval.by)),
            maybe(approval.map(|approval| &approval.reason)),
            maybe(sale.customer),
            maybe(sale.tab),
            text(&sale.note),
            text(&sale.discount_reason),
            Cell::Money(row.total_minor),
            Cell::Money(sale.cash_rounding_minor),
            Cell::Money(sale.change_minor),
            Cell::Flag(row.voided),
            Cell::Money(row.refunded_minor),
            text(&row.currency),
        ])
    })
}

fn lines(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    each_sale(engine, of, &mut |sale, _| {
        let row = &sale.row;
        for (at, line) in (1..).zip(&sale.lines) {
            out(vec![
                text(row.sale),
                text(row.register),
                number(row.receipt_number),
                Cell::Number(row.at_ms),
                Cell::Day(row.business_day),
                Cell::Flag(row.voided),
                Cell::Number(at),
                maybe(line.product),
                text(&line.name),
                Cell::Number(line.quantity),
                Cell::Money(line.unit_price_minor),
                Cell::Number(line.price_per),
                Cell::Money(line.discount_minor),
                Cell::Money(line.total_minor),
                Cell::Number(line.refunded),
                Cell::Money(line.refunded_minor),
                Cell::Money(row.total_minor),
                Cell::Money(sale.cash_rounding_minor),
                text(&row.currency),
                word(line.unit.word()),
                Cell::Number(line.beyond_share),
                text(&line.discount_reason),
                text(&line.note),
            ])?;
        }
        Ok(())
    })
}

fn taxes(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    each_sale(engine, of, &mut |sale, _| {
        for tax in &sale.taxes {
            out(vec![
                text(sale.row.sale),
                text(Ppm(tax.ppm)),
                Cell::Flag(tax.mode == TaxMode::Inclusive),
                text(&tax.label),
                Cell::Money(tax.net_minor),
                Cell::Money(tax.tax_minor),
            ])?;
        }
        Ok(())
    })
}

fn payments(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    each_sale(engine, of, &mut |sale, _| {
        for paid in &sale.tenders {
            out(vec![
                text(sale.row.sale),
                word(paid.kind.word()),
                Cell::Money(paid.amount_minor),
                word(paid.standing.word()),
                text(&paid.reference),
            ])?;
        }
        // With it the rows of a sale add up to its total and its rounding.
        if sale.change_minor == 0 {
            return Ok(());
        }
        let change = Cell::Money(sale.change_minor.saturating_neg());
        out(vec![text(sale.row.sale), word("change"), change, Cell::Nothing, Cell::Nothing])
    })
}
