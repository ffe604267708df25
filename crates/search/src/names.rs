//! An index that numbers words and things by itself, for whoever keeps none of it in tables.

use std::collections::BTreeMap;

use crate::fold::words;
use crate::index::{Entry, Index};

/// Things by their names.
pub struct Names<K> {
    index: Index<K>,
    words: BTreeMap<Box<str>, i64>,
    places: BTreeMap<K, i64>,
    /// The next free number of a word and of a place.
    next: (i64, i64),
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        Self { index: Index::default(), words: BTreeMap::new(), places: BTreeMap::new(), next: (0, 0) }
    }
}

impl<K: Copy + Ord> Names<K> {
    /// This thing is found by this text from now on.
    pub fn put(&mut self, key: K, text: &str) {
        let words = words(text).into_iter().map(|word| self.word(&word)).collect();
        let place = *self.places.entry(key).or_insert_with(|| {
            self.next.1 += 1;
            self.next.1
        });
        self.index.put(Entry { place, key, words });
    }

    /// This thing is not found any more.
    pub fn take_out(&mut self, key: K) {
        if let Some(place) = self.places.get(&key) {
            self.index.put(Entry { place: *place, key, words: Vec::new() });
        }
    }

    /// As [`Index::search`].
    pub fn search(&self, text: &str, rows_max: usize, is_meant: impl Fn(K) -> bool) -> Vec<K> {
        self.index.search(text, rows_max, is_meant)
    }

    /// The things that have just this word, as [`words`] gives it.
    pub fn with_word(&self, word: &str) -> impl Iterator<Item = K> {
        let number = self.words.get(word);
        number.into_iter().flat_map(|number| self.index.with_word(*number))
    }

    fn word(&mut self, text: &str) -> i64 {
        if let Some(number) = self.words.get(text) {
            return *number;
        }
        self.next.0 += 1;
        self.words.insert(text.into(), self.next.0);
        self.index.add_word(self.next.0, text);
        self.next.0
    }
}
