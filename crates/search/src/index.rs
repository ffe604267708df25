//! The index in memory: all distinct words of the names, and which things have them.

use crate::fold::words;
use crate::fuzzy::{Typed, mask};

/// Most known words that one typed word may stand for.
const MATCHES_MAX: usize = 32;
/// Typed words beyond this are not looked for.
const TYPED_WORDS_MAX: usize = 6;
/// Most things that are compared for each typed word.
const CANDIDATES_MAX: usize = 8_000;
/// What a typed word costs that a thing lacks.
const COST_LACKING: u32 = 1_000;
/// What each further word of a name costs: what is called just so comes first.
const COST_FURTHER_WORD: u32 = 1;

/// Things under their keys. Words and places are in the order of their numbers, which only grow.
pub struct Index<K> {
    words: Vec<Word>,
    things: Vec<Thing<K>>,
}

/// A thing's place in the index, and the numbers of its words; none if it left the index.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry<K> {
    pub place: i64,
    pub key: K,
    pub words: Vec<i64>,
}

struct Word {
    number: i64,
    mask: u64,
    text: Box<str>,
    /// The things that have it, by their slot, ascending.
    things: Vec<u32>,
}

struct Thing<K> {
    place: i64,
    key: K,
    /// Its words by their slot; none if it left the index.
    words: Box<[u32]>,
}

/// A known word that a typed word may stand for: the lower the cost, the nearer.
#[derive(Clone, Copy)]
struct Match {
    cost: u32,
    word: u32,
}

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self { words: Vec::new(), things: Vec::new() }
    }
}

impl<K: Copy + Ord> Index<K> {
    pub fn add_word(&mut self, number: i64, text: &str) {
        self.words.push(Word { number, mask: mask(text), text: text.into(), things: Vec::new() });
    }

    pub fn put(&mut self, entry: Entry<K>) {
        let slot = match self.things.binary_search_by_key(&entry.place, |known| known.place) {
            Ok(slot) => slot,
            Err(slot) => {
                let words = Box::default();
                self.things.insert(slot, Thing { place: entry.place, key: entry.key, words });
                slot
            }
        };
        let Ok(slot_number) = u32::try_from(slot) else { return };
        for word in std::mem::take(&mut self.things[slot].words) {
            self.unlink(word, slot_number);
        }
        let slots: Vec<u32> = entry.words.iter().filter_map(|number| self.word_slot(*number)).collect();
        for word in &slots {
            self.link(*word, slot_number);
        }
        self.things[slot].key = entry.key;
        self.things[slot].words = slots.into();
    }

    fn word_slot(&self, number: i64) -> Option<u32> {
        let slot = self.words.binary_search_by_key(&number, |word| word.number).ok()?;
        u32::try_from(slot).ok()
    }

    fn link(&mut self, word: u32, thing: u32) {
        let Some(word) = self.words.get_mut(word as usize) else { return };
        if let Err(at) = word.things.binary_search(&thing) {
            word.things.insert(at, thing);
        }
    }

    fn unlink(&mut self, word: u32, thing: u32) {
        let Some(word) = self.words.get_mut(word as usize) else { return };
        if let Ok(at) = word.things.binary_search(&thing) {
            word.things.remove(at);
        }
    }

    /// The things that have just this word.
    pub fn with_word(&self, number: i64) -> impl Iterator<Item = K> {
        let word = self.word_slot(number).and_then(|slot| self.words.get(slot as usize));
        let slots = word.map_or(&[][..], |word| &word.things);
        slots.iter().filter_map(|slot| self.things.get(*slot as usize)).map(|thing| thing.key)
    }

    /// The nearest things of those that `is_meant` takes, the nearest first. A thing that has all typed words
    /// comes before every one that lacks a word.
    pub fn search(&self, text: &str, rows_max: usize, is_meant: impl Fn(K) -> bool) -> Vec<K> {
        let is_meant = |slot: &u32| self.things.get(*slot as usize).is_some_and(|thing| is_meant(thing.key));
        let typed: Vec<Vec<Match>> = words(text)
            .into_iter()
            .take(TYPED_WORDS_MAX)
            .map(|word| self.nearest(&Typed::new(word), &is_meant))
            .filter(|nearest| !nearest.is_empty())
            .collect();
        let mut by_rarity: Vec<&Vec<Match>> = typed.iter().collect();
        by_rarity.sort_by_key(|nearest| nearest.iter().map(|found| self.having(*found).len()).sum::<usize>());
        let mut candidates: Vec<u32> = Vec::new();
        for nearest in by_rarity {
            // Every thing that has all the words has the rarest one; the others only fill the rows up.
            if candidates.len() >= rows_max {
                break;
            }
            let having = nearest.iter().flat_map(|found| self.having(*found));
            candidates.extend(having.filter(|slot| is_meant(slot)).take(CANDIDATES_MAX));
            candidates.sort_unstable();
            candidates.dedup();
        }
        let costs: Vec<Costs> = typed.iter().map(|nearest| Costs::of(nearest, self.words.len())).collect();
        let things = candidates.into_iter().filter_map(|slot| self.things.get(slot as usize));
        let mut costed: Vec<(u32, K)> = things.map(|thing| (cost(&costs, &thing.words), thing.key)).collect();
        // Most are compared only to be left out.
        if costed.len() > rows_max {
            costed.select_nth_unstable(rows_max);
            costed.truncate(rows_max);
        }
        costed.sort_unstable();
        costed.into_iter().map(|(_, key)| key).collect()
    }

    fn having(&self, found: Match) -> &[u32] {
        self.words.get(found.word as usize).map_or(&[], |word| &word.things)
    }

    /// The nearest known words that some thing has which is meant, the nearest first.
    fn nearest(&self, typed: &Typed, is_meant: &impl Fn(&u32) -> bool) -> Vec<Match> {
        let compared = (0u32..).zip(&self.words).filter_map(|(slot, word)| {
            let cost = if word.things.is_empty() { None } else { typed.cost(&word.text, word.mask) }?;
            // Of two words that begin alike, the shorter one is the likelier.
            Some((cost, word.text.len(), slot))
        });
        let mut nearest: Vec<(u32, usize, u32)> = compared.collect();
        nearest.sort_unstable();
        let found = nearest.into_iter().map(|(cost, _, word)| Match { cost, word });
        found.filter(|found| self.having(*found).iter().any(is_meant)).take(MATCHES_MAX).collect()
    }
}

/// What a typed word costs with each known word, by its slot: looked up for thousands of things.
struct Costs(Vec<u32>);

impl Costs {
    fn of(nearest: &[Match], words: usize) -> Self {
        let mut costs = vec![COST_LACKING; words];
        for found in nearest {
            if let Some(cost) = costs.get_mut(found.word as usize) {
                *cost = found.cost;
            }
        }
        Self(costs)
    }

    /// Of the nearest of these.
    fn least(&self, words: &[u32]) -> u32 {
        let costs = words.iter().filter_map(|word| self.0.get(*word as usize));
        costs.min().copied().unwrap_or(COST_LACKING)
    }
}

fn cost(typed: &[Costs], has: &[u32]) -> u32 {
    let further = u32::try_from(has.len().saturating_sub(typed.len())).unwrap_or(u32::MAX);
    let together: u32 = typed.iter().map(|costs| costs.least(has)).sum();
    together.saturating_add(further.saturating_mul(COST_FURTHER_WORD))
}
