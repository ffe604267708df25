//! From bytes to cells.

use std::borrow::Cow;

use crate::import::{IMPORT_BYTES_MAX, IMPORT_COLUMNS_MAX, IMPORT_ROWS_MAX, objects};

const MARKS: [u8; 4] = [b';', b',', b'\t', b'|'];
/// Lines that are looked at to find the mark between columns.
const SAMPLE_LINES: usize = 20;
/// Letters that say whether it is a page.
const PAGE_CHARS: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    Utf8,
    /// As spreadsheets write "Unicode text".
    Utf16,
    /// What old programs write in Western Europe and much of Africa.
    Latin1,
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Latin1 => "Latin-1",
        }
    }
}

/// Why a file is no table of products.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TableFault {
    #[error("the file is larger than 16 MiB; split it")]
    TooLarge,
    #[error("the file has more than 100,000 rows; split it")]
    TooManyRows,
    #[error("the file has more than 100 columns; leave some out")]
    TooManyColumns,
    #[error("the file is a page of the web; take the list that it offers to download")]
    Page,
    #[error("the file has no rows under its first line; export it again as CSV")]
    Empty,
    #[error("the file is not text; save it as CSV in the program that made it")]
    NotText,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    pub encoding: Encoding,
    /// Between columns.
    pub mark: char,
    pub headers: Vec<String>,
    pub lines: Vec<Line>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Of the file, from 1.
    pub number: u32,
    pub cells: Vec<String>,
}

impl Table {
    pub fn read(bytes: &[u8]) -> Result<Self, TableFault> {
        if bytes.len() > IMPORT_BYTES_MAX {
            return Err(TableFault::TooLarge);
        }
        let (text, encoding) = decoded(bytes)?;
        if objects::is_meant(&text) {
            return objects::read(&text);
        }
        if is_page(&text) {
            return Err(TableFault::Page);
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n") + "\n";
        let mark = mark_of(&text);
        let mut lines = Vec::new();
        for line in rows(&text, mark) {
            if line.cells.len() > IMPORT_COLUMNS_MAX {
                return Err(TableFault::TooManyColumns);
            }
            if lines.len() > IMPORT_ROWS_MAX {
                return Err(TableFault::TooManyRows);
            }
            lines.push(line);
        }
        if lines.len() < 2 {
            return Err(TableFault::Empty);
        }
        let headers = lines.remove(0).cells;
        Ok(Self { encoding, mark: char::from(mark), headers, lines })
    }

    /// The first cells of a column that say something.
    pub fn samples(&self, column: usize, count: usize) -> Vec<String> {
        let cells = self.lines.iter().filter_map(|line| line.cells.get(column));
        cells.filter(|cell| !cell.is_empty()).take(count).cloned().collect()
    }
}

/// What a server says instead of a list, or somebody saved instead of one.
fn is_page(text: &str) -> bool {
    let begin: String = text.trim_start().chars().take(PAGE_CHARS).collect();
    let begin = begin.to_lowercase();
    begin.starts_with("<!doctype") || begin.starts_with("<html") || begin.starts_with("<?xml")
}

/// Lines with something in them.
fn rows(text: &str, mark: u8) -> impl Iterator<Item = Line> + '_ {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(mark)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let lines = std::iter::from_fn(move || {
        // The text is valid and rows may differ in length, so no record can fail.
        if !reader.read_record(&mut record).is_ok_and(|is_one| is_one) {
            return None;
        }
        // The reader stands behind the record; where a cell has breaks, its row began that much earlier.
        let breaks = record.iter().map(|cell| cell.matches('\n').count()).sum::<usize>() + 1;
        let behind = usize::try_from(reader.position().line()).unwrap_or(usize::MAX);
        let number = u32::try_from(behind.saturating_sub(breaks)).unwrap_or(u32::MAX);
        Some(Line { number, cells: record.iter().map(|cell| cell.trim().to_owned()).collect() })
    });
    lines.filter(|line| line.cells.iter().any(|cell| !cell.is_empty()))
}

