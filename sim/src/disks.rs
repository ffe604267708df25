//! What breaks: links, processes, disks, clocks, whole machines; and the people who put things right again.

use soko_app_api::{RegisterState, Verb};
use soko_domain::ids::AuthorId;
use soko_record_log::{StoreError, log};

use crate::broken::{Broken, broken};
use crate::counters::Counter;
use crate::device::Device;
use crate::network::Cut;
use crate::people::DURABLE;
use crate::server::STALL;
use crate::world::{ALL_DEVICES_MAX, World, refused};

const TEN_YEARS_MS: i64 = 10 * 365 * 24 * 60 * 60 * 1_000;
const HOUR_MS: i64 = 60 * 60 * 1_000;

impl World<'_> {
    pub(crate) fn cut(&mut self) -> Result<(), Broken> {
        let Some(at) = self.some_device() else { return Ok(()) };
        let cut = match self.choices.below(4) {
            0 => Cut { up: true, down: false },
            1 => Cut { up: false, down: true },
            _ => Cut { up: true, down: true },
        };
        let counter = if cut.up && cut.down { Counter::Partitions } else { Counter::OneWayPartitions };
        self.counters.add(counter);
        self.network.cut(at, cut);
        Ok(())
    }

    pub(crate) fn heal(&mut self) -> Result<(), Broken> {
        if let Some(at) = self.some_device() {
            self.network.cut(at, Cut::default());
        }
        Ok(())
    }

    pub(crate) fn crash_device(&mut self) -> Result<(), Broken> {
        let Some(at) = self.some_device() else { return Ok(()) };
        if let Some(device) = self.devices.get_mut(at) {
            device.crash()?;
        }
        self.counters.add(Counter::CrashesBeforeCommit);
        self.check_acknowledged(at)
    }

    /// What was answered is still there after a kill.
    pub(crate) fn check_acknowledged(&mut self, at: usize) -> Result<(), Broken> {
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        for (author, seq) in device.acknowledged.clone() {
            let there = device.read(|tx| log::head(tx, STALL, &author))?.map_or(0, |head| head.seq);
            if there < seq {
                return broken(DURABLE, format!("device {at} has {there} of {seq} records of {author}"));
            }
        }
        Ok(())
    }

    pub(crate) fn back_up_device(&mut self) -> Result<(), Broken> {
        let Some(at) = self.some_device() else { return Ok(()) };
        self.devices.get_mut(at).map_or(Ok(()), Device::back_up)
    }

    pub(crate) fn restore_device(&mut self) -> Result<(), Broken> {
        let Some(at) = self.some_device() else { return Ok(()) };
        self.restore_device_of(at)
    }

    pub(crate) fn restore_device_of(&mut self, at: usize) -> Result<(), Broken> {
        let before = self.chain_ends(at)?;
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        if !device.restore(&mut self.choices)? {
            return Ok(());
        }
        self.counters.add(Counter::Restores);
        self.note_lost(at, before)
    }

    /// The device's present author and how far its chain went.
    fn chain_ends(&mut self, at: usize) -> Result<Option<(AuthorId, u64)>, Broken> {
        let Some(device) = self.devices.get_mut(at) else { return Ok(None) };
        let seq = device.own_seq()?;
        Ok(Some((device.author(), seq)))
    }

    fn note_lost(&mut self, at: usize, before: Option<(AuthorId, u64)>) -> Result<(), Broken> {
        let Some((author, seq)) = before else { return Ok(()) };
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let now = device.read(|tx| log::head(tx, STALL, &author))?.map_or(0, |head| head.seq);
        device.acknowledged.clear();
        if now < seq {
            self.debts = true;
            let elsewhere = self.server.heads()?.get(&author).map_or(0, |head| head.seq);
            self.model.lost(author, now, elsewhere);
            self.counters.add_many(Counter::AnswersLostWithDisk, seq - now);
        }
        self.trace.note("restored", &[now, seq], || format!("device {at}: {now} of {seq} records"));
        Ok(())
    }

    /// A whole machine put back cannot be told from the original: a promise may break.
    pub(crate) fn put_machine_back(&mut self) -> Result<(), Broken> {
        let Some(at) = self.some_device() else { return Ok(()) };
        let before = self.chain_ends(at)?;
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let author = device.author();
        if !device.put_machine_back(&mut self.choices)? {
            return Ok(());
        }
        self.counters.add(Counter::Snapshots);
        self.model.excepted = true;
        self.model.doubled.insert(author);
        if let Some(device) = self.devices.get(at) {
            self.model.doubled.insert(device.author());
        }
        self.note_lost(at, before)
    }

    pub(crate) fn copy_device(&mut self) -> Result<(), Broken> {
        let number = self.devices.len();
        let Some(at) = self.some_device().filter(|_| number < ALL_DEVICES_MAX) else { return Ok(()) };
        let with_keys = self.choices.chance(170);
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let copy = device.copy(number, with_keys)?;
        self.devices.push(copy);
        self.debts = true;
        let counter = if with_keys { Counter::Clones } else { Counter::ClonesWithoutKeys };
        self.counters.add(counter);
        self.trace.note("copied", &[], || format!("device {at} to {number}, keys: {with_keys}"));
        Ok(())
    }

    /// Lost for good, with all that it had not handed in.
    pub(crate) fn kill_device(&mut self) -> Result<(), Broken> {
        let Some(at) = self.some_device().filter(|at| *at > 0) else { return Ok(()) };
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        device.is_dead = true;
        self.debts = true;
        self.counters.add(Counter::Deaths);
        let author = device.author();
        let elsewhere = self.server.heads()?.get(&author).map_or(0, |head| head.seq);
        self.model.lost(author, 0, elsewhere);
        Ok(())
    }

    pub(crate) fn back_up_server(&mut self) -> Result<(), Broken> {
        Ok(self.server.back_up()?)
    }

    pub(crate) fn crash_server(&mut self) -> Result<(), Broken> {
        self.counters.add(Counter::ServerCrashes);
        self.crash_of_server()
    }

    pub(crate) fn restore_server(&mut self) -> Result<(), Broken> {
        self.look_at_server()?;
        let now_ms = self.now_ms;
        if !self.server.restore(&mut self.choices, now_ms)? {
            return Ok(());
        }
        let heads = self.server.heads()?;
        let held = |author: AuthorId| heads.get(&author).map_or(0, |head| head.seq);
        let forgotten = self.model.server_restored(held);
        self.counters.add(Counter::ServerRestores);
        self.counters.add_many(Counter::OrdersLostWithServer, forgotten);
        self.web.server_forgot();
        self.pay.server_died(&mut self.counters);
        let life = self.server.life;
        self.trace.note("server-restored", &[life, forgotten], || format!("life {life}"));
        Ok(())
    }

    pub(crate) fn move_clock(&mut self) -> Result<(), Broken> {
        let far = if self.choices.chance(128) { TEN_YEARS_MS } else { HOUR_MS };
        let jump_ms = self.choices.between(-far, far);
        self.counters.add(Counter::ClockJumps);
        if self.choices.chance(100) {
            self.server.clock_ms = crate::server::NOON_MS + jump_ms;
        } else if let Some(at) = self.some_device()
            && let Some(device) = self.devices.get_mut(at)
        {
            device.clock_ms = jump_ms;
        }
        Ok(())
    }

    pub(crate) fn send_something_old(&mut self) -> Result<(), Broken> {
        self.send_old();
        Ok(())
    }

    /// The owner takes the units of a lost device back, and the risk with them.
    pub(crate) fn reclaim(&mut self) -> Result<(), Broken> {
        let Some(at) = self.choices.index(self.devices.len()) else { return Ok(()) };
        let Some(author) = self.devices.get(at).map(Device::author) else { return Ok(()) };
        if !self.model.is_revoked(author) {
            return Ok(());
        }
        self.model.excepted = true;
        self.server.reclaim(author, self.now_ms).map(drop).or_else(refused)?;
        self.look_at_server()
    }

    /// Tells the server of a device's author, if the device is connected.
    pub(crate) fn enrol(&mut self, at: usize) -> Result<(), Broken> {
        let now_ms = self.now_ms;
        let Some(device) = self.devices.get_mut(at).filter(|device| !device.is_dead) else { return Ok(()) };
        let cut = self.network.is_cut(at);
        let is_its_own = device.joined.introduction.author == device.author();
        if cut.up || cut.down || !is_its_own || self.model.is_revoked(device.author()) {
            return Ok(());
        }
        let (introduction, role) = (device.joined.introduction.clone(), device.role);
        self.look_at(at)?;
        match self.server.enrol(&introduction, role, now_ms) {
            Ok(()) => {}
            Err(refusal) => return refused(refusal),
        }
        if let Some(device) = self.devices.get_mut(at) {
            device.wants_enrolment = false;
            device.wake(now_ms);
        }
        self.look_at_server()
    }

    /// A person looks at a register and does what it asks for.
    pub(crate) fn mend(&mut self, at: usize) -> Result<(), Broken> {
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let state = device.status()?.state;
        // A device that was revoked at the server is turned away at the door, and never hears why.
        let is_turned_away = device.wants_enrolment && self.model.is_revoked(device.author());
        if is_turned_away || matches!(state, RegisterState::Frozen | RegisterState::Revoked) {
            if state == RegisterState::Frozen {
                self.counters.add(Counter::RegistersFrozen);
            }
            let old = device.author();
            // A person frees some space first.
            device.set_disk_full(false)?;
            device.renew()?;
            let new = device.author();
            self.counters.add(Counter::Renewals);
            self.debts = true;
            self.trace.note("renewed", &[], || format!("device {at}: {old:?} is {new:?} now"));
            self.look_at(at)?;
        }
        if self.devices.get(at).is_some_and(|device| device.wants_enrolment) {
            self.enrol(at)?;
        }
        let needs_shift = self.devices.get(at).is_some_and(|device| device.shift.is_none());
        if needs_shift { self.open_shift(at) } else { Ok(()) }
    }

    /// The owner says that the list of devices is complete, having looked.
    pub(crate) fn confirm(&mut self, at: usize) -> Result<(), Broken> {
        if !self.model.must_be_frozen() || !self.list_is_complete()? {
            return Ok(());
        }
        if self.choices.chance(128) {
            self.command(at, Verb::ConfirmDevices).map(drop)
        } else {
            self.server.confirm_devices(self.now_ms).or_else(refused)?;
            self.look_at_server()
        }
    }

    /// Whether the server's list names every author that any device of the shop ever was.
    fn list_is_complete(&mut self) -> Result<bool, StoreError> {
        let authors = self.model.authors();
        self.server.read(|tx| {
            for author in &authors {
                if soko_projection::read::device(tx, STALL, *author)?.is_none() {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }
}
