//! From cells to what a product needs.

use std::collections::BTreeMap;

use crate::import::{DecimalMark, ImportField, ImportTrouble, Line, Problem, Table};
use crate::money::{Currency, Money, Ppm};
use crate::quantity::Unit;
use crate::stock::MOVE_QUANTITY_MAX;

const NAME_BYTES_MAX: usize = 200;
const CODE_BYTES_MAX: usize = 64;
const DESCRIPTION_BYTES_MAX: usize = 8_000;
/// As much of a cell as a list of problems shows.
const SHOWN_CHARS_MAX: usize = 40;
/// More than one product needs.
const PARTS_MAX: usize = 20;

/// How rows are read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// One for each column; columns beyond are ignored.
    pub fields: Vec<ImportField>,
    pub decimal: DecimalMark,
    pub currency: Currency,
}

/// What a row says. What it leaves open is none.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Row {
    pub line: u32,
    pub name: Option<String>,
    pub price_minor: Option<i64>,
    pub cost_minor: Option<i64>,
    pub sku: Option<String>,
    pub barcodes: Vec<String>,
    pub categories: Vec<String>,
    /// In the product's smallest unit.
    pub stock: Option<i64>,
    pub low_level: Option<i64>,
    pub tax_ppm: Option<u32>,
    /// And how many of it the price is for.
    pub unit: Option<(Unit, i64)>,
    pub description: Option<String>,
}

/// The rows that can be read, and what is wrong with the others.
pub fn read_rows(table: &Table, reading: &Reading) -> (Vec<Row>, Vec<Problem>) {
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    // By SKU and by barcode: the first line that has it.
    let mut seen: BTreeMap<(ImportField, String), u32> = BTreeMap::new();
    for line in &table.lines {
        let mut cells = Cells { line, reading, problems: Vec::new() };
        let row = cells.row();
        let repeated = codes(&row).into_iter().find_map(|code| seen.get(&code).map(|first| (code, *first)));
        if let Some(((field, _), first)) = repeated {
            cells.wrong(field, ImportTrouble::Repeated, &first.to_string());
        }
        if cells.problems.is_empty() {
            seen.extend(codes(&row).into_iter().map(|code| (code, line.number)));
            rows.push(row);
        }
        problems.append(&mut cells.problems);
    }
    (rows, problems)
}

fn codes(row: &Row) -> Vec<(ImportField, String)> {
    let sku = row.sku.iter().map(|sku| (ImportField::Sku, sku.clone()));
    sku.chain(row.barcodes.iter().map(|code| (ImportField::Barcode, code.clone()))).collect()
}

struct Cells<'a> {
    line: &'a Line,
    reading: &'a Reading,
    problems: Vec<Problem>,
}

