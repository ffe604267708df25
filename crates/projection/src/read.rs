//! Facts out of the derived tables, for decisions and for screens. The same on a device and on the server.

mod lists;
mod packed;
mod stock;

use soko_documents::DocumentKind;
use soko_domain::deal::Deal;
use soko_domain::delivery::{Handing, Handings};
use soko_domain::entry::{
    Entry, IncidentRaised, Kind, OrderPlaced, OrderStep, RefundAllowed, ReleaseReason, SaleMade, Stamp,
    TenderKind,
};
use soko_domain::ids::{AuthorId, Hash, LogId, OrderId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::quantity::Unit;
use soko_domain::role::Role;
use soko_domain::stock::Account;
use soko_domain::transfer::TransferTerms;
use soko_domain::verbs::make_sale::BeyondRule;
use soko_domain::verbs::release_order::OrderState;
use soko_record_log::{Row, StoreError, Tx, log, params};

pub use lists::{ProductListed, ProductsOf, products_and_shares, variants};
pub use packed::options;
pub use stock::{HeldOf, accounts, balance, expected, for_sale, granted_for, held_by, holders, shares_of};

use packed::{ids, parts};

use crate::project::ParkCode;
use crate::swaps;

/// Most refunded lines of one sale.
pub(crate) const REFUNDS_MAX: usize = 10_000;

pub struct ShiftRow {
    pub shift: ShiftId,
    pub float_minor: i64,
    pub expected_minor: i64,
    pub opened_at_ms: i64,
    /// How often it was counted, and what came out last.
    pub counts: u32,
    pub last_counted_minor: i64,
}

/// The shift that is open at a register.
pub fn open_shift(tx: &mut dyn Tx, log: LogId, author: AuthorId) -> Result<Option<ShiftRow>, StoreError> {
    let rows = tx.query(
        "select shift, float_minor, cash_minor, opened_at_ms, counts, last_counted_minor from shift
         where log = $1 and author = $2 and closed = 0 order by opened_at_ms desc, shift limit 1",
        params![log, author],
    )?;
    let shift = |row: &Row| {
        Ok(ShiftRow {
            shift: ShiftId(row.id(0)?),
            float_minor: row.int(1)?,
            expected_minor: row.int(1)?.saturating_add(row.int(2)?),
            opened_at_ms: row.int(3)?,
            counts: row.number(4)?,
            last_counted_minor: row.int(5)?,
        })
    };
    rows.first().map(shift).transpose()
}

pub fn shift_is_open(
    tx: &mut dyn Tx,
    log: LogId,
    (author, shift): (AuthorId, ShiftId),
) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "select closed from shift where log = $1 and shift = $2 and author = $3",
        params![log, shift.0, author],
    )?;
    row.map_or(Ok(false), |row| Ok(!row.bool(0)?))
}

/// A sale as its record has it.
pub struct SaleFound {
    pub author: AuthorId,
    /// Its place in the author's chain.
    pub seq: u64,
    pub stamp: Stamp,
    pub made: SaleMade,
}

