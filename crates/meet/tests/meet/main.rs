//! Two registers on one network, and those who would like to be one of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "any other answer fails the test")]

mod hostile;
mod meetings;
mod neighbours;
mod world;
