//! Payments that a buyer only claimed: which money nobody of the stall saw yet, and what somebody found when they looked.

use soko_app_api::text::Worded as _;
use soko_app_api::{OwnStall, PaymentRow, Query, SaleView, TenderView, Verb, View, Window};
use soko_domain::entry::Standing;
use yew::prelude::*;

use super::pay::name;
use crate::acting::{closes, opens, sets, use_acting};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Badge, Confirm, Field, Problem, SavedTone};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

/// More unseen payments than anybody lets come together.
const UNSEEN_MAX: u32 = 200;

#[derive(Properties, PartialEq)]
pub(super) struct ClaimsProps {
    pub stall: OwnStall,
    pub sale: SaleView,
}

/// The claimed payments of one sale, with what can be said of each.
#[component]
pub(super) fn Claims(props: &ClaimsProps) -> Html {
    if props.sale.row.voided {
        return Html::default();
    }
    let claimed = (0u32..).zip(&props.sale.tenders).filter(|(_, tender)| tender.standing != Standing::Taken);
    html! {
        { for claimed.map(|(place, tender)| html! {
            <Claim key={place} stall={props.stall.clone()} sale={props.sale.clone()} {place} tender={tender.clone()} />
        }) }
    }
}

#[derive(Properties, PartialEq)]
struct ClaimProps {
    stall: OwnStall,
    sale: SaleView,
    place: u32,
    tender: TenderView,
}

#[component]
fn Claim(props: &ClaimProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (code, never) = (use_state(|| props.tender.reference.clone()), use_state(|| false));
    let (sale, tender, stall) = (props.sale.row.sale, props.place, props.stall.stall);
    let say = {
        let acting = acting.clone();
        move |verb: Verb, key: &'static str| {
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, verb, move |_| desk.toasts.done(speech.say(key)));
        }
    };
    let verify = {
        let (say, code) = (say.clone(), code.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            say(Verb::VerifyPayment { sale, tender, code: code.trim().into() }, "claim.verified-done");
        })
    };
    let settle = {
        let say = say.clone();
        Callback::from(move |_: MouseEvent| say(Verb::SettlePayment { sale, tender }, "claim.settled-done"))
    };
    let fail = {
        let close = closes(&never);
        Callback::from(move |reason: String| {
            say(Verb::FailPayment { sale, tender, reason }, "claim.failed-done");
            close.emit(());
        })
    };
    let standing = props.tender.standing;
    html! {
        <section class="card stack-tight no-print" aria-label={speech.say("claim.title")}>
            <header class="row row-apart">
                <strong>{ name(&speech, props.tender.kind) }{ " " }
                    <span class="number">{ speech.money(props.tender.amount_minor, &props.sale.row.currency) }</span></strong>
                { badge(&speech, standing) }
            </header>
            if props.tender.is_twice { <Problem text={speech.say("claim.twice")} /> }
            if standing.is_unseen() {
                <form class="stack-tight" onsubmit={verify}>
                    <Field label={speech.say("claim.code")} value={(*code).clone()} on_input={sets(&code)}
                        hint={speech.say("claim.code-hint")} />
                    <div class="row">
                        <button type="submit" class="button button-main" disabled={code.trim().is_empty() || acting.is_busy()}>
                            { speech.say("claim.verify") }
                        </button>
                        if standing == Standing::Claimed {
                            <button type="button" class="button button-quiet" onclick={opens(&never)}>{ speech.say("claim.fail") }</button>
                        }
                    </div>
                </form>
            } else if standing == Standing::Verified {
                <div class="row row-apart">
                    <span class="number">{ props.tender.reference.clone() }</span>
                    <button type="button" class="button" onclick={settle} disabled={acting.is_busy()}>{ speech.say("claim.settle") }</button>
                </div>
            }
            if *never {
                <Confirm title={speech.say("claim.fail")} text={speech.say("claim.fail-text")} action={speech.say("claim.fail")}
                    asks_reason=true on_confirm={fail} on_close={closes(&never)} />
            }
        </section>
    }
}

pub(super) fn badge(speech: &Speech, standing: Standing) -> Html {
    let tone = match standing {
        Standing::Failed => SavedTone::Bad,
        Standing::Claimed => SavedTone::Waiting,
        Standing::Taken | Standing::Verified | Standing::Settled => SavedTone::Good,
    };
    html! { <Badge {tone} text={speech.say_or(&format!("standing.{}", standing.word()), standing.word())} /> }
}

#[derive(Properties, PartialEq)]
pub(super) struct UnseenProps {
    pub stall: OwnStall,
}

/// The money that nobody saw yet, with the way to each sale. Nothing where there is none.
#[component]
pub(super) fn Unseen(props: &UnseenProps) -> Html {
    let speech = use_speech();
    let window = Window::first(UNSEEN_MAX);
    let live = use_query(Some(Query::Payments { stall: props.stall.stall, window }));
    let Some(View::Payments(rows)) = live.view().filter(|view| **view != View::Payments(Vec::new())) else {
        return Html::default();
    };
    // What somebody looked for in vain is another matter than what nobody looked for yet.
    let (never, waits): (Vec<&PaymentRow>, Vec<&PaymentRow>) =
        rows.iter().partition(|row| row.standing == Standing::Failed);
    let row = |row: &PaymentRow| {
        let number = row.receipt_number.to_string();
        let key = format!("{}/{}", row.sale, row.tender);
        let local_ms = row.at_ms + i64::from(row.offset_minutes) * 60_000;
        html! {
            <Go {key} to={Route::Sale(row.sale)} class="list-row">
                <span class="list-main">
                    <span class="list-name number">{ speech.fill("sale.title", &[("number", &number)]) }{ " " }{ row.code.clone() }</span>
                    <span class="list-more number">{ speech.day_and_time(local_ms, Some("UTC")) }{ " · " }{ row.register_name.clone() }</span>
                </span>
                if row.is_twice {
                    <Badge tone={SavedTone::Bad} text={speech.say("claim.twice-short")} />
                } else {
                    { badge(&speech, row.standing) }
                }
                <span class="list-end number">{ speech.money(row.amount_minor, &row.currency) }</span>
            </Go>
        }
    };
    let card = |rows: &[&PaymentRow], title: &'static str, text: &'static str| {
        if rows.is_empty() {
            return Html::default();
        }
        let total: i64 = rows.iter().map(|row| row.amount_minor).sum();
        html! {
            <section class="card">
                <header class="panel-head">
                    <h2>{ speech.say(title) }</h2>
                    <strong class="number">{ speech.money(total, &props.stall.currency) }</strong>
                </header>
                <p class="prose">{ speech.say(text) }</p>
                { for rows.iter().map(|of| row(of)) }
            </section>
        }
    };
    html! {
        <>
            { card(&waits, "claim.unseen", "claim.unseen-text") }
            { card(&never, "claim.missing", "claim.missing-text") }
        </>
    }
}
