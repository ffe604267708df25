//! The device as a whole: opened once, used from one thread, closed in order or killed.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::{Rc, Weak};

use soko_app_api::{Notice, QueryKey, Said, Told, encode};
use soko_domain::ids::{LogId, OrderId, ProductId};
use soko_engine::{Engine, Now, OpenError};
use soko_record_log::{StoreError, Tx};
use soko_replication::session::REPLY_MS;
use soko_search::Names;

use crate::bell::Bell;
use crate::failure::Undone;
use crate::host::{Host, Work};
use crate::leaving::OwnHeads;
use crate::levels::Moved;
use crate::pictures::Pictures;
use crate::prices::may_move;
use crate::server::{Heard, Server, Web};
use crate::store::{Open, OpenedEngine, Store};
use crate::suggest::Model;

/// A clock that is less far off is right.
const SKEW_MS: i64 = 120_000;
/// After something changed: by then whoever sells has seen the answer, and seldom asked the next.
const REST_MS: u64 = 300;
/// Changes within this time are told together, after the first.
const TOGETHER_MS: u64 = 40;

/// What a device is opened with.
pub struct Parts {
    pub host: Rc<dyn Host>,
    /// Opens the engine; asked again after a failure closed its database.
    pub open: Box<dyn FnMut() -> Result<OpenedEngine, OpenError>>,
    pub options: Options,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Of the program around it.
    pub version: String,
    /// The server that is used until another one is named; may be empty.
    pub server: String,
    /// How long an answer of the server is waited for.
    pub reply_ms: u64,
    /// How long a look at the market waits for the server before what is kept is shown.
    pub market_ms: u64,
    /// Offers that are fetched ahead, by name: what more there is comes here when it is looked at.
    pub offers_ahead: u32,
}

impl Default for Options {
    fn default() -> Self {
        let version = env!("CARGO_PKG_VERSION").into();
        Self { version, server: String::new(), reply_ms: REPLY_MS, market_ms: 2_500, offers_ahead: 5_000 }
    }
}

pub struct Device {
    pub(crate) host: Rc<dyn Host>,
    pub(crate) options: Options,
    pub(crate) heard: Rc<Heard>,
    /// Rings when an order of the buyer should be looked at.
    pub(crate) orders: Bell,
    /// Orders that their buyer looked at since: of those that ended nothing else asks the server.
    pub(crate) looked_at: RefCell<Vec<OrderId>>,
    /// Whose orders were all asked for since the start.
    pub(crate) orders_known_of: RefCell<Option<String>>,
    /// Rings when somebody looks at a basket.
    pub(crate) baskets: Bell,
    /// When somebody last looked at one, and when the server was last asked about them.
    pub(crate) baskets_seen_ms: Cell<Option<u64>>,
    pub(crate) baskets_asked_ms: Cell<Option<u64>>,
    /// Of whom the server said since the start what lies in their baskets.
    pub(crate) baskets_heard_of: RefCell<Option<String>>,
    /// Stalls whose goods were looked up for a basket since something was last put into one elsewhere.
    pub(crate) baskets_looked_up: RefCell<BTreeSet<LogId>>,
    /// Rings when the market should be looked at.
    pub(crate) market: Bell,
    /// Rings when a price may move by itself.
    pub(crate) prices: Bell,
    /// The offers that are kept, by their names; read with the first search.
    pub(crate) names: RefCell<Option<Names<(LogId, ProductId)>>>,
    /// What stands in the way of a stall's exchange, as long as it does.
    pub(crate) troubles: RefCell<BTreeMap<LogId, Said>>,
    pub(crate) pictures: RefCell<Pictures>,
    pub(crate) model: RefCell<Model>,
    /// Whom orders are for, as long as the server is asked about it.
    pub(crate) contacts_asked: RefCell<BTreeSet<(LogId, OrderId)>>,
    /// Stalls that this device is leaving at this moment.
    pub(crate) leaving: RefCell<BTreeSet<LogId>>,
    /// What a backup that was made since the start holds of each stall.
    pub(crate) backed_up: RefCell<BTreeMap<LogId, OwnHeads>>,
    /// When the quiet hours of whoever is signed in were looked up.
    pub(crate) quiet_learned_ms: Cell<Option<u64>>,
    /// What of each stall's products was not looked at since it moved.
    pub(crate) unlooked_levels: RefCell<BTreeMap<LogId, Moved>>,
    store: Store,
    web: Web,
    told: RefCell<Vec<Rc<dyn Fn(Vec<u8>)>>>,
    me: Weak<Device>,
    /// Stalls that are exchanged in the background, and what wakes each.
    links: RefCell<BTreeMap<LogId, Rc<Bell>>>,
    is_running: Cell<bool>,
    is_closed: Cell<bool>,
    /// When changes were told last, and whether that will happen again.
    told_ms: Cell<Option<u64>>,
    will_tell: Cell<bool>,
    /// Whether the store will be put in order in a quiet moment.
    will_rest: Cell<bool>,
    /// Unsent records of each stall when it was last told.
    unsent: RefCell<BTreeMap<LogId, u64>>,
}

