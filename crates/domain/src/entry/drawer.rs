//! What happens at a drawer beside sales and shifts: money put in and taken out, opened without a sale, counted.

use crate::ids::{ShiftId, ThingId};

crate::wire_struct! {
    /// Money that came into the drawer, or left it, and was no sale.
    pub struct DrawerMoved {
        pub movement: ThingId,
        pub shift: ShiftId,
        /// Below zero where it was taken out.
        pub amount_minor: i64,
        pub reason: String,
    }
}

crate::wire_struct! {
    /// The drawer was opened, and nothing was sold.
    pub struct DrawerOpened { pub opening: ThingId, pub shift: Option<ShiftId>, pub reason: String }
}

crate::wire_struct! {
    /// Coins or notes of one value.
    pub struct Coins { pub value_minor: i64, pub pieces: i64 }
}

crate::wire_struct! {
    /// What was counted before the register said what it expected. Another count may follow; this one stays.
    pub struct DrawerCounted {
        pub count: ThingId,
        pub shift: ShiftId,
        pub coins: Vec<Coins>,
        /// Their sum, and what was counted without saying in which coins.
        pub counted_minor: i64,
    }
}
