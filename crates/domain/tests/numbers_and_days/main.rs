//! Numbers and days through their public face: money, quantities, taxes, baskets, payments, the calendar.
//! Tables of exact cases, and properties over random ones from a fixed seed.

mod basket;
mod calendar;
mod money;
mod properties;
mod quantity;
mod settle;
mod tax;
