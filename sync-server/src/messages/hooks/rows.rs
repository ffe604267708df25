//! Addresses as they are kept, and how each of them fares.

use soko_domain::ids::{LogId, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};

use super::{HookTopic, HookTopics};
use crate::messages::outbox::{self, Message, WAITING_FOR_HOOK, WAITS_MS};
use crate::platform::Refusal;

/// Addresses that one stall has at once.
pub(crate) const HOOKS_PER_STALL_MAX: u32 = 10;
/// After so much time in which everything failed, nothing is sent there any more.
pub(crate) const OFF_AFTER_MS: i64 = 5 * 24 * 3_600_000;
/// So long the secret before the newest signs, too.
pub(crate) const BEFORE_LIFE_MS: i64 = 24 * 3_600_000;
/// Messages that one look takes along,
const CLAIM_MAX: usize = 32;
/// of these to one address,
const PER_HOOK_MAX: i64 = 4;
/// and to one that failed last.
const PROBES_MAX: i64 = 1;
/// A new message does not wait longer than this for an address that fails.
const REST_MS_MAX: i64 = 6 * 3_600_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Hook {
    pub(crate) hook: ThingId,
    pub(crate) stall: LogId,
    pub(crate) address: String,
    pub(crate) topics: HookTopics,
    pub(crate) generation: i64,
    pub(crate) before_until_ms: i64,
    pub(crate) made_ms: i64,
    /// Everything failed since then.
    pub(crate) failing_since_ms: Option<i64>,
    /// Nothing is sent there any more since then.
    pub(crate) off_ms: Option<i64>,
    pub(crate) off_reason: String,
}

impl Hook {
    /// What it is called where its whole would say too much: the rest of an address may hold a secret.
    pub(crate) fn host(&self) -> String {
        host_of(&self.address)
    }
}

pub(crate) fn host_of(address: &str) -> String {
    let host = reqwest::Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_default()
}

const COLUMNS: &str = "h.hook, h.stall, h.address, h.topics, h.generation, h.before_until_ms, h.made_ms, \
                       h.failing_since_ms, h.off_ms, h.off_reason";

fn read(row: &Row) -> Result<Hook, StoreError> {
    Ok(Hook {
        hook: row.id(0)?,
        stall: row.id(1)?,
        address: row.text(2)?.to_owned(),
        topics: HookTopics(row.int(3)?),
        generation: row.int(4)?,
        before_until_ms: row.int(5)?,
        made_ms: row.int(6)?,
        failing_since_ms: row.int_opt(7)?,
        off_ms: row.int_opt(8)?,
        off_reason: row.text(9)?.to_owned(),
    })
}

pub(crate) fn make(tx: &mut dyn Tx, new: &Hook) -> Result<(), Refusal> {
    let row = tx.query_one("select count(*) from hook where stall = $1", params![new.stall])?;
    if row.number::<u32>(0)? >= HOOKS_PER_STALL_MAX {
        return Err(Refusal::TooMany(HOOKS_PER_STALL_MAX));
    }
    tx.run(
        "insert into hook (hook, stall, address, topics, generation, before_until_ms, made_ms, failures,
           rest_until_ms, off_reason)
         values ($1, $2, $3, $4, $5, 0, $6, 0, 0, '')",
        params![new.hook, new.stall, new.address, new.topics.0, new.generation, new.made_ms],
    )?;
    Ok(())
}

