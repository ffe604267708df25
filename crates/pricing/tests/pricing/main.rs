//! Prices that learn, through the crate's public face.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

mod demand;
mod endings;
mod finite;
mod guard;
mod made_up;
mod suggest;

/// The same cases on every run: a failure can be met again, and a pass means the same everywhere.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(8_2), failure_persistence: None, ..Default::default() }
}
