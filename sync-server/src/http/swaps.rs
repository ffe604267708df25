//! What a stall offers in place of lines of an order: its buyer sees it on the order, and answers.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use soko_app_api::text::Worded as _;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::verbs::swap_order::{Swap, SwapStanding};
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Asked, Turn};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::orders::{Buyer, OrderBody, OrderLineBody};
use crate::http::problem::ProblemBody;
use crate::platform::{Action, Object, Refusal, guests};
use crate::stall::SwapAnswer;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwapAnswerBody {
    /// Whether it is taken.
    take: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SwapBody {
    swap: String,
    /// Position on the order of the line that is to go, from 0.
    line: u32,
    /// `offered`, `taken` or `ended`.
    state: &'static str,
    /// Why it came to nothing: `declined`, `withdrawn` or `too-late`.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'static str>,
    /// What the stall offers; absent where the line is only to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    into: Option<OrderLineBody>,
    /// By how much the order's total changes if it is taken.
    delta_minor: i64,
}

impl SwapBody {
    /// What its buyer was never offered is not theirs to see.
    pub(crate) fn of(swap: Swap) -> Option<Self> {
        let offered = swap.offered.filter(|_| swap.standing != SwapStanding::Asked)?;
        Some(Self {
            swap: swap.swap.to_string(),
            line: swap.line,
            state: swap.standing.word(),
            end: swap.end.filter(|_| swap.standing == SwapStanding::Ended).map(|end| end.word()),
            into: offered.into.map(|line| OrderLineBody::of(line.into())),
            delta_minor: offered.delta_minor,
        })
    }
}

/// Take what the stall offers in place of a line, or not; for the order's buyer alone.
///
/// What is taken is a line of its own from then on; the line that it replaces stays at its place, with a quantity of 0. Answered
/// again in the same way, nothing changes.
#[utoipa::path(post, path = "/v1/stalls/{stall}/orders/{order}/swaps/{swap}/answer", tag = "orders",
    request_body = SwapAnswerBody,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity"),
           ("swap" = String, Path, description = "The offer's identity"),
           ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")), responses(
    (status = 200, description = "Answered, now or before: the order as it is", body = OrderBody),
    (status = 404, description = "No such order, or not yours", body = ProblemBody),
    (status = 409, description = "No such offer, or it is over", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn answer(
    State(app): State<App>,
    Buyer(principal): Buyer,
    ApiPath((stall, order, swap)): ApiPath<(String, String, String)>,
    ApiJson(request): ApiJson<SwapAnswerBody>,
) -> Answered<OrderBody> {
    let (stall, order): (LogId, OrderId) = (id(&stall, "the stall")?, id(&order, "the order")?);
    let buyer = principal.person().ok_or(Refusal::NotAllowed)?;
    app.spend(Who::Stall(stall), cost::WRITE)?;
    app.spend(Who::Buyer(buyer), cost::WRITE)?;
    let said = SwapAnswer { order, swap: id(&swap, "the offer")?, buyer, is_taken: request.take };
    let asked = Asked { principal, object: Object::Order(stall, order), action: Action::SeeOrder };
    let work = move |tx: &mut dyn Tx, now: &Turn<'_>| {
        let said = SwapAnswer { buyer: guests::ordered_as(tx, buyer, (stall, order))?, ..said.clone() };
        Ok(now.core.swap_answer(tx, stall, &said, now.now)?)
    };
    Ok(Json(app.in_stall(asked, work).await?.into()))
}
