//! One installation: an engine and its conversation with servers. It answers every `Call` and says by itself what
//! happened (`Told`); a window, a browser's worker and a command line only carry the bytes.
//!
//! Everything runs on one thread. Time, waiting, tasks and randomness come from a [`Host`]; HTTP is reqwest's,
//! natively and in a browser. What can be answered without a server never waits for one. No rule of the shop is
//! here, and no screen.

mod arrivals;
mod bell;
mod buyer;
mod call;
mod contact;
mod device;
mod exchange;
mod experiment;
mod failure;
mod files;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod folder;
mod funnel;
mod hex;
mod host;
mod invitation;
mod kept;
mod leaving;
mod levels;
mod link;
mod mailed;
mod market;
mod meet;
mod paper;
mod pictures;
mod prices;
mod proof;
mod server;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod spool;
mod store;
mod suggest;
mod verbs;
mod words;

pub use device::{Device, Options, Parts};
pub use exchange::{Exchange, Summary};
pub use failure::Undone;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
pub use folder::open_folder;
pub use host::{FileBegun, Host, NotPrinted, Printing, Work};
pub use invitation::Invitation;
pub use link::Link;
pub use pictures::media_type;
pub use server::{Code, Server, Ticket, Unanswered};
#[cfg(all(feature = "native", not(target_family = "wasm")))]
pub use spool::send as send_to_printer;
pub use store::{OpenedEngine, salvage_told};
