//! Conversions as they were first written: all that was made went into the author's share. Read for ever, written no longer.

use super::{SplitUnits, StockConverted as ConvertedNow, Units};
use crate::ids::ThingId;

crate::wire_struct! {
    pub struct StockConverted {
        pub conversion: ThingId,
        pub taken: Vec<SplitUnits>,
        pub made: Vec<Units>,
        pub note: String,
    }
}

impl From<StockConverted> for ConvertedNow {
    fn from(old: StockConverted) -> Self {
        let own =
            |made: Units| SplitUnits { product: made.product, from_share: made.quantity, beyond_share: 0 };
        Self {
            conversion: old.conversion,
            taken: old.taken,
            made: old.made.into_iter().map(own).collect(),
            note: old.note,
        }
    }
}
