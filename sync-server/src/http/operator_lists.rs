//! All stalls and all products on the operator's page, beside the ten that brought most.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use soko_record_log::Tx;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::asked::{ApiQuery, line, rows};
use crate::http::body::Answered;
use crate::http::operator::Operator;
use crate::http::problem::{Problem, ProblemBody};
use crate::operator::{self, After, Asked, SoldProducts, SoldStalls};
use crate::platform::Refusal;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Business days, today among them; 1 without a word.
    days: Option<u16>,
    /// Nothing is put in order across currencies; without a word it is that of most stalls.
    currency: Option<String>,
    /// A part of the name, whatever its capitals and accents.
    #[serde(default)]
    search: String,
    /// `next` of the portion before.
    after: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Every stall with what it sold in some days, what is left after refunds first.
#[utoipa::path(get, path = "/v1/operator/sold/stalls", tag = "operation", params(Wanted), responses(
    (status = 200, description = "A portion of them", body = SoldStalls),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn stalls(
    State(app): State<App>,
    _: Operator,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Answered<SoldStalls> {
    let (asked, now_ms) = (asked(wanted)?, app.now_ms());
    let work = move |tx: &mut dyn Tx| operator::sold_stalls(tx, now_ms, &asked).map_err(Refusal::from);
    Ok(Json(app.store().read(work).await?))
}

/// Every product with what was sold of it in some days, what is left after refunds first.
#[utoipa::path(get, path = "/v1/operator/sold/products", tag = "operation", params(Wanted), responses(
    (status = 200, description = "A portion of them", body = SoldProducts),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn products(
    State(app): State<App>,
    _: Operator,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Answered<SoldProducts> {
    let (asked, now_ms) = (asked(wanted)?, app.now_ms());
    let work = move |tx: &mut dyn Tx| operator::sold_products(tx, now_ms, &asked).map_err(Refusal::from);
    Ok(Json(app.store().read(work).await?))
}

fn asked(wanted: Wanted) -> Result<Asked, Problem> {
    let after = match wanted.after.as_deref() {
        None => After::NOTHING,
        Some(text) => After::parse(text)
            .ok_or_else(|| Problem::malformed("after is not the next of a portion before"))?,
    };
    if let Some(currency) = &wanted.currency {
        line(currency, "currency")?;
    }
    Ok(Asked {
        days: wanted.days.unwrap_or(1),
        currency: wanted.currency,
        search: line(&wanted.search, "search")?.to_owned(),
        after,
        limit: rows(wanted.limit)?,
    })
}
