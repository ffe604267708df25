//! What a product is to others: its variants, each with a price, a stock and codes of its own; and the parts that one of
//! it takes when it is a bundle.

use soko_app_api::{
    OptionValue, PartInput, ProductContent, ProductEdit, ProductRow, ProductView, Query, Verb, View,
};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::tax::TaxMode;
use yew::prelude::*;

use crate::acting::{sets, use_acting};
use crate::browser;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Field, Icon, SearchBox, icon};
use crate::route::Route;
use crate::typed;

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

#[component]
fn Variants(props: &FamilyProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let product = props.view.product;
    let live = use_query(Some(Query::Variants { stall: props.stall, product }));
    let (option, value, price) =
        (use_state(String::new), use_state(String::new), use_state(|| None::<String>));
    let rows: Vec<ProductRow> = match live.view() {
        Some(View::Products(rows)) => rows.clone(),
        _ => Vec::new(),
    };
    let currency = props.view.currency.clone();
    let shown_price = (*price).clone().unwrap_or_else(|| typed::plain(props.view.price_minor, &currency));
    let amount = typed::amount(&shown_price, &currency);
    let is_ready =
        !option.trim().is_empty() && !value.trim().is_empty() && amount.is_some() && !acting.is_busy();
    let onsubmit = {
        let (acting, option, value, view, stall) =
            (acting.clone(), option.clone(), value.clone(), props.view.clone(), props.stall);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(price_minor) = amount else { return };
            let content = variant(&view, (option.trim(), value.trim()), price_minor);
            let (name, told, value) = (content.name.clone(), acting.clone(), value.clone());
            let product = ProductId(browser::chance());
            acting.act(stall, Verb::CreateProduct { product, content }, move |_| {
                value.set(String::new());
                told.desk.toasts.done(told.speech.fill("product.added", &[("name", &name)]));
            });
        })
    };
    html! {
        <details class="card more" open={!rows.is_empty()}>
            <summary>{ speech.say("variant.title") }</summary>
            <div class="stack">
                <p class="field-hint">{ speech.say("variant.text") }</p>
                { for rows.iter().map(|row| html! {
                    <Go to={Route::Product(row.product)} class="list-row">
                        <span class="list-main">
                            <span class="list-name">{ row.options.clone() }</span>
                            <span class="list-more">{ speech.fill("sell.left", &[("n", &speech.quantity(row.own_share, row.unit))]) }</span>
                        </span>
                        <span class="list-end number">{ speech.money(row.price_minor, &row.currency) }</span>
                    </Go>
                }) }
                <form class="stack" {onsubmit}>
                    <div class="pair">
                        <Field label={speech.say("variant.option")} value={(*option).clone()} on_input={sets(&option)} hint={speech.say("variant.option-hint")} />
                        <Field label={speech.say("variant.value")} value={(*value).clone()} on_input={sets(&value)} hint={speech.say("variant.value-hint")} />
                        <Field label={speech.say("product.price")} value={shown_price} on_input={price_setter(&price)} inputmode="decimal" sign={currency} />
                    </div>
                    <div class="row"><button type="submit" class="button" disabled={!is_ready}>{ icon(Icon::Plus) }{ speech.say("variant.add") }</button></div>
                </form>
            </div>
        </details>
    }
}

fn price_setter(price: &UseStateHandle<Option<String>>) -> Callback<String> {
    let setter = price.setter();
    Callback::from(move |text| setter.set(Some(text)))
}

/// Like its product but for its name, price, stock and codes.
fn variant(view: &ProductView, (option, value): (&str, &str), price_minor: i64) -> ProductContent {
    ProductContent {
        name: format!("{} {value}", view.name),
        description: view.description.clone(),
        sku: String::new(),
        barcodes: Vec::new(),
        unit: view.unit,
        price_minor,
        price_per: view.price_per,
        cost_minor: view.cost_minor,
        tax_ppm: view.tax_ppm,
        tax_inclusive: view.tax_mode == TaxMode::Inclusive,
        categories: view.categories.clone(),
        favourite: false,
        low_level: view.low_level,
        piece_g: view.piece_g,
        variant_of: Some(view.product),
        options: vec![OptionValue { name: option.into(), value: value.into() }],
        parts: Vec::new(),
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
