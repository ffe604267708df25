//! The telephone that somebody is texted at: said, proven by a code, taken away.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::ids::ThingId;
use soko_domain::telephone::Telephone;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson};
use crate::http::caller::SignedIn;
use crate::http::front::Origin;
use crate::http::problem::{Problem, ProblemBody};
use crate::messages::telephone::{self, Asked, Own, Typed};
use crate::platform::Refusal;
use crate::store::Shard;

#[derive(Serialize, ToSchema)]
pub(crate) struct TelephoneBody {
    /// Where texts go; absent where none do.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_ms: Option<i64>,
    /// A number that waits for its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<String>,
}

impl From<Own> for TelephoneBody {
    fn from(own: Own) -> Self {
        let (number, confirmed_ms) = own.confirmed.unzip();
        Self { number, confirmed_ms, asked: own.asked }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberBody {
    /// With its country: +254 712 345 678.
    number: String,
}

/// Text me at this number, once I typed the code that is sent there.
///
/// The number before it stays in force until then. A code is good for ten minutes and five tries; a minute has to pass before
/// the next one, and five a day go out for one account and to one number.
#[utoipa::path(put, path = "/v1/me/telephone", tag = "people", request_body = NumberBody, responses(
    (status = 200, description = "A code is on its way, or it is the number that is in force", body = TelephoneBody),
    (status = 409, description = "This server texts nobody", body = ProblemBody),
    (status = 422, description = "No telephone number with its country", body = ProblemBody),
    (status = 429, description = "Too many codes", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn ask(
    State(app): State<App>,
    person: SignedIn,
    origin: Origin,
    ApiJson(request): ApiJson<NumberBody>,
) -> Answered<TelephoneBody> {
    let account = person.account;
    app.spend(Who::Account(account), cost::GUESS)?;
    app.spend(Who::Prefix(origin.prefix), cost::GUESS)?;
    if !app.offers().sms {
        return Err(Problem::new(StatusCode::CONFLICT, "no_channel", "this server texts nobody"));
    }
    let number = Telephone::read(&request.number).map_err(|none| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "telephone_unreadable", none.to_string())
    })?;
    let (message, secret, now_ms) = (ThingId(app.random()?), app.secret(), app.now_ms());
    let keep = move |tx: &mut dyn Tx| {
        let asked = telephone::ask(tx, &secret, (account, &number), (message, now_ms))?;
        Ok::<_, Refusal>((asked, telephone::of(tx, account, now_ms)?))
    };
    let (asked, own) = app.store().write(Shard::account(account), keep).await?;
    match asked {
        Asked::TooOften(wait_ms) => {
            let detail = "a code was sent a moment ago, or many today: wait, and look whether one arrived";
            let seconds = u32::try_from(wait_ms / 1_000 + 1).unwrap_or(u32::MAX);
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_codes", detail).retry_after(seconds))
        }
        Asked::OnItsWay | Asked::Known => {
            app.message_bell().notify_one();
            Ok(Json(own.into()))
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeBody {
    /// Six digits.
    code: String,
}

/// Type the code that was sent to my new number: from now on texts go there.
#[utoipa::path(post, path = "/v1/me/telephone/code", tag = "people", request_body = CodeBody, responses(
    (status = 200, description = "The number is in force", body = TelephoneBody),
    (status = 409, description = "No code is awaited: it is too old, was typed wrongly five times, or never asked for", body = ProblemBody),
    (status = 422, description = "Another code", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn confirm(
    State(app): State<App>,
    person: SignedIn,
    ApiJson(request): ApiJson<CodeBody>,
) -> Answered<TelephoneBody> {
    let account = person.account;
    app.spend(Who::Account(account), cost::GUESS)?;
    let (secret, now_ms) = (app.secret(), app.now_ms());
    let typed: String = request.code.chars().filter(|letter| !letter.is_whitespace()).collect();
    let keep = move |tx: &mut dyn Tx| {
        let outcome = telephone::confirm(tx, &secret, (account, &typed), now_ms)?;
        Ok::<_, Refusal>((outcome, telephone::of(tx, account, now_ms)?))
    };
    let (outcome, own) = app.store().write(Shard::account(account), keep).await?;
    match outcome {
        Typed::Right => Ok(Json(own.into())),
        Typed::Wrong(left) => {
            let detail = format!("this is another code than the one that was sent: {left} tries are left");
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "telephone_code_wrong", detail))
        }
        Typed::Over => {
            let detail = "no code is awaited any more: ask for a new one";
            Err(Problem::new(StatusCode::CONFLICT, "telephone_code_over", detail))
        }
    }
}

/// Text me no more, and forget my number.
#[utoipa::path(delete, path = "/v1/me/telephone", tag = "people", responses(
    (status = 204, description = "It is forgotten"),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn forget(State(app): State<App>, person: SignedIn) -> Result<StatusCode, Problem> {
    let account = person.account;
    app.spend(Who::Account(account), cost::WRITE)?;
    let end = move |tx: &mut dyn Tx| Ok::<_, Refusal>(telephone::forget(tx, account)?);
    app.store().write(Shard::account(account), end).await?;
    Ok(StatusCode::NO_CONTENT)
}
