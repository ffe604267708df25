//! From a provider's table to the money that came and went. The table is found below whatever stands above it, and its
//! columns are guessed by their headers.

use std::collections::BTreeSet;

use crate::import::{DecimalMark, Table, decimal_in, minor_of, one_line, plain};
use crate::money::Currency;
use crate::statement::time::{self, DayOrder};
use crate::statement::{StatementField, StatementTrouble};
use crate::verbs::verify_payment::code_key;

/// Lines above the headers: the stall's name, its number, the span.
const LINES_ABOVE_MAX: usize = 20;
/// What a table of payments has at least.
const COLUMNS_MIN: usize = 3;
const CODE_CHARS_MAX: usize = 64;
const SHOWN_CHARS_MAX: usize = 40;

/// Words of headers as `plain` writes them.
const HEADERS: &[(StatementField, &[&str])] = &[
    (
        StatementField::Code,
        &[
            "receipt no",
            "receipt",
            "receipt number",
            "transaction id",
            "transaction code",
            "transaction no",
            "transaction number",
            "trans id",
            "txn id",
            "code",
            "reference",
            "ref",
            "external reference",
            "id",
            "msimbo",
            "nambari ya muamala",
            "kumbukumbu",
            "référence",
            "numéro de transaction",
            "id de transaction",
            "code de transaction",
            "رمز العملية",
            "رقم العملية",
            "المرجع",
            "رمز",
        ],
    ),
    (
        StatementField::Received,
        &[
            "paid in",
            "amount received",
            "received",
            "credit",
            "credit amount",
            "money in",
            "deposit",
            "in",
            "amount",
            "transaction amount",
            "zilizoingia",
            "kiasi",
            "montant",
            "montant reçu",
            "crédit",
            "المبلغ",
            "المبلغ المستلم",
            "دائن",
            "وارد",
        ],
    ),
    (
        StatementField::Sent,
        &[
            "withdrawn",
            "paid out",
            "debit",
            "debit amount",
            "money out",
            "sent",
            "out",
            "zilizotoka",
            "débit",
            "montant envoyé",
            "مدين",
            "صادر",
        ],
    ),
    (
        StatementField::Time,
        &[
            "completion time",
            "time",
            "date",
            "date time",
            "date and time",
            "transaction date",
            "transaction time",
            "timestamp",
            "tarehe",
            "muda",
            "saa",
            "heure",
            "date et heure",
            "date de transaction",
            "التاريخ",
            "الوقت",
            "تاريخ",
            "وقت",
            "التاريخ والوقت",
        ],
    ),
    (
        StatementField::Status,
        &["transaction status", "status", "state", "hali", "statut", "état", "الحالة", "حالة"],
    ),
    (
        StatementField::Who,
        &[
            "details",
            "other party info",
            "other party",
            "from",
            "sender",
            "name",
            "customer",
            "phone",
            "phone number",
            "msisdn",
            "description",
            "maelezo",
            "jina",
            "simu",
            "détails",
            "expéditeur",
            "nom",
            "téléphone",
            "التفاصيل",
            "المرسل",
            "الاسم",
            "الهاتف",
        ],
    ),
];

/// Words of a status that mean that the money came.
const COMPLETE: &[&str] = &[
    "completed",
    "complete",
    "success",
    "successful",
    "succeeded",
    "ok",
    "done",
    "paid",
    "received",
    "settled",
    "ts",
    "imekamilika",
    "imefanikiwa",
    "terminé",
    "effectué",
    "réussi",
    "reçu",
    "complété",
    "مكتمل",
    "مكتملة",
    "ناجح",
    "ناجحة",
    "تم",
];

/// How a statement is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementReading {
    /// One for each column; columns beyond are ignored.
    pub fields: Vec<StatementField>,
    pub decimal: DecimalMark,
}

impl StatementReading {
    pub fn guess(table: &Table) -> Self {
        let fields = guess(&table.headers);
        let amounts =
            |field: &StatementField| matches!(field, StatementField::Received | StatementField::Sent);
        let columns = fields.iter().enumerate().filter(|(_, field)| amounts(field)).map(|(column, _)| column);
        let decimal = decimal_in(table, columns);
        Self { fields, decimal }
    }

    /// Without a code and an amount nothing can be compared.
    pub fn is_enough(&self) -> bool {
        is_enough(&self.fields)
    }
}

