//! A page: all that one party says to the other in one message, both ways in the same form.
//!
//! A page can be lost, repeated and overtaken without harm: records are recognised by their chain, requests by
//! their id, replies by the number of the page they answer.

use soko_domain::ids::{AuthorId, Hash, LogId, ThingId};
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

use crate::chain::{Head, Heads};
use crate::frame;
use crate::limits::{
    ANSWER_BYTES_MAX, ANSWERS_MAX, ASK_BYTES_MAX, ASKS_MAX, AUTHORS_MAX, NOTE_BYTES_MAX,
    RECORDS_PER_PAGE_MAX, RUNS_PER_PAGE_MAX, VERDICTS_MAX,
};
use crate::protocol::{Capabilities, Epoch, Offer, Protocol, VersionRefused, agree};
use crate::record::take_seq;
use crate::run::Run;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    pub protocol: Protocol,
    pub capabilities: Capabilities,
    pub log: LogId,
    pub epoch: Epoch,
    /// Zero for somebody who only reads.
    pub sender: AuthorId,
    /// Chosen by the sender, different for each page it sends. A reply has its own.
    pub number: u64,
    /// The number of the page that this one answers.
    pub in_reply_to: Option<u64>,
    /// What the sender holds.
    pub heads: Heads,
    pub runs: Vec<Run>,
    /// Server to device: what was parked, and why.
    pub verdicts: Vec<Verdict>,
    pub asks: Vec<Ask>,
    pub answers: Vec<Answer>,
    /// Of what the sender derived from these heads.
    pub state_digest: Option<Hash>,
    /// The sender has more for the other side than fitted in here.
    pub more: bool,
}

/// A verdict's code: nothing of the run that begins here was taken.
pub const NOT_TAKEN: u8 = 100;
/// A verdict's code: the author's history exists twice.
pub const FORKED: u8 = 101;

/// A record was kept but parked, or what became of a run that was not taken as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    pub author: AuthorId,
    pub seq: u64,
    pub code: u8,
    /// At most `NOTE_BYTES_MAX`.
    pub note: String,
}

/// An opaque request. Asked again under the same id, it takes effect once and gets the first answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    pub id: ThingId,
    /// At most `ASK_BYTES_MAX`.
    pub body: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The id of the request.
    pub ask: ThingId,
    /// At most `ANSWER_BYTES_MAX`.
    pub body: Vec<u8>,
}

