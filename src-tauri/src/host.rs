//! The thread on which the device lives. Everybody else asks it by message; it asks nobody and waits for no window.
//!
//! It looks into calls and answers as they pass only where the system is needed: to show that notifications arrive,
//! to add what this shell has to report, and to end a reminder when somebody looks.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use soko_app_api::{
    Answer, Arrival, Call, DeviceReply, DeviceVerb, Hindrance, Notice, PaperReply, Query, QueryKey, Said,
    Saying, Told, Trust, View, decode, encode,
};
use soko_domain::ids::Hash;
use soko_meet::Neighbours;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{LocalSet, spawn_local};

use crate::device::{Device, NotOpened};
use crate::news::{self, News, Waiting};
use crate::notify::{Board, KeptWaiting};
use crate::outside::Outside;
use crate::papers;
use crate::paying;
use crate::reminders::Reminders;
use crate::words::Language;

/// Under this key the device keeps whether closing the window leaves the program running.
const STAYS_KEPT_UNDER: &str = "window.stays";
/// And under this one the orders that wait for a person, with where they are shown.
const WAITING_KEPT_UNDER: &str = "window.waiting";
/// How late something may be told after the machine slept.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// What an order says until it is handed over or ends.
const HELD: &str = "held";
/// Longest wait for the device to end in order; its files are whole without it, too.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(3);

/// What the device's thread is asked.
enum Asked {
    Call {
        bytes: Vec<u8>,
        answer: oneshot::Sender<Vec<u8>>,
    },
    Picture {
        picture: Hash,
        answer: oneshot::Sender<Option<Vec<u8>>>,
    },
    /// Somebody clicked on a notification.
    Opened(News),
    KeepRunning(bool),
    Close(std::sync::mpsc::Sender<()>),
}

/// Where the rest of the program asks.
#[derive(Clone)]
pub(crate) struct Desk(mpsc::UnboundedSender<Asked>);

impl Desk {
    pub(crate) async fn call(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Asked::Call { bytes, answer }).ok()?;
        answered.await.ok()
    }

    pub(crate) async fn picture(&self, picture: Hash) -> Option<Vec<u8>> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Asked::Picture { picture, answer }).ok()?;
        answered.await.ok().flatten()
    }

    pub(crate) fn keep_running(&self, stays: bool) {
        self.tell(Asked::KeepRunning(stays));
    }

    /// Ends the device in order, or gives up waiting for it.
    pub(crate) fn close(&self) {
        let (done, wait) = std::sync::mpsc::channel();
        self.tell(Asked::Close(done));
        if wait.recv_timeout(CLOSE_WAIT_MAX).is_err() {
            tracing::warn!("the device did not end in time; its files are whole");
        }
    }

    fn tell(&self, asked: Asked) {
        if self.0.send(asked).is_err() {
            tracing::warn!("the device's thread has ended");
        }
    }
}

/// Starts the thread and opens the device in this folder, for this server until another one is named. An order that nobody
/// looks at is told again after this time, and then after longer ones.
pub(crate) fn start(
    place: (PathBuf, String),
    remind_after: Duration,
    outside: Outside,
) -> std::io::Result<Desk> {
    let (asks, inbox) = mpsc::unbounded_channel();
    let desk = Desk(asks);
    let own = desk.clone();
    std::thread::Builder::new().name("device".into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => {
                LocalSet::new().block_on(&runtime, live(place, remind_after, (outside, own), inbox))
            }
            Err(error) => tracing::error!(%error, "the device's thread cannot run"),
        }
    })?;
    Ok(desk)
}

struct Host {
    device: Result<Device, NotOpened>,
    /// Nothing while there is no device.
    neighbours: Option<Rc<Neighbours>>,
    outside: Outside,
    desk: Desk,
    language: Cell<Language>,
    board: Board,
    reminders: RefCell<Reminders>,
    reminders_changed: Notify,
    /// What this shell has to report beside the device, such as that notifications do not arrive.
    notices: RefCell<Vec<Said>>,
}

