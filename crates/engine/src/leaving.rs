//! Leaving a stall: what a device may promise goes back first, then it writes nothing more until it knows whether the server heard that it
//! leaves, and then its copy goes. Who talks to the server is the device.

use soko_app_api::QueryKey;
use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_domain::people::Doer;
use soko_domain::refusal::Refusal;
use soko_projection::{read as facts, read_customers};
use soko_record_log::{StoreError, Tx, log, params};

use crate::engine::Engine;
use crate::failure::{Failure, NotDone};
use crate::identity::{self, FrozenWhy};
use crate::options::Now;
use crate::own;
use crate::people;
use crate::verbs::{GivenBack, return_share};
use crate::write::{Around, commit, register_role};

/// Shares that one transaction gives back; the rest with the next.
const GIVEN_BACK_MAX: usize = 500;
/// What belongs to a stall's imports, and has no other mark of it.
const OF_IMPORTS: [&str; 2] = ["own_import_row", "own_import_category"];
/// What has a stall's number here in place of its identity.
const BY_NUMBER: [&str; 2] = ["search_word", "search_product"];

/// What of a stall lies at this register alone.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LiesHere {
    pub is_shift_open: bool,
    /// Goods of which a share is here, and how many pieces that is.
    pub products: u32,
    pub pieces: i64,
    /// Gift cards, credit and points whose value is here.
    pub purses: u32,
    pub is_shut_out: bool,
    /// Records that somebody else wrote, or that say more than who this register is.
    pub has_records: bool,
}

impl Engine {
    /// What of a stall lies here alone, beside what is unsent.
    pub fn lies_here(&mut self, stall: LogId) -> Result<LiesHere, Failure> {
        self.settle()?;
        let me = self.stall(stall)?.row.author;
        Ok(self.db.read::<_, StoreError>(|tx| lies_here(tx, stall, me))?)
    }

    /// Whether whoever is here may take this register out of the stall: where people say who they are, somebody who may shut devices out.
    pub fn may_leave(&mut self, stall: LogId) -> Result<(), NotDone> {
        let doer = self.doer_here(stall)?;
        let is_frozen = self.stall(stall)?.row.frozen.is_some();
        match doer {
            Doer::Nobody => Err(Refusal::Locked.into()),
            Doer::Person { role, .. } if !role.may_manage_devices() => Err(Refusal::NotAllowed.into()),
            // A copy would end the register that it is a copy of.
            Doer::Anybody | Doer::Person { .. } if is_frozen => Err(Refusal::RegisterFrozen.into()),
            Doer::Anybody | Doer::Person { .. } => Ok(()),
        }
    }

    /// Whether whoever is here may carry all that this register knows away in a file: where people say who they are,
    /// those who see all of it anyway.
    pub fn may_back_up(&mut self, stall: LogId) -> Result<(), NotDone> {
        let doer = self.doer_here(stall)?;
        match doer {
            Doer::Nobody => Err(Refusal::Locked.into()),
            Doer::Person { role, .. } if !role.may_manage_people() => Err(Refusal::NotAllowed.into()),
            Doer::Anybody | Doer::Person { .. } => Ok(()),
        }
    }

    /// Whether whoever is here may say if this register meets others, and whom it calls: where people say who they are, somebody who
    /// may let devices in.
    pub fn may_choose_to_meet(&mut self, stall: LogId) -> Result<(), NotDone> {
        let doer = self.doer_here(stall)?;
        match doer {
            Doer::Nobody => Err(Refusal::Locked.into()),
            Doer::Person { role, .. } if !role.may_manage_devices() => Err(Refusal::NotAllowed.into()),
            Doer::Anybody | Doer::Person { .. } => Ok(()),
        }
    }

    fn doer_here(&mut self, stall: LogId) -> Result<Doer, Failure> {
        self.settle()?;
        let known = self.stalls.get(&stall).ok_or(Failure::UnknownStall(stall))?;
        let found = self.db.read::<_, StoreError>(|tx| {
            let role = register_role(tx, known)?;
            people::doer(tx, known, role)
        });
        Ok(found?.0)
    }

    /// Gives back all that this register may promise, value of purses too; says of how many products that was.
    pub fn give_all_back(&mut self, stall: LogId, now: Now) -> Result<usize, NotDone> {
        self.settle()?;
        let mut given = 0;
        loop {
            let me = self.stall(stall)?.row.author;
            let (held, is_outdated) = self.db.read::<_, StoreError>(|tx| {
                Ok((facts::shares_of(tx, stall, me)?, facts::is_outdated(tx, stall, me)?))
            })?;
            let held = held.into_iter().filter(|(_, quantity)| *quantity > 0).take(GIVEN_BACK_MAX);
            let back: Vec<GivenBack> = held
                .map(|(product, quantity)| {
                    let share = ThingId(self.random());
                    GivenBack { share, product, quantity, recall: None }
                })
                .collect();
            if back.is_empty() {
                return Ok(given);
            }
            if is_outdated {
                return Err(Refusal::Outdated.into());
            }
            let weakened = self.weakened;
            let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
            if known.pen.is_none() {
                return Err(Refusal::RegisterFrozen.into());
            }
            let mut refused = None;
            let around = Around { stall: known, now, weakened };
            let (count, after) = commit(&mut self.db, around, |writing| {
                let mut count = 0;
                for one in back {
                    match return_share(writing, one) {
                        Ok(_) => count += 1,
                        Err(NotDone::Refused(why)) => refused = Some(why),
                        Err(NotDone::Failed(failure)) => return Err(failure),
                    }
                }
                Ok(count)
            })?;
            self.finish(stall, after);
            given += count;
            if let Some(why) = refused {
                return Err(NotDone::Refused(why));
            }
        }
    }

