//! Everything a handler may need, in one place. Parts that touch the outside are behind traits, so that a test
//! builds the real server with its own clock and randomness.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use soko_domain::ids::{Hash, LogId, OrderId};
use soko_record_log::{StoreError, Tx, params};
use tokio::sync::{Notify, watch};

use crate::core::{Now, StallCore};
use crate::egress::Egress;
use crate::guard::limits::{BUCKETS_MAX, Limiter, Rates, Who};
use crate::guard::seats::Seats;
use crate::guard::throttle::{Throttle, Tried};
use crate::http::market::{LISTENERS_MAX, LISTENERS_PER_PREFIX_MAX};
use crate::http::passwords::PasswordDesk;
use crate::http::problem::Problem;
use crate::market::Market;
use crate::messages::receipt::TEXTS_OF_ALL_PER_DAY;
use crate::messages::{Offers, TextReports};
use crate::metrics::Metrics;
use crate::model::Deltas;
use crate::moved::Moved;
use crate::operator;
use crate::outside::{Clock, Entropy, random};
use crate::pay::PayDesk;
use crate::platform::passwords::Passwords;
use crate::platform::{Action, Authority, Object, Principal, Refusal, authorise};
use crate::secret::{ServerSecret, Token};
use crate::store::{Heard, Neighbours, Place, Shard, Store, meet_neighbours};
use crate::web::Web;

/// How long the store's last kept word stands for the next.
const TRY_WRITING_EVERY_MS: i64 = 1_000;
/// Nobody's.
const TRY_SHARD: Shard = Shard::name(&Hash([0; 32]));

/// What an operator decides about the HTTP side.
#[derive(Clone)]
pub struct Settings {
    /// How the outside reaches this server, such as `https://market.example`. Decides cookies and whose pages may
    /// ask. Without it, whatever the request's `Host` says.
    pub public_origin: Option<String>,
    /// A proxy of ours stands in front: the caller's address is the last one of `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// None: no limits, for closed networks and measurements.
    pub rates: Option<Rates>,
    /// Whether everybody may read `/metrics`, or only this machine.
    pub open_metrics: bool,
    /// Who knows it sees the figures of the whole market. None: nobody does.
    pub operator_key: Option<String>,
    /// Who knows it hands on what mail servers report of our mail. None: nobody does.
    pub bounce_key: Option<String>,
    /// How reports about texts are known to come from whoever brings them. None: nobody's count.
    pub text_reports: Option<TextReports>,
    /// An answer must begin within this time.
    pub request_timeout: Duration,
    pub web: Web,
    /// Whether there is a mail server that takes our messages.
    pub sends_mail: bool,
    /// Whether there is a provider that takes our texts.
    pub sends_sms: bool,
    /// Receipts of all stalls that are texted within a day: each costs money.
    pub texted_receipts_per_day: i64,
    /// What one person is told within an hour in one way; what is more waits.
    pub messages_per_hour: usize,
    /// What browsers subscribe to, in base64url. None: no push messages.
    pub push_key: Option<String>,
    /// Where requests to strangers' addresses go out, if they may.
    pub egress: Option<Egress>,
}

/// More than anybody reads as it comes.
const MESSAGES_PER_HOUR: usize = 30;

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_origin: None,
            behind_proxy: false,
            rates: Some(Rates::default()),
            open_metrics: false,
            operator_key: None,
            bounce_key: None,
            text_reports: None,
            request_timeout: Duration::from_secs(30),
            web: Web::default(),
            sends_mail: false,
            sends_sms: false,
            texted_receipts_per_day: TEXTS_OF_ALL_PER_DAY,
            messages_per_hour: MESSAGES_PER_HOUR,
            push_key: None,
            egress: None,
        }
    }
}

impl Settings {
    /// Whether browsers see this server by `https`.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_origin.as_deref().is_some_and(|origin| origin.starts_with("https://"))
    }
}

/// Who asks for what, before it is known whether they may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) principal: Principal,
    pub(crate) object: Object,
    pub(crate) action: Action,
}

/// What a write inside a stall has at hand.
pub(crate) struct Turn<'a> {
    pub(crate) core: &'a dyn StallCore,
    pub(crate) authority: Authority,
    pub(crate) now: Now,
}

/// What the server is made of.
pub struct Parts {
    pub store: Store,
    pub secret: ServerSecret,
    pub passwords: Passwords,
    /// What happens inside stalls. Without it there are accounts and devices, and no records.
    pub core: Option<Arc<dyn StallCore>>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub metrics: Arc<Metrics>,
    pub settings: Settings,
    /// Who takes buyers' payments; by default nobody.
    pub pay: PayDesk,
}

