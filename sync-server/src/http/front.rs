//! What every request passes: who it comes from, a limit per address, whose page asked, a time limit, and the
//! headers that every answer carries. One line of log and one count each.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use soko_domain::ids::ThingId;

use crate::guard::limits::{Prefix, Who, cost};
use crate::http::app::{App, Settings};
use crate::http::caller::session_cookie;
use crate::http::problem::Problem;
use crate::metrics::RequestLabels;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where the connection comes from; the server puts it into every request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer(pub IpAddr);

/// The caller's address as limits count it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    pub(crate) prefix: Prefix,
    /// Asked from this very machine, without a proxy in between.
    pub(crate) is_local: bool,
}

pub(crate) async fn front(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = app.random::<16>().map_or_else(|_| String::new(), |bytes| ThingId(bytes).to_string());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let origin = origin_of(&request, app.settings());
    request.extensions_mut().insert(origin);

    let mut response = match admit(&app, &request, origin) {
        Ok(()) => run(&app, request, next).await,
        Err(problem) => problem.into_response(),
    };
    let status = response.status().as_u16();
    add_headers(response.headers_mut(), &id, app.settings());
    tracing::info!(request = id, %method, route, status, ms = started.elapsed().as_millis(), "request.answered");
    let labels = RequestLabels { route, method: label_of(&method), status: u32::from(status) };
    app.metrics().request(labels, started.elapsed().as_secs_f64());
    response
}

/// The handler, with a time limit, and its panic caught.
async fn run(app: &App, request: Request, next: Next) -> Response {
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(app.settings().request_timeout, handled).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::internal("a handler panicked").into_response(),
        Err(_) => {
            let detail = "the request was not complete, or not answered, in time: try again";
            Problem::new(axum::http::StatusCode::REQUEST_TIMEOUT, "timeout", detail)
                .retry_after(1)
                .into_response()
        }
    }
}

fn admit(app: &App, request: &Request, origin: Origin) -> Result<(), Problem> {
    if !is_probe(request.uri().path()) {
        app.spend(Who::Prefix(origin.prefix), cost_of(request))?;
    }
    refuse_foreign_page(request, app.settings())
}

/// Whoever watches the server must see it even when it is flooded.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

fn cost_of(request: &Request) -> u32 {
    let base = match (is_safe(request.method()), request.uri().path()) {
        (true, _) => cost::READ,
        // A question that is too long for an address.
        (false, "/v1/market/ask") => cost::SEARCH,
        (false, _) => cost::WRITE,
    };
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let len = announced.and_then(|len| len.to_str().ok()).and_then(|len| len.parse().ok()).unwrap_or(0);
    base.saturating_add(cost::of_bytes(len))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A page of somebody else must not act with our cookie. Browsers say where a request comes from; a program that
/// says nothing is let through if it carries no cookie either.
fn refuse_foreign_page(request: &Request, settings: &Settings) -> Result<(), Problem> {
    if is_safe(request.method()) {
        return Ok(());
    }
    let headers = request.headers();
    let is_ours = match (headers.get(FETCH_SITE), headers.get(header::ORIGIN)) {
        (Some(site), _) => matches!(site.as_bytes(), b"same-origin" | b"none"),
        (None, Some(origin)) => is_our_origin(origin, headers, settings),
        (None, None) => session_cookie(headers, settings).is_none(),
    };
    if is_ours {
        return Ok(());
    }
    let detail = "the request comes from a page of another site, or does not say where it comes from: use our own page, or a bearer token";
    Err(Problem::new(axum::http::StatusCode::FORBIDDEN, "foreign_page", detail))
}

fn is_our_origin(origin: &HeaderValue, headers: &HeaderMap, settings: &Settings) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    if let Some(ours) = &settings.public_origin {
        return origin == ours;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let their_host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    their_host.is_some() && their_host == host
}

fn origin_of(request: &Request, settings: &Settings) -> Origin {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0);
    let forwarded = request.headers().get_all(FORWARDED_FOR).iter().next_back();
    let claimed = forwarded
        .filter(|_| settings.behind_proxy)
        .and_then(|list| list.to_str().ok())
        .and_then(|list| list.rsplit(',').next())
        .and_then(|last| last.trim().parse::<IpAddr>().ok());
    let address = claimed.unwrap_or(peer);
    let is_local = peer.to_canonical().is_loopback() && forwarded.is_none();
    Origin { prefix: Prefix::from(address), is_local }
}

fn add_headers(headers: &mut HeaderMap, id: &str, settings: &Settings) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if settings.is_secure() {
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    // Answers are about one caller, at one moment. Pages that say otherwise keep what they said.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// A closed set: callers choose method names freely.
fn label_of(method: &Method) -> String {
    let known = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS];
    if known.contains(method) { method.to_string() } else { "other".to_owned() }
}
