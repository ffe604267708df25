//! What variants differ by: the name of an option, and its values as chips that are typed one after the other.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::parts::{Field, Icon, icon, use_id};
use crate::speech::use_speech;

/// More values than a table has room for.
const VALUES_MAX: usize = 24;
/// Between two values, on every keyboard that the languages use.
const BETWEEN: [char; 5] = [',', '،', ';', '؛', '\n'];
/// What most variants differ by.
const NAMES: [&str; 3] = ["variant.size", "variant.colour", "variant.flavour"];

/// One option, as it is typed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Side {
    pub(super) name: String,
    pub(super) values: Vec<String>,
    /// Not a value yet.
    pub(super) typing: String,
}

impl Side {
    /// What stands before a comma is a value; the rest is still being typed, unless it is done.
    pub(super) fn typed(&self, text: &str, is_done: bool) -> Self {
        let mut side = self.clone();
        let mut parts: Vec<&str> = text.split(BETWEEN).collect();
        side.typing = if is_done { String::new() } else { parts.pop().unwrap_or_default().to_owned() };
        parts.into_iter().for_each(|part| side.add(part.trim()));
        side
    }

    pub(super) fn add(&mut self, value: &str) {
        let is_known = self.values.iter().any(|known| known.to_lowercase() == value.to_lowercase());
        if !value.is_empty() && !is_known && !self.is_full() {
            self.values.push(value.to_owned());
        }
    }

    fn without(&self, value: &str) -> Self {
        let values = self.values.iter().filter(|known| *known != value).cloned().collect();
        Self { values, ..self.clone() }
    }

    fn is_full(&self) -> bool {
        self.values.len() >= VALUES_MAX
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct OptionFieldsProps {
    pub side: Side,
    /// Values of which there are variants: they stay, and so does the name.
    pub fixed: Vec<String>,
    /// The name of the other side.
    pub other: String,
    pub on_change: Callback<Side>,
    /// How it is taken away, where it can be.
    pub on_remove: Option<Callback<MouseEvent>>,
}

#[component]
pub(super) fn OptionFields(props: &OptionFieldsProps) -> Html {
    let speech = use_speech();
    let side = &props.side;
    let on_name = {
        let side = side.clone();
        props.on_change.reform(move |name| Side { name, ..side.clone() })
    };
    let is_twice = !side.name.trim().is_empty() && side.name.trim() == props.other.trim();
    let is_nameless = side.name.trim().is_empty() && !side.values.is_empty();
    let problem =
        (is_twice.then_some("variant.name-twice")).or(is_nameless.then_some("variant.name-missing"));
    let names = NAMES.map(|key| speech.say(key));
    let suggested = names.iter().filter(|name| name.as_str() != props.other.trim());
    html! {
        <fieldset class="variant-side">
            <legend class="silent">{ speech.say("variant.option") }</legend>
            <div class="variant-name">
                if props.fixed.is_empty() {
                    <Field label={speech.say("variant.option")} value={side.name.clone()} on_input={on_name.clone()}
                        hint={side.name.is_empty().then(|| speech.say("variant.option-hint"))} problem={problem.map(|key| speech.say(key))} />
                } else {
                    <strong>{ side.name.clone() }</strong>
                }
                if let Some(on_remove) = &props.on_remove {
                    <button type="button" class="button-icon" onclick={on_remove.clone()} aria-label={speech.say("variant.remove-option")}>{ icon(Icon::Cross) }</button>
                }
            </div>
            if side.name.is_empty() {
                <div class="chips">
                    { for suggested.map(|name| {
                        let (chosen, on_name) = (name.to_string(), on_name.clone());
                        let onclick = Callback::from(move |_: MouseEvent| on_name.emit(chosen.clone()));
                        html! { <button type="button" class="chip" {onclick}>{ name.clone() }</button> }
                    }) }
                </div>
            }
            <Values side={side.clone()} fixed={props.fixed.clone()} on_change={props.on_change.clone()} />
        </fieldset>
    }
}

#[derive(Properties, PartialEq)]
struct ValuesProps {
    side: Side,
    fixed: Vec<String>,
    on_change: Callback<Side>,
}

/// A comma or Enter ends a value, and so does going on to something else.
#[component]
fn Values(props: &ValuesProps) -> Html {
    let speech = use_speech();
    let id = use_id();
    let side = &props.side;
    let said = |side: &Side, is_done: bool| {
        let side = side.clone();
        move |text: String| side.typed(&text, is_done)
    };
    let oninput = {
        let typed = said(side, false);
        props
            .on_change
            .reform(move |input: InputEvent| typed(input.target_unchecked_into::<HtmlInputElement>().value()))
    };
    let onblur = {
        let (typed, text, on_change) = (said(side, true), side.typing.clone(), props.on_change.clone());
        Callback::from(move |_: FocusEvent| {
            if !text.trim().is_empty() {
                on_change.emit(typed(text.clone()));
            }
        })
    };
    let onkeydown = {
        let (side, fixed, on_change) = (side.clone(), props.fixed.clone(), props.on_change.clone());
        Callback::from(move |key: KeyboardEvent| match key.key().as_str() {
            "Enter" => {
                key.prevent_default();
                on_change.emit(side.typed(&side.typing, true));
            }
            "Backspace" if side.typing.is_empty() => {
                let last = side.values.iter().rev().find(|value| !fixed.contains(value));
                last.into_iter().for_each(|value| on_change.emit(side.without(value)));
            }
            _ => {}
        })
    };
    let label = if side.name.trim().is_empty() {
        speech.say("variant.values")
    } else {
        speech.fill("variant.values-of", &[("name", side.name.trim())])
    };
    let hint = if side.is_full() { "variant.values-full" } else { "variant.values-hint" };
    html! {
        <div class="field">
            <label for={id.clone()}>{ label }</label>
            <div class="tags">
                { for side.values.iter().map(|value| {
                    let (less, on_change) = (side.without(value), props.on_change.clone());
                    let onclick = Callback::from(move |_: MouseEvent| on_change.emit(less.clone()));
                    html! {
                        <span class="tag" key={value.clone()}>
                            <bdi>{ value.clone() }</bdi>
                            if !props.fixed.contains(value) {
                                <button type="button" {onclick} aria-label={speech.fill("variant.remove-value", &[("value", value)])}>{ icon(Icon::Cross) }</button>
                            }
                        </span>
                    }
                }) }
                <input {id} type="text" value={side.typing.clone()} {oninput} {onkeydown} {onblur} autocomplete="off" dir="auto"
                    enterkeyhint="enter" disabled={side.is_full()} />
            </div>
            <p class="field-hint">{ speech.say(hint) }</p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_or_the_end_makes_a_value_of_what_is_typed() {
        let empty = Side { name: "Size".into(), ..Side::default() };
        for (text, is_done, values, typing) in [
            ("S", false, "", "S"),
            ("S,", false, "S", ""),
            ("S, M،L", false, "S|M", "L"),
            ("S, M،L", true, "S|M|L", ""),
            (" red ; red;Red,,", true, "red", ""),
            ("", true, "", ""),
        ] {
            let side = empty.typed(text, is_done);
            assert_eq!((side.values.join("|").as_str(), side.typing.as_str()), (values, typing), "{text}");
        }
        let many: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        let full = empty.typed(&many.join(","), true);
        assert_eq!((full.values.len(), full.is_full()), (VALUES_MAX, true));
        assert_eq!(full.without("7").values.len(), VALUES_MAX - 1);
    }
}
