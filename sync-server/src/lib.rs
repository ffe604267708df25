//! The server of Soko: joins the devices of a stall, keeps what is shared, places orders.
//!
//! * [`store`]: SQLite or PostgreSQL behind one interface, group commit.
//! * [`platform`]: accounts, stalls, members, devices, tokens; who may do what. Functions over a transaction.
//! * [`guard`]: rate limits and growing delays, pure.

pub mod guard;
pub mod platform;
pub mod secret;
pub mod store;
