//! The operator's page and what it shows: the market's figures, live. Whoever knows the operator's key sees them; without
//! a key in the settings there is neither page nor figures.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;
use soko_domain::ids::{LogId, ProductId};
use soko_record_log::{StoreError, Tx};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::console::{self, Acting, Need};
use crate::http::app::App;
use crate::http::asked::ApiQuery;
use crate::http::body::id;
use crate::http::caller::{SignedIn, bearer, knows, session_cookie};
use crate::http::front::Origin;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::tokens::TokenKind;
use crate::operator::{self, DAYS_MAX, DayFigures, MarketFigures, Reading};
use crate::platform::Refusal;

/// Moves within this time are shown together: a busy market is read five times a second, not once a sale.
const TOGETHER: Duration = Duration::from_millis(200);
/// How often it is looked whether another day began.
const CLOCK: Duration = Duration::from_secs(1);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A page that still looks comes back.
const LIFE: Duration = Duration::from_secs(30 * 60);

const PAGE: &str = include_str!("../operator/page.html");
const SCRIPT: &str = include_str!("../operator/page.js");
const WORDS: &str = include_str!("../operator/page-words.js");
const LISTS: &str = include_str!("../operator/lists.js");
const PARTS: &str = include_str!("../operator/parts.js");
const STYLE: &str = include_str!("../operator/page.css");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Somebody with the operator's key, or an operator by name who signed in. What they do is asked for again in its own transaction.
pub(crate) struct Operator(pub(crate) Acting);

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let origin = Origin::from_request_parts(parts, app).await?;
        let Some(key) = &app.settings().operator_key else { return Err(no_key()) };
        if says_who(parts, app) {
            return by_name(parts, app).await;
        }
        if knows(app, &origin, (&parts.headers, key))? {
            return Ok(Self(Acting::Key));
        }
        let detail = "this is not the operator's key: it stands in the server's settings as operator-key";
        Err(Problem::new(StatusCode::UNAUTHORIZED, "not_the_operator", detail))
    }
}

/// Whether a request is a person's, by a session. A key that is sent counts before a cookie that happens to be there.
fn says_who(parts: &Parts, app: &App) -> bool {
    match bearer(&parts.headers) {
        Some(text) => TokenKind::Session.claims(text),
        None => session_cookie(&parts.headers, app.settings()).is_some(),
    }
}

async fn by_name(parts: &mut Parts, app: &App) -> Result<Operator, Problem> {
    let person = SignedIn::from_request_parts(parts, app).await?;
    let acting = Acting::Account(person.account);
    app.store().read(move |tx| console::require(tx, acting, Need::See)).await?;
    Ok(Operator(acting))
}

fn no_key() -> Problem {
    let detail = "this server has no operator's key: start it with --operator-key or SOKO_OPERATOR_KEY";
    Problem::new(StatusCode::NOT_FOUND, "no_operator", detail)
}

pub(crate) async fn page(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/html; charset=utf-8", PAGE)).await
}

pub(crate) async fn script(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/javascript; charset=utf-8", SCRIPT)).await
}

pub(crate) async fn words(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/javascript; charset=utf-8", WORDS)).await
}

/// All stalls and all products.
pub(crate) async fn lists(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/javascript; charset=utf-8", LISTS)).await
}

/// What the operator's pages have in common.
pub(crate) async fn parts(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/javascript; charset=utf-8", PARTS)).await
}

pub(crate) async fn style(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/css; charset=utf-8", STYLE)).await
}

