//! The words and rules of a shop. Pure: no clock, no randomness, no input or output. Time, identities and
//! facts come in as arguments; decisions go out as entries.

pub mod ids;
pub mod wire;
