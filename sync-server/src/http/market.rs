//! The market's questions as a device and a page ask them, in the bytes of the link, and the stream that says whose
//! face moved.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use soko_app_api::{MarketQuery, MarketView, decode, encode};
use soko_domain::ids::LogId;
use soko_record_log::Tx;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::guard::limits::{Who, cost};
use crate::guard::seats::Seat;
use crate::http::app::App;
use crate::http::body::Octets;
use crate::http::front::Origin;
use crate::http::problem::{Problem, ProblemBody};

/// Longest question: a text to search for and a few identities.
pub(crate) const QUESTION_BYTES_MAX: usize = 2 * 1024;
/// Listeners at once, and of one address. A market hall may stand behind one address.
pub(crate) const LISTENERS_MAX: usize = 2_000;
pub(crate) const LISTENERS_PER_PREFIX_MAX: usize = 100;
/// Several moves within this time are looked at together.
const TOGETHER: Duration = Duration::from_millis(200);
/// A comment in between, so that proxies and pages can tell quiet from dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A page that still looks comes back.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// Ask about the market.
///
/// The body is a `MarketQuery` and the answer a `MarketView`, both in the bytes of the device link
/// (`soko_app_api::encode`). For programs without those bytes there are `/v1/market/stalls` and the routes of a stall.
#[utoipa::path(post, path = "/v1/market/ask", tag = "shop",
    request_body(content = String, content_type = "application/octet-stream"), responses(
    (status = 200, description = "What everybody may see", content_type = "application/octet-stream", body = String),
    (status = 400, description = "Not a question of this version", body = ProblemBody),
    (status = 413, description = "The question is too long", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn ask(
    State(app): State<App>,
    Octets(question): Octets<QUESTION_BYTES_MAX>,
) -> Result<impl IntoResponse, Problem> {
    let query: MarketQuery = decode(&question).map_err(|error| Problem::malformed(error.to_string()))?;
    let (market, now_ms) = (app.market(), app.now_ms());
    let answer = move |tx: &mut dyn Tx| market.answer(tx, std::slice::from_ref(&query), now_ms);
    let views = app.store().read(answer).await?;
    let bytes = encode(views.first().unwrap_or(&MarketView::Missing))
        .map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes))
}

/// Hear whose public face moved: a profile, a product, or what a shop can promise.
///
/// Each word's data is a stall's identity. It carries nothing else: ask again for what is shown. Several moves within a
/// moment are one word.
#[utoipa::path(get, path = "/v1/market/stream", tag = "shop", responses(
    (status = 200, description = "Server-sent words", content_type = "text/event-stream", body = String),
    (status = 429, description = "Too many listeners", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn stream(
    State(app): State<App>,
    origin: Origin,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    app.spend(Who::Prefix(origin.prefix), cost::STREAM)?;
    let seat = app.audience().take(origin.prefix, origin.is_local).ok_or_else(too_many_listeners)?;
    let listener = Listener::new(&app, seat);
    let words = unfold(listener, |mut listener| async move {
        let stall = listener.next().await?;
        Some((Ok(Event::default().data(stall.to_string())), listener))
    });
    std::future::ready(Ok(Sse::new(words).keep_alive(KeepAlive::new().interval(HEARTBEAT)))).await
}

pub(crate) fn too_many_listeners() -> Problem {
    let detail = "too many pages of this address, or altogether, listen to the market: close some";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_listeners", detail).retry_after(30)
}

struct Listener {
    app: App,
    latest: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    seen: u64,
    to_tell: VecDeque<LogId>,
    ends: Instant,
    _seat: Seat,
}

impl Listener {
    fn new(app: &App, seat: Seat) -> Self {
        app.metrics().streams.inc();
        let (mut latest, must_watch) = app.market().news.join();
        if must_watch {
            tokio::spawn(watch_faces(app.clone()));
        }
        let seen = *latest.borrow_and_update();
        let (app, closing) = (app.clone(), app.closing());
        Self {
            app,
            latest,
            closing,
            seen,
            to_tell: VecDeque::new(),
            ends: Instant::now() + LIFE,
            _seat: seat,
        }
    }

    async fn next(&mut self) -> Option<LogId> {
        loop {
            if let Some(stall) = self.to_tell.pop_front() {
                return Some(stall);
            }
            if *self.closing.borrow() {
                return None;
            }
            tokio::select! {
                changed = self.latest.changed() => changed.ok()?,
                _ = self.closing.changed() => return None,
                () = tokio::time::sleep_until(self.ends) => return None,
            }
            let (moved, seen) = self.app.market().news.since(self.seen);
            self.seen = seen;
            self.to_tell.extend(moved);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.app.market().news.leave();
        self.app.metrics().streams.dec();
    }
}

/// Looks, for all listeners together, at what rang. Ends with the last of them.
async fn watch_faces(app: App) {
    let (mut bell, mut closing) = (app.market().news.bell(), app.closing());
    // It may have rung before anybody was here to hear it.
    bell.mark_changed();
    while app.market().news.is_wanted() && !*closing.borrow() {
        tokio::select! {
            rang = bell.changed() => if rang.is_err() { return },
            _ = closing.changed() => return,
        }
        tokio::time::sleep(TOGETHER).await;
        bell.mark_unchanged();
        let market = app.market();
        let looked = app.store().read(move |tx| market.news.look(tx)).await;
        if let Err(failed) = looked {
            // What rang is kept, and looked at with the next ring.
            tracing::warn!(?failed, "market.not_looked_at");
        }
    }
}
