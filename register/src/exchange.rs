//! Exchanging records with the server until neither side has anything to say, or for as long as somebody listens.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use soko_domain::ids::LogId;

use crate::home::{Home, now};
use crate::outcome::Undone;
use crate::server::{Server, Unanswered};

/// What one call of `replicate` did.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Summary {
    pub pages: u64,
    pub records: u64,
    pub bytes_out: u64,
    pub bytes_in: u64,
    pub failures: u64,
    pub refused: Vec<String>,
    pub state_differed: bool,
    pub server_restored: bool,
}

impl Summary {
    pub fn to_json(&self) -> Value {
        json!({
            "pages": self.pages, "records": self.records, "bytes_out": self.bytes_out,
            "bytes_in": self.bytes_in, "failures": self.failures, "refused": self.refused,
            "state_differed": self.state_differed, "server_restored": self.server_restored,
        })
    }
}

/// One register's conversation with one server about one stall.
pub struct Exchange<'h> {
    home: &'h mut Home,
    server: Server,
    stall: LogId,
    started: Instant,
    access: String,
    pub summary: Summary,
}

/// How a round ended.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Round {
    /// A page went there and one came back.
    Done,
    /// There was nothing to send.
    Nothing,
    /// It failed, and may be tried again not before this.
    Failed { why: String, not_before_s: u64 },
}

impl<'h> Exchange<'h> {
    pub fn new(home: &'h mut Home, stall: LogId, reply_wait: Duration) -> Result<Self, Undone> {
        let link = home.link(stall)?;
        if link.access_token.is_empty() {
            return Err(Undone::refused(
                "not_enrolled",
                "this register is not enrolled at a server: use enrol",
            ));
        }
        let server = Server::new(&link.server, reply_wait)?;
        let (started, access) = (Instant::now(), link.access_token);
        Ok(Self { home, server, stall, started, access, summary: Summary::default() })
    }

    fn clock_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Until neither side has anything to say. Gives up after so many failures in a row.
    pub async fn until_quiet(&mut self, failures_max: u32) -> Result<(), Undone> {
        let mut failures = 0;
        self.wake()?;
        loop {
            match self.round().await? {
                Round::Done => failures = 0,
                // A wait from before is no quiet: at least one page has to have gone both ways.
                Round::Nothing if failures > 0 || self.summary.pages == 0 => self.until_due().await?,
                Round::Nothing => return Ok(()),
                Round::Failed { why, not_before_s } => {
                    failures += 1;
                    if failures >= failures_max {
                        return Err(Undone::failed(format!("{why} ({failures} times in a row)")));
                    }
                    tokio::time::sleep(Duration::from_secs(not_before_s)).await;
                }
            }
        }
    }

    /// Exchanges whenever the server says that something moved, until `stop` is done. `told` hears of each
    /// exchange that brought records.
    pub async fn watch(
        &mut self,
        stop: impl Future<Output = ()>,
        mut told: impl FnMut(&mut Home, &Summary),
    ) -> Result<(), Undone> {
        let mut stop = std::pin::pin!(stop);
        self.wake()?;
        loop {
            let mut moves = self.server.moves(self.stall, &self.access).await;
            if let Err(Unanswered::NoAccess(_)) = &moves {
                self.renew_access().await?;
                moves = self.server.moves(self.stall, &self.access).await;
            }
            let mut moves = moves.ok();
            loop {
                let before = self.summary.records;
                while self.round().await? == Round::Done {}
                if self.summary.records > before {
                    told(self.home, &self.summary);
                }
                let due = self.due()?;
                let moved = async {
                    match &mut moves {
                        Some(moves) => moves.next().await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = &mut stop => return Ok(()),
                    () = tokio::time::sleep(due) => {
                        if moves.is_none() { break; }
                    }
                    word = moved => match word {
                        Some(Ok(())) => self.wake()?,
                        // The stream ended; it is asked for again.
                        Some(Err(_)) | None => break,
                    }
                }
            }
            // A server that is away is asked again when the next page is due.
            let due = self.due()?;
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(due) => {}
            }
        }
    }

    fn wake(&mut self) -> Result<(), Undone> {
        let (stall, clock_ms) = (self.stall, self.clock_ms());
        self.home.engine()?.wake(stall, clock_ms);
        Ok(())
    }

    fn due(&mut self) -> Result<Duration, Undone> {
        let (stall, clock_ms) = (self.stall, self.clock_ms());
        let due = self.home.engine()?.next_deadline(stall).unwrap_or(clock_ms);
        Ok(Duration::from_millis(due.saturating_sub(clock_ms).max(1)))
    }

    async fn until_due(&mut self) -> Result<(), Undone> {
        let due = self.due()?;
        tokio::time::sleep(due).await;
        Ok(())
    }

    async fn round(&mut self) -> Result<Round, Undone> {
        let (stall, clock_ms) = (self.stall, self.clock_ms());
        let Some(page) = self.home.engine()?.poll_page(stall, clock_ms)? else { return Ok(Round::Nothing) };
        let sent = u64::try_from(page.len()).unwrap_or(u64::MAX);
        let mut answer = self.server.exchange(stall, &self.access, page.clone()).await;
        if let Err(Unanswered::NoAccess(_)) = &answer {
            answer = match self.renew_access().await {
                Ok(()) => self.server.exchange(stall, &self.access, page).await,
                Err(Undone::Failed(why)) => Err(Unanswered::NoAnswer(why)),
                Err(refused @ (Undone::Refused { .. } | Undone::Usage(_))) => return Err(refused),
            };
        }
        let clock_ms = self.clock_ms();
        match answer {
            Ok(bytes) => {
                self.summary.bytes_out += sent;
                self.take(&bytes, clock_ms)?;
                Ok(Round::Done)
            }
            Err(Unanswered::Refused { code, sentence }) => {
                self.home.engine()?.failed(stall, clock_ms);
                Err(Undone::Refused { code, sentence })
            }
            Err(unanswered) => {
                self.home.engine()?.failed(stall, clock_ms);
                self.summary.failures += 1;
                let not_before_s =
                    if let Unanswered::Later { after_s, .. } = &unanswered { *after_s } else { 0 };
                Ok(Round::Failed { why: unanswered.to_string(), not_before_s })
            }
        }
    }

    async fn renew_access(&mut self) -> Result<(), Undone> {
        self.server.refresh(self.home, self.stall).await?;
        self.access = self.home.link(self.stall)?.access_token;
        Ok(())
    }

    fn take(&mut self, bytes: &[u8], clock_ms: u64) -> Result<(), Undone> {
        let taken = self.home.engine()?.take_page(self.stall, bytes, clock_ms, now())?;
        self.summary.pages += 1;
        self.summary.bytes_in += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.summary.records += u64::try_from(taken.records).unwrap_or(u64::MAX);
        self.summary.refused.extend(taken.refused);
        self.summary.refused.extend(taken.dropped);
        self.summary.state_differed |= taken.state_differs;
        self.summary.server_restored |= taken.server_restored;
        Ok(())
    }
}
