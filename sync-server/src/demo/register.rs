//! One register of the demo: opens in the morning, sells, closes in the evening. It sells only what it holds.

use std::collections::BTreeMap;

use soko_domain::basket::{Basket, BasketLine, Discount, Policy, price};
use soko_domain::coupon::CouponTerms;
use soko_domain::entry::{Entry, GoodsBack, ReceivedLine, SaleMade, Standing, TenderKind, Tendered};
use soko_domain::ids::{AuthorId, ProductId, SaleId, ShareId, ShiftId, ThingId};
use soko_domain::money::{CashRounding, Currency, Ppm};
use soko_domain::people::Doer;
use soko_domain::quantity::Quantity;
use soko_domain::role::Role;
use soko_domain::tax::TaxRate;
use soko_domain::verbs::close_shift::{self, CloseShift};
use soko_domain::verbs::make_sale::{self, BeyondShare, LineText, MakeSale, cash_kept};
use soko_domain::verbs::open_shift::{self, OpenShift};
use soko_domain::verbs::put_coupon::{self, PutCoupon};
use soko_domain::verbs::receive_stock::{self, ReceiveStock};
use soko_domain::verbs::refund::{self, Refund, RefundedLine};
use soko_domain::verbs::return_share::{self, ReturnShare};

use super::chance::Chance;
use super::customers::{self, Customer};
use super::device::Device;
use super::goods::Shelf;
use super::items::Item;
use super::market::{DemoError, fault};
use crate::outside::{Entropy, random};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// So many of a hundred buyers leave what is dearer today.
const ITEM_MINDED_PERCENT: u32 = 6;
const OPENS_MINUTES: i64 = 8 * 60;
const LINES_MAX: u32 = 4;
const FLOAT_UNITS: i64 = 100;
const DISCOUNT: Ppm = Ppm(100_000);

pub(super) struct Register {
    pub(super) device: Device,
    shares: BTreeMap<ProductId, i64>,
    next_receipt: u64,
    /// Of this register's visits: apart from those of another one of the stall.
    visits: u64,
    pub(super) sales: usize,
    pub(super) refunds: usize,
}

/// What every register of a stall knows.
#[derive(Clone, Copy)]
pub(super) struct Counter<'a> {
    pub(super) shelf: &'static Shelf,
    pub(super) items: &'a [Item],
    pub(super) currency: Currency,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) customers: &'a [Customer],
    pub(super) seed: u64,
    /// Nothing happens later than this.
    pub(super) until_ms: i64,
}

/// A day at one register.
struct Day {
    shift: ShiftId,
    float_minor: i64,
    cash_minor: i64,
    at_ms: i64,
}

impl Register {
    /// `visits` is a number that no other register of the stall has.
    pub(super) fn new(device: Device, visits: u64) -> Self {
        Self { device, shares: BTreeMap::new(), next_receipt: 1, visits, sales: 0, refunds: 0 }
    }

    pub(super) fn author(&self) -> AuthorId {
        self.device.author()
    }

    /// Fills the shelf up to so many portions for each product, by how often people ask for it.
    pub(super) fn receive(
        &mut self,
        counter: Counter<'_>,
        portions_each: i64,
        at_ms: i64,
    ) -> Result<(), DemoError> {
        let mut lines = Vec::new();
        for item in counter.items {
            let wanted = item.portions(4 + portions_each * i64::from(item.weight) / 3);
            let held = self.shares.entry(item.product).or_default();
            if *held >= wanted / 2 {
                continue;
            }
            let quantity = wanted - *held;
            *held = wanted;
            let cost_minor = Some(item.cost_minor.saturating_mul(quantity) / item.per);
            lines.push(ReceivedLine { product: item.product, quantity, cost_minor });
        }
        if lines.is_empty() {
            return Ok(());
        }
        let delivery = ThingId(random(counter.entropy)?);
        let command = ReceiveStock { delivery, lines, note: "delivery".into() };
        self.write(receive_stock::decide(&command), at_ms)
    }

    /// Gives the shop its part of what is there.
    pub(super) fn give_to_shop(
        &mut self,
        counter: Counter<'_>,
        percent: i64,
        at_ms: i64,
    ) -> Result<(), DemoError> {
        for item in counter.items {
            let own_share = self.shares.get(&item.product).copied().unwrap_or(0);
            let quantity = own_share * percent / 100;
            if quantity == 0 {
                continue;
            }
            let facts = return_share::Facts { frozen: false, own_share };
            let share = ShareId(random(counter.entropy)?);
            let command = ReturnShare { share, product: item.product, quantity, recall: None };
            self.write(return_share::decide(&facts, &command), at_ms)?;
            self.shares.insert(item.product, own_share - quantity);
        }
        Ok(())
    }