/// One row in which money moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// Of the file, from 1.
    pub line: u32,
    /// As it stands there.
    pub code: String,
    /// Below nothing where it went out.
    pub amount_minor: i64,
    /// Since 1970 at the stall.
    pub local_ms: Option<i64>,
    pub who: String,
    pub is_complete: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementProblem {
    /// Of the file, from 1.
    pub line: u32,
    pub trouble: StatementTrouble,
    /// What stands there, shortened.
    pub value: String,
}

#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct StatementRead {
    pub rows: Vec<Received>,
    pub problems: Vec<StatementProblem>,
}

/// The table below what stands above it: its headers are the first line that names a code and an amount, else the
/// first that has as many cells as such a table needs.
pub fn statement_table(table: Table) -> Table {
    let Table { encoding, mark, headers, mut lines } = table;
    let above = lines.iter().take(LINES_ABOVE_MAX).map(|line| &line.cells);
    let cells: Vec<&Vec<String>> = std::iter::once(&headers).chain(above).collect();
    let named = cells.iter().position(|cells| is_enough(&guess(cells)));
    let wide = || cells.iter().position(|cells| cells.len() >= COLUMNS_MIN);
    let at = named.or_else(wide).unwrap_or(0);
    let headers = cells.get(at).map_or_else(Vec::new, |cells| (*cells).clone());
    lines.drain(..at);
    Table { encoding, mark, headers, lines }
}

fn is_enough(fields: &[StatementField]) -> bool {
    fields.contains(&StatementField::Code) && fields.contains(&StatementField::Received)
}

/// Each field is given once, to the first column that is called like it; a date and its time of day may be two.
fn guess(headers: &[String]) -> Vec<StatementField> {
    let mut given = BTreeSet::new();
    let of = |header: &String| {
        let words = plain(header);
        let is = |field: StatementField, names: &[&str]| {
            (field == StatementField::Time || !given.contains(&field)) && names.contains(&words.as_str())
        };
        let known = HEADERS.iter().find(|(field, names)| is(*field, names));
        let field = known.map_or(StatementField::Ignore, |(field, _)| *field);
        given.insert(field);
        field
    };
    headers.iter().map(of).collect()
}

/// The rows in which money moved, and what is wrong with others.
pub fn read_statement(table: &Table, reading: &StatementReading, currency: Currency) -> StatementRead {
    let mut read = StatementRead::default();
    let columns = |wanted: StatementField| {
        let all = reading.fields.iter().enumerate();
        all.filter(move |(_, field)| **field == wanted).map(|(column, _)| column).collect::<Vec<_>>()
    };
    let times = columns(StatementField::Time);
    let first = times.first().copied();
    let dates = table.lines.iter().filter_map(|line| line.cells.get(first?)).map(String::as_str);
    let mut lines =
        Lines { columns: &columns, times: &times, order: time::order_of(dates), reading, currency };
    for line in &table.lines {
        lines.take((line.number, &line.cells), &mut read);
    }
    read
}

struct Lines<'a, C: Fn(StatementField) -> Vec<usize>> {
    columns: &'a C,
    times: &'a [usize],
    order: DayOrder,
    reading: &'a StatementReading,
    currency: Currency,
}

