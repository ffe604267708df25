//! The devices of a stall: who they are, when each was last heard, what each may promise, and what stands between this one and leaving.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{AuthorId, ProductId};
use soko_domain::quantity::Unit;

use crate::text::{as_hex, as_hex_opt, as_word};

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeviceRow {
    #[serde(with = "as_hex")]
    pub author: AuthorId,
    pub name: String,
    pub role: String,
    pub revoked: bool,
    /// The author that this one continues after a restore.
    #[serde(with = "as_hex_opt")]
    pub replaces: Option<AuthorId>,
    pub is_this_register: bool,
    /// When it wrote the last record that is known here, by its own clock.
    pub last_record_ms: Option<i64>,
}

/// What one device may promise of one product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShareOfRow {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    /// Empty where nobody here knows it yet.
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub quantity: i64,
}

/// What a stall's server said of its devices, by this device's clock.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeviceWords {
    /// When the server said so; nothing if it never did.
    pub told_ms: Option<i64>,
    /// Whether it said so just now.
    pub is_now: bool,
    pub rows: Vec<DeviceWordRow>,
}

/// What a device said when it last spoke with the server. What it did since then nobody else knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeviceWordRow {
    #[serde(with = "as_hex")]
    pub author: AuthorId,
    pub last_ms: i64,
    /// Records that it had then and the server had not.
    pub waiting: u64,
    /// It took its leave by itself.
    pub has_left: bool,
}

/// What would be lost, or left lying here, if this device left the stall now.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct LeavingView {
    /// Whether a server joins the stall here: without one, what is here is all there is.
    pub is_connected: bool,
    /// It was shut out, so nothing more that it sends counts.
    pub is_shut_out: bool,
    /// It said that it leaves, and waits for the server to have heard it.
    pub is_leaving: bool,
    pub is_shift_open: bool,
    /// Own records that the server has not confirmed.
    pub records: u64,
    /// Pictures that no server has.
    pub pictures: u32,
    /// Receipts that are still to be mailed or texted.
    pub receipts: u32,
    /// Of how many products a share lies here, and how many pieces.
    pub products: u32,
    pub pieces: i64,
    /// Gift cards, credit and points whose value lies here.
    pub purses: u32,
    /// A backup was saved since the last thing was written here.
    pub is_backed_up: bool,
}

impl LeavingView {
    /// Whether something of this device is nowhere else.
    #[must_use]
    pub fn has_unsent(&self) -> bool {
        self.records > 0 || self.pictures > 0 || self.receipts > 0
    }
}
