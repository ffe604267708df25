//! A scanner that types: many letters in less time than a person needs for two, then Enter. What it reads is told
//! apart from typing by time alone, so that it works wherever the focus is. Most scanners press the keys of an American keyboard: where
//! that is not the device's, a row of digit keys makes other signs, and the keys count. Pure: keys and times come in.

/// The longest pause between two letters of a scanner, in milliseconds. People are slower; the slowest scanners are not.
const PAUSE_MS_MAX: f64 = 45.0;
/// On a busy device letters arrive late. A row of digits this quick, with Enter behind it, is a code whoever typed it.
const DIGITS_PAUSE_MS_MAX: f64 = 150.0;
/// The same in a field for an amount, where people type rows of digits, too, and Enter behind them.
const AMOUNT_PAUSE_MS_MAX: f64 = 75.0;
const DIGITS_MIN: usize = 6;
/// Shorter ones are a person's quick word.
const CODE_LETTERS_MIN: usize = 4;
/// Longer ones are neither a product's nor what a buyer shows at the stall, whatever the server is called.
const CODE_LETTERS_MAX: usize = 200;

/// Stands for a sign that is none by itself.
const DEAD: char = '\u{fffd}';

#[derive(Default, Debug)]
pub struct Scanner {
    letters: String,
    /// What stands on the same keys, as long as all of them are digits' keys.
    digits: String,
    last_ms: f64,
    /// The longest pause since the first letter.
    pause_ms: f64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    Nothing,
    /// The first letter after a pause: what stands in a field now will be put back if this becomes a code.
    First,
    Code(String),
}

impl Scanner {
    /// Forgets what was read: what comes now is no code, however fast.
    pub fn turn_away(&mut self) {
        self.forget();
    }

    fn forget(&mut self) {
        self.letters.clear();
        self.digits.clear();
    }

    /// `key` is what is typed, and `place` the key on the keyboard that types it.
    pub fn hear(&mut self, (key, place): (&str, &str), at_ms: f64, is_in_amount: bool) -> Heard {
        let pause_ms = at_ms - self.last_ms;
        self.last_ms = at_ms;
        if key == "Enter" {
            let pause_ms = self.pause_ms.max(pause_ms);
            let letters = std::mem::take(&mut self.letters);
            let digits = std::mem::take(&mut self.digits);
            let is_digits = digits.len() == letters.chars().count() && digits.len() >= DIGITS_MIN;
            let letters = if is_digits { digits } else { letters };
            let digits_ms_max = if is_in_amount { AMOUNT_PAUSE_MS_MAX } else { DIGITS_PAUSE_MS_MAX };
            return if is_code(&letters, pause_ms, digits_ms_max) {
                Heard::Code(letters)
            } else {
                Heard::Nothing
            };
        }
        let digit = digit_at(place);
        let mut chars = key.chars();
        let letter = match (chars.next(), chars.next()) {
            (Some(letter), None) => letter,
            // An accent that waits for its letter.
            (Some(_), Some(_)) if digit.is_some() => DEAD,
            (Some(_), Some(_)) | (None, _) => {
                // Shift comes before a capital letter; any other key ends what was read.
                if key != "Shift" {
                    self.forget();
                }
                return Heard::Nothing;
            }
        };
        let is_first = pause_ms > DIGITS_PAUSE_MS_MAX || self.letters.is_empty();
        if is_first {
            self.forget();
            self.pause_ms = 0.0;
        } else {
            self.pause_ms = self.pause_ms.max(pause_ms);
        }
        self.letters.push(letter);
        self.digits.extend(digit);
        if is_first { Heard::First } else { Heard::Nothing }
    }
}

/// The digit on a key of an American keyboard.
fn digit_at(place: &str) -> Option<char> {
    let digit = place.strip_prefix("Digit").or_else(|| place.strip_prefix("Numpad"))?;
    digit.parse::<u8>().ok().filter(|digit| *digit <= 9).map(|digit| char::from(b'0' + digit))
}

