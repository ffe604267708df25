//! What buyers bring back: they ask, the stall answers. Both see where it stands on the order.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use soko_app_api::text::Worded as _;
use soko_domain::entry::{GoodsBack, ReturnWhy};
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::verbs::return_goods::{Answer, AskReturn};
use soko_domain::verbs::{LINES_MAX, NOTE_LEN_MAX};
use soko_projection::returns::ReturnFound;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Asked, Turn};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::Caller;
use crate::http::orders::{Buyer, OrderBody};
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::{Action, Object, Principal};
use crate::stall::ReturnTurn;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnAskedBody {
    /// 16 random bytes in hexadecimal digits, made and kept by the buyer's device before it asks.
    returned: String,
    /// `damaged`, `not-as-shown`, `wrong-one`, `does-not-fit` or `not-wanted`.
    why: String,
    lines: Vec<BackBody>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackBody {
    /// Position of the line on the order, from 0.
    line: u32,
    quantity: i64,
}

/// Either it is taken, or a reason is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnAnswerBody {
    /// Where each line goes; absent where it is not taken back.
    goods: Option<Vec<GoodsBody>>,
    /// Why it is not taken back; at most 500 bytes.
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoodsBody {
    line: u32,
    /// `sellable`, `waste` or `kept` by the buyer.
    goods: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReturnBody {
    returned: String,
    /// `asked`, `taken` or `refused`.
    state: &'static str,
    why: &'static str,
    lines: Vec<BackBody>,
    /// Why the stall does not take it back.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    asked_ms: i64,
}

impl From<ReturnFound> for ReturnBody {
    fn from(found: ReturnFound) -> Self {
        let line =
            |line: &soko_domain::entry::BackLine| BackBody { line: line.line, quantity: line.quantity };
        Self {
            returned: found.asked.returned.to_string(),
            state: found.asked.state.word(),
            why: found.why.word(),
            lines: found.asked.lines.iter().map(line).collect(),
            reason: found.reason,
            asked_ms: found.asked_ms,
        }
    }
}

/// Ask to bring back what was handed over, within the days that the stall gives.
///
/// Buyers sign in, or send `Soko-Buyer`. The same identity again is the same return.
#[utoipa::path(post, path = "/v1/stalls/{stall}/orders/{order}/returns", tag = "orders", request_body = ReturnAskedBody,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity"),
           ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")), responses(
    (status = 200, description = "Asked, now or before: the order as it is", body = OrderBody),
    (status = 404, description = "No such order, or not yours", body = ProblemBody),
    (status = 409, description = "Not in time, not handed over, or more than there is", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn ask(
    State(app): State<App>,
    Buyer(principal): Buyer,
    ApiPath((stall, order)): ApiPath<(String, String)>,
    ApiJson(request): ApiJson<ReturnAskedBody>,
) -> Answered<OrderBody> {
    if request.lines.len() > LINES_MAX {
        return Err(Problem::malformed(format!("an order has 1 to {LINES_MAX} lines")));
    }
    let asked = AskReturn {
        returned: id(&request.returned, "the return")?,
        order: id(&order, "the order")?,
        why: ReturnWhy::from_word(&request.why)
            .ok_or_else(|| Problem::malformed("nobody brings something back for this reason"))?,
        lines: request.lines.iter().map(|line| (line.line, line.quantity)).collect(),
    };
    let (stall, order) = (id(&stall, "the stall")?, asked.order);
    turn(&app, (principal, Action::SeeOrder), (stall, order), ReturnTurn::Ask(asked)).await
}

/// Take back what a buyer brings, or say why not; for staff. Answered again in the same way, nothing changes.
#[utoipa::path(post, path = "/v1/stalls/{stall}/orders/{order}/returns/{returned}/answer", tag = "orders",
    request_body = ReturnAnswerBody,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity"),
           ("returned" = String, Path, description = "The return's identity")), responses(
    (status = 200, description = "Answered, now or before: the order as it is", body = OrderBody),
    (status = 404, description = "No such order", body = ProblemBody),
    (status = 409, description = "No such return, or answered in another way", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn answer(
    State(app): State<App>,
    Caller(principal): Caller,
    ApiPath((stall, order, returned)): ApiPath<(String, String, String)>,
    ApiJson(request): ApiJson<ReturnAnswerBody>,
) -> Answered<OrderBody> {
    let (stall, order): (LogId, OrderId) = (id(&stall, "the stall")?, id(&order, "the order")?);
    let returned: ThingId = id(&returned, "the return")?;
    let answer = match request.goods {
        Some(goods) if goods.len() > LINES_MAX => {
            return Err(Problem::malformed(format!("an order has 1 to {LINES_MAX} lines")));
        }
        Some(goods) => Answer::Take(
            goods
                .iter()
                .map(|it| Some((it.line, GoodsBack::from_word(&it.goods)?)))
                .collect::<Option<_>>()
                .ok_or_else(|| Problem::malformed("goods are sellable, waste or kept"))?,
        ),
        None if request.reason.len() > NOTE_LEN_MAX => {
            return Err(Problem::malformed("the reason is too long: 500 bytes are enough to read"));
        }
        None => Answer::Refuse(request.reason),
    };
    let answer = ReturnTurn::Answer { order, returned, answer };
    turn(&app, (principal, Action::FulfilOrder), (stall, order), answer).await
}

async fn turn(
    app: &App,
    (principal, action): (Principal, Action),
    (stall, order): (LogId, OrderId),
    turn: ReturnTurn,
) -> Answered<OrderBody> {
    app.spend(Who::Stall(stall), cost::WRITE)?;
    if let Some(buyer) = principal.person() {
        app.spend(Who::Buyer(buyer), cost::WRITE)?;
    }
    let asked = Asked { principal, object: Object::Order(stall, order), action };
    let work = move |tx: &mut dyn Tx, now: &Turn<'_>| Ok(now.core.return_turn(tx, stall, &turn, now.now)?);
    Ok(Json(app.in_stall(asked, work).await?.into()))
}
