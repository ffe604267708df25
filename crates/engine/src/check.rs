//! Proof on demand: chains, derived tables, copies of the facts, and what can be saved from a damaged database.

use soko_app_api::QueryKey;
use soko_domain::ids::{AuthorId, Hash, LogId, ThingId};
use soko_domain::wire::Wire as _;
use soko_projection::{LocalApplier, Trust};
use soko_record_log::log::{self, AppendError};
use soko_record_log::{Sqlite, StoreError, Tx, params};
use soko_replication::{Head, Introduction, Record};

use crate::engine::{Engine, schema};
use crate::failure::Failure;
use crate::identity::FrozenWhy;
use crate::own::{self, StallRow};
use crate::search::Changes;
use crate::write::index_one;

/// Records that are copied at a time.
const PORTION_RECORDS: usize = 1_000;
const PORTION_BYTES: usize = 4 * 1024 * 1024;
/// Products that are indexed at a time.
const PORTION_PRODUCTS: u32 = 500;

/// What reading everything again found at one stall.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogCheck {
    pub stall: LogId,
    pub records: u64,
    /// What is wrong with the chains, author by author.
    pub problems: Vec<String>,
    /// The digest of the derived tables as they are.
    pub digest: Hash,
    /// The digest of the same tables made anew from the records.
    pub rebuilt: Hash,
}

impl LogCheck {
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty() && self.digest == self.rebuilt
    }
}

impl Engine {
    /// Reads a stall's every record, proves the chains, and compares what was derived with a derivation anew.
    /// Nothing is changed.
    pub fn verify(&mut self, stall: LogId) -> Result<LogCheck, Failure> {
        self.settle()?;
        let trust = self.stall(stall)?.trust.clone();
        let report = self.db.transaction::<_, Failure>(|tx| Ok(log::verify(tx, stall)?))?;
        let mut problems: Vec<String> = report.problem.iter().map(ToString::to_string).collect();
        for author in &report.authors {
            problems.extend(author.problem.as_ref().map(|problem| format!("{}: {problem}", author.author)));
        }
        let mut digests = None;
        let dropped = self.db.transaction::<(), Failure>(|tx| {
            let digest = soko_projection::state_digest(tx, stall)?;
            if soko_projection::running_digest(tx, stall)? != digest {
                problems.push("the digest that is compared with others is not that of the tables".into());
            }
            soko_projection::rebuild(tx, stall, &trust, &mut LocalApplier)?;
            digests = Some((digest, soko_projection::state_digest(tx, stall)?));
            // The tables stay as they were.
            Err(Failure::Inconsistent("looked only".into()))
        });
        match (digests, dropped) {
            (Some((digest, rebuilt)), _) => {
                Ok(LogCheck { stall, records: report.records, problems, digest, rebuilt })
            }
            (None, Err(failure)) => Err(failure),
            (None, Ok(())) => Err(Failure::Inconsistent("a check ended without a digest".into())),
        }
    }

    /// The digest of a stall's derived tables: equal on devices that hold the same records.
    pub fn state_digest(&mut self, stall: LogId) -> Result<Hash, Failure> {
        self.settle()?;
        self.stall(stall)?;
        self.db.read::<_, Failure>(|tx| Ok(soko_projection::state_digest(tx, stall)?))
    }

    /// Makes a stall's derived tables and search index anew from its records.
    pub fn rebuild(&mut self, stall: LogId) -> Result<(), Failure> {
        self.settle()?;
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        let trust = known.trust.clone();
        let number = known.row.stall;
        let index = self.db.transaction::<_, Failure>(|tx| {
            soko_projection::rebuild(tx, stall, &trust, &mut LocalApplier)?;
            reindex(tx, known)?;
            Ok(crate::search::load(tx, number)?)
        })?;
        known.index = Some(index);
        known.changed([QueryKey::Everything]);
        Ok(())
    }

    /// A stall's records behind a position, in order of arrival, and the position to go on from; each is the
    /// record's own byte form. A frozen register and a full disk export like any other.
    pub fn export(&mut self, stall: LogId, after: u64, limit: usize) -> Result<(Vec<Vec<u8>>, u64), Failure> {
        self.stall(stall)?;
        let records = self.db.read::<_, StoreError>(|tx| log::since(tx, stall, after, limit))?;
        let position = records.last().map_or(after, |last| last.position);
        Ok((records.into_iter().map(|row| row.record.to_bytes()).collect(), position))
    }
}

