//! A picture of black and white dots, and filling an outline with black. Whole numbers only: every machine makes the
//! same dots.

use skrifa::outline::OutlinePen;

/// Parts of a dot in which outlines are placed.
pub(crate) const PARTS: i64 = 64;
/// Lines at which the coverage of one row of dots is looked at.
const SAMPLES: i64 = 8;
/// Straight pieces of a curve.
const PIECES: i64 = 8;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picture {
    width: usize,
    height: usize,
    /// Rows of whole bytes, the leftmost dot first; a set bit is black.
    bits: Vec<u8>,
}

impl Picture {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, bits: vec![0; width.div_ceil(8) * height] }
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn height(&self) -> usize {
        self.height
    }

    pub fn row_bytes(&self) -> usize {
        self.width.div_ceil(8)
    }

    /// All rows, as a printer takes them.
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    pub fn is_black(&self, x: usize, y: usize) -> bool {
        let in_picture = x < self.width && y < self.height;
        in_picture
            && self.bits.get(y * self.row_bytes() + x / 8).is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }

    pub fn set(&mut self, x: usize, y: usize) {
        let at = y * self.row_bytes() + x / 8;
        if x < self.width
            && y < self.height
            && let Some(byte) = self.bits.get_mut(at)
        {
            *byte |= 0x80 >> (x % 8);
        }
    }

    pub fn fill(&mut self, x: usize, y: usize, width: usize, height: usize) {
        for row in y..y.saturating_add(height).min(self.height) {
            (x..x.saturating_add(width).min(self.width)).for_each(|column| self.set(column, row));
        }
    }

    /// Puts another picture's black dots into this one.
    pub fn stamp(&mut self, other: &Picture, x: usize, y: usize) {
        for row in 0..other.height {
            (0..other.width).filter(|column| other.is_black(*column, row)).for_each(|column| {
                self.set(x + column, y + row);
            });
        }
    }

    /// More white below.
    pub fn grow(&mut self, height: usize) {
        if height > self.height {
            self.height = height;
            self.bits.resize(self.row_bytes() * height, 0);
        }
    }

    /// Fills what the outline surrounds: dots that are covered by half or more.
    pub(crate) fn fill_outline(&mut self, outline: &Outline) {
        let edges = &outline.edges;
        let Some(top) = edges.iter().map(|edge| edge.from.1.min(edge.to.1)).min() else { return };
        let bottom = edges.iter().map(|edge| edge.from.1.max(edge.to.1)).max().unwrap_or(top);
        for row in top.div_euclid(PARTS)..=bottom.div_euclid(PARTS) {
            self.fill_row(row, edges);
        }
    }

    fn fill_row(&mut self, row: i64, edges: &[Edge]) {
        let Ok(y) = usize::try_from(row) else { return };
        if y >= self.height {
            return;
        }
        let mut covered: Vec<i64> = vec![0; self.width];
        for sample in 0..SAMPLES {
            // In half parts, in the middle of the sample.
            let at = (row * PARTS * SAMPLES + sample * PARTS) * 2 / SAMPLES + PARTS / SAMPLES;
            for (from, to) in spans(edges, at) {
                cover(&mut covered, from, to);
            }
        }
        for (x, parts) in covered.into_iter().enumerate() {
            if parts * 2 >= PARTS * SAMPLES {
                self.set(x, y);
            }
        }
    }
}

/// Where a line at this height, in half parts, lies within the outline.
fn spans(edges: &[Edge], at: i64) -> Vec<(i64, i64)> {
    let mut crossings: Vec<(i64, i64)> = edges.iter().filter_map(|edge| edge.crossing(at)).collect();
    crossings.sort_unstable();
    let mut spans = Vec::new();
    let (mut winding, mut begin) = (0, 0);
    for (x, turn) in crossings {
        if winding == 0 {
            begin = x;
        }
        winding += turn;
        if winding == 0 {
            spans.push((begin, x));
        }
    }
    spans
}

fn cover(covered: &mut [i64], from: i64, to: i64) {
    let first = from.div_euclid(PARTS).max(0);
    for column in first..=to.div_euclid(PARTS) {
        let left = (column * PARTS).max(from);
        let right = ((column + 1) * PARTS).min(to);
        let dot = usize::try_from(column).ok().and_then(|column| covered.get_mut(column));
        let Some(dot) = dot else { return };
        *dot += (right - left).max(0);
    }
}

/// A straight piece of an outline, in parts of a dot.
#[derive(Clone, Copy, Debug)]
struct Edge {
    from: (i64, i64),
    to: (i64, i64),
}

