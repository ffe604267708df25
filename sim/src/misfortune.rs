//! What befalls disks and whole machines beside what the step does. A step draws for it from its own word only
//! when the run has such a fault at all, so that older tapes mean what they meant.

use soko_app_api::Command;
use soko_record_log::sqlite::CommitFails;
use soko_record_log::{StoreError, log, params};

use crate::broken::{Broken, broken};
use crate::counters::Counter;
use crate::model::ONCE;
use crate::people::DURABLE;
use crate::plan::Knob;
use crate::server::STALL;
use crate::world::{ALL_DEVICES_MAX, World};

/// Steps between two of the same kind, on average and before the knob.
const STEPS_BETWEEN: u64 = 24;
const READ_RECORDS: usize = 5_000;
const READ_BYTES: usize = 64 << 20;
pub(crate) const HANDED_IN: &str = "what either branch of a forked history says reaches the server";

impl World<'_> {
    pub(crate) fn misfortune(&mut self) -> Result<(), Broken> {
        if self.comes(Knob::DiskFull) {
            self.fill_a_disk()?;
        }
        if self.comes(Knob::ServerSetBack) {
            self.set_server_back()?;
        }
        if self.comes(Knob::Twin) {
            self.start_twin()?;
        }
        if self.comes(Knob::OpenCounts)
            && let Some(at) = self.some_device()
        {
            let product = self.some_product();
            let count = self.open_count(at, product)?;
            if let Some(before) = self.opened.insert((at, product), count) {
                self.drop_count(at, before)?;
            }
        }
        if self.comes(Knob::Hurry) {
            self.sell_in_a_hurry()?;
        }
        if self.comes(Knob::Meet) {
            self.meet_two()?;
        }
        self.pay_step()?;
        self.deal_step()?;
        self.card_step()?;
        self.refund_step()
    }

    fn comes(&mut self, knob: Knob) -> bool {
        let strength = self.strength(knob);
        strength > 0 && self.choices.below(STEPS_BETWEEN) == 0 && self.choices.chance(strength)
    }

    /// Whether the disk answers the next commit with an error, and what it does then.
    pub(crate) fn disk_fault(&mut self) -> Option<CommitFails> {
        let strength = self.strength(Knob::DiskFails) / 8;
        if strength == 0 || !self.choices.chance(strength) {
            return None;
        }
        let kept = self.choices.chance(128);
        Some(if kept { CommitFails::ButIsKept } else { CommitFails::AndIsLost })
    }

    /// Somebody's disk runs full, or what was full is emptied.
    fn fill_a_disk(&mut self) -> Result<(), Broken> {
        let is_full = self.choices.chance(170);
        self.trace.note("disks", &[u64::from(is_full)], || format!("full: {is_full}"));
        if self.choices.chance(80) {
            return Ok(self.server.set_disk_full(is_full)?);
        }
        let Some(at) = self.some_device() else { return Ok(()) };
        self.devices.get_mut(at).map_or(Ok(()), |device| device.set_disk_full(is_full))
    }

    pub(crate) fn empty_disks(&mut self) -> Result<(), Broken> {
        self.server.set_disk_full(false)?;
        self.devices.iter_mut().try_for_each(|device| device.set_disk_full(false))
    }

    /// A command that the disk kept from being answered: nothing half there, and once there is room and the
    /// register runs again, the same command has its effect once.
    pub(crate) fn try_again(
        &mut self,
        at: usize,
        command: Command,
        (before, fails): (u64, Option<CommitFails>),
    ) -> Result<(), Broken> {
        let now_ms = self.now_ms;
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let after_failure = device.own_seq()?;
        self.counters.add(match fails {
            Some(_) => Counter::DiskFailures,
            None => Counter::DisksFull,
        });
        if fails == Some(CommitFails::ButIsKept) {
            self.counters.add(Counter::FailuresKept);
        } else if after_failure != before {
            return broken(
                DURABLE,
                format!("device {at}: {before} records, {after_failure} after a failure"),
            );
        }
        device.set_disk_full(false)?;
        let Some(outcome) = device.handle(command.clone(), now_ms)? else {
            return broken(DURABLE, format!("device {at} cannot write on a good disk"));
        };
        if fails == Some(CommitFails::ButIsKept) && device.own_seq()? != after_failure {
            return broken(ONCE, format!("device {at} did {:?} twice", command.verb));
        }
        self.trace.note("disk-failed", &[u64::from(outcome.is_ok())], || {
            format!("device {at}, {fails:?}; again: {:?} -> {outcome:?}", command.verb)
        });
        device.remember(command, outcome);
        self.look_at(at)?;
        self.check_acknowledged(at)
    }

    /// An old copy of the server's store is put back, and nobody tells the server.
    pub(crate) fn set_server_back(&mut self) -> Result<(), Broken> {
        self.look_at_server()?;
        if !self.server.set_back(&mut self.choices)? {
            return Ok(());
        }
        let heads = self.server.heads()?;
        let forgotten = self.model.server_set_back(|author| heads.get(&author).map_or(0, |head| head.seq));
        self.counters.add(Counter::ServerSetBacks);
        self.counters.add_many(Counter::OrdersLostWithServer, forgotten);
        self.web.server_forgot();
        self.pay.server_died(&mut self.counters);
        self.trace.note("server-set-back", &[forgotten], || "nobody told it".into());
        Ok(())
    }

    /// A copy of the whole machine is started: both go on as the same author until one meets the other's records.
    fn start_twin(&mut self) -> Result<(), Broken> {
        match self.some_device().filter(|_| self.devices.len() < ALL_DEVICES_MAX) {
            Some(at) => self.start_twin_of(at),
            None => Ok(()),
        }
    }

    pub(crate) fn start_twin_of(&mut self, at: usize) -> Result<(), Broken> {
        let number = self.devices.len();
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let author = device.author();
        let twin = device.twin(number)?;
        self.devices.push(twin);
        self.model.excepted = true;
        self.model.doubled.insert(author);
        self.debts = true;
        self.counters.add(Counter::Twins);
        self.trace.note("twin", &[], || format!("device {at} is also device {number}"));
        Ok(())
    }

    /// What keeps a forked history from being known to the server as a whole.
    pub(crate) fn branch_not_handed_in(&mut self) -> Result<Option<String>, Broken> {
        for author in self.model.doubled_devices() {
            for at in 0..self.devices.len() {
                let Some(device) = self.devices.get_mut(at).filter(|device| !device.is_dead) else {
                    continue;
                };
                let mut records =
                    device.read(|tx| log::range(tx, STALL, &author, 1, READ_RECORDS, READ_BYTES))?;
                records.extend(device.beside(author)?);
                let missing = self.server.read(|tx| {
                    for record in &records {
                        if !is_held(tx, record)? {
                            return Ok::<_, StoreError>(Some(record.seq));
                        }
                    }
                    Ok(None)
                })?;
                if let Some(seq) = missing {
                    return Ok(Some(format!("{HANDED_IN}: not record {seq} of {author} on device {at}")));
                }
            }
        }
        Ok(None)
    }
}

/// Whether the server has this very record, in its log or beside it.
fn is_held(tx: &mut dyn soko_record_log::Tx, record: &soko_replication::Record) -> Result<bool, StoreError> {
    let id = record.id();
    if log::hash_at(tx, STALL, &record.author, record.seq)? == Some(id) {
        return Ok(true);
    }
    let sql = "select 1 from other_branch where log = $1 and author = $2 and hash = $3";
    Ok(tx.query_opt(sql, params![STALL, record.author, id])?.is_some())
}
