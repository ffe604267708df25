//! What buyers say: the mean beside an offer, the reviews of a product, and the form for what somebody bought.

use soko_app_api::{
    Bought, BuyerQuery, BuyerVerb, BuyerView, MarketQuery, MarketView, OrderLineView, OwnReview,
    OwnReviewState, Rating, ReviewRow, Window,
};
use soko_domain::ids::{LogId, OrderId, ProductId};
use soko_domain::review::{STARS_MAX, TEXT_CHARS_MAX};
use yew::prelude::*;

use crate::acting::sets;
use crate::doing::use_doing;
use crate::live::{use_buyer, use_market};
use crate::parts::{Icon, Problem, TextArea, icon};
use crate::speech::{Speech, use_speech};

/// Reviews that are shown before more are asked for, and with each "more".
const AT_ONCE: u32 = 5;
const MOST: u32 = 100;

#[derive(Properties, PartialEq)]
pub(super) struct RatedProps {
    pub rating: Rating,
}

/// The mean and how many said so; nothing before anybody did.
#[component]
pub(super) fn Rated(props: &RatedProps) -> Html {
    let speech = use_speech();
    let Some(tenths) = props.rating.tenths() else { return Html::default() };
    let mean = speech.decimal(&format!("{}.{}", tenths / 10, tenths % 10));
    let count = i64::from(props.rating.reviews);
    html! {
        <span class="rated">
            { icon(Icon::Star) }
            <span aria-hidden="true" class="number">{ format!("{mean} ({})", speech.number(count)) }</span>
            <span class="silent">{ speech.count_with("review.rated", count, &[("mean", &mean)]) }</span>
        </span>
    }
}

