//! The same provider with PayPal's interface: tokens that end, orders that are approved, held and taken, and a judge of its own
//! webhooks who looks at the very bytes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use soko_domain::money::{Currency, Money};
use soko_sync_server::pay::paypal::{Paypal, PaypalSettings};
use soko_sync_server::pay::{Provider, Secret, hmac_hex};

use super::{Asks, Books, Form, Hostile, Session, answered};

pub(crate) const WEBHOOK: &str = "WH1";
const SECRET: &str = "secret_of_the_test";
/// What only PayPal can sign with.
const SIGNS: &str = "key_of_the_certificate";

pub(super) fn routes() -> Router<Hostile> {
    Router::new()
        .route("/v1/oauth2/token", post(token))
        .route("/v2/checkout/orders", post(create))
        .route("/v2/checkout/orders/{id}", get(look))
        .route("/v2/checkout/orders/{id}/authorize", post(hold))
        .route("/v2/payments/authorizations/{id}", get(look_held))
        .route("/v2/payments/authorizations/{id}/capture", post(capture))
        .route("/v2/payments/authorizations/{id}/void", post(void))
        .route("/v2/payments/captures/{id}", get(look_taken))
        .route("/v2/payments/captures/{id}/refund", post(refund))
        .route("/v2/payments/refunds/{id}", get(look_refund))
        .route("/v1/reporting/transactions", get(transactions))
        .route("/v1/notifications/verify-webhook-signature", post(judge))
}

pub(super) fn provider(url: &str) -> Arc<dyn Provider> {
    let settings = PaypalSettings {
        url: url.to_owned(),
        is_live: false,
        client: "client_of_the_test".into(),
        secret: Secret::new(SECRET),
        webhook: WEBHOOK.into(),
    };
    Arc::new(Paypal::new(settings).unwrap())
}

/// A word with what PayPal sends beside it.
pub(crate) struct Word {
    pub(crate) body: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Word {
    /// In its own way of writing JSON, which is not ours.
    pub(crate) fn new(hostile: &Hostile, (id, kind): (&str, &str), resource: &Value, now_ms: i64) -> Self {
        let body = format!("{{ \"id\" : \"{id}\",\n \"event_type\":\"{kind}\", \"resource\": {resource} }}");
        Self::signed(hostile, body, WEBHOOK, now_ms)
    }

    pub(crate) fn signed(hostile: &Hostile, body: String, webhook: &str, now_ms: i64) -> Self {
        let time = chrono::DateTime::from_timestamp_millis(now_ms).unwrap().to_rfc3339();
        let signature = signature(("T-1", &time, webhook), &body);
        let headers = vec![
            ("paypal-auth-algo", "SHA256withRSA".to_owned()),
            ("paypal-cert-url", format!("{}/v1/notifications/certs/CERT-1", hostile.url)),
            ("paypal-transmission-id", "T-1".to_owned()),
            ("paypal-transmission-time", time),
            ("paypal-transmission-sig", signature),
        ];
        Self { body, headers }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let header = self.headers.iter_mut().find(|(header, _)| *header == name).unwrap();
        header.1 = value.to_owned();
        self
    }
}

fn signature((id, time, webhook): (&str, &str, &str), body: &str) -> String {
    hmac_hex(&Secret::new(SIGNS), &[format!("{id}|{time}|{webhook}|").as_bytes(), body.as_bytes()])
}

impl Books {
    pub(super) fn bearer(&self) -> String {
        format!("Bearer A21_{}", self.tokens)
    }

    /// Whatever was given is worth nothing any more.
    pub(crate) fn end_tokens(&mut self) {
        self.tokens += 1;
    }

    /// A request to hold what was approved arrives, long after it was made.
    pub(crate) fn hold_all(&mut self) {
        for session in self.sessions.values_mut().filter(|session| session.status == "approved") {
            (session.status, session.intent) = ("complete", Some("requires_capture"));
        }
    }

    pub(crate) fn is_any_held(&self) -> bool {
        self.sessions.values().any(|session| session.intent == Some("requires_capture"))
    }

    pub(crate) fn tokens(&self) -> u32 {
        self.tokens
    }

