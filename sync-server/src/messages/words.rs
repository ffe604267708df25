//! The words of messages and of the few pages behind them, in the languages of the app. One file a language, a line a
//! text, `{name}` where something is filled in.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A language that people can be written to in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) enum Language {
    #[default]
    English,
    Swahili,
    French,
    Arabic,
}

impl Language {
    pub(crate) const ALL: [Self; 4] = [Self::English, Self::Swahili, Self::French, Self::Arabic];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Swahili => "sw",
            Self::French => "fr",
            Self::Arabic => "ar",
        }
    }

    /// Its name in itself.
    pub(crate) fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Swahili => "Kiswahili",
            Self::French => "Français",
            Self::Arabic => "العربية",
        }
    }

    pub(crate) fn direction(self) -> &'static str {
        if self == Self::Arabic { "rtl" } else { "ltr" }
    }

    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The first language of a browser's list that we have.
    pub(crate) fn from_accepted(list: &str) -> Option<Self> {
        let first = |tag: &str| tag.trim().split(['-', ';']).next().and_then(Self::from_code);
        list.split(',').find_map(first)
    }

    /// A text, with what is filled in.
    pub(crate) fn say(self, key: &str, with: &[(&str, &str)]) -> String {
        let words = words(self);
        let text = words.get(key).copied().unwrap_or(key);
        // In one pass: what is filled in may hold a brace.
        let mut said = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            said.push_str(before);
            let Some((name, after)) = behind.split_once('}') else {
                said.push_str(behind);
                return said;
            };
            said.push_str(with.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
            rest = after;
        }
        said.push_str(rest);
        said
    }

    fn file(self) -> &'static str {
        match self {
            Self::English => include_str!("../../words/en.txt"),
            Self::Swahili => include_str!("../../words/sw.txt"),
            Self::French => include_str!("../../words/fr.txt"),
            Self::Arabic => include_str!("../../words/ar.txt"),
        }
    }
}

type Words = BTreeMap<&'static str, &'static str>;

fn words(language: Language) -> &'static Words {
    static ALL: OnceLock<BTreeMap<Language, Words>> = OnceLock::new();
    static NONE: Words = Words::new();
    let all = ALL.get_or_init(|| {
        let read =
            |language: Language| language.file().lines().filter_map(|line| line.split_once(" = ")).collect();
        Language::ALL.into_iter().map(|language| (language, read(language))).collect()
    });
    all.get(&language).unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::messages::Topic;

    fn marks(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|behind| behind.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_language_says_the_same_things_with_the_same_marks() {
        let english = words(Language::English);
        for language in Language::ALL {
            let words = words(language);
            assert!(words.keys().eq(english.keys()), "{language:?}");
            for (key, text) in words {
                assert_eq!(marks(text), marks(english[key]), "{language:?} {key}");
            }
        }
        for topic in Topic::ALL {
            for part in ["subject", "text"] {
                assert!(
                    english.contains_key(format!("{}.{part}", topic.name()).as_str()),
                    "{topic:?} {part}"
                );
            }
        }
    }

    #[test]
    fn what_is_filled_in_is_not_read_again() {
        let said = Language::English.say("order-new.subject", &[("stall", "{stall} {total}")]);
        assert!(said.contains("{stall} {total}"), "{said}");
    }

    #[test]
    fn a_browsers_list_gives_the_first_language_that_we_have() {
        let cases = [
            ("sw-KE,en;q=0.8", Some(Language::Swahili)),
            ("de, fr-CA;q=0.5", Some(Language::French)),
            ("de", None),
            ("", None),
        ];
        for (list, expected) in cases {
            assert_eq!(Language::from_accepted(list), expected, "{list}");
        }
    }
}
