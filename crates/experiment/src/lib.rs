//! Trying two ways out at once: who gets which, and what may be said of it, and when.
//!
//! Pure: no clock, no random source, no file. Identities, seeds and counts come in; the same ones give the same answer. It knows
//! neither models nor prices: an arm is a number. Two kinds of experiments: people are shared out by a hash (`assign`, `judge`), or
//! a stall's time is, block by block, so that no price is anybody's own (`blocks`).

pub mod assign;
pub mod blocks;
mod counts;
mod distributions;
pub mod interval;
pub mod judge;
pub mod seeds;
pub mod sequential;
pub mod unequal;

pub use counts::{ArmCounts, Metric, Share};
