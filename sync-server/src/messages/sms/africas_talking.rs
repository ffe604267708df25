//! Africa's Talking, and whoever speaks like it: what became of a number stands inside of an answer that is good as a whole.

use serde_json::Value;

use super::{Request, SmsSettings, Text, later};
use crate::egress::Said;
use crate::messages::delivery::Delivery;
use crate::pay::form;

pub(super) fn request(settings: &SmsSettings, text: &Text) -> Request {
    let SmsSettings { url, user, secret, from, .. } = settings;
    let mut fields =
        vec![("username", user.clone()), ("to", text.to.clone()), ("message", text.text.clone())];
    if !from.is_empty() {
        fields.push(("from", from.clone()));
    }
    Request {
        address: format!("{url}/version1/messaging"),
        headers: vec![
            ("apikey", secret.reveal().to_owned()),
            ("accept", "application/json".to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ],
        body: form(&fields),
    }
}

pub(super) fn meaning(said: &Said) -> Delivery {
    let status = said.back.status;
    let body: Value = serde_json::from_slice(&said.body).unwrap_or_default();
    let data = &body["SMSMessageData"];
    let recipient = &data["Recipients"][0];
    let words = recipient["status"].as_str().or(data["Message"].as_str()).unwrap_or_default();
    let code = recipient["statusCode"].as_i64();
    let because = format!("Africa's Talking answers {}: {words}", code.unwrap_or(i64::from(status)));
    let because = because.trim_end_matches([':', ' ']).to_owned();
    match code {
        Some(100..=102) => match recipient["messageId"].as_str() {
            Some(name) => Delivery::TakenAs(name.to_owned()),
            None => Delivery::Taken,
        },
        // Held for its risk, no number, none that can be texted, wants no texts, no way to it, refused by its network.
        Some(401 | 403 | 404 | 406 | 407 | 502) => Delivery::Refused(because),
        // The sender, the credit, the hour, the other side: none of it is about this number.
        Some(_) => later(said, because),
        None if status == 400 => Delivery::Refused(because),
        None => later(said, because),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::sms::tests::{is_later, said};

    fn answer(code: i64, words: &str) -> Said {
        let recipient =
            format!(r#"{{"statusCode": {code}, "status": "{words}", "number": "+2547", "cost": "0"}}"#);
        said(201, &format!(r#"{{"SMSMessageData": {{"Message": "Sent", "Recipients": [{recipient}]}}}}"#))
    }

    #[test]
    fn each_answer_has_one_meaning() {
        for code in [100, 101, 102] {
            assert_eq!(meaning(&answer(code, "Success")), Delivery::Taken, "{code}");
        }
        for (code, words) in
            [(403, "InvalidPhoneNumber"), (406, "UserInBlacklist"), (502, "RejectedByGateway")]
        {
            let because = format!("Africa's Talking answers {code}: {words}");
            assert_eq!(meaning(&answer(code, words)), Delivery::Refused(because));
        }
        for (code, words) in
            [(402, "InvalidSenderId"), (405, "InsufficientBalance"), (409, "DoNotDisturbRejection")]
        {
            assert!(is_later(&meaning(&answer(code, words))), "{code}");
        }
        assert!(is_later(&meaning(&answer(500, "InternalServerError"))));
        let nobody = r#"{"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}"#;
        let because = "Africa's Talking answers 201: InvalidSenderId".to_owned();
        assert_eq!(meaning(&said(201, nobody)), Delivery::Later { because, after_ms: Some(7_000) });
        for status in [401, 429, 500] {
            assert!(is_later(&meaning(&said(status, "no"))), "{status}");
        }
        let because = "Africa's Talking answers 400".to_owned();
        assert_eq!(meaning(&said(400, "")), Delivery::Refused(because));
    }
}
