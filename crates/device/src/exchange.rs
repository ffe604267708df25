//! Exchanging a stall's records with its server: until neither side has anything to say, or for as long as the
//! device is there.

use std::pin::pin;

use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt as _};
use soko_app_api::Said;
use soko_domain::ids::LogId;

use crate::bell::Bell;
use crate::device::Device;
use crate::failure::Undone;
use crate::leaving::no_server;
use crate::server::{Server, Unanswered};

/// A stall that the server refuses is tried again after this, or when somebody asks for it.
const REFUSED_MS: u64 = 60_000;
/// How long somebody who wants to leave waits for all to be sent.
const SENT_MS: u64 = 120_000;
/// A page that is on its way beside is looked for after this.
const BESIDE_MS: u64 = 50;
/// How often nothing more may go before that is how it is.
const IN_VAIN_MAX: u32 = 10;

/// What one conversation did so far.
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

/// One device's conversation with one server about one stall.
pub struct Exchange<'d> {
    device: &'d Device,
    server: Server,
    stall: LogId,
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
    Failed { why: String, not_before_ms: u64 },
}

impl<'d> Exchange<'d> {
    pub fn new(device: &'d Device, stall: LogId) -> Result<Self, Undone> {
        let link = device.connected(stall)?;
        let (server, access) = (device.server_at(&link.server)?, link.access_token);
        Ok(Self { device, server, stall, access, summary: Summary::default() })
    }

    /// Until neither side has anything to say. Gives up after so many failures in a row.
    pub async fn until_quiet(&mut self, failures_max: u32) -> Result<(), Undone> {
        let mut failures = 0;
        self.wake()?;
        loop {
            match self.round().await? {
                Round::Done => failures = 0,
                // A wait from before is no quiet: at least one page has to have gone both ways.
                Round::Nothing if failures > 0 || self.summary.pages == 0 => {
                    let due_ms = self.due_ms()?;
                    self.device.host.sleep(due_ms).await;
                }
                Round::Nothing => return Ok(()),
                Round::Failed { why, not_before_ms } => {
                    failures += 1;
                    if failures >= failures_max {
                        return Err(Undone::failed(format!("{why} ({failures} times in a row)")));
                    }
                    self.device.host.sleep(not_before_ms).await;
                }
            }
        }
    }

    /// Until the server has everything of this device, while the same stall may be exchanged beside this. Refused once nobody answers.
    pub(crate) async fn until_sent(&mut self) -> Result<(), Undone> {
        let until_ms = self.device.clock_ms().saturating_add(SENT_MS);
        let mut in_vain = 0;
        while self.device.clock_ms() < until_ms {
            let clock_ms = self.device.clock_ms();
            self.device.engine()?.hurry(self.stall, clock_ms);
            let round = self.round().await?;
            let was_heard = self.summary.pages > 0;
            if was_heard && self.device.unsent(self.stall)? == 0 {
                return Ok(());
            }
            match round {
                Round::Failed { .. } => return Err(no_server()),
                Round::Done => {}
                // What is not taken now will not be by asking more often.
                Round::Nothing if was_heard && in_vain == IN_VAIN_MAX => return Ok(()),
                // Another page of the stall may be on its way.
                Round::Nothing => {
                    in_vain += u32::from(was_heard);
                    self.device.host.sleep(BESIDE_MS).await;
                }
            }
        }
        Err(no_server())
    }

    /// Exchanges whenever the server says that something moved, until a refusal or the end of the device.
    /// `brought` hears of each exchange that brought records.
    pub async fn follow(&mut self, mut brought: impl FnMut(&Summary)) -> Result<(), Undone> {
        self.follow_with(&Bell::default(), &mut brought).await
    }

    async fn follow_with(&mut self, bell: &Bell, brought: &mut dyn FnMut(&Summary)) -> Result<(), Undone> {
        let mut moves = None;
        self.wake()?;
        while self.device.works_for(self.stall) {
            let heard = bell.heard();
            let before = self.summary.records;
            let (reached, not_before_ms) = self.rounds().await?;
            if self.summary.records > before {
                brought(&self.summary);
            }
            if !reached && not_before_ms.is_some() {
                moves = None;
            }
            if moves.is_none() && reached {
                moves = self.moves().await.ok();
                // What moved before somebody listened is asked for once more, by the stream's first word.
            }
            let due_ms = self.due_ms()?.max(not_before_ms.unwrap_or_default());
            match self.wait(moves.as_mut(), (bell, heard), due_ms).await {
                Woken::Moved => self.wake()?,
                Woken::StreamEnded => moves = None,
                Woken::Rung | Woken::Due => {}
            }
        }
        Ok(())
    }

    /// Pages both ways as long as there are any. Says whether one went through, and how long to wait if one
    /// did not.
    async fn rounds(&mut self) -> Result<(bool, Option<u64>), Undone> {
        let mut reached = false;
        loop {
            match self.round().await? {
                Round::Done => reached = true,
                Round::Failed { not_before_ms, .. } => return Ok((reached, Some(not_before_ms))),
                Round::Nothing => {
                    if reached {
                        self.device.caught_up(self.stall)?;
                        self.device.carry_pictures(&self.server, self.stall).await;
                    }
                    return Ok((reached, None));
                }
            }
        }
    }

