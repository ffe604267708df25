//! Records both ways: one page in, one page out. Idempotent, so a lost reply costs one more round.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use soko_domain::ids::LogId;
use soko_record_log::Tx;

use crate::core::{PageIn, PageOut};
use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Asked, Turn};
use crate::http::body::{ApiPath, PageBytes, id};
use crate::http::caller::DeviceCaller;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::{Action, Object, Principal, Refusal};

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
    let exchange = move |tx: &mut dyn Tx, turn: &Turn<'_>| {
        let Principal::Device { author, .. } = turn.authority.principal else {
            return Err(Refusal::NotAllowed);
        };
        let page = PageIn { stall, author, role: turn.authority.role, page: &page };
        let PageOut { page, moved_to } = turn.core.replicate(tx, &page, turn.now)?;
        Ok((page, moved_to))
    };
    let reply = app.in_stall(asked, exchange).await?;
    let bytes = u64::try_from(bytes_in.saturating_add(reply.len())).unwrap_or(u64::MAX);
    app.metrics().replicated_bytes.inc_by(bytes);
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], reply))
}
