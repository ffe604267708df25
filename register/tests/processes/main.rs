//! Real processes: registers, a server, a proxy that breaks their connections, and a tracer that kills them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crash;
mod network;
mod orders;
mod programs;
mod proxy;
