//! Other registers of this device's stalls that it hears directly, on the network that both are in.

use serde::{Deserialize, Serialize};

/// Most addresses that a device calls, and the longest of them.
pub const MEET_ADDRESSES_MAX: usize = 16;
pub const MEET_ADDRESS_BYTES_MAX: usize = 255;

/// Each is answered by how it stands then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeetCall {
    Look,
    /// Listens and calls from now on, or no more.
    Switch(bool),
    /// Calls this address, too: a name or a number, and a port where it is not the usual one.
    Add(String),
    Remove(String),
    /// Calls all of them, and waits until each was met or not.
    MeetNow,
}

/// How a device that does not meet others stands is the default: it says that it cannot.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct MeetView {
    /// A browser cannot: it neither listens nor calls.
    pub can_meet: bool,
    /// Whoever is at the register may say whether it does, and whom it calls.
    pub may_choose: bool,
    pub is_on: bool,
    /// Where others call this device; nothing while it does not listen.
    pub own: Vec<String>,
    pub rows: Vec<MeetRow>,
}

/// One register, or an address at which there may be one.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct MeetRow {
    /// As somebody typed it; empty for a register that called.
    pub address: String,
    /// Empty while nobody was met there.
    pub name: String,
    pub met_ms: Option<i64>,
    /// New records that it brought since this program started.
    pub records: u64,
    /// Why it was not met the last time.
    pub trouble: Option<MeetTrouble>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeetTrouble {
    Unreachable,
    /// The name leads to a place outside of the networks that a device can be in.
    Far,
    Slow,
    /// Something answers that is no register.
    NoRegister,
    /// It did not show that it is a register of this stall, or did not believe that this one is.
    Stranger,
    /// This one cannot show that it is a register of the stall.
    Unproven,
    /// What came could not be read or kept here.
    Failed,
}
