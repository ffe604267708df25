//! Exchanging pages with the server. Whoever owns the network carries the bytes; everything that arrives is
//! stored and followed in one transaction before anything else happens.

use std::collections::BTreeSet;

use soko_app_api::{QueryKey, Said, Saying};
use soko_domain::entry::{Entry, IncidentKind, Kind};
use soko_domain::ids::{AuthorId, LogId};
use soko_domain::verbs::count_stock;
use soko_projection::{counts, read as facts};
use soko_record_log::log::{LogSource, beside};
use soko_record_log::{StoreError, log};
use soko_replication::limits::ASKS_MAX;
use soko_replication::session::{EpochStep, Progress, ReplyRefused};
use soko_replication::{Capabilities, Head, Heads, Page, Record, Refused, Run, Session};

use crate::engine::Engine;
use crate::failure::{Failure, NotDone};
use crate::identity;
use crate::identity::FrozenWhy;
use crate::options::Now;
use crate::own::{self, StallRow};
use crate::verbs::{self, GivenBack, return_share};
use crate::weaken::Sabotage;
use crate::write::{Around, Writing, commit};

/// Recalls that are answered with one page; the rest with the next.
const RECALLS_MAX: usize = 64;
/// Counts that are marked with one page; the rest with the next.
const COUNTS_MARKED_MAX: usize = 500;
/// Units of its share that a register keeps when the server asks for them: the next buyer may be at the table.
pub const LOW_WATER_UNITS: i64 = 1;

/// What a page from the server brought.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Taken {
    /// New records.
    pub records: usize,
    /// Why the page was dropped as a whole. Expected of late and repeated ones.
    pub dropped: Option<String>,
    /// What of it was not kept, and why.
    pub refused: Vec<Said>,
    /// The server began another life.
    pub server_restored: bool,
    /// The server holds less than it said before, in the same life: it lost data without noticing.
    pub server_went_back: bool,
    /// This register was found not to be the only one of its author, and is frozen now.
    pub frozen: Option<FrozenWhy>,
    /// Records say the same here and there, and what was derived from them does not.
    pub state_differs: bool,
    /// Authors with two histories of whom the server's is held now, and the other one kept beside.
    pub changed_branch: usize,
}

impl Engine {
    /// The next page for the server, if it is time. `now_ms` only grows; it need not be a time of day.
    pub fn poll_page(&mut self, stall: LogId, now_ms: u64) -> Result<Option<Vec<u8>>, Failure> {
        self.settle()?;
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        if std::mem::take(&mut known.wants_to_send) {
            known.session.wake(now_ms);
        }
        let (session, author) = (&mut known.session, known.row.author);
        let page = self.db.read::<_, StoreError>(|tx| {
            session.set_capabilities(if facts::is_outdated(tx, stall, author)? {
                Capabilities::ALL.without(Capabilities::SHARES)
            } else {
                Capabilities::ALL
            });
            let asks = own::asks_waiting(tx, stall, ASKS_MAX + 1)?;
            session.poll_page(now_ms, &LogSource::new(tx, stall), &asks)
        })?;
        let Some(page) = page else { return Ok(None) };
        known.in_flight = Some(page.number);
        #[cfg(feature = "sabotage")]
        if self.weakened.is(Sabotage::AbsoluteQuota) {
            let author = known.row.author;
            let shares = self.db.read::<_, StoreError>(|tx| facts::shares_of(tx, stall, author))?;
            known.quota.ask(shares);
        }
        Ok(Some(page.encode()?))
    }

    /// The page could not be sent, or got no good reply.
    pub fn failed(&mut self, stall: LogId, now_ms: u64) {
        let Some(known) = self.stalls.get_mut(&stall) else { return };
        if let Some(number) = known.in_flight.take() {
            known.session.failed(number, now_ms);
        }
    }

    /// The server says that there is something new: the next page goes at once.
    pub fn wake(&mut self, stall: LogId, now_ms: u64) {
        if let Some(known) = self.stalls.get_mut(&stall) {
            known.session.wake(now_ms);
        }
    }

    /// A person wants it now, or the server was heard again: a wait after failures ends.
    pub fn hurry(&mut self, stall: LogId, now_ms: u64) {
        if let Some(known) = self.stalls.get_mut(&stall) {
            known.session.hurry(now_ms);
        }
    }

    /// When to poll again if nothing happens before; 0 when something was written since the last time.
    pub fn next_deadline(&self, stall: LogId) -> Option<u64> {
        let known = self.stalls.get(&stall)?;
        Some(if known.wants_to_send { 0 } else { known.session.next_deadline() })
    }

