//! All sales, the latest first.

use soko_app_api::{Answer, Call, OwnStall, Query, SaleRow, View, Window};
use yew::prelude::*;

use super::with_stall;
use crate::nav::Go;
use crate::parts::{Badge, Empty, Icon, SavedTone, Slot, Windowed, icon};
use crate::route::Route;
use crate::speech::use_speech;

#[component]
pub(super) fn Sales() -> Html {
    with_stall(|stall| html! { <List {stall} /> })
}

#[derive(Properties, PartialEq)]
struct ListProps {
    stall: OwnStall,
}

#[component]
fn List(props: &ListProps) -> Html {
    let speech = use_speech();
    let call = Call::Ask(Query::Sales { stall: props.stall.stall, window: Window::first(1) });
    let slot = Callback::from(|slot: Slot| {
        let Answer::View(View::Sales(rows)) = &*slot.answer else { return Html::default() };
        rows.get(slot.at).map_or_else(Html::default, |row| html! { <Row row={row.clone()} /> })
    });
    let empty = html! {
        <Empty icon={Icon::Receipt} title={speech.say("sales.none")} text={speech.say("sales.none-text")}>
            <Go to={Route::Sell} class="button button-main">{ speech.say("nav.sell") }</Go>
        </Empty>
    };
    html! {
        <section class="page">
            <header class="page-head">
                <Go to={Route::Today} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("sales.title") }</h1>
            </header>
            <Windowed label={speech.say("sales.title")} {call} {slot} {empty} />
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct RowProps {
    pub row: SaleRow,
}

#[component]
pub(super) fn Row(props: &RowProps) -> Html {
    let speech = use_speech();
    let row = &props.row;
    let number = row.receipt_number.to_string();
    let local_ms = row.at_ms + i64::from(row.offset_minutes) * 60_000;
    html! {
        <Go to={Route::Sale(row.sale)} class="list-row">
            <span class="list-main">
                <span class="list-name number">{ speech.fill("sale.title", &[("number", &number)]) }</span>
                <span class="list-more number">{ speech.day_and_time(local_ms, Some("UTC")) }</span>
            </span>
            if row.voided {
                <Badge tone={SavedTone::Bad} text={speech.say("sale.voided")} />
            } else if row.refunded_minor > 0 {
                <Badge tone={SavedTone::Waiting} text={speech.say("sale.refunded-short")} />
            }
            <span class="list-end number">{ speech.money(row.total_minor, &row.currency) }</span>
        </Go>
    }
}
