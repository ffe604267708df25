//! What a server's document worker does, as pure functions: request bytes in, reply bytes out. The server runs
//! [`handle`] in a child process with limits on memory and CPU, because Automerge may abort on bytes that no
//! check foresaw; the process, its limits and its pipes are not here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use soko_domain::ids::{AuthorId, Hash};
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

use crate::document::Document;
use crate::fields::Fields;
use crate::kind::DocumentKind;
use crate::limits::{CHANGE_BYTES_MAX, DOCUMENT_BYTES_MAX, FRAME_BYTES_MAX, Limits, WORK_CHANGES_MAX};
use crate::prescan::prescan;
use crate::refused::Refused;

const VERSION: u8 = 1;
const LENGTH_LEN: usize = 4;

/// Applies all of the changes to a saved document, or none: prescan, apply to a copy, read through the schema,
/// save, load, compare heads. `saved` is absent for a document that nobody has written to yet.
///
/// A batch is refused as a whole: a caller that wants the good ones of a bad batch asks again one by one.
pub fn apply_checked(
    saved: Option<&[u8]>,
    kind: DocumentKind,
    changes: &[(AuthorId, &[u8])],
) -> Result<Applied, Refused> {
    if changes.len() > WORK_CHANGES_MAX {
        return Err(Refused::TooLarge);
    }
    let scanned: Result<Vec<_>, _> =
        changes.iter().map(|(author, change)| prescan(change, author, &Limits::STANDARD)).collect();
    let scanned = scanned?;
    let work = || {
        let document = match saved {
            Some(saved) => Document::load(kind, saved)?,
            None => Document::new(kind)?,
        };
        let (document, fields) = document.with_all(&scanned)?;
        let (_, problems) = fields.value(kind);
        if let Some(breach) = problems.into_iter().find(|problem| problem.is_breach()) {
            return Err(Refused::Schema(breach));
        }
        Ok(Applied { saved: document.save_showing(&fields)?, heads: document.heads(), fields })
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Refused::Panicked))
}

/// A document with the changes in it, proven to load again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    pub saved: Vec<u8>,
    pub heads: Vec<Hash>,
    /// What the document shows; typed by [`Fields::read`] or [`Fields::value`].
    pub fields: Fields,
}

/// What a server asks its worker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkRequest {
    pub kind: DocumentKind,
    pub saved: Option<Vec<u8>>,
    pub changes: Vec<WorkChange>,
}

/// A change and the author that its record proves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkChange {
    pub author: AuthorId,
    pub change: Vec<u8>,
}

/// What the worker answers. No answer, because the worker died, means the same as [`Refused::Panicked`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WorkReply {
    Applied(Applied),
    Refused(Refused),
}

/// Answers one request. Total: any bytes get a reply.
pub fn handle(request: &[u8]) -> Vec<u8> {
    let reply = match WorkRequest::from_bytes(request) {
        Err(_) => WorkReply::Refused(Refused::Request),
        Ok(request) => {
            let changes: Vec<(AuthorId, &[u8])> =
                request.changes.iter().map(|change| (change.author, change.change.as_slice())).collect();
            match apply_checked(request.saved.as_deref(), request.kind, &changes) {
                Ok(applied) => WorkReply::Applied(applied),
                Err(refused) => WorkReply::Refused(refused),
            }
        }
    };
    reply.to_bytes()
}

/// Puts a length in front, for a pipe. Nothing if the content is longer than any reader takes.
pub fn frame(content: &[u8]) -> Option<Vec<u8>> {
    let len = u32::try_from(content.len()).ok()?;
    if content.len() > FRAME_BYTES_MAX {
        return None;
    }
    Some([&len.to_be_bytes(), content].concat())
}

/// How many bytes of content follow the four bytes of a length, or nothing if it is longer than any writer sends.
pub fn frame_len(length: [u8; LENGTH_LEN]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(length)).ok().filter(|len| *len <= FRAME_BYTES_MAX)
}

impl Wire for WorkRequest {
    fn put(&self, out: &mut Writer) {
        out.byte(VERSION);
        self.kind.put(out);
        self.saved.is_some().put(out);
        if let Some(saved) = &self.saved {
            out.bytes(saved);
        }
        self.changes.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        take_version(input)?;
        let kind = DocumentKind::take(input)?;
        let saved = if bool::take(input)? { Some(input.bytes(DOCUMENT_BYTES_MAX)?.to_vec()) } else { None };
        Ok(Self { kind, saved, changes: Vec::take(input)? })
    }
}

impl Wire for WorkChange {
    fn put(&self, out: &mut Writer) {
        self.author.put(out);
        out.bytes(&self.change);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { author: AuthorId::take(input)?, change: input.bytes(CHANGE_BYTES_MAX)?.to_vec() })
    }
}

impl Wire for WorkReply {
    fn put(&self, out: &mut Writer) {
        out.byte(VERSION);
        match self {
            Self::Applied(applied) => {
                out.byte(1);
                out.bytes(&applied.saved);
                applied.heads.put(out);
                applied.fields.put(out);
            }
            Self::Refused(refused) => {
                out.byte(2);
                refused.put(out);
            }
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        take_version(input)?;
        Ok(match input.byte()? {
            1 => Self::Applied(Applied {
                saved: input.bytes(DOCUMENT_BYTES_MAX)?.to_vec(),
                heads: Vec::take(input)?,
                fields: Fields::take(input)?,
            }),
            2 => Self::Refused(Refused::take(input)?),
            _ => return Err(Malformed::Choice),
        })
    }
}

fn take_version(input: &mut Reader<'_>) -> Result<(), Malformed> {
    if input.byte()? == VERSION { Ok(()) } else { Err(Malformed::Choice) }
}
