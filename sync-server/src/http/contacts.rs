//! Whom an order is for, for the stall that has to find them; and what an account wrote last, for whoever it belongs to.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, OrderId};
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiPath, id};
use crate::http::caller::{Caller, SignedIn};
use crate::http::orders::{BUYER_HEADER, guest};
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::guests;
use crate::platform::{Action, Object, Refusal, authorise};
use crate::stall::{Contact, contact_of_account, contact_of_order, forget_contact_of};
use crate::store::Shard;

/// Whom an order is for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactBody {
    /// 1 to 200 bytes.
    pub(crate) name: String,
    /// A telephone number or a mail address; 1 to 200 bytes.
    pub(crate) reach: String,
    /// Where it goes; at most 500 bytes. Empty where the buyer comes for it.
    #[serde(default)]
    pub(crate) address: String,
}

impl From<Contact> for ContactBody {
    fn from(contact: Contact) -> Self {
        let Contact { name, reach, address } = contact;
        Self { name, reach, address }
    }
}

/// Whom an order is for, as its buyer wrote it; for staff, as long as it is open. It is in no record, and goes when the order
/// ends.
#[utoipa::path(get, path = "/v1/stalls/{stall}/orders/{order}/contact", tag = "orders",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity")), responses(
    (status = 200, description = "Whom it is for", body = ContactBody),
    (status = 404, description = "No such order, nobody said (`no_contact`), or whoever said erased their account (`contact_erased`)", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn of_order(
    State(app): State<App>,
    Caller(principal): Caller,
    ApiPath((stall, order)): ApiPath<(String, String)>,
) -> Answered<ContactBody> {
    let (stall, order): (LogId, OrderId) = (id(&stall, "the stall")?, id(&order, "the order")?);
    app.spend(Who::Stall(stall), cost::WRITE)?;
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Order(stall, order), Action::FulfilOrder)?;
        Ok::<_, Refusal>(contact_of_order(tx, stall, order)?)
    };
    let contact = app.store().read(find).await?.ok_or_else(nobody)?;
    if contact.is_erased() {
        let sentence = "whoever it is for has erased their account";
        return Err(Problem::new(StatusCode::NOT_FOUND, "contact_erased", sentence));
    }
    Ok(Json(contact.into()))
}

/// What this account wrote when it last ordered.
#[utoipa::path(get, path = "/v1/me/contact", tag = "people", responses(
    (status = 200, description = "Name, telephone or mail, and address", body = ContactBody),
    (status = 404, description = "Nothing is kept", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn mine(State(app): State<App>, person: SignedIn) -> Answered<ContactBody> {
    let account = person.account;
    let find = move |tx: &mut dyn Tx| Ok::<_, Refusal>(contact_of_account(tx, account)?);
    app.store().read(find).await?.map(|contact| Json(contact.into())).ok_or_else(nobody)
}

/// Forget what this account wrote. Orders that are open keep what they need until they end.
#[utoipa::path(delete, path = "/v1/me/contact", tag = "people", responses(
    (status = 204, description = "Nothing is kept, now or before"),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn forget(State(app): State<App>, person: SignedIn) -> Result<StatusCode, Problem> {
    let account = person.account;
    let forget = move |tx: &mut dyn Tx| Ok::<_, Refusal>(forget_contact_of(tx, account)?);
    app.store().write(Shard::account(account), forget).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say that a guest's orders are this account's. With `Soko-Buyer`, the guest's secret; said again, nothing changes.
#[utoipa::path(post, path = "/v1/me/guest", tag = "people",
    params(("Soko-Buyer" = String, Header, description = "A guest's secret, 64 hexadecimal digits")), responses(
    (status = 204, description = "They are, if no other account was first"),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn was_guest(
    State(app): State<App>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let secret = headers.get(BUYER_HEADER).and_then(|secret| secret.to_str().ok()).unwrap_or_default();
    let guest = guest(&id(secret, "the Soko-Buyer header")?);
    let (account, now_ms) = (person.account, app.now_ms());
    let claim = move |tx: &mut dyn Tx| Ok::<_, Refusal>(guests::claim(tx, account, guest, now_ms)?);
    app.store().write(Shard::account(account), claim).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn nobody() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no_contact", "nobody said whom it is for")
}
