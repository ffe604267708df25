//! The page in the window, as the rest of the program sees it: something to tell, and maybe to tell later.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use soko_app_api::{Told, encode};
use tauri::ipc::{Channel, InvokeResponseBody};

/// Tells the page what happened. A page that was reloaded listens anew; what it missed it asks for anyway, except
/// which screen it should show.
#[derive(Clone, Default)]
pub(crate) struct Page(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    listening: Option<Channel<InvokeResponseBody>>,
    /// The screen to show as soon as somebody listens.
    wanted: Option<String>,
}

impl Page {
    /// The page listens from now on, instead of one before it.
    pub(crate) fn listen(&self, channel: Channel<InvokeResponseBody>) {
        let wanted = {
            let mut state = self.state();
            state.listening = Some(channel);
            state.wanted.take()
        };
        if let Some(path) = wanted {
            self.tell(&Told::Show { path });
        }
    }

    /// What is to be shown waits for the next one that listens.
    pub(crate) fn begins_again(&self) {
        self.state().listening = None;
    }

    pub(crate) fn tell(&self, told: &Told) {
        match encode(told) {
            Ok(bytes) => {
                self.send(bytes);
            }
            Err(error) => tracing::error!(%error, "something that happened cannot be told to the page"),
        }
    }

    /// Shows this screen, now or when the page is there.
    pub(crate) fn show(&self, path: String) {
        let is_told = encode(&Told::Show { path: path.clone() }).is_ok_and(|bytes| self.send(bytes));
        if !is_told {
            self.state().wanted = Some(path);
        }
    }

    fn send(&self, bytes: Vec<u8>) -> bool {
        let channel = self.state().listening.clone();
        channel.is_some_and(|channel| channel.send(InvokeResponseBody::Raw(bytes)).is_ok())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked with the lock left a whole state behind: each change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use soko_app_api::decode;

    use super::*;

    fn listen(page: &Page) -> mpsc::Receiver<Told> {
        let (tell, told) = mpsc::channel();
        page.listen(Channel::new(move |body| {
            let InvokeResponseBody::Raw(bytes) = body else { panic!("only bytes are told") };
            tell.send(decode(&bytes).unwrap()).unwrap();
            Ok(())
        }));
        told
    }

    #[test]
    fn the_page_hears_what_happens_while_it_listens() {
        let page = Page::default();
        page.tell(&Told::Device);
        let told = listen(&page);
        page.tell(&Told::Buyer);
        assert_eq!(told.try_recv(), Ok(Told::Buyer));
        assert!(told.try_recv().is_err());
        let after_reload = listen(&page);
        page.tell(&Told::Device);
        assert_eq!(after_reload.try_recv(), Ok(Told::Device));
        assert!(told.try_recv().is_err(), "the page before it is gone");
    }

    #[test]
    fn a_wanted_screen_waits_for_the_page() {
        let page = Page::default();
        page.show("/sell".into());
        page.show("/orders".into());
        let told = listen(&page);
        assert_eq!(told.try_recv(), Ok(Told::Show { path: "/orders".into() }), "the last wish counts");
        assert!(told.try_recv().is_err());
        page.show("/sell".into());
        assert_eq!(told.try_recv(), Ok(Told::Show { path: "/sell".into() }));
        assert!(listen(&page).try_recv().is_err(), "it was shown already");
    }
}
