//! The server of Soko: joins the devices of a stall, keeps what is shared, places orders.
//!
//! * [`store`]: SQLite or PostgreSQL behind one interface, group commit.
//! * [`platform`]: accounts, stalls, members, devices, tokens; who may do what. Functions over a transaction.
//! * [`core`](crate::core): the border to what happens inside a stall.
//! * [`guard`]: rate limits and growing delays, pure.
//! * [`market`]: what everybody may see, found by forgiving search.
//! * [`console`]: the people who run the market, what they see and do, and what they did.
//! * [`interactions`]: what shoppers who agreed met in the shop.
//! * [`pay`]: buyers' payments, and who takes them.
//! * [`http`]: the routes around it.
//! * [`messages`]: what people are told by mail and by their browsers; [`egress`]: requests to strangers' addresses.
//! * [`web`]: the web app's files.
//! * [`worker`]: documents are changed in child processes with limits.
//! * [`admin`]: backups; [`analysis`]: the ledger as files for large questions; [`proof`]: is everything what it should be. [`cli`]: the program's commands.
//! * [`secret`]: what the server hands out and signs with; [`sealed`]: how its own secrets lie in the store.
//! * [`sweep`]: what is remembered for a time only.
//! * [`demo`]: a small market to look at.
//! * [`spans`]: where an order's time goes, for a collector.
//! * [`outside`]: time and randomness; [`moved`]: who hears that a stall moved; [`metrics`]: what is counted.
//!
//! What a simulator needs (`platform`, `guard`) touches no socket, no thread, no clock and no random source.

pub mod admin;
pub mod analysis;
pub mod cli;
pub mod console;
pub mod core;
pub mod demo;
pub mod egress;
pub mod experiments;
pub mod guard;
pub mod http;
pub mod interactions;
pub mod market;
pub mod messages;
pub mod metrics;
pub mod model;
pub mod moved;
pub mod operator;
pub mod outside;
mod own_data;
mod own_orders;
pub mod pay;
pub mod platform;
pub mod proof;
pub mod reviews;
pub mod rivals;
pub mod rounds;
pub mod sealed;
pub mod secret;
pub mod spans;
pub mod stall;
pub mod standing;
pub mod store;
pub mod sweep;
pub mod tls;
pub mod web;
pub mod worker;
