//! All that a screen and an engine say to each other: a [`Command`] and its [`Reply`] or [`Refused`], a
//! [`Query`] and its [`View`], a [`Notice`] that some queries would answer differently now; and the frames in
//! which they cross a link, a [`Call`], its [`Answer`] and what is [`Told`].
//!
//! Views speak the cashier's words and hold what a screen shows, with every total computed. Pure: no storage, no
//! clock, no rule. Nothing here is ever stored as a record; records have their own frozen encoding.

pub mod address;
mod audit;
mod browse;
mod buyer;
mod cards;
mod codec;
mod command;
mod counter;
mod coupons;
mod customers;
mod deals;
mod device;
mod devices;
mod edits;
mod family;
mod figures;
mod for_shoppers;
mod import;
mod interactions;
mod link;
mod market;
mod meet;
mod messages;
mod notice;
mod paper;
mod people;
mod pickup;
mod prices;
mod programs;
mod proof;
mod query;
mod refund;
mod refused;
mod reply;
mod report;
mod returned;
mod review;
mod rivals;
pub mod route;
mod said;
mod sale;
mod spots;
mod statement;
mod suggest;
mod swaps;
pub mod text;
mod transfer;
mod trust;
mod views;
mod written;

pub use audit::*;
pub use browse::*;
pub use buyer::*;
pub use cards::*;
pub use codec::{CodecError, decode, encode};
pub use command::{
    AdjustedLineInput, BeyondShare, Command, DiscountInput, InsteadInput, ReceivedLineInput, RefundLineInput,
    ReturnInput, SaleLineInput, TakenOffInput, TaxInput, TenderInput, Verb,
};
pub use counter::*;
pub use coupons::*;
pub use customers::*;
pub use deals::*;
pub use device::*;
pub use devices::*;
pub use edits::{
    CategoryEdit, OpenOrderEdit, OptionValue, PartInput, PriceListEdit, ProductContent, ProductEdit,
    StallContent, StallEdit, TabLine, TaxClass,
};
pub use family::*;
pub use figures::*;
pub use for_shoppers::decode_for_shoppers;
pub use import::*;
pub use interactions::*;
pub use link::*;
pub use market::*;
pub use meet::*;
pub use messages::*;
pub use notice::{Notice, QueryKey};
pub use paper::*;
pub use people::*;
pub use pickup::{Pickup, short_code};
pub use prices::*;
pub use programs::*;
pub use proof::*;
pub use query::{ProductFilter, Query, WINDOW_ROWS_MAX, Window};
pub use refund::*;
pub use refused::{Refused, RetryHint};
pub use reply::Reply;
pub use report::*;
pub use returned::*;
pub use review::*;
pub use rivals::*;
pub use said::{Hindrance, Said, Saying};
pub use sale::SaleFacts;
pub use spots::*;
pub use statement::*;
pub use suggest::*;
pub use swaps::*;
pub use transfer::*;
pub use trust::Trust;
pub use views::*;
pub use written::*;
