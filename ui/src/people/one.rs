//! One person: name, role, PIN at this register, the end of their work, and their name taken out of the records.

use soko_app_api::text::Worded as _;
use soko_app_api::{AtRegisterView, OwnStall, PIN_LEN_MIN, PeopleReply, PeopleVerb, PersonRow, Verb};
use soko_domain::entry::Act;
use soko_domain::ids::{LogId, PersonId};
use soko_domain::role::Role;
use yew::prelude::*;

use super::lock::wrong;
use super::pin::Pin;
use crate::acting::{closes, opens, part};
use crate::browser;
use crate::desk::{Desk, Trouble};
use crate::doing::{Doing, use_doing};
use crate::parts::{Choice, Confirm, Dialog, Field};
use crate::speech::{Speech, role_name, use_speech};

const ROLES: [Role; 3] = [Role::Owner, Role::Manager, Role::Cashier];

#[derive(Properties, PartialEq)]
pub(super) struct PersonProps {
    pub stall: OwnStall,
    pub here: AtRegisterView,
    /// None for somebody new.
    pub row: Option<PersonRow>,
    /// With the owner's way back in, where this closed the register.
    pub on_close: Callback<Option<String>>,
}

/// What is typed.
#[derive(Clone, PartialEq)]
struct Typed {
    name: String,
    role: Role,
    pin: String,
    again: String,
    /// The PIN until now, of whoever changes their own.
    old: String,
}

impl Typed {
    fn of(props: &PersonProps) -> Self {
        let first = if props.here.people.is_empty() { Role::Owner } else { Role::Cashier };
        let (name, role) =
            props.row.as_ref().map_or((String::new(), first), |row| (row.name.clone(), row.role));
        Self { name, role, pin: String::new(), again: String::new(), old: String::new() }
    }

    fn is_short(&self) -> bool {
        !self.pin.is_empty() && self.pin.len() < PIN_LEN_MIN
    }

    fn is_ready(&self, needs_pin: bool, asks_old: bool) -> bool {
        let has_pin = !self.pin.is_empty();
        !self.name.trim().is_empty()
            && !self.is_short()
            && (!has_pin || self.pin == self.again)
            && (has_pin || !needs_pin)
            && (!has_pin || !asks_old || !self.old.is_empty())
    }

    fn problem(&self, speech: &Speech) -> Option<AttrValue> {
        if self.is_short() {
            return Some(speech.say("people.pin-short"));
        }
        let differs = !self.again.is_empty() && self.pin != self.again;
        differs.then(|| speech.say("people.pin-differs"))
    }
}

#[component]
pub(super) fn Person(props: &PersonProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let row = props.row.as_ref();
    let person = *use_memo((), |()| row.map_or_else(|| PersonId(browser::chance()), |row| row.person));
    let typed = use_state(|| Typed::of(props));
    let erases = use_state(|| false);
    let wrong_old = use_state(|| None::<AttrValue>);
    let asks_old = row.is_some_and(|row| row.has_pin && props.here.person == Some(row.person));
    let is_ready = typed.is_ready(row.is_none(), asks_old) && !doing.is_busy();
    let save = saves(&doing, props, (person, &typed), (true, &wrong_old));
    let onsubmit = Callback::from(move |submit: SubmitEvent| {
        submit.prevent_default();
        if is_ready {
            save.emit(());
        }
    });
    let end = saves(&doing, props, (person, &typed), (false, &wrong_old)).reform(|_: MouseEvent| ());
    let roles: Vec<(AttrValue, AttrValue)> = ROLES
        .into_iter()
        .filter(|role| *role >= props.here.role)
        .map(|role| (role.word().into(), role_name(&speech, role.name())))
        .collect();
    let choose = part(&typed, |typed, word| typed.role = Role::from_word(&word).unwrap_or(typed.role));
    let title = if row.is_some() { speech.say("people.change") } else { speech.say("people.add") };
    let other = row.filter(|row| props.here.person != Some(row.person));
    html! {
        <Dialog {title} on_close={props.on_close.reform(|()| None)} class="dialog-small">
            <form class="stack" {onsubmit}>
                <Field label={speech.say("people.name")} value={typed.name.clone()} on_input={part(&typed, |typed, name| typed.name = name)}
                    hint={speech.say("people.name-hint")} required=true autofocus=true />
                <Choice label={speech.say("people.role")} value={typed.role.word()} options={roles} on_choose={choose} />
                <Pin label={speech.say("people.new-pin")} value={typed.pin.clone()} on_input={part(&typed, |typed, pin| typed.pin = pin)}
                    pad=false hint={speech.say("people.pin-hint")} />
                if !typed.pin.is_empty() {
                    <Pin label={speech.say("people.pin-again")} value={typed.again.clone()} on_input={part(&typed, |typed, again| typed.again = again)}
                        pad=false problem={typed.problem(&speech)} />
                    if asks_old {
                        <Pin label={speech.say("people.old-pin")} value={typed.old.clone()} on_input={part(&typed, |typed, old| typed.old = old)}
                            pad=false problem={(*wrong_old).clone()} />
                    }
                }
                <footer class="dialog-foot">
                    if other.is_some_and(|row| row.is_active) {
                        <button type="button" class="button button-quiet" onclick={end} disabled={doing.is_busy()}>{ speech.say("people.end") }</button>
                    }
                    if other.is_some_and(|row| !row.is_active) {
                        <button type="button" class="button button-quiet" onclick={opens(&erases)}>{ speech.say("people.erase") }</button>
                    }
                    <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("settings.save") }</button>
                </footer>
            </form>
            if *erases {
                <Confirm title={speech.say("people.erase")} text={speech.say("people.erase-text")} action={speech.say("people.erase")}
                    on_confirm={erase(&doing, props, person)} on_close={closes(&erases)} />
            }
        </Dialog>
    }
}

