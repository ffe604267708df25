//! One stall of the demo with its registers: founded, filled with goods and pictures, and in business for weeks.

use std::collections::BTreeMap;
use std::sync::Arc;

use soko_documents::{Category, DocumentKind, Edit, Field, Stall, Typed as _};
use soko_domain::delivery::Handing;
use soko_domain::entry::{OrderStep, ReleaseReason};
use soko_domain::ids::{AuthorId, Hash, LogId, OrderId, ProductId, ThingId};
use soko_domain::money::Currency;
use soko_domain::role::Role;
use soko_domain::stock::Account;
use soko_domain::verbs::place_order::AskedLine;
use soko_projection::read;
use soko_record_log::Tx;
use soko_replication::Page;

use super::chance::Chance;
use super::customers::Customer;
use super::device::Device;
use super::goods::Shelf;
use super::items::Item;
use super::market::{DemoError, Made, Tools, fault};
use super::register::{Counter, Register, drawn};
use crate::core::{Admitted, CoreRefusal, Now, PageIn, StallCore as _};
use crate::market::{self, Featuring};
use crate::outside::random;
use crate::platform::enrol::{self, Enrol, Ticket};
use crate::platform::pictures::{self, Picture};
use crate::platform::{Refusal, introduction, stalls};
use crate::reviews::{self, Purchase};
use crate::secret::Token;
use crate::stall::{Contact, Core, EndOrder, PlaceOrder, Placed};
use crate::store::Shard;

/// Exchanges that bring all of a device's records over; more would be a fault.
const EXCHANGES_MAX: usize = 200;
/// Pictures in one transaction.
const PICTURES_AT_ONCE: usize = 64;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// The stream of what was bought long ago.
const VISITORS: u64 = 3 << 40;
/// More sales than any register of the demo makes.
const VISITS_BITS: u32 = 32;
const MINUTE_MS: i64 = 60_000;
/// What each delivery brings for an ordinary product, for ten days.
const PORTIONS_EACH: i64 = 10;
/// The shop's part of each delivery, in hundredths.
const SHOP_PERCENT: i64 = 30;
/// What buyers say of what they got, by stars; now and then the stall answers.
const SAID: [&[&str]; 5] = [
    &["Not what I hoped for."],
    &["Smaller than I thought.", "It was not quite what the picture shows."],
    &["", "Good, but I have had better."],
    &["Good quality for the price.", "", "Ready when I came, thank you."],
    &["Just what I was looking for.", "", "I come back for this.", "Everybody at home liked it."],
];
/// A code of every stall, and one of how many orders carries it.
const COUPON: &str = "KARIBU10";
const COUPON_EVERY: usize = 5;
/// One of how many products costs less since today.
const LOWERED_EVERY: usize = 12;
const ANSWERED: &str = "Thank you for telling us. Come by, we make it good.";
const NOTES: [&str; 4] =
    ["Please ring when it is ready.", "I come by bike, in the afternoon.", "A gift: no price, please.", ""];

pub(super) struct DemoStall<'a> {
    tools: &'a Tools<'a>,
    shelf: &'static Shelf,
    stall: LogId,
    owner: ThingId,
    currency: Currency,
    registers: Vec<Register>,
    items: Vec<Item>,
    customers: Vec<Customer>,
    chance: Chance,
}

/// Days of business, counted from the first.
#[derive(Clone, Copy)]
pub(super) struct Days {
    pub(super) first_ms: i64,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) is_last: bool,
}

/// What a buyer says of what they got.
struct Opinion {
    of: Purchase,
    stars: u8,
    words: &'static str,
    at_ms: i64,
}

impl Opinion {
    fn say(&self, tx: &mut dyn Tx) -> Result<(), Refusal> {
        match reviews::put(tx, &self.of, (self.stars, self.words), self.at_ms) {
            // The order was declined.
            Err(Refusal::NoSuchOrder) => return Ok(()),
            said => said?,
        };
        if self.stars <= 2 {
            reviews::answer(tx, (self.of.stall, self.of.review()), ANSWERED, self.at_ms)?;
        }
        Ok(())
    }
}

