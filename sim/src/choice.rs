//! Where every choice of a run comes from: one word for each step, made from the seed or read from a tape. A step
//! draws what it needs from its own word, so that leaving steps out changes nothing about the others.

/// SplitMix64. Not for secrets.
#[derive(Clone, Copy, Debug)]
pub struct Choices(u64);

impl Choices {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Another source that shares nothing with this one.
    pub fn of(seed: u64, what: u64) -> Self {
        let mut first = Self(seed);
        Self(first.word() ^ what.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `end` - 1; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.word().checked_rem(end).unwrap_or_default()
    }

    /// A small number, both ends possible.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        let span = last.saturating_sub(first).max(0).unsigned_abs() + 1;
        first.saturating_add_unsigned(self.below(span))
    }

    /// True in `strength` of 256 cases.
    pub fn chance(&mut self, strength: u8) -> bool {
        self.below(256) < u64::from(strength)
    }

    /// A place in a list of this length; nothing in an empty one.
    pub fn index(&mut self, len: usize) -> Option<usize> {
        usize::try_from(self.below(u64::try_from(len).ok()?)).ok().filter(|at| *at < len)
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        self.index(from.len()).and_then(|at| from.get(at))
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            let word = self.word().to_le_bytes();
            part.copy_from_slice(&word[..part.len()]);
        }
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

/// The engine's randomness in a simulated device.
#[derive(Debug)]
pub struct SeededEntropy(pub Choices);

impl soko_engine::Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}
