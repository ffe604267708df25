//! Numbers and days through their public face: money, quantities, taxes, baskets, payments, the calendar, what buyers want.
//! Tables of exact cases, and properties over random ones from a fixed seed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod basket;
mod calendar;
mod money;
mod order_taxes;
mod properties;
mod quantity;
mod refunds;
mod settle;
mod tax;
mod value;
mod wanted;
