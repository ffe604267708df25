//! A gift card in the hand: its balance by its code, and the paper of one that was just sold.

use soko_app_api::{OwnStall, PurseInput};
use soko_domain::purse::CardCode;
use yew::prelude::*;

use super::fill::Fill;
use super::purse::{Elsewhere, Happened, amount, use_purse};
use crate::acting::{closes, opens};
use crate::browser;
use crate::parts::{Dialog, Icon, Loading, Qr, icon};
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub(super) struct CardProps {
    pub stall: OwnStall,
    pub input: PurseInput,
    pub on_close: Callback<()>,
}

/// What is on a card.
#[component]
pub(super) fn Card(props: &CardProps) -> Html {
    let speech = use_speech();
    let view = use_purse(&props.stall, Some(props.input.clone()));
    let fills = use_state(|| false);
    let Some(view) = view else {
        return html! { <Dialog title={speech.say("cards.one")} on_close={props.on_close.clone()}><Loading rows={3} /></Dialog> };
    };
    let title = speech.fill("cards.title-of", &[("label", &view.label)]);
    let on_done = {
        let close = closes(&fills);
        Callback::from(move |_: i64| close.emit(()))
    };
    if *fills {
        return html! {
            <Fill stall={props.stall.clone()} purse={props.input.clone()} title={speech.say("purse.top-up")} {on_done} on_close={closes(&fills)} />
        };
    }
    html! {
        <Dialog {title} on_close={props.on_close.clone()}>
            <div class="stack">
                if view.is_known {
                    <p class="row row-apart"><span>{ speech.say("purse.balance") }</span><strong class="number">{ amount(&speech, &view) }</strong></p>
                    <Elsewhere stall={props.stall.clone()} input={props.input.clone()} view={view.clone()} />
                    <Happened view={view.clone()} />
                } else {
                    <p class="prose">{ speech.say("cards.unknown") }</p>
                }
                <footer class="dialog-foot">
                    <button type="button" class="button button-main" onclick={opens(&fills)}>{ icon(Icon::Plus) }{ speech.say("purse.top-up") }</button>
                </footer>
            </div>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct SoldProps {
    pub stall: OwnStall,
    pub code: CardCode,
    pub amount_minor: i64,
    pub on_close: Callback<()>,
}

/// The card as paper. Its code is shown here and stands nowhere else.
#[component]
pub(super) fn SoldCard(props: &SoldProps) -> Html {
    let speech = use_speech();
    let code = props.code.to_string();
    let print = Callback::from(|_: MouseEvent| browser::print());
    let close = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <>
            <header class="sold no-print" role="status">
                <span class="sold-sign">{ icon(Icon::Check) }</span>
                <p>{ speech.say("cards.sold") }</p>
                <p class="prose">{ speech.say("cards.sold-text") }</p>
                <div class="sold-actions">
                    <button type="button" class="button button-large" onclick={print}>{ icon(Icon::Print) }{ speech.say("sold.print") }</button>
                    <button type="button" class="button button-main button-large" onclick={close} autofocus=true>{ speech.say("cards.done") }</button>
                </div>
            </header>
            <article class="paper" aria-label={speech.say("cards.one")}>
                <header><h2>{ props.stall.name.clone() }</h2><p>{ speech.say("cards.one") }</p></header>
                <p class="card-amount number">{ speech.money(props.amount_minor, &props.stall.currency) }</p>
                <Qr text={code.clone()} label={speech.say("cards.code")} />
                <p class="card-code number" dir="ltr">{ code }</p>
            </article>
        </>
    }
}
