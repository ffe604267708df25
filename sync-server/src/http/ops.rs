//! For whoever runs the server: is it alive, is it ready, what does it count.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::app::App;
use crate::http::front::Origin;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::Refusal;
use crate::standing::Standing;
use crate::store::WRITE_QUEUE_MAX;

#[derive(Serialize, ToSchema)]
pub(crate) struct Status {
    status: &'static str,
}

/// The process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses(
    (status = 200, description = "Alive", body = Status)))]
pub(crate) async fn healthz() -> Json<Status> {
    std::future::ready(Json(Status { status: "alive" })).await
}

/// The server can do its work: the store keeps and answers, and there is room in its queue.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses(
    (status = 200, description = "Ready", body = Status),
    (status = 503, description = "Not now", body = ProblemBody)))]
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Status>, Problem> {
    if app.is_closing() {
        return Err(Problem::busy("the server is shutting down"));
    }
    if app.store().waiting().0 >= WRITE_QUEUE_MAX {
        return Err(Problem::busy("the store has as much to write as it can queue"));
    }
    app.try_store().await.map_err(|_| Problem::busy("the store does not answer, or keeps nothing"))?;
    Ok(Json(Status { status: "ready" }))
}

/// Counters in the Prometheus text form; for this machine only, unless the operator opened them.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses(
    (status = 200, description = "Counters", content_type = "text/plain", body = String),
    (status = 403, description = "Not from there", body = ProblemBody)))]
pub(crate) async fn metrics(State(app): State<App>, origin: Origin) -> Result<impl IntoResponse, Problem> {
    if !app.settings().open_metrics && !origin.is_local {
        let detail = "metrics are for this machine only: ask from there, or start with --open-metrics";
        return Err(Problem::new(StatusCode::FORBIDDEN, "metrics_closed", detail));
    }
    let (writes, reads) = app.store().waiting();
    app.metrics().waiting(writes, reads);
    let now_ms = app.now_ms();
    // What the process counts is wanted most while the store does not answer.
    let stands = app.store().read(move |tx| Ok::<_, Refusal>(Standing::read(tx, now_ms)?)).await;
    app.metrics().stands(stands.as_ref().ok());
    let text = app.metrics().text().map_err(|error| Problem::internal(&error.to_string()))?;
    let kind = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    Ok(std::future::ready((kind, text)).await)
}
