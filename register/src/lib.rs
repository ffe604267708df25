//! A register behind a command line, for people and tests; beside it a proxy that breaks connections on purpose.
//!
//! Everything a register does is done by its device. Here are only what a process gives it and the words of the
//! command line. No rule of trade, and no SQL of its own.

pub mod cli;
pub mod home;
pub mod outcome;
pub mod proxy;
