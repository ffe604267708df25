//! The buyer's orders, latest first, each with where it is.

use soko_app_api::{Answer, BuyerQuery, BuyerView, Call, OwnOrderRow, Window};
use yew::prelude::*;

use super::me::Rested;
use super::progress;
use crate::nav::Go;
use crate::parts::{Badge, Empty, Icon, Photo, Slot, Windowed};
use crate::route::Route;
use crate::speech::use_speech;

#[component]
pub(super) fn Orders() -> Html {
    let speech = use_speech();
    let slot = use_callback((), |slot: Slot, ()| {
        let Answer::Buyer(BuyerView::Orders(rows)) = &*slot.answer else { return Html::default() };
        rows.get(slot.at).map(|row| html! { <Row row={row.clone()} /> }).unwrap_or_default()
    });
    let empty = html! {
        <Empty icon={Icon::Receipt} title={speech.say("my-orders.empty")} text={speech.say("my-orders.empty-text")}>
            <Go to={Route::Market} class="button button-main">{ speech.say("shop.to-market") }</Go>
        </Empty>
    };
    html! {
        <section class="page page-narrow">
            <h1>{ speech.say("nav.my-orders") }</h1>
            <Rested />
            <Windowed label={speech.say("nav.my-orders")} {slot} {empty} class="my-orders"
                call={Call::Buyer(BuyerQuery::Orders { window: Window::first(0) })} />
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: OwnOrderRow,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let speech = use_speech();
    let row = &props.row;
    let lines = speech.count("my-orders.products", i64::from(row.lines));
    html! {
        <Go to={Route::MyOrder(row.order)} class="list-row">
            <Photo address={None::<AttrValue>} name={row.stall_name.clone()} />
            <span class="list-main">
                <span class="list-name">{ row.stall_name.clone() }</span>
                <span><Badge tone={progress::tone(row.state)} text={speech.say(progress::key(row.state))} /></span>
                <span class="list-more">{ speech.ago(row.at_ms) }{ " · " }{ lines }</span>
            </span>
            <span class="list-end">
                <span class="number">{ speech.money(row.total_minor, &row.currency) }</span>
            </span>
        </Go>
    }
}
