//! A paper from top to bottom, before it is known how wide it is and what draws it.

use soko_app_api::PaperWords;

use crate::receipt::{Receipt, ReceiptLine, Sum};
use crate::report::{Figure, Report, Weight};

/// One thing under the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Row {
    /// In the middle.
    Middle {
        text: String,
        look: Look,
    },
    /// At the beginning of the line, moved in a little.
    Detail(String),
    /// One text at the beginning, one at the end of the same line.
    Pair {
        begin: String,
        end: String,
        look: Look,
    },
    Rule,
    Space,
    Code(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Look {
    Plain,
    /// Taller, and in stronger letters.
    Large,
}

/// Everything that a printer, a PDF or a message says, and which way it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sheet {
    /// As HTML names it.
    pub(crate) language: String,
    pub(crate) is_right_to_left: bool,
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

impl From<&Receipt> for Sheet {
    fn from(receipt: &Receipt) -> Self {
        let mut rows = vec![
            middle(&receipt.stall, Look::Large),
            middle(&receipt.place, Look::Plain),
            middle(&receipt.title, Look::Plain),
            middle(&receipt.made, Look::Plain),
        ];
        rows.extend(receipt.marks.iter().map(|mark| middle(mark, Look::Large)));
        rows.push(Row::Rule);
        receipt.lines.iter().for_each(|line| rows.extend(of_line(line)));
        rows.push(Row::Rule);
        rows.extend(receipt.taxes.iter().map(|sum| pair(sum, Look::Plain)));
        rows.push(pair(&receipt.total, Look::Large));
        // Rounding belongs to what is paid in cash: the total and its taxes stay as they are.
        rows.extend(receipt.rounding.iter().map(|sum| pair(sum, Look::Plain)));
        rows.extend(receipt.paid.iter().map(|sum| pair(sum, Look::Plain)));
        if !receipt.note.is_empty() {
            rows.push(Row::Space);
            rows.push(middle(&receipt.note, Look::Plain));
        }
        rows.push(Row::Space);
        rows.push(middle(&receipt.thanks, Look::Plain));
        if !receipt.proof.is_empty() {
            rows.push(Row::Space);
            rows.push(Row::Code(receipt.proof.clone()));
            rows.push(middle(&receipt.check, Look::Plain));
        }
        Self::new((&receipt.language, receipt.is_right_to_left), &receipt.title, rows)
    }
}

impl From<&Report> for Sheet {
    fn from(report: &Report) -> Self {
        let mut rows = vec![
            middle(&report.stall, Look::Large),
            middle(&report.place, Look::Plain),
            middle(&report.title, Look::Large),
        ];
        rows.extend(report.made.iter().map(|line| middle(line, Look::Plain)));
        rows.extend(report.marks.iter().map(|mark| middle(mark, Look::Large)));
        for part in &report.parts {
            rows.push(Row::Rule);
            rows.extend(part.figures.iter().map(of_figure));
        }
        if !report.reason.is_empty() {
            rows.push(Row::Space);
            rows.push(middle(&report.reason, Look::Plain));
        }
        Self::new((&report.language, report.is_right_to_left), &report.title, rows)
    }
}

impl Sheet {
    fn new((language, is_right_to_left): (&str, bool), title: &str, mut rows: Vec<Row>) -> Self {
        rows.retain(|row| !matches!(row, Row::Middle { text, .. } if text.is_empty()));
        Self { language: language.into(), is_right_to_left, title: title.into(), rows }
    }
}

/// A page that shows whether letters, amounts and the code come out.
pub fn test_page(words: &PaperWords) -> Sheet {
    let sum = |label: &str, amount: &str| Sum { label: label.into(), amount: amount.into() };
    let page = Receipt {
        language: words.language.clone(),
        is_right_to_left: words.is_right_to_left,
        stall: "Soko".into(),
        place: String::new(),
        title: words.test_title.clone(),
        marks: Vec::new(),
        made: String::new(),
        lines: vec![ReceiptLine {
            name: "ABC abc 0123 · àéîõü ß € · سوق".into(),
            amount: "1.00".into(),
            details: vec!["1 × 1.00".into()],
            is_refunded: false,
        }],
        taxes: Vec::new(),
        rounding: None,
        total: sum(&words.total, "1.00"),
        paid: Vec::new(),
        note: String::new(),
        thanks: words.test_text.clone(),
        proof: "SOKO".into(),
        check: String::new(),
    };
    Sheet::from(&page)
}

fn middle(text: &str, look: Look) -> Row {
    Row::Middle { text: text.into(), look }
}

fn pair(sum: &Sum, look: Look) -> Row {
    Row::Pair { begin: sum.label.clone(), end: sum.amount.clone(), look }
}

fn of_figure(figure: &Figure) -> Row {
    match figure.weight {
        Weight::Plain => pair(&figure.sum, Look::Plain),
        Weight::Total => pair(&figure.sum, Look::Large),
        Weight::Part => {
            let begin = format!("· {}", figure.sum.label);
            Row::Pair { begin, end: figure.sum.amount.clone(), look: Look::Plain }
        }
    }
}

fn of_line(line: &ReceiptLine) -> Vec<Row> {
    let first = Row::Pair { begin: line.name.clone(), end: line.amount.clone(), look: Look::Plain };
    std::iter::once(first).chain(line.details.iter().cloned().map(Row::Detail)).collect()
}
