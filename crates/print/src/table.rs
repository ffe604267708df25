//! A table as a PDF: the title once, the heads on every page, the first column as texts and the others as numbers.

use crate::font::{Fonts, Shaped, UNITS_PER_EM};
use crate::pdf::{Canvas, Drawing, NotDrawn, POINTS_PER_MM, count, fitting, number, wide};
use crate::rows::Look;

/// What stands on the pages, as it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    pub title: String,
    /// Under the title: of when these figures are, and whose.
    pub note: String,
    pub columns: Vec<String>,
    /// Each as long as the columns; the first names its row.
    pub rows: Vec<Vec<String>>,
    pub language: String,
    pub is_right_to_left: bool,
}

const A4_MM: (f32, f32) = (210.0, 297.0);
const MARGIN_MM: f32 = 15.0;
/// Between two columns.
const GAP_MM: f32 = 4.0;
/// What a text may be wider than was measured: sums of fractions are not exact, and no amount is cut for that.
const SLACK_MM: f32 = 0.1;
const TITLE_MM: f32 = 6.0;
/// Letters become smaller before a table is cut, and a page is turned before that.
const LETTERS_MM: [f32; 4] = [3.4, 3.0, 2.5, 2.0];
/// From one line to the next, in heights of a letter.
const LINE: f32 = 1.6;
const RULE_MM: f32 = 0.25;
/// The least part of the page that the names of the rows get.
const NAMES_PART: f32 = 0.2;

pub fn table_pdf(table: &Table) -> Result<Vec<u8>, NotDrawn> {
    let fonts = Fonts::open()?;
    let plan = Plan::of(table, &fonts);
    let lines = plan.lines(table, &fonts);
    let pages = plan.pages(&lines);
    let mut drawing = Drawing::begin(&table.title, &table.language, table.is_right_to_left)?;
    for (at, page) in pages.iter().enumerate() {
        drawing.on_page(plan.page_mm, |canvas| {
            let mut sheet = Sheet { canvas, fonts: &fonts, plan: &plan, top: MARGIN_MM };
            if at == 0 {
                sheet.title(table);
            }
            sheet.heads(table);
            page.iter().for_each(|line| sheet.line(line));
            if pages.len() > 1 {
                sheet.foot(&format!("{} / {}", at + 1, pages.len()));
            }
        })?;
    }
    drawing.finish()
}

/// The size of the page and of everything on it, in millimetres.
#[derive(Default)]
struct Plan {
    page_mm: (f32, f32),
    letters: f32,
    widths: Vec<f32>,
    /// Between two columns; it is part of the width of the first of them.
    gap: f32,
    is_right_to_left: bool,
}

/// A row: its name in as many lines as that needs, and its numbers.
struct Line {
    name: Vec<Shaped>,
    numbers: Vec<Shaped>,
}

impl Plan {
    /// The first way in which everything has room. Where nothing has, letters as small as it needs: an amount that is
    /// cut would be another amount.
    fn of(table: &Table, fonts: &Fonts) -> Self {
        let natural = natural(table, fonts);
        let upright = LETTERS_MM.iter().take(1).map(|letters| (A4_MM, *letters));
        let turned = LETTERS_MM.iter().map(|letters| ((A4_MM.1, A4_MM.0), *letters));
        let mut plan = Self::default();
        for (page_mm, letters) in upright.chain(turned) {
            let room = page_mm.0 - 2.0 * MARGIN_MM;
            let widths: Vec<f32> = natural.iter().map(|ems| ems * letters + SLACK_MM + GAP_MM).collect();
            plan = Self { page_mm, letters, widths, gap: GAP_MM, is_right_to_left: table.is_right_to_left };
            let numbers: f32 = plan.widths.iter().skip(1).sum();
            let Some(names) = plan.widths.first_mut() else { break };
            let least = names.min(room * NAMES_PART);
            // The names take what is left, so that a table is as wide as its page.
            *names = least.max(room - numbers);
            if least + numbers <= room {
                return plan;
            }
        }
        let all: f32 = plan.widths.iter().sum();
        let part = (plan.page_mm.0 - 2.0 * MARGIN_MM) / all.max(1.0);
        plan.widths.iter_mut().for_each(|width| *width *= part);
        Self { letters: plan.letters * part, gap: plan.gap * part, ..plan }
    }

