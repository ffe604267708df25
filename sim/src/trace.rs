//! What a run did, as one hash over every step and, when asked for, as a story to read.

use sha2::{Digest as _, Sha256};

#[derive(Debug)]
pub(crate) struct Trace {
    hasher: Sha256,
    story: Option<Vec<String>>,
    now_ms: u64,
}

impl Trace {
    pub(crate) fn new(with_story: bool) -> Self {
        Self { hasher: Sha256::new(), story: with_story.then(Vec::new), now_ms: 0 }
    }

    pub(crate) fn at(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        self.hasher.update(now_ms.to_be_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// The text is made only for readers; `code` and `numbers` count for the hash.
    pub(crate) fn note(&mut self, code: &str, numbers: &[u64], text: impl FnOnce() -> String) {
        self.hasher.update(code.as_bytes());
        numbers.iter().for_each(|number| self.hasher.update(number.to_be_bytes()));
        if let Some(story) = &mut self.story {
            let (seconds, millis) = (self.now_ms / 1_000, self.now_ms % 1_000);
            story.push(format!("{seconds:>6}.{millis:03}  {code}: {}", text()));
        }
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        self.hasher.clone().finalize().into()
    }

    pub(crate) fn into_story(self) -> Vec<String> {
        self.story.unwrap_or_default()
    }
}
