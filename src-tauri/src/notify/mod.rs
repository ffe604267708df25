//! Shows news through the system's notifications: one for each thing that waits, and what is said of it again takes the
//! place of what is shown. How much of that a system can do differs.

#[cfg(desktop)]
use notify_rust::{Notification, NotificationResponse};
use soko_app_api::Arrival;
use tokio::sync::oneshot;

#[cfg(desktop)]
use crate::news::News;

#[cfg(all(desktop, not(all(unix, not(target_os = "macos")))))]
mod elsewhere;
#[cfg(mobile)]
mod phone;
#[cfg(all(desktop, unix, not(target_os = "macos")))]
mod session_bus;

#[cfg(all(desktop, not(all(unix, not(target_os = "macos")))))]
pub(crate) use elsewhere::Board;
#[cfg(mobile)]
pub(crate) use phone::Board;
#[cfg(all(desktop, unix, not(target_os = "macos")))]
pub(crate) use session_bus::Board;

/// What the system calls the click on the notification itself, and we call our button.
#[cfg(desktop)]
const DEFAULT_ACTION: &str = "default";
#[cfg(desktop)]
const APP_NAME: &str = "Soko";

/// Whoever wants to know whether it was shown, or why it was not.
#[cfg(desktop)]
type Tell = oneshot::Sender<Result<(), String>>;
type Told = oneshot::Receiver<Result<(), String>>;

/// Where something is shown: which daemon of which bus, and the number that it has there.
pub(crate) type Place = (String, u32);

/// An order that waits, as it is kept for the program's next life: what is told of it, how often that was done, when it is
/// due again, and where it is shown.
pub(crate) type KeptWaiting = (Arrival, u32, Option<u64>, Option<Place>);

#[cfg(desktop)]
fn notification(news: &News) -> Notification {
    let mut notification = Notification::new();
    notification.appname(APP_NAME).summary(&news.title).body(&news.body).action(DEFAULT_ACTION, news.action);
    notification
}

#[cfg(desktop)]
fn is_click(response: &NotificationResponse) -> bool {
    match response {
        NotificationResponse::Default => true,
        NotificationResponse::Action(action) => action == DEFAULT_ACTION,
        NotificationResponse::Reply(_) | NotificationResponse::Closed(_) => false,
    }
}

#[cfg(all(test, desktop))]
mod tests {
    use notify_rust::CloseReason;

    use super::*;

    #[test]
    fn the_notification_and_its_button_are_clicks_and_nothing_else_is() {
        for (response, expected) in [
            (NotificationResponse::Default, true),
            (NotificationResponse::Action(DEFAULT_ACTION.into()), true),
            (NotificationResponse::Action("another".into()), false),
            (NotificationResponse::Reply("default".into()), false),
            (NotificationResponse::Closed(CloseReason::Dismissed), false),
        ] {
            assert_eq!(is_click(&response), expected, "{response:?}");
        }
    }
}
