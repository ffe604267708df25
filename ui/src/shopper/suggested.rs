//! What somebody may want, too: a few offers, each with the reason why it is shown. Nothing where nothing is known.

use soko_app_api::{Answer, Around, BuyerVerb, Call, OfferRow, SuggestQuery, Suggested, Suggestions};
use soko_domain::ids::{LogId, ProductId};
use yew::prelude::*;

use super::cards::OfferCard;
use super::near::where_and_when;
use crate::browser::time::now_ms;
use crate::desk::use_desk;
use crate::doing::use_doing;
use crate::live::use_live;
use crate::parts::{Icon, because, icon};
use crate::speech::use_speech;
use crate::watched::use_watched;

/// From what this device's buyer had.
#[component]
pub(super) fn ForMe() -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let query = SuggestQuery::ForMe { around: use_watched(&desk.here).map(Around::of) };
    html! { <Section {query} id="for-you" title={speech.say("shop.for-you")} /> }
}

#[derive(Clone, Properties, PartialEq)]
pub(super) struct BesideProps {
    pub stall: LogId,
    pub product: ProductId,
    pub name: AttrValue,
}

/// What goes with the product that is looked at, and what is like it.
#[component]
pub(super) fn Beside(props: &BesideProps) -> Html {
    let speech = use_speech();
    let (stall, product) = (props.stall, props.product);
    let with = SuggestQuery::With { stall, product };
    html! {
        <>
            <Section query={with} id="goes-with" title={speech.say("shop.goes-with")} in_stall=true />
            <Instead ..props.clone() />
        </>
    }
}

#[derive(Clone, Properties, PartialEq)]
pub(super) struct WithAllProps {
    pub stall: LogId,
    pub products: Vec<ProductId>,
}

/// What goes with what lies in a stall's basket.
#[component]
pub(super) fn WithAll(props: &WithAllProps) -> Html {
    let (stall, products) = (props.stall, props.products.clone());
    let title = use_speech().say("shop.goes-with");
    let query = SuggestQuery::WithAll { stall, products };
    html! { <Section {query} id={format!("goes-with-{stall}")} {title} in_stall=true /> }
}

/// What is like a product: beside it, or where there is not enough of it. Several may stand on one page, each under its product's name.
#[component]
pub(super) fn Instead(props: &BesideProps) -> Html {
    let (stall, product) = (props.stall, props.product);
    let title = use_speech().fill("because.similar", &[("name", &props.name)]);
    html! { <Section query={SuggestQuery::Similar { stall, product }} id={product.to_string()} {title} in_stall=true /> }
}

#[derive(Properties, PartialEq)]
struct SectionProps {
    query: SuggestQuery,
    id: AttrValue,
    title: AttrValue,
    #[prop_or_default]
    in_stall: bool,
}

/// What is not wanted can be sent away.
#[component]
fn Section(props: &SectionProps) -> Html {
    let live = use_live(Some(Call::Suggest(props.query.clone())));
    let Some(Answer::Suggested(Suggestions::Offers(found))) = live.answer.as_deref() else {
        return Html::default();
    };
    if found.is_empty() {
        return Html::default();
    }
    html! {
        <section class="stack" aria-labelledby={props.id.clone()}>
            <h2 id={props.id.clone()}>{ props.title.clone() }</h2>
            <ul class="suggested">
                { for found.iter().map(|it| html! {
                    <li key={it.row.product.to_string()}>
                        <One it={it.clone()} in_stall={props.in_stall} />
                    </li>
                }) }
            </ul>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct OneProps {
    it: Suggested<OfferRow>,
    in_stall: bool,
}

#[component]
fn One(props: &OneProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let Suggested { row, because: reason, spot } = &props.it;
    let (here, now_ms) = (use_watched(&doing.desk.here), now_ms());
    // In the stall itself it goes without saying.
    let reach = spot.as_deref().filter(|spot| {
        let is_far = here.is_some_and(|here| spot.is_far(here));
        !props.in_stall && (is_far || spot.is_closed(now_ms))
    });
    let reach = reach.map(|spot| where_and_when(&speech, spot, (here, now_ms)));
    let dismiss = {
        let (doing, product, name) = (doing.clone(), row.product, row.name.clone());
        Callback::from(move |_: MouseEvent| {
            let desk = doing.desk.clone();
            let put = move |is_unwanted| BuyerVerb::Unwanted { product, is_unwanted };
            let (to, speech, name) = (desk.clone(), doing.speech.clone(), name.clone());
            doing.run(async move { desk.buy(put(true)).await }, move |()| {
                let back = to.clone();
                let undo = Callback::from(move |()| {
                    let desk = back.clone();
                    wasm_bindgen_futures::spawn_local(async move {
                        // What cannot be shown again can be found again.
                        let _ = desk.buy(put(false)).await;
                    });
                });
                to.toasts.offer(
                    speech.fill("shop.not-again", &[("name", &name)]),
                    speech.say("action.undo"),
                    undo,
                );
            });
        })
    };
    html! {
        <>
            <OfferCard row={row.clone()} in_stall={props.in_stall} is_suggested=true />
            <p class="because">{ because(&speech, reason) }</p>
            if let Some(reach) = reach {
                <p class="because because-reach">{ icon(Icon::Clock) }{ reach }</p>
            }
            <button type="button" class="button-icon suggested-away" onclick={dismiss} disabled={doing.is_busy()}
                aria-label={speech.fill("shop.not-this", &[("name", &row.name)])}>{ icon(Icon::Cross) }</button>
        </>
    }
}
