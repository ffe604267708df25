//! A scanner that types: many letters in less time than a person needs for two, then Enter. What it reads is told
//! apart from typing by time alone, so that it works wherever the focus is. Pure: keys and times come in.

/// The longest pause between two letters of a scanner, in milliseconds. People are slower; the slowest scanners are not.
const PAUSE_MS_MAX: f64 = 45.0;
/// Shorter ones are a person's quick word.
const CODE_LETTERS_MIN: usize = 4;
/// Longer ones are no code of a product.
const CODE_LETTERS_MAX: usize = 120;

#[derive(Default, Debug)]
pub struct Scanner {
    letters: String,
    last_ms: f64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    Nothing,
    /// The first letter after a pause: what stands in a field now will be put back if this becomes a code.
    First,
    Code(String),
}

impl Scanner {
    pub fn hear(&mut self, key: &str, at_ms: f64) -> Heard {
        let is_quick = at_ms - self.last_ms <= PAUSE_MS_MAX;
        self.last_ms = at_ms;
        if key == "Enter" {
            let letters = std::mem::take(&mut self.letters);
            let count = letters.chars().count();
            let is_code = is_quick && (CODE_LETTERS_MIN..=CODE_LETTERS_MAX).contains(&count);
            return if is_code { Heard::Code(letters) } else { Heard::Nothing };
        }
        let mut chars = key.chars();
        let (Some(letter), None) = (chars.next(), chars.next()) else {
            // Shift comes before a capital letter; any other key ends what was read.
            if key != "Shift" {
                self.letters.clear();
            }
            return Heard::Nothing;
        };
        let is_first = !is_quick || self.letters.is_empty();
        if is_first {
            self.letters.clear();
        }
        self.letters.push(letter);
        if is_first { Heard::First } else { Heard::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(scanner: &mut Scanner, text: &str, from_ms: f64, pause_ms: f64) -> Vec<String> {
        let mut at_ms = from_ms;
        let mut codes = Vec::new();
        for letter in text.chars() {
            at_ms += pause_ms;
            let key = if letter == '\n' { "Enter".into() } else { letter.to_string() };
            if let Heard::Code(code) = scanner.hear(&key, at_ms) {
                codes.push(code);
            }
        }
        codes
    }

    /// C63: ten scans gave five.
    #[test]
    fn ten_codes_as_fast_as_a_scanner_sends_them_are_ten() {
        let mut scanner = Scanner::default();
        let text: String = (0..10).map(|n| format!("400638133393{n}\n")).collect();
        let codes = typed(&mut scanner, &text, 1000.0, 2.0);
        assert_eq!(codes.len(), 10);
        assert_eq!(codes[9], "4006381333939");
    }

    #[test]
    fn a_person_is_no_scanner() {
        let mut scanner = Scanner::default();
        assert!(typed(&mut scanner, "mango\n", 0.0, 80.0).is_empty());
        assert!(typed(&mut scanner, "12\n", 9000.0, 5.0).is_empty());
    }

    #[test]
    fn what_was_typed_before_a_scan_is_not_part_of_it() {
        let mut scanner = Scanner::default();
        typed(&mut scanner, "man", 0.0, 90.0);
        assert_eq!(typed(&mut scanner, "40063813\n", 900.0, 3.0), ["40063813"]);
    }

    #[test]
    fn a_capital_letter_comes_with_shift() {
        let mut scanner = Scanner::default();
        scanner.hear("Shift", 1.0);
        scanner.hear("A", 2.0);
        scanner.hear("B", 3.0);
        scanner.hear("Shift", 4.0);
        scanner.hear("C", 5.0);
        scanner.hear("1", 6.0);
        assert_eq!(scanner.hear("Enter", 7.0), Heard::Code("ABC1".into()));
    }
}
