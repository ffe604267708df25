//! The adapter for Stripe with a mock of Stripe that others wrote (localstripe): payments with manual capture, refunds and
//! signed words are what it makes of them. It knows neither Checkout's sessions nor the page nor keys of idempotency, so a
//! thin front stands before it that keeps sessions alone, each with the name of a payment of localstripe's; all else is
//! passed on to the byte.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use soko_checkout::{Answer, Back, Call, Due, Object, Part, Payment, Stage, Status};
use soko_domain::ids::{OrderId, ThingId};
use soko_domain::money::Currency;
use soko_sync_server::pay::stripe::{Stripe, StripeSettings};
use soko_sync_server::pay::{Asked, NotHeard, Provider, Secret, drive};
use tokio::process::{Child, Command};

use crate::common::server::Wanted;
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret, stores};
use crate::paying::{LATER_MS, LOOKS};

const KEY: &str = "sk_test_of_the_test";
const WORDS: &str = "whsec_of_the_test";
const GOOD_CARD: &str = "4242424242424242";
const DECLINED_CARD: &str = "4000000000000341";
/// Python starts in a second where nothing else runs.
const READY_LOOKS: usize = 600;
const LOOK_EVERY: Duration = Duration::from_millis(100);

struct Session {
    fields: BTreeMap<String, String>,
    is_expired: bool,
    intent: Option<String>,
}

#[derive(Clone)]
struct Front {
    url: String,
    mock: String,
    client: reqwest::Client,
    sessions: Arc<Mutex<BTreeMap<String, Session>>>,
    words: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    /// It ends with the last one.
    _mock: Arc<Child>,
}

