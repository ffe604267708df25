//! The one line to whatever answers: an engine behind a window, an engine in a browser's worker, or a server
//! during a first visit. The screens know nothing else. Nothing here decides or remembers, except `upgrade`, which
//! keeps a basket until there is an engine to put it into.

mod bytes;
mod http;
mod tauri;
mod upgrade;
mod worker;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use soko_app_api::{Answer, Call, CodecError, Said, Told};
use soko_domain::ids::Hash;

/// An answer on its way.
pub type Waiting = Pin<Box<dyn Future<Output = Answer>>>;

/// How a program reads an answer: what it never asks for it need not be able to read.
pub type Reads = fn(&[u8]) -> Result<Answer, CodecError>;

/// What is told is heard by one listener, which passes it on.
pub type Hear = Rc<dyn Fn(Told)>;

/// Happens to the window when another tab has a later version: nothing is answered here any more.
pub(crate) const OUTDATED: &str = "soko-outdated";

pub trait Link {
    fn call(&self, call: Call) -> Waiting;

    /// From now on, everything told and every change of the standing goes to `hear`.
    fn listen(&self, hear: Hear);

    /// Where a picture is shown from.
    fn picture(&self, picture: &Hash) -> String;

    fn standing(&self) -> Standing;
}

/// What stands at the other end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// A server; the engine is being made ready meanwhile.
    GettingReady,
    /// A server, and there will be no engine: the browser keeps nothing.
    OnlineOnly,
    /// A server, and no engine, although something is kept here: it is out of sight, and not gone.
    NotOpened,
    /// An engine.
    Engine,
}

/// The link of the shell that the page runs in.
pub fn choose(reads: Reads) -> Rc<dyn Link> {
    match tauri::Tauri::find(reads) {
        Some(tauri) => Rc::new(tauri),
        None => Rc::new(upgrade::Upgrade::new(reads)),
    }
}

/// An answer for what could not be tried, by a key of `i18n`.
fn failed(key: &str) -> Answer {
    Answer::Failed(Said::keyed(key))
}
