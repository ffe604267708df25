//! What others ask, out of a table that they or somebody else wrote. Pure: it reads rows; which product of a stall a row means is
//! looked up elsewhere, and what cannot be read is said by its line.

use crate::import::{DecimalMark, Table, decimal_in, minor_of, one_line, plain, unit_of};
use crate::money::Currency;
use crate::quantity::Unit;
use crate::statement::{DayOrder, order_of, time_of};
use crate::verbs::move_price::PRICE_MINOR_MAX;
use crate::verbs::note_rivals::RIVAL_NAME_BYTES_MAX;

/// Largest file, or answer of an address, that is looked at.
pub const RIVAL_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Most rows of one.
pub const RIVAL_ROWS_MAX: usize = 20_000;
const SHOWN_CHARS_MAX: usize = 40;

crate::wire_choice! {
    /// What a column says.
    pub enum RivalField {
        Ignore = 0,
        Name = 1,
        Barcode = 2,
        Price = 3,
        /// Where it is another than the stall's.
        Currency = 4,
        /// A word such as `piece`, `kg` or `ml`: what the price is for.
        Unit = 5,
        /// When it was seen.
        Time = 6,
    }
}

crate::wire_choice! {
    /// What is wrong with a row.
    pub enum RivalTrouble {
        NoName = 1,
        NotAPrice = 2,
        UnknownCurrency = 3,
        UnknownUnit = 4,
        NotATime = 5,
        TooLong = 6,
        /// The same thing stands in an earlier line.
        Repeated = 7,
        /// It was seen after now.
        InTheFuture = 8,
    }
}

/// Words of headers as `plain` writes them, in the order in which they are tried.
const HEADERS: &[(RivalField, &[&str])] = &[
    (
        RivalField::Barcode,
        &[
            "barcode",
            "ean",
            "ean13",
            "gtin",
            "gtin13",
            "upc",
            "msimbopau",
            "code barres",
            "code barre",
            "gencod",
            "الباركود",
            "باركود",
        ],
    ),
    (
        RivalField::Price,
        &[
            "price",
            "sale price",
            "selling price",
            "retail price",
            "unit price",
            "regular price",
            "amount",
            "bei",
            "bei ya kuuza",
            "prix",
            "prix de vente",
            "prix ttc",
            "prix unitaire",
            "tarif",
            "السعر",
            "سعر",
            "سعر البيع",
        ],
    ),
    (
        RivalField::Currency,
        &["currency", "price currency", "pricecurrency", "sarafu", "devise", "monnaie", "العملة", "عملة"],
    ),
    (
        RivalField::Unit,
        &["unit", "uom", "unit of measure", "sold by", "kipimo", "unité", "unite", "الوحدة", "وحدة"],
    ),
    (
        RivalField::Time,
        &[
            "date",
            "time",
            "seen",
            "seen at",
            "updated",
            "updated at",
            "timestamp",
            "tarehe",
            "muda",
            "vu le",
            "mis à jour",
            "التاريخ",
            "تاريخ",
        ],
    ),
    (
        RivalField::Name,
        &[
            "name",
            "product",
            "product name",
            "item",
            "item name",
            "title",
            "description",
            "jina",
            "bidhaa",
            "jina la bidhaa",
            "nom",
            "nom du produit",
            "produit",
            "désignation",
            "designation",
            "libellé",
            "الاسم",
            "اسم",
            "اسم المنتج",
            "المنتج",
        ],
    ),
];

/// How rows are read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RivalReading {
    /// One for each column; columns beyond are ignored.
    pub fields: Vec<RivalField>,
    pub decimal: DecimalMark,
}

impl RivalReading {
    /// Each field is given once, to the first column that is called like it.
    pub fn guess(table: &Table) -> Self {
        let mut fields: Vec<RivalField> = Vec::new();
        for header in &table.headers {
            let words = plain(header);
            let known = HEADERS
                .iter()
                .find(|(field, names)| !fields.contains(field) && names.contains(&words.as_str()));
            fields.push(known.map_or(RivalField::Ignore, |(field, _)| *field));
        }
        let prices = fields.iter().enumerate().filter(|(_, field)| **field == RivalField::Price);
        let decimal = decimal_in(table, prices.map(|(column, _)| column));
        Self { fields, decimal }
    }

