//! Two registers of one stall that hear each other, and maybe no server: each hands the other what it lacks, whoever wrote it.
//! Only the server grants, admits, freezes and settles two histories; here records are handed on, as every register does
//! towards the server anyway. Who carries the bytes, and who proves to whom that they belong together, is outside.

use soko_app_api::Said;
use soko_domain::ids::{AuthorId, LogId};
use soko_domain::wire::{Malformed, Reader, Wire, Writer};
use soko_projection::read as facts;
use soko_record_log::StoreError;
use soko_record_log::log::{self, LogSource};
use soko_replication::fill::Source as _;
use soko_replication::page::PageRefused;
use soko_replication::{Budget, Introduction, Offer, Page, Record, Run, agree, fill, is_signed_message};

use crate::engine::Engine;
use crate::failure::Failure;
use crate::identity::FrozenWhy;
use crate::options::Now;
use crate::own::StallRow;
use crate::replicate::{answer_what_came, chain_refused, change_row, doubt, told_of_fork};
use crate::write::{Around, Writing, commit};

/// No other message that a register signs begins like this.
const MEETING: &[u8] = b"soko meeting 1";
const SIGNATURE_BYTES: usize = 64;

/// What one page of another register brought.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Met {
    /// New records.
    pub records: usize,
    /// What of it was not kept, and why.
    pub refused: Vec<Said>,
    /// The other one holds more of this register than it wrote: it is not the only one of its author, and is frozen now.
    pub frozen: Option<FrozenWhy>,
}

/// Which of the two somebody is, so that neither can hand back the other's own words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MeetingSide {
    Calls,
    Answers,
}

impl MeetingSide {
    /// What a register signs to show that it is on this side of a conversation. `transcript` names the conversation.
    fn words(self, log: LogId, introduction: &Introduction, transcript: &[u8; 32]) -> Vec<u8> {
        let side = match self {
            Self::Calls => 1,
            Self::Answers => 2,
        };
        [MEETING, &[side], log.as_bytes(), transcript, &introduction.to_bytes()].concat()
    }
}

/// What a register shows of itself: who it is, from its first record, and that it holds the key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MeetingProof {
    introduction: Introduction,
    signature: [u8; SIGNATURE_BYTES],
}

impl Wire for MeetingProof {
    fn put(&self, out: &mut Writer) {
        self.introduction.put(out);
        out.raw(&self.signature);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let introduction = Introduction::take(input)?;
        let signature = input.raw(SIGNATURE_BYTES)?.try_into().map_err(|_| Malformed::Truncated)?;
        Ok(Self { introduction, signature })
    }
}

impl Engine {
    /// Shows that this is a register of the stall. `transcript` names the conversation, and nobody else's is named so. Nothing
    /// if it is frozen: what it holds may not be its own.
    pub fn prove_to_meet(
        &mut self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
    ) -> Result<Option<MeetingProof>, Failure> {
        self.settle()?;
        let row = self.stall(stall)?.row.clone();
        if row.frozen.is_some() {
            return Ok(None);
        }
        let first = self.db.read::<_, StoreError>(|tx| log::record_at(tx, stall, &row.author, 1))?;
        let introduction = first.and_then(|first| Introduction::from_bytes(first.body.bytes()?).ok());
        let Some(introduction) = introduction else { return Ok(None) };
        let signature = self.sign(stall, &side.words(stall, &introduction, transcript))?;
        Ok(signature.map(|signature| MeetingProof { introduction, signature }))
    }

    /// Which register showed this, if the stall let it in and did not shut it out, as far as it is known here.
    pub fn may_meet(
        &mut self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
        proof: &MeetingProof,
    ) -> Result<Option<AuthorId>, Failure> {
        self.settle()?;
        let author = proof.introduction.author(stall);
        // What it showed itself comes back to it.
        if self.stall(stall)?.row.author == author {
            return Ok(None);
        }
        let known = self.db.read::<_, StoreError>(|tx| facts::device(tx, stall, author))?;
        let belongs = known.is_some_and(|known| known.admitted && !known.revoked);
        let words = side.words(stall, &proof.introduction, transcript);
        let shown = is_signed_message(&proof.introduction.public_key, &words, &proof.signature);
        Ok((belongs && shown).then_some(author))
    }

