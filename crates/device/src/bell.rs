//! Waking a task of the same thread. A ring between looking and waiting is not missed.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

#[derive(Default)]
pub(crate) struct Bell {
    rung: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
}

impl Bell {
    pub(crate) fn ring(&self) {
        self.rung.set(self.rung.get().wrapping_add(1));
        let waiting = self.waiting.take();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// What was heard so far; ask before looking at what the bell is for.
    pub(crate) fn heard(&self) -> u64 {
        self.rung.get()
    }

    /// Waits until it rings, or rang since `heard`.
    pub(crate) async fn after(&self, heard: u64) {
        poll_fn(|context| {
            if self.rung.get() != heard {
                return Poll::Ready(());
            }
            let mut waiting = self.waiting.borrow_mut();
            if !waiting.iter().any(|known| known.will_wake(context.waker())) {
                waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}
