//! Who works at the stall, what each role may do alone, the drawer, and all that somebody may want to look into. Of people
//! their names and roles: PINs are kept elsewhere, and nothing here reads them.

use soko_app_api::{AuditBefore, AuditPart, AuditPrice, AuditRow, AuditWhat};
use soko_domain::entry::Entry;
use soko_domain::ids::{AuthorId, PersonId, ShiftId};
use soko_domain::money::Ppm;
use soko_domain::role::Role;
use soko_projection::audit::{self, AuditFilter, AuditKinds, AuditPlace, Facet};
use soko_projection::read_desk as facts;
use soko_record_log::{Row, StoreError, params};

use super::table::{Cell, Rows, Shape};
use super::{Of, WINDOW_ROWS, maybe, money, number, text, word};
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};

/// More people than work at a stall.
const PEOPLE_MAX: u32 = 100_000;

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "people",
        about: "Who works or worked at the stall, but for those whose names were erased.",
        columns: &[
            ("person", "the person's id"),
            ("name", "the person's name"),
            ("role", "owner, manager or cashier"),
            ("active", "whether they still work here"),
        ],
        fill: people,
    },
    Shape {
        name: "role-limits",
        about: "What a role may do without a manager's word.",
        columns: &[
            ("role", "the role"),
            ("discount_percent", "discounts up to"),
            ("refund", "refunds up to; empty for any"),
            ("custom_amount", "amounts without a product up to, for one sale; empty for any"),
            ("void", "whether it voids sales"),
            ("open_drawer", "whether it opens the drawer without a sale, and takes money out"),
            ("change_price", "whether it sells at another price"),
        ],
        fill: role_limits,
    },
    Shape {
        name: "shifts",
        about: "Every shift of every register, open or closed.",
        columns: &[
            ("shift", "the shift's id"),
            ("register", "the register's id"),
            ("opened_at_ms", "when it was opened"),
            ("business_day", "its day"),
            ("float", "what lay in the drawer"),
            ("sales", "how many sales"),
            ("sales_total", "what they came to"),
            ("voids", "how many were undone"),
            ("refunds", "what goods that came back were worth"),
            ("orders", "orders from the shop that were paid when they were handed over"),
            ("orders_total", "what those came to"),
            ("cash", "by how much the cash in the drawer grew"),
            ("closed", "whether it is closed"),
            ("expected", "what should have been in the drawer when it was closed"),
            ("counted", "what was in it"),
            ("reason", "why that differed"),
            ("opened_by", "who opened it"),
            ("closed_by", "who closed it"),
            ("closed_at_ms", "when it was closed"),
            ("z_number", "the number of its report; 0 while it is open"),
            ("voids_total", "what undone sales had come to"),
            ("discounts", "what came off"),
            ("cash_rounding", "what rounding to coins added"),
            ("paid_in", "what was put into the drawer"),
            ("paid_out", "what was taken out of it"),
            ("openings", "how often it was opened without a sale"),
            ("variance", "counted less expected, as it was said at the closing"),
            ("late", "what arrived after the closing"),
            ("late_cash", "what that did to its cash"),
        ],
        fill: shifts,
    },
    Shape {
        name: "drawer",
        about: "What was done with drawers beside sales: opened and closed, paid in and out, counted.",
        columns: &[
            ("register", "the register's id"),
            ("number", "the place of its record in the register's chain"),
            ("shift", "the shift's id"),
            ("at_ms", "when"),
            ("business_day", "its day"),
            ("what", "shift-opened, shift-closed, paid-in, paid-out, drawer-opened or drawer-counted"),
            ("amount", "the float, what was counted, paid in or taken out"),
            ("expected", "what should have been there at a closing"),
            ("variance", "counted less expected at a closing"),
            ("reason", "why"),
            ("coins", "value=pieces of each coin and note that was counted"),
            ("person", "who did it"),
            ("approved_by", "who allowed it"),
        ],
        fill: drawer,
    },
    Shape {
        name: "audit",
        about: "What somebody may want to look into, the latest first. A record can have several rows, of different kinds.",
        columns: &[
            ("register", "the register's id"),
            ("register_name", "what it is called"),
            ("number", "the place of its record in the register's chain"),
            ("what", "what was done"),
            ("at_ms", "when"),
            ("business_day", "its day"),
            ("person", "who did it"),
            ("by", "that person's name; empty where it was erased"),
            ("approved_by", "the name of whoever allowed it"),
            ("approved_why", "why they did"),
            ("amount", "what it came to"),
            ("reason", "why it was done"),
            ("word", "why units were written off, or where prices came from"),
            ("about", "whom or what it is about"),
            ("sale", "the sale that it is about"),
        ],
        fill: audit_rows,
    },
    Shape {
        name: "audit-parts",
        about: "What rows of the audit are about: products, lines and amounts.",
        columns: &[
            ("register", "the register's id"),
            ("number", "the place of its record in the register's chain"),
            ("what", "as in the row of the audit"),
            ("name", "the product, the line or the amount"),
            ("quantity", "how many units; what is gone has a minus"),
            ("was", "what it cost before"),
            ("was_per", "for how many units"),
            ("now", "what it costs now"),
            ("now_per", "for how many units"),
            ("total", "what it came to, or what came off"),
            ("reason", "why"),
        ],
        fill: audit_parts,
    },
];