/// The server's state. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    secret: ServerSecret,
    passwords: PasswordDesk,
    core: Option<Arc<dyn StallCore>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    metrics: Arc<Metrics>,
    settings: Settings,
    limiter: Option<Mutex<Limiter>>,
    throttle: Mutex<Throttle>,
    deltas: Deltas,
    moved: Moved,
    market: Arc<Market>,
    /// The market's figures as they were read last.
    figures: operator::Shared,
    audience: Seats,
    /// Rings whenever there may be something to tell.
    message_bell: Arc<Notify>,
    /// Rung when something may be due to an address of a program.
    hook_bell: Notify,
    pay: PayDesk,
    /// Rung when a payment may be due.
    pay_bell: Notify,
    /// Other processes on the same database.
    neighbours: OnceLock<Neighbours>,
    /// When the store was last seen to keep what is written.
    wrote_ms: AtomicI64,
    closing: watch::Sender<bool>,
}

impl App {
    pub(crate) fn deltas(&self) -> &Deltas {
        &self.0.deltas
    }

    pub fn new(parts: Parts) -> Self {
        let limiter = parts.settings.rates.map(|rates| Mutex::new(Limiter::new(rates, BUCKETS_MAX)));
        Self(Arc::new(Inner {
            deltas: Deltas::default(),
            store: parts.store,
            secret: parts.secret,
            passwords: PasswordDesk::new(parts.passwords),
            core: parts.core,
            clock: parts.clock,
            entropy: parts.entropy,
            metrics: parts.metrics,
            settings: parts.settings,
            limiter,
            throttle: Mutex::new(Throttle::default()),
            moved: Moved::default(),
            market: Arc::default(),
            figures: operator::Shared::default(),
            audience: Seats::new(LISTENERS_MAX, LISTENERS_PER_PREFIX_MAX),
            message_bell: Arc::default(),
            hook_bell: Notify::new(),
            pay: parts.pay,
            pay_bell: Notify::new(),
            neighbours: OnceLock::new(),
            wrote_ms: AtomicI64::new(i64::MIN),
            closing: watch::Sender::new(false),
        }))
    }

    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// In which ways people are told something.
    pub(crate) fn offers(&self) -> Offers {
        let settings = self.settings();
        let is_out = settings.egress.is_some();
        let push = settings.push_key.is_some() && is_out;
        Offers { mail: settings.sends_mail, push, hooks: is_out, sms: settings.sends_sms }
    }

    pub(crate) fn egress(&self) -> Option<&Egress> {
        self.settings().egress.as_ref()
    }

    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Where handlers tell, after the commit, that a stall's log moved.
    pub fn moved(&self) -> &Moved {
        &self.0.moved
    }

    pub(crate) fn figures(&self) -> &operator::Shared {
        &self.0.figures
    }

    /// A stall moved, here or in another process.
    fn heard(&self, heard: Heard) {
        match heard {
            Heard::Moved(stall, position) => {
                self.0.market.doubt(stall);
                self.moved().tell(stall, position);
                self.0.message_bell.notify_one();
            }
            Heard::Everything => {
                self.0.market.doubt_everything();
                self.moved().tell_all();
            }
        }
    }

    /// From now on other processes on the same database hear what moves here, and are heard.
    pub fn meet_neighbours(&self, place: &Place) -> Result<(), StoreError> {
        let own = random(self.0.entropy.as_ref()).map_err(|none| StoreError::Other(none.to_string()))?;
        let own = u64::from_be_bytes(own);
        // The threads must not keep alive what ends them.
        let inner = Arc::downgrade(&self.0);
        let listen = move |heard| {
            if let Some(inner) = inner.upgrade() {
                Self(inner).heard(heard);
            }
        };
        if let Some(met) = meet_neighbours(place, own, listen)? {
            let _ = self.0.neighbours.set(met);
        }
        Ok(())
    }

    /// Rings whenever there may be something to tell somebody.
    pub(crate) fn message_bell(&self) -> Arc<Notify> {
        Arc::clone(&self.0.message_bell)
    }

    pub(crate) fn hook_bell(&self) -> &Notify {
        &self.0.hook_bell
    }

    /// What everybody may see.
    pub fn market(&self) -> Arc<Market> {
        Arc::clone(&self.0.market)
    }

    /// Who takes buyers' payments.
    pub fn pay(&self) -> &PayDesk {
        &self.0.pay
    }

    pub(crate) fn pay_bell(&self) -> &Notify {
        &self.0.pay_bell
    }

    /// Who listens to the market.
    pub(crate) fn audience(&self) -> &Seats {
        &self.0.audience
    }

