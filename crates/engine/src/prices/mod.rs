//! Prices that learn, on a device: what its own records say of demand, and the price that follows. It asks nobody: a stall
//! without a network has the same suggestions, as far as it knows its sales.
//!
//! What was learnt is kept in memory, from the days before today, and learnt anew when the day changed or, after a quarter of
//! an hour, when there are other records. What depends on the moment (stock, time, limits) is read with each question.

pub(crate) mod experiment;
mod gather;
pub(crate) mod limits;
mod looked;
mod market;
mod now;
mod usual;

use std::collections::BTreeMap;

use soko_domain::entry::PriceMode;
use soko_domain::ids::{LogId, ProductId};
use soko_domain::opening::Opening;
use soko_domain::verbs::move_price::Rule;
use soko_pricing::belief::{Belief, Group};
use soko_pricing::endings::Endings;
use soko_pricing::history::{Day, HOURS, Hours, WEEKDAYS};
use soko_pricing::pool::Learned;
use soko_projection::read_prices as facts;
use soko_record_log::{StoreError, Tx, log};

use limits::rule_of;
pub(crate) use limits::{Market, NEW_DAY, compared, cost_of, guard_rules, quote};
pub(crate) use looked::Looked;
pub(crate) use now::{Moment, Outcome, Reach, limits, new_day, outcome, reasons, worth};

/// Learnt anew when there is something new, not more often than this.
const AGAIN_MS: i64 = 15 * 60 * 1_000;
/// Days that are learnt from. Older ones are forgotten anyway.
pub(crate) const DAYS: i32 = 120;
/// Products that are looked at: those that brought most money, and whatever has a rule of its own. More would make a register wait.
const PRODUCTS_MAX: usize = 400;

/// What was learnt at one stall.
pub(crate) struct Prices {
    today: i32,
    made_ms: i64,
    records: u64,
    learned: Learned,
    hours: Hours,
    sells: [bool; HOURS],
    /// On which part of its days of each weekday it opens, from Monday on.
    opens: [f64; WEEKDAYS],
    endings: Endings,
    products: BTreeMap<ProductId, Of>,
}

/// What was learnt of one product.
struct Of {
    /// Where its belief is, and of which group it is.
    at: usize,
    group: u32,
    days: Vec<Day>,
    /// The logarithm of what others usually asked.
    others: Option<f64>,
}

impl Prices {
    /// Whether it should be learnt anew.
    pub(crate) fn is_old(
        &self,
        tx: &mut dyn Tx,
        log: LogId,
        (today, at_ms): (i32, i64),
    ) -> Result<bool, StoreError> {
        let waited = !(0..AGAIN_MS).contains(&at_ms.saturating_sub(self.made_ms));
        Ok(self.today != today || waited && log::count(tx, log)? != self.records)
    }

    /// Learns from the days before today.
    pub(crate) fn learn(tx: &mut dyn Tx, log: LogId, (today, at_ms): (i32, i64)) -> Result<Self, StoreError> {
        let rules = facts::rules(tx, log)?;
        let gathered = gather::gather(tx, log, today, (PRODUCTS_MAX, &|product| is_wished(&rules, product)))?;
        let histories: Vec<_> = gathered.products.iter().map(gather::Seen::history).collect();
        let learned = soko_pricing::pool::learn(&histories);
        let profile = soko_projection::read::profile(tx, log)?;
        let coin = profile.as_ref().map_or(1, |profile| profile.cash_step_minor);
        let said = profile.and_then(|profile| said_days(&profile.opening));
        let endings = Endings::habit(&gathered.prices, i64::from(coin.max(1)));
        let products = gathered.products.into_iter().enumerate().map(|(at, seen)| {
            (seen.product, Of { at, group: seen.group, days: seen.days, others: seen.others })
        });
        Ok(Self {
            today,
            made_ms: at_ms,
            records: log::count(tx, log)?,
            learned,
            hours: gathered.hours,
            sells: gathered.sells,
            opens: said.unwrap_or(gathered.opens),
            endings,
            products: products.collect(),
        })
    }

