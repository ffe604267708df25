//! Signing in and out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use soko_domain::ids::ThingId;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::{SignedIn, set_cookie};
use crate::http::front::Origin;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::tokens::TokenKind;
use crate::platform::accounts::{self, Email, Known};
use crate::platform::passwords::Checked;
use crate::platform::sessions::OwnSession;
use crate::platform::{Refusal, sessions};
use crate::store::Shard;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    email: String,
    password: String,
    /// `cookie` for browsers (the default), `bearer` for programs.
    #[serde(default)]
    carrier: Carrier,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Carrier {
    #[default]
    Cookie,
    Bearer,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInBody {
    account: String,
    expires_ms: i64,
    /// Only for the carrier `bearer`: send it as `Authorization: Bearer …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Sign in with e-mail address and password.
#[utoipa::path(post, path = "/v1/sessions", tag = "people", request_body = SignIn, responses(
    (status = 201, description = "Signed in", body = SignedInBody),
    (status = 401, description = "Not the address and password of an account", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    ApiJson(request): ApiJson<SignIn>,
) -> Result<Response, Problem> {
    app.spend(Who::Prefix(origin.prefix), cost::PASSWORD)?;
    let email = Email::read(&request.email)?;
    let tried = (email.digest(), origin.prefix);
    app.may_try(&tried)?;
    let account = check_password(&app, email, request.password).await?;
    app.note_try(tried, account.is_some());
    let account = account.ok_or(Refusal::WrongCredentials)?;

    let (token, now_ms) = (app.new_token()?, app.now_ms());
    let kept = token.clone();
    let user_agent = headers.get(header::USER_AGENT).and_then(|said| said.to_str().ok());
    let name = sessions::called(user_agent.unwrap_or_default());
    let start = move |tx: &mut dyn Tx| sessions::start(tx, account, (&kept, &name), now_ms);
    let expires_ms = app.store().write(Shard::account(account), start).await?;
    let mut body = SignedInBody { account: account.to_string(), expires_ms, token: None };
    if request.carrier == Carrier::Bearer {
        body.token = Some(TokenKind::Session.show(&token));
        return Ok((StatusCode::CREATED, Json(body)).into_response());
    }
    let cookie = [(header::SET_COOKIE, set_cookie(Some(&token), app.settings())?)];
    Ok((StatusCode::CREATED, AppendHeaders(cookie), Json(body)).into_response())
}

/// End this session.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "people", responses(
    (status = 204, description = "Signed out"),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    person: SignedIn,
) -> Result<(StatusCode, HeaderMap), Problem> {
    let SignedIn { account, token_hash, .. } = person;
    let end = move |tx: &mut dyn Tx| Ok::<_, Refusal>(sessions::end(tx, token_hash)?);
    app.store().write(Shard::account(account), end).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::SET_COOKIE, set_cookie(None, app.settings())?);
    Ok((StatusCode::NO_CONTENT, headers))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OwnSessionsBody {
    /// The latest used first.
    sessions: Vec<OwnSessionBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OwnSessionBody {
    session: String,
    /// Browser and system of whoever signed in, such as `Firefox · Linux`; empty where they are not known.
    name: String,
    begun_ms: i64,
    /// When it was used last, five minutes more or less.
    seen_ms: i64,
    /// The session of this request.
    current: bool,
}

/// Where I am signed in.
#[utoipa::path(get, path = "/v1/me/sessions", tag = "people", responses(
    (status = 200, description = "All sessions in force", body = OwnSessionsBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(State(app): State<App>, person: SignedIn) -> Answered<OwnSessionsBody> {
    let (account, current, now_ms) = (person.account, person.token_hash, app.now_ms());
    let find = move |tx: &mut dyn Tx| Ok::<_, Refusal>(sessions::of_account(tx, account, now_ms)?);
    let shown = |it: OwnSession| OwnSessionBody {
        session: it.session.to_string(),
        name: it.name,
        begun_ms: it.begun_ms,
        seen_ms: it.seen_ms,
        current: it.token_hash == current,
    };
    Ok(Json(OwnSessionsBody { sessions: app.store().read(find).await?.into_iter().map(shown).collect() }))
}

/// End all my sessions but this one.
///
/// Devices of a stall are no sessions: they keep their access.
#[utoipa::path(delete, path = "/v1/me/sessions", tag = "people", responses(
    (status = 204, description = "Whoever was signed in elsewhere is not any more"),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn end_others(State(app): State<App>, person: SignedIn) -> Result<StatusCode, Problem> {
    let SignedIn { account, token_hash, .. } = person;
    app.spend(Who::Account(account), cost::WRITE)?;
    let end = move |tx: &mut dyn Tx| Ok::<_, Refusal>(sessions::end_others(tx, account, token_hash)?);
    app.store().write(Shard::account(account), end).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of my sessions. One that has ended already, or is not mine, is as was asked for.
#[utoipa::path(delete, path = "/v1/me/sessions/{session}", tag = "people",
    params(("session" = String, Path, description = "The session's identity, as the list of them has it")), responses(
    (status = 204, description = "It is not in force"),
    (status = 400, description = "No identity", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn end_one(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(session): ApiPath<String>,
) -> Result<StatusCode, Problem> {
    let session: ThingId = id(&session, "the session")?;
    let (account, now_ms) = (person.account, app.now_ms());
    app.spend(Who::Account(account), cost::WRITE)?;
    let end = move |tx: &mut dyn Tx| {
        let found = sessions::of_account(tx, account, now_ms)?.into_iter().find(|it| it.session == session);
        found.map_or(Ok(()), |found| Ok::<_, Refusal>(sessions::end(tx, found.token_hash)?))
    };
    app.store().write(Shard::account(account), end).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The same work and the same answer whether or not there is such an account.
async fn check_password(app: &App, email: Email, password: String) -> Result<Option<ThingId>, Problem> {
    let known = app.store().read(move |tx| Ok::<_, Refusal>(accounts::by_email(tx, &email)?)).await?;
    let salt = app.random()?;
    let check = move |desk: &crate::platform::passwords::Passwords| {
        let kept = known.as_ref().map(|known| known.password_hash.as_str());
        let checked = desk.check(&password, kept);
        let renewed = (checked == Checked::RightButOld).then(|| desk.hash(&password, salt).ok()).flatten();
        (known, checked, renewed)
    };
    let (known, checked, renewed) = app.passwords().run(check).await?;
    match (known, checked) {
        (Some(known), Checked::Right) => Ok(Some(known.account)),
        (Some(known), Checked::RightButOld) => renew(app, known, renewed).await.map(Some),
        (Some(_), Checked::Wrong) | (None, _) => Ok(None),
    }
}

/// Keeps the password at today's cost.
async fn renew(app: &App, known: Known, renewed: Option<String>) -> Result<ThingId, Problem> {
    let Known { account, password_hash } = known;
    if let Some(new) = renewed {
        let replace = move |tx: &mut dyn Tx| {
            Ok::<_, Refusal>(accounts::replace_hash(tx, account, &password_hash, &new)?)
        };
        app.store().write(Shard::account(account), replace).await?;
    }
    Ok(account)
}
