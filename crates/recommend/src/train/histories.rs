//! Who had what: for each person (or basket) the products in order of time, each once.

/// At most this many of the last products of one history count. Nobody likes more than that, and no one account can be
/// louder than this.
pub const HISTORY_MAX: usize = 4_096;

/// Somebody who had more than three of four products of a catalogue of at least so many says nothing about taste.
pub(super) const TASTE_PRODUCTS_MIN: usize = 50;

/// The histories of many people, without their names: a person is a row.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Histories {
    products: usize,
    ends: Vec<usize>,
    had: Vec<u32>,
}

/// One row of the other direction: who had a product, and at which place of their history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Occurrence {
    pub(super) row: u32,
    pub(super) place: u32,
}

pub(super) struct Occurrences {
    ends: Vec<usize>,
    all: Vec<Occurrence>,
}

impl Histories {
    /// For a catalogue of so many products.
    #[must_use]
    pub fn new(products: usize) -> Self {
        Self { products, ..Self::default() }
    }

    /// Adds one history in order of time. What is repeated counts once, at its last place: liking a thing ten thousand times
    /// says no more than liking it. What is not in the catalogue is left out.
    pub fn push(&mut self, history: &[u32]) {
        let start = self.had.len();
        let mut known = vec![false; if history.len() > 64 { self.products } else { 0 }];
        for product in history.iter().rev() {
            let Some(at) = usize::try_from(*product).ok().filter(|at| *at < self.products) else { continue };
            let seen = match known.get_mut(at) {
                Some(seen) => std::mem::replace(seen, true),
                None => self.had[start..].contains(product),
            };
            if !seen && self.had.len() - start < HISTORY_MAX {
                self.had.push(*product);
            }
        }
        self.had[start..].reverse();
        if self.products >= TASTE_PRODUCTS_MIN && (self.had.len() - start) * 4 > self.products * 3 {
            self.had.truncate(start);
        }
        self.ends.push(self.had.len());
    }

    /// Adds one history if it says something of taste: two products or more are left of it. A row of nothing would still count as somebody.
    pub(super) fn push_taste(&mut self, history: &[u32]) -> bool {
        let start = self.had.len();
        self.push(history);
        let says = self.had.len() - start > 1;
        if !says {
            self.had.truncate(start);
            self.ends.pop();
        }
        says
    }

    #[must_use]
    pub fn products(&self) -> usize {
        self.products
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    #[must_use]
    pub fn interactions(&self) -> usize {
        self.had.len()
    }

    #[must_use]
    pub fn row(&self, at: usize) -> &[u32] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.had[start..self.ends[at]]
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.rows()).map(|at| self.row(at))
    }

    /// In how many histories each product is.
    #[must_use]
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0u32; self.products];
        for product in &self.had {
            counts[index(*product)] += 1;
        }
        counts
    }

    /// A split that parameters are chosen on: one product of each history is taken away, and told. `place` says which of so
    /// many. A history of one stays as it is.
    #[must_use]
    pub fn without_one(&self, mut place: impl FnMut(usize) -> usize) -> (Self, Vec<Option<u32>>) {
        let mut shorter = Self::new(self.products);
        let mut taken = Vec::with_capacity(self.rows());
        for history in self.iter() {
            let at = (history.len() > 1).then(|| place(history.len()).min(history.len() - 1));
            taken.push(at.map(|at| history[at]));
            let rest = history.iter().enumerate().filter(|(place, _)| Some(*place) != at);
            shorter.had.extend(rest.map(|(_, product)| *product));
            shorter.ends.push(shorter.had.len());
        }
        (shorter, taken)
    }

    /// Behind the last entry of each row, and all products.
    pub(super) fn flat(&self) -> (&[usize], &[u32]) {
        (&self.ends, &self.had)
    }

    pub(super) fn occurrences(&self) -> Occurrences {
        let mut ends: Vec<usize> = Vec::with_capacity(self.products);
        let mut total = 0;
        for count in self.counts() {
            ends.push(total);
            total += index(count);
        }
        let mut all = vec![Occurrence { row: 0, place: 0 }; total];
        for (row, history) in (0u32..).zip(self.iter()) {
            for (place, product) in (0u32..).zip(history) {
                let next = &mut ends[index(*product)];
                all[*next] = Occurrence { row, place };
                *next += 1;
            }
        }
        Occurrences { ends, all }
    }
}

impl Occurrences {
    pub(super) fn of(&self, product: usize) -> &[Occurrence] {
        let start = if product == 0 { 0 } else { self.ends[product - 1] };
        &self.all[start..self.ends[product]]
    }
}

/// A number of a product or row as a place in a list. Lists of more than 2³² would not be in memory.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
