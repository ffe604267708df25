//! Figures: collecting times, taking percentiles without rounding down, printing.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use serde_json::json;

/// Why nothing was measured.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) String);

impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

pub(crate) type Measured<T = ()> = Result<T, Fault>;

/// A measured value in thousandths of its unit: figures are whole numbers until they are printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Milli(pub(crate) u64);

impl Milli {
    pub(crate) fn millis(time: Duration) -> Self {
        Self(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
    }

    pub(crate) fn seconds(time: Duration) -> Self {
        Self(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn whole(number: u64) -> Self {
        Self(number.saturating_mul(1_000))
    }

    pub(crate) fn per_second(count: u64, time: Duration) -> Self {
        let micros = time.as_micros().max(1);
        let milli = u128::from(count) * 1_000_000_000 / micros;
        Self(u64::try_from(milli).unwrap_or(u64::MAX))
    }

    /// As a number of JSON with three places.
    fn shown(self) -> serde_json::Value {
        let text = format!("{}.{:03}", self.0 / 1_000, self.0 % 1_000);
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// The value that this many of a hundred do not exceed.
pub(crate) fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    per_mille(times, percent * 10)
}

/// The value that this many of a thousand do not exceed.
pub(crate) fn per_mille(times: &mut [Duration], share: usize) -> Duration {
    times.sort_unstable();
    let at = (times.len() * share).div_ceil(1_000).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}

pub(crate) fn print(name: &str, unit: &str, value: Milli, baseline: Option<Milli>) {
    let ratio = baseline.filter(|baseline| baseline.0 > 0).map(|baseline| {
        let milli = u128::from(value.0) * 1_000 / u128::from(baseline.0);
        Milli(u64::try_from(milli).unwrap_or(u64::MAX)).shown()
    });
    let line = json!({
        "name": name, "value": value.shown(), "unit": unit,
        "baseline": baseline.map(Milli::shown), "ratio": ratio,
    });
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "soko-bench: {line}");
}

/// Resident memory of a process.
pub(crate) fn resident_mb(process: u32) -> Measured<Milli> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok());
    let kib = kib.ok_or_else(|| Fault("the process does not say how much memory it has".into()))?;
    Ok(Milli(kib.saturating_mul(1_024) / 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let mut times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&mut times, 50), Duration::from_millis(100));
        assert_eq!(per_mille(&mut times, 999), Duration::from_millis(200));
        assert_eq!(percentile(&mut [], 50), Duration::ZERO);
    }

    #[test]
    fn rates_and_shown_numbers_keep_three_places() {
        assert_eq!(Milli::per_second(3, Duration::from_secs(2)), Milli(1_500));
        assert_eq!(Milli(1_005).shown().to_string(), "1.005");
    }
}
