//! Small things that several providers need: forms, signatures by a shared secret, and a client that gives up.

use std::time::Duration;

use reqwest::{Client, redirect};
use sha2::{Digest as _, Sha256};
use soko_app_api::address::encoded;
use soko_domain::ids::Hash;

use crate::pay::provider::Secret;

/// A provider that takes longer has not answered.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
const HMAC_BLOCK: usize = 64;

/// A client for providers: no redirects, which could carry a key elsewhere.
///
/// # Errors
/// Where the machine has no trusted certificates.
pub(crate) fn client() -> Result<Client, String> {
    crate::tls::install();
    let client = Client::builder().redirect(redirect::Policy::none()).connect_timeout(CONNECT_TIMEOUT);
    client.timeout(CALL_TIMEOUT).build().map_err(|error| error.to_string())
}

/// The status and the whole body, or nothing if it did not come, or not whole.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Option<(u16, serde_json::Value)> {
    let mut response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.ok()? {
        if body.len() + part.len() > ANSWER_BYTES_MAX {
            return None;
        }
        body.extend_from_slice(&part);
    }
    // An empty body, or a page of a proxy: the status alone counts.
    Some((status, serde_json::from_slice(&body).unwrap_or_default()))
}

/// `a=b&c=d`, with everything else than letters and digits written out.
pub(crate) fn form(fields: &[(&str, String)]) -> String {
    let pair = |(name, value): &(&str, String)| format!("{}={}", encoded(name), encoded(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// HMAC of RFC 2104 with SHA-256, in hexadecimal digits.
pub fn hmac_hex(secret: &Secret, parts: &[&[u8]]) -> String {
    let mut key = [0_u8; HMAC_BLOCK];
    let given = secret.reveal().as_bytes();
    if given.len() > HMAC_BLOCK {
        key[..32].copy_from_slice(&Sha256::digest(given));
    } else {
        key[..given.len()].copy_from_slice(given);
    }
    let mut inner = Sha256::new();
    inner.update(key.map(|byte| byte ^ 0x36));
    parts.iter().for_each(|part| inner.update(part));
    let mut outer = Sha256::new();
    outer.update(key.map(|byte| byte ^ 0x5c));
    outer.update(inner.finalize());
    Hash(outer.finalize().into()).to_string()
}

/// Looks at every byte, whatever the first ones are.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let differ = one.bytes().zip(other.bytes()).fold(0, |sum, (one, other)| sum | (one ^ other));
    one.len() == other.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_the_standard() {
        // RFC 4231, cases 2 and 6.
        let short = hmac_hex(&Secret::new("Jefe"), &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(short, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(is_same(&short, &short.clone()) && !is_same(&short, "5b") && !is_same("ab", "ac"));
    }

    #[test]
    fn forms_write_out_what_is_special() {
        let fields = [("a[b]", "x y&ü".to_owned()), ("c", "1".to_owned())];
        assert_eq!(form(&fields), "a%5Bb%5D=x%20y%26%C3%BC&c=1");
    }
}
