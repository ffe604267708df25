//! What a product is to others: its variants, each with a price, a stock and codes of its own; and the parts that one of
//! it takes when it is a bundle.

use soko_app_api::{PartInput, ProductEdit, ProductRow, ProductView, Query, Verb, View};
use soko_domain::ids::{LogId, ProductId};
use yew::prelude::*;

use super::variants::Variants;
use crate::acting::{sets, use_acting};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Icon, SearchBox, icon};
use crate::route::Route;

/// Products that are offered as parts.
const HITS_MAX: u32 = 6;

#[derive(Properties, PartialEq)]
pub(super) struct FamilyProps {
    pub stall: LogId,
    pub view: ProductView,
}

#[component]
pub(super) fn Family(props: &FamilyProps) -> Html {
    let view = &props.view;
    html! {
        <>
            if view.variant_of.is_none() && view.parts.is_empty() {
                <Variants stall={props.stall} view={view.clone()} />
            }
            if let Some(parent) = view.variant_of { <Parent {parent} view={view.clone()} /> }
            <Parts stall={props.stall} view={view.clone()} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ParentProps {
    parent: ProductId,
    view: ProductView,
}

#[component]
fn Parent(props: &ParentProps) -> Html {
    let speech = crate::speech::use_speech();
    let options: Vec<String> =
        props.view.options.iter().map(|option| format!("{}: {}", option.name, option.value)).collect();
    html! {
        <Go to={Route::Product(props.parent)} class="card list-row">
            <span class="list-main">
                <span class="list-name">{ options.join(" · ") }</span>
                <span class="list-more">{ speech.say("variant.of") }</span>
            </span>
            { icon(Icon::Forward) }
        </Go>
    }
}

/// What one of it takes of other products.
#[component]
fn Parts(props: &FamilyProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let view = &props.view;
    let (text, hits) = (use_state(String::new), HITS_MAX);
    let wanted = text.trim().to_owned();
    let query = Query::Search { stall: props.stall, text: wanted.clone(), rows: hits };
    let live = use_query((!wanted.is_empty()).then_some(query));
    let change = {
        let (acting, stall, product, text) = (acting.clone(), props.stall, view.product, text.clone());
        Callback::from(move |edit: ProductEdit| {
            let text = text.clone();
            acting.act(stall, Verb::EditProduct { product, edits: vec![edit] }, move |_| {
                text.set(String::new())
            });
        })
    };
    let found: Vec<ProductRow> = match live.view() {
        Some(View::Products(rows)) if !wanted.is_empty() => rows
            .iter()
            .filter(|row| {
                row.product != view.product
                    && !row.is_bundle
                    && !view.parts.iter().any(|part| part.product == row.product)
            })
            .cloned()
            .collect(),
        _ => Vec::new(),
    };
    let put = |product: ProductId, quantity: i64| {
        change.reform(move |_: MouseEvent| ProductEdit::PutPart(PartInput { product, quantity }))
    };
    html! {
        <details class="card more" open={!view.parts.is_empty()}>
            <summary>{ speech.say("bundle.title") }</summary>
            <div class="stack">
                <p class="field-hint">{ speech.say("bundle.text") }</p>
                { for view.parts.iter().map(|part| {
                    let product = part.product;
                    let remove = change.reform(move |_: MouseEvent| ProductEdit::RemovePart(product));
                    let on_change = change.reform(move |quantity: i64| ProductEdit::PutPart(PartInput { product, quantity: quantity.max(1) }));
                    html! {
                        <div class="list-row" key={product.to_string()}>
                            <span class="list-main"><span class="list-name">{ part.name.clone() }</span></span>
                            <crate::parts::Stepper label={part.name.clone()} value={part.quantity} shown={speech.quantity(part.quantity, part.unit)} {on_change} />
                            <button type="button" class="button-icon" onclick={remove} aria-label={speech.fill("bundle.remove", &[("name", &part.name)])}>{ icon(Icon::Cross) }</button>
                        </div>
                    }
                }) }
                <SearchBox label={speech.say("search.products")} value={(*text).clone()} on_input={sets(&text)} />
                { for found.iter().map(|row| html! {
                    <button type="button" class="list-row" onclick={put(row.product, 1)} disabled={acting.is_busy()}>
                        <span class="list-main"><span class="list-name">{ row.name.clone() }</span></span>
                        { icon(Icon::Plus) }
                    </button>
                }) }
            </div>
        </details>
    }
}
