//! How a file is read: what each column says, what happens with what is known, and what came of it.

use soko_app_api::text::Worded as _;
use soko_app_api::{ImportChoice, ImportProblem, ImportSample, ImportView};
use soko_domain::import::{IfKnown, ImportField};
use yew::prelude::*;

use super::columns::{self, ColumnChoices, DecimalChoice};
use crate::parts::{Badge, SavedTone, Segmented};
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct ChoosingProps {
    pub view: ImportView,
    pub on_choice: Callback<ImportChoice>,
}

#[component]
pub(super) fn Choosing(props: &ChoosingProps) -> Html {
    let speech = use_speech();
    let (view, choice) = (&props.view, &props.view.choice);
    let mark = if view.mark == '\t' { speech.say("import.tab") } else { view.mark.to_string().into() };
    let read_as = speech.fill("import.read-as", &[("encoding", &view.encoding), ("mark", &mark)]);
    html! {
        <section class="card stack" aria-labelledby="columns">
            <div>
                <h2 id="columns">{ view.file_name.clone() }</h2>
                <p class="field-hint">{ read_as }</p>
            </div>
            <ColumnChoices columns={view.columns.clone()} fields={columns::words(&choice.fields)}
                options={columns::options::<ImportField>(&speech, "import-field")} on_field={on_field(props)} />
            <Options view={view.clone()} on_choice={props.on_choice.clone()} />
        </section>
    }
}

/// What happens with what is known, how numbers are written, and what comes along.
#[component]
fn Options(props: &ChoosingProps) -> Html {
    let speech = use_speech();
    let choice = &props.view.choice;
    let change = |with: fn(&mut ImportChoice)| {
        let now = choice.clone();
        props.on_choice.reform(move |_: Event| {
            let mut now = now.clone();
            with(&mut now);
            now
        })
    };
    let on_known = {
        let now = choice.clone();
        props.on_choice.reform(move |word: AttrValue| ImportChoice {
            if_known: IfKnown::from_word(&word).unwrap_or(IfKnown::Update),
            ..now.clone()
        })
    };
    let on_decimal = {
        let now = choice.clone();
        props.on_choice.reform(move |decimal| ImportChoice { decimal, ..now.clone() })
    };
    let known = [
        (IfKnown::Update, "import.known-update"),
        (IfKnown::Skip, "import.known-skip"),
        (IfKnown::Create, "import.known-create"),
    ];
    let has = |field| choice.fields.contains(&field);
    html! {
        <>
            <div class="stack-tight">
                <span class="label">{ speech.say("import.known") }</span>
                <Segmented label={speech.say("import.known")} value={choice.if_known.word()} on_choose={on_known}
                    options={known.map(|(known, key)| (known.word().into(), html! { <>{ speech.say(key) }</> })).to_vec()} />
            </div>
            <DecimalChoice decimal={choice.decimal} {on_decimal} />
            if has(ImportField::Stock) {
                <label class="check">
                    <input type="checkbox" checked={choice.takes_stock} onchange={change(|now| now.takes_stock = !now.takes_stock)} />
                    <span>{ speech.say("import.takes-stock") }</span>
                </label>
            }
            if has(ImportField::Tax) {
                <label class="check">
                    <input type="checkbox" checked={choice.tax_inclusive} onchange={change(|now| now.tax_inclusive = !now.tax_inclusive)} />
                    <span>{ speech.say("product.tax-inclusive") }</span>
                </label>
            }
        </>
    }
}

fn on_field(props: &ChoosingProps) -> Callback<(usize, String)> {
    let (now, count) = (props.view.choice.clone(), props.view.columns.len());
    props.on_choice.reform(move |(at, word): (usize, String)| ImportChoice {
        fields: columns::assigned(&now.fields, count, (at, &word), (ImportField::Ignore, None)),
        ..now.clone()
    })
}

#[derive(Properties, PartialEq)]
pub(super) struct SummaryProps {
    pub view: ImportView,
    pub currency: AttrValue,
}

/// What would happen.
#[component]
pub(super) fn Summary(props: &SummaryProps) -> Html {
    let speech = use_speech();
    let view = &props.view;
    let figure = |key: &'static str, count: u32| {
        html! {
            <div class="figure"><dt>{ speech.say(key) }</dt><dd class="number">{ speech.number(count.into()) }</dd></div>
        }
    };
    let more = view.problems_count.saturating_sub(u32::try_from(view.problems.len()).unwrap_or(u32::MAX));
    html! {
        <section class="stack" aria-labelledby="would">
            <h2 id="would">{ speech.say("import.would") }</h2>
            <dl class="figures">
                { figure("import.creates", view.creates) }
                { figure("import.updates", view.updates) }
                { figure("import.skips", view.skips) }
                { figure("import.wrong", view.problems_count) }
            </dl>
            if !view.samples.is_empty() {
                <div class="card import-list">
                    { for view.samples.iter().map(|sample| shown_sample(&speech, sample, &props.currency)) }
                </div>
            }
            if !view.problems.is_empty() {
                <div class="card stack-tight">
                    <h3>{ speech.say("import.problems") }</h3>
                    <ul class="import-list">
                        { for view.problems.iter().map(|problem| shown_problem(&speech, problem)) }
                    </ul>
                    if more > 0 { <p class="field-hint">{ speech.count("import.problems-more", more.into()) }</p> }
                </div>
            }
        </section>
    }
}

fn shown_sample(speech: &Speech, sample: &ImportSample, currency: &str) -> Html {
    let line = speech.fill("import.line", &[("n", &speech.number(sample.line.into()))]);
    let (tone, key) = if sample.is_new {
        (SavedTone::Good, "import.is-new")
    } else {
        (SavedTone::Waiting, "import.is-known")
    };
    let price = sample.price_minor.map(|minor| speech.money(minor, currency)).unwrap_or_default();
    html! {
        <div class="list-row">
            <span class="list-main"><span class="list-name">{ sample.name.clone() }</span><span class="list-more">{ line }</span></span>
            <Badge {tone} text={speech.say(key)} />
            <span class="list-end number">{ price }</span>
        </div>
    }
}

fn shown_problem(speech: &Speech, problem: &ImportProblem) -> Html {
    let word = problem.trouble.word();
    let line = speech.fill("import.line", &[("n", &speech.number(problem.line.into()))]);
    let place =
        if problem.column.is_empty() { line.to_string() } else { format!("{line} · {}", problem.column) };
    html! {
        <li class="list-row">
            <span class="list-main">
                <span class="list-more">{ place }</span>
                <span class="list-more-long">{ speech.say_or(&format!("import-trouble.{word}"), word) }</span>
            </span>
            if !problem.value.is_empty() { <code class="list-end import-value">{ problem.value.clone() }</code> }
        </li>
    }
}
