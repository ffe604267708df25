//! How far a typed word is from a known one: equal, its beginning, a part of it, or a few wrong letters away.

use super::fold::WORD_CHARS_MAX;

/// One wrong letter from here on, and two from `TWO_ERRORS_CHARS`: shorter words would match everything.
const ONE_ERROR_CHARS: usize = 3;
const TWO_ERRORS_CHARS: usize = 6;
/// A part inside a word is looked for from this length on.
const INSIDE_CHARS: usize = 3;

const COST_BEGINNING: u32 = 4;
const COST_INSIDE: u32 = 20;
const COST_ERROR: u32 = 12;
const COST_ERROR_IN_BEGINNING: u32 = 16;

/// A typed word, prepared to be compared with many known ones.
pub(crate) struct Typed {
    text: String,
    letters: Vec<char>,
    mask: u64,
    errors_max: u32,
}

impl Typed {
    pub(crate) fn new(text: String) -> Self {
        let letters: Vec<char> = text.chars().take(WORD_CHARS_MAX).collect();
        let errors_max = match letters.len() {
            0..ONE_ERROR_CHARS => 0,
            ONE_ERROR_CHARS..TWO_ERRORS_CHARS => 1,
            _ => 2,
        };
        Self { mask: mask(&text), text, letters, errors_max }
    }

    /// The lower the nearer; nothing if it is too far. `known_mask` is `mask(known)`.
    pub(crate) fn cost(&self, known: &str, known_mask: u64) -> Option<u32> {
        // Each letter that the known word lacks takes an error of its own.
        if (self.mask & !known_mask).count_ones() > self.errors_max {
            return None;
        }
        if let Some(rest) = known.strip_prefix(self.text.as_str()) {
            return Some(if rest.is_empty() { 0 } else { COST_BEGINNING });
        }
        if self.letters.len() >= INSIDE_CHARS && known.contains(self.text.as_str()) {
            return Some(COST_INSIDE);
        }
        if self.errors_max == 0 {
            return None;
        }
        let (whole, beginning) = self.errors(known);
        let whole = (whole <= self.errors_max).then(|| whole * COST_ERROR);
        let beginning = (beginning <= self.errors_max).then(|| beginning * COST_ERROR_IN_BEGINNING);
        whole.into_iter().chain(beginning).min()
    }

    /// Letters to change, add, drop or swap with their neighbour: up to the whole known word, and up to its
    /// best beginning. Numbers above the limit only say that it is exceeded.
    fn errors(&self, known: &str) -> (u32, u32) {
        let too_many = self.errors_max + 1;
        let width = self.letters.len() + 1;
        let mut rows = [[0u32; WORD_CHARS_MAX + 1]; 3];
        for (place, cell) in (0u32..).zip(rows[1].iter_mut().take(width)) {
            *cell = place;
        }
        // rows: the one before the last, the last, the one to fill.
        let (mut best_beginning, mut last_letter) = (rows[1][width - 1], None);
        for (length, letter) in (1u32..).zip(known.chars()) {
            let [before, last, row] = &mut rows;
            row[0] = length;
            let mut least = length;
            for place in 1..width {
                let same = self.letters[place - 1] == letter;
                let mut errors =
                    (last[place - 1] + u32::from(!same)).min(last[place] + 1).min(row[place - 1] + 1);
                let swapped = place > 1
                    && self.letters[place - 2] == letter
                    && last_letter == Some(self.letters[place - 1]);
                if swapped {
                    errors = errors.min(before[place - 2] + 1);
                }
                row[place] = errors;
                least = least.min(errors);
            }
            best_beginning = best_beginning.min(row[width - 1]);
            if least > self.errors_max {
                return (too_many, best_beginning);
            }
            last_letter = Some(letter);
            rows.rotate_left(1);
        }
        (rows[1][width - 1], best_beginning)
    }
}

/// Which letters a word has, a bit each; rare letters share bits.
pub(crate) fn mask(word: &str) -> u64 {
    word.chars().fold(0, |mask, letter| mask | 1u64 << (u32::from(letter) % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_of_distances() {
        for (typed, known, expected) in [
            ("mango", "mango", Some(0)),
            ("man", "mango", Some(COST_BEGINNING)),
            ("ang", "mango", Some(COST_INSIDE)),
            ("an", "mango", None),
            ("mamgo", "mango", Some(COST_ERROR)),
            ("mnago", "mango", Some(COST_ERROR)),
            ("mngo", "mango", Some(COST_ERROR)),
            ("manngo", "mango", Some(COST_ERROR)),
            ("stawb", "strawberry", Some(COST_ERROR_IN_BEGINNING)),
            ("chocolte", "chocolate", Some(COST_ERROR)),
            ("chcolte", "chocolate", Some(2 * COST_ERROR)),
            ("hcocoalte", "chocolate", Some(2 * COST_ERROR)),
            ("chclte", "chocolate", None),
            ("mlik", "milk", Some(COST_ERROR)),
            ("mk", "milk", None),
            ("banana", "mango", None),
        ] {
            assert_eq!(Typed::new(typed.into()).cost(known, mask(known)), expected, "{typed} for {known}");
        }
    }
}
