//! Who works at a stall and what each role may do alone. The one entry with a name in it can lose its body: see
//! [`PersonErased`].

use crate::ids::{PersonId, ThingId};
use crate::people::Limits;
use crate::role::Role;

crate::wire_struct! {
    /// Somebody as they are from now on. Of several, the one with the highest revision counts, and of equal ones that
    /// of the highest author: no clock decides.
    pub struct PersonPut {
        pub person: PersonId,
        pub revision: u64,
        /// Chance, so that nobody can guess the name from the body's hash once the body is gone.
        pub veil: ThingId,
        pub name: String,
        pub role: Role,
        /// Whether they still work here.
        pub is_active: bool,
    }
}

crate::wire_struct! {
    /// The name of somebody is taken out of the records: every body of a [`PersonPut`] of theirs goes, on every
    /// device, and its hash stays in the chain. What they did stays, done by somebody without a name.
    pub struct PersonErased { pub person: PersonId }
}

crate::wire_struct! {
    /// What a role may do alone from now on. The highest revision counts, as for people.
    pub struct LimitsPut { pub role: Role, pub revision: u64, pub limits: Limits }
}
