//! The screens of Soko: one Yew app for seller and shopper. It shows views, sends commands and listens, through one
//! `Link`; no rule of the shop is here, and no total is computed here.

pub mod acting;
pub mod app;
pub mod baskets;
pub mod browser;
pub mod cart;
pub mod chrome;
pub mod concerns;
pub mod copying;
pub mod customers;
pub mod desk;
pub mod doing;
pub mod drafts;
pub mod link;
pub mod live;
pub mod nav;
pub mod notes;
pub mod paging;
pub mod paper;
pub mod parts;
pub mod people;
pub mod places;
pub mod prefs;
pub mod scanner;
pub mod seller;
pub mod settings;
pub mod shopper;
pub mod speech;
pub mod toast;
pub mod typed;
pub mod unkept;
pub mod update;
pub mod watched;
pub mod words;

pub use app::{SHOP, WHOLE, run};
pub(crate) use soko_app_api::route;
