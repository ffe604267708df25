//! What an author says about itself in the first record of its chain.

use crate::ids::AuthorId;

crate::wire_struct! {
    pub struct About {
        /// What people call the device.
        pub name: String,
        /// The author of the same installation before a restore. Its share is set apart.
        pub replaces: Option<AuthorId>,
    }
}
