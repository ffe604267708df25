//! Requests as the writer threads see them: something to run inside a transaction, and somebody who waits.

use std::panic::{AssertUnwindSafe, catch_unwind};

use soko_record_log::{StoreError, Tx};
use tokio::sync::oneshot;

use crate::store::conn::Shard;

/// The refusal type of a job. A refusal undoes what the job wrote; what must be kept even so (a refused
/// command's answer, a revoked family) is returned as a success that says so.
pub trait JobError: From<StoreError> + Send + 'static {
    /// The store's own failure, if that is what this is: some of them are worth another try.
    fn store_error(&self) -> Option<&StoreError>;
}

impl JobError for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// Why a request has no answer of its own.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error("the server has as much to write as it can queue: try again shortly")]
    QueueFull,
    /// Nothing, or in rare cases everything, was kept: the same request can be sent again.
    #[error("the store did not keep the request: {0}")]
    NotKept(StoreError),
    #[error("the request failed inside the server; nothing was kept")]
    Panicked,
    #[error("the server is shutting down: try again shortly")]
    Closed,
}

/// Why a job's caller got no value.
#[derive(Debug)]
pub enum Failed<E> {
    /// The job's own refusal; what it wrote is undone.
    Refused(E),
    NoAnswer(NoAnswer),
}

impl From<Failed<StoreError>> for StoreError {
    fn from(failed: Failed<StoreError>) -> Self {
        match failed {
            Failed::Refused(error) | Failed::NoAnswer(NoAnswer::NotKept(error)) => error,
            Failed::NoAnswer(none) => Self::Other(none.to_string()),
        }
    }
}

/// What a run of a job means for its group.
#[derive(Debug)]
pub(crate) enum Ran {
    Keep,
    Undo,
    /// The store failed under it.
    Failed(StoreError),
}

pub(crate) trait Job: Send {
    fn shard(&self) -> Option<Shard>;
    /// May be called again after the transaction was undone.
    fn run(&mut self, tx: &mut dyn Tx) -> Ran;
    /// Tells whoever waits what the last run said; called after the commit.
    fn answer(self: Box<Self>);
    fn fail(self: Box<Self>, why: NoAnswer);
}

type Outcome<T, E> = Result<T, Failed<E>>;

/// A closure and its waiting caller.
pub(crate) struct Work<F, T, E> {
    shard: Option<Shard>,
    work: F,
    outcome: Option<Outcome<T, E>>,
    reply: oneshot::Sender<Outcome<T, E>>,
}

impl<F, T, E> Work<F, T, E>
where
    F: FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: JobError,
{
    pub(crate) fn boxed(shard: Option<Shard>, work: F) -> (Box<dyn Job>, oneshot::Receiver<Outcome<T, E>>) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Self { shard, work, outcome: None, reply }), answer)
    }
}

impl<F, T, E> Job for Work<F, T, E>
where
    F: FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: JobError,
{
    fn shard(&self) -> Option<Shard> {
        self.shard
    }

    fn run(&mut self, tx: &mut dyn Tx) -> Ran {
        let work = &mut self.work;
        // The transaction is undone after a panic, and the closure owns nothing that outlives it.
        let (outcome, ran) = match catch_unwind(AssertUnwindSafe(|| work(tx))) {
            Ok(Ok(value)) => (Ok(value), Ran::Keep),
            Ok(Err(refusal)) => {
                let ran = refusal.store_error().cloned().map_or(Ran::Undo, Ran::Failed);
                (Err(Failed::Refused(refusal)), ran)
            }
            Err(_) => (Err(Failed::NoAnswer(NoAnswer::Panicked)), Ran::Undo),
        };
        self.outcome = Some(outcome);
        ran
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or(Err(Failed::NoAnswer(NoAnswer::Closed)));
        // A caller that went away has its answer when it asks again.
        let _ = self.reply.send(outcome);
    }

    fn fail(self: Box<Self>, why: NoAnswer) {
        let _ = self.reply.send(Err(Failed::NoAnswer(why)));
    }
}
