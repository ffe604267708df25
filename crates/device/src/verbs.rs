//! What a person does with the device itself: found a stall, name a server, sign in, connect, let others in.

use soko_app_api::{
    Arrival, Command, DeviceCommand, DeviceReply, DeviceVerb, FileMade, MessagesReply, MessagesVerb,
    ProgramsCall, ProgramsReply, ReturnAnswer, ReviewAnswer, SessionRow, SessionsVerb, StallContent, Told,
    Verb,
};
use soko_domain::ids::{LogId, ThingId};
use soko_domain::role::Role;
use soko_domain::wire::Wire as _;
use soko_engine::Join;

use crate::buyer::{addresses, by_whom, interactions, likes};
use crate::device::Device;
use crate::failure::Undone;
use crate::host::random;
use crate::invitation::Invitation;
use crate::kept::{Own, put_own};
use crate::levels::Moved;
use crate::server::{EXPIRED, Server, Ticket, Unanswered};

/// How long quiet hours that were looked up count as known.
const QUIET_KEPT_MS: u64 = 3_600_000;

impl Device {
    pub(crate) async fn device_command(&self, command: DeviceCommand) -> Result<DeviceReply, Undone> {
        let done = Ok(DeviceReply::Done);
        match command.verb {
            DeviceVerb::FoundStall { stall, content, device_name } => {
                self.found(command.id, (stall, content), device_name).and(done)
            }
            DeviceVerb::UseServer { server } => self.use_server(&server).and(done),
            DeviceVerb::CreateAccount { email, password } => {
                self.server()?.create_account(&email, &password).await?;
                self.sign_in(&email, &password).await.and(done)
            }
            DeviceVerb::SignIn { email, password } => self.sign_in(&email, &password).await.and(done),
            DeviceVerb::ChangePassword { old, new } => self.change_password(&old, &new).await.and(done),
            DeviceVerb::ChangeEmail { email, password } => {
                self.change_email(&email, &password).await.and(done)
            }
            DeviceVerb::ForgotPassword { email } => {
                self.server()?.forgot_password(&email).await?;
                done
            }
            DeviceVerb::SignOut => self.sign_out().await.and(done),
            DeviceVerb::AnswerReview(answer) => self.answer_review(&answer).await.and(done),
            DeviceVerb::Messages(verb) => self.messages(&verb).await.map(DeviceReply::Messages),
            DeviceVerb::AnswerReturn(answer) => self.answer_return(&answer).await.and(done),
            DeviceVerb::Sessions(verb) => self.sessions(verb).await.map(DeviceReply::Sessions),
            DeviceVerb::OwnData => self.own_data().await.map(DeviceReply::File),
            DeviceVerb::EraseAccount { password } => self.erase_account(&password).await.and(done),
            DeviceVerb::Connect(stall) => self.connect(stall).await.and(done),
            DeviceVerb::Join { invitation, device_name } => {
                self.join(&Invitation::read(&invitation)?, device_name).await.map(DeviceReply::Joined)
            }
            DeviceVerb::Invite { stall, role } => self.invite(stall, role).await,
            DeviceVerb::Leave { stall, by_backup } => self.leave(stall, by_backup).await.and(done),
            DeviceVerb::Renew(stall) => self.renew(stall).await.and(done),
            DeviceVerb::PutPicture { bytes } => self.put_picture(&bytes).map(DeviceReply::Picture),
            DeviceVerb::BackUp { stall, password } => self.back_up(stall, &password).map(DeviceReply::File),
            DeviceVerb::Restore { bytes, password, device_name } => {
                self.restore(&bytes, &password, &device_name).map(DeviceReply::Joined)
            }
            DeviceVerb::Export(stall) => self.export(stall).map(DeviceReply::File),
            DeviceVerb::ExchangeNow => {
                self.hurry();
                done
            }
            DeviceVerb::TestNotification => {
                self.tell(&Told::Arrived(Arrival::Test));
                done
            }
        }
    }

    fn found(
        &self,
        id: ThingId,
        (stall, content): (LogId, StallContent),
        name: String,
    ) -> Result<(), Undone> {
        let mut engine = self.engine()?;
        // Asked again after a crash in between, it goes on where it was.
        if !engine.stalls().contains(&stall) {
            engine.join(Join { stall, name, role: Role::Owner, server_keys: Vec::new() })?;
        }
        let command = Command { id, stall, verb: Verb::CreateStall(content) };
        engine.handle(command, self.now())?;
        drop(engine);
        // Nothing is there yet: whatever falls from now on is news.
        self.look_at_levels(stall, Moved::All);
        self.tell_changes();
        self.tell_device();
        Ok(())
    }

    pub(crate) fn use_server(&self, server: &str) -> Result<(), Undone> {
        let address = self.server_at(server)?.base().to_owned();
        let own = self.own()?;
        if address == own.server {
            return Ok(());
        }
        self.write(interactions::ask_anew)?;
        // A session opens nothing at another server.
        self.keep_own(&Own { server: address, email: String::new(), session: String::new(), ..own })?;
        self.forget_contact()?;
        self.tell_device();
        self.tell(&Told::Buyer);
        self.hurry();
        Ok(())
    }

