//! A provider that cannot be trusted, over real HTTP on loopback. It speaks the part of Stripe's interface that the server
//! uses, and that of PayPal's (in `paypal`), counts what it really charges, and fails as it is planned: before or after the effect, for ever the same way
//! under one key, with another amount, and forgetting its keys.
#![allow(dead_code, reason = "each test program uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test helper that fails fails the test")]

pub(crate) mod paypal;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use soko_sync_server::pay::stripe::{Stripe, StripeSettings};
use soko_sync_server::pay::{Provider, Secret, hmac_hex};

pub(crate) const WEBHOOK_SECRET: &str = "whsec_of_the_test";

/// Whose interface it speaks.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Speaks {
    #[default]
    Stripe,
    Paypal,
}

/// What is asked of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asks {
    Create,
    Look,
    /// After the buyer's yes: PayPal alone asks for that.
    Hold,
    Capture,
    Void,
    Refund,
}

/// How it fails once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The request is lost.
    Before,
    /// It is done, and the answer is lost.
    After,
    /// Not done, and the same 500 for ever under this key.
    Error,
    /// Done, and the same 500 for ever under this key.
    ErrorAfter,
    /// It charges something else.
    OtherAmount,
    /// It takes the request, and neither does anything nor ends its answer.
    HangsBefore,
    /// It is done, and the answer does not end.
    HangsAfter,
}

#[derive(Clone, Debug)]
struct Session {
    order: String,
    stall: String,
    amount: i64,
    currency: String,
    status: &'static str,
    intent: Option<&'static str>,
    /// Each with the name that it was given, and how much.
    refunds: Vec<(String, i64)>,
    /// Those that a bank did not take.
    undone: Vec<(String, i64)>,
    /// What was taken, where somebody took less than was held.
    received: Option<i64>,
}

impl Session {
    fn returned_minor(&self) -> i64 {
        self.refunds.iter().map(|(_, amount)| amount).sum()
    }
}

/// Where others sell so much that one session is not found.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Crowd {
    #[default]
    None,
    /// Since the session was made.
    Since,
    /// When it was made, too.
    Always,
}

#[derive(Default)]
pub(crate) struct Books {
    sessions: BTreeMap<String, Session>,
    keys: BTreeMap<String, (u16, Value)>,
    plan: Vec<(Asks, Fault)>,
    pub(crate) asked: Vec<Asks>,
    /// Money that was really taken and given back.
    pub(crate) charges: u32,
    pub(crate) holds: u32,
    tokens: u32,
    speaks: Speaks,
    /// The buyer's bank says no to what is to be held.
    pub(crate) declines: bool,
    pub(crate) refunds: u32,
    /// It says no to each refund.
    pub(crate) is_broke: bool,
    /// There are more sessions than anybody looks through: since this one, or at every time.
    pub(crate) crowd: Crowd,
    /// Everything fails until it is put back.
    pub(crate) is_down: bool,
}

impl Books {
    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn asked_for(&self, asks: Asks) -> bool {
        self.asked.contains(&asks)
    }

    pub(crate) fn returned_minor(&self) -> i64 {
        self.sessions.values().map(Session::returned_minor).sum()
    }

    /// Weeks later banks do not take what went back.
    pub(crate) fn undo_refunds(&mut self) {
        for session in self.sessions.values_mut() {
            session.undone.append(&mut session.refunds);
        }
    }

    /// Somebody gives so much back on its own pages.
    pub(crate) fn give_back(&mut self, amount: i64) {
        self.sessions.values_mut().for_each(|session| session.refunds.push((String::new(), amount)));
    }

    /// Somebody takes so much there of what is held.
    pub(crate) fn take(&mut self, amount: i64) {
        for session in self.sessions.values_mut() {
            (session.intent, session.received) = (Some("succeeded"), Some(amount));
        }
    }

    pub(crate) fn forget_keys(&mut self) {
        self.keys.clear();
    }