    fn lines(&self, table: &Table, fonts: &Fonts) -> Vec<Line> {
        let room = |column: usize| self.widths.get(column).copied().unwrap_or_default() - self.gap;
        let row = |cells: &Vec<String>| {
            let name = cells.first().map(String::as_str).unwrap_or_default();
            let width = in_units(room(0), self.letters);
            let numbers = cells.iter().enumerate().skip(1);
            Line {
                name: fonts.wrap(name, self.is_right_to_left, Look::Plain, width),
                numbers: numbers
                    .map(|(column, cell)| self.fitting(fonts, cell, Look::Plain, room(column)))
                    .collect(),
            }
        };
        table.rows.iter().map(row).collect()
    }

    fn fitting(&self, fonts: &Fonts, text: &str, look: Look, room: f32) -> Shaped {
        fitting(fonts, text, (self.is_right_to_left, look), (room, self.letters))
    }

    fn pages<'l>(&self, lines: &'l [Line]) -> Vec<Vec<&'l Line>> {
        let foot = self.letters * LINE;
        let whole = self.page_mm.1 - 2.0 * MARGIN_MM - foot - self.heads_height();
        let mut room = whole - TITLE_MM * LINE - self.letters * LINE * 2.0;
        let mut pages = vec![Vec::new()];
        for line in lines {
            let height = self.height(line);
            if height > room && pages.last().is_some_and(|page| !page.is_empty()) {
                pages.push(Vec::new());
                room = whole;
            }
            room -= height;
            if let Some(page) = pages.last_mut() {
                page.push(line);
            }
        }
        pages
    }

    fn height(&self, line: &Line) -> f32 {
        count(line.name.len().max(1)) * self.letters * LINE
    }

    fn heads_height(&self) -> f32 {
        self.letters * LINE * 1.5
    }
}

/// How wide each column would like to be, in heights of its letters.
fn natural(table: &Table, fonts: &Fonts) -> Vec<f32> {
    let ems = |text: &str, look: Look| wide(&fonts.shape(text, table.is_right_to_left, look), 1.0);
    let column = |(at, head): (usize, &String)| {
        let cells = table.rows.iter().filter_map(|row| row.get(at)).map(|cell| ems(cell, Look::Plain));
        cells.fold(ems(head, Look::Large), f32::max)
    };
    table.columns.iter().enumerate().map(column).collect()
}

struct Sheet<'d, 'c, 's> {
    canvas: &'d mut Canvas<'c, 's>,
    fonts: &'d Fonts,
    plan: &'d Plan,
    /// How far down the page is full.
    top: f32,
}

