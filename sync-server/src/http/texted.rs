//! What providers of texts report of ours: whether they are on the telephone.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use soko_domain::ids::LogId;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, AnyBytes, ApiPath};
use crate::http::caller::bearer;
use crate::http::front::Origin;
use crate::http::problem::{Problem, ProblemBody};
use crate::messages::reported::{self, Noted};
use crate::messages::{NotTaken, SmsShape};
use crate::platform::Refusal;
use crate::store::Shard;

const REPORT_BYTES_MAX: usize = 16 * 1024;
const SIGNATURE: &str = "x-twilio-signature";

#[derive(Serialize, ToSchema)]
pub(crate) struct TextReported {
    /// Whether it is known now where the text is, and was not before.
    news: bool,
}

/// A report about a text: of Twilio, by its signature; of a program of the operator's own, by the key as bearer.
#[utoipa::path(post, path = "/v1/sms/reported", tag = "operation",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, description = "Noted; again, nothing changes", body = TextReported),
    (status = 401, description = "Not from whoever brings our texts", body = ProblemBody),
    (status = 404, description = "This server takes no reports, or knows no such text", body = ProblemBody),
    (status = 422, description = "No report", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn signed(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    AnyBytes(body): AnyBytes<REPORT_BYTES_MAX>,
) -> Answered<TextReported> {
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let proof = signature.or_else(|| bearer(&headers)).unwrap_or_default();
    note(&app, &origin, (proof, &body)).await
}

/// A report about a text, of Africa's Talking, which signs nothing: the key stands in the address.
#[utoipa::path(post, path = "/v1/sms/reported/{key}", tag = "operation",
    params(("key" = String, Path, description = "The key of --sms-report-key")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, description = "Noted; again, nothing changes", body = TextReported),
    (status = 401, description = "Not the key", body = ProblemBody),
    (status = 404, description = "This server takes no such reports, or knows no such text", body = ProblemBody),
    (status = 422, description = "No report", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn by_key(
    State(app): State<App>,
    origin: Origin,
    ApiPath(key): ApiPath<String>,
    AnyBytes(body): AnyBytes<REPORT_BYTES_MAX>,
) -> Answered<TextReported> {
    if app.settings().text_reports.as_ref().is_none_or(|reports| reports.shape != SmsShape::AfricasTalking) {
        return Err(none_taken());
    }
    note(&app, &origin, (&key, &body)).await
}

async fn note(app: &App, origin: &Origin, (proof, body): (&str, &[u8])) -> Answered<TextReported> {
    let reports = app.settings().text_reports.as_ref().ok_or_else(none_taken)?;
    let read = reports.read(proof, body);
    let (named, became) = match read {
        Ok(read) => read,
        Err(NotTaken::Forged) => {
            app.metrics().text_report("forged");
            app.spend(Who::Prefix(origin.prefix), cost::PASSWORD)?;
            let detail = "whoever says this is not the one who brings our texts";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "not_the_provider", detail));
        }
        Err(NotTaken::Unreadable) => {
            app.metrics().text_report("unreadable");
            let detail = "this is no report about a text";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_report", detail));
        }
    };
    let (offers, now_ms) = (app.offers(), app.now_ms());
    let note =
        move |tx: &mut dyn Tx| Ok::<_, Refusal>(reported::note(tx, (&named, &became), (offers, now_ms))?);
    let noted = app.store().write(Shard::stall(LogId::default()), note).await?;
    app.metrics().text_report(match noted {
        Noted::Delivered => "delivered",
        Noted::Failed => "failed",
        Noted::Nothing => "nothing-new",
        Noted::Unknown => "unknown",
    });
    match noted {
        Noted::Unknown => {
            let detail = "no text of this server is called so, or not any more";
            Err(Problem::new(StatusCode::NOT_FOUND, "no_such_text", detail))
        }
        Noted::Failed => {
            app.message_bell().notify_one();
            Ok(Json(TextReported { news: true }))
        }
        Noted::Delivered => Ok(Json(TextReported { news: true })),
        Noted::Nothing => Ok(Json(TextReported { news: false })),
    }
}

fn none_taken() -> Problem {
    let detail = "this server takes no reports about texts: see sms-report-key, and docs/running-a-server.md";
    Problem::new(StatusCode::NOT_FOUND, "no_text_reports", detail)
}
