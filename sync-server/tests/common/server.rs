//! The real server in process: real router, real store, own clock and randomness.
#![allow(dead_code, reason = "each test program uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test helper that fails fails the test")]

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value;
use soko_domain::ids::LogId;
use soko_domain::wire::Wire as _;
use soko_replication::Pen;
use soko_sync_server::core::StallCore;
use soko_sync_server::egress::Egress;
use soko_sync_server::guard::limits::Rates;
use soko_sync_server::http::{App, Parts, Peer, Settings, router};
use soko_sync_server::messages::TextReports;
use soko_sync_server::metrics::Metrics;
use soko_sync_server::outside::{Clock, Entropy, NoEntropy};
use soko_sync_server::pay::{PayDesk, Provider};
use soko_sync_server::platform::passwords::{Cost, Passwords};
use soko_sync_server::platform::{Refusal, server_secret};
use soko_sync_server::secret::ServerSecret;
use soko_sync_server::store::Shard;
use soko_sync_server::web::Web;
use tower::ServiceExt as _;

use crate::common::TestStore;

pub(crate) const PASSWORD: &str = "orchid ladder frost";
/// What its operator knows.
pub(crate) const OPERATOR_KEY: &str = "a key that only the operator of the test knows";
pub(crate) const BOUNCE_KEY: &str = "whoever knows this hands on mail that came back";
/// What the server under test has for a secret.
pub(crate) const SECRET: [u8; 32] = [5; 32];
const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };
/// Far more than any request takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const START_MS: i64 = 1_790_000_000_000;

/// A clock that stands still until told otherwise.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Different bytes at every call, the same in every run.
struct TestEntropy(AtomicU64);

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        let mut state = self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for byte in bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = state.to_be_bytes()[0];
        }
        Ok(())
    }
}

pub(crate) struct TestServer {
    router: Router,
    pub(crate) app: App,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: TestStore,
}

/// How a test wants its server.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) rates: Option<Rates>,
    pub(crate) public_origin: Option<&'static str>,
    pub(crate) behind_proxy: bool,
    pub(crate) core: Option<Arc<dyn StallCore>>,
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) web: Option<Web>,
    pub(crate) sends_mail: bool,
    pub(crate) without_bounce_key: bool,
    pub(crate) text_reports: Option<TextReports>,
    pub(crate) sends_sms: bool,
    /// Receipts of all stalls that are texted within a day, if not as many as usual.
    pub(crate) texted_receipts_per_day: Option<i64>,
    /// What one person is told within an hour, if not as much as usual.
    pub(crate) messages_per_hour: Option<usize>,
    /// What browsers subscribe to, and the way to their push services.
    pub(crate) push: Option<(String, Egress)>,
    /// The way to addresses of programs.
    pub(crate) egress: Option<Egress>,
    pub(crate) pay: Vec<Arc<dyn Provider>>,
}

impl TestServer {
    pub(crate) fn new() -> Self {
        Self::with(Wanted::default())
    }

    pub(crate) fn with(wanted: Wanted) -> Self {
        Self::on(TestStore::sqlite(), wanted)
    }

