//! A sale: at the end of selling with its change and the way on, later with its refunds; and its paper.

use soko_app_api::{
    Answer, Call, DrawerFor, OwnStall, PaperCall, PaperForm, PaperReply, ReceiptView, Reply, SaleView, Verb,
};
use soko_domain::basket::TenderKind;
use soko_domain::ids::{LogId, SaleId};
use soko_print::{Receipt as Said, Sum};
use yew::prelude::*;

use super::claims::Claims;
use super::issue::Issue;
use super::mailed::Mailed;
use super::refund::{Refund, left, means, paid};
use super::with_stall;
use crate::acting::{closes, opens, use_acting};
use crate::desk::use_desk;
use crate::live::use_live;
use crate::nav::Go;
use crate::paper;
use crate::parts::{Badge, Busy, Confirm, Empty, Icon, Qr, SavedTone, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct ReceiptProps {
    pub sale: SaleId,
    /// It was made a moment ago.
    pub is_new: bool,
}

#[component]
pub(super) fn Receipt(props: &ReceiptProps) -> Html {
    let (sale, is_new) = (props.sale, props.is_new);
    with_stall(move |stall| html! { <Loaded {stall} {sale} {is_new} /> })
}

#[derive(Properties, PartialEq)]
struct LoadedProps {
    stall: OwnStall,
    sale: SaleId,
    is_new: bool,
}

#[component]
fn Loaded(props: &LoadedProps) -> Html {
    let speech = use_speech();
    let (stall, sale) = (props.stall.stall, props.sale);
    let live = use_live(Some(Call::Paper(PaperCall::Look { stall, sale })));
    match live.answer.as_deref() {
        Some(Answer::Paper(PaperReply::Receipt(view))) => html! {
            <section class="page page-narrow receipt-page">
                if props.is_new {
                    <Sold stall={props.stall.clone()} view={(**view).clone()} again={live.again.clone()} />
                } else {
                    <Past stall={props.stall.clone()} view={(**view).clone()} again={live.again.clone()} />
                }
                <Claims stall={props.stall.clone()} sale={view.sale.clone()} />
                <Paper view={(**view).clone()} />
            </section>
        },
        Some(Answer::Refused(_)) => html! {
            <Empty icon={Icon::Receipt} title={speech.say("sale.missing")} text={speech.say("sale.missing-text")}>
                <Go to={Route::Sales} class="button">{ speech.say("sales.title") }</Go>
            </Empty>
        },
        _ => html! { <Busy {live} /> },
    }
}

#[derive(Properties, PartialEq)]
struct SoldProps {
    stall: OwnStall,
    view: ReceiptView,
    again: Callback<()>,
}

#[component]
fn Sold(props: &SoldProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let sale = &props.view.sale;
    let row = &sale.row;
    let number = row.receipt_number.to_string();
    let next = Callback::from(move |_: MouseEvent| desk.go_instead(Route::Sell));
    let change = speech.money(sale.change_minor, &row.currency);
    html! {
        <header class="sold no-print" role="status">
            <span class="sold-sign">{ icon(Icon::Check) }</span>
            <p>{ speech.fill("sold.saved", &[("number", &number)]) }</p>
            if sale.change_minor > 0 {
                <p class="sold-change"><span>{ speech.say("pay.change") }</span><strong class="number">{ change }</strong></p>
            } else {
                <p class="sold-change"><strong class="number">{ speech.money(row.total_minor, &row.currency) }</strong></p>
            }
            <div class="sold-actions">
                <button type="button" class="button button-main button-large" onclick={next} autofocus=true>{ speech.say("sold.next") }</button>
            </div>
            { issue(&speech, props.stall.stall, &props.view, true, &props.again) }
            <Mailed stall={props.stall.stall} sale={row.sale} currency={row.currency.clone()} again={props.again.clone()} />
        </header>
    }
}

#[derive(Properties, PartialEq)]
struct PastProps {
    stall: OwnStall,
    view: ReceiptView,
    again: Callback<()>,
}

#[component]
fn Past(props: &PastProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (refunds, voids) = (use_state(|| false), use_state(|| false));
    let sale = &props.view.sale;
    let row = &sale.row;
    let number = row.receipt_number.to_string();
    let void = {
        let by = to_give_back(&speech, sale);
        let (acting, stall, sale, close) = (acting.clone(), props.stall.stall, row.sale, closes(&voids));
        Callback::from(move |reason: String| {
            let (desk, speech, by) = (acting.desk.clone(), acting.speech.clone(), by.clone());
            acting.act(stall, Verb::VoidSale { sale, reason }, move |reply| {
                if matches!(reply, Reply::Voided { cash_back_minor } if cash_back_minor > 0) {
                    paper::open_drawer(&desk, &speech, DrawerFor::Reason);
                }
                desk.toasts.done(match by.as_str() {
                    "" => speech.say("sale.voided-done"),
                    by => speech.fill("sale.voided-back", &[("by", by)]),
                });
            });
            close.emit(());
        })
    };
    // By its goods: what was given for nothing comes back, too.
    let is_open = !row.voided && sale.lines.iter().any(|line| left(line) > 0);
    let is_whole = !row.voided && sale.lines.iter().all(|line| line.refunded == 0);
    html! {
        <>
            <header class="page-head no-print">
                <Go to={Route::Sales} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.fill("sale.title", &[("number", &number)]) }</h1>
                { state(&speech, sale) }
            </header>
            <div class="row no-print">
                if is_open {
                    <button type="button" class="button" onclick={opens(&refunds)}>{ icon(Icon::Refund) }{ speech.say("refund.title") }</button>
                }
                if is_whole {
                    <button type="button" class="button button-quiet" onclick={opens(&voids)}>{ speech.say("sale.void") }</button>
                }
            </div>
            { issue(&speech, props.stall.stall, &props.view, false, &props.again) }
            <Mailed stall={props.stall.stall} sale={row.sale} currency={row.currency.clone()} again={props.again.clone()} />
            if *refunds { <Refund stall={props.stall.clone()} sale={sale.clone()} on_close={closes(&refunds)} /> }
            if *voids {
                <Confirm title={speech.say("sale.void")} text={speech.say("sale.void-text")} action={speech.say("sale.void")}
                    asks_reason=true on_confirm={void} on_close={closes(&voids)} />
            }
        </>
    }
}

