//! The server as a register sees it: requests over HTTP, refusals as sentences, fresh access when the old ended.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use soko_domain::ids::{AuthorId, LogId};
use soko_domain::wire::Wire as _;

use crate::home::{Home, random_id};
use crate::outcome::Undone;

/// Longest answer that is read. A page is the longest there is.
const ANSWER_BYTES_MAX: usize = 2 * soko_replication::limits::PAGE_BYTES_MAX;
const CONNECT_WAIT: Duration = Duration::from_secs(10);
const REFRESH_DOMAIN: &[u8] = b"soko refresh 1";
const REFRESH_PREFIX: &str = "soko_r_";

/// Why the server did not do something.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unanswered {
    /// No answer, or one that cannot be trusted to be whole. It may have been done.
    #[error("the server gave no answer: {0}")]
    NoAnswer(String),
    /// The access token is not in force any more.
    #[error("the server does not know this register's access: {0}")]
    NoAccess(String),
    /// Try again after so many seconds.
    #[error("the server is busy: {sentence}")]
    Later { sentence: String, after_s: u64 },
    #[error("{sentence}")]
    Refused { code: String, sentence: String },
}

impl From<Unanswered> for Undone {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Refused { code, sentence } => Self::Refused { code, sentence },
            other @ (Unanswered::NoAnswer(_) | Unanswered::NoAccess(_) | Unanswered::Later { .. }) => {
                Self::Failed(other.to_string())
            }
        }
    }
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
        Self::NoAnswer(sentence)
    }
}

/// What the server answers when it let a device in.
#[derive(Deserialize)]
struct Enrolled {
    access_token: String,
    refresh_token: String,
    /// The key under which the server's own entries count, in hexadecimal digits.
    #[serde(default)]
    server_key: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    refresh_token: String,
}

/// What proves that a device may be let in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ticket {
    /// Typed in; from an owner or manager.
    Code(String),
    /// The token of a signed-in owner's or manager's session, and what the device is to be.
    Person { session: String, role: String },
}

/// One server.
#[derive(Clone, Debug)]
pub struct Server {
    client: Client,
    base: String,
}

impl Server {
    pub fn new(base: &str, reply_wait: Duration) -> Result<Self, Undone> {
        let base = base.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(Undone::usage(format!("{base} is no address: write http://… or https://…")));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // A second server in one process finds it installed already.
        let _ = rustls::crypto::CryptoProvider::install_default((*provider).clone());
        let client = Client::builder()
            .connect_timeout(CONNECT_WAIT)
            .read_timeout(reply_wait)
            .build()
            .map_err(|error| Undone::failed(error.to_string()))?;
        Ok(Self { client, base })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn post(&self, path: &str, bearer: Option<&str>, body: &Value) -> Result<Value, Unanswered> {
        let request = self.client.post(self.url(path)).json(body);
        let request = if let Some(bearer) = bearer { request.bearer_auth(bearer) } else { request };
        let bytes = whole(request).await?;
        serde_json::from_slice(&bytes).map_err(|error| Unanswered::NoAnswer(format!("not JSON: {error}")))
    }

    /// Reads what anybody or the bearer may read.
    pub async fn get(&self, path: &str, bearer: Option<&str>) -> Result<Value, Unanswered> {
        let request = self.client.get(self.url(path));
        let request = if let Some(bearer) = bearer { request.bearer_auth(bearer) } else { request };
        let bytes = whole(request).await?;
        serde_json::from_slice(&bytes).map_err(|error| Unanswered::NoAnswer(format!("not JSON: {error}")))
    }

    pub async fn create_account(&self, email: &str, password: &str) -> Result<(), Unanswered> {
        let body = json!({"email": email, "password": password});
        self.post("/v1/accounts", None, &body).await.map(drop)
    }

    /// Signs in; the session's token.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<String, Unanswered> {
        let body = json!({"email": email, "password": password, "carrier": "bearer"});
        let answer = self.post("/v1/sessions", None, &body).await?;
        let token = answer["token"].as_str().map(str::to_owned);
        token.ok_or_else(|| Unanswered::NoAnswer("the session has no token".into()))
    }

    /// Claims a stall that this register founded.
    pub async fn claim(&self, session: &str, introduction: &str) -> Result<(), Unanswered> {
        self.post("/v1/stalls", Some(session), &json!({"introduction": introduction})).await.map(drop)
    }

    /// A code that lets one device in.
    pub async fn invite(&self, session: &str, stall: LogId, role: &str) -> Result<Value, Unanswered> {
        let path = format!("/v1/stalls/{stall}/enrolment-codes");
        self.post(&path, Some(session), &json!({"role": role})).await
    }

    /// Lets this register in and keeps its tokens and the server's keys.
    pub async fn enrol(
        &self,
        home: &mut Home,
        stall: LogId,
        name: &str,
        ticket: &Ticket,
    ) -> Result<(), Undone> {
        let introduction = hex(&home.introduction(stall)?.to_bytes());
        let mut link = home.link(stall)?;
        link.server = self.base.clone();
        if link.request.is_empty() {
            link.request = random_id().to_string();
        }
        home.keep_link(&link)?;
        let (body, session) = match ticket {
            Ticket::Code(code) => (json!({"introduction": introduction, "name": name, "code": code}), None),
            Ticket::Person { session, role } => (
                json!({"introduction": introduction, "name": name, "request": link.request, "role": role}),
                Some(session.as_str()),
            ),
        };
        let answer = self.post("/v1/devices/enrol", session, &body).await?;
        let enrolled: Enrolled = serde_json::from_value(answer)
            .map_err(|error| Undone::failed(format!("the server's answer cannot be read: {error}")))?;
        (link.access_token, link.refresh_token) = (enrolled.access_token, enrolled.refresh_token);
        home.keep_link(&link)?;
        if let Some(key) = &enrolled.server_key {
            let key: [u8; 32] = unhex(key)
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(|| Undone::failed("the server's key cannot be read"))?;
            home.engine()?.trust_server(stall, key)?;
        }
        Ok(())
    }