    /// A code that takes a tenth off.
    pub(super) fn make_coupon(&mut self, code: &str, at_ms: i64) -> Result<(), DemoError> {
        let terms = CouponTerms {
            off: Discount::Percent(Ppm(100_000)),
            min_minor: 0,
            products: Vec::new(),
            from_day: None,
            until_day: None,
            uses_max: Some(200),
            buyer_uses_max: None,
            is_ended: false,
        };
        let facts =
            put_coupon::Facts { register: Role::Owner, doer: Doer::Anybody, revision: None, codes: 0 };
        self.write(put_coupon::decide(&facts, PutCoupon { code: code.into(), terms }), at_ms)
    }

    /// Writes down whom the stall knows by name.
    pub(super) fn knows(&mut self, customers: &[Customer], at_ms: i64) -> Result<(), DemoError> {
        customers.iter().try_for_each(|one| Ok(self.device.write(one.entries()?, at_ms)?))
    }

    /// A day long before the weeks that the demo shows, on which these came. What each buys was brought for them, so that everything else
    /// is sold as if they had not come.
    pub(super) fn long_ago(
        &mut self,
        counter: Counter<'_>,
        midnight_ms: i64,
        (who, chance): (&[ThingId], &mut Chance),
    ) -> Result<(), DemoError> {
        let mut day = self.open(counter, midnight_ms + OPENS_MINUTES * MINUTE_MS)?;
        for customer in who {
            day.at_ms += 30 * MINUTE_MS;
            let Some(item) = drawn(counter.items, chance) else { continue };
            let quantity = item.wanted(chance);
            let cost_minor = Some(item.cost_minor.saturating_mul(quantity) / item.per);
            let brought = ReceivedLine { product: item.product, quantity, cost_minor };
            let delivery = ThingId(random(counter.entropy)?);
            let command = ReceiveStock { delivery, lines: vec![brought], note: "delivery".into() };
            self.write(receive_stock::decide(&command), day.at_ms)?;
            *self.shares.entry(item.product).or_default() += quantity;
            let wanted = line(item, quantity, (item.price_minor, Discount::None));
            let (lines, texts) = (vec![wanted.0], vec![wanted.1]);
            self.ring_up(counter, &mut day, (lines, texts, Some(*customer)), chance)?;
        }
        day.at_ms += 30 * MINUTE_MS;
        let expected_minor = day.float_minor + day.cash_minor;
        let facts = close_shift::Facts { open_shift: Some(day.shift), expected_minor };
        let command = CloseShift { shift: day.shift, counted_minor: expected_minor, reason: String::new() };
        self.write(close_shift::decide(&facts, &command), day.at_ms)
    }

    fn open(&mut self, counter: Counter<'_>, at_ms: i64) -> Result<Day, DemoError> {
        let unit = 10i64.pow(u32::from(counter.currency.exponent()));
        let shift = ShiftId(random(counter.entropy)?);
        let day = Day { shift, float_minor: FLOAT_UNITS * unit, cash_minor: 0, at_ms };
        let open = OpenShift { shift, float_minor: day.float_minor };
        self.write(open_shift::decide(&open_shift::Facts::default(), &open), at_ms)?;
        Ok(day)
    }

    /// Sells for a day. `midnight_ms` is the stall's own. The last day ends in the middle.
    pub(super) fn day(
        &mut self,
        counter: Counter<'_>,
        midnight_ms: i64,
        chance: &mut Chance,
    ) -> Result<(), DemoError> {
        let opened_ms = midnight_ms + (OPENS_MINUTES + i64::from(chance.below(20))) * MINUTE_MS;
        if opened_ms >= counter.until_ms {
            return Ok(());
        }
        let unit = 10i64.pow(u32::from(counter.currency.exponent()));
        let mut day = self.open(counter, opened_ms)?;
        let usual = counter.shelf.sales_a_day;
        for _ in 0..chance.between(usual / 2, usual * 3 / 2) {
            day.at_ms += i64::from(chance.between(60, 540 * 60 * 2 / usual.max(1))) * 1_000;
            if day.at_ms >= counter.until_ms {
                return Ok(());
            }
            self.sell(counter, &mut day, chance)?;
        }
        day.at_ms += 20 * MINUTE_MS;
        if day.at_ms >= counter.until_ms {
            return Ok(());
        }
        self.close(&day, unit, chance)
    }

    fn close(&mut self, day: &Day, unit: i64, chance: &mut Chance) -> Result<(), DemoError> {
        let expected_minor = day.float_minor + day.cash_minor;
        let is_short = chance.percent(6) && expected_minor >= unit;
        let (off, reason) = if is_short { (-unit, "counted twice, it is missing") } else { (0, "") };
        let facts = close_shift::Facts { open_shift: Some(day.shift), expected_minor };
        let counted_minor = expected_minor + off;
        let command = CloseShift { shift: day.shift, counted_minor, reason: reason.into() };
        self.write(close_shift::decide(&facts, &command), day.at_ms)
    }