/// What becomes of an order.
enum Fate {
    /// With what was done for it so far.
    Waits(Vec<OrderStep>),
    Ends(EndOrder),
}

impl<'a> DemoStall<'a> {
    pub(super) fn found(
        tools: &'a Tools<'a>,
        shelf: &'static Shelf,
        owner: ThingId,
        (items, customers, chance): (Vec<Item>, Vec<Customer>, Chance),
    ) -> Result<Self, DemoError> {
        let stall = LogId(random(tools.entropy)?);
        let currency = Currency::parse(shelf.currency).ok_or_else(|| fault("an unknown currency"))?;
        let registers = Vec::new();
        let mut founded = Self { tools, shelf, stall, owner, currency, registers, items, customers, chance };
        for number in 1..=shelf.registers {
            founded.enrol(number)?;
        }
        Ok(founded)
    }

    fn enrol(&mut self, number: usize) -> Result<(), DemoError> {
        let (tools, stall, owner) = (self.tools, self.stall, self.owner);
        let name = format!("Register {number}");
        let device = Device::new(random(tools.entropy)?, stall, random(tools.entropy)?, &name)?;
        let device = device.in_zone(self.shelf.offset_minutes);
        let introduced = introduction::check(&device.introduction()).map_err(fault)?;
        let is_first = number == 1;
        let role = if is_first { Role::Owner } else { Role::Manager };
        let ticket = Ticket::Person { account: owner, role, request: ThingId(random(tools.entropy)?) };
        let access = Token::new(random(tools.entropy)?);
        let (core, secret, now) = (tools.core.clone(), tools.secret.clone(), now(tools, tools.now_ms)?);
        let work = move |tx: &mut dyn Tx| {
            if is_first {
                stalls::claim(tx, owner, &introduced, now.now_ms)?;
            }
            let (ticket, introduced, secret, access) = (&ticket, &introduced, &secret, &access);
            enrol::enrol(tx, &Enrol { ticket, introduced, name: &name, secret, access, now_ms: now.now_ms })?;
            let record = introduced.record.as_slice();
            let admitted = Admitted { stall, author: introduced.author, role, name: &name, record };
            core.admitted(tx, &admitted, now)?;
            Ok::<_, Refusal>(())
        };
        tools.store.write_blocking(Shard::stall(stall), work)?;
        self.registers.push(Register::new(device, u64::try_from(number).unwrap_or(0) << VISITS_BITS));
        Ok(())
    }

    /// The profile, the categories, the products and their pictures.
    pub(super) fn fill(&mut self, painted: &[Vec<u8>], at_ms: i64) -> Result<usize, DemoError> {
        let (shelf, tools) = (self.shelf, self.tools);
        let hashes = self.bring_pictures(painted)?;
        let categories = self.categories(at_ms)?;
        let Some(first) = self.registers.first_mut() else { return Ok(0) };
        let brings = Brings::of(shelf, &self.items);
        let profile = Stall {
            name: shelf.name.into(),
            currency: shelf.currency.into(),
            zone: shelf.zone.into(),
            description: shelf.description.into(),
            place: shelf.place.into(),
            hours: shelf.hours.into(),
            point: shelf.point.into(),
            opening: shelf.opening.into(),
            takes_card: true,
            takes_phone: true,
            local_terms: brings.local_terms,
            shipping_terms: brings.shipping_terms,
            return_days: 14,
            ..Stall::default()
        };
        // There is one profile, and its document has the stall's own identity.
        first.device.edit((ThingId(self.stall.0), DocumentKind::Stall), &profile.edits(), at_ms)?;
        for (item, picture) in self.items.iter_mut().zip(&hashes) {
            item.product = ProductId(random(tools.entropy)?);
            let edits = item.content(shelf.currency, &categories, Some(*picture)).edits();
            first.device.edit((ThingId(item.product.0), DocumentKind::Product), &edits, at_ms)?;
        }
        self.exchange_at(0, at_ms)?;
        Ok(hashes.iter().collect::<std::collections::BTreeSet<_>>().len())
    }