impl Front {
    async fn open() -> Self {
        // As the server does for its own clients.
        let _ = rustls::crypto::CryptoProvider::install_default(rustls::crypto::ring::default_provider());
        let port = std::net::TcpListener::bind("[::]:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program())
            .args(["--from-scratch", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            mock: format!("http://127.0.0.1:{port}"),
            client: reqwest::Client::new(),
            sessions: Arc::default(),
            words: Arc::default(),
            _mock: Arc::new(child),
        };
        let router = Router::new()
            .route("/v1/checkout/sessions", post(create))
            .route("/v1/checkout/sessions/{id}", get(look))
            .route("/v1/checkout/sessions/{id}/expire", post(expire))
            .route("/word", post(hear))
            .fallback(pass_on)
            .with_state(front.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        front.until_ready().await;
        front
    }

    async fn until_ready(&self) {
        let hook = [("url", format!("{}/word", self.url)), ("secret", WORDS.to_owned())];
        for _ in 0..READY_LOOKS {
            if self.post("/_config/webhooks/soko", &hook).await.is_some_and(|(status, _)| status == 200) {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("localstripe did not start");
    }

    async fn post(&self, path: &str, fields: &[(&str, String)]) -> Option<(u16, Value)> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let asked = self.client.post(format!("{}{path}", self.mock)).bearer_auth(KEY);
        let asked = asked.header("content-type", "application/x-www-form-urlencoded");
        let said = asked.body(body).send().await.ok()?;
        let status = said.status().as_u16();
        Some((status, serde_json::from_slice(&said.bytes().await.ok()?).unwrap_or_default()))
    }

    async fn fetch(&self, path: &str) -> Value {
        let said = self.client.get(format!("{}{path}", self.mock)).bearer_auth(KEY).send().await.unwrap();
        serde_json::from_slice(&said.bytes().await.unwrap()).unwrap()
    }

    /// What the page of a session does: says whether the card was taken.
    async fn buyer_pays(&self, order: &str, card: &str) -> bool {
        let method = [
            ("type", "card".to_owned()),
            ("card[number]", card.to_owned()),
            ("card[exp_month]", "12".to_owned()),
            ("card[exp_year]", "2099".to_owned()),
            ("card[cvc]", "123".to_owned()),
        ];
        let (_, method) = self.post("/v1/payment_methods", &method).await.unwrap();
        let fields = {
            let sessions = self.sessions.lock().unwrap();
            let session = sessions.get(order).unwrap();
            let field = |name: &str| session.fields[name].clone();
            [
                ("amount", field("line_items[0][price_data][unit_amount]")),
                ("currency", field("line_items[0][price_data][currency]")),
                ("capture_method", field("payment_intent_data[capture_method]")),
                ("metadata[soko_order]", field("payment_intent_data[metadata][soko_order]")),
                ("metadata[soko_stall]", field("payment_intent_data[metadata][soko_stall]")),
                ("payment_method", method["id"].as_str().unwrap().to_owned()),
                ("confirm", "true".to_owned()),
            ]
        };
        let (status, intent) = self.post("/v1/payment_intents", &fields).await.unwrap();
        if status == 200 {
            let name = intent["id"].as_str().unwrap().to_owned();
            self.sessions.lock().unwrap().get_mut(order).unwrap().intent = Some(name);
        }
        status == 200
    }

    fn intent(&self, order: &str) -> String {
        self.sessions.lock().unwrap()[order].intent.clone().unwrap()
    }

    /// What localstripe has of an order's payment: its state, what was taken and what went back.
    async fn books(&self, order: &str) -> (String, bool, i64) {
        let intent = self.fetch(&format!("/v1/payment_intents/{}", self.intent(order))).await;
        let charge = &intent["latest_charge"];
        (
            intent["status"].as_str().unwrap().to_owned(),
            charge["captured"] == true,
            charge["amount_refunded"].as_i64().unwrap(),
        )
    }

    async fn shown(&self, name: &str) -> Value {
        let (mut shown, intent) = {
            let sessions = self.sessions.lock().unwrap();
            let session = &sessions[name];
            let field = |field: &str| session.fields[field].clone();
            let amount: i64 = field("line_items[0][price_data][unit_amount]").parse().unwrap();
            let status = match (&session.intent, session.is_expired) {
                (Some(_), _) => "complete",
                (None, true) => "expired",
                (None, false) => "open",
            };
            let shown = json!({
                "id": name, "url": format!("{}/pay/{name}", self.url), "status": status,
                "client_reference_id": field("client_reference_id"), "amount_total": amount,
                "currency": field("line_items[0][price_data][currency]"),
                "metadata": {
                    "soko_order": field("metadata[soko_order]"), "soko_stall": field("metadata[soko_stall]"),
                },
            });
            (shown, session.intent.clone())
        };
        shown["payment_intent"] = match intent {
            Some(intent) => self.fetch(&format!("/v1/payment_intents/{intent}")).await,
            None => Value::Null,
        };
        shown
    }
}

/// Where the tools are installed, which is beside what is built.
fn program() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let program = built.parent().unwrap().join("tools/localstripe/bin/localstripe");
    assert!(program.is_file(), "localstripe is not installed: run `cargo xtask setup`");
    program
}

/// A session's name is its order's, so that the buyer finds it.
async fn create(State(front): State<Front>, body: String) -> Json<Value> {
    let fields: BTreeMap<_, _> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let name = fields["client_reference_id"].clone();
    let session = Session { fields, is_expired: false, intent: None };
    front.sessions.lock().unwrap().entry(name.clone()).or_insert(session);
    Json(front.shown(&name).await)
}

async fn look(State(front): State<Front>, Path(name): Path<String>) -> Json<Value> {
    Json(front.shown(&name).await)
}

async fn expire(State(front): State<Front>, Path(name): Path<String>) -> Json<Value> {
    front.sessions.lock().unwrap().get_mut(&name).unwrap().is_expired = true;
    Json(front.shown(&name).await)
}

async fn hear(State(front): State<Front>, headers: HeaderMap, body: Bytes) {
    front.words.lock().unwrap().push((headers, body));
}

async fn pass_on(
    State(front): State<Front>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = front.client.request(method, format!("{}{uri}", front.mock));
    let asked =
        ["authorization", "content-type"].iter().fold(asked, |asked, name| match headers.get(*name) {
            Some(value) => asked.header(*name, value),
            None => asked,
        });
    let said = asked.body(body).send().await.unwrap();
    (said.status(), said.bytes().await.unwrap()).into_response()
}

struct World {
    shop: Shop,
    front: Front,
    stripe: Arc<Stripe>,
}

impl World {
    async fn open() -> Self {
        let front = Front::open().await;
        let (key, webhook_secret) = (Secret::new(KEY), Secret::new(WORDS));
        let settings = StripeSettings { url: front.url.clone(), key, webhook_secret };
        let stripe = Arc::new(Stripe::new(settings).unwrap());
        let wanted = Wanted { pay: vec![stripe.clone()], ..Wanted::default() };
        // What is asked of it does not depend on the store.
        let store = stores().into_iter().next().unwrap();
        Self { shop: Shop::open_wanted(store, core(), 9, wanted).await, front, stripe }
    }

    /// An order that came as far as the page.
    async fn waiting(&self, order: u8) -> String {
        let lines = [json!({"product": TEA.to_string(), "quantity": 3})];
        let body = json!({"order": id(order), "lines": lines, "pay": {"way": "card"}});
        let placed = self.shop.server.post(&orders(), &body).header("soko-buyer", &secret(order));
        placed.send().await.expect(StatusCode::CREATED);
        self.until(order, ("held", "waiting")).await;
        id(order)
    }

    async fn cancel(&self, order: u8) {
        let path = format!("{}/{}/cancel", orders(), id(order));
        let asked = self.shop.server.ask(Method::POST, &path).header("soko-buyer", &secret(order));
        asked.send().await.expect(StatusCode::OK);
    }

    async fn until(&self, order: u8, wanted: (&str, &str)) {
        let mut standing = Value::Null;
        for _ in 0..LOOKS {
            let path = format!("{}/{}", orders(), id(order));
            let seen = self.shop.server.get(&path).header("soko-buyer", &secret(order)).send().await;
            let seen = seen.expect(StatusCode::OK).json();
            standing = json!([seen["state"], seen["payment"]["state"]]);
            if standing == json!([wanted.0, wanted.1]) {
                return;
            }
            drive::once(&self.shop.server.app).await;
            self.shop.server.clock.advance_ms(LATER_MS / 8);
        }
        panic!("it stayed at {standing} instead of {wanted:?}");
    }

    /// The adapter itself, asked about an order that was paid.
    async fn ask(&self, order: u8, call: Call, part: Option<Part>) -> Answer {
        let order = OrderId::from_hex(&id(order)).unwrap();
        let currency = Currency::parse("EUR").unwrap();
        let due = Due { order, account: STALL.to_string(), amount_minor: 1_350, currency };
        let mut payment = Payment::new(due);
        payment.object = Some(order.to_string());
        payment.parts.extend(part);
        let key = format!("{order}:{call:?}");
        let (phone, back) = (String::new(), String::new());
        let asked = Asked { stall: STALL, call, key, payment, part, phone, back, asked_ms: 0, now_ms: 0 };
        self.stripe.ask(&asked).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_of_localstripe_are_held_taken_given_up_and_given_back() {
    let world = World::open().await;
    let taken = world.waiting(1).await;
    // A card that is not taken is the page's affair.
    assert!(!world.front.buyer_pays(&taken, DECLINED_CARD).await);
    world.until(1, ("held", "waiting")).await;
    assert!(world.front.buyer_pays(&taken, GOOD_CARD).await);
    assert_eq!(world.front.books(&taken).await, ("requires_capture".into(), false, 0));
    world.until(1, ("held", "paid")).await;
    assert_eq!(world.front.books(&taken).await, ("succeeded".into(), true, 0));
    world.cancel(1).await;
    world.until(1, ("cancelled", "returned")).await;
    assert_eq!(world.front.books(&taken).await, ("succeeded".into(), true, 1_350));
    // Whoever goes back before it was taken is charged nothing, nor is whoever never paid.
    let held = world.waiting(2).await;
    assert!(world.front.buyer_pays(&held, GOOD_CARD).await);
    world.cancel(2).await;
    world.until(2, ("cancelled", "cancelled")).await;
    assert_eq!(world.front.books(&held).await, ("canceled".into(), false, 0));
    world.waiting(3).await;
    world.cancel(3).await;
    world.until(3, ("cancelled", "cancelled")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_goes_back_at_localstripe_and_is_known_by_our_name() {
    let world = World::open().await;
    let order = world.waiting(1).await;
    assert!(world.front.buyer_pays(&order, GOOD_CARD).await);
    world.until(1, ("held", "paid")).await;
    let refund = ThingId([0x0a; 16]);
    let part = Part { refund, amount_minor: 450, stage: Stage::Asked, asks: 1 };
    let seen = world.ask(1, Call::RefundPart, Some(part)).await;
    let Answer::Seen(Object { status, back, .. }) = seen else { panic!("{seen:?}") };
    let expected = Back { parts: vec![(refund, Stage::Done)], outside_minor: 0 };
    assert_eq!((status, back), (Status::Captured, expected.clone()));
    assert_eq!(world.front.books(&order).await, ("succeeded".into(), true, 450));
    // What somebody gives back beside us has no name of ours.
    let outside = [("payment_intent", world.front.intent(&order)), ("amount", "100".to_owned())];
    assert_eq!(world.front.post("/v1/refunds", &outside).await.unwrap().0, 200);
    let seen = world.ask(1, Call::LookUp, Some(part)).await;
    let Answer::Seen(Object { back, .. }) = seen else { panic!("{seen:?}") };
    assert_eq!(back, Back { outside_minor: 100, ..expected });
    // It says no to what was taken already.
    let again = world.ask(1, Call::Capture, None).await;
    assert!(matches!(again, Answer::Refused(_)), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_localstripe_signs_is_taken_and_no_other() {
    let world = World::open().await;
    let order = world.waiting(1).await;
    assert!(world.front.buyer_pays(&order, GOOD_CARD).await);
    world.until(1, ("held", "paid")).await;
    let mut heard = None;
    for _ in 0..READY_LOOKS {
        heard = world.front.words.lock().unwrap().pop();
        if heard.is_some() {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let (headers, body) = heard.expect("localstripe said nothing");
    let signature = headers["stripe-signature"].to_str().unwrap();
    let at_s: i64 = signature["t=".len()..].split(',').next().unwrap().parse().unwrap();
    let stripe = &world.stripe;
    let word = stripe.heard(&headers, &body, at_s * 1_000).await.unwrap();
    assert_eq!(word.about, Some((STALL, OrderId::from_hex(&order).unwrap())));
    assert!(!word.is_dispute && word.word.starts_with("evt_"), "{word:?}");
    let changed = String::from_utf8_lossy(&body).replace("1350", "9350");
    assert_ne!(changed.as_bytes(), body.as_ref());
    let forged = Err(NotHeard::Forged);
    assert_eq!(stripe.heard(&headers, changed.as_bytes(), at_s * 1_000).await, forged);
    assert_eq!(stripe.heard(&headers, &body, (at_s + 301) * 1_000).await, forged);
}
