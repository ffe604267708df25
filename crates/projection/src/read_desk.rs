//! What the drawer's reports and the people's screens read. One or a few rows each, however many sales.

use soko_domain::basket::TenderKind;
use soko_domain::ids::{AuthorId, LogId, PersonId, SaleId, ShiftId};
use soko_domain::money::Ppm;
use soko_domain::people::Limits;
use soko_domain::role::Role;
use soko_domain::tax::TaxMode;
use soko_record_log::{Row, StoreError, Tx, params};

/// Running totals of one shift.
pub struct ShiftFound {
    pub shift: ShiftId,
    pub author: AuthorId,
    pub opened_at_ms: i64,
    pub opened_offset: i32,
    pub opened_by: Option<PersonId>,
    pub business_day: i32,
    pub is_closed: bool,
    pub closed_at_ms: i64,
    pub closed_offset: i32,
    pub closed_by: Option<PersonId>,
    pub z_number: u64,
    pub float_minor: i64,
    pub sales: u32,
    pub sales_minor: i64,
    pub voids: u32,
    pub voids_minor: i64,
    pub refunds: u32,
    pub refunds_minor: i64,
    /// Orders from the shop that were paid when they were handed over.
    pub orders: u32,
    pub orders_minor: i64,
    pub discounts_minor: i64,
    pub rounding_minor: i64,
    pub tendered_minor: i64,
    pub change_minor: i64,
    pub paid_in_minor: i64,
    pub paid_out_minor: i64,
    pub openings: u32,
    /// All that went into the drawer less all that left it, without the float.
    pub cash_minor: i64,
    pub counts: u32,
    pub first_counted_minor: i64,
    pub last_counted_minor: i64,
    /// As they were said when it was closed.
    pub expected_minor: i64,
    pub counted_minor: i64,
    pub reason: String,
    /// What came for it after it was closed.
    pub late: u32,
    pub late_minor: i64,
}

const SHIFT_COLUMNS: &str = "shift, author, opened_at_ms, opened_offset, opened_by, business_day, closed, closed_at_ms,
    closed_offset, closed_by, z_number, float_minor, sales, sales_minor, voids, voids_minor, refunds, refunds_minor,
    discounts_minor, rounding_minor, tendered_minor, change_minor, paid_in_minor, paid_out_minor, openings,
    cash_minor, counts, last_counted_minor, expected_minor, counted_minor, reason, late, late_minor,
    orders, orders_minor, first_counted_minor";

fn shift_found(row: &Row) -> Result<ShiftFound, StoreError> {
    Ok(ShiftFound {
        shift: ShiftId(row.id(0)?),
        author: row.id(1)?,
        opened_at_ms: row.int(2)?,
        opened_offset: row.number(3)?,
        opened_by: row.id_opt::<[u8; 16]>(4)?.map(PersonId),
        business_day: row.number(5)?,
        is_closed: row.bool(6)?,
        closed_at_ms: row.int(7)?,
        closed_offset: row.number(8)?,
        closed_by: row.id_opt::<[u8; 16]>(9)?.map(PersonId),
        z_number: row.number(10)?,
        float_minor: row.int(11)?,
        sales: row.number(12)?,
        sales_minor: row.int(13)?,
        voids: row.number(14)?,
        voids_minor: row.int(15)?,
        refunds: row.number(16)?,
        refunds_minor: row.int(17)?,
        discounts_minor: row.int(18)?,
        rounding_minor: row.int(19)?,
        tendered_minor: row.int(20)?,
        change_minor: row.int(21)?,
        paid_in_minor: row.int(22)?,
        paid_out_minor: row.int(23)?,
        openings: row.number(24)?,
        cash_minor: row.int(25)?,
        counts: row.number(26)?,
        last_counted_minor: row.int(27)?,
        expected_minor: row.int(28)?,
        counted_minor: row.int(29)?,
        reason: row.text(30)?.into(),
        late: row.number(31)?,
        late_minor: row.int(32)?,
        orders: row.number(33)?,
        orders_minor: row.int(34)?,
        first_counted_minor: row.int(35)?,
    })
}

/// A shift of a register, open or closed.
pub fn shift(
    tx: &mut dyn Tx,
    log: LogId,
    (author, shift): (AuthorId, ShiftId),
) -> Result<Option<ShiftFound>, StoreError> {
    let row = tx.query_opt(
        &format!("select {SHIFT_COLUMNS} from shift where log = $1 and shift = $2 and author = $3"),
        params![log, shift, author],
    )?;
    row.as_ref().map(shift_found).transpose()
}

/// Shifts that were closed, of every register, the latest first.
pub fn closed_shifts(
    tx: &mut dyn Tx,
    log: LogId,
    (offset, limit): (u32, u32),
) -> Result<Vec<ShiftFound>, StoreError> {
    let rows = tx.query(
        &format!(
            "select {SHIFT_COLUMNS} from shift where log = $1 and closed = 1
             order by closed_at_ms desc, author, z_number desc limit $2 offset $3"
        ),
        params![log, limit, offset],
    )?;
    rows.iter().map(shift_found).collect()
}

/// What was paid in one way during a shift.
pub struct TenderFound {
    pub kind: TenderKind,
    pub payments: i64,
    /// What was kept: change is gone from cash.
    pub amount_minor: i64,
    pub refunded_minor: i64,
}

