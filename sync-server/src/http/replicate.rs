//! Records both ways: one page in, one page out. Idempotent, so a lost reply costs one more round.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use soko_domain::ids::LogId;
use soko_record_log::Tx;
use tracing::Instrument as _;

use crate::core::{PageIn, PageOut};
use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Asked, Turn};
use crate::http::body::{ApiPath, PageBytes, id};
use crate::http::caller::DeviceCaller;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::{Action, Object, Principal, Refusal};
use crate::spans::TARGET;
use crate::stall::Prepared;

/// Exchange one page of records with a stall's log. The body is never compressed by the carrier.
#[utoipa::path(post, path = "/v1/stalls/{stall}/replicate", tag = "replication",
    params(("stall" = String, Path, description = "The stall's identity")),
    request_body(content = String, content_type = "application/octet-stream"), responses(
    (status = 200, description = "The server's page", content_type = "application/octet-stream", body = String),
    (status = 413, description = "The page is too long", body = ProblemBody),
    (status = 415, description = "Another type, or an encoded body", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn replicate(
    State(app): State<App>,
    DeviceCaller(device): DeviceCaller,
    ApiPath(stall): ApiPath<String>,
    PageBytes(page): PageBytes,
) -> Result<impl IntoResponse, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    let price = cost::WRITE.saturating_add(cost::of_bytes(page.len()));
    app.spend(Who::Device(device.author), price)?;
    app.spend(Who::Stall(stall), price)?;
    let principal = Principal::Device { author: device.author, stall: device.stall, role: device.role };
    let bytes_in = page.len();
    let asked = Asked { principal, object: Object::Stall(stall), action: Action::Replicate };
    let span =
        tracing::info_span!(target: TARGET, parent: None, "replicate", %stall, author = %device.author);
    let reply = exchanged(&app, asked, page).instrument(span).await?;
    let bytes = u64::try_from(bytes_in.saturating_add(reply.len())).unwrap_or(u64::MAX);
    app.metrics().replicated_bytes.inc_by(bytes);
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], reply))
}

/// Documents are changed between two runs of the transaction, so that a slow one keeps nobody from writing.
async fn exchanged(app: &App, asked: Asked, page: Bytes) -> Result<Vec<u8>, Problem> {
    let prepared = Arc::new(Prepared::default());
    loop {
        let commit = tracing::info_span!(target: TARGET, "replicate.commit");
        let exchange = exchange(asked.object.stall(), &page, &prepared);
        let done = app.in_stall(asked, exchange).instrument(commit).await;
        if done.is_ok() || !prepared.is_wanting() || prepared.is_hopeless() {
            return done;
        }
        let (core, prepared) = (app.core()?, Arc::clone(&prepared));
        let documents = tracing::info_span!(target: TARGET, "replicate.documents");
        let found = tokio::task::spawn_blocking(move || core.find_out(&prepared)).instrument(documents).await;
        found.map_err(|_| Problem::internal("documents could not be looked at"))?.map_err(Refusal::from)?;
    }
}

/// One run of it.
fn exchange(
    stall: LogId,
    page: &Bytes,
    prepared: &Arc<Prepared>,
) -> impl FnMut(&mut dyn Tx, &Turn<'_>) -> Result<(Vec<u8>, Option<u64>), Refusal> + Send + use<> {
    let (page, prepared) = (page.clone(), Arc::clone(prepared));
    move |tx, turn| {
        let Principal::Device { author, .. } = turn.authority.principal else {
            return Err(Refusal::NotAllowed);
        };
        let role = turn.authority.role;
        let page = PageIn { stall, author, role, page: &page, prepared: Some(&prepared) };
        let PageOut { page, moved_to } = turn.core.replicate(tx, &page, turn.now)?;
        Ok((page, moved_to))
    }
}
