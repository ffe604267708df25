//! Real processes: registers, a server, a proxy that breaks their connections, and a tracer that kills them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crash;
mod day;
mod life;
mod meeting;
mod network;
mod orders;
mod power;
mod programs;
mod proxy;