pub(crate) fn file(app: &App, kind: &'static str, text: &'static str) -> Result<Response, Problem> {
    if app.settings().operator_key.is_none() {
        return Err(no_key());
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    Ok((headers, text).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    /// How many business days, today among them; 1 without a word.
    days: Option<u16>,
}

#[derive(Deserialize)]
pub(crate) struct WantedDays {
    days: Option<u16>,
    stall: String,
    product: Option<String>,
}

/// The market's figures now.
#[utoipa::path(get, path = "/v1/operator/figures", tag = "operation",
    params(("days" = Option<u16>, Query, description = "Business days, today among them; 1 without a word")), responses(
    (status = 200, description = "Sums over all stalls", body = MarketFigures),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn figures(
    State(app): State<App>,
    _: Operator,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Json<MarketFigures>, Problem> {
    let reading = read(&app, wanted.days.unwrap_or(1)).await?;
    Ok(Json(MarketFigures::clone(&reading.figures)))
}

/// One stall, or one of its products, day by day.
#[utoipa::path(get, path = "/v1/operator/days", tag = "operation",
    params(
        ("stall" = String, Query, description = "The stall's identity"),
        ("product" = Option<String>, Query, description = "One of its products"),
        ("days" = Option<u16>, Query, description = "Business days, today among them; 28 without a word")), responses(
    (status = 200, description = "Days on which something was sold", body = Vec<DayFigures>),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn days(
    State(app): State<App>,
    _: Operator,
    ApiQuery(wanted): ApiQuery<WantedDays>,
) -> Result<Json<Vec<DayFigures>>, Problem> {
    let stall: LogId = id(&wanted.stall, "the stall")?;
    let product: Option<ProductId> = match &wanted.product {
        Some(product) => Some(id(product, "the product")?),
        None => None,
    };
    let (now_ms, days) = (app.now_ms(), wanted.days.unwrap_or(28));
    let work = move |tx: &mut dyn Tx| Ok::<_, Refusal>(operator::days(tx, (stall, product), now_ms, days)?);
    Ok(Json(app.store().read(work).await?))
}

/// The market's figures as they move.
///
/// Each word's data is what `/v1/operator/figures` answers. The first comes at once, the next when a stall's log moved.
#[utoipa::path(get, path = "/v1/operator/stream", tag = "operation",
    params(("days" = Option<u16>, Query, description = "Business days, today among them; 1 without a word")), responses(
    (status = 200, description = "Server-sent words", content_type = "text/event-stream", body = String),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn stream(
    State(app): State<App>,
    _: Operator,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let days = wanted.days.unwrap_or(1);
    let listener = Listener::new(&app, days);
    let words = unfold(listener, |mut listener| async move {
        let figures = listener.next().await?;
        let word = Event::default().event("figures").json_data(&*figures).ok()?;
        Some((Ok(word), listener))
    });
    std::future::ready(Ok(Sse::new(words).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))).await
}

/// As somebody else read them, if nothing moved since and the day is the same; or read now, for all who ask meanwhile.
async fn read(app: &App, days: u16) -> Result<Reading, Problem> {
    let days = days.clamp(1, DAYS_MAX);
    let place = app.figures().of(days);
    let mut kept = place.lock().await;
    if let Some(reading) = &*kept {
        if reading.is_current(app.moved().told(), app.now_ms()) {
            return Ok(reading.clone());
        }
        tokio::time::sleep_until(reading.next).await;
    }
    let (told, now_ms, next) = (app.moved().told(), app.now_ms(), Instant::now() + TOGETHER);
    let work = move |tx: &mut dyn Tx| {
        operator::market(tx, now_ms, days).map_err(|error: StoreError| Refusal::from(error))
    };
    let (figures, ends_ms) = app.store().read(work).await?;
    app.metrics().figures_read.inc();
    let reading = Reading { figures: Arc::new(figures), told, ends_ms, next };
    *kept = Some(reading.clone());
    Ok(reading)
}

struct Listener {
    app: App,
    days: u16,
    moved: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    ends: Instant,
    /// When the days that were shown last are over.
    days_end_ms: i64,
}

impl Listener {
    fn new(app: &App, days: u16) -> Self {
        app.metrics().streams.inc();
        let mut moved = app.moved().listen_to_all();
        moved.mark_changed();
        Self {
            app: app.clone(),
            days,
            moved,
            closing: app.closing(),
            ends: Instant::now() + LIFE,
            days_end_ms: i64::MAX,
        }
    }

    /// None ends the stream; the page comes back.
    async fn next(&mut self) -> Option<Arc<MarketFigures>> {
        if *self.closing.borrow() {
            return None;
        }
        tokio::select! {
            changed = self.moved.changed() => changed.ok()?,
            _ = self.closing.changed() => return None,
            () = tokio::time::sleep_until(self.ends) => return None,
            () = another_day(&self.app, self.days_end_ms) => {}
        }
        self.moved.borrow_and_update();
        let reading = read(&self.app, self.days).await.ok()?;
        self.days_end_ms = reading.ends_ms;
        Some(reading.figures)
    }
}

/// Waits until the days are over that end then: where nothing is sold, midnight moves the figures alone.
async fn another_day(app: &App, ends_ms: i64) {
    while app.now_ms() < ends_ms {
        tokio::time::sleep(CLOCK).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.app.metrics().streams.dec();
    }
}
