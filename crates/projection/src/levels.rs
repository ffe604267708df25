//! Products beside the level that their owner wants to have of each.

use soko_domain::ids::{LogId, ProductId};
use soko_domain::level::Standing;
use soko_domain::stock::Account;
use soko_record_log::{StoreError, Tx, params};

/// A product on offer whose owner said how much there should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leveled {
    pub product: ProductId,
    pub name: String,
    pub standing: Standing,
    /// Whether there ever was any of it.
    pub was_stocked: bool,
}

/// How all of them stand, or this one if it has a level. As the list of what to buy counts: all that is at the stall, promised or not.
pub fn standings(
    tx: &mut dyn Tx,
    log: LogId,
    product: Option<ProductId>,
) -> Result<Vec<Leveled>, StoreError> {
    let of = [Account::Pool, Account::Deficit, Account::Sold, Account::WriteOff, Account::Supply];
    let [pool, deficit, sold, lost, supply] = of.map(|account| account.parts().0);
    let one = if product.is_some() { "and p.product = $7" } else { "" };
    let sql = format!(
        "select p.product, p.name, p.low_level, (
           select cast(coalesce(sum(b.quantity), 0) as bigint) from balance b
           where b.log = p.log and b.product = p.product and b.account between $2 and $3
             and b.account not in ($4, $5)),
           (select count(*) from balance b
             where b.log = p.log and b.product = p.product and b.account = $6 and b.quantity <> 0)
         from product p
         where p.log = $1 and p.archived = 0 and p.low_level is not null {one} order by p.product"
    );
    let rows = match product {
        Some(product) => tx.query(&sql, params![log, pool, deficit, sold, lost, supply, product])?,
        None => tx.query(&sql, params![log, pool, deficit, sold, lost, supply])?,
    };
    let leveled = rows.iter().map(|row| {
        let standing = Standing::of(row.int(3)?, row.int(2)?);
        Ok(Leveled {
            product: row.id(0)?,
            name: row.text(1)?.to_owned(),
            standing,
            was_stocked: row.int(4)? > 0,
        })
    });
    leveled.collect()
}
