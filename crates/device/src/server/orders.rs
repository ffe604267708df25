//! A buyer's orders at the server.

use futures_util::{Stream, StreamExt as _};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::{Value, json};
use soko_app_api::text::Worded as _;
use soko_app_api::{
    BackLine, ContactView, OwnOrderState, OwnPayState, OwnRefund, OwnReturnState, OwnSwap, OwnSwapState,
    PayChoice, PayOffer, ReturnAnswer, TaxRow,
};
use soko_domain::basket::Discount;
use soko_domain::coupon::CouponTerms;
use soko_domain::delivery::Handing;
use soko_domain::entry::{OrderStep, ReleaseReason, ReturnWhy};
use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};
use soko_domain::money::Ppm;
use soko_domain::tax::TaxMode;
use soko_domain::verbs::return_goods::ReturnState;
use soko_domain::verbs::swap_order::SwapStanding;

use super::web::read_json;
use super::{Server, Unanswered};
use crate::hex::hex;

/// Who orders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum PlacedAs {
    Guest([u8; 32]),
    SignedIn(String),
}

impl PlacedAs {
    /// Says in a request who asks.
    pub(super) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Guest(secret) => request.header("soko-buyer", hex(secret)),
            Self::SignedIn(session) => request.bearer_auth(session),
        }
    }
}

/// An order as the server knows it now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct OrderNow {
    pub(crate) state: OwnOrderState,
    pub(crate) total_minor: i64,
    /// Its lines, in their order: what was taken in place of one stands behind all others.
    pub(crate) lines: Vec<LineNow>,
    /// How far its payment is, and where to pay.
    pub(crate) payment: Option<(OwnPayState, String)>,
    /// Where its money goes by bank.
    pub(crate) transfer: Option<TransferNow>,
    /// What the stall says to its cancelling.
    pub(crate) reason: String,
    /// Why it ended without its goods; none of an older server, and of a newer one's other reason.
    pub(crate) ended: Option<ReleaseReason>,
    /// What bringing it costs.
    pub(crate) delivery_minor: i64,
    /// Each rate with what it is on; none where the server says nothing of them.
    pub(crate) taxes: Option<Vec<TaxRow>>,
    /// What its code took off.
    pub(crate) discount_minor: i64,
    /// What goes back of it in parts.
    pub(crate) refunds: Vec<OwnRefund>,
    /// What a gift card pays of it, and what of that is on the card again.
    pub(crate) card: CardNow,
    /// What comes back of it.
    pub(crate) returns: Vec<ReturnNow>,
    /// What the stall offers in place of its lines.
    pub(crate) swaps: Vec<OwnSwap>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LineNow {
    pub(crate) product: ProductId,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) total_minor: i64,
}

/// An account, how much is to go there, and until when.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct TransferNow {
    pub(crate) holder: String,
    pub(crate) number: String,
    #[serde(default)]
    pub(crate) bank: String,
    pub(crate) amount_minor: i64,
    pub(crate) until_ms: i64,
}

/// A return as the server knows it now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ReturnNow {
    pub(crate) returned: ThingId,
    pub(crate) why: ReturnWhy,
    pub(crate) lines: Vec<BackLine>,
    pub(crate) state: OwnReturnState,
    pub(crate) reason: String,
    pub(crate) asked_ms: i64,
}

/// What is asked for.
pub(crate) struct Wish<'a> {
    pub(crate) order: OrderId,
    /// Product, quantity, price that was seen.
    pub(crate) lines: &'a [(ProductId, i64, i64)],
    pub(crate) note: &'a str,
    pub(crate) pay: Option<&'a PayChoice>,
    pub(crate) how: &'a Brought,
}

