//! Taxes that products share: what counts for a product is its class's as long as the stall has that class, whichever of
//! both arrived first.

use std::collections::BTreeMap;

use soko_domain::ids::{ProductId, ThingId};
use soko_domain::tax::TaxRate;
use soko_record_log::{StoreError, params};

use crate::book::Book;

const SETTLE: &str = "update product set
    tax_ppm = coalesce((select c.ppm from tax_class c where c.log = product.log and c.class = product.tax_class), own_tax_ppm),
    tax_inclusive = coalesce((select c.inclusive from tax_class c
      where c.log = product.log and c.class = product.tax_class), own_tax_inclusive),
    tax_label = coalesce((select c.label from tax_class c where c.log = product.log and c.class = product.tax_class), '')";

pub(crate) fn settle_product(book: &mut Book<'_>, product: ProductId) -> Result<(), StoreError> {
    book.tx.run(&format!("{SETTLE} where log = $1 and product = $2"), params![book.log, product])
}

/// The classes that a stall has from now on; answers the products whose tax they change.
pub(crate) fn keep(
    book: &mut Book<'_>,
    taxes: &BTreeMap<ThingId, TaxRate>,
) -> Result<Vec<ProductId>, StoreError> {
    let rows = book
        .tx
        .query("select class, ppm, inclusive, label from tax_class where log = $1", params![book.log])?;
    let mut before: BTreeMap<ThingId, (u32, bool, String)> = BTreeMap::new();
    for row in &rows {
        before.insert(row.id(0)?, (row.number(1)?, row.bool(2)?, row.text(3)?.into()));
    }
    let now: BTreeMap<ThingId, (u32, bool, String)> = taxes
        .iter()
        .map(|(class, tax)| (*class, (tax.ppm.0, tax.is_inclusive(), tax.label.clone())))
        .collect();
    let classes = before.keys().chain(now.keys()).copied();
    let changed: Vec<ThingId> = classes.filter(|class| before.get(class) != now.get(class)).collect();
    let mut products = Vec::new();
    for class in changed {
        let of = params![book.log, class];
        book.tx.run("delete from tax_class where log = $1 and class = $2", of)?;
        if let Some((ppm, inclusive, label)) = now.get(&class) {
            book.tx.run(
                "insert into tax_class (log, class, label, ppm, inclusive) values ($1, $2, $3, $4, $5)
                 on conflict (log, class) do nothing",
                params![book.log, class, label, ppm, inclusive],
            )?;
        }
        book.tx.run(&format!("{SETTLE} where log = $1 and tax_class = $2"), of)?;
        for row in book.tx.query("select product from product where log = $1 and tax_class = $2", of)? {
            products.push(ProductId(row.id(0)?));
        }
    }
    Ok(products)
}