fn is_code(letters: &str, pause_ms: f64, digits_ms_max: f64) -> bool {
    let count = letters.chars().count();
    let is_number = count >= DIGITS_MIN && letters.chars().all(|letter| letter.is_ascii_digit());
    let pause_ms_max = if is_number { digits_ms_max } else { PAUSE_MS_MAX };
    pause_ms <= pause_ms_max && (CODE_LETTERS_MIN..=CODE_LETTERS_MAX).contains(&count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(scanner: &mut Scanner, text: &str, from_ms: f64, pause_ms: f64) -> Vec<String> {
        typed_into(scanner, text, (from_ms, pause_ms), false)
    }

    fn typed_into(
        scanner: &mut Scanner,
        text: &str,
        (from_ms, pause_ms): (f64, f64),
        is_in_amount: bool,
    ) -> Vec<String> {
        let mut at_ms = from_ms;
        let mut codes = Vec::new();
        for letter in text.chars() {
            at_ms += pause_ms;
            let key = if letter == '\n' { "Enter".into() } else { letter.to_string() };
            if let Heard::Code(code) = scanner.hear((&key, ""), at_ms, is_in_amount) {
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
    fn a_busy_device_hears_digits_late_and_takes_them_all_the_same() {
        let mut scanner = Scanner::default();
        assert_eq!(typed(&mut scanner, "61610001\n", 0.0, 120.0), ["61610001"]);
        assert!(typed(&mut scanner, "mangoes\n", 9000.0, 120.0).is_empty());
        assert!(typed(&mut scanner, "1200\n", 19_000.0, 120.0).is_empty());
    }

    #[test]
    fn an_amount_that_somebody_types_quickly_is_no_code() {
        let mut scanner = Scanner::default();
        assert!(typed_into(&mut scanner, "150000\n", (0.0, 100.0), true).is_empty());
        assert_eq!(typed_into(&mut scanner, "61610001\n", (9000.0, 30.0), true), ["61610001"]);
    }

    #[test]
    fn what_was_typed_before_a_scan_is_not_part_of_it() {
        let mut scanner = Scanner::default();
        typed(&mut scanner, "man", 0.0, 90.0);
        assert_eq!(typed(&mut scanner, "40063813\n", 900.0, 3.0), ["40063813"]);
    }

    fn pressed(keys: &[(&str, &str)]) -> Heard {
        let mut scanner = Scanner::default();
        let mut at_ms = 0.0;
        for key in keys {
            at_ms += 2.0;
            scanner.hear(*key, at_ms, false);
        }
        scanner.hear(("Enter", "Enter"), at_ms + 2.0, false)
    }

    #[test]
    fn a_capital_letter_comes_with_shift() {
        let shift = ("Shift", "ShiftLeft");
        let keys = [shift, ("A", "KeyA"), ("B", "KeyB"), shift, ("C", "KeyC"), ("1", "Digit1")];
        assert_eq!(pressed(&keys), Heard::Code("ABC1".into()));
    }

    /// A French keyboard, where digits need Shift, and one that has an accent there.
    #[test]
    fn digits_are_digits_whatever_a_keyboard_has_on_their_keys() {
        let row = ["&", "é", "\"", "'", "(", "Dead", "è", "_"];
        let places = ["Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8"];
        let keys: Vec<(&str, &str)> = row.into_iter().zip(places).collect();
        assert_eq!(pressed(&keys), Heard::Code("12345678".into()));
        let pad = ["Numpad4", "Numpad0", "Numpad0", "Numpad6", "Numpad3", "Numpad8"];
        let keys: Vec<(&str, &str)> = ["4", "0", "0", "6", "3", "8"].into_iter().zip(pad).collect();
        assert_eq!(pressed(&keys), Heard::Code("400638".into()));
        // With a letter among them they are what was typed.
        let keys = [
            ("A", "KeyQ"),
            ("&", "Digit1"),
            ("é", "Digit2"),
            ("\"", "Digit3"),
            ("'", "Digit4"),
            ("(", "Digit5"),
        ];
        assert_eq!(pressed(&keys), Heard::Code("A&é\"'(".into()));
    }
}
