//! Promises that take a look at whole databases: conservation, chains, equal state.

use std::collections::BTreeMap;

use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_domain::stock::Account;
use soko_record_log::{StoreError, Tx, params};
use soko_replication::{Heads, heads_digest};

use crate::broken::{Broken, broken};
use crate::model::{GENUINE, NO_FORK};
use crate::server::STALL;
use crate::world::World;

pub(crate) const SAME_STATE: &str = "equal records make equal state";
const CONSERVED: &str = "units move and never appear or vanish";
const COVERED: &str = "the shop holds what it has promised";
const SOUND: &str = "chains are whole and tables follow from them";

impl World<'_> {
    /// Every replica's sums, chain ends and, where records are equal, state.
    pub(crate) fn check_replicas(&mut self) -> Result<(), Broken> {
        let server_heads = self.server.heads()?;
        self.check_heads("the server", &server_heads)?;
        if let Some(what) = self.server.read(|tx| unbalanced(tx, STALL))? {
            return broken(CONSERVED, format!("at the server {what}"));
        }
        // A restored server may have forgotten what covers a promise, until the devices have reported.
        let short = self.server.read(|tx| overdrawn(tx, STALL))?;
        if let Some(what) = short.filter(|_| !self.model.must_be_frozen()) {
            return broken(COVERED, what);
        }
        let mut states: BTreeMap<Hash, (String, Hash)> = BTreeMap::new();
        let digest = self.server.read(|tx| soko_projection::state_digest(tx, STALL))?;
        states.insert(heads_digest(STALL, &server_heads), ("the server".into(), digest));
        for at in 0..self.devices.len() {
            let Some(device) = self.devices.get_mut(at).filter(|device| !device.is_dead) else { continue };
            if let Some(what) = device.read(|tx| unbalanced(tx, STALL))? {
                return broken(CONSERVED, format!("at device {at} {what}"));
            }
            let (heads, digest) = (device.heads()?, device.state_digest()?);
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
