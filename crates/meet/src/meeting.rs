//! One conversation, from the first word to the last.

use std::future::Future;
use std::time::Duration;

use soko_domain::ids::{AuthorId, LogId};
use soko_domain::wire::{Malformed, Reader, Wire, Writer};
use soko_engine::{MeetingProof, MeetingSide};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::Parted;
use crate::channel::{Channel, MESSAGE_BYTES_MAX};
use crate::register::Register;

/// How long the other one is waited for, each time.
pub const STEP_MAX: Duration = Duration::from_secs(10);
/// Who one is fits into this, whatever it calls itself.
const HELLO_BYTES_MAX: usize = 8 * 1024;
/// Pages of one conversation; each holds thousands of records. Whoever has more to say says it the next time.
pub const PAGES_MAX: usize = 2_000;

/// What a conversation brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Meeting {
    pub stall: LogId,
    pub with: AuthorId,
    /// New here.
    pub records: usize,
    pub pages: usize,
}

/// The caller's first word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello {
    pub stall: LogId,
    pub proof: MeetingProof,
}

impl Wire for Hello {
    fn put(&self, out: &mut Writer) {
        self.stall.put(out);
        self.proof.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { stall: Wire::take(input)?, proof: Wire::take(input)? })
    }
}

/// Meets whoever answers on this connection, about this stall.
pub async fn call<S, R>(stream: S, stall: LogId, register: &R) -> Result<Meeting, Parted>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: Register + ?Sized,
{
    let mut channel = in_time(Channel::open(stream)).await?;
    let transcript = channel.transcript();
    let proof = register.prove(stall, MeetingSide::Calls, &transcript)?.ok_or(Parted::Unproven)?;
    in_time(channel.send(&Hello { stall, proof }.to_bytes())).await?;
    let theirs = in_time(channel.receive(HELLO_BYTES_MAX)).await?.ok_or(Parted::Stranger)?;
    let theirs = MeetingProof::from_bytes(&theirs).map_err(|_| Parted::Garbled("no proof"))?;
    let with = register.believe(stall, MeetingSide::Answers, &transcript, &theirs)?;
    let mut meeting = Meeting { stall, with: with.ok_or(Parted::Stranger)?, records: 0, pages: 0 };
    let mut page = register.page(stall, None)?;
    while meeting.pages < PAGES_MAX {
        in_time(channel.send(&page)).await?;
        let reply = in_time(channel.receive(MESSAGE_BYTES_MAX)).await?.ok_or(Parted::Garbled("no reply"))?;
        meeting.pages += 1;
        meeting.records += register.take(stall, &reply)?;
        let next = register.page(stall, Some(&reply))?;
        if next == page {
            return Ok(meeting);
        }
        page = next;
    }
    Err(Parted::Endless)
}

/// Meets whoever called on this connection, about whatever stall they share.
pub async fn answer<S, R>(stream: S, register: &R) -> Result<Meeting, Parted>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: Register + ?Sized,
{
    let mut channel = in_time(Channel::accept(stream)).await?;
    let transcript = channel.transcript();
    let hello = in_time(channel.receive(HELLO_BYTES_MAX)).await?.ok_or(Parted::Stranger)?;
    let Hello { stall, proof } = Hello::from_bytes(&hello).map_err(|_| Parted::Garbled("no proof"))?;
    let with = register.believe(stall, MeetingSide::Calls, &transcript, &proof)?.ok_or(Parted::Stranger)?;
    let own = register.prove(stall, MeetingSide::Answers, &transcript)?.ok_or(Parted::Unproven)?;
    in_time(channel.send(&own.to_bytes())).await?;
    let mut meeting = Meeting { stall, with, records: 0, pages: 0 };
    while meeting.pages < PAGES_MAX {
        // The caller ends it, by going.
        let Some(page) = in_time(channel.receive(MESSAGE_BYTES_MAX)).await? else { return Ok(meeting) };
        meeting.pages += 1;
        meeting.records += register.take(stall, &page)?;
        let reply = register.page(stall, Some(&page))?;
        in_time(channel.send(&reply)).await?;
    }
    Err(Parted::Endless)
}

pub(crate) async fn in_time<T>(step: impl Future<Output = Result<T, Parted>>) -> Result<T, Parted> {
    timeout(STEP_MAX, step).await.unwrap_or(Err(Parted::Slow))
}
