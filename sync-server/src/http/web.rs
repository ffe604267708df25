//! The web app to browsers: files as they were made, packed as the browser likes them, and the page around the app
//! at every address of its own, with what a visitor should see at once.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use soko_app_api::{Browse, MarketQuery, MarketView, Spots, Window, address};
use soko_domain::ids::{LogId, ProductId};
use soko_record_log::Tx;

use crate::http::app::App;
use crate::http::orders::origin;
use crate::http::plain::asked_language;
use crate::http::problem::Problem;
use crate::messages::words::Language;
use crate::web::page::{self, Paint};
use crate::web::spoken;
use crate::web::{Found, INDEX, Packed, Program, has_ending, media_type, never_changes, tag_of};

/// Paths that are never pages of the app.
const OF_THE_INTERFACE: [&str; 8] =
    ["/v1", "/pictures", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/operator"];
/// Scripts, styles and words from here only; pictures also as the app makes them.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
                      style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; manifest-src 'self'; \
                      font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
/// The camera reads codes, and where a device is finds what is near; nothing else is used.
const PERMISSIONS: &str = "camera=(self), microphone=(), geolocation=(self), payment=(), usb=()";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";
/// How the service worker says that it has the whole app already.
const KEPT_APP: HeaderName = HeaderName::from_static("soko-app");
/// So does the language of what is painted.
const PAGE_VARIES: &str = "soko-app, accept-language";
const MANIFEST_VARIES: &str = "accept-language";
/// How addresses of the shopper's side begin.
const SHOPPERS: [&str; 10] =
    ["", "market", "search", "category", "stall", BASKET, "my-orders", "liked", "addresses", "me"];
const BASKET: &str = "basket";
/// Lines of a list before the app has arrived.
const PAINTED_ROWS: u32 = 24;
const NOT_MADE: &str = "This server was built without the web app: make it with `cargo xtask web`, \
                        then build the server again. The interface for programs is at /docs.\n";

/// Whatever no route takes.
pub(crate) async fn fallback(State(app): State<App>, request: Request) -> Response {
    let (path, headers) = (request.uri().path(), request.headers());
    let is_page_or_file = matches!(*request.method(), Method::GET | Method::HEAD) && !is_of_interface(path);
    if !is_page_or_file {
        return nothing_here();
    }
    let language = asked_language(headers).unwrap_or_default();
    if path == spoken::MANIFEST
        && let Some(made) = app.settings().web.find(path, &[])
    {
        return manifest(&made, chosen_language(request.uri()).unwrap_or(language), headers);
    }
    if let Some(found) = app.settings().web.find(path, &accepted(headers)) {
        return file(path, found, headers);
    }
    let is_page = path == "/" || path == INDEX || (!has_ending(path) && accepts_page(path, headers));
    if !is_page {
        return nothing_here();
    }
    match app.settings().web.page(program(path, headers)) {
        Some(index) => {
            let origin = origin(&app, headers);
            let (status, painted) = match paint(&app, path, (&origin, language)).await {
                Painted::Known(paint) => (StatusCode::OK, Some(paint)),
                Painted::Plain => (StatusCode::OK, None),
                // The app says so in the visitor's language; the status says it to whoever only reads that.
                Painted::Missing => (StatusCode::NOT_FOUND, None),
            };
            let index = spoken::page(&index, language);
            page(status, page::fill(&index, painted.as_ref(), &origin), headers)
        }
        None if path == "/" => (StatusCode::OK, NOT_MADE).into_response(),
        None => nothing_here(),
    }
}

/// The language that somebody chose in the app, whatever their browser speaks.
fn chosen_language(uri: &Uri) -> Option<Language> {
    let mut named = form_urlencoded::parse(uri.query()?.as_bytes()).filter(|(name, _)| name == "lang");
    Language::from_code(&named.next()?.1)
}

/// Whoever looks around without the app gets the part that is for looking around.
fn program(path: &str, headers: &HeaderMap) -> Program {
    let mut parts = parts(path);
    let first = parts.next().unwrap_or_default();
    // Whoever goes on from a basket orders, which takes the whole app in any case.
    let is_checkout = first == BASKET && parts.next().is_some();
    let is_kept = headers.get(KEPT_APP).is_some();
    if SHOPPERS.contains(&first) && !is_checkout && !is_kept { Program::Shop } else { Program::Whole }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn nothing_here() -> Response {
    let detail = "there is nothing at this path: see /docs";
    Problem::new(StatusCode::NOT_FOUND, "no_such_path", detail).into_response()
}

fn is_of_interface(path: &str) -> bool {
    OF_THE_INTERFACE
        .iter()
        .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Browsers name pages. What makes a preview of a link that somebody was sent, and many a search engine, takes whatever there is, and asks
/// for the shopper's side alone.
fn accepts_page(path: &str, headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let kinds: Vec<&str> = accepted.flat_map(|value| value.split(',')).map(str::trim).collect();
    let takes_anything = kinds.is_empty() || kinds.iter().any(|kind| kind.starts_with("*/*"));
    let is_shared = SHOPPERS.contains(&parts(path).next().unwrap_or_default());
    kinds.iter().any(|kind| kind.starts_with("text/html")) || (takes_anything && is_shared)
}

/// How the browser takes packed files, the smallest first.
fn accepted(headers: &HeaderMap) -> Vec<Packed> {
    let given: Vec<&str> = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let takes = |name: &str| {
        given.iter().any(|coding| {
            let (coding, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = weight.trim().trim_start_matches("q=");
            let is_refused = !weight.is_empty() && weight.parse() == Ok(0.0);
            coding.trim().eq_ignore_ascii_case(name) && !is_refused
        })
    };
    let known = [("br", Packed::Brotli), ("gzip", Packed::Gzip)];
    known.into_iter().filter(|(name, _)| takes(name)).map(|(_, packed)| packed).collect()
}

fn file(path: &str, found: Found, headers: &HeaderMap) -> Response {
    let kept = if never_changes(path) { FOR_EVER } else { ASK_AGAIN };
    // What is built into the program is sent from where it is.
    let bytes = match found.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    let mut response = tagged(bytes.into(), &found.tag, headers);
    let about = response.headers_mut();
    about.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    about.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    about.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let coding = match found.packed {
        Packed::Brotli => Some("br"),
        Packed::Gzip => Some("gzip"),
        Packed::Not => None,
    };
    if let Some(coding) = coding {
        about.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    guarded(response)
}

fn manifest(made: &Found, language: Language, headers: &HeaderMap) -> Response {
    let said = spoken::manifest(&made.bytes, language);
    let mut response = tagged(said.clone().into(), &tag_of(&said), headers);
    let about = response.headers_mut();
    about.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(spoken::MANIFEST)));
    about.insert(header::CACHE_CONTROL, HeaderValue::from_static(ASK_AGAIN));
    about.insert(header::VARY, HeaderValue::from_static(MANIFEST_VARIES));
    guarded(response)
}

fn page(status: StatusCode, text: String, headers: &HeaderMap) -> Response {
    let mut response = if status == StatusCode::OK {
        let tag = tag_of(text.as_bytes());
        tagged(text.into(), &tag, headers)
    } else {
        (status, text).into_response()
    };
    let about = response.headers_mut();
    about.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    about.insert(header::CACHE_CONTROL, HeaderValue::from_static(ASK_AGAIN));
    about.insert(header::VARY, HeaderValue::from_static(PAGE_VARIES));
    guarded(response)
}

/// None of it to whoever has it.
fn tagged(body: Body, tag: &str, headers: &HeaderMap) -> Response {
    let tag = format!("\"{tag}\"");
    let asked = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = asked.flat_map(|value| value.split(',')).any(|known| known.trim() == tag);
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS));
    response
}

/// What is known of an address before the app has arrived.
enum Painted {
    Known(Paint),
    /// Nothing to show to everybody, or the store does not answer: the app asks again by itself.
    Plain,
    /// It names something that this market does not have.
    Missing,
}

async fn paint(app: &App, path: &str, asked: (&str, Language)) -> Painted {
    let Some(place) = Place::of(path) else { return Painted::Plain };
    let (market, now_ms, queries) = (app.market(), app.now_ms(), place.queries());
    let read = move |tx: &mut dyn Tx| market.answer(tx, &queries, now_ms);
    app.store().read(read).await.map_or(Painted::Plain, |views| place.paint(&views, asked))
}

/// An address that shows something to everybody.
#[derive(Clone)]
enum Place {
    Market,
    /// By its slug; none is everything.
    Category(String),
    Stall(LogId),
    Offer(LogId, ProductId),
    /// Below the stalls, and not one.
    Nowhere,
}

impl Place {
    fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [] | ["index.html" | "market"] => Some(Self::Market),
            ["category"] => Some(Self::Category(String::new())),
            ["category", slug] => Some(Self::Category(address::decoded(slug))),
            ["stall", stall] => Some(LogId::from_hex(stall).map_or(Self::Nowhere, Self::Stall)),
            ["stall", stall, product] => {
                let named = LogId::from_hex(stall).zip(ProductId::from_hex(product));
                Some(named.map_or(Self::Nowhere, |(stall, product)| Self::Offer(stall, product)))
            }
            ["stall", ..] => Some(Self::Nowhere),
            _ => None,
        }
    }

    fn queries(&self) -> Vec<MarketQuery> {
        let (text, window) = (String::new(), Window::first(PAINTED_ROWS));
        match self {
            Self::Market => {
                let featured = MarketQuery::Spots { which: Spots::Featured, window };
                vec![MarketQuery::Stalls { text, window }, MarketQuery::Categories, featured]
            }
            Self::Category(slug) => {
                vec![MarketQuery::Browse { browse: Browse::of(slug), window }, MarketQuery::Categories]
            }
            Self::Stall(stall) => {
                let offers =
                    MarketQuery::Offers { stall: Some(*stall), text, category: None, families: true, window };
                vec![MarketQuery::Stall(*stall), offers]
            }
            Self::Offer(stall, product) => vec![MarketQuery::Offer { stall: *stall, product: *product }],
            Self::Nowhere => Vec::new(),
        }
    }

    fn paint(self, views: &[MarketView], (origin, language): (&str, Language)) -> Painted {
        match (self, views) {
            (Self::Nowhere, _) | (_, [MarketView::Missing, ..]) => Painted::Missing,
            (
                _,
                [MarketView::Stalls(stalls), MarketView::Categories(categories), MarketView::Spots(featured)],
            ) => Painted::Known(page::market(&stalls.value, &categories.value, &featured.value, language)),
            (Self::Category(slug), [MarketView::Offers(offers), MarketView::Categories(all)]) => {
                let known = all.value.iter().find(|known| known.slug == slug);
                Painted::Known(page::category(known, &offers.value, origin))
            }
            (_, [MarketView::Stall(found), MarketView::Offers(offers)]) => {
                Painted::Known(page::stall(&found.value, &offers.value, origin))
            }
            (_, [MarketView::Offer(found)]) => Painted::Known(page::offer(&found.value, origin)),
            _ => Painted::Plain,
        }
    }
}
