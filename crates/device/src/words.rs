//! When each device of a stall last spoke with the server, and what it had then that the server had not. The server says so; this device
//! keeps it for when there is no network, with the moment at which it was said.

use serde::Deserialize;
use soko_app_api::{DeviceWordRow, DeviceWords, View};
use soko_domain::ids::{AuthorId, LogId};
use soko_record_log::{StoreError, Tx, params};

use crate::device::Device;
use crate::failure::Undone;
use crate::server::{Unanswered, timed};

/// As the server answers, by its own clock.
#[derive(Deserialize)]
pub(crate) struct WordsSaid {
    now_ms: i64,
    devices: Vec<WordSaid>,
}

#[derive(Deserialize)]
struct WordSaid {
    author: String,
    #[serde(default)]
    has_left: bool,
    last_contact_ms: Option<i64>,
    #[serde(default)]
    waiting: Option<u64>,
}

impl WordsSaid {
    /// By this device's clock: how long ago is the same by both.
    fn rows(self, now_ms: i64) -> Vec<DeviceWordRow> {
        let row = |said: WordSaid| {
            Some(DeviceWordRow {
                author: AuthorId::from_hex(&said.author)?,
                last_ms: now_ms.saturating_sub(self.now_ms.saturating_sub(said.last_contact_ms?).max(0)),
                waiting: said.waiting.unwrap_or_default(),
                has_left: said.has_left,
            })
        };
        let mut rows: Vec<DeviceWordRow> = self.devices.into_iter().filter_map(row).collect();
        // As they are kept.
        rows.sort_by_key(|row| row.author);
        rows
    }
}

impl Device {
    /// As the server says now, or as it said last.
    pub(crate) async fn device_words(&self, stall: LogId) -> Result<View, Undone> {
        let said = self.ask_words(stall).await?;
        let Some(said) = said else { return Ok(View::DeviceWords(self.read(|tx| kept(tx, stall))?)) };
        let told_ms = self.host.now().at_ms;
        let rows = said.rows(told_ms);
        self.write(|tx| keep(tx, stall, &rows, told_ms))?;
        Ok(View::DeviceWords(DeviceWords { told_ms: Some(told_ms), is_now: true, rows }))
    }

    /// Nothing where the server cannot be asked, or takes too long.
    async fn ask_words(&self, stall: LogId) -> Result<Option<WordsSaid>, Undone> {
        let Ok(link) = self.connected(stall) else { return Ok(None) };
        let server = self.server_at(&link.server)?;
        let asked = async {
            let first = server.device_words(stall, &link.access_token).await;
            if let Err(Unanswered::NoAccess(_)) = &first
                && let Ok(link) = self.refresh(&server, stall).await
            {
                return server.device_words(stall, &link.access_token).await;
            }
            first
        };
        Ok(timed(&*self.host, self.options.market_ms, asked).await.and_then(Result::ok))
    }
}

fn keep(tx: &mut dyn Tx, stall: LogId, rows: &[DeviceWordRow], told_ms: i64) -> Result<(), StoreError> {
    tx.execute("delete from device_word where log = $1", params![stall])?;
    for row in rows {
        tx.execute(
            "insert into device_word (log, author, last_ms, waiting, has_left, told_ms)
             values ($1, $2, $3, $4, $5, $6) on conflict (log, author) do nothing",
            params![
                stall,
                row.author,
                row.last_ms,
                i64::try_from(row.waiting).unwrap_or(i64::MAX),
                row.has_left,
                told_ms
            ],
        )?;
    }
    Ok(())
}

fn kept(tx: &mut dyn Tx, stall: LogId) -> Result<DeviceWords, StoreError> {
    let found = tx.query(
        "select author, last_ms, waiting, has_left, told_ms from device_word where log = $1 order by author",
        params![stall],
    )?;
    let mut words = DeviceWords { told_ms: None, is_now: false, rows: Vec::new() };
    for row in &found {
        words.told_ms = Some(row.int(4)?);
        words.rows.push(DeviceWordRow {
            author: row.id(0)?,
            last_ms: row.int(1)?,
            waiting: row.number(2)?,
            has_left: row.bool(3)?,
        });
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server whose clock is an hour ahead, and a word of ten seconds ago.
    #[test]
    fn how_long_ago_does_not_depend_on_whose_clock_is_right() {
        let author = AuthorId([7; 16]);
        let devices = vec![
            WordSaid {
                author: author.to_string(),
                has_left: false,
                last_contact_ms: Some(3_600_000),
                waiting: Some(4),
            },
            WordSaid {
                author: AuthorId([8; 16]).to_string(),
                has_left: false,
                last_contact_ms: None,
                waiting: None,
            },
        ];
        let rows = WordsSaid { now_ms: 3_610_000, devices }.rows(50_000);
        assert_eq!(rows, vec![DeviceWordRow { author, last_ms: 40_000, waiting: 4, has_left: false }]);
    }
}
