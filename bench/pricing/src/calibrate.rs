//! Whether what is said to lie between two numbers nine times of ten does.

use soko_pricing::spread::Count;

use soko_measure::figure::{print, tell};

#[derive(Clone, Copy, Default)]
pub(crate) struct Calibration {
    said: f64,
    /// Between the two numbers that a screen shows, both included.
    inside: f64,
    /// The same with the chance of a count that stands on an edge shared out: counts are whole, so the numbers shown cover more.
    exactly: f64,
    below: f64,
}

impl Calibration {
    pub(crate) fn note(&mut self, count: Count, sold: f64) {
        let range = count.range();
        self.said += 1.0;
        self.inside += if (range.low..=range.high).contains(&sold) { 1.0 } else { 0.0 };
        let (before, until) = count.around(sold);
        let part = (until - before).max(1e-12);
        // How much of the count's own probability lies between 5 % and 95 %.
        self.exactly += ((until.min(0.95) - before.max(0.05)) / part).clamp(0.0, 1.0);
        self.below += ((0.05 - before) / part).clamp(0.0, 1.0);
    }

    pub(crate) fn with(mut self, other: &Self) -> Self {
        self.said += other.said;
        self.inside += other.inside;
        self.exactly += other.exactly;
        self.below += other.below;
        self
    }

    pub(crate) fn tell(&self, name: &str) {
        let share = |part: f64| part / self.said.max(1.0);
        tell(&format!(
            "calibration, {name}: of {} days {:.4} lay in the 90 % interval as shown, {:.4} with edges shared out, {:.4} below it",
            self.said,
            share(self.inside),
            share(self.exactly),
            share(self.below)
        ));
        print(&format!("pricing.{name}.covered_90"), "share", share(self.exactly), None);
        print(&format!("pricing.{name}.covered_90_as_shown"), "share", share(self.inside), None);
    }
}
