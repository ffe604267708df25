//! Prices of others that an owner has fetched from an address: a list that the other shop, or somebody else, publishes.
//!
//! It is a stranger's address: requests go out by `egress` alone, each step of a redirect is checked anew, and what comes back is
//! bounded in size and time. It is looked at like a guest: under our own name, as `robots.txt` allows, not often, with what is
//! known already, and less often where it fails. Only what is certain is said by the server: a barcode of the stall's, or what
//! somebody said before. What has only a like name is asked about on a register, which gets the list as it came.

mod fetch;
mod robots;
mod round;
mod rows;

pub use robots::allows as may_read;
pub use round::{follow, round};
pub(crate) use rows::{Feed, end, make, of, of_stall, put, soon, table};
