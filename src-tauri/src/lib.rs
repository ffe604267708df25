//! Soko in a window of its own, on a desktop and on a phone: the same device and the same page as elsewhere, and what
//! only a system can do. It holds no rule of the shop and no SQL.

mod commands;
mod device;
#[cfg(desktop)]
mod door;
mod files;
mod host;
mod news;
mod notify;
mod outside;
mod page;
mod papers;
mod paying;
mod pictures;
mod place;
mod reminders;
mod routes;
mod standing;
#[cfg(desktop)]
mod tray;
mod window;
mod words;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use tauri::{App, AppHandle, Manager as _, RunEvent, UriSchemeContext, UriSchemeResponder, Wry, http};

use crate::host::Desk;
use crate::outside::Outside;
use crate::page::Page;
use crate::paying::Payable;
pub use crate::place::{DATA_DIR_VARIABLE, SERVER_VARIABLE};

/// How the program was started.
#[derive(Clone, Debug)]
pub struct Start {
    /// Where the device keeps what it holds; the system's place when none is named.
    pub data_dir: Option<PathBuf>,
    /// The server until another one is named; empty for none.
    pub server: String,
    /// A link that somebody clicked elsewhere; a stranger's text.
    pub link: Option<String>,
    /// How long an order that nobody looks at is silent before it is told again.
    pub remind_after: Duration,
}

impl Default for Start {
    fn default() -> Self {
        Self { data_dir: None, server: String::new(), link: None, remind_after: Duration::from_secs(60) }
    }
}

/// How the program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    Closed,
    /// A window with this data directory was open already and came to the front.
    LedToOther,
}

/// On a phone the system starts the program through this.
#[cfg(mobile)]
#[tauri::mobile_entry_point]
fn phone() {
    if let Err(error) = run(Start::default()) {
        tracing::error!(%error, "the program cannot run");
    }
}

/// Runs until the window is closed.
pub fn run(start: Start) -> Result<Ended, Box<dyn Error>> {
    #[cfg(desktop)]
    let folder =
        start.data_dir.or_else(place::standard).ok_or("this system names no place for a program's data")?;
    #[cfg(desktop)]
    if door::knock(&folder, start.link.as_deref().unwrap_or_default()) {
        return Ok(Ended::LedToOther);
    }
    let first = start.link.as_deref().and_then(routes::path_of_link);
    let builder = tauri::Builder::default();
    #[cfg(desktop)]
    let builder = builder.plugin(remembered());
    let app = builder
        .manage(Page::default())
        .manage(Payable::default())
        .invoke_handler(tauri::generate_handler![commands::call, commands::listen])
        .register_asynchronous_uri_scheme_protocol("picture", picture)
        .setup(move |app| {
            #[cfg(mobile)]
            let folder = app.path().app_data_dir()?;
            set_up(app, (folder, start.server), start.remind_after, first.as_deref())
        })
        .build(tauri::generate_context!())?;
    app.run(happened);
    Ok(Ended::Closed)
}

/// Size and place of the window, but never that it was hidden: who starts a program wants to see it.
#[cfg(desktop)]
fn remembered() -> tauri::plugin::TauriPlugin<Wry> {
    use tauri_plugin_window_state::{Builder, StateFlags};

    let flags = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED;
    Builder::new().with_state_flags(flags).build()
}

fn set_up(
    app: &mut App,
    place: (PathBuf, String),
    remind_after: Duration,
    first: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    #[cfg(desktop)]
    tray::put(app.handle());
    #[cfg(all(desktop, unix))]
    end_when_told(app.handle());
    app.manage(host::start(place, remind_after, Outside(app.handle().clone()))?);
    window::open(app.handle(), first)?;
    Ok(())
}

/// A session that ends says so to its programs: then this one ends as by its own menu, and takes away what nobody would hear a click on.
#[cfg(all(desktop, unix))]
fn end_when_told(app: &AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        match signal(SignalKind::terminate()) {
            Ok(mut told) => {
                if told.recv().await.is_some() {
                    app.exit(0);
                }
            }
            Err(error) => tracing::warn!(%error, "the end of the session is not heard"),
        }
    });
}

fn picture(app: UriSchemeContext<'_, Wry>, request: http::Request<Vec<u8>>, responder: UriSchemeResponder) {
    let Some(hash) = pictures::hash_of(request.uri().path()) else {
        responder.respond(pictures::answer(None));
        return;
    };
    let desk = app.app_handle().state::<Desk>().inner().clone();
    tauri::async_runtime::spawn(async move {
        responder.respond(pictures::answer(desk.picture(hash).await));
    });
}

fn happened(app: &AppHandle, event: RunEvent) {
    match event {
        #[cfg(desktop)]
        RunEvent::WindowEvent { event: tauri::WindowEvent::CloseRequested { api, .. }, .. } => {
            let stays = app.try_state::<tray::Tray>().is_some_and(|tray| tray.stays());
            if stays
                && let Some(window) = app.get_webview_window(window::LABEL)
                && window.hide().is_ok()
            {
                api.prevent_close();
            }
        }
        #[cfg(any(target_os = "macos", target_os = "ios", target_os = "android"))]
        RunEvent::Opened { urls } => {
            if let Some(link) = urls.first() {
                Outside(app.clone()).follow(link.as_str());
            }
        }
        // Whoever closed the window to keep the program running clicks on its icon.
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::to_front(app),
        RunEvent::Exit => {
            #[cfg(desktop)]
            if let Some(door) = app.try_state::<outside::DoorKept>() {
                door.close();
            }
            app.state::<Desk>().close();
        }
        _ => {}
    }
}
