//! Codes that a stall's scale prints: EAN-13 whose first digits say that the stall made them, and which hold a product's
//! number and its weight or its price. A stall says how with patterns of thirteen signs, such as `20IIIIIWWWWWC`: digits
//! stand for themselves, I for the product's number, W for the weight in grams, P for the price in minor units, V for a
//! digit that does not matter, C for the check digit. Several are apart by spaces.

use crate::barcode::is_checked;

const CODE_DIGITS: usize = 13;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScaleCode {
    /// The product's number as the code has it, with leading zeros.
    pub product: String,
    pub amount: ScaleAmount,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScaleAmount {
    /// In the smallest unit of weight.
    Grams(i64),
    PriceMinor(i64),
}

/// Why patterns are none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PatternProblem {
    #[error("a pattern has 13 signs, such as 20IIIIIWWWWWC")]
    Length,
    #[error("a pattern begins with 2, has I for the product and W or P, and ends with C")]
    Signs,
}

/// Whether these are patterns; no pattern at all is fine.
pub fn check(patterns: &str) -> Result<(), PatternProblem> {
    patterns.split_whitespace().try_for_each(check_one)
}

fn check_one(pattern: &str) -> Result<(), PatternProblem> {
    if pattern.len() != CODE_DIGITS {
        return Err(PatternProblem::Length);
    }
    let has = |sign: char| pattern.contains(sign);
    let signs = pattern.chars().all(|sign| sign.is_ascii_digit() || "IWPVC".contains(sign));
    let is_whole = has('I') && has('W') != has('P') && pattern.starts_with('2') && pattern.ends_with('C');
    if signs && is_whole { Ok(()) } else { Err(PatternProblem::Signs) }
}

/// Reads a code by the first pattern that fits it. None for any other code, and for one whose check digit is wrong.
pub fn read(patterns: &str, code: &str) -> Option<ScaleCode> {
    if code.len() != CODE_DIGITS || !is_checked(code) {
        return None;
    }
    patterns
        .split_whitespace()
        .filter(|pattern| check_one(pattern).is_ok())
        .find_map(|pattern| by(pattern, code))
}

fn by(pattern: &str, code: &str) -> Option<ScaleCode> {
    let pairs = || pattern.chars().zip(code.chars());
    if pairs().any(|(sign, digit)| sign.is_ascii_digit() && sign != digit) {
        return None;
    }
    let under = |wanted: char| pairs().filter(|(sign, _)| *sign == wanted).map(|(_, digit)| digit).collect();
    let (product, weight, price): (String, String, String) = (under('I'), under('W'), under('P'));
    let amount = if weight.is_empty() {
        ScaleAmount::PriceMinor(price.parse().ok()?)
    } else {
        ScaleAmount::Grams(weight.parse().ok()?)
    };
    Some(ScaleCode { product, amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_which_product_and_how_much() {
        let patterns = "20IIIIIWWWWWC 22IIIIVPPPPPC";
        let read = |code| read(patterns, code).map(|found| (found.product, found.amount));
        assert_eq!(read("2000042012340"), None, "the check digit is wrong");
        assert_eq!(read("2000042012342"), Some(("00042".into(), ScaleAmount::Grams(1_234))));
        assert_eq!(read("2204217009902"), Some(("0421".into(), ScaleAmount::PriceMinor(990))));
        assert_eq!(read("4006381333931"), None, "a maker's code");
        assert_eq!(read("200004201234"), None);
        assert_eq!(super::read("", "2000042012342"), None);
    }

    #[test]
    fn patterns_say_what_is_wrong_with_them() {
        assert_eq!(check(""), Ok(()));
        assert_eq!(check("20IIIIIWWWWWC 21IIIIIPPPPPC"), Ok(()));
        assert_eq!(check("20IIIIWWWWC"), Err(PatternProblem::Length));
        for wrong in ["20IIIIIIIIIIC", "40IIIIIWWWWWC", "20IIIIIWWWPPC", "20IIIIIWWWWWW", "20IIIIIwwwwwC"] {
            assert_eq!(check(wrong), Err(PatternProblem::Signs), "{wrong}");
        }
    }
}
