//! All stock at a glance: what should be on the shelves, and how much of it this register may promise.

use soko_app_api::{Answer, Call, OwnStall, Query, StockRow, View, Window};
use yew::prelude::*;

use super::passing::use_others;
use super::with_stall;
use crate::desk::use_desk;
use crate::nav::Go;
use crate::parts::{Badge, Empty, Icon, Photo, SavedTone, Segmented, Slot, Windowed, icon};
use crate::route::{Route, Session};
use crate::speech::{Speech, use_speech};

#[component]
pub(super) fn Stock() -> Html {
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
    let others = use_others(&props.stall);
    let is_to_buy = use_state(|| false);
    let window = Window::first(1);
    let call = Call::Ask(if *is_to_buy {
        Query::ToBuy { stall, window }
    } else {
        Query::StockList { stall, window }
    });
    let on_which = {
        let is_to_buy = is_to_buy.clone();
        Callback::from(move |word: AttrValue| is_to_buy.set(word == "to-buy"))
    };
    let slot = Callback::from(|slot: Slot| {
        let Answer::View(View::StockList(rows)) = &*slot.answer else { return Html::default() };
        rows.get(slot.at).map_or_else(Html::default, |row| html! { <Row row={row.clone()} /> })
    });
    let nothing_to_buy = html! {
        <Empty icon={Icon::Check} title={speech.say("stock.nothing-to-buy")} text={speech.say("stock.nothing-to-buy-text")} />
    };
    let no_products = html! {
        <Empty icon={Icon::Boxes} title={speech.say("products.none")} text={speech.say("products.none-text")}>
            <Go to={Route::NewProduct { code: String::new() }} class="button button-main">
                { icon(Icon::Plus) }{ speech.say("products.add") }
            </Go>
        </Empty>
    };
    html! {
        <section class="page">
            <header class="page-head"><h1>{ speech.say("nav.stock") }</h1></header>
            <p class="prose">{ speech.say("stock.text") }</p>
            <nav class="row" aria-label={speech.say("stock.many")}>
                { many(&speech, Session::Receive, Icon::Truck) }
                if props.stall.role.may_edit_catalogue() {
                    { many(&speech, Session::Count, Icon::Count) }
                    { many(&speech, Session::Gone, Icon::Trash) }
                }
                if props.stall.is_connected {
                    { many(&speech, Session::TakeAlong, Icon::Swap) }
                    { many(&speech, Session::GiveBack, Icon::Share) }
                }
                if !others.is_empty() { { many(&speech, Session::Pass, Icon::Truck) } }
            </nav>
            <Segmented label={speech.say("products.which")} value={if *is_to_buy { "to-buy" } else { "all" }} on_choose={on_which}
                options={vec![
                    ("all".into(), html! { <>{ speech.say("categories.all") }</> }),
                    ("to-buy".into(), html! { <>{ speech.say("stock.to-buy") }</> }),
                ]} />
            <Windowed label={speech.say("nav.stock")} {call} {slot} empty={if *is_to_buy { nothing_to_buy } else { no_products }} />
        </section>
    }
}

fn many(speech: &Speech, kind: Session, sign: Icon) -> Html {
    let said = match kind {
        Session::Receive => "stock.receive",
        Session::Count => "stock.count",
        Session::Gone => "session.gone",
        Session::TakeAlong => "session.take",
        Session::GiveBack => "session.give-back",
        Session::Pass => "session.pass",
    };
    html! { <Go to={Route::StockSession(kind)} class="button">{ icon(sign) }{ speech.say(said) }</Go> }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: StockRow,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let row = &props.row;
    let here = speech.quantity(row.own_share, row.unit);
    let held = speech.quantity(row.held, row.unit);
    let mut more = speech.fill("stock.here", &[("n", &here)]).to_string();
    if row.held > 0 {
        more = format!("{more} · {}", speech.fill("stock.held-short", &[("n", &held)]));
    }
    html! {
        <Go to={Route::StockOf(row.product)} class="list-row">
            <Photo address={row.picture.as_ref().map(|hash| desk.picture(hash))} name={row.name.clone()} />
            <span class="list-main">
                <span class="list-name">{ row.name.clone() }</span><span class="list-more">{ more }</span>
            </span>
            if row.low_level.is_some_and(|level| row.counted <= level) {
                <Badge tone={SavedTone::Waiting} text={speech.say("stock.low")} />
            }
            if row.owed > 0 {
                <Badge tone={SavedTone::Bad} text={speech.say("stock.count-it")} />
            }
            <span class="list-end number">{ speech.quantity(row.counted, row.unit) }</span>
        </Go>
    }
}
