//! Takes each open payment a step further: begins a call in one transaction, makes it outside of any, and keeps what
//! came of it in another. Whatever dies in between is looked up by whoever comes next, in this process or another one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use soko_checkout::{Answer, Call, Due, Payment, Status};
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::money::Currency;
use soko_projection::{order_money, read};
use soko_record_log::{Dialect, StoreError, Tx};
use tokio::sync::Semaphore;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::core::{CoreRefusal, Now, ShopCore};
use crate::http::App;
use crate::pay::provider::{Asked, Provider};
use crate::pay::rows::{self, DuePayment, Forgotten};
use crate::pay::{lapse, lost};
use crate::platform::Refusal;
use crate::spans::TARGET;
use crate::stall::{Open, PayTurn, ToPay};
use crate::store::Shard;

/// How often it is looked whether something is due, beside what rings.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked whether devices brought payments back that this server forgot.
const REMEMBER_EVERY: Duration = Duration::from_secs(60);
/// Payments of one provider that are driven at a time: one that does not answer takes no other's places.
const DRIVEN_MAX: usize = 64;
/// Payments of one provider that one look finds; those for which there is no place wait for one.
const DUE_MAX: usize = 256;
/// Forgotten payments of one way that are asked about at a time. A provider has more seats, so those that are due find some.
const REMEMBERED_AT_ONCE: usize = 8;
/// Steps of one payment before others have their turn.
const STEPS_MAX: usize = 8;

/// Payments that this process drives now, and which of them were found due again meanwhile. Every ring of the bell finds
/// all that is due: with many buyers at once most of it is under way already, and would be written for nothing.
#[derive(Default)]
struct Driven(Mutex<BTreeMap<(LogId, OrderId), bool>>);

impl Driven {
    /// Whether nobody drives it yet.
    fn begin(&self, due: &DuePayment) -> bool {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((due.stall, due.order)) {
            Entry::Vacant(free) => {
                free.insert(false);
                true
            }
            Entry::Occupied(mut driven) => {
                driven.insert(true);
                false
            }
        }
    }
}

/// Where the payments of one provider are driven.
struct Places {
    free: Arc<Semaphore>,
    /// Somebody found none.
    was_full: AtomicBool,
}

impl Default for Places {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(DRIVEN_MAX)), was_full: AtomicBool::new(false) }
    }
}

/// What is done beside the payments, one of a kind at a time: nobody's payment waits for it.
struct Beside(Arc<Semaphore>);

impl Default for Beside {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Beside {
    fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(only) = Arc::clone(&self.0).try_acquire_owned() {
            tokio::spawn(async move {
                work.await;
                drop(only);
            });
        }
    }
}

/// One payment under way, however that ends.
struct Driving {
    app: App,
    driven: Arc<Driven>,
    due: DuePayment,
    has_moved: bool,
}

impl Drop for Driving {
    /// It is looked at again if it was due meanwhile: what made it due may have come after the last look. One that cannot
    /// be moved waits for the next tick, or two of them would ring for each other without a pause.
    fn drop(&mut self) {
        let mut driven = self.driven.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was_due = driven.remove(&(self.due.stall, self.due.order)).unwrap_or_default();
        if was_due && self.has_moved {
            self.app.pay_bell().notify_one();
        }
    }
}