/// How it comes into the buyer's hands, and what was seen of that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Brought {
    pub(crate) handing: Handing,
    pub(crate) zone: String,
    /// All empty where nobody asked.
    pub(crate) contact: ContactView,
    /// Empty without one.
    pub(crate) coupon: String,
    pub(crate) seen_total_minor: Option<i64>,
    pub(crate) seen_tax_minor: Option<i64>,
    /// The code of a gift card that pays first; empty without one.
    pub(crate) card: String,
    pub(crate) seen_card_minor: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct OrderBody {
    state: String,
    total_minor: i64,
    lines: Vec<LineBody>,
    payment: Option<PaymentBody>,
    #[serde(default)]
    step: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    ended: String,
    delivery: Option<DeliveryBody>,
    taxes: Option<Vec<TaxBody>>,
    #[serde(default)]
    refunds: Vec<OwnRefund>,
    coupon: Option<OrderCouponBody>,
    #[serde(default)]
    card: CardNow,
    #[serde(default)]
    returns: Vec<ReturnBody>,
    #[serde(default)]
    swaps: Vec<SwapBody>,
}

#[derive(Deserialize)]
struct SwapBody {
    swap: String,
    line: u32,
    state: String,
    into: Option<LineBody>,
    delta_minor: i64,
}

impl SwapBody {
    /// None where only a newer program knows what it says.
    fn now(self) -> Option<OwnSwap> {
        let state = match SwapStanding::from_word(&self.state)? {
            SwapStanding::Offered => OwnSwapState::Offered,
            SwapStanding::Taken => OwnSwapState::Taken,
            SwapStanding::Ended => OwnSwapState::Over,
            SwapStanding::Asked => return None,
        };
        let into = match self.into {
            Some(line) => Some(line.now()?),
            None => None,
        };
        Some(OwnSwap {
            swap: ThingId::from_hex(&self.swap)?,
            line: self.line,
            product: into.as_ref().map(|line| line.product),
            quantity: into.as_ref().map_or(0, |line| line.quantity),
            total_minor: into.as_ref().map_or(0, |line| line.total_minor),
            name: into.map(|line| line.name).unwrap_or_default(),
            delta_minor: self.delta_minor,
            state,
        })
    }
}

#[derive(Deserialize)]
struct ReturnBody {
    returned: String,
    state: String,
    why: String,
    lines: Vec<BackLine>,
    #[serde(default)]
    reason: String,
    asked_ms: i64,
}

impl ReturnBody {
    /// None where only a newer program knows what it says.
    fn now(self) -> Option<ReturnNow> {
        let state = match ReturnState::from_word(&self.state)? {
            ReturnState::Asked => OwnReturnState::Asked,
            ReturnState::Taken => OwnReturnState::Taken,
            ReturnState::Refused => OwnReturnState::Refused,
        };
        Some(ReturnNow {
            returned: ThingId::from_hex(&self.returned)?,
            why: ReturnWhy::from_word(&self.why)?,
            lines: self.lines,
            state,
            reason: self.reason,
            asked_ms: self.asked_ms,
        })
    }
}

#[derive(Deserialize)]
struct TaxBody {
    label: String,
    ppm: u32,
    inclusive: bool,
    net_minor: i64,
    tax_minor: i64,
}

impl TaxBody {
    fn row(self) -> TaxRow {
        let Self { label, ppm, inclusive, net_minor, tax_minor } = self;
        TaxRow { label, ppm, mode: TaxMode::of(inclusive), net_minor, tax_minor }
    }
}

/// What an order would come to, as the server says.
#[derive(Debug)]
pub(crate) struct QuoteNow {
    pub(crate) taxes: Vec<TaxRow>,
    pub(crate) total_minor: i64,
}

#[derive(Deserialize)]
struct QuoteBody {
    taxes: Vec<TaxBody>,
    total_minor: i64,
}

/// What a gift card pays of an order, and what of that it has again.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
pub(crate) struct CardNow {
    pub(crate) pays_minor: i64,
    pub(crate) back_minor: i64,
}

/// What is on a gift card: for an order now, and at registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct CardThere {
    pub(crate) pays_minor: i64,
    pub(crate) elsewhere_minor: i64,
}

#[derive(Deserialize)]
struct OrderCouponBody {
    discount_minor: i64,
}

#[derive(Deserialize)]
struct CouponBody {
    off_minor: Option<i64>,
    off_ppm: Option<u32>,
    min_minor: i64,
    products: Vec<String>,
}

