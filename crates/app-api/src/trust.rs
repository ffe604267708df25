//! Where a device's data stands, in one word: the same beside the page's title and in the tray.

use crate::device::{DeviceView, KeptIn};

/// The worst first.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Trust {
    #[default]
    GettingReady,
    /// A page without an engine.
    OnlineOnly,
    /// What is kept here cannot be reached.
    NotOpened,
    /// The store goes away with the page.
    NothingKept,
    /// A stall's records cannot be exchanged, or something was found at the start: somebody must look.
    Trouble,
    Offline {
        waiting: u64,
    },
    Waiting {
        waiting: u64,
    },
    /// The server has more of a stall than ever came here.
    Arriving,
    AllSent,
    /// Kept here, and no server was ever named, or none has any of it.
    OnlyHere,
}

impl Trust {
    pub fn of(about: &DeviceView) -> Self {
        if about.keeps.place == KeptIn::Memory {
            return Self::NothingKept;
        }
        if about.stalls.iter().any(|stall| stall.trouble.is_some()) || !about.warnings.is_empty() {
            return Self::Trouble;
        }
        let waiting = about.stalls.iter().map(|stall| stall.unsent).fold(0, u64::saturating_add);
        let is_connected = about.stalls.iter().any(|stall| stall.is_connected) || about.account.is_some();
        match about.is_online {
            _ if about.server.is_empty() => Self::OnlyHere,
            _ if !is_connected && !about.stalls.is_empty() => Self::OnlyHere,
            Some(false) => Self::Offline { waiting },
            _ if waiting > 0 => Self::Waiting { waiting },
            _ if about.stalls.iter().any(|stall| stall.is_arriving) => Self::Arriving,
            _ => Self::AllSent,
        }
    }
}
