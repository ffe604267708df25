//! Sockets: accept, bound, serve, drain. Whoever is slow to say what it wants is hung up on; whoever opens too many
//! connections gets no more.

use std::net::SocketAddr;
use std::pin::pin;
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

use crate::guard::seats::{Seat, Seats};
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
    let seats = Seats::new(limits.connections_max, limits.connections_per_prefix_max);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                match seats.take(peer.ip().into(), peer.ip().to_canonical().is_loopback()) {
                    Some(seat) => {
                        let seat = Connected::new(&app, seat);
                        serve_one(stream, peer, service.clone(), limits, &graceful, seat);
                    }
                    None => {
                        app.metrics().connections_refused.inc();
                    }
                }
            }
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
    seat: Connected,
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

/// Whoever is connected, as long as it is.
struct Connected {
    app: App,
    _seat: Seat,
}

impl Connected {
    fn new(app: &App, seat: Seat) -> Self {
        app.metrics().connections.inc();
        Self { app: app.clone(), _seat: seat }
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.app.metrics().connections.dec();
    }
}