    /// Whom the stall knows, and those who came long before the weeks that are shown.
    pub(super) fn remember(&mut self, today_ms: i64) -> Result<(), DemoError> {
        let (items, known) = (std::mem::take(&mut self.items), std::mem::take(&mut self.customers));
        let counter = self.counter(&items, &known);
        let mut visits: BTreeMap<i64, Vec<ThingId>> = BTreeMap::new();
        for one in &known {
            if let Some(days_ago) = one.came_days_ago {
                visits.entry(today_ms - days_ago * DAY_MS).or_default().push(one.put.customer);
            }
        }
        let mut chance = Chance::new(self.tools.seed, VISITORS + u64::try_from(known.len()).unwrap_or(0));
        let done = match self.registers.first_mut() {
            None => Ok(()),
            Some(first) => {
                let first_ms = visits.keys().next().copied().unwrap_or(today_ms);
                first.knows(&known, first_ms).and_then(|()| {
                    visits.iter().try_for_each(|(midnight_ms, who)| {
                        first.long_ago(counter, *midnight_ms, (who, &mut chance))
                    })
                })
            }
        };
        (self.items, self.customers) = (items, known);
        done
    }

    fn counter<'c>(&self, items: &'c [Item], customers: &'c [Customer]) -> Counter<'c>
    where
        'a: 'c,
    {
        Counter {
            shelf: self.shelf,
            items,
            currency: self.currency,
            entropy: self.tools.entropy,
            customers,
            seed: self.tools.seed,
            until_ms: self.tools.now_ms,
        }
    }

    /// What an operator does with a few stalls of a market.
    pub(super) fn feature(&self, until_ms: i64) -> Result<(), DemoError> {
        let (stall, now_ms) = (self.stall, self.tools.now_ms);
        let put = move |tx: &mut dyn Tx| market::feature(tx, stall, (until_ms, now_ms));
        let featured = self.tools.store.write_blocking(Shard::stall(stall), put);
        match featured.map_err(|failed| fault(format!("{failed:?}")))? {
            Featuring::Done => Ok(()),
            wrong @ (Featuring::NoStall | Featuring::TooMany) => {
                Err(fault(format!("featuring a stall: {wrong:?}")))
            }
        }
    }

