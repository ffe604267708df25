//! The baskets of an account, at its server.

use serde::Deserialize;
use serde_json::{Value, json};
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::wanted::{Baskets, Part, Put};

use super::web::read_json;
use super::{Server, Unanswered};

/// What this device says, and what it has seen.
pub(crate) struct BasketsAsked {
    /// Whose baskets they are, once the server said so.
    pub(crate) account: Option<ThingId>,
    pub(crate) since: i64,
    /// None where there is nothing new to say.
    pub(crate) baskets: Option<Baskets>,
}

/// How far everything was then seen, and all of it where that is something else.
pub(crate) struct BasketsSaid {
    pub(crate) account: ThingId,
    pub(crate) up_to: i64,
    pub(crate) baskets: Option<Baskets>,
}

#[derive(Deserialize)]
struct ExchangedBody {
    account: String,
    up_to: i64,
    baskets: Option<BasketsBody>,
}

#[derive(Deserialize)]
struct BasketsBody {
    devices: Vec<DeviceBody>,
    parts: Vec<PartBody>,
}

#[derive(Deserialize)]
struct DeviceBody {
    device: String,
    up_to: i64,
}

#[derive(Deserialize)]
struct PartBody {
    device: String,
    first: i64,
    units: i64,
    stall: String,
    product: String,
    seen_minor: i64,
    added_ms: i64,
}

impl BasketsBody {
    fn read(&self) -> Option<Baskets> {
        let device = |it: &DeviceBody| Some((ThingId::from_hex(&it.device)?, it.up_to));
        let devices = self.devices.iter().map(device).collect::<Option<Vec<_>>>()?;
        let part = |it: &PartBody| {
            let put = Put {
                added_ms: it.added_ms,
                seen_minor: it.seen_minor,
                stall: LogId::from_hex(&it.stall)?,
                product: ProductId::from_hex(&it.product)?,
            };
            Some((ThingId::from_hex(&it.device)?, Part { first: it.first, units: it.units, put }))
        };
        let parts = self.parts.iter().map(part).collect::<Option<Vec<_>>>()?;
        Baskets::read(&devices, &parts).ok()
    }
}

impl ExchangedBody {
    fn read(&self) -> Option<BasketsSaid> {
        let baskets = match &self.baskets {
            Some(body) => Some(body.read()?),
            None => None,
        };
        Some(BasketsSaid { account: ThingId::from_hex(&self.account)?, up_to: self.up_to, baskets })
    }
}

impl Server {
    pub(crate) async fn exchange_baskets(
        &self,
        session: &str,
        asked: &BasketsAsked,
    ) -> Result<BasketsSaid, Unanswered> {
        let account = asked.account.map(|account| account.to_string());
        let baskets = asked.baskets.as_ref().map(shown);
        let body = json!({"since": asked.since, "account": account, "baskets": baskets});
        let answer: ExchangedBody = read_json(&self.web.post("/v1/me/baskets", Some(session), &body).await?)?;
        answer.read().ok_or_else(|| Unanswered::NoAnswer("the answer is no state of baskets".into()))
    }
}

fn shown(baskets: &Baskets) -> Value {
    let device = |(device, up_to): (ThingId, i64)| json!({"device": device.to_string(), "up_to": up_to});
    let part = |(device, Part { first, units, put }): (ThingId, Part)| {
        json!({"device": device.to_string(), "first": first, "units": units, "stall": put.stall.to_string(),
            "product": put.product.to_string(), "seen_minor": put.seen_minor, "added_ms": put.added_ms})
    };
    json!({
        "devices": baskets.devices().map(device).collect::<Vec<_>>(),
        "parts": baskets.parts().map(part).collect::<Vec<_>>()
    })
}
