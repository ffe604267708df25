//! What only one browser can read: RFC 8291 over the coding of RFC 8188, in one piece.
//!
//! The steps are ours, the arithmetic is ring's, which rustls brings anyway: a library for these thirty lines would bring
//! a second elliptic curve, cipher and hash with it.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::SystemRandom;

pub(crate) const PUBLIC_BYTES: usize = 65;
pub(crate) const AUTH_BYTES: usize = 16;
pub(crate) const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// One record is all there is: no push service takes a longer message.
const RECORD_BYTES: usize = 4_096;
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + PUBLIC_BYTES;
/// Longest text: what is left of a record.
pub(crate) const TEXT_BYTES_MAX: usize = RECORD_BYTES - HEADER_BYTES - TAG_BYTES - 1;
/// Ends the text of the last record.
const END: u8 = 2;

/// What a browser hands out to be written to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct BrowserKeys {
    /// A point on P-256, uncompressed.
    pub(crate) public: [u8; PUBLIC_BYTES],
    pub(crate) auth: [u8; AUTH_BYTES],
}

impl BrowserKeys {
    /// Whether its point lies on the curve.
    pub(crate) fn is_sound(&self) -> bool {
        seal(self, &[0; SALT_BYTES], b"").is_ok()
    }
}

/// Seals a text for one browser. The salt is used once; the key of this message is ring's to make, and is forgotten.
///
/// # Errors
/// Where the browser's key is none, or the text is too long.
pub(crate) fn seal(keys: &BrowserKeys, salt: &[u8; SALT_BYTES], text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new())?;
    let own_public: [u8; PUBLIC_BYTES] =
        own.compute_public_key()?.as_ref().try_into().map_err(|_| Unspecified)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, keys.public);
    agree_ephemeral(own, &theirs, |shared| sealed(keys, shared, &own_public, salt, text))?
}

fn sealed(
    keys: &BrowserKeys,
    shared: &[u8],
    own_public: &[u8; PUBLIC_BYTES],
    salt: &[u8; SALT_BYTES],
    text: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Unspecified);
    }
    let info: [&[u8]; 3] = [b"WebPush: info\0", &keys.public, own_public];
    let secret: [u8; 32] = derived(&keys.auth, shared, &info)?;
    let key: [u8; 16] = derived(salt, &secret, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; NONCE_BYTES] = derived(salt, &secret, &[b"Content-Encoding: nonce\0"])?;

    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    let mut record = [text, &[END]].concat();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;

    let record_bytes = u32::try_from(RECORD_BYTES).map_err(|_| Unspecified)?.to_be_bytes();
    let id_bytes = u8::try_from(PUBLIC_BYTES).map_err(|_| Unspecified)?;
    Ok([salt.as_slice(), &record_bytes, &[id_bytes], own_public, &record].concat())
}

/// HKDF with SHA-256, for so many bytes.
fn derived<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    Salt::new(HKDF_SHA256, salt).extract(secret).expand(info, Bytes(N))?.fill(&mut out)?;
    Ok(out)
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
    }

    fn keys() -> BrowserKeys {
        BrowserKeys {
            public: bytes(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            ),
            auth: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        }
    }

    #[test]
    fn the_standards_own_message_comes_out() {
        // RFC 8291, section 5 and appendix A.
        let own =
            bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let shared: [u8; 32] = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
        let text = b"When I grow up, I want to be a watermelon";
        let sealed = sealed(&keys(), &shared, &own, &salt, text).unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS\
                        6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu\
                        lcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(sealed), expected);
    }

    #[test]
    fn a_message_fills_one_record_and_no_more_and_goes_to_points_of_the_curve_only() {
        let longest = seal(&keys(), &[1; SALT_BYTES], &[b'a'; TEXT_BYTES_MAX]).unwrap();
        assert_eq!(longest.len(), RECORD_BYTES);
        assert!(seal(&keys(), &[1; SALT_BYTES], &[b'a'; TEXT_BYTES_MAX + 1]).is_err());
        assert!(keys().is_sound());
        for wrong in [[0; PUBLIC_BYTES], [4; PUBLIC_BYTES]] {
            assert!(!BrowserKeys { public: wrong, ..keys() }.is_sound());
        }
    }
}
