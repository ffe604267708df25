//! A market of twenty stalls after a year, as its tables stand: past the records, since ringing ten million lines up would take a day.
//! Beside what was sold there are customers, whoever orders, their orders, and what lies on the shelves.

use soko_domain::ids::{LogId, ProductId};
use soko_projection::figures::month;
use soko_record_log::{StoreError, Tx, params};
use soko_sync_server::operator::DAYS_MAX;

pub(super) const STALLS: u8 = 20;
pub(super) const MS_PER_DAY: i64 = 86_400_000;
const PRODUCTS: u32 = 1_000;
const HOURS: u32 = 10;
/// Of each product on each day, but for a third of the days on which it is one more: half a million a stall and year.
const LINES_A_DAY: i64 = 1;
/// At each stall, those that order in the shop among them. Each bought on some days of the year.
const BUYERS: i64 = 1_000;
const DAYS_OF_A_BUYER: i64 = 12;
const ORDERS: i64 = 10_000;
/// What of each product lies in the pool, at a register, for an order, and was sold.
const ACCOUNTS: [(i64, i64); 4] = [(2, 30), (3, 10), (4, 1), (5, 400)];

pub(super) fn product(log: LogId, number: u32) -> ProductId {
    let mut id = log.0;
    id[..4].copy_from_slice(&number.to_be_bytes());
    ProductId(id)
}

pub(super) fn fill(tx: &mut dyn Tx, log: LogId, today: i32) -> Result<(), StoreError> {
    tx.execute(
        "insert into stall_profile (log, name, currency, zone, cut_off_minutes, description, place)
         values ($1, 'A stall', 'EUR', 'UTC', 0, '', '')",
        params![log],
    )?;
    for number in 0..PRODUCTS {
        // Prices differ, so that one product brought more than another.
        let (name, price_minor) = (format!("goods {number}"), 250 + number);
        tx.execute(
            "insert into product (log, product, name, folded, description, sku, unit, price_minor, currency, price_per,
               tax_ppm, tax_inclusive, archived, problems)
             values ($1, $2, $3, $3, '', '', 1, $4, 'EUR', 1, 0, 1, 0, 0)",
            params![log, product(log, number), name, price_minor],
        )?;
        fill_shelf(tx, log, number)?;
    }
    for day in today - i32::from(DAYS_MAX) + 1..=today {
        fill_day(tx, log, day)?;
    }
    fill_buyers(tx, log, today)?;
    fill_orders(tx, log, today)
}

/// Of each fiftieth nothing is left.
fn fill_shelf(tx: &mut dyn Tx, log: LogId, number: u32) -> Result<(), StoreError> {
    for (account, quantity) in ACCOUNTS {
        let is_gone = number.is_multiple_of(50) && account != 5;
        tx.execute(
            "insert into balance (log, product, account, whose, quantity) values ($1, $2, $3, $4, $5)",
            params![log, product(log, number), account, log, if is_gone { 0 } else { quantity }],
        )?;
    }
    Ok(())
}

fn fill_day(tx: &mut dyn Tx, log: LogId, day: i32) -> Result<(), StoreError> {
    for hour in 8..8 + HOURS {
        tx.execute(
            "insert into figure_hour values ($1, $2, $3, $4, $5, 40, 137, 34250, 0, 0, 0, 0, 0, 1, 250, 250, 0)",
            params![log, day, hour, log, [0_u8; 16].to_vec()],
        )?;
    }
    sell_all(tx, log, (day, if day % 3 == 0 { LINES_A_DAY + 1 } else { LINES_A_DAY }))
}

/// So many of each product.
fn sell_all(tx: &mut dyn Tx, log: LogId, (day, lines): (i32, i64)) -> Result<(), StoreError> {
    for (grain, at) in [(1, day), (2, month(day))] {
        tx.execute(
            "insert into figure_product (log, grain, at, product, units, lines, revenue_minor, tax_minor,
               discount_minor, returned_units, restocked_units, refunded_minor, refunded_tax_minor)
             select log, cast($2 as bigint), cast($3 as bigint), product, cast($4 as bigint), cast($4 as bigint),
               price_minor * cast($4 as bigint), 0, 0, 0, 0, 0, 0
             from product where log = $1
             on conflict (log, grain, at, product) do update
               set units = figure_product.units + excluded.units, lines = figure_product.lines + excluded.lines,
                 revenue_minor = figure_product.revenue_minor + excluded.revenue_minor",
            params![log, grain, at, lines],
        )?;
    }
    Ok(())
}

/// What a sale of one line adds to the sums.
pub(super) fn sell(tx: &mut dyn Tx, log: LogId, today: i32) -> Result<(), StoreError> {
    tx.execute(
        "update figure_hour set sales = sales + 1, lines = lines + 1, revenue_minor = revenue_minor + 250
         where log = $1 and business_day = $2 and hour = 8",
        params![log, today],
    )?;
    for (grain, at) in [(1, today), (2, month(today))] {
        tx.execute(
            "update figure_product set units = units + 1, lines = lines + 1, revenue_minor = revenue_minor + 250
             where log = $1 and grain = $2 and at = $3 and product = $4",
            params![log, grain, at, product(log, 1)],
        )?;
    }
    Ok(())
}

fn fill_buyers(tx: &mut dyn Tx, log: LogId, today: i32) -> Result<(), StoreError> {
    let put = "insert into figure_customer (log, grain, customer, at, sales, revenue_minor)
               values ($1, $2, $3, $4, $5, $6) on conflict (log, grain, customer, at) do nothing";
    for buyer in 0..BUYERS {
        let mut id = log.0;
        id[..8].copy_from_slice(&buyer.to_be_bytes());
        tx.run(put, params![log, 3, id, 0, DAYS_OF_A_BUYER, 250 * DAYS_OF_A_BUYER])?;
        for time in 0..DAYS_OF_A_BUYER {
            let before = (buyer * 37 + time * 61) % i64::from(DAYS_MAX);
            tx.run(put, params![log, 1, id, i64::from(today) - before, 1, 250])?;
        }
    }
    Ok(())
}

fn fill_orders(tx: &mut dyn Tx, log: LogId, today: i32) -> Result<(), StoreError> {
    for order in 0..ORDERS {
        let mut id = log.0;
        id[..8].copy_from_slice(&order.to_be_bytes());
        let at_ms = i64::from(today) * MS_PER_DAY - (order * 7 % i64::from(DAYS_MAX)) * MS_PER_DAY + order;
        tx.run(
            "insert into orders (log, order_id, author, seq, buyer, total_minor, at_ms, placed, handed_over, cancel_asked,
               released, fulfilled, currency)
             values ($1, $2, $1, $3, $2, 900, $4, 1, 1, 0, 0, 1, 'EUR')",
            params![log, id, order + 1, at_ms],
        )?;
    }
    Ok(())
}
