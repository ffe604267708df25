//! Documents are changed by child processes that may be kept busy for seconds, which must not happen while a
//! transaction is open. So a request first finds in its transaction what would have to be changed, and keeps nothing;
//! that is found out outside; then the request runs again and takes the answers, if the documents are still the same.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use soko_documents::{Applied, Refused};
use soko_domain::ids::{AuthorId, ThingId};
use soko_projection::{Applier, ApplyFailure, Pile, SortedOut, Work, sort_out};
use soko_replication::limits::RUNS_PER_PAGE_MAX;

/// How often a request's documents may move under it before it is sent away.
const MOVED_MAX: usize = 4;
/// Each run of a page may build on what another one of it did to the same document.
const ROUNDS_MAX: usize = RUNS_PER_PAGE_MAX + MOVED_MAX;
/// Changes of one author that may kill a child or keep it too long; after these, none of its is tried any more in
/// this request.
const STRIKES_MAX: u32 = 2;

/// What one request found out about its documents. Shared by the runs of its transaction.
#[derive(Debug, Default)]
pub struct Prepared(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wanted: Vec<Pile>,
    /// By document: an exchange may bring ten thousand of them.
    known: BTreeMap<ThingId, Vec<(Pile, SortedOut)>>,
    /// Piles of the round that runs, and the most of any round before, that were known when they were asked for.
    answered: usize,
    answered_most: usize,
    /// Rounds, and of these in how many no more was known than before.
    rounds: usize,
    moved: usize,
}

impl Inner {
    fn known(&self, pile: &Pile) -> Option<&SortedOut> {
        let of_document = self.known.get(&pile.document)?;
        of_document.iter().find(|(known, _)| known == pile).map(|(_, sorted)| sorted)
    }

    /// Each round gets further than the one before, unless somebody else changes its documents meanwhile.
    fn end_round(&mut self) -> Vec<Pile> {
        self.rounds += 1;
        self.moved += usize::from(self.answered <= self.answered_most && self.rounds > 1);
        self.answered_most = self.answered_most.max(std::mem::take(&mut self.answered));
        std::mem::take(&mut self.wanted)
    }
}

impl Prepared {
    /// Whether something must be found out before the request can go on.
    pub fn is_wanting(&self) -> bool {
        !self.lock().wanted.is_empty()
    }

    /// Whether its documents moved under it so often that it should try again another time.
    pub fn is_hopeless(&self) -> bool {
        let inner = self.lock();
        inner.moved >= MOVED_MAX || inner.rounds >= ROUNDS_MAX
    }

    /// Finds out what is wanted. Takes its time, so that no transaction may be open.
    pub fn find_out(&self, applier: &mut dyn Applier) -> Result<(), ApplyFailure> {
        let wanted = self.lock().end_round();
        let mut patient = Patient { applier, strikes: BTreeMap::new() };
        for pile in wanted {
            if self.lock().known(&pile).is_none() {
                let sorted = sort_out(&mut patient, &pile)?;
                self.lock().known.entry(pile.document).or_default().push((pile, sorted));
            }
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Inside the transaction: answers what is known and asks for the rest.
pub(super) struct Looked<'a>(pub(super) &'a Prepared);

impl Applier for Looked<'_> {
    fn apply(&mut self, _: &Work<'_>) -> Result<Applied, ApplyFailure> {
        Err(ApplyFailure::Stale)
    }

    fn sort_out(&mut self, pile: &Pile) -> Result<SortedOut, ApplyFailure> {
        let mut inner = self.0.lock();
        if let Some(sorted) = inner.known(pile).cloned() {
            inner.answered += 1;
            return Ok(sorted);
        }
        inner.wanted.push(pile.clone());
        Err(ApplyFailure::Stale)
    }
}

/// Gives up on an author whose changes kill whoever applies them.
struct Patient<'a> {
    applier: &'a mut dyn Applier,
    strikes: BTreeMap<AuthorId, u32>,
}

impl Applier for Patient<'_> {
    fn apply(&mut self, work: &Work<'_>) -> Result<Applied, ApplyFailure> {
        const KILLED: ApplyFailure = ApplyFailure::Refused(Refused::Panicked);
        let strikes = |author| self.strikes.get(author).copied().unwrap_or(0);
        if work.changes.iter().any(|(author, _)| strikes(author) >= STRIKES_MAX) {
            return Err(KILLED);
        }
        let applied = self.applier.apply(work);
        // A pile as a whole is no strike: the innocent ones of it are tried alone.
        if let ([(author, _)], Err(KILLED)) = (work.changes, &applied) {
            *self.strikes.entry(*author).or_default() += 1;
        }
        applied
    }
}