    pub(crate) fn on(store: TestStore, wanted: Wanted) -> Self {
        let opened = store.store.clone();
        // On a thread of its own: the caller may be inside the async runtime.
        let ensured = std::thread::spawn(move || {
            opened.write_blocking(Shard::stall(LogId::default()), |tx| {
                Ok::<_, Refusal>(server_secret::ensure(tx, None, SECRET)?)
            })
        });
        let secret = ensured.join().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(START_MS)));
        Self::started(store, (clock, secret.map_err(|error| format!("{error:?}")).unwrap()), wanted, 1)
    }

    /// The same store with nothing left in memory, as after a kill.
    pub(crate) fn restarted(self, wanted: Wanted) -> Self {
        let Self { clock, store, .. } = self;
        let seed = u64::try_from(clock.now_ms()).unwrap();
        Self::started(store, (clock, ServerSecret::new(SECRET)), wanted, seed)
    }

    fn started(
        store: TestStore,
        (clock, secret): (Arc<TestClock>, ServerSecret),
        wanted: Wanted,
        seed: u64,
    ) -> Self {
        let usual = Settings::default();
        let app = App::new(Parts {
            store: store.store.clone(),
            secret,
            passwords: Passwords::new(CHEAP).unwrap(),
            core: wanted.core,
            clock: clock.clone(),
            entropy: Arc::new(TestEntropy(AtomicU64::new(seed))),
            metrics: Arc::new(Metrics::new()),
            settings: Settings {
                rates: wanted.rates,
                public_origin: wanted.public_origin.map(str::to_owned),
                behind_proxy: wanted.behind_proxy,
                request_timeout: wanted.request_timeout.unwrap_or(PATIENCE),
                web: wanted.web.unwrap_or_default(),
                sends_mail: wanted.sends_mail,
                sends_sms: wanted.sends_sms,
                texted_receipts_per_day: wanted
                    .texted_receipts_per_day
                    .unwrap_or(usual.texted_receipts_per_day),
                messages_per_hour: wanted.messages_per_hour.unwrap_or(usual.messages_per_hour),
                push_key: wanted.push.as_ref().map(|(key, _)| key.clone()),
                egress: wanted.egress.or(wanted.push.map(|(_, egress)| egress)),
                operator_key: Some(OPERATOR_KEY.into()),
                text_reports: wanted.text_reports,
                bounce_key: (!wanted.without_bounce_key).then(|| BOUNCE_KEY.into()),
                ..usual
            },
            pay: PayDesk::new(wanted.pay),
        });
        Self { router: router(app.clone()), app, clock, store }
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask {
        Ask {
            router: self.router.clone(),
            request: Request::builder().method(method).uri(path),
            peer: IpAddr::from([192, 0, 2, 1]),
            body: Body::empty(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, json: &Value) -> Ask {
        self.ask(Method::POST, path).json(json)
    }

    pub(crate) fn put(&self, path: &str, json: &Value) -> Ask {
        self.ask(Method::PUT, path).json(json)
    }

    pub(crate) fn delete(&self, path: &str) -> Ask {
        self.ask(Method::DELETE, path)
    }

    /// Makes an account and signs in; the bearer token.
    pub(crate) async fn person(&self, email: &str) -> String {
        let account = serde_json::json!({"email": email, "password": PASSWORD});
        self.post("/v1/accounts", &account).send().await.expect(StatusCode::CREATED);
        self.signed_in(email).await
    }

    /// Somebody with an account, again.
    pub(crate) async fn signed_in(&self, email: &str) -> String {
        let sign_in = serde_json::json!({"email": email, "password": PASSWORD, "carrier": "bearer"});
        let answer = self.post("/v1/sessions", &sign_in).send().await.expect(StatusCode::CREATED);
        answer.text("token")
    }

    /// An owner with a claimed stall, and the pen of its founding author.
    pub(crate) async fn owner_and_stall(&self) -> (String, Device) {
        let owner = self.person("owner@example.org").await;
        let founder = Device::new(1, LogId([0x51; 16]));
        let claim = serde_json::json!({"introduction": founder.introduction});
        self.post("/v1/stalls", &claim).bearer(&owner).send().await.expect(StatusCode::CREATED);
        (owner, founder)
    }

    pub(crate) async fn code(&self, person: &str, stall: LogId, role: &str) -> String {
        let path = format!("/v1/stalls/{stall}/enrolment-codes");
        let answer = self.post(&path, &serde_json::json!({"role": role})).bearer(person).send().await;
        answer.expect(StatusCode::CREATED).text("code")
    }
}

/// An author on a device.
pub(crate) struct Device {
    pub(crate) secret: [u8; 32],
    pub(crate) pen: Pen,
    pub(crate) introduction: String,
}

impl Device {
    pub(crate) fn new(number: u8, stall: LogId) -> Self {
        let (pen, record) = Pen::new([number; 32], stall, [number; 16], b"test".to_vec()).unwrap();
        Self { secret: [number; 32], pen, introduction: hex(&record.to_bytes()) }
    }

    pub(crate) fn author(&self) -> String {
        self.pen.author().to_string()
    }

    pub(crate) fn enrol_with(&self, code: &str) -> Value {
        serde_json::json!({"introduction": self.introduction, "name": "kiosk", "code": code})
    }
}

pub(crate) struct Ask {
    router: Router,
    request: axum::http::request::Builder,
    peer: IpAddr,
    body: Body,
}

impl Ask {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, json: &Value) -> Self {
        self.body("application/json", json.to_string())
    }

    pub(crate) fn body(mut self, kind: &str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.header("content-type", kind)
    }

    pub(crate) fn from(mut self, address: &str) -> Self {
        self.peer = address.parse().unwrap();
        self
    }

    pub(crate) async fn raw(self) -> axum::response::Response {
        let mut request = self.request.body(self.body).unwrap();
        request.extensions_mut().insert(Peer(self.peer));
        self.router.oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(self) -> Answer {
        let response = self.raw().await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 8 * 1024 * 1024).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub(crate) fn text(&self, field: &str) -> String {
        self.json()[field].as_str().map(str::to_owned).unwrap()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{:?}", self.bytes);
        self
    }

    /// The refusal must be a whole problem document.
    #[track_caller]
    pub(crate) fn refused(&self, status: StatusCode, code: &str) {
        let json = self.json();
        assert_eq!((self.status, json["code"].as_str()), (status, Some(code)), "{:?}", self.bytes);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(json["status"], status.as_u16());
        for field in ["type", "title", "detail"] {
            assert!(json[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {json}");
        }
        assert_eq!(json["retry"].as_bool(), Some(self.headers.contains_key(header::RETRY_AFTER)));
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
