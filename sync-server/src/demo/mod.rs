//! A small market to look at: stalls, products, sales and orders, made by devices of its own through the same
//! core and the same pages as everybody else's. Nothing in it is written past the rules.

pub mod device;
mod goods;
mod market;

pub use device::{Device, DeviceError};
pub use market::{DemoError, Made, SignIn, Tools, make};
