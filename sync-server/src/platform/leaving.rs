//! A device takes its leave of a stall by a word that its own key signed. Tokens need not be in force for that: whoever asks again after a
//! lost reply has none any more, and must hear the same.

use ed25519_dalek::{Signature, VerifyingKey};
use soko_domain::ids::AuthorId;
use soko_record_log::Tx;

use crate::platform::devices::{self, Device};
use crate::platform::refusal::Refusal;

const LEAVE_DOMAIN: &[u8] = b"soko leave 1";

/// What a device signs to leave its stall. An author belongs to one stall.
pub fn signed_bytes(author: AuthorId, seq: u64, anyway: bool) -> Vec<u8> {
    [LEAVE_DOMAIN, author.as_bytes(), &seq.to_be_bytes(), &[u8::from(anyway)]].concat()
}

#[derive(Clone, Copy, Debug)]
pub struct Leave<'a> {
    pub author: AuthorId,
    pub seq: u64,
    pub anyway: bool,
    pub signature: &'a [u8; 64],
}

/// The device, if it says so itself.
pub fn leaves(tx: &mut dyn Tx, leave: &Leave<'_>) -> Result<Device, Refusal> {
    let device = devices::find(tx, leave.author)?.ok_or(Refusal::NoSuchDevice)?;
    let key = VerifyingKey::from_bytes(&device.public_key).map_err(|_| Refusal::SignatureWrong)?;
    let message = signed_bytes(leave.author, leave.seq, leave.anyway);
    let signature = Signature::from_bytes(leave.signature);
    key.verify_strict(&message, &signature).map_err(|_| Refusal::SignatureWrong)?;
    Ok(device)
}
