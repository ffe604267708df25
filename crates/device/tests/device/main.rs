//! A device through its public face, with a real server beside it.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise")]
#![expect(clippy::wildcard_enum_match_arm, reason = "any other answer fails the test")]

mod addresses;
mod baskets;
mod buyer;
mod by_whom;
mod cards;
mod coupons;
mod deals;
mod elsewhere;
mod families;
mod full_disk;
mod interactions;
mod invited;
mod leaving;
mod levels;
mod likes;
mod locked;
mod mailed;
mod near;
mod paid;
mod paper;
mod pickup;
mod printers;
mod programs;
mod returns;
#[expect(dead_code, reason = "these tests use a part of it")]
#[path = "../../../../sync-server/tests/mail/sink.rs"]
mod sink;
mod stalls;
mod suggest;
mod taxes;
mod told;
mod waiting;
mod world;
