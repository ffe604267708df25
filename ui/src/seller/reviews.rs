//! What buyers say of this stall's goods, the latest first, and what the stall answers. It is the server's to show and
//! to take.

use soko_app_api::{DeviceVerb, MarketQuery, MarketView, OwnStall, ReviewAnswer, ReviewRow, Window};
use soko_domain::ids::LogId;
use soko_domain::role::Role;
use yew::prelude::*;

use super::with_stall;
use crate::acting::sets;
use crate::doing::use_doing;
use crate::live::use_market;
use crate::nav::Go;
use crate::parts::{Busy, Empty, Icon, TextArea, icon};
use crate::route::Route;
use crate::shopper::stars;
use crate::speech::use_speech;

/// As many as are answered in one sitting.
const ROWS: u32 = 100;

#[component]
pub(super) fn Reviews() -> Html {
    with_stall(|stall| html! { <List {stall} /> })
}

#[derive(Properties, PartialEq)]
struct ListProps {
    stall: OwnStall,
}

#[component]
fn List(props: &ListProps) -> Html {
    let speech = use_speech();
    let stall = props.stall.stall;
    let live = use_market(Some(MarketQuery::Reviews { stall, product: None, window: Window::first(ROWS) }));
    let may_answer = matches!(props.stall.role, Role::Owner | Role::Manager);
    let body = match live.market() {
        Some(MarketView::Reviews(dated)) if dated.value.is_empty() => html! {
            <Empty icon={Icon::Star} title={speech.say("reviews.none")} text={speech.say("reviews.none-text")} />
        },
        Some(MarketView::Reviews(dated)) => html! {
            <ul class="reviews">
                { for dated.value.iter().map(|row| html! {
                    <li key={row.review.to_string()}><One {stall} row={row.clone()} {may_answer} /></li>
                }) }
            </ul>
        },
        Some(MarketView::Missing | MarketView::Unseen) => html! {
            <Empty icon={Icon::CloudOff} title={speech.say("reviews.offline")} text={speech.say("reviews.offline-text")} />
        },
        _ => html! { <Busy {live} /> },
    };
    html! {
        <section class="page page-narrow">
            <Go to={Route::Orders} class="back-link">{ icon(Icon::Back) }<span>{ speech.say("nav.orders") }</span></Go>
            <h1>{ speech.say("reviews.title") }</h1>
            { body }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct OneProps {
    stall: LogId,
    row: ReviewRow,
    may_answer: bool,
}

#[component]
fn One(props: &OneProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let row = &props.row;
    let words = use_state(|| row.answer.clone());
    let is_writing = use_state_eq(|| false);
    let write = {
        let is_writing = is_writing.setter();
        Callback::from(move |_: MouseEvent| is_writing.set(true))
    };
    let onsubmit = {
        let (doing, words, is_writing) = (doing.clone(), words.clone(), is_writing.setter());
        let (stall, review) = (props.stall, row.review);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, is_writing) = (doing.desk.clone(), is_writing.clone());
            let verb = DeviceVerb::AnswerReview(ReviewAnswer { stall, review, words: (*words).clone() });
            doing.run(async move { desk.with_device(verb).await }, move |_| is_writing.set(false));
        })
    };
    html! {
        <article class="card stack-tight review">
            <p class="review-head">{ stars(&speech, row.stars) }<span class="review-when">{ speech.ago(row.written_ms) }</span></p>
            <p class="wanted-name">{ row.product_name.clone() }</p>
            if !row.words.is_empty() { <p class="product-text" dir="auto">{ row.words.clone() }</p> }
            if *is_writing {
                <form class="stack-tight" {onsubmit}>
                    <TextArea label={speech.say("review.answer")} value={(*words).clone()} on_input={sets(&words)} />
                    <button type="submit" class="button button-main" disabled={doing.is_busy()}>{ speech.say("reviews.answer") }</button>
                </form>
            } else {
                if !row.answer.is_empty() {
                    <div class="review-answer">
                        <p class="review-when">{ speech.say("review.answer") }</p>
                        <p class="product-text" dir="auto">{ row.answer.clone() }</p>
                    </div>
                }
                if props.may_answer {
                    <button type="button" class="button button-small" onclick={write}>{ speech.say("reviews.answer") }</button>
                }
            }
        </article>
    }
}