/// The first paper is the original, each later one says that it is a copy.
fn issue(speech: &Speech, stall: LogId, view: &ReceiptView, is_new: bool, again: &Callback<()>) -> Html {
    let (sale, words) = (view.sale.row.sale, paper::words(speech));
    let call = move |form: PaperForm| PaperCall::Issue { stall, sale, words: words.clone(), form };
    html! {
        <Issue call={Callback::from(call)} label={speech.say("receipt.title")} {is_new} is_copy={view.is_copy} again={again.clone()} />
    }
}

/// What is handed back of a sale that is voided, by each means.
fn to_give_back(speech: &Speech, sale: &SaleView) -> String {
    let mut kept = paid(sale);
    // What a purse paid is in it again, and what nobody saw come does not go back.
    kept.retain(|paid| paid.kind != TenderKind::Voucher && !paid.standing.is_unseen());
    means(speech, &kept, &sale.row.currency)
}

fn state(speech: &Speech, sale: &SaleView) -> Html {
    if sale.row.voided {
        return html! { <Badge tone={SavedTone::Bad} text={speech.say("sale.voided")} /> };
    }
    if sale.row.refunded_minor > 0 {
        let amount = speech.money(sale.row.refunded_minor, &sale.row.currency);
        return html! { <Badge tone={SavedTone::Waiting} text={speech.fill("sale.refunded", &[("amount", &amount)])} /> };
    }
    Html::default()
}

#[derive(Properties, PartialEq)]
struct PaperProps {
    view: ReceiptView,
}

/// The paper, as the printer and the PDF have it.
#[component]
fn Paper(props: &PaperProps) -> Html {
    let speech = use_speech();
    let said = Said::of(&props.view, &paper::words(&speech));
    html! {
        <article class="paper" aria-label={speech.say("receipt.title")} lang={said.language.clone()}>
            <header>
                <h2>{ said.stall.clone() }</h2>
                if !said.place.is_empty() { <p>{ said.place.clone() }</p> }
                <p class="number">{ said.title.clone() }</p>
                <p class="number">{ said.made.clone() }</p>
                { for said.marks.iter().map(|mark| html! { <p class="paper-mark">{ mark.clone() }</p> }) }
            </header>
            <ul>
                { for said.lines.iter().map(|line| html! {
                    <li class={line.is_refunded.then_some("paper-refunded")}>
                        <span>{ line.name.clone() }</span><span class="number">{ line.amount.clone() }</span>
                        { for line.details.iter().map(|detail| html! { <small class="number">{ detail.clone() }</small> }) }
                    </li>
                }) }
            </ul>
            <dl class="sums">
                { for said.taxes.iter().map(|sum| row(sum, None)) }
                { row(&said.total, Some("sums-total")) }
                { for said.rounding.iter().map(|sum| row(sum, None)) }
                { for said.paid.iter().map(|sum| row(sum, None)) }
            </dl>
            if !said.note.is_empty() { <p class="paper-note">{ said.note.clone() }</p> }
            <p class="paper-thanks">{ said.thanks.clone() }</p>
            if !said.proof.is_empty() {
                <Qr text={said.proof.clone()} label={said.check.clone()} />
                <p class="paper-check">{ said.check.clone() }</p>
            }
        </article>
    }
}

pub(super) fn row(sum: &Sum, class: Option<&'static str>) -> Html {
    html! { <div {class}><dt>{ sum.label.clone() }</dt><dd class="number">{ sum.amount.clone() }</dd></div> }
}
