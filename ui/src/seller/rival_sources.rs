//! Who asks what for the same things: which sources count, and what is forgotten.

use soko_app_api::{OwnStall, RivalSourceRow, Verb};
use soko_domain::role::Role;
use yew::prelude::*;

use super::rival_feeds::Feeds;
use super::rival_file::FileOfOthers;
use crate::acting::{closes, opens, use_acting};
use crate::parts::Confirm;
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub(super) struct SourcesProps {
    pub stall: OwnStall,
    pub sources: Vec<RivalSourceRow>,
}

#[component]
pub(super) fn Sources(props: &SourcesProps) -> Html {
    let speech = use_speech();
    html! {
        <section class="card stack-tight" aria-labelledby="sources">
            <h2 id="sources">{ speech.say("rivals.title") }</h2>
            <p class="quiet">{ speech.say("rivals.text") }</p>
            <FileOfOthers stall={props.stall.clone()} />
            if props.stall.role == Role::Owner && props.stall.is_connected { <Feeds stall={props.stall.clone()} /> }
            { for props.sources.iter().map(|source| html! { <Source key={source.source.clone()} stall={props.stall.clone()} source={source.clone()} /> }) }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct SourceProps {
    stall: OwnStall,
    source: RivalSourceRow,
}

#[component]
fn Source(props: &SourceProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let is_forgetting = use_state(|| false);
    let RivalSourceRow { source, is_on, prices, seen_at_ms } = props.source.clone();
    let put = {
        let (acting, stall, source) = (acting.clone(), props.stall.stall, source.clone());
        move |is_on: bool, forget: bool| {
            let done = acting.clone();
            let verb = Verb::PutRivalSource { source: source.clone(), is_on, forget };
            acting.act(stall, verb, move |_| done.desk.toasts.done(done.speech.say("settings.saved")));
        }
    };
    let on_switch = {
        let put = put.clone();
        Callback::from(move |_: Event| put(!is_on, false))
    };
    let on_forget = {
        let is_forgetting = is_forgetting.setter();
        Callback::from(move |_: String| {
            is_forgetting.set(false);
            put(true, true);
        })
    };
    let count = speech.count("rivals.prices", i64::try_from(prices).unwrap_or(i64::MAX));
    let latest = speech.fill("rivals.latest", &[("ago", &speech.ago(seen_at_ms))]);
    html! {
        <div class="list-row">
            <span class="list-main">
                <span class="list-name">{ source.clone() }</span>
                <span class="list-more list-more-long">{ format!("{count} · {latest}") }</span>
            </span>
            <label class="check"><input type="checkbox" checked={is_on} onchange={on_switch} disabled={acting.is_busy()} /><span>{ speech.fill("rivals.counts-source", &[("source", &source)]) }</span></label>
            <button type="button" class="button button-quiet" onclick={opens(&is_forgetting)}>{ speech.fill("rivals.forget", &[("source", &source)]) }</button>
            if *is_forgetting {
                <Confirm title={speech.fill("rivals.forget", &[("source", &source)])} text={speech.say("rivals.forget-text")} action={speech.say("rivals.forget-do")}
                    on_confirm={on_forget} on_close={closes(&is_forgetting)} />
            }
        </div>
    }
}