pub fn sale(tx: &mut dyn Tx, log: LogId, sale: SaleId) -> Result<Option<SaleFound>, StoreError> {
    let rows = tx.query(
        "select author, seq from sale where log = $1 and sale = $2 order by author, seq limit 1",
        params![log, sale.0],
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (author, seq) = (row.id(0)?, row.number(1)?);
    match entry_at(tx, log, author, seq)? {
        Some((stamp, Entry::SaleMade(made))) => Ok(Some(SaleFound { author, seq, stamp, made })),
        Some(_) | None => Err(odd("a sale's record")),
    }
}

/// The entry of a record that a derived table names.
pub fn entry_at(
    tx: &mut dyn Tx,
    log: LogId,
    author: AuthorId,
    seq: u64,
) -> Result<Option<(Stamp, Entry)>, StoreError> {
    let Some(record) = log::record_at(tx, log, &author, seq)? else { return Ok(None) };
    let (Some(kind), Some(body)) = (Kind::from_number(record.kind), record.body.bytes()) else {
        return Ok(None);
    };
    Entry::from_body(kind, body).map(Some).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub fn voided(tx: &mut dyn Tx, log: LogId, sale: SaleId) -> Result<bool, StoreError> {
    let rows =
        tx.query("select 1 from sale_void where log = $1 and sale = $2 limit 1", params![log, sale.0])?;
    Ok(!rows.is_empty())
}

/// What was refunded of a sale: line, quantity, amount.
pub fn refunded(tx: &mut dyn Tx, log: LogId, sale: SaleId) -> Result<Vec<(u32, i64, i64)>, StoreError> {
    let rows = tx.query(
        "select line, quantity, amount_minor from refund_line
         where log = $1 and sale = $2 order by author, seq, place limit $3",
        params![log, sale.0, REFUNDS_MAX],
    )?;
    rows.iter().map(|row| Ok((row.number(0)?, row.int(1)?, row.int(2)?))).collect()
}

const UNUSED: &str = "not exists (
   select 1 from refund_line r
   where r.log = a.log and r.sale = a.sale and r.line = a.line and r.allowance = a.allowance)";
const ALLOWED: &str =
    "a.allowance, a.to_author, a.line, a.quantity, a.amount_minor, a.money_minor, a.all_minor";

fn allowed(row: &Row, sale: SaleId) -> Result<RefundAllowed, StoreError> {
    Ok(RefundAllowed {
        allowance: row.id(0)?,
        to: row.id(1)?,
        sale,
        line: row.number(2)?,
        quantity: row.int(3)?,
        amount_minor: row.int(4)?,
        money_minor: row.int(5)?,
        all_minor: row.int(6)?,
    })
}

/// A right to refund a line that the server gave to this author and that it has not used.
pub fn allowance(
    tx: &mut dyn Tx,
    (log, author): (LogId, AuthorId),
    sale: SaleId,
    line: u32,
) -> Result<Option<RefundAllowed>, StoreError> {
    let sql = format!(
        "select {ALLOWED} from refund_allowance a
         where a.log = $1 and a.to_author = $2 and a.sale = $3 and a.line = $4 and {UNUSED}
         order by a.allowance limit 1"
    );
    let rows = tx.query(&sql, params![log, author, sale.0, line])?;
    rows.first().map(|row| allowed(row, sale)).transpose()
}

/// Every such right of a sale, whoever has it.
pub fn allowances(tx: &mut dyn Tx, log: LogId, sale: SaleId) -> Result<Vec<RefundAllowed>, StoreError> {
    let sql = format!(
        "select {ALLOWED} from refund_allowance a
         where a.log = $1 and a.sale = $2 and {UNUSED} order by a.allowance limit $3"
    );
    let rows = tx.query(&sql, params![log, sale.0, REFUNDS_MAX])?;
    rows.iter().map(|row| allowed(row, sale)).collect()
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceFound {
    pub author: AuthorId,
    pub name: String,
    pub role: Option<Role>,
    pub replaces: Option<AuthorId>,
    pub admitted: bool,
    pub revoked: bool,
}

const DEVICE_COLUMNS: &str = "author, name, role, replaces, admitted, revoked";

pub fn device(tx: &mut dyn Tx, log: LogId, author: AuthorId) -> Result<Option<DeviceFound>, StoreError> {
    let sql = format!("select {DEVICE_COLUMNS} from stall_device where log = $1 and author = $2");
    tx.query_opt(&sql, params![log, author])?.as_ref().map(device_found).transpose()
}

pub fn devices(tx: &mut dyn Tx, log: LogId, limit: usize) -> Result<Vec<DeviceFound>, StoreError> {
    let sql =
        format!("select {DEVICE_COLUMNS} from stall_device where log = $1 order by name, author limit $2");
    tx.query(&sql, params![log, limit])?.iter().map(device_found).collect()
}

/// A register with the key that it signs with.
pub struct RegisterKeyFound {
    pub author: AuthorId,
    pub name: String,
    pub admitted: bool,
    pub revoked: bool,
    pub public_key: [u8; 32],
}

const KEY_COLUMNS: &str =
    "h.author, coalesce(d.name, ''), coalesce(d.admitted, 0), coalesce(d.revoked, 0), h.public_key
     from author_head h left join stall_device d on d.log = h.log and d.author = h.author";

/// Every register that was ever let in, revoked ones, too: what they sold before stays true.
pub fn register_keys(tx: &mut dyn Tx, log: LogId, limit: usize) -> Result<Vec<RegisterKeyFound>, StoreError> {
    let sql = format!("select {KEY_COLUMNS} where h.log = $1 and d.admitted = 1 order by h.author limit $2");
    tx.query(&sql, params![log, limit])?.iter().map(register_key_found).collect()
}

/// The key of an author, let in or not.
pub fn register_key(
    tx: &mut dyn Tx,
    log: LogId,
    author: AuthorId,
) -> Result<Option<RegisterKeyFound>, StoreError> {
    let sql = format!("select {KEY_COLUMNS} where h.log = $1 and h.author = $2");
    tx.query_opt(&sql, params![log, author])?.as_ref().map(register_key_found).transpose()
}

fn register_key_found(row: &Row) -> Result<RegisterKeyFound, StoreError> {
    Ok(RegisterKeyFound {
        author: row.id(0)?,
        name: row.text(1)?.into(),
        admitted: row.bool(2)?,
        revoked: row.bool(3)?,
        public_key: row.id(4)?,
    })
}

fn device_found(row: &Row) -> Result<DeviceFound, StoreError> {
    Ok(DeviceFound {
        author: row.id(0)?,
        name: row.text(1)?.into(),
        role: Role::from_number(row.number(2)?),
        replaces: row.id_opt(3)?,
        admitted: row.bool(4)?,
        revoked: row.bool(5)?,
    })
}

/// An order as a list shows it.
pub struct OrderFound {
    pub order: OrderId,
    pub author: AuthorId,
    pub seq: u64,
    pub at_ms: i64,
    pub total_minor: i64,
    pub state: OrderState,
    pub currency: String,
    pub lines: u32,
    /// How far the stall is with it.
    pub step: Option<OrderStep>,
    pub handing: Handing,
    /// Offers in place of its lines that were taken.
    pub swaps: u32,
    /// When its hold became a sale; 0 while it did not.
    pub ended_ms: i64,
    /// Why it ended without its goods.
    pub ended: Option<ReleaseReason>,
}

const ORDER_COLUMNS: &str = "order_id, author, seq, at_ms, total_minor + swapped_minor, handed_over, released, fulfilled, currency, lines, step, \
     handing, ended_ms, swaps, ended";
const IS_WAITING: &str = "placed = 1 and handed_over = 0 and released = 0 and fulfilled = 0";

/// Nothing as long as the order itself has not arrived, whatever is known to follow it.
pub fn order(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Option<OrderFound>, StoreError> {
    let sql = format!("select {ORDER_COLUMNS} from orders where log = $1 and order_id = $2 and placed = 1");
    tx.query_opt(&sql, params![log, order.0])?.as_ref().map(order_found).transpose()
}

/// Of all, the latest first; or of those that wait to be handed over, those first that nobody has begun with, and then
/// whoever waits longest.
pub fn orders(
    tx: &mut dyn Tx,
    (log, only_waiting): (LogId, bool),
    (offset, rows): (u32, u32),
) -> Result<Vec<OrderFound>, StoreError> {
    let (which, by) = if only_waiting { (IS_WAITING, "step, at_ms") } else { ("placed = 1", "at_ms desc") };
    let sql = format!(
        "select {ORDER_COLUMNS} from orders where log = $1 and {which}
         order by {by}, order_id limit $2 offset $3"
    );
    tx.query(&sql, params![log, rows, offset])?.iter().map(order_found).collect()
}

/// Those with an identity from the first to the last of these, the latest first.
pub fn orders_between(
    tx: &mut dyn Tx,
    log: LogId,
    (first, last): (OrderId, OrderId),
    rows: u32,
) -> Result<Vec<OrderFound>, StoreError> {
    let sql = format!(
        "select {ORDER_COLUMNS} from orders where log = $1 and order_id between $2 and $3 and placed = 1
         order by at_ms desc, order_id limit $4"
    );
    tx.query(&sql, params![log, first.0, last.0, rows])?.iter().map(order_found).collect()
}

fn order_found(row: &Row) -> Result<OrderFound, StoreError> {
    let state = match (row.bool(5)?, row.bool(6)?, row.bool(7)?) {
        (_, _, true) => OrderState::Fulfilled,
        (_, true, false) => OrderState::Released,
        (true, false, false) => OrderState::HandedOver,
        (false, false, false) => OrderState::Held,
    };
    Ok(OrderFound {
        order: OrderId(row.id(0)?),
        author: row.id(1)?,
        seq: row.number(2)?,
        at_ms: row.int(3)?,
        total_minor: row.int(4)?,
        state,
        currency: row.text(8)?.into(),
        lines: row.number(9)?,
        step: OrderStep::from_number(row.number(10)?),
        handing: Handing::from_number(row.number(11)?).unwrap_or(Handing::Pickup),
        ended_ms: row.int(12)?,
        swaps: row.number(13)?,
        ended: ReleaseReason::from_number(row.number(14)?).filter(|_| state == OrderState::Released),
    })
}

/// An order as it is: with what was taken in place of its lines.
pub fn order_placed(tx: &mut dyn Tx, log: LogId, found: &OrderFound) -> Result<OrderPlaced, StoreError> {
    let mut placed = as_placed(tx, log, found)?;
    if found.swaps > 0 {
        swaps::apply_taken(tx, log, &mut placed)?;
    }
    Ok(placed)
}

/// An order as its buyer asked for it.
pub fn as_placed(tx: &mut dyn Tx, log: LogId, found: &OrderFound) -> Result<OrderPlaced, StoreError> {
    match entry_at(tx, log, found.author, found.seq)? {
        Some((_, Entry::OrderPlaced(placed))) => Ok(placed),
        Some(_) | None => Err(odd("an order's record")),
    }
}

/// An incident as its record has it.
pub fn incident(
    tx: &mut dyn Tx,
    log: LogId,
    (author, seq): (AuthorId, u64),
) -> Result<IncidentRaised, StoreError> {
    match entry_at(tx, log, author, seq)? {
        Some((_, Entry::IncidentRaised(raised))) => Ok(raised),
        Some(_) | None => Err(odd("an incident's record")),
    }
}

/// A product as lists and sales use it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProductFound {
    pub product: ProductId,
    pub name: String,
    pub sku: String,
    pub unit: Unit,
    pub price_minor: i64,
    pub price_per: i64,
    pub currency: String,
    /// What counts, of its class or its own; the label is its class's.
    pub tax_ppm: u32,
    pub tax_inclusive: bool,
    pub tax_label: String,
    pub archived: bool,
    /// In the order to show them.
    pub pictures: Vec<Hash>,
    pub categories: Vec<ThingId>,
    pub cost_minor: Option<i64>,
    pub favourite: bool,
    pub low_level: Option<i64>,
    /// What a piece weighs; 0 where nobody said.
    pub piece_g: i64,
    pub deal: Option<Deal>,
    pub variant_of: Option<ProductId>,
    /// By name.
    pub options: Vec<(String, String)>,
    /// Units of other products that one of this takes.
    pub parts: Vec<(ProductId, i64)>,
}

const PRODUCT_COLUMNS: &str = "product, name, sku, unit, price_minor, price_per, currency, tax_ppm, \
     tax_inclusive, archived, pictures, categories, cost_minor, favourite, low_level, variant_of, options, parts, piece_g, \
     tax_label, deal";
const PRODUCT_COLUMNS_COUNT: usize = 21;

pub fn product(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<Option<ProductFound>, StoreError> {
    let sql = format!("select {PRODUCT_COLUMNS} from product where log = $1 and product = $2");
    tx.query_opt(&sql, params![log, product.0])?.as_ref().map(product_found).transpose()
}

/// Every account that is not empty of the products in a part of the list by name.
pub fn accounts_of_products(
    tx: &mut dyn Tx,
    log: LogId,
    (offset, rows): (u32, u32),
) -> Result<Vec<(ProductId, Account, i64)>, StoreError> {
    let found = tx.query(
        "select product, account, whose, quantity from balance
         where log = $1 and quantity <> 0 and product in (
           select product from product where log = $1 and archived = 0
           order by folded, product limit $2 offset $3)",
        params![log, rows, offset],
    )?;
    let account = |row: &Row| {
        let account = Account::from_parts(row.number(1)?, row.id(2)?);
        Ok((row.id(0)?, account.ok_or_else(|| odd("an account"))?, row.int(3)?))
    };
    found.iter().map(account).collect()
}

/// Products on offer of which there are no more than their level, by name.
pub fn products_to_buy(
    tx: &mut dyn Tx,
    log: LogId,
    (offset, rows): (u32, u32),
) -> Result<Vec<ProductFound>, StoreError> {
    let here = [Account::Pool, Account::Deficit].map(|account| account.parts().0);
    let (pool, deficit) = (here[0], here[1]);
    // Everything that is at the stall stands between the pool and the deficit, but for what was sold or lost.
    let sql = format!(
        "select {PRODUCT_COLUMNS} from product p
         where p.log = $1 and p.archived = 0 and p.low_level is not null and p.low_level >= (
           select coalesce(sum(b.quantity), 0) from balance b
           where b.log = p.log and b.product = p.product and b.account between $2 and $3
             and b.account not in ($4, $5))
         order by p.folded, p.product limit $6 offset $7"
    );
    let (sold, lost) = (Account::Sold.parts().0, Account::WriteOff.parts().0);
    let found = tx.query(&sql, params![log, pool, deficit, sold, lost, rows, offset])?;
    found.iter().map(product_found).collect()
}

/// Products of which a document is in conflict, or whose barcode another product has, by name.
pub fn products_in_question(
    tx: &mut dyn Tx,
    log: LogId,
    (offset, rows): (u32, u32),
) -> Result<Vec<ProductFound>, StoreError> {
    let sql = format!(
        "select {PRODUCT_COLUMNS} from product p
         where p.log = $1 and p.archived = 0 and (p.problems > 0 or p.product in (
           select c.product from product_code c where c.log = $1 and c.code in (
             select d.code from product_code d join product o on o.log = d.log and o.product = d.product
             where d.log = $1 and o.archived = 0 group by d.code having count(*) > 1)))
         order by p.folded, p.product limit $2 offset $3"
    );
    tx.query(&sql, params![log, rows, offset])?.iter().map(product_found).collect()
}

/// What one record did to a product's units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StockChangeFound {
    pub author: AuthorId,
    pub seq: u64,
    /// By how much it changed what is at the stall.
    pub here: i64,
    pub moved: i64,
}

/// Latest first. Only where a history is kept: on devices.
pub fn stock_changes(
    tx: &mut dyn Tx,
    log: LogId,
    product: ProductId,
    (offset, rows): (u32, u32),
) -> Result<Vec<StockChangeFound>, StoreError> {
    let rows = tx.query(
        "select author, seq, here, moved from stock_change where log = $1 and product = $2
         order by at_ms desc, author desc, seq desc limit $3 offset $4",
        params![log, product, rows, offset],
    )?;
    let change = |row: &Row| {
        Ok(StockChangeFound {
            author: row.id(0)?,
            seq: row.number(1)?,
            here: row.int(2)?,
            moved: row.int(3)?,
        })
    };
    rows.iter().map(change).collect()
}

/// A category as lists show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CategoryFound {
    pub category: ThingId,
    pub name: String,
    pub parent: Option<ThingId>,
    pub position: i64,
    /// Products in it that are not archived.
    pub products: u32,
}

/// The categories on offer, without counting what is in them.
pub fn category_names(
    tx: &mut dyn Tx,
    log: LogId,
    limit: usize,
) -> Result<Vec<(ThingId, String)>, StoreError> {
    let rows = tx.query(
        "select category, name from category where log = $1 and archived = 0
         order by position, folded, category limit $2",
        params![log, limit],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.text(1)?.into()))).collect()
}

