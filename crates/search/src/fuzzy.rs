//! How far a typed word is from a known one: equal, its beginning, a part of it, or a few wrong letters away.

use crate::fold::WORD_CHARS_MAX;

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
        // Fewer bytes than letters would be left after all errors.
        if self.errors_max == 0 || known.len() + (self.errors_max as usize) < self.letters.len() {
            return None;
        }
        let (whole, beginning) = self.errors(known);
        let whole = (whole <= self.errors_max).then(|| whole * COST_ERROR);
        let beginning = (beginning <= self.errors_max).then(|| beginning * COST_ERROR_IN_BEGINNING);
        whole.into_iter().chain(beginning).min()
    }

    /// Letters to change, add, drop or swap with their neighbour: up to the whole known word, and up to its
    /// best beginning. Numbers above the limit only say that it is exceeded: only places are compared that so
    /// few errors can bring together.
    fn errors(&self, known: &str) -> (u32, u32) {
        let (reach, too_many) = (self.errors_max as usize, self.errors_max + 1);
        let typed = self.letters.len();
        // The row before the last, the last, the one to fill.
        let mut rows = [[0u32; WORD_CHARS_MAX + 2]; 3];
        for (place, cell) in (0u32..).zip(rows[1].iter_mut().take(typed + 1)) {
            *cell = place;
        }
        let (mut whole, mut beginning, mut last_letter) = (too_many, too_many, None);
        for (length, letter) in (1..).zip(known.chars()) {
            if length > typed + reach {
                return (too_many, beginning);
            }
            let (from, to) = (length.saturating_sub(reach).max(1), typed.min(length + reach));
            let [before, last, row] = &mut rows;
            row[from - 1] = if from == 1 { u32::try_from(length).unwrap_or(too_many) } else { too_many };
            row[to + 1] = too_many;
            let mut least = row[from - 1];
            for place in from..=to {
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
            if to == typed {
                whole = row[typed];
                beginning = beginning.min(whole);
            }
            if least > self.errors_max {
                return (too_many, beginning);
            }
            last_letter = Some(letter);
            rows.rotate_left(1);
        }
        (whole, beginning)
    }
}

/// Which letters a word has, a bit each; rare letters share bits.
pub(crate) fn mask(word: &str) -> u64 {
    word.chars().fold(0, |mask, letter| mask | 1u64 << (u32::from(letter) % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain table over all places, without limits.
    fn plain(typed: &str, known: &str) -> (u32, u32) {
        let (a, b): (Vec<char>, Vec<char>) = (typed.chars().collect(), known.chars().collect());
        let mut table = vec![vec![0u32; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = if i == 0 || j == 0 {
                    u32::try_from(i + j).unwrap()
                } else {
                    let kept = table[i - 1][j - 1] + u32::from(a[i - 1] != b[j - 1]);
                    let mut errors = kept.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        errors = errors.min(table[i - 2][j - 2] + 1);
                    }
                    errors
                };
            }
        }
        let row = &table[a.len()];
        (row[b.len()], row[1..].iter().copied().min().unwrap_or(u32::MAX))
    }

    #[test]
    fn the_quick_comparison_agrees_with_the_plain_one() {
        let mut state = 7u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut near = 0;
        for _ in 0..20_000 {
            let mut word = |least: u64| -> String {
                (0..least + next(6)).map(|_| char::from(b'a' + u8::try_from(next(3)).unwrap())).collect()
            };
            let (typed, known) = (word(3), word(1));
            let prepared = Typed::new(typed.clone());
            let within = |(whole, beginning): (u32, u32)| {
                let bound = |errors: u32| Some(errors).filter(|errors| *errors <= prepared.errors_max);
                (bound(whole), bound(beginning))
            };
            let expected = within(plain(&typed, &known));
            assert_eq!(within(prepared.errors(&known)), expected, "{typed} for {known}");
            near += usize::from(expected != (None, None));
        }
        assert!(near > 2_000, "only {near} pairs were near");
    }

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
            ("manog", "mango", Some(COST_ERROR)),
            ("mangoes", "mango", Some(2 * COST_ERROR)),
            ("mangoess", "mango", None),
            ("aamango", "mango", Some(2 * COST_ERROR)),
            ("strawbry", "strawberry", Some(2 * COST_ERROR)),
            ("chocolatte", "chocolate", Some(COST_ERROR)),
            ("brea", "bred", Some(COST_ERROR)),
        ] {
            assert_eq!(Typed::new(typed.into()).cost(known, mask(known)), expected, "{typed} for {known}");
        }
    }
}
