//! Meets other registers of a device's stalls for as long as a person wants that: answers whoever calls on a network of its own,
//! and calls the addresses that were typed. Nothing of it waits for a person, and whoever is at the register does not matter: it is
//! the register that meets, as it is the register that speaks with a server.

mod addresses;

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use soko_app_api::{
    Answer, Call, MEET_ADDRESSES_MAX, MeetCall, MeetRow, MeetTrouble, MeetView, Query, View, decode, encode,
};
use soko_device::{Device, Undone};
use soko_domain::ids::{AuthorId, LogId};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use crate::Parted;
use crate::meeting::Meeting;
use crate::network::{Listening, call_local};

/// Under this key the device keeps whether it meets others, and where it calls them.
const KEPT_UNDER: &str = "meet.neighbours";
/// Where registers listen unless another program has the port.
pub const PORT: u16 = 7317;
/// How often a register that answers is called: so late at most is heard what is written where this one's address is not known.
const EVERY: Duration = Duration::from_secs(5);
/// How often one that does not answer is called in the end: the first pause, doubled so many times.
const DOUBLED_MAX: u32 = 5;
/// What is written in one go is told in one meeting.
const SETTLE: Duration = Duration::from_millis(300);
/// Registers that called and are shown; who called first is left out first.
const CALLERS_MAX: usize = 32;

#[derive(Default)]
struct Kept {
    is_on: bool,
    /// Where this device listened last, so that its address stays what others typed.
    port: u16,
    addresses: Vec<String>,
}

/// One register, or an address at which there may be one.
struct Known {
    /// Empty for a register that called.
    address: String,
    /// Who it is at each stall that both work for.
    with: Vec<(LogId, AuthorId)>,
    met_ms: Option<i64>,
    records: u64,
    trouble: Option<MeetTrouble>,
    failures: u32,
    /// When it is called next.
    due: Instant,
    is_called: bool,
    /// A person waits for what comes of the next call.
    is_asked: bool,
}

impl Known {
    fn at(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            with: Vec::new(),
            met_ms: None,
            records: 0,
            trouble: None,
            failures: 0,
            due: Instant::now(),
            is_called: false,
            is_asked: false,
        }
    }

    fn is(&self, meeting: &Meeting) -> bool {
        self.with.contains(&(meeting.stall, meeting.with))
    }

    fn met(&mut self, meeting: &Meeting) {
        // A register may have become another one since.
        self.with.retain(|(stall, _)| *stall != meeting.stall);
        self.with.push((meeting.stall, meeting.with));
        self.met_ms = Some(now_ms());
        self.records += u64::try_from(meeting.records).unwrap_or(u64::MAX);
        self.trouble = None;
        self.failures = 0;
    }
}

pub struct Neighbours {
    device: Rc<Device>,
    /// Says that it stands differently now.
    tell: Box<dyn Fn()>,
    kept: RefCell<Kept>,
    /// Where it listens, while it does.
    port: Cell<Option<u16>>,
    known: RefCell<Vec<Known>>,
    /// Whether this device meets others may be otherwise now.
    stands: Notify,
    /// Somebody may be due earlier than before.
    bell: Notify,
    /// A call ended that a person waits for.
    called: Notify,
}

impl Neighbours {
    pub fn new(device: Rc<Device>, tell: Box<dyn Fn()>) -> Rc<Self> {
        Rc::new(Self {
            device,
            tell,
            kept: RefCell::default(),
            port: Cell::default(),
            known: RefCell::default(),
            stands: Notify::new(),
            bell: Notify::new(),
            called: Notify::new(),
        })
    }

    /// What a person chose before. Until this was called, nobody is met.
    pub async fn recall(&self) {
        if let Answer::Kept(value) = self.device.answer(Call::Kept { key: KEPT_UNDER.into() }).await
            && let Ok((is_on, port, addresses)) = decode(&value)
        {
            let kept = Kept { is_on, port, addresses };
            self.known.replace(kept.addresses.iter().map(|address| Known::at(address)).collect());
            self.kept.replace(kept);
            self.stands.notify_one();
        }
    }

    /// Goes on for as long as somebody waits for it. It meets others while it is switched on and works for a stall.
    pub async fn run(&self) {
        loop {
            if self.does_meet() {
                tokio::select! {
                    () = self.listen() => {}
                    () = self.call_around() => {}
                    () = self.until_it_ends() => {}
                }
                self.port.set(None);
                for known in self.known.borrow_mut().iter_mut() {
                    (known.is_called, known.is_asked) = (false, false);
                }
                self.called.notify_waiters();
                (self.tell)();
            } else {
                self.stands.notified().await;
            }
        }
    }

    /// Something was written at a stall, here or by another register: whoever answers hears it soon.
    pub fn written(&self) {
        let soon = Instant::now() + SETTLE;
        for known in self.known.borrow_mut().iter_mut().filter(|known| known.failures == 0) {
            known.due = known.due.min(soon);
        }
        self.bell.notify_one();
    }

