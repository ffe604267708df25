//! The server's own secrets as they lie in its store: sealed under a key that lies elsewhere, so that whoever has the database
//! alone, or a backup of it, has none of them. What is sealed is bound to its place: moved to another one it does not open.
//!
//! Keys of those who take money, mail and texts are not here: they are settings, and the store never sees them. What signs
//! webhooks, links and stalls is worked out from [`Kept::Server`].

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use soko_domain::ids::Hash;
use soko_record_log::{StoreError, Tx, params};

/// Where the key is that nobody named: beside the database, and in no backup.
pub const SEAL_KEY_FILE: &str = "seal.key";

const MAGIC: &[u8; 14] = b"soko sealed 1\n";
const CIPHER_DOMAIN: &[u8] = b"soko seal cipher 1";
const NONCE_DOMAIN: &[u8] = b"soko seal nonce 1";
const NAME_DOMAIN: &[u8] = b"soko seal name 1";
const NONCE_BYTES: usize = 24;
const NAME_CHARS: usize = 8;

const NO_KEY: &str = "secrets in this store are sealed and the key to them is not here: name its file with --seal-key \
                      (SOKO_SEAL_KEY); nothing was changed";
const WRONG_KEY: &str = "the seal key is not the one that sealed the secrets in this store: name the right file with \
                         --seal-key (SOKO_SEAL_KEY); nothing was changed";

/// What seals: 32 bytes that no store holds.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKey([u8; 32]);

impl SealKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// As it stands in its file.
    pub fn from_hex(text: &str) -> Option<Self> {
        Hash::from_hex(text.trim()).map(|hash| Self(hash.0))
    }

    /// For its file, and for nothing else.
    pub fn reveal(&self) -> String {
        Hash(self.0).to_string()
    }

    /// Tells keys apart without saying anything of them.
    pub fn name(&self) -> String {
        Hash(self.derived(NAME_DOMAIN, &[])).to_string().chars().take(NAME_CHARS).collect()
    }

    fn seal(&self, place: &[u8], secret: &[u8]) -> Result<Vec<u8>, StoreError> {
        // From all that is sealed, so that two secrets never share one.
        let whole = self.derived(NONCE_DOMAIN, &[&Sha256::digest(place)[..], secret].concat());
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&whole[..NONCE_BYTES]);
        let payload = Payload { msg: secret, aad: place };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| StoreError::Other("a secret cannot be sealed".to_owned()))?;
        Ok([&MAGIC[..], &nonce, &sealed].concat())
    }

    fn open(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.strip_prefix(MAGIC)?.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        self.cipher().decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: place }).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.derived(CIPHER_DOMAIN, &[])))
    }

    fn derived(&self, domain: &[u8], more: &[u8]) -> [u8; 32] {
        let mut hasher = Sha256::new_with_prefix(domain);
        hasher.update(self.0);
        hasher.update(more);
        hasher.finalize().into()
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(hidden)")
    }
}

/// A secret that the store keeps, one of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// What only the server knows; webhooks, links and stalls are signed with what follows from it.
    Server,
    /// Who the server is to push services.
    Push,
}

impl Kept {
    pub const ALL: [Self; 2] = [Self::Server, Self::Push];

    fn table(self) -> &'static str {
        match self {
            Self::Server => "server_secret",
            Self::Push => "push_key",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Server => "secret",
            Self::Push => "private_key",
        }
    }

    /// What a sealed secret is bound to: its table, column and row.
    fn place(self) -> String {
        format!("{}.{} 1", self.table(), self.column())
    }

    fn row(self, tx: &mut dyn Tx) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = format!("select {} from {} where only_row = 1", self.column(), self.table());
        tx.query_opt(&sql, params![])?.map(|row| row.blob(0).map(<[u8]>::to_vec)).transpose()
    }
}

/// The one that is kept, if there is any.
pub fn read(tx: &mut dyn Tx, key: Option<&SealKey>, kept: Kept) -> Result<Option<Vec<u8>>, StoreError> {
    kept.row(tx)?.map(|row| opened(key, kept, row).map_err(refused)).transpose()
}