/// For as long as the server runs.
pub async fn follow(app: App) {
    let mut closing = app.closing();
    let mut places: BTreeMap<String, Arc<Places>> = BTreeMap::new();
    let (probes, recalling) = (Beside::default(), Beside::default());
    // One for each way: a provider that hangs keeps those of no other way from being asked.
    let mut remembering: BTreeMap<u8, Beside> = BTreeMap::new();
    let driven = Arc::new(Driven::default());
    // A directory has one process: whoever had taken a payment on there is gone.
    if app.store().dialect() == Dialect::Sqlite {
        let freed = app.store().write(Shard::stall(LogId::default()), rows::take_back).await;
        if let Err(failed) = freed {
            tracing::warn!(?failed, "pay.not_taken_back");
        }
    }
    let mut remembers = tokio::time::interval(REMEMBER_EVERY);
    let look_every = if app.pay().is_empty() { REMEMBER_EVERY } else { LOOK_EVERY };
    loop {
        tokio::select! {
            _ = remembers.tick() => {
                let recalled = app.clone();
                recalling.start(async move { recall(&recalled).await });
                for way in app.pay().ways() {
                    let app = app.clone();
                    let of_way = remembering.entry(way.number()).or_default();
                    of_way.start(async move { remember(&app, way).await });
                }
            }
            () = app.pay_bell().notified() => {}
            () = tokio::time::sleep(look_every) => {}
            _ = closing.changed() => return,
        }
        let now_ms = app.now_ms();
        let probed = app.clone();
        probes.start(async move { probed.pay().probe(now_ms).await });
        let found = app.store().read(move |tx| rows::due(tx, now_ms, DUE_MAX)).await;
        let Ok(found) = found else { continue };
        for due in found {
            if !driven.begin(&due) {
                continue;
            }
            let driving = Driving { app: app.clone(), driven: Arc::clone(&driven), due, has_moved: false };
            let places = places.entry(driving.due.provider.clone()).or_default();
            drive(driving, Arc::clone(places));
        }
    }
}

/// In a place of its own, if there is one.
fn drive(mut driving: Driving, places: Arc<Places>) {
    let Ok(place) = Arc::clone(&places.free).try_acquire_owned() else {
        places.was_full.store(true, Ordering::SeqCst);
        return;
    };
    tokio::spawn(async move {
        driving.has_moved = step(&driving.app, &driving.due).await;
        let app = driving.app.clone();
        drop(driving);
        drop(place);
        if places.was_full.swap(false, Ordering::SeqCst) {
            app.pay_bell().notify_one();
        }
    });
}

/// What the records say of payments and nobody here remembers, as far as no provider has to be asked for it.
async fn recall(app: &App) {
    let ways = app.pay().ways();
    let nobodys = app.store().read(move |tx| rows::of_nobody(tx, &ways, DRIVEN_MAX)).await;
    for Forgotten { stall, order, .. } in nobodys.unwrap_or_default() {
        let due = DuePayment { stall, order, provider: String::new() };
        match turn(app, &due, PayTurn::NobodyToAsk).await {
            Ok(_) => tracing::warn!(%stall, %order, "pay.forgotten_and_nobody_to_ask"),
            Err(error) => tracing::error!(%error, %order, "pay.nobody_not_told"),
        }
    }
    let behind = app.pay().parts_behind();
    let parts = app.store().read(move |tx| rows::forgotten_parts(tx, behind, DRIVEN_MAX)).await;
    let parts = parts.unwrap_or_default();
    let is_all = parts.len() < DRIVEN_MAX;
    app.pay().parts_up_to(parts.last().map(|due| (due.stall, due.order)).filter(|_| !is_all));
    for due in parts {
        if let Err(error) = turn(app, &due, PayTurn::ForgottenParts).await {
            tracing::error!(%error, order = %due.order, "pay.part_not_remembered");
        }
    }
}

/// Payments of one way that only the records know, which devices brought back to a server that was restored. Each look goes on behind
/// the last one, so that those of whom nobody says anything keep nobody else waiting.
async fn remember(app: &App, way: PayWay) {
    let behind = app.pay().looks_behind(way);
    let found = app.store().read(move |tx| rows::forgotten(tx, way, behind, DRIVEN_MAX)).await;
    let found = found.unwrap_or_default();
    let is_all = found.len() < DRIVEN_MAX;
    app.pay().looked_up_to(way, found.last().map(Forgotten::place).filter(|_| !is_all));
    let all = stream::iter(found);
    all.for_each_concurrent(REMEMBERED_AT_ONCE, |one| remember_one(app, one)).await;
}

async fn remember_one(app: &App, one: Forgotten) {
    let Forgotten { stall, order, way, .. } = one;
    // Who does not answer is asked another time.
    let Some(provider) = holder(app, one).await else { return };
    let (name, account) = (provider.name().to_owned(), provider.account(stall));
    let origin = app.settings().public_origin.clone().unwrap_or_default();
    let back = format!("{origin}/my-orders/{order}");
    let to_pay = ToPay { way, provider: name.clone(), account, phone: String::new(), back };
    let due = DuePayment { stall, order, provider: name };
    match turn(app, &due, PayTurn::Forgotten(Box::new(to_pay))).await {
        Ok(_) => tracing::warn!(%stall, %order, "pay.forgotten"),
        Err(error) => tracing::error!(%error, %order, "pay.not_remembered"),
    }
}

