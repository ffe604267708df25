//! Buyers' payments: who takes them, and who drives each to its end. The rules are `soko_checkout`'s; what the stall's
//! records say of a payment is written by the stall.
//!
//! * [`provider`]: what somebody who moves money can be asked, and what it answers.
//! * [`stripe`], [`paypal`], [`momo`], [`test_money`]: such providers. Card data never comes here.
//! * [`desk`]: those that this server has, with a breaker, seats and a time limit for each kind of call.
//! * [`lost`]: what a provider names of orders that no record here names.
//! * [`lapse`]: ends what was to be paid by bank transfer, which no provider moves, and was not.
//! * [`rows`]: each payment's row. [`drive`]: takes the due ones a step further, for as long as the server runs. What it decides in a
//!   transaction is the core's `pay_turn` and [`keep_word`], which know no network; the simulator drives the same two.

pub mod desk;
pub mod drive;
mod forms;
pub mod lapse;
pub(crate) mod lost;
pub mod momo;
pub mod paypal;
pub mod provider;
pub(crate) mod rows;
pub mod stripe;
pub mod test_money;

pub use desk::PayDesk;
pub use drive::keep_word;
pub(crate) use forms::form;
pub use forms::hmac_hex;
pub use provider::{Asked, Heard, NotHeard, Provider, Secret};
pub use rows::{DuePayment, Forgotten, due, forgotten, forgotten_parts, is_lost, take_back};
