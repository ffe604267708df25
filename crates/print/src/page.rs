//! Where everything of a paper stands: bands of a given width, one under the other. Printer and PDF draw the same
//! bands, the one as dots and the other as shapes.

use crate::barcode::{Barcode, SQUARE_QUIET};
use crate::font::{Fonts, Shaped, UNITS_PER_EM};
use crate::picture::{Outline, PARTS, Picture};
use crate::rows::{Look, Row, Sheet};

/// Dots to the height of a letter, in plain and in large.
const PLAIN: i32 = 23;
const LARGE: i32 = 34;
/// How far details are moved in.
const INDENT: i32 = 22;
const GAP: i32 = 12;
const RULE_HEIGHT: i32 = 14;
const SPACE_HEIGHT: i32 = 16;
/// The largest module of a code; more is not easier to read.
const MODULE_MAX: i32 = 6;

/// A part of the paper in which everything is together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Band {
    pub(crate) height: i32,
    pub(crate) pieces: Vec<Piece>,
}

/// In dots from the top left of its band.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Piece {
    Text { line: Shaped, x: i32, baseline: i32, size: i32 },
    Black { x: i32, y: i32, width: i32, height: i32 },
}

pub(crate) struct Layout<'f> {
    pub(crate) fonts: &'f Fonts,
    pub(crate) width: i32,
    pub(crate) is_right_to_left: bool,
}

impl Layout<'_> {
    pub(crate) fn bands(&self, sheet: &Sheet) -> Vec<Band> {
        sheet.rows.iter().map(|row| self.band(row)).collect()
    }

    pub(crate) fn band(&self, row: &Row) -> Band {
        match row {
            Row::Middle { text, look } => self.lines(text, *look, self.width, |line| (self.width - line) / 2),
            Row::Detail(text) => self.detail(text),
            Row::Pair { begin, end, look } => self.pair(begin, end, *look),
            Row::Rule => {
                let rule = Piece::Black { x: 0, y: RULE_HEIGHT / 2 - 1, width: self.width, height: 2 };
                Band { height: RULE_HEIGHT, pieces: vec![rule] }
            }
            Row::Space => Band { height: SPACE_HEIGHT, pieces: Vec::new() },
            Row::Code(text) => self.code(text),
        }
    }

    /// The text in as many lines as it needs; where a line begins follows from its width.
    fn lines(&self, text: &str, look: Look, room: i32, begins: impl Fn(i32) -> i32) -> Band {
        let size = size(look);
        let mut band = Band { height: 0, pieces: Vec::new() };
        for line in self.fonts.wrap(text, self.is_right_to_left, look, to_units(room, size)) {
            let x = begins(to_dots(line.width, size));
            band.put(line, x, size);
        }
        band
    }

    fn detail(&self, text: &str) -> Band {
        let room = self.width - INDENT;
        let begins = |line: i32| if self.is_right_to_left { room - line } else { INDENT };
        self.lines(text, Look::Plain, room, begins)
    }

    /// The end stands beside the last line of the beginning, or below it where there is no room.
    fn pair(&self, begin: &str, end: &str, look: Look) -> Band {
        let size = size(look);
        let end = self.fonts.shape(end, self.is_right_to_left, look);
        let end_width = to_dots(end.width, size);
        let room = self.width - end_width - GAP;
        let is_narrow = room < self.width / 3;
        let begins = |line: i32| if self.is_right_to_left { self.width - line } else { 0 };
        let mut band = self.lines(begin, look, if is_narrow { self.width } else { room }, begins);
        let x = if self.is_right_to_left { 0 } else { self.width - end_width };
        if is_narrow {
            band.put(end, x, size);
            return band;
        }
        let last = band.pieces.iter().rev().find_map(|piece| match piece {
            Piece::Text { baseline, .. } => Some(*baseline),
            Piece::Black { .. } => None,
        });
        let baseline = last.unwrap_or(size);
        let (_, below) = end.reach();
        band.height = band.height.max(baseline + to_dots(below, size));
        band.pieces.push(Piece::Text { line: end, x, baseline, size });
        band
    }

    fn code(&self, text: &str) -> Band {
        let Ok(Barcode::Square { side, modules }) = Barcode::qr(text) else {
            return Band { height: 0, pieces: Vec::new() };
        };
        let whole = i32::try_from(side + 2 * SQUARE_QUIET).unwrap_or(i32::MAX);
        let module = (self.width / whole).clamp(1, MODULE_MAX);
        let x = (self.width - whole * module) / 2;
        Band { height: whole * module, pieces: square(side, &modules, (x, 0), module) }
    }
}

