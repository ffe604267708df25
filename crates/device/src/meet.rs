//! Another register of a stall that is heard directly. Who carries the bytes is the shell's.

use soko_domain::ids::{AuthorId, LogId};
use soko_engine::{MeetingProof, MeetingSide, Met};

use crate::device::Device;
use crate::failure::Undone;

impl Device {
    /// Whether whoever is here may say if this device meets others, and whom it calls. A network is of no stall, so it is asked of all.
    pub fn may_choose_to_meet(&self) -> Result<(), Undone> {
        let mut engine = self.engine()?;
        for stall in engine.stalls() {
            engine.may_choose_to_meet(stall)?;
        }
        Ok(())
    }

    /// Nothing if this device does not work for the stall, or cannot show that it does.
    pub fn prove_to_meet(
        &self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
    ) -> Result<Option<MeetingProof>, Undone> {
        if !self.works_for(stall) {
            return Ok(None);
        }
        Ok(self.engine()?.prove_to_meet(stall, side, transcript)?)
    }

    /// Which register of a stall of this device showed itself.
    pub fn may_meet(
        &self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
        proof: &MeetingProof,
    ) -> Result<Option<AuthorId>, Undone> {
        if !self.works_for(stall) {
            return Ok(None);
        }
        Ok(self.engine()?.may_meet(stall, side, transcript, proof)?)
    }

    pub fn page_to_meet(&self, stall: LogId, theirs: Option<&[u8]>) -> Result<Vec<u8>, Undone> {
        Ok(self.engine()?.page_to_meet(stall, theirs)?)
    }

    /// Keeps what another register handed over, tells the screens, and sends it on to the server if there is one.
    pub fn take_met(&self, stall: LogId, page: &[u8]) -> Result<Met, Undone> {
        let now = self.now();
        let met = self.engine()?.take_met(stall, page, now)?;
        if met.records > 0 || met.frozen.is_some() {
            self.tell_changes();
            self.tell_unsent(stall);
            self.ring(stall);
        }
        Ok(met)
    }
}
