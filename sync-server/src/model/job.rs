//! Training: by itself while the server runs, whenever enough happened, or when somebody asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;
use std::time::Duration;

use soko_domain::ids::{Hash, LogId, ThingId};
use soko_domain::interaction::hour;
use soko_recommend::packed::{Packed, ProductId, Unpackable, model_id};
use soko_recommend::train::{Deed, DeedWeights, Gate, MARKET, Signal, Trade, on_threads};
use soko_record_log::StoreError;

use super::kept::{self, Card};
use super::refresh::{Due, Try, due, refresh};
use super::trade::{self, BASKETS_PER_BUYER_MAX, Basket, Offered};
use super::turn::Turn;
use crate::experiments;
use crate::http::App;
use crate::store::{Shard, Store};

/// Fewer baskets of two or more say nothing.
const BASKETS_MIN: usize = 50;
/// What was bought longer ago is forgotten.
const SINCE_MS: i64 = 400 * 24 * 3_600 * 1_000;
/// Products in baskets that are held at once, at about sixteen bytes each, and deeds of people: of more, the latest.
const ENTRIES_MAX: usize = 20_000_000;
const DEEDS_MAX: u32 = 10_000_000;
/// Any number; the same trade gives the same model.
pub(super) const SEED: u64 = 1;
/// After the start, so that whoever waits for the server comes first.
const FIRST_LOOK: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_secs(15 * 60);

/// Why there is no new model.
#[derive(Debug, thiserror::Error)]
pub enum NotTrained {
    #[error("there are {0} baskets of two products or more: {BASKETS_MIN} are needed")]
    TooFew(usize),
    #[error("there is no model in use that this version can refresh: train one")]
    NoParent,
    #[error("no such model is kept that this version can read: see soko-server train --list")]
    NoModel,
    #[error("somebody else trains on this store now")]
    Elsewhere,
    #[error("it was stopped; the model in use stays")]
    Stopped,
    #[error("{0}")]
    Unpackable(#[from] Unpackable),
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Hears how far it is, in parts of a hundred, and says whether to go on.
pub type Tell<'a> = &'a dyn Fn(usize, &str) -> ControlFlow<()>;

/// A model that was made and kept.
pub struct Trained {
    pub model: Hash,
    pub card: Card,
    /// False: it did worse than the one in use, which stays.
    pub is_in_use: bool,
}

/// Reads what was bought and what people agreed to tell, trains, compares, and keeps the model. Takes seconds to minutes: not for a thread that serves.
///
/// # Errors
/// Where there is too little to learn from, somebody else trains, `tell` says to stop, or the store fails.
pub fn train(store: &Store, now_ms: i64, tell: Tell<'_>) -> Result<Trained, NotTrained> {
    let turn = Turn::take(store)?.ok_or(NotTrained::Elsewhere)?;
    let old = store.read_blocking(|tx| {
        let Some(known) = kept::in_use(tx)? else { return Ok(None) };
        Ok(kept::bytes(tx, known.model)?.map(|bytes| (bytes, known.card.to_ms)))
    });
    // What another version packed is as good as none.
    let old = old.map_err(StoreError::from)?;
    let old = old.and_then(|(bytes, seen_ms)| Some((Packed::read(&bytes).ok()?, seen_ms)));
    let mut gathered = gather(store, now_ms, tell)?;
    enough(&gathered)?;
    let trade = &mut gathered.trade;
    step(tell, 40, "weighing")?;
    trade.weights = on_some_cores(|| trade.choose_weights(SEED));
    step(tell, 55, "comparing")?;
    let old = old.as_ref().map(|(packed, seen_ms)| (packed, behind(&gathered.times_ms, *seen_ms)));
    let gate = on_some_cores(|| trade.compare(old, SEED))?;
    step(tell, 70, "training")?;
    let bytes = on_some_cores(|| trade.train(SEED))?;
    let card = card_of(&gathered, gate, parameters(gathered.trade.weights));
    step(tell, 95, "keeping")?;
    let trained = keep(store, &turn, (bytes, card, gate), now_ms)?;
    step(tell, 100, "done")?;
    Ok(trained)
}

/// On half of the cores: the other half serves whoever shops meanwhile.
pub(super) fn on_some_cores<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    on_threads(std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)), work)
}

pub(super) fn step(tell: Tell<'_>, done: usize, what: &str) -> Result<(), NotTrained> {
    match tell(done, what) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(NotTrained::Stopped),
    }
}

