//! A device in few lines: writes its own records, edits documents, and knows what to send. It keeps everything in
//! memory and follows nobody else's records; the engine is the real one.

use std::collections::BTreeMap;

use soko_documents::{ChangeBody, Document, DocumentKind, Edit, EditRefused};
use soko_domain::about::About;
use soko_domain::entry::{Entry, Stamp};
use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_domain::wire::Wire as _;
use soko_projection::change_kind;
use soko_replication::protocol::Offer;
use soko_replication::{Epoch, Head, NotARun, Page, PageRefused, Pen, Record, Run, Unwritable};

/// Records that one page carries at most.
const RECORDS_PER_PAGE: usize = 500;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MINUTE_MS: i64 = 60_000;

/// Why a device could not do something. Each would be a fault of whoever uses it.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    #[error(transparent)]
    Edit(#[from] EditRefused),
    #[error(transparent)]
    Document(#[from] soko_documents::Refused),
    #[error(transparent)]
    Run(#[from] NotARun),
    #[error(transparent)]
    Page(#[from] PageRefused),
}

/// One author with all its records.
pub struct Device {
    pen: Pen,
    records: Vec<Record>,
    documents: BTreeMap<ThingId, Document>,
    /// The server's life as last heard of.
    pub epoch: Epoch,
    /// How far the server said it has this author's records.
    server_seq: u64,
    pages: u64,
    offset_minutes: i32,
}

impl Device {
    pub fn new(secret: [u8; 32], stall: LogId, nonce: [u8; 16], name: &str) -> Result<Self, DeviceError> {
        let about = About { name: name.to_owned(), replaces: None }.to_bytes();
        let (pen, first) = Pen::new(secret, stall, nonce, about)?;
        Ok(Self {
            pen,
            records: vec![first],
            documents: BTreeMap::new(),
            epoch: Epoch::UNKNOWN,
            server_seq: 0,
            pages: 0,
            offset_minutes: 0,
        })
    }

    /// Its clock is so far ahead of the world's.
    pub fn in_zone(self, offset_minutes: i32) -> Self {
        Self { offset_minutes, ..self }
    }

    pub fn author(&self) -> AuthorId {
        self.pen.author()
    }

    pub fn stall(&self) -> LogId {
        self.pen.log()
    }

    /// The first record, which enrols the device.
    pub fn introduction(&self) -> Vec<u8> {
        self.records.first().map(Record::to_bytes).unwrap_or_default()
    }

    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Writes entries that some verb decided.
    pub fn write(&mut self, entries: impl IntoIterator<Item = Entry>, at_ms: i64) -> Result<(), DeviceError> {
        let local_ms = at_ms.saturating_add(i64::from(self.offset_minutes) * MINUTE_MS);
        let business_day = i32::try_from(local_ms.div_euclid(DAY_MS)).unwrap_or(i32::MAX);
        let stamp = Stamp::at(at_ms, self.offset_minutes, business_day);
        for entry in entries {
            self.write_body(entry.kind().number(), entry.to_body(&stamp))?;
        }
        Ok(())
    }

    /// Writes any bytes as a record, properly chained and signed.
    pub fn write_body(&mut self, kind: u16, body: Vec<u8>) -> Result<(), DeviceError> {
        let mut record = self.pen.write(kind, body)?;
        self.pen.sign(&mut record)?;
        self.records.push(record);
        Ok(())
    }

    /// Edits a document, which begins empty.
    pub fn edit(
        &mut self,
        (document, kind): (ThingId, DocumentKind),
        edits: &[Edit],
        at_ms: i64,
    ) -> Result<(), DeviceError> {
        let author = self.author();
        let held = match self.documents.get_mut(&document) {
            Some(held) => held,
            None => self.documents.entry(document).or_insert(Document::new(kind)?),
        };
        let Some(edited) = held.edit(&author, at_ms, edits)? else { return Ok(()) };
        let body = ChangeBody { document, kind, change: edited.change };
        self.write_body(change_kind(kind), body.to_bytes())
    }

    /// The next page to send: what the server lacks of this author, as far as it said.
    pub fn page(&mut self) -> Result<Page, DeviceError> {
        self.pages += 1;
        let mut page = Page::new(self.stall(), self.author(), Offer::OURS, self.epoch);
        page.number = self.pages;
        let Head { seq, hash } = self.pen.head();
        page.heads.insert(self.author(), Head { seq, hash });
        let missing = self.records.iter().filter(|record| record.seq > self.server_seq);
        let portion: Vec<Record> = missing.take(RECORDS_PER_PAGE).cloned().collect();
        if !portion.is_empty() {
            page.runs.push(Run::from_records(portion)?);
        }
        Ok(page)
    }

    /// Takes the server's answer; says whether there is more to send.
    pub fn take(&mut self, reply: &Page) -> bool {
        self.epoch = reply.epoch;
        self.server_seq = reply.heads.get(&self.author()).map_or(0, |head| head.seq);
        self.server_seq < self.pen.head().seq
    }
}
