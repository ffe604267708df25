//! One device: it takes commands, answers queries and exchanges records, with the network on or off.
//!
//! Synchronous, one database, one thread; native or in a browser's worker. A command loads its facts, lets the
//! domain decide, appends signed records and what follows from them in one durable transaction, and only then
//! answers. Time and randomness come in as arguments; screens, transports and printers are elsewhere.

mod answers;
pub mod backup;
mod check;
mod engine;
mod export;
mod failure;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod folder;
mod identity;
mod leaving;
mod meet;
mod options;
mod own;
mod people;
mod prices;
mod proof;
mod purse;
mod replicate;
mod rivals;
mod said;
mod search;
mod stall;
pub mod vault;
mod verbs;
mod weaken;
mod write;

pub use check::{LogCheck, Salvaged, salvage};
pub use engine::{Engine, schema};
pub use failure::{Failure, NotDone, OpenError};
#[cfg(all(feature = "native", not(target_family = "wasm")))]
pub use folder::{DeviceFolder, Opened};
pub use identity::{FrozenWhy, Join, Joined};
pub use leaving::LiesHere;
pub use meet::{MeetingProof, MeetingSide, Met};
pub use options::{Entropy, Now, Options};
pub use own::ANSWERS_KEPT_MAX;
pub use proof::{Checked, is_signed};
pub use replicate::{LOW_WATER_UNITS, Taken};
