//! What only an owner decides about stock: that the list of devices is complete after a restore, and that a lost
//! device's units are taken back.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use soko_domain::ids::{AuthorId, LogId};
use soko_domain::verbs::NOTE_LEN_MAX;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Asked, Turn};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::SignedIn;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::{Action, Object, Principal};

const RISK: &str =
    "If the device still sells, units may be promised twice: reclaim only what is surely lost.";

#[derive(Serialize, ToSchema)]
pub(crate) struct ConfirmedBody {
    /// Whether stock from before the restore still waits for devices that have not reported.
    frozen: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reclaim {
    /// Kept in the stall's records for ever.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReclaimedBody {
    /// What was accepted with it.
    risk: &'static str,
}

/// Say, after the server was restored, that the stall has no device which the list does not name.
///
/// Stock from before the restore is promised again when every device on the list has reported, too.
#[utoipa::path(post, path = "/v1/stalls/{stall}/confirm-devices", tag = "stock",
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 200, description = "Noted", body = ConfirmedBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn confirm_devices(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(stall): ApiPath<String>,
) -> Answered<ConfirmedBody> {
    let stall: LogId = id(&stall, "the stall")?;
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let principal = Principal::Account(person.account);
    let asked = Asked { principal, object: Object::Stall(stall), action: Action::ConfirmDevices };
    let confirm =
        move |tx: &mut dyn Tx, turn: &Turn<'_>| Ok(turn.core.confirm_devices(tx, stall, turn.now)?);
    let frozen = app.in_stall(asked, confirm).await?;
    tracing::info!(%stall, frozen, "stall.devices_confirmed");
    Ok(Json(ConfirmedBody { frozen }))
}

/// Take back the units that a revoked device held.
///
/// The risk: if the device still sells, units may be promised twice. Do it when the goods are surely in the shop,
/// or surely lost. The decision and its reason stay in the stall's records.
#[utoipa::path(post, path = "/v1/stalls/{stall}/devices/{author}/reclaim", tag = "stock", request_body = Reclaim,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("author" = String, Path, description = "The device's author")), responses(
    (status = 200, description = "Taken back, now or before", body = ReclaimedBody),
    (status = 404, description = "No such stall or device", body = ProblemBody),
    (status = 409, description = "The device is not revoked", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn reclaim(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, author)): ApiPath<(String, String)>,
    ApiJson(request): ApiJson<Reclaim>,
) -> Answered<ReclaimedBody> {
    let stall: LogId = id(&stall, "the stall")?;
    let author: AuthorId = id(&author, "the device")?;
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let reason = request.reason.trim().to_owned();
    if reason.is_empty() || reason.len() > NOTE_LEN_MAX || reason.chars().any(char::is_control) {
        let detail = format!("reason should have 1 to {NOTE_LEN_MAX} bytes and no control characters");
        return Err(Problem::malformed(detail));
    }
    let principal = Principal::Account(person.account);
    let asked = Asked { principal, object: Object::Device(stall, author), action: Action::ReclaimShare };
    let reclaim = move |tx: &mut dyn Tx, turn: &Turn<'_>| {
        Ok(((), turn.core.reclaim(tx, stall, (author, &reason), turn.now)?))
    };
    app.in_stall(asked, reclaim).await?;
    tracing::warn!(%stall, %author, "stall.share_reclaimed");
    Ok(Json(ReclaimedBody { risk: RISK }))
}