    /// As if it was another account: nothing is shown that was there.
    pub(crate) fn forget_all(&mut self) {
        self.keys.clear();
        self.sessions.clear();
    }

    /// The buyer pays on the page, or goes away.
    pub(crate) fn buyer(&mut self, pays: bool) {
        for session in self.sessions.values_mut().filter(|session| session.status == "open") {
            (session.status, session.intent) = match (pays, self.speaks) {
                (true, Speaks::Stripe) => ("complete", Some("requires_capture")),
                // Nothing is held by that alone.
                (true, Speaks::Paypal) => ("approved", None),
                (false, _) => ("expired", None),
            };
        }
    }

    fn fault(&mut self, asks: Asks) -> Option<Fault> {
        self.asked.push(asks);
        let at = self.plan.iter().position(|(planned, _)| *planned == asks)?;
        Some(self.plan.remove(at).1)
    }
}

#[derive(Clone)]
pub(crate) struct Hostile {
    pub(crate) url: String,
    books: Arc<Mutex<Books>>,
}

type Form = BTreeMap<String, String>;

impl Hostile {
    pub(crate) async fn open() -> Self {
        Self::open_as(Speaks::Stripe).await
    }

    pub(crate) async fn open_as(speaks: Speaks) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let books = Books { speaks, ..Books::default() };
        let hostile = Self { url, books: Arc::new(Mutex::new(books)) };
        let router = Router::new()
            .route("/v1/checkout/sessions", post(create).get(list))
            .route("/v1/checkout/sessions/{id}", get(look))
            .route("/v1/checkout/sessions/{id}/expire", post(expire))
            .route("/v1/payment_intents/{id}/capture", post(capture))
            .route("/v1/payment_intents/{id}/cancel", post(cancel))
            .route("/v1/payment_intents/{id}", get(intent))
            .route("/v1/refunds", post(refund).get(refunds))
            .merge(paypal::routes())
            .with_state(hostile.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        hostile
    }

    /// The real adapter, pointed here.
    pub(crate) fn provider(&self) -> Arc<dyn Provider> {
        if self.speaks() == Speaks::Paypal {
            return paypal::provider(&self.url);
        }
        let (key, webhook_secret) = (Secret::new("sk_test_of_the_test"), Secret::new(WEBHOOK_SECRET));
        Arc::new(Stripe::new(StripeSettings { url: self.url.clone(), key, webhook_secret }).unwrap())
    }

    pub(crate) fn speaks(&self) -> Speaks {
        self.books().speaks
    }

