//! Pictures by the hash of their bytes: brought once by a stall, seen by everybody, kept for ever by whoever has
//! one.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use soko_domain::ids::{Hash, LogId};
use soko_record_log::Tx;
use utoipa::IntoParams;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::asked::ApiQuery;
use crate::http::body::{AnyBytes, ApiPath, id};
use crate::http::caller::Caller;
use crate::http::hashed;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::pictures::{self, PICTURE_BYTES_MAX, Picture};
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::store::Shard;

/// Opened by itself, a picture can load and run nothing.
const POLICY: &str = "default-src 'none'; sandbox";

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PutAsked {
    /// For people: the stall that brings it. A device brings it for its own.
    stall: Option<String>,
}

/// Bring a picture.
///
/// JPEG, PNG or WebP of 512 KiB at most, under the SHA-256 of its bytes. For devices, owners and managers. Again is as
/// good as once.
#[utoipa::path(put, path = "/pictures/{hash}", tag = "shop",
    params(("hash" = String, Path, description = "SHA-256 of the bytes, in hexadecimal digits"), PutAsked),
    request_body(content = String, content_type = "image/*"), responses(
    (status = 204, description = "It is there"),
    (status = 409, description = "The stall has as many as allowed", body = ProblemBody),
    (status = 413, description = "Too long", body = ProblemBody),
    (status = 422, description = "No picture, or not the one that was named", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn put(
    State(app): State<App>,
    Caller(principal): Caller,
    ApiPath(hash): ApiPath<String>,
    ApiQuery(asked): ApiQuery<PutAsked>,
    AnyBytes(bytes): AnyBytes<PICTURE_BYTES_MAX>,
) -> Result<StatusCode, Problem> {
    let hash: Hash = id(&hash, "the picture")?;
    let stall: LogId = match (asked.stall, principal) {
        (Some(stall), _) => id(&stall, "stall")?,
        (None, Principal::Device { stall, .. }) => stall,
        (None, _) => return Err(Problem::malformed("say for which stall: add ?stall= and its identity")),
    };
    app.spend(Who::Stall(stall), cost::WRITE.saturating_add(cost::of_bytes(bytes.len())))?;
    let picture = Picture::check(hash, bytes.to_vec())?;
    let now_ms = app.now_ms();
    let keep = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Stall(stall), Action::PutPicture)?;
        pictures::put(tx, stall, &picture, now_ms)
    };
    app.store().write(Shard::stall(stall), keep).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A picture.
#[utoipa::path(get, path = "/pictures/{hash}", tag = "shop",
    params(("hash" = String, Path, description = "SHA-256 of the bytes, in hexadecimal digits")), responses(
    (status = 200, description = "Its bytes", content_type = "image/*", body = String),
    (status = 304, description = "What you have is it"),
    (status = 404, description = "Nobody brought it", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn get(
    State(app): State<App>,
    headers: HeaderMap,
    ApiPath(hash): ApiPath<String>,
) -> Result<Response, Problem> {
    let hash: Hash = id(&hash, "the picture")?;
    let policy = [(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))];
    let about = hashed::about(hash)?;
    if hashed::is_known(&headers, hash) {
        return Ok((StatusCode::NOT_MODIFIED, about, policy).into_response());
    }
    let find = move |tx: &mut dyn Tx| Ok::<_, Refusal>(pictures::get(tx, hash)?);
    let found = app.store().read(find).await?;
    let picture = found.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "no_such_picture", "nobody brought this picture to this server")
    })?;
    Ok((about, policy, [(header::CONTENT_TYPE, picture.kind.media_type())], picture.bytes).into_response())
}
