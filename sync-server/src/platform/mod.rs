//! Who is who, and who may do what: accounts, sessions, stalls, members, devices and their tokens. Functions over
//! one open transaction; instants and randomness come in as arguments. What stalls contain is not known here.

pub mod accounts;
pub mod addresses;
pub mod authorise;
pub mod baskets;
pub mod codes;
pub mod devices;
pub mod enrol;
pub mod guests;
pub mod introduction;
pub mod leaving;
pub mod likes;
pub mod passwords;
pub mod pictures;
pub mod program_keys;
pub mod refresh;
pub mod refusal;
pub mod server_secret;
pub mod sessions;
pub mod stalls;

pub use authorise::{Action, Authority, Object, Principal, authorise};
pub use refusal::Refusal;
