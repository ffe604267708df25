//! On desktops where notifications go over the session's bus. Each has a keeper, a task that waits for the click and for
//! what is said of it next: another text in its place, or that it is to go. All speak over one connection: a daemon such as
//! GNOME's lets nobody else put another in the place of what that one showed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt as _;
use notify_rust::NotificationResponse;
use soko_domain::ids::LogId;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;
use zbus::fdo::DBusProxy;
use zbus::message::Type;
use zbus::names::BusName;
use zbus::zvariant::Value;
use zbus::{Connection, MatchRule, MessageStream};

use super::{Place, Tell, Told, is_click, notification};
use crate::news::{News, Waiting};

/// The name that the desktop file and the icon are installed under.
const DESKTOP_NAME: &str = "soko";
const DAEMON: &str = "org.freedesktop.Notifications";
const DAEMON_PATH: &str = "/org/freedesktop/Notifications";
/// As the notification specification numbers them: an urgency, and how long something is shown.
const NORMAL: u8 = 1;
const CRITICAL: u8 = 2;
const AS_LONG_AS_USUAL: i32 = -1;
const FOR_EVER: i32 = 0;
/// How long the end of the program waits for a daemon that does not answer.
const AWAY_WAIT_MAX: Duration = Duration::from_secs(1);

/// What is shown, by what it is about. All of it lives on the device's thread.
#[derive(Clone, Default)]
pub(crate) struct Board {
    all: Rc<RefCell<BTreeMap<Waiting, Shown>>>,
    bus: Bus,
}

/// The one connection, from the first word on. One that broke is not used again.
#[derive(Clone, Default)]
struct Bus(Rc<RefCell<Option<Connection>>>);

#[derive(Default)]
struct Shown {
    place: Option<Place>,
    /// Nothing where an earlier life of the program showed it.
    keeper: Option<mpsc::UnboundedSender<Word>>,
}

/// What a keeper is told.
enum Word {
    Instead(News, Tell),
    Away(oneshot::Sender<()>),
}

enum Happened {
    Clicked,
    /// By the person, or by the daemon.
    Closed,
    Said(Word),
}

impl Board {
    /// Shows it in the place of what was shown of the same thing. The answer is nothing, or why it could not be shown;
    /// `opened` is called when a person clicks on it.
    pub(crate) fn show(&self, news: News, opened: impl Fn(News) + Send + 'static) -> Told {
        let (tell, told) = oneshot::channel();
        let about = news.waits_for;
        let keeper = about.and_then(|about| self.all.borrow().get(&about)?.keeper.clone());
        let mut word = Word::Instead(news, tell);
        if let Some(keeper) = keeper {
            match keeper.send(word) {
                Ok(()) => return told,
                Err(unsent) => word = unsent.0,
            }
        }
        let (words, heard) = mpsc::unbounded_channel();
        if let Some(about) = about {
            self.all.borrow_mut().entry(about).or_default().keeper = Some(words.clone());
        }
        let keeper = Keeper { board: self.clone(), about, opened, heard, words };
        spawn_local(keeper.keep(word));
        told
    }

    /// Somebody looked, or it waits no longer. Says whether anything was shown.
    pub(crate) fn put_away(&self, about: &Waiting) -> bool {
        let Some(shown) = self.all.borrow_mut().remove(about) else { return false };
        spawn_local(shown.put_away(self.bus.clone()));
        true
    }

    pub(crate) fn of_stall(&self, stall: LogId) -> Vec<Waiting> {
        self.all.borrow().keys().filter(|about| about.stall == stall).copied().collect()
    }

    pub(crate) fn place(&self, about: &Waiting) -> Option<Place> {
        self.all.borrow().get(about)?.place.clone()
    }

    /// An earlier life of the program showed it there. Says whether it may still be: another daemon gives its numbers to
    /// others.
    pub(crate) async fn recall(&self, about: Waiting, place: Place) -> bool {
        let is_same = self.bus.daemon().await.is_ok_and(|daemon| daemon == place.0);
        if is_same {
            self.all.borrow_mut().entry(about).or_default().place = Some(place);
        }
        is_same
    }

