//! Who did what, when, and who allowed it.

use soko_app_api::{AuditBefore, AuditPart, AuditRow, AuditWhat, OwnStall, Query, View};
use soko_domain::calendar::BusinessDay;
use soko_domain::ids::PersonId;
use yew::prelude::*;

use super::use_at_register;
use crate::app::use_stall;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Busy, Choice, Empty, Field, Icon, Loading, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

const ROWS: u32 = 200;
const ROWS_MAX: usize = 200;
const ALL: &str = "";

#[component]
pub(super) fn Audit() -> Html {
    let speech = use_speech();
    let stall = use_stall();
    html! {
        <section class="page">
            <header class="page-head">
                <Go to={Route::People} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("audit.title") }</h1>
            </header>
            if let Some(stall) = stall { <Rows {stall} /> } else { <Loading rows={6} /> }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct RowsProps {
    stall: OwnStall,
}

#[component]
fn Rows(props: &RowsProps) -> Html {
    let speech = use_speech();
    let here = use_at_register(Some(&props.stall));
    let (person, what, day) =
        (use_state(|| None::<PersonId>), use_state(|| None::<AuditWhat>), use_state(String::new));
    // Where the pages before this one ended; none on the first, which goes on with what happens.
    let pages = use_state(Vec::<AuditBefore>::new);
    let business_day = day.parse::<BusinessDay>().ok().map(BusinessDay::days);
    let query = Query::Audit {
        stall: props.stall.stall,
        person: *person,
        business_day,
        what: *what,
        before: pages.last().copied(),
        rows: ROWS,
    };
    let live = use_query(Some(query));
    let all = speech.say("audit.all");
    let mut people: Vec<(AttrValue, AttrValue)> = vec![(ALL.into(), all.clone())];
    people.extend(here.iter().flat_map(|here| &here.people).map(|row| {
        let shown = AttrValue::from(row.name.clone());
        (AttrValue::from(row.person.to_string()), shown)
    }));
    let mut kinds: Vec<(AttrValue, AttrValue)> = vec![(ALL.into(), all)];
    kinds.extend(AuditWhat::ALL.iter().map(|what| (what.word().into(), said(&speech, *what))));
    let on_person = {
        let (person, pages) = (person.setter(), pages.setter());
        Callback::from(move |hex: String| {
            pages.set(Vec::new());
            person.set(PersonId::from_hex(&hex));
        })
    };
    let on_what = {
        let (what, pages) = (what.setter(), pages.setter());
        Callback::from(move |word: String| {
            pages.set(Vec::new());
            what.set(AuditWhat::from_word(&word));
        })
    };
    let on_day = {
        let (day, pages) = (day.setter(), pages.setter());
        Callback::from(move |typed: String| {
            pages.set(Vec::new());
            day.set(typed);
        })
    };
    html! {
        <>
            <div class="audit-filter">
                <Choice label={speech.say("audit.person")} value={person.map(|person| person.to_string()).unwrap_or_default()} options={people} on_choose={on_person} />
                <Choice label={speech.say("audit.what")} value={what.map(AuditWhat::word).unwrap_or_default()} options={kinds} on_choose={on_what} />
                <Field label={speech.say("audit.day")} value={(*day).clone()} on_input={on_day} kind="date" />
            </div>
            if let Some(View::Audit(rows)) = live.view() {
                if rows.is_empty() && pages.is_empty() {
                    <Empty icon={Icon::Note} title={speech.say("audit.none")} text={speech.say("audit.none-text")} />
                } else {
                    <section class="card">
                        { for rows.iter().map(|row| html! { <One key={format!("{}{}{}", row.register, row.seq, row.what.word())} row={row.clone()} /> }) }
                    </section>
                    <Pages pages={(*pages).clone()} next={(rows.len() == ROWS_MAX).then(|| rows.last().map(AuditRow::place)).flatten()}
                        on_turn={let set = pages.setter(); Callback::from(move |to| set.set(to))} />
                }
            } else {
                <Busy {live} />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PagesProps {
    pages: Vec<AuditBefore>,
    /// Where the next page begins, if there is one.
    next: Option<AuditBefore>,
    on_turn: Callback<Vec<AuditBefore>>,
}

/// What happened before, and back to what happened since.
#[component]
fn Pages(props: &PagesProps) -> Html {
    let speech = use_speech();
    let turn = |pages: Vec<AuditBefore>| props.on_turn.reform(move |_: MouseEvent| pages.clone());
    let later = props.pages.split_last().map(|(_, before)| before.to_vec());
    let earlier = props.next.map(|next| [props.pages.as_slice(), &[next]].concat());
    html! {
        <nav class="dialog-foot" aria-label={speech.say("audit.pages")}>
            if let Some(later) = later {
                <button type="button" class="button" onclick={turn(later)}>{ speech.say("audit.later") }</button>
            }
            if let Some(earlier) = earlier {
                <button type="button" class="button" onclick={turn(earlier)}>{ speech.say("audit.earlier") }</button>
            }
        </nav>
    }
}

/// One product, line or amount: how many of what, from which price to which, what it came to and why.
fn part(speech: &Speech, part: &AuditPart, currency: &str) -> String {
    let amount = part.amount.map(|amount| speech.quantity(amount.quantity, amount.unit));
    let price = |price: soko_app_api::AuditPrice| speech.price(price.minor, currency, price.unit, price.per);
    let prices = match (part.was.map(price), part.now.map(price)) {
        (Some(was), Some(now)) => {
            Some(speech.fill("audit.prices", &[("was", &was), ("now", &now)]).to_string())
        }
        (None, now) => now,
        (was, None) => was,
    };
    let total = part.total_minor.filter(|_| part.now.is_none()).map(|minor| speech.money(minor, currency));
    let said = [Some(part.about.clone()), amount, prices, total, Some(part.reason.clone())];
    let said: Vec<String> = said.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    said.join(" · ")
}

fn said(speech: &Speech, what: AuditWhat) -> AttrValue {
    speech.say_or(&format!("audit.is-{}", what.word()), what.word())
}

#[derive(Properties, PartialEq)]
struct OneProps {
    row: AuditRow,
}

#[component]
fn One(props: &OneProps) -> Html {
    let speech = use_speech();
    let row = &props.row;
    let local_ms = row.at_ms + i64::from(row.offset_minutes) * 60_000;
    let by = if row.by.is_empty() { speech.say("audit.nobody") } else { row.by.clone().into() };
    let word = if row.what == AuditWhat::StockAdjusted {
        speech.say_or(&format!("adjust-reason.{}", row.word), &row.word)
    } else if row.word.is_empty() {
        AttrValue::default()
    } else {
        speech.say_or(&format!("audit.from-{}", row.word), &row.word)
    };
    let parts = [word.as_str(), row.about.as_str(), row.reason.as_str()];
    let about: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let inside = html! {
        <>
            <span class="list-main">
                <span class="list-name">{ said(&speech, row.what) }</span>
                if !about.is_empty() { <span class="list-more list-more-long">{ about.join(" · ") }</span> }
                { for row.parts.iter().map(|told| html! { <span class="list-more list-more-long">{ part(&speech, told, &row.currency) }</span> }) }
                if row.parts_more > 0 {
                    <span class="list-more">{ speech.fill("audit.more", &[("n", &speech.number(row.parts_more.into()))]) }</span>
                }
                <span class="list-more">{ by }{ " · " }{ speech.day_and_time(local_ms, Some("UTC")) }{ " · " }{ row.register_name.clone() }</span>
                if !row.approved_by.is_empty() {
                    <span class="list-more list-more-long">
                        { speech.fill("audit.approved", &[("name", &row.approved_by), ("why", &row.approved_why)]) }
                    </span>
                }
            </span>
            if let Some(amount) = row.amount_minor {
                <span class="list-end number">{ speech.money(amount, &row.currency) }</span>
            }
        </>
    };
    match row.sale {
        Some(sale) => html! { <Go to={Route::Sale(sale)} class="list-row audit-row">{ inside }</Go> },
        None => html! { <div class="list-row audit-row">{ inside }</div> },
    }
}
