//! Short news at the edge of the screen, some with a way back. It goes by itself, but not from under somebody's hand; an
//! error stays until it is read.

use yew::prelude::*;

use crate::browser::time;
use crate::watched::Watched;

const SHOWN_MS: i32 = 6000;
/// More would hide the screen: the oldest that goes by itself goes, and what stays waits behind the others.
const TOASTS_MAX: usize = 3;

#[derive(Clone, PartialEq)]
pub struct Toast {
    pub id: u32,
    pub tone: Tone,
    pub text: AttrValue,
    pub action: Option<(AttrValue, Callback<()>)>,
    /// Until somebody put it aside.
    pub stays: bool,
}

/// The newest, as many as the screen has room for.
pub fn on_screen(shown: &[Toast]) -> &[Toast] {
    shown.get(shown.len().saturating_sub(TOASTS_MAX)..).unwrap_or(shown)
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
        self.put(Toast {
            id: 0,
            tone: Tone::News,
            text: text.into(),
            action: Some((label.into(), action)),
            stays: true,
        });
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
        let stays = tone == Tone::Error;
        let id = self.put(Toast { id: 0, tone, text, action, stays });
        if stays {
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

    /// Under a number of its own.
    fn put(&self, toast: Toast) -> u32 {
        let id = self.next.get();
        self.next.set(id.wrapping_add(1));
        self.shown.change(|shown| {
            // What was done before is old news by now.
            let is_old = |other: &Toast| {
                other.text == toast.text || (other.tone, toast.tone) == (Tone::Done, Tone::Done)
            };
            shown.retain(|other| !is_old(other));
            // An error that nobody read is not pushed out by what came after it.
            while shown.len() >= TOASTS_MAX
                && let Some(at) = shown.iter().position(|other| !other.stays)
            {
                shown.remove(at);
            }
            shown.push(Toast { id, ..toast });
        });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(shown: &[Toast]) -> Vec<&str> {
        shown.iter().map(|toast| toast.text.as_str()).collect()
    }

    #[test]
    fn an_error_is_not_pushed_out_by_what_came_after_it() {
        let toasts = Toasts::default();
        let put = |tone, text: &'static str| {
            let stays = tone == Tone::Error;
            toasts.put(Toast { id: 0, tone, text: text.into(), action: None, stays })
        };
        let first = put(Tone::Error, "the printer is away");
        for text in ["saved", "an order came", "another order came", "a third order came"] {
            put(if text == "saved" { Tone::Done } else { Tone::News }, text);
        }
        assert_eq!(
            texts(&toasts.shown.get()),
            ["the printer is away", "another order came", "a third order came"]
        );
        for text in ["no room", "no server", "no drawer"] {
            put(Tone::Error, text);
        }
        assert_eq!(texts(on_screen(&toasts.shown.get())), ["no room", "no server", "no drawer"]);
        toasts.dismiss(first + 5);
        assert_eq!(texts(on_screen(&toasts.shown.get())), ["the printer is away", "no server", "no drawer"]);
    }
}