    /// Takes the server's page. What it brings is on the disk when this answers. A page that is none, or comes
    /// late, changes nothing.
    pub fn take_page(&mut self, stall: LogId, bytes: &[u8], now_ms: u64, now: Now) -> Result<Taken, Failure> {
        self.settle()?;
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        let page = match Page::decode(bytes) {
            Ok(page) => page,
            Err(error) => {
                let dropped = Some(error.to_string());
                self.failed(stall, now_ms);
                return Ok(Taken { dropped, ..Taken::default() });
            }
        };
        let server_heads = page.heads.clone();
        let before = known.session.clone();
        let progress = match known.session.handle_page(page, now_ms) {
            Ok(progress) => progress,
            Err(refused) => return self.drop_page(stall, &refused),
        };
        let seeds = self.seeds();
        let weakened = self.weakened;
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        let arrival = Arrival { progress, server_heads, seeds };
        let around = Around { stall: known, now, weakened };
        let (taken, after) = match commit(&mut self.db, around, |writing| arrival.take(writing)) {
            Ok(kept) => kept,
            Err(failure) => {
                self.page_was_not_kept(stall, before, now_ms);
                return Err(failure);
            }
        };
        if let Some(known) = self.stalls.get_mut(&stall) {
            known.in_flight = None;
        }
        self.settle_identity(stall, &taken)?;
        self.finish(stall, after);
        Ok(taken)
    }

    /// Ids for what the register writes by itself in answer.
    pub(crate) fn seeds(&mut self) -> Vec<[u8; 16]> {
        (0..RECALLS_MAX).map(|_| self.random()).collect()
    }

    /// The conversation goes on where it was before the page came, after a wait.
    fn page_was_not_kept(&mut self, stall: LogId, before: Session, now_ms: u64) {
        if let Some(known) = self.stalls.get_mut(&stall) {
            known.session = before;
        }
        self.failed(stall, now_ms);
    }

    /// Says why nothing is exchanged, where a person can do something about it.
    fn drop_page(&mut self, stall: LogId, refused: &ReplyRefused) -> Result<Taken, Failure> {
        let saying = match refused {
            ReplyRefused::Version(_) => Some(Saying::VersionsApart),
            ReplyRefused::StaleEpoch { .. } => Some(Saying::OldServer),
            ReplyRefused::WrongLog { .. } => Some(Saying::OtherStall),
            ReplyRefused::NotAwaited => None,
        };
        let trouble = saying.map(|saying| saying.plain(refused));
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        if trouble.is_some() && known.row.trouble != trouble {
            // Kept in memory only: it may be gone with the next reply.
            known.row.trouble = trouble;
            known.changed([QueryKey::Status]);
        }
        Ok(Taken { dropped: Some(refused.to_string()), ..Taken::default() })
    }

    /// A frozen register has no pen. One that goes on by a weakened rule writes behind what the server told it.
    fn settle_identity(&mut self, stall: LogId, taken: &Taken) -> Result<(), Failure> {
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        if taken.frozen.is_some() {
            known.pen = None;
        } else if taken.records > 0 && self.weakened.is(Sabotage::NoRestoreCheck) && known.pen.is_some() {
            let (row, content) = (&known.row, Some(&self.vault_content));
            let resumed = self.db.read::<_, StoreError>(|tx| identity::resume(tx, row, content))?;
            known.pen = resumed.ok();
        }
        Ok(())
    }
}

/// A good reply, on its way into the store.
struct Arrival {
    progress: Progress,
    server_heads: Heads,
    /// Ids for what the register writes by itself in answer.
    seeds: Vec<[u8; 16]>,
}

