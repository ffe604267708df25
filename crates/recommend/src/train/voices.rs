//! Who says something. What fewer than three different people, or baskets of nobody's, had together tells of one of them: it is neither
//! told nor learnt from, or one person would say to everybody what goes with something rare.

use std::collections::BTreeMap;

use super::histories::{Histories, index};
use super::neighbours::Neighbours;
use super::weighed::Weighed;

/// So many different people, or baskets of nobody's, must have had something.
pub(super) const VOICES_MIN: u32 = 3;
/// Two products of one history were had together if no more than so many others are between them: what somebody had years apart says
/// little, and the longest history is looked through in a time that grows with its length only.
const NEAR: usize = 32;

/// People as numbers; nobody's basket is one of its own.
#[derive(Default)]
pub(super) struct Voices {
    known: BTreeMap<[u8; 16], u32>,
    next: u32,
}

impl Voices {
    pub(super) fn of(&mut self, who: Option<[u8; 16]>) -> u32 {
        if let Some(known) = who.and_then(|who| self.known.get(&who)) {
            return *known;
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        if let Some(who) = who {
            self.known.insert(who, number);
        }
        number
    }
}

/// Rows of products, and whose each is.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Behind the last entry of each.
    pub(super) ends: &'a [usize],
    pub(super) had: &'a [u32],
    pub(super) voices: &'a [u32],
    pub(super) products: usize,
}

/// By how many each product was had.
pub(super) fn voices_of(rows: Rows<'_>) -> Vec<u32> {
    let mut by_voice: Vec<usize> = (0..rows.ends.len()).collect();
    by_voice.sort_by_key(|row| rows.voices[*row]);
    let mut counted = vec![Counted::default(); rows.products];
    for row in by_voice {
        rows.row(row).iter().for_each(|product| counted[index(*product)].hear(rows.voices[row]));
    }
    counted.into_iter().map(|it| it.voices).collect()
}

impl Weighed {
    /// Without what too few had with anything else of the row, and without rows of which less than two products are left.
    pub(super) fn said_by_several(&self, voices: &[u32]) -> Self {
        let (ends, had) = self.flat();
        let kept = kept(Rows { ends, had, voices, products: self.products() });
        let mut several = Self::new(self.products());
        for row in 0..self.rows() {
            let (had, weights) = self.row(row);
            let kept = &kept[ends[row] - had.len()..ends[row]];
            let left = had.iter().zip(weights).zip(kept).filter(|(_, kept)| **kept);
            let left: Vec<(u32, f32)> = left.map(|((product, weight), _)| (*product, *weight)).collect();
            if left.len() > 1 {
                several.push(left);
            }
        }
        several
    }
}

impl Histories {
    /// The same of histories; the rows that are left, and whose they are.
    pub(super) fn said_by_several(&self, voices: &[u32]) -> (Self, Vec<u32>) {
        let (ends, had) = self.flat();
        let kept = kept(Rows { ends, had, voices, products: self.products() });
        let (mut several, mut whose) = (Self::new(self.products()), Vec::new());
        for row in 0..self.rows() {
            let had = self.row(row);
            let kept = &kept[ends[row] - had.len()..ends[row]];
            let left = had.iter().zip(kept).filter(|(_, kept)| **kept);
            let left: Vec<u32> = left.map(|(product, _)| *product).collect();
            if several.push_taste(&left) {
                whose.push(voices[row]);
            }
        }
        (several, whose)
    }

    /// Leaves nothing in favour of another product that too few had with the first. What speaks against one says only that the two are
    /// rarely together.
    pub(super) fn only_of_several(&self, voices: &[u32], neighbours: &mut Neighbours) {
        let (ends, had) = self.flat();
        let mut kept: Vec<bool> = Vec::new();
        each_product(Rows { ends, had, voices, products: self.products() }, |product, _, counted| {
            let enough = |other: u32| counted[index(other)].voices >= VOICES_MIN;
            kept.extend(neighbours.of(product).iter().map(|it| it.weight < 0.0 || enough(it.product)));
        });
        neighbours.keep(&kept);
    }
}

/// By how many a product was had, and by whom last.
#[derive(Clone, Copy, Default)]
struct Counted {
    voices: u32,
    last: u32,
}

impl Counted {
    /// One person's are heard behind each other.
    fn hear(&mut self, voice: u32) {
        if self.voices == 0 || self.last != voice {
            self.voices += 1;
            self.last = voice;
        }
    }
}

impl Rows<'_> {
    fn start(&self, row: usize) -> usize {
        if row == 0 { 0 } else { self.ends[row - 1] }
    }

    fn row(&self, row: usize) -> &[u32] {
        &self.had[self.start(row)..self.ends[row]]
    }

    /// What was had near an entry of a row, itself left out.
    fn near(&self, row: usize, at: usize) -> impl Iterator<Item = u32> {
        let from = self.start(row).max(at.saturating_sub(NEAR));
        let until = self.ends[row].min(at + 1 + NEAR);
        self.had[from..at].iter().chain(&self.had[at + 1..until]).copied()
    }
}

/// Of each entry, whether enough had it with something else of its row.
fn kept(rows: Rows<'_>) -> Vec<bool> {
    let mut kept = vec![false; rows.had.len()];
    each_product(rows, |_, entries, counted| {
        for (row, at) in entries {
            let (row, at) = (index(*row), index(*at));
            kept[at] = rows.near(row, at).any(|other| counted[index(other)].voices >= VOICES_MIN);
        }
    });
    kept
}

/// Calls with each product, where it was had (row and entry), and how many had it with each other product.
fn each_product(rows: Rows<'_>, mut work: impl FnMut(usize, &[(u32, u32)], &[Counted])) {
    let mut ends = vec![0usize; rows.products + 1];
    rows.had.iter().for_each(|product| ends[index(*product) + 1] += 1);
    for at in 1..ends.len() {
        ends[at] += ends[at - 1];
    }
    let mut next = ends.clone();
    let mut entries = vec![(0u32, 0u32); rows.had.len()];
    let mut by_voice: Vec<usize> = (0..rows.ends.len()).collect();
    by_voice.sort_by_key(|row| rows.voices[*row]);
    for row in by_voice {
        for at in rows.start(row)..rows.ends[row] {
            let place = &mut next[index(rows.had[at])];
            entries[*place] = (small(row), small(at));
            *place += 1;
        }
    }
    let mut counted = vec![Counted::default(); rows.products];
    let mut touched: Vec<u32> = Vec::new();
    for product in 0..rows.products {
        let entries = &entries[ends[product]..ends[product + 1]];
        for (row, at) in entries {
            for other in rows.near(index(*row), index(*at)) {
                let it = &mut counted[index(other)];
                if it.voices == 0 {
                    touched.push(other);
                }
                it.hear(rows.voices[index(*row)]);
            }
        }
        work(product, entries, &counted);
        touched.drain(..).for_each(|other| counted[index(other)] = Counted::default());
    }
}

/// A place in lists of fewer than 2³², as all are that fit into memory here.
fn small(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
