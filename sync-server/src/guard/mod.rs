//! What keeps one caller from starving the others. Pure: instants come in as arguments, nothing waits here.

pub mod limits;
pub mod seats;
pub mod throttle;