fn people(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let found = engine.db.read::<_, StoreError>(|tx| facts::people(tx, of.stall, PEOPLE_MAX));
    found.map_err(Failure::from)?.into_iter().try_for_each(|person| {
        let role = word(person.role.name());
        out(vec![text(person.person), Cell::Text(person.name), role, Cell::Flag(person.is_active)])
    })
}

fn role_limits(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    for role in [Role::Manager, Role::Cashier] {
        let found = engine.db.read::<_, StoreError>(|tx| facts::limits(tx, of.stall, role));
        let (_, limits) = found.map_err(Failure::from)?;
        let up_to = |minor: i64| money((minor != i64::MAX).then_some(minor));
        out(vec![
            word(role.name()),
            text(Ppm(limits.discount_ppm)),
            up_to(limits.refund_minor),
            up_to(limits.custom_minor),
            Cell::Flag(limits.void_sale),
            Cell::Flag(limits.open_drawer),
            Cell::Flag(limits.change_price),
        ])?;
    }
    Ok(())
}

fn shifts(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let mut offset = 0;
    loop {
        let rows = engine.db.read::<_, StoreError>(|tx| {
            tx.query(
                "select shift, author, opened_at_ms, business_day, float_minor, sales, sales_minor, voids, refunds_minor,
                   orders, orders_minor, cash_minor, closed, expected_minor, counted_minor, reason, opened_by, closed_by,
                   closed_at_ms, z_number, voids_minor, discounts_minor, rounding_minor, paid_in_minor, paid_out_minor,
                   openings, late, late_minor
                 from shift where log = $1 order by opened_at_ms, shift, author limit $2 offset $3",
                params![of.stall, WINDOW_ROWS, offset],
            )
        });
        let rows = rows.map_err(Failure::from)?;
        if rows.is_empty() {
            return Ok(());
        }
        offset += WINDOW_ROWS;
        for row in &rows {
            out(shift_cells(row).map_err(Failure::from)?)?;
        }
    }
}

fn shift_cells(row: &Row) -> Result<Vec<Cell>, StoreError> {
    let person = |at| Ok::<_, StoreError>(maybe(row.id_opt::<[u8; 16]>(at)?.map(PersonId)));
    let amount = |at| Ok::<_, StoreError>(Cell::Money(row.int(at)?));
    let count = |at| Ok::<_, StoreError>(Cell::Number(row.int(at)?));
    let is_closed = row.bool(12)?;
    let at_closing = |minor: i64| money(is_closed.then_some(minor));
    Ok(vec![
        text(ShiftId(row.id(0)?)),
        text(row.id::<AuthorId>(1)?),
        count(2)?,
        Cell::Day(row.number(3)?),
        amount(4)?,
        count(5)?,
        amount(6)?,
        count(7)?,
        amount(8)?,
        count(9)?,
        amount(10)?,
        amount(11)?,
        Cell::Flag(is_closed),
        amount(13)?,
        amount(14)?,
        text(row.text(15)?),
        person(16)?,
        person(17)?,
        if is_closed { count(18)? } else { Cell::Nothing },
        count(19)?,
        amount(20)?,
        amount(21)?,
        amount(22)?,
        amount(23)?,
        amount(24)?,
        count(25)?,
        at_closing(row.int(14)?.saturating_sub(row.int(13)?)),
        count(26)?,
        amount(27)?,
    ])
}

