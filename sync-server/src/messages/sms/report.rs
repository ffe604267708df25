//! What a provider tells later of a text that it took: whether it is on the telephone. Each says it in its own way, and proves in its
//! own way that it is the one who says it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use soko_domain::ids::ThingId;

use super::SmsShape;
use crate::pay::Secret;

/// How reports are known to come from whoever brings our texts.
#[derive(Clone, Debug)]
pub struct TextReports {
    pub shape: SmsShape,
    /// Where they are sent, as the provider sees it: Twilio signs it.
    pub address: String,
    /// With Twilio its auth token, which signs; with the others a key of its own.
    pub secret: Secret,
}

/// Which text a report is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    /// As we call it.
    Ours(ThingId),
    /// As the provider does.
    Theirs(String),
}

/// What became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Became {
    /// It is still on its way.
    Underway,
    Delivered,
    /// In the provider's words, without the number.
    Failed(String),
}

/// Why a report is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotTaken {
    Forged,
    Unreadable,
}

impl TextReports {
    /// What a report says. `proof` is Twilio's signature, or the key that somebody knows.
    pub(crate) fn read(&self, proof: &str, body: &[u8]) -> Result<(Named, Became), NotTaken> {
        let is_genuine = match self.shape {
            SmsShape::Twilio => self.is_signed(proof, body),
            SmsShape::Http | SmsShape::AfricasTalking => {
                Sha256::digest(proof) == Sha256::digest(self.secret.reveal())
            }
        };
        if !is_genuine {
            return Err(NotTaken::Forged);
        }
        let read = match self.shape {
            SmsShape::Http => of_http(body),
            SmsShape::Twilio => of_twilio(&fields(body)),
            SmsShape::AfricasTalking => of_africas_talking(&fields(body)),
        };
        read.ok_or(NotTaken::Unreadable)
    }

    /// Whether it is a report that can be read, from whoever may send one.
    pub fn is_one(&self, proof: &str, body: &[u8]) -> bool {
        self.read(proof, body).is_ok()
    }

    /// The address and every field, in the order of their names, one behind the other.
    fn is_signed(&self, proof: &str, body: &[u8]) -> bool {
        let Ok(proof) = STANDARD.decode(proof) else { return false };
        let mut fields = fields(body);
        fields.sort();
        let mut signed = self.address.clone();
        fields.iter().for_each(|(name, value)| signed.extend([name.as_str(), value.as_str()]));
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.secret.reveal().as_bytes());
        hmac::verify(&key, signed.as_bytes(), &proof).is_ok()
    }
}

fn fields(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

fn of_http(body: &[u8]) -> Option<(Named, Became)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let message = ThingId::from_hex(body["id"].as_str()?)?;
    let became = match body["state"].as_str()? {
        "sent" => Became::Underway,
        "delivered" => Became::Delivered,
        "failed" => Became::Failed(failed("the provider of texts", body["reason"].as_str(), None)),
        _ => return None,
    };
    Some((Named::Ours(message), became))
}

fn of_twilio(fields: &[(String, String)]) -> Option<(Named, Became)> {
    let became = match field(fields, "MessageStatus")? {
        "delivered" | "read" => Became::Delivered,
        "undelivered" | "failed" => {
            let said = field(fields, "ErrorMessage").or(field(fields, "ErrorCode"));
            Became::Failed(failed("Twilio", said, field(fields, "To")))
        }
        _ => Became::Underway,
    };
    Some((Named::Theirs(field(fields, "MessageSid")?.to_owned()), became))
}

fn of_africas_talking(fields: &[(String, String)]) -> Option<(Named, Became)> {
    let status = field(fields, "status")?;
    let became = match status {
        "Success" => Became::Delivered,
        "Rejected" | "Failed" | "AbsentSubscriber" | "Expired" => {
            let said = field(fields, "failureReason").or(Some(status));
            Became::Failed(failed("Africa's Talking", said, field(fields, "phoneNumber")))
        }
        _ => Became::Underway,
    };
    Some((Named::Theirs(field(fields, "id")?.to_owned()), became))
}

fn failed(who: &str, said: Option<&str>, number: Option<&str>) -> String {
    let mut said = said.unwrap_or("no reason").to_owned();
    if let Some(number) = number.map(|number| number.trim().trim_start_matches('+')) {
        said = said.replace(&format!("+{number}"), "…").replace(number, "…");
    }
    format!("it did not arrive: {who} says {said}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports(shape: SmsShape, secret: &str) -> TextReports {
        let address = "https://mycompany.com/myapp.php?foo=1&bar=2".to_owned();
        TextReports { shape, address, secret: Secret::new(secret) }
    }

    #[test]
    fn the_example_of_twilios_own_documentation_is_signed() {
        let body = b"Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE";
        let twilio = reports(SmsShape::Twilio, "12345");
        assert!(twilio.is_signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=", body));
        for forged in ["", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "no base64"] {
            assert!(!twilio.is_signed(forged, body), "{forged}");
        }
    }

    #[test]
    fn each_state_has_one_meaning() {
        let failed = |reason: &str| Became::Failed(format!("it did not arrive: {reason}"));
        for (shape, body, expected) in [
            (SmsShape::AfricasTalking, "id=A1&status=Success", Some(Became::Delivered)),
            (SmsShape::AfricasTalking, "id=A1&status=Buffered", Some(Became::Underway)),
            (
                SmsShape::AfricasTalking,
                "id=A1&status=Failed&phoneNumber=%2B2547&failureReason=no+%2B2547",
                Some(failed("Africa's Talking says no …")),
            ),
            (SmsShape::AfricasTalking, "id=A1&status=Expired", Some(failed("Africa's Talking says Expired"))),
            (SmsShape::AfricasTalking, "status=Success", None),
            (SmsShape::AfricasTalking, "id=A1", None),
            (SmsShape::Http, "{}", None),
            (SmsShape::Http, r#"{"id": "00000000000000000000000000000001", "state": "?"}"#, None),
        ] {
            let read = reports(shape, "key").read("key", body.as_bytes());
            assert_eq!(read.map(|(_, became)| became).ok(), expected, "{body}");
        }
        let twilio = |body: &str| of_twilio(&fields(body.as_bytes())).map(|(_, became)| became);
        assert_eq!(twilio("MessageSid=S&MessageStatus=delivered"), Some(Became::Delivered));
        assert_eq!(twilio("MessageSid=S&MessageStatus=queued"), Some(Became::Underway));
        let undelivered = twilio("MessageSid=S&MessageStatus=undelivered&ErrorCode=30003");
        assert_eq!(undelivered, Some(failed("Twilio says 30003")));
        assert_eq!(twilio("MessageStatus=delivered"), None);
    }
}
