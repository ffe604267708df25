//! What the code on somebody's receipt proves: with the own books where the stall is here, and otherwise with the keys
//! that the stall's shop shows and this device keeps.

use soko_app_api::{MarketQuery, MarketView, ProofRead, ProofView, Proven};
use soko_domain::essence::{Proof, SaleEssence};
use soko_engine::is_signed;
use soko_projection::read as facts;

use crate::device::Device;
use crate::failure::Undone;

impl Device {
    pub(crate) async fn check(&self, text: &str) -> Result<ProofView, Undone> {
        let Ok(proof) = Proof::from_text(text) else { return Ok(ProofView::Unreadable) };
        let read = match self.in_own_books(&proof)? {
            Some(read) => read,
            None => self.with_shown_keys(&proof).await?,
        };
        Ok(ProofView::Read(read))
    }

    /// Nothing if the stall is not one of this device's.
    fn in_own_books(&self, proof: &Proof) -> Result<Option<ProofRead>, Undone> {
        let checked = self.engine()?.check_proof(proof)?;
        let Some(checked) = checked else { return Ok(None) };
        let profile = self.read(|tx| facts::profile(tx, proof.essence.stall))?;
        Ok(Some(ProofRead {
            stall_name: profile.map(|profile| profile.name).unwrap_or_default(),
            register_name: checked.register_name,
            proven: checked.proven,
            in_books: Some(checked.in_books),
            ..said(&proof.essence)
        }))
    }

    async fn with_shown_keys(&self, proof: &Proof) -> Result<ProofRead, Undone> {
        let essence = &proof.essence;
        let MarketView::Stall(page) = self.market_answer(&MarketQuery::Stall(essence.stall)).await? else {
            return Ok(said(essence));
        };
        let known = |register| page.value.registers.iter().find(|known| known.register == register);
        let proven = match known(essence.signer()) {
            Some(signer) => is_signed(proof, &signer.public_key.0, signer.is_revoked),
            // An empty list is a page that was seen before it had one.
            None if page.value.registers.is_empty() => Proven::Unknown,
            None => Proven::NotSigned,
        };
        Ok(ProofRead {
            stall_name: page.value.card.name.clone(),
            register_name: known(essence.register).map(|known| known.name.clone()).unwrap_or_default(),
            proven,
            as_of_ms: Some(page.as_of_ms),
            ..said(essence)
        })
    }
}

/// What the code says, before anything is proven.
fn said(essence: &SaleEssence) -> ProofRead {
    ProofRead {
        stall: essence.stall,
        stall_name: String::new(),
        sale: essence.sale,
        receipt_number: essence.receipt_number,
        at_ms: essence.at_ms,
        offset_minutes: essence.offset_minutes,
        currency: essence.currency.to_string(),
        total_minor: essence.total_minor,
        register: essence.register,
        register_name: String::new(),
        printed_by: essence.printed_by,
        proven: Proven::Unknown,
        as_of_ms: None,
        in_books: None,
    }
}
