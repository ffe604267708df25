//! What a person fills in: each with its label, its hint and its problem tied to it.

use wasm_bindgen::JsCast as _;
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::{Icon, icon};
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub struct FieldProps {
    pub label: AttrValue,
    pub value: AttrValue,
    pub on_input: Callback<String>,
    /// The input's type, such as `email`.
    #[prop_or(AttrValue::Static("text"))]
    pub kind: AttrValue,
    /// Which keyboard a phone shows.
    #[prop_or_default]
    pub inputmode: Option<AttrValue>,
    #[prop_or(AttrValue::Static("off"))]
    pub autocomplete: AttrValue,
    #[prop_or_default]
    pub hint: Option<AttrValue>,
    #[prop_or_default]
    pub problem: Option<AttrValue>,
    #[prop_or_default]
    pub required: bool,
    #[prop_or_default]
    pub autofocus: bool,
    /// A sign behind the value: a currency, a unit.
    #[prop_or_default]
    pub sign: Option<AttrValue>,
    #[prop_or_default]
    pub class: Classes,
}

#[component]
pub fn Field(props: &FieldProps) -> Html {
    let id = use_id();
    let node = use_node_ref();
    use_first_focus(&node, props.autofocus);
    let oninput =
        props.on_input.reform(|input: InputEvent| input.target_unchecked_into::<HtmlInputElement>().value());
    let below = format!("{id}-below");
    let has_below = props.hint.is_some() || props.problem.is_some();
    html! {
        <div class={classes!("field", props.class.clone(), props.problem.is_some().then_some("field-wrong"))}>
            <label for={id.clone()}>{ props.label.clone() }</label>
            <div class="field-box">
                <input ref={node} id={id} type={props.kind.clone()} autofocus={props.autofocus} value={props.value.clone()} {oninput}
                    inputmode={props.inputmode.clone()} autocomplete={props.autocomplete.clone()}
                    required={props.required} aria-invalid={props.problem.as_ref().map(|_| "true")}
                    aria-describedby={has_below.then(|| below.clone())} dir={props.sign.is_none().then_some("auto")} />
                if let Some(sign) = &props.sign {
                    <span class="field-sign">{ sign.clone() }</span>
                }
            </div>
            { under(below, props.hint.clone(), props.problem.clone()) }
        </div>
    }
}

fn under(id: String, hint: Option<AttrValue>, problem: Option<AttrValue>) -> Html {
    match (problem, hint) {
        (Some(problem), _) => html! { <p {id} class="field-problem" role="alert">{ problem }</p> },
        (None, Some(hint)) => html! { <p {id} class="field-hint">{ hint }</p> },
        (None, None) => Html::default(),
    }
}

/// Ties a label to what it names.
#[hook]
pub fn use_id() -> AttrValue {
    let id = use_memo((), |()| {
        let bytes = crate::browser::chance();
        AttrValue::from(format!("f{:02x}{:02x}{:02x}{:02x}", bytes[0], bytes[1], bytes[2], bytes[3]))
    });
    (*id).clone()
}

#[hook]
fn use_first_focus(node: &NodeRef, wanted: bool) {
    let node = node.clone();
    use_effect_with((), move |()| {
        if wanted && let Some(input) = node.cast::<HtmlInputElement>() {
            // An element that cannot be focused is no loss.
            let _ = input.focus();
            input.select();
        }
    });
}

#[derive(Properties, PartialEq)]
pub struct TextAreaProps {
    pub label: AttrValue,
    pub value: AttrValue,
    pub on_input: Callback<String>,
    #[prop_or_default]
    pub hint: Option<AttrValue>,
}