    /// Writes nothing more at this stall, durably, until it has left or stays. Answers who leaves, and the last record it wrote.
    pub fn seal(&mut self, stall: LogId) -> Result<(AuthorId, u64), Failure> {
        self.settle()?;
        let row = self.stall(stall)?.row.clone();
        let frozen = Some(row.frozen.unwrap_or(FrozenWhy::Leaving));
        let row = crate::own::StallRow { frozen, ..row };
        let head = self.db.transaction::<_, Failure>(|tx| {
            own::update_stall(tx, &row)?;
            Ok(log::head(tx, stall, &row.author)?.map_or(0, |head| head.seq))
        })?;
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        let author = row.author;
        known.row = row;
        known.pen = None;
        known.changed([QueryKey::Status, QueryKey::Devices]);
        Ok((author, head))
    }

    /// It stays after all, and goes on as who it was.
    pub fn unseal(&mut self, stall: LogId) -> Result<(), Failure> {
        let row = self.stall(stall)?.row.clone();
        if row.frozen != Some(FrozenWhy::Leaving) {
            return Ok(());
        }
        let content = Some(&self.vault_content);
        let (row, pen) = self.db.transaction::<_, Failure>(|tx| {
            let resumed = identity::resume(tx, &row, content)?;
            let row = own::StallRow { frozen: resumed.as_ref().err().copied(), ..row };
            own::update_stall(tx, &row)?;
            Ok((row, resumed.ok()))
        })?;
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        known.row = row;
        known.pen = pen;
        known.changed([QueryKey::Status, QueryKey::Devices]);
        Ok(())
    }

    /// Whether it said that it leaves, and does not know yet whether that was heard.
    pub fn is_leaving(&self, stall: LogId) -> bool {
        self.frozen(stall) == Some(FrozenWhy::Leaving)
    }

    /// Every author that this device ever was at a stall, with the last record of each.
    pub fn own_heads(&mut self, stall: LogId) -> Result<Vec<(AuthorId, u64)>, Failure> {
        self.settle()?;
        self.stall(stall)?;
        Ok(self.db.read::<_, StoreError>(|tx| {
            let authors = own::authors(tx, stall)?;
            let head =
                |author: AuthorId| Ok((author, log::head(tx, stall, &author)?.map_or(0, |head| head.seq)));
            authors.into_iter().map(head).collect()
        })?)
    }

    /// Removes a stall from this device: its records, all that follows from them, and the keys with which this device signed. Other stalls
    /// stay as they are. In one transaction; done again, nothing happens.
    pub fn forget(&mut self, stall: LogId) -> Result<(), Failure> {
        self.settle()?;
        let Some(number) = self.stalls.get(&stall).map(|known| known.row.stall) else { return Ok(()) };
        let generation = self.db.transaction::<_, Failure>(|tx| {
            forget(tx, stall, number)?;
            Ok(own::next_generation(tx)?)
        })?;
        self.stalls.remove(&stall);
        self.leave_no_trace();
        self.vault.raise(generation)?;
        let mut content = self.vault_content.clone();
        content.secrets.retain(|(log, _), _| *log != stall);
        self.vault.store(&content)?;
        self.vault_content = content;
        Ok(())
    }
}

fn lies_here(tx: &mut dyn Tx, stall: LogId, me: AuthorId) -> Result<LiesHere, StoreError> {
    let mut lies = LiesHere {
        is_shift_open: facts::open_shift(tx, stall, me)?.is_some(),
        is_shut_out: facts::device(tx, stall, me)?.is_some_and(|device| device.revoked),
        ..LiesHere::default()
    };
    for (product, quantity) in facts::shares_of(tx, stall, me)? {
        if quantity > 0 && read_customers::is_purse(tx, stall, product)? {
            lies.purses += 1;
        }
    }
    let goods = facts::holders(tx, stall)?;
    let own = goods.iter().find(|held| held.account == soko_domain::stock::Account::Share(me));
    if let Some(held) = own {
        (lies.products, lies.pieces) = (held.products, held.pieces);
    }
    let introductions = u64::try_from(own::authors(tx, stall)?.len()).unwrap_or(u64::MAX);
    lies.has_records = log::count(tx, stall)? > introductions;
    Ok(lies)
}

/// Whatever has the stall's mark goes, in tables that a later version adds, too.
fn forget(tx: &mut dyn Tx, stall: LogId, number: i64) -> Result<(), StoreError> {
    for table in OF_IMPORTS {
        let sql =
            format!("delete from {table} where import in (select import from own_import where log = $1)");
        tx.execute(&sql, params![stall])?;
    }
    for table in BY_NUMBER {
        tx.execute(&format!("delete from {table} where stall = $1"), params![number])?;
    }
    tx.execute("delete from draft where instr(name, $1) > 0", params![stall.to_string()])?;
    let marked = tx.query(
        "select m.name from sqlite_master m where m.type = 'table'
           and exists (select 1 from pragma_table_info(m.name) c where c.name = 'log') order by m.name",
        &[],
    )?;
    for row in &marked {
        let table = row.text(0)?;
        tx.execute(&format!("delete from {table} where log = $1"), params![stall])?;
    }
    Ok(())
}
