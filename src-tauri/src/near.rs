//! Meets other registers of this device's stalls on the network that it is in, once a person turned that on: answers whoever
//! calls, and calls the addresses that were typed. What is said there is `soko_meet`'s, who is believed the engine's.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use soko_app_api::{
    Answer, Call, NEAR_ADDRESS_BYTES_MAX, NEAR_ADDRESSES_MAX, NearCall, NearRow, NearTrouble, NearView,
    Query, View, decode, encode,
};
use soko_device::{Device, Undone};
use soko_domain::ids::LogId;
use soko_meet::{Listening, Meeting, Parted, call_at};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Under this key the device keeps whether it meets others, and where it calls them.
const KEPT_UNDER: &str = "window.near";
/// Where registers listen unless another program has the port.
const PORT: u16 = 7317;
/// How often a register that answers is called.
const EVERY: Duration = Duration::from_secs(15);
/// How often one that does not answer is called in the end: the first pause, doubled so many times.
const DOUBLED_MAX: u32 = 4;
/// What is written in one go is told in one meeting.
const SETTLE: Duration = Duration::from_millis(300);

#[derive(Default)]
struct Kept {
    is_on: bool,
    /// Where this device listened last, so that its address stays what others typed.
    port: u16,
    addresses: Vec<String>,
}

/// What is known of one register, or of one address.
struct Known {
    row: NearRow,
    stall: Option<LogId>,
    failures: u32,
    /// When it is called next.
    due: Instant,
}

impl Known {
    fn at(address: &str) -> Self {
        let row = NearRow { address: address.to_owned(), ..NearRow::default() };
        Self { row, stall: None, failures: 0, due: Instant::now() }
    }

    fn met(&mut self, meeting: &Meeting) {
        self.stall = Some(meeting.stall);
        self.row.author = Some(meeting.with);
        self.row.met_ms = Some(now_ms());
        self.row.records += u64::try_from(meeting.records).unwrap_or(u64::MAX);
        self.row.trouble = None;
        self.failures = 0;
    }
}

pub(crate) struct Near {
    device: Rc<Device>,
    /// Says that it stands differently now.
    tell: Box<dyn Fn()>,
    kept: RefCell<Kept>,
    own: RefCell<Vec<String>>,
    known: RefCell<Vec<Known>>,
    switched: Notify,
    bell: Notify,
    /// Whether a person waits for everybody to be called.
    is_asked: Cell<bool>,
    round: Notify,
}

impl Near {
    pub(crate) fn new(device: Rc<Device>, tell: Box<dyn Fn()>) -> Rc<Self> {
        Rc::new(Self {
            device,
            tell,
            kept: RefCell::default(),
            own: RefCell::default(),
            known: RefCell::default(),
            switched: Notify::new(),
            bell: Notify::new(),
            is_asked: Cell::new(false),
            round: Notify::new(),
        })
    }

    /// What the person chose before.
    pub(crate) async fn recall(&self) {
        if let Answer::Kept(value) = self.device.answer(Call::Kept { key: KEPT_UNDER.into() }).await
            && let Ok((is_on, port, addresses)) = decode(&value)
        {
            let kept = Kept { is_on, port, addresses };
            self.known.replace(kept.addresses.iter().map(|address| Known::at(address)).collect());
            self.kept.replace(kept);
        }
    }

    /// Something was written, here or by another register: whoever answers hears it at once.
    pub(crate) fn written(&self) {
        self.bell.notify_one();
    }

    pub(crate) async fn answer(&self, call: &NearCall) -> Answer {
        let done = match call {
            NearCall::Look => Ok(()),
            NearCall::Switch(is_on) => {
                self.switched.notify_one();
                self.keep(|kept| kept.is_on = *is_on).await
            }
            NearCall::Add(address) => self.add(address).await,
            NearCall::Remove(address) => {
                self.known.borrow_mut().retain(|known| known.row.address != *address);
                self.keep(|kept| kept.addresses.retain(|kept| kept != address)).await
            }
            NearCall::MeetNow => {
                self.meet_now().await;
                Ok(())
            }
        };
        if *call != NearCall::Look {
            (self.tell)();
        }
        done.map_or_else(Answer::from, |()| Answer::Near(self.view()))
    }

