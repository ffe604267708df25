//! Bytes under their hash: they never change, so whoever has them keeps them for ever.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use soko_domain::ids::Hash;

use crate::http::problem::Problem;

const KEPT_FOR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// What is said of them with every answer.
pub(crate) fn about(hash: Hash) -> Result<[(HeaderName, HeaderValue); 2], Problem> {
    let tag = HeaderValue::from_str(&tag(hash)).map_err(|error| Problem::internal(&error.to_string()))?;
    Ok([(header::ETAG, tag), (header::CACHE_CONTROL, KEPT_FOR)])
}

/// Whether the caller says that it has them.
pub(crate) fn is_known(headers: &HeaderMap, hash: Hash) -> bool {
    let tag = tag(hash);
    let asked = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    asked.flat_map(|value| value.split(',')).any(|known| known.trim() == tag)
}

fn tag(hash: Hash) -> String {
    format!("\"{hash}\"")
}
