//! Sockets: accept, bound, serve, drain. Whoever is slow to say what it wants is hung up on; whoever opens too many
//! connections gets no more.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::Service as _;

use crate::guard::limits::Prefix;
use crate::http::app::App;
use crate::http::front::Peer;
use crate::http::router::router;

/// How many connections, and how long they may dawdle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SocketLimits {
    pub connections_max: usize,
    /// Of one address. Not counted for this machine itself, where a proxy may stand.
    pub connections_per_prefix_max: usize,
    /// From the first byte, or from the last answer, until the head of the next request is complete.
    pub head_timeout: Duration,
    /// How long requests under way may take once the server is told to stop.
    pub drain_timeout: Duration,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            connections_max: 4_000,
            connections_per_prefix_max: 256,
            head_timeout: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// Longest head of a request.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// What is waited when the machine has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop` completes, then finishes what is under way.
pub async fn serve(app: App, listener: TcpListener, limits: SocketLimits, stop: impl Future<Output = ()>) {
    let service = router(app.clone());
    let graceful = GracefulShutdown::new();
    let seats = Seats::new(limits);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => match seats.take(&app, peer) {
                Some(seat) => serve_one(stream, peer, service.clone(), limits, &graceful, seat),
                None => {
                    app.metrics().connections_refused.inc();
                }
            },
            Err(error) => {
                tracing::warn!(%error, "connection.not_accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    app.begin_closing();
    if tokio::time::timeout(limits.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("server.drain_cut_short");
    }
}

fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    service: Router,
    limits: SocketLimits,
    graceful: &GracefulShutdown,
    seat: Seat,
) {
    // Small answers go out at once. Where this fails they go out a little later.
    let _ = stream.set_nodelay(true);
    let handler = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer.ip()));
        service.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), handler);
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, "connection.broken");
        }
        drop(seat);
    });
}

/// Who is connected.
#[derive(Clone)]
struct Seats {
    limits: SocketLimits,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_prefix: BTreeMap<Prefix, usize>,
}

struct Seat {
    app: App,
    prefix: Prefix,
    taken: Arc<Mutex<Taken>>,
}

impl Seats {
    fn new(limits: SocketLimits) -> Self {
        Self { limits, taken: Arc::default() }
    }

    fn take(&self, app: &App, peer: SocketAddr) -> Option<Seat> {
        let prefix = Prefix::from(peer.ip());
        let is_local = peer.ip().to_canonical().is_loopback();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_prefix = taken.by_prefix.get(&prefix).copied().unwrap_or(0);
        let is_full = taken.all >= self.limits.connections_max
            || (!is_local && of_prefix >= self.limits.connections_per_prefix_max);
        if is_full {
            return None;
        }
        taken.all += 1;
        taken.by_prefix.insert(prefix, of_prefix + 1);
        app.metrics().connections.inc();
        Some(Seat { app: app.clone(), prefix, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        let left = taken.by_prefix.get(&self.prefix).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            taken.by_prefix.remove(&self.prefix);
        } else {
            taken.by_prefix.insert(self.prefix, left);
        }
        self.app.metrics().connections.dec();
    }
}
