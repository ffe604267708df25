//! Buyers in the shop: they order, lose the answer, order again under the same key, and change their minds.

use soko_app_api::{CouponInput, DiscountInput, TenderInput, Verb};
use soko_domain::entry::ReleaseReason;
use soko_domain::ids::{OrderId, ProductId, ThingId};
use soko_domain::verbs::place_order::AskedLine;
use soko_sync_server::core::CoreRefusal;
use soko_sync_server::stall::{EndOrder, PlaceOrder, Placed};

use crate::broken::{Broken, broken};
use crate::counters::Counter;
use crate::model::ONCE;
use crate::plan::Knob;
use crate::server::STALL;
use crate::world::{World, refused};

/// A shop holds only so many orders for one of them.
const BUYERS: u8 = 3;
const REMEMBERED_MAX: usize = 10;

/// Good for as many orders as [`COUPON_USES`] says.
pub(crate) const COUPON: &str = "MARKET";
pub(crate) const COUPON_USES: u32 = 1;

/// The stall's one coupon.
pub(crate) fn put_coupon() -> Verb {
    let off = DiscountInput::AmountMinor(10);
    let terms = CouponInput { off, uses_max: Some(COUPON_USES), ..CouponInput::default() };
    Verb::PutCoupon { code: COUPON.into(), terms }
}

/// Whoever fetches an order pays with a note that is large enough.
pub(crate) fn hand_over(order: OrderId, is_paid_before: bool) -> Verb {
    let tenders = if is_paid_before { vec![] } else { vec![TenderInput::cash(1_000_000)] };
    Verb::HandOverOrder { order, tenders }
}

#[derive(Default)]
pub(crate) struct Web {
    /// Requests that were made in the server's present life, with their first answer if one was given.
    asked: Vec<Asked>,
    /// The last request got no answer, because of the server's disk.
    unanswered: bool,
}

struct Asked {
    order: PlaceOrder,
    /// Nothing while no lasting answer was given.
    answer: Option<Answer>,
}

/// What of an answer must never change.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Answer {
    Held { order: OrderId, total_minor: i64 },
    Declined { code: String },
}

impl Answer {
    fn of(placed: &Placed) -> Self {
        match placed {
            Placed::Held(view) => Self::Held { order: view.order, total_minor: view.total_minor },
            Placed::Declined(declined) => Self::Declined { code: declined.code.clone() },
        }
    }
}

impl Web {
    /// The server forgot what it answered; buyers cannot hold it to that.
    pub(crate) fn server_forgot(&mut self) {
        self.asked.clear();
    }
}

