//! The index in memory: all distinct words of a stall's products, and which products have them.

use soko_domain::ids::ProductId;

use super::fold::words;
use super::fuzzy::{Typed, mask};
use super::tables::{Changes, ProductWords};

/// Most known words that one typed word may stand for.
const MATCHES_MAX: usize = 32;
/// Typed words beyond this are not looked for.
const TYPED_WORDS_MAX: usize = 6;
/// Most products that are compared for one search.
const CANDIDATES_MAX: usize = 8_000;
/// What a typed word costs that a product lacks.
const COST_LACKING: u32 = 1_000;
/// What each further word of a name costs: the product that is called just so comes first.
const COST_FURTHER_WORD: u32 = 1;

/// Words and products are in the order of their numbers, which only grow.
#[derive(Default)]
pub(crate) struct Index {
    words: Vec<Word>,
    products: Vec<Product>,
}

struct Word {
    number: i64,
    mask: u64,
    text: Box<str>,
    /// The products that have it, by their slot, ascending.
    products: Vec<u32>,
}

struct Product {
    place: i64,
    product: ProductId,
    /// Its words by their slot; none if it left the index.
    words: Box<[u32]>,
}

/// A known word that a typed word may stand for: the lower the cost, the nearer.
#[derive(Clone, Copy)]
struct Match {
    cost: u32,
    word: u32,
}

impl Index {
    pub(crate) fn add_word(&mut self, number: i64, text: &str) {
        self.words.push(Word { number, mask: mask(text), text: text.into(), products: Vec::new() });
    }

    /// Takes over what came into the tables.
    pub(crate) fn take(&mut self, changes: Changes) {
        for (number, text) in &changes.words {
            self.add_word(*number, text);
        }
        changes.products.into_iter().for_each(|product| self.put_product(product));
    }

    pub(crate) fn put_product(&mut self, product: ProductWords) {
        let slot = match self.products.binary_search_by_key(&product.place, |known| known.place) {
            Ok(slot) => slot,
            Err(slot) => {
                let words = Box::default();
                self.products.insert(slot, Product { place: product.place, product: product.product, words });
                slot
            }
        };
        let Ok(slot_number) = u32::try_from(slot) else { return };
        for word in std::mem::take(&mut self.products[slot].words) {
            self.unlink(word, slot_number);
        }
        let slots: Vec<u32> = product.words.iter().filter_map(|number| self.word_slot(*number)).collect();
        for word in &slots {
            self.link(*word, slot_number);
        }
        self.products[slot].product = product.product;
        self.products[slot].words = slots.into();
    }

    fn word_slot(&self, number: i64) -> Option<u32> {
        let slot = self.words.binary_search_by_key(&number, |word| word.number).ok()?;
        u32::try_from(slot).ok()
    }

    fn link(&mut self, word: u32, product: u32) {
        let Some(word) = self.words.get_mut(word as usize) else { return };
        if let Err(at) = word.products.binary_search(&product) {
            word.products.insert(at, product);
        }
    }

    fn unlink(&mut self, word: u32, product: u32) {
        let Some(word) = self.words.get_mut(word as usize) else { return };
        if let Ok(at) = word.products.binary_search(&product) {
            word.products.remove(at);
        }
    }

    /// The nearest products, the nearest first. A product that has all typed words comes before every one that
    /// lacks a word.
    pub(crate) fn search(&self, text: &str, rows_max: usize) -> Vec<ProductId> {
        let typed: Vec<Vec<Match>> = words(text)
            .into_iter()
            .take(TYPED_WORDS_MAX)
            .map(|word| self.nearest(&Typed::new(word)))
            .filter(|nearest| !nearest.is_empty())
            .collect();
        let mut by_rarity: Vec<&Vec<Match>> = typed.iter().collect();
        by_rarity.sort_by_key(|nearest| nearest.iter().map(|found| self.having(*found).len()).sum::<usize>());
        let mut candidates: Vec<u32> = Vec::new();
        for nearest in by_rarity {
            // Every product that has all the words has the rarest one; the others only fill the rows up.
            if candidates.len() >= rows_max {
                break;
            }
            let having = nearest.iter().flat_map(|found| self.having(*found));
            candidates.extend(having.take(CANDIDATES_MAX));
            candidates.sort_unstable();
            candidates.dedup();
        }
        let mut costed: Vec<(u32, ProductId)> = candidates
            .into_iter()
            .filter_map(|slot| self.products.get(slot as usize))
            .map(|product| (cost(&typed, &product.words), product.product))
            .collect();
        costed.sort_unstable();
        costed.into_iter().take(rows_max).map(|(_, product)| product).collect()
    }

    fn having(&self, found: Match) -> &[u32] {
        self.words.get(found.word as usize).map_or(&[], |word| &word.products)
    }

    /// The nearest known words that some product has, the nearest first.
    fn nearest(&self, typed: &Typed) -> Vec<Match> {
        let compared = (0u32..).zip(&self.words).filter_map(|(slot, word)| {
            let cost = if word.products.is_empty() { None } else { typed.cost(&word.text, word.mask) }?;
            // Of two words that begin alike, the shorter one is the likelier.
            Some((cost, word.text.len(), slot))
        });
        let mut nearest: Vec<(u32, usize, u32)> = compared.collect();
        nearest.sort_unstable();
        nearest.truncate(MATCHES_MAX);
        nearest.into_iter().map(|(cost, _, word)| Match { cost, word }).collect()
    }
}

fn cost(typed: &[Vec<Match>], has: &[u32]) -> u32 {
    let of_word = |nearest: &Vec<Match>| {
        // The first match is the nearest.
        nearest.iter().find(|found| has.contains(&found.word)).map_or(COST_LACKING, |found| found.cost)
    };
    let further = u32::try_from(has.len().saturating_sub(typed.len())).unwrap_or(u32::MAX);
    typed.iter().map(of_word).sum::<u32>().saturating_add(further.saturating_mul(COST_FURTHER_WORD))
}