async fn live(
    (folder, server): (PathBuf, String),
    remind_after: Duration,
    (outside, desk): (Outside, Desk),
    mut inbox: mpsc::UnboundedReceiver<Asked>,
) {
    let (tell, mut told) = mpsc::unbounded_channel();
    let device = open((&folder, &server), &outside, tell);
    let neighbours = device.as_ref().ok().map(|device| {
        let outside = outside.clone();
        Neighbours::new(device.shared(), Box::new(move || outside.tell(&Told::Device)))
    });
    let host = Rc::new(Host {
        device,
        neighbours,
        outside,
        desk,
        language: Cell::new(system_language()),
        board: Board::default(),
        reminders: RefCell::new(Reminders::new(millis(remind_after))),
        reminders_changed: Notify::new(),
        notices: RefCell::default(),
    });
    host.recall().await;
    host.recall_waiting().await;
    spawn_local(Rc::clone(&host).remind());
    if let Some(neighbours) = host.neighbours.clone() {
        neighbours.recall().await;
        spawn_local(async move { neighbours.run().await });
    }
    loop {
        tokio::select! {
            Some(asked) = inbox.recv() => {
                if let Asked::Close(done) = asked {
                    host.close().await;
                    // Whoever asked may have stopped waiting.
                    let _ = done.send(());
                    return;
                }
                spawn_local(Rc::clone(&host).answer(asked));
            }
            Some(one) = told.recv() => host.pass_on(one),
            else => return,
        }
    }
}

fn open(
    (folder, server): (&Path, &str),
    outside: &Outside,
    tell: mpsc::UnboundedSender<Told>,
) -> Result<Device, NotOpened> {
    let opened = Device::open((folder, server), tell);
    match &opened {
        Ok(_) => outside.opened(folder),
        Err(NotOpened::Busy(said)) => {
            tracing::warn!(said.sentence, "the data directory is in use");
            outside.busy(folder);
        }
        Err(NotOpened::Unreadable(said)) => tracing::error!(said.sentence, "the device cannot be opened"),
    }
    opened
}

impl Host {
    async fn answer(self: Rc<Self>, asked: Asked) {
        match asked {
            Asked::Call { bytes, answer } => {
                let answered = match decode::<Call>(&bytes) {
                    Ok(call) => self.call(call).await,
                    Err(error) => Answer::Failed(error.into()),
                };
                // The page may be gone; an answer that cannot be written would be one too large for memory.
                let _ = answer.send(encode(&answered).unwrap_or_default());
            }
            Asked::Picture { picture, answer } => {
                let found = match &self.device {
                    Ok(device) => device.picture(picture).await,
                    Err(_) => None,
                };
                let _ = answer.send(found);
            }
            Asked::Opened(news) => {
                if let Some(waiting) = news.waits_for {
                    self.looked(&waiting);
                }
                self.outside.open(news.path);
            }
            Asked::KeepRunning(stays) => {
                let value = if stays { vec![1] } else { Vec::new() };
                self.device_call(Call::Keep { key: STAYS_KEPT_UNDER.into(), value }).await;
            }
            Asked::Close(_) => {}
        }
    }

    async fn call(self: &Rc<Self>, call: Call) -> Answer {
        if let Call::Device(command) = &call
            && command.verb == DeviceVerb::TestNotification
        {
            return self.test().await;
        }
        if let (Call::Meet(call), Some(neighbours)) = (&call, &self.neighbours) {
            return neighbours.answer(call).await;
        }
        if let Call::Ask(Query::Order { stall, order }) = &call {
            self.looked(&Waiting { stall: *stall, order: *order });
        }
        if let Call::Keep { key, value } = &call
            && key == Language::KEPT_UNDER
            && let Some(language) = Language::read(value)
        {
            self.language.set(language);
            self.refresh_tray().await;
        }
        let mut answer = self.device_call(call).await;
        if let Answer::About(about) = &mut answer {
            about.warnings.extend(self.notices.borrow().iter().cloned());
        }
        if paying::is_about_paying(&answer)
            && let Answer::About(about) = self.device_call(Call::About).await
        {
            self.outside.passed(&answer, &about.server);
        }
        // A page in a window has no downloads.
        if let Answer::Paper(PaperReply::File(file)) = &answer
            && file.media_type == papers::PDF
        {
            return papers::save(file);
        }
        answer
    }

    async fn device_call(&self, call: Call) -> Answer {
        match &self.device {
            Ok(device) => device.call(call).await,
            Err(NotOpened::Busy(said) | NotOpened::Unreadable(said)) => Answer::Failed(said.clone()),
        }
    }

