//! The change stream: "this stall moved to position P", so that devices ask at once instead of now and then. It
//! carries no data; who misses a word asks a little later.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use soko_domain::ids::LogId;
use soko_record_log::Tx;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{ApiPath, id};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::devices::ACCESS_LIFE_MS;
use crate::platform::{Action, Object, authorise};

/// A line in between, so that proxies and listeners can tell quiet from dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A stream ends with the longest access there is; the listener comes back with a fresh token.
const LIFE: Duration = Duration::from_millis(ACCESS_LIFE_MS.unsigned_abs());

/// Hear at once when a stall's log moves.
///
/// Each `moved` carries the position as its data. The first one comes at once and may be 0: ask for what is new,
/// then listen.
#[utoipa::path(get, path = "/v1/stalls/{stall}/stream", tag = "replication",
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 200, description = "Server-sent words", content_type = "text/event-stream", body = String),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn stream(
    State(app): State<App>,
    Caller(principal): Caller,
    ApiPath(stall): ApiPath<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    app.spend(Who::Stall(stall), cost::STREAM)?;
    let may = move |tx: &mut dyn Tx| authorise(tx, principal, Object::Stall(stall), Action::Listen);
    app.store().read(may).await?;
    let listener = Listener::new(&app, stall);
    let words = unfold(listener, |mut listener| async move {
        let position = listener.next().await?;
        let word = Event::default().event("moved").data(position.to_string());
        Some((Ok(word), listener))
    });
    Ok(Sse::new(words).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

struct Listener {
    app: App,
    moved: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    ends: Instant,
}

impl Listener {
    fn new(app: &App, stall: LogId) -> Self {
        app.metrics().streams.inc();
        let mut moved = app.moved().listen(stall);
        moved.mark_changed();
        Self { app: app.clone(), moved, closing: app.closing(), ends: Instant::now() + LIFE }
    }

    async fn next(&mut self) -> Option<u64> {
        if *self.closing.borrow() {
            return None;
        }
        tokio::select! {
            changed = self.moved.changed() => changed.ok().map(|()| *self.moved.borrow_and_update()),
            _ = self.closing.changed() => None,
            () = tokio::time::sleep_until(self.ends) => None,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.app.metrics().streams.dec();
    }
}
