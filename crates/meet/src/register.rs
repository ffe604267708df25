//! The register that speaks: a device, and in tests whatever holds an engine.

use soko_device::{Device, Undone};
use soko_domain::ids::{AuthorId, LogId};
use soko_engine::{MeetingProof, MeetingSide};

/// It could not be read or kept here. Nothing of the page was kept.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

/// What a conversation asks of the register. All of it is answered at once; nobody waits in between.
pub trait Register {
    /// Nothing if it is frozen, or none of this stall.
    fn prove(
        &self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
    ) -> Result<Option<MeetingProof>, Failed>;

    /// Who showed this. Nothing if it is nobody of this stall, or this stall is not here.
    fn believe(
        &self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
        proof: &MeetingProof,
    ) -> Result<Option<AuthorId>, Failed>;

    fn page(&self, stall: LogId, theirs: Option<&[u8]>) -> Result<Vec<u8>, Failed>;

    /// Answers how many records were new, once they are on the disk.
    fn take(&self, stall: LogId, page: &[u8]) -> Result<usize, Failed>;
}

impl Register for Device {
    fn prove(
        &self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
    ) -> Result<Option<MeetingProof>, Failed> {
        self.prove_to_meet(stall, side, transcript).map_err(failed)
    }

    fn believe(
        &self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
        proof: &MeetingProof,
    ) -> Result<Option<AuthorId>, Failed> {
        self.may_meet(stall, side, transcript, proof).map_err(failed)
    }

    fn page(&self, stall: LogId, theirs: Option<&[u8]>) -> Result<Vec<u8>, Failed> {
        self.page_to_meet(stall, theirs).map_err(failed)
    }

    fn take(&self, stall: LogId, page: &[u8]) -> Result<usize, Failed> {
        Ok(self.take_met(stall, page).map_err(failed)?.records)
    }
}

fn failed(undone: Undone) -> Failed {
    Failed(undone.to_string())
}
