//! Printing figures, and what this process has used.

use std::fs;
use std::io::Write as _;

use serde_json::json;

/// Why nothing was measured.
#[derive(Debug)]
pub struct Fault(pub String);

impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

pub type Measured<T = ()> = Result<T, Fault>;

pub fn print(name: &str, unit: &str, value: f64, baseline: Option<f64>) {
    let ratio = baseline.filter(|baseline| *baseline != 0.0).map(|baseline| rounded(value / baseline));
    let line = json!({
        "name": name, "value": rounded(value), "unit": unit, "baseline": baseline.map(rounded), "ratio": ratio,
    });
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Ten thousandths: what the published tables print.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// A line for the person who waits.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Processor time of all threads of this process, in seconds.
pub fn cpu_s() -> Measured<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name may hold spaces; what follows its closing bracket does not.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|it| it.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(11) + ticks(12)) / 100.0)
}

/// The most memory that this process ever had, in MB.
pub fn peak_mb() -> Measured<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<f64>().ok());
    kib.map(|kib| kib * 1_024.0 / 1e6)
        .ok_or_else(|| Fault("the process does not say how much memory it had".into()))
}

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The standard deviation of a sample.
pub fn spread(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (squares / values.len().saturating_sub(1).max(1) as f64).sqrt()
}
