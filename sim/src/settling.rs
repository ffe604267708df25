//! The calm after the faults: everything arrives, people put right what asks for it, some devices stay lost.
//! Everybody else must meet, and nothing may stay open.

use soko_app_api::Verb;
use soko_domain::ids::{AuthorId, OrderId};
use soko_domain::verbs::release_order::OrderState;
use soko_record_log::{StoreError, params};

use crate::broken::{Broken, broken};
use crate::checks::Whole;
use crate::counters::Counter;
use crate::device::Device;
use crate::people::DURABLE;
use crate::server::STALL;
use crate::web::hand_over;
use crate::world::{World, refused};

const MEET: &str = "everybody meets once the faults stop";
const ROUNDS_MAX: usize = 60;
/// Longer than any device waits after a failure or holds an author back.
const ROUND_MS: u64 = 65_000;
const MOVES_PER_ROUND: usize = 12;
const MOVE_MS: u64 = 100;

impl World<'_> {
    pub(crate) fn settle_down(&mut self) -> Result<(), Broken> {
        self.network.calm();
        self.is_calm = true;
        self.empty_disks()?;
        self.server.take_payments_back()?;
        self.trace.note("calm", &[], String::new);
        let mut open = String::new();
        for round in 0..ROUNDS_MAX {
            self.round(round)?;
            open = match self.still_open()? {
                None => {
                    self.counters.add(Counter::Converged);
                    self.check_the_end()?;
                    return if self.is_frozen()? { self.release_by_force() } else { Ok(()) };
                }
                Some(what) => what,
            };
        }
        broken(MEET, format!("after {ROUNDS_MAX} rounds {open}"))
    }

    /// Somebody bears the risk for the devices that never come, and what waited for them is brought to its end.
    fn release_by_force(&mut self) -> Result<(), Broken> {
        self.model.excepted = true;
        let alive = self.alive();
        let mut awaited = self.server.awaited()?;
        awaited.retain(|author| !alive.contains(author));
        for author in awaited {
            self.server.revoke(author, self.now_ms).or_else(refused)?;
            self.server.reclaim(author, self.now_ms).map(drop).or_else(refused)?;
        }
        self.server.confirm_devices(self.now_ms).or_else(refused)?;
        let mut open = String::new();
        for round in 0..ROUNDS_MAX {
            self.round(round)?;
            match self.still_open()? {
                None if self.is_frozen()? => open = "the stall is frozen though nobody is waited for".into(),
                None => return self.verify_all(),
                Some(what) => open = what,
            }
        }
        broken(MEET, format!("after {ROUNDS_MAX} rounds without the lost devices {open}"))
    }

    /// As whom the devices write that are not lost.
    fn alive(&self) -> Vec<AuthorId> {
        self.devices.iter().filter(|device| !device.is_dead).map(Device::author).collect()
    }

    fn round(&mut self, round: usize) -> Result<(), Broken> {
        for at in 0..self.devices.len() {
            if self.devices.get(at).is_some_and(|device| !device.is_dead) {
                self.mend_calmly(at)?;
            }
        }
        self.confirm(0)?;
        self.give_all_cash()?;
        self.pay_calmly()?;
        if round.is_multiple_of(3) {
            self.end_open_orders()?;
        }
        self.pass(ROUND_MS)?;
        for _ in 0..MOVES_PER_ROUND {
            let now_ms = self.now_ms;
            self.devices.iter_mut().filter(|device| !device.is_dead).for_each(|device| device.wake(now_ms));
            self.pass(MOVE_MS)?;
        }
        self.look_everywhere()?;
        self.model.check_promises()?;
        self.check_replicas(Whole::Made)
    }

    fn mend_calmly(&mut self, at: usize) -> Result<(), Broken> {
        let Some(device) = self.devices.get_mut(at) else { return Ok(()) };
        let now_ms = self.now_ms;
        device.wake(now_ms);
        self.mend(at)
    }

    /// Half of them are handed over, the others cancelled.
    fn end_open_orders(&mut self) -> Result<(), Broken> {
        let orders = self.held_orders()?;
        for order in orders {
            let verb = if self.choices.chance(128) {
                hand_over(order, self.pay.is_known(order))
            } else {
                Verb::AskCancelOrder { order, reason: "closing".into() }
            };
            self.command(0, verb)?;
        }
        Ok(())
    }

    fn held_orders(&mut self) -> Result<Vec<OrderId>, StoreError> {
        self.server.read(|tx| {
            let rows = soko_projection::read::orders(tx, (STALL, false), (0, 500))?;
            let is_held = |state| matches!(state, OrderState::Held | OrderState::HandedOver);
            Ok(rows.into_iter().filter(|row| is_held(row.state)).map(|row| row.order).collect())
        })
    }

    /// What keeps the run from being at its end.
    fn still_open(&mut self) -> Result<Option<String>, Broken> {
        let server_heads = self.server.heads()?;
        // What such a one has of a card is asked of it for as long as its owner does not revoke it.
        let alive = self.alive();
        let somebody_is_away = self.server.holders()?.iter().any(|author| !alive.contains(author));
        for at in 0..self.devices.len() {
            let Some(device) = self.devices.get_mut(at).filter(|device| !device.is_dead) else { continue };
            if self.model.is_revoked(device.author()) || device.wants_enrolment {
                return Ok(Some(format!("device {at} is not enrolled")));
            }
            let status = device.status()?;
            if status.asks_waiting > 0 && !somebody_is_away {
                return Ok(Some(format!("device {at} waits for {} answers", status.asks_waiting)));
            }
            let heads = device.heads()?;
            for author in heads.keys().chain(server_heads.keys()) {
                // What it wrote itself it keeps, even if the server went by another's word.
                let is_kept = self.model.doubled.contains(author) && device.was(*author)?;
                if heads.get(author) != server_heads.get(author) && !is_kept {
                    return Ok(Some(format!("device {at} and the server differ about {author}")));
                }
            }
        }
        let is_frozen = self.is_frozen()?;
        if is_frozen && !self.debts {
            return Ok(Some("the stall is frozen though every device has reported".into()));
        }
        if let Some(what) = self.branch_not_handed_in()? {
            return Ok(Some(what));
        }
        let mut open = self.open_payments()?;
        if is_frozen {
            // It waits for a device that never comes, and ends nothing before; but what was paid is known.
            open.retain(|order| self.pay.provider.charges(*order) > 0);
            let is_known = open.is_empty() && self.server.forgotten_payments(1)?.is_empty();
            return Ok((!is_known).then(|| "the stall is frozen, and payments are not known".into()));
        }
        if !open.is_empty() {
            return Ok(Some(format!("{} payments are open", open.len())));
        }
        let mut held = self.held_orders()?;
        held.retain(|order| !self.pay.is_put_aside(*order));
        Ok((!held.is_empty()).then(|| format!("{} orders are open", held.len())))
    }

    pub(crate) fn is_frozen(&mut self) -> Result<bool, StoreError> {
        self.server.read(|tx| soko_projection::read::stall_frozen(tx, STALL))
    }

    fn check_the_end(&mut self) -> Result<(), Broken> {
        if self.is_frozen()? {
            self.counters.add(Counter::StayedFrozen);
        }
        let through_others = self.never_admitted()?;
        self.counters.add_many(Counter::NeverEnrolled, through_others);
        self.check_acknowledged_at_server()?;
        self.check_booked()?;
        self.check_cards()?;
        self.check_recalls()?;
        self.verify_all()
    }

    /// What was answered by a device whose disk was not lost is at the server now.
    fn check_acknowledged_at_server(&mut self) -> Result<(), Broken> {
        let heads = self.server.heads()?;
        for (at, device) in self.devices.iter().enumerate().filter(|(_, device)| !device.is_dead) {
            for (author, seq) in &device.acknowledged {
                let held = heads.get(author).map_or(0, |head| head.seq);
                let is_excused = self.model.was_lost(*author) || self.model.doubled.contains(author);
                if held < *seq && !is_excused {
                    return broken(DURABLE, format!("the server has {held} of {seq} of device {at}"));
                }
            }
        }
        Ok(())
    }

    /// Authors whose records the server has though nobody let them in: it knows who goes on for them.
    fn never_admitted(&mut self) -> Result<u64, StoreError> {
        let server_authors = self.model.server_authors().clone();
        self.server.read(|tx| {
            let rows = tx.query(
                "select h.author from author_head h
                 left join stall_device d on d.log = h.log and d.author = h.author
                 where h.log = $1 and coalesce(d.admitted, 0) = 0",
                params![STALL],
            )?;
            let mut count = 0;
            for row in &rows {
                count += u64::from(!server_authors.contains(&row.id(0)?));
            }
            Ok(count)
        })
    }

    fn check_recalls(&mut self) -> Result<(), Broken> {
        let answered: u64 = self.server.read(|tx| {
            tx.query_one("select count(*) from recall where log = $1 and answered = 1", params![STALL])?
                .number(0)
        })?;
        self.counters.add_many(Counter::RecallsAnswered, answered);
        Ok(())
    }
}