/// How many baskets were bought after a moment.
pub(super) fn behind(times_ms: &[i64], seen_ms: i64) -> usize {
    times_ms.iter().rev().take_while(|at_ms| **at_ms > seen_ms).count()
}

/// Whether there is enough to learn from.
pub(super) fn enough(gathered: &Gathered) -> Result<(), NotTrained> {
    let useful = gathered.trade.baskets.iter().filter(|basket| basket.len() > 1).count();
    if useful < BASKETS_MIN { Err(NotTrained::TooFew(useful)) } else { Ok(()) }
}

/// Keeps a model that was made, unless the turn was lost meanwhile; it is in use from now on if it did no worse than the one that was.
pub(super) fn keep(
    store: &Store,
    turn: &Turn,
    (bytes, card, gate): (Vec<u8>, Card, Gate),
    now_ms: i64,
) -> Result<Trained, NotTrained> {
    let (model, is_in_use) = (Hash(model_id(&bytes)), !gate.is_worse());
    let text = serde_json::to_string(&card).map_err(|error| StoreError::Other(error.to_string()))?;
    let holder = turn.holder();
    let kept = store.write_blocking(Shard::stall(LogId::default()), move |tx| {
        let holds = Turn::holds(tx, holder)?;
        if holds {
            kept::put(tx, (model, &bytes, &text), is_in_use, now_ms)?;
        }
        Ok::<_, StoreError>(holds)
    });
    match kept.map_err(StoreError::from)? {
        true => Ok(Trained { model, card, is_in_use }),
        false => Err(NotTrained::Elsewhere),
    }
}

pub(super) fn card_of(
    Gathered { trade, times_ms, records, met }: &Gathered,
    Gate { baskets, for_you }: Gate,
    parameters: BTreeMap<String, f64>,
) -> Card {
    let end = |at: Option<&i64>| at.copied().unwrap_or(0);
    Card {
        products: trade.products.len(),
        baskets: trade.baskets.len(),
        people: trade.buyers(),
        from_ms: end(times_ms.first()),
        to_ms: end(times_ms.last()),
        records: *records,
        met: *met,
        tested: baskets.tested,
        found: baskets.new,
        found_before: baskets.old,
        give_or_take: baskets.give_or_take,
        for_you: (for_you.tested > 0).then(|| for_you.into()),
        parameters,
        follows: None,
    }
}

/// What may differ from one version to the next.
fn parameters(weights: DeedWeights) -> BTreeMap<String, f64> {
    let count = |number: usize| u32::try_from(number).map_or(f64::INFINITY, f64::from);
    [
        ("factors", count(MARKET.ials.dimension)),
        ("sweeps", count(MARKET.ials.sweeps)),
        ("unobserved", f64::from(MARKET.ials.unobserved)),
        ("regularisation", f64::from(MARKET.ials.regularisation)),
        ("EASE weight", f64::from(MARKET.blend.ease)),
        ("EASE products", count(MARKET.ease.products_max)),
        ("EASE regularisation", f64::from(MARKET.ease.regularisation)),
        ("weight of baskets", f64::from(weights.put)),
        ("weight of likes", f64::from(weights.liked)),
        ("weight of looks", f64::from(weights.opened)),
        ("weight of dismissals", f64::from(weights.dismissed)),
        ("half-life in days", f64::from(weights.half_life_days)),
    ]
    // As they are written in the source: a short fraction is not a short fraction any more after widening.
    .map(|(name, value): (&str, f64)| (name.to_owned(), (value * 1e6).round() / 1e6))
    .into()
}

pub(super) struct Gathered {
    pub(super) trade: Trade,
    /// When each basket was bought.
    pub(super) times_ms: Vec<i64>,
    /// Of the whole server.
    pub(super) records: i64,
    pub(super) met: i64,
}

/// What there is to buy, stall by stall.
#[derive(Default)]
struct Catalogue {
    products: Vec<ProductId>,
    /// What each is like, and whose it is, both as numbers.
    traits: BTreeMap<ProductId, Vec<u32>>,
    stalls: BTreeMap<ProductId, u32>,
    names: BTreeMap<String, u32>,
}

impl Catalogue {
    fn put(&mut self, stall: u32, Offered { product, traits }: Offered) {
        let mut numbered = Vec::with_capacity(traits.len());
        for it in traits {
            let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
            numbered.push(*self.names.entry(it).or_insert(next));
        }
        self.products.push(product.0);
        self.traits.insert(product.0, numbered);
        self.stalls.insert(product.0, stall);
    }
}

