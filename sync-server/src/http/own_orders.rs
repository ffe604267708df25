//! The orders of whoever is signed in, at all stalls, for all their devices.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use soko_app_api::text::Worded as _;
use soko_domain::quantity::Unit;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::asked::{ApiQuery, rows};
use crate::http::body::Answered;
use crate::http::caller::SignedIn;
use crate::http::contacts::ContactBody;
use crate::http::orders::{OrderBody, OrdersAsked};
use crate::http::problem::{Problem, ProblemBody};
use crate::own_orders::{self, Behind, OwnOrder};
use crate::platform::Refusal;

#[derive(Serialize, ToSchema)]
pub(crate) struct OwnOrders {
    orders: Vec<PlacedOrder>,
    /// Where the next portion begins; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An order, and where it was placed.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlacedOrder {
    stall: String,
    stall_name: String,
    order: OrderBody,
    /// In what each line is counted, in their order: `piece`, `gram` or `millilitre`.
    units: Vec<&'static str>,
    /// Whom it is for, as long as it is open and somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactBody>,
}

impl From<OwnOrder> for PlacedOrder {
    fn from(own: OwnOrder) -> Self {
        Self {
            stall: own.at.stall.to_string(),
            stall_name: own.stall_name,
            order: own.view.into(),
            units: own.units.into_iter().map(Unit::word).collect(),
            contact: own.contact.map(ContactBody::from),
        }
    }
}

/// My orders at all stalls, the youngest first: what I placed on any of my devices, and before I had an account.
#[utoipa::path(get, path = "/v1/me/orders", tag = "people", params(OrdersAsked), responses(
    (status = 200, description = "A portion of them", body = OwnOrders),
    (status = 400, description = "Not where a portion begins", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    person: SignedIn,
    ApiQuery(asked): ApiQuery<OrdersAsked>,
) -> Answered<OwnOrders> {
    let begins = |after: &str| {
        Behind::of_text(after).ok_or_else(|| Problem::malformed("after should be next of the portion before"))
    };
    let behind = asked.after.as_deref().map(begins).transpose()?;
    let (account, limit, core) = (person.account, rows(asked.limit)?, app.core()?);
    app.spend(Who::Account(account), cost::READ)?;
    let find = move |tx: &mut dyn Tx| {
        let portion = own_orders::portion(tx, core.as_ref(), account, (behind, limit))?;
        Ok::<_, Refusal>(portion)
    };
    let found = app.store().read(find).await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| last.at.text());
    Ok(Json(OwnOrders { orders: found.into_iter().map(PlacedOrder::from).collect(), next }))
}
