//! Doing something from a view: busy while it is done, a sentence when it was not, and the same identity when the
//! person tries the same thing again.

use std::cell::RefCell;
use std::rc::Rc;

use soko_app_api::{Command, Reply, Verb};
use soko_domain::ids::{LogId, ThingId};
use yew::prelude::*;

use crate::browser;
use crate::desk::{Desk, Trouble, use_desk};
use crate::speech::{Speech, use_speech};

#[derive(Clone)]
pub struct Acting {
    pub desk: Desk,
    pub speech: Speech,
    busy: UseStateHandle<bool>,
    /// What could not be tried: it may have been done all the same, so it keeps its identity.
    unclear: Rc<RefCell<Option<Command>>>,
}

#[hook]
pub fn use_acting() -> Acting {
    let (desk, speech) = (use_desk(), use_speech());
    let busy = use_state(|| false);
    let unclear = use_mut_ref(|| None);
    Acting { desk, speech, busy, unclear }
}

impl Acting {
    pub fn is_busy(&self) -> bool {
        *self.busy
    }

    /// Does it, and says when it was refused.
    pub fn act(&self, stall: LogId, verb: Verb, done: impl FnOnce(Reply) + 'static) {
        let acting = self.clone();
        self.try_to(stall, verb, move |outcome| match outcome {
            Ok(reply) => done(reply),
            Err(trouble) => acting.desk.toasts.error(trouble.sentence(&acting.speech)),
        });
    }

    pub fn try_to(&self, stall: LogId, verb: Verb, then: impl FnOnce(Result<Reply, Trouble>) + 'static) {
        if *self.busy {
            return;
        }
        let same =
            self.unclear.borrow_mut().take().filter(|before| before.stall == stall && before.verb == verb);
        let command = same.unwrap_or_else(|| Command { id: ThingId(browser::chance()), stall, verb });
        let acting = self.clone();
        self.busy.set(true);
        wasm_bindgen_futures::spawn_local(async move {
            let outcome = acting.desk.send(command.clone()).await;
            if matches!(outcome, Err(Trouble::Failed(_))) {
                *acting.unclear.borrow_mut() = Some(command);
            }
            acting.busy.set(false);
            then(outcome);
        });
    }
}

/// Puts what comes into the state.
pub fn sets<T: 'static>(state: &UseStateHandle<T>) -> Callback<T> {
    let setter = state.setter();
    Callback::from(move |value| setter.set(value))
}

/// Puts what comes into one part of what is typed.
pub fn part<T: Clone + 'static>(typed: &UseStateHandle<T>, set: fn(&mut T, String)) -> Callback<String> {
    let typed = typed.clone();
    Callback::from(move |text: String| {
        let mut now = (*typed).clone();
        set(&mut now, text);
        typed.set(now);
    })
}

/// Opens what the state says is open.
pub fn opens(state: &UseStateHandle<bool>) -> Callback<MouseEvent> {
    let setter = state.setter();
    Callback::from(move |_: MouseEvent| setter.set(true))
}

pub fn closes(state: &UseStateHandle<bool>) -> Callback<()> {
    let setter = state.setter();
    Callback::from(move |()| setter.set(false))
}
