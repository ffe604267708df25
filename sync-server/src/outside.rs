//! Time and randomness: the only place that asks the machine for them. Tests hand in their own.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 in UTC. May jump; nothing about money or stock depends on it.
pub trait Clock: Send + Sync {
    fn now_ms(&self) -> i64;
}

/// Bytes that nobody can guess.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy>;
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the machine gives no randomness: {0}")]
pub struct NoEntropy(pub String);

/// So many fresh bytes.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        // Before 1970 is as wrong as any other time: it is a label.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|error| NoEntropy(error.to_string()))
    }
}
