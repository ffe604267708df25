//! Notifications that a browser shows with the app closed: whether it can, whether it does, and asking it to. A person is
//! asked by the browser, and only after they pressed something.

use soko_app_api::BrowserKeys;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Notification, NotificationPermission, PushSubscription, PushSubscriptionOptionsInit,
    ServiceWorkerRegistration,
};

use super::window;
use crate::update;

/// What this browser does about messages of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listening {
    /// It cannot, or not here.
    Never,
    /// Its person said no: only they can change that, in the browser's own settings.
    Forbidden,
    No,
    /// Where its push service takes messages.
    Yes(String),
}

/// Whether this browser shows what a server sends.
pub async fn listening() -> Listening {
    if !can() {
        return Listening::Never;
    }
    if Notification::permission() == NotificationPermission::Denied {
        return Listening::Forbidden;
    }
    let Some(registration) = registration().await else { return Listening::Never };
    match subscription(&registration).await {
        Some(found) => Listening::Yes(found.endpoint()),
        None => Listening::No,
    }
}

/// Asks the browser, which asks its person; none if one of them does not want to.
pub async fn listen(server_key: &str) -> Option<BrowserKeys> {
    let asked = JsFuture::from(Notification::request_permission().ok()?).await.ok()?;
    if asked.as_string().as_deref() != Some("granted") {
        return None;
    }
    keys(server_key).await
}

/// The same where the person said yes before: nobody is asked.
pub async fn listen_again(server_key: &str) -> Option<BrowserKeys> {
    (can() && Notification::permission() == NotificationPermission::Granted).then_some(())?;
    keys(server_key).await
}

/// Ends it here. The server hears of that from its own side.
pub async fn stop() {
    if !can() {
        return;
    }
    let Some(registration) = registration().await else { return };
    if let Some(found) = subscription(&registration).await
        && let Ok(ended) = found.unsubscribe()
    {
        // One that cannot be ended is never written to again: its session has ended.
        let _ = JsFuture::from(ended).await;
    }
}

/// What people call this browser: Firefox, Android.
pub fn name() -> String {
    named(&window().navigator().user_agent().unwrap_or_default())
}

/// Where there is no service worker nothing can be shown with the app closed; a window shows its notifications itself.
fn can() -> bool {
    let has = |name: &str| js_sys::Reflect::has(&window(), &name.into()).unwrap_or(false);
    update::container().is_some() && has("PushManager") && has("Notification")
}

async fn keys(server_key: &str) -> Option<BrowserKeys> {
    let registration = registration().await?;
    let options = PushSubscriptionOptionsInit::new();
    options.set_user_visible_only(true);
    options.set_application_server_key(&server_key.into());
    let manager = registration.push_manager().ok()?;
    let subscribed = match manager.subscribe_with_options(&options) {
        Ok(promise) => JsFuture::from(promise).await,
        Err(error) => Err(error),
    };
    let found: PushSubscription = match subscribed {
        Ok(found) => found.unchecked_into(),
        // One for another server's key is in the way.
        Err(_) => {
            let old = subscription(&registration).await?;
            JsFuture::from(old.unsubscribe().ok()?).await.ok()?;
            JsFuture::from(manager.subscribe_with_options(&options).ok()?).await.ok()?.unchecked_into()
        }
    };
    // As the browser itself writes it.
    let told = js_sys::JSON::parse(&String::from(js_sys::JSON::stringify(&found).ok()?)).ok()?;
    let text = |of: &JsValue, name: &str| js_sys::Reflect::get(of, &name.into()).ok()?.as_string();
    let inside = js_sys::Reflect::get(&told, &"keys".into()).ok()?;
    Some(BrowserKeys {
        endpoint: text(&told, "endpoint")?,
        p256dh: text(&inside, "p256dh")?,
        auth: text(&inside, "auth")?,
        name: name(),
    })
}

async fn subscription(registration: &ServiceWorkerRegistration) -> Option<PushSubscription> {
    let found = JsFuture::from(registration.push_manager().ok()?.get_subscription().ok()?).await.ok()?;
    found.dyn_into().ok()
}

/// Waits until the service worker has the app's files, which on a slow connection takes a while.
async fn registration() -> Option<ServiceWorkerRegistration> {
    let ready = update::container()?.ready().ok()?;
    JsFuture::from(ready).await.ok()?.dyn_into().ok()
}

fn named(agent: &str) -> String {
    // The more particular first: each names those before it, too.
    let browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox")];
    let browsers =
        browsers.into_iter().chain([("Chrome", "Chrome"), ("CriOS", "Chrome"), ("Safari", "Safari")]);
    let systems = [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")];
    let systems =
        systems.into_iter().chain([("Mac OS X", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux")]);
    let first = |mut known: Box<dyn Iterator<Item = (&'static str, &'static str)>>| {
        known.find(|(sign, _)| agent.contains(sign)).map(|(_, name)| name)
    };
    let (browser, system) = (first(Box::new(browsers)), first(Box::new(systems)));
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.into(),
        (None, None) => "Web".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_what_its_person_calls_it() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox, Linux"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1",
                "Safari, iPhone",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0",
                "Edge, Windows",
            ),
            ("", "Web"),
        ] {
            assert_eq!(named(agent), name);
        }
    }
}