    /// The device may have begun to work for a stall, or ended.
    pub fn changed(&self) {
        self.stands.notify_one();
    }

    pub async fn answer(&self, call: &MeetCall) -> Answer {
        let done = match call {
            MeetCall::Look => return Answer::Meet(self.view()),
            MeetCall::Switch(is_on) => self.switch(*is_on).await,
            MeetCall::Add(address) => self.add(address).await,
            MeetCall::Remove(address) => self.remove(address).await,
            MeetCall::MeetNow => {
                self.meet_now().await;
                Ok(())
            }
        };
        (self.tell)();
        done.map_or_else(Answer::from, |()| Answer::Meet(self.view()))
    }

    fn does_meet(&self) -> bool {
        self.kept.borrow().is_on && !self.stalls().is_empty()
    }

    fn stalls(&self) -> Vec<LogId> {
        self.device.engine().map(|engine| engine.stalls()).unwrap_or_default()
    }

    async fn switch(&self, is_on: bool) -> Result<(), Undone> {
        self.device.may_choose_to_meet()?;
        self.keep(|kept| kept.is_on = is_on).await?;
        self.stands.notify_one();
        Ok(())
    }

    async fn add(&self, typed: &str) -> Result<(), Undone> {
        self.device.may_choose_to_meet()?;
        let address = addresses::read(typed)?;
        let is_here = |port| addresses::is_own(&address, port);
        if self.port.get().is_some_and(is_here) {
            return Err(Undone::refused("meet_own", "this is where this device listens itself"));
        }
        if self.kept.borrow().addresses.contains(&address) {
            return Ok(());
        }
        if self.kept.borrow().addresses.len() >= MEET_ADDRESSES_MAX {
            return Err(Undone::refused("meet_full", "this device calls no more addresses"));
        }
        self.keep(|kept| kept.addresses.push(address.clone())).await?;
        self.known.borrow_mut().push(Known::at(&address));
        self.bell.notify_one();
        Ok(())
    }

    async fn remove(&self, address: &str) -> Result<(), Undone> {
        self.device.may_choose_to_meet()?;
        self.keep(|kept| kept.addresses.retain(|kept| kept != address)).await?;
        self.known.borrow_mut().retain(|known| known.address.is_empty() || known.address != address);
        self.called.notify_waiters();
        Ok(())
    }

    /// On the disk before it counts.
    async fn keep(&self, change: impl FnOnce(&mut Kept)) -> Result<(), Undone> {
        let mut next = {
            let kept = self.kept.borrow();
            Kept { is_on: kept.is_on, port: kept.port, addresses: kept.addresses.clone() }
        };
        change(&mut next);
        let value = encode(&(next.is_on, next.port, &next.addresses));
        let value = value.map_err(|error| Undone::failed(error.to_string()))?;
        let answer = self.device.answer(Call::Keep { key: KEPT_UNDER.into(), value }).await;
        if let Answer::Refused(refused) = answer {
            return Err(Undone::Refused(refused));
        }
        if let Answer::Failed(said) = answer {
            return Err(Undone::Failed(said));
        }
        self.kept.replace(next);
        Ok(())
    }

    /// Returns once every address was called.
    async fn meet_now(&self) {
        if !self.does_meet() {
            return;
        }
        for known in self.known.borrow_mut().iter_mut().filter(|known| !known.address.is_empty()) {
            (known.is_asked, known.due) = (true, Instant::now());
        }
        self.bell.notify_one();
        while self.known.borrow().iter().any(|known| known.is_asked) {
            self.called.notified().await;
        }
    }

    fn view(&self) -> MeetView {
        let rows = self.known.borrow();
        MeetView {
            can_meet: true,
            may_choose: self.device.may_choose_to_meet().is_ok(),
            is_on: self.kept.borrow().is_on,
            own: self.own(),
            rows: rows.iter().map(|known| self.row(known)).collect(),
        }
    }

    fn row(&self, known: &Known) -> MeetRow {
        let name =
            known.with.iter().find_map(|(stall, author)| match self.device.ask(&Query::Devices(*stall)) {
                Ok(View::Devices(rows)) => {
                    rows.into_iter().find(|row| row.author == *author).map(|row| row.name)
                }
                Ok(_) | Err(_) => None,
            });
        MeetRow {
            address: known.address.clone(),
            name: name.unwrap_or_default(),
            met_ms: known.met_ms,
            records: known.records,
            trouble: known.trouble,
        }
    }

    /// Looked up each time: a device that changes its network is somewhere else then.
    fn own(&self) -> Vec<String> {
        let at = |port| {
            addresses::own().iter().map(|address| SocketAddr::new(*address, port).to_string()).collect()
        };
        self.port.get().map(at).unwrap_or_default()
    }

    async fn until_it_ends(&self) {
        while self.does_meet() {
            self.stands.notified().await;
        }
    }