    /// One write inside a stall: asks whether the caller may, lets `work` decide alone on the stall, and tells,
    /// after the commit, how far its log is if that moved it.
    pub(crate) async fn in_stall<T: Send + 'static>(
        &self,
        asked: Asked,
        mut work: impl FnMut(&mut dyn Tx, &Turn<'_>) -> Result<(T, Option<u64>), Refusal> + Send + 'static,
    ) -> Result<T, Problem> {
        let Asked { principal, object, action } = asked;
        let (core, stall) = (self.core()?, object.stall());
        let now = Now { now_ms: self.now_ms(), seed: self.random()? };
        let turn = move |tx: &mut dyn Tx| {
            let authority = authorise(tx, principal, object, action)?;
            work(tx, &Turn { core: core.as_ref(), authority, now })
        };
        let (done, moved_to) = self.store().write(Shard::stall(stall), turn).await?;
        match object {
            Object::Order(stall, order) => self.tell_order((stall, order), moved_to),
            Object::Stall(_) | Object::Device(..) | Object::Member(..) => self.tell(stall, moved_to),
        }
        Ok(done)
    }

    /// Tells, after the commit, how far a stall's log is, if the request moved it.
    pub(crate) fn tell(&self, stall: LogId, moved_to: Option<u64>) {
        if let Some(position) = moved_to {
            self.heard(Heard::Moved(stall, position));
            if let Some(neighbours) = self.0.neighbours.get() {
                neighbours.tell(stall, position);
            }
        }
    }

    /// The same of one order, of which something changed that its buyer sees, be it in the records or not.
    pub(crate) fn tell_order(&self, (stall, order): (LogId, OrderId), moved_to: Option<u64>) {
        self.tell(stall, moved_to);
        self.moved().tell_order(stall, order);
    }

    /// As we call ourselves where we read what others publish, with where to find out who that is.
    pub(crate) fn agent(&self) -> String {
        let origin = self.settings().public_origin.as_deref();
        let about = origin.map(|origin| format!(" (+{origin})")).unwrap_or_default();
        format!("Soko/{}{about}", env!("CARGO_PKG_VERSION"))
    }

    pub fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }

    pub fn random<const N: usize>(&self) -> Result<[u8; N], Problem> {
        Ok(random(self.0.entropy.as_ref())?)
    }

    /// From now on streams end and `/readyz` says no.
    pub fn begin_closing(&self) {
        self.0.closing.send_replace(true);
    }

    pub fn is_closing(&self) -> bool {
        *self.0.closing.borrow()
    }

    /// Whether the store keeps what is written and answers what is asked. Everybody may ask, so it is not written for each.
    pub(crate) async fn try_store(&self) -> Result<(), Problem> {
        let now_ms = self.now_ms();
        let since_ms = now_ms.saturating_sub(self.0.wrote_ms.load(Ordering::Relaxed));
        if !(0..TRY_WRITING_EVERY_MS).contains(&since_ms) {
            // The one row that every store has, as it is: a disk that is full and a database that only reads refuse this, too.
            let touch = |tx: &mut dyn Tx| {
                Ok::<_, Refusal>(tx.run("update server_secret set only_row = only_row", params![])?)
            };
            self.store().write(TRY_SHARD, touch).await?;
            self.0.wrote_ms.store(now_ms, Ordering::Relaxed);
        }
        Ok(self.store().read(|tx| Ok::<_, Refusal>(tx.query_one("select 1", params![]).map(drop)?)).await?)
    }

    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.subscribe()
    }

    pub(crate) fn secret(&self) -> ServerSecret {
        self.0.secret.clone()
    }

    pub(crate) fn has_core(&self) -> bool {
        self.0.core.is_some()
    }

    pub(crate) fn core(&self) -> Result<Arc<dyn StallCore>, Problem> {
        self.0.core.clone().ok_or_else(|| Problem::internal("a route without its core"))
    }

    pub(crate) fn optional_core(&self) -> Option<Arc<dyn StallCore>> {
        self.0.core.clone()
    }

    pub(crate) fn passwords(&self) -> &PasswordDesk {
        &self.0.passwords
    }

    pub(crate) fn new_token(&self) -> Result<Token, Problem> {
        self.random().map(Token::new)
    }

    /// Takes cost units from somebody's bucket.
    pub(crate) fn spend(&self, who: Who, cost: u32) -> Result<(), Problem> {
        let Some(limiter) = &self.0.limiter else { return Ok(()) };
        let mut limiter = limiter.lock().unwrap_or_else(PoisonError::into_inner);
        limiter.take(who, cost, self.now_ms()).map_err(|exhausted| {
            self.0.metrics.limited.inc();
            exhausted.into()
        })
    }

    /// Whether a password may be tried now.
    pub(crate) fn may_try(&self, tried: &Tried) -> Result<(), Problem> {
        Ok(self.throttle().check(tried, self.now_ms())?)
    }

    pub(crate) fn note_try(&self, tried: Tried, is_right: bool) {
        let now_ms = self.now_ms();
        let mut throttle = self.throttle();
        if is_right { throttle.succeeded(&tried) } else { throttle.failed(tried, now_ms) }
    }

    fn throttle(&self) -> std::sync::MutexGuard<'_, Throttle> {
        self.0.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
