//! Refresh tokens: each is used once and names its successor, and a use counts only with a signature by the
//! device's key.
//!
//! A reply may get lost. So the token before the newest is honoured as long as the newest was never used, and
//! gets the *same* newest again. Any other repeat means that two hold the token: the family ends.

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};
use soko_domain::ids::{AuthorId, ThingId};
use soko_record_log::{StoreError, Tx, params};

use crate::platform::devices;
use crate::platform::refusal::Refusal;
use crate::secret::{ServerSecret, Token};

/// Used tokens are remembered this long, so that their reuse is recognised.
pub const REMEMBER_MS: i64 = 30 * 24 * 3_600_000;

const REFRESH_DOMAIN: &[u8] = b"soko refresh 1";

/// What a device signs to use a refresh token.
pub fn signed_bytes(author: AuthorId, token: &Token, nonce: &[u8; 16]) -> Vec<u8> {
    let token_hash: [u8; 32] = Sha256::digest(token.bytes()).into();
    [REFRESH_DOMAIN, author.as_bytes(), &token_hash, nonce].concat()
}

#[derive(Debug)]
pub struct Refresh<'a> {
    pub author: AuthorId,
    pub token: &'a Token,
    pub nonce: [u8; 16],
    pub signature: [u8; 64],
    pub secret: &'a ServerSecret,
    pub access: &'a Token,
    pub now_ms: i64,
}

/// What came of it. A reuse is no error of the transaction: the end of the family must be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refreshed {
    Renewed { refresh: Token, access_expires_ms: i64 },
    Reused,
}

pub fn refresh(tx: &mut dyn Tx, refresh: &Refresh<'_>) -> Result<Refreshed, Refusal> {
    let device = devices::find(tx, refresh.author)?.ok_or(Refusal::RefreshUnknown)?;
    if device.revoked_ms.is_some() {
        return Err(Refusal::DeviceRevoked);
    }
    // First of all, so that a stolen token alone can neither be used nor end the family.
    if !is_signed(&device.public_key, refresh) {
        return Err(Refusal::SignatureWrong);
    }
    let presented = find(tx, refresh.token)?.filter(|kept| kept.author == refresh.author);
    let presented = presented.ok_or(Refusal::RefreshUnknown)?;
    if presented.standing == Standing::Revoked {
        return Err(Refusal::RefreshUnknown);
    }
    let next = Token::successor(refresh.secret, refresh.author, refresh.token.bytes());
    match (presented.standing, standing(tx, &next)?) {
        (Standing::Unused, _) => advance(tx, refresh, presented.family, &next)?,
        (Standing::Used, Some(Standing::Unused)) => {}
        (Standing::Used | Standing::Revoked, _) => {
            devices::end_access(tx, refresh.author, refresh.now_ms)?;
            return Ok(Refreshed::Reused);
        }
    }
    let access_expires_ms = devices::give_access(tx, refresh.author, refresh.access, refresh.now_ms)?;
    Ok(Refreshed::Renewed { refresh: next, access_expires_ms })
}

/// Where a token stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    Unused,
    Used,
    /// Its family has ended.
    Revoked,
}

pub(crate) fn standing(tx: &mut dyn Tx, token: &Token) -> Result<Option<Standing>, StoreError> {
    Ok(find(tx, token)?.map(|kept| kept.standing))
}

/// The family is called by a part of its first token's hash.
pub(crate) fn begin_family(
    tx: &mut dyn Tx,
    author: AuthorId,
    first: &Token,
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut family = ThingId::default();
    family.0.copy_from_slice(&first.at_rest().0[..ThingId::SIZE]);
    tx.execute(
        "insert into refresh_family (family, author, begun_ms) values ($1, $2, $3)",
        params![family, author, now_ms],
    )?;
    insert(tx, family, first, now_ms)
}

struct Kept {
    family: ThingId,
    author: AuthorId,
    standing: Standing,
}

fn find(tx: &mut dyn Tx, token: &Token) -> Result<Option<Kept>, StoreError> {
    let row = tx.query_opt(
        "select f.family, f.author, t.used_ms, f.revoked_ms
         from refresh_token t join refresh_family f on f.family = t.family where t.token_hash = $1",
        params![token.at_rest()],
    )?;
    let Some(row) = row else { return Ok(None) };
    let standing = match (row.int_opt(3)?, row.int_opt(2)?) {
        (Some(_), _) => Standing::Revoked,
        (None, Some(_)) => Standing::Used,
        (None, None) => Standing::Unused,
    };
    Ok(Some(Kept { family: row.id(0)?, author: row.id(1)?, standing }))
}

fn advance(tx: &mut dyn Tx, refresh: &Refresh<'_>, family: ThingId, next: &Token) -> Result<(), StoreError> {
    tx.execute(
        "update refresh_token set used_ms = $2 where token_hash = $1",
        params![refresh.token.at_rest(), refresh.now_ms],
    )?;
    tx.execute(
        "delete from refresh_token where family = $1 and used_ms < $2",
        params![family, refresh.now_ms.saturating_sub(REMEMBER_MS)],
    )?;
    insert(tx, family, next, refresh.now_ms)
}

fn insert(tx: &mut dyn Tx, family: ThingId, token: &Token, now_ms: i64) -> Result<(), StoreError> {
    tx.execute(
        "insert into refresh_token (token_hash, family, issued_ms) values ($1, $2, $3)",
        params![token.at_rest(), family, now_ms],
    )?;
    Ok(())
}

fn is_signed(public_key: &[u8; 32], refresh: &Refresh<'_>) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(public_key) else { return false };
    let message = signed_bytes(refresh.author, refresh.token, &refresh.nonce);
    key.verify_strict(&message, &Signature::from_bytes(&refresh.signature)).is_ok()
}