impl Edge {
    /// Where it crosses this height, in half parts, and which way it goes. Its lower end is not part of it.
    fn crossing(&self, at: i64) -> Option<(i64, i64)> {
        let (from, to) = (self.from.1 * 2, self.to.1 * 2);
        let goes_down = from <= at && at < to;
        let goes_up = to <= at && at < from;
        if !goes_down && !goes_up {
            return None;
        }
        let x = self.from.0 + (self.to.0 - self.from.0) * (at - from) / (to - from);
        Some((x, if goes_down { 1 } else { -1 }))
    }
}

/// What surrounds a glyph, placed in a picture: scaled by `size` dots to the em, upright.
pub(crate) struct Outline {
    edges: Vec<Edge>,
    size: i64,
    units: i64,
    origin: (i64, i64),
    begin: (i64, i64),
    last: (i64, i64),
}

impl Outline {
    /// The origin is in parts of a dot.
    pub(crate) fn new(size: i64, units: i64, origin: (i64, i64)) -> Self {
        Self { edges: Vec::new(), size, units, origin, begin: origin, last: origin }
    }

    fn placed(&self, x: f32, y: f32) -> (i64, i64) {
        let scale = |value: f32| (parts(value) * self.size).div_euclid(self.units);
        (self.origin.0 + scale(x), self.origin.1 - scale(y))
    }

    fn line(&mut self, to: (i64, i64)) {
        if to.1 != self.last.1 {
            self.edges.push(Edge { from: self.last, to });
        }
        self.last = to;
    }

    /// The point of a curve at one of its pieces, from its ends and what pulls it.
    fn between(points: &[(i64, i64)], piece: i64) -> (i64, i64) {
        let mut rest: Vec<(i64, i64)> = points.iter().map(|point| (point.0 * 64, point.1 * 64)).collect();
        let mix = |from: i64, to: i64| from + (to - from) * piece / PIECES;
        while rest.len() > 1 {
            rest = rest.windows(2).map(|two| (mix(two[0].0, two[1].0), mix(two[0].1, two[1].1))).collect();
        }
        rest.first().map_or((0, 0), |point| (point.0.div_euclid(64), point.1.div_euclid(64)))
    }

    fn curve(&mut self, points: &[(i64, i64)]) {
        for piece in 1..=PIECES {
            let to = Self::between(points, piece);
            self.line(to);
        }
    }
}

/// Fonts place points at whole and half units, and never far away.
#[expect(clippy::cast_possible_truncation, reason = "a glyph is some thousand units large")]
fn parts(units: f32) -> i64 {
    (units * 64.0).round() as i64
}

impl OutlinePen for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.begin = self.placed(x, y);
        self.last = self.begin;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.placed(x, y);
        self.line(to);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let points = [self.last, self.placed(cx, cy), self.placed(x, y)];
        self.curve(&points);
    }

    fn curve_to(&mut self, cx: f32, cy: f32, dx: f32, dy: f32, x: f32, y: f32) {
        let points = [self.last, self.placed(cx, cy), self.placed(dx, dy), self.placed(x, y)];
        self.curve(&points);
    }

    fn close(&mut self) {
        let begin = self.begin;
        self.line(begin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square with a hole, or, the inner one drawn the same way round, without.
    fn square(hole: bool) -> Picture {
        let mut outline = Outline::new(10, 10, (0, 10 * PARTS));
        let draw = |outline: &mut Outline, points: [(f32, f32); 4]| {
            outline.move_to(points[0].0, points[0].1);
            points[1..].iter().for_each(|point| outline.line_to(point.0, point.1));
            outline.close();
        };
        draw(&mut outline, [(1.0, 1.0), (1.0, 9.0), (9.0, 9.0), (9.0, 1.0)]);
        let mut inner = [(3.0, 3.0), (3.0, 7.0), (7.0, 7.0), (7.0, 3.0)];
        if hole {
            inner.reverse();
        }
        draw(&mut outline, inner);
        let mut picture = Picture::new(10, 10);
        picture.fill_outline(&outline);
        picture
    }

    #[test]
    fn outlines_are_filled_and_holes_are_not() {
        let count = |picture: &Picture| {
            (0..10)
                .flat_map(|y| (0..10).map(move |x| (x, y)))
                .filter(|(x, y)| picture.is_black(*x, *y))
                .count()
        };
        assert_eq!(count(&square(false)), 64);
        assert_eq!(count(&square(true)), 64 - 16);
        assert!(square(true).is_black(1, 1) && !square(true).is_black(0, 0) && !square(true).is_black(5, 5));
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let mut outline = Outline::new(10, 10, (-50 * PARTS, 500 * PARTS));
        outline.move_to(0.0, 0.0);
        outline.line_to(100.0, 1000.0);
        outline.line_to(100.0, 0.0);
        outline.close();
        let mut picture = Picture::new(16, 16);
        picture.fill_outline(&outline);
        picture.fill(14, 14, 100, 100);
        picture.set(99, 99);
        assert!(picture.is_black(15, 15) && !picture.is_black(16, 0));
        assert_eq!(picture.bits().len(), 32);
    }
}
