//! Orders: placed by buyers, with an account or without, and ended by them or by staff. A repeated request gets
//! the first answer.

use std::time::Instant;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use soko_app_api::text::Worded as _;
use soko_domain::coupon::TYPED_BYTES_MAX;
use soko_domain::delivery::{Handing, ZONE_BYTES_MAX};
use soko_domain::entry::{OrderStep, PayWay, ReleaseReason};
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::money::Currency;
use soko_domain::tax::TaxTotal;
use soko_domain::telephone::Telephone;
use soko_domain::transfer::{BankAccount, reference};
use soko_domain::verbs::LINES_MAX;
use soko_domain::verbs::place_order::AskedLine;
use soko_domain::verbs::release_order::OrderState;
use soko_record_log::Tx;
use tracing::Instrument as _;
use tracing::field::Empty;
use utoipa::{IntoParams, ToSchema};

use crate::core::{CoreRefusal, Fault};
use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Asked, Turn};
use crate::http::asked::{ApiQuery, rows};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::{Caller, Reader};
use crate::http::cards::{CardPaysBody, CardToPay};
use crate::http::contacts::ContactBody;
use crate::http::front::Origin;
use crate::http::problem::{Problem, ProblemBody, status_of_fault};
use crate::http::returns::ReturnBody;
use crate::http::swaps::SwapBody;
use crate::pay::Provider;
use crate::pay::desk::NotOffered;
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::spans::TARGET;
use crate::stall::{
    Contact, EndOrder, OrderView, PaymentView, PlaceOrder, Placed, ToPay, TransferView, quote,
};