/// What is done with a drawer is looked into in any case, so it stands there.
fn drawer(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    use soko_domain::entry::Kind;
    for (kind, facet, what) in [
        (Kind::ShiftOpened, Facet::Whole, AuditWhat::ShiftOpened),
        (Kind::DrawerMoved, Facet::Whole, AuditWhat::PaidIn),
        (Kind::DrawerMoved, Facet::PaidOut, AuditWhat::PaidOut),
        (Kind::DrawerOpened, Facet::Whole, AuditWhat::DrawerOpened),
        (Kind::DrawerCounted, Facet::Whole, AuditWhat::DrawerCounted),
        (Kind::ShiftClosed, Facet::Whole, AuditWhat::ShiftClosed),
    ] {
        let mut before: Option<AuditPlace> = None;
        loop {
            let kinds = AuditKinds::One(kind, facet);
            let filter = AuditFilter { person: None, business_day: None, kinds, before };
            let limit = usize::try_from(WINDOW_ROWS).unwrap_or(usize::MAX);
            let found = engine.db.read::<_, StoreError>(|tx| audit::rows(tx, of.stall, &filter, limit));
            let found = found.map_err(Failure::from)?;
            let Some(last) = found.last() else { break };
            before = Some(last.place);
            for row in &found {
                let Some((stamp, entry)) = &row.said else { continue };
                let Done { shift, amount, expected, reason, coins } = done(entry);
                out(vec![
                    text(row.place.author),
                    number(row.place.seq),
                    maybe(shift),
                    Cell::Number(stamp.at_ms),
                    Cell::Day(stamp.business_day),
                    word(what.word()),
                    money(amount),
                    money(expected),
                    money(amount.zip(expected).map(|(counted, expected)| counted.saturating_sub(expected))),
                    Cell::Text(reason),
                    Cell::Text(coins),
                    maybe(row.person),
                    maybe(row.approved_by),
                ])?;
            }
        }
    }
    Ok(())
}

/// What was done with a drawer.
#[derive(Default)]
struct Done {
    shift: Option<ShiftId>,
    amount: Option<i64>,
    expected: Option<i64>,
    reason: String,
    coins: String,
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only what is done with drawers comes here")]
fn done(entry: &Entry) -> Done {
    match entry {
        Entry::ShiftOpened(opened) => {
            Done { shift: Some(opened.shift), amount: Some(opened.float_minor), ..Done::default() }
        }
        Entry::DrawerMoved(moved) => Done {
            shift: Some(moved.shift),
            amount: Some(moved.amount_minor),
            reason: moved.reason.clone(),
            ..Done::default()
        },
        Entry::DrawerOpened(opened) => {
            Done { shift: opened.shift, reason: opened.reason.clone(), ..Done::default() }
        }
        Entry::DrawerCounted(counted) => {
            let coins = counted.coins.iter().map(|coin| format!("{}={}", coin.value_minor, coin.pieces));
            Done {
                shift: Some(counted.shift),
                amount: Some(counted.counted_minor),
                coins: coins.collect::<Vec<_>>().join("|"),
                ..Done::default()
            }
        }
        Entry::ShiftClosed(closed) => Done {
            shift: Some(closed.shift),
            amount: Some(closed.counted_minor),
            expected: Some(closed.expected_minor),
            reason: closed.reason.clone(),
            ..Done::default()
        },
        _ => Done::default(),
    }
}

fn each_audit(
    engine: &mut Engine,
    of: Of,
    with: &mut dyn FnMut(AuditRow) -> Result<(), NotDone>,
) -> Result<(), NotDone> {
    let mut before: Option<AuditBefore> = None;
    loop {
        let rows = engine.audit_page(of.stall, of.now, before)?;
        let Some(last) = rows.last() else { return Ok(()) };
        before = Some(last.place());
        rows.into_iter().try_for_each(&mut *with)?;
    }
}

fn audit_rows(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    each_audit(engine, of, &mut |row| {
        out(vec![
            text(row.register),
            Cell::Text(row.register_name),
            number(row.seq),
            word(row.what.word()),
            Cell::Number(row.at_ms),
            Cell::Day(row.business_day),
            maybe(row.person),
            Cell::Text(row.by),
            Cell::Text(row.approved_by),
            Cell::Text(row.approved_why),
            money(row.amount_minor),
            Cell::Text(row.reason),
            Cell::Text(row.word),
            Cell::Text(row.about),
            maybe(row.sale),
        ])
    })
}

fn audit_parts(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    each_audit(engine, of, &mut |row| {
        let (register, seq, what) = (row.register, row.seq, row.what);
        row.parts.into_iter().try_for_each(|part| {
            let head = [text(register), number(seq), word(what.word())];
            out(head.into_iter().chain(part_cells(part)).collect())
        })
    })
}

fn part_cells(part: AuditPart) -> [Cell; 8] {
    let minor = |price: Option<AuditPrice>| money(price.map(|price| price.minor));
    let per = |price: Option<AuditPrice>| price.map_or(Cell::Nothing, |price| Cell::Number(price.per));
    [
        Cell::Text(part.about),
        part.amount.map_or(Cell::Nothing, |amount| Cell::Number(amount.quantity)),
        minor(part.was),
        per(part.was),
        minor(part.now),
        per(part.now),
        money(part.total_minor),
        Cell::Text(part.reason),
    ]
}