    fn categories(&mut self, at_ms: i64) -> Result<BTreeMap<&'static str, ThingId>, DemoError> {
        let mut categories = BTreeMap::new();
        let Some(first) = self.registers.first_mut() else { return Ok(categories) };
        for group in self.shelf.groups {
            if categories.contains_key(group.category) {
                continue;
            }
            let category = ThingId(random(self.tools.entropy)?);
            let position = i64::try_from(categories.len()).unwrap_or(0);
            let content = Category { name: group.category.into(), position, ..Category::default() };
            first.device.edit((category, DocumentKind::Category), &content.edits(), at_ms)?;
            categories.insert(group.category, category);
        }
        Ok(categories)
    }

    fn bring_pictures(&self, painted: &[Vec<u8>]) -> Result<Vec<Hash>, DemoError> {
        let mut hashes = Vec::new();
        for portion in painted.chunks(PICTURES_AT_ONCE) {
            let brought: Vec<Picture> = portion
                .iter()
                .map(|bytes| Picture::named(bytes.clone()))
                .collect::<Result<_, _>>()
                .map_err(fault)?;
            hashes.extend(brought.iter().map(|picture| picture.hash));
            let (stall, now_ms) = (self.stall, self.tools.now_ms);
            let work = move |tx: &mut dyn Tx| {
                brought.iter().try_for_each(|picture| pictures::put(tx, stall, picture, now_ms))
            };
            self.tools.store.write_blocking(Shard::stall(self.stall), work)?;
        }
        Ok(hashes)
    }

    /// A stretch of days: deliveries, sales, and what people ordered meanwhile.
    pub(super) fn trade(&mut self, days: Days, buyers: &[ThingId], made: &mut Made) -> Result<(), DemoError> {
        let (items, known) = (std::mem::take(&mut self.items), std::mem::take(&mut self.customers));
        let counter = self.counter(&items, &known);
        let done = self.sell(counter, days).and_then(|()| self.take_orders(counter, days, buyers, made));
        (self.items, self.customers) = (items, known);
        done?;
        if days.is_last { self.lower_some() } else { Ok(()) }
    }

    /// A few prices go down today, for what the market's front shows.
    fn lower_some(&mut self) -> Result<(), DemoError> {
        let Some(first) = self.registers.first_mut() else { return Ok(()) };
        for item in self.items.iter().step_by(LOWERED_EVERY) {
            let number = item.price_minor * 8 / 10;
            let edits = [Edit::SetNumber { field: Field::Price, number }];
            first.device.edit((ThingId(item.product.0), DocumentKind::Product), &edits, self.tools.now_ms)?;
        }
        self.exchange(0)
    }

    fn sell(&mut self, counter: Counter<'_>, days: Days) -> Result<(), DemoError> {
        let morning_ms = days.first_ms + days.from * DAY_MS + 6 * 60 * MINUTE_MS;
        for number in 0..self.registers.len() {
            let mut chance = self.chance.clone();
            let Some(register) = self.registers.get_mut(number) else { break };
            register.receive(counter, PORTIONS_EACH, morning_ms)?;
            // The first register's deliveries are for the shop, too.
            if number == 0 {
                if days.from == 0 {
                    register.make_coupon(COUPON, morning_ms)?;
                }
                register.give_to_shop(counter, SHOP_PERCENT, morning_ms)?;
            }
            for day in days.from..days.to {
                register.day(counter, days.first_ms + day * DAY_MS, &mut chance)?;
            }
            self.chance = chance;
            self.exchange(number)?;
        }
        Ok(())
    }

    fn take_orders(
        &mut self,
        counter: Counter<'_>,
        days: Days,
        buyers: &[ThingId],
        made: &mut Made,
    ) -> Result<(), DemoError> {
        let stall = self.stall;
        let pool = self.tools.store.read_blocking(move |tx| in_shop(tx, stall))?;
        let mut left: BTreeMap<ProductId, i64> = pool.into_iter().collect();
        let mut asked = Vec::new();
        let brings = Brings::of(self.shelf, counter.items);
        for _ in 0..self.chance.between(6, 12) {
            let day =
                days.from + i64::from(self.chance.below(u32::try_from(days.to - days.from).unwrap_or(1)));
            let minute = i64::from(self.chance.between(7 * 60, 22 * 60));
            let at_ms = days.first_ms + day * DAY_MS + minute * MINUTE_MS;
            let Some(buyer) = buyers.get(self.chance.index(buyers.len())).copied() else { break };
            let lines = order_lines(counter.items, &mut left, &mut self.chance);
            if lines.is_empty() || at_ms >= counter.until_ms {
                continue;
            }
            let fate = self.fate(days.is_last);
            let note = NOTES.get(self.chance.index(12)).copied().unwrap_or_default().to_owned();
            let order = OrderId(random(self.tools.entropy)?);
            let asked_for = PlaceOrder { note, ..PlaceOrder::fetched(buyer, order, lines) };
            let coupon = if asked.len() % COUPON_EVERY == 0 { COUPON.into() } else { String::new() };
            let asked_for = PlaceOrder { coupon, ..asked_for };
            let is_brought = self.chance.percent(35);
            let asked_for = if is_brought { brings.ask(asked_for, asked.len()) } else { asked_for };
            asked.push((asked_for, fate, now(self.tools, at_ms)?, now(self.tools, at_ms + 90 * MINUTE_MS)?));
        }
        let said = self.opinions(&asked);
        let core = self.tools.core.clone();
        let work = move |tx: &mut dyn Tx| {
            let mut counts = (0, 0);
            for (order, fate, placed, ended) in &asked {
                let is_held = one_order(&core, tx, stall, order, (fate, *placed, *ended))?;
                if is_held { counts.0 += 1 } else { counts.1 += 1 }
            }
            Ok::<_, CoreRefusal>(counts)
        };
        let (held, declined) = self.tools.store.write_blocking(Shard::stall(stall), work)?;
        made.orders += held;
        made.declined += declined;
        let work = move |tx: &mut dyn Tx| said.iter().try_for_each(|opinion| opinion.say(tx));
        Ok(self.tools.store.write_blocking(Shard::stall(stall), work)?)
    }

    /// What buyers think of some of what they will have got.
    fn opinions(&mut self, asked: &[(PlaceOrder, Fate, Now, Now)]) -> Vec<Opinion> {
        let mut opinions = Vec::new();
        for (order, fate, _, ended) in asked {
            if !matches!(fate, Fate::Ends(EndOrder::Fulfil)) {
                continue;
            }
            for line in &order.lines {
                if !self.chance.percent(70) {
                    continue;
                }
                let stars = [5, 5, 5, 5, 4, 4, 4, 3, 2, 1].get(self.chance.index(10)).copied().unwrap_or(5);
                let words = SAID.get(usize::from(stars) - 1).copied().unwrap_or_default();
                let of = Purchase {
                    stall: self.stall,
                    order: order.order,
                    product: line.product,
                    buyer: order.buyer,
                };
                let words = words.get(self.chance.index(words.len())).copied().unwrap_or_default();
                opinions.push(Opinion { of, stars, words, at_ms: ended.now_ms });
            }
        }
        opinions
    }

    /// What is old is done; what is young may still wait.
    fn fate(&mut self, is_last: bool) -> Fate {
        let drawn = self.chance.below(100);
        if is_last && drawn < 60 {
            // Some were begun with: a look at the orders shows each step.
            let steps = [OrderStep::Accepted, OrderStep::Packed, OrderStep::Ready];
            let taken = self.chance.index(steps.len() + 1);
            return Fate::Waits(steps.into_iter().take(taken).collect());
        }
        match drawn {
            0..12 => Fate::Ends(EndOrder::Release(ReleaseReason::BuyerCancelled)),
            12..18 => Fate::Ends(EndOrder::Release(ReleaseReason::StallCancelled)),
            _ => Fate::Ends(EndOrder::Fulfil),
        }
    }

    /// Pages both ways until the server has everything of a register.
    fn exchange(&mut self, number: usize) -> Result<(), DemoError> {
        self.exchange_at(number, self.tools.now_ms)
    }

    fn exchange_at(&mut self, number: usize, at_ms: i64) -> Result<(), DemoError> {
        let (stall, tools) = (self.stall, self.tools);
        let Some(register) = self.registers.get_mut(number) else { return Ok(()) };
        let role = if number == 0 { Role::Owner } else { Role::Manager };
        let author: AuthorId = register.author();
        for _ in 0..EXCHANGES_MAX {
            let page = register.device.page()?.encode().map_err(fault)?;
            let (core, now): (Arc<Core>, Now) = (tools.core.clone(), now(tools, at_ms)?);
            let work = move |tx: &mut dyn Tx| {
                core.replicate(tx, &PageIn { stall, author, role, page: &page, prepared: None }, now)
            };
            let reply = tools.store.write_blocking(Shard::stall(stall), work)?;
            if !register.device.take(&Page::decode(&reply.page).map_err(fault)?) {
                return Ok(());
            }
        }
        Err(fault("a demo device could not hand in its records"))
    }

    pub(super) fn count(&self, made: &mut Made) {
        made.stalls += 1;
        made.registers += self.registers.len();
        made.products += self.items.len();
        made.customers += self.customers.len();
        made.sales += self.registers.iter().map(|register| register.sales).sum::<usize>();
        made.refunds += self.registers.iter().map(|register| register.refunds).sum::<usize>();
    }
}

