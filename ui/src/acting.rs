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
    unclear: Rc<RefCell<Unclear>>,
}

/// What could not be tried, and the command that it went as, with a manager's word where it needed one: it may have been done all the
/// same, so it keeps its identity, and the word is not given twice.
#[derive(Default)]
struct Unclear(Option<(Verb, Command)>);

impl Unclear {
    /// What to send where somebody does this: the same as before, where it is the same.
    fn again(&mut self, fresh: Command) -> Command {
        let same = self.0.take().filter(|(verb, sent)| sent.stall == fresh.stall && *verb == fresh.verb);
        same.map_or(fresh, |(_, sent)| sent)
    }
}

#[hook]
pub fn use_acting() -> Acting {
    let (desk, speech) = (use_desk(), use_speech());
    let busy = use_state(|| false);
    let unclear = use_mut_ref(Unclear::default);
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
        let fresh = Command { id: ThingId(browser::chance()), stall, verb: verb.clone() };
        let mut command = self.unclear.borrow_mut().again(fresh);
        let acting = self.clone();
        self.busy.set(true);
        wasm_bindgen_futures::spawn_local(async move {
            let outcome = acting.desk.send_or_ask(&mut command).await;
            if matches!(outcome, Err(Trouble::Failed(_))) {
                acting.unclear.borrow_mut().0 = Some((verb, command));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_done_is_sent_again_as_it_went() {
        let verb = Verb::MoveDrawer { amount_minor: -500, reason: "ice".into() };
        let command =
            |id, verb: &Verb| Command { id: ThingId([id; 16]), stall: LogId([1; 16]), verb: verb.clone() };
        let approved = Verb::Approved { approval: ThingId([9; 16]), verb: Box::new(verb.clone()) };
        let mut unclear = Unclear(Some((verb.clone(), command(2, &approved))));
        assert_eq!(unclear.again(command(3, &verb)), command(2, &approved));
        assert_eq!(unclear.again(command(3, &verb)), command(3, &verb), "and once only");
        let other = Verb::MoveDrawer { amount_minor: -500, reason: "salt".into() };
        unclear.0 = Some((verb.clone(), command(2, &approved)));
        assert_eq!(unclear.again(command(3, &other)), command(3, &other));
    }
}
