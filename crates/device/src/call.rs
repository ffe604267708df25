//! One call: bytes in, bytes out.

use soko_app_api::{
    Answer, BuyerQuery, BuyerView, Call, Command, DeviceView, MeetView, OwnStall, PeopleCall, PeopleReply,
    Query, StatusView, View, decode, encode,
};
use soko_domain::ids::LogId;
use soko_domain::refusal::Refusal;
use soko_engine::{Failure, NotDone};
use soko_print::{Grey, read_code};
use soko_projection::read as facts;

use crate::device::Device;
use crate::failure::Undone;
use crate::link::Link;

impl Device {
    /// Answers one encoded `Call` with one encoded `Answer`. It never fails: what went wrong is the answer.
    pub async fn call(&self, bytes: &[u8]) -> Vec<u8> {
        let answer = match decode::<Call>(bytes) {
            Ok(call) => self.answer(call).await,
            Err(error) => Answer::Failed(error.into()),
        };
        let failed = |error: soko_app_api::CodecError| encode(&Answer::Failed(error.into()));
        encode(&answer).or_else(failed).unwrap_or_default()
    }

    /// The same without the bytes. Only what needs a server waits for anything.
    pub async fn answer(&self, call: Call) -> Answer {
        let refused = if let Call::Ask(query) = &call { self.require_seen(query).err() } else { None };
        if let Some(refused) = refused {
            return refused.into();
        }
        let answer = match call {
            Call::Do(command) => self.handle(command),
            Call::Ask(Query::OrderContact { stall, order }) => {
                self.order_contact(stall, order).await.map(Answer::View)
            }
            Call::Ask(Query::DeviceWords(stall)) => self.device_words(stall).await.map(Answer::View),
            Call::Ask(Query::Funnel { stall, days }) => self.funnel(stall, days).await.map(Answer::View),
            Call::Ask(Query::Leaving(stall)) => self.leaving_answer(stall).map(Answer::View),
            Call::Ask(query) => self.ask(&query).map(Answer::View),
            Call::Market(query) => self.market_answer(&query).await.map(Answer::Market),
            Call::Suggest(query) => self.suggestions(&query).map(Answer::Suggested),
            Call::Buy(command) => self.buy(&command).map(|()| Answer::Bought),
            Call::Buyer(BuyerQuery::PayOffers(stall)) => {
                Ok(Answer::Buyer(BuyerView::PayOffers(self.pay_offers(stall).await)))
            }
            Call::Buyer(BuyerQuery::Checkout { stall, handing, zone, coupon, card }) => {
                let codes = (coupon.as_deref(), card.as_deref());
                self.checkout(stall, (handing, &zone), codes).await.map(Answer::Buyer)
            }
            Call::Buyer(query) => self.buyer_answer(&query).map(Answer::Buyer),
            Call::Device(command) => self.device_command(command).await.map(Answer::Device),
            Call::People(call) => self.people(&call).map(Answer::People),
            Call::Paper(paper) => self.paper(paper).await.map(Answer::Paper),
            Call::Check { proof } => self.check(&proof).await.map(Answer::Checked),
            Call::About => self.about().map(Answer::About),
            Call::Keep { key, value } => self.keep_draft(&key, &value).map(|()| Answer::Kept(Vec::new())),
            Call::Kept { key } => self.draft(&key).map(Answer::Kept),
            Call::ReadCode { width, height, shades } => {
                Ok(Answer::Code(read_code(Grey { width, height, shades })))
            }
            Call::Noticed(all) => self.noticed(&all).map(|()| Answer::Bought),
            // Whoever can, the shell, answers it before.
            Call::Meet(_) => Ok(Answer::Meet(MeetView::default())),
            Call::Programs(call) => self.programs(&call).await.map(Answer::Programs),
        };
        answer.unwrap_or_else(Answer::from)
    }

    fn handle(&self, command: Command) -> Result<Answer, Undone> {
        let (stall, now) = (command.stall, self.now());
        self.require_staying(stall)?;
        let reply = self.engine()?.handle(command, now)?;
        self.tell_changes();
        self.ring(stall);
        Ok(Answer::Done(reply))
    }

    /// While nobody said who they are, nothing of the stall is told but how the device itself stands.
    fn require_seen(&self, query: &Query) -> Result<(), Undone> {
        let of_the_device = matches!(
            query,
            Query::Stalls
                | Query::Stall(_)
                | Query::Status(_)
                | Query::Written(_)
                | Query::Parked { .. }
                | Query::Shares(_)
                | Query::Devices(_)
                | Query::AtRegister(_)
        );
        match query.stall() {
            Some(stall) if !of_the_device && self.engine()?.role_here(stall)?.is_none() => {
                Err(NotDone::from(Refusal::Locked).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn people(&self, call: &PeopleCall) -> Result<PeopleReply, Undone> {
        let reply = self.engine()?.people(call, self.host.now())?;
        self.tell_changes();
        Ok(reply)
    }

    /// Answers a question about a stall of this device.
    pub fn ask(&self, query: &Query) -> Result<View, Undone> {
        let now = self.now();
        Ok(self.engine()?.answer(query, now)?)
    }

    pub(crate) fn status(&self, stall: LogId) -> Result<StatusView, Undone> {
        let View::Status(status) = self.ask(&Query::Status(stall))? else {
            return Err(Failure::UnknownStall(stall).into());
        };
        Ok(status)
    }

    pub(crate) fn unsent(&self, stall: LogId) -> Result<u64, Undone> {
        Ok(self.status(stall)?.unsent)
    }

    fn about(&self) -> Result<DeviceView, Undone> {
        let own = self.own()?;
        let stalls = self.engine()?.stalls();
        Ok(DeviceView {
            version: self.options.version.clone(),
            server: own.server.clone(),
            is_online: self.heard.is_online(),
            last_contact_ms: self.last_contact_ms()?,
            clock_ahead_ms: self.heard.clock_ahead_ms(&*self.host),
            account: own.session().and(own.account()).map(str::to_owned),
            rested: own.account().filter(|_| own.session().is_none()).map(str::to_owned),
            stalls: stalls.into_iter().map(|stall| self.own_stall(stall)).collect::<Result<_, _>>()?,
            keeps: self.host.keeps(),
            warnings: self.warnings(),
        })
    }

    fn own_stall(&self, stall: LogId) -> Result<OwnStall, Undone> {
        let status = self.status(stall)?;
        let profile = self.read(|tx| facts::profile(tx, stall))?;
        let (name, currency) = profile.map(|it| (it.name, it.currency)).unwrap_or_default();
        let trouble = self.troubles.borrow().get(&stall).cloned();
        let link = self.link(stall)?.filter(Link::is_connected);
        Ok(OwnStall {
            stall,
            author: status.author,
            name,
            currency,
            role: status.role,
            is_connected: link.is_some(),
            is_arriving: link.is_some_and(|link| !link.caught_up),
            unsent: status.unsent,
            trouble: trouble.or(status.trouble),
        })
    }
}
