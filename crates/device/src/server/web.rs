//! Requests and answers: what was refused, what was not answered, and how long is waited.

use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt as _};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Heard;
use crate::failure::Undone;
use crate::host::Host;

/// Longest answer that is read. A page is the longest there is.
const ANSWER_BYTES_MAX: usize = 2 * soko_replication::limits::PAGE_BYTES_MAX;
/// Longest line of a stream; the server's are short.
const LINE_BYTES_MAX: usize = 4 * 1024;
/// A stream that is quiet for longer has lost its connection: the server says something every 15 seconds.
const QUIET_MS_MAX: u64 = 45_000;

/// Why the server did not do something.
/// By which word a server says that a session ended by itself.
pub(crate) const EXPIRED: &str = "session_expired";

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unanswered {
    /// No answer, or one that cannot be trusted to be whole. It may have been done.
    #[error("the server gave no answer: {0}")]
    NoAnswer(String),
    /// There was no connection: nothing was asked, and nothing done. A browser does not say so; there it is no answer.
    #[error("the server gave no answer: {0}")]
    Unreached(String),
    /// The token is not in force any more.
    #[error("the server does not know this access: {0}")]
    NoAccess(String),
    /// The session ended by itself, after long: whoever held it is still whom it was.
    #[error("the session ended by itself: {0}")]
    Expired(String),
    /// Try again after so many seconds.
    #[error("the server is busy: {sentence}")]
    Later { code: String, sentence: String, after_s: u64 },
    #[error("{sentence}")]
    Refused { code: String, sentence: String },
}

impl From<reqwest::Error> for Unanswered {
    fn from(error: reqwest::Error) -> Self {
        // The chain of causes says what happened; the first sentence alone only says that it did.
        let mut sentence = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            sentence = format!("{sentence}: {inner}");
            cause = inner.source();
        }
        if is_unreached(&error) { Self::Unreached(sentence) } else { Self::NoAnswer(sentence) }
    }
}

#[cfg(not(target_family = "wasm"))]
fn is_unreached(error: &reqwest::Error) -> bool {
    error.is_connect()
}

#[cfg(target_family = "wasm")]
fn is_unreached(_: &reqwest::Error) -> bool {
    false
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: String,
    detail: String,
}

/// Where requests go, and who is told how that went.
#[derive(Clone)]
pub(crate) struct Web {
    client: Client,
    host: Rc<dyn Host>,
    heard: Rc<Heard>,
    pub(crate) base: String,
    reply_ms: u64,
}

/// Gives up after so long.
pub(crate) async fn timed<T>(host: &dyn Host, ms: u64, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), host.sleep(ms)).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(((), _)) => None,
    }
}

impl Web {
    pub(crate) fn new(
        host: Rc<dyn Host>,
        heard: Rc<Heard>,
        base: &str,
        reply_ms: u64,
    ) -> Result<Self, Undone> {
        Ok(Self { client: client()?, host, heard, base: address(base)?, reply_ms })
    }

    /// The same connections to another server.
    pub(crate) fn at(&self, base: &str, reply_ms: u64) -> Result<Self, Undone> {
        Ok(Self { base: address(base)?, reply_ms, ..self.clone() })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    pub(crate) fn put(&self, path: &str) -> RequestBuilder {
        self.client.put(self.url(path))
    }

    pub(crate) fn delete(&self, path: &str) -> RequestBuilder {
        self.client.delete(self.url(path))
    }

    pub(crate) fn request_post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        bearer: Option<&str>,
        body: &Value,
    ) -> Result<Vec<u8>, Unanswered> {
        let request = self.request_post(path).json(body);
        self.whole(if let Some(bearer) = bearer { request.bearer_auth(bearer) } else { request }).await
    }

