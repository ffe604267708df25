//! Registers that hear each other and maybe no server.

use crate::broken::{Broken, broken};
use crate::counters::Counter;
use crate::world::World;

/// More than two registers ever have to say.
const PAGES_MAX: usize = 200;

impl World<'_> {
    /// Two registers meet, and hand each other what they lack until somebody walks off.
    pub(crate) fn meet_two(&mut self) -> Result<(), Broken> {
        let (Some(a), Some(b)) = (self.some_device(), self.some_device()) else { return Ok(()) };
        let Some([calls, answers]) = self.two(a, b) else { return Ok(()) };
        if !calls.meets(answers)? {
            self.counters.add(Counter::MeetingsRefused);
            return Ok(());
        }
        self.counters.add(Counter::Meetings);
        // In one of four they lose each other after a page or two.
        let pages_max = if self.choices.chance(64) { 1 + self.choices.below(2) } else { u64::MAX };
        let mut page = self.two(a, b).map_or(Ok(Vec::new()), |[calls, _]| calls.page_to_meet(None))?;
        for done in 0..PAGES_MAX {
            if u64::try_from(done).is_ok_and(|done| done == pages_max) {
                self.counters.add(Counter::MeetingsBroken);
                return Ok(());
            }
            if !self.hand_over(b, &page)? {
                return Ok(());
            }
            let reply =
                self.two(a, b).map_or(Ok(Vec::new()), |[_, answers]| answers.page_to_meet(Some(&page)))?;
            if !self.hand_over(a, &reply)? {
                return Ok(());
            }
            let next =
                self.two(a, b).map_or(Ok(Vec::new()), |[calls, _]| calls.page_to_meet(Some(&reply)))?;
            if next == page {
                return Ok(());
            }
            page = next;
        }
        broken("registers that meet come to an end", format!("devices {a} and {b} did not"))
    }

    /// Whether it was kept.
    fn hand_over(&mut self, at: usize, page: &[u8]) -> Result<bool, Broken> {
        let now_ms = self.now_ms;
        let fails = self.disk_fault();
        let Some(device) = self.devices.get_mut(at) else { return Ok(false) };
        device.fail_next_commit(fails);
        let met = device.take_met(page, now_ms)?;
        let fails = fails.filter(|_| !device.forget_failure());
        let Some(met) = met else {
            self.counters.add(if fails.is_some() { Counter::DiskFailures } else { Counter::DisksFull });
            self.look_at(at)?;
            self.check_acknowledged(at)?;
            return Ok(false);
        };
        let records = u64::try_from(met.records).unwrap_or(u64::MAX);
        self.trace.note("met", &[records], || format!("device {at}: {met:?}"));
        self.counters.add_many(Counter::MetRecords, records);
        if met.frozen.is_some() {
            self.counters.add(Counter::RegistersFrozen);
        }
        self.look_at(at)?;
        Ok(true)
    }

    fn two(&mut self, a: usize, b: usize) -> Option<[&mut crate::device::Device; 2]> {
        self.devices.get_disjoint_mut([a, b]).ok()
    }
}
