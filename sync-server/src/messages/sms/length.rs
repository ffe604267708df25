//! How much one text holds: 160 letters of the alphabet that every telephone has (GSM 03.38), or 70 of any other.

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Each takes the place of two.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";
const BASIC_MAX: usize = 160;
const OTHER_MAX: usize = 70;

/// With marks that every telephone has in the place of finer ones: one of those makes a text twice as dear.
pub(in crate::messages) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '‘' | '’' => plain.push('\''),
            '“' | '”' => plain.push('"'),
            '–' | '—' => plain.push('-'),
            '…' => plain.push_str("..."),
            '\u{a0}' | '\u{202f}' => plain.push(' '),
            other => plain.push(other),
        }
    }
    plain
}

/// Whether it is one text, and costs as much as one.
pub(in crate::messages) fn fits_one(text: &str) -> bool {
    let places = |letter: char| match (BASIC.contains(letter), EXTENDED.contains(letter)) {
        (true, _) => Some(1),
        (false, true) => Some(2),
        (false, false) => None,
    };
    match text.chars().map(places).sum::<Option<usize>>() {
        Some(places) => places <= BASIC_MAX,
        None => text.encode_utf16().count() <= OTHER_MAX,
    }
}

/// The first of these, and as many of the others as are one text with it, a line each.
pub(in crate::messages) fn one_text(parts: impl IntoIterator<Item = String>) -> String {
    let mut parts = parts.into_iter().map(|part| plain(&part));
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |so_far, part| {
        let longer = format!("{so_far}\n{part}");
        if fits_one(&longer) { longer } else { so_far }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_holds_as_much_as_its_letters_let_it() {
        for (text, expected) in [
            ("a".repeat(160), true),
            ("a".repeat(161), false),
            ("é".repeat(160), true),
            ("€".repeat(80), true),
            ("€".repeat(81), false),
            ("ê".repeat(70), true),
            ("ê".repeat(71), false),
            (format!("{}’", "a".repeat(69)), true),
            (format!("{}’", "a".repeat(70)), false),
            (plain(&format!("{}’", "a".repeat(159))), true),
            ("م".repeat(70), true),
            ("🍵".repeat(35), true),
            ("🍵".repeat(36), false),
            (String::new(), true),
        ] {
            assert_eq!(fits_one(&text), expected, "{text}");
        }
    }

    #[test]
    fn fine_marks_become_plain_ones() {
        assert_eq!(plain("“l’étal”\u{202f}– 5\u{a0}€…"), "\"l'étal\" - 5 €...");
        assert_eq!(plain("كشك أمينة"), "كشك أمينة");
    }
}
