//! One hash over everything that follows from a log's records. Devices that hold the same records have the
//! same digest, whatever the order in which they got them. It is kept up to date with every write
//! ([`running_digest`]); made from the tables themselves ([`state_digest`]) it must be the same.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use soko_domain::ids::{Hash, LogId};
use soko_record_log::{Param, Row, StoreError, ToParam as _, Tx, params};

use crate::sum::{Sum, param};

/// Rows that one query reads.
const ROWS_PER_STEP: usize = 5_000;

/// One table: the columns that name a row, and those that the digest covers beside them.
pub(crate) struct Part {
    pub(crate) number: u8,
    pub(crate) table: &'static str,
    pub(crate) keys: &'static str,
    pub(crate) key_count: usize,
    pub(crate) values: &'static str,
}

macro_rules! parts {
    ($($name:ident = $number:literal: $table:literal ($count:literal: $keys:literal) $values:literal;)*) => {
        $(pub(crate) const $name: Part = Part {
            number: $number, table: $table, keys: $keys, key_count: $count, values: $values,
        };)*
        pub(crate) const PARTS: &[Part] = &[$($name),*];
    };
}
// The order of columns is the order in which `Book` is given values.
parts! {
    BALANCE = 0: "balance" (3: "product, account, whose") "quantity";
    SALE = 1: "sale" (3: "sale, author, seq") "shift, receipt_number, total_minor, business_day, at_ms";
    SALE_VOID = 2: "sale_void" (3: "sale, author, seq") "1";
    REFUND_LINE = 3: "refund_line" (3: "author, seq, place")
        "refund, sale, line, quantity, amount_minor, allowance";
    REFUND_ALLOWANCE = 4: "refund_allowance" (1: "allowance") "to_author, sale, line, quantity, amount_minor, money_minor, all_minor";
    SHIFT = 5: "shift" (2: "shift, author")
        "float_minor, sales, sales_minor, voids, refunds_minor, cash_minor, closed, counted_minor";
    ORDERS = 6: "orders" (1: "order_id") "author, seq, placed, handed_over, cancel_asked, released, fulfilled";
    STALL_DEVICE = 7: "stall_device" (1: "author") "role, name, replaces, admitted, revoked";
    RECALL = 8: "recall" (1: "recall") "author, product, quantity, answered";
    INCIDENT = 9: "incident" (2: "author, seq") "kind, product, quantity";
    EPOCH = 10: "epoch" (1: "epoch") "counter, frozen, unfrozen";
    SHARE_MOVED = 11: "share_moved" (2: "author, seq") "share, ask, product, quantity, to_author";
    DOCUMENT = 12: "document" (1: "document") "kind, heads";
    PENDING_CHANGE = 13: "pending_change" (3: "document, author, seq") "1";
    PAYMENT = 20: "payment" (4: "sale, author, seq, tender") "shift, kind, amount_minor, code, standing";
    PAYMENT_WORD = 21: "payment_word" (2: "author, seq") "sale, tender, standing, code";
    STOCK_COUNT = 40: "stock_count" (2: "count_id, author") "seq, product, given";
    COUNT_MARK = 41: "count_mark" (2: "count_id, author") "seq";
    FIGURE_HOUR = 50: "figure_hour" (4: "business_day, hour, register, person")
        "sales, lines, revenue_minor, tax_minor, discount_minor, rounding_minor, voids, voided_minor, refunds, refunded_minor, returned_minor, restated";
    FIGURE_PRODUCT = 51: "figure_product" (3: "grain, at, product")
        "units, lines, revenue_minor, tax_minor, discount_minor, returned_units, restocked_units, refunded_minor, refunded_tax_minor, cost_minor, costed_units";
    FIGURE_TENDER = 52: "figure_tender" (2: "business_day, kind") "payments, amount_minor, refunded_minor";
    FIGURE_TAX = 53: "figure_tax" (4: "business_day, ppm, mode, label") "net_minor, tax_minor";
    FIGURE_CUSTOMER = 87: "figure_customer" (3: "grain, customer, at") "sales, revenue_minor";
    INCIDENT_WORD = 71: "incident_word" (2: "author, seq") "incident";
    ORDER_MONEY = 60: "order_money" (2: "author, seq") "order_id, kind, way, amount_minor, reference";
    ORDER_RETURN = 81: "order_return" (1: "returned") "order_id, state, why, lines, goods, reason";
    COUPON = 80: "coupon" (1: "code") "revision, author, terms";
    DEAL_TAKEN = 82: "deal_taken" (2: "author, seq") "order_id, deal, product, buyer, units";
    RIVAL_PRICE = 83: "rival_price" (2: "source, their")
        "revision, author, way, name, product, price_minor, currency, unit, per, seen_at_ms";
    RIVAL_SOURCE = 84: "rival_source" (1: "source") "revision, author, is_on, gone_revision";
    DEAL_SUM = 85: "deal_sum" (2: "product, deal") "units";
    ORDER_REFUND = 62: "order_refund" (2: "author, seq") "order_id, refund, what, way, code, amount_minor";
    ORDER_HANDED = 63: "order_handed" (3: "order_id, author, seq") "1";
    ORDER_SWAP = 64: "order_swap" (2: "author, seq") "order_id, swap, what, line, code";
    ORDER_TRANSFER = 65: "order_transfer" (2: "author, seq") "order_id, holder, number, bank, until_ms";
    ORDER_STEP = 61: "order_step" (2: "author, seq") "order_id, step, note";
}