    async fn moves(&mut self) -> Result<impl Stream<Item = ()> + Unpin + use<>, Unanswered> {
        self.server.moves(self.stall, &self.access).await
    }

    async fn wait(
        &self,
        moves: Option<&mut (impl Stream<Item = ()> + Unpin)>,
        (bell, heard): (&Bell, u64),
        due_ms: u64,
    ) -> Woken {
        let word = pin!(async {
            match moves {
                Some(moves) => moves.next().await,
                None => std::future::pending().await,
            }
        });
        let rung = pin!(bell.after(heard));
        match select(word, select(rung, self.device.host.sleep(due_ms))).await {
            Either::Left((Some(()), _)) => Woken::Moved,
            Either::Left((None, _)) => Woken::StreamEnded,
            Either::Right((Either::Left(_), _)) => Woken::Rung,
            Either::Right((Either::Right(_), _)) => Woken::Due,
        }
    }

    fn wake(&self) -> Result<(), Undone> {
        self.device.engine()?.wake(self.stall, self.device.clock_ms());
        Ok(())
    }

    fn due_ms(&self) -> Result<u64, Undone> {
        let clock_ms = self.device.clock_ms();
        let due_ms = self.device.engine()?.next_deadline(self.stall).unwrap_or(clock_ms);
        Ok(due_ms.saturating_sub(clock_ms).max(1))
    }

    async fn round(&mut self) -> Result<Round, Undone> {
        let stall = self.stall;
        let page = self.device.engine()?.poll_page(stall, self.device.clock_ms())?;
        let Some(page) = page else { return Ok(Round::Nothing) };
        let sent = u64::try_from(page.len()).unwrap_or(u64::MAX);
        let answer = self.send(page).await;
        let clock_ms = self.device.clock_ms();
        if answer.is_err() {
            self.device.engine()?.failed(stall, clock_ms);
        }
        match answer? {
            Ok(bytes) => {
                self.summary.bytes_out += sent;
                self.take(&bytes, clock_ms)?;
                Ok(Round::Done)
            }
            Err(unanswered) => {
                self.device.engine()?.failed(stall, clock_ms);
                self.summary.failures += 1;
                let after_s = if let Unanswered::Later { after_s, .. } = &unanswered { *after_s } else { 0 };
                Ok(Round::Failed { why: unanswered.to_string(), not_before_ms: after_s * 1_000 })
            }
        }
    }

    /// Sends a page, with fresh access if the old one has ended. What may be tried again is inside.
    async fn send(&mut self, page: Vec<u8>) -> Result<Result<Vec<u8>, Unanswered>, Undone> {
        let mut answer = self.server.exchange(self.stall, &self.access, page.clone()).await;
        if let Err(Unanswered::NoAccess(_)) = &answer {
            match self.device.refresh(&self.server, self.stall).await {
                Ok(link) => self.access = link.access_token,
                Err(Undone::Failed(why)) => return Ok(Err(Unanswered::NoAnswer(why.sentence))),
                Err(Undone::Refused(mut refused)) if refused.code == "no_access" => {
                    refused.code = "access_ended".into();
                    return Err(Undone::Refused(refused));
                }
                Err(refused) => return Err(refused),
            }
            answer = self.server.exchange(self.stall, &self.access, page).await;
        }
        match answer {
            Err(refused @ Unanswered::Refused { .. }) => Err(refused.into()),
            other => Ok(other),
        }
    }

    fn take(&mut self, bytes: &[u8], clock_ms: u64) -> Result<(), Undone> {
        let now = self.device.host.now();
        let taken = self.device.engine()?.take_page(self.stall, bytes, clock_ms, now)?;
        let summary = &mut self.summary;
        summary.pages += 1;
        summary.bytes_in += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        summary.records += u64::try_from(taken.records).unwrap_or(u64::MAX);
        summary.refused.extend(taken.refused.into_iter().map(|said| said.sentence));
        summary.refused.extend(taken.dropped);
        summary.state_differed |= taken.state_differs;
        summary.server_restored |= taken.server_restored;
        self.device.tell_changes();
        self.device.tell_unsent(self.stall);
        Ok(())
    }
}

/// Why a wait ended.
enum Woken {
    Moved,
    StreamEnded,
    Rung,
    Due,
}

impl Device {
    /// Exchanges a stall for as long as the device is there, whatever goes wrong.
    pub(crate) async fn follow_stall(&self, stall: LogId, bell: &Bell) {
        while self.works_for(stall) {
            let heard = bell.heard();
            let ended = match Exchange::new(self, stall) {
                Ok(mut exchange) => exchange.follow_with(bell, &mut |_| self.trouble(stall, None)).await,
                Err(undone) => Err(undone),
            };
            // A stall that was left meanwhile has no trouble.
            if let Err(undone) = ended
                && self.works_for(stall)
            {
                self.trouble(stall, Some(undone.said()));
            }
            if self.works_for(stall) {
                select(pin!(bell.after(heard)), self.host.sleep(REFUSED_MS)).await;
            }
        }
    }

    /// Notes what stands in the way, or that nothing does.
    fn trouble(&self, stall: LogId, said: Option<Said>) {
        let before = match &said {
            Some(said) => self.troubles.borrow_mut().insert(stall, said.clone()),
            None => self.troubles.borrow_mut().remove(&stall),
        };
        if before != said {
            self.tell_device();
        }
    }
}
