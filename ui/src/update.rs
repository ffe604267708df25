//! The service worker: it makes the app work without a network, and brings the next version. That one waits until
//! the person takes it, since nobody may lose a sale to an update; an open cart is the engine's and outlives it. Only
//! the page where it was taken is loaded again by itself: what is half typed on another one is there to be read.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    MessageEvent, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState,
};
use yew::prelude::*;

use crate::browser::{self, time};
use crate::desk::{Desk, use_desk};
use crate::link::OUTDATED;
use crate::nav;
use crate::speech::{Speech, use_speech};

pub(crate) const SCRIPT: &str = "/sw.js";
const TAKE_OVER: &str = "take-over";
/// What the worker says when somebody clicked a notification: where they want to go.
const SHOW: &str = "show";
/// A first visit is shown before the files for the next one are fetched.
pub(crate) const REGISTER_AFTER_MS: i32 = 2000;
const LOOK_EVERY_MS: i32 = 3_600_000;

/// Makes the app work offline, offers a version that waits, and says when another tab has taken one that this has not.
#[hook]
pub fn use_updates() {
    let (desk, speech) = (use_desk(), use_speech());
    use_effect_with((), move |()| {
        let suggest = suggest_reload(&desk, &speech);
        let going = desk.clone();
        let is_asked = Rc::new(Cell::new(false));
        let asking = Rc::clone(&is_asked);
        let offer = Callback::from(move |waiting: ServiceWorker| {
            let is_asked = Rc::clone(&asking);
            let take = Callback::from(move |()| {
                is_asked.set(true);
                let is_waiting = waiting.state() == ServiceWorkerState::Installed;
                if !is_waiting || waiting.post_message(&TAKE_OVER.into()).is_err() {
                    // Another page took it before, or a newer one replaced it, which is offered, too.
                    nav::load_again();
                }
            });
            desk.toasts.suggest(speech.say("update.ready"), speech.say("update.use"), take);
        });
        let taken =
            Callback::from(move |()| if is_asked.get() { nav::load_again() } else { suggest.emit(()) });
        wasm_bindgen_futures::spawn_local(async move {
            let Some(container) = container() else { return };
            show_what_was_clicked(&container, going);
            time::sleep(REGISTER_AFTER_MS).await;
            // A browser that refuses works online, and says so elsewhere.
            let _ = register(&container, offer, taken).await;
        });
    });
}

/// Answers what says that another page has a later version, and says it whenever this one's link notices.
fn suggest_reload(desk: &Desk, speech: &Speech) -> Callback<()> {
    let (desk, speech) = (desk.clone(), speech.clone());
    let suggest = Callback::from(move |()| {
        let reload = Callback::from(|()| nav::load_again());
        desk.toasts.suggest(speech.say("update.elsewhere"), speech.say("update.reload"), reload);
    });
    let saying = suggest.clone();
    let on_outdated = Closure::<dyn Fn()>::new(move || saying.emit(()));
    let listener = on_outdated.as_ref().unchecked_ref();
    // A browser that cannot say it here says it in place of every answer.
    let _ = browser::window().add_event_listener_with_callback(OUTDATED, listener);
    on_outdated.forget();
    suggest
}

fn show_what_was_clicked(container: &ServiceWorkerContainer, desk: Desk) {
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
        let path = js_sys::Reflect::get(&message.data(), &SHOW.into());
        if let Some(path) = path.ok().and_then(|path| path.as_string()) {
            desk.go_path(&path);
        }
    });
    container.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
}

/// Only where pages come from a server: a window brings its files with it.
pub(crate) fn container() -> Option<ServiceWorkerContainer> {
    let is_served = browser::document().query_selector("meta[name=soko-worker]").is_ok_and(|it| it.is_some());
    let protocol = browser::window().location().protocol().ok()?;
    let found = js_sys::Reflect::get(&browser::window().navigator(), &"serviceWorker".into()).ok()?;
    let usable = is_served && protocol.starts_with("http") && !found.is_undefined();
    usable.then(|| found.unchecked_into())
}

async fn register(
    container: &ServiceWorkerContainer,
    offer: Callback<ServiceWorker>,
    taken: Callback<()>,
) -> Result<(), JsValue> {
    let had_one = container.controller().is_some();
    let on_change = Closure::<dyn Fn()>::new(move || {
        // The first one takes over a page that already has its files; a later one was asked for, here or elsewhere.
        if had_one {
            taken.emit(());
        }
    });
    container.set_oncontrollerchange(Some(on_change.as_ref().unchecked_ref()));
    on_change.forget();
    let registration: ServiceWorkerRegistration =
        JsFuture::from(container.register(SCRIPT)).await?.unchecked_into();
    if let Some(waiting) = registration.waiting().filter(|_| had_one) {
        offer.emit(waiting);
    }
    // On a slow line it was found before anybody listened here, and is still on its way.
    if let Some(installing) = registration.installing().filter(|_| had_one) {
        offer_when_installed(&installing, container, &offer);
    }
    let (found_in, container) = (registration.clone(), container.clone());
    let on_found = Closure::<dyn Fn()>::new(move || {
        if let Some(installing) = found_in.installing() {
            offer_when_installed(&installing, &container, &offer);
        }
    });
    registration.set_onupdatefound(Some(on_found.as_ref().unchecked_ref()));
    on_found.forget();
    wasm_bindgen_futures::spawn_local(look_for_later(registration));
    Ok(())
}

/// A till stays open for weeks, and a browser looks only when a page is opened.
async fn look_for_later(registration: ServiceWorkerRegistration) {
    loop {
        time::sleep(LOOK_EVERY_MS).await;
        // Without a network there is nothing to find; it looks again.
        if let Ok(looked) = registration.update() {
            let _ = JsFuture::from(looked).await;
        }
    }
}

fn offer_when_installed(
    installing: &ServiceWorker,
    container: &ServiceWorkerContainer,
    offer: &Callback<ServiceWorker>,
) {
    let (new, container, offer) = (installing.clone(), container.clone(), offer.clone());
    let on_state = Closure::<dyn Fn()>::new(move || {
        if new.state() == ServiceWorkerState::Installed && container.controller().is_some() {
            offer.emit(new.clone());
        }
    });
    installing.set_onstatechange(Some(on_state.as_ref().unchecked_ref()));
    on_state.forget();
}
