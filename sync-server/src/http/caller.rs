//! Who asks: a person by a session (cookie, or bearer token), a device by its access token, or a stall's own program by
//! its key.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest as _, Sha256};
use soko_domain::ids::{Hash, ThingId};
use soko_record_log::Tx;

use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Settings};
use crate::http::front::Origin;
use crate::http::problem::Problem;
use crate::http::tokens::TokenKind;
use crate::platform::devices::{self, Device};
use crate::platform::program_keys::{self, Opened};
use crate::platform::sessions::{self, Session};
use crate::platform::{Principal, Refusal};
use crate::secret::Token;
use crate::store::Shard;

/// A person who signed in.
pub(crate) struct SignedIn {
    pub(crate) account: ThingId,
    pub(crate) token_hash: Hash,
    pub(crate) expires_ms: i64,
}

/// A device with access in force.
pub(crate) struct DeviceCaller(pub(crate) Device);

/// A person or a device.
pub(crate) struct Caller(pub(crate) Principal);

/// Whoever may read of a stall: a person, a device, or a program by its key.
pub(crate) struct Reader(pub(crate) Principal);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if bearer(&parts.headers).is_some_and(|text| TokenKind::Key.claims(text)) {
            return Err(Refusal::NotForKeys.into());
        }
        let token = bearer(&parts.headers)
            .map(|text| TokenKind::Session.read(text))
            .unwrap_or_else(|| session_cookie(&parts.headers, app.settings()))
            .ok_or(Refusal::NotSignedIn)?;
        signed_in(app, token).await
    }
}

impl FromRequestParts<App> for DeviceCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).and_then(|text| TokenKind::Access.read(text));
        device(app, token.ok_or(Refusal::NotSignedIn)?).await.map(Self)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let access = bearer(&parts.headers).and_then(|text| TokenKind::Access.read(text));
        if let Some(token) = access {
            let device = device(app, token).await?;
            let Device { author, stall, role, .. } = device;
            return Ok(Self(Principal::Device { author, stall, role }));
        }
        let person = SignedIn::from_request_parts(parts, app).await?;
        Ok(Self(Principal::Account(person.account)))
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let key = bearer(&parts.headers).filter(|text| TokenKind::Key.claims(text));
        let Some(key) = key else {
            return Caller::from_request_parts(parts, app).await.map(|caller| Self(caller.0));
        };
        let token = TokenKind::Key.read(key).ok_or(Refusal::NotSignedIn)?;
        program(app, token).await.map(Self)
    }
}

/// A session if there is one; why not, otherwise.
pub(crate) struct MaybeSignedIn(Result<SignedIn, Problem>);

impl MaybeSignedIn {
    pub(crate) fn required(self) -> Result<SignedIn, Problem> {
        self.0
    }
}

impl FromRequestParts<App> for MaybeSignedIn {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(SignedIn::from_request_parts(parts, app).await))
    }
}

impl FromRequestParts<App> for Origin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let origin = parts.extensions.get::<Self>().copied();
        origin.ok_or_else(|| Problem::internal("a request did not pass the front"))
    }
}

/// The session token of a request's cookie.
pub(crate) fn session_cookie(headers: &HeaderMap, settings: &Settings) -> Option<Token> {
    let name = cookie_name(settings);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .and_then(|(_, value)| TokenKind::Session.read(value))
}

/// Sets the session cookie, or takes it back.
pub(crate) fn set_cookie(token: Option<&Token>, settings: &Settings) -> Result<HeaderValue, Problem> {
    let (value, age_s) = match token {
        Some(token) => (TokenKind::Session.show(token), sessions::LIFE_MS_MAX / 1_000),
        None => (String::new(), 0),
    };
    let secure = if settings.is_secure() { "; Secure" } else { "" };
    let name = cookie_name(settings);
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age_s}{secure}");
    HeaderValue::from_str(&cookie).map_err(|error| Problem::internal(&error.to_string()))
}

/// The prefix makes browsers refuse the cookie unless it came over https and for this host alone.
fn cookie_name(settings: &Settings) -> &'static str {
    if settings.is_secure() { "__Host-soko" } else { "soko" }
}

/// Whether a request carries this key. The time that it takes tells nothing of it: what is compared has one length. Who tries others
/// pays as for passwords.
pub(crate) fn knows(app: &App, origin: &Origin, (headers, key): (&HeaderMap, &str)) -> Result<bool, Problem> {
    let is_it = Sha256::digest(bearer(headers).unwrap_or_default()) == Sha256::digest(key);
    if !is_it {
        app.spend(Who::Prefix(origin.prefix), cost::PASSWORD)?;
    }
    Ok(is_it)
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn signed_in(app: &App, token: Token) -> Result<SignedIn, Problem> {
    let now_ms = app.now_ms();
    let Session { account, token_hash, expires_ms, is_seen_due } =
        app.store().read(move |tx| sessions::find(tx, &token, now_ms)).await?;
    app.spend(Who::Account(account), cost::READ)?;
    if is_seen_due {
        let shard = Shard::account(account);
        let work = move |tx: &mut dyn Tx| Ok::<_, Refusal>(sessions::touch(tx, token_hash, now_ms)?);
        app.store().write(shard, work).await?;
    }
    Ok(SignedIn { account, token_hash, expires_ms })
}

async fn program(app: &App, token: Token) -> Result<Principal, Problem> {
    let now_ms = app.now_ms();
    let find = move |tx: &mut dyn Tx| Ok::<_, Refusal>(program_keys::find(tx, &token, now_ms)?);
    let opened = app.store().read(find).await?.ok_or(Refusal::NotSignedIn)?;
    let Opened { key, stall, scopes, is_seen_due } = opened;
    app.spend(Who::Program(key), cost::READ)?;
    if is_seen_due {
        let touch = move |tx: &mut dyn Tx| Ok::<_, Refusal>(program_keys::touch(tx, key, now_ms)?);
        app.store().write(Shard::stall(stall), touch).await?;
    }
    Ok(Principal::Program { key, stall, scopes })
}

async fn device(app: &App, token: Token) -> Result<Device, Problem> {
    let now_ms = app.now_ms();
    let found = app.store().read(move |tx| Ok::<_, Refusal>(devices::by_access(tx, &token, now_ms)?)).await?;
    let device = found.ok_or(Refusal::NotSignedIn)?;
    app.spend(Who::Device(device.author), cost::READ)?;
    Ok(device)
}