impl<C: Fn(StatementField) -> Vec<usize>> Lines<'_, C> {
    fn take(&mut self, (line, cells): (u32, &[String]), read: &mut StatementRead) {
        let mut wrong = |trouble, value: &str| {
            let value = value.chars().take(SHOWN_CHARS_MAX).collect();
            read.problems.push(StatementProblem { line, trouble, value });
        };
        let amount_minor = match self.amount(cells) {
            Ok(0) => return,
            Ok(minor) => minor,
            Err(cell) => return wrong(StatementTrouble::NotAnAmount, &cell),
        };
        let code: String = self.cell(cells, StatementField::Code).chars().take(CODE_CHARS_MAX).collect();
        if code_key(&code).is_empty() {
            return wrong(StatementTrouble::NoCode, &code);
        }
        let local_ms = self.time(cells);
        if let (None, Some(column)) = (local_ms, self.times.first()) {
            wrong(StatementTrouble::NotATime, cells.get(*column).map_or("", String::as_str));
        }
        let status = plain(&self.cell(cells, StatementField::Status));
        let is_complete = status.is_empty() || COMPLETE.contains(&status.as_str());
        let who = self.cell(cells, StatementField::Who);
        read.rows.push(Received { line, code, amount_minor, local_ms, who, is_complete });
    }

    fn cell(&self, cells: &[String], field: StatementField) -> String {
        let column = (self.columns)(field).first().copied();
        column.and_then(|column| cells.get(column)).map(|cell| one_line(cell)).unwrap_or_default()
    }

    /// What came less what went. A row of fees has one of them empty, or nothing in both.
    fn amount(&self, cells: &[String]) -> Result<i64, String> {
        let of = |field| {
            let cell = self.cell(cells, field);
            if !cell.chars().any(char::is_alphanumeric) {
                return Ok(0);
            }
            minor_of(&cell, self.reading.decimal, self.currency).ok_or(cell)
        };
        let came = of(StatementField::Received)?;
        // Some write what went out below nothing.
        let went = of(StatementField::Sent)?.saturating_abs();
        Ok(if came == 0 { -went } else { came })
    }

    fn time(&self, cells: &[String]) -> Option<i64> {
        let texts: Vec<&str> =
            self.times.iter().filter_map(|column| cells.get(*column)).map(String::as_str).collect();
        let whole = time::parse(&texts.join(" "), self.order);
        whole.or_else(|| texts.iter().find_map(|text| time::parse(text, self.order)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (StatementReading, StatementRead) {
        let table = statement_table(Table::read(text.as_bytes()).unwrap());
        let reading = StatementReading::guess(&table);
        let currency = Currency::parse("KES").unwrap();
        let read = read_statement(&table, &reading, currency);
        (reading, read)
    }

    fn rows(read: &StatementRead) -> Vec<(u32, &str, i64, bool)> {
        read.rows.iter().map(|row| (row.line, row.code.as_str(), row.amount_minor, row.is_complete)).collect()
    }

    #[test]
    fn a_statement_with_lines_above_fees_and_a_sum_below() {
        let text = "Name of the shop:,Mama Akinyi\nSpan:,27 Nov\n\n\
            Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance\n\
            TKR4A1B2C3,2026-11-27 09:12:44,Pay from 07** Wanjiku,Completed,\"1,250.00\",,\"1,250.00\"\n\
            TKR4A1B2C3,2026-11-27 09:12:44,Charge,Completed,,-6.88,\"1,243.12\"\n\
            TKR4A1B2C4,2026-11-27 09:20:01,Pay from Otieno,Declined,300.00,,\"1,243.12\"\n\
            TKR4A1B2C5,when?,Pay from Njeri,Completed,80,,\n\
            TKR4A1B2C6,2026-11-27 10:00:00,Pay,Completed,lots,,\n\
            ,,,,\"1,330.00\",-6.88,\n";
        let (reading, read) = read(text);
        use StatementField as F;
        assert_eq!(reading.fields, [F::Code, F::Time, F::Who, F::Status, F::Received, F::Sent, F::Ignore]);
        assert_eq!(
            rows(&read),
            [
                (5, "TKR4A1B2C3", 125_000, true),
                (6, "TKR4A1B2C3", -688, true),
                (7, "TKR4A1B2C4", 30_000, false),
                (8, "TKR4A1B2C5", 8_000, true),
            ]
        );
        let problems: Vec<_> = read.problems.iter().map(|problem| (problem.line, problem.trouble)).collect();
        use StatementTrouble as T;
        assert_eq!(problems, [(8, T::NotATime), (9, T::NotAnAmount), (10, T::NoCode)]);
        assert_eq!((read.rows[0].who.as_str(), read.rows[3].local_ms), ("Pay from 07** Wanjiku", None));
    }

    #[test]
    fn other_providers_call_their_columns_otherwise() {
        for (text, fields, wanted) in [
            (
                "Transaction ID;Date;Time;Amount;Status\nPP1.2;27/11/2026;14:05;1.250,50;TS\nPP1.3;27/11/2026;14:06;-20,00;TS\n",
                "code time time received status",
                vec![(2, "PP1.2", 125_050, true), (3, "PP1.3", -2_000, true)],
            ),
            (
                "Référence;Date et heure;Expéditeur;Montant;Statut\nMP27;27/11/2026 14:05;Awa;5 000;Échoué\n",
                "code time who received status",
                vec![(2, "MP27", 500_000, false)],
            ),
            (
                "رمز العملية,التاريخ,المبلغ\nAA1,٢٧/١١/٢٠٢٦,١٢٫٥\n",
                "code time received",
                vec![(2, "AA1", 1_250, true)],
            ),
            ("Colour,Shape\nred,round\n", "ignore ignore", vec![]),
        ] {
            let (reading, read) = read(text);
            let words = reading.fields.iter().map(|field| format!("{field:?}").to_lowercase());
            assert_eq!(words.collect::<Vec<_>>().join(" "), fields, "{text}");
            assert_eq!(rows(&read), wanted, "{text}");
        }
    }
}