    /// What this register holds, and, of what the other one lacks by its page, as much as fits. The conversation is over when
    /// whoever called would say the same again.
    pub fn page_to_meet(&mut self, stall: LogId, theirs: Option<&[u8]>) -> Result<Vec<u8>, Failure> {
        self.settle()?;
        let row = self.stall(stall)?.row.clone();
        let theirs = theirs.map(Page::decode).transpose()?;
        self.db.read::<_, Failure>(|tx| {
            let source = LogSource::new(tx, stall);
            let mut page = Page::new(stall, row.author, Offer::OURS, row.epoch);
            if let Some(theirs) = theirs {
                let filled = fill(&source, &theirs.heads, Budget::PAGE)?;
                (page.runs, page.more) = (filled.runs, filled.more);
            }
            page.heads = source.heads()?;
            Ok(page.encode()?)
        })
    }

    /// Takes what another register of the stall handed over. It is on the disk when this answers.
    pub fn take_met(&mut self, stall: LogId, bytes: &[u8], now: Now) -> Result<Met, Failure> {
        self.settle()?;
        let page = Page::decode(bytes)?;
        agree(Offer::OURS, page.offer()).map_err(PageRefused::from)?;
        if page.log != stall {
            return Err(Failure::UnknownStall(page.log));
        }
        let seeds = self.seeds();
        let weakened = self.weakened;
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        let around = Around { stall: known, now, weakened };
        let (met, after) = commit(&mut self.db, around, |writing| take(writing, page, seeds))?;
        if met.frozen.is_some()
            && let Some(known) = self.stalls.get_mut(&stall)
        {
            known.pen = None;
        }
        self.finish(stall, after);
        Ok(met)
    }
}

fn take(writing: &mut Writing<'_>, page: Page, seeds: Vec<[u8; 16]>) -> Result<Met, Failure> {
    let mut met = Met { frozen: doubt(writing, &page.heads)?, ..Met::default() };
    let is_frozen = met.frozen.is_some() || writing.stall.row.frozen.is_some();
    let mut strangers = Vec::new();
    let mut records = Vec::new();
    // A register takes no word of its own from others, but for what it forgot: then it writes nothing more.
    let me = writing.me;
    if !page.runs.is_empty() {
        writing.hears()?;
    }
    let is_taken = |run: &Run| run.author != me || is_frozen;
    for run in page.runs.into_iter().filter(is_taken) {
        match log::known(writing.tx, writing.log, &run.author)? {
            Some(_) => take_run(writing, run, &mut records, &mut met)?,
            None => strangers.push(run),
        }
    }
    met.records += records.len();
    writing.follow(&records)?;
    let mut told = records;
    // Whom the server let in stands in its own chain, which may just have come. Nobody else's records are kept: the server would
    // not take them either.
    let mut records = Vec::new();
    for run in strangers {
        if is_let_in(writing, &run)? {
            take_run(writing, run, &mut records, &mut met)?;
        }
    }
    met.records += records.len();
    writing.follow(&records)?;
    told.append(&mut records);
    if met.frozen.is_none() && writing.stall.pen.is_some() && told_of_fork(writing, &told)? {
        met.frozen = Some(FrozenWhy::Forked);
    }
    // What came is to go on to the server.
    writing.after.wants_to_send |= met.records > 0;
    match met.frozen {
        Some(why) => {
            let row = writing.stall.row.clone();
            change_row(writing, StallRow { frozen: row.frozen.or(Some(why)), ..row })?;
        }
        None => answer_what_came(writing, seeds)?,
    }
    Ok(met)
}

/// Whether the stall knows of this author before its first record is here.
fn is_let_in(writing: &mut Writing<'_>, run: &Run) -> Result<bool, Failure> {
    let device = facts::device(writing.tx, writing.log, run.author)?;
    if device.is_some_and(|device| device.admitted) {
        return Ok(true);
    }
    let first = run.records.first().and_then(|(_, body)| Introduction::from_bytes(body.bytes()?).ok());
    Ok(first.is_some_and(|first| writing.stall.trust.server_keys.contains(&first.public_key)))
}

/// Appends what is new and proven. Which of two histories counts is the server's to say.
fn take_run(
    writing: &mut Writing<'_>,
    run: Run,
    records: &mut Vec<Record>,
    met: &mut Met,
) -> Result<(), Failure> {
    let author = run.author;
    match log::judge(writing.tx, writing.log, run)? {
        Ok(accepted) => {
            log::append_with_ids(writing.tx, accepted.records_with_ids())?;
            records.extend(accepted.records);
        }
        Err(refused) => met.refused.push(chain_refused(writing, author, &refused)?),
    }
    Ok(())
}
