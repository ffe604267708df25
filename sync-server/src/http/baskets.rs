//! What somebody has in their baskets, on all their devices.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::ids::ThingId;
use soko_domain::wanted::{Baskets, Part, Put};
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, LongJson, id};
use crate::http::caller::SignedIn;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::baskets::{self, Exchanged, Said};
use crate::store::Shard;

/// Longest body: as many parts as there may be, with the longest numbers.
const SAID_BYTES_MAX: usize = 256 * 1024;
/// Parts that are written for one unit of cost.
const PARTS_PER_UNIT: usize = 16;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SayBaskets {
    /// `up_to` of the answer before; 0 at first.
    since: i64,
    /// `account` of the answer before; absent at first. What was somebody else's is not taken.
    #[serde(default)]
    account: Option<String>,
    /// All that this device knows; absent where it has nothing new to say.
    #[serde(default)]
    baskets: Option<BasketsBody>,
}

/// Every unit has a number of the device that put it in. Up to `up_to` a device was heard; what of that is in no part was taken out.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BasketsBody {
    /// At most 64.
    devices: Vec<DeviceBody>,
    /// At most 1000, of 500 products.
    parts: Vec<PartBody>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceBody {
    /// A name that the device drew for this: 32 hexadecimal digits.
    device: String,
    /// How many units it has put in so far.
    up_to: i64,
}

/// Units of one product that were put in together and are still in.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartBody {
    device: String,
    /// The number of the first of them.
    first: i64,
    units: i64,
    stall: String,
    /// The product, or the variant of it.
    product: String,
    /// What it cost when it was put in.
    seen_minor: i64,
    added_ms: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ExchangedBody {
    /// Whose baskets they are.
    account: String,
    /// Less than `since`: this server was restored, say everything again.
    up_to: i64,
    /// All that is known; absent where that is what was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    baskets: Option<BasketsBody>,
}

/// Say what lies in my baskets, and hear what my other devices said.
///
/// Both sides bring together what they know, unit by unit: a unit is in if both have it, or one has it and the other has not counted so far.
/// Saying the same again changes nothing, and what is older brings nothing back. How far a device has counted that has nothing in is
/// forgotten once 64 others came.
#[utoipa::path(post, path = "/v1/me/baskets", tag = "people", request_body = SayBaskets, responses(
    (status = 200, description = "What there is", body = ExchangedBody),
    (status = 400, description = "No identity, too much, or no state of baskets", body = ProblemBody),
    (status = 409, description = "More than one person may have, or the baskets of another account", body = ProblemBody),
    (status = 413, description = "The body is too long", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn exchange(
    State(app): State<App>,
    person: SignedIn,
    LongJson(request): LongJson<SayBaskets, SAID_BYTES_MAX>,
) -> Answered<ExchangedBody> {
    let account = person.account;
    let whose: Option<ThingId> = request.account.map(|whose| id(&whose, "the account")).transpose()?;
    if whose.is_some_and(|whose| whose != account) {
        let detail =
            "these are the baskets of another account: forget them, and ask again without an account";
        return Err(Problem::new(StatusCode::CONFLICT, "other_account", detail));
    }
    let said = Said { since: request.since, baskets: request.baskets.map(read).transpose()? };
    let parts = said.baskets.as_ref().map(|baskets| baskets.parts().count());
    let exchange = move |tx: &mut dyn Tx| baskets::exchange(tx, account, &said);
    // Whoever only asks keeps nobody from writing.
    let exchanged = match parts {
        None => {
            app.spend(Who::Account(account), cost::READ)?;
            app.store().read(exchange).await?
        }
        Some(parts) => {
            let written = u32::try_from(parts.div_ceil(PARTS_PER_UNIT)).unwrap_or(u32::MAX);
            app.spend(Who::Account(account), cost::WRITE.saturating_add(written))?;
            app.store().write(Shard::account(account), exchange).await?
        }
    };
    let Exchanged { up_to, baskets } = exchanged;
    Ok(Json(ExchangedBody { account: account.to_string(), up_to, baskets: baskets.as_ref().map(shown) }))
}

fn read(body: BasketsBody) -> Result<Baskets, Problem> {
    let device = |it: DeviceBody| Ok((id(&it.device, "the device")?, it.up_to));
    let devices = body.devices.into_iter().map(device).collect::<Result<Vec<_>, Problem>>()?;
    let part = |it: PartBody| {
        let put = Put {
            added_ms: it.added_ms,
            seen_minor: it.seen_minor,
            stall: id(&it.stall, "the stall")?,
            product: id(&it.product, "the product")?,
        };
        Ok((id(&it.device, "the device")?, Part { first: it.first, units: it.units, put }))
    };
    let parts = body.parts.into_iter().map(part).collect::<Result<Vec<_>, Problem>>()?;
    Baskets::read(&devices, &parts).map_err(|why| Problem::malformed(why.sentence()))
}

pub(crate) fn shown(baskets: &Baskets) -> BasketsBody {
    let device = |(device, up_to): (ThingId, i64)| DeviceBody { device: device.to_string(), up_to };
    let part = |(device, Part { first, units, put }): (ThingId, Part)| PartBody {
        device: device.to_string(),
        first,
        units,
        stall: put.stall.to_string(),
        product: put.product.to_string(),
        seen_minor: put.seen_minor,
        added_ms: put.added_ms,
    };
    BasketsBody {
        devices: baskets.devices().map(device).collect(),
        parts: baskets.parts().map(part).collect(),
    }
}