/// Who has a payment: of several who take this way the one that shows it, whatever the others do, and the first if none does. Nobody
/// while one does not say.
async fn holder<'a>(app: &'a App, one: Forgotten) -> Option<&'a dyn Provider> {
    let Forgotten { stall, order, way, .. } = one;
    let all: Vec<&dyn Provider> = app.pay().of_way(way).collect();
    let first = *all.first()?;
    if all.len() == 1 {
        return Some(first);
    }
    let read = move |tx: &mut dyn Tx| {
        let facts = order_money::of(tx, stall, order)?;
        let found = read::order(tx, stall, order)?;
        Ok::<_, StoreError>((facts, found, order_money::reference(tx, stall, order)?))
    };
    let (facts, found, reference) = match app.store().read(read).await {
        Ok(known) => known,
        Err(error) => {
            tracing::error!(?error, %order, "pay.not_read");
            return None;
        }
    };
    let ((_, amount_minor), currency) =
        (facts.to_pay?, found.and_then(|found| Currency::parse(&found.currency)));
    // What is in no currency that anybody knows is reported by whoever remembers it.
    let Some(currency) = currency else { return Some(first) };
    let ask = |provider: &'a dyn Provider| {
        let account = provider.account(stall);
        let mut payment = Payment::forgotten(Due { order, account: account.clone(), amount_minor, currency });
        if facts.paid_minor > 0 {
            payment.recorded(reference.clone());
        }
        let asked = lost::look_up(payment, (stall, app.now_ms()));
        async move {
            let answer = app.pay().call(provider.name(), &asked, || app.now_ms()).await;
            (provider, account, answer)
        }
    };
    let mut answers: FuturesUnordered<_> = all.into_iter().map(ask).collect();
    let mut is_unsure = false;
    while let Some((provider, account, answer)) = answers.next().await {
        match answer {
            Answer::Seen(object) if object.due.order == order && object.due.account == account => {
                return Some(provider);
            }
            Answer::Seen(_) | Answer::Nothing => {}
            // Another one may show it all the same.
            Answer::Refused(_) | Answer::Unknown | Answer::Gone => is_unsure = true,
        }
    }
    (!is_unsure).then_some(first)
}

/// Everything that is due now, once, one after the other; says how many. For tests, and for whoever has no time to wait.
pub async fn once(app: &App) -> usize {
    let now_ms = app.now_ms();
    recall(app).await;
    join_all(app.pay().ways().into_iter().map(|way| remember(app, way))).await;
    lapse::once(app).await;
    app.pay().probe(now_ms).await;
    let found: Vec<DuePayment> =
        app.store().read(move |tx| rows::due(tx, now_ms, DRIVEN_MAX)).await.unwrap_or_default();
    for due in &found {
        step(app, due).await;
    }
    found.len()
}

/// One payment, for as long as there is something to do at once. Says whether anything was done.
async fn step(app: &App, due: &DuePayment) -> bool {
    let span = tracing::info_span!(target: TARGET, parent: None, "payment.step", order = %due.order, stall = %due.stall);
    steps(app, due).instrument(span).await
}