    async fn sign_in(&self, email: &str, password: &str) -> Result<(), Undone> {
        let server = self.server()?;
        let session = server.sign_in(email, password).await?;
        let own = self.own()?;
        if own.server != server.base() {
            return Err(Undone::refused(
                "server_changed",
                "another server was named meanwhile: sign in again",
            ));
        }
        let mut own = Own { email: email.trim().to_owned(), session, ..own };
        let whose = likes::whose(&own);
        for guest in self.read(|tx| by_whom::guests(tx, &whose, &own.server))? {
            // Without it the orders are followed from here all the same, and it is said again the next time.
            let _ = server.was_guest(&own.session, &guest).await;
        }
        let was_tried = self.is_tried()?;
        self.write(|tx| {
            if by_whom::is_used(tx, &own.guest)? {
                // Whatever is ordered under it is this account's from now on.
                own.guest = random(&*self.host);
            }
            put_own(tx, &own)?;
            by_whom::adopt(tx, (&whose, &own.server), &|| self.random_id())
        })?;
        self.find_arm_again(was_tried);
        self.orders_known_of.replace(None);
        self.tell_device();
        self.tell(&Told::Buyer);
        self.orders.ring();
        Ok(())
    }

    async fn sign_out(&self) -> Result<(), Undone> {
        let own = self.own()?;
        if own.account().is_none() {
            return Ok(());
        }
        self.forget_session()?;
        let (Some(session), Ok(server)) = (own.session(), self.server()) else { return Ok(()) };
        // The server ends it by itself in time; here nobody is signed in either way.
        let _ = server.sign_out(session).await;
        Ok(())
    }

    async fn answer_review(&self, answer: &ReviewAnswer) -> Result<(), Undone> {
        let link = self.connected(answer.stall)?;
        let server = self.server_at(&link.server)?;
        match server.answer_review(&link.access_token, answer).await {
            // Access lasts ten minutes; this is asked for now and then.
            Err(Unanswered::NoAccess(_)) => {
                let link = self.refresh(&server, answer.stall).await?;
                server.answer_review(&link.access_token, answer).await?;
            }
            answered => answered?,
        }
        // What the stall shows is seen at once.
        self.market.ring();
        Ok(())
    }

    async fn answer_return(&self, answer: &ReturnAnswer) -> Result<(), Undone> {
        let link = self.connected(answer.stall)?;
        let server = self.server_at(&link.server)?;
        match server.answer_return(&link.access_token, answer).await {
            Err(Unanswered::NoAccess(_)) => {
                let link = self.refresh(&server, answer.stall).await?;
                server.answer_return(&link.access_token, answer).await?;
            }
            answered => answered?,
        }
        // What came of it is in the stall's records, which are fetched at once.
        self.hurry();
        Ok(())
    }

    async fn own_data(&self) -> Result<FileMade, Undone> {
        let (server, session) = (self.server()?, self.session()?);
        let bytes = self.with_session(&session, server.own_data(&session).await.map_err(Undone::from))?;
        Ok(self.made("soko-my-data.json", bytes))
    }

    async fn sessions(&self, verb: SessionsVerb) -> Result<Vec<SessionRow>, Undone> {
        let (server, session) = (self.server()?, self.session()?);
        self.with_session(&session, server.sessions(&session, verb).await.map_err(Undone::from))
    }

    async fn change_email(&self, email: &str, password: &str) -> Result<(), Undone> {
        let (server, session) = (self.server()?, self.session()?);
        self.with_session(
            &session,
            server.change_email(&session, email, password).await.map_err(Undone::from),
        )
    }

    async fn change_password(&self, old: &str, new: &str) -> Result<(), Undone> {
        let (server, session) = (self.server()?, self.session()?);
        self.with_session(&session, server.change_password(&session, old, new).await.map_err(Undone::from))
    }

    async fn erase_account(&self, password: &str) -> Result<(), Undone> {
        let (own, server, session) = (self.own()?, self.server()?, self.session()?);
        self.with_session(&session, server.erase_account(&session, password).await.map_err(Undone::from))?;
        let whose = likes::whose(&own);
        self.write(|tx| {
            by_whom::forget(tx, &whose)?;
            likes::forget(tx, &whose)?;
            addresses::forget(tx, &whose)?;
            // What others say is fetched again; some of it may have been theirs.
            tx.execute("delete from market_review", &[])?;
            interactions::forget(tx, &whose)
        })?;
        self.forget_session()?;
        self.leave_no_trace()?;
        self.tell(&Told::Buyer);
        Ok(())
    }

    async fn messages(&self, verb: &MessagesVerb) -> Result<MessagesReply, Undone> {
        let (server, session) = (self.server()?, self.session()?);
        let reply =
            self.with_session(&session, server.messages(&session, verb).await.map_err(Undone::from))?;
        if let MessagesReply::Wishes(wishes) = &reply
            && self.own()?.session == session
        {
            self.keep_quiet(&wishes.quiet)?;
        }
        Ok(reply)
    }

