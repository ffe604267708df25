//! A picture taken with the camera of this device: on a phone the picture of a file comes from there, too; a laptop has no other way.

use std::rc::Rc;

use web_sys::HtmlVideoElement;
use yew::prelude::*;

use crate::browser::camera::{self, Camera, NoCamera};
use crate::parts::{Icon, Problem, icon};
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub(super) struct TakeProps {
    /// What was seen, made small; none where it could not be read.
    pub on_taken: Callback<Option<Vec<u8>>>,
    pub is_busy: UseStateHandle<bool>,
}

/// A button, and the place where the camera looks; nothing where no page may ask for a camera.
#[component]
pub(super) fn TakePicture(props: &TakeProps) -> Html {
    let speech = use_speech();
    let is_open = use_state_eq(|| false);
    if !camera::may_ask() {
        return Html::default();
    }
    let toggle = {
        let is_open = is_open.clone();
        Callback::from(move |_: MouseEvent| is_open.set(!*is_open))
    };
    let on_taken = {
        let is_open = is_open.setter();
        props.on_taken.reform(move |taken| {
            is_open.set(false);
            taken
        })
    };
    let key = if *is_open { "scan.camera-close" } else { "picture.take" };
    html! {
        <>
            <button type="button" class="button" onclick={toggle} disabled={*props.is_busy}>
                { icon(if *is_open { Icon::Cross } else { Icon::Camera }) }{ speech.say(key) }
            </button>
            if *is_open { <Viewing {on_taken} is_busy={props.is_busy.clone()} /> }
        </>
    }
}

#[component]
fn Viewing(props: &TakeProps) -> Html {
    let (speech, node) = (use_speech(), use_node_ref());
    let trouble = use_state_eq(|| None::<NoCamera>);
    let is_seeing = use_state_eq(|| false);
    let (camera, is_left) = (use_mut_ref(|| None::<Camera>), use_mut_ref(|| false));
    {
        let (node, seeing, trouble) = (node.clone(), is_seeing.setter(), trouble.setter());
        use_effect_with((), move |()| {
            let (shown, left) = (Rc::clone(&camera), Rc::clone(&is_left));
            if let Some(video) = node.cast::<HtmlVideoElement>() {
                wasm_bindgen_futures::spawn_local(async move {
                    match Camera::show(video).await {
                        Err(why) => trouble.set(Some(why)),
                        // It is let go at once where nobody looks any more.
                        Ok(_) if *is_left.borrow() => {}
                        Ok(shows) => {
                            camera.replace(Some(shows));
                            seeing.set(true);
                        }
                    }
                });
            }
            move || {
                left.replace(true);
                shown.replace(None);
            }
        });
    }
    let take = {
        let (node, busy, on_taken) = (node.clone(), props.is_busy.setter(), props.on_taken.clone());
        Callback::from(move |_: MouseEvent| {
            let Some(video) = node.cast::<HtmlVideoElement>() else { return };
            let on_taken = on_taken.clone();
            busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                on_taken.emit(crate::browser::picture::seen(&video).await);
            });
        })
    };
    match *trouble {
        Some(NoCamera::Forbidden) => return html! { <Problem text={speech.say("scan.camera-forbidden")} /> },
        Some(NoCamera::None) => return html! { <Problem text={speech.say("scan.camera-none")} /> },
        None => {}
    }
    html! {
        <div class="camera">
            <video ref={node} muted=true playsinline=true aria-label={speech.say("scan.camera-view")}></video>
            <button type="button" class="button button-main" onclick={take} disabled={!*is_seeing || *props.is_busy}>
                { speech.say("picture.shoot") }
            </button>
        </div>
    }
}
