//! Labels for goods: which products, how many of each, on which sheet, with which code; as a file to print.

use std::collections::BTreeMap;

use soko_app_api::{
    Answer, Call, LabelCode, LabelSheet, LabelWanted, OwnStall, PaperCall, ProductFilter, ProductRow, Query,
    View, Window,
};
use soko_domain::ids::{LogId, ProductId};
use yew::prelude::*;

use super::with_stall;
use crate::acting::sets;
use crate::doing::use_doing;
use crate::nav::Go;
use crate::paper;
use crate::parts::{Choice, Empty, Icon, SearchBox, Slot, Stepper, Windowed, icon};
use crate::route::Route;
use crate::speech::use_speech;

const HITS_MAX: u32 = 60;
const COPIES_MAX: i64 = 500;
const SHEETS: [(LabelSheet, &str, &str); 3] = [
    (LabelSheet::A4Of24, "24", "labels.a4-of-24"),
    (LabelSheet::A4Of65, "65", "labels.a4-of-65"),
    (LabelSheet::Roll50x30, "roll", "labels.roll"),
];
const CODES: [(LabelCode, &str, &str); 4] = [
    (LabelCode::Bars, "bars", "labels.bars"),
    (LabelCode::Code128, "code-128", "labels.code-128"),
    (LabelCode::Qr, "qr", "labels.qr"),
    (LabelCode::None, "none", "labels.none"),
];

#[component]
pub(super) fn Labels() -> Html {
    with_stall(|stall| html! { <Chosen {stall} /> })
}

#[derive(Properties, PartialEq)]
struct ChosenProps {
    stall: OwnStall,
}

#[component]
fn Chosen(props: &ChosenProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let stall = props.stall.stall;
    let text = use_state(String::new);
    let wanted = use_state(BTreeMap::<ProductId, i64>::new);
    let (sheet, code) = (use_state(|| SHEETS[0].1.to_owned()), use_state(|| CODES[0].1.to_owned()));
    let all: i64 = wanted.values().sum();
    let call = listed(stall, text.trim());
    let on_change = {
        let wanted = wanted.clone();
        Callback::from(move |(product, copies): (ProductId, i64)| {
            let mut now = (*wanted).clone();
            now.insert(product, copies.clamp(0, COPIES_MAX));
            now.retain(|_, copies| *copies > 0);
            wanted.set(now);
        })
    };
    let slot = {
        let wanted = wanted.clone();
        Callback::from(move |slot: Slot| {
            let Answer::View(View::Products(rows)) = &*slot.answer else { return Html::default() };
            rows.get(slot.at).map_or_else(Html::default, |row| {
                let copies = wanted.get(&row.product).copied().unwrap_or(0);
                html! { <Row key={row.product.to_string()} row={row.clone()} {copies} on_change={on_change.clone()} /> }
            })
        })
    };
    let make = {
        let (doing, wanted, sheet, code) = (doing.clone(), wanted.clone(), sheet.clone(), code.clone());
        Callback::from(move |_: MouseEvent| {
            let (desk, speech, asked) = (doing.desk.clone(), doing.speech.clone(), doing.desk.clone());
            let copies = |copies: i64| u16::try_from(copies).unwrap_or(u16::MAX);
            let labels =
                wanted.iter().map(|(product, of)| LabelWanted { product: *product, copies: copies(*of) });
            let call = PaperCall::Labels {
                stall,
                labels: labels.collect(),
                sheet: SHEETS.iter().find(|(_, word, _)| **word == *sheet).map_or(SHEETS[0].0, |it| it.0),
                code: CODES.iter().find(|(_, word, _)| **word == *code).map_or(CODES[0].0, |it| it.0),
                words: paper::words(&speech),
            };
            doing.run(async move { paper::ask(&asked, call).await }, move |reply| {
                paper::tell(&desk, &speech, &reply);
            });
        })
    };
    let sheets = SHEETS.map(|(_, word, key)| (word.into(), speech.say(key)));
    let codes = CODES.map(|(_, word, key)| (word.into(), speech.say(key)));
    let empty = html! { <Empty icon={Icon::Tag} title={speech.say("search.none")} text={speech.say("search.none-text")} /> };
    html! {
        <section class="page">
            <header class="page-head">
                <Go to={Route::Products} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("labels.title") }</h1>
                <button type="button" class="button button-main" onclick={make} disabled={all == 0 || doing.is_busy()}>
                    { icon(Icon::Print) }{ speech.count("labels.make", all) }
                </button>
            </header>
            <div class="pair">
                <Choice label={speech.say("labels.sheet")} value={(*sheet).clone()} options={sheets.to_vec()} on_choose={sets(&sheet)} />
                <Choice label={speech.say("labels.code")} value={(*code).clone()} options={codes.to_vec()} on_choose={sets(&code)} />
            </div>
            <SearchBox label={speech.say("search.products")} value={(*text).clone()} on_input={sets(&text)} />
            <Windowed label={speech.say("nav.products")} {call} {slot} {empty} />
        </section>
    }
}

/// What can be chosen: everything on offer, or what was searched for.
fn listed(stall: LogId, text: &str) -> Call {
    if text.is_empty() {
        let filter = ProductFilter::default();
        return Call::Ask(Query::Products { stall, filter, window: Window::first(1) });
    }
    Call::Ask(Query::Search { stall, text: text.into(), rows: HITS_MAX })
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: ProductRow,
    copies: i64,
    on_change: Callback<(ProductId, i64)>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let speech = use_speech();
    let row = &props.row;
    let on_change = {
        let product = row.product;
        props.on_change.reform(move |copies: i64| (product, copies))
    };
    html! {
        <div class="list-row">
            <span class="list-main">
                <span class="list-name">{ row.name.clone() }</span>
                <span class="list-more number">{ speech.price(row.price_minor, &row.currency, row.unit, row.price_per) }</span>
            </span>
            <Stepper label={row.name.clone()} value={props.copies} shown={speech.number(props.copies)} {on_change} />
        </div>
    }
}