pub fn shift_tenders(
    tx: &mut dyn Tx,
    log: LogId,
    (author, shift): (AuthorId, ShiftId),
) -> Result<Vec<TenderFound>, StoreError> {
    let rows = tx.query(
        "select kind, payments, amount_minor, refunded_minor from shift_tender
         where log = $1 and shift = $2 and author = $3 order by kind",
        params![log, shift, author],
    )?;
    let tender = |row: &Row| {
        let kind = TenderKind::from_number(row.number(0)?).ok_or_else(|| odd("a way to pay"))?;
        Ok(TenderFound {
            kind,
            payments: row.int(1)?,
            amount_minor: row.int(2)?,
            refunded_minor: row.int(3)?,
        })
    };
    rows.iter().map(tender).collect()
}

/// One rate of a shift's sales, without what was voided.
pub struct TaxFound {
    pub ppm: Ppm,
    pub mode: TaxMode,
    pub label: String,
    pub net_minor: i64,
    pub tax_minor: i64,
}

pub fn shift_taxes(
    tx: &mut dyn Tx,
    log: LogId,
    (author, shift): (AuthorId, ShiftId),
) -> Result<Vec<TaxFound>, StoreError> {
    let rows = tx.query(
        "select ppm, mode, label, net_minor, tax_minor from shift_tax
         where log = $1 and shift = $2 and author = $3 order by ppm desc, mode, label",
        params![log, shift, author],
    )?;
    let tax = |row: &Row| {
        Ok(TaxFound {
            ppm: Ppm(row.number(0)?),
            mode: TaxMode::from_number(row.number(1)?).ok_or_else(|| odd("a kind of tax"))?,
            label: row.text(2)?.into(),
            net_minor: row.int(3)?,
            tax_minor: row.int(4)?,
        })
    };
    rows.iter().map(tax).collect()
}

/// A line that was refunded from the drawer of a shift.
pub struct RefundFound {
    pub sale: SaleId,
    pub line: u32,
    pub amount_minor: i64,
    /// What had been given back for the line before, wherever that was.
    pub before_minor: i64,
}

pub fn shift_refunds(
    tx: &mut dyn Tx,
    log: LogId,
    (author, shift): (AuthorId, ShiftId),
) -> Result<Vec<RefundFound>, StoreError> {
    let rows = tx.query(
        "select r.sale, r.line, r.amount_minor, (
           select cast(coalesce(sum(e.amount_minor), 0) as bigint) from refund_line e
           where e.log = r.log and e.sale = r.sale and e.line = r.line
             and (e.author, e.seq, e.place) < (r.author, r.seq, r.place))
         from refund_line r where r.log = $1 and r.author = $2 and r.shift = $3 order by r.seq, r.place",
        params![log, author, shift],
    )?;
    let found = |row: &Row| {
        Ok(RefundFound {
            sale: SaleId(row.id(0)?),
            line: row.number(1)?,
            amount_minor: row.int(2)?,
            before_minor: row.int(3)?,
        })
    };
    rows.iter().map(found).collect()
}

/// Somebody who works or worked at the stall.
#[derive(Clone)]
pub struct PersonFound {
    pub person: PersonId,
    pub revision: u64,
    /// Empty once it was erased.
    pub name: String,
    pub role: Role,
    pub is_active: bool,
    pub is_erased: bool,
}

const PERSON_COLUMNS: &str = "person, revision, name, role, active, erased";

fn person_found(row: &Row) -> Result<PersonFound, StoreError> {
    Ok(PersonFound {
        person: PersonId(row.id(0)?),
        revision: row.number(1)?,
        name: row.text(2)?.into(),
        role: Role::from_number(row.number(3)?).ok_or_else(|| odd("a role"))?,
        is_active: row.bool(4)?,
        is_erased: row.bool(5)?,
    })
}

pub fn person(tx: &mut dyn Tx, log: LogId, person: PersonId) -> Result<Option<PersonFound>, StoreError> {
    let row = tx.query_opt(
        &format!("select {PERSON_COLUMNS} from person where log = $1 and person = $2"),
        params![log, person],
    )?;
    row.as_ref().map(person_found).transpose()
}

/// Everybody whose name was not erased, those who work here first.
pub fn people(tx: &mut dyn Tx, log: LogId, limit: u32) -> Result<Vec<PersonFound>, StoreError> {
    let rows = tx.query(
        &format!(
            "select {PERSON_COLUMNS} from person where log = $1 and erased = 0
             order by active desc, role, name, person limit $2"
        ),
        params![log, limit],
    )?;
    rows.iter().map(person_found).collect()
}

/// What a role may do alone, and the revision of that; 0 where nobody set it.
pub fn limits(tx: &mut dyn Tx, log: LogId, role: Role) -> Result<(u64, Limits), StoreError> {
    let row = tx.query_opt(
        "select revision, discount_ppm, refund_minor, void_sale, open_drawer, change_price, custom_minor
         from role_limits
         where log = $1 and role = $2",
        params![log, role.number()],
    )?;
    let Some(row) = row.filter(|_| role != Role::Owner) else { return Ok((0, Limits::of(role))) };
    let limits = Limits {
        discount_ppm: row.number(1)?,
        refund_minor: row.int(2)?,
        void_sale: row.bool(3)?,
        open_drawer: row.bool(4)?,
        change_price: row.bool(5)?,
        custom_minor: row.int(6)?,
    };
    Ok((row.number(0)?, limits))
}

fn odd(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} is none that this program knows"))
}
