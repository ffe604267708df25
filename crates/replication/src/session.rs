//! The device's side of an exchange: when to send which page, and what a reply means. No input, no output, no
//! clock: the caller carries pages, tells the time and keeps the records.
//!
//! One page is on its way at most. After a failure the next waits, longer each time, with jitter; a wake-up
//! never shortens that wait, so no fault makes a storm of retries.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::ids::{AuthorId, Hash, LogId};

use crate::chain::{Head, Heads};
use crate::fill::{Budget, Filled, Source, alone, fill};
use crate::limits::ASKS_MAX;
use crate::page::{Answer, Ask, NOT_TAKEN, Page, Verdict};
use crate::protocol::{Agreed, Capabilities, Epoch, Offer, VersionRefused, agree};
use crate::record::NO_RECORD;
use crate::run::Run;

/// Between two exchanges when nobody rings the bell.
pub const IDLE_MS: u64 = 5_000;
/// How long a reply is waited for.
pub const REPLY_MS: u64 = 30_000;
/// The wait after the first failure; it doubles with each further one.
pub const RETRY_FIRST_MS: u64 = 500;
/// The longest wait after a failure.
pub const RETRY_MAX_MS: u64 = 30_000;
/// How long an author's records are not offered again after the server did not take them.
pub const HOLD_BACK_MS: u64 = 60_000;

const _: () = assert!(RETRY_FIRST_MS <= RETRY_MAX_MS);
const _: () = assert!(RETRY_MAX_MS <= HOLD_BACK_MS);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    pub idle_ms: u64,
    pub reply_ms: u64,
    pub retry_first_ms: u64,
    pub retry_max_ms: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            idle_ms: IDLE_MS,
            reply_ms: REPLY_MS,
            retry_first_ms: RETRY_FIRST_MS,
            retry_max_ms: RETRY_MAX_MS,
        }
    }
}

/// What a session begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    pub log: LogId,
    /// Zero for somebody who only reads.
    pub sender: AuthorId,
    pub offer: Offer,
    /// The server's epoch as last kept; `Epoch::UNKNOWN` before the first contact. Keep it durably: a reply
    /// of an older epoch is dropped only by those who remember the newer one.
    pub epoch: Epoch,
    /// Not used before by this sender, so that replies to an earlier session are recognised as late.
    pub first_number: u64,
    /// Decides the jitter and nothing else.
    pub seed: u64,
    pub timing: Timing,
}

#[derive(Clone, Debug)]
pub struct Session {
    log: LogId,
    sender: AuthorId,
    offer: Offer,
    timing: Timing,
    epoch: Epoch,
    agreed: Option<Agreed>,
    /// What the server said it holds. Replaced by every reply, downwards too. Unknown before the first one.
    server_heads: Option<Heads>,
    next_number: u64,
    in_flight: Option<InFlight>,
    /// The next page is not built before.
    due_ms: u64,
    /// Set if the next page is only worth sending when it carries the exchange on.
    follow_up: Option<FollowUp>,
    woken: bool,
    failures: u32,
    /// Authors that the server did not take, and until when they are not offered again.
    held_back: BTreeMap<AuthorId, u64>,
    /// Authors whose whole chain is offered, whatever the server holds.
    offered: BTreeMap<AuthorId, Offered>,
    /// Those of whom that was begun, in this life of the server.
    were_offered: BTreeSet<AuthorId>,
    /// Authors of whom another history is kept beside the log, and how many of its records were handed in. A server
    /// that was restored may have forgotten them.
    beside: BTreeMap<AuthorId, Beside>,
    /// Whether they were named since the server began this life.
    knows_beside: bool,
    /// Authors whose other history is asked for, and how far it was heard.
    asked: BTreeMap<AuthorId, Head>,
    /// Something is asked for that was not asked for before.
    asks_anew: bool,
    random: u64,
}

/// How far the offer of a whole chain is.
#[derive(Clone, Copy, Debug)]
struct Offered {
    from_seq: u64,
    /// After a refusal it waits as everything that was not taken.
    due_ms: u64,
}

#[derive(Clone, Copy, Default, Debug)]
struct Beside {
    handed_in: usize,
    due_ms: u64,
}

