//! What people do at registers, and the dice that decide who does what next.

use soko_app_api::{
    BeyondShare, Command, DiscountInput, ProductContent, ProductEdit, Query, ReceivedLineInput,
    RefundLineInput, Reply, SaleLineInput, StallContent, StallEdit, TenderInput, Verb, View,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::GoodsBack;
use soko_domain::ids::{ProductId, SaleId, ShiftId, ThingId};
use soko_domain::stock::Account;
use soko_projection::read as facts;

use crate::broken::{Broken, broken};
use crate::counters::Counter;
use crate::device::{Device, Outcome};
use crate::model::ONCE;
use crate::plan::Knob;
use crate::server::STALL;
use crate::web::put_coupon;
use crate::world::World;

pub(crate) const DURABLE: &str = "what was answered is on the disk";
pub(crate) const IN_HAND: &str = "goods in the hand are sold whatever a number says";
pub(crate) const ONE_TOTAL: &str = "a sale comes to the same wherever it is shown";
const SALES_REMEMBERED_MAX: usize = 20;
/// Refusals for what a share or a count says.
const NUMBERS: &[&str] = &["share_exceeded", "stall_frozen", "outdated"];
const FIRST_STOCK_UNITS: i64 = 12;
const PRICE_MINOR: i64 = 250;
const HURRY_MS: u64 = 2_000;
/// Units that are tried one by one when all should be gone.
const LAST_TRIES: usize = 12;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    Sell,
    SellBeyond,
    Void,
    Refund,
    AskRefund,
    Receive,
    Count,
    Edit,
    AskShare,
    ReturnShare,
    Shift,
    RetryCommand,
    RevokeDevice,
    HandOver,
    AskCancel,
    Mend,
    Confirm,
    Order,
    RetryOrder,
    CancelOrder,
    Idle,
    Cut,
    Heal,
    Crash,
    BackUp,
    Restore,
    Copy,
    Kill,
    BackUpServer,
    RestoreServer,
    CrashServer,
    Clock,
    OldMessage,
    MachineBack,
    Reclaim,
}

/// How often each comes, in parts of all.
const ACTS: &[(Act, u64)] = &[
    (Act::Sell, 34),
    (Act::SellBeyond, 5),
    (Act::Void, 4),
    (Act::Refund, 6),
    (Act::AskRefund, 5),
    (Act::Receive, 4),
    (Act::Count, 3),
    (Act::Edit, 4),
    (Act::AskShare, 9),
    (Act::ReturnShare, 4),
    (Act::Shift, 6),
    (Act::RetryCommand, 6),
    (Act::RevokeDevice, 1),
    (Act::HandOver, 5),
    (Act::AskCancel, 3),
    (Act::Mend, 14),
    (Act::Confirm, 6),
    (Act::Order, 18),
    (Act::RetryOrder, 5),
    (Act::CancelOrder, 6),
    (Act::Idle, 6),
    (Act::Cut, 6),
    (Act::Heal, 9),
    (Act::Crash, 5),
    (Act::BackUp, 6),
    (Act::Restore, 3),
    (Act::Copy, 2),
    (Act::Kill, 1),
    (Act::BackUpServer, 6),
    (Act::RestoreServer, 3),
    (Act::CrashServer, 3),
    (Act::Clock, 4),
    (Act::OldMessage, 6),
    (Act::MachineBack, 2),
    (Act::Reclaim, 2),
];