impl Band {
    /// One more line of text at the bottom.
    fn put(&mut self, line: Shaped, x: i32, size: i32) {
        let (above, below) = line.reach();
        let baseline = self.height + to_dots(above, size);
        self.height = baseline + to_dots(below, size);
        self.pieces.push(Piece::Text { line, x, baseline, size });
    }

    pub(crate) fn draw(&self, fonts: &Fonts, width: usize) -> Picture {
        let mut picture = Picture::new(width, usize::try_from(self.height).unwrap_or_default());
        for piece in &self.pieces {
            match piece {
                Piece::Text { line, x, baseline, size } => {
                    draw_line(&mut picture, fonts, line, (*x, *baseline), *size);
                }
                Piece::Black { x, y, width, height } => {
                    let dots = |value: &i32| usize::try_from(*value).unwrap_or_default();
                    picture.fill(dots(x), dots(y), dots(width), dots(height));
                }
            }
        }
        picture
    }
}

/// The black modules of a square with its white border, neighbours in one piece.
pub(crate) fn square(side: usize, modules: &[bool], at: (i32, i32), module: i32) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let dots = |modules: usize| i32::try_from(modules).unwrap_or_default() * module;
    for (y, row) in modules.chunks(side.max(1)).enumerate() {
        for (x, width) in stretches(row) {
            pieces.push(Piece::Black {
                x: at.0 + dots(x + SQUARE_QUIET),
                y: at.1 + dots(y + SQUARE_QUIET),
                width: dots(width),
                height: module,
            });
        }
    }
    pieces
}

/// Where black begins, and how far it goes.
pub(crate) fn stretches(modules: &[bool]) -> Vec<(usize, usize)> {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for (at, _) in modules.iter().enumerate().filter(|(_, is_black)| **is_black) {
        match stretches.last_mut() {
            Some((begin, length)) if *begin + *length == at => *length += 1,
            _ => stretches.push((at, 1)),
        }
    }
    stretches
}

/// Draws one line of text.
pub(crate) fn draw_line(picture: &mut Picture, fonts: &Fonts, line: &Shaped, at: (i32, i32), size: i32) {
    let (size, units) = (i64::from(size), i64::from(UNITS_PER_EM));
    let scaled = |value: i64| (value * size * PARTS).div_euclid(units);
    let mut pen = 0;
    for run in &line.runs {
        for glyph in &run.glyphs {
            let x = i64::from(at.0) * PARTS + scaled(pen + i64::from(glyph.x_offset));
            let y = i64::from(at.1) * PARTS - scaled(i64::from(glyph.y_offset));
            let mut outline = Outline::new(size, units, (x, y));
            fonts.outline(run.face, glyph.glyph, &mut outline);
            picture.fill_outline(&outline);
            pen += i64::from(glyph.advance);
        }
    }
}

pub(crate) fn to_dots(units: i32, size: i32) -> i32 {
    // Rounded up, so that nothing stands outside.
    (units * size + UNITS_PER_EM - 1).div_euclid(UNITS_PER_EM)
}

fn to_units(dots: i32, size: i32) -> i32 {
    dots * UNITS_PER_EM / size
}

fn size(look: Look) -> i32 {
    match look {
        Look::Plain => PLAIN,
        Look::Large => LARGE,
    }
}
