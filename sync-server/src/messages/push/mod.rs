//! Messages to browsers: their push services take them along, sealed, and the browser shows them with the app closed.
//!
//! A subscription belongs to one session: whoever signed out, has a new password or is erased is told nothing more there.

mod seal;
mod subscription;
mod vapid;

use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use soko_domain::ids::ThingId;

use super::delivery::Delivery;
use crate::egress::Egress;
use crate::outside::{Entropy, random};

pub(crate) use seal::{BrowserKeys, TEXT_BYTES_MAX};
pub(crate) use subscription::{Subscription, end, in_force, of_account, subscribe};
pub use vapid::{PushKey, ensure};

/// How long a push service keeps what a browser that is off cannot have yet.
const KEPT_S: u32 = 24 * 3_600;

/// One message on its way to one browser.
pub(super) struct Parcel {
    pub(super) message: ThingId,
    pub(super) subscription: Subscription,
    pub(super) text: Vec<u8>,
    pub(super) is_urgent: bool,
}

/// Takes messages to push services. Cheap to clone.
#[derive(Clone)]
pub struct Push {
    key: Arc<PushKey>,
    egress: Egress,
    entropy: Arc<dyn Entropy>,
    /// How to reach whoever runs this server.
    subject: String,
}

impl Push {
    pub fn new(key: PushKey, egress: Egress, entropy: Arc<dyn Entropy>, origin: &str) -> Self {
        Self { key: Arc::new(key), egress, entropy, subject: origin.to_owned() }
    }

    /// What browsers subscribe to.
    pub fn public_key(&self) -> String {
        self.key.public()
    }

    pub(super) async fn send(&self, parcel: &Parcel, now_ms: i64) -> Delivery {
        let (headers, body) = match self.sealed(parcel, now_ms) {
            Ok(sealed) => sealed,
            Err(because) => return Delivery::Refused(because),
        };
        match self.egress.post(&parcel.subscription.endpoint, headers, body).await {
            Ok(back) => delivery(back.status, back.retry_after_s),
            Err(because) => Delivery::later(because),
        }
    }

    fn sealed(&self, parcel: &Parcel, now_ms: i64) -> Result<(HeaderMap, Vec<u8>), String> {
        let Parcel { message, subscription, text, is_urgent } = parcel;
        let to = self.egress.checked(&subscription.endpoint).map_err(|bad| bad.to_string())?;
        let salt = random(self.entropy.as_ref()).map_err(|none| none.to_string())?;
        let body = seal::seal(&subscription.keys, &salt, text);
        let body = body.map_err(|_| "the browser's key cannot be used".to_owned())?;
        // One that was not delivered yet is replaced by its own repetition.
        let fields = [
            ("authorization", self.key.authorization(&to, &self.subject, now_ms)?),
            ("content-encoding", "aes128gcm".to_owned()),
            ("content-type", "application/octet-stream".to_owned()),
            ("ttl", KEPT_S.to_string()),
            ("urgency", if *is_urgent { "high" } else { "normal" }.to_owned()),
            ("topic", message.to_string()),
        ];
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let value = HeaderValue::from_str(&value).map_err(|error| error.to_string())?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok((headers, body))
    }
}

/// What a push service's answer means (RFC 8030).
fn delivery(status: u16, retry_after_s: Option<u32>) -> Delivery {
    let because = format!("the push service answers {status}");
    match status {
        200..=299 => Delivery::Taken,
        404 | 410 => Delivery::Gone(because),
        400 | 413 => Delivery::Refused(because),
        // Also where it does not take our signature: its clock or ours may be wrong.
        _ => Delivery::Later { because, after_ms: retry_after_s.map(|seconds| i64::from(seconds) * 1_000) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_of_a_push_service_has_one_meaning() {
        let after = |status, wait| {
            if let Delivery::Later { after_ms, .. } = delivery(status, wait) { Some(after_ms) } else { None }
        };
        assert_eq!(delivery(201, None), Delivery::Taken);
        assert!(matches!(delivery(410, None), Delivery::Gone(_)));
        assert!(matches!(delivery(404, None), Delivery::Gone(_)));
        assert!(matches!(delivery(413, None), Delivery::Refused(_)));
        for status in [301, 401, 403, 500, 503] {
            assert_eq!(after(status, None), Some(None), "{status}");
        }
        assert_eq!(after(429, Some(120)), Some(Some(120_000)));
    }
}
