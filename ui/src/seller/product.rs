//! One product: added with a name, a price and a picture, and edited with all it has. A question that two edits
//! raised is shown and answered by saving.

use soko_app_api::{OwnStall, ProductEdit, ProductView, Query, Verb, View};
use soko_domain::ids::ProductId;
use yew::prelude::*;

use super::deal::DealCard;
use super::draft::{Draft, Wrong};
use super::family::Family;
use super::product_fields::{Basics, CategoryChips, Details, Pictures};
use super::questions::{Questions, problem};
use super::with_stall;
use crate::acting::{sets, use_acting};
use crate::browser;
use crate::desk::use_desk;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Busy, Empty, Icon, Problem, icon};
use crate::route::Route;
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub(super) struct NewProps {
    /// The barcode that was scanned and is unknown; empty otherwise.
    pub code: String,
}

#[component]
pub(super) fn New(props: &NewProps) -> Html {
    let code = props.code.clone();
    with_stall(move |stall| html! { <Adding {stall} code={code.clone()} /> })
}

#[derive(Properties, PartialEq)]
struct AddingProps {
    stall: OwnStall,
    code: String,
}

#[component]
fn Adding(props: &AddingProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let product = use_state(|| ProductId(browser::chance()));
    let draft = use_state(|| Draft::new(&props.code));
    let (is_tried, is_picturing) = (use_state(|| false), use_state(|| false));
    let currency = props.stall.currency.clone();
    let wrong = if *is_tried { draft.wrong(&currency) } else { Wrong::default() };
    let onsubmit = {
        let (acting, draft, product, is_tried) =
            (acting.clone(), draft.clone(), product.clone(), is_tried.clone());
        let (stall, currency) = (props.stall.stall, currency.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            is_tried.set(true);
            let Some(content) = draft.content(&currency) else { return };
            let (adding, draft, product, is_tried) =
                (acting.clone(), draft.clone(), product.clone(), is_tried.clone());
            let name = content.name.clone();
            let id = *product;
            acting.act(stall, Verb::CreateProduct { product: id, content }, move |_| {
                let edits = draft.picture_edits(&[]);
                // The next one begins at once: three products are three names and three prices.
                draft.set(Draft { categories: draft.categories.clone(), ..Draft::new("") });
                product.set(ProductId(browser::chance()));
                is_tried.set(false);
                adding.desk.toasts.done(adding.speech.fill("product.added", &[("name", &name)]));
                wasm_bindgen_futures::spawn_local(picture(adding, stall, id, edits));
            });
        })
    };
    let set = sets(&draft);
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Products} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("products.add") }</h1>
            </header>
            <form class="card stack" {onsubmit}>
                <div class="product-quick">
                    <Pictures draft={(*draft).clone()} set={set.clone()} is_busy={is_picturing.clone()} />
                    <Basics key={product.to_string()} draft={(*draft).clone()} set={set.clone()} {wrong} currency={currency.clone()} is_new=true />
                </div>
                <CategoryChips stall={props.stall.stall} draft={(*draft).clone()} set={set.clone()} />
                <details class="more">
                    <summary>{ speech.say("product.more") }</summary>
                    <Details draft={(*draft).clone()} {set} {wrong} currency={currency.clone()} is_new=true />
                </details>
                <footer class="row row-apart">
                    <Go to={Route::Sell} class="button button-quiet">{ speech.say("product.to-sell") }</Go>
                    <button type="submit" class="button button-main" disabled={acting.is_busy() || *is_picturing}>{ speech.say("product.save") }</button>
                </footer>
            </form>
        </section>
    }
}

/// The pictures of a product that was just made. It is there without them, too.
async fn picture(
    adding: crate::acting::Acting,
    stall: soko_domain::ids::LogId,
    product: ProductId,
    edits: Vec<ProductEdit>,
) {
    if edits.is_empty() {
        return;
    }
    if let Err(trouble) = adding.desk.act(stall, Verb::EditProduct { product, edits }).await {
        adding.desk.toasts.error(trouble.sentence(&adding.speech));
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct EditProps {
    pub product: ProductId,
}

#[component]
pub(super) fn Edit(props: &EditProps) -> Html {
    let product = props.product;
    with_stall(move |stall| html! { <Loaded {stall} {product} /> })
}

#[derive(Properties, PartialEq)]
struct LoadedProps {
    stall: OwnStall,
    product: ProductId,
}

#[component]
fn Loaded(props: &LoadedProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Product { stall: props.stall.stall, product: props.product }));
    match live.view() {
        Some(View::Product(view)) => html! { <Editing stall={props.stall.clone()} view={view.clone()} /> },
        Some(_) => html! {
            <Empty icon={Icon::Tag} title={speech.say("product.missing")} text={speech.say("product.missing-text")}>
                <Go to={Route::Products} class="button">{ speech.say("nav.products") }</Go>
            </Empty>
        },
        None => html! { <Busy {live} /> },
    }
}