/// All stalls, one after the other.
fn read_stalls(store: &Store, held: &mut Held, tell: Tell<'_>) -> Result<Catalogue, NotTrained> {
    let stalls = store.read_blocking(trade::stalls).map_err(StoreError::from)?;
    let mut catalogue = Catalogue::default();
    for (at, stall) in stalls.iter().copied().enumerate() {
        step(tell, 40 * at / stalls.len(), "reading")?;
        let offered = store.read_blocking(move |tx| trade::products(tx, stall)).map_err(StoreError::from)?;
        let own: Arc<BTreeSet<_>> = Arc::new(offered.iter().map(|it| it.product).collect());
        let number = u32::try_from(at).unwrap_or(u32::MAX);
        offered.into_iter().for_each(|it| catalogue.put(number, it));
        let (mut after, mut orders) = (0, BTreeSet::new());
        loop {
            let own = Arc::clone(&own);
            let portion = store.read_blocking(move |tx| trade::baskets(tx, (stall, &own), after));
            let Some((mut portion, last)) = portion.map_err(StoreError::from)? else { break };
            portion.retain(|basket| basket.order.is_none_or(|order| orders.insert(order)));
            held.take(portion);
            after = last;
        }
    }
    Ok(catalogue)
}

/// Everything since then, the oldest basket first, as far as memory allows.
pub(super) fn gather(store: &Store, now_ms: i64, tell: Tell<'_>) -> Result<Gathered, NotTrained> {
    let records = store.read_blocking(trade::records).map_err(StoreError::from)?;
    // What a wrong clock puts into the future waits for it: it would be the latest for ever, and nothing new after it.
    let mut held = Held::new(now_ms - SINCE_MS..=now_ms, ENTRIES_MAX);
    let Catalogue { products, traits, stalls, .. } = read_stalls(store, &mut held, tell)?;
    let accounts = store.read_blocking(|tx| Ok((trade::accounts(tx)?, trade::met(tx)?)));
    let (accounts, met) = accounts.map_err(StoreError::from)?;
    let mut people: BTreeMap<ThingId, Vec<Signal<ProductId>>> = BTreeMap::new();
    let (mut counted, mut whose, mut times_ms) = (Vec::new(), Vec::new(), Vec::new());
    let baskets = held.oldest_first();
    let buyer_of = |basket: &Basket| basket.buyer.map(|buyer| accounts.get(&buyer).copied().unwrap_or(buyer));
    let buyers: Vec<Option<ThingId>> = baskets.iter().map(buyer_of).collect();
    let voices: Vec<_> =
        buyers.iter().zip(&baskets).map(|(buyer, basket)| buyer.or(basket.customer)).collect();
    for (at, (basket, counts)) in baskets.into_iter().zip(that_count(&voices)).enumerate() {
        let (buyer, voice) = (buyers.get(at).copied().flatten(), voices.get(at).copied().flatten());
        let ids: Vec<ProductId> = basket.products.into_iter().map(|product| product.0).collect();
        if let Some(buyer) = buyer {
            let hour = hour(basket.at_ms);
            let did = people.entry(buyer).or_default();
            did.extend(ids.iter().map(|product| Signal { product: *product, deed: Deed::Bought, hour }));
        }
        if !counts {
            continue;
        }
        counted.push(ids);
        whose.push(voice.map(|voice| voice.0));
        times_ms.push(basket.at_ms);
    }
    each_deed(store, hour(now_ms - SINCE_MS), |who, signal| {
        people.entry(*accounts.get(&who).unwrap_or(&who)).or_default().push(signal);
    })?;
    let people = people.into_iter().filter(|(_, did)| did.len() > 1);
    let (persons, people) = people.map(|(who, did)| (who.0, did)).unzip();
    let trade = Trade {
        products,
        baskets: counted,
        whose,
        hours: times_ms.iter().copied().map(hour).collect(),
        people,
        persons,
        stalls,
        traits,
        weights: DeedWeights::default(),
        now_hour: hour(now_ms),
    };
    Ok(Gathered { trade, times_ms, records, met })
}

