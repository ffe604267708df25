//! The words and rules of a shop. Pure: no clock, no randomness, no input or output. Time, identities and
//! facts come in as arguments; decisions go out as entries.

pub mod about;
pub mod address_book;
pub mod ask;
pub mod basket;
pub mod calendar;
pub mod coupon;
pub mod deal;
pub mod delivery;
pub mod email;
pub mod entry;
pub mod essence;
pub mod family;
pub mod ids;
pub mod import;
pub mod interaction;
pub mod likes;
pub mod money;
pub mod people;
pub mod purse;
pub mod quantity;
pub mod quiet;
pub mod refusal;
pub mod review;
pub mod rival;
pub mod role;
pub mod sabotage;
pub mod scale;
pub mod statement;
pub mod stock;
pub mod tax;
pub mod telephone;
pub mod transfer;
pub mod verbs;
pub mod wire;
