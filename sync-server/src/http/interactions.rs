//! What shoppers met in the shop, from those who agreed; and what a stall is told of it, which names nobody.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_app_api::text::Worded as _;
use soko_domain::ids::LogId;
use soko_domain::interaction::{Met, Place, Reached, hour, is_arm};
use soko_record_log::Tx;
use utoipa::{IntoParams, ToSchema};

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::asked::ApiQuery;
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::Caller;
use crate::http::front::Origin;
use crate::http::operator::Operator;
use crate::http::orders::Buyer;
use crate::http::problem::{Problem, ProblemBody};
use crate::interactions::{self, Interaction};
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::store::Shard;

/// Said at once; a body has no room for many more.
const SAID_MAX: usize = 64;
const DAYS: [u16; 3] = [7, 28, 364];
const MARKET_HOURS: i64 = 28 * 24;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SayInteractions {
    /// 1 to 64.
    interactions: Vec<InteractionBody>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InteractionBody {
    /// 16 random bytes in hexadecimal digits, made and kept by the device before it asks.
    id: String,
    /// `seen`, `opened`, `liked`, `put` (into the basket), `ordered`, `dismissed`, `suggested` or `followed` (a suggestion).
    met: String,
    /// `home`, `search`, `stall`, `product` or `basket`.
    place: String,
    stall: String,
    product: String,
    /// Hours since 1970. One in the future counts as now.
    hour: i64,
    /// The model that suggested it, as `/v1/model` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// The experiment that the suggestion was part of, and its arm: both or none, 1 to 40 letters, digits, `-`, `_` or `.`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    experiment: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    arm: String,
}

/// Say what a shopper met in the shop, once they agreed to that.
///
/// Under a session it is kept under the account, with `Soko-Buyer` under a guest's pseudonym. Each has an identity, so saying it again
/// changes nothing. What this market does not sell, and what is older than 400 days, is left out; after 400 days it is deleted.
#[utoipa::path(post, path = "/v1/interactions", tag = "people", request_body = SayInteractions,
    params(("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")), responses(
    (status = 204, description = "Kept, now or before"),
    (status = 400, description = "No identity, an unknown word, or too many at once", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn say(
    State(app): State<App>,
    origin: Origin,
    Buyer(principal): Buyer,
    ApiJson(request): ApiJson<SayInteractions>,
) -> Result<StatusCode, Problem> {
    let who = person(principal)?;
    if !(1..=SAID_MAX).contains(&request.interactions.len()) {
        return Err(Problem::malformed(format!("1 to {SAID_MAX} interactions are taken at once")));
    }
    let said: Vec<Interaction> = request.interactions.iter().map(read).collect::<Result<_, _>>()?;
    app.spend(Who::Buyer(who), cost::SAY)?;
    app.spend(Who::Said(origin.prefix), cost::SAY)?;
    let now_ms = app.now_ms();
    let keep = move |tx: &mut dyn Tx| interactions::keep(tx, who, &said, now_ms).map_err(Refusal::from);
    app.store().write(Shard::account(who), keep).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete what is kept of what I met in the shop.
///
/// Of an account, also what it said before as a guest.
#[utoipa::path(delete, path = "/v1/interactions", tag = "people",
    params(("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")), responses(
    (status = 204, description = "Nothing is kept"),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn forget(State(app): State<App>, Buyer(principal): Buyer) -> Result<StatusCode, Problem> {
    let who = person(principal)?;
    app.spend(Who::Buyer(who), cost::WRITE)?;
    let forget = move |tx: &mut dyn Tx| interactions::forget(tx, who).map_err(Refusal::from);
    app.store().write(Shard::account(who), forget).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FunnelAsked {
    /// How far back: 7, 28 or 364 days until now.
    days: u16,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FunnelBody {
    days: u16,
    all: StepsBody,
    /// Those first that most people saw; at most 100, and none that fewer than 5 people saw.
    products: Vec<FunnelProductBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FunnelProductBody {
    product: String,
    #[serde(flatten)]
    steps: StepsBody,
}

/// People who came so far or further. Null is fewer than 5, and not nobody.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepsBody {
    seen: Option<u32>,
    /// Opened its page.
    opened: Option<u32>,
    /// Put it into the basket.
    put: Option<u32>,
    ordered: Option<u32>,
}

impl From<Reached> for StepsBody {
    fn from(reached: Reached) -> Self {
        let [seen, opened, put, ordered] = reached.told();
        Self { seen, opened, put, ordered }
    }
}

/// How far a stall's shoppers came, of those who agreed to say; for owners and managers.
///
/// It names nobody, and says of fewer than 5 people only that they are fewer.
#[utoipa::path(get, path = "/v1/stalls/{stall}/funnel", tag = "stalls",
    params(("stall" = String, Path, description = "The stall's identity"), FunnelAsked), responses(
    (status = 200, description = "At the stall, and by product", body = FunnelBody),
    (status = 400, description = "Another number of days", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn funnel(
    State(app): State<App>,
    Caller(principal): Caller,
    ApiPath(stall): ApiPath<String>,
    ApiQuery(FunnelAsked { days }): ApiQuery<FunnelAsked>,
) -> Answered<FunnelBody> {
    let stall: LogId = id(&stall, "the stall")?;
    if !DAYS.contains(&days) {
        return Err(Problem::malformed("days are 7, 28 or 364"));
    }
    let since_hour = hour(app.now_ms()) - 24 * i64::from(days);
    app.spend(Who::Stall(stall), cost::SUMS)?;
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Stall(stall), Action::ReadSales)?;
        Ok::<_, Refusal>(interactions::funnel(tx, stall, since_hour)?)
    };
    let funnel = app.store().read(find).await?;
    let products = funnel
        .products
        .into_iter()
        .map(|(product, reached)| FunnelProductBody { product: product.to_string(), steps: reached.into() });
    Ok(Json(FunnelBody { days, all: funnel.all.into(), products: products.collect() }))
}

/// How far the market's shoppers came in the last 28 days, of those who agreed to say.
#[utoipa::path(get, path = "/v1/operator/funnel", tag = "operation", responses(
    (status = 200, description = "People by how far they came", body = StepsBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn of_market(State(app): State<App>, _: Operator) -> Answered<StepsBody> {
    let since_hour = hour(app.now_ms()) - MARKET_HOURS;
    let find = move |tx: &mut dyn Tx| interactions::market(tx, since_hour).map_err(Refusal::from);
    Ok(Json(app.store().read(find).await?.into()))
}

/// A person, as a buyer: a stall's device or program meets nothing in a shop.
fn person(principal: Principal) -> Result<soko_domain::ids::ThingId, Problem> {
    Ok(principal.person().ok_or(Refusal::NotSignedIn)?)
}

fn read(body: &InteractionBody) -> Result<Interaction, Problem> {
    let words = |what: &str| Problem::malformed(format!("{what} is none of the words for it: see /docs"));
    let InteractionBody { experiment, arm, .. } = body;
    let met = Met::from_word(&body.met).ok_or_else(|| words("met"))?;
    if !is_arm(experiment, arm) {
        let detail = "experiment and arm are both names of 1 to 40 letters, digits, - _ or . or both absent";
        return Err(Problem::malformed(detail));
    }
    if body.hour < 0 {
        return Err(Problem::malformed("hours are counted from 1970"));
    }
    Ok(Interaction {
        id: id(&body.id, "the id")?,
        met,
        place: Place::from_word(&body.place).ok_or_else(|| words("place"))?,
        stall: id(&body.stall, "the stall")?,
        product: id(&body.product, "the product")?,
        hour: body.hour,
        model: body.model.as_deref().map(|model| id(model, "the model")).transpose()?,
        experiment: experiment.clone(),
        arm: arm.clone(),
    })
}

pub(crate) fn shown(it: Interaction) -> InteractionBody {
    InteractionBody {
        id: it.id.to_string(),
        met: it.met.word().to_owned(),
        place: it.place.word().to_owned(),
        stall: it.stall.to_string(),
        product: it.product.to_string(),
        hour: it.hour,
        model: it.model.map(|model| model.to_string()),
        experiment: it.experiment,
        arm: it.arm,
    }
}
