//! The fields of a product's form, and its pictures.

use std::cell::RefCell;
use std::rc::Rc;

use soko_app_api::text::Worded as _;
use soko_app_api::{CategoryEdit, DeviceReply, DeviceVerb, Query, TaxClass, Verb, View};
use soko_domain::ids::{LogId, ThingId};
use soko_domain::quantity::Unit;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::camera::use_camera;
use super::draft::{Draft, Wrong};
use super::take_picture::TakePicture;
use crate::acting::use_acting;
use crate::app::use_stall;
use crate::browser;
use crate::desk::{Desk, use_desk};
use crate::live::use_query;
use crate::parts::{Choice, Field, Icon, Photo, TextArea, icon};
use crate::settings::tax_named as named;
use crate::speech::{Speech, use_speech};

/// More tell a buyer nothing more.
const PICTURES_MAX: usize = 6;

#[derive(Properties, PartialEq)]
pub(super) struct FieldsProps {
    pub draft: Draft,
    pub set: Callback<Draft>,
    #[prop_or_default]
    pub wrong: Wrong,
    pub currency: AttrValue,
    /// The unit is chosen once.
    #[prop_or_default]
    pub is_new: bool,
}

/// Changes one field of the draft.
fn with(props: &FieldsProps, change: fn(&mut Draft, String)) -> Callback<String> {
    let draft = props.draft.clone();
    props.set.reform(move |text: String| {
        let mut now = draft.clone();
        change(&mut now, text);
        now
    })
}

#[component]
pub(super) fn Basics(props: &FieldsProps) -> Html {
    let speech = use_speech();
    let draft = &props.draft;
    html! {
        <div class="stack">
            <Field label={speech.say("product.name")} value={draft.name.clone()} on_input={with(props, |draft, text| draft.name = text)}
                required=true autofocus={props.is_new} problem={props.wrong.name.then(|| speech.say("product.name-missing"))} />
            <Field label={speech.say("product.price")} value={draft.price.clone()} on_input={with(props, |draft, text| draft.price = text)}
                required=true inputmode="decimal" sign={props.currency.clone()} class="field-money"
                problem={props.wrong.price.then(|| speech.say("form.amount"))} />
        </div>
    }
}

#[component]
pub(super) fn Details(props: &FieldsProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let draft = &props.draft;
    {
        // A scanner fills in the code while the form is open.
        let (draft, set) = (draft.clone(), props.set.clone());
        use_effect_with(draft.clone(), move |_| {
            let listening = desk.scans.listen(move |code| {
                let mut now = draft.clone();
                if !now.barcodes.lines().any(|known| known.trim() == code) {
                    now.barcodes = format!("{}\n{code}", now.barcodes.trim()).trim().to_owned();
                    set.emit(now);
                }
            });
            move || drop(listening)
        });
    }
    let (camera, looking) = use_camera();
    let stall = use_stall();
    let live = use_query(stall.map(|stall| Query::Stall(stall.stall)));
    let shared = if let Some(View::Stall(stall)) = live.view() { stall.taxes.clone() } else { Vec::new() };
    let units = [Unit::Piece, Unit::Gram, Unit::Millilitre]
        .map(|unit| (unit.word().into(), speech.say_or(&format!("unit.{}", unit.word()), unit.word())));
    let on_unit = with(props, |draft, word| {
        draft.unit = Unit::from_word(&word).unwrap_or(Unit::Piece);
        draft.price_per = if draft.unit == Unit::Piece { "1" } else { "1000" }.into();
    });
    let problem = |is_wrong: bool, key: &'static str| is_wrong.then(|| speech.say(key));
    html! {
        <div class="stack">
            <div class="pair">
                if props.is_new {
                    <Choice label={speech.say("product.unit")} value={draft.unit.word()} options={units.to_vec()} on_choose={on_unit} />
                }
                if draft.unit != Unit::Piece {
                    <Field label={speech.say("product.price-per")} value={draft.price_per.clone()} inputmode="numeric"
                        sign={draft.unit.symbol()} on_input={with(props, |draft, text| draft.price_per = text)}
                        problem={problem(props.wrong.price_per, "form.whole")} />
                }
            </div>
            <div class="with-camera">
                <TextArea label={speech.say("product.barcodes")} value={draft.barcodes.clone()}
                    on_input={with(props, |draft, text| draft.barcodes = text)} hint={speech.say("product.barcodes-hint")} />
                { camera }
            </div>
            { looking }
            <div class="pair">
                <Field label={speech.say("product.sku")} value={draft.sku.clone()} on_input={with(props, |draft, text| draft.sku = text)} />
                <Field label={speech.say("product.cost")} value={draft.cost.clone()} inputmode="decimal" sign={props.currency.clone()}
                    on_input={with(props, |draft, text| draft.cost = text)} problem={problem(props.wrong.cost, "form.amount")} />
            </div>
            { taxes(&speech, props, shared) }
            { check(props, draft.favourite, speech.say("product.favourite"), |draft| draft.favourite = !draft.favourite) }
            <Field label={speech.say("product.low-level")} value={draft.low_level.clone()} inputmode="numeric"
                sign={(draft.unit != Unit::Piece).then(|| AttrValue::Static(draft.unit.symbol()))} hint={speech.say("product.low-level-hint")}
                on_input={with(props, |draft, text| draft.low_level = text)} problem={problem(props.wrong.low_level, "form.whole")} />
            if draft.unit == Unit::Piece {
                <Field label={speech.say("product.weight")} value={draft.grams.clone()} inputmode="numeric" sign="g"
                    hint={speech.say("product.weight-hint")} on_input={with(props, |draft, text| draft.grams = text)}
                    problem={problem(props.wrong.grams, "form.whole")} />
            }
            <TextArea label={speech.say("product.description")} value={draft.description.clone()}
                on_input={with(props, |draft, text| draft.description = text)} />
        </div>
    }
}