impl World<'_> {
    /// The stall, its goods and the first shift of every register, before anything goes wrong.
    pub(crate) fn open_shop(&mut self) -> Result<(), Broken> {
        for at in 0..self.devices.len() {
            self.enrol(at)?;
        }
        self.command(0, Verb::CreateStall(stall_of("Duka")))?;
        if self.plan.knobs.get(Knob::Paid) > 0 {
            let edits = vec![StallEdit::TakesCard(true), StallEdit::TakesPhone(true)];
            self.command(0, Verb::EditStall { edits })?;
        }
        self.command(0, put_coupon())?;
        for number in 0..self.plan.products {
            let product = ProductId(self.fresh().0);
            let content = ProductContent::piece(&format!("Mango {number}"), PRICE_MINOR);
            self.command(0, Verb::CreateProduct { product, content })?;
            let units = self.choices.between(2, FIRST_STOCK_UNITS);
            self.receive(0, product, units)?;
            self.products.push(product);
        }
        self.open_deal()?;
        for at in 0..self.devices.len() {
            self.pretend(at)?;
            self.open_shift(at)?;
        }
        self.open_cards()?;
        self.look_everywhere()?;
        self.back_up_server()?;
        self.pass(500)
    }

    /// A program that takes itself for the owner's says what the stall is, and makes a product.
    fn pretend(&mut self, at: usize) -> Result<(), Broken> {
        if !self.plan.is_pretender(at) {
            return Ok(());
        }
        let product = ProductId(self.fresh().0);
        let content = ProductContent::piece("Papaya", PRICE_MINOR);
        self.command(at, Verb::CreateStall(stall_of("Kiosk")))?;
        self.command(at, Verb::CreateProduct { product, content }).map(drop)
    }

    /// One thing that somebody does, or that breaks.
    pub(crate) fn act(&mut self) -> Result<(), Broken> {
        let all: u64 = ACTS.iter().map(|(_, weight)| weight).sum();
        let mut left = self.choices.below(all);
        let mut chosen = Act::Idle;
        for (act, weight) in ACTS {
            chosen = *act;
            if left < *weight {
                break;
            }
            left -= weight;
        }
        let number = ACTS.iter().position(|(act, _)| *act == chosen).unwrap_or_default();
        self.trace.note("act", &[u64::try_from(number).unwrap_or_default()], || format!("{chosen:?}"));
        match chosen {
            Act::Order => self.order(),
            Act::RetryOrder => self.retry_order(),
            Act::CancelOrder => self.cancel_order(),
            Act::Idle => Ok(()),
            Act::Cut
            | Act::Heal
            | Act::Crash
            | Act::BackUp
            | Act::Restore
            | Act::Copy
            | Act::Kill
            | Act::BackUpServer
            | Act::RestoreServer
            | Act::CrashServer
            | Act::Clock
            | Act::OldMessage
            | Act::MachineBack
            | Act::Reclaim => self.go_wrong(chosen),
            Act::Sell
            | Act::SellBeyond
            | Act::Void
            | Act::Refund
            | Act::AskRefund
            | Act::Receive
            | Act::Count
            | Act::Edit
            | Act::AskShare
            | Act::ReturnShare
            | Act::Shift
            | Act::RetryCommand
            | Act::RevokeDevice
            | Act::HandOver
            | Act::AskCancel
            | Act::Mend
            | Act::Confirm => self.at_register(chosen),
        }
    }

    fn go_wrong(&mut self, act: Act) -> Result<(), Broken> {
        let knobs = self.plan.knobs;
        #[expect(clippy::wildcard_enum_match_arm, reason = "only what breaks comes here")]
        let (knob, fault): (Option<Knob>, fn(&mut Self) -> Result<(), Broken>) = match act {
            Act::Cut => (Some(Knob::Partition), Self::cut),
            Act::Heal => (None, Self::heal),
            Act::Crash => (Some(Knob::Crash), Self::crash_device),
            Act::BackUp => (None, Self::back_up_device),
            Act::Restore => (Some(Knob::Restore), Self::restore_device),
            Act::Copy => (Some(Knob::Clone), Self::copy_device),
            Act::Kill => (Some(Knob::Death), Self::kill_device),
            Act::BackUpServer => (None, Self::back_up_server),
            Act::RestoreServer => (Some(Knob::ServerRestore), Self::restore_server),
            Act::CrashServer => (Some(Knob::ServerCrash), Self::crash_server),
            Act::Clock => (Some(Knob::Clocks), Self::move_clock),
            Act::OldMessage => (Some(Knob::OldMessages), Self::send_something_old),
            Act::MachineBack => (Some(Knob::Snapshot), Self::put_machine_back),
            _ => (Some(Knob::Reclaim), Self::reclaim),
        };
        // The dice fall either way, so that a knob at zero changes nothing else.
        let happens = knob.is_none_or(|knob| self.choices.chance(knobs.get(knob)));
        if happens { fault(self) } else { Ok(()) }
    }

    fn at_register(&mut self, act: Act) -> Result<(), Broken> {
        let Some(at) = self.some_device() else { return Ok(()) };
        let product = self.some_product();
        #[expect(clippy::wildcard_enum_match_arm, reason = "only what is done at a register comes here")]
        match act {
            Act::Sell => self.sell(at, product, BeyondShare::Refuse),
            Act::SellBeyond if self.dice(Knob::Beyond) => self.sell(at, product, BeyondShare::Allow),
            Act::Void => self.void(at),
            Act::Refund => self.refund(at),
            Act::AskRefund => self.ask_refund(at),
            Act::Receive => {
                let units = self.choices.between(1, 6);
                self.receive(at, product, units)
            }
            Act::Count if self.dice(Knob::Counts) => self.count(at, product),
            Act::Edit => self.edit(at, product),
            Act::AskShare => {
                let quantity = self.choices.between(1, 6);
                self.command(at, Verb::AskShare { product, quantity }).map(drop)
            }
            Act::ReturnShare => {
                let quantity = self.choices.between(1, 3);
                self.command(at, Verb::ReturnShare { product, quantity }).map(drop)
            }
            Act::Shift => self.change_shift(at),
            Act::RetryCommand => self.retry_command(at),
            Act::RevokeDevice if self.dice(Knob::Revoke) => self.revoke(at),
            Act::HandOver => self.end_at_register(at, true),
            Act::AskCancel => self.end_at_register(at, false),
            Act::Mend => self.mend(at),
            Act::Confirm => self.confirm(at),
            _ => Ok(()),
        }
    }

    fn dice(&mut self, knob: Knob) -> bool {
        self.choices.chance(self.plan.knobs.get(knob))
    }

    /// One command, and what must be true once it was answered. The process may be killed before the commit or
    /// behind it; then nobody saw the answer, and the person may try again.
    pub(crate) fn command(&mut self, at: usize, verb: Verb) -> Result<Option<Outcome>, Broken> {
        let id = self.fresh();
        self.command_named(at, Command { id, stall: STALL, verb })
    }

    fn command_named(&mut self, at: usize, command: Command) -> Result<Option<Outcome>, Broken> {
        let killed = self.choices.chance(self.strength(Knob::Crash) / 16);
        let before_commit = self.choices.chance(128);
        let now_ms = self.now_ms;
        let fails = self.disk_fault();
        let Some(device) = self.devices.get_mut(at) else { return Ok(None) };
        if killed && before_commit {
            self.counters.add(Counter::CrashesBeforeCommit);
            device.crash()?;
            self.trace.note("killed", &[], || format!("device {at}, before the commit"));
            return Ok(None);
        }
        let before = device.own_seq()?;
        device.fail_next_commit(fails);
        let outcome = device.handle(command.clone(), now_ms)?;
        let fails = fails.filter(|_| !device.forget_failure());
        let Some(outcome) = outcome else {
            self.try_again(at, command, (before, fails))?;
            return Ok(None);
        };
        if killed {
            self.counters.add(Counter::CrashesAfterCommit);
            device.crash()?;
            self.trace.note("killed", &[], || format!("device {at}, before the answer to {command:?}"));
        } else {
            self.trace.note("answered", &[u64::from(outcome.is_ok())], || {
                format!("device {at}: {:?} -> {outcome:?}", command.verb)
            });
        }
        // Whether the answer was seen or not: it is the one that every repeat must get.
        device.remember(command, outcome.clone());
        self.look_at(at)?;
        if killed {
            return Ok(None);
        }
        self.acknowledge(at, &outcome)?;
        Ok(Some(outcome))
    }

    /// A person saw the answer; from now on it must stay true.
    fn acknowledge(&mut self, at: usize, outcome: &Outcome) -> Result<(), Broken> {
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        if let Ok(Reply::Sold { sale, beyond_share, total_minor, .. }) = outcome {
            let Some((recorded_minor, lines_minor)) = self.model.totals(*sale) else {
                return broken(DURABLE, format!("sale {sale} of device {at} is not in its log"));
            };
            let shown_minor = shown_minor(device, *sale)?;
            let all = [Some(*total_minor), Some(recorded_minor), Some(lines_minor), shown_minor];
            if all.iter().any(|minor| *minor != Some(recorded_minor)) {
                return broken(ONE_TOTAL, format!("sale {sale} of device {at}: {all:?}"));
            }
            self.counters.add(Counter::Sales);
            if *beyond_share > 0 {
                self.counters.add(Counter::SalesBeyond);
            }
            if device.sales.len() == SALES_REMEMBERED_MAX {
                device.sales.remove(0);
            }
            device.sales.push(*sale);
        }
        if outcome.is_ok() {
            let (author, seq) = (device.author(), device.own_seq()?);
            device.acknowledged.insert(author, seq);
        }
        Ok(())
    }

    pub(crate) fn sell(&mut self, at: usize, product: ProductId, beyond: BeyondShare) -> Result<(), Broken> {
        let sale = SaleId(self.fresh().0);
        let mut lines = vec![SaleLineInput::of(product, self.choices.between(1, 4))];
        if self.choices.chance(40) {
            let more = self.some_product();
            lines.push(SaleLineInput::of(more, self.choices.between(1, 2)));
        }
        if self.sell_lines(at, (sale, lines), beyond)?.is_some_and(|done| is_refused(&done)) {
            self.counters.add(Counter::SalesRefused);
        }
        Ok(())
    }

    pub(crate) fn sell_lines(
        &mut self,
        at: usize,
        (sale, lines): (SaleId, Vec<SaleLineInput>),
        beyond: BeyondShare,
    ) -> Result<Option<Outcome>, Broken> {
        let tenders = vec![TenderInput::cash(1_000_000)];
        let verb = Verb::MakeSale {
            sale,
            lines,
            discount: DiscountInput::None,
            tenders,
            beyond,
            about: Default::default(),
        };
        let done = self.command(at, verb)?;
        if let (BeyondShare::Allow, Some(Err(refused))) = (beyond, &done)
            && NUMBERS.contains(&refused.code.as_str())
        {
            return broken(IN_HAND, format!("device {at}: {}", refused.sentence));
        }
        Ok(done)
    }

    /// Asks for units and goes on selling what is there while the answer is on its way.
    pub(crate) fn sell_in_a_hurry(&mut self) -> Result<(), Broken> {
        let Some(at) = self.some_device() else { return Ok(()) };
        let (product, quantity) = (self.some_product(), self.choices.between(1, 6));
        // Somebody else gives back what can be granted then.
        if let Some(other) = self.some_device() {
            self.command(other, Verb::ReturnShare { product, quantity: 1 })?;
            self.pass(HURRY_MS)?;
        }
        self.command(at, Verb::AskShare { product, quantity })?;
        self.poll(at)?;
        let sale = (SaleId(self.fresh().0), vec![SaleLineInput::of(product, 1)]);
        self.sell_lines(at, sale, BeyondShare::Refuse).map(drop)
    }

    /// Closing time: whoever may still promise something does, until nobody may. A unit that was promised twice
    /// shows at the latest when all of them are gone.
    pub(crate) fn sell_out(&mut self) -> Result<(), Broken> {
        if self.plan.knobs.get(Knob::SellOut) == 0 {
            return Ok(());
        }
        self.counters.add(Counter::SellOuts);
        self.trace.note("sell-out", &[], String::new);
        for product in self.products.clone() {
            for at in 0..self.devices.len() {
                self.sell_all(at, product)?;
            }
            let pool = self.server.read(|tx| facts::balance(tx, STALL, product, Account::Pool))?;
            for quantity in std::iter::once(pool.max(1)).chain([1; LAST_TRIES]) {
                if !self.order_units(product, quantity)? && quantity == 1 {
                    break;
                }
            }
        }
        self.look_everywhere()?;
        self.model.check_promises()
    }

    /// All that the register's records give it, and then single units for as long as it lets them go.
    fn sell_all(&mut self, at: usize, product: ProductId) -> Result<(), Broken> {
        let Some(device) = self.devices.get_mut(at).filter(|device| !device.is_dead) else { return Ok(()) };
        let View::Stock(stock) = device.answer(&Query::Stock { stall: STALL, product })? else {
            return broken("a question is answered", "no stock");
        };
        for quantity in std::iter::once(stock.own_share.max(1)).chain([1; LAST_TRIES]) {
            let sale = (SaleId(self.fresh().0), vec![SaleLineInput::of(product, quantity)]);
            if let Some(Err(_)) = self.sell_lines(at, sale, BeyondShare::Refuse)? {
                break;
            }
        }
        Ok(())
    }

    /// Mostly a sale of this register; now and then one of another.
    pub(crate) fn some_sale(&mut self, at: usize) -> Option<SaleId> {
        let of = if self.choices.chance(50) { self.some_device()? } else { at };
        let sales = &self.devices.get(of)?.sales;
        // The latest ones: a buyer comes back soon or not at all.
        let from = sales.len().saturating_sub(4);
        self.choices.pick(sales.get(from..)?).copied()
    }

    fn void(&mut self, at: usize) -> Result<(), Broken> {
        let Some(sale) = self.some_sale(at) else { return Ok(()) };
        let done = self.command(at, Verb::VoidSale { sale, reason: "changed mind".into() })?;
        if let Some(Ok(_)) = done {
            self.counters.add(Counter::Voids);
        }
        Ok(())
    }

    fn refund(&mut self, at: usize) -> Result<(), Broken> {
        let Some(sale) = self.some_sale(at) else { return Ok(()) };
        let all = [GoodsBack::Sellable, GoodsBack::Waste, GoodsBack::KeptByBuyer];
        let goods = self.choices.pick(&all).copied().unwrap_or(GoodsBack::Waste);
        let line = RefundLineInput { line: 0, quantity: self.choices.between(1, 2), goods };
        let verb = Verb::Refund {
            sale,
            lines: vec![line],
            tender: TenderKind::Cash,
            reason: "too ripe".into(),
            into: None,
        };
        if let Some(Ok(_)) = self.command(at, verb)? {
            self.counters.add(Counter::Refunds);
        }
        Ok(())
    }

    fn ask_refund(&mut self, at: usize) -> Result<(), Broken> {
        let Some(sale) = self.some_sale(at) else { return Ok(()) };
        let quantity = self.choices.between(1, 2);
        self.command(at, Verb::AskRefund { sale, line: 0, quantity }).map(drop)
    }

    pub(crate) fn receive(&mut self, at: usize, product: ProductId, quantity: i64) -> Result<(), Broken> {
        let line = ReceivedLineInput { product, quantity, cost_minor: None };
        let done = self.command(at, Verb::ReceiveStock { lines: vec![line], note: String::new() })?;
        if let Some(Ok(_)) = done {
            self.counters.add(Counter::Receipts);
        }
        Ok(())
    }

    fn count(&mut self, at: usize, product: ProductId) -> Result<(), Broken> {
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let View::Stock(stock) = device.answer(&Query::Stock { stall: STALL, product })? else {
            return broken("a question is answered", "no stock");
        };
        let counted = (stock.counted + self.choices.between(-2, 1)).max(0);
        let opened = self.opened.remove(&(at, product));
        self.give_count(at, (product, opened), counted)
    }

    /// Begins to count; who hears of it marks it.
    pub(crate) fn open_count(&mut self, at: usize, product: ProductId) -> Result<ThingId, Broken> {
        let count = self.fresh();
        let command = Command { id: count, stall: STALL, verb: Verb::OpenCount { product } };
        self.command_named(at, command)?;
        Ok(count)
    }

    /// Somebody looked away before there was a number.
    pub(crate) fn drop_count(&mut self, at: usize, count: ThingId) -> Result<(), Broken> {
        self.command(at, Verb::DropCount { count }).map(drop)
    }

    /// What somebody counted, whenever they looked.
    pub(crate) fn give_count(
        &mut self,
        at: usize,
        (product, count): (ProductId, Option<ThingId>),
        counted: i64,
    ) -> Result<(), Broken> {
        let verb = Verb::CountStock { product, counted, reason: String::new(), count };
        if let Some(Ok(_)) = self.command(at, verb)? {
            self.counters.add(Counter::Counts);
        }
        Ok(())
    }

    fn edit(&mut self, at: usize, product: ProductId) -> Result<(), Broken> {
        let number = self.choices.below(1_000);
        let edits = match number % 4 {
            3 => return self.take_price(at, product),
            0 => vec![ProductEdit::Name(format!("Mango {number}"))],
            1 => vec![ProductEdit::PriceMinor(PRICE_MINOR + self.choices.between(0, 20))],
            _ => vec![ProductEdit::AddBarcode(format!("{number:08}"))],
        };
        if let Some(Ok(_)) = self.command(at, Verb::EditProduct { product, edits })? {
            self.counters.add(Counter::Edits);
        }
        Ok(())
    }

    /// What was suggested, from the price that this register shows.
    fn take_price(&mut self, at: usize, product: ProductId) -> Result<(), Broken> {
        let step = self.choices.between(1, 9);
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let Some(found) = device.read(|tx| facts::product(tx, STALL, product))? else { return Ok(()) };
        let (from_minor, to_minor) = (found.price_minor, found.price_minor + step);
        let verb = Verb::AcceptPrice { product, from_minor, to_minor };
        if let Some(Ok(_)) = self.command(at, verb)? {
            self.counters.add(Counter::PricesMoved);
        }
        Ok(())
    }

    pub(crate) fn open_shift(&mut self, at: usize) -> Result<(), Broken> {
        let shift = ShiftId(self.fresh().0);
        let done = self.command(at, Verb::OpenShift { shift, float_minor: 1_000 })?;
        if let (Some(Ok(_)), Some(device)) = (done, self.devices.get_mut(at)) {
            device.shift = Some(shift);
        }
        Ok(())
    }

    fn change_shift(&mut self, at: usize) -> Result<(), Broken> {
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let View::Shift(open) = device.answer(&Query::Shift(STALL))? else { return self.open_shift(at) };
        let (shift, counted_minor) = (open.shift, open.expected_minor.unwrap_or_default());
        device.shift = None;
        self.command(at, Verb::CloseShift { shift, counted_minor, reason: String::new() })?;
        if self.choices.chance(200) { self.open_shift(at) } else { Ok(()) }
    }

    /// The first answer again, and nothing done.
    pub(crate) fn retry_command(&mut self, at: usize) -> Result<(), Broken> {
        let now_ms = self.now_ms;
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let Some((command, first)) = self.choices.pick(&device.remembered).cloned() else { return Ok(()) };
        let before = device.own_seq()?;
        // Looking up an answer needs no room.
        let Some(again) = device.handle(command.clone(), now_ms)? else { return Ok(()) };
        self.counters.add(Counter::Retries);
        self.trace.note("again", &[], || format!("device {at}: {:?} -> {again:?}", command.verb));
        let after = device.own_seq()?;
        if again != first || after != before {
            let what = format!("device {at}: {:?} was answered {first:?}, then {again:?}", command.verb);
            return broken(ONCE, format!("{what}; {} records more", after - before));
        }
        Ok(())
    }

    fn revoke(&mut self, at: usize) -> Result<(), Broken> {
        let Some(other) = self.some_device() else { return Ok(()) };
        let Some(author) = self.devices.get(other).map(crate::device::Device::author) else { return Ok(()) };
        // The owner keeps one register.
        if other == 0 {
            return Ok(());
        }
        self.debts = true;
        if self.choices.chance(128) {
            let done = self.command(at, Verb::RevokeDevice { author, reason: "lost".into() })?;
            if let Some(Ok(_)) = done {
                self.counters.add(Counter::Revocations);
            }
            return Ok(());
        }
        self.counters.add(Counter::Revocations);
        self.server.revoke(author, self.now_ms).or_else(crate::world::refused)
    }
}

fn stall_of(name: &str) -> StallContent {
    StallContent {
        name: name.into(),
        currency: "EUR".into(),
        zone: "Africa/Nairobi".into(),
        cut_off_minutes: 0,
    }
}

/// What a receipt of it says, if the sale is found.
fn shown_minor(device: &mut Device, sale: SaleId) -> Result<Option<i64>, Broken> {
    let View::Sale(view) = device.answer(&Query::Sale { stall: STALL, sale })? else { return Ok(None) };
    Ok(Some(view.row.total_minor))
}

fn is_refused(outcome: &Outcome) -> bool {
    matches!(outcome, Err(refused) if refused.code == "share_exceeded")
}