impl CouponBody {
    fn terms(self) -> Result<CouponTerms, Unanswered> {
        let off = match (self.off_minor, self.off_ppm) {
            (Some(minor), None) => Discount::Amount(minor),
            (None, Some(ppm)) => Discount::Percent(Ppm(ppm)),
            (Some(_), Some(_)) | (None, None) => Discount::None,
        };
        let products = self.products.iter().map(|product| ProductId::from_hex(product)).collect();
        let odd = || Unanswered::NoAnswer("a code is for products that have no identity: update Soko".into());
        Ok(CouponTerms {
            off,
            min_minor: self.min_minor,
            products: Option::ok_or_else(products, odd)?,
            from_day: None,
            until_day: None,
            uses_max: None,
            buyer_uses_max: None,
            is_ended: false,
        })
    }
}

#[derive(Deserialize)]
struct DeliveryBody {
    total_minor: i64,
}

#[derive(Deserialize)]
struct PaymentBody {
    state: OwnPayState,
    #[serde(default)]
    page: String,
    transfer: Option<TransferNow>,
}

#[derive(Deserialize)]
struct OffersBody {
    ways: Vec<PayOffer>,
}

#[derive(Deserialize)]
struct LineBody {
    product: String,
    name: String,
    quantity: i64,
    total_minor: i64,
}

impl LineBody {
    fn now(self) -> Option<LineNow> {
        let Self { product, name, quantity, total_minor } = self;
        Some(LineNow { product: ProductId::from_hex(&product)?, name, quantity, total_minor })
    }
}

impl OrderBody {
    pub(super) fn now(self) -> Result<OrderNow, Unanswered> {
        // A step that only a newer program knows changes nothing of what is promised.
        let state = match (self.state.as_str(), OrderStep::from_name(&self.step)) {
            ("held", None) => OwnOrderState::Held,
            ("held", Some(OrderStep::Accepted)) => OwnOrderState::Accepted,
            ("held", Some(OrderStep::Packed)) => OwnOrderState::Packed,
            ("held", Some(OrderStep::Ready)) => OwnOrderState::Ready,
            ("held", Some(OrderStep::OnTheWay)) => OwnOrderState::OnTheWay,
            ("handed over" | "fulfilled", _) => OwnOrderState::HandedOver,
            ("cancelled", _) => OwnOrderState::Cancelled,
            (other, _) => {
                return Err(Unanswered::NoAnswer(format!("an order cannot be {other}: update Soko")));
            }
        };
        let lines = self.lines.into_iter().map(LineBody::now).collect::<Option<_>>();
        let lines = lines.ok_or_else(|| Unanswered::NoAnswer("a line has no product: update Soko".into()))?;
        let (payment, transfer) = match self.payment {
            Some(payment) => (Some((payment.state, payment.page)), payment.transfer),
            None => (None, None),
        };
        let (total_minor, reason) = (self.total_minor, self.reason);
        let ended = ReleaseReason::from_word(&self.ended);
        let delivery_minor = self.delivery.map_or(0, |delivery| delivery.total_minor);
        let taxes = self.taxes.map(|taxes| taxes.into_iter().map(TaxBody::row).collect());
        let discount_minor = self.coupon.map_or(0, |coupon| coupon.discount_minor);
        let returns = self.returns.into_iter().filter_map(ReturnBody::now).collect();
        let swaps = self.swaps.into_iter().filter_map(SwapBody::now).collect();
        Ok(OrderNow {
            state,
            total_minor,
            lines,
            payment,
            transfer,
            reason,
            ended,
            delivery_minor,
            taxes,
            refunds: self.refunds,
            discount_minor,
            card: self.card,
            returns,
            swaps,
        })
    }
}

/// Product, quantity, price that was seen.
fn asked_line((product, quantity, seen): &(ProductId, i64, i64)) -> Value {
    json!({"product": product.to_string(), "quantity": quantity, "seen_price_minor": seen})
}

