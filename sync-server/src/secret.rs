//! Secrets that the server hands out: session, refresh and access tokens, and enrolment codes. Only their hash is
//! ever stored, and nothing here prints one by accident. Randomness comes in as an argument.

use sha2::{Digest as _, Sha256};
use soko_domain::ids::{AuthorId, Hash, ThingId};

const AT_REST_DOMAIN: &[u8] = b"soko secret at rest 1";
const STALL_KEY_DOMAIN: &[u8] = b"soko stall key 1";
const LINK_DOMAIN: &[u8] = b"soko link 1";
const HOOK_DOMAIN: &[u8] = b"soko hook secret 1";
const DIGEST_DOMAIN: &[u8] = b"soko digest 1";
const SUCCESSOR_DOMAIN: &[u8] = b"soko successor 1";

/// Letters and digits that people do not confuse: no I, L, O, U.
const CODE_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 12 characters of 5 bits: far beyond what rate limits let anybody try in ten minutes.
const CODE_CHARS: usize = 12;
const CODE_GROUP: usize = 4;

/// 256 random bits. Shown once to their owner, stored as a hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    pub fn from_hex(text: &str) -> Option<Self> {
        Hash::from_hex(text).map(|hash| Self(hash.0))
    }

    /// What the owner keeps. Named so that nobody writes it into a log without noticing.
    pub fn reveal(&self) -> String {
        Hash(self.0).to_string()
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What the store keeps.
    pub fn at_rest(&self) -> Hash {
        at_rest(&self.0)
    }

    /// The one refresh token that follows `of`. It can be worked out again after a lost reply, by this server
    /// only, and never from what is stored.
    pub fn successor(server: &ServerSecret, author: AuthorId, of: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(SUCCESSOR_DOMAIN);
        hasher.update(server.0);
        hasher.update(author.as_bytes());
        hasher.update(Sha256::digest(of));
        Self(hasher.finalize().into())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// What only this server knows; shared by all its processes through the store.
#[derive(Clone)]
pub struct ServerSecret([u8; 32]);

impl ServerSecret {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key that signs what the server says about stalls: the same over all its lives, and of no use for
    /// anything else.
    pub fn stall_key(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(STALL_KEY_DOMAIN);
        hasher.update(self.0);
        hasher.finalize().into()
    }

    /// What signs messages to an address of a program: another one with each generation. It is kept nowhere.
    pub fn hook(&self, hook: ThingId, generation: i64) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(HOOK_DOMAIN);
        hasher.update(self.0);
        hasher.update(hook.as_bytes());
        hasher.update(generation.to_be_bytes());
        hasher.finalize().into()
    }

    /// A link that only this server can have made, for one purpose and one identity. It is kept nowhere.
    pub fn link(&self, purpose: &str, id: ThingId) -> String {
        format!("{id}{}", ThingId(self.proof(purpose, id)))
    }

    /// The identity in such a link, if it is one.
    pub fn read_link(&self, purpose: &str, link: &str) -> Option<ThingId> {
        let (id, proof) = link.split_at_checked(2 * ThingId::SIZE)?;
        let (id, proof) = (ThingId::from_hex(id)?, ThingId::from_hex(proof)?);
        // Compared by their hashes, so that the time it takes says nothing.
        (at_rest(&proof.0) == at_rest(&self.proof(purpose, id))).then_some(id)
    }

    /// Six digits that only this server can have made, for one purpose and one identity. They are kept nowhere.
    pub fn digits(&self, purpose: &str, id: ThingId) -> String {
        let number = u128::from_be_bytes(self.proof(purpose, id)) % 1_000_000;
        format!("{number:06}")
    }

    /// Whether these are those digits.
    pub fn is_digits(&self, (purpose, id): (&str, ThingId), typed: &str) -> bool {
        // Compared by their hashes, so that the time it takes says nothing.
        at_rest(typed.as_bytes()) == at_rest(self.digits(purpose, id).as_bytes())
    }

    /// Stands for a text where the text itself must not; whoever has only the store cannot look for texts that fit.
    pub fn digest(&self, purpose: &str, text: &str) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(DIGEST_DOMAIN);
        hasher.update(self.0);
        hasher.update(Sha256::digest(purpose));
        hasher.update(text);
        Hash(hasher.finalize().into())
    }

    fn proof(&self, purpose: &str, id: ThingId) -> [u8; ThingId::SIZE] {
        let mut hasher = Sha256::new();
        hasher.update(LINK_DOMAIN);
        hasher.update(self.0);
        hasher.update(id.as_bytes());
        hasher.update(purpose);
        let hash: [u8; 32] = hasher.finalize().into();
        let mut proof = [0; ThingId::SIZE];
        proof.copy_from_slice(&hash[..ThingId::SIZE]);
        proof
    }
}