    /// Answers whoever calls.
    async fn listen(&self) {
        let mut listening = Listening::new(self.bound().await, &*self.device).local_only();
        loop {
            // Whoever is no register of the stall came in vain, and nothing is to be said of it.
            if let Ok(meeting) = listening.next().await.ended {
                self.was_met(&meeting);
                (self.tell)();
            }
        }
    }

    /// While the system has no port, this device only calls.
    async fn bound(&self) -> TcpListener {
        loop {
            if let Ok(listener) = self.bind().await {
                return listener;
            }
            sleep(EVERY).await;
        }
    }

    async fn bind(&self) -> std::io::Result<TcpListener> {
        let before = self.kept.borrow().port;
        let mut bound = Err(std::io::ErrorKind::AddrInUse.into());
        // Zero is any that is free.
        for port in [before, PORT, 0].into_iter().skip(usize::from(before == 0)) {
            bound = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await;
            if bound.is_ok() {
                break;
            }
        }
        let listener = bound?;
        let port = listener.local_addr()?.port();
        self.port.set(Some(port));
        // Others typed it: one that is taken today is tried again at the next start.
        if before == 0 {
            // If it cannot be kept, the next start looks for a port again, and is called where it is shown then.
            let _ = self.keep(|kept| kept.port = port).await;
        }
        (self.tell)();
        Ok(listener)
    }

    fn was_met(&self, meeting: &Meeting) {
        let mut known = self.known.borrow_mut();
        if let Some(known) = known.iter_mut().find(|known| known.is(meeting)) {
            return known.met(meeting);
        }
        let callers = known.iter().filter(|known| known.address.is_empty()).count();
        if let Some(first) = known.iter().position(|known| known.address.is_empty())
            && callers >= CALLERS_MAX
        {
            known.remove(first);
        }
        let mut caller = Known::at("");
        caller.met(meeting);
        known.push(caller);
    }

    /// Calls every address when it is due. One that does not answer keeps none of the others waiting.
    async fn call_around(&self) {
        let mut calls = FuturesUnordered::new();
        loop {
            for address in self.due() {
                calls.push(self.call(address));
            }
            tokio::select! {
                Some(()) = calls.next() => {}
                () = sleep_until(self.next_due()) => {}
                () = self.bell.notified() => {}
            }
        }
    }

    /// Who is to be called now.
    fn due(&self) -> Vec<String> {
        let (now, mut known) = (Instant::now(), self.known.borrow_mut());
        let due = known.iter_mut().filter(|it| !it.address.is_empty() && !it.is_called && it.due <= now);
        let begin = |it: &mut Known| {
            // What is written while it is called makes it due earlier again.
            (it.is_called, it.due) = (true, now + EVERY);
            it.address.clone()
        };
        due.map(begin).collect()
    }

    fn next_due(&self) -> Instant {
        let known = self.known.borrow();
        let waiting = known.iter().filter(|known| !known.address.is_empty() && !known.is_called);
        waiting.map(|known| known.due).min().unwrap_or_else(|| Instant::now() + EVERY)
    }

    /// Calls one address, about every stall of this device: which of them the register there works for is not known before.
    async fn call(&self, address: String) {
        let (mut met, mut trouble) = (Vec::new(), None);
        for stall in self.stalls() {
            match call_local(&address, stall, &*self.device).await {
                Ok(meeting) => met.push(meeting),
                Err(parted) => trouble = trouble_of(&parted).or(trouble),
            }
        }
        self.was_called(&address, &met, trouble);
        self.called.notify_waiters();
        (self.tell)();
    }

    fn was_called(&self, address: &str, met: &[Meeting], trouble: Option<MeetTrouble>) {
        let mut all = self.known.borrow_mut();
        // One that called before it was called is the same one.
        all.retain(|known| !known.address.is_empty() || !met.iter().any(|meeting| known.is(meeting)));
        let Some(known) = all.iter_mut().find(|known| known.address == address) else { return };
        (known.is_called, known.is_asked) = (false, false);
        met.iter().for_each(|meeting| known.met(meeting));
        if met.is_empty() {
            known.trouble = trouble;
            known.failures = known.failures.saturating_add(1);
            known.due = Instant::now() + EVERY * 2_u32.pow((known.failures - 1).min(DOUBLED_MAX));
        }
    }
}

fn trouble_of(parted: &Parted) -> Option<MeetTrouble> {
    Some(match parted {
        Parted::Gone(_) => MeetTrouble::Unreachable,
        Parted::Far => MeetTrouble::Far,
        Parted::Slow => MeetTrouble::Slow,
        Parted::Garbled(_) | Parted::Disturbed(_) => MeetTrouble::NoRegister,
        Parted::Stranger => MeetTrouble::Stranger,
        Parted::Unproven => MeetTrouble::Unproven,
        Parted::Failed(_) => MeetTrouble::Failed,
        // It goes on the next time.
        Parted::Endless => return None,
    })
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