    async fn add(&self, address: &str) -> Result<(), Undone> {
        let address = with_port(address)
            .ok_or_else(|| Undone::refused("near_address", format!("{address:?} is no address")))?;
        if self.kept.borrow().addresses.contains(&address) {
            return Ok(());
        }
        if self.kept.borrow().addresses.len() >= NEAR_ADDRESSES_MAX {
            return Err(Undone::refused("near_full", "this device calls no more addresses"));
        }
        self.known.borrow_mut().push(Known::at(&address));
        self.bell.notify_one();
        self.keep(|kept| kept.addresses.push(address)).await
    }

    async fn keep(&self, change: impl FnOnce(&mut Kept)) -> Result<(), Undone> {
        change(&mut self.kept.borrow_mut());
        let value = {
            let kept = self.kept.borrow();
            encode(&(kept.is_on, kept.port, &kept.addresses)).unwrap_or_default()
        };
        let answer = self.device.answer(Call::Keep { key: KEPT_UNDER.into(), value }).await;
        if let Answer::Refused(refused) = answer {
            return Err(Undone::Refused(refused));
        }
        if let Answer::Failed(said) = answer { Err(Undone::Failed(said)) } else { Ok(()) }
    }

    /// Returns once everybody was called.
    async fn meet_now(&self) {
        if self.kept.borrow().is_on && !self.kept.borrow().addresses.is_empty() {
            self.is_asked.set(true);
            self.bell.notify_one();
            self.round.notified().await;
        }
    }

    fn view(&self) -> NearView {
        let row = |known: &Known| {
            let mut row = known.row.clone();
            if let (Some(stall), Some(author)) = (known.stall, row.author)
                && let Ok(View::Devices(devices)) = self.device.ask(&Query::Devices(stall))
                && let Some(device) = devices.into_iter().find(|device| device.author == author)
            {
                row.name = device.name;
            }
            row
        };
        NearView {
            can_meet: true,
            is_on: self.kept.borrow().is_on,
            own: self.own.borrow().clone(),
            rows: self.known.borrow().iter().map(row).collect(),
        }
    }

    pub(crate) async fn run(self: Rc<Self>) {
        loop {
            if self.kept.borrow().is_on {
                tokio::select! {
                    () = self.listen() => {}
                    () = self.call_around() => {}
                    () = self.switched.notified() => {}
                }
                self.own.borrow_mut().clear();
                self.round.notify_waiters();
                (self.tell)();
            } else {
                self.switched.notified().await;
            }
        }
    }

    /// Answers whoever calls. Where nobody can be heard, this device only calls.
    async fn listen(&self) {
        let listener = match self.bind().await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(%error, "other registers cannot call this device");
                return std::future::pending().await;
            }
        };
        (self.tell)();
        let mut listening = Listening::new(listener, &*self.device);
        loop {
            let talked = listening.next().await;
            match talked.ended {
                Ok(meeting) => self.was_met(&meeting),
                Err(parted) => tracing::debug!(%parted, "somebody called in vain"),
            }
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
        self.own.replace(own_addresses().iter().map(|address| format!("{address}:{port}")).collect());
        if port != before && self.keep(|kept| kept.port = port).await.is_err() {
            tracing::warn!("the next start may listen at another port");
        }
        Ok(listener)
    }

    fn was_met(&self, meeting: &Meeting) {
        let mut known = self.known.borrow_mut();
        match known.iter_mut().find(|known| known.row.author == Some(meeting.with)) {
            Some(known) => known.met(meeting),
            None => {
                let mut caller = Known::at("");
                caller.met(meeting);
                known.push(caller);
            }
        }
        drop(known);
        (self.tell)();
    }

    async fn call_around(&self) {
        loop {
            let is_asked = self.is_asked.replace(false);
            let due: Vec<String> = {
                let (now, known) = (Instant::now(), self.known.borrow());
                let is_due = |known: &&Known| !known.row.address.is_empty() && (is_asked || known.due <= now);
                known.iter().filter(is_due).map(|known| known.row.address.clone()).collect()
            };
            join_all(due.iter().map(|address| self.call(address))).await;
            if is_asked {
                self.round.notify_waiters();
            }
            let next = self.next_due();
            let pause = tokio::time::sleep_until(next);
            tokio::select! {
                () = pause => {}
                () = self.bell.notified() => {
                    if !self.is_asked.get() {
                        tokio::time::sleep(SETTLE).await;
                    }
                    self.hurry();
                }
            }
        }
    }

    /// When somebody is to be called next.
    fn next_due(&self) -> Instant {
        let known = self.known.borrow();
        let due = known.iter().filter(|known| !known.row.address.is_empty()).map(|known| known.due).min();
        due.unwrap_or_else(|| Instant::now() + EVERY)
    }

    /// Whoever answered is called at once. Who did not is left until its time.
    fn hurry(&self) {
        let now = Instant::now();
        self.known
            .borrow_mut()
            .iter_mut()
            .filter(|known| known.failures == 0)
            .for_each(|known| known.due = now);
    }

    /// Calls one address, about every stall of this device: which of them the register there works for is not known before.
    async fn call(&self, address: &str) {
        let stalls = self.device.engine().map(|engine| engine.stalls()).unwrap_or_default();
        let (mut met, mut trouble) = (Vec::new(), None);
        for stall in stalls {
            match call_at(address, stall, &*self.device).await {
                Ok(meeting) => met.push(meeting),
                Err(parted) => trouble = trouble_of(&parted).or(trouble),
            }
        }
        let mut all = self.known.borrow_mut();
        // One that called before it was called is the same one.
        all.retain(|known| {
            !known.row.address.is_empty() || met.iter().all(|met| known.row.author != Some(met.with))
        });
        if let Some(known) = all.iter_mut().find(|known| known.row.address == address) {
            met.iter().for_each(|meeting| known.met(meeting));
            if met.is_empty() {
                known.row.trouble = trouble;
                known.failures = known.failures.saturating_add(1);
            }
            let doubled = known.failures.saturating_sub(1).min(DOUBLED_MAX);
            known.due = Instant::now() + EVERY * 2_u32.pow(doubled);
        }
        drop(all);
        (self.tell)();
    }
}

