//! Doing something from a view that is not a command of a stall: one thing at a time, busy meanwhile, and a sentence
//! when it was not done.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;

use yew::prelude::*;

use crate::desk::{Desk, Trouble, use_desk};
use crate::speech::{Speech, use_speech};

#[derive(Clone)]
pub struct Doing {
    pub desk: Desk,
    pub speech: Speech,
    is_busy: UseStateHandle<bool>,
    /// As the state above, but known before the next drawing: two taps in one frame are one.
    running: Rc<Cell<bool>>,
}

#[hook]
pub fn use_doing() -> Doing {
    let (desk, speech) = (use_desk(), use_speech());
    let is_busy = use_state_eq(|| false);
    let running = use_memo((), |()| Cell::new(false));
    Doing { desk, speech, is_busy, running }
}

impl Doing {
    pub fn is_busy(&self) -> bool {
        *self.is_busy
    }

    /// Does it, unless something is being done, and says when it could not be done.
    pub fn run<T: 'static>(
        &self,
        work: impl Future<Output = Result<T, Trouble>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        let (desk, speech) = (self.desk.clone(), self.speech.clone());
        self.try_to(work, move |outcome| match outcome {
            Ok(value) => done(value),
            Err(trouble) => desk.toasts.error(trouble.sentence(&speech)),
        });
    }

    /// The same, with the trouble in the view's hands.
    pub fn try_to<T: 'static>(
        &self,
        work: impl Future<Output = Result<T, Trouble>> + 'static,
        then: impl FnOnce(Result<T, Trouble>) + 'static,
    ) {
        if self.running.replace(true) {
            return;
        }
        self.is_busy.set(true);
        let doing = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let outcome = work.await;
            doing.running.set(false);
            doing.is_busy.set(false);
            then(outcome);
        });
    }
}
