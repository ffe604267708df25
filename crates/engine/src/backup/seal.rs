//! The file around a backup: a password becomes a key by Argon2id, and the content is sealed in pieces by
//! ChaCha20-Poly1305, so that a wrong password, a cut and any changed byte are noticed. The head says in the clear how
//! the key is made, and is sealed in with every piece.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use soko_domain::wire::Wire as _;

use super::content::Backup;

const MAGIC: &[u8; 14] = b"soko backup 1\n";
pub const SALT_BYTES: usize = 16;
const HEAD_BYTES: usize = MAGIC.len() + 4 + 4 + SALT_BYTES;
const PIECE_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
/// What OWASP asks for at least; a phone needs a second.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// A forged head must not make the device run out of memory or time.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MAX: u32 = 16;

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BackupError {
    #[error("this file is no backup of Soko; choose the one that Soko made")]
    NotABackup,
    #[error("a newer Soko made this backup; update this device first")]
    Newer,
    #[error(
        "the password is another one, or the file was changed; type it again, or use another copy of the file"
    )]
    WrongPassword,
    #[error("the file is damaged or cut off; use another copy of it")]
    Damaged,
    #[error("the backup cannot be sealed on this device: it has too little memory")]
    NoMemory,
}

/// The bytes of the file. The salt is random, and never used twice.
pub fn seal(backup: &Backup, password: &str, salt: [u8; SALT_BYTES]) -> Result<Vec<u8>, BackupError> {
    let mut file = MAGIC.to_vec();
    file.extend(MEMORY_KIB.to_be_bytes());
    file.extend(PASSES.to_be_bytes());
    file.extend(salt);
    let head = file.clone();
    let cipher = cipher(password, &head)?;
    let content = backup.to_bytes();
    let pieces = content.chunks(PIECE_BYTES);
    let last = pieces.len().saturating_sub(1);
    for (at, piece) in pieces.enumerate() {
        let payload = Payload { msg: piece, aad: &head };
        file.extend(cipher.encrypt(&nonce(at, at == last), payload).map_err(|_| BackupError::NoMemory)?);
    }
    Ok(file)
}

/// Reads what `seal` wrote.
pub fn open(file: &[u8], password: &str) -> Result<Backup, BackupError> {
    let Some((head, sealed)) = file.split_at_checked(HEAD_BYTES) else { return Err(BackupError::NotABackup) };
    if !head.starts_with(MAGIC) {
        let is_newer = head.starts_with(b"soko backup ");
        return Err(if is_newer { BackupError::Newer } else { BackupError::NotABackup });
    }
    let cipher = cipher(password, head)?;
    let pieces = sealed.chunks(PIECE_BYTES + TAG_BYTES);
    let last = pieces.len().saturating_sub(1);
    let mut content = Vec::with_capacity(sealed.len());
    for (at, piece) in pieces.enumerate() {
        let payload = Payload { msg: piece, aad: head };
        let opened = cipher.decrypt(&nonce(at, at == last), payload);
        // The first piece opens with the right password alone; behind it only damage is left.
        let wrong = if at == 0 { BackupError::WrongPassword } else { BackupError::Damaged };
        content.extend(opened.map_err(|_| wrong)?);
    }
    match content.first() {
        Some(1) => Backup::from_bytes(&content).map_err(|_| BackupError::Damaged),
        Some(_) => Err(BackupError::Newer),
        None => Err(BackupError::Damaged),
    }
}

/// Each file has a key of its own, so that counting is enough. The last piece says that it is the last.
fn nonce(piece: usize, is_last: bool) -> Nonce {
    let mut bytes = [0; 12];
    bytes[0] = u8::from(is_last);
    bytes[4..].copy_from_slice(&u64::try_from(piece).unwrap_or(u64::MAX).to_be_bytes());
    Nonce::from(bytes)
}

fn cipher(password: &str, head: &[u8]) -> Result<ChaCha20Poly1305, BackupError> {
    let number =
        |at: usize| head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    let (Some(memory), Some(passes)) = (number(MAGIC.len()), number(MAGIC.len() + 4)) else {
        return Err(BackupError::NotABackup);
    };
    if memory > MEMORY_KIB_MAX || passes > PASSES_MAX {
        return Err(BackupError::Damaged);
    }
    let params = Params::new(memory, passes, 1, Some(32)).map_err(|_| BackupError::Damaged)?;
    let salt = &head[head.len() - SALT_BYTES..];
    let mut key = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut key)
        .map_err(|_| BackupError::NoMemory)?;
    Ok(ChaCha20Poly1305::new(&Key::from(key)))
}
