//! Customers, and what the stall owes: what is in each purse, and everything that happened to it.

use soko_app_api::text::Worded as _;
use soko_app_api::{Query, View};
use soko_domain::purse::{self, PurseKind};
use soko_projection::read_customers as facts;
use soko_record_log::StoreError;

use super::table::{Cell, Rows, Shape};
use super::{Of, WINDOW_ROWS, maybe, text, word};
use crate::answers::what_of;
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "customers",
        about: "Customers whom the stall knows by name.",
        columns: &[
            ("customer", "the customer's id"),
            ("name", "the customer's name"),
            ("phone", "a telephone number"),
            ("email", "an address for mail"),
            ("note", "what was noted"),
            ("may_contact", "whether they want to hear from the stall"),
        ],
        fill: customers,
    },
    Shape {
        name: "purses",
        about: "What the stall owes: gift cards, credit and points.",
        columns: &[
            ("purse", "its id"),
            ("label", "how it is told from others"),
            ("kind", "gift-card, credit or points"),
            ("customer", "whose it is"),
            ("money", "what is in it"),
            ("points", "what is in it, where it holds points"),
        ],
        fill: purses,
    },
    Shape {
        name: "purse-entries",
        about: "Everything that happened to them.",
        columns: &[
            ("purse", "its id"),
            ("kind", "gift-card, credit or points"),
            ("what", "what happened"),
            ("money", "by how much"),
            ("points", "by how many points"),
            ("missing", "what could not be taken back"),
            ("sale", "the sale that it was for"),
            ("reason", "why"),
            ("register", "the register's id"),
            ("at_ms", "when"),
            ("business_day", "its day"),
        ],
        fill: purse_entries,
    },
];

fn customers(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let Of { stall, now, .. } = of;
    let query = |window| Query::Customers { stall, text: String::new(), window };
    let list = |view| if let View::Customers(rows) = view { Some(rows) } else { None };
    engine.each(now, (query, list), |engine, row| {
        let query = Query::Customer { stall, customer: row.customer };
        let View::Customer(view) = engine.answer(&query, now)? else { return Ok(()) };
        let about = view.about;
        out(vec![
            text(row.customer),
            Cell::Text(about.name),
            Cell::Text(about.phone),
            Cell::Text(about.email),
            Cell::Text(about.note),
            Cell::Flag(about.may_contact),
        ])
    })
}

/// Coins as money; points as a number.
fn purses(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let me = engine.stall(of.stall)?.row.author;
    for kind in PurseKind::ALL {
        let mut offset = 0;
        loop {
            let window = (offset, WINDOW_ROWS);
            let found =
                engine.db.read::<_, StoreError>(|tx| facts::purses(tx, (of.stall, me), *kind, window));
            let found = found.map_err(Failure::from)?;
            if found.is_empty() {
                break;
            }
            offset += WINDOW_ROWS;
            for purse in found {
                let [money, points] = amounts(purse.kind, purse.here.saturating_add(purse.elsewhere));
                out(vec![
                    text(purse.purse),
                    Cell::Text(purse::label(purse.purse)),
                    word(purse.kind.word()),
                    maybe(purse.customer),
                    money,
                    points,
                ])?;
            }
        }
    }
    Ok(())
}

fn purse_entries(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let mut offset = 0;
    loop {
        let window = (offset, WINDOW_ROWS);
        let found = engine.db.read::<_, StoreError>(|tx| facts::purse_entries(tx, of.stall, None, window));
        let found = found.map_err(Failure::from)?;
        if found.is_empty() {
            return Ok(());
        }
        offset += WINDOW_ROWS;
        for entry in found {
            let [money, points] =
                amounts(entry.kind, if entry.is_filled { entry.units } else { -entry.units });
            out(vec![
                text(entry.purse),
                word(entry.kind.word()),
                word(what_of(&entry).word()),
                money,
                points,
                Cell::Number(entry.missing),
                maybe(entry.sale),
                Cell::Text(entry.reason),
                text(entry.author),
                Cell::Number(entry.at_ms),
                Cell::Day(entry.business_day),
            ])?;
        }
    }
}

fn amounts(kind: PurseKind, units: i64) -> [Cell; 2] {
    match kind {
        PurseKind::GiftCard | PurseKind::Credit => [Cell::Money(units), Cell::Nothing],
        PurseKind::Points => [Cell::Nothing, Cell::Number(units)],
    }
}