/// What the next page carries.
#[derive(Default)]
struct Sending {
    filled: Filled,
    beside: Option<(AuthorId, usize)>,
}

#[derive(Clone, Debug)]
struct InFlight {
    number: u64,
    deadline_ms: u64,
    /// What the device held when it wrote the page.
    heads: Heads,
    /// The last place of each author that the page carried.
    pushed: Vec<(AuthorId, u64)>,
    /// Whose history from beside the log it carried, and how many records of it.
    beside: Option<(AuthorId, usize)>,
}

#[derive(Clone, Debug)]
struct FollowUp {
    server_has_more: bool,
    was_answered: bool,
    server_moved: bool,
    /// What the device held before it took the reply.
    heads: Heads,
}

/// How the reply's epoch follows on the one known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EpochStep {
    Same,
    /// The first contact: keep the epoch.
    First,
    /// The server was restored: keep the epoch, and treat stock as frozen. Whatever it forgot is pushed again.
    Newer {
        from: Epoch,
    },
}

/// What a reply brought. The caller accepts the runs and keeps what is new before it polls again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    pub epoch: EpochStep,
    pub agreed: Agreed,
    pub runs: Vec<Run>,
    pub verdicts: Vec<Verdict>,
    pub answers: Vec<Answer>,
    pub state_digest: Option<Hash>,
    /// The server holds less than it said before, in the same epoch. It lost data without noticing: raise an
    /// alarm. What it lost is pushed again all the same.
    pub server_went_back: bool,
}

/// Why a page from the server is dropped, the first reason that applies.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReplyRefused {
    #[error("the page is about log {theirs}, not {ours}: ask the session of that log")]
    WrongLog { ours: LogId, theirs: LogId },
    #[error("the page answers nothing that is waited for: it came late or twice, drop it")]
    NotAwaited,
    #[error(transparent)]
    Version(#[from] VersionRefused),
    #[error(
        "the reply is of epoch {}, not above the known {}: an old server still answers, or a restored one must raise its epoch",
        theirs.counter, ours.counter
    )]
    StaleEpoch { ours: Epoch, theirs: Epoch },
}

impl Session {
    /// The first page may go at once.
    pub fn new(start: Start) -> Self {
        Self {
            log: start.log,
            sender: start.sender,
            offer: start.offer,
            timing: start.timing,
            epoch: start.epoch,
            agreed: None,
            server_heads: None,
            next_number: start.first_number,
            in_flight: None,
            due_ms: 0,
            follow_up: None,
            woken: false,
            failures: 0,
            held_back: BTreeMap::new(),
            offered: BTreeMap::new(),
            were_offered: BTreeSet::new(),
            beside: BTreeMap::new(),
            knows_beside: false,
            asked: BTreeMap::new(),
            asks_anew: false,
            random: start.seed,
        }
    }

    /// The next page, if it is time. The caller sends it, and reports the reply or the failure. `asks` are
    /// all requests without an answer, the oldest first.
    pub fn poll_page<S: Source>(
        &mut self,
        now_ms: u64,
        source: &S,
        asks: &[Ask],
    ) -> Result<Option<Page>, S::Error> {
        if self.in_flight.take_if(|sent| now_ms >= sent.deadline_ms).is_some() {
            self.back_off(now_ms);
        }
        if self.in_flight.is_some() || now_ms < self.due_ms {
            return Ok(None);
        }
        let heads = source.heads()?;
        let sending = self.fill(now_ms, source, &heads)?;
        let asks_anew = std::mem::take(&mut self.asks_anew);
        if self
            .follow_up
            .take()
            .is_some_and(|last| !asks_anew && !last.goes_on(&heads, &sending.filled, asks))
        {
            self.rest(now_ms);
            return Ok(None);
        }
        Ok(Some(self.send(now_ms, heads, sending, asks)))
    }

