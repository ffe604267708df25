//! Makes the market: people, then stall after stall, each through the same pages as everybody's.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx, log};

use super::chance::Chance;
use super::customers;
use super::device::DeviceError;
use super::goods::{Shelf, shelves, small_shelves};
use super::items::{self, Item};
use super::paint::{Look, picture};
use super::stall::{Days, DemoStall};
use crate::outside::{Entropy, NoEntropy, random};
use crate::platform::Refusal;
use crate::platform::accounts::{self, Email, NewAccount};
use crate::platform::passwords::Passwords;
use crate::proof;
use crate::secret::ServerSecret;
use crate::stall::Core;
use crate::store::{Failed, Shard, Store};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// The stalls that the market's operator shows first, by their numbers, and for how long.
const FEATURED: [u32; 2] = [1, 3];
const FEATURED_MS: i64 = 30 * DAY_MS;
/// Days that are handed in together.
const DAYS_AT_ONCE: i64 = 10;
/// Stalls whose pictures are painted ahead.
const PAINTED_AHEAD: usize = 2;

/// How large a market.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    days: i64,
    buyers: usize,
    /// Whom each stall knows by name.
    customers: usize,
    names_of_each: usize,
    is_small: bool,
}

impl Size {
    pub const WHOLE: Self =
        Self { days: 90, buyers: 120, customers: 20, names_of_each: usize::MAX, is_small: false };
    /// For tests: three stalls, and two stretches of days.
    pub const SMALL: Self = Self { days: 12, buyers: 6, customers: 10, names_of_each: 1, is_small: true };

    fn shelves(self) -> Vec<&'static Shelf> {
        if self.is_small { small_shelves() } else { shelves() }
    }
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the store is not empty: make the demo in a data directory or database of its own")]
    NotEmpty,
    #[error("the demo could not be made: {0}")]
    Failed(String),
}

/// Somebody whom the demo made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignIn {
    pub email: String,
    pub what: String,
}

/// What was made.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Made {
    /// Everybody's.
    pub password: String,
    pub sign_ins: Vec<SignIn>,
    pub buyers: usize,
    pub stalls: usize,
    pub registers: usize,
    pub products: usize,
    pub pictures: usize,
    pub customers: usize,
    pub sales: usize,
    pub refunds: usize,
    pub orders: usize,
    /// Orders that the shop could not promise.
    pub declined: usize,
}

/// What the demo is made with.
pub struct Tools<'a> {
    pub store: &'a Store,
    pub core: &'a std::sync::Arc<Core>,
    pub secret: &'a ServerSecret,
    pub passwords: &'a Passwords,
    /// Identities, keys and passwords: never from the seed.
    pub entropy: &'a dyn Entropy,
    pub now_ms: i64,
    /// What is sold to whom, and what it looks like.
    pub seed: u64,
    pub size: Size,
    /// Everybody's password; made up if there is none.
    pub password: Option<String>,
    /// Hears how many steps of how many are done, and what comes next.
    pub progress: &'a dyn Fn(usize, usize, &str),
}

/// Makes the market in an empty store.
pub fn make(tools: &Tools<'_>) -> Result<Made, DemoError> {
    let is_empty = tools.store.read_blocking(|tx| {
        let people = tx.query_opt("select 1 from account limit 1", &[])?;
        Ok::<_, StoreError>(people.is_none() && log::logs(tx)?.is_empty())
    });
    if !is_empty.map_err(|failed| DemoError::Failed(format!("{failed:?}")))? {
        return Err(DemoError::NotEmpty);
    }
    let plans: Vec<Plan> =
        (1..).zip(tools.size.shelves()).map(|(number, shelf)| Plan::new(tools, number, shelf)).collect();
    // One thread paints while the other trades.
    let made = thread::scope(|scope| {
        let (send, painted) = sync_channel(PAINTED_AHEAD);
        let looks: Vec<Vec<Look>> =
            plans.iter().map(|plan| plan.items.iter().map(|item| item.look).collect()).collect();
        scope.spawn(move || {
            for looks in looks {
                // Nobody waits for more once the other side gave up.
                if send.send(paint_all(&looks)).is_err() {
                    return;
                }
            }
        });
        trade_all(tools, plans, &painted)
    })?;
    // The clock went back and forth meanwhile. What days were told by it is filled as it would have been.
    proof::refill(tools.store, tools.core, tools.now_ms).map_err(|error| fault(format!("{error:?}")))?;
    Ok(made)
}

type Painted = Result<Vec<Vec<u8>>, png::EncodingError>;

/// Each look once, in the order of the goods.
fn paint_all(looks: &[Look]) -> Painted {
    let mut known: BTreeMap<Look, Vec<u8>> = BTreeMap::new();
    for look in looks {
        if !known.contains_key(look) {
            known.insert(*look, picture(*look)?);
        }
    }
    Ok(looks.iter().filter_map(|look| known.get(look).cloned()).collect())
}

/// What a stall will be.
struct Plan {
    shelf: &'static Shelf,
    number: u32,
    items: Vec<Item>,
    chance: Chance,
}