/// Tables whose rows are sums.
pub(crate) const SUMS: &[u8] = &[
    BALANCE.number,
    FIGURE_HOUR.number,
    FIGURE_PRODUCT.number,
    FIGURE_TENDER.number,
    FIGURE_TAX.number,
    DEAL_SUM.number,
    FIGURE_CUSTOMER.number,
];
/// Odd, so that no value of a column is lost: each column of a row of sums weighs another power of it.
const WEIGHT: i64 = 0x5851_f42d_4c95_7f2d;

/// The digest of all derived state of a log, from every row of it.
pub fn state_digest(tx: &mut dyn Tx, log: LogId) -> Result<Hash, StoreError> {
    Ok(whole(tx, log)?.digest())
}

/// The digest of each table alone, to say where two states differ.
pub fn table_digests(tx: &mut dyn Tx, log: LogId) -> Result<Vec<(&'static str, Hash)>, StoreError> {
    let of_part = |part: &Part| {
        let mut sum = Sum::default();
        part.sum_up(tx, log, &mut sum)?;
        Ok((part.table, sum.digest()))
    };
    PARTS.iter().map(of_part).collect()
}

/// The digest as it was kept up to date: one row is read, however many records there are.
pub fn running_digest(tx: &mut dyn Tx, log: LogId) -> Result<Hash, StoreError> {
    match Sum::load(tx, log)? {
        Some(sum) => Ok(sum.digest()),
        // Nothing was ever derived, or not since the sum exists.
        None => state_digest(tx, log),
    }
}

/// The sum of every row as it stands in its table.
pub(crate) fn whole(tx: &mut dyn Tx, log: LogId) -> Result<Sum, StoreError> {
    let mut sum = Sum::default();
    for part in PARTS {
        part.sum_up(tx, log, &mut sum)?;
    }
    Ok(sum)
}