    pub(crate) async fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        bearer: Option<&str>,
        body: &Value,
    ) -> Result<T, Unanswered> {
        read_json(&self.post(path, bearer, body).await?)
    }

    /// The whole body of a good answer.
    pub(crate) async fn whole(&self, request: RequestBuilder) -> Result<Vec<u8>, Unanswered> {
        let outcome = match self.accepted(request).await {
            Ok(response) => self.body(response).await,
            Err(unanswered) => Err(unanswered),
        };
        self.heard.note(&*self.host, outcome.as_ref().err());
        outcome
    }

    /// The lines of an answer that goes on. It ends with the connection, or when it was quiet for too long.
    pub(crate) async fn lines(
        &self,
        request: RequestBuilder,
    ) -> Result<impl Stream<Item = String> + use<>, Unanswered> {
        let response = self.accepted(request).await;
        self.heard.note(&*self.host, response.as_ref().err());
        let parts = Box::pin(response?.bytes_stream());
        let begun = (parts, (Rc::clone(&self.host), Rc::clone(&self.heard)), Vec::<u8>::new());
        Ok(futures_util::stream::unfold(begun, |(mut parts, around, mut held)| async move {
            let (host, heard) = &around;
            loop {
                if let Some(end) = held.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = held.drain(..=end).collect();
                    let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                    return Some((line, (parts, around, held)));
                }
                match timed(&**host, QUIET_MS_MAX, parts.next()).await {
                    Some(Some(Ok(part))) if held.len() + part.len() <= LINE_BYTES_MAX => {
                        heard.note(&**host, None);
                        held.extend_from_slice(&part);
                    }
                    Some(Some(Ok(_) | Err(_)) | None) | None => return None,
                }
            }
        }))
    }

    async fn body(&self, response: Response) -> Result<Vec<u8>, Unanswered> {
        let mut bytes = Vec::new();
        let mut parts = response.bytes_stream();
        while let Some(part) = self.timed(parts.next()).await? {
            bytes.extend_from_slice(&part?);
            if bytes.len() > ANSWER_BYTES_MAX {
                return Err(Unanswered::NoAnswer("the answer is too long".into()));
            }
        }
        Ok(bytes)
    }

    /// Tells an answer from a refusal.
    async fn accepted(&self, request: RequestBuilder) -> Result<Response, Unanswered> {
        let response = self.timed(request.send()).await??;
        self.heard.note_clock(&*self.host, response.headers().get("date"));
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let after_s: u64 = after.and_then(|value| value.parse().ok()).unwrap_or(1);
        let problem: Problem = serde_json::from_slice(&self.body(response).await?).unwrap_or_default();
        Err(unanswered(status, problem, after_s))
    }

    async fn timed<T>(&self, work: impl Future<Output = T>) -> Result<T, Unanswered> {
        let ms = self.reply_ms;
        let done = timed(&*self.host, ms, work).await;
        done.ok_or_else(|| Unanswered::NoAnswer(format!("nothing came within {ms} ms")))
    }
}

/// What another answer than the one that was asked for means. Only a server of ours refuses, and it says with which word: what stands in
/// between, or gave up waiting, knows nothing of what was asked for, and it is asked again.
fn unanswered(status: StatusCode, problem: Problem, after_s: u64) -> Unanswered {
    let Problem { code, detail } = problem;
    let sentence = if detail.is_empty() { format!("it answered {status}") } else { detail };
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Unanswered::Later { code, sentence, after_s }
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => Unanswered::NoAnswer(sentence),
        status if status.is_server_error() || code.is_empty() => Unanswered::NoAnswer(sentence),
        StatusCode::UNAUTHORIZED if code == EXPIRED => Unanswered::Expired(sentence),
        StatusCode::UNAUTHORIZED if code != "wrong_credentials" => Unanswered::NoAccess(sentence),
        _ => Unanswered::Refused { code, sentence },
    }
}

pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unanswered> {
    serde_json::from_slice(bytes)
        .map_err(|error| Unanswered::NoAnswer(format!("the answer cannot be read: {error}")))
}

fn address(base: &str) -> Result<String, Undone> {
    let base = base.trim().trim_end_matches('/').to_owned();
    let rest = base.strip_prefix("http://").or_else(|| base.strip_prefix("https://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(char::is_whitespace)) {
        return Err(Undone::refused("address", format!("{base} is no address: write https://…")));
    }
    Ok(base)
}

#[cfg(not(target_family = "wasm"))]
fn client() -> Result<Client, Undone> {
    let provider = rustls::crypto::ring::default_provider();
    // A second device in one process finds it installed already.
    let _ = rustls::crypto::CryptoProvider::install_default(provider);
    Client::builder().build().map_err(|error| Undone::failed(error.to_string()))
}

#[cfg(target_family = "wasm")]
fn client() -> Result<Client, Undone> {
    Client::builder().build().map_err(|error| Undone::failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        assert_eq!(address(" https://market.example/ ").unwrap(), "https://market.example");
        for wrong in ["market.example", "https://", "ftp://a", "http://a b", ""] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    /// An order that was saved for later would end by what a stranger on the way says.
    #[test]
    fn only_a_refusal_with_its_word_ends_what_was_asked_for() {
        for (status, code, expected) in [
            (404, "", "nobody"),
            (403, "", "nobody"),
            (413, "", "nobody"),
            (408, "timeout", "nobody"),
            (425, "", "nobody"),
            (502, "", "nobody"),
            (409, "price_changed", "refused"),
            (404, "no_such_order", "refused"),
            (401, "", "nobody"),
            (401, "not_signed_in", "no access"),
            (401, "session_expired", "expired"),
            (401, "wrong_credentials", "refused"),
            (429, "", "later"),
            (503, "busy", "later"),
        ] {
            let problem = Problem { code: code.into(), detail: String::new() };
            let found = match unanswered(StatusCode::from_u16(status).unwrap(), problem, 1) {
                Unanswered::NoAnswer(_) | Unanswered::Unreached(_) => "nobody",
                Unanswered::NoAccess(_) => "no access",
                Unanswered::Expired(_) => "expired",
                Unanswered::Later { .. } => "later",
                Unanswered::Refused { .. } => "refused",
            };
            assert_eq!(found, expected, "{status} {code:?}");
        }
    }
}
