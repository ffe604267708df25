//! PayPal: the buyer approves on its page, then the money is held, and taken after that. Written for Orders and Payments 2.
//!
//! An order there moves nothing by itself: what holds the money is a request of ours after the approval, and PayPal does that once
//! for an order. So a page that nobody was shown, or that is approved too late, costs nobody anything, and what is given up
//! before that needs no word to PayPal.

use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use chrono::{DateTime, SecondsFormat};
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Value, json};
use soko_checkout::{Answer, Back, Call, Due, Object, Stage, State, Status};
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::money::{Currency, Money};

use crate::pay::forms::{answer, client};
use crate::pay::provider::{Asked, Heard, NotHeard, Promised, Provider, Secret};

pub const LIVE_URL: &str = "https://api-m.paypal.com";
pub const SANDBOX_URL: &str = "https://api-m.sandbox.paypal.com";

/// Where its certificates are, beside the address that is configured.
const CERTIFICATE_HOSTS: [&str; 2] = ["api.paypal.com", "api.sandbox.paypal.com"];
const CERTIFICATE_PATH: &str = "/v1/notifications/certs/";
/// What the refund of all that is left is called.
const REST: &str = "rest";
/// What it moves, and of that what it counts in whole units, whatever ISO 4217 says.
const TAKEN: [&str; 24] = [
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "MYR",
    "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD",
];
const WHOLE: [&str; 3] = ["HUF", "JPY", "TWD"];
/// A token is renewed so long before its end.
const RENEW_S: i64 = 60;
/// For so long it surely knows the key of a new order; it says six hours.
const KEYS_MS: i64 = 5 * 3_600_000;
/// Its list of transactions takes no longer time than this at once.
const LIST_MS: i64 = 30 * 24 * 3_600_000;
const PORTIONS_MAX: u64 = 20;
/// It repeats a webhook for three days, with the time of the first.
const REPEATED_S: i64 = 3 * 24 * 3_600 + 3_600;
const CLOCKS_S: i64 = 10 * 60;
/// How long a request to hold the money keeps its key. That it is done once is the order's doing; after a no the buyer may have
/// chosen another way to pay.
const HOLD_KEY_MS: i64 = 60_000;

/// What an operator has from PayPal.
#[derive(Clone, Debug)]
pub struct PaypalSettings {
    pub url: String,
    /// Whether real money moves.
    pub is_live: bool,
    pub client: String,
    pub secret: Secret,
    /// PayPal's name for the webhook: its words are for this one, and no other.
    pub webhook: String,
}

pub struct Paypal {
    client: Client,
    settings: PaypalSettings,
    token: Mutex<Option<(String, i64)>>,
}

/// What a request came to: its body, a no, or silence.
enum Said {
    Yes(Value),
    Missing,
    No(String),
    Silence,
}

impl Paypal {
    /// # Errors
    /// Where no client can be made.
    pub fn new(settings: PaypalSettings) -> Result<Self, String> {
        Ok(Self { client: client()?, settings, token: Mutex::default() })
    }

