//! Which documents there are.

use soko_domain::wire_choice;

wire_choice! {
    /// What a document describes. One document per thing: a large shared document would cost hundreds of times
    /// its size in memory and could not be poisoned, permitted or parked alone.
    pub enum DocumentKind {
        Product = 1,
        Category = 2,
        PriceList = 3,
        Stall = 4,
        OpenOrder = 5,
    }
}
