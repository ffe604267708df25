//! What an address is told, signed as the Standard Webhooks specification says, version 1.
//!
//! The message says what happened, and how the order or product is when it leaves: sent again, it may say more, under the same
//! identity. It never says who a buyer is, nor what they wrote.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use ring::hmac;
use serde_json::{Value, json};
use soko_app_api::text::Worded as _;
use soko_domain::entry::OrderStep;
use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};
use soko_projection::read;
use soko_record_log::{StoreError, Tx};

use super::{Hook, HookTopic, rows};
use crate::egress::Egress;
use crate::messages::delivery::Delivery;
use crate::messages::outbox::{self, Message};
use crate::messages::topic::Topic;
use crate::secret::ServerSecret;
use crate::stall::{self, OrderView};

/// Stands before a secret, so that it is taken for nothing else.
const SECRET_PREFIX: &str = "whsec_";
/// Stands where the step of an order does, when it was handed over.
pub(in crate::messages) const HANDED_OVER: i64 = 100;

/// A message on its way to an address.
pub(in crate::messages) struct Notice {
    message: ThingId,
    address: String,
    /// The newest first.
    secrets: Vec<[u8; 32]>,
    body: Vec<u8>,
}

/// As its owner sees it, once.
pub(crate) fn shown(secret: &ServerSecret, hook: &Hook) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(secret.hook(hook.hook, hook.generation)))
}

/// Writes what is to be sent; nothing if its address or order is gone, or the address is told nothing any more.
pub(in crate::messages) fn write(
    tx: &mut dyn Tx,
    secret: &ServerSecret,
    (message, now_ms): (&Message, i64),
) -> Result<Option<Notice>, StoreError> {
    let (Topic::Program(topic), Some(stall)) = (message.topic, message.log) else { return Ok(None) };
    let Some(hook) = rows::find(tx, message.account)?.filter(|hook| hook.off_ms.is_none()) else {
        return Ok(None);
    };
    let Some(data) = data(tx, (stall, topic), message)? else { return Ok(None) };
    let made_ms = outbox::made_ms(tx, message.message)?.unwrap_or(now_ms);
    let body = json!({"type": topic.name(), "timestamp": instant(made_ms), "data": data});
    let mut secrets = vec![secret.hook(hook.hook, hook.generation)];
    if hook.before_until_ms > now_ms {
        secrets.push(secret.hook(hook.hook, hook.generation - 1));
    }
    Ok(Some(Notice {
        message: message.message,
        address: hook.address,
        secrets,
        body: body.to_string().into_bytes(),
    }))
}

fn instant(at_ms: i64) -> String {
    let at = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn data(
    tx: &mut dyn Tx,
    (stall, topic): (LogId, HookTopic),
    message: &Message,
) -> Result<Option<Value>, StoreError> {
    let mut data = json!({"stall": stall.to_string()});
    let Some(subject) = message.subject else { return Ok(Some(data)) };
    if topic.is_about_product() {
        let product = ProductId(subject.0);
        let Some(found) = read::product(tx, stall, product)? else { return Ok(None) };
        data["product"] = json!({
            "product": product.to_string(), "name": found.name, "sku": found.sku,
            "at_stall": stall::here(tx, stall, product)?,
        });
        return Ok(Some(data));
    }
    let Some(view) = stall::order_view(tx, stall, OrderId(subject.0))? else { return Ok(None) };
    match topic {
        HookTopic::OrderStep => data["step"] = json!(step(message.detail)),
        HookTopic::OrderPaid | HookTopic::OrderRefunded => data["amount_minor"] = json!(message.detail),
        HookTopic::OrderPlaced
        | HookTopic::OrderCancelled
        | HookTopic::LowStock
        | HookTopic::SoldOut
        | HookTopic::Test => {}
    }
    data["order"] = order(&view);
    Ok(Some(data))
}

fn step(detail: i64) -> &'static str {
    let said = u8::try_from(detail).ok().and_then(OrderStep::from_number);
    said.map_or("handed over", OrderStep::name)
}

