//! Numbers that look random and follow from what an experiment is called.

use sha2::{Digest as _, Sha256};

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Seeds(u64);

impl Seeds {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Above 0 and below 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits fit a float exactly.
        ((self.next_u64() >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }
}

/// A number that everybody computes alike, and that says nothing of another experiment's number for the same person.
#[must_use]
pub(crate) fn number(purpose: &str, parts: &[&[u8]]) -> u64 {
    let mut hasher = Sha256::new();
    // Each part with its length, so that no two lists are the same bytes.
    for part in [purpose.as_bytes()].iter().chain(parts) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
