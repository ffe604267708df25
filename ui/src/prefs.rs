//! How this person wants to see it: language and light. Kept by the page, since they concern no shop.

use crate::browser;
use crate::words::Language;

const LANGUAGE_KEY: &str = "soko-language";
const THEME_KEY: &str = "soko-theme";

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prefs {
    pub language: Language,
    /// The language with its region, as the browser wants it for numbers and dates.
    pub locale: String,
    pub theme: Theme,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Prefs {
    pub fn kept() -> Self {
        let wanted = browser::languages();
        let (language, locale) = match browser::kept(LANGUAGE_KEY).as_deref().and_then(Language::from_code) {
            Some(language) => (language, locale_of(language, &wanted)),
            None => match Language::among(wanted.iter().map(String::as_str)) {
                Some((language, tag)) => (language, tag.to_owned()),
                None => (Language::English, "en".to_owned()),
            },
        };
        let kept = browser::kept(THEME_KEY);
        let theme = Theme::ALL.into_iter().find(|theme| Some(theme.word()) == kept.as_deref());
        Self { language, locale, theme: theme.unwrap_or(Theme::System) }
    }

    pub fn with_language(&self, language: Language) -> Self {
        browser::keep(LANGUAGE_KEY, language.code());
        Self { language, locale: locale_of(language, &browser::languages()), theme: self.theme }
    }

    pub fn with_theme(&self, theme: Theme) -> Self {
        browser::keep(THEME_KEY, theme.word());
        Self { theme, ..self.clone() }
    }

    /// Tells the page how it is lit and what it speaks now, so that styles and screen readers follow.
    pub fn show(&self, spoken: Language) {
        let Some(root) = browser::root() else { return };
        root.set_lang(spoken.code());
        root.set_dir(spoken.direction());
        let dataset = root.dataset();
        match self.theme {
            // A new page has no such attribute, and deleting what is not there is no error.
            Theme::System => dataset.delete("theme"),
            Theme::Light | Theme::Dark => {
                // Any text is a value.
                let _ = dataset.set("theme", self.theme.word());
            }
        }
    }
}

/// The person's own region of a language, where the browser names one.
fn locale_of(language: Language, wanted: &[String]) -> String {
    let own =
        wanted.iter().find(|tag| Language::among([tag.as_str()]).is_some_and(|(known, _)| known == language));
    own.cloned().unwrap_or_else(|| language.code().to_owned())
}
