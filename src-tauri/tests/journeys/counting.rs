//! A notification daemon that shows nothing and notes what it was asked, in order. As GNOME's does, it may let only the connection
//! that showed something put another in its place.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::runtime::Runtime;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::OwnedValue;

use crate::stage::{Stage, until};

const CLOSED_BY_CALL: u32 = 3;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Heard {
    /// Under which number, and in the place of which one; of none it is 0.
    Shown {
        id: u32,
        instead_of: u32,
        title: String,
    },
    Closed(u32),
}

pub(crate) struct Daemon {
    heard: Arc<Mutex<Vec<(Instant, Heard)>>>,
    _runtime: Runtime,
    _connection: zbus::Connection,
}

impl Daemon {
    pub(crate) fn on(stage: &Stage) -> Self {
        Self::start(stage, false)
    }

    /// What a connection showed only that connection replaces.
    pub(crate) fn strict_on(stage: &Stage) -> Self {
        Self::start(stage, true)
    }

    fn start(stage: &Stage, is_strict: bool) -> Self {
        let heard = Arc::<Mutex<Vec<(Instant, Heard)>>>::default();
        let runtime = Runtime::new().unwrap();
        let notes = Notes { heard: Arc::clone(&heard), is_strict, senders: Vec::new() };
        let connection = runtime.block_on(async {
            let builder = zbus::connection::Builder::address(stage.bus.as_str())?;
            let builder = builder.serve_at("/org/freedesktop/Notifications", notes)?;
            builder.name("org.freedesktop.Notifications")?.build().await
        });
        Self { heard, _runtime: runtime, _connection: connection.unwrap() }
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().iter().map(|(_, heard)| heard.clone()).collect()
    }

    /// When it heard the first, the second and so on.
    pub(crate) fn shown_at(&self, nth: usize) -> Instant {
        self.heard.lock().unwrap()[nth].0
    }

    /// Once it has heard so much.
    pub(crate) fn until(&self, what: &str, is_enough: impl Fn(&[Heard]) -> bool) -> Vec<Heard> {
        until(&format!("{what}; heard: {:?}", self.heard()), || {
            Some(self.heard()).filter(|heard| is_enough(heard))
        })
    }
}

struct Notes {
    heard: Arc<Mutex<Vec<(Instant, Heard)>>>,
    is_strict: bool,
    /// Who showed each, by its number from 1 on.
    senders: Vec<String>,
}

impl Notes {
    fn note(&self, heard: Heard) {
        self.heard.lock().unwrap().push((Instant::now(), heard));
    }
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notes {
    #[expect(clippy::too_many_arguments, reason = "so it is called")]
    fn notify(
        &mut self,
        _app: String,
        instead_of: u32,
        _icon: String,
        title: String,
        _body: String,
        _actions: Vec<String>,
        _hints: BTreeMap<String, OwnedValue>,
        _timeout: i32,
        #[zbus(header)] header: Header<'_>,
    ) -> zbus::fdo::Result<u32> {
        let sender = header.sender().unwrap().to_string();
        if instead_of == 0 {
            self.senders.push(sender.clone());
        }
        let last = u32::try_from(self.senders.len()).unwrap();
        let id = if instead_of == 0 { last } else { instead_of };
        if self.is_strict && self.senders[usize::try_from(id).unwrap() - 1] != sender {
            return Err(zbus::fdo::Error::InvalidArgs("Invalid notification ID".into()));
        }
        self.note(Heard::Shown { id, instead_of, title });
        Ok(id)
    }

    async fn close_notification(&mut self, id: u32, #[zbus(signal_emitter)] told: SignalEmitter<'_>) {
        self.note(Heard::Closed(id));
        Self::notification_closed(&told, id, CLOSED_BY_CALL).await.unwrap();
    }

    fn get_capabilities(&self) -> Vec<String> {
        vec!["body".into(), "actions".into()]
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("notes".into(), "soko".into(), "1".into(), "1.2".into())
    }

    #[zbus(signal)]
    async fn notification_closed(told: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}