    fn sell(&mut self, counter: Counter<'_>, day: &mut Day, chance: &mut Chance) -> Result<(), DemoError> {
        let (lines, texts) = self.basket(counter, day.at_ms.div_euclid(DAY_MS), chance);
        if lines.is_empty() {
            return Ok(());
        }
        let days_ago = (counter.until_ms - day.at_ms).div_euclid(DAY_MS);
        let number = self.visits + self.next_receipt;
        let customer = customers::buyer(counter.customers, (counter.seed, number), days_ago);
        self.ring_up(counter, day, (lines, texts, customer), chance)
    }

    fn ring_up(
        &mut self,
        counter: Counter<'_>,
        day: &mut Day,
        (lines, texts, customer): (Vec<BasketLine>, Vec<LineText>, Option<ThingId>),
        chance: &mut Chance,
    ) -> Result<(), DemoError> {
        let basket = Basket { lines, discount: Discount::None, policy: Policy::plain(counter.currency) };
        let total_minor = price(&basket).map_err(fault)?.total_minor;
        let tender = tender(counter, total_minor, chance);
        let facts = make_sale::Facts {
            open_shift: Some(day.shift),
            next_receipt_number: self.next_receipt,
            shares: self.shares.clone(),
            ..make_sale::Facts::default()
        };
        let sale = SaleId(random(counter.entropy)?);
        let command = MakeSale {
            sale,
            basket,
            texts,
            discount_reason: String::new(),
            tenders: vec![tender],
            beyond: BeyondShare::Refuse,
            note: String::new(),
            customer,
            tab: None,
        };
        let entries = make_sale::decide(&facts, &command).map_err(fault)?;
        let Some(Entry::SaleMade(made)) = entries.first().cloned() else { return Ok(()) };
        self.device.write(entries, day.at_ms)?;
        self.next_receipt += 1;
        self.sales += 1;
        day.cash_minor += cash_kept(&made);
        for line in &made.lines {
            if let Some(held) = line.product.and_then(|product| self.shares.get_mut(&product)) {
                *held -= line.quantity;
            }
        }
        if chance.percent(1) { self.refund(counter, made, day) } else { Ok(()) }
    }

    /// One to four products that are there.
    fn basket(
        &self,
        counter: Counter<'_>,
        day: i64,
        chance: &mut Chance,
    ) -> (Vec<BasketLine>, Vec<LineText>) {
        let (mut lines, mut texts): (Vec<BasketLine>, Vec<LineText>) = (Vec::new(), Vec::new());
        for _ in 0..chance.between(1, LINES_MAX) {
            let Some(item) = drawn(counter.items, chance) else { break };
            let quantity = item.wanted(chance);
            let is_there = self.shares.get(&item.product).is_some_and(|held| *held >= quantity);
            if !is_there || lines.iter().any(|line| line.product == item.product) {
                continue;
            }
            let discount = if chance.percent(3) { Discount::Percent(DISCOUNT) } else { Discount::None };
            let price_minor = item.price_on(day);
            if price_minor != item.price_minor && chance.percent(ITEM_MINDED_PERCENT) {
                continue;
            }
            let (wanted, text) = line(item, quantity, (price_minor, discount));
            lines.push(wanted);
            texts.push(text);
        }
        (lines, texts)
    }

    /// The first line comes back, unopened.
    fn refund(&mut self, counter: Counter<'_>, made: SaleMade, day: &mut Day) -> Result<(), DemoError> {
        let Some(line) = made.lines.first() else { return Ok(()) };
        let (product, quantity) = (line.product, line.quantity);
        // Back the way it came: a drawer where hardly anybody pays in cash could not give it.
        let tender = made.tenders.first().map_or(TenderKind::Cash, |paid| paid.kind);
        let command = Refund {
            refund: ThingId(random(counter.entropy)?),
            sale: made.sale,
            lines: vec![RefundedLine { line: 0, quantity, goods: GoodsBack::Sellable }],
            tender,
            rest_into_purse: false,
            reason: "the wrong kind".into(),
        };
        let me = self.author();
        let standing = |at: u32| {
            let paid = usize::try_from(at).ok().and_then(|at| made.tenders.get(at));
            paid.map_or(Standing::Taken, |paid| paid.standing)
        };
        let facts = refund::Facts {
            me,
            left: refund::Left::of(&made, standing, &[]),
            coins: CashRounding::NONE,
            frozen: false,
            open_shift: Some(day.shift),
            sale: Some((me, made)),
            voided: false,
            sale_shift_open: true,
            is_alone: false,
            refunded: vec![],
            allowance: None,
            doer: Doer::Anybody,
        };
        let entries = refund::decide(&facts, &command).map_err(fault)?;
        if let Some(Entry::RefundMade(refunded)) = entries.first() {
            day.cash_minor -= refunded.cash_given();
        }
        day.at_ms += MINUTE_MS;
        self.device.write(entries, day.at_ms)?;
        self.refunds += 1;
        if let Some(held) = product.and_then(|product| self.shares.get_mut(&product)) {
            *held += quantity;
        }
        Ok(())
    }

