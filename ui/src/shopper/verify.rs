//! What the code on a receipt proves, and what it does not. It works without a network for stalls that were seen here.

use soko_app_api::{Answer, Call, InBooks, ProofRead, ProofView, Proven};
use yew::prelude::*;

use crate::acting::sets;
use crate::app::use_about;
use crate::desk::use_desk;
use crate::live::use_live;
use crate::nav::Go;
use crate::parts::{Badge, Busy, Field, SavedTone};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct VerifyProps {
    pub proof: String,
}

#[component]
pub(super) fn Verify(props: &VerifyProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let text = use_state(String::new);
    let onsubmit = {
        let (desk, text) = (desk.clone(), text.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            // Of an address, only what stands last.
            let proof = text.trim().rsplit(['/', ':']).next().unwrap_or_default().to_owned();
            if !proof.is_empty() {
                desk.go(Route::Verify { proof });
            }
        })
    };
    html! {
        <section class="page page-narrow">
            <h1>{ speech.say("verify.title") }</h1>
            if props.proof.is_empty() {
                <p>{ speech.say("verify.text") }</p>
                <form class="stack" {onsubmit}>
                    <Field label={speech.say("verify.code")} value={(*text).clone()} hint={speech.say("verify.code-hint")}
                        on_input={sets(&text)} required=true />
                    <button type="submit" class="button button-main" disabled={text.trim().is_empty()}>{ speech.say("verify.do") }</button>
                </form>
            } else {
                <Found proof={props.proof.clone()} />
            }
        </section>
    }
}

#[component]
fn Found(props: &VerifyProps) -> Html {
    let speech = use_speech();
    let live = use_live(Some(Call::Check { proof: props.proof.clone() }));
    match live.answer.as_deref() {
        Some(Answer::Checked(ProofView::Unreadable)) => html! {
            <div class="card stack" role="status">
                <Badge tone={SavedTone::Bad} text={speech.say("verify.unreadable")} />
                <p>{ speech.say("verify.unreadable-text") }</p>
                <Go to={Route::Verify { proof: String::new() }} class="button">{ speech.say("verify.other") }</Go>
            </div>
        },
        Some(Answer::Checked(ProofView::Read(read))) => html! { <Read read={read.clone()} /> },
        _ => html! { <Busy {live} /> },
    }
}

#[derive(Properties, PartialEq)]
struct ReadProps {
    read: ProofRead,
}

#[component]
fn Read(props: &ReadProps) -> Html {
    let (speech, about) = (use_speech(), use_about());
    let read = &props.read;
    let (tone, verdict, meaning) = verdict(read.proven);
    let local_ms = read.at_ms + i64::from(read.offset_minutes) * 60_000;
    let is_own = about.is_some_and(|about| about.stalls.iter().any(|stall| stall.stall == read.stall));
    let stall = if read.stall_name.is_empty() { read.stall.to_string() } else { read.stall_name.clone() };
    html! {
        <div class="card stack verify" role="status">
            <Badge {tone} text={speech.say(verdict)} />
            <p>{ speech.say(meaning) }</p>
            <dl class="sums">
                <div><dt>{ speech.say("verify.stall") }</dt><dd>{ stall }</dd></div>
                <div><dt>{ speech.say("receipt.title") }</dt><dd class="number">{ read.receipt_number.to_string() }</dd></div>
                <div><dt>{ speech.say("verify.when") }</dt><dd class="number">{ speech.day_and_time(local_ms, Some("UTC")) }</dd></div>
                if !read.register_name.is_empty() {
                    <div><dt>{ speech.say("verify.register") }</dt><dd>{ read.register_name.clone() }</dd></div>
                }
                <div class="sums-total"><dt>{ speech.say("sum.total") }</dt>
                    <dd class="number">{ speech.money(read.total_minor, &read.currency) }</dd></div>
            </dl>
            if let Some(books) = read.in_books { <p>{ in_books(&speech, books, &read.currency) }</p> }
            if let Some(as_of_ms) = read.as_of_ms {
                <p class="field-hint">{ speech.fill("verify.as-of", &[("ago", &speech.ago(as_of_ms))]) }</p>
            }
            <p class="field-hint">{ speech.say("verify.limits") }</p>
            if is_own && read.in_books.is_some_and(|books| books != InBooks::Absent) {
                <Go to={Route::Sale(read.sale)} class="button button-main">{ speech.say("verify.open-sale") }</Go>
            }
        </div>
    }
}

/// How sure it is, in a word and in a sentence.
fn verdict(proven: Proven) -> (SavedTone, &'static str, &'static str) {
    match proven {
        Proven::Signed => (SavedTone::Good, "verify.signed", "verify.signed-text"),
        Proven::SignedByRevoked => (SavedTone::Waiting, "verify.revoked", "verify.revoked-text"),
        Proven::Unknown => (SavedTone::Waiting, "verify.unknown", "verify.unknown-text"),
        Proven::NotSigned => (SavedTone::Bad, "verify.not-signed", "verify.not-signed-text"),
    }
}

fn in_books(speech: &Speech, books: InBooks, currency: &str) -> AttrValue {
    match books {
        InBooks::Same => speech.say("verify.books-same"),
        InBooks::Voided => speech.say("verify.books-voided"),
        InBooks::Refunded { minor } => {
            speech.fill("verify.books-refunded", &[("amount", &speech.money(minor, currency))])
        }
        InBooks::Different => speech.say("verify.books-different"),
        InBooks::Absent => speech.say("verify.books-absent"),
    }
}