/// By position, then by name.
pub fn categories(tx: &mut dyn Tx, log: LogId, limit: usize) -> Result<Vec<CategoryFound>, StoreError> {
    let rows = tx.query(
        "select c.category, c.name, c.parent, c.position,
           (select count(*) from product_category pc
            join product p on p.log = pc.log and p.product = pc.product
            where pc.log = c.log and pc.category = c.category and p.archived = 0
              and not exists (select 1 from product_category oc
                join product o on o.log = oc.log and o.product = oc.product
                where oc.log = c.log and oc.category = c.category and oc.product = p.variant_of
                  and o.variant_of is null and o.archived = 0))
         from category c where c.log = $1 and c.archived = 0 order by c.position, c.folded, c.category limit $2",
        params![log, limit],
    )?;
    let category = |row: &Row| {
        Ok(CategoryFound {
            category: row.id(0)?,
            name: row.text(1)?.into(),
            parent: row.id_opt(2)?,
            position: row.int(3)?,
            products: row.number(4)?,
        })
    };
    rows.iter().map(category).collect()
}

/// What a business day came to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct DayFound {
    pub sales: u32,
    pub total_minor: i64,
    pub refunds_minor: i64,
    pub cash_minor: i64,
    pub orders_waiting: u32,
}

/// Sales of the day that were not voided, refunds of the day, and the orders that wait now.
pub fn day(tx: &mut dyn Tx, log: LogId, business_day: i32) -> Result<DayFound, StoreError> {
    let sold = tx.query_one(
        "select cast(coalesce(sum(sales), 0) as bigint), cast(coalesce(sum(revenue_minor), 0) as bigint),
           cast(coalesce(sum(refunded_minor), 0) as bigint)
         from figure_hour where log = $1 and business_day = $2",
        params![log, business_day],
    )?;
    let cash = tx.query_opt(
        "select amount_minor - refunded_minor from figure_tender
         where log = $1 and business_day = $2 and kind = $3",
        params![log, business_day, TenderKind::Cash.number()],
    )?;
    let waiting =
        tx.query_one(&format!("select count(*) from orders where log = $1 and {IS_WAITING}"), params![log])?;
    Ok(DayFound {
        sales: sold.number(0)?,
        total_minor: sold.int(1)?,
        refunds_minor: sold.int(2)?,
        cash_minor: cash.map_or(Ok(0), |row| row.int(0))?,
        orders_waiting: waiting.number(0)?,
    })
}

