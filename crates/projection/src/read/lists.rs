//! Products as a register lists them: with what it may promise of each, and a family in one place.

use soko_domain::ids::{AuthorId, LogId, ProductId, ThingId};
use soko_domain::stock::Account;
use soko_record_log::{StoreError, Tx, params};

use super::{PRODUCT_COLUMNS, PRODUCT_COLUMNS_COUNT, ProductFound, product_found};

/// Which products of a list.
#[derive(Clone, Copy, Default, Debug)]
pub struct ProductsOf {
    /// None: of every category and of none.
    pub category: Option<ThingId>,
    pub archived: bool,
    /// Only those that a seller wants at hand.
    pub favourites: bool,
    /// No variant whose product stands in the same list.
    pub families: bool,
}

/// A product of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProductListed {
    pub product: ProductFound,
    /// What the author may promise of it.
    pub own_share: i64,
    /// Its variants that are on offer.
    pub variants: u32,
}

/// Products by name, and what an author may promise of each.
pub fn products_and_shares(
    tx: &mut dyn Tx,
    (log, author): (LogId, AuthorId),
    of: ProductsOf,
    (offset, rows): (u32, u32),
) -> Result<Vec<ProductListed>, StoreError> {
    let columns = PRODUCT_COLUMNS.replace(", ", ", p.");
    let share = "left join balance b
                 on b.log = p.log and b.product = p.product and b.account = $2 and b.whose = $3";
    let variants = "(select count(*) from product v where v.log = p.log and v.variant_of = p.product and v.archived = 0)";
    let (account, whose) = Account::Share(author).parts();
    let wanted = if of.favourites { "and p.favourite = 1" } else { "" };
    let found = if let Some(category) = of.category {
        let same = "and exists (select 1 from product_category oc
                      where oc.log = o.log and oc.category = $4 and oc.product = o.product)";
        let families = stands_elsewhere(of, "$5", same);
        let sql = format!(
            "select p.{columns}, coalesce(b.quantity, 0), {variants}
             from product_category c join product p on p.log = c.log and p.product = c.product {share}
             where c.log = $1 and c.category = $4 and p.archived = $5 {wanted} {families}
             order by p.folded, p.product limit $6 offset $7"
        );
        tx.query(&sql, params![log, account, whose, category, of.archived, rows, offset])?
    } else {
        let families = stands_elsewhere(of, "$4", "");
        let sql = format!(
            "select p.{columns}, coalesce(b.quantity, 0), {variants} from product p {share}
             where p.log = $1 and p.archived = $4 {wanted} {families}
             order by p.folded, p.product limit $5 offset $6"
        );
        tx.query(&sql, params![log, account, whose, of.archived, rows, offset])?
    };
    let listed = |row: &soko_record_log::Row| {
        let (own_share, variants) =
            (row.int(PRODUCT_COLUMNS_COUNT)?, row.number(PRODUCT_COLUMNS_COUNT.saturating_add(1))?);
        Ok(ProductListed { product: product_found(row)?, own_share, variants })
    };
    found.iter().map(listed).collect()
}

/// Leaves out a variant whose product is in the same list: there it is found. A product that is a variant itself shows none.
fn stands_elsewhere(of: ProductsOf, archived: &str, same: &str) -> String {
    if !of.families {
        return String::new();
    }
    let wanted = if of.favourites { "and o.favourite = 1" } else { "" };
    format!(
        "and not exists (select 1 from product o where o.log = p.log and o.product = p.variant_of
           and o.variant_of is null and o.archived = {archived} {wanted} {same})"
    )
}

/// Every variant of a product, those off the offer included, by name.
pub fn variants(
    tx: &mut dyn Tx,
    log: LogId,
    product: ProductId,
    limit: u32,
) -> Result<Vec<ProductFound>, StoreError> {
    // In the order of an expression: by the column itself, SQLite would walk through all products in that order.
    let sql = format!(
        "select {PRODUCT_COLUMNS} from product
         where log = $1 and variant_of = $2 order by folded || '', product limit $3"
    );
    tx.query(&sql, params![log, product, limit])?.iter().map(product_found).collect()
}