    fn write(
        &mut self,
        decided: Result<Vec<Entry>, soko_domain::refusal::Refusal>,
        at_ms: i64,
    ) -> Result<(), DemoError> {
        Ok(self.device.write(decided.map_err(fault)?, at_ms)?)
    }
}

fn line(item: &Item, quantity: i64, (price_minor, discount): (i64, Discount)) -> (BasketLine, LineText) {
    let taxes = if item.tax_ppm == 0 { vec![] } else { vec![TaxRate::inclusive(Ppm(item.tax_ppm))] };
    let line = BasketLine {
        product: item.product,
        quantity: Quantity(quantity),
        unit_price_minor: price_minor,
        price_per: item.per,
        discount,
        taxes,
    };
    (line, LineText { unit: Some(item.unit), ..LineText::named(&item.name) })
}

/// A product, the likelier the more often people ask for it.
pub(super) fn drawn<'a>(items: &'a [Item], chance: &mut Chance) -> Option<&'a Item> {
    let all: u32 = items.iter().map(|item| item.weight).sum();
    let mut left = chance.below(all);
    items.iter().find(|item| {
        let is_it = left < item.weight;
        left = left.saturating_sub(item.weight);
        is_it
    })
}

/// Without cash the amount is exact; with cash it is a note or two more.
fn tender(counter: Counter<'_>, total_minor: i64, chance: &mut Chance) -> Tendered {
    let shelf = counter.shelf;
    if chance.percent(shelf.cashless_percent) {
        let kind = if shelf.pays_by_phone { TenderKind::MobileMoney } else { TenderKind::Card };
        let standing = if shelf.pays_by_phone { Standing::Verified } else { Standing::Taken };
        return Tendered { kind, amount_minor: total_minor, reference: chance.digits(10), standing };
    }
    let note = 5 * 10i64.pow(u32::from(counter.currency.exponent()));
    let amount_minor = (total_minor + note - 1) / note * note;
    Tendered { kind: TenderKind::Cash, amount_minor, reference: String::new(), standing: Standing::Taken }
}

#[cfg(test)]
mod tests {
    use soko_domain::entry::Kind;
    use soko_domain::ids::LogId;
    use soko_replication::Record;

    use super::*;
    use crate::demo::{goods, items};
    use crate::outside::OsEntropy;

    const DAYS: i64 = 90;

    /// Everybody pays by card, refunds included: ninety days end with what was there in the morning.
    #[test]
    fn a_drawer_that_sees_no_cash_closes_every_evening() {
        let known = goods::shelves()[0];
        let shelf: &'static Shelf = Box::leak(Box::new(Shelf { cashless_percent: 100, ..*known }));
        let mut chance = Chance::new(1, 1);
        let items = items::of(shelf, 1, usize::MAX, &mut chance);
        let currency = Currency::parse(shelf.currency).unwrap();
        let (customers, seed, until_ms) = (&[], 1, i64::MAX);
        let counter =
            Counter { shelf, items: &items, currency, entropy: &OsEntropy, customers, seed, until_ms };
        let device = Device::new([1; 32], LogId([2; 16]), [3; 16], "Register 1").unwrap();
        let mut register = Register::new(device, 0);
        for day in 0..DAYS {
            register.receive(counter, 10, day * DAY_MS).unwrap();
            register.day(counter, day * DAY_MS, &mut chance).unwrap();
        }
        assert!(register.refunds >= 10, "only {} refunds: nothing was tried", register.refunds);
        let float_minor = FLOAT_UNITS * 10i64.pow(u32::from(currency.exponent()));
        let closed: Vec<i64> = register.device.records().iter().filter_map(expected).collect();
        assert_eq!(closed, vec![float_minor; closed.len()]);
        assert_eq!(i64::try_from(closed.len()), Ok(DAYS));
    }

    fn expected(record: &Record) -> Option<i64> {
        let (_, entry) = Entry::from_body(Kind::from_number(record.kind)?, record.body.bytes()?).ok()?;
        if let Entry::ShiftClosed(closed) = entry { Some(closed.expected_minor) } else { None }
    }
}
