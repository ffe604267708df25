//! A sale: at the end of selling with its change and the way on, later with its refunds; and its paper.

use soko_app_api::{OwnStall, Query, SaleView, TaxRow, Verb, View};
use soko_domain::ids::SaleId;
use soko_domain::money::Ppm;
use yew::prelude::*;

use super::claims::Claims;
use super::pay::name;
use super::refund::Refund;
use super::with_stall;
use crate::acting::{closes, opens, use_acting};
use crate::browser;
use crate::desk::use_desk;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Badge, Busy, Confirm, Empty, Icon, SavedTone, icon};
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
    let live = use_query(Some(Query::Sale { stall: props.stall.stall, sale: props.sale }));
    match live.view() {
        Some(View::Sale(sale)) => html! {
            <section class="page page-narrow receipt-page">
                if props.is_new { <Sold sale={sale.clone()} /> } else { <Past stall={props.stall.clone()} sale={sale.clone()} /> }
                <Claims stall={props.stall.clone()} sale={sale.clone()} />
                <Paper sale={sale.clone()} />
            </section>
        },
        Some(_) => html! {
            <Empty icon={Icon::Receipt} title={speech.say("sale.missing")} text={speech.say("sale.missing-text")}>
                <Go to={Route::Sales} class="button">{ speech.say("sales.title") }</Go>
            </Empty>
        },
        None => html! { <Busy {live} /> },
    }
}

#[derive(Properties, PartialEq)]
struct SoldProps {
    sale: SaleView,
}

#[component]
fn Sold(props: &SoldProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let row = &props.sale.row;
    let number = row.receipt_number.to_string();
    let next = Callback::from(move |_: MouseEvent| desk.go_instead(Route::Sell));
    let print = Callback::from(|_: MouseEvent| browser::print());
    let change = speech.money(props.sale.change_minor, &row.currency);
    html! {
        <header class="sold no-print" role="status">
            <span class="sold-sign">{ icon(Icon::Check) }</span>
            <p>{ speech.fill("sold.saved", &[("number", &number)]) }</p>
            if props.sale.change_minor > 0 {
                <p class="sold-change"><span>{ speech.say("pay.change") }</span><strong class="number">{ change }</strong></p>
            } else {
                <p class="sold-change"><strong class="number">{ speech.money(row.total_minor, &row.currency) }</strong></p>
            }
            <div class="sold-actions">
                <button type="button" class="button button-main button-large" onclick={next} autofocus=true>{ speech.say("sold.next") }</button>
                <button type="button" class="button button-large" onclick={print}>{ icon(Icon::Print) }{ speech.say("sold.print") }</button>
            </div>
        </header>
    }
}

#[derive(Properties, PartialEq)]
struct PastProps {
    stall: OwnStall,
    sale: SaleView,
}

#[component]
fn Past(props: &PastProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (refunds, voids) = (use_state(|| false), use_state(|| false));
    let row = &props.sale.row;
    let number = row.receipt_number.to_string();
    let void = {
        let (acting, stall, sale, close) = (acting.clone(), props.stall.stall, row.sale, closes(&voids));
        Callback::from(move |reason: String| {
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, Verb::VoidSale { sale, reason }, move |_| {
                desk.toasts.done(speech.say("sale.voided-done"))
            });
            close.emit(());
        })
    };
    let print = Callback::from(|_: MouseEvent| browser::print());
    let is_open = !row.voided && row.refunded_minor < row.total_minor;
    html! {
        <>
            <header class="page-head no-print">
                <Go to={Route::Sales} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.fill("sale.title", &[("number", &number)]) }</h1>
                { state(&speech, &props.sale) }
            </header>
            <div class="row no-print">
                <button type="button" class="button" onclick={print}>{ icon(Icon::Print) }{ speech.say("sold.print") }</button>
                if is_open {
                    <button type="button" class="button" onclick={opens(&refunds)}>{ icon(Icon::Refund) }{ speech.say("refund.title") }</button>
                }
                if !row.voided && row.refunded_minor == 0 {
                    <button type="button" class="button button-quiet" onclick={opens(&voids)}>{ speech.say("sale.void") }</button>
                }
            </div>
            if *refunds { <Refund stall={props.stall.clone()} sale={props.sale.clone()} on_close={closes(&refunds)} /> }
            if *voids {
                <Confirm title={speech.say("sale.void")} text={speech.say("sale.void-text")} action={speech.say("sale.void")}
                    asks_reason=true on_confirm={void} on_close={closes(&voids)} />
            }
        </>
    }
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
    sale: SaleView,
}

