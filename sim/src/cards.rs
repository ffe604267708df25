//! Gift cards: people buy them, pay with them at registers that do not hear of each other, and pay for orders with them, wholly, in part
//! and beside a payment that is in doubt; sales that they paid are voided and refunded.

use soko_app_api::{
    BeyondShare, DiscountInput, PurseInput, RefundLineInput, SaleLineInput, TenderInput, Verb,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{GoodsBack, PayWay};
use soko_domain::ids::{OrderId, ProductId, SaleId, ThingId};
use soko_domain::purse::{CARD_LETTERS, CardCode, of_code};
use soko_domain::verbs::card_order::AskedCard;
use soko_domain::verbs::place_order::AskedLine;
use soko_projection::order_money;
use soko_sync_server::stall::PlaceOrder;

use crate::broken::{Broken, broken};
use crate::counters::Counter;
use crate::device::Outcome;
use crate::owed::CARD_ONCE;
use crate::pay::to_pay;
use crate::plan::Knob;
use crate::server::STALL;
use crate::world::{World, refused};

/// Few, so that everybody wants the same.
const CARDS: u64 = 2;
/// More than one thing costs, and less than several.
const WORTH_MINOR: i64 = 700;
const FIRST_MINOR: i64 = 400;
/// Things that happen to cards in one step, at most.
const MOVES_MAX: u64 = 2;

/// A card of the run.
pub(crate) fn code(number: u64) -> String {
    let [.., low] = number.to_be_bytes();
    CardCode::of_chance([low.wrapping_add(1); CARD_LETTERS]).to_string()
}

pub(crate) fn card(number: u64) -> ProductId {
    of_code(STALL, &code(number)).unwrap_or_default()
}

impl World<'_> {
    /// Somebody bought each card before anything goes wrong.
    pub(crate) fn open_cards(&mut self) -> Result<(), Broken> {
        let cards = if self.plan.knobs.get(Knob::Cards) > 0 { CARDS } else { 0 };
        (0..cards).try_for_each(|number| self.buy_card(0, number, FIRST_MINOR))
    }

    pub(crate) fn card_step(&mut self) -> Result<(), Broken> {
        let strength = self.strength(Knob::Cards);
        if strength == 0 || !self.choices.chance(strength / 2) {
            return Ok(());
        }
        for _ in 0..=self.choices.below(MOVES_MAX) {
            let number = self.choices.below(CARDS);
            let Some(at) = self.some_device() else { return Ok(()) };
            match self.choices.below(12) {
                0 => {
                    let units = self.choices.between(50, WORTH_MINOR);
                    self.buy_card(at, number, units)?;
                }
                1 | 2 => self.pay_with_card(at, number)?,
                3 => {
                    let verb = Verb::AskPurse { purse: PurseInput::Card(code(number)), units: WORTH_MINOR };
                    self.command(at, verb)?;
                }
                4..=6 => self.look_at_card(number)?,
                7 => self.refund_to_card(at, number)?,
                _ => self.order_with_card(number)?,
            }
        }
        Ok(())
    }

    pub(crate) fn buy_card(&mut self, at: usize, number: u64, units: i64) -> Result<(), Broken> {
        let (purse, tender) = (PurseInput::Card(code(number)), Some(TenderInput::cash(units)));
        let verb = Verb::FillPurse { purse, units, tender, reason: String::new() };
        if let Some(Ok(_)) = self.command(at, verb)? {
            self.counters.add(Counter::CardsBought);
        }
        Ok(())
    }

    fn pay_with_card(&mut self, at: usize, number: u64) -> Result<(), Broken> {
        let (product, amount_minor) = (self.some_product(), self.choices.between(1, 250));
        let done = self.sell_for_card(at, (product, number), amount_minor)?;
        match done {
            Some(Ok(_)) => self.counters.add(Counter::CardSales),
            Some(Err(refused)) if refused.code == "purse_short" => self.counters.add(Counter::CardsShort),
            Some(Err(_)) | None => {}
        }
        Ok(())
    }

    /// One unit, paid with so much of a card and with cash.
    pub(crate) fn sell_for_card(
        &mut self,
        at: usize,
        (product, number): (ProductId, u64),
        amount_minor: i64,
    ) -> Result<Option<Outcome>, Broken> {
        let by_card = TenderInput {
            kind: TenderKind::Voucher,
            amount_minor,
            reference: String::new(),
            seen: true,
            purse: Some(PurseInput::Card(code(number))),
        };
        let verb = Verb::MakeSale {
            sale: SaleId(self.fresh().0),
            lines: vec![SaleLineInput::of(product, 1)],
            discount: DiscountInput::None,
            tenders: vec![by_card, TenderInput::cash(1_000_000)],
            beyond: BeyondShare::Allow,
            about: Default::default(),
        };
        self.command(at, verb)
    }

    /// A buyer looks what is on it, which asks registers for what they have.
    pub(crate) fn look_at_card(&mut self, number: u64) -> Result<(), Broken> {
        let asked = self.server.ask_for_card(card(number), self.now_ms);
        self.trace.note("card", &[u64::from(asked.is_ok())], || format!("{number}: looked at, {asked:?}"));
        asked.or_else(refused)?;
        self.look_at_server()
    }

    fn refund_to_card(&mut self, at: usize, number: u64) -> Result<(), Broken> {
        let Some(sale) = self.some_sale(at) else { return Ok(()) };
        let line = RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::Waste };
        let verb = Verb::Refund {
            sale,
            lines: vec![line],
            tender: TenderKind::Voucher,
            reason: "too small".into(),
            into: Some(PurseInput::Card(code(number))),
        };
        if let Some(Ok(_)) = self.command(at, verb)? {
            self.counters.add(Counter::RefundsToCards);
        }
        Ok(())
    }

    fn order_with_card(&mut self, number: u64) -> Result<(), Broken> {
        let (product, quantity) = (self.some_product(), self.choices.between(1, 3));
        let is_paid_before = self.plan.knobs.get(Knob::Paid) > 0 && self.choices.chance(128);
        let order = OrderId(self.fresh().0);
        self.order_for_card(order, (product, quantity), number, is_paid_before).map(drop)
    }

    /// Whether it is held.
    pub(crate) fn order_for_card(
        &mut self,
        order: OrderId,
        (product, quantity): (ProductId, i64),
        number: u64,
        is_paid_before: bool,
    ) -> Result<bool, Broken> {
        let lines = vec![AskedLine { product, quantity, seen_price_minor: None }];
        let order = PlaceOrder {
            actor: ThingId([3; 16]),
            key: self.fresh().to_string(),
            pay: is_paid_before.then(|| to_pay(PayWay::Card)),
            card: Some(AskedCard { purse: card(number), seen_minor: None }),
            ..PlaceOrder::fetched(ThingId(self.fresh().0), order, lines)
        };
        let is_held = self.ask_for(order.clone())?;
        if is_held {
            self.counters.add(Counter::CardOrders);
            if is_paid_before {
                self.pay.note_known(order.order);
            }
        }
        Ok(is_held)
    }

    /// Once everybody met, the records say of each order's card what its entries add up to.
    pub(crate) fn check_cards(&mut self) -> Result<(), Broken> {
        if self.model.excepted {
            return Ok(());
        }
        let is_frozen = self.is_frozen()?;
        for order in self.model.owed.card_orders() {
            let on = self.model.owed.on_order(order);
            let money = self.server.read(|tx| order_money::of(tx, STALL, order))?;
            let left_minor = money.card.map_or(0, |card| card.left_minor());
            if on.paid != left_minor || (on.open != 0 && !is_frozen) {
                return broken(CARD_ONCE, format!("order {order}: {on:?}, and the tables say {left_minor}"));
            }
            let counter = if on.paid > 0 { Counter::CardsPaid } else { Counter::CardsKept };
            self.counters.add(counter);
        }
        Ok(())
    }
}
