//! What a query string asks for, checked like a body, and answers that may be kept for a moment.

use axum::body::Body;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use soko_domain::ids::Hash;

use crate::http::problem::Problem;

/// Rows of one answer, unless fewer are asked for.
pub(crate) const ROWS_DEFAULT: usize = 50;
pub(crate) const ROWS_MAX: usize = 100;
/// Longest text to search for, and longest cursor but for its identity.
const TEXT_BYTES_MAX: usize = 1_000;
/// What everybody may see is the same for everybody, and a little old at most.
const KEPT_FOR: &str = "public, max-age=2";

/// The query string of a request.
pub(crate) struct ApiQuery<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::malformed(rejection.body_text())),
        }
    }
}

pub(crate) fn rows(limit: Option<u32>) -> Result<usize, Problem> {
    let Some(limit) = limit else { return Ok(ROWS_DEFAULT) };
    let wanted = usize::try_from(limit).ok().filter(|limit| (1..=ROWS_MAX).contains(limit));
    wanted.ok_or_else(|| Problem::malformed(format!("limit should be from 1 to {ROWS_MAX}")))
}

/// One line of text that is safe to look for on every engine.
pub(crate) fn line<'a>(text: &'a str, what: &str) -> Result<&'a str, Problem> {
    if text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
        let detail = format!("{what} is longer than {TEXT_BYTES_MAX} bytes or holds control characters");
        return Err(Problem::malformed(detail));
    }
    Ok(text)
}

/// A public answer with a tag; whoever has it already gets none of it again.
pub(crate) fn shared(headers: &HeaderMap, body: &impl Serialize) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(body).map_err(|error| Problem::internal(&error.to_string()))?;
    let tag = format!("\"{}\"", &Hash(Sha256::digest(&bytes).into()).to_string()[..32]);
    let asked = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = asked.flat_map(|value| value.split(',')).any(|known| known.trim() == tag);
    let about = [(header::ETAG, tag), (header::CACHE_CONTROL, KEPT_FOR.to_owned())];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    Ok((about, [(header::CONTENT_TYPE, "application/json")], Body::from(bytes)).into_response())
}
