//! Messages that were given up, for whoever may see them: tried again, or left at that. Who said so, and when, stays in the log.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, ThingId};
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::console::acts::{self, Act, Done};
use crate::console::{self, Acting, Need};
use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Turn};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::SignedIn;
use crate::http::console::spend;
use crate::http::messages::MessageBody;
use crate::http::operator::Operator;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::program_keys::asked;
use crate::messages::outbox::{self, Listed, Which};
use crate::messages::{State as Stands, hooks};
use crate::platform::Refusal;
use crate::store::Shard;

/// Messages that the operator is shown, and reasons.
const SHOWN_MAX: usize = 100;

#[derive(Serialize, ToSchema)]
pub(crate) struct GivenUpBody {
    /// How many wait, and how many were given up, of everybody.
    waiting: i64,
    given_up: i64,
    /// Why, most first, a hundred at most.
    reasons: Vec<ReasonBody>,
    /// The latest hundred first: those that were given up, then those that somebody discarded.
    messages: Vec<MessageBody>,
    discarded: Vec<MessageBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReasonBody {
    reason: String,
    messages: i64,
}

/// Messages that were given up, of everybody. No address is shown.
#[utoipa::path(get, path = "/v1/operator/messages/given-up", tag = "operation", responses(
    (status = 200, description = "Those that somebody has to try again or discard", body = GivenUpBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(State(app): State<App>, _: Operator) -> Answered<GivenUpBody> {
    let read = move |tx: &mut dyn Tx| {
        let (waiting, given_up) = outbox::counts(tx)?;
        let reasons = outbox::reasons(tx, SHOWN_MAX)?.into_iter();
        let mut bodies = |state| {
            let listed = outbox::listed(tx, Some(state), SHOWN_MAX)?;
            Ok::<Vec<_>, Refusal>(listed.iter().map(|one| MessageBody::of(one, &[])).collect())
        };
        Ok::<_, Refusal>(GivenUpBody {
            messages: bodies(Stands::GivenUp)?,
            discarded: bodies(Stands::Discarded)?,
            reasons: reasons.map(|(reason, messages)| ReasonBody { reason, messages }).collect(),
            waiting,
            given_up,
        })
    };
    Ok(Json(app.store().read(read).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgainBody {
    /// Only this one.
    message: Option<String>,
    /// Only what was given up for this reason, word for word.
    reason: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AgainMade {
    /// How many are tried again.
    messages: u64,
}

/// Try again what was given up: one message, or all of a reason, or all.
#[utoipa::path(post, path = "/v1/operator/messages/again", tag = "operation", request_body = AgainBody, responses(
    (status = 200, description = "On their way", body = AgainMade),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn again(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiJson(request): ApiJson<AgainBody>,
) -> Answered<AgainMade> {
    let subject = request.message.clone().unwrap_or_else(|| "messages".to_owned());
    let more = request.reason.clone().unwrap_or_default();
    let which = which(request.message.as_deref(), request.reason)?;
    let now_ms = app.now_ms();
    spend(&app, acting)?;
    let again = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::Decide)?;
        let messages = outbox::again(tx, (None, &which), now_ms)?;
        if messages > 0 {
            note(tx, (acting, Act::TriedAgain), (&subject, &more), now_ms)?;
        }
        Ok::<_, Refusal>(messages)
    };
    let messages = app.store().write(Shard::stall(LogId::default()), again).await?;
    app.message_bell().notify_one();
    app.hook_bell().notify_one();
    Ok(Json(AgainMade { messages }))
}

/// Leave a message at that which was given up.
#[utoipa::path(post, path = "/v1/operator/messages/{message}/discard", tag = "operation",
    params(("message" = String, Path, description = "The message's identity")), responses(
    (status = 204, description = "It is not tried again"),
    (status = 404, description = "No such message was given up", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn discard(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(message): ApiPath<String>,
) -> Result<StatusCode, Problem> {
    let (message, now_ms): (ThingId, i64) = (id(&message, "the message")?, app.now_ms());
    spend(&app, acting)?;
    let discard = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::Decide)?;
        let is_discarded = outbox::discard(tx, (None, message), (None, now_ms))?;
        if is_discarded {
            note(tx, (acting, Act::DiscardedMessage), (&message.to_string(), ""), now_ms)?;
        }
        Ok::<_, Refusal>(is_discarded)
    };
    said(app.store().write(Shard::stall(LogId::default()), discard).await?)
}

/// It is about nobody's data, and the message itself says why it was given up: no reason is asked for.
fn note(
    tx: &mut dyn Tx,
    (acting, act): (Acting, Act),
    (subject, more): (&str, &str),
    at_ms: i64,
) -> Result<(), Refusal> {
    acts::add(tx, &Done { acting, act, subject, because: "", more, at_ms })
}

/// Try a message to me again that was given up.
#[utoipa::path(post, path = "/v1/me/messages/{message}/again", tag = "people",
    params(("message" = String, Path, description = "The message's identity")), responses(
    (status = 204, description = "On its way"),
    (status = 404, description = "No such message to me was given up", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn again_mine(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(message): ApiPath<String>,
) -> Result<StatusCode, Problem> {
    let (which, account) = (Which::One(id(&message, "the message")?), person.account);
    app.spend(Who::Account(account), cost::GUESS)?;
    let (me, now_ms) = (Some(account), app.now_ms());
    let again = move |tx: &mut dyn Tx| Ok::<_, Refusal>(outbox::again(tx, (me, &which), now_ms)?);
    let messages = app.store().write(Shard::account(account), again).await?;
    app.message_bell().notify_one();
    said(messages > 0)
}

/// Leave a message to me at that which was given up.
#[utoipa::path(post, path = "/v1/me/messages/{message}/discard", tag = "people",
    params(("message" = String, Path, description = "The message's identity")), responses(
    (status = 204, description = "It is not tried again"),
    (status = 404, description = "No such message to me was given up", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn discard_mine(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(message): ApiPath<String>,
) -> Result<StatusCode, Problem> {
    let (message, account): (ThingId, ThingId) = (id(&message, "the message")?, person.account);
    app.spend(Who::Account(account), cost::WRITE)?;
    let (me, now_ms) = (Some(account), app.now_ms());
    let discard = move |tx: &mut dyn Tx| Ok::<_, Refusal>(outbox::discard(tx, (me, message), (me, now_ms))?);
    said(app.store().write(Shard::account(account), discard).await?)
}

/// Leave a message to an address at that which was given up; for owners.
#[utoipa::path(post, path = "/v1/stalls/{stall}/hooks/{hook}/deliveries/{delivery}/discard", tag = "programs",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("hook" = String, Path, description = "The address's identity"),
           ("delivery" = String, Path, description = "The message's identity")), responses(
    (status = 204, description = "It is not tried again"),
    (status = 404, description = "No such address, or no such message to it was given up", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn discard_delivery(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, hook, delivery)): ApiPath<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    let (stall, hook): (LogId, ThingId) = (id(&stall, "the stall")?, id(&hook, "the address")?);
    let delivery: ThingId = id(&delivery, "the delivery")?;
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let (me, now_ms) = (Some(person.account), app.now_ms());
    let discard = move |tx: &mut dyn Tx, _: &Turn<'_>| {
        hooks::of(tx, (stall, hook))?;
        Ok((outbox::discard(tx, (Some(hook), delivery), (me, now_ms))?, None))
    };
    said(app.in_stall(asked(person.account, stall), discard).await?)
}

fn said(is_discarded: bool) -> Result<StatusCode, Problem> {
    if is_discarded {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = "no such message was given up: look at the log first";
    Err(Problem::new(StatusCode::NOT_FOUND, "not_given_up", detail))
}

/// Which of those that were given up are meant.
pub(crate) fn which(only: Option<&str>, reason: Option<String>) -> Result<Which, Problem> {
    match (only, reason) {
        (Some(_), Some(_)) => Err(Problem::malformed("either one message or a reason")),
        (Some(text), None) => Ok(Which::One(id(text, "the message")?)),
        (None, Some(reason)) => Ok(Which::Because(reason)),
        (None, None) => Ok(Which::All),
    }
}

/// Who discarded a message, if somebody did.
pub(crate) fn discarded_by(one: &Listed) -> Option<String> {
    let by = || one.ended_by.map_or_else(|| "operator".to_owned(), |account| account.to_string());
    (one.state == Stands::Discarded).then(by)
}
