//! Where a buyer sends the money for an order by bank, each part ready to be copied.

use soko_app_api::TransferView;
use yew::prelude::*;

use crate::copying::copies;
use crate::desk::use_desk;
use crate::parts::{Icon, icon};
use crate::speech::use_speech;
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct TransferProps {
    pub transfer: TransferView,
    pub currency: AttrValue,
}

#[component]
pub(super) fn Transfer(props: &TransferProps) -> Html {
    let speech = use_speech();
    let TransferView { holder, number, bank, amount_minor, reference, until_ms } = &props.transfer;
    let part = |key: &'static str, shown: AttrValue, copied: String| {
        html! {
            <Part label={speech.say(key)} {shown} {copied} />
        }
    };
    let until = speech.day_and_time(*until_ms, None);
    html! {
        <>
            <ul class="plain">
                { part("transfer.holder", holder.clone().into(), holder.clone()) }
                // Banks take it without the spaces that help to read it.
                { part("transfer.number", number.clone().into(), number.replace(' ', "")) }
                if !bank.is_empty() { { part("transfer.bank", bank.clone().into(), bank.clone()) } }
                { part("transfer.amount", speech.money(*amount_minor, &props.currency).into(), typed::plain(*amount_minor, &props.currency)) }
                { part("transfer.reference", reference.clone().into(), reference.clone()) }
            </ul>
            <p class="prose">{ speech.say("transfer.reference-hint") }</p>
            <p class="prose"><strong>{ speech.fill("transfer.until", &[("when", &until)]) }</strong></p>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PartProps {
    label: AttrValue,
    shown: AttrValue,
    copied: String,
}

#[component]
fn Part(props: &PartProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let copy = copies(&desk, &speech, &props.copied);
    html! {
        <li class="row row-apart">
            <span class="list-main grow"><span class="list-more">{ props.label.clone() }</span>
                <bdi class="list-name number">{ props.shown.clone() }</bdi></span>
            <button type="button" class="button-icon" onclick={copy} aria-label={speech.fill("transfer.copy", &[("what", &props.label)])}>
                { icon(Icon::Link) }
            </button>
        </li>
    }
}