impl Arrival {
    fn take(self, writing: &mut Writing<'_>) -> Result<Taken, Failure> {
        let Self { progress, server_heads, seeds } = self;
        let mut taken = Taken {
            server_restored: matches!(progress.epoch, EpochStep::Newer { .. }),
            server_went_back: progress.server_went_back,
            ..Taken::default()
        };
        taken.frozen = doubt(writing, &server_heads)?;
        let mut records = Vec::new();
        let mut forked = BTreeSet::new();
        if !progress.runs.is_empty() {
            writing.hears()?;
        }
        for run in progress.runs {
            take_run(writing, run, &mut records, (&mut taken, &mut forked))?;
        }
        taken.records = records.len();
        if writing.weakened.is(Sabotage::ArrivalsUnfollowed) {
            records.retain(|record| record.kind != Kind::SaleMade.number());
        }
        match taken.changed_branch {
            0 => writing.follow(&records)?,
            _ => writing.follow_all()?,
        }
        if taken.frozen.is_none() && writing.stall.pen.is_some() && told_of_fork(writing, &records)? {
            taken.frozen = Some(FrozenWhy::Forked);
        }
        #[cfg(feature = "sabotage")]
        believe(writing, &records)?;
        for answer in &progress.answers {
            if own::answer_ask(writing.tx, answer.ask, &answer.body)? {
                writing.changed([QueryKey::Ask(answer.ask), QueryKey::Status]);
                let about = own::asked(writing.tx, answer.ask)?.and_then(|ask| ask.product());
                writing.changed(about.map(QueryKey::Stock));
            }
        }
        if !progress.verdicts.is_empty() {
            writing.changed([QueryKey::Parked]);
        }
        confirm_returns(writing, &server_heads)?;
        hears_all(writing, &server_heads)?;
        meet_branches(writing, &server_heads, &forked)?;
        if writing.stall.session.asks_beside() {
            let authors = beside::authors(writing.tx, writing.log)?;
            writing.stall.session.offer_beside(authors);
        }
        if taken.frozen.is_none() {
            answer_what_came(writing, seeds)?;
        }
        keep_row(writing, &mut taken)?;
        taken.state_differs = match progress.state_digest {
            Some(theirs) => state_differs(writing, &server_heads, theirs)?,
            None => false,
        };
        Ok(taken)
    }
}

/// Whether what the server holds of this author shows that this is not the only one, or was set back.
pub(crate) fn doubt(writing: &mut Writing<'_>, server_heads: &Heads) -> Result<Option<FrozenWhy>, Failure> {
    let (log, me) = (writing.log, writing.me);
    if writing.stall.pen.is_none() || writing.weakened.is(Sabotage::NoRestoreCheck) {
        return Ok(None);
    }
    let Some(theirs) = server_heads.get(&me) else { return Ok(None) };
    let ours = log::hash_at(writing.tx, log, &me, theirs.seq)?;
    Ok(match ours {
        None => Some(FrozenWhy::Behind),
        Some(ours) if ours != theirs.hash => Some(FrozenWhy::Forked),
        Some(_) => None,
    })
}