    async fn token(&self, now_ms: i64) -> Option<String> {
        let now_s = now_ms / 1_000;
        let held = self.held().clone();
        if let Some((token, _)) = held.filter(|(_, end_s)| now_s + RENEW_S < *end_s) {
            return Some(token);
        }
        let request = self.client.post(format!("{}/v1/oauth2/token", self.settings.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.basic_auth(&self.settings.client, Some(self.settings.secret.reveal()));
        let (status, body) = answer(request.body("grant_type=client_credentials")).await?;
        let Some(token) = body["access_token"].as_str().filter(|_| status == 200) else {
            tracing::error!(status, "pay.paypal_gives_no_token");
            return None;
        };
        let end_s = now_s + body["expires_in"].as_i64().unwrap_or(0);
        *self.held() = Some((token.to_owned(), end_s));
        Some(token.to_owned())
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<(String, i64)>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn said(&self, request: RequestBuilder, now_ms: i64) -> Said {
        let Some(token) = self.token(now_ms).await else { return Said::Silence };
        match answer(request.bearer_auth(token)).await {
            Some((200..=299, body)) => Said::Yes(body),
            Some((404, _)) => Said::Missing,
            Some((400 | 422, body)) => Said::No(issue(&body)),
            // Also the same request on its way (409) and too many (429): not about this payment.
            Some((status, _)) => {
                if matches!(status, 401 | 403) {
                    *self.held() = None;
                    tracing::error!(status, "pay.paypal_refuses_the_key");
                }
                Said::Silence
            }
            None => Said::Silence,
        }
    }

    async fn get(&self, path: &str, now_ms: i64) -> Said {
        self.said(self.client.get(format!("{}{path}", self.settings.url)), now_ms).await
    }

    async fn post(&self, (path, key): (&str, &str), body: &Value, now_ms: i64) -> Said {
        let request = self.client.post(format!("{}{path}", self.settings.url)).json(body);
        let request = request.header("paypal-request-id", key).header("prefer", "return=representation");
        self.said(request, now_ms).await
    }

    async fn begin(&self, asked: &Asked) -> Answer {
        let due = &asked.payment.due;
        let Some(value) = value(due.amount_minor, due.currency) else {
            let code = due.currency.code().to_owned();
            return Answer::Refused(format!("PayPal takes {code} in whole units only"));
        };
        let place = json!({
            "return_url": asked.back, "cancel_url": asked.back,
            "user_action": "PAY_NOW", "shipping_preference": "NO_SHIPPING",
        });
        let unit = json!({
            "reference_id": "default", "custom_id": named_as(asked.stall, due.order),
            "invoice_id": due.order.to_string(),
            "amount": {"currency_code": due.currency.code(), "value": value},
        });
        let body = json!({
            "intent": "AUTHORIZE", "purchase_units": [unit],
            "payment_source": {"paypal": {"experience_context": place}},
        });
        match self.post(("/v2/checkout/orders", &asked.key), &body, asked.now_ms).await {
            Said::Yes(order) => match (object(&order), order["id"].as_str()) {
                (Some(object), _) => self.with_refunds(asked, object, &order).await,
                (None, Some(id)) => self.look_at(asked, id).await,
                (None, None) => Answer::Unknown,
            },
            Said::No(why) => refused(asked, why),
            Said::Missing | Said::Silence => Answer::Unknown,
        }
    }

    async fn look(&self, asked: &Asked) -> Answer {
        match &asked.payment.object {
            Some(id) => self.look_at(asked, id).await,
            None => self.look_through(asked).await,
        }
    }

    /// The order. If its buyer approved it and we still wait for that, the money is held now.
    async fn look_at(&self, asked: &Asked, id: &str) -> Answer {
        let path = format!("/v2/checkout/orders/{id}");
        let order = match self.get(&path, asked.now_ms).await {
            Said::Yes(order) => order,
            Said::Missing => return gone(asked, id),
            Said::No(_) | Said::Silence => return Answer::Unknown,
        };
        let Some(seen) = object(&order) else { return Answer::Unknown };
        let is_awaited = asked.payment.state == State::Intent && asked.payment.ending.is_none();
        if order["status"] != "APPROVED" || !is_awaited || seen.due != asked.payment.due {
            return self.with_refunds(asked, seen, &order).await;
        }
        let key = format!("{}:hold:{}", seen.due.order, asked.now_ms / HOLD_KEY_MS);
        match self.post((&format!("{path}/authorize"), &key), &json!({}), asked.now_ms).await {
            // Somebody paid this before, by an order that is not remembered here.
            Said::No(why) if why == "DUPLICATE_INVOICE_ID" => return Answer::Unknown,
            // A no: its buyer can choose another way to pay on the same page.
            Said::Yes(_) | Said::No(_) => {}
            Said::Missing | Said::Silence => return Answer::Unknown,
        }
        let Said::Yes(order) = self.get(&path, asked.now_ms).await else { return Answer::Unknown };
        object(&order).map_or(Answer::Unknown, Answer::Seen)
    }

    /// One that was asked for and not answered. While PayPal knows the key, asking again gives the same order; later it is looked
    /// for among what was paid, since an order that nobody approved is nothing.
    async fn look_through(&self, asked: &Asked) -> Answer {
        if asked.now_ms - asked.asked_ms < KEYS_MS {
            return if self.answers(asked.now_ms).await { Answer::Nothing } else { Answer::Unknown };
        }
        let from_ms = asked.asked_ms - CLOCKS_S * 1_000;
        let (Some(from), Some(until)) = (date(from_ms), date(asked.now_ms.min(from_ms + LIST_MS))) else {
            return Answer::Unknown;
        };
        let name = named_as(asked.stall, asked.payment.due.order);
        for page in 1..=PORTIONS_MAX {
            let path = format!(
                "/v1/reporting/transactions?start_date={from}&end_date={until}&fields=transaction_info&page_size=500&page={page}"
            );
            let Said::Yes(list) = self.get(&path, asked.now_ms).await else { return Answer::Unknown };
            let Some(all) = list["transaction_details"].as_array() else { return Answer::Unknown };
            let mut infos = all.iter().map(|one| &one["transaction_info"]);
            if let Some(found) = infos.find(|info| info["custom_field"] == name.as_str()) {
                let Some(transaction) = found["transaction_id"].as_str() else { return Answer::Unknown };
                let Some(id) = self.order_of(transaction, asked.now_ms).await else { return Answer::Unknown };
                return self.look_at(asked, &id).await;
            }
            if page >= list["total_pages"].as_u64().unwrap_or(1) {
                return Answer::Nothing;
            }
        }
        // There is more than is looked through: it may be among that.
        Answer::Unknown
    }

    /// The order of money that was held or taken.
    async fn order_of(&self, transaction: &str, now_ms: i64) -> Option<String> {
        for kind in ["captures", "authorizations"] {
            match self.get(&format!("/v2/payments/{kind}/{transaction}"), now_ms).await {
                Said::Yes(found) => {
                    let id = found["supplementary_data"]["related_ids"]["order_id"].as_str();
                    return id.map(str::to_owned);
                }
                Said::Missing => {}
                Said::No(_) | Said::Silence => return None,
            }
        }
        None
    }

    /// What went back of it, each under its name. The order's own list of them may leave names out.
    async fn with_refunds(&self, asked: &Asked, mut object: Object, order: &Value) -> Answer {
        let refunds = payments(order)["refunds"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut whole = Vec::new();
        for refund in refunds {
            let id = refund["id"].as_str().filter(|_| refund["custom_id"].is_null());
            whole.push(match id {
                None => refund.clone(),
                Some(id) => match self.get(&format!("/v2/payments/refunds/{id}"), asked.now_ms).await {
                    Said::Yes(refund) => refund,
                    Said::Missing | Said::No(_) | Said::Silence => return Answer::Unknown,
                },
            });
        }
        let Some(back) = back(&whole, object.due.currency) else { return Answer::Unknown };
        object.back = back;
        Answer::Seen(object)
    }

    /// Takes, gives up or gives back, and shows what became of it.
    async fn change(&self, asked: &Asked) -> Answer {
        let Some(id) = &asked.payment.object else { return Answer::Unknown };
        let order = match self.get(&format!("/v2/checkout/orders/{id}"), asked.now_ms).await {
            Said::Yes(order) => order,
            Said::Missing => return gone(asked, id),
            Said::No(_) | Said::Silence => return Answer::Unknown,
        };
        let Some(seen) = object(&order) else { return Answer::Unknown };
        let id_of = |list: &str, dead: &[&str]| {
            let one = alive(&payments(&order)[list], dead)??;
            one["id"].as_str().map(str::to_owned)
        };
        let (held, taken) = (id_of("authorizations", &UNHELD), id_of("captures", &UNTAKEN));
        let (path, body) = match (asked.call, seen.status, held, taken) {
            // Nothing is held, and nothing will be unless we ask for it.
            (Call::Void, Status::Pending, None, _) => {
                return Answer::Seen(Object { status: Status::Dead, page: None, ..seen });
            }
            (Call::Void, Status::Pending | Status::Authorised, Some(held), _) => {
                (format!("/v2/payments/authorizations/{held}/void"), json!({}))
            }
            (Call::Capture, Status::Authorised, Some(held), _) => {
                (format!("/v2/payments/authorizations/{held}/capture"), json!({"final_capture": true}))
            }
            (Call::Refund | Call::RefundPart, Status::Captured, _, Some(taken)) => {
                let Some(body) = to_give_back(asked) else {
                    let why = format!("PayPal gives {} back in whole units only", seen.due.currency.code());
                    return Answer::Refused(why);
                };
                (format!("/v2/payments/captures/{taken}/refund"), body)
            }
            _ => return self.with_refunds(asked, seen, &order).await,
        };
        match self.post((&path, &asked.key), &body, asked.now_ms).await {
            Said::Yes(_) => self.look(asked).await,
            Said::No(why) => refused(asked, why),
            Said::Missing | Said::Silence => Answer::Unknown,
        }
    }

    /// Whether it answers, by asking for what nobody made.
    async fn answers(&self, now_ms: i64) -> bool {
        !matches!(self.get("/v2/checkout/orders/0", now_ms).await, Said::Silence)
    }

    /// Whether PayPal says that it sent this. It is asked itself: its certificates come without what is needed to build a chain to
    /// an authority that this server knows. What cannot be from PayPal is not asked about.
    async fn is_signed(&self, headers: &HeaderMap, body: &str, now_ms: i64) -> Result<(), NotHeard> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (certificate, time) = (text("paypal-cert-url"), text("paypal-transmission-time"));
        if !self.is_its_certificate(certificate) || !is_young(time, now_ms) {
            return Err(NotHeard::Forged);
        }
        let mut question = json!({
            "auth_algo": text("paypal-auth-algo"), "cert_url": certificate,
            "transmission_id": text("paypal-transmission-id"), "transmission_sig": text("paypal-transmission-sig"),
            "transmission_time": time, "webhook_id": self.settings.webhook,
        })
        .to_string();
        // What is signed are its very bytes: written anew they would be others.
        question.pop();
        let question = format!("{question},\"webhook_event\":{body}}}");
        let path = "/v1/notifications/verify-webhook-signature";
        let request = self.client.post(format!("{}{path}", self.settings.url));
        let request = request.header("content-type", "application/json").body(question);
        match self.said(request, now_ms).await {
            Said::Yes(answer) if answer["verification_status"] == "SUCCESS" => Ok(()),
            Said::Yes(_) | Said::No(_) | Said::Missing => Err(NotHeard::Forged),
            Said::Silence => Err(NotHeard::Later),
        }
    }

    fn is_its_certificate(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        let is_public = url.scheme() == "https" && url.port().is_none();
        let is_known = url.host_str().is_some_and(|host| CERTIFICATE_HOSTS.contains(&host));
        let is_configured = Url::parse(&self.settings.url).is_ok_and(|own| own.origin() == url.origin());
        let is_there = url.path().starts_with(CERTIFICATE_PATH);
        is_plain && is_there && ((is_public && is_known) || is_configured)
    }

    async fn read(&self, word: &Value, now_ms: i64) -> Result<Heard, NotHeard> {
        let id = word["id"].as_str().ok_or_else(|| NotHeard::Unreadable("it has no id".into()))?;
        let (kind, resource) = (word["event_type"].as_str().unwrap_or_default(), &word["resource"]);
        let disputed = &resource["disputed_transactions"][0];
        let names =
            [&resource["custom_id"], &resource["purchase_units"][0]["custom_id"], &disputed["custom"]];
        let mut about = names.into_iter().find_map(named);
        if let (None, Some(capture)) = (about, disputed["seller_transaction_id"].as_str()) {
            about = match self.get(&format!("/v2/payments/captures/{}", plain(capture)), now_ms).await {
                Said::Yes(capture) => named(&capture["custom_id"]),
                Said::Missing | Said::No(_) => None,
                Said::Silence => return Err(NotHeard::Later),
            };
        }
        let is_order = kind.starts_with("CHECKOUT.ORDER.");
        let order = if is_order {
            &resource["id"]
        } else {
            &resource["supplementary_data"]["related_ids"]["order_id"]
        };
        let object = order.as_str().map(plain);
        Ok(Heard { word: id.to_owned(), about, object, is_dispute: kind == "CUSTOMER.DISPUTE.CREATED" })
    }
}

impl Provider for Paypal {
    fn name(&self) -> &'static str {
        "paypal"
    }

    fn way(&self) -> PayWay {
        PayWay::Card
    }

    fn is_test(&self) -> bool {
        !self.settings.is_live
    }

    fn takes(&self, currency: Currency) -> bool {
        TAKEN.contains(&currency.code())
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

    fn is_there(&self, now_ms: i64) -> Promised<'_, bool> {
        Box::pin(self.answers(now_ms))
    }

    fn heard<'a>(
        &'a self,
        headers: &'a HeaderMap,
        body: &'a [u8],
        now_ms: i64,
    ) -> Promised<'a, Result<Heard, NotHeard>> {
        Box::pin(async move {
            // One whole value: nothing can be put beside it in the question to PayPal.
            let word: Value =
                serde_json::from_slice(body).map_err(|error| NotHeard::Unreadable(error.to_string()))?;
            let text = std::str::from_utf8(body).map_err(|error| NotHeard::Unreadable(error.to_string()))?;
            self.is_signed(headers, text, now_ms).await?;
            self.read(&word, now_ms).await
        })
    }
}

