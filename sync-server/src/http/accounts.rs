//! One's own account: make it, look at it, change its password.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use soko_domain::ids::ThingId;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson};
use crate::http::caller::SignedIn;
use crate::http::front::Origin;
use crate::http::plain::asked_language;
use crate::http::problem::{Problem, ProblemBody};
use crate::messages::outbox::{self, Message};
use crate::messages::{Topic, email_change, wishes};
use crate::platform::Refusal;
use crate::platform::accounts::{self, Email, NewAccount, PasswordChange};
use crate::platform::passwords::{self, Checked, Passwords};
use crate::store::Shard;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAccount {
    email: String,
    /// At least twelve characters, and none of those that guessers try first.
    password: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AccountBody {
    account: String,
    email: String,
    created_ms: i64,
    /// When this session ends at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_expires_ms: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    old: String,
    new: String,
}

/// Make an account.
#[utoipa::path(post, path = "/v1/accounts", tag = "people", request_body = CreateAccount, responses(
    (status = 201, description = "Made", body = AccountBody),
    (status = 409, description = "The address has an account", body = ProblemBody),
    (status = 422, description = "The address or password is not accepted", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    ApiJson(request): ApiJson<CreateAccount>,
) -> Result<(StatusCode, Json<AccountBody>), Problem> {
    app.spend(Who::Prefix(origin.prefix), cost::PASSWORD)?;
    let email = Email::read(&request.email)?;
    passwords::accept(&request.password, email.as_str()).map_err(Refusal::from)?;
    let (account, now_ms) = (ThingId(app.random()?), app.now_ms());
    let password_hash = hash(&app, request.password).await?;
    let body = AccountBody {
        account: account.to_string(),
        email: email.as_str().to_owned(),
        created_ms: now_ms,
        session_expires_ms: None,
    };
    // In which language this person is written to, until they choose another.
    let language = asked_language(&headers);
    let shard = Shard::name(&email.digest());
    let create = move |tx: &mut dyn Tx| {
        let new = NewAccount { account, email: &email, password_hash: &password_hash, now_ms };
        accounts::create(tx, &new)?;
        if let Some(language) = language {
            wishes::set_language(tx, account, language)?;
        }
        Ok::<_, Refusal>(())
    };
    app.store().write(shard, create).await?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// Who am I?
#[utoipa::path(get, path = "/v1/me", tag = "people", responses(
    (status = 200, description = "The account of this session", body = AccountBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn me(State(app): State<App>, person: SignedIn) -> Answered<AccountBody> {
    let account = person.account;
    let profile = app.store().read(move |tx| Ok::<_, Refusal>(accounts::profile(tx, account)?)).await?;
    let profile = profile.ok_or(Refusal::NotSignedIn)?;
    Ok(Json(AccountBody {
        account: profile.account.to_string(),
        email: profile.email,
        created_ms: profile.created_ms,
        session_expires_ms: Some(person.expires_ms),
    }))
}

/// Change the password. Every other session of the account ends.
#[utoipa::path(put, path = "/v1/me/password", tag = "people", request_body = ChangePassword, responses(
    (status = 204, description = "Changed"),
    (status = 401, description = "The old password is another", body = ProblemBody),
    (status = 422, description = "The new password is not accepted", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn change_password(
    State(app): State<App>,
    person: SignedIn,
    origin: Origin,
    ApiJson(request): ApiJson<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let account = person.account;
    app.spend(Who::Account(account), cost::PASSWORD)?;
    let found = app.store().read(move |tx| {
        let profile = accounts::profile(tx, account)?.ok_or(Refusal::NotSignedIn)?;
        let old_hash = accounts::password_of(tx, account)?.ok_or(Refusal::NotSignedIn)?;
        Ok::<_, Refusal>((Email::read(&profile.email)?, old_hash))
    });
    let (email, old_hash) = found.await?;
    let tried = (email.digest(), origin.prefix);
    app.may_try(&tried)?;
    let (old, kept) = (request.old, old_hash.clone());
    let checked = app.passwords().run(move |desk: &Passwords| desk.check(&old, Some(&kept))).await?;
    app.note_try(tried, checked != Checked::Wrong);
    if checked == Checked::Wrong {
        return Err(Refusal::WrongCredentials.into());
    }
    passwords::accept(&request.new, email.as_str()).map_err(Refusal::from)?;
    let new_hash = hash(&app, request.new).await?;
    let (keep_session, now_ms, told) = (person.token_hash, app.now_ms(), ThingId(app.random()?));
    let change = move |tx: &mut dyn Tx| {
        let change = PasswordChange { old_hash: &old_hash, new_hash: &new_hash, keep_session, now_ms };
        accounts::change_password(tx, account, &change)?;
        email_change::void(tx, account)?;
        let told = Message::of_account(told, Topic::PasswordChanged, account);
        Ok::<_, Refusal>(outbox::add(tx, &told, now_ms)?)
    };
    app.store().write(Shard::account(account), change).await?;
    app.message_bell().notify_one();
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn hash(app: &App, password: String) -> Result<String, Problem> {
    let salt = app.random()?;
    let hashed = app.passwords().run(move |desk: &Passwords| desk.hash(&password, salt)).await?;
    hashed.map_err(|fault| Problem::internal(&fault.to_string()))
}
