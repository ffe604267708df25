//! What a stall's own programs see of it, and the entry that says what an owner let them do.

use soko_domain::entry::{ProgramActed, RivalLine};
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::stock::Account;
use soko_domain::verbs::note_rivals;
use soko_projection::{read, rivals};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::core::{CoreRefusal, Fault, Now};
use crate::market::things;
use crate::stall::Core;
use crate::stall::desk::Desk;

/// A product as the stall's people know it: archived ones and all that is at the stall, too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CatalogueView {
    pub(crate) product: ProductId,
    pub(crate) name: String,
    pub(crate) sku: String,
    /// What scanners read, in order.
    pub(crate) codes: Vec<String>,
    pub(crate) unit: u8,
    pub(crate) price_minor: i64,
    pub(crate) price_per: i64,
    pub(crate) currency: String,
    pub(crate) is_archived: bool,
    /// What the shop can promise now.
    pub(crate) available: i64,
    /// All that is at the stall, promised or not. Below nothing where more was sold than recorded.
    pub(crate) here: i64,
    pub(crate) categories: Vec<ThingId>,
}

/// All products of a stall by identity, from behind `after`.
pub(crate) fn catalogue(
    tx: &mut dyn Tx,
    stall: LogId,
    (after, limit): (Option<ProductId>, usize),
) -> Result<Vec<CatalogueView>, StoreError> {
    let is_frozen = read::stall_frozen(tx, stall)?;
    let accounts = [Account::Pool, Account::Deficit, Account::Sold, Account::WriteOff];
    let [pool, deficit, sold, lost] = accounts.map(|account| account.parts().0);
    let nobody = Account::Pool.parts().1;
    let rows = tx.query(
        "select p.product, p.name, p.sku, p.unit, p.price_minor, p.price_per, p.currency, p.archived,
           (select cast(coalesce(sum(b.quantity), 0) as bigint) from balance b
            where b.log = p.log and b.product = p.product and b.account = $4 and b.whose = $8),
           (select cast(coalesce(sum(b.quantity), 0) as bigint) from balance b
            where b.log = p.log and b.product = p.product and b.account between $4 and $5
              and b.account not in ($6, $7)),
           p.categories
         from product p where p.log = $1 and p.product > $2 order by p.product limit $3",
        params![stall, after.unwrap_or_default(), limit, pool, deficit, sold, lost, nobody],
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let product = row.id(0)?;
        found.push(CatalogueView {
            product,
            name: row.text(1)?.into(),
            sku: row.text(2)?.into(),
            codes: codes(tx, stall, product)?,
            unit: row.number(3)?,
            price_minor: row.int(4)?,
            price_per: row.int(5)?,
            currency: row.text(6)?.into(),
            is_archived: row.bool(7)?,
            available: if is_frozen { 0 } else { row.int(8)?.max(0) },
            here: row.int(9)?,
            categories: things(row.blob_opt(10)?),
        });
    }
    Ok(found)
}

/// All of one product that is at the stall.
pub(crate) fn here(tx: &mut dyn Tx, stall: LogId, product: ProductId) -> Result<i64, StoreError> {
    let accounts = [Account::Pool, Account::Deficit, Account::Sold, Account::WriteOff];
    let [pool, deficit, sold, lost] = accounts.map(|account| account.parts().0);
    let row = tx.query_one(
        "select cast(coalesce(sum(quantity), 0) as bigint) from balance
         where log = $1 and product = $2 and account between $3 and $4 and account not in ($5, $6)",
        params![stall, product, pool, deficit, sold, lost],
    )?;
    row.int(0)
}

fn codes(tx: &mut dyn Tx, stall: LogId, product: ProductId) -> Result<Vec<String>, StoreError> {
    let sql = "select code from product_code where log = $1 and product = $2 order by code";
    let rows = tx.query(sql, params![stall, product])?;
    rows.iter().map(|row: &Row| Ok(row.text(0)?.to_owned())).collect()
}

impl Core {
    /// Writes down what an owner let a program do.
    pub(super) fn note_acted(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        acted: &ProgramActed,
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        desk.write([acted.clone().into()])?;
        desk.moved_to()
    }

    /// What an address says that others ask.
    pub(super) fn note_rivals(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        (source, lines): (&str, &[RivalLine]),
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        let facts = rivals::facts(tx, stall, source)?;
        let entries = note_rivals::decide_fetched(&facts, source, lines, now.now_ms).map_err(|refusal| {
            let (code, detail) = (refusal.code(), refusal.to_string());
            CoreRefusal::Refused { fault: Fault::Conflict, code, detail }
        })?;
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        desk.write(entries)?;
        desk.moved_to()
    }
}