/// Why bytes are not a page, or a page cannot become bytes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PageRefused {
    #[error("the page has {bytes} bytes, more than a page may have: send less at once")]
    TooLarge { bytes: usize },
    #[error("the bytes do not begin like a page: send what `Page::encode` made")]
    NotAPage,
    #[error(transparent)]
    Version(#[from] VersionRefused),
    #[error("the content is not the {declared} bytes that the page declares: send the page again")]
    WrongLength { declared: usize },
    #[error("the page was damaged on its way: send it again")]
    WrongChecksum,
    #[error("the page is malformed: {0}; update the side that wrote it")]
    Malformed(#[from] Malformed),
    #[error("the page has more {what} than {max}: spread them over several pages")]
    TooMany { what: &'static str, max: usize },
    #[error("the heads are not in ascending order of their authors: update the side that wrote the page")]
    Unsorted,
}

impl Page {
    /// A page that says nothing yet.
    pub fn new(log: LogId, sender: AuthorId, offer: Offer, epoch: Epoch) -> Self {
        Self {
            protocol: offer.protocol,
            capabilities: offer.capabilities,
            log,
            epoch,
            sender,
            number: 0,
            in_reply_to: None,
            heads: Heads::new(),
            runs: Vec::new(),
            verdicts: Vec::new(),
            asks: Vec::new(),
            answers: Vec::new(),
            state_digest: None,
            more: false,
        }
    }

    pub fn offer(&self) -> Offer {
        Offer { protocol: self.protocol, capabilities: self.capabilities }
    }

    pub fn encode(&self) -> Result<Vec<u8>, PageRefused> {
        self.check_limits()?;
        let mut out = Writer::new();
        self.capabilities.0.put(&mut out);
        self.log.put(&mut out);
        self.epoch.put(&mut out);
        self.sender.put(&mut out);
        self.number.put(&mut out);
        self.in_reply_to.put(&mut out);
        out.varint(self.heads.len() as u64);
        for (author, head) in &self.heads {
            author.put(&mut out);
            head.put(&mut out);
        }
        self.runs.put(&mut out);
        self.verdicts.put(&mut out);
        self.asks.put(&mut out);
        self.answers.put(&mut out);
        self.state_digest.put(&mut out);
        self.more.put(&mut out);
        frame::wrap(self.protocol, &out.finish())
    }

    /// Reads bytes from anybody. Takes no more memory than a page may have, and never panics.
    pub fn decode(bytes: &[u8]) -> Result<Self, PageRefused> {
        let frame = frame::open(bytes)?;
        let theirs = Offer { protocol: frame.protocol, capabilities: Capabilities::NONE };
        agree(Offer::OURS, theirs)?;
        let content = frame.content()?;
        let mut input = Reader::new(&content);
        let page = Self {
            protocol: frame.protocol,
            capabilities: Capabilities(input.varint()?),
            log: Wire::take(&mut input)?,
            epoch: Wire::take(&mut input)?,
            sender: Wire::take(&mut input)?,
            number: Wire::take(&mut input)?,
            in_reply_to: Wire::take(&mut input)?,
            heads: take_heads(&mut input)?,
            runs: take_list(&mut input, "runs", RUNS_PER_PAGE_MAX)?,
            verdicts: take_list(&mut input, "verdicts", VERDICTS_MAX)?,
            asks: take_list(&mut input, "requests", ASKS_MAX)?,
            answers: take_list(&mut input, "answers", ANSWERS_MAX)?,
            state_digest: Wire::take(&mut input)?,
            more: Wire::take(&mut input)?,
        };
        input.end()?;
        page.check_limits()?;
        Ok(page)
    }

    /// What is checked before writing is checked again after reading.
    fn check_limits(&self) -> Result<(), PageRefused> {
        let records = self.runs.iter().map(|run| run.records.len()).sum();
        let counts = [
            ("heads", self.heads.len(), AUTHORS_MAX),
            ("runs", self.runs.len(), RUNS_PER_PAGE_MAX),
            ("records", records, RECORDS_PER_PAGE_MAX),
            ("verdicts", self.verdicts.len(), VERDICTS_MAX),
            ("requests", self.asks.len(), ASKS_MAX),
            ("answers", self.answers.len(), ANSWERS_MAX),
        ];
        if let Some((what, _, max)) = counts.into_iter().find(|(_, count, max)| count > max) {
            return Err(PageRefused::TooMany { what, max });
        }
        let is_long = self.verdicts.iter().any(|verdict| verdict.note.len() > NOTE_BYTES_MAX)
            || self.asks.iter().any(|ask| ask.body.len() > ASK_BYTES_MAX)
            || self.answers.iter().any(|answer| answer.body.len() > ANSWER_BYTES_MAX);
        if is_long { Err(Malformed::TooLong.into()) } else { Ok(()) }
    }
}

fn take_heads(input: &mut Reader<'_>) -> Result<Heads, PageRefused> {
    let mut heads = Heads::new();
    for _ in 0..take_len(input, "heads", AUTHORS_MAX)? {
        let author = AuthorId::take(input)?;
        if heads.last_key_value().is_some_and(|(last, _)| *last >= author) {
            return Err(PageRefused::Unsorted);
        }
        heads.insert(author, Head::take(input)?);
    }
    Ok(heads)
}

fn take_list<T: Wire>(input: &mut Reader<'_>, what: &'static str, max: usize) -> Result<Vec<T>, PageRefused> {
    let len = take_len(input, what, max)?;
    Ok((0..len).map(|_| T::take(input)).collect::<Result<_, Malformed>>()?)
}

fn take_len(input: &mut Reader<'_>, what: &'static str, max: usize) -> Result<usize, PageRefused> {
    let len = usize::try_from(input.varint()?).unwrap_or(usize::MAX);
    if len > max { Err(PageRefused::TooMany { what, max }) } else { Ok(len) }
}

impl Wire for Verdict {
    fn put(&self, out: &mut Writer) {
        self.author.put(out);
        self.seq.put(out);
        self.code.put(out);
        out.bytes(self.note.as_bytes());
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (author, seq, code) = (Wire::take(input)?, take_seq(input)?, Wire::take(input)?);
        let note = std::str::from_utf8(input.bytes(NOTE_BYTES_MAX)?).map_err(|_| Malformed::Text)?;
        Ok(Self { author, seq, code, note: note.to_owned() })
    }
}

impl Wire for Ask {
    fn put(&self, out: &mut Writer) {
        self.id.put(out);
        out.bytes(&self.body);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { id: Wire::take(input)?, body: input.bytes(ASK_BYTES_MAX)?.to_vec() })
    }
}

impl Wire for Answer {
    fn put(&self, out: &mut Writer) {
        self.ask.put(out);
        out.bytes(&self.body);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { ask: Wire::take(input)?, body: input.bytes(ANSWER_BYTES_MAX)?.to_vec() })
    }
}
