//! What the programs that measure pure crates have in common: how figures are printed, and where the data is.

pub mod data;
pub mod figure;
pub mod wholesale;
