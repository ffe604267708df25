//! Rows as Parquet files: what a sheet's columns hold, and writing them with bounded memory.
//!
//! Rows of all months are kept until there are enough for a group, or too many of all together; then the fullest month is
//! written. So memory does not grow with the ledger, and groups are as large as that allows.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::AnalysisError;

/// A row group holds at most so many.
const GROUP_ROWS_MAX: usize = 65_536;
/// Rows of all months together that wait to be written.
const WAITING_ROWS_MAX: usize = 131_072;
/// Files that are open at once; a month that comes back after its file was closed gets another one.
const OPEN_FILES_MAX: usize = 240;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Holds {
    /// Few different texts, such as identities of products.
    Name,
    /// Texts that hardly repeat, each beside the ones like it.
    Identity,
    Number,
    Small,
    Day,
    Moment,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) holds: Holds,
    pub(super) may_miss: bool,
}

pub(super) const fn always(name: &'static str, holds: Holds) -> Column {
    Column { name, holds, may_miss: false }
}

pub(super) const fn sometimes(name: &'static str, holds: Holds) -> Column {
    Column { name, holds, may_miss: true }
}

/// A kind of rows; its name is the folder's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sheet {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column],
}

#[derive(Clone, Debug)]
pub(super) enum Cell {
    Missing,
    Text(ByteArray),
    Number(i64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(ByteArray::from(text))
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

impl From<ByteArray> for Cell {
    fn from(text: ByteArray) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl Sheet {
    /// As Parquet's own notation writes it.
    fn notation(&self) -> String {
        let columns = self.columns.iter().map(|column| {
            let presence = if column.may_miss { "OPTIONAL" } else { "REQUIRED" };
            let (kind, meaning) = match column.holds {
                Holds::Name | Holds::Identity => ("BYTE_ARRAY", " (UTF8)"),
                Holds::Number => ("INT64", ""),
                Holds::Small => ("INT32", ""),
                Holds::Day => ("INT32", " (DATE)"),
                Holds::Moment => ("INT64", " (TIMESTAMP(MILLIS,true))"),
            };
            format!("{presence} {kind} {}{meaning};", column.name)
        });
        format!("message {} {{ {} }}", self.name, columns.collect::<Vec<_>>().join(" "))
    }

    fn properties(&self) -> WriterProperties {
        let made_by = concat!("soko-server ", env!("CARGO_PKG_VERSION")).to_owned();
        let common = WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by(made_by);
        let alike = self.columns.iter().filter(|column| column.holds == Holds::Identity);
        let properties = alike.fold(common, |properties, column| {
            let path = ColumnPath::from(column.name);
            properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BYTE_ARRAY)
        });
        properties.build()
    }
}

/// The files of one sheet while they are written.
pub(super) struct Files {
    sheet: Sheet,
    folder: PathBuf,
    months: BTreeMap<String, Month>,
    waiting: usize,
    open: usize,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

#[derive(Default)]
struct Month {
    waiting: Vec<Values>,
    waiting_rows: usize,
    writer: Option<SerializedFileWriter<File>>,
    files: u32,
}

impl Files {
    pub(super) fn new(sheet: Sheet, within: &Path) -> Self {
        let folder = within.join(sheet.name);
        Self { sheet, folder, months: BTreeMap::new(), waiting: 0, open: 0, rows: 0, bytes: 0 }
    }

    /// `month` is a folder of its own, as `2026-11`; an empty one is the sheet's folder.
    pub(super) fn add(&mut self, month: &str, cells: Vec<Cell>) -> Result<(), AnalysisError> {
        if !self.months.contains_key(month) {
            self.months.insert(month.to_owned(), Month::default());
        }
        let Some(kept) = self.months.get_mut(month) else { return Ok(()) };
        if kept.waiting.is_empty() {
            kept.waiting = self.sheet.columns.iter().map(Values::of).collect();
        }
        for (values, cell) in kept.waiting.iter_mut().zip(cells) {
            values.push(cell)?;
        }
        kept.waiting_rows += 1;
        self.waiting += 1;
        self.rows += 1;
        if kept.waiting_rows >= GROUP_ROWS_MAX {
            self.write_group(month)?;
        } else if self.waiting >= WAITING_ROWS_MAX {
            let fullest = self.months.iter().max_by_key(|(_, kept)| kept.waiting_rows);
            if let Some(fullest) = fullest.map(|(name, _)| name.clone()) {
                self.write_group(&fullest)?;
            }
        }
        Ok(())
    }

    /// Writes what waits and ends every file. A sheet without rows has one file, too, which says its columns.
    pub(super) fn finish(mut self, months: bool) -> Result<(u64, u64), AnalysisError> {
        if self.months.is_empty() {
            self.months.insert(if months { "none".to_owned() } else { String::new() }, Month::default());
        }
        let names: Vec<String> = self.months.keys().cloned().collect();
        for month in &names {
            self.write_group(month)?;
            self.close(month)?;
        }
        Ok((self.rows, self.bytes))
    }

    fn write_group(&mut self, month: &str) -> Result<(), AnalysisError> {
        self.open(month)?;
        let Some(kept) = self.months.get_mut(month) else { return Ok(()) };
        let (waiting, rows) = (std::mem::take(&mut kept.waiting), std::mem::take(&mut kept.waiting_rows));
        self.waiting -= rows;
        let Some(writer) = kept.writer.as_mut().filter(|_| rows > 0) else { return Ok(()) };
        let mut group = writer.next_row_group()?;
        let mut columns = waiting.iter();
        while let (Some(mut column), Some(values)) = (group.next_column()?, columns.next()) {
            values.write(&mut column)?;
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    fn open(&mut self, month: &str) -> Result<(), AnalysisError> {
        if self.months.get(month).is_none_or(|kept| kept.writer.is_some()) {
            return Ok(());
        }
        if self.open >= OPEN_FILES_MAX {
            let other = self.months.iter().find(|(_, kept)| kept.writer.is_some());
            if let Some(other) = other.map(|(name, _)| name.clone()) {
                self.close(&other)?;
            }
        }
        let folder =
            if month.is_empty() { self.folder.clone() } else { self.folder.join(format!("month={month}")) };
        fs::create_dir_all(&folder).map_err(AnalysisError::file(&folder))?;
        let Some(kept) = self.months.get_mut(month) else { return Ok(()) };
        kept.files += 1;
        let path = folder.join(format!("{:04}.parquet", kept.files));
        let file = File::create_new(&path).map_err(AnalysisError::file(&path))?;
        let schema = Arc::new(parse_message_type(&self.sheet.notation())?);
        kept.writer = Some(SerializedFileWriter::new(file, schema, Arc::new(self.sheet.properties()))?);
        self.open += 1;
        Ok(())
    }

    fn close(&mut self, month: &str) -> Result<(), AnalysisError> {
        let Some(mut writer) = self.months.get_mut(month).and_then(|kept| kept.writer.take()) else {
            return Ok(());
        };
        self.open -= 1;
        writer.finish()?;
        self.bytes += u64::try_from(writer.bytes_written()).unwrap_or(u64::MAX);
        // It is there in full, or the whole is not taken.
        writer.inner().sync_all().map_err(AnalysisError::file(&self.folder))
    }
}

/// One column of rows that wait.
enum Values {
    Texts { texts: Vec<ByteArray>, there: Option<Vec<i16>> },
    Numbers { numbers: Vec<i64>, there: Option<Vec<i16>> },
    Smalls { numbers: Vec<i32>, there: Option<Vec<i16>> },
}

impl Values {
    fn of(column: &Column) -> Self {
        let there = column.may_miss.then(Vec::new);
        match column.holds {
            Holds::Name | Holds::Identity => Self::Texts { texts: Vec::new(), there },
            Holds::Number | Holds::Moment => Self::Numbers { numbers: Vec::new(), there },
            Holds::Small | Holds::Day => Self::Smalls { numbers: Vec::new(), there },
        }
    }

    fn push(&mut self, cell: Cell) -> Result<(), ParquetError> {
        let wrong = || Err(ParquetError::General("a cell does not fit its column".to_owned()));
        let is_there = !matches!(cell, Cell::Missing);
        let there = match (&mut *self, cell) {
            (
                Self::Texts { there, .. } | Self::Numbers { there, .. } | Self::Smalls { there, .. },
                Cell::Missing,
            ) => there,
            (Self::Texts { texts, there }, Cell::Text(text)) => {
                texts.push(text);
                there
            }
            (Self::Numbers { numbers, there }, Cell::Number(number)) => {
                numbers.push(number);
                there
            }
            (Self::Smalls { numbers, there }, Cell::Number(number)) => {
                let Ok(number) = i32::try_from(number) else { return wrong() };
                numbers.push(number);
                there
            }
            (Self::Texts { .. }, Cell::Number(_))
            | (Self::Numbers { .. } | Self::Smalls { .. }, Cell::Text(_)) => {
                return wrong();
            }
        };
        match there {
            Some(there) => there.push(i16::from(is_there)),
            None if is_there => {}
            None => return wrong(),
        }
        Ok(())
    }

    fn write(&self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Self::Texts { texts, there } => {
                column.typed::<ByteArrayType>().write_batch(texts, there.as_deref(), None)
            }
            Self::Numbers { numbers, there } => {
                column.typed::<Int64Type>().write_batch(numbers, there.as_deref(), None)
            }
            Self::Smalls { numbers, there } => {
                column.typed::<Int32Type>().write_batch(numbers, there.as_deref(), None)
            }
        }?;
        Ok(())
    }
}