/// Keeps `fresh` if there is none yet; answers the one that is kept.
pub fn ensure(
    tx: &mut dyn Tx,
    key: Option<&SealKey>,
    (kept, fresh): (Kept, &[u8]),
) -> Result<Vec<u8>, StoreError> {
    let row = match key {
        Some(key) => key.seal(kept.place().as_bytes(), fresh)?,
        None => fresh.to_vec(),
    };
    let sql = format!(
        "insert into {} (only_row, {}) values (1, $1) on conflict do nothing",
        kept.table(),
        kept.column()
    );
    tx.execute(&sql, params![row])?;
    let found = read(tx, key, kept)?;
    found.ok_or_else(|| StoreError::Other("a secret that was kept is gone".to_owned()))
}

/// Seals what lies in the open, with a key; proves that everything sealed opens. All or nothing. Says how many it sealed.
pub fn seal_all(tx: &mut dyn Tx, key: Option<&SealKey>) -> Result<u32, StoreError> {
    let mut sealed = 0;
    for kept in Kept::ALL {
        let Some(row) = kept.row(tx)? else { continue };
        let is_clear = !is_sealed(&row);
        let secret = opened(key, kept, row).map_err(refused)?;
        if let (Some(key), true) = (key, is_clear) {
            let row = key.seal(kept.place().as_bytes(), &secret)?;
            let sql = format!("update {} set {} = $1 where only_row = 1", kept.table(), kept.column());
            tx.run(&sql, params![row])?;
            sealed += 1;
        }
    }
    Ok(sealed)
}

/// How the secrets of a store lie.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Lying {
    pub sealed: u32,
    pub clear: u32,
}

pub fn lying(tx: &mut dyn Tx) -> Result<Lying, StoreError> {
    let mut lying = Lying::default();
    for kept in Kept::ALL {
        match kept.row(tx)? {
            Some(row) if is_sealed(&row) => lying.sealed += 1,
            Some(_) => lying.clear += 1,
            None => {}
        }
    }
    Ok(lying)
}

/// Why what is kept cannot be read, if it cannot.
pub fn trouble(tx: &mut dyn Tx, key: Option<&SealKey>) -> Result<Option<&'static str>, StoreError> {
    for kept in Kept::ALL {
        let Some(row) = kept.row(tx)? else { continue };
        if let Err(sentence) = opened(key, kept, row) {
            return Ok(Some(sentence));
        }
    }
    Ok(None)
}

/// What was kept, or why it cannot be read.
fn opened(key: Option<&SealKey>, kept: Kept, row: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    if !is_sealed(&row) {
        return Ok(row);
    }
    let key = key.ok_or(NO_KEY)?;
    key.open(kept.place().as_bytes(), &row).ok_or(WRONG_KEY)
}

fn refused(sentence: &str) -> StoreError {
    StoreError::Other(sentence.to_owned())
}

/// No secret in the clear begins so: one is 32 bytes of chance, the other DER.
fn is_sealed(row: &[u8]) -> bool {
    row.len() > MAGIC.len() + NONCE_BYTES && row.starts_with(MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_with_its_key_and_whole() {
        let key = SealKey::new([7; 32]);
        let sealed = key.seal(b"here", b"a secret").unwrap();
        assert!(is_sealed(&sealed) && !sealed.windows(8).any(|part| part == b"a secret"));
        assert_eq!(key.open(b"here", &sealed).as_deref(), Some(&b"a secret"[..]));
        assert_eq!(key.open(b"there", &sealed), None, "another row");
        assert_eq!(SealKey::new([8; 32]).open(b"here", &sealed), None, "another key");
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(key.open(b"here", &bent), None, "byte {at}");
            assert_eq!(key.open(b"here", &sealed[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn no_two_secrets_share_a_nonce() {
        let key = SealKey::new([7; 32]);
        let nonce =
            |place: &[u8], secret: &[u8]| key.seal(place, secret).unwrap()[MAGIC.len()..][..24].to_vec();
        let one = nonce(b"here", b"a secret");
        assert!(one != nonce(b"here", b"b secret") && one != nonce(b"there", b"a secret"));
    }

    #[test]
    fn a_key_prints_nothing_and_comes_back_from_its_file() {
        let key = SealKey::new([0xab; 32]);
        assert!(!format!("{key:?} {}", key.name()).contains("abab"));
        assert_eq!(SealKey::from_hex(&format!("{}\n", key.reveal())), Some(key));
        for wrong in ["", "ab", &"x".repeat(64), &"a".repeat(63)] {
            assert_eq!(SealKey::from_hex(wrong), None, "{wrong}");
        }
    }
}
