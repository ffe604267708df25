//! Text as search compares it: no case, no accents, words only.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Words of one text beyond this are not searched for.
const WORDS_MAX: usize = 32;
/// Longer words are cut here.
pub(crate) const WORD_CHARS_MAX: usize = 40;

/// The distinct words of a text, in the order in which they come.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words: Vec<String> = Vec::new();
    for word in folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word: String = word.chars().take(WORD_CHARS_MAX).collect();
        if words.len() < WORDS_MAX && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// Lower case, without accents, with the usual spellings of letters that have none.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            // Letters that no decomposition takes apart, as people without them on the keyboard type them.
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            // Left over from the lower case of a dotted capital I.
            '\u{307}' => {}
            // An apostrophe inside a word is typed as often as it is left out.
            '\'' | '’' | 'ʼ' => {}
            other => folded.push(other),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_marks_do_not_matter() {
        for (text, expected) in [
            ("Café Crème", &["cafe", "creme"][..]),
            ("Straße", &["strasse"]),
            ("ŁÓDŹ øl", &["lodz", "ol"]),
            ("İstanbul ısı", &["istanbul", "isi"]),
            ("Baker's-dozen / 12", &["bakers", "dozen", "12"]),
            ("tea Tea TEA", &["tea"]),
            ("  -- ", &[]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
