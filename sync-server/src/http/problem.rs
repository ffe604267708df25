//! Refusals as `application/problem+json`: what was wrong, what to do, and whether trying again helps. Failures of
//! our own are logged once, here, and told apart from the caller's mistakes.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use soko_domain::review::Unfit;
use soko_record_log::StoreError;
use utoipa::ToSchema;

use crate::core::{CoreRefusal, Fault};
use crate::guard::limits::Exhausted;
use crate::guard::throttle::Wait;
use crate::outside::NoEntropy;
use crate::platform::Refusal;
use crate::store::{Failed, NoAnswer};

/// What a caller waits before it tries again when the server is busy.
const BUSY_RETRY_S: u32 = 1;

/// A refusal on its way out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    /// Trying the same again, after this long, can help.
    retry_after_s: Option<u32>,
    /// There is no answer, rather than this one: the store failed, or nobody came to it.
    is_failure: bool,
}

/// What callers read (RFC 9457), with the stable `code` that programs look at.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProblemBody {
    /// `urn:soko:problem:` and the code.
    r#type: String,
    title: String,
    status: u16,
    /// What was wrong and what to do, for people.
    detail: String,
    code: String,
    /// Whether the same request can succeed later.
    retry: bool,
}

impl Problem {
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { status, code: code.into(), detail: detail.into(), retry_after_s: None, is_failure: false }
    }

    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(BUSY_RETRY_S)
    }

    /// Something of ours went wrong; the log knows what.
    pub(crate) fn internal(cause: &str) -> Self {
        tracing::error!(cause, "request.failed");
        let detail = "the server failed at this request: report it with its x-request-id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    fn into_failure(self) -> Self {
        Self { is_failure: true, ..self }
    }

    /// Whether it was not decided at all.
    pub fn is_failure(&self) -> bool {
        self.is_failure
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn code(&self) -> &str {
        &self.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            r#type: format!("urn:soko:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code.into_owned(),
            retry: self.retry_after_s.is_some(),
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        if let Refusal::Store(error) = refusal {
            return error.into();
        }
        let problem = Self::new(status_of(&refusal), refusal.code(), refusal.to_string());
        let is_for_later = matches!(refusal, Refusal::Core(CoreRefusal::Refused { fault: Fault::Later, .. }));
        if is_for_later { problem.retry_after(BUSY_RETRY_S) } else { problem }
    }
}

fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NotSignedIn
        | Refusal::SessionExpired
        | Refusal::WrongCredentials
        | Refusal::DeviceRevoked
        | Refusal::RefreshReused
        | Refusal::RefreshUnknown
        | Refusal::SignatureWrong
        | Refusal::NotTheOperator => StatusCode::UNAUTHORIZED,
        Refusal::NotAllowed
        | Refusal::NotForKeys
        | Refusal::ScopeMissing(_)
        | Refusal::AccountLocked
        | Refusal::RankTooLow(_)
        | Refusal::NotByName
        | Refusal::Review(Unfit::NotYours | Unfit::OwnStall) => StatusCode::FORBIDDEN,
        Refusal::NoSuchStall
        | Refusal::NoSuchDevice
        | Refusal::NoSuchKey
        | Refusal::NoSuchHook
        | Refusal::NoSuchFeed
        | Refusal::NoSuchOrder
        | Refusal::NoSuchReview
        | Refusal::NoSuchPerson
        | Refusal::NoSuchMember => StatusCode::NOT_FOUND,
        Refusal::Review(Unfit::NotOrdered | Unfit::NotHandedOver) => StatusCode::CONFLICT,
        Refusal::Review(Unfit::Stars | Unfit::TooLong | Unfit::NotPlain | Unfit::NoReason)
        | Refusal::CodeUnknown
        | Refusal::EmailUnreadable
        | Refusal::WeakPassword(_)
        | Refusal::NameUnusable
        | Refusal::Unproven(_)
        | Refusal::OtherStall
        | Refusal::NoPicture
        | Refusal::OtherPicture => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::SameEmail
        | Refusal::TooOften(_)
        | Refusal::AccountExists
        | Refusal::StallTaken
        | Refusal::AuthorTaken
        | Refusal::AlreadyEnrolled
        | Refusal::LastOwner
        | Refusal::LastAdmin
        | Refusal::TooMany(_) => StatusCode::CONFLICT,
        Refusal::Core(CoreRefusal::Refused { fault, .. }) => status_of_fault(*fault),
        Refusal::Core(CoreRefusal::Store(_)) | Refusal::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

pub(crate) fn status_of_fault(fault: Fault) -> StatusCode {
    match fault {
        Fault::Malformed => StatusCode::BAD_REQUEST,
        Fault::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        Fault::Forbidden => StatusCode::FORBIDDEN,
        Fault::Conflict => StatusCode::CONFLICT,
        Fault::Later => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = match error {
            StoreError::Full(_) => {
                tracing::error!(%error, "store.full");
                let detail = "the server's disk is full: nothing was kept, reading still works";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", detail).retry_after(60)
            }
            StoreError::Busy(_) | StoreError::Serialization(_) => {
                Self::busy("others came first several times: try again")
            }
            StoreError::Io(_) | StoreError::Closed(_) | StoreError::ReadOnly(_) => {
                tracing::error!(%error, "store.unavailable");
                Self::busy("the store cannot be reached: what you sent was not acknowledged, try again")
            }
            StoreError::Corrupt(_)
            | StoreError::Newer(_)
            | StoreError::Constraint(_)
            | StoreError::Other(_) => Self::internal(&error.to_string()),
        };
        problem.into_failure()
    }
}

impl From<NoAnswer> for Problem {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::NotKept(error) => error.into(),
            NoAnswer::Panicked => Self::internal("a job of the store panicked").into_failure(),
            NoAnswer::QueueFull | NoAnswer::Closed => Self::busy(none.to_string()).into_failure(),
        }
    }
}

impl<E: Into<Problem>> From<Failed<E>> for Problem {
    fn from(failed: Failed<E>) -> Self {
        match failed {
            Failed::Refused(refusal) => refusal.into(),
            Failed::NoAnswer(none) => none.into(),
        }
    }
}

impl From<Exhausted> for Problem {
    fn from(exhausted: Exhausted) -> Self {
        let seconds = exhausted.retry_after_s;
        let detail = format!("too much was asked for in too short a time: try again in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).retry_after(seconds)
    }
}

impl From<Wait> for Problem {
    fn from(wait: Wait) -> Self {
        let seconds = wait.retry_after_s;
        let detail = format!("several passwords were wrong: try again in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "sign_in_delayed", detail).retry_after(seconds)
    }
}

impl From<NoEntropy> for Problem {
    fn from(none: NoEntropy) -> Self {
        Self::internal(&none.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_not_decided_is_a_failure() {
        let refused = |fault, code| CoreRefusal::Refused { fault, code, detail: String::new() };
        for (problem, is_failure) in [
            (Problem::from(Refusal::NoSuchStall), false),
            (Refusal::from(refused(Fault::Conflict, "id_reused")).into(), false),
            (Refusal::from(refused(Fault::Later, "stall_frozen")).into(), false),
            (Problem::busy("ask again"), false),
            (Refusal::Store(StoreError::Full("disk".into())).into(), true),
            (Refusal::from(CoreRefusal::Store(StoreError::Other("odd".into()))).into(), true),
            (NoAnswer::QueueFull.into(), true),
            (NoAnswer::Panicked.into(), true),
        ] {
            assert_eq!(problem.is_failure(), is_failure, "{problem:?}");
        }
    }
}
