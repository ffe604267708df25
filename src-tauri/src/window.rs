//! The one window: what it may show, and how it comes to the front.

use tauri::webview::{NewWindowResponse, PageLoadEvent};
use tauri::{AppHandle, Manager as _, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

use crate::page::Page;
use crate::paying::{self, Payable};

pub(crate) const LABEL: &str = "main";

/// Opens it with this screen. It can leave the program's own pages by no link, script or form; where an order is paid is
/// shown in the system's browser instead.
pub(crate) fn open(app: &AppHandle, path: Option<&str>) -> tauri::Result<WebviewWindow> {
    let page = path.unwrap_or_default().trim_start_matches('/');
    let payable = app.state::<Payable>().inner().clone();
    let builder = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App(page.into()))
        .on_navigation(move |url| {
            if payable.has(url) {
                paying::show(url);
            }
            is_own(url)
        })
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Started {
                window.state::<Page>().begins_again();
            }
        })
        .on_new_window(|_, _| NewWindowResponse::Deny);
    #[cfg(desktop)]
    let builder = builder
        .title("Soko")
        .inner_size(1200.0, 800.0)
        .min_inner_size(360.0, 480.0)
        // The page takes pictures that are dropped on it.
        .disable_drag_drop_handler();
    builder.build()
}

/// Shows the window above the others, whether it was hidden, minimised or behind.
pub(crate) fn to_front(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    #[cfg(desktop)]
    let shown = window.unminimize().and_then(|()| window.show());
    #[cfg(mobile)]
    let shown = window.show();
    if let Err(error) = shown.and_then(|()| window.set_focus()) {
        tracing::warn!(%error, "the window does not come to the front");
    }
}

/// The program's own pages, under the two names that webviews give them.
fn is_own(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // Windows and Android know no schemes of programs.
        "http" | "https" if cfg!(any(windows, target_os = "android")) => {
            url.host_str() == Some("tauri.localhost")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_programs_own_pages_are_shown() {
        for (url, expected) in [
            ("tauri://localhost", true),
            ("tauri://localhost/sell?x=1", true),
            ("tauri://elsewhere/sell", false),
            ("https://example.org/", false),
            ("http://localhost/", false),
            ("http://tauri.localhost.example.org/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
            ("javascript:alert(1)", false),
            ("picture://localhost/x", false),
            ("about:blank", false),
        ] {
            assert_eq!(is_own(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
