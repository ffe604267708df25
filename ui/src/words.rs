//! What the screens say, in four languages: one text file each, `key = text {name}`, and for counted things one
//! line per plural category, `key[one] = …`. The files come beside the program, since a person reads one of them. No
//! view holds a text of its own; the tests below keep it so. Which category a number belongs to, and how it looks, is
//! the browser's knowledge; see `speech`.

mod fetched;
#[cfg(test)]
mod tests;

pub use fetched::fetch;

/// A language that every text is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    English,
    Swahili,
    French,
    Arabic,
}

impl Language {
    pub const ALL: [Self; 4] = [Self::English, Self::Swahili, Self::French, Self::Arabic];

    /// The subtag of BCP 47.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Swahili => "sw",
            Self::French => "fr",
            Self::Arabic => "ar",
        }
    }

    /// What its speakers call it.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Swahili => "Kiswahili",
            Self::French => "Français",
            Self::Arabic => "العربية",
        }
    }

    pub fn direction(self) -> &'static str {
        if self == Self::Arabic { "rtl" } else { "ltr" }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The first of a person's languages that is spoken here, with the tag that asked for it.
    pub fn among<'a>(tags: impl IntoIterator<Item = &'a str>) -> Option<(Self, &'a str)> {
        tags.into_iter().find_map(|tag| {
            let primary = tag.split(['-', '_']).next().unwrap_or(tag).to_ascii_lowercase();
            Self::from_code(&primary).map(|language| (language, tag))
        })
    }

    #[cfg(test)]
    fn text(self) -> &'static str {
        match self {
            Self::English => include_str!("../i18n/en.txt"),
            Self::Swahili => include_str!("../i18n/sw.txt"),
            Self::French => include_str!("../i18n/fr.txt"),
            Self::Arabic => include_str!("../i18n/ar.txt"),
        }
    }
}

/// All texts of one language.
#[derive(Debug)]
pub struct Words {
    pub language: Language,
    /// Sorted by key.
    lines: Vec<(&'static str, &'static str)>,
}

impl Words {
    /// Of the text file of this language.
    pub fn of(language: Language, text: &'static str) -> Self {
        let mut lines: Vec<_> = read(text).collect();
        lines.sort_unstable();
        Self { language, lines }
    }

    /// The text of a key; the key itself where there is none.
    pub fn say(&self, key: &'static str) -> &'static str {
        self.find(key).unwrap_or(key)
    }

    /// The text of a key that was put together, such as a refusal's.
    pub fn find(&self, key: &str) -> Option<&'static str> {
        let at = self.lines.binary_search_by_key(&key, |(known, _)| known).ok()?;
        self.lines.get(at).map(|(_, text)| *text)
    }

    pub fn fill(&self, key: &'static str, names: &[(&str, &str)]) -> String {
        filled(self.say(key), names)
    }

    /// As [`Self::fill`] with a key that was put together, if there is such a text.
    pub fn find_filled(&self, key: &str, names: &[(&str, &str)]) -> Option<String> {
        self.find(key).map(|text| filled(text, names))
    }

    /// The text for so many, given the plural category that the language puts the number in.
    pub fn count(&self, key: &'static str, category: &str, names: &[(&str, &str)]) -> String {
        let text = self.find(&format!("{key}[{category}]")).or_else(|| self.find(&format!("{key}[other]")));
        filled(text.unwrap_or(key), names)
    }
}

/// Puts values where their names stand in braces. A name that is not given stays as it is.
fn filled(text: &str, names: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match names.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(value),
            None => {
                out.push('{');
                out.push_str(name);
                out.push('}');
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The lines of a text file: everything but empty lines and those that begin with `#`.
fn read(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(key, text)| (key.trim(), text.trim()))
}
