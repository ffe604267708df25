//! A round over the addresses that are due: each is looked at, and what is certain and new is said in the stall's records.

use std::time::Duration;

use soko_app_api::text::Worded as _;
use soko_domain::entry::RivalLine;
use soko_domain::ids::LogId;
use soko_domain::import::{DecimalMark, Table, TableFault};
use soko_domain::money::Currency;
use soko_domain::rival::{RIVAL_ROWS_MAX, ReadAt, RivalField, RivalReading, read_rivals};
use soko_domain::verbs::note_rivals::{RIVAL_LINES_MAX, is_news};
use soko_projection::read;
use soko_projection::rivals::{self, Certain, Matches};
use soko_record_log::{StoreError, Tx};

use super::fetch::{self, Look, Marks, Trouble};
use super::rows::{self, Fared, Feed};
use crate::core::Now;
use crate::egress::Egress;
use crate::http::App;
use crate::platform::Refusal;
use crate::store::Shard;

const LOOK_EVERY: Duration = Duration::from_secs(15);
/// A list's times have no zone, and nobody is further east than this.
const EAST_MS: i64 = 14 * 3_600 * 1_000;

/// For as long as the server runs.
pub async fn follow(app: App) {
    let mut closing = app.closing();
    let mut turns = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            _ = closing.changed() => return,
        }
        if let Err(error) = round(&app).await {
            tracing::warn!(%error, "rivals.no_store");
        }
    }
}

/// All that are due, as far as one round goes; says how many that were.
///
/// # Errors
/// Where the store fails.
pub async fn round(app: &App) -> Result<usize, StoreError> {
    let Some(egress) = app.egress().cloned() else { return Ok(0) };
    let now_ms = app.now_ms();
    let due = app.store().write(Shard::stall(LogId::default()), move |tx| rows::claim(tx, now_ms));
    let due = due.await.map_err(StoreError::from)?;
    let count = due.len();
    let mut looks = tokio::task::JoinSet::new();
    for feed in due {
        looks.spawn(one(app.clone(), egress.clone(), feed));
    }
    while looks.join_next().await.is_some() {}
    Ok(count)
}

async fn one(app: App, egress: Egress, feed: Feed) {
    let marks = Marks { etag: feed.etag.clone(), modified: feed.modified.clone() };
    let looked = fetch::look(&egress, &app.agent(), &feed.address, &marks).await;
    let kept = match looked {
        Ok(look) => taken(&app, &feed, look).await,
        Err(trouble) => Ok(Err(trouble)),
    };
    let now_ms = app.now_ms();
    let outcome = match kept {
        Ok(Ok(())) => Ok(()),
        Ok(Err(trouble)) => {
            tracing::info!(feed = %feed.feed, trouble = trouble.word, "rivals.not_fetched");
            let failed = move |tx: &mut dyn Tx| rows::failed(tx, &feed, &trouble, now_ms);
            app.store().write(Shard::stall(LogId::default()), failed).await.map_err(StoreError::from)
        }
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        tracing::warn!(%error, "rivals.no_store");
    }
}

/// What a list says here.
struct Said {
    lines: Vec<RivalLine>,
    matches: Matches,
    rows_read: i64,
    rows_known: i64,
}