fn saves(
    doing: &Doing,
    props: &PersonProps,
    (person, typed): (PersonId, &Typed),
    (is_active, wrong_old): (bool, &UseStateHandle<Option<AttrValue>>),
) -> Callback<()> {
    let (doing, stall, on_close) = (doing.clone(), props.stall.stall, props.on_close.clone());
    let (name, role) = (typed.name.trim().to_owned(), typed.role);
    let (pin, wrong_old) = ((typed.pin.clone(), typed.old.clone()), wrong_old.setter());
    let is_same = props
        .row
        .as_ref()
        .is_some_and(|row| (&row.name, row.role, row.is_active) == (&name, role, is_active));
    Callback::from(move |()| {
        let (desk, said, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
        let put = (!is_same).then(|| Verb::PutPerson { person, name: name.clone(), role, is_active });
        let (pin, on_close, wrong_old) = (pin.clone(), on_close.clone(), wrong_old.clone());
        doing.run(async move { put_and_pin(&desk, stall, put, (person, pin)).await }, move |set| {
            if let Some(PeopleReply::Wrong { wait_ms }) = set {
                wrong_old.set(Some(wrong(&speech, wait_ms)));
                return;
            }
            said.toasts.done(speech.say("settings.saved"));
            let Some(PeopleReply::Closed { recovery }) = set else { return on_close.emit(None) };
            on_close.emit(Some(recovery));
        });
    })
}

fn erase(doing: &Doing, props: &PersonProps, person: PersonId) -> Callback<String> {
    let (doing, stall, on_close) = (doing.clone(), props.stall.stall, props.on_close.clone());
    Callback::from(move |_: String| {
        let (desk, on_close) = (doing.desk.clone(), on_close.clone());
        doing.run(async move { desk.act(stall, Verb::ErasePerson { person }).await }, move |_| {
            on_close.emit(None);
        });
    })
}

/// Saves the person, then the PIN; asks for a manager's word where that needs it.
async fn put_and_pin(
    desk: &Desk,
    stall: LogId,
    put: Option<Verb>,
    (person, (pin, old)): (PersonId, (String, String)),
) -> Result<Option<PeopleReply>, Trouble> {
    if let Some(put) = put {
        desk.act(stall, put).await?;
    }
    if pin.is_empty() {
        return Ok(None);
    }
    let set = |approval| PeopleVerb::SetPin { person, pin: pin.clone(), old: old.clone(), approval };
    let mut outcome = desk.people(stall, set(None)).await;
    if matches!(&outcome, Err(Trouble::Refused(refused)) if refused.code == "approval_needed")
        && let Some(approval) = desk.ask_approval(stall, vec![Act::ManagePeople]).await
    {
        outcome = desk.people(stall, set(Some(approval))).await;
    }
    outcome.map(Some)
}

#[derive(Properties, PartialEq)]
pub(super) struct RecoveryProps {
    pub code: String,
    pub on_close: Callback<()>,
}

/// Shown once: without it, an owner who forgets the PIN stands before a closed register.
#[component]
pub(super) fn Recovery(props: &RecoveryProps) -> Html {
    let speech = use_speech();
    let code = props.code.as_bytes().chunks(4).map(|part| String::from_utf8_lossy(part).into_owned());
    let code: Vec<String> = code.collect();
    let close = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <Dialog title={speech.say("people.recovery")} on_close={props.on_close.clone()} class="dialog-small">
            <div class="stack">
                <p class="prose">{ speech.say("people.recovery-text") }</p>
                <p class="recovery number" dir="ltr">{ code.join("-") }</p>
                <footer class="dialog-foot">
                    <button type="button" class="button button-main" onclick={close}>{ speech.say("people.recovery-written") }</button>
                </footer>
            </div>
        </Dialog>
    }
}
