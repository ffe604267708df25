//! Twilio's Messages, and whoever speaks like it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Request, SmsSettings, Text, later};
use crate::egress::Said;
use crate::messages::delivery::Delivery;
use crate::pay::form;

/// A sender that begins so is a messaging service, which chooses the number itself.
const SERVICE: &str = "MG";
/// Refusals that are about this number or this text: it is none, it is short, it is ours, it may not be texted from here, it wants no
/// texts, no way leads to it, it is a landline, the text is too long. Anything else may be about our side, and the text is none the worse.
const FOR_GOOD: [i64; 11] =
    [21_211, 21_214, 21_217, 21_265, 21_266, 21_408, 21_610, 21_612, 21_614, 21_617, 21_635];

pub(super) fn request(settings: &SmsSettings, text: &Text) -> Request {
    let SmsSettings { url, user, secret, from, .. } = settings;
    let proof = STANDARD.encode(format!("{user}:{}", secret.reveal()));
    let sender = if from.starts_with(SERVICE) { "MessagingServiceSid" } else { "From" };
    let mut fields = vec![("To", text.to.clone()), (sender, from.clone()), ("Body", text.text.clone())];
    if let Some(reports_to) = &settings.reports_to {
        fields.push(("StatusCallback", reports_to.clone()));
    }
    Request {
        address: format!("{url}/2010-04-01/Accounts/{user}/Messages.json"),
        headers: vec![
            ("authorization", format!("Basic {proof}")),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ],
        body: form(&fields),
    }
}

pub(super) fn meaning(said: &Said) -> Delivery {
    let status = said.back.status;
    let body: Value = serde_json::from_slice(&said.body).unwrap_or_default();
    let code = body["code"].as_i64();
    let because = match (code, body["message"].as_str()) {
        (Some(code), Some(message)) => format!("Twilio answers {code}: {message}"),
        (Some(code), None) => format!("Twilio answers {code}"),
        (None, _) => format!("Twilio answers {status}"),
    };
    match (status, code) {
        (200..=299, _) => match body["sid"].as_str() {
            Some(sid) => Delivery::TakenAs(sid.to_owned()),
            None => Delivery::Taken,
        },
        (400, Some(code)) if FOR_GOOD.contains(&code) => Delivery::Refused(because),
        _ => later(said, because),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::sms::tests::{is_later, said};

    #[test]
    fn each_answer_has_one_meaning() {
        let taken = said(201, r#"{"sid": "SM1", "status": "queued"}"#);
        assert_eq!(meaning(&taken), Delivery::TakenAs("SM1".into()));
        for code in [21_211, 21_408, 21_610, 21_612, 21_614] {
            let answer = said(400, &format!(r#"{{"code": {code}, "message": "No.", "status": 400}}"#));
            assert_eq!(meaning(&answer), Delivery::Refused(format!("Twilio answers {code}: No.")));
        }
        for (status, body) in [
            (400, r#"{"code": 21606, "message": "not yours"}"#),
            (400, r#"{"code": 21999, "message": "new"}"#),
            (400, "<html>"),
            (401, r#"{"code": 20003, "message": "Authenticate"}"#),
            (404, r#"{"code": 20404, "message": "not found"}"#),
            (429, r#"{"code": 20429, "message": "too many"}"#),
            (500, ""),
            (503, ""),
        ] {
            assert!(is_later(&meaning(&said(status, body))), "{status} {body}");
        }
    }
}