impl Device {
    /// Opens the device. Nothing happens in the background before `run`.
    pub fn open(parts: Parts) -> Result<Rc<Self>, Undone> {
        let Parts { host, open, options } = parts;
        let open: Open = open;
        let store = Store::open(open)?;
        store.engine()?.knows_day(host.now())?;
        let heard = Rc::new(Heard::default());
        // The address is filled in with each request: it can change.
        let web = Web::new(Rc::clone(&host), Rc::clone(&heard), "http://localhost", options.reply_ms)?;
        Ok(Rc::new_cyclic(|me| Self {
            host,
            options,
            heard,
            orders: Bell::default(),
            looked_at: RefCell::default(),
            orders_known_of: RefCell::default(),
            baskets: Bell::default(),
            baskets_seen_ms: Cell::new(None),
            baskets_asked_ms: Cell::new(None),
            baskets_heard_of: RefCell::default(),
            baskets_looked_up: RefCell::default(),
            market: Bell::default(),
            prices: Bell::default(),
            names: RefCell::default(),
            troubles: RefCell::default(),
            pictures: RefCell::default(),
            model: RefCell::default(),
            contacts_asked: RefCell::default(),
            leaving: RefCell::default(),
            backed_up: RefCell::default(),
            quiet_learned_ms: Cell::new(None),
            unlooked_levels: RefCell::default(),
            store,
            web,
            told: RefCell::default(),
            me: me.clone(),
            links: RefCell::default(),
            is_running: Cell::new(false),
            is_closed: Cell::new(false),
            told_ms: Cell::new(None),
            will_tell: Cell::new(false),
            will_rest: Cell::new(false),
            unsent: RefCell::default(),
        }))
    }

    /// Whoever wants to hear what happens; each piece is an encoded `Told`.
    pub fn on_told(&self, told: Box<dyn Fn(Vec<u8>)>) {
        self.told.borrow_mut().push(told.into());
    }

    /// Begins what goes on in the background: exchanging, sending orders, looking at the market.
    pub fn run(&self) {
        if self.is_running.replace(true) {
            return;
        }
        self.spawn(|device| Box::pin(async move { device.watch_server().await }));
        self.spawn(|device| Box::pin(async move { device.follow_orders().await }));
        self.spawn(|device| Box::pin(async move { device.listen_to_orders().await }));
        self.spawn(|device| Box::pin(async move { device.follow_market().await }));
        self.spawn(|device| Box::pin(async move { device.follow_prices().await }));
        self.join_stalls();
        if let Ok(stalls) = self.engine().map(|engine| engine.stalls()) {
            for stall in stalls {
                self.look_for_arrivals(stall);
                self.look_at_levels(stall, Moved::All);
                // Whoever was killed in the middle of leaving asks again.
                self.go_on_leaving(stall);
            }
        }
    }

    /// Ends the background and closes the database in order. Calls fail from now on.
    pub fn close(&self) -> Result<(), Undone> {
        self.is_closed.set(true);
        self.ring_all();
        self.store.close()
    }

