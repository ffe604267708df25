//! What somebody likes: the heart on an offer, and the page of all that is liked. It is kept on the device.

use std::collections::BTreeSet;
use std::rc::Rc;

use soko_app_api::{Answer, BuyerQuery, BuyerVerb, BuyerView, Call, Liked, OfferRow, Window};
use yew::prelude::*;

use super::cards::OfferCard;
use crate::doing::use_doing;
use crate::live::use_buyer;
use crate::nav::Go;
use crate::parts::{Empty, Icon, Slot, Windowed, icon};
use crate::route::Route;
use crate::speech::use_speech;

/// What is liked here, asked for once for all hearts of a screen.
#[derive(Clone, PartialEq, Default)]
struct LikedHere(Rc<BTreeSet<Liked>>);

#[derive(Properties, PartialEq)]
pub(super) struct KnowsLikesProps {
    pub children: Html,
}

#[component]
pub(super) fn KnowsLikes(props: &KnowsLikesProps) -> Html {
    let live = use_buyer(Some(BuyerQuery::LikedKeys));
    let liked = match live.buyer() {
        Some(BuyerView::LikedKeys(keys)) => keys.iter().copied().collect(),
        _ => BTreeSet::new(),
    };
    html! {
        <ContextProvider<LikedHere> context={LikedHere(Rc::new(liked))}>
            { props.children.clone() }
        </ContextProvider<LikedHere>>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct HeartProps {
    pub row: OfferRow,
}

/// Likes it, or does not any more. What a thumb taps is shown at once.
#[component]
pub(super) fn Heart(props: &HeartProps) -> Html {
    let doing = use_doing();
    let LikedHere(liked) = use_context().unwrap_or_default();
    let it = Liked { stall: props.row.stall, product: props.row.product };
    let known = liked.contains(&it);
    let tapped = use_state_eq(|| None::<bool>);
    {
        let tapped = tapped.setter();
        use_effect_with((it, known), move |_| tapped.set(None));
    }
    let is_liked = tapped.unwrap_or(known);
    let onclick = {
        let (doing, tapped) = (doing.clone(), tapped.setter());
        Callback::from(move |_: MouseEvent| {
            if doing.is_busy() {
                return;
            }
            tapped.set(Some(!is_liked));
            let (desk, speech, tapped) = (doing.desk.clone(), doing.speech.clone(), tapped.clone());
            let to = desk.clone();
            let verb = BuyerVerb::Like { it, is_liked: !is_liked };
            doing.try_to(async move { desk.buy(verb).await }, move |done| {
                if let Err(trouble) = done {
                    tapped.set(None);
                    to.toasts.error(trouble.sentence(&speech));
                }
            });
        })
    };
    let pressed = if is_liked { "true" } else { "false" };
    html! {
        <button type="button" class="button-icon heart" {onclick} aria-pressed={pressed}
            aria-label={doing.speech.fill("shop.like", &[("name", &props.row.name)])}>{ icon(Icon::Heart) }</button>
    }
}

#[component]
pub(super) fn Likes() -> Html {
    let speech = use_speech();
    let live = use_buyer(Some(BuyerQuery::Likes { window: Window::first(0) }));
    let gone = if let Some(BuyerView::Likes(likes)) = live.buyer() { likes.gone } else { 0 };
    let slot = use_callback((), |slot: Slot, ()| {
        let Answer::Buyer(BuyerView::Likes(likes)) = &*slot.answer else { return Html::default() };
        let row = likes.offers.get(slot.at).cloned();
        row.map(|row| html! { <OfferCard {row} /> }).unwrap_or_default()
    });
    let empty = html! {
        <Empty icon={Icon::Heart} title={speech.say("liked.empty")} text={speech.say("liked.empty-text")}>
            <Go to={Route::Market} class="button button-main">{ speech.say("shop.to-market") }</Go>
        </Empty>
    };
    let call = Call::Buyer(BuyerQuery::Likes { window: Window::first(0) });
    html! {
        <section class="page shop">
            <h1>{ speech.say("liked.title") }</h1>
            if gone > 0 {
                <p class="seen">{ icon(Icon::Info) }<span>{ speech.count("liked.gone", i64::from(gone)) }</span></p>
            }
            <div class="offers">
                <Windowed label={speech.say("liked.title")} {call} {slot} {empty} class="ware-grid" />
            </div>
        </section>
    }
}
