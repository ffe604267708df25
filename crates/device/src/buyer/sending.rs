//! Bringing orders to their server, once each, and following what becomes of them.

use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use soko_app_api::{Arrival, OwnOrderState, OwnPayState, Told};

use super::coupons;
use super::interactions::Noting;
use super::own_orders::{self, Open, Why};
use super::{baskets, likes, own_news, returns, swaps};
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::Own;
use crate::server::{OrderNow, PlacedAs, Server, Unanswered, Wish};

/// How often the server is asked about orders that it holds, beside what the market's stream rings.
const LOOK_MS: u64 = 30_000;
/// The same while somebody pays and looks at the screen.
const PAYING_MS: u64 = 2_000;
/// With nothing to do, the bell wakes; this is only for what it might miss.
const IDLE_MS: u64 = 600_000;
/// Refusals after which the buyer looks again and decides.
const RECONFIRM: &[&str] = &[
    "price_changed",
    "unknown_product",
    "share_exceeded",
    "total_changed",
    "tax_changed",
    "card_changed",
    "unknown_purse",
    "handing_not_offered",
    "unknown_zone",
    "too_heavy",
];
/// So do those that a code takes nothing off, and those that a deal's price is not for: what the screens say of them begins with these.
const COUPON: &str = "coupon_";
const DEAL: &str = "deal_";
/// Of those, that this buyer had as many as one may have; the sentence names the product.
const DEAL_EACH: &str = "deal_each";

/// What a server does later that is about one stall alone, or one order.
const FOR_STALL: &[&str] = &["stall_frozen", "payment_looked_up", "no_profile"];

/// Whether something is about to happen to its payment.
fn is_paying(open: &Open) -> bool {
    // A transfer takes days, and its order is looked at like any other.
    let is_slow = open.pay.as_ref().is_some_and(|pay| !pay.way.has_provider());
    match open.pay_state {
        Some(OwnPayState::Waiting | OwnPayState::Returning) if is_slow => false,
        Some(
            OwnPayState::Asking
            | OwnPayState::Waiting
            | OwnPayState::Confirming
            | OwnPayState::Cancelling
            | OwnPayState::Returning,
        ) => true,
        Some(OwnPayState::Paid | OwnPayState::Cancelled | OwnPayState::Returned) | None => false,
    }
}

/// Why orders wait.
pub(crate) enum Waits {
    /// Nobody is there, or it is busy.
    ForServer,
    /// Its stall does nothing with it for now; the server does all else.
    Alone,
    /// Whoever ordered must sign in again.
    ForPerson,
}

/// What an answer means for whoever waits for it.
pub(super) enum Heard<T> {
    Now(T),
    Refused { code: String, sentence: String },
    Waits(Waits),
}

/// Brings each to its server. One that waits for a person or its stall keeps no other waiting; without a server all do.
pub(super) async fn each<T>(
    all: Vec<T>,
    mut send: impl AsyncFnMut(T) -> Result<Option<Waits>, Undone>,
) -> Result<Option<Waits>, Undone> {
    let mut waits = None;
    for one in all {
        match send(one).await? {
            None => {}
            Some(Waits::ForServer) => return Ok(Some(Waits::ForServer)),
            Some(waiting @ (Waits::ForPerson | Waits::Alone)) => waits = Some(waiting),
        }
    }
    Ok(waits)
}

impl Device {
    /// Sends and follows orders, for as long as the device is there.
    pub(crate) async fn follow_orders(self: Rc<Self>) {
        let mut failures = 0;
        while !self.is_closed() {
            let (heard, looked_ms) = (self.orders.heard(), self.now().at_ms);
            let settled = self.settle(looked_ms).await;
            let is_answered = matches!(settled, Ok(None));
            let mailed_ms = self.mailed_wait_ms(looked_ms).unwrap_or(IDLE_MS);
            let wait_ms = match settled {
                Ok(None) => {
                    failures = 0;
                    IDLE_MS.min(mailed_ms)
                }
                Ok(Some(Waits::ForPerson | Waits::Alone)) => LOOK_MS.min(mailed_ms),
                Ok(Some(Waits::ForServer)) | Err(_) => {
                    failures += 1;
                    self.back_off_ms(failures)
                }
            };
            let open = self.own_open().unwrap_or_default();
            let wait_ms = self.interactions_wait_ms().map_or(wait_ms, |together_ms| wait_ms.min(together_ms));
            let wait_ms = if open.is_empty() { wait_ms } else { wait_ms.min(LOOK_MS) };
            let wait_ms = if open.iter().any(is_paying) { wait_ms.min(PAYING_MS) } else { wait_ms };
            self.wait_for_orders(heard, wait_ms, is_answered).await;
        }
    }