    /// Under a key of a new order it answers with what became of that order since.
    pub(super) fn as_it_is_now(&self, kept: &Value) -> Value {
        let order = kept["purchase_units"][0]["custom_id"].as_str().and(kept["id"].as_str());
        let session = order.and_then(|id| Some((id, self.sessions.get(id)?)));
        session.map_or_else(|| kept.clone(), |(id, session)| shown(id, session))
    }
}

fn amount(minor: i64, currency: &str) -> Value {
    let currency = Currency::parse(currency).unwrap();
    json!({"currency_code": currency.code(), "value": Money { minor, currency }.plain()})
}

fn minor(amount: &Value) -> i64 {
    let currency = Currency::parse(amount["currency_code"].as_str().unwrap()).unwrap();
    Money::parse(amount["value"].as_str().unwrap(), currency).unwrap().minor
}

fn custom(session: &Session) -> String {
    format!("{}{}", session.stall, session.order)
}

fn refund_shown(id: &str, session: &Session, at: usize, is_whole: bool) -> Value {
    let (name, returned) = &session.refunds[at];
    let mut refund = json!({
        "id": format!("re-{id}-{at}"), "status": "COMPLETED", "amount": amount(*returned, &session.currency),
    });
    if is_whole {
        refund["custom_id"] = json!(name);
    }
    refund
}

fn shown(id: &str, session: &Session) -> Value {
    let all = amount(session.amount, &session.currency);
    let related = json!({"related_ids": {"order_id": id}});
    let mut payments = json!({});
    if let Some(intent) = session.intent {
        let status = match intent {
            "requires_capture" => "CREATED",
            "succeeded" => "CAPTURED",
            _ => "VOIDED",
        };
        payments["authorizations"] = json!([{"id": format!("au-{id}"), "status": status, "amount": all,
            "custom_id": custom(session), "supplementary_data": related}]);
    }
    if session.intent == Some("succeeded") {
        let status = match session.returned_minor() {
            0 => "COMPLETED",
            back if back == session.amount => "REFUNDED",
            _ => "PARTIALLY_REFUNDED",
        };
        payments["captures"] = json!([{"id": format!("ca-{id}"), "status": status, "amount": all,
            "custom_id": custom(session), "supplementary_data": related}]);
        // It leaves out the name of every second one here.
        let refunds = (0..session.refunds.len()).map(|at| refund_shown(id, session, at, at % 2 == 1));
        payments["refunds"] = refunds.collect();
    }
    let status = match (session.status, session.intent) {
        (_, Some(_)) => "COMPLETED",
        ("approved", None) => "APPROVED",
        _ => "PAYER_ACTION_REQUIRED",
    };
    let page = json!({"rel": "payer-action", "href": format!("https://pay.example/{id}")});
    json!({
        "id": id, "intent": "AUTHORIZE", "status": status, "links": [page],
        "purchase_units": [{"custom_id": custom(session), "invoice_id": session.order, "amount": all, "payments": payments}],
    })
}

fn no(issue: &str) -> (u16, Value) {
    (422, json!({"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": issue}]}))
}

async fn token(State(hostile): State<Hostile>, headers: HeaderMap, body: String) -> Response {
    use base64::Engine as _;
    let wanted = base64::engine::general_purpose::STANDARD.encode(format!("client_of_the_test:{SECRET}"));
    let is_known = headers.get("authorization").is_some_and(|given| *given == format!("Basic {wanted}"));
    if !is_known || body != "grant_type=client_credentials" {
        return answered(401, &json!({}));
    }
    let mut books = hostile.books();
    books.tokens += 1;
    let token = books.bearer();
    answered(200, &json!({"access_token": token.trim_start_matches("Bearer "), "expires_in": 32_400}))
}

async fn create(State(hostile): State<Hostile>, headers: HeaderMap, body: String) -> Response {
    let asked: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(asked["intent"], "AUTHORIZE");
    hostile.serve(Asks::Create, &headers, |books, is_other| {
        let unit = &asked["purchase_units"][0];
        let (stall, order) = unit["custom_id"].as_str().unwrap().split_at(32);
        let amount = minor(&unit["amount"]);
        let id = format!("cs_{}", books.sessions.len() + 1);
        let session = Session {
            order: order.to_owned(),
            stall: stall.to_owned(),
            amount: if is_other { amount * 2 } else { amount },
            currency: unit["amount"]["currency_code"].as_str().unwrap().to_owned(),
            status: "open",
            intent: None,
            refunds: vec![],
            undone: vec![],
            received: None,
        };
        let body = shown(&id, &session);
        books.sessions.insert(id, session);
        (201, body)
    })
}

async fn look(State(hostile): State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    hostile.serve(Asks::Look, &headers, |books, _| {
        // What nobody approved in time is forgotten.
        match books.sessions.get(&id).filter(|session| session.status != "expired") {
            Some(session) => (200, shown(&id, session)),
            None => (404, json!({"name": "RESOURCE_NOT_FOUND"})),
        }
    })
}

async fn hold(State(hostile): State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    hostile.serve(Asks::Hold, &headers, |books, _| {
        let session = books.sessions[&id].clone();
        let is_paid = |other: &Session| other.order == session.order && other.intent == Some("succeeded");
        if session.intent.is_some() {
            return no("ORDER_ALREADY_AUTHORIZED");
        }
        if session.status != "approved" {
            return no("ORDER_NOT_APPROVED");
        }
        if books.sessions.values().any(is_paid) {
            return no("DUPLICATE_INVOICE_ID");
        }
        if books.declines {
            return no("INSTRUMENT_DECLINED");
        }
        books.holds += 1;
        let held = books.sessions.get_mut(&id).unwrap();
        (held.status, held.intent) = ("complete", Some("requires_capture"));
        (201, shown(&id, held))
    })
}