/// Which baskets count, in their order, the oldest first: of each buyer's the latest, since what regulars buy now is what they want.
fn that_count(buyers: &[Option<ThingId>]) -> Vec<bool> {
    let mut times: BTreeMap<ThingId, usize> = BTreeMap::new();
    let mut counts: Vec<bool> = Vec::with_capacity(buyers.len());
    for buyer in buyers.iter().rev() {
        counts.push(buyer.is_none_or(|buyer| {
            let times = times.entry(buyer).or_default();
            *times += 1;
            *times <= BASKETS_PER_BUYER_MAX
        }));
    }
    counts.reverse();
    counts
}

/// What people did besides buying, as far as memory allows.
fn each_deed(
    store: &Store,
    since_hour: i64,
    mut take: impl FnMut(ThingId, Signal<ProductId>),
) -> Result<(), StoreError> {
    let since_hour = store.read_blocking(move |tx| trade::deeds_from(tx, since_hour, DEEDS_MAX));
    let since_hour = since_hour.map_err(StoreError::from)?;
    let mut after = ThingId::default();
    loop {
        let portion = store.read_blocking(move |tx| trade::deeds(tx, after, since_hour));
        let Some((portion, last)) = portion.map_err(StoreError::from)? else { return Ok(()) };
        portion.into_iter().for_each(|(who, signal)| take(who, signal));
        after = last;
    }
}

/// Baskets of a time, and no more of them than memory allows: the oldest go first.
struct Held {
    counts: RangeInclusive<i64>,
    entries_max: usize,
    entries: usize,
    baskets: Vec<Basket>,
}

impl Held {
    fn new(counts: RangeInclusive<i64>, entries_max: usize) -> Self {
        Self { counts, entries_max, entries: 0, baskets: Vec::new() }
    }

    fn take(&mut self, portion: Vec<Basket>) {
        for basket in portion.into_iter().filter(|basket| self.counts.contains(&basket.at_ms)) {
            self.entries += basket.products.len();
            self.baskets.push(basket);
        }
        if self.entries > self.entries_max {
            self.forget();
        }
    }

    /// A quarter more than must go, so that this is rare; what is older than what is left is not taken any more.
    fn forget(&mut self) {
        self.baskets.sort_by_key(|basket| std::cmp::Reverse(basket.at_ms));
        let (mut left, mut count) = (0, 0);
        for basket in &self.baskets {
            left += basket.products.len();
            if left > self.entries_max / 4 * 3 {
                break;
            }
            count += 1;
        }
        self.baskets.truncate(count);
        self.entries = self.baskets.iter().map(|basket| basket.products.len()).sum();
        let oldest = self.baskets.last().map_or(*self.counts.end(), |basket| basket.at_ms);
        self.counts = oldest..=*self.counts.end();
    }

    fn oldest_first(mut self) -> Vec<Basket> {
        self.baskets.sort_by_key(|basket| basket.at_ms);
        self.baskets
    }
}

/// Counts for the experiment that runs, if one does.
async fn count(app: &App) -> Result<(), StoreError> {
    let now_ms = app.now_ms();
    if app.store().read(experiments::running).await?.is_none() {
        return Ok(());
    }
    let counted = app.store().write(Shard::stall(LogId::default()), move |tx| experiments::count(tx, now_ms));
    if let Some(verdict) = counted.await.map_err(StoreError::from)?.filter(|verdict| verdict.ends()) {
        tracing::info!(?verdict, "experiment.ended");
    }
    Ok(())
}

/// What the looks before remember. What was tried and changed nothing leaves no other trace, and would be tried again with each look.
#[derive(Default)]
pub struct Looks {
    last: Option<Try>,
    training: Option<Try>,
    /// The model in use that this version can read.
    readable: Option<Hash>,
}