impl Cells<'_> {
    fn row(&mut self) -> Row {
        let unit = self.unit();
        // A kilogram in the list is a thousand grams here.
        let units_each = unit.filter(|(unit, _)| *unit != Unit::Piece).map_or(1, |(_, each)| each);
        Row {
            line: self.line.number,
            name: self.text(ImportField::Name, NAME_BYTES_MAX),
            price_minor: self.amount(ImportField::Price),
            cost_minor: self.amount(ImportField::Cost),
            sku: self.text(ImportField::Sku, CODE_BYTES_MAX),
            barcodes: self.list(ImportField::Barcode, CODE_BYTES_MAX),
            categories: self.list(ImportField::Category, NAME_BYTES_MAX),
            stock: self.quantity(ImportField::Stock, units_each),
            low_level: self.quantity(ImportField::LowLevel, units_each),
            tax_ppm: self.percent(),
            unit,
            description: self.prose(),
        }
    }

    fn column(&self, field: ImportField) -> Option<usize> {
        self.reading.fields.iter().position(|known| *known == field)
    }

    /// What stands under a field; nothing if the field has no column or the cell is empty.
    fn cell(&self, field: ImportField) -> Option<&str> {
        let cell = self.line.cells.get(self.column(field)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    fn wrong(&mut self, field: ImportField, trouble: ImportTrouble, value: &str) {
        let value = value.chars().take(SHOWN_CHARS_MAX).collect();
        self.problems.push(Problem { line: self.line.number, column: self.column(field), trouble, value });
    }

    /// One line: breaks and other control characters become spaces.
    fn text(&mut self, field: ImportField, bytes_max: usize) -> Option<String> {
        let text = one_line(self.cell(field)?);
        self.fitting(field, text, bytes_max)
    }

    fn fitting(&mut self, field: ImportField, text: String, bytes_max: usize) -> Option<String> {
        if text.len() <= bytes_max {
            return Some(text);
        }
        self.wrong(field, ImportTrouble::TooLong, &text);
        None
    }

    fn prose(&mut self) -> Option<String> {
        let field = ImportField::Description;
        let plain = |letter: char| if letter.is_control() && letter != '\n' { ' ' } else { letter };
        let text: String = self.cell(field)?.replace("\r\n", "\n").chars().map(plain).collect();
        self.fitting(field, text, DESCRIPTION_BYTES_MAX)
    }

    fn list(&mut self, field: ImportField, bytes_max: usize) -> Vec<String> {
        let Some(cell) = self.cell(field) else { return Vec::new() };
        let mut parts: Vec<String> = cell.split('|').map(one_line).filter(|part| !part.is_empty()).collect();
        parts.dedup();
        if parts.len() > PARTS_MAX {
            let cell = cell.to_owned();
            self.wrong(field, ImportTrouble::TooMany, &cell);
            return Vec::new();
        }
        parts.into_iter().filter_map(|part| self.fitting(field, part, bytes_max)).collect()
    }

    fn amount(&mut self, field: ImportField) -> Option<i64> {
        let cell = self.cell(field)?.to_owned();
        let minor = minor_of(&cell, self.reading.decimal, self.reading.currency).filter(|minor| *minor >= 0);
        if minor.is_none() {
            self.wrong(field, ImportTrouble::NotAnAmount, &cell);
        }
        minor
    }

    fn quantity(&mut self, field: ImportField, units_each: i64) -> Option<i64> {
        let cell = self.cell(field)?.to_owned();
        let number = number(&cell, self.reading.decimal);
        let quantity = number.and_then(|number| scaled(&number, units_each));
        if quantity.is_none() {
            self.wrong(field, ImportTrouble::NotAQuantity, &cell);
        }
        quantity
    }

    fn percent(&mut self) -> Option<u32> {
        let cell = self.cell(ImportField::Tax)?.to_owned();
        let number = number(&cell, self.reading.decimal);
        let ppm = number.and_then(|number| number.parse::<Ppm>().ok()).filter(|ppm| *ppm <= Ppm::ONE);
        if ppm.is_none() {
            self.wrong(ImportField::Tax, ImportTrouble::NotAPercent, &cell);
        }
        ppm.map(|ppm| ppm.0)
    }

    fn unit(&mut self) -> Option<(Unit, i64)> {
        let cell = self.cell(ImportField::Unit)?.to_owned();
        let unit = unit_of(&cell);
        if unit.is_none() {
            self.wrong(ImportField::Unit, ImportTrouble::UnknownUnit, &cell);
        }
        unit
    }
}

/// An amount as people write it, also one below nothing.
pub(crate) fn minor_of(cell: &str, decimal: DecimalMark, currency: Currency) -> Option<i64> {
    let number = number(cell, decimal)?;
    Money::parse(&number, currency).ok().map(|money| money.minor)
}

pub(crate) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The digits, with a point before the decimals: without the currency's sign, without groups. Nothing if the cell says more than one
/// number, or one that people write in another way: a price that is guessed is worse than one that is asked for.
fn number(cell: &str, decimal: DecimalMark) -> Option<String> {
    let cell: String = cell.chars().map(western_digit).collect();
    let starts = cell.find(|letter: char| letter.is_ascii_digit())?;
    let ends = cell.rfind(|letter: char| letter.is_ascii_digit())? + 1;
    let (mark, group) = match decimal {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    let (before, digits, after) = (cell.get(..starts)?, cell.get(starts..ends)?, cell.get(ends..)?);
    let is_mark = |letter: char| letter == mark || letter == '٫';
    // ".5" is a half, and "KSh. 5" is five: there the point ends a word.
    let (before, is_part) = match before.strip_suffix(is_mark) {
        Some(rest) if !rest.ends_with(char::is_alphabetic) => (rest, true),
        Some(_) | None => (before, false),
    };
    let is_negative = sign(before)?;
    // "300/-" and "300/=" are whole shillings.
    let unit = after.strip_suffix("/-").or_else(|| after.strip_suffix("/=")).unwrap_or(after);
    if !names_money(unit) {
        return None;
    }
    let (whole, decimals) = match digits.split_once(is_mark) {
        Some(_) if is_part => return None,
        Some((whole, decimals)) => (ungrouped(whole, group)?, decimals),
        None if is_part => (String::new(), digits),
        None => (ungrouped(digits, group)?, ""),
    };
    if !decimals.chars().all(|letter| letter.is_ascii_digit()) {
        return None;
    }
    let point = if decimals.is_empty() { "" } else { "." };
    Some(format!("{}{whole}{point}{decimals}", if is_negative { "-" } else { "" }))
}

/// Whether what stands before a number makes it less than nothing; none if it is not the name of money.
fn sign(before: &str) -> Option<bool> {
    let names = before.replacen(['-', '−'], "", 1);
    names_money(&names).then_some(names.len() < before.len())
}

/// A currency's sign or code, a percent sign, spaces.
fn names_money(text: &str) -> bool {
    let is_sign = |letter| matches!(letter, '$' | '£' | '¥' | '\u{20a0}'..='\u{20cf}' | '%' | '.');
    text.chars().all(|letter| letter.is_alphabetic() || letter.is_whitespace() || is_sign(letter))
}

/// "1,00,000" and "1 000" without what groups the digits; none if they are no groups, as in "3 4" and in "1,5".
fn ungrouped(digits: &str, group: char) -> Option<String> {
    let parts: Vec<&str> = digits
        .split(|letter: char| letter == group || letter.is_whitespace() || "٬'’".contains(letter))
        .collect();
    let is_number = |part: &&str| part.chars().all(|letter| letter.is_ascii_digit());
    let (first, groups) = parts.split_first()?;
    let are_groups = match groups.split_last() {
        None => true,
        Some((last, others)) => {
            (1..=3).contains(&first.len())
                && last.len() == 3
                && others.iter().all(|part| (2..=3).contains(&part.len()))
        }
    };
    (are_groups && parts.iter().all(is_number)).then(|| parts.concat())
}

pub(crate) fn western_digit(letter: char) -> char {
    let value = match letter {
        '٠'..='٩' => u32::from(letter) - u32::from('٠'),
        '۰'..='۹' => u32::from(letter) - u32::from('۰'),
        other => return other,
    };
    char::from_digit(value, 10).unwrap_or(letter)
}

/// A number with decimals in units of which so many make one.
fn scaled(number: &str, units_each: i64) -> Option<i64> {
    // "-0" is nothing, and "-0.5" would be taken for a half.
    if number.starts_with('-') {
        return None;
    }
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let decimals = decimals.trim_end_matches('0');
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut quantity = whole.checked_mul(units_each)?;
    if !decimals.is_empty() {
        let scale = 10_i64.checked_pow(u32::try_from(decimals.len()).ok()?)?;
        let part = decimals.parse::<i64>().ok()?.checked_mul(units_each)?;
        // Half a piece is none.
        if part % scale != 0 {
            return None;
        }
        quantity = quantity.checked_add(part / scale)?;
    }
    (0..=MOVE_QUANTITY_MAX).contains(&quantity).then_some(quantity)
}

/// The unit that a word in one of the four languages means, and how many of the smallest the price is for.
pub(crate) fn unit_of(word: &str) -> Option<(Unit, i64)> {
    let word = word.trim().trim_end_matches('.').to_lowercase();
    Some(match word.as_str() {
        "piece" | "pieces" | "pc" | "pcs" | "each" | "ea" | "unit" | "item" | "kipande" | "pièce"
        | "pièces" | "pce" | "u" | "unité" | "قطعة" | "حبة" => (Unit::Piece, 1),
        "kg" | "kilo" | "kilogram" | "kilogramme" | "kilogramu" | "كغ" | "كجم" | "كيلو" => {
            (Unit::Gram, 1_000)
        }
        "100g" | "100 g" => (Unit::Gram, 100),
        "g" | "gr" | "gram" | "gramme" | "gramu" | "غ" | "غرام" | "جرام" => (Unit::Gram, 1),
        "l" | "lt" | "ltr" | "litre" | "liter" | "lita" | "لتر" => (Unit::Millilitre, 1_000),
        "ml" | "millilitre" | "milliliter" | "mililita" | "مل" => (Unit::Millilitre, 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{guess_decimal, guess_fields};

    fn read(text: &str, currency: &str) -> (Vec<Row>, Vec<Problem>) {
        let table = Table::read(text.as_bytes()).unwrap();
        let fields = guess_fields(&table.headers);
        let decimal = guess_decimal(&table, &fields);
        let currency = Currency::parse(currency).unwrap();
        read_rows(&table, &Reading { fields, decimal, currency })
    }

    #[test]
    fn a_row_becomes_what_a_product_needs() {
        let text = "Name;Price;Cost;SKU;Barcode;Category;Stock;VAT;Unit;Low stock\n\
                    Rice;\"1.250,50\";1000;R-1;111|222;Food|Dry;2,5;18%;kg;0,5\n\
                    Mug;KSh 300;;M-1;;;4;;piece;\n";
        let (rows, problems) = read(text, "KES");
        assert_eq!(problems, []);
        let rice = Row {
            line: 2,
            name: Some("Rice".into()),
            price_minor: Some(125_050),
            cost_minor: Some(100_000),
            sku: Some("R-1".into()),
            barcodes: vec!["111".into(), "222".into()],
            categories: vec!["Food".into(), "Dry".into()],
            stock: Some(2_500),
            low_level: Some(500),
            tax_ppm: Some(180_000),
            unit: Some((Unit::Gram, 1_000)),
            description: None,
        };
        assert_eq!(rows[0], rice);
        assert_eq!(
            (rows[1].price_minor, rows[1].stock, rows[1].unit),
            (Some(30_000), Some(4), Some((Unit::Piece, 1)))
        );
    }

    #[test]
    fn each_problem_names_its_line_its_column_and_what_stands_there() {
        let long = "x".repeat(NAME_BYTES_MAX + 1);
        let many = format!(
            "a,1,,,,,{}",
            (10..=10 + PARTS_MAX).map(|code| code.to_string()).collect::<Vec<_>>().join("|")
        );
        for (row, column, trouble) in [
            ("a,abc,,,,,", 1, ImportTrouble::NotAnAmount),
            ("a,-3,,,,,", 1, ImportTrouble::NotAnAmount),
            ("a,1.234,,,,,", 1, ImportTrouble::NotAnAmount),
            ("a,1,-2,,,,", 2, ImportTrouble::NotAQuantity),
            ("a,1,1.5,,,,", 2, ImportTrouble::NotAQuantity),
            ("a,1,-0.5,kg,,,", 2, ImportTrouble::NotAQuantity),
            ("a,3 for 10,,,,,", 1, ImportTrouble::NotAnAmount),
            ("a,1,1,barrel,,,", 3, ImportTrouble::UnknownUnit),
            ("a,1,1,kg,140,,", 4, ImportTrouble::NotAPercent),
            ("a,1,1,,,S-1,", 5, ImportTrouble::Repeated),
            ("a,1,1,,,,9", 6, ImportTrouble::Repeated),
            (long.as_str(), 0, ImportTrouble::TooLong),
            (many.as_str(), 6, ImportTrouble::TooMany),
        ] {
            let text = format!("name,price,stock,unit,vat,sku,barcode\nfirst,1.50,,,,S-1,8|9\n{row}\n");
            let (rows, problems) = read(&text, "EUR");
            let found: Vec<_> =
                problems.iter().map(|problem| (problem.line, problem.column, problem.trouble)).collect();
            assert_eq!(found, [(3, Some(column), trouble)], "{row}");
            assert_eq!(rows.len(), 1, "a row with a problem is not taken");
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        use DecimalMark::{Comma, Point};
        for (cell, decimal, wanted) in [
            ("1,250.50", Point, Some("1250.50")),
            ("1 250,50 €", Comma, Some("1250.50")),
            ("KSh. 300", Point, Some("300")),
            ("١٢٫٥", Point, Some("12.5")),
            ("1'000", Point, Some("1000")),
            (".5", Point, Some(".5")),
            ("KSh .5", Point, Some(".5")),
            ("300/-", Point, Some("300")),
            ("Ksh 1,300/=", Point, Some("1300")),
            ("1,00,000", Point, Some("100000")),
            ("12.50 USD", Point, Some("12.50")),
            ("-12", Point, Some("-12")),
            ("€ -3,20", Comma, Some("-3.20")),
            ("18 %", Point, Some("18")),
            ("5.", Point, Some("5")),
            ("3/4", Point, None),
            ("3 for 10", Point, None),
            ("3x10", Point, None),
            ("1E3", Point, None),
            ("2 4", Point, None),
            ("1,5", Point, None),
            ("12.50.", Comma, None),
            ("1.2.3", Point, None),
            ("--5", Point, None),
            ("5-", Point, None),
            ("10-12", Point, None),
            ("#5", Point, None),
            ("free", Point, None),
        ] {
            assert_eq!(number(cell, decimal).as_deref(), wanted, "{cell}");
        }
    }
}
