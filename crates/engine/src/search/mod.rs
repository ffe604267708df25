//! Finding products by name: one or two wrong letters still find, accents do not matter.
//!
//! The distinct words of a catalogue are few, however many products it has. A typed word is compared with all of
//! them in memory; what it finds there leads to products by exact lookups. So a wrong letter costs no recall,
//! which an index over fragments of words would lose on short words.

mod fold;
mod fuzzy;
mod index;
mod vocabulary;

pub(crate) use index::{NewWords, index_product, search};
pub(crate) use vocabulary::Vocabulary;
