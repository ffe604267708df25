//! Numbers that look random and follow from a seed.

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

    /// Below a limit, which must not be zero.
    pub fn below(&mut self, limit: u32) -> u32 {
        let wide = (self.next_u64() >> 32) * u64::from(limit);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// At least 0 and below 1.
    pub fn unit(&mut self) -> f32 {
        let bits = u16::try_from(self.next_u64() >> 48).unwrap_or(0);
        f32::from(bits) / 65_536.0
    }

    /// About normal, with mean 0 and variance 1: enough for where factors begin.
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.unit()).sum::<f32>() - 6.0
    }
}