impl World<'_> {
    pub(crate) fn order(&mut self) -> Result<(), Broken> {
        let product = self.some_product();
        let quantity = self.choices.between(1, 5);
        let coupon = if self.choices.chance(128) { COUPON } else { "" };
        self.order_with(coupon, product, quantity).map(drop)
    }

    /// Whether the units are held.
    pub(crate) fn order_units(&mut self, product: ProductId, quantity: i64) -> Result<bool, Broken> {
        // Whoever comes too late for an offer pays the usual price.
        Ok(self.order_with("", product, quantity)? || self.order_usual(product, quantity)?)
    }

    fn order_usual(&mut self, product: ProductId, quantity: i64) -> Result<bool, Broken> {
        if self.plan.knobs.get(Knob::Deals) == 0 {
            return Ok(false);
        }
        let found = self.server.read(|tx| soko_projection::read::product(tx, STALL, product))?;
        let Some(found) = found else { return Ok(false) };
        let (buyer, order) = (ThingId(self.fresh().0), OrderId(self.fresh().0));
        let lines = vec![AskedLine { product, quantity, seen_price_minor: Some(found.price_minor) }];
        let order = PlaceOrder {
            actor: ThingId([3; 16]),
            key: self.fresh().to_string(),
            ..PlaceOrder::fetched(buyer, order, lines)
        };
        self.ask_for(order)
    }

    fn order_with(&mut self, coupon: &str, product: ProductId, quantity: i64) -> Result<bool, Broken> {
        let buyer = product.0[0] % BUYERS;
        let order = PlaceOrder {
            actor: ThingId([3; 16]),
            key: self.fresh().to_string(),
            coupon: coupon.into(),
            ..PlaceOrder::fetched(
                ThingId([buyer; 16]),
                OrderId(self.fresh().0),
                vec![AskedLine { product, quantity, seen_price_minor: None }],
            )
        };
        self.ask_for(order)
    }

    /// Whether the units are held.
    pub(crate) fn ask_for(&mut self, order: PlaceOrder) -> Result<bool, Broken> {
        let answer = self.place(&order)?;
        match &answer {
            Some(Answer::Held { .. }) => self.counters.add(Counter::Orders),
            Some(Answer::Declined { .. }) | None => self.counters.add(Counter::OrdersRefused),
        }
        if self.web.asked.len() == REMEMBERED_MAX {
            self.web.asked.remove(0);
        }
        let is_held = matches!(answer, Some(Answer::Held { .. }));
        self.count_coupon(&order, answer.as_ref());
        self.web.asked.push(Asked { order, answer });
        Ok(is_held)
    }

    fn count_coupon(&mut self, order: &PlaceOrder, answer: Option<&Answer>) {
        match answer {
            Some(Answer::Held { .. }) if !order.coupon.is_empty() => self.counters.add(Counter::CouponsUsed),
            Some(Answer::Declined { code }) if code.starts_with("coupon") => {
                self.counters.add(Counter::CouponsRefused);
            }
            Some(Answer::Declined { code }) if code.starts_with("deal") => {
                self.counters.add(Counter::DealsRefused);
            }
            Some(Answer::Declined { code }) if code == "card_changed" => {
                self.counters.add(Counter::CardsChanged);
            }
            Some(Answer::Held { .. } | Answer::Declined { .. }) | None => {}
        }
    }

    fn place(&mut self, order: &PlaceOrder) -> Result<Option<Answer>, Broken> {
        let fails = self.disk_fault();
        self.server.fail_next_commit(fails);
        let placed = self.server.place(order, self.now_ms);
        self.server.forget_failure();
        self.web.unanswered = self.count_server_faults();
        let placed = match placed {
            Ok(placed) => Some(placed),
            Err(CoreRefusal::Refused { code, .. }) => {
                self.trace.note("order-later", &[], || code.into());
                None
            }
            Err(error @ CoreRefusal::Store(_)) => return Err(error.into()),
        };
        self.trace
            .note("order", &[u64::from(placed.is_some())], || format!("{:?} -> {placed:?}", order.lines));
        if self.choices.chance(self.strength(Knob::ServerCrash) / 16) {
            self.counters.add(Counter::ServerCrashes);
            self.crash_of_server()?;
        }
        self.look_at_server()?;
        Ok(placed.as_ref().map(Answer::of))
    }

    /// The same key and the same order: one order, and the first answer.
    pub(crate) fn retry_order(&mut self) -> Result<(), Broken> {
        let Some(at) = self.choices.index(self.web.asked.len()) else { return Ok(()) };
        let Some(asked) = self.web.asked.get(at) else { return Ok(()) };
        let (order, first) = (asked.order.clone(), asked.answer.clone());
        self.counters.add(Counter::Retries);
        let again = self.place(&order)?;
        if self.web.unanswered {
            return Ok(());
        }
        if first.is_some() && again != first {
            return broken(ONCE, format!("order {} was answered {first:?}, then {again:?}", order.order));
        }
        if let Some(asked) = self.web.asked.get_mut(at) {
            asked.answer = again;
        }
        Ok(())
    }

    pub(crate) fn cancel_order(&mut self) -> Result<(), Broken> {
        let Some(order) = self.some_open_order() else { return Ok(()) };
        let reason = if self.choices.chance(128) {
            ReleaseReason::BuyerCancelled
        } else {
            ReleaseReason::PaymentFailed
        };
        let ended = self.server.end(order, EndOrder::Release(reason), self.now_ms);
        self.trace.note("cancel", &[u64::from(ended.is_ok())], || format!("{order} -> {ended:?}"));
        ended.map(drop).or_else(refused)?;
        self.look_at_server()
    }

    fn some_open_order(&mut self) -> Option<OrderId> {
        let orders: Vec<OrderId> = self.open_orders.keys().copied().collect();
        self.choices.pick(&orders).copied()
    }

    /// Somebody at a register hands the goods of an order over, or wants it cancelled.
    pub(crate) fn end_at_register(&mut self, at: usize, hand_over: bool) -> Result<(), Broken> {
        let Some(order) = self.some_open_order() else { return Ok(()) };
        let verb = if hand_over {
            self::hand_over(order, self.pay.is_known(order))
        } else {
            Verb::AskCancelOrder { order, reason: "sold out".into() }
        };
        self.command(at, verb).map(drop)
    }
}
