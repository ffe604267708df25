//! Addresses whose prices the server fetches: how each fares, one more, and which things of a list are whose.

use std::rc::Rc;

use soko_app_api::{FeedRow, OwnStall, ProgramsReply, ProgramsVerb, RivalChoice};
use yew::prelude::*;

use super::programs::ask;
use super::rival_file::TheirTable;
use crate::acting::{closes, opens, sets};
use crate::desk::{Desk, Trouble, use_desk};
use crate::doing::use_doing;
use crate::parts::{Dialog, Field, Icon, Problem, icon};
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct FeedsProps {
    pub stall: OwnStall,
}

async fn look(desk: &Desk, stall: &OwnStall) -> Result<Rc<Vec<FeedRow>>, Trouble> {
    let reply = ask(desk, stall.stall, ProgramsVerb::Feeds).await?;
    if let ProgramsReply::Feeds(feeds) = reply {
        Ok(Rc::new(feeds))
    } else {
        Err(Trouble::of("link.unreadable"))
    }
}

/// Asked for by a tap, since it needs the server, and this page does not.
#[component]
pub(super) fn Feeds(props: &FeedsProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let view = use_state(|| None::<Result<Rc<Vec<FeedRow>>, Trouble>>);
    let is_new = use_state(|| false);
    let on_look = {
        let (view, stall) = (view.setter(), props.stall.clone());
        Callback::from(move |()| {
            let (desk, view, stall) = (desk.clone(), view.clone(), stall.clone());
            wasm_bindgen_futures::spawn_local(async move { view.set(Some(look(&desk, &stall).await)) });
        })
    };
    let shown = match &*view {
        None => Html::default(),
        Some(Err(trouble)) => html! { <Problem text={trouble.sentence(&speech)} /> },
        Some(Ok(feeds)) if feeds.is_empty() => html! { <p class="quiet">{ speech.say("feeds.none") }</p> },
        Some(Ok(feeds)) => html! {
            { for feeds.iter().map(|feed| html! { <Feed key={feed.feed.to_string()} stall={props.stall.clone()} feed={feed.clone()} on_look={on_look.clone()} /> }) }
        },
    };
    html! {
        <div class="stack-tight">
            <p class="quiet">{ speech.say("feeds.text") }</p>
            <div class="row">
                <button type="button" class="button" onclick={opens(&is_new)}>{ icon(Icon::Link) }{ speech.say("feeds.new") }</button>
                <button type="button" class="button button-quiet" onclick={on_look.reform(|_: MouseEvent| ())}>{ speech.say("feeds.show") }</button>
            </div>
            { shown }
            if *is_new {
                <Dialog title={speech.say("feeds.new")} on_close={closes(&is_new)}>
                    <NewFeed stall={props.stall.clone()} on_done={let (close, on_look) = (closes(&is_new), on_look.clone()); Callback::from(move |()| { close.emit(()); on_look.emit(()); })} />
                </Dialog>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct NewProps {
    stall: OwnStall,
    on_done: Callback<()>,
}

#[component]
fn NewFeed(props: &NewProps) -> Html {
    let (desk, speech, doing) = (use_desk(), use_speech(), use_doing());
    let (source, address) = (use_state(String::new), use_state(String::new));
    let is_ready = !source.trim().is_empty() && !address.trim().is_empty() && !doing.is_busy();
    let onsubmit = {
        let (doing, stall, on_done) = (doing.clone(), props.stall.stall, props.on_done.clone());
        let (source, address) = (source.clone(), address.clone());
        let (speech, toasts) = (speech.clone(), desk.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            if !is_ready {
                return;
            }
            let verb =
                ProgramsVerb::MakeFeed { source: source.trim().into(), address: address.trim().into() };
            let (desk, on_done, speech, toasts) =
                (desk.clone(), on_done.clone(), speech.clone(), toasts.clone());
            doing.run(async move { ask(&desk, stall, verb).await }, move |_| {
                toasts.toasts.done(speech.say("feeds.begun"));
                on_done.emit(());
            });
        })
    };
    html! {
        <form class="stack" {onsubmit}>
            <p class="prose">{ speech.say("feeds.new-text") }</p>
            <Field label={speech.say("rivals.who")} value={(*source).clone()} on_input={sets(&source)} autofocus=true />
            <Field label={speech.say("feeds.address")} kind="url" inputmode="url" value={(*address).clone()} on_input={sets(&address)} />
            <footer class="dialog-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("feeds.begin") }</button>
            </footer>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct FeedProps {
    stall: OwnStall,
    feed: FeedRow,
    on_look: Callback<()>,
}

#[component]
fn Feed(props: &FeedProps) -> Html {
    let (desk, speech, doing) = (use_desk(), use_speech(), use_doing());
    let table = use_state(|| None::<Rc<Vec<u8>>>);
    let FeedProps { stall, feed, on_look } = props;
    let act = |verb: ProgramsVerb, said: &'static str| {
        let (desk, speech, doing) = (desk.clone(), speech.clone(), doing.clone());
        let (stall, on_look) = (stall.stall, on_look.clone());
        Callback::from(move |_: MouseEvent| {
            let (asked, speech, on_look, verb) =
                (desk.clone(), speech.clone(), on_look.clone(), verb.clone());
            let desk = desk.clone();
            doing.run(async move { ask(&asked, stall, verb).await }, move |_| {
                desk.toasts.done(speech.say(said));
                on_look.emit(());
            });
        })
    };
    let on_table = {
        let (desk, doing, stall, id, table) =
            (desk.clone(), doing.clone(), stall.stall, feed.feed, table.setter());
        Callback::from(move |_: MouseEvent| {
            let (desk, table) = (desk.clone(), table.clone());
            doing.run(async move { ask(&desk, stall, ProgramsVerb::FeedTable(id)).await }, move |reply| {
                if let ProgramsReply::Table(bytes) = reply {
                    table.set(Some(Rc::new(bytes)));
                }
            });
        })
    };
    // The server reads the next list as somebody read this one.
    let on_taken = {
        let (desk, doing, stall, id, table) =
            (desk.clone(), doing.clone(), stall.stall, feed.feed, table.setter());
        Callback::from(move |choice: RivalChoice| {
            table.set(None);
            let (desk, verb) = (desk.clone(), ProgramsVerb::ReadFeed { feed: id, choice });
            doing.run(async move { ask(&desk, stall, verb).await }, |_| ());
        })
    };
    let close = {
        let table = table.setter();
        Callback::from(move |()| table.set(None))
    };
    let named = |key: &'static str| speech.fill(key, &[("source", &feed.source)]);
    html! {
        <div class="stack-tight">
            <div class="list-main">
                <span class="list-name">{ feed.source.clone() }</span>
                <span class="list-more list-more-long">{ feed.address.clone() }</span>
                <span class="list-more list-more-long">{ fares(&speech, feed) }</span>
            </div>
            <div class="row">
                <button type="button" class="button" disabled={doing.is_busy()} onclick={act(ProgramsVerb::LookAtFeed(feed.feed), "feeds.begun")}>{ named("feeds.look") }</button>
                if feed.fetched_ms.is_some() {
                    <button type="button" class="button" disabled={doing.is_busy()} onclick={on_table}>{ named("feeds.table") }</button>
                }
                <button type="button" class="button button-quiet" disabled={doing.is_busy()} onclick={act(ProgramsVerb::EndFeed(feed.feed), "feeds.ended")}>{ named("feeds.end") }</button>
            </div>
            if let Some(bytes) = &*table {
                <Dialog title={named("feeds.table")} on_close={close}>
                    <div class="stack"><TheirTable stall={stall.clone()} source={feed.source.clone()} is_feed=true bytes={Rc::clone(bytes)} on_done={on_taken} /></div>
                </Dialog>
            }
        </div>
    }
}

/// Why it brought nothing, else what it brought.
fn fares(speech: &Speech, feed: &FeedRow) -> AttrValue {
    if !feed.trouble.is_empty() {
        return speech.say_or(&format!("feed-trouble.{}", feed.trouble), &feed.trouble);
    }
    let Some(fetched_ms) = feed.fetched_ms else { return speech.say("feeds.waits") };
    speech.fill(
        "feeds.looked",
        &[
            ("known", &speech.number(feed.known)),
            ("rows", &speech.number(feed.rows)),
            ("ago", &speech.ago(fetched_ms)),
        ],
    )
}