    /// What the person chose before: the language of notifications, and what closing the window means.
    async fn recall(&self) {
        let kept = |key: &str| Call::Kept { key: key.into() };
        if let Answer::Kept(value) = self.device_call(kept(Language::KEPT_UNDER)).await
            && let Some(language) = Language::read(&value)
        {
            self.language.set(language);
        }
        if let Answer::Kept(value) = self.device_call(kept(STAYS_KEPT_UNDER)).await {
            self.outside.set_stays(!value.is_empty());
        }
        self.refresh_tray().await;
    }

    fn pass_on(self: &Rc<Self>, told: Told) {
        match &told {
            Told::Arrived(arrival) => self.arrived(arrival),
            Told::Stall(notice) => {
                self.check_reminders(notice);
                if let Some(neighbours) = &self.neighbours {
                    neighbours.written();
                }
            }
            Told::Device => {
                if let Some(neighbours) = &self.neighbours {
                    neighbours.changed();
                }
                let host = Rc::clone(self);
                spawn_local(async move { host.refresh_tray().await });
            }
            Told::Market(_) | Told::Buyer | Told::Show { .. } | Told::Everything => {}
        }
        self.outside.tell(&told);
    }

    async fn refresh_tray(&self) {
        let about = self.device_call(Call::About).await;
        let trust = if let Answer::About(about) = about { Trust::of(&about) } else { Trust::NotOpened };
        self.outside.stands(trust, self.language.get());
    }

    fn arrived(self: &Rc<Self>, arrival: &Arrival) {
        let news = news::of(arrival, self.language.get());
        // A test is asked for by whoever sits before the screen.
        if *arrival != Arrival::Test
            && let Some(left_ms) = self.quiet_left_ms(news.is_urgent)
        {
            let until_ms = self.now_ms().saturating_add(left_ms);
            self.reminders.borrow_mut().hold(news.waits_for, arrival.clone(), until_ms);
            self.reminders_changed.notify_one();
            self.keep_waiting();
            return;
        }
        if let Some(waiting) = news.waits_for {
            self.reminders.borrow_mut().begin(waiting, arrival.clone(), self.now_ms());
            self.reminders_changed.notify_one();
        }
        self.show(news);
    }

    /// For how long nothing may ring, by the hours that the person chose.
    fn quiet_left_ms(&self, is_urgent: bool) -> Option<u64> {
        self.device.as_ref().ok()?.quiet_left_ms(is_urgent)
    }

    fn show(self: &Rc<Self>, news: News) {
        let host = Rc::clone(self);
        spawn_local(async move {
            let waits = news.waits_for.is_some();
            if let Err(said) = host.notify(news).await {
                tracing::warn!(said.sentence, "a notification cannot be shown");
            }
            if waits {
                host.keep_waiting();
            }
        });
    }

    /// Shows it. When that fails it is reported with the device until one succeeds.
    async fn notify(&self, news: News) -> Result<(), Said> {
        let desk = self.desk.clone();
        let told = self.board.show(news, move |news| desk.tell(Asked::Opened(news)));
        let shown = told.await.unwrap_or_else(|_| Err("no thread could be started".into()));
        let shown = shown.map_err(|why| {
            let sentence = format!("notifications are not shown by this system: {why}");
            Saying::NoNotifications.said(why, sentence)
        });
        let notices: Vec<Said> = shown.clone().err().into_iter().collect();
        if *self.notices.borrow() != notices {
            *self.notices.borrow_mut() = notices;
            self.outside.tell(&Told::Device);
        }
        shown
    }

    async fn test(&self) -> Answer {
        match self.notify(news::test(self.language.get())).await {
            Ok(()) => Answer::Device(DeviceReply::Done),
            Err(said) => Answer::Failed(said),
        }
    }

    /// Somebody saw it, or it waits no longer.
    fn looked(self: &Rc<Self>, waiting: &Waiting) {
        let was_due = self.reminders.borrow_mut().end(waiting);
        if self.board.put_away(waiting) || was_due {
            self.keep_waiting();
        }
    }

    /// What waits and where it is shown, for the next life of the program, however this one ends.
    fn keep_waiting(self: &Rc<Self>) {
        let host = Rc::clone(self);
        spawn_local(async move { host.device_call(host.waiting_to_keep()).await });
    }

    fn waiting_to_keep(&self) -> Call {
        let waiting = self.reminders.borrow().to_keep().into_iter();
        let kept: Vec<KeptWaiting> = waiting
            .map(|(waiting, arrival, told, next_ms)| (arrival, told, next_ms, self.board.place(&waiting)))
            .collect();
        // Nothing is kept of nothing; what cannot be written would be too large for memory.
        let value = if kept.is_empty() { Vec::new() } else { encode(&kept).unwrap_or_default() };
        Call::Keep { key: WAITING_KEPT_UNDER.into(), value }
    }