    /// Fresh access for ten minutes more. The new tokens are kept before they are used.
    pub async fn refresh(&self, home: &mut Home, stall: LogId) -> Result<(), Undone> {
        let (author, mut link) = (home.author(stall)?, home.link(stall)?);
        let nonce = random_id();
        let message = refresh_message(author, &link.refresh_token, &nonce.0).ok_or_else(|| {
            Undone::refused("not_enrolled", "this register is not enrolled at a server: use enrol")
        })?;
        let signature = home.sign(stall, &message)?;
        let body = json!({
            "author": author.to_string(), "refresh_token": link.refresh_token,
            "nonce": nonce.to_string(), "signature": hex(&signature),
        });
        let answer =
            self.post("/v1/devices/refresh", None, &body).await.map_err(|unanswered| match unanswered {
                Unanswered::NoAccess(sentence) => Undone::refused("access_ended", sentence),
                other @ (Unanswered::NoAnswer(_) | Unanswered::Later { .. } | Unanswered::Refused { .. }) => {
                    other.into()
                }
            })?;
        let tokens: Tokens = serde_json::from_value(answer)
            .map_err(|error| Undone::failed(format!("the server's answer cannot be read: {error}")))?;
        (link.access_token, link.refresh_token) = (tokens.access_token, tokens.refresh_token);
        home.keep_link(&link)
    }

    /// Carries a page there and the server's page back.
    pub async fn exchange(&self, stall: LogId, access: &str, page: Vec<u8>) -> Result<Vec<u8>, Unanswered> {
        let request = self
            .client
            .post(self.url(&format!("/v1/stalls/{stall}/replicate")))
            .bearer_auth(access)
            .header("content-type", "application/octet-stream")
            .body(page);
        whole(request).await
    }

    /// A word each time the stall moved.
    pub async fn moves(
        &self,
        stall: LogId,
        access: &str,
    ) -> Result<impl Stream<Item = Result<(), Unanswered>> + Unpin + use<>, Unanswered> {
        let request = self.client.get(self.url(&format!("/v1/stalls/{stall}/stream"))).bearer_auth(access);
        let response = accepted(request.send().await?).await?;
        Ok(Box::pin(response.bytes_stream().filter_map(|part| async move {
            match part {
                // Lines in between only say that the connection lives.
                Ok(bytes) => bytes.windows(4).any(|four| four == b"move").then_some(Ok(())),
                Err(error) => Some(Err(error.into())),
            }
        })))
    }
}

/// What a device signs to use a refresh token; nothing if there is no such token.
fn refresh_message(author: AuthorId, token: &str, nonce: &[u8; 16]) -> Option<Vec<u8>> {
    let token = unhex(token.strip_prefix(REFRESH_PREFIX)?)?;
    let token_hash: [u8; 32] = Sha256::digest(&token).into();
    Some([REFRESH_DOMAIN, author.as_bytes(), &token_hash, nonce].concat())
}

/// The whole body of a good answer.
async fn whole(request: RequestBuilder) -> Result<Vec<u8>, Unanswered> {
    let response = accepted(request.send().await?).await?;
    body(response).await
}

async fn body(response: Response) -> Result<Vec<u8>, Unanswered> {
    let mut bytes = Vec::new();
    let mut parts = response.bytes_stream();
    while let Some(part) = parts.next().await {
        bytes.extend_from_slice(&part?);
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(Unanswered::NoAnswer("the answer is too long".into()));
        }
    }
    Ok(bytes)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: String,
    detail: String,
}

/// Tells an answer from a refusal.
async fn accepted(response: Response) -> Result<Response, Unanswered> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let after_s: u64 = after.and_then(|value| value.parse().ok()).unwrap_or(1);
    let problem: Problem = serde_json::from_slice(&body(response).await?).unwrap_or_default();
    let sentence = if problem.detail.is_empty() { format!("it answered {status}") } else { problem.detail };
    Err(match status {
        StatusCode::UNAUTHORIZED if problem.code != "wrong_credentials" => Unanswered::NoAccess(sentence),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Unanswered::Later { sentence, after_s }
        }
        status if status.is_server_error() => Unanswered::NoAnswer(sentence),
        _ => Unanswered::Refused { code: problem.code, sentence },
    })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_message_names_author_token_and_nonce() {
        let token = format!("{REFRESH_PREFIX}{}", "ab".repeat(32));
        let message = refresh_message(AuthorId([1; 16]), &token, &[2; 16]).unwrap();
        let token_hash: [u8; 32] = Sha256::digest([0xab; 32]).into();
        assert_eq!(message, [REFRESH_DOMAIN, &[1; 16], &token_hash, &[2; 16]].concat());
        for wrong in ["", "soko_a_00", "soko_r_0", "soko_r_zz"] {
            assert_eq!(refresh_message(AuthorId([1; 16]), wrong, &[2; 16]), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_without_a_scheme_is_wrong_use() {
        let refused = Server::new("example.org", Duration::from_secs(1)).unwrap_err();
        assert!(matches!(refused, Undone::Usage(_)), "{refused:?}");
    }
}
