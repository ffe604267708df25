//! The bytes of a receipt printer. Its own letters where a text fits them, a picture where it does not; a paper
//! that is read from right to left is drawn as a whole. Nothing is sent here.

use soko_app_api::{PaperWidth, Printer};

use crate::code_page::{CODE_PAGE_858, encoded};
use crate::font::{Fonts, NoFonts};
use crate::page::Layout;
use crate::picture::Picture;
use crate::rows::{Look, Row, Sheet};
use crate::text::lines_of;

/// Asks at once, whatever is being printed: cover and errors; paper.
pub const ASK_TROUBLE: [u8; 3] = [0x10, 0x04, 2];
pub const ASK_PAPER: [u8; 3] = [0x10, 0x04, 4];
/// Is answered when everything before it was printed.
pub const ASK_WHEN_DONE: [u8; 3] = [0x1d, b'r', 1];

const BEGIN: &[u8] = &[0x1b, b'@'];
/// Most rows of dots of one picture: small printers keep no more in memory.
const PICTURE_ROWS_MAX: usize = 128;
/// Feeds to the knife and cuts, leaving a corner.
const CUT: &[u8] = &[0x1d, b'V', 66, 0];
/// Feeds past the edge where paper is torn.
const TEAR: &[u8] = &[0x1b, b'd', 4];
/// A pulse of 50 ms to the drawer.
const OPEN_DRAWER: &[u8] = &[0x1b, b'p', 0, 25, 250];

/// How a printer is.
struct Paper {
    columns: usize,
    dots: usize,
}

impl Paper {
    fn of(width: PaperWidth) -> Self {
        match width {
            PaperWidth::Mm58 => Self { columns: 32, dots: 384 },
            PaperWidth::Mm80 => Self { columns: 48, dots: 576 },
        }
    }
}

/// What a printer answers to a question, as far as it concerns a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    Ready,
    PaperOut,
    CoverOpen,
    Faulty,
    /// No answer to this question.
    Unclear,
}

impl Status {
    pub fn of_trouble(answer: u8) -> Self {
        match answer {
            _ if answer & 0x93 != 0x12 => Self::Unclear,
            _ if answer & 0x04 != 0 => Self::CoverOpen,
            _ if answer & 0x20 != 0 => Self::PaperOut,
            _ if answer & 0x40 != 0 => Self::Faulty,
            _ => Self::Ready,
        }
    }

    pub fn of_paper(answer: u8) -> Self {
        match answer {
            _ if answer & 0x93 != 0x12 => Self::Unclear,
            _ if answer & 0x60 != 0 => Self::PaperOut,
            _ => Self::Ready,
        }
    }
}

/// One thing to print.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    pub printer: &'a Printer,
    /// The sale took or gave cash.
    pub opens_drawer: bool,
}

/// A paper, from the first byte to the cut.
pub fn print_sheet(sheet: &Sheet, job: Job<'_>) -> Result<Vec<u8>, NoFonts> {
    let fonts = Fonts::open()?;
    let paper = Paper::of(job.printer.width);
    let layout = Layout {
        fonts: &fonts,
        width: i32::try_from(paper.dots).unwrap_or(i32::MAX),
        is_right_to_left: sheet.is_right_to_left,
    };
    let draws_all = job.printer.draws_all || sheet.is_right_to_left;
    let mut bytes = [BEGIN, &[0x1b, b't', CODE_PAGE_858]].concat();
    if job.opens_drawer && job.printer.opens_drawer {
        bytes.extend(OPEN_DRAWER);
    }
    for row in &sheet.rows {
        let letters = if draws_all { None } else { letters(row, paper.columns) };
        match letters {
            Some(letters) => bytes.extend(letters),
            None => picture(&mut bytes, &layout.band(row).draw(&fonts, paper.dots)),
        }
    }
    bytes.extend(if job.printer.cuts { CUT } else { TEAR });
    Ok(bytes)
}

/// Opens the drawer, and prints nothing.
pub fn open_drawer() -> Vec<u8> {
    [BEGIN, OPEN_DRAWER].concat()
}

/// A row in the printer's own letters, if it has all of them.
fn letters(row: &Row, columns: usize) -> Option<Vec<u8>> {
    if matches!(row, Row::Code(_)) {
        return None;
    }
    let look = match row {
        Row::Middle { look, .. } | Row::Pair { look, .. } => *look,
        Row::Detail(_) | Row::Rule | Row::Space | Row::Code(_) => Look::Plain,
    };
    let mut bytes = match look {
        Look::Plain => Vec::new(),
        Look::Large => vec![0x1b, b'E', 1, 0x1d, b'!', 1],
    };
    for line in lines_of(row, columns, false) {
        bytes.extend(encoded(line.trim_end())?);
        bytes.push(b'\n');
    }
    if look != Look::Plain {
        bytes.extend([0x1b, b'E', 0, 0x1d, b'!', 0]);
    }
    Some(bytes)
}

/// Dots, in portions.
fn picture(bytes: &mut Vec<u8>, picture: &Picture) {
    let row_bytes = picture.row_bytes();
    for rows in picture.bits().chunks(row_bytes * PICTURE_ROWS_MAX) {
        let height = rows.len() / row_bytes;
        bytes.extend([0x1d, b'v', b'0', 0]);
        for count in [row_bytes, height] {
            let two = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
            bytes.extend(two);
        }
        bytes.extend(rows);
    }
}