    /// The program ends: nobody would hear a click.
    pub(crate) async fn put_all_away(&self) {
        let all: Vec<Shown> = std::mem::take(&mut *self.all.borrow_mut()).into_values().collect();
        let away = async {
            for shown in all {
                shown.put_away(self.bus.clone()).await;
            }
        };
        if tokio::time::timeout(AWAY_WAIT_MAX, away).await.is_err() {
            tracing::warn!("the notification daemon does not answer; what it shows stays");
        }
    }
}

impl Shown {
    async fn put_away(self, bus: Bus) {
        let (done, gone) = oneshot::channel();
        if self.keeper.is_some_and(|keeper| keeper.send(Word::Away(done)).is_ok()) {
            // A keeper that ended has nothing shown.
            let _ = gone.await;
        } else if let Some(place) = self.place
            && let Err(error) = bus.close(&place).await
        {
            tracing::warn!(%error, "a notification of an earlier life of the program stays");
        }
    }
}

struct Keeper<F> {
    board: Board,
    about: Option<Waiting>,
    opened: F,
    heard: mpsc::UnboundedReceiver<Word>,
    /// By which the board knows us; and so that the end of everybody else is no word.
    words: mpsc::UnboundedSender<Word>,
}

impl<F: Fn(News)> Keeper<F> {
    async fn keep(mut self, first: Word) {
        let mut handle: Option<Handle> = None;
        let mut next = Some(first);
        while let Some(word) = next {
            next = match word {
                Word::Away(done) => {
                    if let Some(handle) = handle.take()
                        && let Err(error) = handle.close().await
                    {
                        tracing::warn!(%error, "a notification stays");
                    }
                    // Whoever asked may have stopped waiting.
                    let _ = done.send(());
                    None
                }
                Word::Instead(news, tell) => match self.show(&news).await {
                    Ok(mut shown) => {
                        let _ = tell.send(Ok(()));
                        let happened = happens(&mut shown, &mut self.heard).await;
                        handle = Some(shown);
                        self.follows(happened, news, &mut handle)
                    }
                    Err(why) => {
                        let _ = tell.send(Err(why));
                        None
                    }
                },
            };
        }
        self.end();
    }

    /// In the place of what is shown of the same thing, if the same daemon is still there.
    async fn show(&self, news: &News) -> Result<Handle, String> {
        let bus = &self.board.bus;
        let mut daemon = bus.daemon().await.ok();
        let before = self.about.and_then(|about| self.board.place(&about));
        let instead_of = before.filter(|(whose, _)| Some(whose) == daemon.as_ref()).map(|(_, id)| id);
        let handle = match bus.show(news, instead_of).await {
            // An earlier life of the program showed it, over a connection that ended with it; or the bus itself is another one.
            Err(error) if instead_of.is_some() || bus.is_broken(&error) => bus.show(news, None).await,
            tried => tried,
        };
        let handle = handle.map_err(|error| error.to_string())?;
        if daemon.is_none() {
            // It was started by being asked.
            daemon = bus.daemon().await.ok();
        }
        self.is_at(daemon.map(|daemon| (daemon, handle.id)));
        Ok(handle)
    }

    /// What is to be done next. What was said while it went away is about one that is not there any more.
    fn follows(&mut self, happened: Happened, news: News, handle: &mut Option<Handle>) -> Option<Word> {
        match happened {
            Happened::Said(word) => return Some(word),
            Happened::Clicked => (self.opened)(news),
            Happened::Closed => {}
        }
        *handle = None;
        self.is_at(None);
        self.heard.try_recv().ok()
    }

    fn is_at(&self, place: Option<Place>) {
        let Some(about) = self.about else { return };
        if let Some(shown) = self.board.all.borrow_mut().get_mut(&about).filter(|shown| self.keeps(shown)) {
            shown.place = place;
        }
    }

    /// Somebody else may keep another one of the same thing by now.
    fn end(&self) {
        let Some(about) = self.about else { return };
        let mut all = self.board.all.borrow_mut();
        if all.get(&about).is_some_and(|shown| self.keeps(shown)) {
            all.remove(&about);
        }
    }

    fn keeps(&self, shown: &Shown) -> bool {
        shown.keeper.as_ref().is_some_and(|keeper| keeper.same_channel(&self.words))
    }
}