/// Where a guest's secret travels.
pub(crate) const BUYER_HEADER: &str = "soko-buyer";
const KEY_HEADER: &str = "idempotency-key";
const KEY_BYTES_MAX: usize = 100;
/// Longest telephone number, with spaces.
const PHONE_BYTES_MAX: usize = 40;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceOrderBody {
    /// 16 random bytes in hexadecimal digits, made and kept by the buyer's device before it asks.
    order: String,
    /// 1 to 500 of them.
    lines: Vec<AskedLineBody>,
    /// For the seller; at most 500 bytes.
    #[serde(default)]
    note: String,
    /// Absent: it is paid when it is fetched.
    pay: Option<PayBody>,
    /// `pickup`, `local` or `shipping`, as the stall's `handings` say. Absent: the buyer comes for it.
    handing: Option<String>,
    /// One of the stall's zones, where it has prices by zone.
    #[serde(default)]
    zone: String,
    /// A code that takes something off; absent without one.
    coupon: Option<String>,
    /// What the buyer saw it come to, with what comes off, bringing and taxes. If it is another total by now, the order is declined.
    seen_total_minor: Option<i64>,
    /// How much of that the buyer saw to be taxes, all rates together. If it is another sum by now, the order is declined, too.
    seen_tax_minor: Option<i64>,
    /// A gift card of the stall that pays as much of it as is on it; what remains is paid in the way that `pay` says.
    card: Option<CardToPay>,
    /// Whom it is for; needed where it is brought. Kept apart from the stall's records until the order ends, and for the next
    /// order of an account.
    contact: Option<ContactBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayBody {
    /// `card`, `phone` or `transfer`, as `ways-to-pay` says.
    way: String,
    /// Whose telephone is asked, with its country: +254712345678. Empty for a card or a transfer.
    #[serde(default)]
    phone: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskedLineBody {
    product: String,
    /// In the product's smallest unit.
    quantity: i64,
    /// What the buyer saw. If it is another price by now, the order is declined.
    seen_price_minor: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OrderBody {
    order: String,
    /// `held`, `handed over`, `cancelled` or `fulfilled`.
    state: &'static str,
    /// An account, or the name of a guest.
    buyer: String,
    pub(super) currency: String,
    pub(super) total_minor: i64,
    pub(super) lines: Vec<OrderLineBody>,
    note: String,
    placed_ms: i64,
    /// Absent: it is paid when it is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentBody>,
    /// What the stall gives back of it, part by part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<RefundBody>,
    /// How far the stall is with it: `accepted`, `packed`, `ready` or `on its way`. Absent before any of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'static str>,
    /// Why the stall cancelled it, if it said so.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// Why it ended without its goods: `buyer`, `stall`, `payment` (it was not paid) or `lapsed` (not in time).
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<&'static str>,
    /// `pickup`, `local` or `shipping`.
    handing: &'static str,
    /// What bringing it costs: a part of the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delivery: Option<DeliveryBody>,
    /// Each rate with what it is on: the net amounts, bringing included. What is `inclusive` stands in the lines' prices already, the
    /// rest came on top; the total has both.
    pub(super) taxes: Vec<TaxBody>,
    /// The code that it carries: what it took off is off the lines already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) coupon: Option<OrderCouponBody>,
    /// What a gift card pays of the total. The rest is paid in the other way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) card: Option<CardPaysBody>,
    /// What its buyer brings back, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    returns: Vec<ReturnBody>,
    /// What the stall offers in place of its lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    swaps: Vec<SwapBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OrderCouponBody {
    code: String,
    discount_minor: i64,
}

/// What an order says about one rate.
#[derive(Serialize, ToSchema)]
pub(crate) struct TaxBody {
    /// As the stall calls it; empty where it has no name for it.
    label: String,
    /// Millionths of the net amounts.
    ppm: u32,
    /// The prices contain it; otherwise it came on top.
    inclusive: bool,
    net_minor: i64,
    tax_minor: i64,
}

impl From<TaxTotal> for TaxBody {
    fn from(total: TaxTotal) -> Self {
        let TaxTotal { rate, net_minor, tax_minor } = total;
        let inclusive = rate.is_inclusive();
        Self { label: rate.label, ppm: rate.ppm.0, inclusive, net_minor, tax_minor }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryBody {
    /// Empty where the stall has one price for all.
    zone: String,
    tax_minor: i64,
    /// With its tax.
    total_minor: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PaymentBody {
    way: &'static str,
    /// `asking`, `waiting` for the buyer, `confirming`, `paid`, `cancelling`, `cancelled`, `returning` or `returned`.
    state: &'static str,
    /// Where the buyer pays; empty where there is no such place.
    page: String,
    /// Where the buyer sends the money by bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer: Option<TransferBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TransferBody {
    holder: String,
    /// An IBAN without its spaces, or whatever number the bank goes by.
    number: String,
    /// The bank's name or its BIC; empty where the number says enough.
    bank: String,
    amount_minor: i64,
    /// What the buyer writes beside it: the order's own, with a last letter that checks the others.
    reference: String,
    /// The goods are held so long. If nobody of the stall saw the money by then, the order is cancelled.
    until_ms: i64,
}

impl TransferBody {
    fn of(order: OrderId, view: TransferView) -> Self {
        let TransferView { to: BankAccount { holder, number, bank }, amount_minor, until_ms } = view;
        Self { holder, number, bank, amount_minor, reference: reference(order), until_ms }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RefundBody {
    amount_minor: i64,
    /// `as-paid`: the way it was paid. `cash`: at the stall.
    way: &'static str,
    /// `on-its-way`, `to-fetch` at the stall, `back`, or `refused` by whoever took the money.
    state: &'static str,
    /// What the stall says to it.
    reason: String,
    at_ms: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OrderLineBody {
    product: String,
    name: String,
    quantity: i64,
    /// Off it already.
    discount_minor: i64,
    total_minor: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OrderList {
    orders: Vec<OrderBody>,
    /// Where the next portion begins; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrdersAsked {
    /// `next` of the portion before.
    pub(crate) after: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u32>,
}

/// Who orders: a guest by a secret of its own, or whoever signed in.
pub(crate) struct Buyer(pub(crate) Principal);

/// The name under which a guest's orders stand. The secret itself is kept nowhere.
pub fn guest(secret: &[u8; 32]) -> ThingId {
    let digest: [u8; 32] =
        Sha256::new().chain_update(b"soko guest buyer 1").chain_update(secret).finalize().into();
    let mut name = ThingId::default();
    name.0.copy_from_slice(&digest[..ThingId::SIZE]);
    name
}

impl FromRequestParts<App> for Buyer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Some(secret) = parts.headers.get(BUYER_HEADER) else {
            return Caller::from_request_parts(parts, app).await.map(|caller| Self(caller.0));
        };
        let secret: [u8; 32] = id(secret.to_str().unwrap_or(""), "the Soko-Buyer header")?;
        let guest = guest(&secret);
        app.spend(Who::Buyer(guest), cost::READ)?;
        Ok(Self(Principal::Guest(guest)))
    }
}

/// Who looks at an order: its buyer, or whoever reads of the stall.
pub(crate) struct Looker(Principal);

impl FromRequestParts<App> for Looker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if parts.headers.contains_key(BUYER_HEADER) {
            return Buyer::from_request_parts(parts, app).await.map(|buyer| Self(buyer.0));
        }
        Reader::from_request_parts(parts, app).await.map(|reader| Self(reader.0))
    }
}

/// Order something: its units are held until the order ends.
///
/// Buyers sign in, or send `Soko-Buyer`: 32 random bytes in hexadecimal digits, made and kept by the buyer's
/// device. The same secret opens and cancels the order later. The same request again, under the same
/// `Idempotency-Key`, gets the first answer, a refusal included, whatever became of the order since. Without the
/// header, the order's identity is the key.
#[utoipa::path(post, path = "/v1/stalls/{stall}/orders", tag = "orders", request_body = PlaceOrderBody,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 100 visible ASCII characters"),
           ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")),
    responses(
    (status = 201, description = "Held", body = OrderBody),
    (status = 404, description = "No such stall", body = ProblemBody),
    (status = 409, description = "Declined, for good: look again and order under a new identity", body = ProblemBody),
    (status = 422, description = "The key was used before for another order", body = ProblemBody),
    (status = 503, description = "Not now; the same request can succeed later", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn place(
    State(app): State<App>,
    origin: Origin,
    Buyer(principal): Buyer,
    ApiPath(stall): ApiPath<String>,
    key: Key,
    headers: HeaderMap,
    ApiJson(request): ApiJson<PlaceOrderBody>,
) -> Result<(StatusCode, Json<OrderBody>), Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    let buyer = principal.person().ok_or(Refusal::NotAllowed)?;
    app.spend(Who::Holds(origin.prefix), cost::HOLD)?;
    app.spend(Who::Buyer(buyer), cost::HOLD)?;
    let mut order = read_order(&request, (stall, buyer), key.0)?;
    order.is_account = matches!(principal, Principal::Account(_));
    if let Err(full) = app.spend(Who::Stall(stall), cost::WRITE) {
        return Err(sure_no(&app, (principal, stall), &order).await?.unwrap_or(full));
    }
    let span = tracing::info_span!(target: TARGET, parent: None, "order.place", order = %order.order, is_first = true, %stall, answered = Empty);
    if let Some(pay) = &request.pay {
        let asks = tracing::info_span!(target: TARGET, parent: &span, "order.may_be_paid");
        let to_pay = to_pay(&app, (stall, order.order), pay, &headers).instrument(asks);
        order.pay = Some(to_pay.await?);
    }
    let asked = Asked { principal, object: Object::Stall(stall), action: Action::PlaceOrder };
    let place =
        move |tx: &mut dyn Tx, turn: &Turn<'_>| Ok(turn.core.place_order(tx, stall, &order, turn.now)?);
    let arrived = Instant::now();
    let commit = tracing::info_span!(target: TARGET, parent: &span, "order.commit");
    let placed = app.in_stall(asked, place).instrument(commit).await;
    let answered = match &placed {
        Ok(Placed::Held(_)) => "held",
        Ok(Placed::Declined(_)) => "declined",
        Err(problem) if problem.is_failure() => "failed",
        // A stall that there is not, a name used before, a stall that is frozen: whoever asked may do so all day.
        Err(_) => "refused",
    };
    span.record("answered", answered);
    app.metrics().order(answered, arrived.elapsed().as_secs_f64());
    match placed? {
        // As it was placed: the same for every repetition.
        Placed::Held(view) => {
            let payment = view.payment.as_ref().map(PaymentView::as_it_began);
            app.pay_bell().notify_one();
            let first = OrderView {
                state: OrderState::Held,
                payment,
                refunds: Vec::new(),
                step: None,
                reason: String::new(),
                ended: None,
                returns: Vec::new(),
                ..view
            };
            Ok((StatusCode::CREATED, Json(first.into())))
        }
        Placed::Declined(declined) => {
            Err(Problem::new(status_of_fault(declined.fault), declined.code, declined.detail))
        }
    }
}

/// An order, for its buyer, for staff, and for programs with `orders:read`.
#[utoipa::path(get, path = "/v1/stalls/{stall}/orders/{order}", tag = "orders",
    security(("program_key" = ["orders:read"]), ("session" = []), ("device" = []), ()),
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity"),
           ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")),
    responses(
    (status = 200, description = "As it is now", body = OrderBody),
    (status = 404, description = "No such order, or not yours", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn show(
    State(app): State<App>,
    Looker(principal): Looker,
    ApiPath((stall, order)): ApiPath<(String, String)>,
) -> Answered<OrderBody> {
    let (stall, order): (LogId, OrderId) = (id(&stall, "the stall")?, id(&order, "the order")?);
    let core = app.core()?;
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Order(stall, order), Action::SeeOrder)?;
        core.order(tx, stall, order)?.ok_or(Refusal::NoSuchOrder)
    };
    Ok(Json(app.store().read(find).await?.into()))
}

/// The orders of a stall, youngest first; for staff, and for programs with `orders:read`.
#[utoipa::path(get, path = "/v1/stalls/{stall}/orders", tag = "orders",
    security(("program_key" = ["orders:read"]), ("session" = []), ("device" = [])),
    params(("stall" = String, Path, description = "The stall's identity"), OrdersAsked), responses(
    (status = 200, description = "A portion of them", body = OrderList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    Reader(principal): Reader,
    ApiPath(stall): ApiPath<String>,
    ApiQuery(asked): ApiQuery<OrdersAsked>,
) -> Answered<OrderList> {
    let stall: LogId = id(&stall, "the stall")?;
    let after: Option<OrderId> = asked.after.as_deref().map(|after| id(after, "after")).transpose()?;
    let (limit, core) = (rows(asked.limit)?, app.core()?);
    app.spend(Who::Stall(stall), cost::WRITE)?;
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Stall(stall), Action::ListOrders)?;
        Ok::<_, Refusal>(core.orders(tx, stall, after, limit)?)
    };
    let found = app.store().read(find).await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| last.order.to_string());
    Ok(Json(OrderList { orders: found.into_iter().map(OrderBody::from).collect(), next }))
}

/// End an order and give its units back; by its buyer or by staff. Cancelled again, it stays cancelled.
#[utoipa::path(post, path = "/v1/stalls/{stall}/orders/{order}/cancel", tag = "orders",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity"),
           ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")),
    responses(
    (status = 200, description = "Cancelled, now or before", body = OrderBody),
    (status = 404, description = "No such order, or not yours", body = ProblemBody),
    (status = 409, description = "It ended another way", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    Buyer(principal): Buyer,
    ApiPath((stall, order)): ApiPath<(String, String)>,
) -> Answered<OrderBody> {
    let target = (id(&stall, "the stall")?, id(&order, "the order")?);
    end(&app, principal, target, Action::CancelOrder).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepBody {
    /// `accepted`, `packed`, then `ready` where it is fetched, or `on its way` where it is brought.
    step: String,
}

/// Say how far the stall is with an order; by staff. Each step follows the one before. Said again, nothing changes.
#[utoipa::path(post, path = "/v1/stalls/{stall}/orders/{order}/step", tag = "orders", request_body = StepBody,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity")), responses(
    (status = 200, description = "It is so far, now or before", body = OrderBody),
    (status = 404, description = "No such order", body = ProblemBody),
    (status = 409, description = "It ended, is further already, or another step comes first", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn step(
    State(app): State<App>,
    Caller(principal): Caller,
    ApiPath((stall, order)): ApiPath<(String, String)>,
    ApiJson(request): ApiJson<StepBody>,
) -> Answered<OrderBody> {
    let (stall, order): (LogId, OrderId) = (id(&stall, "the stall")?, id(&order, "the order")?);
    let step = OrderStep::from_name(&request.step)
        .ok_or_else(|| Problem::malformed("the step is accepted, packed, ready or on its way"))?;
    app.spend(Who::Stall(stall), cost::WRITE)?;
    let asked = Asked { principal, object: Object::Order(stall, order), action: Action::FulfilOrder };
    let take = move |tx: &mut dyn Tx, turn: &Turn<'_>| {
        Ok(turn.core.end_order(tx, stall, (order, EndOrder::Step(step)), turn.now)?)
    };
    Ok(Json(app.in_stall(asked, take).await?.into()))
}

/// Note that an order was handed over; by staff. What is paid with the goods is handed over at a register, which takes the money.
#[utoipa::path(post, path = "/v1/stalls/{stall}/orders/{order}/fulfil", tag = "orders",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity")), responses(
    (status = 200, description = "Fulfilled, now or before", body = OrderBody),
    (status = 404, description = "No such order", body = ProblemBody),
    (status = 409, description = "It ended another way, or a transfer is awaited", body = ProblemBody),
    (status = 422, description = "It is not paid", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn fulfil(
    State(app): State<App>,
    Caller(principal): Caller,
    ApiPath((stall, order)): ApiPath<(String, String)>,
) -> Answered<OrderBody> {
    let target = (id(&stall, "the stall")?, id(&order, "the order")?);
    end(&app, principal, target, Action::FulfilOrder).await
}

async fn end(
    app: &App,
    principal: Principal,
    (stall, order): (LogId, OrderId),
    action: Action,
) -> Answered<OrderBody> {
    app.spend(Who::Stall(stall), cost::WRITE)?;
    let asked = Asked { principal, object: Object::Order(stall, order), action };
    let end = move |tx: &mut dyn Tx, turn: &Turn<'_>| {
        let how = match (action, turn.authority.role.is_staff()) {
            (Action::FulfilOrder, _) => EndOrder::Fulfil,
            (_, true) => EndOrder::Release(ReleaseReason::StallCancelled),
            (_, false) => EndOrder::Release(ReleaseReason::BuyerCancelled),
        };
        Ok(turn.core.end_order(tx, stall, (order, how), turn.now)?)
    };
    let span = tracing::info_span!(target: TARGET, parent: None, "order.end", %order, %stall);
    let ended = app.in_stall(asked, end).instrument(span).await?;
    app.pay_bell().notify_one();
    Ok(Json(ended.into()))
}

/// Where a stall has more buyers than it takes at once, those who would get nothing in any case hear it now: once it is sold out nobody
/// waits for that. Nothing is written by it, and whoever asks again for what was placed is no such buyer.
async fn sure_no(
    app: &App,
    (principal, stall): (Principal, LogId),
    order: &PlaceOrder,
) -> Result<Option<Problem>, Problem> {
    let (core, now_ms, asked) = (app.core()?, app.now_ms(), order.clone());
    let look = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Stall(stall), Action::PlaceOrder)?;
        if core.order(tx, stall, asked.order)?.is_some() {
            return Ok(None);
        }
        match quote(tx, stall, &asked, now_ms) {
            Err(CoreRefusal::Refused { fault: Fault::Conflict, code, detail }) => Ok(Some((code, detail))),
            Err(CoreRefusal::Refused { .. }) | Ok(_) => Ok(None),
            Err(failed @ CoreRefusal::Store(_)) => Err(Refusal::from(failed)),
        }
    };
    let no = app.store().read(look).await?;
    Ok(no.map(|(code, detail)| Problem::new(StatusCode::CONFLICT, code, detail)))
}

/// Who takes a payment, checked before anything is held: nobody is promised goods that could not be paid.
async fn to_pay(
    app: &App,
    (stall, order): (LogId, OrderId),
    pay: &PayBody,
    headers: &HeaderMap,
) -> Result<ToPay, Problem> {
    let way = PayWay::from_word(&pay.way);
    let way = way.ok_or_else(|| Problem::malformed("the way to pay is card, phone or transfer"))?;
    let currency = currency_of(app, stall).await?;
    let phone = phone_of(way, &pay.phone, &currency)?;
    if !way.has_provider() {
        return Ok(ToPay {
            way,
            provider: String::new(),
            account: String::new(),
            phone,
            back: String::new(),
        });
    }
    let (taker, problem) = match app.pay().taker(way, app.now_ms()) {
        Ok(taker) => (Some(taker), not_in(taker, &currency)),
        Err(NotOffered::Unknown) => {
            let detail = "this server takes no payment in this way: pay when you fetch it";
            (None, Some(Problem::new(StatusCode::BAD_REQUEST, "unknown_way", detail)))
        }
        Err(NotOffered::Shut { retry_after_s, provider }) => {
            let detail = "payments do not get through at the moment: nothing was ordered, try again";
            let after_s = u32::try_from(retry_after_s).unwrap_or(1);
            (Some(provider), Some(Problem::busy(detail).retry_after(after_s)))
        }
    };
    if let Some(problem) = problem {
        // Whoever asks again for what was placed gets the first answer all the same.
        let core = app.core()?;
        let known = app.store().read(move |tx| Ok::<_, Refusal>(core.order(tx, stall, order)?)).await?;
        known.ok_or(problem)?;
    }
    let (provider, account) =
        taker.map(|taker| (taker.name().to_owned(), taker.account(stall))).unwrap_or_default();
    let back = format!("{}/my-orders/{order}", origin(app, headers));
    Ok(ToPay { way, provider, account, phone, back })
}

async fn currency_of(app: &App, stall: LogId) -> Result<String, Problem> {
    let core = app.core()?;
    let found = app.store().read(move |tx| Ok::<_, Refusal>(core.stall(tx, stall)?)).await?;
    Ok(found.map(|stall| stall.currency).unwrap_or_default())
}

/// What nobody could pay is refused before anything is held for it.
fn not_in(taker: &dyn Provider, code: &str) -> Option<Problem> {
    Currency::parse(code).filter(|currency| !taker.takes(*currency))?;
    let detail = format!("payments in this way are not taken in {code}: pay when you fetch it");
    Some(Problem::new(StatusCode::BAD_REQUEST, "unknown_way", detail))
}

/// The digits of a telephone that is to pay, its country among them: what its provider would refuse is refused here, before goods are
/// held for it.
fn phone_of(way: PayWay, typed: &str, currency: &str) -> Result<String, Problem> {
    if typed.len() > PHONE_BYTES_MAX {
        return Err(Problem::malformed("the telephone's number is too long"));
    }
    if way != PayWay::Phone {
        return Ok(typed.chars().filter(char::is_ascii_digit).collect());
    }
    let read = Telephone::read_to_pay(typed, currency);
    Ok(read.map_err(|no| Problem::malformed(no.to_string()))?.digits().to_owned())
}

/// How a browser reaches this server.
pub(crate) fn origin(app: &App, headers: &HeaderMap) -> String {
    if let Some(origin) = &app.settings().public_origin {
        return origin.clone();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    if is_plain { format!("http://{host}") } else { String::new() }
}

/// The key of a request that may be repeated.
pub(crate) struct Key(Option<String>);

impl FromRequestParts<App> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let Some(key) = parts.headers.get(KEY_HEADER) else { return Ok(Self(None)) };
        let key = key.as_bytes();
        let is_plain = (1..=KEY_BYTES_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
        let text = String::from_utf8(key.to_vec()).ok().filter(|_| is_plain);
        text.map(|text| Self(Some(text))).ok_or_else(|| {
            let detail = format!("Idempotency-Key should be 1 to {KEY_BYTES_MAX} visible ASCII characters");
            Problem::malformed(detail)
        })
    }
}

fn read_order(
    request: &PlaceOrderBody,
    (stall, buyer): (LogId, ThingId),
    key: Option<String>,
) -> Result<PlaceOrder, Problem> {
    let order: OrderId = id(&request.order, "the order")?;
    if request.note.chars().any(|letter| letter.is_control() && letter != '\n' && letter != '\t') {
        return Err(Problem::malformed("the note holds control characters"));
    }
    let contact = request.contact.as_ref().map(|contact| {
        let ContactBody { name, reach, address } = contact;
        let contact = Contact { name: name.clone(), reach: reach.clone(), address: address.clone() };
        contact.check().map_err(Problem::malformed).map(|()| contact)
    });
    let contact = contact.transpose()?;
    let asked = (
        request.lines.as_slice(),
        request.handing.as_deref(),
        request.zone.as_str(),
        request.coupon.as_deref(),
    );
    let asked = read_asked((buyer, order), asked)?;
    let card = request.card.as_ref().map(|card| card.read(stall)).transpose()?;
    Ok(PlaceOrder {
        key: key.unwrap_or_else(|| order.to_string()),
        note: request.note.clone(),
        seen_total_minor: request.seen_total_minor,
        seen_tax_minor: request.seen_tax_minor,
        contact,
        card,
        ..asked
    })
}

/// What is asked for and how it is handed over, where to, and with which code: all that a total depends on.
type AskedFor<'a> = (&'a [AskedLineBody], Option<&'a str>, &'a str, Option<&'a str>);

pub(super) fn read_asked(
    (buyer, order): (ThingId, OrderId),
    (lines, handing, zone, coupon): AskedFor<'_>,
) -> Result<PlaceOrder, Problem> {
    if !(1..=LINES_MAX).contains(&lines.len()) {
        return Err(Problem::malformed(format!("an order has 1 to {LINES_MAX} lines")));
    }
    let handing = handing.map(|word| {
        Handing::from_word(word)
            .ok_or_else(|| Problem::malformed("an order is handed over by pickup, local or shipping"))
    });
    let handing = handing.transpose()?;
    if zone.len() > ZONE_BYTES_MAX {
        return Err(Problem::malformed("the stall has no zone with such a long name"));
    }
    if coupon.is_some_and(|code| code.len() > TYPED_BYTES_MAX) {
        return Err(Problem::malformed("a code is shorter than that"));
    }
    let line = |line: &AskedLineBody| {
        let product = id(&line.product, "a product")?;
        Ok::<_, Problem>(AskedLine {
            product,
            quantity: line.quantity,
            seen_price_minor: line.seen_price_minor,
        })
    };
    let lines = lines.iter().map(line).collect::<Result<_, _>>()?;
    Ok(PlaceOrder {
        handing: handing.unwrap_or(Handing::Pickup),
        zone: zone.to_owned(),
        coupon: coupon.unwrap_or_default().to_owned(),
        ..PlaceOrder::fetched(buyer, order, lines)
    })
}

impl OrderLineBody {
    pub(crate) fn of(line: crate::stall::OrderLineView) -> Self {
        Self {
            product: line.product.to_string(),
            name: line.name,
            quantity: line.quantity,
            discount_minor: line.discount_minor,
            total_minor: line.total_minor,
        }
    }
}

impl From<OrderView> for OrderBody {
    fn from(view: OrderView) -> Self {
        Self {
            order: view.order.to_string(),
            state: view.state.name(),
            buyer: view.buyer.to_string(),
            currency: view.currency.code().to_owned(),
            total_minor: view.total_minor,
            lines: view.lines.into_iter().map(OrderLineBody::of).collect(),
            note: view.note,
            placed_ms: view.placed_ms,
            payment: view.payment.map(|payment| PaymentBody {
                way: payment.way.word(),
                state: payment.state,
                page: payment.page,
                transfer: payment.transfer.map(|transfer| TransferBody::of(view.order, *transfer)),
            }),
            refunds: (view.refunds.into_iter())
                .map(|it| RefundBody {
                    amount_minor: it.amount_minor,
                    way: it.way,
                    state: it.state,
                    reason: it.reason,
                    at_ms: it.at_ms,
                })
                .collect(),
            step: view.step.map(OrderStep::name),
            reason: view.reason,
            ended: view.ended.map(|ended| ended.word()),
            handing: view.handing.word(),
            delivery: view.delivery.map(|it| DeliveryBody {
                zone: it.zone,
                tax_minor: it.tax_minor,
                total_minor: it.total_minor,
            }),
            taxes: view.taxes.into_iter().map(TaxBody::from).collect(),
            coupon: view
                .coupon
                .map(|it| OrderCouponBody { discount_minor: it.discount_minor, code: it.code }),
            card: view.card.map(CardPaysBody::from),
            returns: view.returns.into_iter().map(ReturnBody::from).collect(),
            swaps: view.swaps.into_iter().filter_map(SwapBody::of).collect(),
        }
    }
}
