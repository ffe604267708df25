//! What the demo's stalls are called and sell.

mod food;
mod things;

use soko_domain::quantity::Unit;

use super::paint::Motif;

/// A stall.
pub(super) struct Shelf {
    pub(super) name: &'static str,
    pub(super) currency: &'static str,
    pub(super) zone: &'static str,
    /// How far its clock is ahead of the world's, in minutes.
    pub(super) offset_minutes: i32,
    pub(super) place: &'static str,
    /// As `soko_domain::point` reads it.
    pub(super) point: &'static str,
    pub(super) description: &'static str,
    pub(super) hours: &'static str,
    /// The same as `soko_domain::opening` reads it.
    pub(super) opening: &'static str,
    pub(super) registers: usize,
    /// Sales of one register on an ordinary day.
    pub(super) sales_a_day: u32,
    /// How many of a hundred buyers do not pay in cash.
    pub(super) cashless_percent: u32,
    /// By phone rather than by card.
    pub(super) pays_by_phone: bool,
    pub(super) groups: &'static [Group],
}

/// Goods of one category that look alike.
pub(super) struct Group {
    pub(super) category: &'static str,
    pub(super) motif: Motif,
    pub(super) unit: Unit,
    /// For so many of the unit.
    pub(super) per: i64,
    pub(super) tax_ppm: u32,
    /// What it costs, in hundredths of the price.
    pub(super) cost_percent: i64,
    /// Name, price and colour of each.
    pub(super) names: &'static [(&'static str, i64, usize)],
    /// Each name comes in each of these: what is added to it, and hundredths of its price.
    pub(super) sizes: &'static [(&'static str, i64)],
    pub(super) text: &'static str,
}

/// One kind, as it is.
const PLAIN: &[(&str, i64)] = &[("", 100)];

const fn pieces(
    category: &'static str,
    motif: Motif,
    tax_ppm: u32,
    names: &'static [(&'static str, i64, usize)],
) -> Group {
    let text = "";
    Group { category, motif, unit: Unit::Piece, per: 1, tax_ppm, cost_percent: 48, names, sizes: PLAIN, text }
}

/// Priced by the kilogram.
const fn by_weight(
    category: &'static str,
    motif: Motif,
    tax_ppm: u32,
    names: &'static [(&'static str, i64, usize)],
) -> Group {
    Group { unit: Unit::Gram, per: 1_000, cost_percent: 62, ..pieces(category, motif, tax_ppm, names) }
}

impl Group {
    const fn in_sizes(self, sizes: &'static [(&'static str, i64)]) -> Self {
        Self { sizes, ..self }
    }

    const fn says(self, text: &'static str) -> Self {
        Self { text, ..self }
    }
}

/// All stalls of the market.
pub(super) fn shelves() -> Vec<&'static Shelf> {
    food::SHELVES.iter().chain(things::SHELVES).collect()
}

/// Few of each, for tests.
pub(super) fn small_shelves() -> Vec<&'static Shelf> {
    shelves().into_iter().skip(2).take(3).collect()
}
