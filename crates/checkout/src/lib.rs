//! One payment for one order, whatever is lost on the way: what is asked of a provider next, what is kept before it is
//! asked, and what an answer means. And the breaker that stops asking a provider which does not answer.
//!
//! Pure: no clock, no network, no table. Whoever drives it keeps a [`Payment`] in the transaction of each step, calls the
//! provider outside of any, and hands the answer in. It knows no provider, no protocol and no secret.

mod breaker;
mod machine;
mod parts;
mod payment;
#[cfg(test)]
mod world;

pub use breaker::{Breaker, COOL_MS, FAILED_MAX};
pub use machine::DENIALS_MAX;
pub use payment::{
    Answer, Back, Call, Class, Deed, Due, Ending, Next, Object, Part, Payment, Stage, State, Status, Trouble,
};