async fn taken(app: &App, feed: &Feed, look: Look) -> Result<Result<(), Trouble>, StoreError> {
    let (now_ms, asked) = (app.now_ms(), feed.clone());
    let fresh = match look {
        Look::New { body, marks } => Some((body, marks)),
        Look::Same => None,
    };
    let body = match &fresh {
        Some((body, _)) => body.clone(),
        None => {
            let id = feed.feed;
            let kept = app.store().read(move |tx| rows::table(tx, id)).await.map_err(StoreError::from)?;
            kept.unwrap_or_default()
        }
    };
    let said = app.store().read(move |tx| said(tx, &asked, &body, now_ms)).await.map_err(StoreError::from)?;
    let said = match said {
        Ok(said) => said,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let Ok(core) = app.core() else { return Ok(Err(Trouble::of("nobody"))) };
    let Ok(seed) = app.random() else { return Ok(Err(Trouble::of("nobody"))) };
    let (feed, now) = (feed.clone(), Now { now_ms, seed });
    let stall = feed.stall;
    let keep = move |tx: &mut dyn Tx| {
        // Somebody may have ended it, or said otherwise of a thing, since it was read.
        if rows::find(tx, feed.feed)?.is_none() {
            return Ok::<_, Refusal>(None);
        }
        let matches = rivals::matches(tx, stall, &feed.source)?;
        let is_so = |line: &&RivalLine| {
            let product = |matches: &Matches| matches.get(&line.key).map(|(product, _)| *product);
            product(&matches) == product(&said.matches)
        };
        let lines: Vec<RivalLine> = said.lines.iter().filter(is_so).cloned().collect();
        let moved_to = if lines.is_empty() {
            None
        } else {
            core.rivals_fetched(tx, stall, (&feed.source, &lines), now)?
        };
        let body = fresh.as_ref().map(|(body, marks)| (body.as_slice(), marks));
        let fared = Fared { body, rows_read: said.rows_read, rows_known: said.rows_known };
        rows::went(tx, feed.feed, &fared, now_ms)?;
        Ok(moved_to)
    };
    let moved_to = app.store().write(Shard::stall(stall), keep).await;
    match moved_to {
        Ok(moved_to) => app.tell(stall, moved_to),
        // More sources than a stall has, or more things than one has: its owner sees it.
        Err(failed) => {
            tracing::info!(?failed, "rivals.not_taken");
            return Ok(Err(Trouble::of("too-much")));
        }
    }
    Ok(Ok(()))
}

fn said(tx: &mut dyn Tx, feed: &Feed, body: &[u8], now_ms: i64) -> Result<Result<Said, Trouble>, StoreError> {
    let table = match Table::read(body) {
        Ok(table) => table,
        Err(fault) => {
            return Ok(Err(Trouble::of(match fault {
                TableFault::TooLarge | TableFault::TooManyRows => "too-large",
                TableFault::TooManyColumns | TableFault::NotText => "no-table",
                TableFault::Page => "page",
                TableFault::Empty => "empty",
            })));
        }
    };
    if table.lines.len() > RIVAL_ROWS_MAX {
        return Ok(Err(Trouble::of("too-large")));
    }
    let reading = chosen(&feed.choice).unwrap_or_else(|| RivalReading::guess(&table));
    if !reading.is_enough() {
        return Ok(Err(Trouble::of("columns")));
    }
    let currency = read::profile(tx, feed.stall)?.and_then(|profile| Currency::parse(&profile.currency));
    let Some(currency) = currency else { return Ok(Err(Trouble::of("columns"))) };
    let at = ReadAt { currency, now_ms: now_ms.saturating_add(EAST_MS), offset_minutes: 0 };
    let read = read_rivals(&table, &reading, at);
    let matches = rivals::matches(tx, feed.stall, &feed.source)?;
    let (mut lines, mut known) = (Vec::new(), 0);
    for mut row in read.rows.iter().cloned() {
        row.seen_at_ms = row.seen_at_ms.min(now_ms);
        let product = match rivals::certain(tx, feed.stall, &matches, &row)? {
            Certain::Said(product) | Certain::Barcode(product) => product,
            Certain::NotHere | Certain::Unknown => continue,
        };
        known += 1;
        let Some(line) = rivals::line(tx, feed.stall, &row, product)? else { continue };
        if is_news(matches.get(&row.key), &line) && lines.len() < RIVAL_LINES_MAX {
            lines.push(line);
        }
    }
    let rows_read = i64::try_from(read.rows.len()).unwrap_or(i64::MAX);
    Ok(Ok(Said { lines, matches, rows_read, rows_known: known }))
}

/// As an owner chose it.
fn chosen(choice: &str) -> Option<RivalReading> {
    let (fields, decimal) = choice.split_once(';')?;
    let fields: Option<Vec<RivalField>> = fields.split(',').map(RivalField::from_word).collect();
    Some(RivalReading { fields: fields?, decimal: DecimalMark::from_word(decimal)? })
}