/// The mark that makes the most columns in every one of the first lines.
fn mark_of(text: &str) -> u8 {
    let columns = |mark: u8| {
        let widths: Vec<usize> = rows(text, mark).take(SAMPLE_LINES).map(|line| line.cells.len()).collect();
        let header = widths.first().copied().unwrap_or_default();
        // A comma within a name makes a row longer than its header; a wrong mark makes them all of one cell.
        let whole = widths.iter().filter(|width| **width == header).count();
        if header < 2 { 0 } else { whole * 100 + header }
    };
    let best = MARKS.into_iter().rev().max_by_key(|mark| columns(*mark));
    best.filter(|mark| columns(*mark) > 0).unwrap_or(b',')
}

fn decoded(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), TableFault> {
    let wide = |read: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.map(|text| (Cow::Owned(text), Encoding::Utf16)).map_err(|_| TableFault::NotText)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => return wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => return wide(u16::from_be_bytes, rest),
        _ => {}
    }
    // A spreadsheet or a picture has such bytes, a text never.
    if bytes.contains(&0) {
        return Err(TableFault::NotText);
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((Cow::Borrowed(text), Encoding::Utf8)),
        Err(_) => Ok((Cow::Owned(bytes.iter().map(|byte| western(*byte)).collect()), Encoding::Latin1)),
    }
}

/// Latin-1, with what Windows puts where Latin-1 has control characters.
fn western(byte: u8) -> char {
    const WINDOWS: [char; 32] = [
        '€', ' ', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', ' ', 'Ž', ' ', ' ', '‘', '’', '“',
        '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', ' ', 'ž', 'Ÿ',
    ];
    let place = usize::from(byte).checked_sub(0x80);
    place.and_then(|place| WINDOWS.get(place).copied()).unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(table: &Table) -> Vec<Vec<&str>> {
        table.lines.iter().map(|line| line.cells.iter().map(String::as_str).collect()).collect()
    }

    #[test]
    fn every_encoding_and_mark_gives_the_same_cells() {
        let text = "Désignation;Prix\nCafé \"moulu\", 250 g;3,50\n";
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
        let with_bom = ["\u{feff}", text].concat();
        for (bytes, encoding) in [
            (text.as_bytes(), Encoding::Utf8),
            (with_bom.as_bytes(), Encoding::Utf8),
            (&utf16, Encoding::Utf16),
            (&latin, Encoding::Latin1),
        ] {
            let table = Table::read(bytes).unwrap();
            assert_eq!((table.encoding, table.mark), (encoding, ';'));
            assert_eq!(table.headers, ["Désignation", "Prix"]);
            assert_eq!(cells(&table), [["Café \"moulu\", 250 g", "3,50"]]);
        }
        for (text, mark) in
            [("a,b\n\"1;2,3\",4\n", ','), ("a\tb\n1,2\t3,4\n", '\t'), ("a|b\n1|2\n", '|'), ("a\n1\n", ',')]
        {
            assert_eq!(Table::read(text.as_bytes()).unwrap().mark, mark, "{text}");
        }
        let table = Table::read(b"price\n\x80 3\n").unwrap();
        assert_eq!(cells(&table), [["€ 3"]]);
    }

    #[test]
    fn lines_keep_their_number_past_breaks_in_cells_and_empty_lines() {
        let table = Table::read(b"a,b\r\n\"one\ntwo\",1\r\n\r\n,\r\nthree,2\r\n").unwrap();
        let numbers: Vec<u32> = table.lines.iter().map(|line| line.number).collect();
        assert_eq!(cells(&table), [["one\ntwo", "1"], ["three", "2"]]);
        assert_eq!(numbers, [2, 6]);
    }

    #[test]
    fn what_is_no_table_is_said_so() {
        for (bytes, fault) in [
            (b"PK\x03\x04\0\0".as_slice(), TableFault::NotText),
            (b"", TableFault::Empty),
            (b"name,price\n", TableFault::Empty),
            (&[0xff, 0xfe, 0x00, 0xd8], TableFault::NotText),
            (&vec![b'a'; IMPORT_BYTES_MAX + 1], TableFault::TooLarge),
            ("a,".repeat(IMPORT_COLUMNS_MAX + 1).as_bytes(), TableFault::TooManyColumns),
        ] {
            assert_eq!(Table::read(bytes), Err(fault));
        }
    }
}
