//! The engine through its public face.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise")]
#![expect(clippy::wildcard_enum_match_arm, reason = "any other answer fails the test")]

mod audit;
mod backups;
mod counter;
mod customers;
mod deals;
mod desk;
mod exported;
mod families;
mod figures;
mod folders;
mod goods;
mod identity;
mod leaving;
mod lists;
mod meeting;
mod orders;
mod prices;
mod prices_kept;
mod replication;
mod rivals;
mod rounded;
mod safety;
mod sales;
mod search;
mod statement;
mod tab_units;
mod tabs;
mod taxes;
#[cfg(feature = "sabotage")]
mod weakened;
mod world;
