//! Shows news through the system's notifications. Each is shown from a thread of its own: a daemon may be slow, and
//! waiting for a click takes as long as a person does.

use std::io;

use notify_rust::{Notification, Urgency};
use tokio::sync::oneshot;

use crate::news::News;

/// What the system calls the click on the notification itself.
const DEFAULT_ACTION: &str = "default";
const APP_NAME: &str = "Soko";
/// The name that the desktop file and the icon are installed under.
#[cfg(all(unix, not(target_os = "macos")))]
const DESKTOP_NAME: &str = "soko";

/// Shows it. The answer is nothing, or why it could not be shown; `opened` is called when a person clicks on it.
pub(crate) fn show(
    news: News,
    opened: impl FnOnce(News) + Send + 'static,
) -> oneshot::Receiver<Result<(), String>> {
    let (tell, told) = oneshot::channel();
    let work = move || {
        let shown = notification(&news).show();
        let handle = match shown {
            Ok(handle) => handle,
            Err(error) => {
                // Nobody may be waiting for the answer any more.
                let _ = tell.send(Err(error.to_string()));
                return;
            }
        };
        let _ = tell.send(Ok(()));
        wait_for_click(handle, move || opened(news));
    };
    if let Err(error) = spawn(work) {
        tracing::warn!(%error, "no thread for a notification");
    }
    told
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name("notification".into()).spawn(work).map(|_| ())
}

fn notification(news: &News) -> Notification {
    let mut notification = Notification::new();
    notification.appname(APP_NAME).summary(&news.title).body(&news.body).action(DEFAULT_ACTION, news.action);
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        notification.icon(DESKTOP_NAME).hint(notify_rust::Hint::DesktopEntry(DESKTOP_NAME.into()));
        let urgency = if news.waits_for.is_some() { Urgency::Critical } else { Urgency::Normal };
        notification.urgency(urgency);
        if news.waits_for.is_some() {
            // An order stays until somebody saw it.
            notification.timeout(notify_rust::Timeout::Never);
        }
    }
    notification
}

#[cfg(all(unix, not(target_os = "macos")))]
fn wait_for_click(handle: notify_rust::NotificationHandle, clicked: impl FnOnce()) {
    let mut clicked = Some(clicked);
    handle.wait_for_action(|action| {
        if action == DEFAULT_ACTION
            && let Some(clicked) = clicked.take()
        {
            clicked();
        }
    });
}

/// Elsewhere a click brings the program to the front by itself.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn wait_for_click(_: notify_rust::NotificationHandle, _: impl FnOnce()) {}
