//! The server as a device sees it: requests over HTTP, refusals as sentences. Nothing is kept here.

mod addresses;
mod baskets;
mod devices;
mod heard;
mod interactions;
mod likes;
mod mailed;
mod messages;
mod orders;
mod own_orders;
mod programs;
mod reviews;
mod sessions;
mod web;

use std::rc::Rc;

use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use soko_app_api::{MarketQuery, MarketView, decode, encode};
use soko_domain::ids::{AuthorId, Hash, LogId};

use crate::experiment::Published;
use crate::failure::Undone;
use crate::hex::{hex, unhex};
use crate::host::Host;

pub(crate) use addresses::{AddressesSaid, BookEntry};
pub(crate) use baskets::{BasketsAsked, BasketsSaid};
pub(crate) use devices::Farewell;
pub(crate) use heard::Heard;
pub(crate) use interactions::{FunnelSaid, MetSaid};
pub(crate) use likes::{LikesSaid, Turned};
pub(crate) use mailed::{Mailed, MailedNow};
pub(crate) use orders::{Brought, CardNow, LineNow, OrderNow, PlacedAs, ReturnNow, Wish};
pub(crate) use own_orders::{OwnOrders, PlacedOrder};
pub(crate) use reviews::Said;
pub use web::Unanswered;
pub(crate) use web::{EXPIRED, Web, timed};

const REFRESH_DOMAIN: &[u8] = b"soko refresh 1";
const REFRESH_PREFIX: &str = "soko_r_";
const OCTETS: &str = "application/octet-stream";

/// What the server answers when it let a device in.
#[derive(Deserialize)]
pub(crate) struct Enrolled {
    #[serde(flatten)]
    pub(crate) tokens: Tokens,
    /// The key under which the server's own entries count, in hexadecimal digits.
    #[serde(default)]
    server_key: Option<String>,
}

impl Enrolled {
    pub(crate) fn key(&self) -> Result<Option<[u8; 32]>, Undone> {
        let Some(key) = &self.server_key else { return Ok(None) };
        let key = unhex(key).and_then(|bytes| bytes.try_into().ok());
        key.map(Some).ok_or_else(|| Undone::failed("the server's key cannot be read"))
    }
}

#[derive(Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

/// A code that lets one device in.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Code {
    pub code: String,
    pub expires_ms: i64,
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
#[derive(Clone)]
pub struct Server {
    web: Web,
}

impl Server {
    /// `http://…` or `https://…`; requests that take longer than `reply_ms` are given up.
    pub fn new(host: Rc<dyn Host>, base: &str, reply_ms: u64) -> Result<Self, Undone> {
        Ok(Self { web: Web::new(host, Rc::default(), base, reply_ms)? })
    }

    pub(crate) fn over(web: Web) -> Self {
        Self { web }
    }

    pub fn base(&self) -> &str {
        &self.web.base
    }

    pub async fn create_account(&self, email: &str, password: &str) -> Result<(), Unanswered> {
        let body = json!({"email": email, "password": password});
        self.web.post("/v1/accounts", None, &body).await.map(drop)
    }

