//! Who holds how many units: balances by account, for one product and for all.

use soko_domain::ids::{AuthorId, LogId, ProductId, ThingId};
use soko_domain::quantity::Unit;
use soko_domain::stock::Account;
use soko_record_log::{Row, StoreError, Tx, params};

use super::odd;

/// Most accounts of one product that a screen shows.
const HOLDERS_MAX: usize = 1_000;

/// Units of a product in one account.
pub fn balance(tx: &mut dyn Tx, log: LogId, product: ProductId, account: Account) -> Result<i64, StoreError> {
    let (kind, whose) = account.parts();
    let row = tx.query_opt(
        "select quantity from balance where log = $1 and product = $2 and account = $3 and whose = $4",
        params![log, product.0, kind, whose],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Whom the units went to that were granted for a request.
pub fn granted_for(tx: &mut dyn Tx, log: LogId, ask: ThingId) -> Result<Option<AuthorId>, StoreError> {
    let row = tx.query_opt(
        "select to_author from share_moved where log = $1 and ask = $2 and to_author is not null limit 1",
        params![log, ask],
    )?;
    row.map(|row| row.id(0)).transpose()
}

/// Every share of an author that is not empty.
pub fn shares_of(tx: &mut dyn Tx, log: LogId, author: AuthorId) -> Result<Vec<(ProductId, i64)>, StoreError> {
    let (kind, whose) = Account::Share(author).parts();
    let rows = tx.query(
        "select product, quantity from balance where log = $1 and account = $2 and whose = $3",
        params![log, kind, whose],
    )?;
    rows.iter().map(|row| Ok((ProductId(row.id(0)?), row.int(1)?))).collect()
}

/// Every account of a product that is not empty.
pub fn accounts(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<Vec<(Account, i64)>, StoreError> {
    let rows = tx.query(
        "select account, whose, quantity from balance
         where log = $1 and product = $2 and quantity <> 0 order by account, whose limit $3",
        params![log, product.0, HOLDERS_MAX],
    )?;
    let account = |row: &Row| {
        let account = Account::from_parts(row.number(0)?, row.id(1)?);
        Ok((account.ok_or_else(|| odd("an account"))?, row.int(2)?))
    };
    rows.iter().map(account).collect()
}

/// A share of goods: of how many products, and how many pieces. What is weighed or poured is counted among the products alone, since grams
/// and millilitres add up to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    pub account: Account,
    pub products: u32,
    pub pieces: i64,
}

/// Who holds a share of goods: the shop, registers, and what was set apart.
pub fn holders(tx: &mut dyn Tx, log: LogId) -> Result<Vec<Held>, StoreError> {
    let nobody = AuthorId::default();
    let [pool, share, apart] =
        [Account::Pool, Account::Share(nobody), Account::Quarantine(nobody)].map(|account| account.parts().0);
    let rows = tx.query(
        "select b.account, b.whose, count(*),
                cast(sum(case when coalesce(p.unit, $6) = $6 then b.quantity else 0 end) as bigint)
         from balance b left join product p on p.log = b.log and p.product = b.product
         where b.log = $1 and b.quantity > 0 and b.account in ($2, $3, $4)
           and b.product not in (select purse from purse where log = $1)
         group by b.account, b.whose order by b.account, b.whose limit $5",
        params![log, pool, share, apart, HOLDERS_MAX, Unit::Piece.number()],
    )?;
    let holder = |row: &Row| {
        let account = Account::from_parts(row.number(0)?, row.id(1)?);
        let account = account.ok_or_else(|| odd("an account"))?;
        Ok(Held { account, products: row.number(2)?, pieces: row.int(3)? })
    };
    rows.iter().map(holder).collect()
}

/// One product's part of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldOf {
    pub product: ProductId,
    pub name: String,
    pub unit: Unit,
    pub quantity: i64,
}

/// What an account holds of each product, by name.
pub fn held_by(
    tx: &mut dyn Tx,
    log: LogId,
    account: Account,
    (offset, limit): (u32, u32),
) -> Result<Vec<HeldOf>, StoreError> {
    let (kind, whose) = account.parts();
    let rows = tx.query(
        "select b.product, coalesce(p.name, ''), coalesce(p.unit, $6), b.quantity
         from balance b left join product p on p.log = b.log and p.product = b.product
         where b.log = $1 and b.account = $2 and b.whose = $3 and b.quantity > 0
           and b.product not in (select purse from purse where log = $1)
         order by coalesce(p.folded, ''), b.product limit $4 offset $5",
        params![log, kind, whose, limit, offset, Unit::Piece.number()],
    )?;
    let held = |row: &Row| {
        let unit = Unit::from_number(row.number(2)?).ok_or_else(|| odd("a unit"))?;
        Ok(HeldOf { product: ProductId(row.id(0)?), name: row.text(1)?.into(), unit, quantity: row.int(3)? })
    };
    rows.iter().map(held).collect()
}

/// What anybody may still buy, less what is owed: neither what is promised to an order nor what is set apart.
pub fn for_sale(accounts: &[(Account, i64)]) -> i64 {
    let is_free = |account: Account| match account {
        Account::Pool | Account::Share(_) | Account::Deficit => true,
        Account::Hold(_) | Account::Quarantine(_) | Account::Supply | Account::Sold | Account::WriteOff => {
            false
        }
    };
    accounts.iter().filter(|(account, _)| is_free(*account)).map(|(_, quantity)| quantity).sum()
}

/// All units that should be at the stall: what is held anywhere, less what is owed.
pub fn expected(accounts: &[(Account, i64)]) -> i64 {
    accounts.iter().filter(|(account, _)| account.is_here()).map(|(_, quantity)| quantity).sum()
}