    /// Until it rings, or so long. Where the server answers, it is asked about baskets meanwhile, while somebody looks at one.
    async fn wait_for_orders(&self, heard: u64, wait_ms: u64, is_answered: bool) {
        let ends_ms = self.clock_ms().saturating_add(wait_ms);
        while !self.is_closed() {
            let left_ms = ends_ms.saturating_sub(self.clock_ms());
            let looked = self.baskets.heard();
            let basket_ms = self.baskets_wait_ms().ok().flatten().filter(|_| is_answered);
            let is_looked_at = async {
                match basket_ms {
                    Some(basket_ms) => {
                        drop(select(pin!(self.baskets.after(looked)), self.host.sleep(basket_ms)).await)
                    }
                    // Whoever begins to look is heard.
                    None if is_answered => self.baskets.after(looked).await,
                    None => std::future::pending().await,
                }
            };
            let ended =
                async { drop(select(pin!(self.orders.after(heard)), self.host.sleep(left_ms)).await) };
            match select(pin!(ended), pin!(is_looked_at)).await {
                Either::Left(_) => return,
                Either::Right(_) => {
                    // What is in the way is found out by the next round.
                    if !matches!(self.exchange_baskets().await, Ok(None)) {
                        return;
                    }
                }
            }
        }
    }

    /// What servers should know and have not heard, apart from records. Receipts of a counter and what this device buys wait for different
    /// servers, and not for each other.
    async fn settle(&self, looked_ms: i64) -> Result<Option<Waits>, Undone> {
        self.learn_quiet().await?;
        let mailed = self.send_mailed(looked_ms).await;
        Ok(match self.settle_buyer().await? {
            Some(Waits::ForServer) => Some(Waits::ForServer),
            waits => mailed?.or(waits),
        })
    }

    /// What the buyer's servers should know: first the orders.
    async fn settle_buyer(&self) -> Result<Option<Waits>, Undone> {
        let waits = self.settle_orders().await?;
        if let Some(Waits::ForServer) = waits {
            return Ok(waits);
        }
        let waits = self.send_answers().await?.or(waits);
        if let Some(Waits::ForServer) = waits {
            return Ok(waits);
        }
        let waits = self.send_returns().await?.or(waits);
        if let Some(Waits::ForServer) = waits {
            return Ok(waits);
        }
        let waits = self.send_reviews().await?.or(waits);
        let waits = self.exchange_likes().await?.or(waits);
        if let Some(Waits::ForServer) = waits {
            return Ok(waits);
        }
        let waits = self.exchange_addresses().await?.or(waits);
        if let Some(Waits::ForServer) = waits {
            return Ok(waits);
        }
        let waits = self.exchange_orders().await?.or(waits);
        if let Some(Waits::ForServer) = waits {
            return Ok(waits);
        }
        let waits = self.exchange_baskets().await?.or(waits);
        if let Some(Waits::ForServer) = waits {
            return Ok(waits);
        }
        Ok(self.send_interactions().await?.or(waits))
    }

    /// Whoever is not known any more must sign in again. An answer to somebody who does not hold the device by now is nobody's:
    /// nothing of it is kept behind an erasure, and it ends no session of whoever came after.
    pub(super) fn heard<T>(&self, own: &Own, answer: Result<T, Unanswered>) -> Result<Heard<T>, Undone> {
        if self.own()? != *own {
            return Ok(Heard::Waits(Waits::ForPerson));
        }
        Ok(match answer {
            Ok(now) => Heard::Now(now),
            Err(Unanswered::Later { code, .. }) if FOR_STALL.contains(&code.as_str()) => {
                Heard::Waits(Waits::Alone)
            }
            Err(Unanswered::NoAnswer(_) | Unanswered::Unreached(_) | Unanswered::Later { .. }) => {
                Heard::Waits(Waits::ForServer)
            }
            Err(Unanswered::NoAccess(_)) => {
                self.forget_session()?;
                Heard::Waits(Waits::ForPerson)
            }
            Err(Unanswered::Expired(_)) => {
                self.end_session()?;
                Heard::Waits(Waits::ForPerson)
            }
            Err(Unanswered::Refused { code, sentence }) => Heard::Refused { code, sentence },
        })
    }

    /// Takes each open order one step further.
    async fn settle_orders(&self) -> Result<Option<Waits>, Undone> {
        let looked_at = self.looked_at.take();
        let whose = likes::whose(&self.own()?);
        let mut all = self.read(|tx| own_orders::open(tx, &whose))?;
        all.extend(self.read(|tx| own_orders::ended(tx, &whose, &looked_at))?);
        each(all, async |open| self.settle_order(&open).await).await
    }

    /// What whoever holds the device has ordered and not seen the end of.
    pub(super) fn own_open(&self) -> Result<Vec<Open>, Undone> {
        let whose = likes::whose(&self.own()?);
        self.read(|tx| own_orders::open(tx, &whose))
    }

    async fn settle_order(&self, open: &Open) -> Result<Option<Waits>, Undone> {
        let own = self.own()?;
        let server = self.server_at(&open.buyer.server)?;
        let Some(buyer) = open.buyer.placed_as(&own) else {
            return Ok(Some(Waits::ForPerson));
        };
        let asked = match (open.state, open.cancel_asked) {
            (OwnOrderState::Saved, _) => self.place(&server, &buyer, open).await?,
            (_, true) => server.cancel(open.stall, &buyer, open.order).await,
            (_, false) => server.order(open.stall, &buyer, open.order).await,
        };
        match self.heard(&own, asked)? {
            Heard::Now(now) => self.order_became(open, (now.state, Why::default()), Some(&now))?,
            Heard::Waits(waits) => return Ok(Some(waits)),
            Heard::Refused { code, sentence } => {
                self.order_refused(&server, (&own, &buyer), open, (&code, &sentence)).await?;
            }
        }
        Ok(None)
    }

