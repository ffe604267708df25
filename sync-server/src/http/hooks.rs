//! Addresses of a stall's own programs that are told what happens; for its owners.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::entry::{ProgramAct, ProgramActed};
use soko_domain::ids::{LogId, ThingId};
use soko_record_log::{Tx, params};
use utoipa::ToSchema;

use crate::egress::{BadTarget, Egress};
use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Turn};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::SignedIn;
use crate::http::given_up::{discarded_by, which};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::program_keys::{as_owner, asked};
use crate::messages::Topic;
use crate::messages::hooks::{self, Hook, HookTopic, HookTopics};
use crate::messages::outbox::{self, Listed};

/// Deliveries that the log shows.
const LOG_MAX: usize = 50;
/// Nobody is flooded by trying.
const TESTS_PER_DAY_MAX: i64 = 50;
const TEST_PAUSE_MS: i64 = 2_000;
const DAY_MS: i64 = 24 * 3_600_000;

/// What an address can be told.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum HookTopicName {
    #[serde(rename = "order.placed")]
    OrderPlaced,
    #[serde(rename = "order.paid")]
    OrderPaid,
    #[serde(rename = "order.step")]
    OrderStep,
    #[serde(rename = "order.cancelled")]
    OrderCancelled,
    #[serde(rename = "order.refunded")]
    OrderRefunded,
    #[serde(rename = "stock.low")]
    LowStock,
    #[serde(rename = "stock.out")]
    SoldOut,
}

impl From<HookTopicName> for HookTopic {
    fn from(name: HookTopicName) -> Self {
        match name {
            HookTopicName::OrderPlaced => Self::OrderPlaced,
            HookTopicName::OrderPaid => Self::OrderPaid,
            HookTopicName::OrderStep => Self::OrderStep,
            HookTopicName::OrderCancelled => Self::OrderCancelled,
            HookTopicName::OrderRefunded => Self::OrderRefunded,
            HookTopicName::LowStock => Self::LowStock,
            HookTopicName::SoldOut => Self::SoldOut,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutHook {
    /// `https://…`, on the public internet.
    address: String,
    /// At least one.
    topics: Vec<HookTopicName>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HookBody {
    hook: String,
    address: String,
    topics: Vec<&'static str>,
    made_ms: i64,
    /// Until then messages are signed by the secret before the newest, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    before_until_ms: Option<i64>,
    /// Everything failed since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since_ms: Option<i64>,
    /// Nothing is sent there any more since then; `PUT` it to begin again.
    #[serde(skip_serializing_if = "Option::is_none")]
    off_ms: Option<i64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    off_reason: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HookMade {
    /// With which messages are signed. It is shown this once.
    secret: String,
    #[serde(flatten)]
    hook: HookBody,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HookList {
    hooks: Vec<HookBody>,
}

/// The addresses that this stall tells what happens; for its owners.
#[utoipa::path(get, path = "/v1/stalls/{stall}/hooks", tag = "programs",
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 200, description = "In the order in which they were made", body = HookList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(stall): ApiPath<String>,
) -> Answered<HookList> {
    let (stall, now_ms): (LogId, i64) = (id(&stall, "the stall")?, app.now_ms());
    let found = as_owner(&app, (person.account, stall), move |tx| Ok(hooks::of_stall(tx, stall)?));
    let hooks = found.await?.into_iter().map(|hook| HookBody::of(hook, now_ms)).collect();
    Ok(Json(HookList { hooks }))
}

/// Tell an address what happens at this stall; for its owners. The secret is shown this once.
#[utoipa::path(post, path = "/v1/stalls/{stall}/hooks", tag = "programs", request_body = PutHook,
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 201, description = "It is told from now on", body = HookMade),
    (status = 400, description = "No address of the public internet, or no topic", body = ProblemBody),
    (status = 409, description = "There are as many as allowed", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn make(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(stall): ApiPath<String>,
    ApiJson(request): ApiJson<PutHook>,
) -> Result<(StatusCode, Json<HookMade>), Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let (topics, host) = checked(&app, &request)?;
    let now_ms = app.now_ms();
    let hook = Hook {
        hook: ThingId(app.random()?),
        stall,
        address: request.address,
        topics,
        generation: 1,
        before_until_ms: 0,
        made_ms: now_ms,
        failing_since_ms: None,
        off_ms: None,
        off_reason: String::new(),
    };
    let (new, by) = (hook.clone(), person.account);
    let acted = ProgramActed { act: ProgramAct::HookPut, program: hook.hook, name: host, by };
    let keep = move |tx: &mut dyn Tx, turn: &Turn<'_>| {
        hooks::make(tx, &new)?;
        Ok(((), turn.core.program_acted(tx, stall, &acted, turn.now)?))
    };
    app.in_stall(asked(by, stall), keep).await?;
    let secret = hooks::shown(&app.secret(), &hook);
    Ok((StatusCode::CREATED, Json(HookMade { secret, hook: HookBody::of(hook, now_ms) })))
}

/// Give an address other topics, or another address; for owners. One that was switched off is told again.
#[utoipa::path(put, path = "/v1/stalls/{stall}/hooks/{hook}", tag = "programs", request_body = PutHook,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("hook" = String, Path, description = "The address's identity")), responses(
    (status = 200, description = "It is told from now on", body = HookBody),
    (status = 404, description = "No such address", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn put(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, hook)): ApiPath<(String, String)>,
    ApiJson(request): ApiJson<PutHook>,
) -> Answered<HookBody> {
    let (stall, hook): (LogId, ThingId) = (id(&stall, "the stall")?, id(&hook, "the address")?);
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let (topics, host) = checked(&app, &request)?;
    let (now_ms, by) = (app.now_ms(), person.account);
    let acted = ProgramActed { act: ProgramAct::HookPut, program: hook, name: host, by };
    let keep = move |tx: &mut dyn Tx, turn: &Turn<'_>| {
        hooks::of(tx, (stall, hook))?;
        hooks::put(tx, hook, (&request.address, topics))?;
        let now = hooks::of(tx, (stall, hook))?;
        Ok((now, turn.core.program_acted(tx, stall, &acted, turn.now)?))
    };
    let now = app.in_stall(asked(by, stall), keep).await?;
    app.hook_bell().notify_one();
    Ok(Json(HookBody::of(now, now_ms)))
}

/// Tell an address nothing any more, and forget what was sent there; for owners.
#[utoipa::path(delete, path = "/v1/stalls/{stall}/hooks/{hook}", tag = "programs",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("hook" = String, Path, description = "The address's identity")), responses(
    (status = 204, description = "It is told nothing any more"),
    (status = 404, description = "No such address", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn end(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, hook)): ApiPath<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (stall, hook): (LogId, ThingId) = (id(&stall, "the stall")?, id(&hook, "the address")?);
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let by = person.account;
    let end = move |tx: &mut dyn Tx, turn: &Turn<'_>| {
        let name = hooks::of(tx, (stall, hook))?.host();
        hooks::end(tx, hook)?;
        let acted = ProgramActed { act: ProgramAct::HookEnded, program: hook, name, by };
        Ok(((), turn.core.program_acted(tx, stall, &acted, turn.now)?))
    };
    app.in_stall(asked(by, stall), end).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make another secret; for owners. For 24 hours messages are signed by both, the new one first.
