//! What the system knows of a running program.

use std::collections::BTreeMap;
use std::fs;

/// Clock ticks of the system's figures; Linux tells programs of no other number.
const TICKS_PER_SECOND: u64 = 100;
const KIB_PER_MIB: f64 = 1_024.0;
/// Behind the name, which may have anything in it: the field of the process that started this one, and of when.
const PARENT: usize = 1;
const STARTED: usize = 19;

/// Resident memory of one process.
pub(crate) fn resident_mb(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    let kib: u32 = line.trim().trim_end_matches(" kB").parse().unwrap();
    f64::from(kib) / KIB_PER_MIB
}

/// The process and all that it started, in turn.
pub(crate) fn tree(process: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parents: BTreeMap<u32, u64> = ids.filter_map(|id| Some((id, field(id, PARENT)?))).collect();
    let mut tree = vec![process];
    let mut at = 0;
    while let Some(parent) = tree.get(at).copied() {
        tree.extend(parents.iter().filter(|(_, of)| **of == u64::from(parent)).map(|(id, _)| *id));
        at += 1;
    }
    tree
}

/// For how long it has been running, to a hundredth of a second.
pub(crate) fn age_ms(process: u32) -> u64 {
    let uptime = fs::read_to_string("/proc/uptime").unwrap();
    let up: u64 = uptime.split(' ').next().unwrap().replace('.', "").parse().unwrap();
    (up - field(process, STARTED).expect("it runs")) * 1_000 / TICKS_PER_SECOND
}

fn field(process: u32, at: usize) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(at)?.parse().ok()
}
