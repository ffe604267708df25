//! What the script sees: open, call, close. Calls and answers are bytes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Uint8Array};
use soko_app_api::{Answer, Call, DeviceReply, DeviceVerb, Told, decode, encode};
use soko_domain::ids::Hash;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::browser;
use crate::desk::Desk;
use crate::store::{self, Place};

const CLEARED: &str = "somebody cleared this site's data in the browser: what is shown is gone with this page; \
                       connect it so that it is sent, and do not close it before";
const LOST: &str = "this browser cleared what Soko kept here: stalls that were not connected are gone; sign in to \
                    get back those that were";

/// One engine, used by one tab's worker.
#[wasm_bindgen]
pub struct Shell(Rc<Inner>);

struct Inner {
    desk: RefCell<Option<Desk>>,
    place: Cell<Place>,
    was_empty: bool,
    warnings: RefCell<Vec<&'static str>>,
    tell: Function,
}

/// Opens the engine. `tell` gets the bytes of whatever happens by itself.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "the script reaches it")]
pub async fn open(tell: Function) -> Result<Shell, JsValue> {
    let store = store::open().await?;
    let place = store.place;
    let desk = Desk::open(store)?;
    let inner = Inner {
        place: Cell::new(place),
        was_empty: !desk.has_own(),
        desk: RefCell::new(Some(desk)),
        warnings: RefCell::default(),
        tell,
    };
    Ok(Shell(Rc::new(inner)))
}

#[wasm_bindgen]
impl Shell {
    /// Answers one call. What a command did is in the files when it does.
    pub async fn call(&self, bytes: Vec<u8>) -> Vec<u8> {
        let inner = Rc::clone(&self.0);
        let answer = match decode::<Call>(&bytes) {
            Ok(call) => inner.answer(call).await,
            Err(error) => Answer::Failed { sentence: error.to_string() },
        };
        encode(&answer).unwrap_or_default()
    }

    /// The page remembers that this browser kept data of its own. If there is none now, it was cleared.
    pub fn expect_own(&self) {
        if self.0.was_empty {
            self.0.warn(LOST);
        }
    }

    /// Whether there is something here that only this browser may have.
    pub fn has_own(&self) -> bool {
        self.0.desk.borrow().as_ref().is_some_and(Desk::has_own)
    }

    /// Closes the files in order.
    pub fn close(&self) {
        if let Some(desk) = self.0.desk.borrow_mut().take() {
            // The files are whole without it, too; the next start looks at them once more.
            let _ = desk.close();
        }
    }
}

impl Inner {
    async fn answer(&self, call: Call) -> Answer {
        let writes = matches!(call, Call::Do(_) | Call::Buy(_) | Call::Device(_) | Call::Keep { .. });
        let picture = picture_of(&call);
        let answer = match self.desk.borrow_mut().as_mut() {
            Some(desk) => desk.answer(call),
            None => Answer::Failed { sentence: "the program was closed: reload this page".into() },
        };
        self.pass_on();
        if let (Answer::Device(DeviceReply::Picture(hash)), Some(bytes)) = (&answer, picture) {
            keep_picture(*hash, bytes).await;
        }
        if writes {
            self.notice_clearing().await;
        }
        if let Answer::About(mut about) = answer {
            about.keeps.place = self.place.get().kept_in().await;
            if let Some((used, most)) = browser::room().await {
                about.keeps.used_bytes = Some(used);
                about.keeps.free_bytes = Some(most.saturating_sub(used));
            }
            about.warnings.extend(self.warnings.borrow().iter().map(ToString::to_string));
            return Answer::About(about);
        }
        answer
    }

    fn pass_on(&self) {
        let told = self.desk.borrow_mut().as_mut().map(Desk::told).unwrap_or_default();
        for one in &told {
            self.tell(one);
        }
    }

    fn tell(&self, told: &Told) {
        if let Ok(bytes) = encode(told) {
            // The script only posts it; what it throws is its own to report.
            let _ = self.tell.call1(&JsValue::UNDEFINED, &Uint8Array::from(bytes.as_slice()));
        }
    }

    fn warn(&self, sentence: &'static str) {
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&sentence) {
            warnings.push(sentence);
            drop(warnings);
            self.tell(&Told::Device);
        }
    }

    /// Files that were cleared while they are open can still be written, and are gone with the page.
    async fn notice_clearing(&self) {
        if self.place.get() == Place::Files && browser::folder_exists().await == Ok(false) {
            self.place.set(Place::Memory);
            self.warn(CLEARED);
        }
    }
}

fn picture_of(call: &Call) -> Option<Vec<u8>> {
    let Call::Device(command) = call else { return None };
    let DeviceVerb::PutPicture { bytes } = &command.verb else { return None };
    Some(bytes.clone())
}

/// Only a convenience: the device keeps the picture itself, and sends it.
async fn keep_picture(hash: Hash, mut bytes: Vec<u8>) {
    let kind = match bytes.as_slice() {
        [0x89, b'P', ..] => "image/png",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        _ => "image/jpeg",
    };
    let _ = browser::keep_picture(&format!("/pictures/{hash}"), kind, &mut bytes).await;
}
