//! Texts to telephones: whoever the operator has a contract with takes them along. Each provider is a module that knows how it is
//! asked and what its answers mean; what goes wrong with a number is told in the provider's words, without the number.
//!
//! A provider may have taken a text whose answer was lost: it is brought again, and those that look at its identity send it once.

mod africas_talking;
mod http;
mod length;
mod report;
mod twilio;

use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use soko_domain::ids::ThingId;

pub(super) use length::{fits_one, one_text, plain};
pub use report::TextReports;
pub(crate) use report::{Became, Named, NotTaken};

use super::delivery::Delivery;
use crate::egress::{BadTarget, Egress, Said};
use crate::pay::Secret;

/// How a provider is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmsShape {
    /// A program of the operator's own, or anything that can be brought behind one.
    Http,
    Twilio,
    AfricasTalking,
}

impl SmsShape {
    const ALL: [Self; 3] = [Self::Http, Self::Twilio, Self::AfricasTalking];

    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Twilio => "twilio",
            Self::AfricasTalking => "africas-talking",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.name() == name)
    }

    /// Where it is reached by everybody.
    pub fn usual_url(self) -> Option<&'static str> {
        match self {
            Self::Http => None,
            Self::Twilio => Some("https://api.twilio.com"),
            Self::AfricasTalking => Some("https://api.africastalking.com"),
        }
    }
}

/// What an operator has from a provider.
#[derive(Clone, Debug)]
pub struct SmsSettings {
    pub shape: SmsShape,
    pub url: String,
    pub user: String,
    pub secret: Secret,
    /// Whom a text comes from; providers that need none choose one.
    pub from: String,
    /// Where Twilio reports what became of a text; others are told so where the operator has an account.
    pub reports_to: Option<String>,
}

/// Why nobody can be texted with these settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadSms {
    #[error("sms-url: {0}; a provider in your own network needs private-targets")]
    Url(BadTarget),
    #[error("sms-user is missing: say whose account it is at the provider")]
    NoUser,
    #[error("sms-from is missing: say whom texts come from")]
    NoSender,
}

/// One text on its way to one telephone.
pub(super) struct Text {
    /// The same at every try.
    pub(super) message: ThingId,
    pub(super) to: String,
    pub(super) text: String,
}

/// What a provider is asked.
struct Request {
    address: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// Takes texts to a provider. Cheap to clone.
#[derive(Clone)]
pub struct Sms {
    settings: Arc<SmsSettings>,
    egress: Egress,
}

impl Sms {
    /// # Errors
    /// What is missing, or why its address cannot be talked to.
    pub fn new(settings: SmsSettings, egress: Egress) -> Result<Self, BadSms> {
        egress.checked(&settings.url).map_err(BadSms::Url)?;
        if settings.user.is_empty() && settings.shape != SmsShape::Http {
            return Err(BadSms::NoUser);
        }
        if settings.from.is_empty() && settings.shape == SmsShape::Twilio {
            return Err(BadSms::NoSender);
        }
        Ok(Self { settings: Arc::new(settings), egress })
    }

    pub(super) async fn send(&self, text: &Text) -> Delivery {
        let settings = self.settings.as_ref();
        let (request, meaning): (Request, fn(&Said) -> Delivery) = match settings.shape {
            SmsShape::Http => (http::request(settings, text), http::meaning),
            SmsShape::Twilio => (twilio::request(settings, text), twilio::meaning),
            SmsShape::AfricasTalking => (africas_talking::request(settings, text), africas_talking::meaning),
        };
        let headers = match headers(&request) {
            Ok(headers) => headers,
            Err(because) => return Delivery::later(because),
        };
        match self.egress.ask(&request.address, headers, request.body.into_bytes()).await {
            Ok(said) => without(meaning(&said), &text.to),
            Err(because) => Delivery::later(because),
        }
    }
}

fn headers(request: &Request) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        // Never what it is: it may be a secret.
        let value = HeaderValue::from_str(value);
        let mut value = value.map_err(|_| "a setting has a letter that no header may have".to_owned())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// Not this time; as late as the provider asks.
fn later(said: &Said, because: String) -> Delivery {
    Delivery::Later { because, after_ms: said.back.retry_after_s.map(|seconds| i64::from(seconds) * 1_000) }
}

/// What providers say often names the number.
fn without(delivery: Delivery, to: &str) -> Delivery {
    let hidden = |because: String| because.replace(to, "…").replace(to.trim_start_matches('+'), "…");
    match delivery {
        Delivery::Taken => Delivery::Taken,
        Delivery::TakenAs(name) => Delivery::TakenAs(name),
        Delivery::Later { because, after_ms } => Delivery::Later { because: hidden(because), after_ms },
        Delivery::Refused(because) => Delivery::Refused(hidden(because)),
        Delivery::Gone(because) => Delivery::Gone(hidden(because)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Back;

    pub(super) fn said(status: u16, body: &str) -> Said {
        Said { back: Back { status, retry_after_s: Some(7) }, body: body.as_bytes().to_vec() }
    }

    pub(super) fn is_later(delivery: &Delivery) -> bool {
        matches!(delivery, Delivery::Later { after_ms: Some(7_000), .. })
    }

    fn settings(shape: SmsShape, url: &str, user: &str, from: &str) -> SmsSettings {
        let secret = Secret::new("hush");
        let reports_to = None;
        SmsSettings { shape, url: url.into(), user: user.into(), secret, from: from.into(), reports_to }
    }

    #[test]
    fn what_is_missing_is_said_at_the_start() {
        let new = |settings: SmsSettings| Sms::new(settings, Egress::new(false).unwrap()).map(drop);
        let url = "https://sms.example";
        for (settings, expected) in [
            (settings(SmsShape::Http, url, "", ""), Ok(())),
            (settings(SmsShape::Http, "http://sms.example", "", ""), Err(BadSms::Url(BadTarget::Open))),
            (settings(SmsShape::Http, "https://10.0.0.1", "", ""), Err(BadSms::Url(BadTarget::Private))),
            (settings(SmsShape::Twilio, url, "AC1", "+15550100"), Ok(())),
            (settings(SmsShape::Twilio, url, "", "+15550100"), Err(BadSms::NoUser)),
            (settings(SmsShape::Twilio, url, "AC1", ""), Err(BadSms::NoSender)),
            (settings(SmsShape::AfricasTalking, url, "soko", ""), Ok(())),
        ] {
            assert_eq!(new(settings), expected);
        }
        assert!(!format!("{:?}", settings(SmsShape::Http, url, "", "")).contains("hush"));
    }

    #[test]
    fn a_reason_names_no_number() {
        let refused = |because: &str| Delivery::Refused(because.into());
        let said = without(refused("'+254712345678' or 254712345678 is none"), "+254712345678");
        assert_eq!(said, refused("'…' or … is none"));
    }
}