    /// Sends it, and knows from before that it did. Whatever is lost on the way, the same request follows.
    async fn place(
        &self,
        server: &Server,
        buyer: &PlacedAs,
        open: &Open,
    ) -> Result<Result<OrderNow, Unanswered>, Undone> {
        let lines = self.read(|tx| own_orders::wishes(tx, open.order))?;
        if !open.is_tried {
            self.write(|tx| own_orders::set_tried(tx, open.order))?;
        }
        let wish = Wish {
            order: open.order,
            lines: &lines,
            note: &open.note,
            pay: open.pay.as_ref(),
            how: &open.how,
        };
        Ok(server.place(open.stall, buyer, &wish).await)
    }

    async fn order_refused(
        &self,
        server: &Server,
        (own, buyer): (&Own, &PlacedAs),
        open: &Open,
        (code, sentence): (&str, &str),
    ) -> Result<(), Undone> {
        if open.cancel_asked && code == "on_the_way" {
            // It left before the stall's server heard of it: whoever cancelled is told, and not asked for ever.
            self.write(|tx| own_orders::cancel_refused(tx, open.order))?;
        }
        if open.state != OwnOrderState::Saved {
            // It ended another way than was asked for: the server says which.
            let asked = server.order(open.stall, buyer, open.order).await;
            return match self.heard(own, asked)? {
                Heard::Now(now) => self.order_became(open, (now.state, Why::default()), Some(&now)),
                Heard::Waits(_) | Heard::Refused { .. } => Ok(()),
            };
        }
        let is_coupon = code.starts_with(COUPON);
        if is_coupon {
            self.write(|tx| coupons::forget(tx, open.stall, &open.how.coupon))?;
        }
        let why = Why { code, sentence };
        if (is_coupon || code.starts_with(DEAL) || RECONFIRM.contains(&code)) && !open.cancel_asked {
            // What changed is shown in the basket; without an answer it is shown a little later.
            let _ = self.fetch_stall(server, open.stall).await;
            return self.order_became(open, (OwnOrderState::Reconfirm, why), None);
        }
        let state = if open.cancel_asked { OwnOrderState::Cancelled } else { OwnOrderState::Refused };
        self.order_became(open, (state, why), None)
    }

    /// Keeps what became of an order, and says it once.
    fn order_became(
        &self,
        open: &Open,
        (state, why): (OwnOrderState, Why<'_>),
        now: Option<&OrderNow>,
    ) -> Result<(), Undone> {
        let (is_new, pays, view, news) = self.write(|tx| {
            let news = now.map_or(Ok(Vec::new()), |now| own_news::of(tx, open.order, now))?;
            let is_new = own_orders::became(tx, open.order, (state, why), now)?;
            let pays = now.map_or(Ok(false), |now| own_orders::pays(tx, open.order, now))?;
            let pays = now.map_or(Ok(false), |now| own_orders::goes_back(tx, open.order, now))? || pays;
            let returns = now.map_or(Ok(false), |now| returns::became(tx, open.order, &now.returns))?;
            let swaps = now.map_or(Ok(false), |now| swaps::became(tx, open.order, &now.swaps))?;
            let card = now.map_or(Ok(false), |now| own_orders::card_became(tx, open.order, now.card))?;
            let pays = pays || returns || swaps || card;
            if is_new && state == OwnOrderState::Reconfirm {
                let (whose, now_ms) = (open.buyer.whose.as_str(), self.now().at_ms);
                let by = Noting { whose, now_ms, draw: &|| self.random_id() };
                baskets::put_back(tx, &by, open)?;
                if why.code == DEAL_EACH {
                    own_orders::at_usual_price(tx, open, why.sentence)?;
                }
            }
            Ok((is_new, pays, own_orders::view(tx, &open.buyer.whose, open.order)?, news))
        })?;
        if pays && !is_new {
            self.tell(&Told::Buyer);
        }
        for (view, news) in view.iter().flat_map(|view| news.iter().map(move |news| (view, *news))) {
            let (stall_name, currency) = (view.row.stall_name.clone(), view.row.currency.clone());
            self.tell(&Told::Arrived(Arrival::OwnNews { order: open.order, stall_name, currency, news }));
        }
        let Some(view) = view.filter(|_| is_new) else { return Ok(()) };
        self.tell(&Told::Buyer);
        let was_asked_for = view.cancel_asked && state == OwnOrderState::Cancelled;
        if !was_asked_for {
            let stall_name = view.row.stall_name;
            self.tell(&Told::Arrived(Arrival::OwnOrder { order: open.order, stall_name, state }));
        }
        // Now there is something to listen for. And one that was cancelled meanwhile is cancelled there, too.
        if state.is_under_way() && open.state == OwnOrderState::Saved {
            self.orders.ring();
        }
        Ok(())
    }
}
