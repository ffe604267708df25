//! A wholesaler's year: what goes with what is in an order, and what a customer buys next that they never had, on a split by time. Our
//! model as devices use it, beside popularity, what was bought together, and neighbours by cosine of customers' histories.
//!
//! A basket is an invoice; cancellations, gifts, fees and lines without a price are none of it. The last tenth of the invoices is held
//! out, and nothing was chosen by looking at it: the model has the parameters that every market has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use soko_recommend::packed::{Packed, ProductId, Wanted};
use soko_recommend::train::{Deed, Found, Seeds, Signal, Trade, Way};

use soko_measure::figure::{Fault, Measured, print, tell};
use soko_measure::wholesale::Sale;

const SEED: u64 = 1;
const LIST: usize = 10;
/// One in so many invoices is held out, the latest.
const HELD_OUT: usize = 10;
/// Neighbours that a product keeps, as our own model does.
const NEIGHBOURS: usize = 32;

/// An order of this year.
#[derive(Default)]
struct Invoice {
    hour: i64,
    customer: Option<u32>,
    products: BTreeSet<u32>,
}

pub(crate) fn measure(folder: &Path) -> Measured {
    let invoices = invoices(&soko_measure::data::text(&folder.join("retail/online_retail.csv.xz"))?);
    let before = invoices.len() - invoices.len() / HELD_OUT;
    let trade = trade(&invoices);
    let held_out = Trade {
        baskets: trade.baskets[..before].to_vec(),
        hours: trade.hours[..before].to_vec(),
        people: people(&invoices[..before]),
        ..trade.clone()
    };
    let packed = Packed::read(&held_out.train(SEED)?)?;
    tell(&format!(
        "retail: {} products, {} invoices, of which the latest {} are asked about",
        trade.products.len(),
        invoices.len(),
        invoices.len() - before
    ));
    let ask = |way| trade.ask((&packed, way), before, SEED);
    let [model, together, popular] = [Way::Model, Way::Together, Way::Popular].map(ask);
    let likeness = Likeness::of(&invoices[..before]);
    let item = likeness.completes(&invoices[before..]);
    for (name, found) in
        [("the model", model), ("bought together", together), ("item-item", item), ("what most had", popular)]
    {
        tell(&row(&format!("the rest of an order: {name}"), &found));
    }
    print("recommend.retail.order_hr10", "share", model.found, Some(item.found.max(popular.found)));
    next(&packed, &likeness, (&invoices, before))
}

/// What customers buy next that they never had.
fn next(packed: &Packed, likeness: &Likeness, (invoices, before): (&[Invoice], usize)) -> Measured {
    let asked = asked(invoices, before);
    let number = |it: &u32| packed.number(&id(*it));
    let popular = most_had(&invoices[..before]);
    let list = |found: Vec<u32>| -> BTreeSet<u32> { found.into_iter().take(LIST).collect() };
    let back: BTreeMap<u32, u32> =
        likeness.products().filter_map(|product| Some((number(&product)?, product))).collect();
    let by_model = |history: &[u32]| {
        let history: Vec<u32> = history.iter().filter_map(number).collect();
        let wanted = Wanted { count: LIST, may_show: &|_| true, explore: None };
        let found = packed.suggest(&history, &wanted);
        list(found.iter().filter_map(|it| back.get(&it.product).copied()).collect())
    };
    let by_item = |history: &[u32]| list(likeness.best(history));
    let by_all = |history: &[u32]| list(popular.iter().copied().filter(|it| !history.contains(it)).collect());
    let ways: [(&str, &dyn Fn(&[u32]) -> BTreeSet<u32>); 3] =
        [("the model", &by_model), ("item-item", &by_item), ("what most had", &by_all)];
    let mut all = Vec::new();
    for (name, way) in ways {
        let (mut hits, mut recall) = (0u32, 0.0);
        for (history, taken) in &asked {
            let right = way(history).intersection(taken).count();
            hits += u32::from(right > 0);
            recall += right as f64 / taken.len().min(LIST) as f64;
        }
        let people = asked.len().max(1) as f64;
        let found = f64::from(hits) / people;
        let give_or_take = 1.96 * (found * (1.0 - found) / people).sqrt();
        let found = Found { tested: asked.len(), found, give_or_take };
        tell(&format!(
            "{} {:.4} |",
            row(&format!("what a customer buys next: {name}"), &found),
            recall / people
        ));
        all.push((found.found, recall / people));
    }
    let [model, others @ ..] = &all[..] else { return Err(Fault("nothing was asked".into())) };
    let best = |of: fn(&(f64, f64)) -> f64| others.iter().map(of).fold(0.0, f64::max);
    print("recommend.retail.next_hr10", "share", model.0, Some(best(|it| it.0)));
    print("recommend.retail.next_recall10", "share", model.1, Some(best(|it| it.1)));
    Ok(())
}

fn row(name: &str, found: &Found) -> String {
    format!("| {name} | {} | {:.4} ± {:.4} |", found.tested, found.found, found.give_or_take)
}

