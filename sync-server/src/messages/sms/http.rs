//! A provider that is spoken to in the plainest way there is: JSON, and a secret that proves who asks. docs/running-a-server.md says
//! it for those who write the other side.

use serde_json::{Value, json};

use super::{Request, SmsSettings, Text, later};
use crate::egress::Said;
use crate::messages::delivery::Delivery;

pub(super) fn request(settings: &SmsSettings, text: &Text) -> Request {
    let Text { message, to, text } = text;
    let body = json!({"to": to, "from": settings.from, "text": text, "id": message.to_string()});
    Request {
        address: settings.url.clone(),
        headers: vec![
            ("authorization", format!("Bearer {}", settings.secret.reveal())),
            ("content-type", "application/json".to_owned()),
        ],
        body: body.to_string(),
    }
}

pub(super) fn meaning(said: &Said) -> Delivery {
    let status = said.back.status;
    let body: Value = serde_json::from_slice(&said.body).unwrap_or_default();
    let because = match body["reason"].as_str() {
        Some(reason) => format!("the provider of texts answers {status}: {reason}"),
        None => format!("the provider of texts answers {status}"),
    };
    match status {
        200..=299 => Delivery::Taken,
        400 | 410 | 422 => Delivery::Refused(because),
        _ => later(said, because),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::sms::tests::{is_later, said};

    #[test]
    fn each_answer_has_one_meaning() {
        for taken in [200, 202, 204] {
            assert_eq!(meaning(&said(taken, "")), Delivery::Taken, "{taken}");
        }
        for refused in [400, 410, 422] {
            assert!(matches!(meaning(&said(refused, "")), Delivery::Refused(_)), "{refused}");
        }
        // The secret, the address, the other side: none of it is about this number.
        for status in [301, 401, 403, 404, 429, 500, 503] {
            assert!(is_later(&meaning(&said(status, "<html>"))), "{status}");
        }
        let because = "the provider of texts answers 422: no such number";
        assert_eq!(meaning(&said(422, r#"{"reason": "no such number"}"#)), Delivery::Refused(because.into()));
    }
}
