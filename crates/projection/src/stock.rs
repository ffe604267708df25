//! Where every unit is: sums of what entries moved.

use std::collections::BTreeMap;

use soko_domain::ids::{LogId, ProductId};
use soko_domain::stock::{Account, Transfer};
use soko_record_log::{StoreError, Tx};

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

    pub(crate) fn post(&self, tx: &mut dyn Tx, log: LogId) -> Result<(), StoreError> {
        for ((product, account), quantity) in &self.0 {
            if *quantity == 0 {
                continue;
            }
            let (kind, whose) = account.parts();
            tx.execute(
                "insert into balance (log, product, account, whose, quantity) values ($1, $2, $3, $4, $5)
                 on conflict (log, product, account, whose)
                 do update set quantity = balance.quantity + excluded.quantity",
                &[
                    (&log).into(),
                    product.into(),
                    i64::from(kind).into(),
                    whose[..].into(),
                    (*quantity).into(),
                ],
            )?;
        }
        Ok(())
    }
}