impl Sheet<'_, '_, '_> {
    fn title(&mut self, table: &Table) {
        let room = self.plan.page_mm.0 - 2.0 * MARGIN_MM;
        let (rtl, letters) = (self.plan.is_right_to_left, self.plan.letters);
        let title = self.fonts.shape(&table.title, rtl, Look::Large);
        let size = TITLE_MM.min(TITLE_MM * room / wide(&title, TITLE_MM).max(1.0));
        self.put(&title, (0.0, room), size, false, TITLE_MM);
        self.top += TITLE_MM * LINE;
        let note = self.plan.fitting(self.fonts, &table.note, Look::Plain, room);
        self.put(&note, (0.0, room), letters, false, letters);
        self.top += letters * LINE * 2.0;
    }

    fn heads(&mut self, table: &Table) {
        let letters = self.plan.letters;
        for (column, head) in table.columns.iter().enumerate() {
            let place = self.place(column);
            let line = self.plan.fitting(self.fonts, head, Look::Large, place.1);
            self.put(&line, place, letters, column > 0, letters);
        }
        self.top += letters * LINE;
        let room = self.plan.page_mm.0 - 2.0 * MARGIN_MM;
        self.canvas.black(
            (MARGIN_MM * POINTS_PER_MM, self.top * POINTS_PER_MM),
            (room * POINTS_PER_MM, RULE_MM * POINTS_PER_MM),
        );
        self.top += letters * LINE * 0.5;
    }

    fn line(&mut self, line: &Line) {
        let letters = self.plan.letters;
        for (column, cell) in line.numbers.iter().enumerate() {
            self.put(cell, self.place(column + 1), letters, true, letters);
        }
        for name in &line.name {
            self.put(name, self.place(0), letters, false, letters);
            self.top += letters * LINE;
        }
        if line.name.is_empty() {
            self.top += letters * LINE;
        }
    }

    fn foot(&mut self, text: &str) {
        let line = self.fonts.shape(text, false, Look::Plain);
        let room = self.plan.page_mm.0 - 2.0 * MARGIN_MM;
        self.top = self.plan.page_mm.1 - MARGIN_MM - self.plan.letters;
        self.put(&line, (0.0, room), self.plan.letters, true, self.plan.letters);
    }

    /// Where a column begins in the order of reading, and how wide its texts may be.
    fn place(&self, column: usize) -> (f32, f32) {
        let before: f32 = self.plan.widths.iter().take(column).sum();
        let width = self.plan.widths.get(column).copied().unwrap_or_default();
        // The last column reaches the edge of the page.
        let gap = if column + 1 == self.plan.widths.len() { 0.0 } else { self.plan.gap };
        (before, width - gap)
    }

    /// A line at the beginning or the end of its place, as the page is read.
    fn put(&mut self, line: &Shaped, (begin, room): (f32, f32), size: f32, at_end: bool, down: f32) {
        let rtl = self.plan.is_right_to_left;
        let free = (room - wide(line, size)).max(0.0);
        let moved = if at_end == rtl { 0.0 } else { free };
        let begin = if rtl { self.plan.page_mm.0 - 2.0 * MARGIN_MM - begin - room } else { begin };
        let at = (MARGIN_MM + begin + moved, self.top + down);
        self.canvas.text(line, (at.0 * POINTS_PER_MM, at.1 * POINTS_PER_MM), size * POINTS_PER_MM);
    }
}

/// A width in the units of letters of a size.
#[expect(clippy::cast_possible_truncation, reason = "a page is less than a million units wide")]
fn in_units(room: f32, size: f32) -> i32 {
    (room.max(1.0) / size * number(UNITS_PER_EM)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The amounts as they stand on paper.
    fn amounts(rows: usize, columns: usize) -> Vec<String> {
        let row = |row: usize| {
            let amounts = (1..columns).map(move |at| format!("KES {row},{at:03}.00"));
            std::iter::once(format!("Mango {row}")).chain(amounts).collect()
        };
        let table = Table {
            title: "What sold".into(),
            note: String::new(),
            columns: (0..columns).map(|column| format!("Column {column}")).collect(),
            rows: (0..rows).map(row).collect(),
            language: "en".into(),
            is_right_to_left: false,
        };
        let fonts = Fonts::open().unwrap();
        let lines = Plan::of(&table, &fonts).lines(&table, &fonts);
        let cells = lines.iter().flat_map(|line| &line.numbers);
        cells.map(|cell| cell.runs.iter().map(|run| run.text.as_str()).collect()).collect()
    }

    #[test]
    fn no_amount_is_ever_cut() {
        for columns in [2, 4, 6, 12, 40] {
            let amounts = amounts(120, columns);
            assert!(amounts.iter().all(|amount| amount.ends_with(".00")), "{columns} columns");
        }
    }
}
