//! The model of what goes with what: which one is in use, and its bytes under their hash.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use soko_domain::ids::Hash;
use soko_record_log::{StoreError, Tx};
use utoipa::ToSchema;

use crate::experiments::{self, Arm, Experiment};
use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{ApiPath, id};
use crate::http::front::Origin;
use crate::http::hashed;
use crate::http::problem::{Problem, ProblemBody};
use crate::model::{self, Card};

#[derive(Serialize, ToSchema)]
pub(crate) struct ModelBody {
    /// SHA-256 of its bytes.
    model: String,
    made_ms: i64,
    length: u64,
    card: Card,
    /// What is tried out now; a device that is in none of its arms uses the model above.
    #[serde(skip_serializing_if = "Option::is_none")]
    experiment: Option<TriedOut>,
}

/// An experiment, as devices need it to find out alone which arm is theirs.
#[derive(Serialize, ToSchema)]
pub(crate) struct TriedOut {
    experiment: String,
    arms: Vec<TriedArm>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TriedArm {
    /// Of all devices, in millionths.
    share_ppm: u32,
    model: String,
    /// Whether the last place goes to something further down.
    explores: bool,
}

/// The model in use.
///
/// What was bought together at this market, for devices that suggest by themselves. It knows products and counts, and
/// nobody's name.
#[utoipa::path(get, path = "/v1/model", tag = "shop", responses(
    (status = 200, description = "Which one it is, and how it did", body = ModelBody),
    (status = 404, description = "There is none yet", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn in_use(State(app): State<App>, origin: Origin) -> Result<Json<ModelBody>, Problem> {
    app.spend(Who::Prefix(origin.prefix), cost::READ)?;
    let read = |tx: &mut dyn Tx| Ok::<_, StoreError>((model::in_use(tx)?, experiments::running(tx)?));
    let (found, running) = app.store().read(read).await?;
    let kept = found.ok_or_else(|| {
        let detail = "too little was bought here yet to say what goes with what";
        Problem::new(StatusCode::NOT_FOUND, "no_model", detail)
    })?;
    Ok(Json(ModelBody {
        model: kept.model.to_string(),
        made_ms: kept.made_ms,
        length: kept.length,
        card: kept.card,
        experiment: running.map(|running| tried_out(&running, kept.model)),
    }))
}

fn tried_out(running: &Experiment, in_use: Hash) -> TriedOut {
    let arm = |(arm, share): (&Arm, &u32)| TriedArm {
        share_ppm: *share,
        model: arm.model.unwrap_or(in_use).to_string(),
        explores: arm.explores,
    };
    let arms = running.arms.iter().zip(running.plan.shares.parts()).map(arm).collect();
    TriedOut { experiment: running.experiment.to_string(), arms }
}

/// A model's bytes.
#[utoipa::path(get, path = "/v1/models/{model}", tag = "shop",
    params(("model" = String, Path, description = "SHA-256 of the bytes, in hexadecimal digits")), responses(
    (status = 200, description = "Its bytes", content_type = "application/octet-stream", body = String),
    (status = 304, description = "What you have is it"),
    (status = 404, description = "It is not kept here", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn bytes(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    ApiPath(model): ApiPath<String>,
) -> Result<Response, Problem> {
    let model: Hash = id(&model, "the model")?;
    let about = hashed::about(model)?;
    if hashed::is_known(&headers, model) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    app.spend(Who::Prefix(origin.prefix), cost::SEARCH)?;
    let found = app.store().read(move |tx: &mut dyn Tx| model::bytes(tx, model)).await?;
    let bytes = found.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "no_such_model", "this server does not keep this model")
    })?;
    Ok((about, [(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// What turns one model into another.
///
/// For a device that has the first: the result is the second to the last byte, and its hash says so.
#[utoipa::path(get, path = "/v1/models/{model}/from/{base}", tag = "shop", params(
    ("model" = String, Path, description = "SHA-256 of the model that is wanted, in hexadecimal digits"),
    ("base" = String, Path, description = "The same of the model that is there")), responses(
    (status = 200, description = "The difference", content_type = "application/octet-stream", body = String),
    (status = 404, description = "There is none, or it would not be smaller: take the whole model", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn delta(
    State(app): State<App>,
    origin: Origin,
    ApiPath((model, base)): ApiPath<(String, String)>,
) -> Result<Response, Problem> {
    let (model, base): (Hash, Hash) = (id(&model, "the model")?, id(&base, "the model that is there")?);
    app.spend(Who::Prefix(origin.prefix), cost::SEARCH)?;
    let found = app.deltas().between(app.store(), (base, model)).await?;
    let delta = found.ok_or_else(|| {
        let detail = "this server has no smaller way from that model to this one";
        Problem::new(StatusCode::NOT_FOUND, "no_such_model", detail)
    })?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], delta.to_vec()).into_response())
}
