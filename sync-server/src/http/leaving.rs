//! A device that leaves its stall by itself.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use soko_domain::ids::AuthorId;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::core::{Leaving, Now};
use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{ApiJson, id};
use crate::http::front::Origin;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::leaving::{Leave, leaves};
use crate::platform::{Refusal, devices};
use crate::store::Shard;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaveStall {
    author: String,
    /// The number of the last record that the device wrote.
    seq: u64,
    /// Whatever could not be sent or given back stays where it is.
    #[serde(default)]
    anyway: bool,
    /// By the author's key, over `soko leave 1`, the author's 16 bytes, `seq` in 8 bytes with the highest first, and one byte that is
    /// 1 for `anyway` and 0 otherwise. In hexadecimal digits.
    signature: String,
}

/// Leave a stall, as one of its devices: its access ends, and it writes nothing more that counts.
///
/// Refused while the server lacks records of the device, or while the device may promise units, unless `anyway` is said: then its units are
/// set apart. Needs no token, so the same request again, after a lost reply, gets the same answer.
#[utoipa::path(post, path = "/v1/devices/leave", tag = "devices", request_body = LeaveStall, responses(
    (status = 204, description = "It left, now or before"),
    (status = 401, description = "The signature is not by the device's key", body = ProblemBody),
    (status = 404, description = "No such device", body = ProblemBody),
    (status = 409, description = "Records of it are missing, or a share is left", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn leave(
    State(app): State<App>,
    origin: Origin,
    ApiJson(request): ApiJson<LeaveStall>,
) -> Result<StatusCode, Problem> {
    app.spend(Who::Prefix(origin.prefix), cost::WRITE)?;
    let LeaveStall { seq, anyway, .. } = request;
    let author: AuthorId = id(&request.author, "the author")?;
    let signature: [u8; 64] = id(&request.signature, "the signature")?;
    let says = move |tx: &mut dyn Tx| leaves(tx, &Leave { author, seq, anyway, signature: &signature });
    let stall = app.store().read(says).await?.stall;
    let (core, now_ms) = (app.optional_core(), app.now_ms());
    let now = Now { now_ms, seed: app.random()? };
    let work = move |tx: &mut dyn Tx| {
        let is_first = devices::find(tx, author)?.is_some_and(|device| device.revoked_ms.is_none());
        let leaving = Leaving { stall, author, seq, anyway };
        let moved_to =
            core.as_ref().filter(|_| is_first).map_or(Ok(None), |core| core.left(tx, &leaving, now))?;
        devices::revoke(tx, author, now_ms)?;
        Ok::<_, Refusal>((is_first, moved_to))
    };
    let (is_first, moved_to) = app.store().write(Shard::stall(stall), work).await?;
    app.tell(stall, moved_to);
    tracing::info!(%stall, %author, is_first, anyway, "device.left");
    Ok(StatusCode::NO_CONTENT)
}