#[derive(Properties, PartialEq)]
struct EditingProps {
    stall: OwnStall,
    view: ProductView,
}

#[component]
fn Editing(props: &EditingProps) -> Html {
    let acting = use_acting();
    let (desk, speech) = (use_desk(), acting.speech.clone());
    let stored = Draft::of(&props.view);
    // What the person began with: a change from elsewhere shows where nothing was typed.
    let (begun, typed) = (use_state(|| stored.clone()), use_state(|| None::<Draft>));
    let is_picturing = use_state(|| false);
    let draft = (*typed).clone().unwrap_or_else(|| stored.clone());
    let is_moved = typed.is_some() && *begun != stored;
    let wrong = draft.wrong(&props.view.currency);
    let edits = draft.edits(&begun, &props.view.currency).filter(|_| typed.is_some());
    let product = props.view.product;
    let onsubmit = {
        let (acting, typed, stall, edits) = (acting.clone(), typed.clone(), props.stall.stall, edits.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(edits) = edits.clone() else { return };
            let (saving, typed) = (acting.clone(), typed.clone());
            acting.act(stall, Verb::EditProduct { product, edits }, move |_| {
                typed.set(None);
                saving.desk.toasts.done(saving.speech.say("product.saved"));
            });
        })
    };
    let set = {
        let (typed, begun) = (typed.clone(), begun.clone());
        Callback::from(move |now: Draft| {
            if typed.is_none() {
                begun.set(stored.clone());
            }
            typed.set(Some(now));
        })
    };
    let archive = {
        let (desk, speech, stall) = (desk.clone(), speech.clone(), props.stall.stall);
        let (archived, name) = (props.view.archived, props.view.name.clone());
        Callback::from(move |_: MouseEvent| archive(&desk, &speech, stall, product, !archived, &name))
    };
    let is_ready = edits.as_ref().is_some_and(|edits| !edits.is_empty());
    let is_ready = is_ready && !acting.is_busy() && !*is_picturing;
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Products} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ props.view.name.clone() }</h1>
                <Go to={Route::Price(product)} class="button">{ icon(Icon::Percent) }{ speech.say("product.price") }</Go>
                <Go to={Route::StockOf(product)} class="button">{ icon(Icon::Boxes) }{ speech.say("nav.stock") }</Go>
            </header>
            <Questions stall={props.stall.stall} questions={props.view.questions.clone()} currency={props.view.currency.clone()} />
            { for props.view.problems.iter().map(|said| html! { <Problem text={problem(&speech, said)} /> }) }
            if is_moved { <Problem text={speech.say("product.moved")} /> }
            <form class="card stack" {onsubmit}>
                <div class="product-quick">
                    <Pictures draft={draft.clone()} set={set.clone()} is_busy={is_picturing.clone()} />
                    <Basics draft={draft.clone()} set={set.clone()} {wrong} currency={props.view.currency.clone()} />
                </div>
                <CategoryChips stall={props.stall.stall} draft={draft.clone()} set={set.clone()} />
                <Details {draft} {set} {wrong} currency={props.view.currency.clone()} is_new=false />
                <footer class="row row-apart">
                    <button type="button" class="button button-quiet" onclick={archive}>
                        { icon(Icon::Archive) }{ speech.say(if props.view.archived { "product.restore" } else { "product.archive" }) }
                    </button>
                    <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("product.save") }</button>
                </footer>
            </form>
            <DealCard stall={props.stall.clone()} view={props.view.clone()} />
            <Family stall={props.stall.stall} view={props.view.clone()} />
        </section>
    }
}

/// Takes it off the offer or puts it back; either way is one tap back.
fn archive(
    desk: &crate::desk::Desk,
    speech: &crate::speech::Speech,
    stall: soko_domain::ids::LogId,
    product: ProductId,
    archived: bool,
    name: &str,
) {
    let (desk, speech, name) = (desk.clone(), speech.clone(), name.to_owned());
    wasm_bindgen_futures::spawn_local(async move {
        let verb = Verb::EditProduct { product, edits: vec![ProductEdit::Archived(archived)] };
        if let Err(trouble) = desk.act(stall, verb).await {
            desk.toasts.error(trouble.sentence(&speech));
            return;
        }
        let key = if archived { "product.archived" } else { "product.restored" };
        let (back, words, again) = (desk.clone(), speech.clone(), name.clone());
        let undo = Callback::from(move |()| archive(&back, &words, stall, product, !archived, &again));
        desk.toasts.offer(speech.fill(key, &[("name", &name)]), speech.say("action.undo"), undo);
    });
}
