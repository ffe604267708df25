//! Where every unit is: sums of what entries moved.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use soko_domain::ids::ProductId;
use soko_domain::stock::{Account, Transfer};
use soko_record_log::{Dialect, StoreError, ToParam as _, params};

use crate::book::Book;
use crate::digest::BALANCE;

/// How many balances one statement moves: a round trip costs much on a network and little in a process.
const SQLITE_ROWS: &[usize] = &[1];
const POSTGRES_ROWS: &[usize] = &[32, 8, 4, 2, 1];

/// Collects the moves of many entries, so that a page of records touches each balance once.
#[derive(Default)]
pub(crate) struct Balances(BTreeMap<(ProductId, Account), i64>);

impl Balances {
    pub(crate) fn add(&mut self, transfer: &Transfer) {
        *self.0.entry((transfer.product, transfer.from)).or_default() -= transfer.quantity;
        *self.0.entry((transfer.product, transfer.to)).or_default() += transfer.quantity;
    }

    pub(crate) fn products(&self) -> impl Iterator<Item = ProductId> {
        self.0.keys().map(|(product, _)| *product)
    }

    pub(crate) fn post(&self, book: &mut Book<'_>) -> Result<(), StoreError> {
        let moved: Vec<Moved> = self.0.iter().filter(|(_, moved)| **moved != 0).map(Moved::from).collect();
        let sizes = match book.tx.dialect() {
            Dialect::Sqlite => SQLITE_ROWS,
            Dialect::Postgres => POSTGRES_ROWS,
        };
        let mut left = moved.as_slice();
        for size in sizes {
            while let Some((rows, rest)) = left.split_at_checked(*size) {
                post_rows(book, rows)?;
                left = rest;
            }
        }
        Ok(())
    }
}

/// One balance that moved.
struct Moved {
    product: ProductId,
    account: u8,
    whose: [u8; 16],
    by: i64,
}

impl From<(&(ProductId, Account), &i64)> for Moved {
    fn from(((product, account), by): (&(ProductId, Account), &i64)) -> Self {
        let (account, whose) = account.parts();
        Self { product: *product, account, whose, by: *by }
    }
}

fn post_rows(book: &mut Book<'_>, rows: &[Moved]) -> Result<(), StoreError> {
    let mut params = vec![book.log.to_param()];
    for Moved { product, account, whose, by } in rows {
        params.extend([product.to_param(), account.to_param(), whose.to_param(), by.to_param()]);
    }
    book.tx.run(insert_text(rows.len()), &params)?;
    for Moved { product, account, whose, by } in rows {
        book.gain.add(BALANCE.hash(params![product, account, whose]).times(*by));
    }
    Ok(())
}

/// Made once: every sale and every order needs it.
fn insert_text(rows: usize) -> &'static str {
    static TEXTS: LazyLock<BTreeMap<usize, String>> = LazyLock::new(|| {
        let sizes = SQLITE_ROWS.iter().chain(POSTGRES_ROWS).copied();
        sizes.map(|size| (size, written_out(size))).collect()
    });
    TEXTS.get(&rows).map_or("", String::as_str)
}

fn written_out(rows: usize) -> String {
    let row = |row: usize| {
        let [product, account, whose, by] = [0, 1, 2, 3].map(|column| 2 + row * 4 + column);
        format!("($1, ${product}, ${account}, ${whose}, ${by})")
    };
    let values: Vec<String> = (0..rows).map(row).collect();
    format!(
        "insert into balance (log, product, account, whose, quantity) values {}
         on conflict (log, product, account, whose)
         do update set quantity = balance.quantity + excluded.quantity",
        values.join(", ")
    )
}
