//! The socket: who dawdles is hung up on, who opens too many connections gets no more, who is under way is
//! served to the end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use common::server::{TestServer, Wanted};
use soko_domain::ids::LogId;
use soko_record_log::StoreError;
use soko_sync_server::http::server::{SocketLimits, serve};
use soko_sync_server::store::Shard;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Far more than anything here takes; only a hang meets it.
const PATIENCE: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(100);
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

struct Listening {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

async fn listening(server: &TestServer, limits: SocketLimits) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(serve(server.app.clone(), listener, limits, async move {
        stopped.await.ok();
    }));
    Listening { address, stop, ended }
}

/// What comes until the server hangs up.
async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // Hanging up on somebody who still talks may look like an error to them.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

async fn say(address: std::net::SocketAddr, words: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(words.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dawdles_is_hung_up_on() {
    let server = TestServer::with(Wanted { request_timeout: Some(SHORT), ..Wanted::default() });
    let limits = SocketLimits { head_timeout: SHORT, ..SocketLimits::default() };
    let it = listening(&server, limits).await;
    for head in ["", "GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: "] {
        let answer = rest(say(it.address, head).await).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    let slow_body = "POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    let answer = rest(say(it.address, slow_body).await).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"code\":\"timeout\""), "{answer}");
    assert!(rest(say(it.address, HEALTH).await).await.contains("200 OK"), "others are served");
    it.stop.send(()).unwrap();
    it.ended.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_too_many_connections_gets_no_more() {
    let server = TestServer::new();
    let it = listening(&server, SocketLimits { connections_max: 3, ..SocketLimits::default() }).await;
    let held = [say(it.address, "").await, say(it.address, "").await, say(it.address, "").await];
    // The fourth is closed at once, without a word.
    assert_eq!(rest(say(it.address, "").await).await, "");
    let [first, ..] = held;
    drop(first);
    let mut answer = String::new();
    while answer.is_empty() {
        answer = rest(say(it.address, HEALTH).await).await;
    }
    assert!(answer.contains("200 OK"), "{answer}");
    it.stop.send(()).unwrap();
    it.ended.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_under_way_is_served_to_the_end() {
    let server = TestServer::new();
    let (owner, founder) = server.owner_and_stall().await;
    let stall = founder.pen.log();
    let code = server.code(&owner, stall, "owner").await;
    let enrolled = server.post("/v1/devices/enrol", &founder.enrol_with(&code)).send().await;
    let access = enrolled.text("access_token");

    let it = listening(&server, SocketLimits::default()).await;
    let head = format!(
        "GET /v1/stalls/{stall}/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {access}\r\n\r\n"
    );
    let mut stream = say(it.address, &head).await;
    let mut begun = String::new();
    while !begun.contains("event: moved") {
        begun.push(char::from(stream.read_u8().await.unwrap()));
    }
    // A request that waits behind another one in the store's queue.
    let (go_on, writer) = busy_writer(&server);
    let body = r#"{"email":"late@example.org","password":"orchid ladder frost"}"#;
    let head = "POST /v1/accounts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let request = say(it.address, &format!("{head}content-length: {}\r\n\r\n{body}", body.len())).await;
    while server.app.store().waiting().0 == 0 {
        tokio::task::yield_now().await;
    }
    it.stop.send(()).unwrap();
    // The stream ends by itself, nobody new comes in, and the request is answered.
    rest(stream).await;
    go_on.send(()).unwrap();
    let answer = rest(request).await;
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    writer.join().unwrap();
    it.ended.await.unwrap();
    assert!(TcpStream::connect(it.address).await.is_err());
}

/// Keeps the store's writer busy until told to go on, or until the teller is gone.
fn busy_writer(server: &TestServer) -> (Sender<()>, std::thread::JoinHandle<()>) {
    let (started, has_started) = channel();
    let (go_on, may_go_on) = channel::<()>();
    let store = server.app.store().clone();
    let writer = std::thread::spawn(move || {
        let kept = store.write_blocking(Shard::stall(LogId::default()), move |_| {
            started.send(()).ok();
            may_go_on.recv().ok();
            Ok::<(), StoreError>(())
        });
        assert!(kept.is_ok());
    });
    has_started.recv().unwrap();
    (go_on, writer)
}
