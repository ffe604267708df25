//! Taxes that products share: what counts for a product is its class's as long as the stall has that class, whichever of
//! both arrived first.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::money::Ppm;
use soko_domain::tax::{TaxMode, TaxRate};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;

const SETTLE: &str = "update product set
    tax_ppm = coalesce((select c.ppm from tax_class c where c.log = product.log and c.class = product.tax_class), own_tax_ppm),
    tax_inclusive = coalesce((select c.inclusive from tax_class c
      where c.log = product.log and c.class = product.tax_class), own_tax_inclusive),
    tax_label = coalesce((select c.label from tax_class c where c.log = product.log and c.class = product.tax_class), '')";

pub(crate) fn settle_product(book: &mut Book<'_>, product: ProductId) -> Result<(), StoreError> {
    book.tx.run(&format!("{SETTLE} where log = $1 and product = $2"), params![book.log, product])
}

/// Whether a product names a class that its stall has no more.
pub fn is_gone(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "select 1 from product where log = $1 and product = $2 and tax_class is not null and tax_label = ''",
        params![log, product],
    )?;
    Ok(row.is_some())
}

/// Products on offer that are in a class.
pub fn products_in(tx: &mut dyn Tx, log: LogId, class: ThingId) -> Result<i64, StoreError> {
    let row = tx.query_one(
        "select count(*) from product where log = $1 and tax_class = $2 and archived = 0",
        params![log, class],
    )?;
    row.int(0)
}

/// The classes of a stall, by name.
pub fn classes(tx: &mut dyn Tx, log: LogId) -> Result<Vec<(ThingId, TaxRate)>, StoreError> {
    let rows = tx.query(
        "select class, ppm, inclusive, label from tax_class where log = $1 order by label, class",
        params![log],
    )?;
    let class = |row: &Row| {
        let mode = TaxMode::of(row.bool(2)?);
        Ok((row.id(0)?, TaxRate { ppm: Ppm(row.number(1)?), mode, label: row.text(3)?.into() }))
    };
    rows.iter().map(class).collect()
}

/// The classes that a stall has from now on; answers the products whose tax they change.
pub(crate) fn keep(
    book: &mut Book<'_>,
    now: &BTreeMap<ThingId, TaxRate>,
) -> Result<Vec<ProductId>, StoreError> {
    let before: BTreeMap<ThingId, TaxRate> = classes(book.tx, book.log)?.into_iter().collect();
    let all: BTreeSet<ThingId> = before.keys().chain(now.keys()).copied().collect();
    let mut products = Vec::new();
    for class in all.into_iter().filter(|class| before.get(class) != now.get(class)) {
        let of = params![book.log, class];
        book.tx.run("delete from tax_class where log = $1 and class = $2", of)?;
        if let Some(tax) = now.get(&class) {
            book.tx.run(
                "insert into tax_class (log, class, label, ppm, inclusive) values ($1, $2, $3, $4, $5)
                 on conflict (log, class) do nothing",
                params![book.log, class, tax.label, tax.ppm.0, tax.is_inclusive()],
            )?;
        }
        book.tx.run(&format!("{SETTLE} where log = $1 and tax_class = $2"), of)?;
        for row in book.tx.query("select product from product where log = $1 and tax_class = $2", of)? {
            products.push(ProductId(row.id(0)?));
        }
    }
    Ok(products)
}
