//! What happened to a product's units, with who and when.

use soko_app_api::text::Worded as _;
use soko_app_api::{Query, StockChange, StockChangeRow, View, Window};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::quantity::Unit;
use yew::prelude::*;

use crate::live::use_query;
use crate::speech::{Speech, use_speech};

/// As many as fit on a few screens; more are asked for.
const ROWS_STEP: u32 = 30;

#[derive(Properties, PartialEq)]
pub(super) struct HistoryProps {
    pub stall: LogId,
    pub product: ProductId,
    pub unit: Unit,
    pub currency: AttrValue,
}

#[component]
pub(super) fn History(props: &HistoryProps) -> Html {
    let speech = use_speech();
    let wanted = use_state(|| ROWS_STEP);
    let query =
        Query::StockHistory { stall: props.stall, product: props.product, window: Window::first(*wanted) };
    let live = use_query(Some(query));
    let Some(View::StockHistory(rows)) = live.view() else { return Html::default() };
    if rows.is_empty() {
        return Html::default();
    }
    let has_more = u32::try_from(rows.len()).is_ok_and(|count| count >= *wanted);
    let more = {
        let wanted = wanted.clone();
        Callback::from(move |_: MouseEvent| wanted.set(*wanted + ROWS_STEP))
    };
    html! {
        <section class="card stack-tight" aria-labelledby="history">
            <h2 id="history">{ speech.say("history.title") }</h2>
            <ul>{ for rows.iter().map(|row| shown(&speech, props, row)) }</ul>
            if has_more {
                <div class="row row-center"><button type="button" class="button button-quiet" onclick={more}>{ speech.say("history.more") }</button></div>
            }
        </section>
    }
}

fn shown(speech: &Speech, props: &HistoryProps, row: &StockChangeRow) -> Html {
    let when = speech.day_and_time(row.at_ms, None);
    let who = if row.who.is_empty() { speech.say("history.server") } else { row.who.clone().into() };
    let mut more = format!("{when} · {who}");
    if !row.note.is_empty() {
        more = format!("{more} · {}", row.note);
    }
    // What only went from one holder to another changed nothing at the stall.
    let amount = if row.here == 0 {
        speech.quantity(row.moved, props.unit)
    } else {
        signed(speech, row.here, props.unit)
    };
    html! {
        <li class="list-row">
            <span class="list-main">
                <span class="list-name">{ what(speech, &row.what, &props.currency, props.unit) }</span>
                <span class="list-more list-more-long">{ more }</span>
            </span>
            <span class={classes!("list-end", "number", (row.here == 0).then_some("quiet"))}>{ amount }</span>
        </li>
    }
}

fn signed(speech: &Speech, quantity: i64, unit: Unit) -> String {
    let amount = speech.quantity(quantity.saturating_abs(), unit);
    if quantity < 0 { format!("−{amount}") } else { format!("+{amount}") }
}

fn what(speech: &Speech, what: &StockChange, currency: &str, unit: Unit) -> AttrValue {
    match what {
        StockChange::Sold { receipt_number } => {
            let number = speech.number(i64::try_from(*receipt_number).unwrap_or(i64::MAX));
            speech.fill("history.sold", &[("n", &number)])
        }
        StockChange::Voided => speech.say("history.voided"),
        StockChange::Refunded => speech.say("history.refunded"),
        StockChange::Received { cost_minor: None } => speech.say("history.received"),
        StockChange::Received { cost_minor: Some(minor) } => {
            speech.fill("history.received-at", &[("cost", &speech.money(*minor, currency))])
        }
        StockChange::Counted { counted, expected } => {
            let [counted, expected] = [counted, expected].map(|quantity| speech.quantity(*quantity, unit));
            speech.fill("history.counted", &[("counted", &counted), ("expected", &expected)])
        }
        StockChange::Adjusted(reason) => {
            speech.say_or(&format!("adjust-reason.{}", reason.word()), reason.word())
        }
        StockChange::Converted => speech.say("history.converted"),
        StockChange::GivenBack => speech.say("history.given-back"),
        StockChange::Granted => speech.say("history.granted"),
        StockChange::Ordered => speech.say("history.ordered"),
        StockChange::Released => speech.say("history.released"),
        StockChange::HandedOver => speech.say("history.handed-over"),
        StockChange::Moved => speech.say("history.moved"),
    }
}