/// An order without its buyer.
fn order(view: &OrderView) -> Value {
    let lines: Vec<Value> = view
        .lines
        .iter()
        .map(|line| {
            json!({
                "product": line.product.to_string(), "name": line.name, "quantity": line.quantity,
                "discount_minor": line.discount_minor, "total_minor": line.total_minor,
            })
        })
        .collect();
    json!({
        "order": view.order.to_string(),
        "state": view.state.name(),
        "step": view.step.map(OrderStep::name),
        "handing": view.handing.word(),
        "currency": view.currency.code(),
        "total_minor": view.total_minor,
        "placed_ms": view.placed_ms,
        "payment": view.payment.as_ref().map(|it| json!({"way": it.way.word(), "state": it.state})),
        "lines": lines,
    })
}

/// Takes messages to addresses of programs. Cheap to clone.
#[derive(Clone)]
pub struct Hooks {
    egress: Egress,
}

impl Hooks {
    pub fn new(egress: Egress) -> Self {
        Self { egress }
    }

    pub(in crate::messages) async fn send(&self, notice: &Notice, now_ms: i64) -> Delivery {
        let headers = match headers(notice, now_ms) {
            Ok(headers) => headers,
            Err(because) => return Delivery::Refused(because),
        };
        match self.egress.post(&notice.address, headers, notice.body.clone()).await {
            Ok(back) => delivery(back.status, back.retry_after_s),
            Err(because) => Delivery::later(because),
        }
    }
}

fn headers(notice: &Notice, now_ms: i64) -> Result<HeaderMap, String> {
    let now_s = now_ms.div_euclid(1_000);
    let fields = [
        ("content-type", "application/json".to_owned()),
        ("user-agent", "Soko".to_owned()),
        ("webhook-id", notice.message.to_string()),
        ("webhook-timestamp", now_s.to_string()),
        ("webhook-signature", signatures(notice, now_s)),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let value = HeaderValue::from_str(&value).map_err(|error| error.to_string())?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// One of each secret that counts.
fn signatures(notice: &Notice, now_s: i64) -> String {
    let signed = [format!("{}.{now_s}.", notice.message).as_bytes(), &notice.body].concat();
    let one = |secret: &[u8; 32]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed)))
    };
    notice.secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// What an answer means. Redirects are not followed: whoever moved gives the new address.
fn delivery(status: u16, retry_after_s: Option<u32>) -> Delivery {
    let because = format!("the address answers {status}");
    match status {
        200..=299 => Delivery::Taken,
        410 => Delivery::Gone(because),
        300..=399 => Delivery::later(format!("{because}, and redirects are not followed")),
        _ => Delivery::Later { because, after_ms: retry_after_s.map(|seconds| i64::from(seconds) * 1_000) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_others_work_out_too() {
        // The example of the specification's own libraries.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        assert_eq!(STANDARD.encode(hmac::sign(&key, signed)), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_that_counts_signs() {
        let notice = |secrets: &[u8]| Notice {
            message: ThingId([7; 16]),
            address: String::new(),
            secrets: secrets.iter().map(|byte| [*byte; 32]).collect(),
            body: b"{}".to_vec(),
        };
        let (one, both) = (signatures(&notice(&[1]), 5), signatures(&notice(&[1, 2]), 5));
        assert_eq!(both.split(' ').collect::<Vec<_>>(), [one.as_str(), &signatures(&notice(&[2]), 5)]);
        assert!(one.starts_with("v1,") && one != signatures(&notice(&[1]), 6), "the moment is signed, too");
    }

    #[test]
    fn each_answer_has_one_meaning() {
        assert_eq!(delivery(204, None), Delivery::Taken);
        assert!(matches!(delivery(410, None), Delivery::Gone(_)));
        for status in [301, 307, 400, 404, 500] {
            assert!(matches!(delivery(status, None), Delivery::Later { after_ms: None, .. }), "{status}");
        }
        assert!(matches!(delivery(429, Some(9)), Delivery::Later { after_ms: Some(9_000), .. }));
    }
}
