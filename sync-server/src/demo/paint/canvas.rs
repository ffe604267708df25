//! A small canvas for flat pictures: a few shapes, whole numbers only, and smooth edges because each point of the
//! picture is nine points of the canvas.

use std::collections::BTreeMap;

/// Width and height of a picture.
pub(super) const SIDE: i32 = 320;
/// Points of the canvas for each point of the picture, in both directions.
const FINE: i32 = 3;
const FINE_SIDE: i32 = SIDE * FINE;
/// Colours that a picture may name: as many as an index of one byte.
const COLORS_MAX: usize = 256;
/// Parts of a whole in sines and tilts.
const WHOLE: i64 = 1_000;

/// Red, green, blue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Rgb(pub(super) u8, pub(super) u8, pub(super) u8);

impl Rgb {
    /// So many hundredths of the way to another colour.
    pub(super) fn towards(self, other: Self, percent: u16) -> Self {
        let mix = |from: u8, to: u8| {
            let sum = u16::from(from) * (100 - percent) + u16::from(to) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    pub(super) fn darker(self, percent: u16) -> Self {
        self.towards(Self(40, 26, 36), percent)
    }

    pub(super) fn lighter(self, percent: u16) -> Self {
        self.towards(Self(255, 252, 244), percent)
    }
}

/// A point of the picture, from its upper left corner.
pub(super) type At = (i32, i32);

pub(super) struct Canvas {
    cells: Vec<u8>,
    colors: Vec<Rgb>,
    /// Only here is anything painted.
    mask: Option<Vec<bool>>,
}

/// A picture as an index of colours.
pub(super) struct Flat {
    pub(super) pixels: Vec<u8>,
    pub(super) palette: Vec<Rgb>,
}

impl Canvas {
    pub(super) fn new(ground: Rgb) -> Self {
        let cells = usize::try_from(FINE_SIDE * FINE_SIDE).unwrap_or(0);
        Self { cells: vec![0; cells], colors: vec![ground], mask: None }
    }

    /// Paints only where this colour is now.
    pub(super) fn over(&mut self, color: Rgb, paint: impl FnOnce(&mut Self)) {
        let index = self.index(color);
        let mask = self.cells.iter().map(|cell| *cell == index).collect();
        let before = self.mask.replace(mask);
        paint(self);
        self.mask = before;
    }

    pub(super) fn disc(&mut self, color: Rgb, center: At, radius: i32) {
        let (low, high) = ((center.0 - radius, center.1 - radius), (center.0 + radius, center.1 + radius));
        let limit = radius * FINE * radius * FINE;
        self.fill(color, low, high, |x, y| {
            let (x, y) = (x - center.0 * FINE, y - center.1 * FINE);
            x * x + y * y <= limit
        });
    }

    /// An ellipse, turned by so many degrees.
    pub(super) fn oval(&mut self, color: Rgb, center: At, (rx, ry): At, degrees: i32) {
        let reach = rx.max(ry);
        let (sin, cos) = (sine(degrees), sine(degrees + 90));
        let (rx, ry) = (i64::from(rx * FINE), i64::from(ry * FINE));
        let limit = rx * rx * ry * ry;
        self.fill(
            color,
            (center.0 - reach, center.1 - reach),
            (center.0 + reach, center.1 + reach),
            |x, y| {
                let (x, y) = (i64::from(x - center.0 * FINE), i64::from(y - center.1 * FINE));
                let (along, across) = ((x * cos + y * sin) / WHOLE, (y * cos - x * sin) / WHOLE);
                along * along * ry * ry + across * across * rx * rx <= limit
            },
        );
    }

    /// A rectangle with round corners.
    pub(super) fn block(&mut self, color: Rgb, from: At, to: At, corner: i32) {
        let (left, top) = ((from.0 + corner) * FINE, (from.1 + corner) * FINE);
        let (right, bottom) = ((to.0 - corner) * FINE, (to.1 - corner) * FINE);
        let limit = corner * FINE * corner * FINE;
        self.fill(color, from, to, |x, y| {
            let (beside, above) = (x - x.clamp(left, right), y - y.clamp(top, bottom));
            beside * beside + above * above <= limit
        });
    }

    /// A straight stroke with round ends.
    pub(super) fn stroke(&mut self, color: Rgb, from: At, to: At, width: i32) {
        let half = width / 2 + 1;
        let low = (from.0.min(to.0) - half, from.1.min(to.1) - half);
        let high = (from.0.max(to.0) + half, from.1.max(to.1) + half);
        let (ax, ay) = (i64::from(from.0 * FINE), i64::from(from.1 * FINE));
        let (dx, dy) = (i64::from((to.0 - from.0) * FINE), i64::from((to.1 - from.1) * FINE));
        let length = (dx * dx + dy * dy).max(1);
        let limit = i64::from(width * FINE) * i64::from(width * FINE) / 4;
        self.fill(color, low, high, |x, y| {
            let (x, y) = (i64::from(x) - ax, i64::from(y) - ay);
            let part = (x * dx + y * dy).clamp(0, length);
            let (nx, ny) = (x - dx * part / length, y - dy * part / length);
            nx * nx + ny * ny <= limit
        });
    }

    /// A part of a circle's line.
    pub(super) fn arc(&mut self, color: Rgb, center: At, radius: i32, (from, to): (i32, i32), width: i32) {
        let at = |degrees: i32| on_circle(center, radius, degrees);
        let steps = ((to - from).abs() / 6).max(1);
        for step in 0..steps {
            let (a, b) = (from + (to - from) * step / steps, from + (to - from) * (step + 1) / steps);
            self.stroke(color, at(a), at(b), width);
        }
    }

    /// Any outline; what it encloses an odd number of times is inside.
    pub(super) fn shape(&mut self, color: Rgb, corners: &[At]) {
        let fine: Vec<(i64, i64)> =
            corners.iter().map(|(x, y)| (i64::from(x * FINE), i64::from(y * FINE))).collect();
        let low = corners.iter().fold((SIDE, SIDE), |low, at| (low.0.min(at.0), low.1.min(at.1)));
        let high = corners.iter().fold((0, 0), |high, at| (high.0.max(at.0), high.1.max(at.1)));
        self.fill(color, low, high, |x, y| {
            let (x, y) = (i64::from(x), i64::from(y));
            let mut is_inside = false;
            for (a, b) in fine.iter().zip(fine.iter().cycle().skip(1)) {
                let crosses = (a.1 > y) != (b.1 > y);
                // On which side of the edge, without dividing.
                let side = (b.0 - a.0) * (y - a.1) - (x - a.0) * (b.1 - a.1);
                if crosses && (side > 0) == (b.1 > a.1) {
                    is_inside = !is_inside;
                }
            }
            is_inside
        });
    }

    /// The picture: each of its points is the mean of nine.
    pub(super) fn flatten(&self) -> Flat {
        let mut known: BTreeMap<Rgb, u8> = BTreeMap::new();
        let mut flat = Flat { pixels: Vec::new(), palette: Vec::new() };
        let mut last = None;
        for y in 0..SIDE {
            for x in 0..SIDE {
                let color = self.mean(x, y);
                // Most points look like the one beside them.
                let index = match last {
                    Some((before, index)) if before == color => index,
                    _ => *known.entry(color).or_insert_with(|| flat.take(color)),
                };
                last = Some((color, index));
                flat.pixels.push(index);
            }
        }
        flat
    }

    fn mean(&self, x: i32, y: i32) -> Rgb {
        let rows = [0, 1, 2].map(|row| {
            let from = place(x * FINE, y * FINE + row).unwrap_or(0);
            self.cells.get(from..from + 3).unwrap_or(&[0; 3])
        });
        let color = |index: u8| self.colors.get(usize::from(index)).copied().unwrap_or(Rgb(0, 0, 0));
        let first = rows[0][0];
        if rows.iter().all(|row| *row == [first; 3]) {
            return color(first);
        }
        let mut sum = [0u16; 3];
        for index in rows.iter().copied().flatten() {
            let Rgb(red, green, blue) = color(*index);
            for (sum, part) in sum.iter_mut().zip([red, green, blue]) {
                *sum += u16::from(part);
            }
        }
        // A few steps less than there could be keep the picture small; nobody sees them.
        let [red, green, blue] = sum.map(|sum| u8::try_from(sum / 9).unwrap_or(u8::MAX) & !7);
        Rgb(red, green, blue)
    }

    fn fill(&mut self, color: Rgb, low: At, high: At, is_inside: impl Fn(i32, i32) -> bool) {
        let index = self.index(color);
        let (left, right) = ((low.0 * FINE).max(0), (high.0 * FINE).min(FINE_SIDE));
        for y in (low.1 * FINE).max(0)..(high.1 * FINE).min(FINE_SIDE) {
            let (Some(from), Some(to)) = (place(left, y), place(right.max(left), y)) else { continue };
            let Some(row) = self.cells.get_mut(from..to) else { continue };
            let mask = self.mask.as_ref().and_then(|mask| mask.get(from..to));
            for ((x, cell), at) in (left..right).zip(row).zip(0usize..) {
                let may = mask.and_then(|mask| mask.get(at)).is_none_or(|may| *may);
                if may && is_inside(x, y) {
                    *cell = index;
                }
            }
        }
    }

    fn index(&mut self, color: Rgb) -> u8 {
        let at = self.colors.iter().position(|known| *known == color).unwrap_or_else(|| {
            if self.colors.len() < COLORS_MAX {
                self.colors.push(color);
            }
            self.colors.len() - 1
        });
        u8::try_from(at).unwrap_or(u8::MAX)
    }
}

impl Flat {
    /// A colour's number; the nearest known one when there is no room.
    fn take(&mut self, color: Rgb) -> u8 {
        if self.palette.len() < COLORS_MAX {
            self.palette.push(color);
            return u8::try_from(self.palette.len() - 1).unwrap_or(u8::MAX);
        }
        let far = |known: &Rgb| {
            u16::from(known.0.abs_diff(color.0))
                + u16::from(known.1.abs_diff(color.1))
                + u16::from(known.2.abs_diff(color.2))
        };
        let nearest = self.palette.iter().enumerate().min_by_key(|(_, known)| far(known));
        nearest.and_then(|(at, _)| u8::try_from(at).ok()).unwrap_or(0)
    }
}

/// A point of a circle; 0 degrees is right, 90 below.
pub(super) fn on_circle(center: At, radius: i32, degrees: i32) -> At {
    let part = |sine: i64| i32::try_from(i64::from(radius) * sine / WHOLE).unwrap_or(0);
    (center.0 + part(sine(degrees + 90)), center.1 + part(sine(degrees)))
}

fn place(x: i32, y: i32) -> Option<usize> {
    usize::try_from(y * FINE_SIDE + x).ok()
}

/// A sine in thousandths, by an old approximation that is good to two of them.
fn sine(degrees: i32) -> i64 {
    let turned = i64::from(degrees.rem_euclid(360));
    let (half, sign) = if turned < 180 { (turned, 1) } else { (turned - 180, -1) };
    let product = half * (180 - half);
    sign * WHOLE * 4 * product / (40_500 - product)
}
