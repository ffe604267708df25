//! Orders from the shop, those that wait first.

use soko_app_api::{Answer, Call, OrderRow, OwnStall, Query, View, Window};
use soko_domain::entry::OrderStep;
use yew::prelude::*;

use super::camera::use_camera;
use super::order::{badge, brought_word, code, money};
use super::with_stall;
use crate::browser::time::now_ms;
use crate::nav::Go;
use crate::parts::{Badge, Empty, Icon, SavedTone, Segmented, Slot, Windowed, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[component]
pub(super) fn Orders() -> Html {
    with_stall(|stall| html! { <List {stall} /> })
}

#[derive(Properties, PartialEq)]
struct ListProps {
    stall: OwnStall,
}

#[component]
fn List(props: &ListProps) -> Html {
    let speech = use_speech();
    let only_waiting = use_state(|| true);
    // What buyers show is read here, too.
    let (camera, looking) = use_camera();
    let call = Call::Ask(Query::Orders {
        stall: props.stall.stall,
        only_waiting: *only_waiting,
        window: Window::first(1),
    });
    let slot = Callback::from(|slot: Slot| {
        let Answer::View(View::Orders(rows)) = &*slot.answer else { return Html::default() };
        rows.get(slot.at).map_or_else(Html::default, |row| html! { <Row row={row.clone()} /> })
    });
    let choose = {
        let only_waiting = only_waiting.clone();
        Callback::from(move |word: AttrValue| only_waiting.set(word == "waiting"))
    };
    let (title, text) = match (*only_waiting, props.stall.is_connected) {
        (_, false) => ("orders.not-connected", "orders.not-connected-text"),
        (true, true) => ("orders.none-waiting", "orders.none-waiting-text"),
        (false, true) => ("orders.none", "orders.none-text"),
    };
    let empty = html! {
        <Empty icon={Icon::Inbox} title={speech.say(title)} text={speech.say(text)}>
            if !props.stall.is_connected {
                <Go to={Route::SignIn} class="button button-main">{ speech.say("orders.connect") }</Go>
            }
        </Empty>
    };
    html! {
        <section class="page">
            <header class="page-head">
                <h1>{ speech.say("nav.orders") }</h1>
                <Segmented label={speech.say("orders.which")} value={if *only_waiting { "waiting" } else { "all" }} on_choose={choose}
                    options={vec![
                        ("waiting".into(), html! { <>{ speech.say("orders.waiting") }</> }),
                        ("all".into(), html! { <>{ speech.say("orders.all") }</> }),
                    ]} />
                { camera }
            </header>
            { looking }
            if props.stall.is_connected {
                <div class="row">
                    <Go to={Route::Reviews} class="button button-quiet">{ icon(Icon::Star) }{ speech.say("reviews.title") }</Go>
                    <Go to={Route::Coupons} class="button button-quiet">{ icon(Icon::Tag) }{ speech.say("coupons.title") }</Go>
                </div>
            }
            <Windowed label={speech.say("nav.orders")} {call} {slot} {empty} />
        </section>
    }
}

/// After so long an order that nobody has begun with stands out.
const LATE_MS: i64 = 15 * 60 * 1_000;

fn late(speech: &Speech, row: &OrderRow) -> Html {
    let is_late = row.next == Some(OrderStep::Accepted) && now_ms() - row.at_ms > LATE_MS;
    if !is_late {
        return Html::default();
    }
    html! { <Badge tone={SavedTone::Bad} text={speech.say("order.late")} /> }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: OrderRow,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let speech = use_speech();
    let row = &props.row;
    let lines = speech.count("cart.lines", i64::from(row.lines));
    html! {
        <Go to={Route::Order(row.order)} class="list-row">
            <span class="list-main">
                <span class="list-name number">{ speech.fill("order.name", &[("code", &code(row.order))]) }</span>
                <span class="list-more">{ for brought_word(&speech, row).map(|word| format!("{word} · ")) }{ speech.ago(row.at_ms) }{ " · " }{ lines }
                    if !row.reference.is_empty() { { " · " }<bdi>{ row.reference.clone() }</bdi> }</span>
            </span>
            <span class="row">{ late(&speech, row) }{ money(&speech, row.money) }{ badge(&speech, row) }</span>
            <span class="list-end number">{ speech.money(row.total_minor, &row.currency) }</span>
        </Go>
    }
}
