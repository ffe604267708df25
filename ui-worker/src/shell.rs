//! What the script sees: open, call, close. Calls and answers are bytes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Uint8Array};
use soko_app_api::{
    Answer, BuyerQuery, BuyerView, Call, DeviceReply, DeviceVerb, Said, Saying, Told, Window, decode, encode,
};
use soko_device::{Device, Options, Parts, media_type};
use soko_domain::ids::Hash;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::browser;
use crate::host::BrowserHost;
use crate::store::{self, Place};

const CLEARED: &str = "this site's data was cleared while it was open";
const CLEARED_BEFORE: &str = "the browser cleared what was kept here";

/// One device, used by one tab's worker.
#[wasm_bindgen]
pub struct Shell(Rc<Inner>);

struct Inner {
    device: Rc<Device>,
    host: Rc<BrowserHost>,
    place: Rc<Cell<Place>>,
    was_empty: bool,
    has_own: Cell<bool>,
    warnings: RefCell<Vec<Said>>,
    tell: Function,
}

/// Opens the device. `tell` gets the bytes of whatever happens by itself.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "the script reaches it")]
pub async fn open(tell: Function) -> Result<Shell, JsValue> {
    let (place, pool) = store::prepare().await.map_err(|said| said.to_text())?;
    let place = Rc::new(Cell::new(place));
    let host = Rc::new(BrowserHost::new(Rc::clone(&place)));
    let options = Options { server: browser::origin(), ..Options::default() };
    let parts = Parts { host: Rc::<BrowserHost>::clone(&host), open: store::opener(pool), options };
    let device = Device::open(parts).map_err(|undone| undone.said().to_text())?;
    let has_own = has_own(&device).await;
    let telling = tell.clone();
    device.on_told(Box::new(move |bytes| tell_bytes(&telling, &bytes)));
    device.run();
    Ok(Shell(Rc::new(Inner {
        device,
        host,
        place,
        was_empty: !has_own,
        has_own: Cell::new(has_own),
        warnings: RefCell::default(),
        tell,
    })))
}

#[wasm_bindgen]
impl Shell {
    /// Answers one call. What a command did is in the files when it does.
    pub async fn call(&self, bytes: Vec<u8>) -> Vec<u8> {
        let inner = Rc::clone(&self.0);
        let answer = match decode::<Call>(&bytes) {
            Ok(call) => inner.answer(call).await,
            Err(error) => Answer::Failed(error.into()),
        };
        encode(&answer).unwrap_or_default()
    }

    /// The page remembers that this browser kept data of its own. If there is none now, it was cleared.
    pub fn expect_own(&self) {
        if self.0.was_empty {
            self.0.warn(Saying::ClearedBefore.plain(CLEARED_BEFORE));
        }
    }

    /// Whether there is something here that only this browser may have.
    pub fn has_own(&self) -> bool {
        self.0.has_own.get()
    }

    /// Closes the files in order.
    pub fn close(&self) {
        // The files are whole without it, too; the next start looks at them once more.
        let _ = self.0.device.close();
    }
}

impl Inner {
    async fn answer(&self, call: Call) -> Answer {
        let writes = matches!(call, Call::Do(_) | Call::Buy(_) | Call::Device(_) | Call::Keep { .. });
        let picture = picture_of(&call);
        if matches!(call, Call::About) {
            self.host.look().await;
        }
        let answer = self.device.answer(call).await;
        if let (Answer::Device(DeviceReply::Picture(hash)), Some(bytes)) = (&answer, picture) {
            keep_picture(*hash, bytes).await;
        }
        if writes {
            self.notice_clearing().await;
            self.has_own.set(self.has_own.get() || has_own(&self.device).await);
        }
        if let Answer::About(mut about) = answer {
            about.warnings.extend(self.warnings.borrow().iter().cloned());
            return Answer::About(about);
        }
        answer
    }

    fn warn(&self, said: Said) {
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&said) {
            warnings.push(said);
            drop(warnings);
            let told = encode(&Told::Device).unwrap_or_default();
            tell_bytes(&self.tell, &told);
        }
    }

    /// Files that were cleared while they are open can still be written, and are gone with the page.
    async fn notice_clearing(&self) {
        let Place::Files(folder) = self.place.get() else { return };
        if browser::folder_exists(folder).await == Ok(false) {
            self.place.set(Place::Memory);
            self.warn(Saying::Cleared.plain(CLEARED));
        }
    }
}

/// A stall or an order. Baskets are soon filled again.
async fn has_own(device: &Device) -> bool {
    if device.engine().is_ok_and(|engine| !engine.stalls().is_empty()) {
        return true;
    }
    let orders = device.answer(Call::Buyer(BuyerQuery::Orders { window: Window::first(1) })).await;
    matches!(orders, Answer::Buyer(BuyerView::Orders(orders)) if !orders.is_empty())
}

fn tell_bytes(tell: &Function, bytes: &[u8]) {
    // The script only posts it; what it throws is its own to report.
    let _ = tell.call1(&JsValue::UNDEFINED, &Uint8Array::from(bytes));
}

fn picture_of(call: &Call) -> Option<Vec<u8>> {
    let Call::Device(command) = call else { return None };
    let DeviceVerb::PutPicture { bytes } = &command.verb else { return None };
    Some(bytes.clone())
}

/// Only a convenience: the device keeps the picture itself, and sends it.
async fn keep_picture(hash: Hash, mut bytes: Vec<u8>) {
    if let Some(kind) = media_type(&bytes) {
        let _ = browser::keep_picture(&format!("/pictures/{hash}"), kind, &mut bytes).await;
    }
}
