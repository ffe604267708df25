//! The report of a shift, as paper: X while it is open, Z once it is closed.

use soko_app_api::{OwnStall, PaperCall, PaperForm, Query, ShiftOf, ShiftReport, View};
use soko_domain::ids::{AuthorId, LogId, ShiftId};
use soko_print::{Figure, Report as Said, Weight};
use yew::prelude::*;

use super::issue::Issue;
use super::receipt::row;
use super::with_stall;
use crate::live::use_query;
use crate::nav::Go;
use crate::paper;
use crate::parts::{Busy, Empty, Icon, Problem, icon};
use crate::route::Route;
use crate::speech::use_speech;

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
        Some(View::ShiftReport(report)) => {
            html! { <Shown stall={props.stall.stall} report={(**report).clone()} /> }
        }
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
    stall: LogId,
    report: ShiftReport,
}

/// The paper, as the printer and the PDF have it.
#[component]
fn Shown(props: &ShownProps) -> Html {
    let speech = use_speech();
    let (stall, report) = (props.stall, &props.report);
    let words = paper::report_words(&speech);
    let said = Said::of(report, &words);
    let of = Some(ShiftOf { register: report.register, shift: report.shift });
    let call = Callback::from(move |form: PaperForm| PaperCall::Report {
        stall,
        of,
        words: Box::new(words.clone()),
        form,
    });
    html! {
        <section class="page page-narrow receipt-page">
            <header class="page-head no-print">
                <Go to={Route::Drawer} class="button-icon page-back" label={speech.say("drawer.title")}>{ icon(Icon::Back) }</Go>
                <h1>{ said.title.clone() }</h1>
            </header>
            <Issue {call} label={said.title.clone()} />
            if report.late > 0 {
                <Problem text={speech.count_with("report.late", i64::from(report.late), &[("amount", &speech.money(report.late_minor, &report.currency))])} />
            }
            { shown(&said) }
        </section>
    }
}

fn shown(said: &Said) -> Html {
    let figure = |figure: &Figure| {
        let class = match figure.weight {
            Weight::Plain => None,
            Weight::Total => Some("sums-total"),
            Weight::Part => Some("sums-part"),
        };
        row(&figure.sum, class)
    };
    html! {
        <article class="paper report" aria-label={said.title.clone()} lang={said.language.clone()}>
            <header>
                <h2>{ said.stall.clone() }</h2>
                if !said.place.is_empty() { <p>{ said.place.clone() }</p> }
                <p><strong>{ said.title.clone() }</strong></p>
                { for said.made.iter().map(|line| html! { <p class="number">{ line.clone() }</p> }) }
                { for said.marks.iter().map(|mark| html! { <p class="paper-mark">{ mark.clone() }</p> }) }
            </header>
            { for said.parts.iter().map(|part| html! { <dl class="sums">{ for part.figures.iter().map(figure) }</dl> }) }
            if !said.reason.is_empty() { <p>{ said.reason.clone() }</p> }
        </article>
    }
}
