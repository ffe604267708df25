//! What the device asks of the browser: time, waiting, tasks, randomness, and how sure the storage is.

use std::cell::Cell;
use std::rc::Rc;

use soko_app_api::{Keeps, KeptIn};
use soko_device::{Host, Work};
use soko_engine::{Entropy, Now};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::browser;
use crate::store::Place;

pub(crate) struct BrowserHost {
    place: Rc<Cell<Place>>,
    keeps: Cell<Keeping>,
}

/// What the browser said when it was last asked. It answers late, and the device asks at once.
#[derive(Clone, Copy, Default)]
struct Keeping {
    promised: bool,
    used_bytes: Option<u64>,
    free_bytes: Option<u64>,
}

impl BrowserHost {
    pub(crate) fn new(place: Rc<Cell<Place>>) -> Self {
        Self { place, keeps: Cell::default() }
    }

    /// Asks the browser anew, before somebody looks.
    pub(crate) async fn look(&self) {
        let room = browser::room().await;
        self.keeps.set(Keeping {
            promised: browser::promised_to_keep().await,
            used_bytes: room.map(|(used, _)| used),
            free_bytes: room.map(|(used, most)| most.saturating_sub(used)),
        });
    }
}

impl Host for BrowserHost {
    fn now(&self) -> Now {
        browser::now()
    }

    fn clock_ms(&self) -> u64 {
        browser::clock_ms()
    }

    fn sleep(&self, ms: u64) -> Work {
        let wait_ms = i32::try_from(ms).unwrap_or(i32::MAX);
        Box::pin(async move {
            // The promise is only ever resolved.
            let _ = JsFuture::from(browser::pause(wait_ms)).await;
        })
    }

    fn spawn(&self, work: Work) {
        spawn_local(work);
    }

    fn fill(&self, bytes: &mut [u8]) {
        BrowserEntropy.fill(bytes);
    }

    fn keeps(&self) -> Keeps {
        let Keeping { promised, used_bytes, free_bytes } = self.keeps.get();
        let place = match self.place.get() {
            Place::Memory => KeptIn::Memory,
            Place::Files(_) if promised => KeptIn::Browser,
            Place::Files(_) => KeptIn::BrowserMayClear,
        };
        Keeps { place, used_bytes, free_bytes }
    }
}

pub(crate) struct BrowserEntropy;

impl Entropy for BrowserEntropy {
    #[expect(clippy::expect_used, reason = "without randomness no key may be made; the shell starts again")]
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the browser gives no randomness");
    }
}
