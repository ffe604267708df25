//! The search index of each stall: what each product's words are is kept in tables and read into memory with the
//! first search.

mod tables;

pub(crate) use tables::{Changes, index_product, load};

pub(crate) type Index = soko_search::Index<soko_domain::ids::ProductId>;