#[utoipa::path(post, path = "/v1/stalls/{stall}/hooks/{hook}/secret", tag = "programs",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("hook" = String, Path, description = "The address's identity")), responses(
    (status = 200, description = "Shown this once", body = HookMade),
    (status = 404, description = "No such address", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn renew(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, hook)): ApiPath<(String, String)>,
) -> Answered<HookMade> {
    let (stall, hook): (LogId, ThingId) = (id(&stall, "the stall")?, id(&hook, "the address")?);
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let (by, now_ms) = (person.account, app.now_ms());
    let renew = move |tx: &mut dyn Tx, turn: &Turn<'_>| {
        let name = hooks::of(tx, (stall, hook))?.host();
        hooks::renew(tx, hook, now_ms)?;
        let now = hooks::of(tx, (stall, hook))?;
        let acted = ProgramActed { act: ProgramAct::HookSecretMade, program: hook, name, by };
        Ok((now, turn.core.program_acted(tx, stall, &acted, turn.now)?))
    };
    let now = app.in_stall(asked(by, stall), renew).await?;
    let secret = hooks::shown(&app.secret(), &now);
    Ok(Json(HookMade { secret, hook: HookBody::of(now, now_ms) }))
}

/// Send a message of topic `test`, to see it arrive; for owners. The log says what became of it.
#[utoipa::path(post, path = "/v1/stalls/{stall}/hooks/{hook}/test", tag = "programs",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("hook" = String, Path, description = "The address's identity")), responses(
    (status = 202, description = "On its way"),
    (status = 404, description = "No such address", body = ProblemBody),
    (status = 409, description = "It was switched off", body = ProblemBody),
    (status = 429, description = "Too many tests", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn test(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, hook)): ApiPath<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (stall, hook): (LogId, ThingId) = (id(&stall, "the stall")?, id(&hook, "the address")?);
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let (now_ms, because): (i64, [u8; 16]) = (app.now_ms(), app.random()?);
    let make = move |tx: &mut dyn Tx, _: &Turn<'_>| {
        let found = hooks::of(tx, (stall, hook))?;
        if found.off_ms.is_some() {
            return Ok((Tried::Off, None));
        }
        let row = tx.query_one(
            "select count(*), coalesce(max(made_ms), 0) from message
             where account = $1 and topic = $2 and made_ms > $3",
            params![hook, Topic::Program(HookTopic::Test).number(), now_ms - DAY_MS],
        )?;
        if row.int(0)? >= TESTS_PER_DAY_MAX || row.int(1)? > now_ms - TEST_PAUSE_MS {
            return Ok((Tried::TooOften, None));
        }
        hooks::test(tx, &found, (&because, now_ms))?;
        Ok((Tried::Made, None))
    };
    match app.in_stall(asked(person.account, stall), make).await? {
        Tried::Made => {
            app.hook_bell().notify_one();
            Ok(StatusCode::ACCEPTED)
        }
        Tried::Off => {
            let detail = "nothing is sent to this address any more: turn it on again first";
            Err(Problem::new(StatusCode::CONFLICT, "hook_off", detail))
        }
        Tried::TooOften => {
            let detail = "a test was made a moment ago, or many today: look at the log first";
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tests", detail).retry_after(2))
        }
    }
}