/// Products of every kind, by name.
pub fn products(
    tx: &mut dyn Tx,
    log: LogId,
    (offset, rows): (u32, u32),
) -> Result<Vec<ProductFound>, StoreError> {
    let sql = format!(
        "select {PRODUCT_COLUMNS} from product where log = $1 order by folded, product limit $2 offset $3"
    );
    tx.query(&sql, params![log, rows, offset])?.iter().map(product_found).collect()
}

/// The pictures that any product of a stall shows, some of them more than once.
pub fn pictures_of_products(tx: &mut dyn Tx, log: LogId) -> Result<Vec<Hash>, StoreError> {
    let sql = "select pictures from product where log = $1 and length(pictures) > 0";
    let mut pictures = Vec::new();
    for row in &tx.query(sql, params![log])? {
        pictures.extend(ids(row, 0, Hash::from_slice)?);
    }
    Ok(pictures)
}

/// Products with exactly this barcode or SKU.
pub fn products_of_code(
    tx: &mut dyn Tx,
    log: LogId,
    code: &str,
    limit: u32,
) -> Result<Vec<ProductId>, StoreError> {
    let rows = tx.query(
        "select product from product_code where log = $1 and code = $2 order by product limit $3",
        params![log, code, limit],
    )?;
    rows.iter().map(|row| row.id(0).map(ProductId)).collect()
}