/// How a stall of the demo brings things: by place, for one price, or by weight.
struct Brings {
    local_terms: String,
    shipping_terms: String,
}

const ZONES: [&str; 3] = ["Old town", "Harbour", "Hillside"];
const PEOPLE: [(&str, &str, &str); 4] = [
    ("Amara Diallo", "+254 700 000 001", "Acacia Lane 4, blue gate"),
    ("Lea Martin", "lea@example.org", "Rue du Port 12, 2nd floor"),
    ("Juma Otieno", "+254 700 000 002", "Market Road 31"),
    ("Salma Haddad", "salma@example.org", "Cedar Street 7, behind the school"),
];

impl Brings {
    fn of(shelf: &Shelf, items: &[Item]) -> Self {
        let count = i64::try_from(items.len()).unwrap_or(1).max(1);
        let usual = (items.iter().map(|item| item.price_minor).sum::<i64>() / count).max(10) / 10 * 10;
        let (dear, free) = (usual * 2, usual * 15);
        match shelf.name.len() % 3 {
            0 => {
                let zones =
                    ZONES.iter().zip(1..).map(|(zone, times)| format!("zone {} {zone}", usual * times));
                let local_terms = format!("{}\nfree {free}", zones.collect::<Vec<_>>().join("\n"));
                Self { local_terms, shipping_terms: String::new() }
            }
            1 => Self { local_terms: format!("flat {usual}\nfree {free}"), shipping_terms: String::new() },
            _ => Self {
                local_terms: String::new(),
                shipping_terms: format!("weight 1000 {usual}\nweight 5000 {dear}"),
            },
        }
    }

