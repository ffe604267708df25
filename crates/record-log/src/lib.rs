//! The durable part that a register and the server share.
//!
//! * [`tx`]: one small synchronous SQL interface, so that every statement is written once for SQLite (native
//!   and in the browser) and PostgreSQL. This crate implements it for SQLite; the server adds PostgreSQL.
//! * What a record means, who may write it and what follows from it is decided elsewhere.

pub mod tx;

pub use tx::{Again, ByteId, Dialect, Param, Row, StoreError, ToParam, Tx, Value, savepoint};
