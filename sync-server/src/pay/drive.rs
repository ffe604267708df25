//! Takes each open payment a step further: begins a call in one transaction, makes it outside of any, and keeps what
//! came of it in another. Whatever dies in between is looked up by whoever comes next, in this process or another one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use soko_checkout::{Answer, Call, Status};
use soko_domain::ids::{LogId, OrderId};
use soko_record_log::{Dialect, Tx};
use tokio::sync::Semaphore;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::core::{CoreRefusal, Now, ShopCore};
use crate::http::App;
use crate::pay::lapse;
use crate::pay::provider::Asked;
use crate::pay::rows::{self, DuePayment};
use crate::platform::Refusal;
use crate::spans::TARGET;
use crate::stall::{Open, PayTurn, ToPay};
use crate::store::Shard;

/// How often it is looked whether something is due, beside what rings.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked whether devices brought payments back that this server forgot.
const REMEMBER_EVERY: Duration = Duration::from_secs(60);
/// Payments that are driven at a time.
const DRIVEN_MAX: usize = 64;
/// Payments that one look finds; those for which there is no place wait for one.
const DUE_MAX: usize = 256;
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
    let seats = Arc::new(Semaphore::new(DRIVEN_MAX));
    let driven = Arc::new(Driven::default());
    // A directory has one process: whoever had taken a payment on there is gone.
    if app.store().dialect() == Dialect::Sqlite {
        let freed = app.store().write(Shard::stall(LogId::default()), rows::take_back).await;
        if let Err(failed) = freed {
            tracing::warn!(?failed, "pay.not_taken_back");
        }
    }
    let mut remembers = tokio::time::interval(REMEMBER_EVERY);
    loop {
        tokio::select! {
            _ = remembers.tick() => remember(&app).await,
            () = app.pay_bell().notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = closing.changed() => return,
        }
        app.pay().probe(app.now_ms()).await;
        let now_ms = app.now_ms();
        let found = app.store().read(move |tx| rows::due(tx, now_ms, DUE_MAX)).await;
        let Ok(found) = found else { continue };
        for due in found {
            if !driven.begin(&due) {
                continue;
            }
            let mut driving =
                Driving { app: app.clone(), driven: Arc::clone(&driven), due, has_moved: false };
            let seat = tokio::select! {
                seat = Arc::clone(&seats).acquire_owned() => seat,
                _ = closing.changed() => return,
            };
            tokio::spawn(async move {
                driving.has_moved = step(&driving.app, &driving.due).await;
                drop(driving);
                drop(seat);
            });
        }
    }
}

/// Payments that only the records know, which devices brought back to a server that was restored.
async fn remember(app: &App) {
    let found = app.store().read(|tx| rows::forgotten(tx, DRIVEN_MAX)).await;
    for (stall, order, way) in found.unwrap_or_default() {
        let Some(provider) = app.pay().of_way(way) else {
            tracing::warn!(%stall, %order, "pay.forgotten_and_nobody_to_ask");
            continue;
        };
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
    let parts = app.store().read(|tx| rows::forgotten_parts(tx, DRIVEN_MAX)).await;
    for due in parts.unwrap_or_default() {
        if let Err(error) = turn(app, &due, PayTurn::ForgottenParts).await {
            tracing::error!(%error, order = %due.order, "pay.part_not_remembered");
        }
    }
}

/// Everything that is due now, once, one after the other; says how many. For tests, and for whoever has no time to wait.
pub async fn once(app: &App) -> usize {
    let now_ms = app.now_ms();
    remember(app).await;
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
    let Ok(Some(mut asked)) = turn(app, due, PayTurn::Begin(open(app, due))).await else { return false };
    let mut steps = 0;
    // What comes next is begun with the answer, while that is fresh, and there is one commit less to wait for.
    loop {
        let span = tracing::info_span!(target: TARGET, "payment.call", provider = %due.provider, call = ?asked.call, answered = Empty);
        let call = app.pay().call(&due.provider, &asked, || app.now_ms());
        let answer = call.instrument(span.clone()).await;
        span.record("answered", kind(&answer));
        tracing::info!(
            stall = %due.stall, order = %due.order, call = ?asked.call,
            answered = kind(&answer), "pay.called"
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
    app.tell(stall, moved_to);
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
    app.tell(stall, moved_to);
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
    }
}
