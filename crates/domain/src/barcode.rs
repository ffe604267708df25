//! One number of goods in all forms in which it is printed, read and typed: UPC-A has twelve digits, EAN-13 thirteen, the number on a
//! case fourteen, and a shorter one stands in a longer one behind zeros. Which of them a scanner sends depends on how it is set.

const LENGTHS: [usize; 4] = [8, 12, 13, 14];

/// The same number in its other forms; none of what is no such number.
pub fn other_forms(code: &str) -> Vec<String> {
    if !LENGTHS.contains(&code.len()) || !is_checked(code) {
        return Vec::new();
    }
    let bare = code.trim_start_matches('0');
    let others = LENGTHS.iter().filter(|length| **length != code.len() && **length >= bare.len());
    others.map(|length| format!("{bare:0>length$}")).collect()
}

/// Whether the last digit is the one that follows from the others: from the right, every second one counts three times, and all together
/// end with 0.
pub(crate) fn is_checked(code: &str) -> bool {
    let digits = code.bytes().rev().map(|digit| digit.is_ascii_digit().then(|| u32::from(digit - b'0')));
    let weighed =
        digits.zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit.map(|digit| digit * weight));
    weighed.sum::<Option<u32>>().is_some_and(|sum| sum.is_multiple_of(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_in_all_of_its_forms_and_nothing_else_is() {
        let expected: [(&str, &[&str]); 7] = [
            ("036000291452", &["0036000291452", "00036000291452"]),
            ("0036000291452", &["036000291452", "00036000291452"]),
            ("4006381333931", &["04006381333931"]),
            ("96385074", &["000096385074", "0000096385074", "00000096385074"]),
            ("036000291453", &[]),
            ("61610001", &[]),
            ("ABC-12345678", &[]),
        ];
        for (code, others) in expected {
            assert_eq!(other_forms(code), others, "{code}");
        }
    }
}
