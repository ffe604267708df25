//! All stock at a glance: what should be on the shelves, and how much of it this register may promise.

use soko_app_api::{Answer, Call, OwnStall, Query, StockRow, View, Window};
use yew::prelude::*;

use super::with_stall;
use crate::desk::use_desk;
use crate::nav::Go;
use crate::parts::{Badge, Empty, Icon, Photo, SavedTone, Slot, Windowed, icon};
use crate::route::Route;
use crate::speech::use_speech;

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
    let call = Call::Ask(Query::StockList { stall: props.stall.stall, window: Window::first(1) });
    let slot = Callback::from(|slot: Slot| {
        let Answer::View(View::StockList(rows)) = &*slot.answer else { return Html::default() };
        rows.get(slot.at).map_or_else(Html::default, |row| html! { <Row row={row.clone()} /> })
    });
    let empty = html! {
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
            <Windowed label={speech.say("nav.stock")} {call} {slot} {empty} />
        </section>
    }
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
            if row.owed > 0 {
                <Badge tone={SavedTone::Bad} text={speech.say("stock.count-it")} />
            }
            <span class="list-end number">{ speech.quantity(row.counted, row.unit) }</span>
        </Go>
    }
}
