//! Chance from a seed: what the demo sells to whom is the same for the same seed. Never used for an identity, a key
//! or a password.

/// A stream of numbers that looks random.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// A stream of its own for each purpose.
    pub(super) fn new(seed: u64, purpose: u64) -> Self {
        let mut chance = Self(seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.next();
        chance
    }

    /// A number below the limit; 0 if the limit is.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        let drawn = self.next() % u64::from(limit.max(1));
        u32::try_from(drawn).unwrap_or(0)
    }

    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    pub(super) fn index(&mut self, len: usize) -> usize {
        let limit = u32::try_from(len).unwrap_or(u32::MAX);
        usize::try_from(self.below(limit)).unwrap_or(0)
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub(super) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap_or(0))).collect()
    }

    /// One step of the SplitMix64 generator.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_stream_and_stays_within_limits() {
        let draw = |seed, purpose| {
            let mut chance = Chance::new(seed, purpose);
            (0..200).map(|_| chance.between(3, 9)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
        let all = draw(1, 2);
        assert_eq!((all.iter().min(), all.iter().max()), (Some(&3), Some(&9)));
    }
}