/// A tax that products share, or one of its own.
fn taxes(speech: &Speech, props: &FieldsProps, shared: Vec<TaxClass>) -> Html {
    let draft = &props.draft;
    // One that another register took away meanwhile is none.
    let is_shared = draft.tax_class.is_some_and(|class| shared.iter().any(|tax| tax.class == class));
    html! {
        <>
            <div class="pair">
                if !shared.is_empty() {
                    { class_of_tax(speech, props, shared) }
                }
                if !is_shared {
                    <Field label={speech.say("product.tax")} value={draft.tax.clone()} inputmode="decimal" sign="%"
                        on_input={with(props, |draft, text| draft.tax = text)}
                        problem={props.wrong.tax.then(|| speech.say("form.percent"))} />
                }
            </div>
            if !is_shared {
                { check(props, draft.tax_inclusive, speech.say("product.tax-inclusive"), |draft| draft.tax_inclusive = !draft.tax_inclusive) }
            }
        </>
    }
}

fn class_of_tax(speech: &Speech, props: &FieldsProps, taxes: Vec<TaxClass>) -> Html {
    let own = (AttrValue::default(), speech.say("product.tax-own"));
    let shared = taxes.iter().map(|tax| (tax.class.to_string().into(), named(speech, tax).into()));
    let options: Vec<_> = std::iter::once(own).chain(shared).collect();
    let chosen = props.draft.tax_class.map(|class| class.to_string()).unwrap_or_default();
    let (draft, set) = (props.draft.clone(), props.set.clone());
    let on_choose = Callback::from(move |word: String| {
        let tax = taxes.iter().find(|tax| tax.class.to_string() == word);
        set.emit(draft.clone().with_tax(tax));
    });
    html! { <Choice label={speech.say("product.tax-class")} value={chosen} {options} {on_choose} /> }
}

fn check(props: &FieldsProps, checked: bool, said: AttrValue, change: fn(&mut Draft)) -> Html {
    let draft = props.draft.clone();
    let onchange = props.set.reform(move |_: Event| {
        let mut now = draft.clone();
        change(&mut now);
        now
    });
    html! {
        <label class="check">
            <input type="checkbox" {checked} {onchange} />
            <span>{ said }</span>
        </label>
    }
}

/// The form as it stands when something that was waited for is there: the person typed on meanwhile.
type Newest = Rc<RefCell<(Draft, Callback<Draft>)>>;

#[hook]
fn use_newest(draft: &Draft, set: &Callback<Draft>) -> Newest {
    let newest = use_mut_ref(|| (draft.clone(), set.clone()));
    *newest.borrow_mut() = (draft.clone(), set.clone());
    newest
}

fn change_newest(newest: &Newest, change: impl FnOnce(&mut Draft)) {
    let (mut now, set) = newest.borrow().clone();
    change(&mut now);
    set.emit(now);
}

#[derive(Properties, PartialEq)]
pub(super) struct PicturesProps {
    pub draft: Draft,
    pub set: Callback<Draft>,
    /// A picture is being made: what is saved now would be without it.
    pub is_busy: UseStateHandle<bool>,
}

