//! How alike two names are, for things that two shops call a little differently. A number in a name is a size or a kind, so one
//! that differs says more than a letter does.

use std::collections::BTreeMap;

use crate::fold::words;
use crate::fuzzy::{Typed, mask};

/// Letters by which names are compared at all.
const BEGINNING: usize = 3;
/// Names with a common word that are looked at; a word that all of them have says nothing.
const LOOKED_MAX: usize = 400;

/// Things by the beginnings of their words.
pub struct Alike<K> {
    things: Vec<(K, Vec<String>)>,
    by_beginning: BTreeMap<String, Vec<usize>>,
}

impl<K> Default for Alike<K> {
    fn default() -> Self {
        Self { things: Vec::new(), by_beginning: BTreeMap::new() }
    }
}

impl<K: Copy + Ord> Alike<K> {
    pub fn put(&mut self, key: K, name: &str) {
        let words = parts(name);
        for word in &words {
            let of = self.by_beginning.entry(beginning(word)).or_default();
            if of.last() != Some(&self.things.len()) {
                of.push(self.things.len());
            }
        }
        self.things.push((key, words));
    }

    /// The thing whose name is most like this one, and how much, in percent.
    pub fn nearest(&self, name: &str) -> Option<(K, u8)> {
        let wanted = parts(name);
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for word in &wanted {
            for at in self.by_beginning.get(&beginning(word)).into_iter().flatten() {
                *shared.entry(*at).or_default() += word.chars().count();
            }
        }
        let mut looked: Vec<(usize, usize)> = shared.into_iter().map(|(at, letters)| (letters, at)).collect();
        looked.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let of = |(_, at): &(usize, usize)| {
            let (key, words) = self.things.get(*at)?;
            Some((percent(&wanted, words), *key))
        };
        let best =
            looked.iter().take(LOOKED_MAX).filter_map(of).max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        best.map(|(percent, key)| (key, percent))
    }
}

/// Words, with numbers apart from their units: `500g` is `500 g`.
fn parts(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut before = None;
    for letter in name.chars() {
        let is_digit = letter.is_ascii_digit();
        if before.is_some_and(|before: bool| before != is_digit) {
            spaced.push(' ');
        }
        spaced.push(letter);
        before = letter.is_alphanumeric().then_some(is_digit);
    }
    words(&spaced)
}

fn beginning(word: &str) -> String {
    word.chars().take(BEGINNING).collect()
}

/// The letters of words that both have, of all letters of both; what is nearly the same counts for two thirds.
fn percent(wanted: &[String], known: &[String]) -> u8 {
    let letters = |words: &[String]| words.iter().map(|word| word.chars().count()).sum::<usize>();
    let is_number = |word: &&String| word.chars().all(|letter| letter.is_ascii_digit());
    let all = letters(wanted) + letters(known);
    let mut same = 0;
    for word in wanted {
        let of_both = |other: &String| word.chars().count() + other.chars().count();
        if let Some(other) = known.iter().find(|other| *other == word) {
            same += of_both(other);
            continue;
        }
        let typed = Typed::new(word.clone());
        let near = known.iter().filter(|other| !is_number(other) && !is_number(&word));
        let near = near.filter(|other| typed.cost(other, mask(other)).is_some()).map(of_both).max();
        same += near.unwrap_or(0) * 2 / 3;
    }
    let numbers = |words: &[String]| words.iter().filter(is_number).cloned().collect::<Vec<_>>();
    let (one, other) = (numbers(wanted), numbers(known));
    let differ = !one.is_empty() && !other.is_empty() && one.iter().any(|number| !other.contains(number));
    let percent = (same * 100).checked_div(all).unwrap_or(0).min(100);
    u8::try_from(if differ { percent / 2 } else { percent }).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_same_thing_are_alike_and_of_another_size_are_not() {
        let mut alike = Alike::default();
        for (key, name) in [
            (1, "Mango Kent, 1 kg"),
            (2, "Unga wa Dola 2kg"),
            (3, "Unga wa Dola 1kg"),
            (4, "Café moulu 250 g"),
            (5, "Soap"),
        ] {
            alike.put(key, name);
        }
        for (name, key, from, to) in [
            ("MANGO KENT 1KG", Some(1), 100, 100),
            ("Kent mangos (1kg)", Some(1), 70, 99),
            ("Dola unga 2 kg", Some(2), 85, 99),
            ("Dola unga 5 kg", Some(2), 20, 49),
            ("cafe moulu 250g", Some(4), 100, 100),
            ("Caffe moulu 250g", Some(4), 80, 99),
            ("Bread", None, 0, 0),
            ("", None, 0, 0),
        ] {
            let nearest = alike.nearest(name);
            assert_eq!(nearest.map(|(key, _)| key), key, "{name}: {nearest:?}");
            let percent = nearest.map_or(0, |(_, percent)| percent);
            assert!((from..=to).contains(&percent), "{name}: {percent}");
        }
    }
}
