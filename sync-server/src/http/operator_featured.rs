//! Stalls that the operator puts on the market's front for a while: said there to be chosen, and never more than a few.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_app_api::FEATURED_MAX;
use soko_domain::ids::LogId;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::console::acts::{self, Act, Done};
use crate::console::{self, Acting, Need};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::operator::Operator;
use crate::http::problem::{Problem, ProblemBody};
use crate::market::{self, Featuring};
use crate::platform::Refusal;
use crate::store::Shard;

/// For longer nobody plans.
const FEATURED_MS_MAX: i64 = 366 * 86_400_000;

#[derive(Serialize, ToSchema)]
pub(crate) struct FeaturedList {
    /// The one that was chosen last first.
    featured: Vec<FeaturedRow>,
    /// All stalls that can be, by name, the first thousand.
    stalls: Vec<StallRow>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FeaturedRow {
    stall: String,
    name: String,
    until_ms: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StallRow {
    stall: String,
    name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Feature {
    /// A moment, in milliseconds since 1970; at most a year ahead.
    until_ms: i64,
}

/// Which stalls the market's front features now.
#[utoipa::path(get, path = "/v1/operator/featured", tag = "operation", responses(
    (status = 200, description = "Those whose time is not over", body = FeaturedList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(State(app): State<App>, _: Operator) -> Answered<FeaturedList> {
    let now_ms = app.now_ms();
    let find = move |tx: &mut dyn Tx| Ok::<_, Refusal>((market::featured(tx, now_ms)?, market::named(tx)?));
    let (featured, stalls) = app.store().read(find).await?;
    let row = |(stall, name, until_ms): (LogId, String, i64)| FeaturedRow {
        stall: stall.to_string(),
        name,
        until_ms,
    };
    let stall = |(stall, name): (LogId, String)| StallRow { stall: stall.to_string(), name };
    Ok(Json(FeaturedList {
        featured: featured.into_iter().map(row).collect(),
        stalls: stalls.into_iter().map(stall).collect(),
    }))
}

/// Feature a stall on the market's front until a moment, or until another one than before.
#[utoipa::path(put, path = "/v1/operator/featured/{stall}", tag = "operation", request_body = Feature,
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 204, description = "Done"),
    (status = 404, description = "No such stall in the market", body = ProblemBody),
    (status = 409, description = "As many are featured as can be", body = ProblemBody),
    (status = 422, description = "Not a moment ahead, or more than a year", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn feature(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(stall): ApiPath<String>,
    ApiJson(request): ApiJson<Feature>,
) -> Result<StatusCode, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    let (now_ms, until_ms) = (app.now_ms(), request.until_ms);
    if until_ms <= now_ms || until_ms - now_ms > FEATURED_MS_MAX {
        let detail = "a stall is featured until a moment that is ahead, and at most a year";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_such_time", detail));
    }
    let put = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::Decide)?;
        let featuring = market::feature(tx, stall, (until_ms, now_ms))?;
        if featuring == Featuring::Done {
            note(tx, acting, (Act::FeaturedStall, stall), now_ms)?;
        }
        Ok::<_, Refusal>(featuring)
    };
    match app.store().write(Shard::stall(stall), put).await? {
        Featuring::Done => {}
        Featuring::NoStall => return Err(Refusal::NoSuchStall.into()),
        Featuring::TooMany => {
            let detail = format!("{FEATURED_MAX} stalls are featured already: end one of them first");
            return Err(Problem::new(StatusCode::CONFLICT, "too_many_featured", detail));
        }
    }
    tracing::info!(%stall, until_ms, "stall.featured");
    app.market().doubt(stall);
    Ok(StatusCode::NO_CONTENT)
}

/// Feature it no longer.
#[utoipa::path(delete, path = "/v1/operator/featured/{stall}", tag = "operation",
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 204, description = "It is not featured, whether it was or not"),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn end(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(stall): ApiPath<String>,
) -> Result<StatusCode, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    let now_ms = app.now_ms();
    let end = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::Decide)?;
        if market::unfeature(tx, stall)? {
            note(tx, acting, (Act::EndedFeaturing, stall), now_ms)?;
        }
        Ok::<_, Refusal>(())
    };
    app.store().write(Shard::stall(stall), end).await?;
    tracing::info!(%stall, "stall.not_featured");
    app.market().doubt(stall);
    Ok(StatusCode::NO_CONTENT)
}

fn note(tx: &mut dyn Tx, acting: Acting, (act, stall): (Act, LogId), at_ms: i64) -> Result<(), Refusal> {
    acts::add(tx, &Done { acting, act, subject: &stall.to_string(), because: "", more: "", at_ms })
}