/// Money that is held no longer, or was not.
const UNHELD: [&str; 3] = ["DENIED", "EXPIRED", "VOIDED"];
const UNTAKEN: [&str; 2] = ["DECLINED", "FAILED"];

/// What PayPal shows of ours and gives back again: the stall and the order, and for a refund its name after them.
fn named_as(stall: LogId, order: OrderId) -> String {
    format!("{stall}{order}")
}

fn named(custom: &Value) -> Option<(LogId, OrderId)> {
    let (stall, rest) = custom.as_str()?.split_at_checked(2 * LogId::SIZE)?;
    let order = rest.get(..2 * OrderId::SIZE)?;
    Some((LogId::from_hex(stall)?, OrderId::from_hex(order)?))
}

/// A name of theirs that becomes part of an address.
fn plain(id: &str) -> String {
    id.chars().filter(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_')).collect()
}

fn date(ms: i64) -> Option<String> {
    Some(DateTime::from_timestamp_millis(ms)?.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn is_young(time: &str, now_ms: i64) -> bool {
    let Ok(time) = DateTime::parse_from_rfc3339(time) else { return false };
    let age_s = now_ms / 1_000 - time.timestamp();
    (-CLOCKS_S..=REPEATED_S).contains(&age_s)
}

/// As PayPal writes amounts. None where it takes none of that kind.
fn value(minor: i64, currency: Currency) -> Option<String> {
    let value = Money { minor, currency }.plain();
    if !WHOLE.contains(&currency.code()) {
        return Some(value);
    }
    match value.split_once('.') {
        Some((whole, decimals)) => decimals.bytes().all(|digit| digit == b'0').then(|| whole.to_owned()),
        None => Some(value),
    }
}

fn minor(amount: &Value) -> Option<(i64, Currency)> {
    let currency = Currency::parse(amount["currency_code"].as_str()?)?;
    Some((Money::parse(amount["value"].as_str()?, currency).ok()?.minor, currency))
}

/// Without an amount it is what is left.
fn to_give_back(asked: &Asked) -> Option<Value> {
    let due = &asked.payment.due;
    let name = named_as(asked.stall, due.order);
    if asked.call == Call::Refund {
        return Some(json!({"custom_id": format!("{name}{REST}")}));
    }
    let part = asked.part.as_ref()?;
    let value = value(part.amount_minor, due.currency)?;
    let amount = json!({"currency_code": due.currency.code(), "value": value});
    Some(json!({"custom_id": format!("{name}{}", part.refund), "amount": amount}))
}

/// Its word for what is wrong.
fn issue(body: &Value) -> String {
    let issue = body["details"][0]["issue"].as_str().or(body["name"].as_str());
    issue.unwrap_or("refused").to_owned()
}

fn refused(asked: &Asked, why: String) -> Answer {
    tracing::warn!(order = %asked.payment.due.order, call = ?asked.call, why, "pay.paypal_refuses");
    Answer::Refused(why)
}

/// It forgets orders that nobody approved after some hours: nothing was paid by them.
fn gone(asked: &Asked, id: &str) -> Answer {
    if asked.payment.seen > Some(Status::Pending) {
        return Answer::Nothing;
    }
    let (due, back) = (asked.payment.due.clone(), Back::default());
    Answer::Seen(Object { id: id.to_owned(), status: Status::Dead, due, page: None, back })
}

fn payments(order: &Value) -> &Value {
    &order["purchase_units"][0]["payments"]
}

/// The one that is not over. None where there are several: nobody here asks for that.
fn alive<'a>(list: &'a Value, dead: &[&str]) -> Option<Option<&'a Value>> {
    let all = list.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let is_alive = |one: &&Value| one["status"].as_str().is_none_or(|status| !dead.contains(&status));
    let mut living = all.filter(is_alive);
    let first = living.next();
    living.next().is_none().then_some(first)
}

/// An order with its money as one object. What cannot be understood says nothing.
fn object(order: &Value) -> Option<Object> {
    let unit = &order["purchase_units"][0];
    let (stall, about) = named(&unit["custom_id"])?;
    let held = alive(&unit["payments"]["authorizations"], &UNHELD)?;
    let taken = alive(&unit["payments"]["captures"], &UNTAKEN)?;
    let status = status(order, held, taken)?;
    // Of what happened last: it may be about another amount than was asked for.
    let (amount_minor, currency) = minor(&taken.or(held).unwrap_or(unit)["amount"])?;
    let due = Due { order: about, account: stall.to_string(), amount_minor, currency };
    let is_page = |link: &&Value| matches!(link["rel"].as_str(), Some("payer-action" | "approve"));
    let page = order["links"].as_array().and_then(|links| links.iter().find(is_page));
    let page = page.and_then(|link| link["href"].as_str()).map(str::to_owned);
    Some(Object { id: order["id"].as_str()?.to_owned(), status, due, page, back: Back::default() })
}

fn status(order: &Value, held: Option<&Value>, taken: Option<&Value>) -> Option<Status> {
    if let Some(taken) = taken {
        return match taken["status"].as_str()? {
            "COMPLETED" | "PARTIALLY_REFUNDED" => Some(Status::Captured),
            "REFUNDED" => Some(Status::Refunded),
            // Taken, and not here yet: it is neither.
            _ => None,
        };
    }
    if let Some(held) = held {
        return match held["status"].as_str()? {
            "CREATED" => Some(Status::Authorised),
            "PENDING" => Some(Status::Pending),
            _ => None,
        };
    }
    let was_held = payments(order)["authorizations"].as_array().is_some_and(|all| !all.is_empty());
    match order["status"].as_str()? {
        _ if was_held => Some(Status::Dead),
        "VOIDED" => Some(Status::Dead),
        "CREATED" | "SAVED" | "APPROVED" | "PAYER_ACTION_REQUIRED" => Some(Status::Pending),
        _ => None,
    }
}

/// Refunds by our names for them. What has none was made at PayPal.
fn back(refunds: &[Value], currency: Currency) -> Option<Back> {
    let mut back = Back::default();
    for refund in refunds {
        let stage = match refund["status"].as_str()? {
            "COMPLETED" => Stage::Done,
            "PENDING" => Stage::Pending,
            "FAILED" | "CANCELLED" => Stage::Failed,
            _ => return None,
        };
        let name =
            refund["custom_id"].as_str().and_then(|name| name.get(2 * (LogId::SIZE + OrderId::SIZE)..));
        match name.and_then(ThingId::from_hex) {
            Some(refund) => back.parts.push((refund, stage)),
            None if name == Some(REST) || stage == Stage::Failed => {}
            None => {
                let (minor, _) = minor(&refund["amount"]).filter(|(_, of)| *of == currency)?;
                back.outside_minor = back.outside_minor.saturating_add(minor);
            }
        }
    }
    Some(back)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_paypal_takes_them() {
        for (code, minor_units, wanted) in [
            ("EUR", 1_350, Some("13.50")),
            ("USD", 5, Some("0.05")),
            ("JPY", 1_350, Some("1350")),
            ("HUF", 135_000, Some("1350")),
            ("HUF", 135_050, None),
            ("TWD", 101, None),
        ] {
            let currency = Currency::parse(code).unwrap();
            let written = value(minor_units, currency);
            assert_eq!(written.as_deref(), wanted, "{code} {minor_units}");
            if let Some(value) = written {
                let amount = json!({"currency_code": code, "value": value});
                assert_eq!(minor(&amount), Some((minor_units, currency)));
            }
        }
    }

    #[test]
    fn an_order_is_what_its_money_is() {
        let (stall, order) = (LogId([1; 16]), OrderId([2; 16]));
        let amount = |value: &str| json!({"currency_code": "EUR", "value": value});
        let shown = |status: &str, held: Value, taken: Value| {
            let payments = json!({"authorizations": held, "captures": taken});
            let unit =
                json!({"custom_id": named_as(stall, order), "amount": amount("13.50"), "payments": payments});
            let object = object(&json!({"id": "O", "status": status, "purchase_units": [unit]}));
            object.map(|object| (object.status, object.due.amount_minor))
        };
        let one = |status: &str, value: &str| json!([{"status": status, "amount": amount(value)}]);
        let none = || json!([]);
        for status in ["CREATED", "SAVED", "APPROVED", "PAYER_ACTION_REQUIRED"] {
            assert_eq!(shown(status, none(), none()), Some((Status::Pending, 1_350)), "{status}");
        }
        assert_eq!(shown("VOIDED", none(), none()), Some((Status::Dead, 1_350)));
        for (held, wanted) in [
            ("CREATED", Some(Status::Authorised)),
            ("PENDING", Some(Status::Pending)),
            ("VOIDED", Some(Status::Dead)),
            ("DENIED", Some(Status::Dead)),
            // Taken, and what was taken is not shown yet.
            ("CAPTURED", None),
        ] {
            let seen = shown("COMPLETED", one(held, "13.50"), none());
            assert_eq!(seen.map(|seen| seen.0), wanted, "{held}");
        }
        for (taken, wanted) in [
            ("COMPLETED", Some(Status::Captured)),
            ("PARTIALLY_REFUNDED", Some(Status::Captured)),
            ("REFUNDED", Some(Status::Refunded)),
            ("PENDING", None),
            ("DECLINED", Some(Status::Authorised)),
        ] {
            let seen = shown("COMPLETED", one("CREATED", "13.50"), one(taken, "13.50"));
            assert_eq!(seen.map(|seen| seen.0), wanted, "{taken}");
        }
        // What was really held or taken is compared by others, and two of them are understood by nobody.
        let held = shown("COMPLETED", one("CREATED", "27.00"), none());
        assert_eq!(held, Some((Status::Authorised, 2_700)));
        let taken = shown("COMPLETED", one("CAPTURED", "13.50"), one("COMPLETED", "1.00"));
        assert_eq!(taken, Some((Status::Captured, 100)));
        let two = json!([{"status": "CREATED", "amount": amount("13.50")}, {"status": "CREATED", "amount": amount("13.50")}]);
        assert_eq!(shown("COMPLETED", two, none()), None);
    }

    #[test]
    fn names_are_read_back_and_lead_nowhere_else() {
        let (stall, order) = (LogId([1; 16]), OrderId([2; 16]));
        for name in [named_as(stall, order), format!("{}{REST}", named_as(stall, order))] {
            assert_eq!(named(&json!(name)), Some((stall, order)));
        }
        for wrong in [json!(null), json!(""), json!("é".repeat(64)), json!(stall.to_string())] {
            assert_eq!(named(&wrong), None, "{wrong}");
        }
        assert_eq!(plain("../../CA-1?x=/"), "CA-1x");
    }

    #[test]
    fn a_refund_that_has_no_name_of_ours_was_made_there() {
        let refund = |status: &str, custom: Value| {
            let amount = json!({"currency_code": "EUR", "value": "2.00"});
            json!({"status": status, "custom_id": custom, "amount": amount})
        };
        let name = named_as(LogId([1; 16]), OrderId([2; 16]));
        let part = ThingId([3; 16]);
        let all = [
            refund("PENDING", json!(format!("{name}{part}"))),
            refund("COMPLETED", json!(format!("{name}{REST}"))),
            refund("COMPLETED", json!(null)),
            refund("CANCELLED", json!("else")),
        ];
        let back = back(&all, Currency::parse("EUR").unwrap()).unwrap();
        assert_eq!((back.parts, back.outside_minor), (vec![(part, Stage::Pending)], 200));
    }
}