/// What each customer had, the latest last, and what is new to them in their first order of the time that is held out.
fn asked(invoices: &[Invoice], before: usize) -> Vec<(Vec<u32>, BTreeSet<u32>)> {
    let mut had: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (customer, invoice) in invoices[..before].iter().filter_map(|it| Some((it.customer?, it))) {
        let had = had.entry(customer).or_default();
        had.retain(|product| !invoice.products.contains(product));
        had.extend(&invoice.products);
    }
    let mut asked = Vec::new();
    for invoice in &invoices[before..] {
        let Some(history) = invoice.customer.and_then(|customer| had.remove(&customer)) else { continue };
        let new: BTreeSet<u32> =
            invoice.products.iter().copied().filter(|it| !history.contains(it)).collect();
        if !new.is_empty() {
            asked.push((history, new));
        }
    }
    asked
}

fn most_had(invoices: &[Invoice]) -> Vec<u32> {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for product in invoices.iter().flat_map(|invoice| &invoice.products) {
        *counts.entry(*product).or_default() += 1;
    }
    let mut all: Vec<(u32, u32)> = counts.into_iter().map(|(product, count)| (count, product)).collect();
    all.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    all.into_iter().map(|it| it.1).collect()
}

/// Neighbours by the cosine of the orders that both are in: the usual item-item.
struct Likeness(BTreeMap<u32, Vec<(u32, f64)>>);

impl Likeness {
    fn of(invoices: &[Invoice]) -> Self {
        let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
        let mut both: BTreeMap<(u32, u32), f64> = BTreeMap::new();
        for invoice in invoices {
            for one in &invoice.products {
                *counts.entry(*one).or_default() += 1.0;
                for other in invoice.products.range(one + 1..) {
                    *both.entry((*one, *other)).or_default() += 1.0;
                }
            }
        }
        let mut near: BTreeMap<u32, Vec<(u32, f64)>> = counts.keys().map(|it| (*it, Vec::new())).collect();
        for ((one, other), together) in both {
            let cosine = together / (counts[&one] * counts[&other]).sqrt();
            for (from, to) in [(one, other), (other, one)] {
                near.entry(from).or_default().push((to, cosine));
            }
        }
        for near in near.values_mut() {
            near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            near.truncate(NEIGHBOURS);
        }
        Self(near)
    }

    fn products(&self) -> impl Iterator<Item = u32> {
        self.0.keys().copied()
    }

    /// What is nearest to all of a history together, without it.
    fn best(&self, history: &[u32]) -> Vec<u32> {
        let mut scores: BTreeMap<u32, f64> = BTreeMap::new();
        for (other, cosine) in history.iter().filter_map(|it| self.0.get(it)).flatten() {
            *scores.entry(*other).or_default() += cosine;
        }
        let known: BTreeSet<&u32> = history.iter().collect();
        let mut all: Vec<(u32, f64)> = scores.into_iter().filter(|it| !known.contains(&it.0)).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        all.into_iter().map(|it| it.0).collect()
    }

    /// The same question as `Trade::ask`, with the same product taken away.
    fn completes(&self, invoices: &[Invoice]) -> Found {
        let (mut seeds, mut tested, mut hits) = (Seeds::new(SEED), 0u32, 0u32);
        for invoice in invoices.iter().filter(|it| it.products.len() > 1) {
            let mut rest: Vec<u32> = invoice.products.iter().copied().collect();
            let place = seeds.below(u32::try_from(rest.len()).unwrap_or(u32::MAX));
            let taken = rest.remove(usize::try_from(place).unwrap_or(0));
            tested += 1;
            hits += u32::from(self.best(&rest).iter().take(LIST).any(|it| *it == taken));
        }
        let of = f64::from(tested.max(1));
        let found = f64::from(hits) / of;
        let give_or_take = 1.96 * (found * (1.0 - found) / of).sqrt();
        Found { tested: usize::try_from(tested).unwrap_or(0), found, give_or_take }
    }
}

fn id(product: u32) -> ProductId {
    u128::from(product).to_be_bytes()
}

fn trade(invoices: &[Invoice]) -> Trade {
    let products: BTreeSet<u32> = invoices.iter().flat_map(|it| &it.products).copied().collect();
    Trade {
        products: products.into_iter().map(id).collect(),
        baskets: invoices.iter().map(|it| it.products.iter().copied().map(id).collect()).collect(),
        whose: Vec::new(),
        hours: invoices.iter().map(|it| it.hour).collect(),
        people: people(invoices),
        now_hour: invoices.last().map_or(0, |it| it.hour),
        ..Trade::default()
    }
}

fn people(invoices: &[Invoice]) -> Vec<Vec<Signal<ProductId>>> {
    let mut people: BTreeMap<u32, Vec<Signal<ProductId>>> = BTreeMap::new();
    for (customer, it) in invoices.iter().filter_map(|it| Some((it.customer?, it))) {
        let bought = |product: &u32| Signal { product: id(*product), deed: Deed::Bought, hour: it.hour };
        people.entry(customer).or_default().extend(it.products.iter().map(bought));
    }
    people.into_values().filter(|did| did.len() > 1).collect()
}

/// The invoices with goods in them, in order of time.
fn invoices(text: &str) -> Vec<Invoice> {
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let mut all: BTreeMap<&str, Invoice> = BTreeMap::new();
    for line in text.lines().skip(1).filter_map(Sale::read) {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let product = *numbers.entry(line.code).or_insert(next);
        let invoice = all.entry(line.invoice).or_default();
        (invoice.hour, invoice.customer) = (line.day * 24 + line.hour_of_day, line.customer);
        invoice.products.insert(product);
    }
    let mut all: Vec<Invoice> = all.into_values().collect();
    // Invoices of one hour stay in the order of their numbers.
    all.sort_by_key(|it| it.hour);
    all
}