    /// The orders that waited when the program ended. What is still shown of them is shown again in the same place, since nobody
    /// hears a click on it otherwise, or goes away if the order waits no longer.
    async fn recall_waiting(self: &Rc<Self>) {
        let kept = self.device_call(Call::Kept { key: WAITING_KEPT_UNDER.into() }).await;
        let Answer::Kept(value) = kept else { return };
        // Another version may have kept it otherwise.
        let kept: Vec<KeptWaiting> = decode(&value).unwrap_or_default();
        for (arrival, told, next_ms, place) in kept {
            let Some(waiting) = news::of(&arrival, self.language.get()).waits_for else { continue };
            let is_shown = match place {
                Some(place) => self.board.recall(waiting, place).await,
                None => false,
            };
            if self.waits(&waiting).await != Some(true) {
                self.board.put_away(&waiting);
                continue;
            }
            self.reminders.borrow_mut().go_on(waiting, (arrival.clone(), told, next_ms));
            if is_shown && self.quiet_left_ms(true).is_none() {
                self.show(news::again(&arrival, self.language.get()));
            }
        }
        self.keep_waiting();
    }

    /// Whether nobody has begun with an order; nothing where that is not known.
    async fn waits(&self, waiting: &Waiting) -> Option<bool> {
        let query = Query::Order { stall: waiting.stall, order: waiting.order };
        let answer = self.device_call(Call::Ask(query)).await;
        if let Answer::View(View::Order(order)) = &answer {
            return Some(order.row.state == HELD && order.row.step.is_none());
        }
        // Whose stall is not here any more is told nothing of it.
        let is_gone = matches!(&answer, Answer::Failed(said) if said.key == Hindrance::UnknownStall.key());
        is_gone.then_some(false)
    }

    /// Tells again what nobody looked at, whenever something is due.
    async fn remind(self: Rc<Self>) {
        loop {
            let next_ms = self.reminders.borrow().next_ms();
            let wait = next_ms.map(|next| Duration::from_millis(next.saturating_sub(self.now_ms())));
            // No pause counts a sleep of the machine.
            let wait = wait.map(|wait| wait.min(LOOK_EVERY));
            let due = async {
                match wait {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {
                    let now_ms = self.now_ms();
                    let held = self.reminders.borrow_mut().held_until(now_ms);
                    for arrival in held {
                        self.arrived(&arrival);
                    }
                    let quiet_ms = self.quiet_left_ms(true).map(|left_ms| now_ms.saturating_add(left_ms));
                    let due = self.reminders.borrow_mut().due(now_ms, quiet_ms);
                    // Also what is due no more.
                    self.keep_waiting();
                    for arrival in due {
                        self.show(news::again(&arrival, self.language.get()));
                    }
                }
                () = self.reminders_changed.notified() => {}
            }
        }
    }

    /// An order that was accepted or cancelled, here or elsewhere, waits for nobody.
    fn check_reminders(self: &Rc<Self>, notice: &Notice) {
        let concerned = |waiting: &Waiting| {
            notice.keys.iter().any(|key| {
                *key == QueryKey::Order(waiting.order)
                    || matches!(key, QueryKey::Orders | QueryKey::Everything)
            })
        };
        let mut waiting: BTreeSet<Waiting> = self.board.of_stall(notice.stall).into_iter().collect();
        waiting.extend(self.reminders.borrow().of_stall(notice.stall));
        for waiting in waiting.into_iter().filter(concerned) {
            let host = Rc::clone(self);
            spawn_local(async move {
                if host.waits(&waiting).await == Some(false) {
                    host.looked(&waiting);
                }
            });
        }
    }

    /// Nobody would hear a click on what is shown.
    async fn close(&self) {
        self.board.put_all_away().await;
        self.device_call(self.waiting_to_keep()).await;
        if let Ok(device) = &self.device {
            device.close();
        }
    }

    /// Only for pauses: it never decides anything about money or stock. What only grows stands still while the machine sleeps, and
    /// quiet hours end all the same.
    fn now_ms(&self) -> u64 {
        millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Until the person chose one in the page.
fn system_language() -> Language {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
    names.into_iter().find_map(|value| Language::read(value.as_bytes())).unwrap_or_default()
}
