//! Automerge runs elsewhere: documents are changed in small child processes with limits on memory and time, because
//! bytes from outside may make it allocate without end or abort. What a change may do is decided in
//! `soko-documents`; here are processes and pipes.

pub mod applier;
pub mod child;
pub mod pool;

pub use applier::PoolApplier;
pub use pool::{WorkFault, WorkerCommand, WorkerPool};