/// Pictures from a file or the camera, made small before they are kept.
#[component]
pub(super) fn Pictures(props: &PicturesProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let (draft, is_busy) = (&props.draft, &props.is_busy);
    let newest = use_newest(draft, &props.set);
    let keep = {
        let (desk, speech, is_busy) = (desk.clone(), speech.clone(), is_busy.setter());
        Callback::from(move |picture: Option<Vec<u8>>| {
            let (desk, speech, newest, is_busy) =
                (desk.clone(), speech.clone(), Rc::clone(&newest), is_busy.clone());
            wasm_bindgen_futures::spawn_local(async move {
                keep_picture(&desk, &speech, (picture, &newest)).await;
                is_busy.set(false);
            });
        })
    };
    let onchange = {
        let (keep, is_busy) = (keep.clone(), is_busy.setter());
        Callback::from(move |change: Event| {
            let input: HtmlInputElement = change.target_unchecked_into();
            let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
            input.set_value("");
            let keep = keep.clone();
            is_busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                keep.emit(browser::picture::shrunk(file).await);
            });
        })
    };
    let remove = |place: usize| {
        let draft = draft.clone();
        props.set.reform(move |_: MouseEvent| {
            let mut now = draft.clone();
            now.pictures.remove(place);
            now
        })
    };
    html! {
        <div class="pictures">
            { for draft.pictures.iter().enumerate().map(|(place, hash)| html! {
                <div class="picture" key={hash.to_string()}>
                    <Photo address={Some(desk.picture(hash))} name={draft.name.clone()} class="photo-large" />
                    <button type="button" class="button-icon picture-remove" onclick={remove(place)}
                        aria-label={speech.say("picture.remove")}>{ icon(Icon::Cross) }</button>
                </div>
            }) }
            if draft.pictures.len() < PICTURES_MAX {
                <label class="picture-add">
                    { icon(Icon::Camera) }
                    <span>{ speech.say(if **is_busy { "picture.busy" } else { "picture.add" }) }</span>
                    <input type="file" accept="image/*" {onchange} disabled={**is_busy} class="silent" />
                </label>
                <TakePicture on_taken={keep} is_busy={is_busy.clone()} />
            }
        </div>
    }
}

async fn keep_picture(desk: &Desk, speech: &Speech, (picture, newest): (Option<Vec<u8>>, &Newest)) {
    let Some(bytes) = picture else {
        desk.toasts.error(speech.say("picture.unreadable"));
        return;
    };
    match desk.with_device(DeviceVerb::PutPicture { bytes }).await {
        Ok(DeviceReply::Picture(hash)) => change_newest(newest, |now| {
            now.pictures.retain(|known| *known != hash);
            now.pictures.push(hash);
        }),
        Ok(_) => desk.toasts.error(speech.say("link.unreadable")),
        Err(trouble) => desk.toasts.error(trouble.sentence(speech)),
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct CategoryChipsProps {
    pub stall: LogId,
    pub draft: Draft,
    pub set: Callback<Draft>,
}

/// The categories of the stall, those of the product pressed, and room for a new one.
#[component]
pub(super) fn CategoryChips(props: &CategoryChipsProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let live = use_query(Some(Query::Categories(props.stall)));
    let name = use_state(|| None::<String>);
    let newest = use_newest(&props.draft, &props.set);
    let rows = match live.view() {
        Some(View::Categories(rows)) => rows.clone(),
        _ => Vec::new(),
    };
    let chip = |category: ThingId, shown: String| {
        let draft = props.draft.clone();
        let pressed = if draft.categories.contains(&category) { "true" } else { "false" };
        let onclick = props.set.reform(move |_: MouseEvent| {
            let mut now = draft.clone();
            now.toggle(category);
            now
        });
        html! { <button type="button" class="chip" aria-pressed={pressed} {onclick}>{ shown }</button> }
    };
    let create = {
        let (acting, name, stall) = (acting.clone(), name.clone(), props.stall);
        let position = i64::try_from(rows.len()).unwrap_or(0);
        Callback::from(move |_: MouseEvent| {
            let Some(typed) = (*name).clone().filter(|typed| !typed.trim().is_empty()) else {
                name.set(None);
                return;
            };
            let category = ThingId(browser::chance());
            let edits = vec![CategoryEdit::Name(typed.trim().into()), CategoryEdit::Position(position)];
            let (name, newest) = (name.clone(), Rc::clone(&newest));
            acting.act(stall, Verb::EditCategory { category, edits }, move |_| {
                name.set(None);
                change_newest(&newest, |now| now.toggle(category));
            });
        })
    };
    let begin = {
        let name = name.clone();
        Callback::from(move |_: MouseEvent| name.set(Some(String::new())))
    };
    let on_input = {
        let name = name.clone();
        Callback::from(move |text| name.set(Some(text)))
    };
    html! {
        <div class="stack-tight">
            <span class="label">{ speech.say("categories.title") }</span>
            <div class="row">
                { for rows.into_iter().map(|row| chip(row.category, row.name)) }
                if name.is_none() {
                    <button type="button" class="chip chip-add" onclick={begin}>{ icon(Icon::Plus) }{ speech.say("categories.add") }</button>
                }
            </div>
            if let Some(typed) = (*name).clone() {
                <div class="row row-end">
                    <Field label={speech.say("categories.name")} value={typed} {on_input} autofocus=true class="grow" />
                    <button type="button" class="button" onclick={create} disabled={acting.is_busy()}>{ speech.say("categories.add") }</button>
                </div>
            }
        </div>
    }
}
