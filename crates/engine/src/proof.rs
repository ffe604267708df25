//! The signed essence of a sale, and what this device can say about somebody's.

use soko_app_api::{InBooks, Proven};
use soko_domain::essence::{Proof, RECORD_BYTES, RecordMark, SaleEssence};
use soko_domain::ids::{AuthorId, LogId, SaleId};
use soko_projection::read as facts;
use soko_record_log::{StoreError, Tx, log};
use soko_replication::is_signed_message;

use crate::engine::Engine;
use crate::failure::Failure;

/// What the books of an own stall say about a proof.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    pub proven: Proven,
    pub register_name: String,
    pub in_books: InBooks,
}

impl Engine {
    /// The essence of a sale, signed by this register, which says so when another one sold. Nothing if the sale is
    /// not here or the register's key is gone.
    pub fn proof(&mut self, stall: LogId, sale: SaleId) -> Result<Option<Proof>, Failure> {
        let me = self.stall(stall)?.row.author;
        let essence = self.db.read::<_, StoreError>(|tx| essence(tx, stall, sale, me))?;
        let Some(essence) = essence else { return Ok(None) };
        let signature = self.sign(stall, &essence.signed_bytes())?;
        Ok(signature.map(|signature| Proof { essence, signature }))
    }

    /// What is known about a proof of an own stall. Nothing about another one's.
    pub fn check_proof(&mut self, proof: &Proof) -> Result<Option<Checked>, Failure> {
        let essence = &proof.essence;
        let Some(stall) = self.stalls.get(&essence.stall) else { return Ok(None) };
        let me = stall.row.author;
        Ok(Some(self.db.read::<_, StoreError>(|tx| {
            let signer = facts::register_key(tx, essence.stall, essence.signer())?;
            let proven = match &signer {
                None => Proven::Unknown,
                Some(signer) if signer.admitted || signer.author == me => {
                    is_signed(proof, &signer.public_key, signer.revoked)
                }
                // It writes at this stall, and the server has not let it in yet.
                Some(_) => Proven::Unknown,
            };
            let register = facts::device(tx, essence.stall, essence.register)?;
            let register_name = register.map(|register| register.name).unwrap_or_default();
            Ok(Checked { proven, register_name, in_books: in_books(tx, essence)? })
        })?))
    }
}

/// Whether this key signed it.
pub fn is_signed(proof: &Proof, public_key: &[u8; 32], is_revoked: bool) -> Proven {
    let is_signed = is_signed_message(public_key, &proof.essence.signed_bytes(), &proof.signature);
    match (is_signed, is_revoked) {
        (false, _) => Proven::NotSigned,
        (true, true) => Proven::SignedByRevoked,
        (true, false) => Proven::Signed,
    }
}

fn essence(
    tx: &mut dyn Tx,
    stall: LogId,
    sale: SaleId,
    me: AuthorId,
) -> Result<Option<SaleEssence>, StoreError> {
    let Some(found) = facts::sale(tx, stall, sale)? else { return Ok(None) };
    let Some(hash) = log::hash_at(tx, stall, &found.author, found.seq)? else { return Ok(None) };
    let mut record = RecordMark([0; RECORD_BYTES]);
    record.0.copy_from_slice(&hash.0[..RECORD_BYTES]);
    Ok(Some(SaleEssence {
        stall,
        register: found.author,
        printed_by: (found.author != me).then_some(me),
        sale,
        receipt_number: found.made.receipt_number,
        at_ms: found.stamp.at_ms,
        offset_minutes: found.stamp.offset_minutes,
        currency: found.made.currency,
        total_minor: found.made.total_minor,
        seq: found.seq,
        record,
    }))
}

/// The same sale, as the stall's records have it.
fn in_books(tx: &mut dyn Tx, said: &SaleEssence) -> Result<InBooks, StoreError> {
    let Some(known) = essence(tx, said.stall, said.sale, said.register)? else { return Ok(InBooks::Absent) };
    if known != (SaleEssence { printed_by: None, ..said.clone() }) {
        return Ok(InBooks::Different);
    }
    if facts::voided(tx, said.stall, said.sale)? {
        return Ok(InBooks::Voided);
    }
    let refunded = facts::refunded(tx, said.stall, said.sale)?;
    let minor: i64 = refunded.iter().map(|(_, _, amount)| amount).sum();
    Ok(if minor > 0 { InBooks::Refunded { minor } } else { InBooks::Same })
}
