//! Language and light.

use yew::prelude::*;

use crate::desk::use_desk;
use crate::parts::{Choice, Icon, Segmented, icon};
use crate::prefs::Theme;
use crate::speech::use_speech;
use crate::watched::use_watched;
use crate::words::Language;

#[component]
pub fn Looks() -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let prefs = use_watched(&desk.prefs);
    let languages: Vec<(AttrValue, AttrValue)> = Language::ALL
        .into_iter()
        .map(|language| (AttrValue::Static(language.code()), AttrValue::Static(language.own_name())))
        .collect();
    let choose_language = {
        let desk = desk.clone();
        Callback::from(move |code: String| {
            if let Some(language) = Language::from_code(&code) {
                desk.prefs.set(desk.prefs.get().with_language(language));
            }
        })
    };
    let themes: Vec<(AttrValue, Html)> = Theme::ALL
        .into_iter()
        .map(|theme| {
            let (sign, key) = match theme {
                Theme::System => (Icon::Device, "settings.theme-system"),
                Theme::Light => (Icon::Sun, "theme.light"),
                Theme::Dark => (Icon::Moon, "theme.dark"),
            };
            (AttrValue::Static(theme.word()), html! { <>{ icon(sign) }<span>{ speech.say(key) }</span></> })
        })
        .collect();
    let choose_theme = Callback::from(move |word: AttrValue| {
        if let Some(theme) = Theme::ALL.into_iter().find(|theme| *theme.word() == *word) {
            desk.prefs.set(desk.prefs.get().with_theme(theme));
        }
    });
    html! {
        <section class="card stack" aria-labelledby="looks">
            <h2 id="looks">{ speech.say("settings.looks") }</h2>
            <Choice label={speech.say("settings.language")} value={prefs.language.code()} options={languages}
                on_choose={choose_language} />
            <Segmented label={speech.say("settings.theme")} value={prefs.theme.word()} options={themes}
                on_choose={choose_theme} />
        </section>
    }
}