async fn steps(app: &App, due: &DuePayment) -> bool {
    let mut asked = match turn(app, due, PayTurn::Begin(open(app, due))).await {
        Ok(Some(asked)) => asked,
        Ok(None) => return false,
        Err(error) => {
            tracing::error!(%error, order = %due.order, "pay.not_begun");
            return false;
        }
    };
    let mut steps = 0;
    // What comes next is begun with the answer, while that is fresh, and there is one commit less to wait for.
    loop {
        let span = tracing::info_span!(target: TARGET, "payment.call", provider = %due.provider, call = ?asked.call, answered = Empty);
        let call = app.pay().call(&due.provider, &asked, || app.now_ms());
        let answer = call.instrument(span.clone()).await;
        span.record("answered", kind(&answer));
        // In a provider's own words, which name nobody.
        let why = if let Answer::Refused(why) = &answer { why.as_str() } else { "" };
        tracing::info!(
            stall = %due.stall, order = %due.order, call = ?asked.call,
            answered = kind(&answer), why, "pay.called"
        );
        steps += 1;
        let goes_on = (steps < STEPS_MAX).then(|| open(app, due));
        let part = asked.part.map(|part| part.refund);
        match turn(app, due, PayTurn::Answered { call: asked.call, part, answer, goes_on }).await {
            Ok(Some(next)) => asked = next,
            Ok(None) => return true,
            // It stays in doubt, and the next one looks.
            Err(error) => {
                tracing::error!(%error, order = %due.order, "pay.not_kept");
                return false;
            }
        }
    }
}

fn open(app: &App, due: &DuePayment) -> Open {
    let may = |call: Call| app.pay().may(&due.provider, call.class());
    Open { charges: may(Call::Ask), returns: may(Call::Refund) }
}

/// One transaction; what it moved is told after the commit.
pub(crate) async fn turn(app: &App, due: &DuePayment, turn: PayTurn) -> Result<Option<Asked>, String> {
    let core = app.core().map_err(|_| "a payment without a core".to_owned())?;
    let now = Now {
        now_ms: app.now_ms(),
        seed: app.random().map_err(|_| "the machine gives no randomness".to_owned())?,
    };
    let (stall, order) = (due.stall, due.order);
    let work =
        move |tx: &mut dyn Tx| Ok::<_, Refusal>(core.pay_turn(tx, stall, (order, turn.clone()), now)?);
    let span = tracing::info_span!(target: TARGET, "payment.commit", %order);
    let done = app.store().write(Shard::stall(stall), work).instrument(span).await;
    let (asked, moved_to) = done.map_err(|failed| format!("{failed:?}"))?;
    app.tell_order((stall, order), moved_to);
    Ok(asked)
}

/// A provider says something. Kept with what follows from it, in one transaction.
pub(crate) async fn heard(
    app: &App,
    (provider, word): (String, String),
    (due, turn): (DuePayment, PayTurn),
) -> Result<(), String> {
    let core = app.core().map_err(|_| "a payment without a core".to_owned())?;
    let now = Now {
        now_ms: app.now_ms(),
        seed: app.random().map_err(|_| "the machine gives no randomness".to_owned())?,
    };
    let (stall, order, named) = (due.stall, due.order, provider.clone());
    let work = move |tx: &mut dyn Tx| {
        let turn = (order, turn.clone());
        Ok::<_, Refusal>(keep_word(&*core, tx, (&provider, &word), (stall, turn), now)?)
    };
    let span = tracing::info_span!(target: TARGET, parent: None, "payment.heard", %order, provider = %named);
    let moved_to = app
        .store()
        .write(Shard::stall(stall), work)
        .instrument(span)
        .await
        .map_err(|failed| format!("{failed:?}"))?;
    app.tell_order((stall, order), moved_to);
    app.pay_bell().notify_one();
    Ok(())
}

/// What follows from a provider's word, and that it was said, in one transaction. Said again, nothing follows.
pub fn keep_word(
    core: &(impl ShopCore + ?Sized),
    tx: &mut dyn Tx,
    said: (&str, &str),
    (stall, turn): (LogId, (OrderId, PayTurn)),
    now: Now,
) -> Result<Option<u64>, CoreRefusal> {
    // Not every provider signs: a word about a payment that is none leaves nothing behind.
    if !rows::is_known(tx, stall, turn.0)? || !rows::is_new_word(tx, said, now.now_ms)? {
        return Ok(None);
    }
    Ok(core.pay_turn(tx, stall, turn, now)?.1)
}

/// An answer as a log may name it.
fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Seen(object) => match object.status {
            Status::Pending => "pending",
            Status::Authorised => "authorised",
            Status::Captured => "captured",
            Status::Dead => "dead",
            Status::Refunded => "refunded",
        },
        Answer::Nothing => "nothing",
        Answer::Refused(_) => "refused",
        Answer::Unknown => "unknown",
        Answer::Gone => "gone",
    }
}