impl std::fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerSecret(hidden)")
    }
}

/// A code that a person reads from one screen and types into another.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode(String);

impl EnrolmentCode {
    pub fn new(random: [u8; CODE_CHARS]) -> Self {
        Self(random.iter().map(|byte| char::from(CODE_ALPHABET[usize::from(byte & 31)])).collect())
    }

    /// Forgives lower case, spaces, dashes, and the letters that look like digits.
    pub fn read(typed: &str) -> Option<Self> {
        let mut code = String::with_capacity(CODE_CHARS);
        for typed in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let letter = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if code.len() == CODE_CHARS || !CODE_ALPHABET.iter().any(|known| char::from(*known) == letter) {
                return None;
            }
            code.push(letter);
        }
        (code.len() == CODE_CHARS).then_some(Self(code))
    }

    /// In groups, as it is shown.
    pub fn reveal(&self) -> String {
        let groups: Vec<&str> =
            (0..CODE_CHARS).step_by(CODE_GROUP).filter_map(|at| self.0.get(at..at + CODE_GROUP)).collect();
        groups.join("-")
    }

    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub fn at_rest(&self) -> Hash {
        at_rest(self.0.as_bytes())
    }
}

impl std::fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnrolmentCode(hidden)")
    }
}

fn at_rest(secret: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(AT_REST_DOMAIN);
    hasher.update(secret);
    Hash(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = EnrolmentCode::new([1, 0, 10, 11, 12, 13, 14, 15, 16, 31, 255, 32]);
        assert_eq!(code.reveal(), "10AB-CDEF-GZZ0");
        let same = ["10AB-CDEF-GZZ0", "10abcdefgzz0", " lo ab cdef gzzO ", "I0AB--CDEF-GZZ0"];
        for typed in same {
            assert_eq!(EnrolmentCode::read(typed), Some(code.clone()), "{typed}");
        }
        for wrong in ["", "10AB-CDEF-GZZ", "10AB-CDEF-GZZ00", "10AB-CDEF-GZU0", "10AB-CDEF-GZ€0"] {
            assert_eq!(EnrolmentCode::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let token = Token::new([0xab; 32]);
        assert!(!format!("{token:?} {:?}", ServerSecret::new([0xab; 32])).contains("ab"));
        assert_eq!(Token::from_hex(&token.reveal()), Some(token));
    }

    #[test]
    fn a_link_opens_what_it_was_made_for_and_nothing_else() {
        let (server, id) = (ServerSecret::new([1; 32]), ThingId([7; 16]));
        let link = server.link("one", id);
        assert_eq!(server.read_link("one", &link), Some(id));
        assert_eq!(server.read_link("other", &link), None);
        assert_eq!(ServerSecret::new([2; 32]).read_link("one", &link), None);
        let other = format!("{}{}", ThingId([8; 16]), &link[32..]);
        for wrong in ["", "é", &link[1..], &link[..63], &other] {
            assert_eq!(server.read_link("one", wrong), None, "{wrong}");
        }
    }

    #[test]
    fn digits_and_digests_are_the_servers_own() {
        let (server, id) = (ServerSecret::new([1; 32]), ThingId([7; 16]));
        let digits = server.digits("one", id);
        assert!(digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit()), "{digits}");
        assert!(server.is_digits(("one", id), &digits));
        for wrong in ["", &digits[1..], &format!("{digits}0")] {
            assert!(!server.is_digits(("one", id), wrong), "{wrong}");
        }
        let others = (server.digits("other", id), ServerSecret::new([2; 32]).digits("one", id));
        assert!(digits != others.0 && digits != others.1 && digits != server.digits("one", ThingId([8; 16])));
        let digest = server.digest("one", "a");
        assert_eq!(digest, server.digest("one", "a"));
        assert!(digest != server.digest("two", "a") && digest != server.digest("one", "b"));
        assert_ne!(digest, ServerSecret::new([2; 32]).digest("one", "a"));
    }

    #[test]
    fn a_successor_depends_on_all_that_made_it() {
        let of = |secret: u8, author: u8, token: &[u8]| {
            Token::successor(&ServerSecret::new([secret; 32]), AuthorId([author; 16]), token)
        };
        let one = of(1, 2, b"a");
        assert_eq!(one, of(1, 2, b"a"));
        assert!(one != of(2, 2, b"a") && one != of(1, 3, b"a") && one != of(1, 2, b"b"));
    }
}