    /// Without a price, and without a barcode or a name, nothing can be compared.
    pub fn is_enough(&self) -> bool {
        let has = |field| self.fields.contains(&field);
        has(RivalField::Price) && (has(RivalField::Name) || has(RivalField::Barcode))
    }
}

/// When and where a table is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadAt {
    /// Where no column says another.
    pub currency: Currency,
    pub now_ms: i64,
    /// Minutes east of UTC, in which its times are.
    pub offset_minutes: i32,
}

/// One thing and what it costs there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TheirRow {
    /// Of the file, from 1.
    pub line: u32,
    /// By which they mean it.
    pub key: String,
    pub name: String,
    pub barcode: Option<String>,
    pub price_minor: i64,
    pub currency: Currency,
    /// And how many of it the price is for; none is what the own price is for.
    pub unit: Option<(Unit, i64)>,
    pub seen_at_ms: i64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RivalProblem {
    /// Of the file, from 1.
    pub line: u32,
    pub trouble: RivalTrouble,
    /// What stands there, shortened.
    pub value: String,
}

#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RivalsRead {
    pub rows: Vec<TheirRow>,
    pub problems: Vec<RivalProblem>,
}

/// The rows that can be read, and what is wrong with the others.
pub fn read_rivals(table: &Table, reading: &RivalReading, at: ReadAt) -> RivalsRead {
    let column = |wanted| reading.fields.iter().position(|field| *field == wanted);
    let times = column(RivalField::Time);
    let dates = table.lines.iter().filter_map(|line| line.cells.get(times?)).map(String::as_str);
    let order = order_of(dates);
    let mut read = RivalsRead::default();
    let mut seen = std::collections::BTreeSet::new();
    for line in &table.lines {
        let cell = |field| {
            let cell = column(field).and_then(|column| line.cells.get(column));
            cell.map(|cell| one_line(cell)).filter(|cell| !cell.is_empty())
        };
        let row = their_row(line.number, &cell, (reading.decimal, order), at);
        let row = row.and_then(|row| {
            if seen.insert(row.key.clone()) { Ok(row) } else { Err((RivalTrouble::Repeated, row.name)) }
        });
        match row {
            Ok(row) => read.rows.push(row),
            Err((trouble, value)) => {
                let value = value.chars().take(SHOWN_CHARS_MAX).collect();
                read.problems.push(RivalProblem { line: line.number, trouble, value });
            }
        }
    }
    read
}

fn their_row(
    line: u32,
    cell: &impl Fn(RivalField) -> Option<String>,
    (decimal, order): (DecimalMark, DayOrder),
    at: ReadAt,
) -> Result<TheirRow, (RivalTrouble, String)> {
    let barcode = cell(RivalField::Barcode);
    let name = cell(RivalField::Name).or(barcode.clone()).ok_or((RivalTrouble::NoName, String::new()))?;
    let key = barcode.clone().unwrap_or_else(|| name.to_lowercase());
    if name.len() > RIVAL_NAME_BYTES_MAX || key.len() > RIVAL_NAME_BYTES_MAX {
        return Err((RivalTrouble::TooLong, name));
    }
    let said = cell(RivalField::Currency);
    let currency = said.as_ref().map_or(Some(at.currency), |code| Currency::parse(code));
    let currency = currency.ok_or((RivalTrouble::UnknownCurrency, said.unwrap_or_default()))?;
    let said = cell(RivalField::Price).unwrap_or_default();
    let price = minor_of(&said, decimal, currency).filter(|minor| (1..=PRICE_MINOR_MAX).contains(minor));
    let price_minor = price.ok_or((RivalTrouble::NotAPrice, said))?;
    let unit = match cell(RivalField::Unit) {
        None => None,
        Some(word) => Some(unit_of(&word).ok_or((RivalTrouble::UnknownUnit, word))?),
    };
    let seen_at_ms = match cell(RivalField::Time) {
        None => at.now_ms,
        Some(text) => seen_at(&text, order, at)?,
    };
    Ok(TheirRow { line, key, name, barcode, price_minor, currency, unit, seen_at_ms })
}