/// The paper, on the screen and from the printer.
#[component]
fn Paper(props: &PaperProps) -> Html {
    let speech = use_speech();
    let sale = &props.sale;
    let row = &sale.row;
    let money = |minor: i64| speech.money(minor, &row.currency);
    // The time on the wall of the stall when it was made.
    let local_ms = row.at_ms + i64::from(row.offset_minutes) * 60_000;
    html! {
        <article class="paper" aria-label={speech.say("receipt.title")}>
            <header>
                <h2>{ sale.stall_name.clone() }</h2>
                if !sale.stall_place.is_empty() { <p>{ sale.stall_place.clone() }</p> }
                <p class="number">{ speech.fill("receipt.number", &[("number", &row.receipt_number.to_string())]) }</p>
                <p class="number">{ speech.day_and_time(local_ms, Some("UTC")) }{ " · " }{ sale.register_name.clone() }</p>
            </header>
            <ul>
                { for sale.lines.iter().map(|line| html! {
                    <li class={(line.refunded >= line.quantity).then_some("paper-refunded")}>
                        <span>{ line.name.clone() }</span><span class="number">{ money(line.total_minor) }</span>
                        <small class="number">
                            { speech.number(line.quantity) }{ " × " }{ money(line.unit_price_minor) }
                            if line.price_per != 1 { { " / " }{ speech.number(line.price_per) } }
                            if line.discount_minor != 0 { { " − " }{ money(line.discount_minor) } }
                        </small>
                        if !line.note.is_empty() { <small>{ line.note.clone() }</small> }
                    </li>
                }) }
            </ul>
            <dl class="sums">
                { for sale.taxes.iter().map(|tax| html! {
                    <div><dt>{ tax_name(&speech, tax) }</dt>
                        <dd class="number">{ money(tax.tax_minor) }</dd></div>
                }) }
                if sale.cash_rounding_minor != 0 {
                    <div><dt>{ speech.say("receipt.rounding") }</dt><dd class="number">{ money(sale.cash_rounding_minor) }</dd></div>
                }
                <div class="sums-total"><dt>{ speech.say("sum.total") }</dt><dd class="number">{ money(row.total_minor) }</dd></div>
                { for sale.tenders.iter().map(|tender| html! {
                    <div><dt>{ name(&speech, tender.kind) }{ " " }{ tender.reference.clone() }
                        if tender.standing.is_unseen() { { " · " }{ speech.say("standing.claimed") } }</dt>
                        <dd class="number">{ money(tender.amount_minor) }</dd></div>
                }) }
                if sale.change_minor > 0 {
                    <div><dt>{ speech.say("pay.change") }</dt><dd class="number">{ money(sale.change_minor) }</dd></div>
                }
            </dl>
            if !sale.note.is_empty() { <p>{ sale.note.clone() }</p> }
            <p class="paper-thanks">{ speech.say("receipt.thanks") }</p>
        </article>
    }
}

/// A tax as the paper names it: by its rate, and by its class where the stall has classes.
fn tax_name(speech: &Speech, tax: &TaxRow) -> String {
    let rate = speech.fill("receipt.tax", &[("rate", &speech.percent(Ppm(tax.ppm).0))]);
    if tax.label.is_empty() { rate.to_string() } else { format!("{} · {rate}", tax.label) }
}