impl Part {
    pub(crate) fn hash(&self, values: &[Param<'_>]) -> Sum {
        Sum::of(self.number, values)
    }

    /// A row of sums: what is added to it is added to the digest's sum, whatever the row was before.
    pub(crate) fn of_sums(&self, keys: &[Param<'_>], values: impl IntoIterator<Item = i64>) -> Sum {
        let (mut weighed, mut weight) = (0_i64, 1_i64);
        for value in values {
            weighed = weighed.wrapping_add(value.wrapping_mul(weight));
            weight = weight.wrapping_mul(WEIGHT);
        }
        self.hash(keys).times(weighed)
    }

    /// The statement that adds to a row of sums, and makes it where it is not there: the log, the keys, the values.
    pub(crate) fn adding(&self) -> &'static str {
        static TEXTS: LazyLock<BTreeMap<u8, String>> = LazyLock::new(|| {
            let sums = PARTS.iter().filter(|part| SUMS.contains(&part.number));
            sums.map(|part| (part.number, part.adding_text())).collect()
        });
        TEXTS.get(&self.number).map_or("", String::as_str)
    }

    fn adding_text(&self) -> String {
        let Self { table, keys, key_count, values, .. } = self;
        let columns: Vec<&str> = values.split(", ").collect();
        let places: Vec<String> =
            (1..=1 + key_count + columns.len()).map(|place| format!("${place}")).collect();
        let added: Vec<String> =
            columns.iter().map(|column| format!("{column} = {table}.{column} + excluded.{column}")).collect();
        format!(
            "insert into {table} (log, {keys}, {values}) values ({}) on conflict (log, {keys}) do update set {}",
            places.join(", "),
            added.join(", ")
        )
    }

    /// What a row of this table is in the sum. Whoever adds to a row, or sets a flag of it, then knows what the sum
    /// gains without asking what the row was.
    fn of_row(&self, row: &Row) -> Result<Sum, StoreError> {
        let values: Result<Vec<Param<'_>>, StoreError> =
            (0..row.len()).map(|column| row.value(column).map(param)).collect();
        let values = values?;
        match (self.number, values.as_slice()) {
            (number, columns) if SUMS.contains(&number) => {
                let (keys, sums) = columns.split_at(self.key_count.min(columns.len()));
                let number = |sum: &Param<'_>| if let Param::Int(sum) = sum { *sum } else { 0 };
                Ok(self.of_sums(keys, sums.iter().map(number)))
            }
            (number, [order, author, seq, placed, flags @ ..]) if number == ORDERS.number => {
                let mut sum = Sum::default();
                if *placed == Param::Int(1) {
                    sum.add(self.hash(&[*order, *author, *seq]));
                }
                for (place, flag) in flags.iter().enumerate() {
                    if *flag == Param::Int(1) {
                        sum.add(self.hash(&[*order, place.to_param()]));
                    }
                }
                Ok(sum)
            }
            (_, values) => Ok(self.hash(values)),
        }
    }

    /// The row of this key as the digest sees it.
    pub(crate) fn row(
        &self,
        tx: &mut dyn Tx,
        log: LogId,
        key: &[Param<'_>],
    ) -> Result<Option<Sum>, StoreError> {
        let mut wanted = vec![log.to_param()];
        wanted.extend_from_slice(key);
        let row = tx.query_opt(self.select_one(), &wanted)?;
        row.map(|row| self.of_row(&row)).transpose()
    }

    fn select_one(&self) -> &'static str {
        static TEXTS: LazyLock<BTreeMap<u8, String>> = LazyLock::new(|| {
            let text = |part: &Part| {
                let Part { table, keys, values, .. } = part;
                let keyed: Vec<String> =
                    keys.split(", ").zip(2..).map(|(key, place)| format!("{key} = ${place}")).collect();
                format!("select {keys}, {values} from {table} where log = $1 and {}", keyed.join(" and "))
            };
            PARTS.iter().map(|part| (part.number, text(part))).collect()
        });
        TEXTS.get(&self.number).map_or("", String::as_str)
    }

    pub(crate) fn sum_up(&self, tx: &mut dyn Tx, log: LogId, sum: &mut Sum) -> Result<(), StoreError> {
        self.each(tx, log, (self.values, ""), &mut |row| {
            sum.add(self.of_row(row)?);
            Ok(())
        })
    }

    /// Every row of a log for which that holds, in the order of its key, in portions: the key, and these columns.
    pub(crate) fn each(
        &self,
        tx: &mut dyn Tx,
        log: LogId,
        (columns, that): (&str, &str),
        take: &mut dyn FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Self { table, keys, key_count, .. } = self;
        let places: Vec<String> = (3..3 + key_count).map(|place| format!("${place}")).collect();
        let select = format!("select {keys}, {columns} from {table} where log = $1{that}");
        let first = format!("{select} order by {keys} limit $2");
        let next = format!("{select} and ({keys}) > ({}) order by {keys} limit $2", places.join(", "));
        let mut rows = tx.query(&first, params![log, ROWS_PER_STEP])?;
        loop {
            for row in &rows {
                take(row)?;
            }
            let Some(last) = rows.last().filter(|_| rows.len() == ROWS_PER_STEP) else { return Ok(()) };
            let mut wanted = vec![log.to_param(), ROWS_PER_STEP.to_param()];
            for column in 0..*key_count {
                wanted.push(param(last.value(column)?));
            }
            rows = tx.query(&next, &wanted)?;
        }
    }
}