/// Products with exactly this SKU.
pub fn products_of_sku(
    tx: &mut dyn Tx,
    log: LogId,
    sku: &str,
    limit: u32,
) -> Result<Vec<ProductId>, StoreError> {
    let rows = tx.query(
        "select product from product where log = $1 and sku = $2 and sku <> '' order by product limit $3",
        params![log, sku, limit],
    )?;
    rows.iter().map(|row| row.id(0).map(ProductId)).collect()
}

fn product_found(row: &Row) -> Result<ProductFound, StoreError> {
    Ok(ProductFound {
        product: ProductId(row.id(0)?),
        name: row.text(1)?.into(),
        sku: row.text(2)?.into(),
        unit: Unit::from_number(row.number(3)?).unwrap_or(Unit::Piece),
        price_minor: row.int(4)?,
        price_per: row.int(5)?,
        currency: row.text(6)?.into(),
        tax_ppm: row.number(7)?,
        tax_inclusive: row.bool(8)?,
        archived: row.bool(9)?,
        pictures: ids(row, 10, Hash::from_slice)?,
        categories: ids(row, 11, ThingId::from_slice)?,
        cost_minor: row.int_opt(12)?,
        favourite: row.bool(13)?,
        low_level: row.int_opt(14)?,
        variant_of: row.id_opt::<[u8; 16]>(15)?.map(ProductId),
        options: options(row.text(16)?),
        parts: parts(row.blob_opt(17)?.unwrap_or_default())?,
        piece_g: row.int(18)?,
        tax_label: row.text(19)?.into(),
        deal: Deal::read(row.text(20)?),
    })
}

