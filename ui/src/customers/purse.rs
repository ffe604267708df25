//! What is in a purse, what happened to it, and getting what another register holds.

use soko_app_api::text::Worded as _;
use soko_app_api::{OwnStall, PurseEntryRow, PurseInput, PurseView, Query, Verb, View};
use soko_domain::ids::ThingId;
use soko_domain::purse::{CardCode, PurseKind};
use yew::prelude::*;

use crate::acting::use_acting;
use crate::live::use_query;
use crate::parts::{Choice, Field, Icon, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

/// A purse as it is now; none while it is not known.
#[hook]
pub(super) fn use_purse(stall: &OwnStall, purse: Option<PurseInput>) -> Option<PurseView> {
    let live = use_query(purse.map(|purse| Query::Purse { stall: stall.stall, purse }));
    if let Some(View::Purse(view)) = live.view() { Some((**view).clone()) } else { None }
}

pub(super) fn kind_name(speech: &Speech, kind: PurseKind) -> AttrValue {
    speech.say_or(&format!("tender.{}", kind.word()), kind.word())
}

/// How much there is, in points where it is points, and what they are worth.
pub(super) fn amount(speech: &Speech, view: &PurseView) -> String {
    let total = speech.money(view.total_minor, &view.currency);
    if view.kind == PurseKind::Points {
        format!("{} · {total}", speech.count("points.count", view.here.saturating_add(view.elsewhere)))
    } else {
        total
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct ElsewhereProps {
    pub stall: OwnStall,
    pub input: PurseInput,
    pub view: PurseView,
}

/// Says what cannot be spent here yet, and asks for it.
#[component]
pub(super) fn Elsewhere(props: &ElsewhereProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let view = &props.view;
    if view.elsewhere <= 0 {
        return Html::default();
    }
    let there = speech.money((view.total_minor - view.here_minor).max(0), &view.currency);
    let ask = {
        let (acting, stall, purse) = (acting.clone(), props.stall.stall, props.input.clone());
        let units = view.elsewhere;
        Callback::from(move |_: MouseEvent| {
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, Verb::AskPurse { purse: purse.clone(), units }, move |_| {
                desk.toasts.done(speech.say("purse.asked"));
            });
        })
    };
    html! {
        <div class="notice">
            <span class="notice-sign">{ icon(Icon::Info) }</span>
            <p><span>{ speech.fill("purse.elsewhere", &[("amount", &there)]) }</span></p>
            <button type="button" class="button" onclick={ask} disabled={acting.is_busy()}>{ speech.say("purse.ask") }</button>
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct HappenedProps {
    pub view: PurseView,
}

/// What happened to it, the latest first.
#[component]
pub(super) fn Happened(props: &HappenedProps) -> Html {
    let speech = use_speech();
    let view = &props.view;
    if view.entries.is_empty() {
        return Html::default();
    }
    html! { <div>{ for view.entries.iter().map(|entry| happened(&speech, view, entry)) }</div> }
}

fn happened(speech: &Speech, view: &PurseView, entry: &PurseEntryRow) -> Html {
    let what = speech.say_or(&format!("purse.did-{}", entry.what.word()), entry.what.word());
    let local_ms = entry.at_ms + i64::from(entry.offset_minutes) * 60_000;
    let when = speech.day_and_time(local_ms, Some("UTC"));
    let amount = if view.kind == PurseKind::Points {
        speech.number(entry.units)
    } else {
        speech.money(entry.units, &view.currency)
    };
    let missing =
        (entry.missing > 0).then(|| speech.fill("purse.missing", &[("n", &speech.number(entry.missing))]));
    let inside = html! {
        <>
            <span class="list-main">
                <span class="list-name">{ what }</span>
                <span class="list-more number">{ when }{ " · " }{ entry.register_name.clone() }</span>
                if !entry.reason.is_empty() { <span class="list-more" dir="auto">{ entry.reason.clone() }</span> }
                if let Some(missing) = missing { <span class="list-more">{ missing }</span> }
            </span>
            <span class="list-end number">{ amount }</span>
        </>
    };
    match entry.sale {
        Some(sale) => {
            html! { <crate::nav::Go to={Route::Sale(sale)} class="list-row">{ inside }</crate::nav::Go> }
        }
        None => html! { <div class="list-row">{ inside }</div> },
    }
}

/// Where the money of a refund stays, if it does.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Into {
    /// It is paid out.
    #[default]
    Nothing,
    Credit,
    /// The card with this code, as far as it was typed.
    Card(String),
}

impl Into {
    /// Where what a purse paid goes back, unless somebody says otherwise.
    pub fn first(customer: Option<ThingId>) -> Self {
        if customer.is_some() { Self::Credit } else { Self::Card(String::new()) }
    }

    /// None while a code is not whole.
    pub fn purse(&self, customer: Option<ThingId>) -> Option<Option<PurseInput>> {
        match self {
            Self::Nothing => Some(None),
            Self::Credit => customer.map(|customer| Some(PurseInput::Credit(customer))),
            Self::Card(code) => CardCode::parse(code).map(|code| Some(PurseInput::Card(code.to_string()))),
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct IntoProps {
    pub value: Into,
    /// Credit is a customer's.
    pub customer: Option<ThingId>,
    pub on_change: Callback<Into>,
}

/// Offers to keep the money of a refund as credit or on a gift card.
#[component]
pub fn IntoPurse(props: &IntoProps) -> Html {
    let speech = use_speech();
    let value = match props.value {
        Into::Nothing => "out",
        Into::Credit => "credit",
        Into::Card(_) => "card",
    };
    let mut options: Vec<(AttrValue, AttrValue)> = vec![("out".into(), speech.say("refund.into-out"))];
    if props.customer.is_some() {
        options.push(("credit".into(), speech.say("refund.into-credit")));
    }
    options.push(("card".into(), speech.say("refund.into-card")));
    let on_choose = props.on_change.reform(|word: String| match word.as_str() {
        "credit" => Into::Credit,
        "card" => Into::Card(String::new()),
        _ => Into::Nothing,
    });
    html! {
        <>
            <Choice label={speech.say("refund.into")} {value} {options} {on_choose} />
            if let Into::Card(code) = &props.value {
                <Field label={speech.say("cards.code")} value={code.clone()} on_input={props.on_change.reform(Into::Card)}
                    hint={speech.say("cards.code-hint")} class="field-code" />
            }
        </>
    }
}