    /// Takes the server's page. On a refusal of the awaited reply the next attempt waits as after a failure.
    pub fn handle_page(&mut self, page: Page, now_ms: u64) -> Result<Progress, ReplyRefused> {
        if page.log != self.log {
            return Err(ReplyRefused::WrongLog { ours: self.log, theirs: page.log });
        }
        let is_awaited = |sent: &mut InFlight| page.in_reply_to == Some(sent.number);
        let Some(sent) = self.in_flight.take_if(is_awaited) else {
            return Err(ReplyRefused::NotAwaited);
        };
        let (agreed, epoch) = self.judge(&page).inspect_err(|_| self.back_off(now_ms))?;

        let server_moved = self.server_heads.as_ref() != Some(&page.heads);
        let before = self.server_heads.take().unwrap_or_default();
        if epoch == EpochStep::Same {
            self.hold_back(now_ms, &sent, &before, &page.heads);
        } else {
            self.held_back.clear();
            self.offered.clear();
            self.were_offered.clear();
            self.knows_beside = false;
            self.asked.clear();
        }
        self.go_on_offering(&sent);
        self.offer_again(now_ms, &sent, &page.verdicts);
        let is_behind =
            |(author, head): (&AuthorId, &Head)| page.heads.get(author).is_none_or(|now| now.seq < head.seq);
        let server_went_back = epoch == EpochStep::Same && before.iter().any(is_behind);
        self.knows_beside &= !server_went_back;
        self.follow_up = (!self.woken).then_some(FollowUp {
            server_has_more: page.more,
            was_answered: !page.answers.is_empty(),
            server_moved,
            heads: sent.heads,
        });
        self.epoch = page.epoch;
        self.agreed = Some(agreed);
        self.server_heads = Some(page.heads);
        self.failures = 0;
        self.woken = false;
        self.due_ms = now_ms;
        Ok(Progress {
            epoch,
            agreed,
            runs: page.runs,
            verdicts: page.verdicts,
            answers: page.answers,
            state_digest: page.state_digest,
            server_went_back,
        })
    }

    /// The page of this number could not be sent, or got no good reply. Late news of an earlier page changes
    /// nothing.
    pub fn failed(&mut self, number: u64, now_ms: u64) {
        if self.in_flight.take_if(|sent| sent.number == number).is_some() {
            self.back_off(now_ms);
        }
    }

    /// Something was written here, or the server rang: the next page goes at once, unless the session waits
    /// after a failure.
    pub fn wake(&mut self, now_ms: u64) {
        if self.in_flight.is_some() {
            self.woken = true;
        } else if self.failures == 0 {
            self.follow_up = None;
            self.due_ms = self.due_ms.min(now_ms);
        }
    }

    /// The wait after failures ends now: somebody asks for it, or knows that the server is there again. For a
    /// person or another call's success only; a program that calls it by itself makes a storm of retries.
    pub fn hurry(&mut self, now_ms: u64) {
        if self.in_flight.is_none() {
            self.failures = 0;
            self.follow_up = None;
            self.due_ms = now_ms;
        } else {
            self.woken = true;
        }
    }

    /// The server holds another history of this author, or a longer one that may be another: the whole chain is
    /// offered once in each life of the server, so that it gets what either branch says. By its heads alone it
    /// would get nothing of a shorter branch and only the end of a longer one.
    pub fn offer_whole(&mut self, author: AuthorId) {
        if self.were_offered.insert(author) {
            self.offered.insert(author, Offered { from_seq: 1, due_ms: 0 });
        }
    }

    /// Whether the server has had the whole chain of this author from us, in this life of it.
    pub fn was_offered_whole(&self, author: AuthorId) -> bool {
        self.were_offered.contains(&author) && !self.offered.contains_key(&author)
    }

    /// Whether it has to be said again of whom another history is kept beside the log.
    pub fn asks_beside(&self) -> bool {
        !self.knows_beside
    }

    /// The other histories of these authors are handed in, after everything else.
    pub fn offer_beside(&mut self, authors: impl IntoIterator<Item = AuthorId>) {
        self.knows_beside = true;
        self.beside = authors.into_iter().map(|author| (author, Beside::default())).collect();
    }

    /// The server's history of this author is asked for from its beginning, as if nothing of it were held.
    pub fn ask_whole(&mut self, author: AuthorId) {
        self.asked.entry(author).or_insert_with(|| {
            self.asks_anew = true;
            Head { seq: 0, hash: NO_RECORD }
        });
    }