pub struct Profile {
    pub name: String,
    pub place: String,
    pub currency: String,
    pub cut_off_minutes: u16,
    pub cash_step_minor: u32,
    pub beyond_rule: BeyondRule,
    pub scale_codes: String,
    pub takes_card: bool,
    pub takes_phone: bool,
    /// How it takes bank transfers, if it does.
    pub transfers: Option<TransferTerms>,
    pub handings: Handings,
    /// So many days the stall takes back what was handed over; 0 does not.
    pub return_days: u32,
    /// The tax of an amount that is no product's.
    pub tax_ppm: u32,
    pub tax_inclusive: bool,
    /// When it is open, as `soko_domain::opening` reads it; empty where it does not say so.
    pub opening: String,
}

pub fn profile(tx: &mut dyn Tx, log: LogId) -> Result<Option<Profile>, StoreError> {
    let row = tx.query_opt(
        "select name, place, currency, cut_off_minutes, cash_step_minor, beyond_rule, scale_codes,
           takes_card, takes_phone, no_pickup, local_terms, shipping_terms, return_days, transfer_terms, tax_ppm,
           tax_inclusive, opening
         from stall_profile where log = $1",
        params![log],
    )?;
    let profile = |row: Row| {
        Ok(Profile {
            name: row.text(0)?.into(),
            place: row.text(1)?.into(),
            currency: row.text(2)?.into(),
            cut_off_minutes: row.number(3)?,
            cash_step_minor: row.number(4)?,
            beyond_rule: BeyondRule::from_number(row.number(5)?).unwrap_or(BeyondRule::Warn),
            scale_codes: row.text(6)?.into(),
            takes_card: row.bool(7)?,
            takes_phone: row.bool(8)?,
            handings: Handings::read(row.bool(9)?, row.text(10)?, row.text(11)?),
            return_days: row.number(12)?,
            transfers: TransferTerms::parse(row.text(13)?).ok(),
            tax_ppm: row.number(14)?,
            tax_inclusive: row.bool(15)?,
            opening: row.text(16)?.into(),
        })
    };
    row.map(profile).transpose()
}

