//! The icon in the panel: how the device stands, and the few things one wants without looking for the window.

use std::sync::Mutex;
use std::sync::PoisonError;

use soko_app_api::Trust;
use tauri::image::Image;
use tauri::menu::{CheckMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager as _, Theme, Wry};

use crate::host::Desk;
use crate::page::Page;
use crate::standing;
use crate::window;
use crate::words::Language;

/// For a light panel and for a dark one.
const DARK_LINES: Image<'_> = tauri::include_image!("icons/tray-dark.png");
const LIGHT_LINES: Image<'_> = tauri::include_image!("icons/tray-light.png");

const OPEN: &str = "open";
const SELL: &str = "sell";
const ORDERS: &str = "orders";
const STAY: &str = "stay";
const QUIT: &str = "quit";

/// The icon with its menu; kept in the program's state.
pub(crate) struct Tray {
    icon: TrayIcon,
    standing: MenuItem<Wry>,
    open: MenuItem<Wry>,
    sell: MenuItem<Wry>,
    orders: MenuItem<Wry>,
    stay: CheckMenuItem<Wry>,
    quit: MenuItem<Wry>,
    shown: Mutex<Option<(Trust, Language)>>,
}

/// Puts it into the panel. A system without one goes on without it.
pub(crate) fn put(app: &AppHandle) {
    // The library behind the icon is loaded when first used, and panics when it is not installed.
    let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| build(app)));
    match built {
        Ok(Ok(tray)) => {
            app.manage(tray);
        }
        Ok(Err(error)) => tracing::warn!(%error, "no icon in the panel"),
        Err(_) => tracing::warn!("no icon in the panel: its library is not installed"),
    }
}

fn build(app: &AppHandle) -> tauri::Result<Tray> {
    let words = Language::default().words();
    let item = |id: &str, text: &str| MenuItem::with_id(app, id, text, true, None::<&str>);
    let standing = MenuItem::new(app, words.getting_ready, false, None::<&str>)?;
    let (open, sell, orders) =
        (item(OPEN, words.open)?, item(SELL, words.sell)?, item(ORDERS, words.orders)?);
    let stay = CheckMenuItem::with_id(app, STAY, words.stay, true, false, None::<&str>)?;
    let quit = item(QUIT, words.quit)?;
    let line = || PredefinedMenuItem::separator(app);
    let menu = Menu::with_items(app, &[&standing, &line()?, &open, &sell, &orders, &line()?, &stay, &quit])?;
    let icon = TrayIconBuilder::with_id("soko")
        .icon(lines(app))
        .menu(&menu)
        .on_menu_event(|app, event| chosen(app, &event))
        .build(app)?;
    Ok(Tray { icon, standing, open, sell, orders, stay, quit, shown: Mutex::default() })
}

fn chosen(app: &AppHandle, event: &MenuEvent) {
    match event.id().as_ref() {
        OPEN => window::to_front(app),
        SELL => show(app, "/sell"),
        ORDERS => show(app, "/orders"),
        STAY => {
            let stays = app.state::<Tray>().stay.is_checked().unwrap_or(false);
            app.state::<Desk>().keep_running(stays);
        }
        QUIT => app.exit(0),
        _ => {}
    }
}

fn show(app: &AppHandle, path: &str) {
    app.state::<Page>().show(path.to_owned());
    window::to_front(app);
}

impl Tray {
    /// Whether closing the window leaves the program running.
    pub(crate) fn stays(&self) -> bool {
        self.stay.is_checked().unwrap_or(false)
    }

    pub(crate) fn set_stays(&self, stays: bool) {
        if let Err(error) = self.stay.set_checked(stays) {
            tracing::warn!(%error, "the panel's menu does not follow");
        }
    }

    /// Shows how the device stands, in this language.
    pub(crate) fn show(&self, app: &AppHandle, trust: Trust, language: Language) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown == Some((trust, language)) {
            return;
        }
        *shown = Some((trust, language));
        if let Err(error) = self.draw(app, trust, language) {
            tracing::warn!(%error, "the icon in the panel does not follow");
        }
    }

    fn draw(&self, app: &AppHandle, trust: Trust, language: Language) -> tauri::Result<()> {
        let words = language.words();
        let sentence = standing::sentence(trust, language);
        self.standing.set_text(&sentence)?;
        self.icon.set_tooltip(Some(&sentence))?;
        for (item, text) in [
            (&self.open, words.open),
            (&self.sell, words.sell),
            (&self.orders, words.orders),
            (&self.quit, words.quit),
        ] {
            item.set_text(text)?;
        }
        self.stay.set_text(words.stay)?;
        let lines = lines(app);
        let drawn = standing::draw(trust, lines.rgba(), lines.width());
        self.icon.set_icon(Some(Image::new_owned(drawn, lines.width(), lines.height())))
    }
}

/// A panel mostly follows the theme of the windows.
fn lines(app: &AppHandle) -> Image<'static> {
    let theme = app.get_webview_window(window::LABEL).and_then(|window| window.theme().ok());
    if theme == Some(Theme::Dark) { LIGHT_LINES } else { DARK_LINES }
}
