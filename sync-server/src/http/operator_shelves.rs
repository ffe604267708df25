//! What the operator sees beside the figures: what lies at the stalls, and whether those who buy are new.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use soko_record_log::Tx;

use crate::http::app::App;
use crate::http::asked::ApiQuery;
use crate::http::body::Answered;
use crate::http::operator::Operator;
use crate::http::problem::ProblemBody;
use crate::operator::{self, Buyers, Shelves};
use crate::platform::Refusal;

/// What is offered in the whole market, and what of it ran out, is short, or waits for its buyer.
#[utoipa::path(get, path = "/v1/operator/shelves", tag = "operation", responses(
    (status = 200, description = "Counts of products, and by stall", body = Shelves),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn shelves(State(app): State<App>, _: Operator) -> Answered<Shelves> {
    let work = |tx: &mut dyn Tx| operator::shelves(tx).map_err(Refusal::from);
    Ok(Json(app.store().read(work).await?))
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    days: Option<u16>,
}

/// How many of those who bought are new, came back or stayed away.
///
/// It names nobody, and says of fewer than 5 people only that they are fewer.
#[utoipa::path(get, path = "/v1/operator/buyers", tag = "operation",
    params(("days" = Option<u16>, Query, description = "Business days, today among them; 28 without a word")), responses(
    (status = 200, description = "Counts of people", body = Buyers),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn buyers(
    State(app): State<App>,
    _: Operator,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Answered<Buyers> {
    let (now_ms, days) = (app.now_ms(), wanted.days.unwrap_or(28));
    let work = move |tx: &mut dyn Tx| operator::buyers(tx, now_ms, days).map_err(Refusal::from);
    Ok(Json(app.store().read(work).await?))
}
