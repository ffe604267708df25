//! Who is what at a stall.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, ThingId};
use soko_domain::role::Role;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::SignedIn;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::accounts::Email;
use crate::platform::stalls::{self, MemberView};
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::store::Shard;

/// What a person can be at a stall. The operator of the server is not among them.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleName {
    Owner,
    Manager,
    Cashier,
    Buyer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Manager => Self::Manager,
            RoleName::Cashier => Self::Cashier,
            RoleName::Buyer => Self::Buyer,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetMember {
    /// The address of an account that exists.
    email: String,
    role: RoleName,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MemberBody {
    account: String,
    email: String,
    role: &'static str,
    added_ms: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MemberList {
    members: Vec<MemberBody>,
}

/// The members of a stall.
#[utoipa::path(get, path = "/v1/stalls/{stall}/members", tag = "stalls",
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 200, description = "In the order in which they came", body = MemberList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(stall): ApiPath<String>,
) -> Answered<MemberList> {
    let stall: LogId = id(&stall, "the stall")?;
    let principal = Principal::Account(person.account);
    let found = app.store().read(move |tx| {
        authorise(tx, principal, Object::Stall(stall), Action::See)?;
        Ok::<_, Refusal>(stalls::members(tx, stall)?)
    });
    let members = found.await?.into_iter().map(MemberBody::from).collect();
    Ok(Json(MemberList { members }))
}

/// Make somebody a member, or give a member another role.
#[utoipa::path(put, path = "/v1/stalls/{stall}/members", tag = "stalls", request_body = SetMember,
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 204, description = "Done"),
    (status = 404, description = "No such stall or person", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn set(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(stall): ApiPath<String>,
    ApiJson(request): ApiJson<SetMember>,
) -> Result<StatusCode, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    // Whether an address has an account is worth guessing.
    app.spend(Who::Account(person.account), cost::GUESS)?;
    let (email, role, now_ms) = (Email::read(&request.email)?, Role::from(request.role), app.now_ms());
    let principal = Principal::Account(person.account);
    let set = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Member(stall, role), Action::ManageMembers)?;
        let (account, now) = stalls::find_person(tx, stall, &email)?;
        if let Some(now) = now {
            authorise(tx, principal, Object::Member(stall, now), Action::ManageMembers)?;
        }
        stalls::set_member(tx, stall, account, role, now_ms)
    };
    app.store().write(Shard::stall(stall), set).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End somebody's membership. Devices stay until they are revoked.
#[utoipa::path(delete, path = "/v1/stalls/{stall}/members/{account}", tag = "stalls",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("account" = String, Path, description = "The member's account")), responses(
    (status = 204, description = "Done"),
    (status = 409, description = "The only owner", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn remove(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, account)): ApiPath<(String, String)>,
) -> Result<StatusCode, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    let account: ThingId = id(&account, "the account")?;
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let principal = Principal::Account(person.account);
    let remove = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Stall(stall), Action::See)?;
        let role = stalls::member_role(tx, stall, account)?.ok_or(Refusal::NoSuchMember)?;
        authorise(tx, principal, Object::Member(stall, role), Action::ManageMembers)?;
        stalls::remove_member(tx, stall, account)
    };
    app.store().write(Shard::stall(stall), remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<MemberView> for MemberBody {
    fn from(view: MemberView) -> Self {
        Self {
            account: view.account.to_string(),
            email: view.email,
            role: view.role.name(),
            added_ms: view.added_ms,
        }
    }
}
