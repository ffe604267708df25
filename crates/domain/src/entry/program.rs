//! What an owner lets programs of their own do. The secrets are the server's; that somebody made one, or ended it, is in
//! the stall's records.

use crate::ids::ThingId;

crate::wire_choice! {
    pub enum ProgramAct {
        /// Somebody made a key with which a program reads.
        KeyMade = 1,
        KeyEnded = 2,
        /// An address is told what happens, or told of other things than before.
        HookPut = 3,
        HookEnded = 4,
        /// What is sent to the address is signed by another secret.
        HookSecretMade = 5,
    }
}

crate::wire_struct! {
    /// `program` is the key or the address, `by` the account of whoever did it.
    pub struct ProgramActed { pub act: ProgramAct, pub program: ThingId, pub name: String, pub by: ThingId }
}