enum Tried {
    Made,
    Off,
    TooOften,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryBody {
    /// The message's `webhook-id`, the same at every try.
    delivery: String,
    topic: &'static str,
    /// `waiting`, `sent`, `given-up`, `dropped`, or `discarded` by somebody after it was given up.
    state: &'static str,
    /// Why it did not arrive, the last time that it was tried.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    tries: usize,
    made_ms: i64,
    /// When it is tried next, while it waits. An address that failed last is left alone for longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_ms: Option<i64>,
    /// Whose account discarded it, or `operator` for whoever runs the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    discarded_by: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryLog {
    /// The latest first.
    deliveries: Vec<DeliveryBody>,
}

/// What became of the last fifty messages to an address; for owners.
#[utoipa::path(get, path = "/v1/stalls/{stall}/hooks/{hook}/deliveries", tag = "programs",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("hook" = String, Path, description = "The address's identity")), responses(
    (status = 200, description = "The latest first", body = DeliveryLog),
    (status = 404, description = "No such address", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn log(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, hook)): ApiPath<(String, String)>,
) -> Answered<DeliveryLog> {
    let (stall, hook): (LogId, ThingId) = (id(&stall, "the stall")?, id(&hook, "the address")?);
    let found = as_owner(&app, (person.account, stall), move |tx| {
        hooks::of(tx, (stall, hook))?;
        Ok(outbox::of_account(tx, hook, LOG_MAX)?)
    });
    let deliveries = found.await?.into_iter().map(DeliveryBody::from).collect();
    Ok(Json(DeliveryLog { deliveries }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendAgain {
    /// Only this one; absent: all that was given up.
    delivery: Option<String>,
    /// Only what was given up for this reason, word for word.
    reason: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SentAgain {
    /// How many are tried again.
    deliveries: u64,
}

/// Try again what was given up, under the same identities; for owners.
#[utoipa::path(post, path = "/v1/stalls/{stall}/hooks/{hook}/again", tag = "programs", request_body = SendAgain,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("hook" = String, Path, description = "The address's identity")), responses(
    (status = 200, description = "On their way", body = SentAgain),
    (status = 404, description = "No such address", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn again(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, hook)): ApiPath<(String, String)>,
    ApiJson(request): ApiJson<SendAgain>,
) -> Answered<SentAgain> {
    let (stall, hook): (LogId, ThingId) = (id(&stall, "the stall")?, id(&hook, "the address")?);
    let which = which(request.delivery.as_deref(), request.reason)?;
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let now_ms = app.now_ms();
    let again = move |tx: &mut dyn Tx, _: &Turn<'_>| {
        hooks::of(tx, (stall, hook))?;
        hooks::wake(tx, hook)?;
        Ok((outbox::again(tx, (Some(hook), &which), now_ms)?, None))
    };
    let deliveries = app.in_stall(asked(person.account, stall), again).await?;
    app.hook_bell().notify_one();
    Ok(Json(SentAgain { deliveries }))
}

/// The topics, and what the address is called where its whole would say too much.
fn checked(app: &App, request: &PutHook) -> Result<(HookTopics, String), Problem> {
    let egress: Option<&Egress> = app.egress();
    let egress = egress.ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "no_channel", "this server sends nothing to addresses of programs")
    })?;
    let bad = |bad: BadTarget| Problem::new(StatusCode::BAD_REQUEST, "bad_address", bad.to_string());
    egress.checked(&request.address).map_err(bad)?;
    let topics: HookTopics = request.topics.iter().map(|topic| HookTopic::from(*topic)).collect();
    if topics.is_empty() {
        return Err(Problem::malformed("an address needs at least one topic: say what it is told"));
    }
    Ok((topics, hooks::host_of(&request.address)))
}

impl HookBody {
    fn of(hook: Hook, now_ms: i64) -> Self {
        Self {
            hook: hook.hook.to_string(),
            address: hook.address,
            topics: hook.topics.all().map(HookTopic::name).collect(),
            made_ms: hook.made_ms,
            before_until_ms: Some(hook.before_until_ms).filter(|until_ms| *until_ms > now_ms),
            failing_since_ms: hook.failing_since_ms,
            off_ms: hook.off_ms,
            off_reason: hook.off_reason,
        }
    }
}

impl From<Listed> for DeliveryBody {
    fn from(one: Listed) -> Self {
        Self {
            delivery: one.message.to_string(),
            topic: one.topic.name(),
            state: one.state.word(),
            reason: one.reason.clone(),
            tries: one.tries,
            made_ms: one.made_ms,
            due_ms: one.done_ms.is_none().then_some(one.due_ms),
            discarded_by: discarded_by(&one),
            done_ms: one.done_ms,
        }
    }
}
