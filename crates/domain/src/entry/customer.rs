//! Who buys at a stall often enough to be known. As with people who work there, the one entry with a name in it can
//! lose its body: see [`CustomerErased`]. Everything else says an id.

use crate::ids::ThingId;

crate::wire_struct! {
    /// A customer as they are from now on. Of several, the one with the highest revision counts, and of equal ones
    /// that of the highest author: no clock decides.
    pub struct CustomerPut {
        pub customer: ThingId,
        pub revision: u64,
        /// Chance, so that nobody can guess the name from the body's hash once the body is gone.
        pub veil: ThingId,
        pub name: String,
        pub phone: String,
        pub email: String,
        pub note: String,
        /// They said that the stall may write to them.
        pub may_contact: bool,
    }
}

crate::wire_struct! {
    /// What is known of a customer is taken out of the records, on every device. What they bought stays, bought by
    /// somebody without a name.
    pub struct CustomerErased { pub customer: ThingId }
}
