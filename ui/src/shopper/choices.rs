//! Which variant is it? One group of buttons for each option; what is chosen is the address.

use soko_app_api::{Choices, OfferRow};
use soko_domain::ids::ProductId;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::desk::{Desk, use_desk};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

/// What is known before a variant is chosen.
#[derive(Clone, PartialEq, Default)]
pub(super) struct Before {
    /// The value of each option, empty where nothing is picked yet.
    picked: Vec<String>,
    /// The product itself is meant, without a choice.
    pub(super) is_itself: bool,
    /// How often somebody wanted it without having chosen.
    asked: u32,
}

impl Before {
    pub(super) fn wanted(&self) -> Self {
        Self { asked: self.asked.saturating_add(1), ..self.clone() }
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct ChoosingProps {
    pub choices: Choices,
    /// What the address names.
    pub product: ProductId,
    pub before: UseStateHandle<Before>,
}

#[component]
pub(super) fn Choosing(props: &ChoosingProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let (choices, before) = (&props.choices, &props.before);
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with(before.asked, move |asked| {
            let groups = node.cast::<Element>().filter(|_| *asked > 0);
            let open = groups.and_then(|groups| groups.query_selector(".option-open input").ok().flatten());
            if let Some(input) = open.and_then(|input| input.dyn_into::<HtmlElement>().ok()) {
                // An element that cannot be focused is no loss.
                let _ = input.focus();
            }
        });
    }
    let chosen = choices.variants.iter().find(|row| row.product == props.product);
    let mut picked = before.picked.clone();
    if let Some(row) = chosen {
        picked = choices.values(row).into_iter().map(Into::into).collect();
    }
    picked.resize(choices.axes.len(), String::new());
    let pick = picking(&desk, choices, before, picked.clone());
    html! {
        <div ref={node} class="stack">
            if before.asked > 0 && chosen.is_none() {
                <p class="remark remark-bad" role="alert">{ speech.say("shop.choose") }</p>
            }
            { for choices.axes.iter().enumerate().map(|(at, axis)| {
                let is_open = picked.get(at).is_some_and(String::is_empty);
                let name =
                    if axis.name.is_empty() { speech.say("shop.which") } else { axis.name.clone().into() };
                html! {
                    <fieldset class={if is_open { "option option-open" } else { "option" }}>
                        <legend>{ name }</legend>
                        { for axis.values.iter().map(|value| one(&speech, choices, &picked, (at, value), &pick)) }
                    </fieldset>
                }
            }) }
            { for without(&desk, &speech, props, before.is_itself && chosen.is_none()) }
        </div>
    }
}

/// Takes a value of an option, and goes to the variant that has all that is picked by then.
fn picking(
    desk: &Desk,
    choices: &Choices,
    before: &UseStateHandle<Before>,
    picked: Vec<String>,
) -> Callback<(usize, String)> {
    let (desk, choices, before) = (desk.clone(), choices.clone(), before.setter());
    Callback::from(move |(at, value): (usize, String)| {
        let mut now = picked.clone();
        if let Some(here) = now.get_mut(at) {
            here.clone_from(&value);
        }
        let has = |now: &[String]| choices.variants.iter().find(|row| fits(&choices, row, now)).cloned();
        if has(&now).is_none() {
            // Nothing is both: what was picked last counts.
            let only = |other: usize| if other == at { value.clone() } else { String::new() };
            now = (0..now.len()).map(only).collect();
        }
        let is_open = now.iter().any(String::is_empty);
        let to = choices.itself.clone().filter(|_| is_open).or_else(|| has(&now));
        // Once a variant is chosen, its address says what is picked.
        let picked = if is_open { now } else { Vec::new() };
        before.set(Before { picked, ..Before::default() });
        if let Some(row) = to {
            desk.go_instead(Route::Offer(row.stall, row.product));
        }
    })
}

/// Whether a variant has all that is picked.
fn fits(choices: &Choices, row: &OfferRow, picked: &[String]) -> bool {
    let mut values = choices.values(row).into_iter().zip(picked);
    values.all(|(has, picked)| picked.is_empty() || has == picked)
}

/// One value of an option; what cannot be had with what else is picked says so.
fn one(
    speech: &Speech,
    choices: &Choices,
    picked: &[String],
    (at, value): (usize, &String),
    pick: &Callback<(usize, String)>,
) -> Html {
    let mut wanted = picked.to_vec();
    if let Some(here) = wanted.get_mut(at) {
        here.clone_from(value);
    }
    let there = choices.variants.iter().filter(|row| fits(choices, row, &wanted));
    let out = match there.map(|row| row.available).max() {
        None => Some("shop.not-made"),
        Some(..=0) => Some("shop.sold-out"),
        Some(_) => None,
    };
    let taken = value.clone();
    let onchange = pick.reform(move |_: Event| (at, taken.clone()));
    html! {
        <label class={if out.is_some() { "chip pick pick-out" } else { "chip pick" }}>
            <input type="radio" name={format!("option-{at}")} checked={picked.get(at) == Some(value)} {onchange} />
            <bdi>{ value.clone() }</bdi>
            if let Some(out) = out { { " " }<span class="silent">{ speech.say(out) }</span> }
        </label>
    }
}

/// The product as it is, while there is some of it.
fn without(desk: &Desk, speech: &Speech, props: &ChoosingProps, is_meant: bool) -> Option<Html> {
    let itself = props.choices.itself.as_ref().filter(|itself| itself.available > 0)?;
    let (desk, before) = (desk.clone(), props.before.setter());
    let to = Route::Offer(itself.stall, itself.product);
    let onclick = Callback::from(move |_: MouseEvent| {
        before.set(Before { is_itself: true, ..Before::default() });
        desk.go_instead(to.clone());
    });
    let left = speech.quantity(itself.available, itself.unit);
    Some(html! {
        <button type="button" class="chip pick" {onclick} aria-pressed={if is_meant { "true" } else { "false" }}>
            { speech.fill("choose.itself", &[("name", &itself.name), ("n", &left)]) }
        </button>
    })
}
