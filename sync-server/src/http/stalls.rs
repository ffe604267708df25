//! Stalls: claim one, and see one's own.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson};
use crate::http::caller::SignedIn;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::tokens::unhex;
use crate::platform::Refusal;
use crate::platform::introduction::{self, Introduced};
use crate::platform::stalls::{self, StallView};
use crate::store::Shard;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimStall {
    /// The founding author's first record, in hexadecimal digits. It names the stall.
    introduction: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StallBody {
    stall: String,
    founder: String,
    /// What you are there: `owner`, `manager`, `cashier` or `buyer`.
    role: &'static str,
    claimed_ms: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StallList {
    stalls: Vec<StallBody>,
}

/// Claim a stall that a device founded: whoever comes first owns it. Claiming it again changes nothing.
#[utoipa::path(post, path = "/v1/stalls", tag = "stalls", request_body = ClaimStall, responses(
    (status = 201, description = "Yours", body = StallBody),
    (status = 409, description = "Somebody else's", body = ProblemBody),
    (status = 422, description = "The introduction proves nothing", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn claim(
    State(app): State<App>,
    person: SignedIn,
    ApiJson(request): ApiJson<ClaimStall>,
) -> Result<(StatusCode, Json<StallBody>), Problem> {
    let account = person.account;
    app.spend(Who::Account(account), cost::WRITE)?;
    let introduced = introduced(&request.introduction)?;
    let (stall, now_ms) = (introduced.stall, app.now_ms());
    let claim = move |tx: &mut dyn Tx| {
        stalls::claim(tx, account, &introduced, now_ms)?;
        let mine = stalls::of_account(tx, account)?;
        mine.into_iter().find(|view| view.stall == stall).ok_or(Refusal::NoSuchStall)
    };
    let view = app.store().write(Shard::stall(stall), claim).await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// The stalls where this account is something.
#[utoipa::path(get, path = "/v1/stalls", tag = "stalls", responses(
    (status = 200, description = "In the order in which they were claimed", body = StallList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(State(app): State<App>, person: SignedIn) -> Answered<StallList> {
    let account = person.account;
    let found = app.store().read(move |tx| Ok::<_, Refusal>(stalls::of_account(tx, account)?)).await?;
    Ok(Json(StallList { stalls: found.into_iter().map(StallBody::from).collect() }))
}

pub(super) fn introduced(hex: &str) -> Result<Introduced, Problem> {
    let bytes = unhex(hex)
        .ok_or_else(|| Problem::malformed("the introduction is not in lower-case hexadecimal digits"))?;
    Ok(introduction::check(&bytes).map_err(Refusal::from)?)
}

impl From<StallView> for StallBody {
    fn from(view: StallView) -> Self {
        Self {
            stall: view.stall.to_string(),
            founder: view.founder.to_string(),
            role: view.role.name(),
            claimed_ms: view.claimed_ms,
        }
    }
}
