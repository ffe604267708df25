//! HTTP: the routes, who asks, what it may cost, and how refusals look. No rule of the business is here.
//!
//! TLS is not: a proxy in front ends it, and says so with `https` in the public address.

mod accounts;
mod addresses;
pub mod app;
mod asked;
mod baskets;
mod body;
mod bounced;
mod caller;
mod cards;
mod codes;
mod console;
mod console_people;
mod contacts;
mod coupons;
mod crawlers;
mod devices;
mod docs;
mod email_change;
mod front;
mod given_up;
mod hashed;
mod hooks;
mod interactions;
mod leaving;
mod likes;
mod mailed;
mod market;
mod members;
mod messages;
mod models;
mod operator;
mod operator_featured;
mod operator_lists;
mod operator_models;
mod operator_shelves;
mod ops;
mod order_stream;
pub mod orders;
mod own_data;
mod own_orders;
mod passwords;
mod pay;
mod pictures;
mod plain;
pub mod problem;
mod program_keys;
mod programs;
mod quote;
mod recovery;
mod replicate;
mod returns;
mod reviews;
mod rival_feeds;

pub mod router;
pub mod server;

mod sessions;
mod shares;
mod shop;
mod stalls;
mod stream;
mod swaps;
mod telephone;
mod texted;
mod tokens;
mod web;
mod wishes_page;

pub use app::{App, Parts, Settings};
pub use front::Peer;
pub use problem::Problem;
pub use router::router;
