//! Records, chains, pages and the session's state machine: all that two parties must agree about to hold the
//! same log. Pure: bytes, instants and seeds come in as arguments; nothing here stores, sends or asks the time.
//!
//! A body is opaque here. What an entry means is the business of `soko-domain`, what a document change means
//! that of `soko-documents`; this crate only proves who wrote it and what came before it.

pub mod author;
pub mod chain;
pub mod record;

pub use author::{Introduction, Pen, Resume, Unwritable, author_id};
pub use chain::{Head, Heads, heads_digest};
pub use record::{Body, Record, Signature};
