//! A manager's word for something that whoever is at the register may not do alone. It is asked for wherever a command
//! needs it, and the command goes on by itself.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use soko_app_api::text::Worded as _;
use soko_app_api::{PeopleReply, PeopleVerb, PersonRow, Query, View};
use soko_domain::entry::Act;
use soko_domain::ids::{LogId, PersonId, ThingId};
use yew::prelude::*;

use super::lock::wrong;
use super::pin::Pin;
use crate::acting::sets;
use crate::desk::{Desk, use_desk};
use crate::doing::use_doing;
use crate::live::use_query;
use crate::parts::{Choice, Dialog, Field};
use crate::watched::use_watched;

/// What is waited for; two of them are the same question only if they are one.
#[derive(Clone)]
pub struct Wanted {
    pub stall: LogId,
    pub acts: Vec<Act>,
    answer: Rc<RefCell<Answer>>,
}

#[derive(Default)]
struct Answer {
    given: Option<Option<ThingId>>,
    waker: Option<Waker>,
}

impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.answer, &other.answer)
    }
}

impl Wanted {
    fn give(&self, approval: Option<ThingId>) {
        let mut answer = self.answer.borrow_mut();
        answer.given = Some(approval);
        if let Some(waker) = answer.waker.take() {
            waker.wake();
        }
    }
}

impl Desk {
    /// Asks whoever stands there for a manager's word; none when nobody gives it.
    pub async fn ask_approval(&self, stall: LogId, acts: Vec<Act>) -> Option<ThingId> {
        // One question at a time: a new one ends the old one.
        if let Some(before) = self.approval.get() {
            before.give(None);
        }
        let wanted = Wanted { stall, acts, answer: Rc::default() };
        let answer = Rc::clone(&wanted.answer);
        self.approval.set(Some(wanted));
        poll_fn(move |context| {
            let mut answer = answer.borrow_mut();
            match answer.given.take() {
                Some(given) => Poll::Ready(given),
                None => {
                    answer.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// Stands over everything while a manager is asked.
#[component]
pub fn Approving() -> Html {
    let desk = use_desk();
    let wanted = use_watched(&desk.approval);
    let Some(wanted) = wanted else { return Html::default() };
    html! { <Ask {wanted} /> }
}

#[derive(Properties, PartialEq)]
struct AskProps {
    wanted: Wanted,
}

#[component]
fn Ask(props: &AskProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let live = use_query(Some(Query::AtRegister(props.wanted.stall)));
    let chosen = use_state(|| None::<PersonId>);
    let (pin, reason, problem) =
        (use_state(String::new), use_state(String::new), use_state(|| None::<AttrValue>));
    let rows: Vec<PersonRow> = match live.view() {
        Some(View::AtRegister(here)) => here.people.clone(),
        Some(_) | None => Vec::new(),
    };
    let managers: Vec<&PersonRow> =
        rows.iter().filter(|row| row.is_active && row.has_pin && row.role.may_manage_people()).collect();
    let person = chosen.or_else(|| managers.first().map(|row| row.person));
    let close = {
        let (desk, wanted) = (doing.desk.clone(), props.wanted.clone());
        move |approval: Option<ThingId>| {
            desk.approval.set(None);
            wanted.give(approval);
        }
    };
    let is_ready = person.is_some() && !pin.is_empty() && !reason.trim().is_empty() && !doing.is_busy();
    let onsubmit = {
        let (doing, close, pin, reason) = (doing.clone(), close.clone(), pin.clone(), reason.clone());
        let (stall, acts, problem) = (props.wanted.stall, props.wanted.acts.clone(), problem.setter());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(person) = person.filter(|_| is_ready) else { return };
            let (desk, speech, close) = (doing.desk.clone(), doing.speech.clone(), close.clone());
            let (clear, problem) = (pin.setter(), problem.clone());
            let (pin, reason) = ((*pin).clone(), reason.trim().to_owned());
            let verb = PeopleVerb::Approve { person, pin, acts: acts.clone(), reason };
            doing.run(async move { desk.people(stall, verb).await }, move |reply| match reply {
                PeopleReply::Approval(approval) => close(Some(approval)),
                PeopleReply::Wrong { wait_ms } => {
                    clear.set(String::new());
                    problem.set(Some(wrong(&speech, wait_ms)));
                }
                PeopleReply::Done | PeopleReply::Closed { .. } => {}
            });
        })
    };
    let options: Vec<(AttrValue, AttrValue)> =
        managers.iter().map(|row| (row.person.to_string().into(), row.name.clone().into())).collect();
    let choose = {
        let chosen = chosen.setter();
        Callback::from(move |hex: String| chosen.set(PersonId::from_hex(&hex)))
    };
    let on_close = Callback::from(move |()| close(None));
    html! {
        <Dialog title={speech.say("approve.title")} {on_close} class="dialog-small">
            <form class="stack" {onsubmit}>
                <ul class="approve-acts">
                    { for props.wanted.acts.iter().map(|act| html! { <li>{ speech.say_or(&format!("act.{}", act.word()), act.word()) }</li> }) }
                </ul>
                <Choice label={speech.say("approve.who")} value={person.map(|person| person.to_string()).unwrap_or_default()} {options} on_choose={choose} />
                <Field label={speech.say("approve.why")} value={(*reason).clone()} on_input={sets(&reason)} required=true autofocus=true />
                <Pin label={speech.say("people.pin")} value={(*pin).clone()} on_input={sets(&pin)} problem={(*problem).clone()} pad=false />
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("approve.do") }</button>
                </footer>
            </form>
        </Dialog>
    }
}
