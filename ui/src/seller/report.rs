//! The report of a shift, as paper: X while it is open, Z once it is closed.

use soko_app_api::text::Worded as _;
use soko_app_api::{OwnStall, PurseTotal, Query, ShiftReport, TenderTotal, View};
use soko_domain::ids::{AuthorId, ShiftId};
use soko_domain::purse::PurseKind;
use yew::prelude::*;

use super::pay::name;
use super::with_stall;
use crate::browser;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Busy, Empty, Icon, Problem, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct ReportProps {
    /// None for the shift that is open here.
    pub of: Option<(AuthorId, ShiftId)>,
}

#[component]
pub(super) fn Report(props: &ReportProps) -> Html {
    let of = props.of;
    with_stall(move |stall| html! { <Loaded {stall} {of} /> })
}

#[derive(Properties, PartialEq)]
struct LoadedProps {
    stall: OwnStall,
    of: Option<(AuthorId, ShiftId)>,
}

#[component]
fn Loaded(props: &LoadedProps) -> Html {
    let speech = use_speech();
    let (register, shift) = (props.of.map(|(register, _)| register), props.of.map(|(_, shift)| shift));
    let live = use_query(Some(Query::ShiftReport { stall: props.stall.stall, register, shift }));
    match live.view() {
        Some(View::ShiftReport(report)) => html! { <Shown report={(**report).clone()} /> },
        Some(_) => html! {
            <Empty icon={Icon::Receipt} title={speech.say("report.missing")} text={speech.say("report.missing-text")}>
                <Go to={Route::Drawer} class="button">{ speech.say("drawer.title") }</Go>
            </Empty>
        },
        None => html! { <Busy {live} /> },
    }
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    report: ShiftReport,
}

fn title(speech: &Speech, report: &ShiftReport) -> AttrValue {
    match report.z_number {
        Some(number) => speech.fill("report.z", &[("number", &number.to_string())]),
        None => speech.say("report.x"),
    }
}

#[component]
fn Shown(props: &ShownProps) -> Html {
    let speech = use_speech();
    let report = &props.report;
    let print = Callback::from(|_: MouseEvent| browser::print());
    html! {
        <section class="page page-narrow receipt-page">
            <header class="page-head no-print">
                <Go to={Route::Drawer} class="button-icon page-back" label={speech.say("drawer.title")}>{ icon(Icon::Back) }</Go>
                <h1>{ title(&speech, report) }</h1>
                <button type="button" class="button" onclick={print}>{ icon(Icon::Print) }{ speech.say("sold.print") }</button>
            </header>
            if report.late > 0 {
                <Problem text={speech.count_with("report.late", i64::from(report.late), &[("amount", &speech.money(report.late_minor, &report.currency))])} />
            }
            <Paper report={report.clone()} />
        </section>
    }
}

