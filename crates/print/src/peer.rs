//! A printer that is none: it reads what a receipt printer is sent, draws it, and answers questions. It understands
//! what Soko sends and complains about everything else. For tests.

use soko_app_api::PaperWidth;

use crate::code_page::HIGH;
use crate::font::{Fonts, NoFonts};
use crate::page::draw_line;
use crate::picture::Picture;
use crate::rows::Look;

const CELL_WIDTH: usize = 12;
const CELL_HEIGHT: usize = 24;
const LINE_HEIGHT: usize = 30;
/// So that the widest letter fits its cell.
const LETTER_SIZE: i32 = 13;

/// What it answers when nothing is wrong.
const FINE: u8 = 0x12;

pub struct Peer {
    fonts: Fonts,
    paper: Picture,
    /// Dots of paper that were used.
    used: usize,
    /// Dots of paper that are left; without end otherwise.
    left: Option<usize>,
    cover_open: bool,
    waiting: Vec<u8>,
    line: Vec<u8>,
    strong: bool,
    tall: bool,
    code_page: u8,
    pub cuts: usize,
    pub drawer_opened: usize,
    /// What it was sent and does not understand, or what did not fit.
    pub complaints: Vec<String>,
}

/// What one command needs.
enum Step {
    /// It takes so many bytes.
    Done(usize),
    /// It is not here as a whole.
    More,
    /// There is no paper for it.
    Stuck,
}

impl Peer {
    pub fn new(width: PaperWidth) -> Result<Self, NoFonts> {
        let dots = match width {
            PaperWidth::Mm58 => 384,
            PaperWidth::Mm80 => 576,
        };
        Ok(Self {
            fonts: Fonts::open()?,
            paper: Picture::new(dots, 0),
            used: 0,
            left: None,
            cover_open: false,
            waiting: Vec::new(),
            line: Vec::new(),
            strong: false,
            tall: false,
            code_page: 0,
            cuts: 0,
            drawer_opened: 0,
            complaints: Vec::new(),
        })
    }

    /// Paper for so many rows of dots; then none.
    pub fn with_paper(mut self, dots: usize) -> Self {
        self.left = Some(dots);
        self
    }

    pub fn with_open_cover(mut self) -> Self {
        self.cover_open = true;
        self
    }

    /// A new roll: what waited is printed.
    pub fn refill(&mut self) -> Vec<u8> {
        self.left = None;
        self.receive(&[])
    }

