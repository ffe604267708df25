//! Customers, and what the stall owes: what is in each purse, and everything that happened to it.

use soko_app_api::text::Worded as _;
use soko_app_api::{Query, View};
use soko_domain::ids::LogId;
use soko_domain::purse::{self, PurseKind};
use soko_projection::read_customers as facts;
use soko_record_log::StoreError;

use super::table::{Cell, Table};
use super::{WINDOW_ROWS, word};
use crate::answers::what_of;
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};
use crate::options::Now;

impl Engine {
    pub(super) fn customer_table(&mut self, stall: LogId, now: Now) -> Result<Table, NotDone> {
        let mut table = Table::new(&["customer", "name", "phone", "email", "note", "may_contact"]);
        let rows = self.all(
            now,
            |window| Query::Customers { stall, text: String::new(), window },
            |view| if let View::Customers(rows) = view { Some(rows) } else { None },
        )?;
        for row in rows {
            let query = Query::Customer { stall, customer: row.customer };
            if let View::Customer(view) = self.answer(&query, now)? {
                let about = view.about;
                table.add(vec![
                    Cell::Text(row.customer.to_string()),
                    Cell::Text(about.name),
                    Cell::Text(about.phone),
                    Cell::Text(about.email),
                    Cell::Text(about.note),
                    Cell::Flag(about.may_contact),
                ]);
            }
        }
        Ok(table)
    }

    /// Coins as money; points as a number.
    pub(super) fn purses(&mut self, stall: LogId) -> Result<Table, NotDone> {
        let mut table = Table::new(&["purse", "label", "kind", "customer", "money", "points"]);
        let me = self.stall(stall)?.row.author;
        for kind in PurseKind::ALL {
            let mut offset = 0;
            loop {
                let window = (offset, WINDOW_ROWS);
                let found = self
                    .db
                    .read::<_, StoreError>(|tx| facts::purses(tx, (stall, me), *kind, window))
                    .map_err(Failure::from)?;
                if found.is_empty() {
                    break;
                }
                offset += WINDOW_ROWS;
                for purse in found {
                    let units = purse.here.saturating_add(purse.elsewhere);
                    let [money, points] = amounts(purse.kind, units);
                    table.add(vec![
                        Cell::Text(purse.purse.to_string()),
                        Cell::Text(purse::label(purse.purse)),
                        word(purse.kind.word()),
                        purse.customer.map_or(Cell::Nothing, |customer| Cell::Text(customer.to_string())),
                        money,
                        points,
                    ]);
                }
            }
        }
        Ok(table)
    }

    pub(super) fn purse_entries(&mut self, stall: LogId) -> Result<Table, NotDone> {
        let mut table = Table::new(&[
            "purse",
            "kind",
            "what",
            "money",
            "points",
            "missing",
            "sale",
            "reason",
            "register",
            "at_ms",
            "business_day",
        ]);
        let mut offset = 0;
        loop {
            let window = (offset, WINDOW_ROWS);
            let found = self
                .db
                .read::<_, StoreError>(|tx| facts::purse_entries(tx, stall, None, window))
                .map_err(Failure::from)?;
            if found.is_empty() {
                return Ok(table);
            }
            offset += WINDOW_ROWS;
            for entry in found {
                let units = if entry.is_filled { entry.units } else { -entry.units };
                let [money, points] = amounts(entry.kind, units);
                table.add(vec![
                    Cell::Text(entry.purse.to_string()),
                    word(entry.kind.word()),
                    word(what_of(&entry).word()),
                    money,
                    points,
                    Cell::Number(entry.missing),
                    entry.sale.map_or(Cell::Nothing, |sale| Cell::Text(sale.to_string())),
                    Cell::Text(entry.reason),
                    Cell::Text(entry.author.to_string()),
                    Cell::Number(entry.at_ms),
                    Cell::Day(entry.business_day),
                ]);
            }
        }
    }
}

fn amounts(kind: PurseKind, units: i64) -> [Cell; 2] {
    match kind {
        PurseKind::GiftCard | PurseKind::Credit => [Cell::Money(units), Cell::Nothing],
        PurseKind::Points => [Cell::Nothing, Cell::Number(units)],
    }
}
