//! Forgets what was only remembered to give the same answer again: how a request for an order was answered, and what a
//! provider told. Both outlive by far whoever may still repeat them; the orders and payments themselves stay. And it forgets what
//! shoppers met in the shop longer ago than they agreed to, and which other mail addresses were asked for.

use std::time::Duration;

use soko_domain::ids::LogId;
use soko_record_log::{StoreError, Tx, params};

use crate::http::App;
use crate::interactions;
use crate::messages::email_change;
use crate::store::Shard;

/// How long a request gets its first answer again. After that its order is still there, under its own identity.
pub const ANSWERS_KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// Providers repeat themselves for days.
pub const WORDS_KEPT_MS: i64 = 60 * 24 * 3_600_000;
/// Rows that one transaction forgets, so that nobody waits for it.
const PORTION: usize = 500;
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// For as long as the server runs.
pub async fn follow(app: App) {
    let mut closing = app.closing();
    let mut turns = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            _ = closing.changed() => return,
        }
        match sweep(&app).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "sweep.forgotten"),
            Err(error) => tracing::warn!(%error, "sweep.no_store"),
        }
    }
}

/// All that is old enough, in portions; says how many rows that were.
///
/// # Errors
/// Where the store fails; the next sweep goes on from there.
pub async fn sweep(app: &App) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let now_ms = app.now_ms();
        let gone = app.store().write(Shard::stall(LogId::default()), move |tx| portion(tx, now_ms));
        let gone = gone.await.map_err(StoreError::from)?;
        all += gone;
        if gone == 0 {
            return Ok(all);
        }
    }
}

fn portion(tx: &mut dyn Tx, now_ms: i64) -> Result<u64, StoreError> {
    let answers = tx.execute(
        "delete from order_key where (log, actor, request_key) in (
           select log, actor, request_key from order_key where at_ms < $1 order by at_ms limit $2)",
        params![now_ms - ANSWERS_KEPT_MS, PORTION],
    )?;
    let words = tx.execute(
        "delete from provider_word where (provider, word) in (
           select provider, word from provider_word where at_ms < $1 order by at_ms limit $2)",
        params![now_ms - WORDS_KEPT_MS, PORTION],
    )?;
    let met = interactions::sweep(tx, now_ms, PORTION)?;
    let changes = email_change::sweep(tx, now_ms, PORTION)?;
    Ok(answers + words + met + changes)
}
