//! Whole shops in one thread, from one seed: the real engine and the real server core, with a network, disks,
//! clocks and people that fail in every way they can. After each step the promises are checked against a small
//! model that shares no code with them.
//!
//! No socket, no file but the tapes, no real clock but to say how fast it went.

pub mod broken;
pub mod campaign;
pub mod choice;
pub mod counters;
pub mod noticed;
pub mod plan;
pub mod promises;
pub mod shrink;

mod cards;
mod checks;
mod deals;
mod device;
mod disks;
mod meetings;
mod misfortune;
mod model;
mod network;
mod owed;
mod pay;
mod people;
mod provider;
mod refunds;
#[cfg(test)]
mod scenes;
mod server;
mod settling;
mod trace;
mod web;
mod world;

pub use world::{Ran, run};