    pub(crate) fn plan(&self, faults: &[(Asks, Fault)]) {
        self.books().plan.extend(faults);
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    /// One answer: what was kept under the key, a planned failure, or what `work` says.
    fn serve(
        &self,
        asks: Asks,
        headers: &HeaderMap,
        work: impl FnOnce(&mut Books, bool) -> (u16, Value),
    ) -> Response {
        let mut books = self.books();
        let wanted = match books.speaks {
            Speaks::Stripe => "Bearer sk_test_of_the_test".to_owned(),
            Speaks::Paypal => books.bearer(),
        };
        if headers.get("authorization").is_none_or(|value| *value != wanted) {
            return answered(401, &json!({}));
        }
        let fault = books.fault(asks);
        if books.is_down {
            return answered(503, &json!({}));
        }
        let key = headers.get("idempotency-key").or_else(|| headers.get("paypal-request-id"));
        let key = key.and_then(|key| key.to_str().ok()).map(str::to_owned);
        if let Some((status, body)) = key.as_ref().and_then(|key| books.keys.get(key)) {
            return answered(*status, &books.as_it_is_now(body));
        }
        let broken = (500, json!({"error": {"type": "api_error"}}));
        let (done, kept) = match fault {
            Some(Fault::Before) => return lost(),
            Some(Fault::HangsBefore) => return endless(),
            Some(Fault::Error) => (broken.clone(), broken),
            Some(Fault::ErrorAfter) => {
                work(&mut books, false);
                (broken.clone(), broken)
            }
            other => {
                let done = work(&mut books, other == Some(Fault::OtherAmount));
                (done.clone(), done)
            }
        };
        if let Some(key) = key {
            books.keys.insert(key, kept);
        }
        match fault {
            Some(Fault::After) => lost(),
            Some(Fault::HangsAfter) => endless(),
            _ => answered(done.0, &done.1),
        }
    }
}

/// A word as it would send it, with its signature.
pub(crate) fn word(id: &str, about: (&str, &str), now_ms: i64) -> (String, String) {
    word_of((id, None), about, now_ms)
}

/// The same, where it names its session.
pub(crate) fn word_of(
    (id, session): (&str, Option<&str>),
    (stall, order): (&str, &str),
    now_ms: i64,
) -> (String, String) {
    let metadata = json!({"soko_stall": stall, "soko_order": order});
    let mut object = json!({"metadata": metadata});
    if let Some(session) = session {
        (object["object"], object["id"]) = (json!("checkout.session"), json!(session));
    }
    let body = json!({"id": id, "type": "checkout.session.completed", "data": {"object": object}});
    let (body, time) = (body.to_string(), (now_ms / 1_000).to_string());
    let secret = Secret::new(WEBHOOK_SECRET);
    let signature = hmac_hex(&secret, &[time.as_bytes(), b".", body.as_bytes()]);
    (body, format!("t={time},v1={signature}"))
}

fn answered(status: u16, body: &Value) -> Response {
    let body = Body::from(body.to_string());
    Response::builder().status(StatusCode::from_u16(status).unwrap()).body(body).unwrap()
}

/// The connection breaks in the middle of the answer.
fn lost() -> Response {
    let parts = [Ok(Bytes::from_static(b"{\"id\"")), Err(std::io::Error::other("cut"))];
    Response::new(Body::from_stream(futures_util::stream::iter(parts)))
}

/// An answer that never comes to its end.
fn endless() -> Response {
    Response::new(Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>()))
}

fn shown(id: &str, session: &Session) -> Value {
    let intent = session.intent.map(|status| {
        let held = if status == "requires_capture" { session.amount } else { 0 };
        let taken = if status == "succeeded" { session.received.unwrap_or(session.amount) } else { 0 };
        json!({"id": format!("pi_{id}"), "status": status, "amount_capturable": held, "amount_received": taken,
            "latest_charge": {
            "refunded": session.returned_minor() == session.amount, "amount_refunded": session.returned_minor(),
        }})
    });
    json!({
        "id": id, "url": format!("https://pay.example/{id}"), "status": session.status,
        "client_reference_id": session.order, "metadata": {"soko_stall": session.stall, "soko_order": session.order},
        "amount_total": session.amount, "currency": session.currency, "payment_intent": intent,
    })
}

fn no(code: &str) -> (u16, Value) {
    (400, json!({"error": {"code": code}}))
}

async fn create(State(hostile): State<Hostile>, headers: HeaderMap, body: String) -> Response {
    let form: Form = read_form(&body);
    hostile.serve(Asks::Create, &headers, |books, is_other| {
        let amount: i64 = form["line_items[0][price_data][unit_amount]"].parse().unwrap();
        let id = format!("cs_{}", books.sessions.len() + 1);
        let session = Session {
            order: form["client_reference_id"].clone(),
            stall: form["metadata[soko_stall]"].clone(),
            amount: if is_other { amount * 2 } else { amount },
            currency: form["line_items[0][price_data][currency]"].clone(),
            status: "open",
            intent: None,
            refunds: vec![],
            undone: vec![],
            received: None,
        };
        let body = shown(&id, &session);
        books.sessions.insert(id, session);
        (200, body)
    })
}