impl Server {
    /// Orders once, however often it is asked: the order's id is the key.
    pub(crate) async fn place(
        &self,
        stall: LogId,
        buyer: &PlacedAs,
        wish: &Wish<'_>,
    ) -> Result<OrderNow, Unanswered> {
        let lines: Vec<_> = wish.lines.iter().map(asked_line).collect();
        let mut body = json!({"order": wish.order.to_string(), "lines": lines, "note": wish.note});
        if let Some(pay) = wish.pay {
            body["pay"] = json!({"way": pay.way.word(), "phone": pay.phone});
        }
        let Brought { handing, zone, contact, coupon, seen_total_minor, seen_tax_minor, .. } = wish.how;
        // A server that knows no other way hears of none.
        if handing.is_brought() {
            body["handing"] = json!(handing.word());
            body["zone"] = json!(zone);
        }
        if !contact.name.is_empty() {
            body["contact"] =
                json!({"name": contact.name, "reach": contact.reach, "address": contact.address});
        }
        if !coupon.is_empty() {
            body["coupon"] = json!(coupon);
        }
        if let Some(seen) = seen_total_minor {
            body["seen_total_minor"] = json!(seen);
        }
        if let Some(seen) = seen_tax_minor {
            body["seen_tax_minor"] = json!(seen);
        }
        if !wish.how.card.is_empty() {
            body["card"] = json!({"code": wish.how.card, "pays_minor": wish.how.seen_card_minor});
        }
        let request = self.web.request_post(&format!("/v1/stalls/{stall}/orders"));
        let request = request.header("idempotency-key", wish.order.to_string()).json(&body);
        self.of_buyer(request, buyer).await
    }

    pub(crate) async fn order(
        &self,
        stall: LogId,
        buyer: &PlacedAs,
        order: OrderId,
    ) -> Result<OrderNow, Unanswered> {
        self.of_buyer(self.web.get(&format!("/v1/stalls/{stall}/orders/{order}")), buyer).await
    }

    pub(crate) async fn cancel(
        &self,
        stall: LogId,
        buyer: &PlacedAs,
        order: OrderId,
    ) -> Result<OrderNow, Unanswered> {
        let request = self.web.request_post(&format!("/v1/stalls/{stall}/orders/{order}/cancel"));
        self.of_buyer(request, buyer).await
    }

    /// What an order would come to now. Nothing is held by asking.
    pub(crate) async fn quote(
        &self,
        stall: LogId,
        buyer: &PlacedAs,
        (lines, handing, zone, coupon): (&[(ProductId, i64, i64)], Handing, &str, &str),
    ) -> Result<QuoteNow, Unanswered> {
        let lines: Vec<_> = lines.iter().map(asked_line).collect();
        let mut body = json!({"lines": lines, "handing": handing.word(), "zone": zone});
        if !coupon.is_empty() {
            body["coupon"] = json!(coupon);
        }
        let request = self.web.request_post(&format!("/v1/stalls/{stall}/orders/quote"));
        let QuoteBody { taxes, total_minor } =
            read_json(&self.web.whole(buyer.sign(request.json(&body))).await?)?;
        Ok(QuoteNow { taxes: taxes.into_iter().map(TaxBody::row).collect(), total_minor })
    }

    /// What a code takes off for this buyer, and nothing of when and how often: the server says that when it counts.
    pub(crate) async fn coupon(
        &self,
        stall: LogId,
        buyer: &PlacedAs,
        code: &str,
    ) -> Result<CouponTerms, Unanswered> {
        let request = self.web.request_post(&format!("/v1/stalls/{stall}/coupons/look"));
        let request = buyer.sign(request.json(&json!({"code": code})));
        read_json::<CouponBody>(&self.web.whole(request).await?)?.terms()
    }

    /// What is on a gift card. What registers hold of it is asked back by this.
    pub(crate) async fn card(
        &self,
        stall: LogId,
        buyer: &PlacedAs,
        code: &str,
    ) -> Result<CardThere, Unanswered> {
        let request = self.web.request_post(&format!("/v1/stalls/{stall}/cards/look"));
        read_json(&self.web.whole(buyer.sign(request.json(&json!({"code": code})))).await?)
    }