/// What is shown, and what its daemon says of it.
struct Handle {
    id: u32,
    connection: Connection,
    said: MessageStream,
}

impl Handle {
    /// Whether a person clicked on it, once it is shown no more or somebody answered. Where the bus ends nothing is answered.
    async fn is_clicked(&mut self) -> bool {
        while let Some(said) = self.said.next().await {
            let Ok(said) = said else { return false };
            let header = said.header();
            let body = said.body();
            match header.member().map(|member| member.as_str()) {
                Some("ActionInvoked") => {
                    let Ok((id, action)) = body.deserialize::<(u32, String)>() else { continue };
                    if id == self.id {
                        return is_click(&NotificationResponse::Action(action));
                    }
                }
                Some("NotificationClosed") => {
                    let Ok((id, _reason)) = body.deserialize::<(u32, u32)>() else { continue };
                    if id == self.id {
                        return false;
                    }
                }
                Some(_) | None => {}
            }
        }
        false
    }

    async fn close(self) -> zbus::Result<()> {
        close(&self.connection, self.id).await
    }
}

async fn happens(shown: &mut Handle, heard: &mut mpsc::UnboundedReceiver<Word>) -> Happened {
    tokio::select! {
        is_clicked = shown.is_clicked() => if is_clicked { Happened::Clicked } else { Happened::Closed },
        Some(word) = heard.recv() => Happened::Said(word),
    }
}

impl Bus {
    async fn connection(&self) -> zbus::Result<Connection> {
        let known = self.0.borrow().clone();
        match known {
            Some(connection) => Ok(connection),
            None => {
                let new = Connection::session().await?;
                // Somebody else may have come first.
                Ok(self.0.borrow_mut().get_or_insert(new).clone())
            }
        }
    }

    /// Whether the connection is gone, and not only an answer. The next word makes another one.
    fn is_broken(&self, error: &zbus::Error) -> bool {
        let is_broken = matches!(error, zbus::Error::InputOutput(_));
        if is_broken {
            self.0.borrow_mut().take();
        }
        is_broken
    }

    async fn show(&self, news: &News, instead_of: Option<u32>) -> zbus::Result<Handle> {
        let connection = self.connection().await?;
        // Listened for before it is shown: a click may come at once.
        let rule = MatchRule::builder().msg_type(Type::Signal).interface(DAEMON)?.path(DAEMON_PATH)?.build();
        let said = MessageStream::for_match_rule(rule, &connection, None).await?;
        let wanted = notification(news);
        // An order stays until somebody saw it.
        let (urgency, timeout) = match news.waits_for {
            Some(_) => (CRITICAL, FOR_EVER),
            None => (NORMAL, AS_LONG_AS_USUAL),
        };
        let hints =
            BTreeMap::from([("desktop-entry", Value::from(DESKTOP_NAME)), ("urgency", Value::from(urgency))]);
        let (title, text) = (wanted.summary.as_str(), wanted.body.as_str());
        let (name, instead_of) = (wanted.appname.as_str(), instead_of.unwrap_or_default());
        let body = (name, instead_of, DESKTOP_NAME, title, text, &wanted.actions, hints, timeout);
        let answer = connection.call_method(Some(DAEMON), DAEMON_PATH, Some(DAEMON), "Notify", &body).await?;
        let id = answer.body().deserialize()?;
        Ok(Handle { id, connection, said })
    }

    /// The daemon that shows notifications now, by a name that no other one has or had.
    async fn daemon(&self) -> zbus::Result<String> {
        let bus = DBusProxy::new(&self.connection().await?).await?;
        let owner = bus.get_name_owner(BusName::try_from(DAEMON)?).await?;
        Ok(format!("{} {owner}", bus.get_id().await?))
    }

    /// What an earlier life of the program showed there, if that daemon is still the one.
    async fn close(&self, place: &Place) -> zbus::Result<()> {
        if self.daemon().await? == place.0 {
            close(&self.connection().await?, place.1).await?;
        }
        Ok(())
    }
}

async fn close(connection: &Connection, id: u32) -> zbus::Result<()> {
    connection.call_method(Some(DAEMON), DAEMON_PATH, Some(DAEMON), "CloseNotification", &(id,)).await?;
    Ok(())
}