/// Looks whether there is enough new to learn from, and learns it: a refresh, or a training where one is due or the model in use cannot be
/// refreshed. Not for a thread that serves.
///
/// # Errors
/// As `train` and `refresh`.
pub fn look(
    store: &Store,
    now_ms: i64,
    looks: &mut Looks,
    tell: Tell<'_>,
) -> Result<Option<Trained>, NotTrained> {
    let readable = looks.readable;
    let facts = store.read_blocking(move |tx| {
        let known =
            kept::in_use(tx)?.map(|known| (known.model, known.card.follows.map_or(0, |it| it.refreshes)));
        let is_readable = match known {
            Some((model, _)) if readable != Some(model) => {
                kept::bytes(tx, model)?.is_some_and(|bytes| Packed::read(&bytes).is_ok())
            }
            Some(_) | None => true,
        };
        let now = Try { at_ms: now_ms, records: trade::records(tx)?, met: trade::met(tx)? };
        Ok((known.filter(|_| is_readable), kept::tries(tx)?, now))
    });
    let (known, tries, now) = facts.map_err(StoreError::from)?;
    looks.readable = known.map(|(model, _)| model);
    let (last, training) = tries.map_or((None, None), |it| (Some(it.last), Some(it.training)));
    let (last, training) = (Try::later(last, looks.last), Try::later(training, looks.training));
    let due = match (known, last, training) {
        // What there is was tried already, and is not enough.
        (None, ..) if looks.training.is_some_and(|it| it.is_same(&now)) => Due::Nothing,
        (Some((_, refreshes)), Some(last), Some(training)) => due((&last, &training), refreshes, &now),
        _ => Due::Training,
    };
    let done = match due {
        Due::Nothing => return Ok(None),
        Due::Refresh => match refresh(store, now_ms, tell) {
            Err(NotTrained::NoParent | NotTrained::Unpackable(Unpackable::Unlike)) => None,
            done => Some(done),
        },
        Due::Training => None,
    };
    let (done, is_training) = match done {
        Some(done) => (done, false),
        None => (train(store, now_ms, tell).map(Some), true),
    };
    if matches!(done, Ok(_) | Err(NotTrained::TooFew(_))) {
        looks.last = Some(now);
        looks.training = if is_training { Some(now) } else { looks.training };
    }
    done
}

/// Looks now and then, for as long as the server runs.
pub(crate) async fn follow(app: App) {
    let mut closing = app.closing();
    let (mut wait, mut looks) = (FIRST_LOOK, Looks::default());
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = closing.changed() => return,
        }
        wait = LOOK_EVERY;
        if let Err(error) = count(&app).await {
            tracing::warn!(%error, "experiment.not_counted");
        }
        let (store, stopping, now_ms) = (app.store().clone(), app.closing(), app.now_ms());
        let mut before = std::mem::take(&mut looks);
        let done = tokio::task::spawn_blocking(move || {
            // A server that stops does not finish what it can do again.
            let tell = |_: usize, _: &str| match *stopping.borrow() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            };
            let done = look(&store, now_ms, &mut before, &tell);
            (done, before)
        });
        let done = done.await.map(|(done, after)| {
            looks = after;
            done
        });
        match done {
            Ok(Ok(Some(Trained { model, card, is_in_use }))) => {
                let refreshes = card.follows.map_or(0, |it| it.refreshes);
                tracing::info!(%model, is_in_use, refreshes, found = card.found, tested = card.tested, "model.trained");
            }
            Ok(Ok(None) | Err(NotTrained::TooFew(_) | NotTrained::Elsewhere | NotTrained::Stopped)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "model.not_trained"),
            Err(error) => tracing::error!(%error, "model.broke"),
        }
    }
}

#[cfg(test)]
mod tests {
    use soko_domain::ids::ProductId;

    use super::*;

    fn basket(at_ms: i64) -> Basket {
        let order = None;
        Basket {
            at_ms,
            buyer: None,
            customer: None,
            order,
            products: vec![ProductId([1; 16]), ProductId([2; 16])],
        }
    }

    #[test]
    fn of_a_regulars_baskets_the_latest_count() {
        let amina = Some(ThingId([1; 16]));
        let buyers: Vec<_> = (0..25).flat_map(|_| [amina, None]).chain([Some(ThingId([2; 16]))]).collect();
        let counts = that_count(&buyers);
        let skipped: Vec<usize> = (0..buyers.len()).filter(|at| !counts[*at]).collect();
        assert_eq!(skipped, [0, 2, 4, 6, 8], "her first five");
    }

    #[test]
    fn of_more_than_memory_allows_the_latest_are_learnt_from() {
        let mut held = Held::new(0..=1_000, 16);
        // One stall after the other, each from its beginning.
        held.take((0..6).map(|at| basket(at * 100)).collect());
        held.take((0..6).map(|at| basket(at * 100 + 50)).collect());
        held.take(vec![basket(10), basket(560), basket(1_001)]);
        let times: Vec<i64> = held.oldest_first().iter().map(|it| it.at_ms).collect();
        assert_eq!(times, [300, 350, 400, 450, 500, 550, 560]);
    }
}