    /// The engine, for whoever runs a device without a screen. Nobody may hold it over an await.
    pub fn engine(&self) -> Result<RefMut<'_, Engine>, Undone> {
        self.store.engine()
    }

    /// What was found when the store was opened, for whoever looks after it.
    pub fn warnings(&self) -> Vec<Said> {
        self.store.warnings()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, Undone> {
        Ok(self.engine()?.database().read(work)?)
    }

    /// In one durable transaction.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, Undone> {
        Ok(self.engine()?.database().transaction(work)?)
    }

    /// What was deleted goes out of the files, too.
    pub(crate) fn leave_no_trace(&self) -> Result<(), Undone> {
        self.engine()?.leave_no_trace();
        Ok(())
    }

    /// A server by its address.
    pub fn server_at(&self, address: &str) -> Result<Server, Undone> {
        Ok(Server::over(self.web.at(address, self.options.reply_ms)?))
    }

    /// The server that was named.
    pub(crate) fn server(&self) -> Result<Server, Undone> {
        let address = self.own()?.server;
        if address.is_empty() {
            return Err(Undone::refused("no_server", "name a server first"));
        }
        self.server_at(&address)
    }

    /// What the clock says, put right where the server's showed that it is far off: a sale at half past eleven counts for
    /// that day on a phone that is three hours ahead, too. It labels, and stops nothing.
    pub(crate) fn now(&self) -> Now {
        let now = self.host.now();
        let ahead_ms = self.heard.clock_ahead_ms(&*self.host).filter(|ahead| ahead.abs() >= SKEW_MS);
        Now { at_ms: now.at_ms.saturating_sub(ahead_ms.unwrap_or(0)), ..now }
    }

    pub(crate) fn clock_ms(&self) -> u64 {
        self.host.clock_ms()
    }

    /// Does something besides everything else, as long as the device is there.
    pub(crate) fn spawn(&self, work: impl FnOnce(Rc<Self>) -> Work) {
        if let Some(me) = self.me.upgrade() {
            self.host.spawn(work(me));
        }
    }

    pub(crate) fn tell(&self, told: &Told) {
        let Ok(bytes) = encode(told) else { return };
        // Whoever hears may call back, or listen anew.
        let listeners = self.told.borrow().clone();
        listeners.iter().for_each(|told| told(bytes.clone()));
    }

    pub(crate) fn tell_device(&self) {
        self.tell(&Told::Device);
    }

    /// Says what changed at the stalls: at once after a quiet moment, and together with what follows otherwise.
    pub(crate) fn tell_changes(&self) {
        let now_ms = self.clock_ms();
        let wait_ms = match self.told_ms.get() {
            Some(told_ms) => (told_ms + TOGETHER_MS).saturating_sub(now_ms),
            None => 0,
        };
        if wait_ms == 0 {
            return self.tell_changes_now();
        }
        if self.will_tell.replace(true) {
            return;
        }
        self.spawn(|device| {
            Box::pin(async move {
                device.host.sleep(wait_ms).await;
                device.will_tell.set(false);
                device.tell_changes_now();
            })
        });
    }

    /// Lets the store do what it has to do sooner or later, once whoever sells had an answer and looks at it. A store that failed
    /// meanwhile says so to the next command.
    fn rest_soon(&self) {
        if self.will_rest.replace(true) {
            return;
        }
        self.spawn(|device| {
            Box::pin(async move {
                device.host.sleep(REST_MS).await;
                device.will_rest.set(false);
                if let Ok(mut engine) = device.engine() {
                    let _ = engine.rest();
                }
            })
        });
    }

    fn tell_changes_now(&self) {
        let Ok(notices) = self.engine().map(|mut engine| engine.take_notices()) else { return };
        if notices.is_empty() {
            return;
        }
        self.rest_soon();
        self.told_ms.set(Some(self.clock_ms()));
        for notice in notices {
            let stall = notice.stall;
            let (brings_news, moved) = (brings_news(&notice), Moved::by(&notice));
            if may_move(&notice) {
                self.prices.ring();
            }
            self.pictures.borrow_mut().hear(&notice);
            if notice.keys.iter().any(|key| matches!(key, QueryKey::Products | QueryKey::Everything)) {
                self.model.borrow_mut().doubt(Some(stall));
            }
            self.tell(&Told::Stall(notice));
            if brings_news {
                self.look_for_arrivals(stall);
            }
            self.look_at_levels(stall, moved);
            self.tell_unsent(stall);
        }
    }

    /// Says it when more or less is waiting for the server.
    pub(crate) fn tell_unsent(&self, stall: LogId) {
        let Ok(unsent) = self.unsent(stall) else { return };
        if self.unsent.borrow_mut().insert(stall, unsent) != Some(unsent) {
            self.tell_device();
        }
    }

    /// Begins to exchange every stall that is connected and was not yet.
    pub(crate) fn join_stalls(&self) {
        if !self.is_running.get() {
            return;
        }
        let Ok(stalls) = self.engine().map(|engine| engine.stalls()) else { return };
        for stall in stalls {
            let is_connected = self.connected(stall).is_ok();
            if !is_connected || self.links.borrow().contains_key(&stall) {
                continue;
            }
            self.pictures.borrow_mut().doubt(stall);
            let bell = Rc::new(Bell::default());
            self.links.borrow_mut().insert(stall, Rc::clone(&bell));
            self.spawn(|device| Box::pin(async move { device.follow_stall(stall, &bell).await }));
        }
    }

    /// Something was written at a stall: its page goes at once.
    pub(crate) fn ring(&self, stall: LogId) {
        if let Some(bell) = self.links.borrow().get(&stall) {
            bell.ring();
        }
    }

    /// Exchanges a stall no more, and forgets what was in memory of it.
    pub(crate) fn unlink(&self, stall: LogId) {
        let bell = self.links.borrow_mut().remove(&stall);
        self.unsent.borrow_mut().remove(&stall);
        self.unlooked_levels.borrow_mut().remove(&stall);
        self.troubles.borrow_mut().remove(&stall);
        self.backed_up.borrow_mut().remove(&stall);
        self.pictures.borrow_mut().forget(stall);
        self.model.borrow_mut().doubt(Some(stall));
        if let Some(bell) = bell {
            bell.ring();
        }
    }

    /// Whether this device works for a stall, and is not closed.
    pub(crate) fn works_for(&self, stall: LogId) -> bool {
        !self.is_closed() && self.engine().is_ok_and(|engine| engine.stalls().contains(&stall))
    }

    /// Everything that waits for the server tries again now.
    pub(crate) fn hurry(&self) {
        let clock_ms = self.clock_ms();
        if let Ok(mut engine) = self.engine() {
            let stalls: BTreeSet<LogId> = self.links.borrow().keys().copied().collect();
            stalls.into_iter().for_each(|stall| engine.hurry(stall, clock_ms));
        }
        self.ring_all();
    }

    fn ring_all(&self) {
        self.links.borrow().values().for_each(|bell| bell.ring());
        self.orders.ring();
        self.market.ring();
        self.prices.ring();
        self.heard.turned.ring();
    }

    /// Says when the server is there or gone. Once it is back, nobody waits any longer.
    async fn watch_server(self: Rc<Self>) {
        while !self.is_closed() {
            let heard = self.heard.turned.heard();
            self.heard.turned.after(heard).await;
            if self.is_closed() {
                return;
            }
            self.tell_device();
            if self.heard.is_online() == Some(true) {
                let clock_ms = self.clock_ms();
                let links = self.links.borrow().clone();
                for (stall, bell) in links {
                    if let Ok(mut engine) = self.engine() {
                        engine.hurry(stall, clock_ms);
                    }
                    bell.ring();
                }
                self.orders.ring();
                self.market.ring();
            }
        }
    }
}

fn brings_news(notice: &Notice) -> bool {
    let is_news = |key: &QueryKey| {
        matches!(key, QueryKey::Orders | QueryKey::Order(_) | QueryKey::Incidents | QueryKey::Everything)
    };
    notice.keys.iter().any(is_news)
}
