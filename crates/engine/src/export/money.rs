//! What sales were taxed with and paid by, what came back of them, and what happened to the goods.

use soko_app_api::text::Worded as _;
use soko_app_api::{ProductFilter, Query, SaleView, StockChange, StockChangeRow, View};
use soko_domain::entry::{Entry, RefundMade, Stamp};
use soko_domain::ids::{AuthorId, LogId, ProductId};
use soko_domain::money::Ppm;
use soko_projection::read as facts;
use soko_record_log::{StoreError, params};

use super::table::{Cell, Table};
use super::{WINDOW_ROWS, word};
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};
use crate::options::Now;

/// A refund with its register and its moment.
struct Refunded {
    register: AuthorId,
    stamp: Stamp,
    made: RefundMade,
}

/// Of every sale, its taxes and its payments.
pub(super) struct OfSales {
    pub(super) taxes: Table,
    pub(super) payments: Table,
}

impl OfSales {
    pub(super) fn new() -> Self {
        Self {
            taxes: Table::new(&["sale", "tax_percent", "inclusive", "label", "net", "tax"]),
            payments: Table::new(&["sale", "by", "amount", "standing", "reference"]),
        }
    }

    pub(super) fn add(&mut self, sale: &SaleView) {
        let id = || Cell::Text(sale.row.sale.to_string());
        for tax in &sale.taxes {
            self.taxes.add(vec![
                id(),
                Cell::Text(Ppm(tax.ppm).to_string()),
                Cell::Flag(tax.mode == soko_domain::tax::TaxMode::Inclusive),
                Cell::Text(tax.label.clone()),
                Cell::Money(tax.net_minor),
                Cell::Money(tax.tax_minor),
            ]);
        }
        for paid in &sale.tenders {
            self.payments.add(vec![
                id(),
                word(paid.kind.word()),
                Cell::Money(paid.amount_minor),
                word(paid.standing.word()),
                Cell::Text(paid.reference.clone()),
            ]);
        }
        // With it the rows of a sale add up to its total and its rounding.
        if sale.change_minor != 0 {
            let change = Cell::Money(sale.change_minor.saturating_neg());
            self.payments.add(vec![id(), word("change"), change, Cell::Nothing, Cell::Nothing]);
        }
    }
}

impl Engine {
    /// Lines that came back, and what went back for them.
    pub(super) fn refunds(&mut self, stall: LogId) -> Result<(Table, Table), NotDone> {
        let mut lines = Table::new(&[
            "refund",
            "sale",
            "register",
            "at_ms",
            "business_day",
            "line",
            "product",
            "quantity",
            "goods",
            "worth",
            "reason",
        ]);
        let mut given = Table::new(&["refund", "sale", "by", "amount", "never_came"]);
        for Refunded { register, stamp, made } in self.refunds_made(stall).map_err(Failure::from)? {
            let ids = || [Cell::Text(made.refund.to_string()), Cell::Text(made.sale.to_string())];
            for line in &made.lines {
                let rest = [
                    Cell::Text(register.to_string()),
                    Cell::Number(stamp.at_ms),
                    Cell::Day(stamp.business_day),
                    Cell::Number(i64::from(line.line).saturating_add(1)),
                    line.product.map_or(Cell::Nothing, |product| Cell::Text(product.to_string())),
                    Cell::Number(line.quantity),
                    word(line.goods.word()),
                    Cell::Money(line.amount_minor),
                    Cell::Text(made.reason.clone()),
                ];
                lines.add(ids().into_iter().chain(rest).collect());
            }
            for part in &made.given {
                let rest =
                    [word(part.kind.word()), Cell::Money(part.amount_minor), Cell::Flag(part.never_came)];
                given.add(ids().into_iter().chain(rest).collect());
            }
        }
        Ok((lines, given))
    }

    fn refunds_made(&mut self, stall: LogId) -> Result<Vec<Refunded>, StoreError> {
        let mut all = Vec::new();
        let mut offset = 0;
        loop {
            let rows = self.db.read::<_, StoreError>(|tx| {
                let rows = tx.query(
                    "select distinct author, seq from refund_line where log = $1
                     order by author, seq limit $2 offset $3",
                    params![stall, WINDOW_ROWS, offset],
                )?;
                let mut found = Vec::new();
                for row in &rows {
                    let (register, seq) = (row.id(0)?, row.number(1)?);
                    if let Some((stamp, Entry::RefundMade(made))) = facts::entry_at(tx, stall, register, seq)?
                    {
                        found.push(Refunded { register, stamp, made });
                    }
                }
                Ok((rows.len(), found))
            })?;
            let (count, found) = rows;
            if count == 0 {
                return Ok(all);
            }
            offset += WINDOW_ROWS;
            all.extend(found);
        }
    }

    /// Every change of every product's units, the latest first.
    pub(super) fn stock_changes(&mut self, stall: LogId, now: Now) -> Result<Table, NotDone> {
        let mut table = Table::new(&["product", "at_ms", "who", "what", "here", "moved", "cost", "note"]);
        for archived in [false, true] {
            let filter = ProductFilter { archived, ..ProductFilter::default() };
            let rows = self.all(
                now,
                |window| Query::Products { stall, filter, window },
                |view| if let View::Products(rows) = view { Some(rows) } else { None },
            )?;
            for row in rows {
                let product = row.product;
                let changes = self.all(
                    now,
                    |window| Query::StockHistory { stall, product, window },
                    |view| if let View::StockHistory(rows) = view { Some(rows) } else { None },
                )?;
                changes.into_iter().for_each(|change| table.add(change_cells(product, change)));
            }
        }
        Ok(table)
    }
}

fn change_cells(product: ProductId, change: StockChangeRow) -> Vec<Cell> {
    let cost = match &change.what {
        StockChange::Received { cost_minor } => cost_minor.map_or(Cell::Nothing, Cell::Money),
        StockChange::Sold { .. }
        | StockChange::Voided
        | StockChange::Refunded
        | StockChange::Counted { .. }
        | StockChange::Adjusted(_)
        | StockChange::Converted
        | StockChange::GivenBack
        | StockChange::Granted
        | StockChange::Ordered
        | StockChange::Released
        | StockChange::HandedOver
        | StockChange::Moved => Cell::Nothing,
    };
    vec![
        Cell::Text(product.to_string()),
        Cell::Number(change.at_ms),
        Cell::Text(change.who),
        word(what(&change.what)),
        Cell::Number(change.here),
        Cell::Number(change.moved),
        cost,
        Cell::Text(change.note),
    ]
}

fn what(change: &StockChange) -> &'static str {
    match change {
        StockChange::Sold { .. } => "sold",
        StockChange::Voided => "voided",
        StockChange::Refunded => "refunded",
        StockChange::Received { .. } => "received",
        StockChange::Counted { .. } => "counted",
        StockChange::Adjusted(reason) => reason.word(),
        StockChange::Converted => "converted",
        StockChange::GivenBack => "given-back",
        StockChange::Granted => "granted",
        StockChange::Ordered => "ordered",
        StockChange::Released => "released",
        StockChange::HandedOver => "handed-over",
        StockChange::Moved => "moved",
    }
}
