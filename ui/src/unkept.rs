//! Says when a browser could not keep the app's own files: without them a page opens only with a connection, and whoever
//! goes to a market should know that before.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState};
use yew::prelude::*;

use crate::browser::time;
use crate::desk::use_desk;
use crate::speech::use_speech;
use crate::update::{REGISTER_AFTER_MS, SCRIPT, container};

#[component]
pub fn Unkept() -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    use_effect_with((), move |()| {
        let tell = Callback::from(move |()| desk.toasts.error(speech.say("update.unkept")));
        wasm_bindgen_futures::spawn_local(async move {
            let Some(container) = container() else { return };
            time::sleep(REGISTER_AFTER_MS).await;
            // A browser that has no workers for this page is told of elsewhere.
            let _ = tell_when_given_up(&container, tell).await;
        });
    });
    Html::default()
}

/// Asking twice for one worker is asking once.
async fn tell_when_given_up(container: &ServiceWorkerContainer, tell: Callback<()>) -> Result<(), JsValue> {
    let registration: ServiceWorkerRegistration =
        JsFuture::from(container.register(SCRIPT)).await?.unchecked_into();
    if registration.active().is_some() || registration.waiting().is_some() {
        return Ok(());
    }
    let Some(first) = registration.installing() else {
        // It has given up by now.
        tell.emit(());
        return Ok(());
    };
    let installing: ServiceWorker = first.clone();
    let on_state = Closure::<dyn Fn()>::new(move || {
        if installing.state() == ServiceWorkerState::Redundant && registration.active().is_none() {
            tell.emit(());
        }
    });
    // Beside whoever waits for a next version of the same worker.
    first.add_event_listener_with_callback("statechange", on_state.as_ref().unchecked_ref())?;
    on_state.forget();
    Ok(())
}