#[component]
fn Paper(props: &ShownProps) -> Html {
    let speech = use_speech();
    let report = &props.report;
    let money = |minor: i64| speech.money(minor, &report.currency);
    let at = |at_ms: i64, offset: i32| speech.day_and_time(at_ms + i64::from(offset) * 60_000, Some("UTC"));
    let by = |name: &String| if name.is_empty() { String::new() } else { format!(" · {name}") };
    let row = |key: &'static str, value: String| {
        html! { <div><dt>{ speech.say(key) }</dt><dd class="number">{ value }</dd></div> }
    };
    let counted = |key: &'static str, times: u32, minor: i64| {
        let times = speech.number(i64::from(times));
        html! { <div><dt>{ speech.say(key) }{ " × " }{ times }</dt><dd class="number">{ money(minor) }</dd></div> }
    };
    html! {
        <article class="paper report" aria-label={title(&speech, report)}>
            <header>
                <h2>{ report.stall_name.clone() }</h2>
                if !report.stall_place.is_empty() { <p>{ report.stall_place.clone() }</p> }
                <p><strong>{ title(&speech, report) }</strong>{ " · " }{ report.register_name.clone() }</p>
                <p>{ speech.day(report.business_day) }</p>
                <p class="number">{ at(report.opened_at_ms, report.opened_offset) }{ by(&report.opened_by) }</p>
                if let Some(closed_at_ms) = report.closed_at_ms {
                    <p class="number">{ at(closed_at_ms, report.closed_offset) }{ by(&report.closed_by) }</p>
                }
            </header>
            <dl class="sums">
                { counted("report.sales", report.sales, report.sales_minor) }
                if report.orders > 0 { { counted("report.orders", report.orders, report.orders_minor) } }
                if report.voids > 0 { { counted("report.voids", report.voids, -report.voids_minor) } }
                if report.refunds > 0 { { counted("report.refunds", report.refunds, -report.refunds_minor) } }
                <div class="sums-total"><dt>{ speech.say("report.net") }</dt><dd class="number">{ money(report.net_minor) }</dd></div>
                if report.discounts_minor != 0 { { row("report.discounts", money(report.discounts_minor)) } }
                if report.rounding_minor != 0 { { row("receipt.rounding", money(report.rounding_minor)) } }
            </dl>
            if !report.taxes.is_empty() {
                <dl class="sums" aria-label={speech.say("sum.tax")}>
                    { for report.taxes.iter().map(|tax| html! {
                        <div><dt>{ speech.fill("receipt.tax", &[("rate", &speech.percent(tax.ppm))]) }{ " · " }{ money(tax.net_minor) }</dt>
                            <dd class="number">{ money(tax.tax_minor) }</dd></div>
                    }) }
                </dl>
            }
            <dl class="sums">
                { for report.tenders.iter().map(|tender| self::tender(&speech, report, tender)) }
            </dl>
            { for report.purses.iter().map(|total| purse(&speech, report, total)) }
            <dl class="sums">
                { row("report.float", money(report.float_minor)) }
                if report.expected_minor.is_some() {
                    { row("report.tendered", money(report.tendered_minor)) }
                    if report.change_minor != 0 { { row("report.change", money(-report.change_minor)) } }
                    if report.cash_refunds_minor != 0 { { row("report.cash-refunds", money(-report.cash_refunds_minor)) } }
                }
                if report.paid_in_minor != 0 { { row("report.paid-in", money(report.paid_in_minor)) } }
                if report.paid_out_minor != 0 { { row("report.paid-out", money(-report.paid_out_minor)) } }
                if let Some(expected) = report.expected_minor {
                    <div class="sums-total"><dt>{ speech.say("report.expected") }</dt><dd class="number">{ money(expected) }</dd></div>
                } else {
                    <div><dt>{ speech.say("report.expected") }</dt><dd>{ speech.say("report.hidden") }</dd></div>
                }
                if let Some(counted) = report.counted_minor { { row("shift.counted", money(counted)) } }
                if let Some(variance) = report.variance_minor { { row("report.variance", money(variance)) } }
                if report.openings > 0 { { row("report.openings", speech.number(i64::from(report.openings))) } }
            </dl>
            if !report.reason.is_empty() { <p>{ speech.say("shift.reason") }{ ": " }{ report.reason.clone() }</p> }
        </article>
    }
}

fn tender(speech: &Speech, report: &ShiftReport, tender: &TenderTotal) -> Html {
    let money = |minor: i64| speech.money(minor, &report.currency);
    html! {
        <>
            <div>
                <dt>{ name(speech, tender.kind) }{ " × " }{ speech.number(tender.payments) }</dt>
                <dd class="number">
                    if let Some(amount) = tender.amount_minor { { money(amount) } } else { { speech.say("report.hidden") } }
                </dd>
            </div>
            if tender.unseen_minor != 0 {
                <div class="sums-part"><dt>{ speech.say("report.unseen") }</dt><dd class="number">{ money(tender.unseen_minor) }</dd></div>
            }
            if tender.refunded_minor != 0 {
                <div class="sums-part"><dt>{ speech.say("report.refunds") }</dt><dd class="number">{ money(-tender.refunded_minor) }</dd></div>
            }
        </>
    }
}

/// What was owed and paid with gift cards, credit or points. What was bought is money in the drawer and no revenue.
fn purse(speech: &Speech, report: &ShiftReport, total: &PurseTotal) -> Html {
    let units = |units: i64| match total.kind {
        PurseKind::Points => speech.number(units),
        PurseKind::GiftCard | PurseKind::Credit => speech.money(units, &report.currency),
    };
    let word = total.kind.word();
    let name = speech.say_or(&format!("tender.{word}"), word);
    let spent = match total.kind {
        PurseKind::Points => {
            format!("{} · {}", units(total.spent_units), speech.money(total.spent_minor, &report.currency))
        }
        PurseKind::GiftCard | PurseKind::Credit => units(total.spent_units),
    };
    let row = |key: &'static str, shown: String| {
        html! { <div class="sums-part"><dt>{ speech.say(key) }</dt><dd class="number">{ shown }</dd></div> }
    };
    html! {
        <dl class="sums" aria-label={name.clone()}>
            <div><dt>{ name }</dt><dd></dd></div>
            if total.bought_units != 0 { { row("report.purse-bought", units(total.bought_units)) } }
            if total.given_units != 0 { { row("report.purse-given", units(total.given_units)) } }
            if total.spent_units != 0 { { row("report.purse-spent", spent) } }
            if total.taken_units != 0 { { row("report.purse-taken", units(total.taken_units)) } }
        </dl>
    }
}
