//! What the code on a receipt says, and how much of it is proven.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{AuthorId, LogId, SaleId};

use crate::text::{as_hex, as_hex_opt};

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofView {
    /// It is no code of a receipt, or one of a newer version.
    Unreadable,
    Read(ProofRead),
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProofRead {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    /// As it is known here; empty when it is not.
    pub stall_name: String,
    #[serde(with = "as_hex")]
    pub sale: SaleId,
    pub receipt_number: u64,
    /// Milliseconds since 1970, and minutes east of UTC at the stall.
    pub at_ms: i64,
    pub offset_minutes: i32,
    pub currency: String,
    pub total_minor: i64,
    /// The register that sold.
    #[serde(with = "as_hex")]
    pub register: AuthorId,
    pub register_name: String,
    /// Another register of the stall that printed it, and signed.
    #[serde(with = "as_hex_opt")]
    pub printed_by: Option<AuthorId>,
    pub proven: Proven,
    /// When the stall's registers were last heard of, if that is what the answer rests on.
    pub as_of_ms: Option<i64>,
    /// What the stall's own records say; nothing where they are not here.
    pub in_books: Option<InBooks>,
}

/// Whether the one who signed belongs to the stall.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proven {
    /// A register of the stall signed exactly this.
    Signed,
    /// Signed by a register that was revoked: perhaps before that, perhaps after.
    SignedByRevoked,
    /// The stall is not known here, or its registers are not: look it up with a connection, once.
    Unknown,
    /// No register of this stall signed this: it is false, or the register is newer than what is known here.
    NotSigned,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InBooks {
    Same,
    Voided,
    Refunded {
        minor: i64,
    },
    /// There is such a sale, and it says something else.
    Different,
    Absent,
}