async fn list(State(hostile): State<Hostile>, Query(asked): Query<Form>, headers: HeaderMap) -> Response {
    hostile.serve(Asks::Look, &headers, |books, _| {
        let is_crowded = match books.crowd {
            Crowd::None => false,
            Crowd::Since => !asked.contains_key("created[lte]"),
            Crowd::Always => true,
        };
        if is_crowded {
            return (200, json!({"data": [{"id": "cs_of_another"}], "has_more": true}));
        }
        let all: Vec<Value> = books.sessions.iter().map(|(id, session)| shown(id, session)).collect();
        (200, json!({"data": all, "has_more": false}))
    })
}

async fn look(State(hostile): State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    hostile.serve(Asks::Look, &headers, |books, _| match books.sessions.get(&id) {
        Some(session) => (200, shown(&id, session)),
        None => (404, json!({})),
    })
}

async fn intent(State(hostile): State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    hostile.serve(Asks::Look, &headers, |books, _| match books.sessions.get(id.trim_start_matches("pi_")) {
        Some(session) => {
            (200, json!({"id": id, "metadata": {"soko_stall": session.stall, "soko_order": session.order}}))
        }
        None => (404, json!({})),
    })
}

async fn expire(State(hostile): State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    hostile.serve(Asks::Void, &headers, |books, _| {
        let Some(session) = books.sessions.get_mut(&id).filter(|session| session.status == "open") else {
            return no("resource_missing");
        };
        session.status = "expired";
        (200, json!({"id": id}))
    })
}

async fn capture(State(hostile): State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    move_intent(&hostile, &headers, (Asks::Capture, &id), ("requires_capture", "succeeded"))
}

async fn cancel(State(hostile): State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    move_intent(&hostile, &headers, (Asks::Void, &id), ("requires_capture", "canceled"))
}

fn move_intent(
    hostile: &Hostile,
    headers: &HeaderMap,
    (asks, id): (Asks, &str),
    (from, to): (&str, &'static str),
) -> Response {
    hostile.serve(asks, headers, |books, _| {
        let session = books.sessions.get_mut(id.trim_start_matches("pi_"));
        let Some(session) = session.filter(|session| session.intent == Some(from)) else {
            return no("payment_intent_unexpected_state");
        };
        session.intent = Some(to);
        books.charges += u32::from(asks == Asks::Capture);
        (200, json!({"id": id}))
    })
}

async fn refund(State(hostile): State<Hostile>, headers: HeaderMap, body: String) -> Response {
    let form = read_form(&body);
    hostile.serve(Asks::Refund, &headers, |books, _| {
        let is_broke = books.is_broke;
        let session = books.sessions.get_mut(form["payment_intent"].trim_start_matches("pi_"));
        let paid = session.filter(|session| session.intent == Some("succeeded") && !is_broke);
        let Some(session) = paid else { return no("insufficient_funds") };
        let left = session.amount - session.returned_minor();
        let amount = form.get("amount").map_or(left, |amount| amount.parse().unwrap());
        if amount < 1 || amount > left {
            return no("charge_already_refunded");
        }
        session.refunds.push((form["metadata[soko_refund]"].clone(), amount));
        books.refunds += 1;
        (200, json!({"id": "re_1"}))
    })
}

async fn refunds(State(hostile): State<Hostile>, Query(asked): Query<Form>, headers: HeaderMap) -> Response {
    hostile.serve(Asks::Look, &headers, |books, _| {
        let session = books.sessions.get(asked["payment_intent"].trim_start_matches("pi_"));
        let one = |(name, amount): &(String, i64), status: &str| {
            json!({"amount": amount, "status": status, "metadata": {"soko_refund": name}})
        };
        let all: Vec<Value> = session.map_or(vec![], |session| {
            let undone = session.undone.iter().map(|refund| one(refund, "failed"));
            session.refunds.iter().map(|refund| one(refund, "succeeded")).chain(undone).collect()
        });
        (200, json!({"data": all, "has_more": false}))
    })
}

fn read_form(body: &str) -> Form {
    let read = |text: &str| {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            } else {
                out.push(byte);
            }
        }
        String::from_utf8(out).unwrap()
    };
    body.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (read(name), read(value)))
        .collect()
}
