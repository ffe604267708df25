//! Finding things by name: one or two wrong letters still find, accents and capitals do not matter.
//!
//! The distinct words of a catalogue are few, however many things it has. A typed word is compared with all of
//! them in memory, so a wrong letter costs no recall, which an index over fragments of words would lose on short
//! words. A few dozen bytes for each thing. Pure: whoever has an index fills it and keeps it up to date.

mod alike;
mod fold;
mod fuzzy;
mod index;
mod names;

pub use alike::Alike;
pub use fold::{fold, words};
pub use index::{Entry, Index};
pub use names::Names;
