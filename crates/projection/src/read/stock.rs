//! Who holds how many units: balances by account, for one product and for all.

use soko_domain::ids::{AuthorId, LogId, ProductId, ThingId};
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

/// Who holds a share of goods, and of how many products: the shop, registers, and what was set apart.
pub fn holders(tx: &mut dyn Tx, log: LogId) -> Result<Vec<(Account, u32)>, StoreError> {
    let nobody = AuthorId::default();
    let [pool, share, apart] =
        [Account::Pool, Account::Share(nobody), Account::Quarantine(nobody)].map(|account| account.parts().0);
    let rows = tx.query(
        "select account, whose, count(*) from balance
         where log = $1 and quantity > 0 and account in ($2, $3, $4)
           and product not in (select purse from purse where log = $1)
         group by account, whose order by account, whose limit $5",
        params![log, pool, share, apart, HOLDERS_MAX],
    )?;
    let holder = |row: &Row| {
        let account = Account::from_parts(row.number(0)?, row.id(1)?);
        Ok((account.ok_or_else(|| odd("an account"))?, row.number(2)?))
    };
    rows.iter().map(holder).collect()
}

/// All units that should be at the stall: what is held anywhere, less what is owed.
pub fn expected(accounts: &[(Account, i64)]) -> i64 {
    accounts.iter().filter(|(account, _)| account.is_here()).map(|(_, quantity)| quantity).sum()
}
