//! Stripe: the buyer pays on its page (Checkout), the money is held until we take it, and everything is looked up by the
//! session. Written for version 2024-06-20 of its interface.
//!
//! A session cannot be searched for by our own name, so one whose answer was lost is looked for among those that were
//! made since we asked.

use axum::http::HeaderMap;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use soko_checkout::{Answer, Back, Call, Due, Object, Stage, Status};
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::money::Currency;

use crate::pay::forms::{answer, client, form, hmac_hex, is_same};
use crate::pay::provider::{Asked, Heard, NotHeard, Promised, Provider, Secret};

/// What the refund of all that is left is called.
const REST: &str = "rest";
const VERSION: &str = "2024-06-20";
/// Signatures that are older, or from further in the future, are not taken.
const TOLERANCE_S: i64 = 5 * 60;
/// How much earlier its clock may be when sessions are listed since ours.
const CLOCKS_S: i64 = 10 * 60;
/// Portions of a hundred sessions that are looked through for one that was lost, from the newest on.
const PORTIONS_MAX: usize = 20;
/// Where there are more since then: what was made in so long after it was asked for is looked through, too.
const ASKED_WITHIN_S: i64 = 20 * 60;

/// What an operator has from Stripe.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    pub url: String,
    pub key: Secret,
    pub webhook_secret: Secret,
}

pub struct Stripe {
    client: Client,
    settings: StripeSettings,
}

/// What a request came to: its body, a no, or silence.
enum Said {
    Yes(Value),
    Missing,
    No(String),
    Silence,
}

impl Stripe {
    /// # Errors
    /// Where no client can be made.
    pub fn new(settings: StripeSettings) -> Result<Self, String> {
        Ok(Self { client: client()?, settings })
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.signed(self.client.get(format!("{}{path}", self.settings.url)))
    }