    /// Signs in; the session's token.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<String, Unanswered> {
        let body = json!({"email": email, "password": password, "carrier": "bearer"});
        let answer: Value = self.web.post_json("/v1/sessions", None, &body).await?;
        let token = answer["token"].as_str().map(str::to_owned);
        token.ok_or_else(|| Unanswered::NoAnswer("the session has no token".into()))
    }

    /// A mail with a link is sent, if the address has an account.
    pub(crate) async fn forgot_password(&self, email: &str) -> Result<(), Unanswered> {
        self.web.post("/v1/recoveries", None, &json!({"email": email.trim()})).await.map(drop)
    }

    /// A mail with a link is sent to the new address, if it is nobody's.
    pub(crate) async fn change_email(
        &self,
        session: &str,
        email: &str,
        password: &str,
    ) -> Result<(), Unanswered> {
        let body = json!({"email": email.trim(), "password": password});
        self.web.post("/v1/me/email", Some(session), &body).await.map(drop)
    }

    pub(crate) async fn change_password(
        &self,
        session: &str,
        old: &str,
        new: &str,
    ) -> Result<(), Unanswered> {
        let body = json!({"old": old, "new": new});
        let request = self.web.put("/v1/me/password").bearer_auth(session).json(&body);
        self.web.whole(request).await.map(drop)
    }

    pub(crate) async fn sign_out(&self, session: &str) -> Result<(), Unanswered> {
        let request = self.web.delete("/v1/sessions/current").bearer_auth(session);
        self.web.whole(request).await.map(drop)
    }

    /// Claims a stall that this device founded.
    pub async fn claim(&self, session: &str, introduction: &[u8]) -> Result<(), Unanswered> {
        let body = json!({"introduction": hex(introduction)});
        self.web.post("/v1/stalls", Some(session), &body).await.map(drop)
    }

    /// A code that lets one device in.
    pub async fn invite(&self, session: &str, stall: LogId, role: &str) -> Result<Code, Unanswered> {
        let path = format!("/v1/stalls/{stall}/enrolment-codes");
        self.web.post_json(&path, Some(session), &json!({"role": role})).await
    }

    /// Lets a device in. A repeat with the same request or code gets fresh tokens for the same device.
    pub(crate) async fn enrol(
        &self,
        (introduction, name): (&[u8], &str),
        request: &str,
        ticket: &Ticket,
    ) -> Result<Enrolled, Unanswered> {
        let introduction = hex(introduction);
        let (body, session) = match ticket {
            Ticket::Code(code) => (json!({"introduction": introduction, "name": name, "code": code}), None),
            Ticket::Person { session, role } => (
                json!({"introduction": introduction, "name": name, "request": request, "role": role}),
                Some(session.as_str()),
            ),
        };
        self.web.post_json("/v1/devices/enrol", session, &body).await
    }

    /// Fresh access for ten minutes more. Keep the new tokens before they are used.
    pub(crate) async fn refresh(
        &self,
        author: AuthorId,
        refresh_token: &str,
        (nonce, signature): (&[u8; 16], &[u8; 64]),
    ) -> Result<Tokens, Unanswered> {
        let body = json!({
            "author": author.to_string(), "refresh_token": refresh_token,
            "nonce": hex(nonce), "signature": hex(signature),
        });
        self.web.post_json("/v1/devices/refresh", None, &body).await
    }

    /// Carries a page there and the server's page back.
    pub(crate) async fn exchange(
        &self,
        stall: LogId,
        access: &str,
        page: Vec<u8>,
    ) -> Result<Vec<u8>, Unanswered> {
        let request = self.web.request_post(&format!("/v1/stalls/{stall}/replicate"));
        let request = request.bearer_auth(access).header("content-type", OCTETS).body(page);
        self.web.whole(request).await
    }

    /// A word each time the stall moved.
    pub(crate) async fn moves(
        &self,
        stall: LogId,
        access: &str,
    ) -> Result<impl Stream<Item = ()> + Unpin + use<>, Unanswered> {
        let request = self.web.get(&format!("/v1/stalls/{stall}/stream")).bearer_auth(access);
        let lines = self.web.lines(request).await?;
        Ok(Box::pin(lines.filter_map(async |line| line.starts_with("data:").then_some(()))))
    }

    /// The stalls whose public face moved, one after another.
    pub(crate) async fn market_moves(&self) -> Result<impl Stream<Item = LogId> + Unpin + use<>, Unanswered> {
        let lines = self.web.lines(self.web.get("/v1/market/stream")).await?;
        Ok(Box::pin(lines.filter_map(async |line| LogId::from_hex(line.strip_prefix("data:")?.trim()))))
    }

    pub(crate) async fn market(&self, query: &MarketQuery) -> Result<MarketView, Unanswered> {
        let unreadable = |error: soko_app_api::CodecError| Unanswered::NoAnswer(error.to_string());
        let body = encode(query).map_err(unreadable)?;
        let request = self.web.request_post("/v1/market/ask").header("content-type", OCTETS).body(body);
        decode(&self.web.whole(request).await?).map_err(unreadable)
    }

    /// The model that is in use there and what is tried out; nothing where there is none.
    pub(crate) async fn model_in_use(&self) -> Result<Option<Published>, Unanswered> {
        match self.web.whole(self.web.get("/v1/model")).await {
            Ok(bytes) => Ok(Published::read(&web::read_json(&bytes)?)),
            Err(Unanswered::Refused { .. }) => Ok(None),
            Err(unanswered) => Err(unanswered),
        }
    }

    pub(crate) async fn model(&self, model: Hash) -> Result<Vec<u8>, Unanswered> {
        self.web.whole(self.web.get(&format!("/v1/models/{model}"))).await
    }

    /// What turns the model that is here into another.
    pub(crate) async fn model_delta(&self, model: Hash, here: Hash) -> Result<Vec<u8>, Unanswered> {
        self.web.whole(self.web.get(&format!("/v1/models/{model}/from/{here}"))).await
    }

    pub(crate) async fn picture(&self, hash: Hash) -> Result<Vec<u8>, Unanswered> {
        self.web.whole(self.web.get(&format!("/pictures/{hash}"))).await
    }

    pub(crate) async fn put_picture(
        &self,
        access: &str,
        hash: Hash,
        (media_type, bytes): (&str, Vec<u8>),
    ) -> Result<(), Unanswered> {
        let request = self.web.put(&format!("/pictures/{hash}")).bearer_auth(access);
        self.web.whole(request.header("content-type", media_type).body(bytes)).await.map(drop)
    }
}

/// What a device signs to use a refresh token; nothing if there is no such token.
pub(crate) fn refresh_message(author: AuthorId, token: &str, nonce: &[u8; 16]) -> Option<Vec<u8>> {
    let token = unhex(token.strip_prefix(REFRESH_PREFIX)?)?;
    let token_hash: [u8; 32] = Sha256::digest(&token).into();
    Some([REFRESH_DOMAIN, author.as_bytes(), &token_hash, nonce].concat())
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
}
