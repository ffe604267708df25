//! The durable part that a register and the server share.
//!
//! * [`tx`]: one small synchronous SQL interface, so that every statement is written once for SQLite (native
//!   and in the browser) and PostgreSQL.
//! * [`sqlite`]: that interface on SQLite. The server adds PostgreSQL.
//! * [`migrate`]: numbered schema steps on either.
//! * [`log`]: the append-only log of records on top of it.
//! * `directory` (native only): the process lock, the reserve, damaged files set aside.
//! * What a record means, who may write it and what follows from it is decided elsewhere.

#[cfg(all(feature = "native", not(target_family = "wasm")))]
pub mod directory;
pub mod log;
pub mod migrate;
pub mod sqlite;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
pub mod tx;

#[cfg(all(feature = "native", not(target_family = "wasm")))]
pub use directory::{COMPANIONS, DataDirectory, with_suffix};
pub use migrate::Migration;
pub use sqlite::{OpenMode, Sqlite};
pub use tx::{Again, ByteId, Dialect, Kept, Param, Row, StoreError, ToParam, Tx, Value, savepoint};