/// So many stars, for reading.
pub fn stars(speech: &Speech, stars: u8) -> Html {
    let label = speech.fill("review.stars", &[("stars", &speech.number(i64::from(stars)))]);
    html! {
        <span class="stars" role="img" aria-label={label}>
            { for (1..=STARS_MAX).map(|at| html! { <span class={(at <= stars).then_some("star-on")}>{ icon(Icon::Star) }</span> }) }
        </span>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct ReviewsProps {
    pub stall: LogId,
    pub product: ProductId,
    pub rating: Rating,
}

/// What buyers say of a product, the latest first.
#[component]
pub(super) fn Reviews(props: &ReviewsProps) -> Html {
    let speech = use_speech();
    let rows = use_state_eq(|| AT_ONCE);
    let window = Window::first(*rows);
    let query = MarketQuery::Reviews { stall: props.stall, product: Some(props.product), window };
    let live = use_market(Some(query).filter(|_| props.rating.reviews > 0));
    let Some(MarketView::Reviews(dated)) = live.market() else { return Html::default() };
    let shown = u32::try_from(dated.value.len()).unwrap_or(u32::MAX);
    let more = (shown >= *rows && shown < props.rating.reviews && *rows < MOST).then(|| {
        let (rows, now) = (rows.setter(), *rows);
        Callback::from(move |_: MouseEvent| rows.set(now.saturating_add(AT_ONCE * 2)))
    });
    html! {
        <section class="stack" aria-labelledby="reviews">
            <div class="row"><h2 id="reviews">{ speech.say("review.title") }</h2><Rated rating={props.rating} /></div>
            <ul class="reviews">
                { for dated.value.iter().map(|row| html! { <li key={row.review.to_string()}>{ one(&speech, row) }</li> }) }
            </ul>
            if let Some(more) = more {
                <button type="button" class="button" onclick={more}>{ speech.say("review.more") }</button>
            }
        </section>
    }
}

fn one(speech: &Speech, row: &ReviewRow) -> Html {
    html! {
        <article class="review">
            <p class="review-head">{ stars(speech, row.stars) }<span class="review-when">{ speech.ago(row.written_ms) }</span></p>
            if !row.words.is_empty() { <p class="product-text" dir="auto">{ row.words.clone() }</p> }
            if !row.answer.is_empty() {
                <div class="review-answer">
                    <p class="review-when">{ speech.say("review.answer") }</p>
                    <p class="product-text" dir="auto">{ row.answer.clone() }</p>
                </div>
            }
        </article>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct HowWasItProps {
    pub order: OrderId,
    pub lines: Vec<OrderLineView>,
}

/// What somebody thinks of what was handed over, product by product.
#[component]
pub(super) fn HowWasIt(props: &HowWasItProps) -> Html {
    let speech = use_speech();
    let live = use_buyer(Some(BuyerQuery::OwnReviews(props.order)));
    let Some(BuyerView::OwnReviews(said)) = live.buyer() else { return Html::default() };
    html! {
        <section class="card stack" aria-labelledby="how-was-it">
            <h2 id="how-was-it">{ speech.say("review.how") }</h2>
            { for props.lines.iter().filter(|line| line.quantity > 0).map(|line| {
                let it = Bought { order: props.order, product: line.product };
                let said = said.iter().find(|said| said.product == line.product).cloned();
                html! { <Say key={line.product.to_string()} {it} name={line.name.clone()} {said} /> }
            }) }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct SayProps {
    it: Bought,
    name: AttrValue,
    said: Option<OwnReview>,
}

/// One tap on a star says it; words may follow.
#[component]
fn Say(props: &SayProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let is_writing = use_state_eq(|| false);
    let words = use_state(|| props.said.as_ref().map(|said| said.words.clone()).unwrap_or_default());
    let chosen = props.said.as_ref().map_or(0, |said| said.stars);
    let say = {
        let (doing, it, is_writing) = (doing.clone(), props.it, is_writing.setter());
        move |stars: u8, words: String, goes_on: bool| {
            let (desk, is_writing) = (doing.desk.clone(), is_writing.clone());
            let verb = BuyerVerb::Review { it, stars, words };
            doing.run(async move { desk.buy(verb).await }, move |()| is_writing.set(goes_on));
        }
    };
    let star = |at: u8| {
        let (say, words) = (say.clone(), (*words).clone());
        let onclick = Callback::from(move |_: MouseEvent| say(at, words.clone(), true));
        let pressed = if at == chosen { "true" } else { "false" };
        let label = speech.fill("review.stars", &[("stars", &speech.number(i64::from(at)))]);
        let class = classes!("button-icon", (at <= chosen).then_some("star-on"));
        html! { <button type="button" {class} {onclick} aria-pressed={pressed} aria-label={label}>{ icon(Icon::Star) }</button> }
    };
    let onsubmit = {
        let (say, words) = (say.clone(), words.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            say(chosen, (*words).clone(), false);
        })
    };
    let take_back = {
        let (say, words) = (say.clone(), words.setter());
        Callback::from(move |_: MouseEvent| {
            words.set(String::new());
            say(0, String::new(), false);
        })
    };
    let write = {
        let is_writing = is_writing.setter();
        Callback::from(move |_: MouseEvent| is_writing.set(true))
    };
    html! {
        <div class="stack-tight review-own" role="group" aria-label={props.name.clone()}>
            <p class="wanted-name">{ props.name.clone() }</p>
            <div class="stars">{ for (1..=STARS_MAX).map(star) }</div>
            if *is_writing && chosen > 0 {
                <form class="stack-tight" {onsubmit}>
                    <TextArea label={speech.say("review.words")} value={(*words).clone()} on_input={sets(&words)}
                        hint={(words.chars().count() > TEXT_CHARS_MAX).then(|| speech.say("refused.text_too_long"))} />
                    <div class="row">
                        <button type="submit" class="button button-main" disabled={doing.is_busy()}>{ speech.say("review.say") }</button>
                        <button type="button" class="button button-quiet" onclick={take_back} disabled={doing.is_busy()}>
                            { speech.say("review.take-back") }
                        </button>
                    </div>
                </form>
            } else if let Some(said) = &props.said {
                if !said.words.is_empty() { <p class="product-text" dir="auto">{ said.words.clone() }</p> }
                { state(&speech, said) }
                <button type="button" class="button button-small" onclick={write}>{ speech.say("review.change") }</button>
            }
        </div>
    }
}

fn state(speech: &Speech, said: &OwnReview) -> Html {
    match said.state {
        OwnReviewState::Saved => {
            html! { <p class="seen" role="status">{ icon(Icon::CloudOff) }<span>{ speech.say("review.saved") }</span></p> }
        }
        OwnReviewState::Sent => {
            html! { <p class="review-when" role="status">{ speech.say("review.sent") }</p> }
        }
        OwnReviewState::Refused => {
            html! { <Problem text={speech.refused(&said.because, &said.because_said)} /> }
        }
    }
}
