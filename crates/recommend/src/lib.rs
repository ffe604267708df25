//! What goes with what, and what somebody may like: training a model, packing it for devices, and scoring there.
//!
//! Pure: no clock, no random source, no file. Time, seeds and bytes come in as arguments. It knows numbers of products and rows of
//! histories, never people: who a history belongs to is not said to it.
//!
//! Without the feature `train` there is only what a device needs: reading a packed model, and choosing from it.

pub mod packed;
#[cfg(feature = "train")]
pub mod train;
