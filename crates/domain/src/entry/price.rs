//! Prices that learn: what an owner allows, a price that was moved with its reason, and a suggestion that was refused. The
//! price itself is the product's document; these say between which limits, by whom and why.

use crate::ids::{ProductId, ThingId};

crate::wire_choice! {
    /// What may be done with a product's price by itself.
    pub enum PriceMode {
        /// A better one is said, and a person decides.
        Suggest = 1,
        /// It is changed inside the limits.
        Auto = 2,
        /// Nothing: it stays.
        Frozen = 3,
    }
}

crate::wire_choice! {
    /// What is to become more.
    pub enum PriceAim { Revenue = 1, Margin = 2 }
}

crate::wire_choice! {
    /// Who moved a price.
    pub enum PriceCause {
        /// Somebody took a suggestion.
        Accepted = 1,
        /// It moved by itself, as the owner had allowed.
        Auto = 2,
        /// Somebody went back to what it was.
        Undone = 3,
    }
}

crate::wire_choice! {
    /// A reason, which two numbers belong to.
    pub enum PriceWhy {
        /// If it cost a tenth more, so many ppm would be sold more or less.
        TenthDearer = 1,
        /// A weekday, Monday as 0, sells so many ppm more or less.
        Weekday = 2,
        /// So many are left, with so many minutes to go.
        Left = 3,
        /// So many would be kept as it was, and so many with the change.
        Kept = 4,
        /// In so many days there was not always enough.
        Short = 5,
        /// So many others ask this in the middle.
        Market = 6,
        /// The owner's limit held it, at this price.
        HeldByOwner = 7,
        HeldByCost = 8,
        HeldByStep = 9,
        HeldByMarket = 10,
        /// It differs a little from the best one to find out more.
        Curious = 11,
    }
}

crate::wire_struct! {
    pub struct PriceReason { pub why: PriceWhy, pub first: i64, pub second: i64 }
}

crate::wire_struct! {
    /// Limits of a product's price, or, without a product, of all that have none of their own. The highest revision counts,
    /// and of equal ones the one of the highest author.
    pub struct PriceRulePut {
        pub product: Option<ProductId>,
        pub revision: u64,
        pub mode: PriceMode,
        pub aim: PriceAim,
        pub floor_minor: Option<i64>,
        pub ceiling_minor: Option<i64>,
        /// So many ppm over cost at least.
        pub over_cost_ppm: u32,
        /// So many ppm away from the day's first price at most.
        pub step_ppm: u32,
        /// Minutes after midnight by which what is left is worth nothing.
        pub gone_by_minutes: Option<u32>,
        /// So many ppm away from the middle of what others ask at most.
        pub market_ppm: u32,
    }
}

crate::wire_struct! {
    pub struct PriceMoved {
        pub moved: ThingId,
        pub product: ProductId,
        pub from_minor: i64,
        pub to_minor: i64,
        pub cause: PriceCause,
        /// The one that this one takes back.
        pub undoes: Option<ThingId>,
        /// Between which limits it moved.
        pub low_minor: i64,
        pub high_minor: i64,
        /// What it was to bring, nine times of ten, in so many days; 0 days are until it had to be gone.
        pub gain_low_minor: i64,
        pub gain_minor: i64,
        pub gain_high_minor: i64,
        pub days: u32,
        pub reasons: Vec<PriceReason>,
    }
}

crate::wire_struct! {
    /// Somebody did not want this price. It is not suggested again before that day, nor one further away.
    pub struct PriceRefused { pub product: ProductId, pub price_minor: i64, pub until_day: i32 }
}

crate::wire_choice! {
    /// How somebody came to set prices.
    pub enum SetCause {
        Edited = 1,
        Imported = 2,
        ImportUndone = 3,
    }
}

crate::wire_struct! {
    /// What a product costs, for so many of its smallest unit.
    pub struct PriceSet {
        pub product: ProductId,
        pub from_minor: i64,
        pub from_per: i64,
        pub to_minor: i64,
        pub to_per: i64,
    }
}

crate::wire_struct! {
    /// Somebody set prices by hand or from a list. The prices themselves are the products' documents, which do not say
    /// who edited them.
    pub struct PricesSet { pub cause: SetCause, pub lines: Vec<PriceSet> }
}
