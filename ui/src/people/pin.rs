//! A PIN: typed, or tapped on keys as large as a thumb.

use yew::prelude::*;

use crate::parts::{Field, Icon, icon};
use crate::speech::use_speech;
use crate::typed::latin;

const KEYS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const ZERO: &str = "0";

#[derive(Properties, PartialEq)]
pub(super) struct PinProps {
    pub label: AttrValue,
    pub value: AttrValue,
    pub on_input: Callback<String>,
    #[prop_or_default]
    pub problem: Option<AttrValue>,
    #[prop_or_default]
    pub hint: Option<AttrValue>,
    #[prop_or_default]
    pub autofocus: bool,
    #[prop_or(true)]
    pub pad: bool,
}

/// The form around it decides when it is done.
#[component]
pub(super) fn Pin(props: &PinProps) -> Html {
    let speech = use_speech();
    let on_input = props.on_input.reform(|typed: String| {
        latin(&typed).chars().filter(char::is_ascii_digit).take(soko_app_api::PIN_LEN_MAX).collect()
    });
    let add = |digit: &'static str| {
        let (on_input, value) = (on_input.clone(), props.value.clone());
        Callback::from(move |_: MouseEvent| on_input.emit(format!("{value}{digit}")))
    };
    let back = {
        let (on_input, value) = (on_input.clone(), props.value.clone());
        Callback::from(move |_: MouseEvent| {
            let mut less = value.to_string();
            less.pop();
            on_input.emit(less);
        })
    };
    let key = |digit: &'static str| {
        let shown = speech.number(digit.parse().unwrap_or_default());
        html! { <button type="button" class="pin-key number" onclick={add(digit)}>{ shown }</button> }
    };
    html! {
        <div class="pin">
            <Field label={props.label.clone()} value={props.value.clone()} on_input={on_input.clone()} kind="password" inputmode="numeric"
                autocomplete="off" problem={props.problem.clone()} hint={props.hint.clone()} autofocus={props.autofocus}
                class="field-pin" />
            if props.pad {
                <div class="pin-pad" role="group" aria-label={speech.say("people.pin-keys")} dir="ltr">
                    { for KEYS.into_iter().map(key) }
                    <button type="button" class="pin-key" onclick={back} aria-label={speech.say("people.pin-back")}>{ icon(Icon::Back) }</button>
                    { key(ZERO) }
                    <button type="submit" class="pin-key pin-done" aria-label={speech.say("people.enter")}>{ icon(Icon::Check) }</button>
                </div>
            }
        </div>
    }
}
