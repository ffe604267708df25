//! A lively market to look at: stalls in several countries with goods, pictures, registers, weeks of sales and orders,
//! made by devices of its own through the same core and the same pages as everybody else's. Nothing in it is
//! written past the rules.

mod chance;
mod customers;
pub mod device;
mod goods;
mod items;
mod market;
mod paint;
mod register;
mod stall;

pub use device::{Device, DeviceError};
pub use market::{DemoError, Made, SignIn, Size, Tools, make};
