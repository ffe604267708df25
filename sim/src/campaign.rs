//! Many seeds: clean ones that must hold and must have met every fault, and weakened ones that must be caught.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use soko_domain::sabotage::Sabotage;

use crate::broken::Broken;
use crate::counters::Counters;
use crate::plan::Plan;
use crate::world::{Ran, run};

/// One seed in so many runs twice, and must do the same.
const REPEAT_EVERY: u64 = 25;

/// Which seeds, and what is weakened in them.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    pub from: u64,
    pub seeds: u64,
    pub weaken: Option<Sabotage>,
    pub threads: usize,
    /// Ends the campaign early when so many seeds have failed.
    pub failures_max: usize,
}

#[derive(Clone, Debug)]
pub struct Failed {
    pub seed: u64,
    pub broken: Broken,
}

#[derive(Debug, Default)]
pub struct Result {
    pub seeds: u64,
    pub steps: u64,
    pub took: Duration,
    pub counters: Counters,
    /// By seed.
    pub failed: Vec<Failed>,
    /// Seeds that did not do the same twice.
    pub unsteady: Vec<u64>,
    pub repeated: u64,
}

impl Result {
    pub fn steps_per_s(&self) -> u128 {
        u128::from(self.steps) * 1_000 / self.took.as_millis().max(1)
    }

    fn take(&mut self, seed: u64, ran: Ran) {
        self.seeds += 1;
        self.steps += ran.steps;
        self.counters.merge(&ran.counters);
        if let Some(broken) = ran.broken {
            self.failed.push(Failed { seed, broken });
        }
    }
}

impl Campaign {
    /// Each seed in one thread; several threads only share out the seeds.
    pub fn run(&self) -> Result {
        let started = Instant::now();
        let next = AtomicU64::new(0);
        let result = Mutex::new(Result::default());
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| self.work(&next, &result));
            }
        });
        let mut result = result.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        result.took = started.elapsed();
        result.failed.sort_by_key(|failed| failed.seed);
        result.unsteady.sort_unstable();
        result
    }

    fn work(&self, next: &AtomicU64, result: &Mutex<Result>) {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= self.seeds {
                return;
            }
            let seed = self.from + number;
            let plan = Plan::from_seed(seed, self.weaken);
            let ran = run(&plan, false);
            let is_repeated = self.weaken.is_none() && number.is_multiple_of(REPEAT_EVERY);
            let is_steady = !is_repeated || run(&plan, false).hash == ran.hash;
            let mut result = result.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            result.take(seed, ran);
            result.repeated += u64::from(is_repeated);
            if !is_steady {
                result.unsteady.push(seed);
            }
            if result.failed.len() >= self.failures_max {
                return;
            }
        }
    }
}
