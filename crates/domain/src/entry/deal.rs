//! What an order has at a deal's price. It stands beside the order and not in it: orders without a deal are written as ever.

use crate::ids::{OrderId, ProductId, ThingId};

crate::wire_struct! {
    /// Units of a deal that an order took. They count for as long as the order is not cancelled.
    pub struct DealTaken {
        pub order: OrderId,
        pub deal: ThingId,
        pub product: ProductId,
        /// As in the order.
        pub buyer: ThingId,
        pub units: i64,
    }
}
