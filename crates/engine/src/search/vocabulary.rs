//! All distinct words of a stall's products in memory.

use soko_record_log::{StoreError, Tx, params};

use super::fuzzy::{Typed, mask};

/// Most known words that one typed word may stand for.
pub(crate) const MATCHES_MAX: usize = 16;

pub(crate) struct Vocabulary(Vec<Word>);

struct Word {
    number: i64,
    mask: u64,
    text: Box<str>,
}

/// A known word that a typed word may stand for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Match {
    /// The lower the nearer.
    pub(crate) cost: u32,
    pub(crate) word: i64,
}

impl Vocabulary {
    pub(crate) fn load(tx: &mut dyn Tx, stall: i64) -> Result<Self, StoreError> {
        let rows =
            tx.query("select word, text from search_word where stall = $1 order by word", params![stall])?;
        let words = rows.iter().map(|row| Ok(Word::new(row.int(0)?, row.text(1)?)));
        Ok(Self(words.collect::<Result<_, StoreError>>()?))
    }

    pub(crate) fn add(&mut self, number: i64, text: &str) {
        self.0.push(Word::new(number, text));
    }

    /// The nearest known words, the nearest first.
    pub(crate) fn nearest(&self, typed: &Typed) -> Vec<Match> {
        let compared = self.0.iter().filter_map(|word| {
            let cost = typed.cost(&word.text, word.mask)?;
            // Of two words that begin alike, the shorter one is the likelier.
            let length = u32::try_from(word.text.len()).unwrap_or(u32::MAX);
            Some((cost, length, word.number))
        });
        let mut nearest: Vec<(u32, u32, i64)> = compared.collect();
        nearest.sort_unstable();
        nearest.truncate(MATCHES_MAX);
        nearest.into_iter().map(|(cost, _, word)| Match { cost, word }).collect()
    }
}

impl Word {
    fn new(number: i64, text: &str) -> Self {
        Self { number, mask: mask(text), text: text.into() }
    }
}