/// In the order in which they were made.
pub(crate) fn of_stall(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<Hook>, StoreError> {
    let sql = format!("select {COLUMNS} from hook h where h.stall = $1 order by h.made_ms, h.hook limit $2");
    tx.query(&sql, params![stall, HOOKS_PER_STALL_MAX])?.iter().map(read).collect()
}

pub(crate) fn find(tx: &mut dyn Tx, hook: ThingId) -> Result<Option<Hook>, StoreError> {
    let sql = format!("select {COLUMNS} from hook h where h.hook = $1");
    tx.query_opt(&sql, params![hook])?.map(|row| read(&row)).transpose()
}

/// The address of this stall.
pub(crate) fn of(tx: &mut dyn Tx, (stall, hook): (LogId, ThingId)) -> Result<Hook, Refusal> {
    find(tx, hook)?.filter(|found| found.stall == stall).ok_or(Refusal::NoSuchHook)
}

/// Another address or other topics. It is tried at once, whatever was before.
pub(crate) fn put(
    tx: &mut dyn Tx,
    hook: ThingId,
    (address, topics): (&str, HookTopics),
) -> Result<(), StoreError> {
    tx.run(
        "update hook set address = $2, topics = $3, failures = 0, failing_since_ms = null, rest_until_ms = 0,
           off_ms = null, off_reason = '' where hook = $1",
        params![hook, address, topics.0],
    )
}

/// Forgets it, and what was or is to be sent there.
pub(crate) fn end(tx: &mut dyn Tx, hook: ThingId) -> Result<(), StoreError> {
    tx.run("delete from message where account = $1", params![hook])?;
    tx.run("delete from hook where hook = $1", params![hook])
}

/// What is sent from now on is signed by another secret, and for a day by the one before it, too.
pub(crate) fn renew(tx: &mut dyn Tx, hook: ThingId, now_ms: i64) -> Result<(), StoreError> {
    tx.run(
        "update hook set generation = generation + 1, before_until_ms = $2 where hook = $1",
        params![hook, now_ms + BEFORE_LIFE_MS],
    )
}

/// It need not be left alone any longer.
pub(crate) fn wake(tx: &mut dyn Tx, hook: ThingId) -> Result<(), StoreError> {
    tx.run("update hook set rest_until_ms = 0 where hook = $1", params![hook])
}

/// Whether anybody of this stall is told anything.
pub(in crate::messages) fn has_any(tx: &mut dyn Tx, stall: LogId) -> Result<bool, StoreError> {
    let sql = "select 1 from hook where stall = $1 and off_ms is null limit 1";
    Ok(tx.query_opt(sql, params![stall])?.is_some())
}

/// Which of this stall's addresses are told of such a thing.
pub(in crate::messages) fn wanting(
    tx: &mut dyn Tx,
    stall: LogId,
    topic: HookTopic,
) -> Result<Vec<ThingId>, StoreError> {
    let wants = |hook: &Hook| hook.off_ms.is_none() && hook.topics.has(topic);
    let hooks = of_stall(tx, stall)?.into_iter().filter(wants);
    Ok(hooks.map(|hook| hook.hook).collect())
}

/// Takes along what is due: a few for each address, and only one where the last one failed.
pub(in crate::messages) fn claim(tx: &mut dyn Tx, now_ms: i64) -> Result<Vec<(Message, usize)>, StoreError> {
    let columns = outbox::CLAIMED;
    let sql = format!(
        "select {columns}, failures from (
           select m.*, h.failures,
             row_number() over (partition by m.target order by m.due_ms, m.message) as nth
           from message m join hook h on h.hook = m.target
           where m.state = $1 and m.due_ms <= $2 and h.rest_until_ms <= $2 and h.off_ms is null) waiting
         where nth <= case when failures > 0 then cast($3 as bigint) else cast($4 as bigint) end
         order by due_ms, message limit $5"
    );
    let rows = tx.query(&sql, params![WAITING_FOR_HOOK, now_ms, PROBES_MAX, PER_HOOK_MAX, CLAIM_MAX])?;
    // Nobody else probes meanwhile.
    let claimed = outbox::take(tx, &rows, now_ms)?;
    for (message, _) in &claimed {
        tx.run(
            "update hook set rest_until_ms = $2 where hook = $1 and failures > 0",
            params![message.target, now_ms + outbox::LEASE_MS],
        )?;
    }
    Ok(claimed)
}

/// How an address fares after something was brought there.
pub(in crate::messages) fn went(tx: &mut dyn Tx, hook: ThingId) -> Result<(), StoreError> {
    tx.run(
        "update hook set failures = 0, failing_since_ms = null, rest_until_ms = 0
         where hook = $1 and (failures > 0 or rest_until_ms > 0)",
        params![hook],
    )
}

/// Nothing could be brought there, whatever it was that was tried at once. Says whether it failed for so long that nothing is
/// to be sent there any more.
pub(in crate::messages) fn failed(tx: &mut dyn Tx, hook: ThingId, now_ms: i64) -> Result<bool, StoreError> {
    let sql = "select failures, failing_since_ms from hook where hook = $1 and off_ms is null";
    let Some(row) = tx.query_opt(sql, params![hook])? else { return Ok(false) };
    let failures = row.int(0)?;
    let since_ms = row.int_opt(1)?.unwrap_or(now_ms);
    tx.run(
        "update hook set failures = $2, failing_since_ms = $3, rest_until_ms = $4 where hook = $1",
        params![hook, failures + 1, since_ms, now_ms + rest_ms(failures)],
    )?;
    Ok(now_ms - since_ms >= OFF_AFTER_MS)
}

/// How long an address is left alone after so many failures before this one.
fn rest_ms(failures: i64) -> i64 {
    let nth = usize::try_from(failures).unwrap_or(usize::MAX);
    WAITS_MS.get(nth).copied().unwrap_or(REST_MS_MAX).min(REST_MS_MAX)
}

/// Nothing is sent there any more; what waited is given up, and can be sent again by hand. Says whether that is new.
pub(in crate::messages) fn switch_off(
    tx: &mut dyn Tx,
    (hook, reason): (ThingId, &str),
    now_ms: i64,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update hook set off_ms = $2, off_reason = $3 where hook = $1 and off_ms is null",
        params![hook, now_ms, reason],
    )?;
    if changed == 1 {
        outbox::give_up_all(tx, hook, now_ms)?;
    }
    Ok(changed == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_fails_is_left_alone_longer_and_longer_but_tried_each_day() {
        let rests: Vec<i64> = (0..6).map(|failures| rest_ms(failures) / 60_000).collect();
        assert_eq!(rests, [1, 5, 30, 120, 360, 360]);
        assert_eq!(rest_ms(1_000), REST_MS_MAX);
    }
}
