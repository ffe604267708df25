//! The command palette: screens, what is offered and what can be done, found by a few letters. What only a seller finds is
//! the seller's to add.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::entries;
use crate::app::use_stall;
use crate::desk::{Desk, Overlay, use_desk};
use crate::parts::{Dialog, Icon, icon};
use crate::prefs::Theme;
use crate::route::{Mode, Route};
use crate::speech::{Speech, use_speech};
use crate::words::Language;

/// As a first visit has it: what is typed leads to the search of the market.
#[component]
pub fn Palette() -> Html {
    let (stall, finder) = (use_stall(), use_finder());
    let (speech, text) = (&finder.speech, finder.text.trim().to_owned());
    let mut found = Vec::new();
    if !text.is_empty() {
        let (name, does) = (text.clone().into(), Does::Go(Route::Search { text: text.clone() }));
        found.push(Hit { icon: Icon::Search, name, kind: speech.say("nav.search"), does });
    }
    found.extend(fitting(everybodys(speech, stall.is_some()), &text));
    finder.show(found)
}

/// The field and the list of every palette.
pub struct Finder {
    desk: Desk,
    pub speech: Speech,
    pub text: UseStateHandle<String>,
    chosen: UseStateHandle<usize>,
}

#[hook]
pub fn use_finder() -> Finder {
    let (desk, speech) = (use_desk(), use_speech());
    Finder { desk, speech, text: use_state(String::new), chosen: use_state_eq(|| 0_usize) }
}

impl Finder {
    pub fn show(&self, found: Vec<Hit>) -> Html {
        let Self { desk, speech, text, chosen } = self;
        let at = (**chosen).min(found.len().saturating_sub(1));
        let on_close = {
            let desk = desk.clone();
            Callback::from(move |()| desk.overlay.set(Overlay::Nothing))
        };
        let oninput = {
            let (text, chosen) = (text.clone(), chosen.clone());
            Callback::from(move |input: InputEvent| {
                text.set(input.target_unchecked_into::<HtmlInputElement>().value());
                chosen.set(0);
            })
        };
        let onkeydown = {
            let (desk, found, chosen) = (desk.clone(), found.clone(), chosen.clone());
            Callback::from(move |key: KeyboardEvent| {
                let last = found.len().saturating_sub(1);
                match key.key().as_str() {
                    "ArrowDown" => chosen.set(if at >= last { 0 } else { at + 1 }),
                    "ArrowUp" => chosen.set(if at == 0 { last } else { at - 1 }),
                    "Enter" => found.get(at).into_iter().for_each(|hit| hit.does.run(&desk)),
                    _ => return,
                }
                key.prevent_default();
            })
        };
        html! {
            <Dialog title={speech.say("palette.title")} {on_close} class="dialog-palette">
                <div class="palette-box">
                    { icon(Icon::Search) }
                    <input type="text" value={(**text).clone()} {oninput} {onkeydown} autofocus=true
                        placeholder={speech.say("palette.hint")} aria-label={speech.say("palette.title")}
                        role="combobox" aria-expanded="true" aria-controls="palette-hits"
                        aria-activedescendant={format!("palette-{at}")} />
                </div>
                <ul id="palette-hits" class="palette-hits" role="listbox" aria-label={speech.say("palette.title")}>
                    { for found.iter().enumerate().map(|(place, hit)| row(desk, hit, place, place == at)) }
                    if found.is_empty() {
                        <li class="palette-none">{ speech.say("palette.none") }</li>
                    }
                </ul>
            </Dialog>
        }
    }
}

fn row(desk: &Desk, hit: &Hit, place: usize, is_chosen: bool) -> Html {
    let (desk, does) = (desk.clone(), hit.does.clone());
    let onclick = Callback::from(move |_: MouseEvent| does.run(&desk));
    html! {
        <li id={format!("palette-{place}")} role="option" aria-selected={if is_chosen { "true" } else { "false" }}
            class="palette-hit" {onclick}>
            { icon(hit.icon) }<span class="palette-name">{ hit.name.clone() }</span>
            <span class="palette-kind">{ hit.kind.clone() }</span>
        </li>
    }
}

#[derive(Clone, PartialEq)]
pub struct Hit {
    pub icon: Icon,
    pub name: AttrValue,
    /// What it is, or what it costs.
    pub kind: AttrValue,
    pub does: Does,
}

#[derive(Clone, PartialEq)]
pub enum Does {
    Go(Route),
    Speak(Language),
    Light(Theme),
    Open(Overlay),
}

impl Does {
    fn run(&self, desk: &Desk) {
        match self {
            Self::Go(route) => desk.go(route.clone()),
            Self::Speak(language) => desk.prefs.set(desk.prefs.get().with_language(*language)),
            Self::Light(theme) => desk.prefs.set(desk.prefs.get().with_theme(*theme)),
            Self::Open(overlay) => {
                desk.overlay.set(*overlay);
                return;
            }
        }
        desk.overlay.set(Overlay::Nothing);
    }
}

/// Those with these letters in their name.
pub fn fitting(hits: Vec<Hit>, text: &str) -> impl Iterator<Item = Hit> {
    let wanted = text.trim().to_lowercase();
    hits.into_iter().filter(move |hit| hit.name.to_lowercase().contains(&wanted))
}

/// The screens, and what can be done on any of them.
pub fn everybodys(speech: &Speech, has_stall: bool) -> Vec<Hit> {
    let screen = speech.say("palette.screen");
    let action = speech.say("palette.action");
    let hit = |icon, name, kind: &AttrValue, does| Hit { icon, name, kind: kind.clone(), does };
    let mut hits = Vec::new();
    if has_stall {
        let entries = entries(Mode::Seller).into_iter();
        hits.extend(entries.map(|entry| hit(entry.icon, speech.say(entry.key), &screen, Does::Go(entry.to))));
        hits.push(hit(Icon::Stall, speech.say("stalls.title"), &action, Does::Open(Overlay::Stalls)));
    } else {
        hits.push(hit(Icon::Stall, speech.say("mode.begin"), &action, Does::Go(Route::Begin)));
    }
    let entries = entries(Mode::Shopper).into_iter();
    hits.extend(entries.map(|entry| hit(entry.icon, speech.say(entry.key), &screen, Does::Go(entry.to))));
    hits.push(hit(Icon::Gear, speech.say("nav.settings"), &screen, Does::Go(Route::Settings)));
    hits.push(hit(Icon::Device, speech.say("nav.devices"), &screen, Does::Go(Route::Devices)));
    hits.push(hit(Icon::Cloud, speech.say("replication.title"), &action, Does::Open(Overlay::Replication)));
    hits.push(hit(Icon::Keyboard, speech.say("shortcuts.title"), &action, Does::Open(Overlay::Shortcuts)));
    for (icon, key, theme) in [
        (Icon::Sun, "theme.light", Theme::Light),
        (Icon::Moon, "theme.dark", Theme::Dark),
        (Icon::Gear, "theme.system", Theme::System),
    ] {
        hits.push(hit(icon, speech.say(key), &action, Does::Light(theme)));
    }
    let languages = Language::ALL.into_iter().filter(|language| *language != speech.language());
    hits.extend(
        languages
            .map(|language| hit(Icon::Globe, language.own_name().into(), &action, Does::Speak(language))),
    );
    hits
}