async fn capture(State(hostile): State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    end(&hostile, &headers, (Asks::Capture, &id), ("succeeded", 201, "AUTHORIZATION_ALREADY_CAPTURED"))
}

async fn void(State(hostile): State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    end(&hostile, &headers, (Asks::Void, &id), ("canceled", 204, "PREVIOUSLY_VOIDED"))
}

/// Of what is held, one of the two.
fn end(
    hostile: &Hostile,
    headers: &HeaderMap,
    (asks, id): (Asks, &str),
    (to, status, otherwise): (&'static str, u16, &str),
) -> Response {
    hostile.serve(asks, headers, |books, _| {
        let session = books.sessions.get_mut(id.trim_start_matches("au-"));
        let Some(session) = session.filter(|session| session.intent == Some("requires_capture")) else {
            return no(otherwise);
        };
        session.intent = Some(to);
        books.charges += u32::from(asks == Asks::Capture);
        (status, json!({"id": id}))
    })
}

async fn refund(
    State(hostile): State<Hostile>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let asked: Value = serde_json::from_str(&body).unwrap();
    hostile.serve(Asks::Refund, &headers, |books, _| {
        let is_broke = books.is_broke;
        let session = books.sessions.get_mut(id.trim_start_matches("ca-"));
        let paid = session.filter(|session| session.intent == Some("succeeded") && !is_broke);
        let Some(session) = paid else { return no("INSUFFICIENT_FUNDS") };
        let left = session.amount - session.returned_minor();
        let amount = if asked["amount"].is_null() { left } else { minor(&asked["amount"]) };
        if amount < 1 || amount > left {
            return no("REFUND_AMOUNT_EXCEEDED");
        }
        session.refunds.push((asked["custom_id"].as_str().unwrap().to_owned(), amount));
        books.refunds += 1;
        (201, json!({"id": "re", "status": "COMPLETED"}))
    })
}

async fn look_refund(State(hostile): State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    hostile.serve(Asks::Look, &headers, |books, _| {
        let (order, at) = id.trim_start_matches("re-").rsplit_once('-').unwrap();
        (200, refund_shown(order, &books.sessions[order], at.parse().unwrap(), true))
    })
}

async fn look_held(state: State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    look_at(&state, &headers, (&id, "au-", "authorizations"))
}

async fn look_taken(state: State<Hostile>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    look_at(&state, &headers, (&id, "ca-", "captures"))
}

fn look_at(hostile: &Hostile, headers: &HeaderMap, (id, before, list): (&str, &str, &str)) -> Response {
    hostile.serve(Asks::Look, headers, |books, _| {
        let order = id.strip_prefix(before).unwrap_or_default();
        let found = books.sessions.get(order).map(|session| shown(order, session));
        let found = found.map(|order| order["purchase_units"][0]["payments"][list][0].clone());
        match found.filter(|found| found.is_object()) {
            Some(found) => (200, found),
            None => (404, json!({"name": "RESOURCE_NOT_FOUND"})),
        }
    })
}

async fn transactions(
    State(hostile): State<Hostile>,
    Query(asked): Query<Form>,
    headers: HeaderMap,
) -> Response {
    hostile.serve(Asks::Look, &headers, |books, _| {
        assert!(asked["start_date"] < asked["end_date"], "{asked:?}");
        let moved = books.sessions.iter().filter(|(_, session)| session.intent.is_some());
        let one = |(id, session): (&String, &Session)| {
            let id =
                if session.intent == Some("succeeded") { format!("ca-{id}") } else { format!("au-{id}") };
            json!({"transaction_info": {"transaction_id": id, "custom_field": custom(session)}})
        };
        // The first portion is of somebody else.
        let all: Vec<Value> = if asked["page"] == "1" { vec![json!({})] } else { moved.map(one).collect() };
        (200, json!({"transaction_details": all, "total_pages": 2}))
    })
}

async fn judge(State(hostile): State<Hostile>, headers: HeaderMap, body: String) -> Response {
    hostile.serve(Asks::Look, &headers, |_, _| {
        let (_, event) = body.split_once("\"webhook_event\":").unwrap();
        let asked: Value = serde_json::from_str(&body).unwrap();
        let text = |name: &str| asked[name].as_str().unwrap();
        let about = (text("transmission_id"), text("transmission_time"), text("webhook_id"));
        let is_right = text("transmission_sig") == signature(about, event.strip_suffix('}').unwrap());
        (200, json!({"verification_status": if is_right { "SUCCESS" } else { "FAILURE" }}))
    })
}
