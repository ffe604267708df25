//! What an order would come to, for a buyer before the last tap. It is decided as the order itself would be, and nothing is set
//! aside by asking.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, OrderId};
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::cards::{CardPaysBody, CardToPay};
use crate::http::front::Origin;
use crate::http::orders::{
    AskedLineBody, Buyer, DeliveryBody, OrderBody, OrderCouponBody, OrderLineBody, TaxBody, read_asked,
};
use crate::http::problem::ProblemBody;
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::stall::quote;

/// Lines that cost as much to look up as one search.
const LINES_PER_UNIT: usize = 10;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuoteAsked {
    /// 1 to 500 of them, as in an order.
    lines: Vec<AskedLineBody>,
    /// `pickup`, `local` or `shipping`, as the stall's `handings` say. Absent: the buyer comes for it.
    handing: Option<String>,
    /// One of the stall's zones, where it has prices by zone.
    #[serde(default)]
    zone: String,
    /// A code that takes something off; absent without one.
    coupon: Option<String>,
    /// A gift card of the stall that is to pay as much of it as is on it.
    card: Option<CardToPay>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct QuoteBody {
    currency: String,
    /// In the order in which they were asked for.
    lines: Vec<OrderLineBody>,
    /// Each rate with what it is on: the net amounts, bringing included. What is `inclusive` stands in the prices already.
    taxes: Vec<TaxBody>,
    /// What bringing it costs: a part of the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<DeliveryBody>,
    /// What the code took off the lines already.
    #[serde(skip_serializing_if = "Option::is_none")]
    coupon: Option<OrderCouponBody>,
    /// What the gift card would pay of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardPaysBody>,
    /// What remains for another way.
    due_minor: i64,
    /// What an order of this comes to now, to the smallest unit. An order that carries it as `seen_total_minor` costs this or is
    /// declined.
    total_minor: i64,
}

/// What an order of this would come to now, or why it would be declined.
///
/// Buyers sign in, or send `Soko-Buyer`, as for an order. Nothing is held, and the order is decided anew.
#[utoipa::path(post, path = "/v1/stalls/{stall}/orders/quote", tag = "orders", request_body = QuoteAsked,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")), responses(
    (status = 200, description = "It would be taken now, for so much", body = QuoteBody),
    (status = 404, description = "No such stall", body = ProblemBody),
    (status = 409, description = "It would be declined now, for this reason", body = ProblemBody),
    (status = 503, description = "Not now", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn ask(
    State(app): State<App>,
    origin: Origin,
    Buyer(principal): Buyer,
    ApiPath(stall): ApiPath<String>,
    ApiJson(asked): ApiJson<QuoteAsked>,
) -> Answered<QuoteBody> {
    let stall: LogId = id(&stall, "the stall")?;
    let buyer = principal.person().ok_or(Refusal::NotAllowed)?;
    let QuoteAsked { lines, handing, zone, coupon, card } = asked;
    let lines_cost = u32::try_from(lines.len() / LINES_PER_UNIT).unwrap_or(u32::MAX);
    // Whoever tries codes here is slowed down as much as by looking them up.
    let is_guess = coupon.is_some() || card.is_some();
    let cost = if is_guess { cost::GUESS } else { cost::SEARCH }.saturating_add(lines_cost);
    app.spend(Who::Holds(origin.prefix), cost)?;
    app.spend(Who::Buyer(buyer), cost)?;
    let asked = (lines.as_slice(), handing.as_deref(), zone.as_str(), coupon.as_deref());
    let mut order = read_asked((buyer, OrderId::default()), asked)?;
    order.is_account = matches!(principal, Principal::Account(_));
    order.card = card.map(|card| card.read(stall)).transpose()?;
    let now_ms = app.now_ms();
    let find = move |tx: &mut dyn Tx| {
        // Whoever may order may ask: a stall that takes no orders now says so here as there.
        authorise(tx, principal, Object::Stall(stall), Action::PlaceOrder)?;
        Ok::<_, Refusal>(quote(tx, stall, &order, now_ms)?)
    };
    let quoted = app.store().read(find).await?;
    let due_minor = quoted.total_minor.saturating_sub(quoted.card.map_or(0, |card| card.pays_minor));
    let OrderBody { currency, lines, taxes, delivery, coupon, card, total_minor, .. } = quoted.into();
    Ok(Json(QuoteBody { currency, lines, taxes, delivery, coupon, card, due_minor, total_minor }))
}
