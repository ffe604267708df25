//! What a code would take off, for a buyer before the last tap. Nothing is set aside by asking: the order decides.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::basket::Discount;
use soko_domain::coupon::CouponProblem;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, ApiPath};
use crate::http::codes::may_look;
use crate::http::front::Origin;
use crate::http::orders::Buyer;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::stall::look_at_coupon;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CouponAsked {
    /// As the buyer typed it.
    code: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CouponBody {
    /// In the one way of writing it.
    code: String,
    /// So much comes off the goods that it is for; absent where it is a part of their price.
    #[serde(skip_serializing_if = "Option::is_none")]
    off_minor: Option<i64>,
    /// So many millionths of their price come off.
    #[serde(skip_serializing_if = "Option::is_none")]
    off_ppm: Option<u32>,
    /// What they must come to, before anything comes off.
    min_minor: i64,
    /// What it is for; empty is everything.
    products: Vec<String>,
}

/// What a code takes off, if this buyer may use it now.
///
/// Buyers sign in, or send `Soko-Buyer`, as for an order. The order is decided anew, and says if the answer is another by then.
#[utoipa::path(post, path = "/v1/stalls/{stall}/coupons/look", tag = "orders", request_body = CouponAsked,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")), responses(
    (status = 200, description = "It may be used", body = CouponBody),
    (status = 404, description = "No such stall, or no such code", body = ProblemBody),
    (status = 409, description = "Not now, not any more, or not by this buyer", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn look(
    State(app): State<App>,
    origin: Origin,
    Buyer(principal): Buyer,
    ApiPath(stall): ApiPath<String>,
    ApiJson(asked): ApiJson<CouponAsked>,
) -> Answered<CouponBody> {
    let (stall, buyer) = may_look(&app, (&origin, principal), (&stall, &asked.code))?;
    let (now_ms, has_account) = (app.now_ms(), matches!(principal, Principal::Account(_)));
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, Principal::Anyone, Object::Stall(stall), Action::Browse)?;
        Ok::<_, Refusal>(look_at_coupon(tx, stall, &asked.code, (buyer, has_account), now_ms)?)
    };
    match app.store().read(find).await? {
        Ok((code, terms)) => {
            let (off_minor, off_ppm) = match terms.off {
                Discount::None => (None, None),
                Discount::Amount(minor) => (Some(minor), None),
                Discount::Percent(ppm) => (None, Some(ppm.0)),
            };
            let products = terms.products.iter().map(ToString::to_string).collect();
            Ok(Json(CouponBody { code, off_minor, off_ppm, min_minor: terms.min_minor, products }))
        }
        Err(problem) => {
            let status = match problem {
                CouponProblem::Unknown => StatusCode::NOT_FOUND,
                CouponProblem::Over
                | CouponProblem::Early
                | CouponProblem::UsedUp
                | CouponProblem::NeedsAccount
                | CouponProblem::UsedByBuyer
                | CouponProblem::OtherProducts
                | CouponProblem::BelowMinimum { .. } => StatusCode::CONFLICT,
            };
            Err(Problem::new(status, problem.code(), problem.to_string()))
        }
    }
}
