//! Request bodies and paths, checked before anything looks at them: type, encoding, size, form.

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use soko_record_log::ByteId;
use soko_replication::limits::PAGE_BYTES_MAX;

use crate::http::problem::Problem;
use crate::http::tokens::unhex;

/// Longest JSON body. The longest field is an introduction in hexadecimal digits.
pub(crate) const JSON_BYTES_MAX: usize = 32 * 1024;

const _: () = assert!(2 * crate::platform::introduction::INTRODUCTION_BYTES_MAX < JSON_BYTES_MAX);

/// A JSON body of ours. Only `application/json`, which no plain form of another site can send.
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json(request, JSON_BYTES_MAX).await.map(Self)
    }
}

/// The same where more is said at once, up to so many bytes.
pub(crate) struct LongJson<T, const BYTES_MAX: usize>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync, const BYTES_MAX: usize> FromRequest<S> for LongJson<T, BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json(request, BYTES_MAX).await.map(Self)
    }
}

async fn json<T: DeserializeOwned>(request: Request, bytes_max: usize) -> Result<T, Problem> {
    require_type(request.headers(), "application/json")?;
    let body = read(request, bytes_max).await?;
    serde_json::from_slice(&body)
        .map_err(|error| Problem::malformed(format!("the JSON body cannot be used: {error}")))
}

/// A page of records. Never compressed by the carrier: it says itself how long it becomes.
pub(crate) struct PageBytes(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for PageBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        require_type(request.headers(), "application/octet-stream")?;
        read(request, PAGE_BYTES_MAX).await.map(Self)
    }
}

/// Bytes of some length at most.
pub(crate) struct Octets<const BYTES_MAX: usize>(pub(crate) Bytes);

impl<const BYTES_MAX: usize, S: Send + Sync> FromRequest<S> for Octets<BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        require_type(request.headers(), "application/octet-stream")?;
        read(request, BYTES_MAX).await.map(Self)
    }
}

/// Bytes that say themselves what they are, whatever the carrier calls them.
pub(crate) struct AnyBytes<const BYTES_MAX: usize>(pub(crate) Bytes);

impl<const BYTES_MAX: usize, S: Send + Sync> FromRequest<S> for AnyBytes<BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        refuse_encoded(request.headers())?;
        read(request, BYTES_MAX).await.map(Self)
    }
}

/// The variable parts of a path.
pub(crate) struct ApiPath<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::malformed(rejection.body_text())),
        }
    }
}

/// An identity written as hexadecimal digits.
pub(crate) fn id<T: ByteId>(text: &str, what: &str) -> Result<T, Problem> {
    unhex(text).and_then(|bytes| T::from_blob(&bytes)).ok_or_else(|| {
        Problem::malformed(format!(
            "{what} is not an identity in lower-case hexadecimal digits of the right length"
        ))
    })
}

pub(crate) type Answered<T> = Result<Json<T>, Problem>;

fn require_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    refuse_encoded(headers)?;
    let given = headers.get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(unsupported(format!("the body has to be {wanted}")))
}

fn refuse_encoded(headers: &HeaderMap) -> Result<(), Problem> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(unsupported("encoded bodies are not taken: send the body as it is".to_owned()));
    }
    Ok(())
}

fn unsupported(detail: String) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", detail)
}

async fn read(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    let too_long = || {
        let detail = format!("the body is longer than {bytes_max} bytes: send less at once");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", detail)
    };
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|len| len.to_str().ok());
    if announced.and_then(|len| len.parse::<usize>().ok()).is_some_and(|len| len > bytes_max) {
        return Err(too_long());
    }
    let body: Body = request.into_body();
    to_bytes(body, bytes_max).await.map_err(|error| {
        let is_limit =
            std::error::Error::source(&error).is_some_and(|cause| cause.to_string().contains("length limit"));
        if is_limit { too_long() } else { Problem::malformed("the body ended before it was complete") }
    })
}