fn trouble_of(parted: &Parted) -> Option<NearTrouble> {
    Some(match parted {
        Parted::Gone(_) => NearTrouble::Unreachable,
        Parted::Slow => NearTrouble::Slow,
        Parted::Garbled(_) | Parted::Disturbed(_) => NearTrouble::NoRegister,
        Parted::Stranger => NearTrouble::Stranger,
        Parted::Unproven => NearTrouble::Unproven,
        Parted::Failed(_) => NearTrouble::Failed,
        // It goes on the next time.
        Parted::Endless => return None,
    })
}

/// An address as it is called; nothing if it cannot be one.
fn with_port(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let is_odd = |letter: char| letter.is_whitespace() || letter.is_control() || "/@?#".contains(letter);
    if typed.is_empty() || typed.len() > NEAR_ADDRESS_BYTES_MAX || typed.contains(is_odd) {
        return None;
    }
    if let Ok(address) = typed.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some(std::net::SocketAddr::new(address, PORT).to_string());
    }
    match typed.rsplit_once(':') {
        Some((host, port)) => {
            let port = port.parse::<u16>().ok()?;
            (!host.is_empty() && port > 0).then(|| format!("{host}:{port}"))
        }
        None => Some(format!("{typed}:{PORT}")),
    }
}

/// Where this machine is on its networks: from where it would send to some that are common. Nothing is sent.
fn own_addresses() -> Vec<IpAddr> {
    let mut own = Vec::new();
    for far in [[192, 0, 2, 1], [192, 168, 255, 254], [10, 255, 255, 254], [172, 31, 255, 254]] {
        let from = || -> std::io::Result<IpAddr> {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            socket.connect((Ipv4Addr::from(far), 9))?;
            Ok(socket.local_addr()?.ip())
        };
        own.extend(from().ok().filter(|address| !address.is_unspecified() && !own.contains(address)));
    }
    if own.is_empty() {
        // Without any network, whoever else runs on this machine.
        own.push(Ipv4Addr::LOCALHOST.into());
    }
    own
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_people_type_it() {
        for (typed, called) in [
            ("192.168.1.20", Some("192.168.1.20:7317")),
            (" till-2.local ", Some("till-2.local:7317")),
            ("192.168.1.20:9000", Some("192.168.1.20:9000")),
            ("till-2:7318", Some("till-2:7318")),
            ("fe80::1", Some("[fe80::1]:7317")),
            ("[fe80::1]:80", Some("[fe80::1]:80")),
            ("", None),
            (":7317", None),
            ("till:", None),
            ("till:99999", None),
            ("till:0", None),
            ("two words", None),
            ("http://till", None),
        ] {
            assert_eq!(with_port(typed).as_deref(), called, "{typed:?}");
        }
        assert_eq!(with_port(&"x".repeat(NEAR_ADDRESS_BYTES_MAX + 1)), None);
    }

    #[test]
    fn a_device_says_where_it_is() {
        let own = own_addresses();
        assert!(!own.is_empty() && own.iter().all(|address| !address.is_unspecified()), "{own:?}");
    }
}
