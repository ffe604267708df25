//! Mail that came back, as the mail server of whoever runs this one hands it on.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use soko_domain::ids::LogId;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::http::app::App;
use crate::http::body::{Answered, AnyBytes};
use crate::http::caller::knows;
use crate::http::front::Origin;
use crate::http::problem::{Problem, ProblemBody};
use crate::messages::bounced;
use crate::platform::Refusal;
use crate::store::Shard;

/// Longest report; some hold the whole letter.
const REPORT_BYTES_MAX: usize = 1024 * 1024;

#[derive(Serialize, ToSchema)]
pub(crate) struct BouncedBody {
    /// Whether it is about a letter that this server still knows.
    known: bool,
}

/// A report of a mail server about a letter of ours that did not get there (RFC 3464), as it came. With the key of
/// `--bounce-key`.
#[utoipa::path(post, path = "/v1/mail/bounced", tag = "operation",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, description = "Noted; again, nothing changes", body = BouncedBody),
    (status = 401, description = "Not the key", body = ProblemBody),
    (status = 404, description = "This server has no key for it", body = ProblemBody),
    (status = 422, description = "No report, or about no letter of a Soko server", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn report(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    AnyBytes(raw): AnyBytes<REPORT_BYTES_MAX>,
) -> Answered<BouncedBody> {
    let Some(key) = &app.settings().bounce_key else {
        let detail = "this server has no key for it: start it with --bounce-key or SOKO_BOUNCE_KEY";
        return Err(Problem::new(StatusCode::NOT_FOUND, "no_bounce_key", detail));
    };
    if !knows(&app, &origin, (&headers, key))? {
        let detail = "this is not the key: it stands in the server's settings as bounce-key";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "not_the_bounce_key", detail));
    }
    let report = bounced::read(&raw).ok_or_else(|| {
        let detail =
            "this is no report about a letter of a Soko server: hand on mail to the bounce address only";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_report", detail)
    })?;
    let (offers, now_ms) = (app.offers(), app.now_ms());
    // All messages are one queue.
    let note = move |tx: &mut dyn Tx| Ok::<_, Refusal>(bounced::note(tx, &report, (offers, now_ms))?);
    let known = app.store().write(Shard::stall(LogId::default()), note).await?;
    app.message_bell().notify_one();
    Ok(Json(BouncedBody { known }))
}
