//! Makes a failing run small: fewer steps, fewer faults, fewer devices, as long as the same promise breaks.

use std::time::{Duration, Instant};

use crate::plan::{Knob, Plan};
use crate::world::run;

/// Makes the plan smaller until the time is up or nothing can be left out any more.
pub fn shrink(plan: &Plan, rule: &str, time: Duration) -> Plan {
    let mut shrinking = Shrinking { best: plan.clone(), rule, until: Instant::now() + time };
    shrinking.cut_the_end();
    shrinking.drop_faults();
    shrinking.drop_steps();
    shrinking.drop_devices();
    shrinking.drop_steps();
    shrinking.best
}

struct Shrinking<'r> {
    best: Plan,
    rule: &'r str,
    until: Instant,
}

impl Shrinking<'_> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Keeps the candidate if it breaks the same promise.
    fn try_plan(&mut self, candidate: Plan) -> bool {
        if self.is_over() {
            return false;
        }
        let ran = run(&candidate, false);
        let breaks = ran.broken.is_some_and(|broken| broken.rule == self.rule);
        if breaks {
            self.best = candidate;
        }
        breaks
    }

    fn cut_the_end(&mut self) {
        let ran = run(&self.best, false);
        let mut candidate = self.best.clone();
        candidate.steps.truncate(ran.broken_at + 1);
        self.try_plan(candidate);
    }

    fn drop_faults(&mut self) {
        for knob in Knob::ALL {
            if self.best.knobs.get(*knob) > 0 {
                let mut candidate = self.best.clone();
                candidate.knobs.set(*knob, 0);
                self.try_plan(candidate);
            }
        }
    }

    fn drop_devices(&mut self) {
        while self.best.devices > 1 {
            let mut candidate = self.best.clone();
            candidate.devices -= 1;
            if !self.try_plan(candidate) {
                return;
            }
        }
    }

    /// Leaves out chunks of steps, half as large each time round (delta debugging).
    fn drop_steps(&mut self) {
        let mut size = self.best.steps.len().div_ceil(2);
        while size > 0 && !self.is_over() {
            let mut from = 0;
            while from < self.best.steps.len() {
                let to = (from + size).min(self.best.steps.len());
                let mut candidate = self.best.clone();
                candidate.steps.drain(from..to);
                if !self.try_plan(candidate) {
                    from = to;
                }
                if self.is_over() {
                    return;
                }
            }
            size /= 2;
        }
    }
}
