//! On macOS and Windows. The library can neither replace nor close there what it showed, so each telling is a
//! notification of its own; a click on any of them opens what it speaks of for as long as the program runs. Each is shown
//! from a thread of its own, which waits for the click: that takes as long as a person does.

use notify_rust::NotificationResponse;
use soko_domain::ids::LogId;
use tokio::sync::oneshot;

use super::{Place, Tell, Told, is_click, notification};
use crate::news::{News, Waiting};

/// As `tauri.conf.json` says it: under this name the installers make the system know the program.
const APP_ID: &str = "org.soko.Soko";

#[derive(Default)]
pub(crate) struct Board;

impl Board {
    /// The answer is nothing, or why it could not be shown; `opened` is called when a person clicks on it.
    pub(crate) fn show(&self, news: News, opened: impl FnOnce(News) + Send + 'static) -> Told {
        let (tell, told) = oneshot::channel();
        let work = move || show(news, tell, opened);
        if let Err(error) = std::thread::Builder::new().name("notification".into()).spawn(work) {
            tracing::warn!(%error, "no thread for a notification");
        }
        told
    }

    pub(crate) fn put_away(&self, _: &Waiting) -> bool {
        false
    }

    pub(crate) fn of_stall(&self, _: LogId) -> Vec<Waiting> {
        Vec::new()
    }

    pub(crate) fn place(&self, _: &Waiting) -> Option<Place> {
        None
    }

    #[expect(clippy::unused_async, reason = "elsewhere it asks")]
    pub(crate) async fn recall(&self, _: Waiting, _: Place) -> bool {
        false
    }

    #[expect(clippy::unused_async, reason = "elsewhere it waits")]
    pub(crate) async fn put_all_away(&self) {}
}

fn show(news: News, tell: Tell, opened: impl FnOnce(News)) {
    be_known();
    #[cfg_attr(not(windows), expect(unused_mut, reason = "only Windows asks for more"))]
    let mut notification = notification(&news);
    #[cfg(windows)]
    as_installed(&mut notification, news.waits_for.is_some());
    let handle = match notification.show() {
        Ok(handle) => handle,
        Err(error) => {
            // Nobody may be waiting for the answer any more.
            let _ = tell.send(Err(error.to_string()));
            return;
        }
    };
    let _ = tell.send(Ok(()));
    // On macOS this is what shows it; the system's answer comes by the main thread, which is Tauri's. Not `wait_for_action`, to
    // which Windows says of a click on the notification itself that it was closed.
    let waited = handle.wait_for_response(move |response: &NotificationResponse| {
        if is_click(response) {
            opened(news);
        }
    });
    if let Err(error) = waited {
        tracing::warn!(%error, "a notification was not shown, or nothing is heard of it");
    }
}

/// Once, and before anything is shown: otherwise macOS takes it for the Finder's, and a click opens that.
#[cfg(target_os = "macos")]
fn be_known() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        if let Err(error) = notify_rust::set_application(APP_ID) {
            tracing::warn!(%error, "macOS does not know the program: was it started from its bundle once?");
        }
    });
}

#[cfg(windows)]
fn be_known() {}

/// Windows shows nothing of a name that no shortcut of an installer has: a program that was only built is shown under the
/// library's standard name. What waits stays until somebody saw it.
#[cfg(windows)]
fn as_installed(notification: &mut notify_rust::Notification, stays: bool) {
    let is_only_built = std::env::current_exe().is_ok_and(|program| {
        let folder = program.parent().map(std::path::Path::to_owned).unwrap_or_default();
        folder.ends_with("target/debug") || folder.ends_with("target/release")
    });
    if !is_only_built {
        notification.app_id(APP_ID);
    }
    if stays {
        notification.urgency(notify_rust::Urgency::Critical);
    }
}

#[cfg(test)]
mod tests {
    use super::APP_ID;

    #[test]
    fn the_name_is_that_of_the_installers() {
        let config = include_str!("../../../tauri.conf.json");
        assert!(config.contains(&format!("\"identifier\": \"{APP_ID}\"")));
    }
}
