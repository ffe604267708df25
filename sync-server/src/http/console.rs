//! The operators' console: who runs the market, its stalls and its jobs. Each request is asked for by rank, in the transaction of
//! what it does.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, ThingId};
use soko_record_log::Tx;
use utoipa::{IntoParams, ToSchema};

use crate::console::acts::{self, Act, ActView, ActsAsked, Done, EXPORT_ROWS_MAX};
use crate::console::cursor::Cursor;
use crate::console::jobs::{self, Job, JobRow};
use crate::console::stalls::{self, StallRow, StallState, StallsAsked};
use crate::console::{self, Acting, Need, OperatorView, Rank};
use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::asked::{ApiQuery, line, rows};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::operator::{Operator, file};
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::Refusal;
use crate::platform::accounts::Email;
use crate::store::Shard;

const PAGE: &str = include_str!("../operator/console.html");
const SCRIPT: &str = include_str!("../operator/console.js");
const WORDS: &str = include_str!("../operator/console-words.js");

pub(crate) async fn page(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/html; charset=utf-8", PAGE)).await
}

pub(crate) async fn script(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/javascript; charset=utf-8", SCRIPT)).await
}

pub(crate) async fn words(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/javascript; charset=utf-8", WORDS)).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithReason {
    /// In at most 200 letters; it is kept with what is done, and cannot be changed.
    pub(super) because: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OperatorBody {
    account: String,
    email: String,
    /// `viewer`, `operator` or `admin`.
    rank: &'static str,
    granted_ms: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OperatorList {
    operators: Vec<OperatorBody>,
    /// Who asks; absent for whoever asks with the server's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    me: Option<String>,
    /// What whoever asks may do; absent with the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<&'static str>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantBody {
    /// Of an account that exists.
    email: String,
    /// `viewer`, `operator` or `admin`.
    rank: String,
    because: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Granted {
    account: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StallsQuery {
    /// A part of the name, whatever its capitals and accents, or the beginning of the identity.
    #[serde(default)]
    search: String,
    /// `open`, `blocked` or `unnamed`.
    state: Option<String>,
    /// `next` of the portion before.
    after: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConsoleStall {
    stall: String,
    /// Empty where it never said one.
    name: String,
    /// `open`, `blocked` or `unnamed`.
    state: &'static str,
    claimed_ms: i64,
    /// Those that were not revoked.
    devices: i64,
    /// When one of them was heard last.
    heard_ms: Option<i64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    blocked_because: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_ms: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConsoleStalls {
    stalls: Vec<ConsoleStall>,
    /// Where the next portion begins; absent after the last. A portion of a search may be empty and yet have a next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JobBody {
    /// `messages`, `programs`, `payments` or `feeds`.
    job: &'static str,
    waiting: i64,
    /// Due since more than five minutes.
    late: i64,
    failed: i64,
    oldest_due_ms: Option<i64>,
    done_ms: Option<i64>,
    /// Why the last that failed did.
    #[serde(skip_serializing_if = "String::is_empty")]
    trouble: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JobList {
    jobs: Vec<JobBody>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActsQuery {
    /// The account of an operator.
    actor: Option<String>,
    /// What was done, such as `looked-at-account`.
    act: Option<String>,
    /// The identity of what it was done to.
    subject: Option<String>,
    /// Only acts before this number: `next` of the portion before.
    before: Option<i64>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ActBody {
    /// From 1 without gaps.
    number: i64,
    at_ms: i64,
    /// Who did it; absent for whoever knows the server's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    act: String,
    subject: String,
    because: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    more: String,
    /// Over this act and the hash of the one before.
    hash: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ActList {
    acts: Vec<ActBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ProofBody {
    acts: i64,
    /// The first that was looked at; at most the latest 100,000 are.
    from: i64,
    /// The first that was changed or is missing; absent where all is as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_at: Option<i64>,
    /// Of the last act. Whoever noted it elsewhere knows later that nothing before it was changed.
    hash: String,
}

/// Who runs the market, and what whoever asks may do.
#[utoipa::path(get, path = "/v1/operator/people", tag = "operation", responses(
    (status = 200, description = "At most 100", body = OperatorList),
    (status = 401, description = "Not an operator", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn people(State(app): State<App>, Operator(acting): Operator) -> Answered<OperatorList> {
    let read = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::See)?;
        let rank = acting.account().map(|account| console::rank_of(tx, account)).transpose()?;
        Ok::<_, Refusal>((console::list(tx)?, rank.flatten()))
    };
    let (operators, rank) = app.store().read(read).await?;
    Ok(Json(OperatorList {
        operators: operators.into_iter().map(OperatorBody::from).collect(),
        me: acting.account().map(|account| account.to_string()),
        rank: rank.map(Rank::name),
    }))
}

/// Make somebody an operator, or give one another rank; as an admin, or, while there is no admin, with the server's key.
#[utoipa::path(post, path = "/v1/operator/people", tag = "operation", request_body = GrantBody, responses(
    (status = 201, description = "They are one from now on", body = Granted),
    (status = 403, description = "Your rank is not enough", body = ProblemBody),
    (status = 404, description = "Nobody has this mail address", body = ProblemBody),
    (status = 409, description = "The last admin stays one, or there are as many as allowed", body = ProblemBody),
    (status = 422, description = "Nothing is done without a reason", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn grant(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiJson(request): ApiJson<GrantBody>,
) -> Result<(StatusCode, Json<Granted>), Problem> {
    let email = Email::read(&request.email)?;
    let rank = Rank::parse(&request.rank).ok_or_else(|| unknown("rank"))?;
    let because = console::reason(&request.because)?.to_owned();
    let now_ms = app.now_ms();
    spend(&app, acting)?;
    let put = move |tx: &mut dyn Tx| console::grant(tx, acting, (&email, rank), (&because, now_ms));
    let account = app.store().write(SHARD, put).await?;
    tracing::info!(%account, rank = rank.name(), "operator.granted");
    Ok((StatusCode::CREATED, Json(Granted { account: account.to_string() })))
}

/// Take an operator's rank away. The last admin stays.
#[utoipa::path(post, path = "/v1/operator/people/{account}/revoke", tag = "operation", request_body = WithReason,
    params(("account" = String, Path, description = "The operator's account")), responses(
    (status = 204, description = "They are none from the next request on"),
    (status = 403, description = "Your rank is not enough", body = ProblemBody),
    (status = 409, description = "It is the last admin", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(account): ApiPath<String>,
    ApiJson(request): ApiJson<WithReason>,
) -> Result<StatusCode, Problem> {
    let account: ThingId = id(&account, "the account")?;
    let because = console::reason(&request.because)?.to_owned();
    let now_ms = app.now_ms();
    spend(&app, acting)?;
    let put = move |tx: &mut dyn Tx| console::revoke(tx, acting, account, (&because, now_ms));
    app.store().write(SHARD, put).await?;
    tracing::info!(%account, "operator.revoked");
    Ok(StatusCode::NO_CONTENT)
}

/// All stalls, the latest first.
#[utoipa::path(get, path = "/v1/operator/stalls", tag = "operation", params(StallsQuery), responses(
    (status = 200, description = "A portion of them", body = ConsoleStalls),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn stalls(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiQuery(asked): ApiQuery<StallsQuery>,
) -> Answered<ConsoleStalls> {
    let asked = StallsAsked {
        search: line(&asked.search, "search")?.to_owned(),
        state: parsed(asked.state.as_deref(), StallState::parse, "state")?,
        after: after(asked.after.as_deref())?,
        limit: rows(asked.limit)?,
    };
    let find = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::See)?;
        Ok::<_, Refusal>(stalls::list(tx, &asked)?)
    };
    let (found, next) = app.store().read(find).await?;
    let next = next.map(|next| next.to_string());
    Ok(Json(ConsoleStalls { stalls: found.into_iter().map(ConsoleStall::from).collect(), next }))
}

/// Take a stall out of the market. It takes no new orders; what was ordered is handed over, and its own registers go on.
#[utoipa::path(post, path = "/v1/operator/stalls/{stall}/block", tag = "operation", request_body = WithReason,
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 204, description = "Nobody finds it from now on"),
    (status = 403, description = "Your rank is not enough", body = ProblemBody),
    (status = 404, description = "No such stall", body = ProblemBody),
    (status = 422, description = "Nothing is done without a reason", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn block(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(stall): ApiPath<String>,
    ApiJson(request): ApiJson<WithReason>,
) -> Result<StatusCode, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    let now_ms = app.now_ms();
    spend(&app, acting)?;
    let put = move |tx: &mut dyn Tx| stalls::block(tx, acting, stall, (&request.because, now_ms));
    app.store().write(Shard::stall(stall), put).await?;
    app.market().doubt(stall);
    tracing::info!(%stall, "stall.blocked");
    Ok(StatusCode::NO_CONTENT)
}

/// Let a stall into the market again.
#[utoipa::path(post, path = "/v1/operator/stalls/{stall}/unblock", tag = "operation", request_body = WithReason,
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 204, description = "It is there again"),
    (status = 403, description = "Your rank is not enough", body = ProblemBody),
    (status = 404, description = "No such stall", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn unblock(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(stall): ApiPath<String>,
    ApiJson(request): ApiJson<WithReason>,
) -> Result<StatusCode, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    let now_ms = app.now_ms();
    spend(&app, acting)?;
    let put = move |tx: &mut dyn Tx| stalls::unblock(tx, acting, stall, (&request.because, now_ms));
    app.store().write(Shard::stall(stall), put).await?;
    app.market().doubt(stall);
    tracing::info!(%stall, "stall.unblocked");
    Ok(StatusCode::NO_CONTENT)
}

/// What the server does by itself: what waits, what is late, what failed.
#[utoipa::path(get, path = "/v1/operator/jobs", tag = "operation", responses(
    (status = 200, description = "Each kind of job", body = JobList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn jobs(State(app): State<App>, Operator(acting): Operator) -> Answered<JobList> {
    let now_ms = app.now_ms();
    let read = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::See)?;
        Ok::<_, Refusal>(jobs::list(tx, now_ms)?)
    };
    let found = app.store().read(read).await?;
    Ok(Json(JobList { jobs: found.into_iter().map(JobBody::from).collect() }))
}

/// Begin a job's next round now. Each thing that it does is done once, however often it begins.
#[utoipa::path(post, path = "/v1/operator/jobs/{job}/run", tag = "operation", request_body = WithReason,
    params(("job" = String, Path, description = "`messages`, `programs`, `payments` or `feeds`")), responses(
    (status = 202, description = "It begins; addresses of prices are looked at with the next minute"),
    (status = 403, description = "Your rank is not enough", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn run(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(job): ApiPath<String>,
    ApiJson(request): ApiJson<WithReason>,
) -> Result<StatusCode, Problem> {
    let job = Job::parse(&job).ok_or_else(|| unknown("job"))?;
    let now_ms = app.now_ms();
    spend(&app, acting)?;
    let put = move |tx: &mut dyn Tx| jobs::run(tx, acting, job, (&request.because, now_ms));
    app.store().write(SHARD, put).await?;
    match job {
        Job::Messages => app.message_bell().notify_one(),
        Job::Programs => app.hook_bell().notify_one(),
        Job::Payments => app.pay_bell().notify_one(),
        // Looks for what is due by itself.
        Job::Feeds => {}
    }
    Ok(StatusCode::ACCEPTED)
}

/// What operators did, the latest first.
#[utoipa::path(get, path = "/v1/operator/acts", tag = "operation", params(ActsQuery), responses(
    (status = 200, description = "A portion of them", body = ActList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn acts(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiQuery(asked): ApiQuery<ActsQuery>,
) -> Answered<ActList> {
    let limit = rows(asked.limit)?;
    let wanted = acts_asked(asked)?;
    let find = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::See)?;
        Ok::<_, Refusal>(acts::list(tx, &wanted, limit)?)
    };
    let found = app.store().read(find).await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| last.seq);
    Ok(Json(ActList { acts: found.into_iter().map(ActBody::from).collect(), next }))
}

/// The same as a table, at most 10,000 at once. That it was taken out is an act itself.
#[utoipa::path(post, path = "/v1/operator/acts/export", tag = "operation", params(ActsQuery), request_body = WithReason, responses(
    (status = 200, description = "Number, time, who, what, to whom, why, more, hash", content_type = "text/csv", body = String),
    (status = 403, description = "Your rank is not enough", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn export(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiQuery(asked): ApiQuery<ActsQuery>,
    ApiJson(request): ApiJson<WithReason>,
) -> Result<Response, Problem> {
    let wanted = acts_asked(asked)?;
    let because = console::reason(&request.because)?.to_owned();
    let now_ms = app.now_ms();
    spend(&app, acting)?;
    let find = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::Answer)?;
        let found = acts::list(tx, &wanted, EXPORT_ROWS_MAX)?;
        let (act, because) = (Act::Exported, because.as_str());
        acts::add(tx, &Done { acting, act, subject: "", because, more: "", at_ms: now_ms })?;
        Ok::<_, Refusal>(found)
    };
    let found = app.store().write(SHARD, find).await?;
    let mut text = String::from("number,at_ms,actor,act,subject,because,more,hash\r\n");
    for act in found {
        let actor = act.actor.map(|actor| actor.to_string()).unwrap_or_default();
        let because = cell(&act.because);
        let ActView { seq, at_ms, act, subject, more, hash, .. } = act;
        text.push_str(&format!("{seq},{at_ms},{actor},{act},{subject},{because},{more},{hash}\r\n"));
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"operators.csv\"")),
    ];
    Ok((headers, text).into_response())
}

/// Whether what operators did stands as it was written.
#[utoipa::path(get, path = "/v1/operator/acts/proof", tag = "operation", responses(
    (status = 200, description = "What the chain of hashes says", body = ProofBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn proof(State(app): State<App>, Operator(acting): Operator) -> Answered<ProofBody> {
    spend(&app, acting)?;
    let read = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::See)?;
        Ok::<_, Refusal>(acts::prove(tx)?)
    };
    let found = app.store().read(read).await?;
    let (acts, from, broken_at) = (found.acts, found.from, found.broken_at);
    Ok(Json(ProofBody { acts, from, broken_at, hash: found.hash.to_string() }))
}

/// What belongs to no stall and no account.
pub(super) const SHARD: Shard = Shard::stall(LogId([0; 16]));

/// Whoever acts by name pays as a person does; whoever has the key runs the server.
pub(super) fn spend(app: &App, acting: Acting) -> Result<(), Problem> {
    acting.account().map_or(Ok(()), |account| app.spend(Who::Account(account), cost::WRITE))
}

pub(super) fn after(text: Option<&str>) -> Result<Cursor, Problem> {
    let Some(text) = text else { return Ok(Cursor::TOP) };
    Cursor::parse(text).ok_or_else(|| Problem::malformed("after is not the next of a portion before"))
}

/// One of the words that a list knows.
pub(super) fn parsed<T>(
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    what: &str,
) -> Result<Option<T>, Problem> {
    text.map(|text| parse(text).ok_or_else(|| unknown(what))).transpose()
}

fn unknown(what: &str) -> Problem {
    Problem::malformed(format!("there is no such {what}: see /docs"))
}

fn acts_asked(asked: ActsQuery) -> Result<ActsAsked, Problem> {
    let subject = asked.subject.as_deref().map(|subject| line(subject, "subject")).transpose()?;
    Ok(ActsAsked {
        actor: asked.actor.map(|actor| id(&actor, "the actor")).transpose()?,
        act: parsed(asked.act.as_deref(), Act::parse, "act")?,
        subject: subject.map(str::to_owned),
        before: asked.before,
    })
}

/// What people wrote, in quotes; what a table program would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

impl From<OperatorView> for OperatorBody {
    fn from(view: OperatorView) -> Self {
        let OperatorView { account, email, rank, granted_ms } = view;
        Self { account: account.to_string(), email, rank: rank.name(), granted_ms }
    }
}

impl From<StallRow> for ConsoleStall {
    fn from(row: StallRow) -> Self {
        Self {
            stall: row.stall.to_string(),
            name: row.name,
            state: row.state.name(),
            claimed_ms: row.claimed_ms,
            devices: row.devices,
            heard_ms: row.heard_ms,
            blocked_because: row.blocked_because,
            blocked_ms: row.blocked_ms,
        }
    }
}

impl From<JobRow> for JobBody {
    fn from(row: JobRow) -> Self {
        let JobRow { job, waiting, late, failed, oldest_due_ms, done_ms, trouble } = row;
        Self { job: job.name(), waiting, late, failed, oldest_due_ms, done_ms, trouble }
    }
}

impl From<ActView> for ActBody {
    fn from(view: ActView) -> Self {
        Self {
            number: view.seq,
            at_ms: view.at_ms,
            actor: view.actor.map(|actor| actor.to_string()),
            act: view.act,
            subject: view.subject,
            because: view.because,
            more: view.more,
            hash: view.hash.to_string(),
        }
    }
}
