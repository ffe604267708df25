//! Keys of a stall's own programs: made by an owner, shown once, ended at once.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::entry::{ProgramAct, ProgramActed};
use soko_domain::ids::{LogId, ThingId};
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Asked, Turn};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::SignedIn;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::tokens::TokenKind;
use crate::platform::devices::accept_name;
use crate::platform::program_keys::{self, ProgramKey, Scope};
use crate::platform::{Action, Object, Principal, Refusal, authorise};

/// What a key may read.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum ScopeName {
    #[serde(rename = "orders:read")]
    Orders,
    #[serde(rename = "products:read")]
    Products,
    #[serde(rename = "sales:read")]
    Sales,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Orders => Self::Orders,
            ScopeName::Products => Self::Products,
            ScopeName::Sales => Self::Sales,
        }
    }
}

impl From<Scope> for ScopeName {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Orders => Self::Orders,
            Scope::Products => Self::Products,
            Scope::Sales => Self::Sales,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeKey {
    /// What people call the program.
    name: String,
    /// At least one.
    scopes: Vec<ScopeName>,
    /// When it ends by itself; absent: never.
    ends_ms: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct KeyBody {
    key: String,
    name: String,
    scopes: Vec<ScopeName>,
    /// The account of whoever made it. It counts as long as they own the stall.
    made_by: String,
    made_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_ms: Option<i64>,
    /// To the minute; absent before it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_ms: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct KeyMadeBody {
    /// For `Authorization: Bearer …`. It is shown this once.
    secret: String,
    #[serde(flatten)]
    key: KeyBody,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct KeyList {
    keys: Vec<KeyBody>,
}

/// The keys of a stall's own programs; for its owners.
#[utoipa::path(get, path = "/v1/stalls/{stall}/keys", tag = "programs",
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 200, description = "In the order in which they were made, those that ran out too", body = KeyList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(stall): ApiPath<String>,
) -> Answered<KeyList> {
    let stall: LogId = id(&stall, "the stall")?;
    let found = as_owner(&app, (person.account, stall), move |tx| Ok(program_keys::of_stall(tx, stall)?));
    let keys = found.await?.into_iter().map(KeyBody::from).collect();
    Ok(Json(KeyList { keys }))
}

/// Make a key with which a program reads of this stall; for its owners. Its secret is shown this once.
#[utoipa::path(post, path = "/v1/stalls/{stall}/keys", tag = "programs", request_body = MakeKey,
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 201, description = "Made", body = KeyMadeBody),
    (status = 409, description = "There are as many as allowed", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn make(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(stall): ApiPath<String>,
    ApiJson(request): ApiJson<MakeKey>,
) -> Result<(StatusCode, Json<KeyMadeBody>), Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let (token, now_ms) = (app.new_token()?, app.now_ms());
    let key = ProgramKey {
        key: ThingId(app.random()?),
        name: accept_name(&request.name)?.to_owned(),
        scopes: request.scopes.iter().map(|scope| Scope::from(*scope)).collect(),
        made_by: person.account,
        made_ms: now_ms,
        ends_ms: request.ends_ms,
        used_ms: None,
    };
    if key.scopes.is_empty() {
        return Err(Problem::malformed("a key needs at least one scope: say what the program reads"));
    }
    if key.ends_ms.is_some_and(|ends_ms| ends_ms <= now_ms) {
        return Err(Problem::malformed("the key would have ended already: choose a later day"));
    }
    let secret = TokenKind::Key.show(&token);
    let (made, act) = (key.clone(), ProgramAct::KeyMade);
    let acted = ProgramActed { act, program: key.key, name: key.name.clone(), by: person.account };
    let keep = move |tx: &mut dyn Tx, turn: &Turn<'_>| {
        program_keys::make(tx, (stall, &token), &made)?;
        Ok(((), turn.core.program_acted(tx, stall, &acted, turn.now)?))
    };
    app.in_stall(asked(person.account, stall), keep).await?;
    Ok((StatusCode::CREATED, Json(KeyMadeBody { secret, key: key.into() })))
}

/// End a key, at once and for good; for owners.
#[utoipa::path(delete, path = "/v1/stalls/{stall}/keys/{key}", tag = "programs",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("key" = String, Path, description = "The key's identity, not its secret")), responses(
    (status = 204, description = "It opens nothing any more"),
    (status = 404, description = "No such key, or it was ended before", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn end(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, key)): ApiPath<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (stall, key): (LogId, ThingId) = (id(&stall, "the stall")?, id(&key, "the key")?);
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let by = person.account;
    let end = move |tx: &mut dyn Tx, turn: &Turn<'_>| {
        let name = program_keys::end(tx, (stall, key))?;
        let acted = ProgramActed { act: ProgramAct::KeyEnded, program: key, name, by };
        Ok(((), turn.core.program_acted(tx, stall, &acted, turn.now)?))
    };
    app.in_stall(asked(by, stall), end).await?;
    tracing::info!(%stall, %key, "program_key.ended");
    Ok(StatusCode::NO_CONTENT)
}

/// What needs an owner.
pub(crate) fn asked(account: ThingId, stall: LogId) -> Asked {
    let principal = Principal::Account(account);
    Asked { principal, object: Object::Stall(stall), action: Action::ManagePrograms }
}

/// Reads what an owner may see of a stall's programs and of what is fetched for it.
pub(crate) async fn as_owner<T: Send + 'static>(
    app: &App,
    (account, stall): (ThingId, LogId),
    mut read: impl FnMut(&mut dyn Tx) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Problem> {
    let Asked { principal, object, action } = asked(account, stall);
    let found = app.store().read(move |tx| {
        authorise(tx, principal, object, action)?;
        read(tx)
    });
    Ok(found.await?)
}

impl From<ProgramKey> for KeyBody {
    fn from(key: ProgramKey) -> Self {
        Self {
            key: key.key.to_string(),
            name: key.name,
            scopes: key.scopes.all().map(ScopeName::from).collect(),
            made_by: key.made_by.to_string(),
            made_ms: key.made_ms,
            ends_ms: key.ends_ms,
            used_ms: key.used_ms,
        }
    }
}
