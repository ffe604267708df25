//! Labels for goods: name, price and a code, on sheets of labels or one by one.

use soko_app_api::LabelSheet;

use crate::barcode::{BARS_QUIET, Barcode, SQUARE_QUIET};
use crate::font::{Fonts, Shaped};
use crate::page::stretches;
use crate::pdf::{Canvas, Drawing, NotDrawn, POINTS_PER_MM, count, fitting, wide};
use crate::rows::Look;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    pub name: String,
    /// As it is read, with its currency.
    pub price: String,
    pub code: Option<Barcode>,
    pub copies: u16,
}

/// Millimetres.
struct Grid {
    page: (f32, f32),
    columns: usize,
    rows: usize,
    label: (f32, f32),
    /// From the page's corner to the first label's.
    margin: (f32, f32),
    /// Between the beginnings of neighbours.
    pitch: (f32, f32),
    name_mm: f32,
    price_mm: f32,
}

impl Grid {
    fn of(sheet: LabelSheet) -> Self {
        match sheet {
            LabelSheet::A4Of24 => Self {
                page: (210.0, 297.0),
                columns: 3,
                rows: 8,
                label: (70.0, 37.0),
                margin: (0.0, 0.5),
                pitch: (70.0, 37.0),
                name_mm: 3.6,
                price_mm: 6.0,
            },
            LabelSheet::A4Of65 => Self {
                page: (210.0, 297.0),
                columns: 5,
                rows: 13,
                label: (38.1, 21.2),
                margin: (4.75, 10.7),
                pitch: (40.6, 21.2),
                name_mm: 2.4,
                price_mm: 3.8,
            },
            LabelSheet::Roll50x30 => Self {
                page: (50.0, 30.0),
                columns: 1,
                rows: 1,
                label: (50.0, 30.0),
                margin: (0.0, 0.0),
                pitch: (50.0, 30.0),
                name_mm: 3.2,
                price_mm: 5.0,
            },
        }
    }
}

/// White at the edge of a label: printers do not reach it, and sheets shift.
const EDGE_MM: f32 = 2.5;

/// Every label as often as it is wanted, in order.
pub fn labels_pdf(
    labels: &[Label],
    sheet: LabelSheet,
    (language, is_right_to_left): (&str, bool),
) -> Result<Vec<u8>, NotDrawn> {
    let fonts = Fonts::open()?;
    let grid = Grid::of(sheet);
    let all: Vec<&Label> =
        labels.iter().flat_map(|label| std::iter::repeat_n(label, usize::from(label.copies))).collect();
    let mut drawing = Drawing::begin("Soko", language, is_right_to_left)?;
    for page in all.chunks(grid.columns * grid.rows) {
        drawing.on_page(grid.page, |canvas| {
            for (place, label) in page.iter().enumerate() {
                let column = place % grid.columns;
                // Sheets are filled the way they are read.
                let column = if is_right_to_left { grid.columns - 1 - column } else { column };
                let corner = (
                    grid.margin.0 + count(column) * grid.pitch.0,
                    grid.margin.1 + count(place / grid.columns) * grid.pitch.1,
                );
                let mut drawn = Drawn { canvas: &mut *canvas, fonts: &fonts, corner, is_right_to_left };
                drawn.label(label, &grid);
            }
        })?;
    }
    drawing.finish()
}

struct Drawn<'d, 'c, 's> {
    canvas: &'d mut Canvas<'c, 's>,
    fonts: &'d Fonts,
    corner: (f32, f32),
    is_right_to_left: bool,
}

impl Drawn<'_, '_, '_> {
    /// Name and price above, the code below; a square stands beside them.
    fn label(&mut self, label: &Label, grid: &Grid) {
        let (width, height) = (grid.label.0 - 2.0 * EDGE_MM, grid.label.1 - 2.0 * EDGE_MM);
        let side = match &label.code {
            Some(Barcode::Square { .. }) => height.min(width / 2.0),
            Some(Barcode::Bars(_)) | None => 0.0,
        };
        let room = width - side;
        let text_left = if self.is_right_to_left { side } else { 0.0 };
        let name =
            fitting(self.fonts, &label.name, (self.is_right_to_left, Look::Plain), (room, grid.name_mm));
        self.line(&name, text_left, room, grid.name_mm, grid.name_mm);
        let price = self.fonts.shape(&label.price, self.is_right_to_left, Look::Large);
        let price_mm = smaller(&price, room, grid.price_mm);
        let price_base = grid.name_mm * 1.5 + price_mm;
        self.line(&price, text_left, room, price_base, price_mm);
        match &label.code {
            None => {}
            Some(Barcode::Square { side: modules, modules: black }) => {
                let left = if self.is_right_to_left { 0.0 } else { room };
                self.square((left, 0.0), side, *modules, black);
            }
            Some(Barcode::Bars(bars)) => {
                let below = price_base + grid.name_mm * 0.6;
                self.bars(bars, below, (width, height - below), grid.name_mm * 0.75);
            }
        }
    }

    fn line(&mut self, line: &Shaped, left: f32, room: f32, base: f32, size: f32) {
        let moved = if self.is_right_to_left { room - wide(line, size) } else { 0.0 };
        self.canvas.text(line, self.points(left + moved, base), size * POINTS_PER_MM);
    }

    fn square(&mut self, (left, top): (f32, f32), size: f32, side: usize, black: &[bool]) {
        let module = size / count(side + 2 * SQUARE_QUIET);
        for (y, row) in black.chunks(side.max(1)).enumerate() {
            for (x, length) in stretches(row) {
                let at = (left + count(x + SQUARE_QUIET) * module, top + count(y + SQUARE_QUIET) * module);
                self.black(at, (count(length) * module, module));
            }
        }
    }

    fn bars(&mut self, bars: &crate::barcode::Bars, top: f32, (width, height): (f32, f32), text_mm: f32) {
        let whole = count(bars.modules.len() + 2 * BARS_QUIET);
        // Wider bars are not easier to read than a third of a millimetre and a bit.
        let module = (width / whole).min(0.4);
        let left = (width - whole * module) / 2.0 + count(BARS_QUIET) * module;
        let bar_height = (height - text_mm * 1.3).max(1.0);
        for (at, length) in stretches(&bars.modules) {
            self.black((left + count(at) * module, top), (count(length) * module, bar_height));
        }
        let text = self.fonts.shape(&bars.text, false, Look::Plain);
        let size = smaller(&text, width, text_mm);
        let begin = (width - wide(&text, size)) / 2.0;
        self.canvas.text(&text, self.points(begin, top + bar_height + text_mm), size * POINTS_PER_MM);
    }

    fn black(&mut self, (x, y): (f32, f32), size: (f32, f32)) {
        self.canvas.black(self.points(x, y), (size.0 * POINTS_PER_MM, size.1 * POINTS_PER_MM));
    }

    /// From millimetres within the label's edge.
    fn points(&self, x: f32, y: f32) -> (f32, f32) {
        ((self.corner.0 + EDGE_MM + x) * POINTS_PER_MM, (self.corner.1 + EDGE_MM + y) * POINTS_PER_MM)
    }
}

/// The size, or less where the line would not fit.
fn smaller(line: &Shaped, room: f32, size: f32) -> f32 {
    let wide = wide(line, size);
    if wide > room { size * room / wide } else { size }
}
