//! Promises that take a look at whole databases: conservation, chains, equal state.

use std::collections::BTreeMap;

use soko_domain::entry::RecordParked;
use soko_domain::ids::{AuthorId, Hash, LogId, ShiftId};
use soko_domain::stock::Account;
use soko_projection::read_desk;
use soko_record_log::{StoreError, Tx, params};
use soko_replication::{Heads, heads_digest};

use crate::broken::{Broken, broken};
use crate::model::{GENUINE, NO_FORK};
use crate::server::STALL;
use crate::world::World;

pub(crate) const SAME_STATE: &str = "equal records make equal state";
pub(crate) const CONSERVED: &str = "units move and never appear or vanish";
pub(crate) const COVERED: &str = "the shop holds what it has promised";
pub(crate) const SOUND: &str = "chains are whole and tables follow from them";
pub(crate) const REVOKED: &str = "nothing is left with a revoked device";
pub(crate) const REPORTED: &str = "a shift's report has what its sales come to";
pub(crate) const PARKED_ALONE: &str = "a bad record parks nothing but what it belongs to";
pub(crate) const REASON: &str = "what is parked is kept with its reason";

impl World<'_> {
    /// Every replica's sums, chain ends and, where records are equal, state: by the digest that moves with each write, or `whole`, by one
    /// that is made anew of the tables.
    pub(crate) fn check_replicas(&mut self, whole: Whole) -> Result<(), Broken> {
        let server_heads = self.server.heads()?;
        self.check_heads("the server", &server_heads)?;
        self.check_server()?;
        let totals = self.model.shift_totals(&server_heads);
        if let Some(what) = self.server.read(|tx| misreported(tx, &totals))? {
            return broken(REPORTED, format!("at the server {what}"));
        }
        let mut states: BTreeMap<Hash, (String, Hash)> = BTreeMap::new();
        let digest = self.server.read(|tx| whole.digest(tx))?;
        states.insert(heads_digest(STALL, &server_heads), ("the server".into(), digest));
        for at in 0..self.devices.len() {
            let Some(device) = self.devices.get_mut(at).filter(|device| !device.is_dead) else { continue };
            if let Some(what) = device.read(|tx| unbalanced(tx, STALL))? {
                return broken(CONSERVED, format!("at device {at} {what}"));
            }
            let (heads, digest) = (device.heads()?, device.read(|tx| whole.digest(tx))?);
            let totals = self.model.shift_totals(&heads);
            if let Some(what) = device.read(|tx| misreported(tx, &totals))? {
                return broken(REPORTED, format!("at device {at} {what}"));
            }
            let name = format!("device {at}");
            self.check_heads(&name, &heads)?;
            let key = heads_digest(STALL, &heads);
            match states.get(&key) {
                Some((other, state)) if *state != digest => {
                    return broken(SAME_STATE, format!("{other} and {name} hold the same records"));
                }
                Some(_) => {}
                None => {
                    states.insert(key, (name, digest));
                }
            }
        }
        Ok(())
    }

    /// What the server holds and has to hold.
    fn check_server(&mut self) -> Result<(), Broken> {
        if let Some(what) = self.server.read(|tx| unbalanced(tx, STALL))? {
            return broken(CONSERVED, format!("at the server {what}"));
        }
        // A restored server may have forgotten what covers a promise, until the devices have reported.
        let is_frozen = self.model.must_be_frozen();
        let short = self.server.read(|tx| overdrawn(tx, STALL))?;
        if let Some(what) = short.filter(|_| !is_frozen) {
            return broken(COVERED, what);
        }
        match self.server.read(|tx| left_with_revoked(tx, STALL, is_frozen))? {
            Some(what) => broken(REVOKED, what),
            None => Ok(()),
        }
    }

    /// A word that parks a record: that one has to be bad.
    pub(crate) fn check_parked(&self, parked: &RecordParked) -> Result<(), Broken> {
        let place = (parked.author, parked.seq);
        if self.bad.contains(&place) || self.model.excepted || self.model.doubled.contains(&parked.author) {
            return Ok(());
        }
        let RecordParked { author, seq, code, note } = parked;
        broken(PARKED_ALONE, format!("record {seq} of {author} is good: {code}, {note}"))
    }

    /// What is parked anywhere says why.
    fn check_reasons(&mut self) -> Result<(), Broken> {
        let here = self.server.read(|tx| unreasoned(tx, STALL))?;
        let mut found = here.map(|what| format!("at the server {what}"));
        for (at, device) in self.devices.iter_mut().enumerate().filter(|(_, device)| !device.is_dead) {
            let there = device.read(|tx| unreasoned(tx, STALL))?;
            found = found.or(there.map(|what| format!("at device {at} {what}")));
        }
        found.map_or(Ok(()), |what| broken(REASON, what))
    }

    /// The last record of each chain is the one that its author wrote there.
    fn check_heads(&self, name: &str, heads: &Heads) -> Result<(), Broken> {
        for (author, head) in heads {
            match self.model.wrote(*author, head.seq) {
                _ if self.model.doubled.contains(author) => {}
                Some(hash) if hash == head.hash => {}
                Some(_) => {
                    return broken(NO_FORK, format!("{name} has another record {} of {author}", head.seq));
                }
                None => {
                    return broken(GENUINE, format!("{name} has a record {} of {author}", head.seq));
                }
            }
        }
        Ok(())
    }

    /// Reads everything again: slow, so only at the end.
    pub(crate) fn verify_all(&mut self) -> Result<(), Broken> {
        self.check_reasons()?;
        let report = self.server.log_report()?;
        if !report.is_sound() {
            return broken(SOUND, format!("at the server: {report:?}"));
        }
        if !self.server.rebuild()? {
            return broken(SOUND, "the server's tables do not follow from its records");
        }
        for (at, device) in self.devices.iter_mut().enumerate().filter(|(_, device)| !device.is_dead) {
            let problems = device.verify()?;
            if !problems.is_empty() {
                return broken(SOUND, format!("at device {at}: {}", problems.join("; ")));
            }
        }
        Ok(())
    }
}