    fn post(&self, path: &str, key: &str, fields: &[(&str, String)]) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.settings.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.signed(request).header("idempotency-key", key).body(form(fields))
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.settings.key.reveal()).header("stripe-version", VERSION)
    }

    async fn said(&self, request: RequestBuilder) -> Said {
        match answer(request).await {
            Some((200..=299, body)) => Said::Yes(body),
            Some((404, _)) => Said::Missing,
            Some((400 | 402, body)) => {
                Said::No(body["error"]["code"].as_str().unwrap_or("refused").to_owned())
            }
            // Also a key that is not ours (401, 403), one in use (409), and too many requests (429): not about this payment.
            Some((status, _)) => {
                if matches!(status, 401 | 403) {
                    tracing::error!(status, "pay.stripe_refuses_the_key");
                }
                Said::Silence
            }
            None => Said::Silence,
        }
    }

    async fn begin(&self, asked: &Asked) -> Answer {
        let due = &asked.payment.due;
        let (order, stall) = (due.order.to_string(), asked.stall.to_string());
        let fields = [
            ("mode", "payment".to_owned()),
            ("client_reference_id", order.clone()),
            ("line_items[0][quantity]", "1".to_owned()),
            ("line_items[0][price_data][currency]", due.currency.code().to_lowercase()),
            ("line_items[0][price_data][unit_amount]", due.amount_minor.to_string()),
            ("line_items[0][price_data][product_data][name]", order[..6].to_uppercase()),
            ("payment_intent_data[capture_method]", "manual".to_owned()),
            ("payment_intent_data[metadata][soko_order]", order.clone()),
            ("payment_intent_data[metadata][soko_stall]", stall.clone()),
            ("metadata[soko_order]", order),
            ("metadata[soko_stall]", stall),
            ("success_url", asked.back.clone()),
            ("cancel_url", asked.back.clone()),
        ];
        match self.said(self.post("/v1/checkout/sessions", &asked.key, &fields)).await {
            // What it answers here has no payment in it yet.
            Said::Yes(session) => shown(&session),
            Said::No(why) => Answer::Refused(why),
            Said::Missing | Said::Silence => Answer::Unknown,
        }
    }

    async fn look(&self, asked: &Asked) -> Answer {
        let Some(id) = &asked.payment.object else { return self.look_through(asked).await };
        match self.session(id).await {
            Said::Yes(session) => self.with_refunds(asked, &session).await,
            Said::Missing => Answer::Nothing,
            Said::No(_) | Said::Silence => Answer::Unknown,
        }
    }

    /// What went back of it, where anything can have.
    async fn with_refunds(&self, asked: &Asked, session: &Value) -> Answer {
        let Some(mut object) = object(session) else { return Answer::Unknown };
        let intent = &session["payment_intent"];
        let Some(name) = intent["id"].as_str().filter(|_| object.status >= Status::Captured) else {
            return Answer::Seen(object);
        };
        if asked.payment.parts.is_empty() {
            // Nobody here asked for any of it.
            object.back.outside_minor = intent["latest_charge"]["amount_refunded"].as_i64().unwrap_or(0);
            return Answer::Seen(object);
        }
        let path = format!("/v1/refunds?limit=100&payment_intent={name}");
        let Said::Yes(list) = self.said(self.get(&path)).await else { return Answer::Unknown };
        // More than a portion is more than anybody here asks for.
        let Some(refunds) = list["data"].as_array().filter(|_| list["has_more"] != true) else {
            return Answer::Unknown;
        };
        let Some(back) = back(refunds) else { return Answer::Unknown };
        Answer::Seen(Object { back, ..object })
    }

    async fn session(&self, id: &str) -> Said {
        let path = format!("/v1/checkout/sessions/{id}?expand[]=payment_intent.latest_charge");
        self.said(self.get(&path)).await
    }

    /// One that was asked for and not answered.
    async fn look_through(&self, asked: &Asked) -> Answer {
        let since = asked.asked_ms / 1_000 - CLOCKS_S;
        if let Some(answer) = self.look_among(asked, &format!("created[gte]={since}")).await {
            return answer;
        }
        // It may be among those that are older than the newest two thousand. That it is not there says nothing: it may have been asked
        // for again later.
        let until = since + CLOCKS_S + ASKED_WITHIN_S + CLOCKS_S;
        match self.look_among(asked, &format!("created[gte]={since}&created[lte]={until}")).await {
            Some(Answer::Seen(object)) => Answer::Seen(object),
            Some(Answer::Nothing | Answer::Refused(_) | Answer::Unknown | Answer::Gone) | None => {
                Answer::Unknown
            }
        }
    }

    /// Nothing where there are more than are looked through.
    async fn look_among(&self, asked: &Asked, among: &str) -> Option<Answer> {
        let order = asked.payment.due.order.to_string();
        let mut after = String::new();
        for _ in 0..PORTIONS_MAX {
            let path = format!("/v1/checkout/sessions?limit=100&{among}{after}");
            let Said::Yes(list) = self.said(self.get(&path)).await else { return Some(Answer::Unknown) };
            let Some(sessions) = list["data"].as_array() else { return Some(Answer::Unknown) };
            if let Some(found) = sessions.iter().find(|one| one["client_reference_id"] == order.as_str()) {
                let Some(id) = found["id"].as_str() else { return Some(Answer::Unknown) };
                return Some(match self.session(id).await {
                    Said::Yes(session) => self.with_refunds(asked, &session).await,
                    Said::Missing | Said::No(_) | Said::Silence => Answer::Unknown,
                });
            }
            let last = sessions.last().and_then(|one| one["id"].as_str());
            match last.filter(|_| list["has_more"] == true) {
                Some(last) => after = format!("&starting_after={last}"),
                None => return Some(Answer::Nothing),
            }
        }
        None
    }

    /// Takes, gives up or gives back, and shows what became of it.
    async fn change(&self, asked: &Asked) -> Answer {
        let Some(id) = &asked.payment.object else { return Answer::Unknown };
        let Said::Yes(session) = self.session(id).await else { return Answer::Unknown };
        let intent = session["payment_intent"]["id"].as_str().map(str::to_owned);
        let is_open = session["status"] == "open";
        let request = match (asked.call, intent) {
            (Call::Void, _) if is_open => {
                self.post(&format!("/v1/checkout/sessions/{id}/expire"), &asked.key, &[])
            }
            (Call::Capture, Some(intent)) => {
                self.post(&format!("/v1/payment_intents/{intent}/capture"), &asked.key, &[])
            }
            // Another key than that of the open page: it is another request.
            (Call::Void, Some(intent)) => {
                let key = format!("{}:intent", asked.key);
                self.post(&format!("/v1/payment_intents/{intent}/cancel"), &key, &[])
            }
            (Call::Refund, Some(intent)) => {
                // Without an amount it is what is left.
                let name = ("metadata[soko_refund]", REST.to_owned());
                self.post("/v1/refunds", &asked.key, &[("payment_intent", intent), name])
            }
            (Call::RefundPart, Some(intent)) => {
                let Some(part) = &asked.part else { return Answer::Unknown };
                let amount = ("amount", part.amount_minor.to_string());
                let name = ("metadata[soko_refund]", part.refund.to_string());
                self.post("/v1/refunds", &asked.key, &[("payment_intent", intent), amount, name])
            }
            _ => return shown(&session),
        };
        match self.said(request).await {
            Said::Yes(_) => self.look(asked).await,
            Said::No(why) => Answer::Refused(why),
            Said::Missing | Said::Silence => Answer::Unknown,
        }
    }

    fn is_signed(&self, headers: &HeaderMap, body: &[u8], now_ms: i64) -> bool {
        let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or("");
        let fields: Vec<(&str, &str)> =
            header.split(',').filter_map(|field| field.trim().split_once('=')).collect();
        let Some(time) = fields.iter().find(|(name, _)| *name == "t").map(|(_, time)| *time) else {
            return false;
        };
        let age_s = time.parse::<i64>().map_or(i64::MAX, |time| (now_ms / 1_000 - time).saturating_abs());
        let wanted = hmac_hex(&self.settings.webhook_secret, &[time.as_bytes(), b".", body]);
        let mut signatures = fields.iter().filter(|(name, _)| *name == "v1");
        age_s <= TOLERANCE_S && signatures.any(|(_, given)| is_same(given, &wanted))
    }

    async fn read(&self, body: &[u8]) -> Result<Heard, NotHeard> {
        let word: Value =
            serde_json::from_slice(body).map_err(|error| NotHeard::Unreadable(error.to_string()))?;
        let id = word["id"].as_str().ok_or_else(|| NotHeard::Unreadable("it has no id".into()))?;
        let kind = word["type"].as_str().unwrap_or_default();
        let object = &word["data"]["object"];
        let is_dispute = kind == "charge.dispute.created";
        let mut about = named(&object["metadata"]);
        if let (None, Some(intent)) = (about, object["payment_intent"].as_str()) {
            // A dispute or a charge names the payment only by Stripe's name.
            about = match self.said(self.get(&format!("/v1/payment_intents/{intent}"))).await {
                Said::Yes(intent) => named(&intent["metadata"]),
                Said::Missing | Said::No(_) => None,
                Said::Silence => return Err(NotHeard::Later),
            };
        }
        let session = object["id"].as_str().filter(|_| object["object"] == "checkout.session");
        Ok(Heard { word: id.to_owned(), about, object: session.map(str::to_owned), is_dispute })
    }
}