/// Whether the server says that two histories of this author exist. It says so to both who wrote them.
pub(crate) fn told_of_fork(writing: &mut Writing<'_>, records: &[Record]) -> Result<bool, Failure> {
    let weakened = writing.weakened;
    if weakened.is(Sabotage::NoRestoreCheck) || weakened.is(Sabotage::NoCloneCheck) {
        return Ok(false);
    }
    for record in records {
        let (Some(Kind::IncidentRaised), Some(body)) = (Kind::from_number(record.kind), record.body.bytes())
        else {
            continue;
        };
        let Ok((_, Entry::IncidentRaised(raised))) = Entry::from_body(Kind::IncidentRaised, body) else {
            continue;
        };
        let writer = log::known(writing.tx, writing.log, &record.author)?;
        let is_server =
            writer.is_some_and(|known| writing.stall.trust.server_keys.contains(&known.public_key));
        if is_server && raised.kind == IncidentKind::Fork && raised.author == Some(writing.me) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Appends what is new and proven of a run. What is not proven is dropped and said.
fn take_run(
    writing: &mut Writing<'_>,
    run: Run,
    records: &mut Vec<Record>,
    (taken, forked): (&mut Taken, &mut BTreeSet<AuthorId>),
) -> Result<(), Failure> {
    let (log, author) = (writing.log, run.author);
    if writing.weakened.is(Sabotage::UnchainedLog) {
        return take_unchained(writing, run, records);
    }
    let end = run.last_seq();
    match log::judge(writing.tx, log, run)? {
        Ok(accepted) => {
            log::append_with_ids(writing.tx, accepted.records_with_ids())?;
            records.extend(accepted.records);
            if let Some(hash) = log::hash_at(writing.tx, log, &author, end)? {
                writing.stall.session.heard_whole(author, Head { seq: end, hash });
            }
        }
        Err(Refused::Fork { seq, .. }) if author == writing.me => {
            taken.frozen = Some(FrozenWhy::Forked);
            let sentence = format!("record {seq} of this register was written twice");
            taken.refused.push(Saying::WrittenTwice.plain(sentence));
        }
        Err(Refused::Fork { branch, .. }) if writing.stall.session.asks_whole(author) => {
            change_branch(writing, &branch)?;
            taken.changed_branch += 1;
            records.extend(branch);
        }
        Err(refused @ Refused::Fork { .. }) => {
            forked.insert(author);
            taken.refused.push(chain_refused(writing, author, &refused)?);
        }
        Err(refused) => taken.refused.push(chain_refused(writing, author, &refused)?),
    }
    Ok(())
}

/// Whose records were not taken, by the name that people call the device.
pub(crate) fn chain_refused(
    writing: &mut Writing<'_>,
    author: AuthorId,
    refused: &Refused,
) -> Result<Said, Failure> {
    let device = facts::device(writing.tx, writing.log, author)?;
    let name = device.map(|device| device.name).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| author.to_string());
    Ok(Saying::ChainRefused.said(&name, format!("{name}: {refused}")))
}

/// Takes records as they come, whoever signed them and whatever is missing before them.
fn take_unchained(writing: &mut Writing<'_>, run: Run, records: &mut Vec<Record>) -> Result<(), Failure> {
    let (log, author) = (writing.log, run.author);
    let head = log::head(writing.tx, log, &author)?.map_or(0, |head: Head| head.seq);
    for record in run.into_records(log).into_iter().filter(|record| record.seq > head) {
        // What does not fit the chain cannot be stored; its effect is taken all the same.
        let _ = soko_record_log::savepoint(writing.tx, |tx| log::append(tx, std::slice::from_ref(&record)))?;
        records.push(record);
    }
    Ok(())
}

/// Units that were given back can be promised by the shop once the server has the record.
fn confirm_returns(writing: &mut Writing<'_>, server_heads: &Heads) -> Result<(), Failure> {
    let log = writing.log;
    for author in own::returning_authors(writing.tx, log)? {
        let Some(head) = server_heads.get(&author) else { continue };
        let products = own::returns_confirmed(writing.tx, log, author, head.seq)?;
        writing.changed(products.into_iter().map(QueryKey::Stock));
    }
    Ok(())
}

/// The server's history is held now; what stood in its place was handed in before and is kept beside the log.
fn change_branch(writing: &mut Writing<'_>, branch: &[Record]) -> Result<(), Failure> {
    let log = writing.log;
    let with_ids = branch.iter().map(|record| (record.id(), record));
    for record in log::change_branch(writing.tx, log, with_ids)? {
        beside::keep(writing.tx, &record)?;
    }
    Ok(())
}

/// Where the server's history of an author is another than ours, or goes on where ours ends, both branches hold facts:
/// ours is offered as a whole, whoever wrote it. Then the server's is taken, since what it holds is what everybody
/// goes by; but this device keeps what it wrote itself.
fn meet_branches(
    writing: &mut Writing<'_>,
    server_heads: &Heads,
    forked: &BTreeSet<AuthorId>,
) -> Result<(), Failure> {
    let log = writing.log;
    let own = own::authors(writing.tx, log)?;
    let ours = log::heads(writing.tx, log)?;
    for (author, theirs) in server_heads {
        let (author, is_own) = (*author, own.contains(author));
        let other = has_other_branch(writing, author, (ours.get(&author), theirs), is_own)?;
        let session = &mut writing.stall.session;
        if forked.contains(&author) || other == Some(true) {
            session.offer_whole(author);
            if !is_own && session.was_offered_whole(author) {
                session.ask_whole(author);
            }
        } else if other == Some(false) {
            session.has_whole(author);
        }
    }
    Ok(())
}

/// Nothing if it cannot be said yet: a longer history of somebody else may go on from ours.
fn has_other_branch(
    writing: &mut Writing<'_>,
    author: AuthorId,
    (ours, theirs): (Option<&Head>, &Head),
    is_own: bool,
) -> Result<Option<bool>, Failure> {
    let Some(ours) = ours else { return Ok(None) };
    if ours.seq < theirs.seq {
        return Ok(is_own.then_some(true));
    }
    Ok(Some(
        ours != theirs && log::hash_at(writing.tx, writing.log, &author, theirs.seq)? != Some(theirs.hash),
    ))
}

/// What the register does by itself once it heard more.
pub(crate) fn answer_what_came(writing: &mut Writing<'_>, seeds: Vec<[u8; 16]>) -> Result<(), Failure> {
    answer_recalls(writing, seeds)?;
    mark_counts(writing)?;
    verbs::take_rest(writing)
}

/// The server may only ask for a share back; the register gives what it can spare.
fn answer_recalls(writing: &mut Writing<'_>, seeds: Vec<[u8; 16]>) -> Result<(), Failure> {
    let (log, me) = (writing.log, writing.me);
    let revoked = writing.device(me)?.is_some_and(|device| device.revoked);
    if writing.stall.pen.is_none() || revoked || facts::is_outdated(writing.tx, log, me)? {
        return Ok(());
    }
    for ((recall, product, wanted), seed) in
        facts::recalls(writing.tx, log, me, RECALLS_MAX)?.into_iter().zip(seeds)
    {
        // Whoever stands with a card at another register needs all of it.
        let is_value = soko_projection::read_customers::is_purse(writing.tx, log, product)?;
        let kept = if is_value { 0 } else { LOW_WATER_UNITS };
        let spare = writing.own_share(product)? - kept;
        let quantity = wanted.min(spare);
        if quantity <= 0 {
            continue;
        }
        let share = soko_domain::ids::ThingId(seed);
        match return_share(writing, GivenBack { share, product, quantity, recall: Some(recall) }) {
            Ok(_) | Err(NotDone::Refused(_)) => {}
            Err(NotDone::Failed(failure)) => return Err(failure),
        }
    }
    Ok(())
}

/// Says where this register's chain stands when somebody elsewhere begins to count.
fn mark_counts(writing: &mut Writing<'_>) -> Result<(), Failure> {
    let (log, me) = (writing.log, writing.me);
    let revoked = writing.device(me)?.is_some_and(|device| device.revoked);
    if writing.stall.pen.is_none() || revoked {
        return Ok(());
    }
    let unmarked = counts::unmarked(writing.tx, log, me, COUNTS_MARKED_MAX)?;
    let marks: Vec<Entry> = unmarked.into_iter().flat_map(count_stock::decide_mark).collect();
    if !marks.is_empty() {
        writing.write(marks)?;
    }
    Ok(())
}

/// Keeps the epoch and the register's state, if they changed.
fn keep_row(writing: &mut Writing<'_>, taken: &mut Taken) -> Result<(), Failure> {
    let mut row = writing.stall.row.clone();
    row.epoch = writing.stall.session.epoch();
    row.frozen = row.frozen.or(taken.frozen);
    row.trouble = match taken.refused.first() {
        Some(refused) => Some(refused.clone()),
        None if taken.server_went_back => {
            let sentence = "the server lost records that it had confirmed; they are sent again";
            Some(Saying::ServerWentBack.plain(sentence))
        }
        None => None,
    };
    change_row(writing, row)
}

pub(crate) fn change_row(writing: &mut Writing<'_>, row: StallRow) -> Result<(), Failure> {
    if row != writing.stall.row {
        own::update_stall(writing.tx, &row)?;
        writing.after.generation = Some(0);
        writing.after.row = Some(row);
        writing.changed([QueryKey::Status]);
    }
    Ok(())
}

/// Whoever has all that the server has knows the days that are over.
fn hears_all(writing: &mut Writing<'_>, server_heads: &Heads) -> Result<(), Failure> {
    let ours = log::heads(writing.tx, writing.log)?;
    let has =
        |(author, theirs): (&AuthorId, &Head)| ours.get(author).is_some_and(|our| our.seq >= theirs.seq);
    if server_heads.iter().all(has) {
        writing.knows_all()?;
    }
    Ok(())
}

/// Compares derived state where both hold the same records.
fn state_differs(
    writing: &mut Writing<'_>,
    server_heads: &Heads,
    theirs: soko_domain::ids::Hash,
) -> Result<bool, Failure> {
    let log = writing.log;
    let comparable = log::heads(writing.tx, log)? == *server_heads;
    Ok(comparable && soko_projection::running_digest(writing.tx, log)? != theirs)
}

/// Under the rule that a grant sets a share instead of adding to it.
#[cfg(feature = "sabotage")]
fn believe(writing: &mut Writing<'_>, records: &[Record]) -> Result<(), Failure> {
    use soko_domain::stock::Account;

    if !writing.weakened.is(Sabotage::AbsoluteQuota) {
        return Ok(());
    }
    let (log, me) = (writing.log, writing.me);
    for record in records {
        let (Some(Kind::ShareGranted), Some(body)) = (Kind::from_number(record.kind), record.body.bytes())
        else {
            continue;
        };
        let Ok((_, Entry::ShareGranted(granted))) = Entry::from_body(Kind::ShareGranted, body) else {
            continue;
        };
        if granted.to == me {
            let share = facts::balance(writing.tx, log, granted.product, Account::Share(me))?;
            writing.stall.quota.grant(granted.product, share - granted.quantity);
        }
    }
    Ok(())
}