    pub fn asks_whole(&self, author: AuthorId) -> bool {
        self.asked.contains_key(&author)
    }

    /// Up to here the server's history is the one that is held: the rest of it is asked for.
    pub fn heard_whole(&mut self, author: AuthorId, up_to: Head) {
        if let Some(heard) = self.asked.get_mut(&author).filter(|heard| heard.seq < up_to.seq) {
            *heard = up_to;
            self.asks_anew = true;
        }
    }

    /// Nothing is asked for any more.
    pub fn has_whole(&mut self, author: AuthorId) {
        self.asked.remove(&author);
    }

    /// What this side says it can do from the next page on.
    pub fn set_capabilities(&mut self, capabilities: Capabilities) {
        self.offer.capabilities = capabilities;
    }

    /// When to poll again if nothing happens before.
    pub fn next_deadline(&self) -> u64 {
        self.in_flight.as_ref().map_or(self.due_ms, |sent| sent.deadline_ms)
    }

    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// What the server last said it holds; a record above is not safe there yet.
    pub fn server_heads(&self) -> Option<&Heads> {
        self.server_heads.as_ref()
    }

    pub fn agreed(&self) -> Option<Agreed> {
        self.agreed
    }

    /// Failures since the last good reply: above zero the device is offline for all it knows.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Nothing is pushed before the server said what it holds.
    fn fill<S: Source>(&mut self, now_ms: u64, source: &S, heads: &Heads) -> Result<Sending, S::Error> {
        self.held_back.retain(|_, until_ms| now_ms < *until_ms);
        let Some(server_heads) = &self.server_heads else {
            return Ok(Sending::default());
        };
        // Those held back count as if the server had them.
        let mut theirs = server_heads.clone();
        let held = self.held_back.keys().filter_map(|author| Some((*author, *heads.get(author)?)));
        theirs.extend(held);
        for (author, offered) in self.offered.iter().filter(|(_, offered)| offered.due_ms <= now_ms) {
            match offered.from_seq.saturating_sub(1) {
                0 => theirs.remove(author),
                seq => theirs.insert(*author, Head { seq, hash: NO_RECORD }),
            };
        }
        let filled = fill(source, &theirs, Budget::PAGE)?;
        if filled.runs.is_empty() && !self.beside.is_empty() {
            return self.fill_beside(now_ms, source, filled);
        }
        Ok(Sending { filled, beside: None })
    }

    /// A part of one author's other history, if the page would be empty otherwise.
    fn fill_beside<S: Source>(
        &mut self,
        now_ms: u64,
        source: &S,
        mut filled: Filled,
    ) -> Result<Sending, S::Error> {
        while let Some((author, at)) = self.beside.iter().find(|(_, at)| at.due_ms <= now_ms) {
            let (author, records) = (*author, alone(source.beside(*author, at.handed_in)?));
            let count = records.len();
            if let Ok(run) = Run::from_records(records) {
                filled.runs.push(run);
                return Ok(Sending { filled, beside: Some((author, count)) });
            }
            self.beside.remove(&author);
        }
        Ok(Sending { filled, beside: None })
    }

    fn send(&mut self, now_ms: u64, heads: Heads, sending: Sending, asks: &[Ask]) -> Page {
        let Sending { filled, beside } = sending;
        let may_ask = self.agreed.is_none_or(|agreed| agreed.capabilities.contains(Capabilities::ASKS));
        let mut page = Page::new(self.log, self.sender, self.offer, self.epoch);
        page.number = self.next_number;
        page.heads = heads.clone();
        for (author, heard) in &self.asked {
            match heard.seq {
                0 => page.heads.remove(author),
                _ => page.heads.insert(*author, *heard),
            };
        }
        if may_ask {
            page.asks = asks.iter().take(ASKS_MAX).cloned().collect();
        }
        page.more = filled.more || asks.len() > ASKS_MAX;
        page.runs = filled.runs;
        self.next_number = self.next_number.wrapping_add(1);
        self.in_flight = Some(InFlight {
            number: page.number,
            deadline_ms: now_ms + self.timing.reply_ms,
            heads,
            pushed: match beside {
                None => page.runs.iter().map(|run| (run.author, run.last_seq())).collect(),
                Some(_) => Vec::new(),
            },
            beside,
        });
        page
    }

