//! Accounts and orders in the operators' console: lists without a person in them, and one person at a time for a reason that is
//! written down in the transaction that reads.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_record_log::Tx;
use utoipa::{IntoParams, ToSchema};

use crate::console::accounts::{self, AccountRow, AccountState, AccountsAsked, PersonView};
use crate::console::cursor::Cursor;
use crate::console::orders::{self, Money, OrderRow, OrdersAsked};
use crate::console::{self, Acting, Need, Rank};
use crate::http::app::App;
use crate::http::asked::{ApiQuery, rows};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::console::{SHARD, WithReason, after, parsed, spend};
use crate::http::operator::Operator;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::Refusal;
use crate::platform::accounts::Email;
use crate::stall::Contact;
use crate::store::Shard;

const MS_PER_HOUR: i64 = 3_600_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountsQuery {
    /// One account's identity.
    account: Option<String>,
    /// Only members of this stall.
    stall: Option<String>,
    /// `open`, `locked` or `erased`.
    state: Option<String>,
    /// `next` of the portion before.
    after: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConsoleAccount {
    account: String,
    /// `open`, `locked` or `erased`.
    state: &'static str,
    created_ms: i64,
    /// When a session was used last, to five minutes.
    seen_ms: Option<i64>,
    sessions: i64,
    stalls: Vec<ConsoleMembership>,
    /// What they are to the market: `viewer`, `operator` or `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    locked_because: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_ms: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConsoleMembership {
    stall: String,
    role: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConsoleAccounts {
    accounts: Vec<ConsoleAccount>,
    /// Where the next portion begins; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Who an account is.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonBody {
    account: String,
    email: String,
    /// What was written for the last order; empty where nothing was.
    name: String,
    reach: String,
    address: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchBody {
    /// The whole mail address.
    email: String,
    because: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrdersQuery {
    stall: Option<String>,
    /// `held`, `handed over`, `cancelled` or `fulfilled`.
    state: Option<String>,
    /// `at-the-stall`, `to-be-paid`, `paid` or `paid-back`.
    money: Option<String>,
    /// Only orders that are at least so old. Counts for the first portion.
    #[param(minimum = 0, maximum = 876_000)]
    older_hours: Option<u32>,
    /// `next` of the portion before.
    after: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConsoleOrder {
    stall: String,
    stall_name: String,
    order: String,
    /// An account, or the name of a guest.
    buyer: String,
    /// `held`, `handed over`, `cancelled` or `fulfilled`.
    state: &'static str,
    placed_ms: i64,
    total_minor: i64,
    currency: String,
    /// Digits behind the point of an amount.
    decimals: u32,
    /// `at-the-stall`, `to-be-paid`, `paid` or `paid-back`.
    money: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConsoleOrders {
    orders: Vec<ConsoleOrder>,
    /// Where the next portion begins; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Whom an order is for; empty once it ended, because then nobody keeps it.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderPersonBody {
    name: String,
    reach: String,
    address: String,
}

/// Accounts, the latest first: nothing that says who somebody is.
#[utoipa::path(get, path = "/v1/operator/accounts", tag = "operation", params(AccountsQuery), responses(
    (status = 200, description = "A portion of them", body = ConsoleAccounts),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiQuery(asked): ApiQuery<AccountsQuery>,
) -> Answered<ConsoleAccounts> {
    let asked = AccountsAsked {
        account: asked.account.map(|account| id(&account, "the account")).transpose()?,
        stall: asked.stall.map(|stall| id(&stall, "the stall")).transpose()?,
        state: parsed(asked.state.as_deref(), AccountState::parse, "state")?,
        after: after(asked.after.as_deref())?,
        limit: rows(asked.limit)?,
    };
    let find = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::See)?;
        Ok::<_, Refusal>(accounts::list(tx, &asked)?)
    };
    let (found, next) = app.store().read(find).await?;
    let next = next.map(|next| next.to_string());
    Ok(Json(ConsoleAccounts { accounts: found.into_iter().map(ConsoleAccount::from).collect(), next }))
}

/// See who an account is, for a reason. The reason is kept with your name and theirs.
#[utoipa::path(post, path = "/v1/operator/accounts/{account}/look", tag = "operation", request_body = WithReason,
    params(("account" = String, Path, description = "The account's identity")), responses(
    (status = 200, description = "What is kept of them", body = PersonBody),
    (status = 403, description = "Your rank is not enough, or you come without a name", body = ProblemBody),
    (status = 404, description = "No such account, or an erased one", body = ProblemBody),
    (status = 422, description = "Nobody is looked at without a reason", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn look(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(account): ApiPath<String>,
    ApiJson(request): ApiJson<WithReason>,
) -> Answered<PersonBody> {
    let account: ThingId = id(&account, "the account")?;
    let now_ms = app.now_ms();
    spend(&app, acting)?;
    let look = move |tx: &mut dyn Tx| accounts::look(tx, acting, account, (&request.because, now_ms));
    Ok(Json(app.store().write(SHARD, look).await?.into()))
}

/// Find the account of a mail address, for a reason that is kept whether or not anybody has it.
#[utoipa::path(post, path = "/v1/operator/accounts/search", tag = "operation", request_body = SearchBody, responses(
    (status = 200, description = "What is kept of them", body = PersonBody),
    (status = 403, description = "Your rank is not enough, or you come without a name", body = ProblemBody),
    (status = 404, description = "Nobody has this address", body = ProblemBody),
    (status = 422, description = "Nobody is looked for without a reason", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn search(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiJson(request): ApiJson<SearchBody>,
) -> Answered<PersonBody> {
    let email = Email::read(&request.email)?;
    let now_ms = app.now_ms();
    spend(&app, acting)?;
    let search = move |tx: &mut dyn Tx| accounts::search(tx, acting, &email, (&request.because, now_ms));
    let found = app.store().write(SHARD, search).await?;
    Ok(Json(found.ok_or(Refusal::NoSuchPerson)?.into()))
}

/// Lock an account: nobody signs in to it, and its sessions end. Devices that it enrolled go on selling.
#[utoipa::path(post, path = "/v1/operator/accounts/{account}/lock", tag = "operation", request_body = WithReason,
    params(("account" = String, Path, description = "The account's identity")), responses(
    (status = 204, description = "It is locked"),
    (status = 403, description = "Your rank is not enough, or you come without a name", body = ProblemBody),
    (status = 404, description = "No such account", body = ProblemBody),
    (status = 409, description = "It is the last admin's", body = ProblemBody),
    (status = 422, description = "Nothing is done without a reason", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn lock(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(account): ApiPath<String>,
    ApiJson(request): ApiJson<WithReason>,
) -> Result<StatusCode, Problem> {
    decide(&app, (acting, &account), request, accounts::lock).await
}

/// Let an account's person sign in again.
#[utoipa::path(post, path = "/v1/operator/accounts/{account}/unlock", tag = "operation", request_body = WithReason,
    params(("account" = String, Path, description = "The account's identity")), responses(
    (status = 204, description = "It is open"),
    (status = 403, description = "Your rank is not enough, or you come without a name", body = ProblemBody),
    (status = 404, description = "No such account", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn unlock(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(account): ApiPath<String>,
    ApiJson(request): ApiJson<WithReason>,
) -> Result<StatusCode, Problem> {
    decide(&app, (acting, &account), request, accounts::unlock).await
}

/// End all sessions of an account; its person signs in anew.
#[utoipa::path(post, path = "/v1/operator/accounts/{account}/end-sessions", tag = "operation", request_body = WithReason,
    params(("account" = String, Path, description = "The account's identity")), responses(
    (status = 204, description = "None is left"),
    (status = 403, description = "Your rank is not enough, or you come without a name", body = ProblemBody),
    (status = 404, description = "No such account", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn end_sessions(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(account): ApiPath<String>,
    ApiJson(request): ApiJson<WithReason>,
) -> Result<StatusCode, Problem> {
    decide(&app, (acting, &account), request, accounts::end_sessions).await
}

type Decide = fn(&mut dyn Tx, Acting, ThingId, (&str, i64)) -> Result<(), Refusal>;

async fn decide(
    app: &App,
    (acting, account): (Acting, &str),
    request: WithReason,
    decide: Decide,
) -> Result<StatusCode, Problem> {
    let account: ThingId = id(account, "the account")?;
    let now_ms = app.now_ms();
    spend(app, acting)?;
    // Alone on the account, so that no session begins beside it.
    let put = move |tx: &mut dyn Tx| decide(tx, acting, account, (&request.because, now_ms));
    app.store().write(Shard::account(account), put).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Orders of the whole market, the latest first: nothing that says whom they are for.
#[utoipa::path(get, path = "/v1/operator/orders", tag = "operation", params(OrdersQuery), responses(
    (status = 200, description = "A portion of them", body = ConsoleOrders),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn orders(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiQuery(asked): ApiQuery<OrdersQuery>,
) -> Answered<ConsoleOrders> {
    let older_ms = i64::from(asked.older_hours.unwrap_or(0)).saturating_mul(MS_PER_HOUR);
    let first = match asked.older_hours {
        Some(_) => Cursor { at_ms: app.now_ms().saturating_sub(older_ms), ..Cursor::TOP },
        None => Cursor::TOP,
    };
    let asked = OrdersAsked {
        stall: asked.stall.map(|stall| id(&stall, "the stall")).transpose()?,
        state: parsed(asked.state.as_deref(), orders::state, "state")?,
        money: parsed(asked.money.as_deref(), Money::parse, "money")?,
        after: asked.after.as_deref().map_or(Ok(first), |text| after(Some(text)))?,
        limit: rows(asked.limit)?,
    };
    let find = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::See)?;
        Ok::<_, Refusal>(orders::list(tx, &asked)?)
    };
    let (found, next) = app.store().read(find).await?;
    let next = next.map(|next| next.to_string());
    Ok(Json(ConsoleOrders { orders: found.into_iter().map(ConsoleOrder::from).collect(), next }))
}

/// See whom an order is for, for a reason that is kept.
#[utoipa::path(post, path = "/v1/operator/stalls/{stall}/orders/{order}/look", tag = "operation", request_body = WithReason,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity")), responses(
    (status = 200, description = "As its buyer wrote it", body = OrderPersonBody),
    (status = 403, description = "Your rank is not enough, or you come without a name", body = ProblemBody),
    (status = 404, description = "No such order", body = ProblemBody),
    (status = 422, description = "Nobody is looked at without a reason", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn look_at_order(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath((stall, order)): ApiPath<(String, String)>,
    ApiJson(request): ApiJson<WithReason>,
) -> Answered<OrderPersonBody> {
    let of: (LogId, OrderId) = (id(&stall, "the stall")?, id(&order, "the order")?);
    let now_ms = app.now_ms();
    spend(&app, acting)?;
    let look = move |tx: &mut dyn Tx| orders::look(tx, acting, of, (&request.because, now_ms));
    let Contact { name, reach, address } = app.store().write(SHARD, look).await?.unwrap_or_default();
    Ok(Json(OrderPersonBody { name, reach, address }))
}

impl From<AccountRow> for ConsoleAccount {
    fn from(row: AccountRow) -> Self {
        let membership = |(stall, role): (LogId, soko_domain::role::Role)| ConsoleMembership {
            stall: stall.to_string(),
            role: role.name(),
        };
        Self {
            account: row.account.to_string(),
            state: row.state.name(),
            created_ms: row.created_ms,
            seen_ms: row.seen_ms,
            sessions: row.sessions,
            stalls: row.memberships.into_iter().map(membership).collect(),
            rank: row.rank.map(Rank::name),
            locked_because: row.locked_because,
            locked_ms: row.locked_ms,
        }
    }
}

impl From<PersonView> for PersonBody {
    fn from(view: PersonView) -> Self {
        let PersonView { account, email, contact: Contact { name, reach, address } } = view;
        Self { account: account.to_string(), email, name, reach, address }
    }
}

impl From<OrderRow> for ConsoleOrder {
    fn from(row: OrderRow) -> Self {
        let known = soko_domain::money::Currency::parse(&row.currency);
        Self {
            stall: row.stall.to_string(),
            stall_name: row.stall_name,
            order: row.order.to_string(),
            buyer: row.buyer.to_string(),
            state: row.state.name(),
            placed_ms: row.placed_ms,
            total_minor: row.total_minor,
            decimals: known.map_or(0, |known| u32::from(known.exponent())),
            currency: row.currency,
            money: row.money.name(),
        }
    }
}
