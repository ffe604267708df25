//! One table, as CSV and as JSON with the same columns.

use soko_domain::calendar::BusinessDay;
use soko_domain::money::{Currency, Money};

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

pub(super) struct Table {
    columns: &'static [&'static str],
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) fn new(columns: &'static [&'static str]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub(super) fn add(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// With a mark at the beginning by which spreadsheets know the encoding.
    pub(super) fn csv(&self, currency: &str) -> String {
        let mut out = String::from("\u{feff}");
        let heads = self.columns.iter().map(|column| (*column).to_owned());
        push_line(&mut out, heads);
        for row in &self.rows {
            push_line(&mut out, row.iter().map(|cell| shown(cell, currency)));
        }
        out
    }

    pub(super) fn json(&self, currency: &str) -> String {
        let mut out = String::from("[");
        for (at, row) in self.rows.iter().enumerate() {
            out.push_str(if at == 0 { "\n{" } else { ",\n{" });
            for (place, (column, cell)) in self.columns.iter().zip(row).enumerate() {
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
        }
        out.push_str("\n]\n");
        out
    }
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

fn push_quoted(out: &mut String, text: &str) {
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
        let mut table = Table::new(&["name", "price", "day", "left", "none", "on"]);
        let name = "Tea, \"strong\"\nand \\ hot";
        table.add(vec![
            Cell::Text(name.into()),
            Cell::Money(-5),
            Cell::Day(0),
            Cell::Number(3),
            Cell::Nothing,
            Cell::Flag(true),
        ]);
        table.add(vec![Cell::Text("=1+1".into())]);
        let csv = table.csv("EUR");
        assert_eq!(
            csv,
            "\u{feff}name,price,day,left,none,on\r\n\"Tea, \"\"strong\"\"\nand \\ hot\",-0.05,1970-01-01,3,,yes\r\n'=1+1\r\n"
        );
        let json = table.json("EUR");
        assert!(json.contains(
            r#""name":"Tea, \"strong\"\u000aand \\ hot","price":"-0.05","day":"1970-01-01","left":3"#
        ));
        assert!(json.contains(r#""none":null,"on":true}"#), "{json}");
    }
}
