//! Two registers of one stall that hear each other on one network, with or without a server.
//!
//! What is said goes through a channel that nobody else reads (Noise, with keys that are thrown away). In it, whoever called shows
//! first that it is a register of the stall, by a signature over this very channel; only then the other one says who it is.
//! Then they hand each other records until neither lacks any. What records mean, and who is believed, the engine says;
//! here are bytes, limits and time.

mod channel;
mod meeting;
mod neighbours;
mod network;
mod register;

pub use channel::{Channel, MESSAGE_BYTES_MAX, Pieces};
pub use meeting::{Hello, Meeting, PAGES_MAX, STEP_MAX, answer, call};
pub use neighbours::{Neighbours, PORT};
pub use network::{Listening, TALKS_MAX, Talked, call_at, call_local, is_local};
pub use register::{Failed, Register};

/// Why two registers did not meet, or parted before both had everything. What was handed over by then is kept.
#[derive(Debug, thiserror::Error)]
pub enum Parted {
    #[error("the other one cannot be reached, or went away: {0}")]
    Gone(#[from] std::io::Error),
    #[error("this address is on no network that a device is in")]
    Far,
    #[error("the other one took too long to answer")]
    Slow,
    #[error("what came is no word of a register: {0}")]
    Garbled(&'static str),
    #[error("the channel was disturbed: {0}")]
    Disturbed(#[from] snow::Error),
    #[error("the other one did not show that it is a register of this stall")]
    Stranger,
    #[error(
        "this register cannot show that it is one of the stall: it was restored or copied, or is not one"
    )]
    Unproven,
    #[error("they did not come to an end")]
    Endless,
    #[error(transparent)]
    Failed(#[from] Failed),
}