/// Whether anything counts money already: a shift, a sale, an order, value on a card.
pub fn has_money(tx: &mut dyn Tx, log: LogId) -> Result<bool, StoreError> {
    for table in ["shift", "sale", "orders", "purse"] {
        let sql = format!("select 1 from {table} where log = $1 limit 1");
        if tx.query_opt(&sql, params![log])?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A document as it was last saved.
pub fn document(
    tx: &mut dyn Tx,
    log: LogId,
    document: ThingId,
) -> Result<Option<(DocumentKind, Vec<u8>)>, StoreError> {
    let row = tx.query_opt(
        "select kind, saved from document where log = $1 and document = $2",
        params![log, document],
    )?;
    let Some(row) = row else { return Ok(None) };
    let kind = DocumentKind::from_number(row.number(0)?).ok_or_else(|| odd("a kind of document"))?;
    Ok(Some((kind, row.blob(1)?.into())))
}

/// Shares that the server asked this author to give back: recall, product, quantity.
pub fn recalls(
    tx: &mut dyn Tx,
    log: LogId,
    author: AuthorId,
    limit: usize,
) -> Result<Vec<(ThingId, ProductId, i64)>, StoreError> {
    let rows = tx.query(
        "select recall, product, quantity from recall
         where log = $1 and author = $2 and answered = 0 order by recall limit $3",
        params![log, author, limit],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, ProductId(row.id(1)?), row.int(2)?))).collect()
}