    /// The products that are looked at.
    pub(crate) fn products(&self) -> impl Iterator<Item = ProductId> {
        self.products.keys().copied()
    }

    /// The days of a product, without today.
    pub(crate) fn days(&self, product: ProductId) -> &[Day] {
        self.products.get(&product).map_or(&[], |of| &of.days)
    }

    /// Whether anything ever sold in this hour of the day, as far as anybody knows.
    pub(crate) fn sells_at(&self, moment: &Moment) -> bool {
        let hour = gather::hour(moment.at_ms, moment.offset_minutes);
        self.sells.get(hour).copied().unwrap_or(true)
    }

    fn belief(&self, product: ProductId) -> Option<(Belief, &Group)> {
        let of = self.products.get(&product)?;
        Some((self.learned.belief(of.at, of.group)?, self.learned.group(of.group)))
    }

    fn others(&self, product: ProductId) -> Option<f64> {
        self.products.get(&product)?.others
    }
}

/// On which weekdays the stall says that it opens; nothing where it says nothing.
fn said_days(opening: &str) -> Option<[f64; WEEKDAYS]> {
    let week = Opening::read(opening).filter(|week| !week.times.is_empty())?;
    let is_on = |weekday: usize| week.times.iter().any(|it| it.days.get(weekday) == Some(&true));
    Some(std::array::from_fn(|weekday| if is_on(weekday) { 1.0 } else { 0.0 }))
}

/// Whether the owner said something of this product, other than that its price stays.
fn is_wished(rules: &BTreeMap<ProductId, (u64, Rule)>, product: ProductId) -> bool {
    rules.get(&product).is_some_and(|(_, rule)| rule.mode != PriceMode::Frozen)
}

/// What the owner said, by product, and how prices moved today.
pub(crate) struct Rules {
    by_product: BTreeMap<ProductId, (u64, Rule)>,
    refused: Vec<facts::RefusalFound>,
    today: BTreeMap<ProductId, Vec<usual::Today>>,
}

impl Rules {
    pub(crate) fn read(tx: &mut dyn Tx, log: LogId, today: i32) -> Result<Self, StoreError> {
        let (by_product, refused) = (facts::rules(tx, log)?, facts::refusals(tx, log, today)?);
        Ok(Self { by_product, refused, today: usual::today(tx, log, today)? })
    }

    /// How a product moved today, the oldest move first.
    pub(crate) fn today(&self, product: ProductId) -> &[usual::Today] {
        self.today.get(&product).map_or(&[], Vec::as_slice)
    }

    /// The product's own, or that of all others.
    pub(crate) fn of(&self, product: ProductId) -> Rule {
        rule_of(&self.by_product, product)
    }

    pub(crate) fn own(&self, product: ProductId) -> Option<Rule> {
        self.by_product.get(&product).map(|(_, rule)| *rule)
    }

    pub(crate) fn of_all(&self) -> Rule {
        rule_of(&self.by_product, ProductId::default())
    }

    pub(crate) fn revision(&self, product: Option<ProductId>) -> u64 {
        self.by_product.get(&product.unwrap_or_default()).map_or(0, |(revision, _)| *revision)
    }

    /// Products that move by themselves.
    pub(crate) fn auto(&self) -> Vec<ProductId> {
        let is_auto = |(product, (_, rule)): &(&ProductId, &(u64, Rule))| {
            rule.mode == PriceMode::Auto && **product != ProductId::default()
        };
        self.by_product.iter().filter(is_auto).map(|(product, _)| *product).collect()
    }

    /// Somebody did not want this price lately, or one less far away: dearer than it was then, or cheaper.
    pub(crate) fn is_refused(&self, product: ProductId, (now, price): (i64, i64)) -> bool {
        self.refused.iter().filter(|it| it.product == product).any(|it| {
            let (refused, was) = (it.price_minor, it.was_minor.unwrap_or(now));
            refused > was && price >= refused && price > now
                || refused < was && price <= refused && price < now
        })
    }
}
