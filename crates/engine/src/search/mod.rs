//! Finding products by name: one or two wrong letters still find, accents do not matter.
//!
//! The distinct words of a catalogue are few, however many products it has. A typed word is compared with all of
//! them in memory, so a wrong letter costs no recall, which an index over fragments of words would lose on short
//! words. What each product's words are is kept in tables and read into memory with the first search: a few
//! dozen bytes for each product.

mod fold;
mod fuzzy;
mod index;
mod tables;

pub(crate) use index::Index;
pub(crate) use tables::{Changes, index_product, load};
