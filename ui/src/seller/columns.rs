//! How a table that another program wrote is read: what each column says, and the decimal mark.

use soko_app_api::ImportColumn;
use soko_app_api::text::Worded;
use soko_domain::import::DecimalMark;
use yew::prelude::*;

use crate::parts::{Choice, Segmented};
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct ColumnsProps {
    pub columns: Vec<ImportColumn>,
    /// The word of each column's field.
    pub fields: Vec<AttrValue>,
    /// Words of fields, and what is shown for them.
    pub options: Vec<(AttrValue, AttrValue)>,
    /// Which column says what from now on.
    pub on_field: Callback<(usize, String)>,
}

#[component]
pub(super) fn ColumnChoices(props: &ColumnsProps) -> Html {
    let speech = use_speech();
    let ignored = props.options.first().map(|(word, _)| word.clone()).unwrap_or_default();
    let column = |(at, column): (usize, &ImportColumn)| {
        let label = if column.header.is_empty() {
            speech.fill("import.column", &[("n", &speech.number(i64::try_from(at + 1).unwrap_or(0)))])
        } else {
            column.header.clone().into()
        };
        let hint = column.samples.join(" · ");
        html! {
            <Choice {label} value={props.fields.get(at).cloned().unwrap_or(ignored.clone())} options={props.options.clone()}
                on_choose={props.on_field.reform(move |word: String| (at, word))} hint={(!hint.is_empty()).then_some(AttrValue::from(hint))} />
        }
    };
    html! { <div class="import-columns">{ for props.columns.iter().enumerate().map(column) }</div> }
}

#[derive(Properties, PartialEq)]
pub(super) struct DecimalProps {
    pub decimal: DecimalMark,
    pub on_decimal: Callback<DecimalMark>,
}

#[component]
pub(super) fn DecimalChoice(props: &DecimalProps) -> Html {
    let speech = use_speech();
    let marks = [(DecimalMark::Point, "import.decimal-point"), (DecimalMark::Comma, "import.decimal-comma")];
    let on_choose = props
        .on_decimal
        .reform(|word: AttrValue| DecimalMark::from_word(&word).unwrap_or(DecimalMark::Point));
    html! {
        <div class="stack-tight">
            <span class="label">{ speech.say("import.decimal") }</span>
            <Segmented label={speech.say("import.decimal")} value={props.decimal.word()} {on_choose}
                options={marks.map(|(mark, key)| (mark.word().into(), html! { <>{ speech.say(key) }</> })).to_vec()} />
        </div>
    }
}

/// All fields there are, with their names in a section of the texts.
pub(super) fn options<F: Worded>(speech: &Speech, section: &str) -> Vec<(AttrValue, AttrValue)> {
    let shown = |(_, word): &(F, &'static str)| {
        (AttrValue::Static(word), speech.say_or(&format!("{section}.{word}"), word))
    };
    F::WORDS.iter().map(shown).collect()
}

/// The words of fields.
pub(super) fn words<F: Worded>(fields: &[F]) -> Vec<AttrValue> {
    fields.iter().map(|field| AttrValue::Static(field.word())).collect()
}

/// A field is one column's, unless several may say it: whoever had it before is ignored.
pub(super) fn assigned<F: Worded + PartialEq>(
    fields: &[F],
    columns: usize,
    (at, word): (usize, &str),
    (ignore, several): (F, Option<F>),
) -> Vec<F> {
    let field = F::from_word(word).unwrap_or(ignore);
    let mut now = fields.to_vec();
    now.resize(columns, ignore);
    if several != Some(field) {
        for known in now.iter_mut().filter(|known| **known == field) {
            *known = ignore;
        }
    }
    if let Some(place) = now.get_mut(at) {
        *place = field;
    }
    now
}
