//! What products are sorted into and taxed with, and the stall's devices.

use soko_app_api::{Query, View};
use soko_domain::ids::ThingId;
use soko_domain::money::Ppm;
use soko_record_log::{StoreError, params};

use super::table::{Cell, Rows, Shape};
use super::{Of, WINDOW_ROWS, maybe, odd, text, word};
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "categories",
        about: "What products are sorted into, in the order in which it is shown.",
        columns: &[
            ("category", "the category's id"),
            ("name", "what it is called"),
            ("parent", "the category that it is a part of"),
            ("archived", "whether it was taken away"),
        ],
        fill: categories,
    },
    Shape {
        name: "tax-classes",
        about: "Taxes that products share by name.",
        columns: &[
            ("tax_class", "the tax's id"),
            ("label", "what it is called"),
            ("tax_percent", "the rate"),
            ("inclusive", "whether prices have it in them"),
        ],
        fill: tax_classes,
    },
    Shape {
        name: "devices",
        about: "Devices of the stall, shut out ones too.",
        columns: &[
            ("device", "the device's id; a register's id in other tables"),
            ("name", "what it is called"),
            ("role", "what it may do: owner, manager or cashier"),
            ("revoked", "whether it was shut out"),
            ("replaces", "the device that it was before a backup was put back"),
            ("last_record_ms", "when it wrote its last record that is known here"),
        ],
        fill: devices,
    },
];

fn categories(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let mut offset = 0;
    loop {
        let rows = engine.db.read::<_, StoreError>(|tx| {
            tx.query(
                "select category, name, parent, archived from category where log = $1
                 order by position, folded, category limit $2 offset $3",
                params![of.stall, WINDOW_ROWS, offset],
            )
        });
        let rows = rows.map_err(Failure::from)?;
        if rows.is_empty() {
            return Ok(());
        }
        offset += WINDOW_ROWS;
        for row in &rows {
            out(vec![
                text(row.id::<ThingId>(0)?),
                text(row.text(1)?),
                maybe(row.id_opt::<ThingId>(2)?),
                Cell::Flag(row.bool(3)?),
            ])?;
        }
    }
}

fn tax_classes(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let view = engine.answer(&Query::Stall(of.stall), of.now)?;
    let View::Stall(stall) = view else {
        // Its profile did not come yet.
        return if matches!(view, View::Missing) { Ok(()) } else { Err(odd()) };
    };
    stall.taxes.into_iter().try_for_each(|tax| {
        out(vec![text(tax.class), text(tax.label), text(Ppm(tax.ppm)), Cell::Flag(tax.is_inclusive)])
    })
}

fn devices(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let View::Devices(rows) = engine.answer(&Query::Devices(of.stall), of.now)? else { return Err(odd()) };
    // A device that was not let in yet knows itself only.
    if !rows.iter().any(|row| row.is_this_register) {
        let own = &engine.stall(of.stall)?.row;
        let (id, name, role) = (text(own.author), text(&own.name), word(own.role.name()));
        out(vec![id, name, role, Cell::Flag(false), Cell::Nothing, Cell::Nothing])?;
    }
    rows.into_iter().try_for_each(|row| {
        out(vec![
            text(row.author),
            Cell::Text(row.name),
            Cell::Text(row.role),
            Cell::Flag(row.revoked),
            maybe(row.replaces),
            row.last_record_ms.map_or(Cell::Nothing, Cell::Number),
        ])
    })
}
