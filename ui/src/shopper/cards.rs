//! What the shopper's screens show again and again: an offer, a stall, a price, what is left, and how old it is.

use soko_app_api::{Answer, Call, MarketQuery, MarketView, OfferRow, StallCard};
use soko_domain::interaction::Met;
use soko_domain::quantity::Unit;
use wasm_bindgen::JsCast as _;
use web_sys::Element;
use yew::prelude::*;

use super::amounts::{Left, left};
use super::likes::Heart;
use super::noticing::{notice, use_here, use_in_sight};
use super::reviews::Rated;
use crate::desk::use_desk;
use crate::nav::Go;
use crate::parts::{Empty, Icon, Photo, Slot, Windowed, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct PriceProps {
    pub minor: i64,
    pub currency: AttrValue,
    pub unit: Unit,
    pub per: i64,
    /// What it was before it went down.
    #[prop_or_default]
    pub was: Option<i64>,
    /// Others of its family cost more.
    #[prop_or_default]
    pub is_from: bool,
    #[prop_or_default]
    pub class: Classes,
}

/// The amount first and large, then what it is the price of.
#[component]
pub(super) fn Price(props: &PriceProps) -> Html {
    let speech = use_speech();
    let is_plain = props.unit == Unit::Piece && props.per == 1;
    let mut price = AttrValue::from(speech.money(props.minor, &props.currency));
    if props.is_from {
        price = speech.fill("price.from", &[("price", &price)]);
    }
    html! {
        <span class={classes!("price", props.class.clone())}>
            <strong class="number">{ price }</strong>
            if let Some(was) = props.was {
                <span class="price-was"><span class="silent">{ speech.say("shop.was") }</span><s class="number">{ speech.money(was, &props.currency) }</s></span>
            }
            if !is_plain {
                <span class="price-per">
                    { speech.fill("shop.per", &[("quantity", &speech.quantity(props.per, props.unit))]) }
                </span>
            }
        </span>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct LeftSignProps {
    pub unit: Unit,
    pub per: i64,
    pub available: i64,
    /// Whether it is said even when there is enough.
    #[prop_or_default]
    pub always: bool,
}

#[component]
pub(super) fn LeftSign(props: &LeftSignProps) -> Html {
    let speech = use_speech();
    let (class, text) = match left(props.unit, props.per, props.available) {
        Left::SoldOut => ("left left-none", speech.say("shop.sold-out")),
        Left::Few => {
            let quantity = speech.quantity(props.available, props.unit);
            ("left left-few", speech.fill("shop.left", &[("quantity", &quantity)]))
        }
        Left::Enough if props.always => ("left left-enough", speech.say("shop.in-stock")),
        Left::Enough => return Html::default(),
    };
    html! { <span {class}>{ text }</span> }
}

/// Another price for a while: when it begins, or how many are left of it and until when.
pub(super) fn deal_words(speech: &Speech, row: &OfferRow) -> Html {
    let Some(deal) = row.deal.filter(|_| row.family.is_none()) else { return Html::default() };
    let price = speech.money(deal.price_minor, &row.currency);
    let time = speech.day_and_time(deal.next_local_ms(), Some("UTC"));
    let quantity = |quantity| speech.quantity(quantity, row.unit);
    let text = if !deal.is_on {
        speech.fill("deal.from", &[("price", &price), ("time", &time)])
    } else if deal.left == 0 {
        speech.fill("deal.none-left", &[("price", &price)])
    } else {
        speech.fill("deal.left", &[("quantity", &quantity(deal.left)), ("time", &time)])
    };
    html! {
        <span class="left left-few">
            { text }
            if deal.each > 0 { { " " }{ speech.fill("deal.each", &[("quantity", &quantity(deal.each))]) } }
        </span>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct SeenProps {
    pub as_of_ms: i64,
    pub is_fresh: bool,
}

/// How old what is shown is; nothing when the server said it just now, or where nothing was ever seen.
#[component]
pub(super) fn Seen(props: &SeenProps) -> Html {
    let speech = use_speech();
    if props.is_fresh || props.as_of_ms <= 0 {
        return Html::default();
    }
    let text = speech.fill("shop.seen", &[("ago", &speech.ago(props.as_of_ms))]);
    html! { <p class="seen" role="status">{ icon(Icon::CloudOff) }<span>{ text }</span></p> }
}

#[derive(Properties, PartialEq)]
pub(super) struct OfferCardProps {
    pub row: OfferRow,
    /// Whose it is goes without saying in the stall itself.
    #[prop_or_default]
    pub in_stall: bool,
    /// It was not found but suggested.
    #[prop_or_default]
    pub is_suggested: bool,
}

#[component]
pub(super) fn OfferCard(props: &OfferCardProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let row = &props.row;
    let node = use_node_ref();
    let met = if props.is_suggested { Met::Suggested } else { Met::Seen };
    let (here, it) = (use_here(), (row.stall, row.product));
    use_in_sight(&node, here.meets(met, it));
    let followed = here.meets(Met::Followed, it).filter(|_| props.is_suggested);
    let onclick = {
        let desk = desk.clone();
        Callback::from(move |click: MouseEvent| {
            let tapped = click.target().and_then(|target| target.dyn_into::<Element>().ok());
            // The heart beside it leads nowhere.
            let leads = tapped.is_some_and(|it| it.closest("a").is_ok_and(|link| link.is_some()));
            followed.iter().filter(|_| leads).for_each(|it| notice(&desk, it.clone()));
        })
    };
    let address = row.picture.as_ref().map(|picture| desk.picture(picture));
    let shown = row.together();
    let is_out = shown.available <= 0;
    html! {
        <div ref={node} class="ware-box" {onclick}>
        <Go to={Route::Offer(row.stall, row.product)} class={classes!("ware", is_out.then_some("ware-out"))}>
            <Photo {address} name={row.name.clone()} class="ware-photo" />
            <span class="ware-words">
                <span class="ware-name">{ row.name.clone() }</span>
                if !props.in_stall {
                    <span class="ware-stall">{ row.stall_name.clone() }</span>
                }
                <span class="ware-foot">
                    <Price minor={shown.price_minor} was={shown.was_minor} is_from={shown.is_from} currency={row.currency.clone()} unit={row.unit} per={shown.price_per} />
                    <Rated rating={shown.rating} />
                    <LeftSign unit={row.unit} per={shown.price_per} available={shown.available} />
                    { deal_words(&speech, row) }
                </span>
            </span>
        </Go>
        <Heart row={row.clone()} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct OffersProps {
    pub query: MarketQuery,
    pub label: AttrValue,
    pub empty: Html,
    #[prop_or_default]
    pub in_stall: bool,
}

/// Offers as pictures, however many there are.
#[component]
pub(super) fn Offers(props: &OffersProps) -> Html {
    let in_stall = props.in_stall;
    let slot = use_callback(in_stall, |slot: Slot, in_stall| {
        let Answer::Market(MarketView::Offers(dated)) = &*slot.answer else { return Html::default() };
        let row = dated.value.get(slot.at).cloned();
        row.map(|row| html! { <OfferCard {row} in_stall={*in_stall} /> }).unwrap_or_default()
    });
    html! {
        <div class={classes!("offers", in_stall.then_some("offers-in-stall"))}>
            <Windowed label={props.label.clone()} call={Call::Market(props.query.clone())} {slot}
                empty={props.empty.clone()} class="ware-grid" />
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct StallTileProps {
    pub card: StallCard,
    /// How far it is, and until when it is open.
    #[prop_or_default]
    pub says: AttrValue,
    /// That it is open is among it.
    #[prop_or_default]
    pub is_open: bool,
    /// The market's operator chose it.
    #[prop_or_default]
    pub is_featured: bool,
}

#[component]
pub(super) fn StallTile(props: &StallTileProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let card = &props.card;
    let address = card.picture.as_ref().map(|picture| desk.picture(picture));
    html! {
        <Go to={Route::Stall(card.stall)} class="stall-tile">
            <Photo {address} name={card.name.clone()} class="stall-photo" />
            <span class="stall-words">
                <span class="stall-name">{ card.name.clone() }</span>
                if props.is_featured {
                    <span class="stall-featured">{ speech.say("featured.label") }</span>
                }
                if !props.says.is_empty() {
                    <span class={classes!("stall-says", props.is_open.then_some("stall-open"))}>{ props.says.clone() }</span>
                }
                if !card.place.is_empty() {
                    <span class="stall-place">{ card.place.clone() }</span>
                }
                <span class="stall-count">{ speech.count("shop.products", i64::from(card.offers)) }</span>
            </span>
        </Go>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct FindProps {
    pub value: AttrValue,
    pub label: AttrValue,
    pub on_input: Callback<String>,
    #[prop_or_default]
    pub autofocus: bool,
}

/// A search field; the cursor stands behind what was typed.
#[component]
pub(super) fn Find(props: &FindProps) -> Html {
    use web_sys::HtmlInputElement;
    let speech = use_speech();
    let node = use_node_ref();
    {
        let (node, wanted) = (node.clone(), props.autofocus);
        use_effect_with((), move |()| {
            if wanted && let Some(input) = node.cast::<HtmlInputElement>() {
                // An element that cannot be focused is no loss.
                let _ = input.focus();
            }
        });
    }
    let oninput =
        props.on_input.reform(|input: InputEvent| input.target_unchecked_into::<HtmlInputElement>().value());
    let clear = {
        let (node, on_input) = (node.clone(), props.on_input.clone());
        Callback::from(move |_: MouseEvent| {
            on_input.emit(String::new());
            if let Some(input) = node.cast::<HtmlInputElement>() {
                // The same.
                let _ = input.focus();
            }
        })
    };
    html! {
        <div class="search" role="search">
            { icon(Icon::Search) }
            <input ref={node} type="search" value={props.value.clone()} {oninput} autocomplete="off" spellcheck="false"
                aria-label={props.label.clone()} placeholder={props.label.clone()} dir="auto" />
            if !props.value.is_empty() {
                <button type="button" class="button-icon search-clear" onclick={clear} aria-label={speech.say("shop.clear")}>
                    { icon(Icon::Cross) }
                </button>
            }
        </div>
    }
}

/// In place of a page that nobody could be asked for, and that this device never saw.
pub(super) fn unseen(speech: &Speech) -> Html {
    html! {
        <Empty icon={Icon::CloudOff} title={speech.say("shop.unseen")} text={speech.say("shop.unseen-text")}>
            <Go to={Route::Market} class="button button-main">{ speech.say("shop.to-market") }</Go>
        </Empty>
    }
}
