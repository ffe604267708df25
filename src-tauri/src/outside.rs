//! What the device's thread can do to the world: the page, the panel, the window.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use soko_app_api::{Answer, Told, Trust};
use tauri::{AppHandle, Manager as _};

use crate::page::Page;
use crate::paying::Payable;
use crate::routes;
use crate::window;
use crate::words::Language;

#[derive(Clone)]
pub(crate) struct Outside(pub(crate) AppHandle);

/// Kept in the program's state for as long as the door is open.
#[cfg(desktop)]
pub(crate) struct DoorKept(Mutex<Option<crate::door::Door>>);

#[cfg(desktop)]
impl DoorKept {
    pub(crate) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Outside {
    pub(crate) fn tell(&self, told: &Told) {
        self.0.state::<Page>().tell(told);
    }

    /// An answer of the device passed to the page: where an order is paid may be opened from now on.
    pub(crate) fn passed(&self, answer: &Answer, server: &str) {
        self.0.state::<Payable>().passed(answer, server);
    }

    /// Brings the window to the front with this screen.
    pub(crate) fn open(&self, path: String) {
        self.0.state::<Page>().show(path);
        window::to_front(&self.0);
    }

    /// A link from outside: shows what it names, or only the window.
    pub(crate) fn follow(&self, link: &str) {
        match routes::path_of_link(link) {
            Some(path) => self.open(path),
            None => window::to_front(&self.0),
        }
    }

    /// The device has this folder to itself: others may knock now.
    pub(crate) fn opened(&self, folder: &Path) {
        #[cfg(desktop)]
        {
            let outside = self.clone();
            match crate::door::Door::open(folder, move |link| outside.follow(link)) {
                Ok(door) => {
                    self.0.manage(DoorKept(Mutex::new(Some(door))));
                }
                Err(error) => tracing::warn!(%error, "a second window will be refused instead of led here"),
            }
        }
        #[cfg(mobile)]
        let _ = folder;
    }

    /// Somebody else has the folder. If it is a window that opened at the same moment, this one is not needed.
    pub(crate) fn busy(&self, folder: &Path) {
        #[cfg(desktop)]
        if crate::door::knock(folder, "") {
            self.0.exit(0);
        }
        #[cfg(mobile)]
        let _ = folder;
    }

    pub(crate) fn stands(&self, trust: Trust, language: Language) {
        #[cfg(desktop)]
        if let Some(tray) = self.0.try_state::<crate::tray::Tray>() {
            tray.show(&self.0, trust, language);
        }
        #[cfg(mobile)]
        let _ = (trust, language);
    }

    pub(crate) fn set_stays(&self, stays: bool) {
        #[cfg(desktop)]
        if let Some(tray) = self.0.try_state::<crate::tray::Tray>() {
            tray.set_stays(stays);
        }
        #[cfg(mobile)]
        let _ = stays;
    }
}
