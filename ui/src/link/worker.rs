//! The engine in a dedicated worker: `{id, bytes}` there and back, `{told}` in between. Which tab's worker holds
//! the store is the worker's affair.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect};
use soko_app_api::{Answer, Call, Told};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, WorkerOptions, WorkerType};

use super::{Hear, Waiting, bytes, failed};

pub(super) struct Worker {
    worker: web_sys::Worker,
    shared: Rc<Shared>,
    next_id: Cell<u32>,
}

#[derive(Default)]
struct Shared {
    open: RefCell<BTreeMap<u32, Function>>,
    hear: RefCell<Option<Hear>>,
}

impl Worker {
    /// Starts the worker that the page names. None when the page names none or the browser cannot.
    pub(super) fn start(on_failure: Rc<dyn Fn()>) -> Option<Self> {
        let meta = crate::browser::document().query_selector("meta[name=soko-worker]").ok()??;
        let address = meta.get_attribute("content").filter(|address| !address.is_empty())?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = web_sys::Worker::new_with_options(&address, &options).ok()?;
        let shared = Rc::new(Shared::default());

        let heard = Rc::clone(&shared);
        let failing = Rc::clone(&on_failure);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            if heard.take(&message.data()) == Taken::Failed {
                failing();
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();

        let on_error = Closure::<dyn Fn(web_sys::Event)>::new(move |_| on_failure());
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_error.forget();
        Some(Self { worker, shared, next_id: Cell::new(1) })
    }

    pub(super) fn listen(&self, hear: Hear) {
        *self.shared.hear.borrow_mut() = Some(hear);
    }

    pub(super) fn call(&self, call: &Call) -> Waiting {
        let Some(bytes) = bytes::of_call(call) else { return Box::pin(async { failed("link.unreadable") }) };
        let id = self.next_id.get();
        self.next_id.set(id.wrapping_add(1));
        let shared = Rc::clone(&self.shared);
        let answer = Promise::new(&mut |resolve: Function, _reject: Function| {
            shared.open.borrow_mut().insert(id, resolve);
        });
        let message = Object::new();
        let is_posted = Reflect::set(&message, &"id".into(), &id.into()).is_ok()
            && Reflect::set(&message, &"bytes".into(), &bytes).is_ok()
            && self.worker.post_message(&message).is_ok();
        if !is_posted {
            self.shared.open.borrow_mut().remove(&id);
            return Box::pin(async { failed("link.broken") });
        }
        Box::pin(async move { to_answer(JsFuture::from(answer).await) })
    }
}

fn to_answer(value: Result<JsValue, JsValue>) -> Answer {
    value.map_or_else(|_| failed("link.broken"), |value| bytes::to_answer(&value))
}

#[derive(PartialEq, Eq)]
enum Taken {
    Yes,
    /// The worker says that it cannot go on.
    Failed,
}

impl Shared {
    fn take(&self, message: &JsValue) -> Taken {
        if let Some(id) = bytes::property(message, "id").as_f64() {
            let resolve = self
                .open
                .borrow_mut()
                .iter()
                .find(|(open, _)| f64::from(**open) == id)
                .map(|(open, _)| *open);
            if let Some(resolve) = resolve.and_then(|id| self.open.borrow_mut().remove(&id)) {
                // A promise's own function cannot throw.
                let _ = resolve.call1(&JsValue::UNDEFINED, &bytes::property(message, "bytes"));
            }
        } else if let Some(told) = bytes::to_message::<Told>(&bytes::property(message, "told")) {
            let hear = self.hear.borrow().clone();
            if let Some(hear) = hear {
                hear(told);
            }
        } else if !bytes::property(message, "failed").is_undefined() {
            return Taken::Failed;
        }
        Taken::Yes
    }
}