fn reindex(tx: &mut dyn Tx, stall: &crate::stall::Stall) -> Result<(), StoreError> {
    let number = stall.row.stall;
    tx.execute("delete from search_product where stall = $1", params![number])?;
    tx.execute("delete from search_word where stall = $1", params![number])?;
    let (mut offset, mut words) = (0, Changes::default());
    loop {
        let portion = soko_projection::read::products(tx, stall.log(), (offset, PORTION_PRODUCTS))?;
        if portion.is_empty() {
            return Ok(());
        }
        for product in portion {
            index_one(tx, stall, product.product, &mut words)?;
        }
        offset += PORTION_PRODUCTS;
    }
}

/// What was saved from a damaged database.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Salvaged {
    pub stalls: Vec<LogId>,
    pub records: u64,
    /// What was lost, for the person who has to know: the server may still have it.
    pub lost: Vec<String>,
}

/// Copies every record that verifies out of a damaged database, which was set aside, into a fresh one. The
/// register that is opened on the fresh one is frozen: it sends what was saved and goes on as a new author.
pub fn salvage(damaged: &mut Sqlite, fresh: &mut Sqlite, store: ThingId) -> Result<Salvaged, Failure> {
    fresh.migrate(schema())?;
    let mut salvaged = Salvaged::default();
    // A whole file may be unreadable; then nothing is left but to say so.
    let stalls = match read(damaged, own::stalls) {
        Ok(stalls) => stalls,
        Err(error) => {
            salvaged.lost.push(format!("which stalls this register worked for: {error}"));
            Vec::new()
        }
    };
    let first_time = fresh.transaction::<_, Failure>(|tx| {
        if own::store_row(tx)?.is_some() {
            return Ok(false);
        }
        own::begin_store(tx, store)?;
        Ok(true)
    })?;
    if !first_time {
        return Err(Failure::Inconsistent("the database to salvage into is not a fresh one".into()));
    }
    for row in stalls {
        salvage_stall(damaged, fresh, row, &mut salvaged)?;
    }
    Ok(salvaged)
}

fn salvage_stall(
    damaged: &mut Sqlite,
    fresh: &mut Sqlite,
    row: StallRow,
    salvaged: &mut Salvaged,
) -> Result<(), Failure> {
    let stall = row.log;
    let keys = read(damaged, |tx| own::servers(tx, stall)).unwrap_or_default();
    match damaged.transaction::<_, StoreError>(|tx| log::verify(tx, stall)) {
        Ok(report) => {
            for author in &report.authors {
                if let Some(problem) = &author.problem {
                    salvaged
                        .lost
                        .push(format!("{} behind record {}: {problem}", author.author, author.proven));
                }
                salvaged.records += copy_chain(damaged, fresh, stall, (author.author, author.proven))?;
            }
        }
        Err(error) => salvaged.lost.push(format!("the records of stall {stall}: {error}")),
    }
    fresh.transaction::<_, Failure>(|tx| keep_stall(tx, row, &keys))?;
    salvaged.stalls.push(stall);
    Ok(())
}

fn read<T>(
    db: &mut Sqlite,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    db.read(work)
}

/// The stall as it was, frozen; its tables from what was saved.
fn keep_stall(tx: &mut dyn Tx, row: StallRow, keys: &[[u8; 32]]) -> Result<(), Failure> {
    let log = row.log;
    own::add_stall(tx, &StallRow { frozen: Some(FrozenWhy::Restored), ..row.clone() })?;
    for key in keys {
        own::add_server(tx, log, key)?;
    }
    if let Some(first) = log::record_at(tx, log, &row.author, 1)? {
        let introduction = first.body.bytes().and_then(|body| Introduction::from_bytes(body).ok());
        if let Some(introduction) = introduction {
            own::add_author(tx, log, row.author, &introduction)?;
        }
    }
    let trust = Trust { server_keys: keys.iter().copied().collect() };
    soko_projection::rebuild(tx, log, &trust, &mut LocalApplier)?;
    Ok(())
}

/// Copies what is proven of one chain, a portion at a time.
fn copy_chain(
    damaged: &mut Sqlite,
    fresh: &mut Sqlite,
    stall: LogId,
    (author, proven): (AuthorId, u64),
) -> Result<u64, Failure> {
    let mut next = 1;
    while next <= proven {
        let portion = damaged.read::<_, StoreError>(|tx| {
            log::range(tx, stall, &author, next, PORTION_RECORDS, PORTION_BYTES)
        })?;
        let proven_part: Vec<Record> = portion.into_iter().filter(|record| record.seq <= proven).collect();
        let Some(last) = proven_part.last() else { break };
        next = last.seq + 1;
        fresh.transaction::<_, AppendError>(|tx| log::append(tx, &proven_part).map(drop))?;
    }
    let copied = fresh.read::<_, StoreError>(|tx| log::head(tx, stall, &author))?;
    Ok(copied.map_or(0, |head: Head| head.seq))
}
