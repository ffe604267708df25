//! Whoever takes card payments in a measurement: the part of Stripe's interface that the server uses, on loopback. Every
//! request is answered after a millisecond, and a session is paid as soon as the buyer says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use soko_sync_server::pay::{Secret, hmac_hex};

use crate::figure::Measured;

pub(crate) const KEY: &str = "sk_test_bench";
pub(crate) const WEBHOOK_SECRET: &str = "whsec_bench";
const ANSWERS_AFTER: Duration = Duration::from_millis(1);

struct Session {
    fields: BTreeMap<String, String>,
    status: &'static str,
    intent: Option<&'static str>,
}

#[derive(Clone, Default)]
pub(crate) struct Provider(Arc<Mutex<BTreeMap<String, Session>>>);

impl Provider {
    /// Its address.
    pub(crate) async fn open(&self) -> Measured<String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new()
            .route("/v1/checkout/sessions", post(create).get(list))
            .route("/v1/checkout/sessions/{id}", get(look))
            .route("/v1/payment_intents/{id}/capture", post(capture))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(url)
    }

    /// The buyer of this order pays; nothing if the provider does not know it.
    pub(crate) fn pay(&self, order: &str) -> bool {
        let mut all = self.sessions();
        let found = all.values_mut().find(|session| session.fields.get(ORDER).is_some_and(|it| it == order));
        let is_known = found.is_some();
        if let Some(session) = found {
            (session.status, session.intent) = ("complete", Some("requires_capture"));
        }
        is_known
    }

    /// How many were really charged.
    pub(crate) fn charges(&self) -> usize {
        self.sessions().values().filter(|session| session.intent == Some("succeeded")).count()
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const ORDER: &str = "client_reference_id";

/// What it says of an order, and its signature.
pub(crate) fn word(stall: &str, order: &str, now_ms: i64) -> (String, String) {
    let metadata = json!({"soko_stall": stall, "soko_order": order});
    let kind = "checkout.session.completed";
    let body =
        json!({"id": format!("evt_{order}"), "type": kind, "data": {"object": {"metadata": metadata}}});
    let (body, time) = (body.to_string(), (now_ms / 1_000).to_string());
    let secret = Secret::new(WEBHOOK_SECRET);
    let signature = hmac_hex(&secret, &[time.as_bytes(), b".", body.as_bytes()]);
    (body, format!("t={time},v1={signature}"))
}

fn shown(id: &str, session: &Session) -> Value {
    let field = |name: &str| session.fields.get(name).cloned().unwrap_or_default();
    let amount: i64 = field("line_items[0][price_data][unit_amount]").parse().unwrap_or(0);
    let intent = session.intent.map(
        |status| json!({"id": format!("pi_{id}"), "status": status, "latest_charge": {"refunded": false}}),
    );
    json!({
        "id": id, "url": format!("https://pay.example/{id}"), "status": session.status,
        "client_reference_id": field(ORDER),
        "metadata": {"soko_stall": field("metadata[soko_stall]"), "soko_order": field(ORDER)},
        "amount_total": amount, "currency": field("line_items[0][price_data][currency]"),
        "payment_intent": intent,
    })
}

async fn create(State(provider): State<Provider>, body: String) -> Json<Value> {
    tokio::time::sleep(ANSWERS_AFTER).await;
    let fields: BTreeMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let mut all = provider.sessions();
    let id = format!("cs_{}", all.len() + 1);
    let session = Session { fields, status: "open", intent: None };
    let answer = shown(&id, &session);
    all.insert(id, session);
    Json(answer)
}

async fn list(State(provider): State<Provider>) -> Json<Value> {
    tokio::time::sleep(ANSWERS_AFTER).await;
    let all: Vec<Value> = provider.sessions().iter().map(|(id, session)| shown(id, session)).collect();
    Json(json!({"data": all, "has_more": false}))
}

async fn look(State(provider): State<Provider>, Path(id): Path<String>) -> Json<Value> {
    tokio::time::sleep(ANSWERS_AFTER).await;
    let all = provider.sessions();
    Json(all.get(&id).map_or(Value::Null, |session| shown(&id, session)))
}

async fn capture(State(provider): State<Provider>, Path(id): Path<String>) -> Json<Value> {
    tokio::time::sleep(ANSWERS_AFTER).await;
    let mut all = provider.sessions();
    if let Some(session) = all.get_mut(id.trim_start_matches("pi_")) {
        session.intent = Some("succeeded");
    }
    Json(json!({"id": id}))
}
