//! What two parties agree about in their first page, and which life of the server is speaking.

use soko_domain::ids::EpochId;
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

/// What this build speaks.
pub const PROTOCOL: Protocol = Protocol { version: 1, min_version: 1 };

/// The versions that a party speaks, from `min_version` to `version`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protocol {
    pub version: u16,
    pub min_version: u16,
}

/// What a party can do beyond the version, one bit each. Unknown bits are kept and agreed away.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Capabilities(pub u64);

impl Capabilities {
    pub const NONE: Self = Self(0);
    /// Sends and compares digests of derived state.
    pub const STATE_DIGEST: Self = Self(1);
    /// Sends or answers requests.
    pub const ASKS: Self = Self(1 << 1);
    /// Understands every entry that it holds, so that it may be granted shares and spend them.
    pub const SHARES: Self = Self(1 << 2);
    /// All that this build can do.
    pub const ALL: Self = Self(0b111);

    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// What one side puts on the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offer {
    pub protocol: Protocol,
    pub capabilities: Capabilities,
}

impl Offer {
    pub const OURS: Self = Self { protocol: PROTOCOL, capabilities: Capabilities::ALL };
}

/// What both sides do from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agreed {
    pub version: u16,
    pub capabilities: Capabilities,
}

/// There is no version that both speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "no common version: we speak {} to {}, they speak {} to {}; update the older side",
    mine.min_version, mine.version, theirs.min_version, theirs.version
)]
pub struct VersionRefused {
    pub mine: Protocol,
    pub theirs: Protocol,
}

/// The highest version that both speak, and what both can do.
pub fn agree(mine: Offer, theirs: Offer) -> Result<Agreed, VersionRefused> {
    let version = mine.protocol.version.min(theirs.protocol.version);
    if version < mine.protocol.min_version || version < theirs.protocol.min_version {
        return Err(VersionRefused { mine: mine.protocol, theirs: theirs.protocol });
    }
    Ok(Agreed { version, capabilities: mine.capabilities.common(theirs.capabilities) })
}

/// One life of the server between two restores. It goes with every page, both ways.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Epoch {
    pub id: EpochId,
    /// Grows with every restore, failover and promotion.
    pub counter: u64,
}

/// Highest counter a page may name, so that nobody can push a server to the end of the numbers.
pub const EPOCH_COUNTER_MAX: u64 = 1 << 48;
/// Furthest that one page may raise a server's counter.
pub const EPOCH_LEAP_MAX: u64 = 1_000;

impl Epoch {
    /// What a device names before it has met the server.
    pub const UNKNOWN: Self = Self { id: EpochId([0; EpochId::SIZE]), counter: 0 };

    /// For a server that is told of an epoch it does not know although it is at least as high as its own: it
    /// was itself restored from something older. It must keep this raised epoch durably before it answers,
    /// or that device will take every answer for a stale one. `None` when nothing needs to change, or when
    /// the epoch told is too far away to be anything but an invention.
    pub fn raised_above(self, told: Self) -> Option<Self> {
        let is_foreign = told.id != self.id && told.counter >= self.counter;
        let is_near = told.counter - self.counter.min(told.counter) <= EPOCH_LEAP_MAX;
        let is_named = told.counter < EPOCH_COUNTER_MAX;
        (is_foreign && is_near && is_named).then(|| Self { id: self.id, counter: told.counter + 1 })
    }
}

impl Wire for Epoch {
    fn put(&self, out: &mut Writer) {
        self.id.put(out);
        self.counter.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let epoch = Self { id: Wire::take(input)?, counter: input.varint()? };
        if epoch.counter > EPOCH_COUNTER_MAX { Err(Malformed::Number) } else { Ok(epoch) }
    }
}
