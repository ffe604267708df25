//! What goes with what: a model of the market's trade, trained here, compared with the one in use before it takes its
//! place, and served under the hash of its bytes. Devices score with it by themselves; what somebody had stays with them.
//!
//! It knows products and how often they were bought together, at least three times, and nobody's name.

mod acts;
mod asked;
mod deltas;
mod job;
mod kept;
mod refresh;
mod trade;
mod turn;

pub(crate) use acts::{Act, Done, list as acts};
pub use asked::{Evaluated, Explained, evaluate, explain};
pub(crate) use deltas::Deltas;
pub(crate) use job::follow;
pub use job::{Looks, NotTrained, Tell, Trained, look, train};
pub use kept::{Card, Follows, ForYou, Kept, list, use_instead};
pub(crate) use kept::{bytes, in_use, is_kept};
pub use refresh::refresh;
