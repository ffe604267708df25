//! Where the money for an order goes by bank, as buyer and seller see it.

use serde::{Deserialize, Serialize};
use soko_domain::ids::OrderId;
use soko_domain::transfer::{BankAccount, reference};

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TransferView {
    pub holder: String,
    /// As people read it, an IBAN in groups of four.
    pub number: String,
    /// Empty where the number says enough.
    pub bank: String,
    pub amount_minor: i64,
    /// What the buyer writes beside it.
    pub reference: String,
    /// The goods are held so long.
    pub until_ms: i64,
}

impl TransferView {
    pub fn of(order: OrderId, to: &BankAccount, amount_minor: i64, until_ms: i64) -> Self {
        Self {
            holder: to.holder.clone(),
            number: to.shown(),
            bank: to.bank.clone(),
            amount_minor,
            reference: reference(order),
            until_ms,
        }
    }
}
