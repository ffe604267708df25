//! The command palette: screens, products, orders and what can be done, found by a few letters.

use soko_app_api::{Query, View, Window};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::entries;
use crate::app::use_stall;
use crate::desk::{Desk, Overlay, use_desk};
use crate::live::{Live, use_query};
use crate::parts::{Dialog, Icon, icon};
use crate::prefs::Theme;
use crate::route::{Mode, Route};
use crate::speech::{Speech, use_speech};
use crate::words::Language;

const PRODUCTS_MAX: u32 = 8;
const ORDERS_MAX: u32 = 30;

#[component]
pub fn Palette() -> Html {
    let (desk, speech, stall) = (use_desk(), use_speech(), use_stall());
    let text = use_state(String::new);
    let chosen = use_state_eq(|| 0_usize);
    let searching = stall.as_ref().filter(|_| !text.trim().is_empty()).map(|stall| stall.stall);
    let products =
        use_query(searching.map(|stall| Query::Search { stall, text: (*text).clone(), rows: PRODUCTS_MAX }));
    let orders = use_query(searching.map(|stall| Query::Orders {
        stall,
        only_waiting: false,
        window: Window::first(ORDERS_MAX),
    }));
    let found = found(&speech, &text, stall.is_some(), &products, &orders);
    let at = (*chosen).min(found.len().saturating_sub(1));
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
                <input type="text" value={(*text).clone()} {oninput} {onkeydown} autofocus=true
                    placeholder={speech.say("palette.hint")} aria-label={speech.say("palette.title")}
                    role="combobox" aria-expanded="true" aria-controls="palette-hits"
                    aria-activedescendant={format!("palette-{at}")} />
            </div>
            <ul id="palette-hits" class="palette-hits" role="listbox" aria-label={speech.say("palette.title")}>
                { for found.iter().enumerate().map(|(place, hit)| row(&desk, hit, place, place == at)) }
                if found.is_empty() {
                    <li class="palette-none">{ speech.say("palette.none") }</li>
                }
            </ul>
        </Dialog>
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
struct Hit {
    icon: Icon,
    name: AttrValue,
    kind: AttrValue,
    does: Does,
}

#[derive(Clone, PartialEq)]
enum Does {
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

fn found(speech: &Speech, text: &str, has_stall: bool, products: &Live, orders: &Live) -> Vec<Hit> {
    let wanted = text.trim().to_lowercase();
    let mut hits: Vec<Hit> = Vec::new();
    if let Some(View::Products(rows)) = products.view().filter(|_| !wanted.is_empty()) {
        hits.extend(rows.iter().map(|row| Hit {
            icon: Icon::Tag,
            name: row.name.clone().into(),
            kind: speech.price(row.price_minor, &row.currency, row.unit, row.price_per).into(),
            does: Does::Go(Route::Product(row.product)),
        }));
    }
    if let Some(View::Orders(rows)) = orders.view().filter(|_| !wanted.is_empty()) {
        let fitting = rows.iter().filter(|row| row.order.to_string().starts_with(&wanted));
        hits.extend(fitting.map(|row| Hit {
            icon: Icon::Inbox,
            name: speech.fill("order.name", &[("code", &short(&row.order.to_string()))]),
            kind: speech.money(row.total_minor, &row.currency).into(),
            does: Does::Go(Route::Order(row.order)),
        }));
    }
    let fixed = commands(speech, has_stall);
    hits.extend(
        fixed.into_iter().filter(|hit| wanted.is_empty() || hit.name.to_lowercase().contains(&wanted)),
    );
    hits
}

/// The first letters of an identity, as people read them to each other.
pub(super) fn short(hex: &str) -> String {
    hex.chars().take(6).collect::<String>().to_uppercase()
}

fn commands(speech: &Speech, has_stall: bool) -> Vec<Hit> {
    let screen = speech.say("palette.screen");
    let action = speech.say("palette.action");
    let hit = |icon, name, kind: &AttrValue, does| Hit { icon, name, kind: kind.clone(), does };
    let mut hits = Vec::new();
    if has_stall {
        let entries = entries(Mode::Seller).into_iter();
        hits.extend(entries.map(|entry| hit(entry.icon, speech.say(entry.key), &screen, Does::Go(entry.to))));
        let new = Route::NewProduct { code: String::new() };
        hits.push(hit(Icon::Plus, speech.say("products.add"), &action, Does::Go(new)));
        hits.push(hit(Icon::Receipt, speech.say("sales.title"), &screen, Does::Go(Route::Sales)));
        hits.push(hit(Icon::Chart, speech.say("figures.title"), &screen, Does::Go(Route::Figures)));
        hits.push(hit(Icon::Warning, speech.say("incident.title"), &screen, Does::Go(Route::Incidents)));
        hits.push(hit(Icon::Percent, speech.say("prices.title"), &screen, Does::Go(Route::Prices)));
        hits.push(hit(Icon::Person, speech.say("customers.title"), &screen, Does::Go(Route::Customers)));
        hits.push(hit(Icon::Card, speech.say("cards.title"), &screen, Does::Go(Route::Cards)));
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
