//! Records, chains, pages and the session's state machine: all that two parties must agree about to hold the
//! same log. Pure: bytes, instants and seeds come in as arguments; nothing here stores, sends or asks the time.
//!
//! A body is opaque here. What an entry means is the business of `soko-domain`, what a document change means
//! that of `soko-documents`; this crate only proves who wrote it and what came before it.

pub mod author;
pub mod chain;
pub mod digest;
pub mod fill;
pub mod limits;
pub mod page;
pub mod protocol;
pub mod record;
pub mod run;
pub mod session;

mod frame;

pub use author::{Introduction, Pen, Resume, Unwritable, author_id, is_signed_message};
pub use chain::{Accepted, Head, Heads, KnownAuthor, Refused, accept, heads_digest};
pub use digest::Digest;
pub use fill::{Budget, Filled, Source, fill};
pub use page::{Answer, Ask, Page, PageRefused, Verdict};
pub use protocol::{Agreed, Capabilities, Epoch, Offer, Protocol, VersionRefused, agree};
pub use record::{Body, Record, Signature};
pub use run::{NotARun, Run};
pub use session::{EpochStep, Progress, ReplyRefused, Session, Start, Timing};
