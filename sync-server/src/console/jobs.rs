//! What the server does by itself, as queues: what waits, what is late, what came to nothing, and when something was done last.
//! What runs in a process's memory alone (how often a round broke) stands in `/metrics`.

use soko_record_log::{Row, StoreError, Tx, params};

use crate::console::acts::{self, Act, Done};
use crate::console::{Acting, Need, reason, require};
use crate::platform::Refusal;

/// What is due for so long is late.
pub const LATE_MS: i64 = 5 * 60_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Job {
    /// Mail, texts and notifications.
    Messages,
    /// What stalls' own programs are told.
    Programs,
    /// Payments that are not at their end.
    Payments,
    /// Prices that are fetched from addresses.
    Feeds,
}

impl Job {
    pub const ALL: [Self; 4] = [Self::Messages, Self::Programs, Self::Payments, Self::Feeds];

    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Programs => "programs",
            Self::Payments => "payments",
            Self::Feeds => "feeds",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.name() == name)
    }

    /// One row: what waits, what of it is due since before `$1`, what came to nothing, the oldest that is due, when something was
    /// done last, and the last trouble.
    fn sql(self) -> &'static str {
        match self {
            Self::Messages => {
                "select coalesce(sum(case when state not in (2, 3, 4) then 1 else 0 end), 0),
                   coalesce(sum(case when state not in (2, 3, 4) and due_ms < $1 then 1 else 0 end), 0),
                   coalesce(sum(case when state = 3 then 1 else 0 end), 0),
                   min(case when state not in (2, 3, 4) then due_ms end), max(case when state = 2 then done_ms end),
                   (select m.reason from message m where m.state = 3 and m.channel <> 3 order by m.done_ms desc limit 1)
                 from message where channel <> 3"
            }
            Self::Programs => {
                "select coalesce(sum(case when state = 6 then 1 else 0 end), 0),
                   coalesce(sum(case when state = 6 and due_ms < $1 then 1 else 0 end), 0),
                   coalesce(sum(case when state = 3 then 1 else 0 end), 0),
                   min(case when state = 6 then due_ms end), max(case when state = 2 then done_ms end),
                   (select m.reason from message m where m.state = 3 and m.channel = 3 order by m.done_ms desc limit 1)
                 from message where channel = 3"
            }
            Self::Payments => {
                "select coalesce(sum(case when settled = 0 then 1 else 0 end), 0),
                   coalesce(sum(case when settled = 0 and next_ms < $1 then 1 else 0 end), 0),
                   coalesce(sum(case when settled = 0 and trouble > 0 then 1 else 0 end), 0),
                   min(case when settled = 0 then next_ms end), max(begun_ms), ''
                 from checkout"
            }
            Self::Feeds => {
                "select count(*), coalesce(sum(case when due_ms < $1 then 1 else 0 end), 0),
                   coalesce(sum(case when failures > 0 then 1 else 0 end), 0), min(due_ms), max(fetched_ms),
                   (select f.trouble from rival_feed f where f.failures > 0 order by f.tried_ms desc limit 1)
                 from rival_feed"
            }
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobRow {
    pub job: Job,
    pub waiting: i64,
    pub late: i64,
    pub failed: i64,
    pub oldest_due_ms: Option<i64>,
    pub done_ms: Option<i64>,
    /// A word; empty where nothing went wrong.
    pub trouble: String,
}

pub fn list(tx: &mut dyn Tx, now_ms: i64) -> Result<Vec<JobRow>, StoreError> {
    let mut found = Vec::new();
    for job in Job::ALL {
        found.push(row(job, &tx.query_one(job.sql(), params![now_ms - LATE_MS])?)?);
    }
    Ok(found)
}

fn row(job: Job, row: &Row) -> Result<JobRow, StoreError> {
    Ok(JobRow {
        job,
        waiting: row.int(0)?,
        late: row.int(1)?,
        failed: row.int(2)?,
        oldest_due_ms: row.int_opt(3)?,
        done_ms: row.int_opt(4)?,
        trouble: row.text_opt(5)?.unwrap_or_default().to_owned(),
    })
}

/// Notes that a round is wanted now. Every round is safe to begin early: each thing that it does is done once. Addresses of prices
/// that failed are looked at again without their wait.
pub fn run(tx: &mut dyn Tx, acting: Acting, job: Job, (because, now_ms): (&str, i64)) -> Result<(), Refusal> {
    require(tx, acting, Need::Answer)?;
    let because = reason(because)?;
    if job == Job::Feeds {
        tx.run("update rival_feed set due_ms = $1 where failures > 0 and due_ms > $1", params![now_ms])?;
    }
    acts::add(tx, &Done { acting, act: Act::RanJob, subject: job.name(), because, more: "", at_ms: now_ms })
}
