//! The engine in a dedicated worker: `{id, bytes}` there and back, `{told}` in between. Which tab's worker holds
//! the store is the worker's affair. A worker that ends is replaced, and what it had not answered is sent again:
//! calls are repeatable by the ids inside them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use soko_app_api::{Answer, Call, Said, Told};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, VisibilityState, WorkerOptions, WorkerType};

use super::{Hear, Reads, Waiting, bytes, failed};
use crate::browser;

/// The note that this browser keeps something of its own. It outlives the files, if the browser clears them.
const HAS_OWN: &str = "soko-has-own";
/// In place of an answer, why there is none.
const FAILED: &str = "failed";
/// Nothing answers.
const BROKEN: &str = "link.broken";
/// A worker that ends this often before it answers anything will not get better.
const STARTS_MAX: u32 = 5;

pub(super) struct Worker(Rc<Shared>);

struct Shared {
    address: String,
    reads: Reads,
    worker: RefCell<Option<web_sys::Worker>>,
    open: RefCell<BTreeMap<u32, Open>>,
    hear: RefCell<Option<Hear>>,
    next_id: Cell<u32>,
    /// Since the last answer.
    starts: Cell<u32>,
    /// Why no worker answers any more, and none is begun.
    given_up: RefCell<Option<Said>>,
    on_failure: OnFailure,
}

/// Hears why there is no engine any more, once.
pub(super) type OnFailure = Rc<dyn Fn(Said)>;

/// A call without an answer.
struct Open {
    bytes: Uint8Array,
    /// How many workers ended over it.
    tries: u32,
    resolve: Function,
}

/// Whether this browser kept something of its own when it was last here.
pub(super) fn had_own() -> bool {
    browser::kept(HAS_OWN).is_some()
}

impl Worker {
    /// Starts the worker that the page names. None when the page names none or the browser cannot.
    pub(super) fn start(reads: Reads, on_failure: OnFailure) -> Option<Self> {
        let meta = browser::document().query_selector("meta[name=soko-worker]").ok()??;
        let address = meta.get_attribute("content").filter(|address| !address.is_empty())?;
        let shared = Rc::new(Shared {
            address,
            reads,
            worker: RefCell::default(),
            open: RefCell::default(),
            hear: RefCell::default(),
            next_id: Cell::new(1),
            starts: Cell::new(0),
            given_up: RefCell::default(),
            on_failure,
        });
        Shared::begin(&shared)?;
        say_when_seen(&shared);
        rest_while_aside(&shared);
        Some(Self(shared))
    }

    pub(super) fn listen(&self, hear: Hear) {
        *self.0.hear.borrow_mut() = Some(hear);
    }

    /// Nobody asks it any more.
    pub(super) fn end(&self) {
        self.0.rest();
        self.0.given_up.replace(Some(Said::keyed(BROKEN)));
    }

    pub(super) fn call(&self, call: &Call) -> Waiting {
        if let Some(said) = self.0.given_up.borrow().clone() {
            return Box::pin(async { Answer::Failed(said) });
        }
        let Some(bytes) = bytes::of_call(call) else { return Box::pin(async { failed("link.unreadable") }) };
        let id = self.0.next_id.get();
        self.0.next_id.set(id.wrapping_add(1));
        let shared = Rc::clone(&self.0);
        let answer = Promise::new(&mut |resolve: Function, _reject: Function| {
            shared.open.borrow_mut().insert(id, Open { bytes: bytes.clone(), tries: 0, resolve });
        });
        shared.send(id);
        let reads = self.0.reads;
        Box::pin(async move {
            match JsFuture::from(answer).await {
                Ok(message) => to_answer(&message, reads),
                Err(_) => failed(BROKEN),
            }
        })
    }
}

/// An answer, or what the worker itself has to say about why there is none.
fn to_answer(message: &JsValue, reads: Reads) -> Answer {
    match bytes::property(message, FAILED).as_string() {
        Some(text) => Answer::Failed(Said::from_text(&text).unwrap_or_default()),
        None => bytes::to_answer(&bytes::property(message, "bytes"), reads),
    }
}

/// A tab that nobody sees lets another one hold the store.
fn say_when_seen(shared: &Rc<Shared>) {
    let saying = Rc::clone(shared);
    on(&browser::document(), "visibilitychange", Closure::<dyn Fn()>::new(move || saying.say_whether_seen()));
}

/// A browser may put a page aside whole when it is left, and show it again later. Meanwhile it must not hold the
/// store, which the next page needs; afterwards it knows nothing of what happened in between.
fn rest_while_aside(shared: &Rc<Shared>) {
    let resting = Rc::clone(shared);
    on(&browser::window(), "pagehide", Closure::<dyn Fn()>::new(move || resting.rest()));
    let returning = Rc::clone(shared);
    on(&browser::window(), "pageshow", Closure::<dyn Fn()>::new(move || Shared::come_back(&returning)));
}

/// Listens as long as the page lives.
pub(super) fn on(target: &web_sys::EventTarget, name: &str, listener: Closure<dyn Fn()>) {
    if target.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref()).is_ok() {
        listener.forget();
    }
}

