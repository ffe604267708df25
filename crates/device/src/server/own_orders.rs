//! The orders of whoever is signed in, wherever they were placed.

use serde::Deserialize;
use serde_json::Value;
use soko_app_api::ContactView;
use soko_app_api::text::Worded as _;
use soko_domain::delivery::Handing;
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::quantity::Unit;

use super::orders::OrderBody;
use super::web::read_json;
use super::{OrderNow, Server, Unanswered};

/// A portion of them, the youngest first.
pub(crate) struct OwnOrders {
    pub(crate) orders: Vec<PlacedOrder>,
    /// Where the next portion begins; none after the last.
    pub(crate) next: Option<String>,
}

/// An order as it was placed, on whatever device, and as it is now.
pub(crate) struct PlacedOrder {
    pub(crate) order: OrderId,
    pub(crate) stall: LogId,
    pub(crate) stall_name: String,
    pub(crate) placed_ms: i64,
    pub(crate) currency: String,
    pub(crate) note: String,
    pub(crate) way: Option<PayWay>,
    pub(crate) handing: Handing,
    pub(crate) zone: String,
    pub(crate) coupon: String,
    pub(crate) contact: ContactView,
    /// In what each line is counted.
    pub(crate) units: Vec<Unit>,
    pub(crate) now: OrderNow,
}

#[derive(Deserialize)]
struct PortionBody {
    orders: Vec<RowBody>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct RowBody {
    stall: String,
    stall_name: String,
    order: Value,
    #[serde(default)]
    units: Vec<String>,
    #[serde(default)]
    contact: ContactView,
}

/// What an order carries beside how it is now.
#[derive(Deserialize)]
struct PlacedBody {
    order: String,
    placed_ms: i64,
    currency: String,
    #[serde(default)]
    note: String,
    payment: Option<WayBody>,
    handing: String,
    delivery: Option<ZoneBody>,
    coupon: Option<CodeBody>,
}

#[derive(Deserialize)]
struct WayBody {
    way: String,
}

#[derive(Deserialize)]
struct ZoneBody {
    zone: String,
}

#[derive(Deserialize)]
struct CodeBody {
    code: String,
}

impl RowBody {
    /// None where only a newer program knows what it says.
    fn read(self) -> Option<PlacedOrder> {
        let now = serde_json::from_value::<OrderBody>(self.order.clone()).ok()?.now().ok()?;
        let placed: PlacedBody = serde_json::from_value(self.order).ok()?;
        let way = match placed.payment {
            Some(payment) => Some(PayWay::from_word(&payment.way)?),
            None => None,
        };
        let unit = |word: &String| Unit::from_word(word).unwrap_or(Unit::Piece);
        Some(PlacedOrder {
            order: OrderId::from_hex(&placed.order)?,
            stall: LogId::from_hex(&self.stall)?,
            stall_name: self.stall_name,
            placed_ms: placed.placed_ms,
            currency: placed.currency,
            note: placed.note,
            way,
            handing: Handing::from_word(&placed.handing)?,
            zone: placed.delivery.map(|it| it.zone).unwrap_or_default(),
            coupon: placed.coupon.map(|it| it.code).unwrap_or_default(),
            contact: self.contact,
            units: self.units.iter().map(unit).collect(),
            now,
        })
    }
}

impl Server {
    /// So many of them at most, behind the portion before.
    pub(crate) async fn own_orders(
        &self,
        session: &str,
        (after, limit): (Option<&str>, usize),
    ) -> Result<OwnOrders, Unanswered> {
        let behind = after.map(|after| format!("&after={after}")).unwrap_or_default();
        let request = self.web.get(&format!("/v1/me/orders?limit={limit}{behind}")).bearer_auth(session);
        let portion: PortionBody = read_json(&self.web.whole(request).await?)?;
        let orders = portion.orders.into_iter().filter_map(RowBody::read).collect();
        Ok(OwnOrders { orders, next: portion.next })
    }
}