    fn judge(&self, page: &Page) -> Result<(Agreed, EpochStep), ReplyRefused> {
        let agreed = agree(self.offer, page.offer())?;
        let step = if page.epoch == self.epoch {
            EpochStep::Same
        } else if self.epoch == Epoch::UNKNOWN {
            EpochStep::First
        } else if page.epoch.counter > self.epoch.counter {
            EpochStep::Newer { from: self.epoch }
        } else {
            return Err(ReplyRefused::StaleEpoch { ours: self.epoch, theirs: page.epoch });
        };
        Ok((agreed, step))
    }

    /// What the server did not take is not offered again at once: it has its reasons, and others wait.
    fn hold_back(&mut self, now_ms: u64, sent: &InFlight, before: &Heads, after: &Heads) {
        for (author, last_seq) in &sent.pushed {
            let held = after.get(author);
            let is_forked = held.zip(sent.heads.get(author)).is_some_and(|(a, b)| a.seq == b.seq && a != b);
            let was_taken = held.is_some_and(|head| head.seq >= *last_seq) && !is_forked;
            if !was_taken && held == before.get(author) {
                self.held_back.insert(*author, now_ms + HOLD_BACK_MS);
            }
        }
    }

    fn go_on_offering(&mut self, sent: &InFlight) {
        for (author, last_seq) in &sent.pushed {
            let Some(offered) = self.offered.get_mut(author) else { continue };
            offered.from_seq = offered.from_seq.max(last_seq + 1);
            if sent.heads.get(author).is_none_or(|head| *last_seq >= head.seq) {
                self.offered.remove(author);
            }
        }
    }

    /// A page may be damaged on its way, and a server may have lost what it had: what it refuses of a chain that
    /// was offered as a whole is not known there, and the offer begins anew.
    fn offer_again(&mut self, now_ms: u64, sent: &InFlight, verdicts: &[Verdict]) {
        let due_ms = now_ms + HOLD_BACK_MS;
        let refused = |author: AuthorId| {
            verdicts.iter().any(|verdict| verdict.code == NOT_TAKEN && verdict.author == author)
        };
        for author in self.were_offered.iter().filter(|author| refused(**author)) {
            self.offered.insert(*author, Offered { from_seq: 1, due_ms });
        }
        if let Some((author, count)) = sent.beside
            && let Some(at) = self.beside.get_mut(&author)
        {
            *at = match refused(author) {
                true => Beside { handed_in: 0, due_ms },
                false => Beside { handed_in: at.handed_in + count, due_ms: 0 },
            };
        }
    }

    fn back_off(&mut self, now_ms: u64) {
        self.follow_up = None;
        let longest_ms = self.timing.retry_max_ms;
        let doubled_ms =
            1u64.checked_shl(self.failures).and_then(|n| n.checked_mul(self.timing.retry_first_ms));
        let wait_ms = doubled_ms.unwrap_or(longest_ms).min(longest_ms);
        self.failures = self.failures.saturating_add(1).min(u64::BITS);
        self.due_ms = now_ms + wait_ms / 2 + self.random_up_to(wait_ms / 2);
    }

    fn rest(&mut self, now_ms: u64) {
        let idle_ms = self.timing.idle_ms;
        self.due_ms = now_ms + idle_ms - idle_ms / 8 + self.random_up_to(idle_ms / 8);
    }

    /// SplitMix64: enough to keep devices from knocking all at once.
    fn random_up_to(&mut self, max: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % max.saturating_add(1)
    }
}

impl FollowUp {
    /// Whether another page at once would bring anything. Without any movement on either side it would bring
    /// the same again, whatever anybody claims to have.
    fn goes_on(&self, heads: &Heads, filled: &Filled, asks: &[Ask]) -> bool {
        let has_moved = self.server_moved || self.heads != *heads;
        let is_wanted = self.server_has_more || !filled.runs.is_empty();
        has_moved && is_wanted || self.was_answered && !asks.is_empty()
    }
}