impl Plan {
    fn new(tools: &Tools<'_>, number: u32, shelf: &'static Shelf) -> Self {
        let mut chance = Chance::new(tools.seed, u64::from(number));
        let items = items::of(shelf, number, tools.size.names_of_each, &mut chance);
        Self { shelf, number, items, chance }
    }
}

fn trade_all(tools: &Tools<'_>, plans: Vec<Plan>, painted: &Receiver<Painted>) -> Result<Made, DemoError> {
    let mut made = Made::default();
    let stretches = usize::try_from(tools.size.days.div_euclid(DAYS_AT_ONCE) + 1).unwrap_or(1);
    let steps = 1 + plans.len() * (1 + stretches);
    let mut step = 0;
    let mut next = |what: &str| {
        (tools.progress)(step, steps, what);
        step += 1;
    };
    next("people");
    let people = People::make(tools, plans.len(), &mut made)?;
    for (plan, owner) in plans.into_iter().zip(&people.owners) {
        let shelf = plan.shelf;
        next(shelf.name);
        made.sign_ins.push(SignIn { email: owner_email(plan.number), what: format!("owns {}", shelf.name) });
        let pictures = painted.recv().map_err(fault)?.map_err(fault)?;
        let offset_ms = i64::from(shelf.offset_minutes) * 60_000;
        let today_ms = (tools.now_ms + offset_ms).div_euclid(DAY_MS) * DAY_MS - offset_ms;
        let first_ms = today_ms - (tools.size.days - 1) * DAY_MS;
        let known = customers::of(tools, plan.number, tools.size.customers)?;
        let mut stall = DemoStall::found(tools, shelf, *owner, (plan.items, known, plan.chance))?;
        made.pictures += stall.fill(&pictures, first_ms)?;
        stall.remember(today_ms)?;
        let mut from = 0;
        while from < tools.size.days {
            next(shelf.name);
            let to = (from + DAYS_AT_ONCE).min(tools.size.days);
            let days = Days { first_ms, from, to, is_last: to == tools.size.days };
            stall.trade(days, &people.buyers, &mut made)?;
            from = to;
        }
        if FEATURED.contains(&plan.number) {
            stall.feature(tools.now_ms + FEATURED_MS)?;
        }
        stall.count(&mut made);
    }
    (tools.progress)(steps, steps, "done");
    Ok(made)
}

struct People {
    owners: Vec<ThingId>,
    buyers: Vec<ThingId>,
}

impl People {
    /// All in one transaction, with one password: hashing one for each would take longer than all the rest.
    fn make(tools: &Tools<'_>, owners: usize, made: &mut Made) -> Result<Self, DemoError> {
        made.password = match &tools.password {
            Some(password) => password.clone(),
            None => password(tools)?,
        };
        let hash = tools.passwords.hash(&made.password, random(tools.entropy)?).map_err(fault)?;
        let owner_emails = (1..).take(owners).map(owner_email);
        let buyer_emails = (1..=tools.size.buyers).map(|number| format!("buyer{number}@demo.example"));
        let mut all = Vec::new();
        for email in owner_emails.chain(buyer_emails) {
            all.push((ThingId(random(tools.entropy)?), Email::read(&email).map_err(fault)?));
        }
        let accounts: Vec<ThingId> = all.iter().map(|(account, _)| *account).collect();
        let now_ms = tools.now_ms;
        let work = move |tx: &mut dyn Tx| {
            all.iter().try_for_each(|(account, email)| {
                accounts::create(tx, &NewAccount { account: *account, email, password_hash: &hash, now_ms })
                    .map(drop)
            })
        };
        tools.store.write_blocking(Shard::account(ThingId::default()), work)?;
        made.buyers = tools.size.buyers;
        let (owners, buyers) = accounts.split_at(owners.min(accounts.len()));
        Ok(Self { owners: owners.to_vec(), buyers: buyers.to_vec() })
    }
}

fn owner_email(number: u32) -> String {
    format!("owner{number}@demo.example")
}

/// Four groups of letters and digits: a demo that is reachable must not have a password that everybody knows.
fn password(tools: &Tools<'_>) -> Result<String, DemoError> {
    let bytes: [u8; 10] = random(tools.entropy)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let groups: Vec<&str> = (0..digits.len()).step_by(5).filter_map(|at| digits.get(at..at + 5)).collect();
    Ok(groups.join("-"))
}

pub(super) fn fault(error: impl std::fmt::Display) -> DemoError {
    DemoError::Failed(error.to_string())
}

impl From<DeviceError> for DemoError {
    fn from(error: DeviceError) -> Self {
        fault(error)
    }
}

impl From<NoEntropy> for DemoError {
    fn from(error: NoEntropy) -> Self {
        fault(error)
    }
}

impl From<Refusal> for DemoError {
    fn from(error: Refusal) -> Self {
        fault(error)
    }
}

impl<E: std::fmt::Display> From<Failed<E>> for DemoError {
    fn from(failed: Failed<E>) -> Self {
        match failed {
            Failed::Refused(refusal) => fault(refusal),
            Failed::NoAnswer(none) => fault(none),
        }
    }
}
