//! A table of texts and numbers, which can be taken along as CSV or as PDF. It stands by itself, or behind a chart.

use soko_app_api::{PaperCall, TableWanted};
use yew::prelude::*;

use super::{Icon, icon};
use crate::browser::file;
use crate::doing::use_doing;
use crate::paper;
use crate::words::Language;

/// What every table below says on paper: whose figures these are, and of when.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SheetNote(pub AttrValue);

/// One place of a table: as it is shown, and as another program reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    pub shown: AttrValue,
    pub plain: AttrValue,
}

impl Cell {
    pub fn new(shown: impl Into<AttrValue>, plain: impl Into<AttrValue>) -> Self {
        Self { shown: shown.into(), plain: plain.into() }
    }

    /// A text, which is the same everywhere.
    pub fn text(text: impl Into<AttrValue>) -> Self {
        let shown = text.into();
        Self { plain: shown.clone(), shown }
    }
}

#[derive(Properties, Clone, PartialEq)]
pub struct SheetProps {
    pub title: AttrValue,
    pub columns: Vec<AttrValue>,
    /// Each as long as the columns; the first names its row.
    pub rows: Vec<Vec<Cell>>,
    /// The title stands above already.
    #[prop_or_default]
    pub is_untitled: bool,
}

#[component]
pub fn Sheet(props: &SheetProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let note = use_context::<SheetNote>().unwrap_or_default();
    let on_csv = {
        let (desk, title, text) = (doing.desk.clone(), props.title.clone(), csv(&props.columns, &props.rows));
        let failed = speech.say("chart.csv-failed");
        Callback::from(move |_: MouseEvent| {
            let name = format!("{}.csv", file_name(&title));
            if !file::hand_out_as(&name, "text/csv", text.as_bytes()) {
                desk.toasts.error(failed.clone());
            }
        })
    };
    let on_pdf = {
        let (doing, speech, props) = (doing.clone(), speech.clone(), props.clone());
        Callback::from(move |_: MouseEvent| {
            let call = PaperCall::Table(Box::new(on_paper(&props, &note, speech.language())));
            let (desk, speech, asked) = (doing.desk.clone(), speech.clone(), doing.desk.clone());
            doing.run(async move { paper::ask(&asked, call).await }, move |reply| {
                paper::tell(&desk, &speech, &reply);
            });
        })
    };
    let row = |cells: &Vec<Cell>| {
        let cell = |(at, cell): (usize, &Cell)| match at {
            0 => html! { <th scope="row">{ cell.shown.clone() }</th> },
            _ => html! { <td class="number">{ cell.shown.clone() }</td> },
        };
        html! { <tr>{ for cells.iter().enumerate().map(cell) }</tr> }
    };
    html! {
        <div class="sheet-of">
            <div class="sheet-scroll" tabindex="0" role="region" aria-label={props.title.clone()}>
                <table class="sheet-table">
                    <caption class={props.is_untitled.then_some("silent")}>{ props.title.clone() }</caption>
                    <thead><tr>{ for props.columns.iter().map(|column| html! { <th scope="col">{ column.clone() }</th> }) }</tr></thead>
                    <tbody>{ for props.rows.iter().map(row) }</tbody>
                </table>
            </div>
            <div class="sheet-ways">
                <button type="button" class="button button-quiet" onclick={on_csv}>{ icon(Icon::Save) }{ speech.say("chart.csv") }</button>
                <button type="button" class="button button-quiet" onclick={on_pdf} disabled={doing.is_busy()}>{ icon(Icon::Print) }{ speech.say("chart.pdf") }</button>
            </div>
        </div>
    }
}

/// As it is shown.
fn on_paper(props: &SheetProps, note: &SheetNote, language: Language) -> TableWanted {
    let text = |text: &AttrValue| text.to_string();
    TableWanted {
        title: text(&props.title),
        note: text(&note.0),
        file_name: file_name(&props.title),
        columns: props.columns.iter().map(text).collect(),
        rows: props.rows.iter().map(|row| row.iter().map(|cell| text(&cell.shown)).collect()).collect(),
        language: language.code().into(),
        is_right_to_left: language == Language::Arabic,
    }
}

/// With a mark at the beginning by which spreadsheets know the encoding. A text that a spreadsheet would run as a formula
/// is shown as a text.
fn csv(columns: &[AttrValue], rows: &[Vec<Cell>]) -> String {
    let mut out = String::from("\u{feff}");
    let heads = columns.iter().map(|column| quoted(column));
    let lines = std::iter::once(heads.collect::<Vec<_>>());
    let lines = lines.chain(rows.iter().map(|row| row.iter().map(|cell| quoted(&cell.plain)).collect()));
    for line in lines {
        out.push_str(&line.join(","));
        out.push_str("\r\n");
    }
    out
}

fn quoted(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok();
    let is_formula = !is_number && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Letters and digits of any language, and one hyphen for what lies between.
fn file_name(title: &str) -> String {
    let words: Vec<&str> =
        title.split(|letter: char| !letter.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    words.join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_read_as_it_was_meant() {
        let columns = ["Day".into(), "Sold, in all".into()];
        let rows = vec![
            vec![Cell::new("Monday", "2026-11-23"), Cell::new("−€1.50", "-1.50")],
            vec![Cell::text("=1+1"), Cell::text("say \"two\"")],
        ];
        let expected = "\u{feff}Day,\"Sold, in all\"\r\n2026-11-23,-1.50\r\n'=1+1,\"say \"\"two\"\"\"\r\n";
        assert_eq!(csv(&columns, &rows), expected);
        assert_eq!(file_name("Sold by day: Nov. 2026"), "sold-by-day-nov-2026");
        assert_eq!(file_name("مبيعات اليوم"), "مبيعات-اليوم");
    }
}
