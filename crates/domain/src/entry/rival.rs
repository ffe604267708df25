//! What others ask for the same things: seen by somebody, read from a file, or fetched by the server. It is said anew when it
//! changed, and taken back by saying it without a price.

use crate::ids::ProductId;
use crate::money::Currency;
use crate::quantity::Unit;

crate::wire_choice! {
    /// Where it is known from.
    pub enum RivalWay {
        /// Somebody saw it.
        Typed = 1,
        File = 2,
        /// The server fetched it.
        Feed = 3,
    }
}

crate::wire_struct! {
    /// A price, for so many of a unit, and when it was seen.
    pub struct RivalPrice {
        pub price_minor: i64,
        pub currency: Currency,
        pub unit: Unit,
        pub per: i64,
        pub seen_at_ms: i64,
    }
}

crate::wire_struct! {
    /// One thing that a source has.
    pub struct RivalLine {
        /// By which the source means it: its barcode, else its name in small letters; of what was typed, the product.
        pub key: String,
        /// What they call it.
        pub name: String,
        /// None: it is nothing that is sold here, and is not asked again.
        pub product: Option<ProductId>,
        /// None: what was said of it does not count any more.
        pub price: Option<RivalPrice>,
    }
}

crate::wire_struct! {
    /// What a source asks. The highest revision of a line counts, and of equal ones that of the highest author.
    pub struct RivalsSeen {
        pub source: String,
        pub way: RivalWay,
        pub revision: u64,
        pub lines: Vec<RivalLine>,
    }
}

crate::wire_struct! {
    /// The same by the server, of an address that an owner named.
    pub struct RivalsFetched { pub source: String, pub revision: u64, pub lines: Vec<RivalLine> }
}

crate::wire_struct! {
    /// Whether a source counts. What was said of it up to a revision is gone.
    pub struct RivalSourcePut { pub source: String, pub revision: u64, pub is_on: bool, pub gone_revision: u64 }
}
