//! Whom a stall of the demo knows by name: most came before and come again, some came first in these weeks, and some stay away. What
//! they are called and how often they come is the seed's, in a stream of its own, so that what is sold is what it would be without
//! them. Their numbers and addresses lead nowhere.

use std::ops::RangeInclusive;

use soko_domain::entry::Entry;
use soko_domain::ids::ThingId;
use soko_domain::verbs::manage_customers::{Facts, PutCustomer, decide_put};

use super::chance::Chance;
use super::market::{DemoError, Tools, fault};
use crate::outside::random;

/// Apart from the streams of stalls and of registers.
const NAMES: u64 = 1 << 40;
const VISITS: u64 = 2 << 40;
/// So many of a hundred sales name somebody.
const NAMED_PERCENT: u32 = 25;
/// Longer ago than the reports call somebody lost.
const BEFORE_DAYS: RangeInclusive<u32> = 95..=128;
/// The first time of whoever is new.
const NEW_DAYS: RangeInclusive<u32> = 3..=20;
const FIRST_NAMES: [&str; 20] = [
    "Amara", "Lea", "Juma", "Salma", "Noor", "Jonas", "Wanjiru", "Camille", "Idris", "Ingrid", "Mateo",
    "Zawadi", "Yusuf", "Clara", "Baraka", "Hana", "Elias", "Neema", "Tariq", "Sofia",
];
const LAST_NAMES: [&str; 11] = [
    "Diallo",
    "Martin",
    "Otieno",
    "Haddad",
    "Berg",
    "Mwangi",
    "Moreau",
    "Castro",
    "Njoroge",
    "Lindqvist",
    "Ben Salah",
];
const WORDS: [&str; 5] = ["Pays on Fridays.", "", "Asks for a bag.", "", ""];

/// Somebody whom a stall knows.
pub(super) struct Customer {
    pub(super) put: PutCustomer,
    /// How many days ago they came in the weeks that the demo shows.
    comes: RangeInclusive<i64>,
    /// And once, long before.
    pub(super) came_days_ago: Option<i64>,
}

/// The customers of one stall.
pub(super) fn of(tools: &Tools<'_>, stall: u32, many: usize) -> Result<Vec<Customer>, DemoError> {
    let mut chance = Chance::new(tools.seed, NAMES + u64::from(stall));
    let from = chance.index(FIRST_NAMES.len());
    let one = |number: usize| {
        let ids = (ThingId(random(tools.entropy)?), ThingId(random(tools.entropy)?));
        Ok(customer(ids, (from, number), &mut chance))
    };
    (0..many).map(one).collect()
}

fn customer(
    (customer, veil): (ThingId, ThingId),
    (from, number): (usize, usize),
    chance: &mut Chance,
) -> Customer {
    let first = FIRST_NAMES.get((from + number) % FIRST_NAMES.len()).copied().unwrap_or_default();
    let last = LAST_NAMES.get(chance.index(LAST_NAMES.len())).copied().unwrap_or_default();
    let has_phone = chance.percent(70);
    let phone = if has_phone { format!("+254 700 000 {:03}", 100 + number) } else { String::new() };
    let letters = format!("{first}.{last}").to_lowercase().replace(' ', "");
    let email = if chance.percent(50) { format!("{letters}@example.org") } else { String::new() };
    let note = WORDS.get(chance.index(WORDS.len())).copied().unwrap_or_default().to_owned();
    // Whoever left nothing to be reached by did not agree to it either.
    let may_contact = chance.percent(60) && !(phone.is_empty() && email.is_empty());
    let before = i64::from(chance.between(*BEFORE_DAYS.start(), *BEFORE_DAYS.end()));
    let since = i64::from(chance.between(*NEW_DAYS.start(), *NEW_DAYS.end()));
    let (comes, came_days_ago) = match number % 5 {
        2 | 3 => (0..=since, None),
        // On no day of the demo.
        4 => (-1..=-1, Some(before)),
        _ => (0..=i64::MAX, Some(before)),
    };
    let put =
        PutCustomer { customer, veil, name: format!("{first} {last}"), phone, email, note, may_contact };
    Customer { put, comes, came_days_ago }
}

impl Customer {
    pub(super) fn entries(&self) -> Result<Vec<Entry>, DemoError> {
        decide_put(&Facts::default(), &self.put).map_err(fault)
    }
}

/// Who buys, if the sale names anybody. `number` is the sale's at its register.
pub(super) fn buyer(all: &[Customer], (seed, number): (u64, u64), days_ago: i64) -> Option<ThingId> {
    let mut chance = Chance::new(seed, VISITS + number);
    if !chance.percent(NAMED_PERCENT) {
        return None;
    }
    let there: Vec<&Customer> = all.iter().filter(|one| one.comes.contains(&days_ago)).collect();
    there.get(chance.index(there.len())).map(|one| one.put.customer)
}
