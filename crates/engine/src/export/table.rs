//! One table, as CSV and as JSON with the same columns.

use soko_domain::calendar::BusinessDay;
use soko_domain::money::{Currency, Money};

use super::Of;
use crate::engine::Engine;
use crate::failure::NotDone;

pub(super) enum Cell {
    Nothing,
    Text(String),
    Number(i64),
    /// In the stall's currency, in its smallest unit.
    Money(i64),
    /// Days since 1970.
    Day(i32),
    Flag(bool),
}

/// Where a table's rows go, one after the other.
pub(super) type Rows<'a> = dyn FnMut(Vec<Cell>) -> Result<(), NotDone> + 'a;

/// One table: what is in it, what each column means, and how its rows are read. Nothing of it is kept in memory.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) columns: &'static [(&'static str, &'static str)],
    pub(super) fill: fn(&mut Engine, Of, &mut Rows<'_>) -> Result<(), NotDone>,
}

impl Shape {
    /// With a mark at the beginning by which spreadsheets know the encoding.
    pub(super) fn csv_head(&self) -> String {
        let mut out = String::from("\u{feff}");
        push_line(&mut out, self.columns.iter().map(|(column, _)| (*column).to_owned()));
        out
    }
}

pub(super) fn csv_row(cells: &[Cell], currency: &str) -> String {
    let mut out = String::new();
    push_line(&mut out, cells.iter().map(|cell| shown(cell, currency)));
    out
}

pub(super) const JSON_HEAD: &str = "[";
pub(super) const JSON_FOOT: &str = "\n]\n";

/// `at` counts the rows of its table.
pub(super) fn json_row(shape: &Shape, cells: &[Cell], (at, currency): (u64, &str)) -> String {
    let mut out = String::from(if at == 0 { "\n{" } else { ",\n{" });
    for (place, ((column, _), cell)) in shape.columns.iter().zip(cells).enumerate() {
        if place > 0 {
            out.push(',');
        }
        push_quoted(&mut out, column);
        out.push(':');
        match cell {
            Cell::Nothing => out.push_str("null"),
            Cell::Number(number) => out.push_str(&number.to_string()),
            Cell::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Cell::Text(text) => push_quoted(&mut out, text),
            // As text, since most readers of JSON have only floats.
            Cell::Money(_) | Cell::Day(_) => push_quoted(&mut out, &plain(cell, currency)),
        }
    }
    out.push('}');
    out
}

fn plain(cell: &Cell, currency: &str) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Money(minor) => match Currency::parse(currency) {
            Some(currency) => Money { minor: *minor, currency }.plain(),
            None => minor.to_string(),
        },
        Cell::Day(day) => BusinessDay::from_days(*day).map(|day| day.to_string()).unwrap_or_default(),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.into(),
    }
}

/// A text that a spreadsheet would run as a formula is shown as a text.
fn shown(cell: &Cell, currency: &str) -> String {
    let plain = plain(cell, currency);
    let is_formula = matches!(cell, Cell::Text(_)) && plain.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{plain}") } else { plain }
}

fn push_line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

pub(super) fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_and_json_say_the_same() {
        let columns = &[("name", ""), ("price", ""), ("day", ""), ("left", ""), ("none", ""), ("on", "")];
        let shape = Shape { name: "t", about: "", columns, fill: |_, _, _| Ok(()) };
        let cells = [
            Cell::Text("Tea, \"strong\"\nand \\ hot".into()),
            Cell::Money(-5),
            Cell::Day(0),
            Cell::Number(3),
            Cell::Nothing,
            Cell::Flag(true),
        ];
        assert_eq!(shape.csv_head(), "\u{feff}name,price,day,left,none,on\r\n");
        assert_eq!(csv_row(&cells, "EUR"), "\"Tea, \"\"strong\"\"\nand \\ hot\",-0.05,1970-01-01,3,,yes\r\n");
        assert_eq!(csv_row(&[Cell::Text("=1+1".into())], "EUR"), "'=1+1\r\n");
        assert_eq!(
            json_row(&shape, &cells, (1, "EUR")),
            ",\n{\"name\":\"Tea, \\\"strong\\\"\\u000aand \\\\ hot\",\"price\":\"-0.05\",\"day\":\"1970-01-01\",\
             \"left\":3,\"none\":null,\"on\":true}"
        );
    }
}