#[component]
pub fn TextArea(props: &TextAreaProps) -> Html {
    let id = use_id();
    let oninput = props
        .on_input
        .reform(|input: InputEvent| input.target_unchecked_into::<HtmlTextAreaElement>().value());
    let below = format!("{id}-below");
    html! {
        <div class="field">
            <label for={id.clone()}>{ props.label.clone() }</label>
            <div class="field-box">
                <textarea {id} rows="3" value={props.value.clone()} {oninput} dir="auto"
                    aria-describedby={props.hint.as_ref().map(|_| below.clone())} />
            </div>
            { under(below, props.hint.clone(), None) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct ChoiceProps {
    pub label: AttrValue,
    pub value: AttrValue,
    /// Value and what is shown for it.
    pub options: Vec<(AttrValue, AttrValue)>,
    pub on_choose: Callback<String>,
    #[prop_or_default]
    pub hint: Option<AttrValue>,
}

/// One of many.
#[component]
pub fn Choice(props: &ChoiceProps) -> Html {
    let id = use_id();
    let onchange = props.on_choose.reform(|change: Event| {
        let select = change.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        select.map(|select| select.value()).unwrap_or_default()
    });
    let below = format!("{id}-below");
    html! {
        <div class="field">
            <label for={id.clone()}>{ props.label.clone() }</label>
            <div class="field-box field-select">
                <select {id} {onchange} aria-describedby={props.hint.as_ref().map(|_| below.clone())}>
                    { for props.options.iter().map(|(value, shown)| html! {
                        <option value={value.clone()} selected={*value == props.value}>{ shown.clone() }</option>
                    }) }
                </select>
                { icon(Icon::Down) }
            </div>
            { under(below, props.hint.clone(), None) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct SegmentedProps {
    /// The name of the group.
    pub label: AttrValue,
    pub value: AttrValue,
    pub options: Vec<(AttrValue, Html)>,
    pub on_choose: Callback<AttrValue>,
}

/// One of a few, all in sight.
#[component]
pub fn Segmented(props: &SegmentedProps) -> Html {
    html! {
        <div class="segmented" role="group" aria-label={props.label.clone()}>
            { for props.options.iter().map(|(value, shown)| {
                let onclick = { let value = value.clone(); props.on_choose.reform(move |_: MouseEvent| value.clone()) };
                let pressed = if *value == props.value { "true" } else { "false" };
                html! { <button type="button" {onclick} aria-pressed={pressed}>{ shown.clone() }</button> }
            }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct StepperProps {
    pub label: AttrValue,
    pub value: i64,
    /// What the number says, with its unit.
    pub shown: AttrValue,
    #[prop_or(1)]
    pub step: i64,
    pub on_change: Callback<i64>,
}

/// A quantity with a thumb-sized minus and plus.
#[component]
pub fn Stepper(props: &StepperProps) -> Html {
    let speech = use_speech();
    let (value, step) = (props.value, props.step);
    let less = props.on_change.reform(move |_: MouseEvent| value.saturating_sub(step));
    let more = props.on_change.reform(move |_: MouseEvent| value.saturating_add(step));
    html! {
        <div class="stepper" role="group" aria-label={props.label.clone()}>
            <button type="button" onclick={less} aria-label={speech.say("action.less")}>{ icon(Icon::Minus) }</button>
            <output class="number">{ props.shown.clone() }</output>
            <button type="button" onclick={more} aria-label={speech.say("action.more")}>{ icon(Icon::Plus) }</button>
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct SearchBoxProps {
    pub label: AttrValue,
    pub value: AttrValue,
    pub on_input: Callback<String>,
    #[prop_or_default]
    pub autofocus: bool,
}

#[component]
pub fn SearchBox(props: &SearchBoxProps) -> Html {
    let oninput =
        props.on_input.reform(|input: InputEvent| input.target_unchecked_into::<HtmlInputElement>().value());
    html! {
        <div class="search">
            { icon(Icon::Search) }
            <input type="search" value={props.value.clone()} {oninput} placeholder={props.label.clone()}
                aria-label={props.label.clone()} autocomplete="off" enterkeyhint="search" autofocus={props.autofocus} />
        </div>
    }
}
