//! Reading codes with the camera, where there is no scanner: what it reads goes the same way.

use std::cell::Cell;
use std::rc::Rc;

use soko_app_api::{Answer, Call};
use web_sys::HtmlVideoElement;
use yew::prelude::*;

use crate::browser::camera::{self, Camera, Frame, NoCamera};
use crate::browser::time;
use crate::desk::{Desk, use_desk};
use crate::parts::{Icon, Problem, SearchBox, icon};
use crate::speech::use_speech;

const LOOK_EVERY_MS: i32 = 120;
/// The same code counts again when it was out of sight for so long.
const AGAIN_MS: i64 = 1_500;

/// A button that opens it, and the place where it looks; nothing where no page may ask for a camera.
#[hook]
pub(crate) fn use_camera() -> (Html, Html) {
    let speech = use_speech();
    let is_open = use_state_eq(|| false);
    if !camera::may_ask() {
        return (Html::default(), Html::default());
    }
    let onclick = {
        let is_open = is_open.clone();
        Callback::from(move |_: MouseEvent| is_open.set(!*is_open))
    };
    let key = if *is_open { "scan.camera-close" } else { "scan.camera" };
    let button = html! {
        <button type="button" class="button-icon" {onclick} aria-label={speech.say(key)} title={speech.say(key)}>
            { icon(if *is_open { Icon::Cross } else { Icon::Camera }) }
        </button>
    };
    (
        button,
        if *is_open {
            html! { <Looking /> }
        } else {
            Html::default()
        },
    )
}

#[derive(Properties, PartialEq)]
pub(super) struct CameraSearchProps {
    pub label: AttrValue,
    pub value: AttrValue,
    pub on_input: Callback<String>,
}

/// A search field with the camera beside it.
#[component]
pub(super) fn CameraSearch(props: &CameraSearchProps) -> Html {
    let (camera, looking) = use_camera();
    html! {
        <>
            <div class="sell-tools">
                <SearchBox label={props.label.clone()} value={props.value.clone()} on_input={props.on_input.clone()} />
                { camera }
            </div>
            { looking }
        </>
    }
}

/// What became of looking so far.
#[derive(Clone, PartialEq, Eq)]
enum Seen {
    Nothing,
    Code(String),
    NoCamera(NoCamera),
}

#[component]
fn Looking() -> Html {
    let (desk, speech, node) = (use_desk(), use_speech(), use_node_ref());
    let seen = use_state_eq(|| Seen::Nothing);
    {
        let (node, set) = (node.clone(), seen.setter());
        use_effect_with((), move |()| {
            let is_shown = Rc::new(Cell::new(true));
            if let Some(video) = node.cast::<HtmlVideoElement>() {
                wasm_bindgen_futures::spawn_local(look(desk, video, Rc::clone(&is_shown), set));
            }
            move || is_shown.set(false)
        });
    }
    let hint = match &*seen {
        Seen::Nothing => speech.say("scan.camera-hint"),
        Seen::Code(code) => speech.fill("scan.camera-read", &[("code", code)]),
        Seen::NoCamera(NoCamera::Forbidden) => {
            return html! { <Problem text={speech.say("scan.camera-forbidden")} /> };
        }
        Seen::NoCamera(NoCamera::None) => return html! { <Problem text={speech.say("scan.camera-none")} /> },
    };
    html! {
        <div class="camera">
            <video ref={node} muted=true playsinline=true aria-label={speech.say("scan.camera-view")}></video>
            <p role="status">{ hint }</p>
        </div>
    }
}

async fn look(desk: Desk, video: HtmlVideoElement, is_shown: Rc<Cell<bool>>, set: UseStateSetter<Seen>) {
    let camera = match Camera::show(video).await {
        Ok(camera) => camera,
        Err(why) => return set.set(Seen::NoCamera(why)),
    };
    let mut last: Option<(String, i64)> = None;
    while is_shown.get() {
        if let Some(code) = read(&desk, camera.look()).await {
            let now_ms = time::now_ms();
            let is_same =
                last.as_ref().is_some_and(|(known, at_ms)| *known == code && now_ms - at_ms < AGAIN_MS);
            last = Some((code.clone(), now_ms));
            if !is_same && is_shown.get() {
                desk.scans.tell(&code);
                set.set(Seen::Code(code));
            }
        }
        time::sleep(LOOK_EVERY_MS).await;
    }
}

async fn read(desk: &Desk, frame: Option<Frame>) -> Option<String> {
    let Frame { width, height, shades } = frame?;
    let answer = desk.call(Call::ReadCode { width, height, shades }).await;
    if let Answer::Code(code) = answer { code } else { None }
}