impl Provider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn way(&self) -> PayWay {
        PayWay::Card
    }

    fn is_test(&self) -> bool {
        self.settings.key.reveal().starts_with("sk_test_")
    }

    /// Stripe counts amounts as ISO 4217 does, but for these.
    fn takes(&self, currency: Currency) -> bool {
        !matches!(currency.code(), "ISK" | "UGX" | "HUF" | "TWD" | "MGA" | "MRU") && currency.exponent() < 3
    }

    fn account(&self, stall: LogId) -> String {
        stall.to_string()
    }

    fn ask<'a>(&'a self, asked: &'a Asked) -> Promised<'a, Answer> {
        Box::pin(async move {
            match asked.call {
                Call::Ask => self.begin(asked).await,
                Call::LookUp => self.look(asked).await,
                Call::Capture | Call::Void | Call::Refund | Call::RefundPart => self.change(asked).await,
            }
        })
    }

    fn is_there(&self, _: i64) -> Promised<'_, bool> {
        Box::pin(
            async move { matches!(self.said(self.get("/v1/checkout/sessions?limit=1")).await, Said::Yes(_)) },
        )
    }

    fn heard<'a>(
        &'a self,
        headers: &'a HeaderMap,
        body: &'a [u8],
        now_ms: i64,
    ) -> Promised<'a, Result<Heard, NotHeard>> {
        Box::pin(async move {
            if !self.is_signed(headers, body, now_ms) {
                return Err(NotHeard::Forged);
            }
            self.read(body).await
        })
    }
}

fn named(metadata: &Value) -> Option<(LogId, OrderId)> {
    let stall = metadata["soko_stall"].as_str().and_then(LogId::from_hex)?;
    Some((stall, metadata["soko_order"].as_str().and_then(OrderId::from_hex)?))
}

/// A session with its payment as one object. What cannot be understood says nothing.
fn shown(session: &Value) -> Answer {
    let Some(object) = object(session) else { return Answer::Unknown };
    Answer::Seen(object)
}

