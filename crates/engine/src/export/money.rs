//! What came back of sales, and what went back for it.

use soko_app_api::text::Worded as _;
use soko_domain::entry::{Entry, RefundMade, Stamp};
use soko_domain::ids::AuthorId;
use soko_projection::read as facts;
use soko_record_log::{StoreError, params};

use super::table::{Cell, Rows, Shape};
use super::{Of, WINDOW_ROWS, maybe, number, text, word};
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "refund-lines",
        about: "Lines of sales that came back.",
        columns: &[
            ("refund", "the refund's id"),
            ("sale", "the sale that it is of"),
            ("register", "the register that took it back"),
            ("at_ms", "when"),
            ("business_day", "for which day it counts"),
            ("line", "the line's place on the receipt, from 1"),
            ("product", "the product's id"),
            ("quantity", "how many came back"),
            ("goods", "whether they are for sale again, waste, or stayed with the buyer"),
            ("worth", "what they were worth"),
            ("reason", "why"),
            ("person", "who took them back"),
            ("approved_by", "who allowed it"),
        ],
        fill: lines,
    },
    Shape {
        name: "refund-payments",
        about: "What went back for them.",
        columns: &[
            ("refund", "the refund's id"),
            ("sale", "the sale that it is of"),
            ("by", "cash, card and so on"),
            ("amount", "how much"),
            ("never_came", "whether it is taken out of the books, because the payment never came"),
        ],
        fill: given,
    },
];

/// A refund with its register and its moment.
struct Refunded {
    register: AuthorId,
    stamp: Stamp,
    made: RefundMade,
}

fn lines(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    engine.each_refund(of, &mut |Refunded { register, stamp, made }| {
        for line in &made.lines {
            out(vec![
                text(made.refund),
                text(made.sale),
                text(register),
                Cell::Number(stamp.at_ms),
                Cell::Day(stamp.business_day),
                number(i64::from(line.line).saturating_add(1)),
                maybe(line.product),
                Cell::Number(line.quantity),
                word(line.goods.word()),
                Cell::Money(line.amount_minor),
                text(&made.reason),
                maybe(stamp.by),
                maybe(stamp.approval.as_ref().map(|approval| approval.by)),
            ])?;
        }
        Ok(())
    })
}

fn given(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    engine.each_refund(of, &mut |Refunded { made, .. }| {
        for part in &made.given {
            let by = word(part.kind.word());
            let (amount, never_came) = (Cell::Money(part.amount_minor), Cell::Flag(part.never_came));
            out(vec![text(made.refund), text(made.sale), by, amount, never_came])?;
        }
        Ok(())
    })
}

impl Engine {
    fn each_refund(
        &mut self,
        of: Of,
        with: &mut dyn FnMut(Refunded) -> Result<(), NotDone>,
    ) -> Result<(), NotDone> {
        let mut after = (AuthorId([0; AuthorId::SIZE]), 0_u64);
        loop {
            let rows = self.db.read::<_, StoreError>(|tx| {
                // The first bound says no more than the others: by it the key is used.
                let rows = tx.query(
                    "select distinct author, seq from refund_line
                     where log = $1 and author >= $2 and (author > $2 or seq > $3)
                     order by author, seq limit $4",
                    params![of.stall, after.0, after.1, WINDOW_ROWS],
                )?;
                let (mut found, mut last) = (Vec::new(), None);
                for row in &rows {
                    let (register, seq) = (row.id(0)?, row.number(1)?);
                    last = Some((register, seq));
                    if let Some((stamp, Entry::RefundMade(made))) =
                        facts::entry_at(tx, of.stall, register, seq)?
                    {
                        found.push(Refunded { register, stamp, made });
                    }
                }
                Ok((found, last))
            });
            let (found, last) = rows.map_err(Failure::from)?;
            let Some(last) = last else { return Ok(()) };
            after = last;
            found.into_iter().try_for_each(&mut *with)?;
        }
    }
}