fn seen_at(text: &str, order: DayOrder, at: ReadAt) -> Result<i64, (RivalTrouble, String)> {
    let local_ms = time_of(text, order).ok_or((RivalTrouble::NotATime, text.to_owned()))?;
    let seen_at_ms = local_ms.saturating_sub(i64::from(at.offset_minutes).saturating_mul(60_000));
    if seen_at_ms > at.now_ms {
        return Err((RivalTrouble::InTheFuture, text.to_owned()));
    }
    Ok(seen_at_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::TableFault;

    const NOW_MS: i64 = 1_795_262_400_000;

    fn read(text: &str) -> RivalsRead {
        let table = Table::read(text.as_bytes()).unwrap();
        let reading = RivalReading::guess(&table);
        assert!(reading.is_enough(), "{text}");
        let currency = Currency::parse("KES").unwrap();
        read_rivals(&table, &reading, ReadAt { currency, now_ms: NOW_MS, offset_minutes: 180 })
    }

    #[test]
    fn a_table_and_a_list_of_objects_say_the_same() {
        let csv = "Bidhaa;EAN;Bei;Kipimo;Tarehe\nMango;5449;80,50;kg;21/11/2026\n";
        let json = r#"{"shop": "Across", "items": [{"ean": 5449, "name": "Mango", "price": 80.5, "unit": "kg",
            "date": "2026-11-21", "tags": ["ripe"], "stock": null}]}"#;
        for text in [csv, json] {
            let row = TheirRow {
                line: if text == csv { 2 } else { 1 },
                key: "5449".into(),
                name: "Mango".into(),
                barcode: Some("5449".into()),
                price_minor: 8_050,
                currency: Currency::parse("KES").unwrap(),
                unit: Some((Unit::Gram, 1_000)),
                // Midnight at the stall.
                seen_at_ms: 1_795_219_200_000 - 180 * 60_000,
            };
            assert_eq!(read(text), RivalsRead { rows: vec![row], problems: vec![] }, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_by_its_line() {
        let long = "x".repeat(RIVAL_NAME_BYTES_MAX + 1);
        for (row, trouble) in [
            (",,80,,,", RivalTrouble::NoName),
            ("a,,0,,,", RivalTrouble::NotAPrice),
            ("a,,-80,,,", RivalTrouble::NotAPrice),
            ("a,,free,,,", RivalTrouble::NotAPrice),
            ("a,,99999999999999,,,", RivalTrouble::NotAPrice),
            ("a,,80,DOGE,,", RivalTrouble::UnknownCurrency),
            ("a,,80,,barrel,", RivalTrouble::UnknownUnit),
            ("a,,80,,,yesterday", RivalTrouble::NotATime),
            ("a,,80,,,2027-01-01", RivalTrouble::InTheFuture),
            (&*format!("{long},,80,,,"), RivalTrouble::TooLong),
            ("FIRST,,80,,,", RivalTrouble::Repeated),
        ] {
            let read = read(&format!("name,barcode,price,currency,unit,date\nfirst,,70,USD,,\n{row}\n"));
            assert_eq!(read.rows.len(), 1, "{row}");
            assert_eq!(read.rows[0].currency.code(), "USD");
            let problems: Vec<_> = read.problems.iter().map(|it| (it.line, it.trouble)).collect();
            assert_eq!(problems, [(3, trouble)], "{row}");
        }
        // A script is a name like any other.
        assert_eq!(
            read("name,price\n<script>alert(1)</script>,5\n").rows[0].name,
            "<script>alert(1)</script>"
        );
    }

    #[test]
    fn numbers_of_objects_are_not_read_as_others() {
        for (number, minor) in [("80", Some(8_000)), ("80.0", Some(8_000)), ("0.5", Some(50)), ("1e21", None)]
        {
            let read = read(&format!(r#"[{{"name": "a", "price": {number}}}]"#));
            assert_eq!(read.rows.first().map(|row| row.price_minor), minor, "{number}");
        }
        let page =
            Table::read(b"\n <!DOCTYPE html><html><table><tr><td>Mango</td><td>80</td></tr></table></html>");
        assert_eq!(page, Err(TableFault::Page));
        for text in ["[1, 2]", "{}", "[", &*"[".repeat(100_000), "{\"a\": [[{\"price\": 1}]]}"] {
            assert!(Table::read(text.as_bytes()).is_err(), "{text:.20}");
        }
    }
}