impl Shared {
    /// A new worker, with all that the last one left unanswered.
    fn begin(shared: &Rc<Self>) -> Option<()> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = web_sys::Worker::new_with_options(&shared.address, &options).ok()?;
        shared.starts.set(shared.starts.get() + 1);
        let taking = Rc::clone(shared);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            Self::take(&taking, &message.data());
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        // Its script did not even load: there is nothing to begin again.
        let failing = Rc::clone(shared);
        let on_error = Closure::<dyn Fn(web_sys::Event)>::new(move |_| failing.give_up(Said::keyed(BROKEN)));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_error.forget();
        *shared.worker.borrow_mut() = Some(worker);
        // When this page was loaded: of two versions, the later page's goes on.
        let began = bytes::property(&bytes::property(&browser::window(), "performance"), "timeOrigin");
        shared.post(&[("hadOwn", had_own().into()), ("began", began)]);
        shared.say_whether_seen();
        let ids: Vec<u32> = shared.open.borrow().keys().copied().collect();
        ids.into_iter().for_each(|id| shared.send(id));
        Some(())
    }

    fn say_whether_seen(&self) {
        let visible = browser::document().visibility_state() == VisibilityState::Visible;
        self.post(&[("visible", visible.into())]);
    }

    fn send(&self, id: u32) {
        let message = self.open.borrow().get(&id).map(|open| (open.bytes.clone(), open.tries));
        if let Some((bytes, tries)) = message {
            self.post(&[("id", id.into()), ("bytes", bytes.into()), ("tries", tries.into())]);
        }
    }

    /// A worker that cannot be posted to has ended, and says so.
    fn post(&self, properties: &[(&str, JsValue)]) {
        let message = Object::new();
        let is_set = properties
            .iter()
            .all(|(name, value)| Reflect::set(&message, &(*name).into(), value).unwrap_or(false));
        if let Some(worker) = self.worker.borrow().as_ref().filter(|_| is_set) {
            let _ = worker.post_message(&message);
        }
    }

    fn take(shared: &Rc<Self>, message: &JsValue) {
        if let Some(id) = bytes::property(message, "id").as_f64() {
            shared.settle(id, message);
        } else if let Some(told) = bytes::to_message::<Told>(&bytes::property(message, "told")) {
            let hear = shared.hear.borrow().clone();
            hear.iter().for_each(|hear| hear(told.clone()));
        } else if bytes::property(message, "keepsOwn").is_truthy() {
            browser::keep(HAS_OWN, "yes");
            browser::ask_to_persist();
        } else if !bytes::property(message, "ended").is_undefined() {
            Self::begin_again(shared, &bytes::property(message, "broke"));
        } else if let Some(text) = bytes::property(message, "notBegun").as_string() {
            shared.give_up(Said::from_text(&text).unwrap_or_default());
        } else if bytes::property(message, "outdated").is_truthy() {
            browser::happen(super::OUTDATED);
        }
    }

    fn settle(&self, id: f64, message: &JsValue) {
        self.starts.set(0);
        let id = self.open.borrow().keys().copied().find(|open| f64::from(*open) == id);
        if let Some(open) = id.and_then(|id| self.open.borrow_mut().remove(&id)) {
            // A promise's own function cannot throw.
            let _ = open.resolve.call1(&JsValue::UNDEFINED, message);
        }
    }

    /// `broke` has the calls that the worker ended over; one that only let another tab lead says none.
    fn begin_again(shared: &Rc<Self>, broke: &JsValue) {
        if js_sys::Array::is_array(broke) {
            let broke: Vec<f64> = js_sys::Array::from(broke).iter().filter_map(|id| id.as_f64()).collect();
            for (id, open) in shared.open.borrow_mut().iter_mut() {
                open.tries += u32::from(broke.contains(&f64::from(*id)));
            }
        } else {
            shared.starts.set(0);
        }
        if shared.starts.get() >= STARTS_MAX || Self::begin(shared).is_none() {
            shared.give_up(Said::keyed(BROKEN));
        }
    }

    /// Ends the worker as the end of the page would: what it answered is in the files, the rest is sent again.
    fn rest(&self) {
        if let Some(worker) = self.worker.borrow_mut().take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
            self.starts.set(0);
        }
    }

    fn come_back(shared: &Rc<Self>) {
        // A page that is shown for the first time has its worker.
        if shared.worker.borrow().is_some() || shared.given_up.borrow().is_some() {
            return;
        }
        if Self::begin(shared).is_none() {
            return shared.give_up(Said::keyed(BROKEN));
        }
        let hear = shared.hear.borrow().clone();
        hear.iter().for_each(|hear| hear(Told::Everything));
    }

    fn give_up(&self, said: Said) {
        if self.given_up.borrow().is_some() {
            return;
        }
        let message = Object::new();
        // A new object takes every property.
        let _ = Reflect::set(&message, &FAILED.into(), &said.to_text().into());
        self.given_up.replace(Some(said.clone()));
        (self.on_failure)(said);
        let open = std::mem::take(&mut *self.open.borrow_mut());
        for open in open.into_values() {
            let _ = open.resolve.call1(&JsValue::UNDEFINED, &message);
        }
    }
}
