//! Who we are to push services: RFC 8292. A browser subscribes to our key; a push service takes messages to it from whoever
//! signs with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;
use soko_record_log::{StoreError, Tx};

use crate::sealed::{self, Kept, SealKey};

/// A signature is good for so long; at most a day is allowed.
const LIFE_S: i64 = 12 * 3_600;

/// The server's key. All processes on one store have the same.
pub struct PushKey {
    pair: EcdsaKeyPair,
}

impl PushKey {
    /// A fresh key as it is kept.
    ///
    /// # Errors
    /// Where the machine gives no randomness.
    pub fn fresh() -> Result<Vec<u8>, String> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        made.map(|document| document.as_ref().to_vec()).map_err(|_| "no key for push messages".to_owned())
    }

    /// # Errors
    /// Where these bytes are no key.
    pub fn read(kept: &[u8]) -> Result<Self, String> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, kept, &SystemRandom::new());
        pair.map(|pair| Self { pair }).map_err(|_| "the key for push messages cannot be read".to_owned())
    }

    /// As browsers ask for it.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref())
    }

    /// What proves to the push service of this address that a message is ours. `subject` is how to reach whoever runs this
    /// server.
    pub(super) fn authorization(&self, to: &Url, subject: &str, now_ms: i64) -> Result<String, String> {
        let claims = json!({
            "aud": to.origin().ascii_serialization(),
            "exp": now_ms / 1_000 + LIFE_S,
            "sub": subject,
        });
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| "the message cannot be signed".to_owned())?;
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public()))
    }
}

/// Keeps `fresh` if there is no key yet; answers the one that is kept.
pub fn ensure(tx: &mut dyn Tx, key: Option<&SealKey>, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
    sealed::ensure(tx, key, (Kept::Push, fresh))
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_message_is_signed_for_one_push_service_and_half_a_day() {
        let key = PushKey::read(&PushKey::fresh().unwrap()).unwrap();
        let to = Url::parse("https://push.example:8443/send/abc").unwrap();
        let said = key.authorization(&to, "https://market.example", 1_790_000_000_000).unwrap();
        let (token, public) = said.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public = URL_SAFE_NO_PAD.decode(public).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let proof = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public);
        assert!(proof.verify(signed.as_bytes(), &signature).is_ok());
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let expected = json!({"aud": "https://push.example:8443", "exp": 1_790_043_200, "sub": "https://market.example"});
        assert_eq!(claims, expected);
        assert!(PushKey::read(b"no key").is_err());
    }
}