    /// Takes what comes, and says what it answers.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.waiting.extend_from_slice(bytes);
        let mut answers = Vec::new();
        let mut at = 0;
        while at < self.waiting.len() {
            let rest = self.waiting.split_off(at);
            let step = self.step(&rest, &mut answers);
            self.waiting.extend_from_slice(&rest);
            match step {
                Step::Done(bytes) => at += bytes,
                Step::More => break,
                Step::Stuck => {
                    self.answer_at_once(at, &mut answers);
                    break;
                }
            }
        }
        self.waiting.drain(..at);
        answers
    }

    /// What came out so far.
    pub fn paper(&self) -> &Picture {
        &self.paper
    }

    fn is_out(&self) -> bool {
        self.left == Some(0)
    }

    /// Questions that are answered whatever stands before them.
    fn answer_at_once(&mut self, from: usize, answers: &mut Vec<u8>) {
        let mut kept = Vec::new();
        let mut rest = self.waiting.split_off(from);
        while !rest.is_empty() {
            if let [0x10, 0x04, question, ..] = rest.as_slice() {
                answers.push(self.status(*question));
                rest.drain(..3);
            } else {
                kept.push(rest.remove(0));
            }
        }
        self.waiting.extend(kept);
    }

    fn status(&self, question: u8) -> u8 {
        match question {
            2 => FINE | if self.cover_open { 0x04 } else { 0 } | if self.is_out() { 0x20 } else { 0 },
            4 => FINE | if self.is_out() { 0x60 } else { 0 },
            _ => FINE,
        }
    }

    fn step(&mut self, bytes: &[u8], answers: &mut Vec<u8>) -> Step {
        match bytes {
            [0x10, 0x04, question, ..] => {
                answers.push(self.status(*question));
                Step::Done(3)
            }
            [0x1b, b'@', ..] => {
                (self.strong, self.tall, self.code_page) = (false, false, 0);
                Step::Done(2)
            }
            [0x1b, b't', page, ..] => {
                self.code_page = *page;
                Step::Done(3)
            }
            [0x1b, b'E', strong, ..] => {
                self.strong = *strong == 1;
                Step::Done(3)
            }
            [0x1d, b'!', size, ..] => {
                self.tall = *size == 1;
                Step::Done(3)
            }
            [0x1b, b'd', lines, ..] => self.feed(usize::from(*lines) * LINE_HEIGHT, 3),
            [0x1b, b'p', _, _, _, ..] => {
                self.drawer_opened += 1;
                Step::Done(5)
            }
            [0x1d, b'V', 66, _, ..] => {
                self.cuts += 1;
                self.feed(4 * LINE_HEIGHT, 4)
            }
            [0x1d, b'r', 1, ..] => {
                answers.push(0);
                Step::Done(3)
            }
            [0x1d, b'v', b'0', 0, xl, xh, yl, yh, data @ ..] => {
                self.picture(u16::from_le_bytes([*xl, *xh]), u16::from_le_bytes([*yl, *yh]), data)
            }
            [b'\n', ..] => self.print_line(),
            [0x10 | 0x1b | 0x1d, ..] if bytes.len() < 8 => Step::More,
            [byte, ..] if *byte >= b' ' => {
                self.line.push(*byte);
                Step::Done(1)
            }
            [byte, ..] => {
                self.complaints.push(format!("does not know {byte:#04x} {:02x?}", bytes.get(1..4)));
                Step::Done(1)
            }
            [] => Step::More,
        }
    }

    /// Whether there is paper for so many dots; uses it.
    fn use_paper(&mut self, dots: usize) -> bool {
        if let Some(left) = &mut self.left {
            if *left < dots {
                *left = 0;
                return false;
            }
            *left -= dots;
        }
        self.used += dots;
        self.paper.grow(self.used);
        true
    }

    fn feed(&mut self, dots: usize, bytes: usize) -> Step {
        if self.use_paper(dots) { Step::Done(bytes) } else { Step::Stuck }
    }

    fn picture(&mut self, row_bytes: u16, rows: u16, data: &[u8]) -> Step {
        let (row_bytes, rows) = (usize::from(row_bytes), usize::from(rows));
        let Some(dots) = data.get(..row_bytes * rows) else { return Step::More };
        if row_bytes * 8 > self.paper.width() {
            self.complaints.push(format!("a picture of {} dots is wider than the paper", row_bytes * 8));
        }
        let top = self.used;
        if !self.use_paper(rows) {
            return Step::Stuck;
        }
        for (y, row) in dots.chunks(row_bytes.max(1)).enumerate() {
            let black = (0..row_bytes * 8).filter(|x| row[x / 8] & (0x80 >> (x % 8)) != 0);
            black.for_each(|x| self.paper.set(x, top + y));
        }
        Step::Done(8 + row_bytes * rows)
    }

    fn print_line(&mut self) -> Step {
        let height = if self.tall { LINE_HEIGHT + CELL_HEIGHT } else { LINE_HEIGHT };
        let top = self.used;
        if !self.use_paper(height) {
            return Step::Stuck;
        }
        let line = std::mem::take(&mut self.line);
        if line.len() * CELL_WIDTH > self.paper.width() {
            self.complaints.push(format!("a line of {} letters is wider than the paper", line.len()));
        }
        for (place, byte) in line.iter().enumerate() {
            let cell = self.letter(*byte);
            let left = place * CELL_WIDTH;
            for y in 0..if self.tall { 2 * CELL_HEIGHT } else { CELL_HEIGHT } {
                let row = if self.tall { y / 2 } else { y };
                let black = (0..CELL_WIDTH).filter(|x| cell.is_black(*x, row));
                black.for_each(|x| self.paper.set(left + x, top + y));
            }
        }
        Step::Done(1)
    }

    /// A letter in its cell, in the middle.
    fn letter(&mut self, byte: u8) -> Picture {
        let letter = match byte {
            b' '..=b'~' => char::from(byte),
            0x80.. if self.code_page == 19 => HIGH.chars().nth(usize::from(byte) - 0x80).unwrap_or(' '),
            _ => {
                self.complaints.push(format!("has no letter {byte:#04x} in code page {}", self.code_page));
                ' '
            }
        };
        let look = if self.strong { Look::Large } else { Look::Plain };
        let line = self.fonts.shape(&letter.to_string(), false, look);
        let mut cell = Picture::new(CELL_WIDTH, CELL_HEIGHT);
        let wide = crate::page::to_dots(line.width, LETTER_SIZE);
        let cell_width = i32::try_from(CELL_WIDTH).unwrap_or_default();
        draw_line(&mut cell, &self.fonts, &line, ((cell_width - wide).max(0) / 2, 18), LETTER_SIZE);
        cell
    }
}
