//! Everything of a stall for other programs: each table once as CSV and once as JSON, with the same columns, in one zip
//! with a page that explains them, and the pictures. Amounts are those of the records, never computed again. Everything is
//! written row by row: what is in memory does not grow with the stall. Keys, PINs and the codes of gift cards are in no
//! table that is read here.

mod customers;
mod goods;
mod guide;
mod money;
mod orders;
mod people;
mod pictures;
mod sales;
mod stall;
mod table;
mod zip;

use soko_app_api::{Query, View, Window};
use soko_domain::ids::LogId;
use soko_domain::refusal::Refusal;

use crate::engine::Engine;
use crate::failure::{Failure, NotDone};
use crate::options::Now;
use pictures::Room;
use table::{Cell, JSON_FOOT, JSON_HEAD, Shape, csv_row, json_row};
use zip::Zip;

const WINDOW_ROWS: u32 = 500;

/// Whose tables, when, and with how many pictures.
#[derive(Clone, Copy)]
struct Of {
    stall: LogId,
    now: Now,
    room: Room,
}

/// Every table, in the order in which they stand in the file.
fn shapes() -> impl Iterator<Item = &'static Shape> {
    let all: [&'static [Shape]; 8] = [
        stall::SHAPES,
        goods::SHAPES,
        sales::SHAPES,
        money::SHAPES,
        orders::SHAPES,
        customers::SHAPES,
        people::SHAPES,
        pictures::SHAPES,
    ];
    all.into_iter().flatten()
}

impl Engine {
    /// A zip file of tables and pictures, piece by piece, for whoever may see the figures.
    pub fn export_to(
        &mut self,
        stall: LogId,
        now: Now,
        out: &mut dyn FnMut(&[u8]) -> Result<(), NotDone>,
    ) -> Result<(), NotDone> {
        self.export_of(Of { stall, now, room: Room::OF_FILE }, out)
    }

    /// The same file as a whole, where nobody takes it piece by piece: with fewer pictures, if they are many.
    pub fn export_tables(&mut self, stall: LogId, now: Now) -> Result<Vec<u8>, NotDone> {
        let mut all = Vec::new();
        self.export_of(Of { stall, now, room: Room::OF_MEMORY }, &mut |piece| {
            all.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(all)
    }

    /// What explains the tables comes last: it says what had no room.
    fn export_of(
        &mut self,
        of: Of,
        out: &mut dyn FnMut(&[u8]) -> Result<(), NotDone>,
    ) -> Result<(), NotDone> {
        if !self.may_see_all(of.stall, of.now)? {
            return Err(Refusal::NotAllowed.into());
        }
        let profile = self.answer(&Query::Stall(of.stall), of.now)?;
        let (name, currency) =
            if let View::Stall(view) = profile { (view.name, view.currency) } else { Default::default() };
        let mut zip = Zip::new(out);
        let mut counts = Vec::new();
        for shape in shapes() {
            counts.push(self.write_table(of, (shape, &currency), &mut zip)?);
        }
        let left_out = self.write_pictures(of, &mut zip)?;
        zip.begin("README.txt")?;
        zip.write(guide::readme(left_out, shapes()).as_bytes())?;
        zip.begin("manifest.json")?;
        let made = (of.now.at_ms, left_out);
        zip.write(guide::manifest(&name, &currency, made, shapes().zip(counts)).as_bytes())?;
        zip.finish()
    }

    /// Both forms of a table; says how many rows it has. It is read twice and kept never.
    fn write_table(
        &mut self,
        of: Of,
        (shape, currency): (&Shape, &str),
        zip: &mut Zip<'_>,
    ) -> Result<u64, NotDone> {
        zip.begin(&format!("{}.csv", shape.name))?;
        zip.write(shape.csv_head().as_bytes())?;
        (shape.fill)(self, of, &mut |cells| zip.write(csv_row(&whole(shape, cells)?, currency).as_bytes()))?;
        zip.begin(&format!("{}.json", shape.name))?;
        zip.write(JSON_HEAD.as_bytes())?;
        let mut rows = 0_u64;
        (shape.fill)(self, of, &mut |cells| {
            zip.write(json_row(shape, &whole(shape, cells)?, (rows, currency)).as_bytes())?;
            rows += 1;
            Ok(())
        })?;
        zip.write(JSON_FOOT.as_bytes())?;
        Ok(rows)
    }

    /// Asks window after window, until one comes back empty, and does something with each row.
    fn each<T>(
        &mut self,
        now: Now,
        (query, rows): (impl Fn(Window) -> Query, impl Fn(View) -> Option<Vec<T>>),
        mut with: impl FnMut(&mut Self, T) -> Result<(), NotDone>,
    ) -> Result<(), NotDone> {
        let mut offset = 0;
        loop {
            let view = self.answer(&query(Window { offset, rows: WINDOW_ROWS }), now)?;
            let found = rows(view).ok_or_else(odd)?;
            if found.is_empty() {
                return Ok(());
            }
            offset = offset.saturating_add(u32::try_from(found.len()).unwrap_or(u32::MAX));
            for row in found {
                with(self, row)?;
            }
        }
    }
}

/// The answer to a question is another one's.
fn odd() -> NotDone {
    Failure::Inconsistent("a list was answered with something else".into()).into()
}

/// A row with a cell for each column.
fn whole(shape: &Shape, cells: Vec<Cell>) -> Result<Vec<Cell>, NotDone> {
    if cells.len() == shape.columns.len() {
        return Ok(cells);
    }
    Err(Failure::Inconsistent(format!("a row of {} has {} cells", shape.name, cells.len())).into())
}

fn word(word: &str) -> Cell {
    Cell::Text(word.into())
}

fn text(text: impl ToString) -> Cell {
    Cell::Text(text.to_string())
}

fn maybe<T: ToString>(thing: Option<T>) -> Cell {
    thing.map_or(Cell::Nothing, text)
}

fn money(minor: Option<i64>) -> Cell {
    minor.map_or(Cell::Nothing, Cell::Money)
}

fn number(number: impl TryInto<i64>) -> Cell {
    Cell::Number(number.try_into().unwrap_or(i64::MAX))
}

fn joined<T: ToString>(many: impl IntoIterator<Item = T>) -> Cell {
    let parts: Vec<String> = many.into_iter().map(|one| one.to_string()).collect();
    Cell::Text(parts.join("|"))
}