fn object(session: &Value) -> Option<Object> {
    let status = status(session)?;
    // What is held or was taken may be less than the page asked for: somebody did that at Stripe.
    let intent = &session["payment_intent"];
    let really = match status {
        Status::Authorised => intent["amount_capturable"].as_i64(),
        Status::Captured | Status::Refunded => intent["amount_received"].as_i64(),
        Status::Pending | Status::Dead => None,
    };
    let due = Due {
        order: session["client_reference_id"].as_str().and_then(OrderId::from_hex)?,
        account: session["metadata"]["soko_stall"].as_str()?.to_owned(),
        amount_minor: really.or_else(|| session["amount_total"].as_i64())?,
        currency: session["currency"].as_str().and_then(Currency::parse)?,
    };
    let page = session["url"].as_str().map(str::to_owned);
    let id = session["id"].as_str()?.to_owned();
    Some(Object { id, status, due, page, back: Back::default() })
}

/// Refunds by our names for them. What has none was made at Stripe.
fn back(refunds: &[Value]) -> Option<Back> {
    let mut back = Back::default();
    for refund in refunds {
        let stage = match refund["status"].as_str()? {
            "succeeded" => Stage::Done,
            "pending" | "requires_action" => Stage::Pending,
            "failed" | "canceled" => Stage::Failed,
            _ => return None,
        };
        let name = refund["metadata"]["soko_refund"].as_str();
        match name.and_then(ThingId::from_hex) {
            Some(refund) => back.parts.push((refund, stage)),
            None if name == Some(REST) || stage == Stage::Failed => {}
            None => back.outside_minor = back.outside_minor.saturating_add(refund["amount"].as_i64()?),
        }
    }
    Some(back)
}

fn status(session: &Value) -> Option<Status> {
    let intent = &session["payment_intent"];
    let is_known = intent.is_object();
    match (session["status"].as_str()?, intent["status"].as_str()) {
        (_, Some("requires_capture")) => Some(Status::Authorised),
        (_, Some("succeeded")) => {
            let charge = &intent["latest_charge"];
            let is_back = charge["refunded"] == true;
            Some(if is_back { Status::Refunded } else { Status::Captured })
        }
        (_, Some("canceled")) | ("expired", _) => Some(Status::Dead),
        ("open", _) => Some(Status::Pending),
        // Paid, and the payment is not in this answer: it has to be looked up with it.
        ("complete", None) if !is_known => None,
        ("complete", _) => Some(Status::Pending),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stripe() -> Stripe {
        let settings = StripeSettings {
            url: String::new(),
            key: Secret::new("sk_test_1"),
            webhook_secret: Secret::new("whsec_1"),
        };
        Stripe::new(settings).unwrap()
    }

    #[test]
    fn a_word_is_taken_if_any_signature_is_right_and_young() {
        let (now_ms, body) = (1_790_000_000_000, b"{\"id\":\"evt_1\"}");
        let right = |time: &str| hmac_hex(&Secret::new("whsec_1"), &[time.as_bytes(), b".", body]);
        let other = hmac_hex(&Secret::new("whsec_2"), &[b"1790000000.", body]);
        for (header, wanted) in [
            (format!("t=1790000000,v1={}", right("1790000000")), true),
            (format!("t=1790000000,v1={other},v1={}", right("1790000000")), true),
            (format!("t=1789999700, v1={}", right("1789999700")), true),
            (format!("t=1789999699,v1={}", right("1789999699")), false),
            (format!("t=1790000301,v1={}", right("1790000301")), false),
            (format!("t=1790000000,v1={other}"), false),
            (format!("t=1790000001,v1={}", right("1790000000")), false),
            (format!("t=1790000000,v0={}", right("1790000000")), false),
            (format!("v1={}", right("1790000000")), false),
            (String::new(), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("stripe-signature", header.parse().unwrap());
            assert_eq!(stripe().is_signed(&headers, body, now_ms), wanted, "{header}");
        }
        assert!(!stripe().is_signed(&HeaderMap::new(), body, now_ms));
    }

    #[test]
    fn a_session_is_what_its_payment_is() {
        for (session, intent, wanted) in [
            ("open", json!(null), Some(Status::Pending)),
            ("open", json!({"status": "requires_payment_method"}), Some(Status::Pending)),
            ("expired", json!(null), Some(Status::Dead)),
            ("complete", json!({"status": "requires_capture"}), Some(Status::Authorised)),
            ("complete", json!({"status": "processing"}), Some(Status::Pending)),
            ("complete", json!({"status": "canceled"}), Some(Status::Dead)),
            ("complete", json!("pi_1"), None),
            (
                "complete",
                json!({"status": "succeeded", "latest_charge": {"refunded": false}}),
                Some(Status::Captured),
            ),
            (
                "complete",
                json!({"status": "succeeded", "latest_charge": {"refunded": true}}),
                Some(Status::Refunded),
            ),
        ] {
            let whole = json!({"status": session, "payment_intent": intent});
            assert_eq!(status(&whole), wanted, "{whole}");
        }
    }
}