/// Which digest of a replica's state is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whole {
    Made,
    Kept,
}

impl Whole {
    fn digest(self, tx: &mut dyn Tx) -> Result<Hash, StoreError> {
        match self {
            Self::Made => soko_projection::state_digest(tx, STALL),
            Self::Kept => soko_projection::running_digest(tx, STALL),
        }
    }
}

/// A shift whose sales come to something else there.
fn misreported(tx: &mut dyn Tx, totals: &[((AuthorId, ShiftId), i64)]) -> Result<Option<String>, StoreError> {
    for ((author, shift), minor) in totals {
        let found = read_desk::shift(tx, STALL, (*author, *shift))?;
        let told = found.map_or(0, |found| found.sales_minor);
        if told != *minor {
            return Ok(Some(format!("shift {shift} of {author} has {told} of {minor}")));
        }
    }
    Ok(None)
}

/// What a revoked device holds after everything was made true. While the stall is frozen what covers its sales may still be on its way.
fn left_with_revoked(tx: &mut dyn Tx, stall: LogId, is_frozen: bool) -> Result<Option<String>, StoreError> {
    let (kind, _) = Account::Share(AuthorId::default()).parts();
    let row = tx.query_opt(
        "select b.whose, b.quantity from balance b join stall_device d on d.log = b.log and d.author = b.whose
         where b.log = $1 and b.account = $2 and d.revoked = 1
           and (b.quantity > 0 or (b.quantity < 0 and $3 = 0)) limit 1",
        params![stall, kind, i64::from(is_frozen)],
    )?;
    let Some(row) = row else { return Ok(None) };
    let author: AuthorId = row.id(0)?;
    Ok(Some(format!("{author} stands at {}", row.int(1)?)))
}

fn unreasoned(tx: &mut dyn Tx, stall: LogId) -> Result<Option<String>, StoreError> {
    let row =
        tx.query_opt("select author, seq from parked where log = $1 and note = '' limit 1", params![stall])?;
    let Some(row) = row else { return Ok(None) };
    let author: AuthorId = row.id(0)?;
    Ok(Some(format!("nobody knows why record {} of {author} is parked", row.int(1)?)))
}

/// A product whose accounts do not add up to nothing.
fn unbalanced(tx: &mut dyn Tx, stall: LogId) -> Result<Option<String>, StoreError> {
    let rows = tx.query(
        "select product, sum(quantity) from balance where log = $1 group by product
         having sum(quantity) <> 0 limit 1",
        params![stall],
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    let product: AuthorId = row.id(0)?;
    Ok(Some(format!("product {product} is off by {}", row.int(1)?)))
}

/// A share, a hold or the shop's own share below zero.
fn overdrawn(tx: &mut dyn Tx, stall: LogId) -> Result<Option<String>, StoreError> {
    let (pool, hold) = (Account::Pool.parts().0, 4_u8);
    let rows = tx.query(
        "select account, quantity from balance
         where log = $1 and account in ($2, $3) and quantity < 0 limit 1",
        params![stall, pool, hold],
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(format!("account {} stands at {}", row.int(0)?, row.int(1)?)))
}