/// Whether a life of the server has frozen all stock and not released it.
pub fn stall_frozen(tx: &mut dyn Tx, log: LogId) -> Result<bool, StoreError> {
    let rows = tx.query(
        "select frozen, unfrozen from epoch where log = $1 order by counter desc, epoch desc limit 1",
        params![log],
    )?;
    rows.first().map_or(Ok(false), |row| Ok(row.bool(0)? && !row.bool(1)?))
}

fn odd(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} is none that this program knows"))
}

/// Whether this author's share may be another than the tables say, because of entries that only a newer program can read:
/// a server's may be about anybody's share, a device's about its own alone. Nothing may be promised from it then.
pub fn is_outdated(tx: &mut dyn Tx, log: LogId, author: AuthorId) -> Result<bool, StoreError> {
    let sql = "select 1 from parked where log = $1 and (code = $2 or (code = $3 and author = $4)) limit 1";
    let (newer, of_device) = (ParkCode::Newer.number(), ParkCode::NewerOfDevice.number());
    Ok(tx.query_opt(sql, params![log, newer, of_device, author])?.is_some())
}

/// What the shop may promise. Where a device gave back or sold more than it is known to have had, and wrote what only a
/// newer program can read, it may have taken units in or not: until that is known, or the device is revoked, so many are
/// left alone.
pub fn pool_to_promise(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<i64, StoreError> {
    let pool = balance(tx, log, product, Account::Pool)?;
    let rows = tx.query(
        "select b.quantity from balance b
         join stall_device d on d.log = b.log and d.author = b.whose and d.revoked = 0
         where b.log = $1 and b.product = $2 and b.account = 3 and b.quantity < 0
           and exists (select 1 from parked p where p.log = b.log and p.author = b.whose and p.code = $3)",
        params![log, product, ParkCode::NewerOfDevice.number()],
    )?;
    rows.iter().try_fold(pool, |pool, row| Ok(pool.saturating_add(row.int(0)?)))
}
