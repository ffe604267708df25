//! Short news at the edge of the screen, some with a way back. It goes by itself, but not from under somebody's hand; an
//! error stays until it is read.

use yew::prelude::*;

use crate::browser::time;
use crate::watched::Watched;

const SHOWN_MS: i32 = 6000;
/// More would hide the screen; the oldest goes.
const TOASTS_MAX: usize = 3;

#[derive(Clone, PartialEq)]
pub struct Toast {
    pub id: u32,
    pub tone: Tone,
    pub text: AttrValue,
    pub action: Option<(AttrValue, Callback<()>)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    Done,
    News,
    Error,
}

#[derive(Clone)]
pub struct Toasts {
    pub shown: Watched<Vec<Toast>>,
    next: Watched<u32>,
    /// The one under a pointer or with the focus.
    held: Watched<Option<u32>>,
}

impl Default for Toasts {
    fn default() -> Self {
        Self { shown: Watched::new(Vec::new()), next: Watched::new(1), held: Watched::new(None) }
    }
}

impl Toasts {
    pub fn done(&self, text: impl Into<AttrValue>) {
        self.show(Tone::Done, text.into(), None);
    }

    pub fn error(&self, text: impl Into<AttrValue>) {
        self.show(Tone::Error, text.into(), None);
    }

    /// News with one thing to do about it.
    pub fn offer(&self, text: impl Into<AttrValue>, label: impl Into<AttrValue>, action: Callback<()>) {
        self.show(Tone::News, text.into(), Some((label.into(), action)));
    }

    /// News with one thing to do about it, whenever there is time: it stays.
    pub fn suggest(&self, text: impl Into<AttrValue>, label: impl Into<AttrValue>, action: Callback<()>) {
        self.put(Tone::News, text.into(), Some((label.into(), action)));
    }

    pub fn dismiss(&self, id: u32) {
        self.shown.change(|shown| shown.retain(|toast| toast.id != id));
    }

    /// Stays as long as somebody is at it.
    pub fn hold(&self, id: u32, is_held: bool) {
        if is_held {
            self.held.set(Some(id));
        } else if self.held.get() == Some(id) {
            self.held.set(None);
        }
    }

    /// What went wrong before is past: it was done after all.
    pub fn forget_errors(&self) {
        self.shown.change(|shown| shown.retain(|toast| toast.tone != Tone::Error));
    }

    fn show(&self, tone: Tone, text: AttrValue, action: Option<(AttrValue, Callback<()>)>) {
        let id = self.put(tone, text, action);
        if tone == Tone::Error {
            return;
        }
        let toasts = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            time::sleep(SHOWN_MS).await;
            while toasts.held.get() == Some(id) {
                time::sleep(SHOWN_MS).await;
            }
            toasts.dismiss(id);
        });
    }

    fn put(&self, tone: Tone, text: AttrValue, action: Option<(AttrValue, Callback<()>)>) -> u32 {
        let id = self.next.get();
        self.next.set(id.wrapping_add(1));
        self.shown.change(|shown| {
            // What was done before is old news by now.
            shown.retain(|toast| toast.text != text && (toast.tone, tone) != (Tone::Done, Tone::Done));
            shown.push(Toast { id, tone, text, action });
            let over = shown.len().saturating_sub(TOASTS_MAX);
            shown.drain(..over);
        });
        id
    }
}