    /// The same order, brought to somebody. What is too heavy is declined, as it would be.
    fn ask(&self, order: PlaceOrder, number: usize) -> PlaceOrder {
        let (name, reach, address) = PEOPLE.get(number % PEOPLE.len()).copied().unwrap_or_default();
        let contact = Contact { name: name.into(), reach: reach.into(), address: address.into() };
        let handing = if self.local_terms.is_empty() { Handing::Shipping } else { Handing::Local };
        let zone = if self.local_terms.starts_with("zone") {
            ZONES.get(number % ZONES.len()).copied().unwrap_or_default()
        } else {
            ""
        };
        PlaceOrder { handing, zone: zone.into(), contact: Some(contact), ..order }
    }
}

/// Whether the order was held.
fn one_order(
    core: &Core,
    tx: &mut dyn Tx,
    stall: LogId,
    order: &PlaceOrder,
    (fate, placed, ended): (&Fate, Now, Now),
) -> Result<bool, CoreRefusal> {
    let (answer, _) = core.place_order(tx, stall, order, placed)?;
    let Placed::Held(_) = answer else { return Ok(false) };
    match fate {
        Fate::Ends(end) => {
            core.end_order(tx, stall, order.order, *end, ended)?;
        }
        Fate::Waits(steps) => {
            for step in steps {
                let leaves = order.handing.is_brought() && *step == OrderStep::Ready;
                let step = if leaves { OrderStep::OnTheWay } else { *step };
                core.end_order(tx, stall, order.order, EndOrder::Step(step), ended)?;
            }
        }
    }
    Ok(true)
}

/// One to three products of which the shop has enough; now and then more than it has.
fn order_lines(items: &[Item], left: &mut BTreeMap<ProductId, i64>, chance: &mut Chance) -> Vec<AskedLine> {
    let mut lines: Vec<AskedLine> = Vec::new();
    for _ in 0..chance.between(1, 3) {
        let Some(item) = drawn(items, chance) else { break };
        let there = left.entry(item.product).or_default();
        let asks_too_much = chance.percent(2);
        let quantity = if asks_too_much { *there + item.portions(5) } else { item.wanted(chance) };
        let is_new = lines.iter().all(|line| line.product != item.product);
        if is_new && (asks_too_much || *there >= quantity) {
            *there -= quantity.min(*there);
            lines.push(AskedLine {
                product: item.product,
                quantity,
                seen_price_minor: Some(item.price_minor),
            });
        }
    }
    lines
}

fn in_shop(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<(ProductId, i64)>, CoreRefusal> {
    let (pool, nobody) = Account::Pool.parts();
    let rows = tx.query(
        "select product, quantity from balance where log = $1 and account = $2 and whose = $3 order by product",
        soko_record_log::params![stall, pool, nobody],
    )?;
    let found: Result<Vec<_>, soko_record_log::StoreError> =
        rows.iter().map(|row| Ok((row.id(0)?, row.int(1)?))).collect();
    if read::stall_frozen(tx, stall)? { Ok(Vec::new()) } else { Ok(found?) }
}

fn now(tools: &Tools<'_>, now_ms: i64) -> Result<Now, DemoError> {
    Ok(Now { now_ms, seed: random(tools.entropy)? })
}
