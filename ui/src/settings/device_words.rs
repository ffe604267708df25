//! What is known of a device: when it last spoke with the server, what it had then that the server had not, and what it may promise.

use std::cell::Cell;
use std::rc::Rc;

use soko_app_api::{DeviceRow, DeviceWordRow, Holder, OwnStall, Query, SharesRow, View, Window};
use soko_domain::ids::LogId;
use yew::prelude::*;

use crate::app::use_about;
use crate::browser::time;
use crate::live::{Live, use_query};
use crate::parts::Busy;
use crate::speech::use_speech;

/// What was said grows old while somebody looks at it.
const AGAIN_MS: i32 = 30_000;
const PRODUCTS_MAX: u32 = 200;

/// Asks again now and then, as long as it is shown.
#[hook]
pub(super) fn use_now_and_then(live: &Live) {
    let again = live.again.clone();
    use_effect_with((), move |()| {
        let is_shown = Rc::new(Cell::new(true));
        let still = Rc::clone(&is_shown);
        wasm_bindgen_futures::spawn_local(async move {
            loop {
                time::sleep(AGAIN_MS).await;
                if !still.get() {
                    return;
                }
                again.emit(());
            }
        });
        move || is_shown.set(false)
    });
}

#[derive(Properties, PartialEq)]
pub(super) struct HeardProps {
    pub stall: OwnStall,
    pub row: DeviceRow,
    pub word: Option<DeviceWordRow>,
}

/// Of this device exactly; of another, what it said when it was last there.
#[component]
pub(super) fn Heard(props: &HeardProps) -> Html {
    let (speech, about) = (use_speech(), use_about());
    let line = |text: AttrValue| html! { <span class="list-more list-more-long">{ text }</span> };
    let contact = |at_ms: i64| line(speech.fill("devices.last-contact", &[("ago", &speech.ago(at_ms))]));
    if props.row.is_this_register {
        if !props.stall.is_connected {
            return Html::default();
        }
        let at_ms = about.and_then(|about| about.last_contact_ms);
        let unsent = i64::try_from(props.stall.unsent).unwrap_or(i64::MAX);
        return html! {
            <>
                { at_ms.map_or_else(|| line(speech.say("devices.no-contact")), contact) }
                { line(if unsent == 0 { speech.say("replication.all-sent") } else { speech.count("replication.waiting", unsent) }) }
            </>
        };
    }
    let Some(word) = &props.word else {
        return match props.row.last_record_ms {
            Some(at_ms) => line(speech.fill("devices.last-heard", &[("ago", &speech.ago(at_ms))])),
            None => Html::default(),
        };
    };
    let waiting = i64::try_from(word.waiting).unwrap_or(i64::MAX);
    html! {
        <>
            { contact(word.last_ms) }
            { line(if waiting == 0 { speech.say("devices.had-all") } else { speech.count("devices.had", waiting) }) }
        </>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct PromisesProps {
    pub stall: LogId,
    pub row: DeviceRow,
    pub share: SharesRow,
}

/// How much a device may promise, and of what if somebody wants to see it.
#[component]
pub(super) fn Promises(props: &PromisesProps) -> Html {
    let speech = use_speech();
    let is_open = use_state_eq(|| false);
    let share = &props.share;
    let name = match share.holder {
        Holder::SetApart(_) => "devices.set-apart",
        Holder::Register(_) | Holder::Shop | Holder::Order(_) => "devices.may-promise",
    };
    let mut text = speech.count("replication.products", i64::from(share.products)).to_string();
    if share.pieces > 0 {
        text = format!("{text} · {}", speech.count("devices.pieces", share.pieces));
    }
    let text = speech.fill(name, &[("what", &text)]);
    let toggle = speech.say(if *is_open { "action.less" } else { "action.more" });
    let of = speech.fill("devices.shares-name", &[("name", &props.row.name)]);
    let ontoggle = {
        let is_open = is_open.clone();
        Callback::from(move |_: MouseEvent| is_open.set(!*is_open))
    };
    html! {
        <span class="device-share">
            <span class="list-more list-more-long">{ text }</span>
            <button type="button" class="button button-small" onclick={ontoggle} aria-expanded={is_open.to_string()}
                aria-label={format!("{toggle}: {of}")}>
                { toggle }
            </button>
            if *is_open {
                <Products stall={props.stall} row={props.row.clone()} />
            }
        </span>
    }
}

#[derive(Properties, PartialEq)]
struct ProductsProps {
    stall: LogId,
    row: DeviceRow,
}

#[component]
fn Products(props: &ProductsProps) -> Html {
    let speech = use_speech();
    let window = Window::first(PRODUCTS_MAX);
    let live = use_query(Some(Query::SharesOf { stall: props.stall, author: props.row.author, window }));
    let Some(View::SharesOf(rows)) = live.view() else { return html! { <Busy {live} /> } };
    let more = rows.len() >= usize::try_from(PRODUCTS_MAX).unwrap_or(usize::MAX);
    html! {
        <>
            <dl class="facts device-products">
                { for rows.iter().map(|row| {
                    let name = if row.name.is_empty() { speech.say("devices.unknown-product") } else { row.name.clone().into() };
                    html! {
                        <div key={row.product.to_string()}>
                            <dt dir="auto">{ name }</dt>
                            <dd class="number">{ speech.quantity(row.quantity, row.unit) }</dd>
                        </div>
                    }
                }) }
            </dl>
            if more {
                <span class="field-hint">{ speech.say("devices.more-products") }</span>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct AsOfProps {
    pub told_ms: Option<i64>,
    pub is_now: bool,
}

/// When that was known, and what nobody knows.
#[component]
pub(super) fn AsOf(props: &AsOfProps) -> Html {
    let speech = use_speech();
    let text = match props.told_ms {
        Some(told_ms) if !props.is_now => speech.fill("devices.as-of", &[("ago", &speech.ago(told_ms))]),
        Some(_) => speech.say("devices.nobody-knows"),
        None => speech.say("devices.never-told"),
    };
    html! { <p class="field-hint" role="status">{ text }</p> }
}