    /// The hours that somebody chose on another device. Whoever cannot be asked is asked again later.
    pub(crate) async fn learn_quiet(&self) -> Result<(), Undone> {
        let is_known =
            self.quiet_learned_ms.get().is_some_and(|at_ms| self.clock_ms() < at_ms + QUIET_KEPT_MS);
        let own = self.own()?;
        let Some(session) = own.session().filter(|_| self.host.rings() && !is_known) else { return Ok(()) };
        let heard = self.server()?.messages(session, &MessagesVerb::Look).await;
        if let Ok(MessagesReply::Wishes(wishes)) = heard
            && self.own()? == own
        {
            self.keep_quiet(&wishes.quiet)?;
            self.quiet_learned_ms.set(Some(self.clock_ms()));
        }
        Ok(())
    }

    pub(crate) async fn programs(&self, call: &ProgramsCall) -> Result<ProgramsReply, Undone> {
        let (server, session) = (self.server()?, self.session()?);
        self.with_session(&session, server.programs(&session, call).await.map_err(Undone::from))
    }

    fn session(&self) -> Result<String, Undone> {
        let own = self.own()?;
        let session = own.session().map(str::to_owned);
        session.ok_or_else(|| Undone::refused("not_signed_in", "sign in first"))
    }

    /// Ends the session here when the server does not know it any more, unless another one has begun since it was asked.
    fn with_session<T>(&self, session: &str, answer: Result<T, Undone>) -> Result<T, Undone> {
        if let Err(Undone::Refused(refused)) = &answer
            && let is_expired = refused.code == EXPIRED
            && (is_expired || refused.code == "no_access")
        {
            if self.own()?.session == session {
                if is_expired { self.end_session()? } else { self.forget_session()? }
            }
            return Err(Undone::refused("not_signed_in", "the session has ended: sign in again"));
        }
        answer
    }

    async fn connect(&self, stall: LogId) -> Result<(), Undone> {
        let (server, session) = (self.server()?, self.session()?);
        let introduction = self.engine()?.introduction(stall)?.to_bytes();
        let claimed = server.claim(&session, &introduction).await.map_err(Undone::from);
        // A stall that was restored from a backup has an owner: whether that is this account, enrolling tells.
        let is_taken = matches!(&claimed, Err(Undone::Refused(refused)) if refused.code == "stall_taken");
        if !is_taken {
            self.with_session(&session, claimed)?;
        }
        let role = self.status(stall)?.role;
        self.enrol_by_session(&server, (stall, role), session).await
    }

    async fn enrol_by_session(
        &self,
        server: &Server,
        (stall, role): (LogId, Role),
        session: String,
    ) -> Result<(), Undone> {
        let name = self.status(stall)?.name;
        let ticket = Ticket::Person { session: session.clone(), role: role.name().to_owned() };
        let enrolled = self.enrol(server, stall, (&name, &ticket)).await;
        self.with_session(&session, enrolled)?;
        self.begin_exchange(stall);
        Ok(())
    }

    fn begin_exchange(&self, stall: LogId) {
        self.tell_changes();
        self.tell_device();
        self.join_stalls();
        self.ring(stall);
    }

    async fn join(&self, invitation: &Invitation, name: String) -> Result<LogId, Undone> {
        let Invitation { server, stall, role, code } = invitation;
        let server = self.server_at(server)?;
        if self.own()?.server.is_empty() {
            self.use_server(server.base())?;
        }
        let is_known = self.engine()?.stalls().contains(stall);
        if is_known && self.connected(*stall).is_ok() {
            return Ok(*stall);
        }
        if !is_known {
            let join = Join { stall: *stall, name, role: *role, server_keys: Vec::new() };
            self.engine()?.join(join)?;
        }
        let name = self.status(*stall)?.name;
        let enrolled = self.enrol(&server, *stall, (&name, &Ticket::Code(code.clone()))).await;
        self.begin_exchange(*stall);
        enrolled.map(|()| *stall)
    }

    async fn invite(&self, stall: LogId, role: Role) -> Result<DeviceReply, Undone> {
        let (link, session) = (self.connected(stall)?, self.session()?);
        let server = self.server_at(&link.server)?;
        let answer = server.invite(&session, stall, role.name()).await.map_err(Undone::from);
        let code = self.with_session(&session, answer)?;
        let invitation = Invitation { server: link.server, stall, role, code: code.code };
        Ok(DeviceReply::Invitation { invitation: invitation.to_text(), expires_ms: code.expires_ms })
    }

    /// Goes on as a new author, and lets it in at once if somebody is signed in who may.
    async fn renew(&self, stall: LogId) -> Result<(), Undone> {
        self.require_not_asking(stall)?;
        // A person who repeats this after a lost reply must not become one author more.
        if self.engine()?.frozen(stall).is_some() {
            self.engine()?.renew(stall)?;
        }
        let address = self.link(stall)?.map(|link| link.server);
        self.tell_changes();
        self.tell_device();
        let (Some(address), Ok(session)) = (address, self.session()) else { return Ok(()) };
        let (server, role) = (self.server_at(&address)?, self.status(stall)?.role);
        self.enrol_by_session(&server, (stall, role), session).await
    }
}
