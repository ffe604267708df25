//! Prices that learn, through the crate's public face.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod demand;
mod endings;
mod finite;
mod guard;
mod made_up;
mod suggest;