    /// Asks once to bring something back, however often it is asked.
    pub(crate) async fn ask_return(
        &self,
        buyer: &PlacedAs,
        (stall, order): (LogId, OrderId),
        (returned, why, lines): (ThingId, ReturnWhy, &[BackLine]),
    ) -> Result<OrderNow, Unanswered> {
        let request = self.web.request_post(&format!("/v1/stalls/{stall}/orders/{order}/returns"));
        let body = json!({"returned": returned.to_string(), "why": why.word(), "lines": lines});
        self.of_buyer(request.json(&body), buyer).await
    }

    /// Answers an offer once, however often it is answered in this way.
    pub(crate) async fn answer_swap(
        &self,
        buyer: &PlacedAs,
        (stall, order): (LogId, OrderId),
        (swap, is_taken): (ThingId, bool),
    ) -> Result<OrderNow, Unanswered> {
        let path = format!("/v1/stalls/{stall}/orders/{order}/swaps/{swap}/answer");
        self.of_buyer(self.web.request_post(&path).json(&json!({"take": is_taken})), buyer).await
    }

    /// Answers a return, as a device of the stall.
    pub(crate) async fn answer_return(&self, access: &str, answer: &ReturnAnswer) -> Result<(), Unanswered> {
        let ReturnAnswer { stall, order, returned, goods, reason } = answer;
        let path = format!("/v1/stalls/{stall}/orders/{order}/returns/{returned}/answer");
        let body = match goods {
            Some(goods) => json!({"goods": goods}),
            None => json!({"reason": reason}),
        };
        self.web.whole(self.web.request_post(&path).bearer_auth(access).json(&body)).await.map(drop)
    }

    /// Whom an order is for, as a device of the stall may know.
    pub(crate) async fn order_contact(
        &self,
        stall: LogId,
        order: OrderId,
        access: &str,
    ) -> Result<ContactView, Unanswered> {
        let request = self.web.get(&format!("/v1/stalls/{stall}/orders/{order}/contact"));
        read_json(&self.web.whole(request.bearer_auth(access)).await?)
    }

    /// What was ordered here as a guest is the account's from now on.
    pub(crate) async fn was_guest(&self, session: &str, secret: &[u8; 32]) -> Result<(), Unanswered> {
        let request = self.web.request_post("/v1/me/guest").bearer_auth(session);
        self.web.whole(request.header("soko-buyer", hex(secret))).await.map(drop)
    }

    /// What the account wrote when it last ordered.
    pub(crate) async fn own_contact(&self, session: &str) -> Result<ContactView, Unanswered> {
        read_json(&self.web.whole(self.web.get("/v1/me/contact").bearer_auth(session)).await?)
    }

    /// How a stall can be paid before the goods are fetched.
    pub(crate) async fn pay_offers(&self, stall: LogId) -> Result<Vec<PayOffer>, Unanswered> {
        let request = self.web.get(&format!("/v1/stalls/{stall}/ways-to-pay"));
        Ok(read_json::<OffersBody>(&self.web.whole(request).await?)?.ways)
    }

    /// The identity of each of these orders, whenever something of it changed.
    pub(crate) async fn order_moves(
        &self,
        buyer: &PlacedAs,
        orders: &[(LogId, OrderId)],
    ) -> Result<impl Stream<Item = OrderId> + Unpin + use<>, Unanswered> {
        let pairs: Vec<String> = orders.iter().map(|(stall, order)| format!("{stall}.{order}")).collect();
        let request = self.web.get(&format!("/v1/orders/stream?orders={}", pairs.join(",")));
        let lines = self.web.lines(buyer.sign(request)).await?;
        Ok(Box::pin(lines.filter_map(async |line| OrderId::from_hex(line.strip_prefix("data:")?.trim()))))
    }

    async fn of_buyer(&self, request: RequestBuilder, buyer: &PlacedAs) -> Result<OrderNow, Unanswered> {
        read_json::<OrderBody>(&self.web.whole(buyer.sign(request)).await?)?.now()
    }
}
