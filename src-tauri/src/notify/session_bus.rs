//! On desktops where notifications go over the session's bus. Each has a keeper, a task that waits for the click and for
//! what is said of it next: another text in its place, or that it is to go.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Timeout, Urgency};
use soko_domain::ids::LogId;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;
use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::names::BusName;

use super::{Place, Tell, Told, is_click, notification};
use crate::news::{News, Waiting};

/// The name that the desktop file and the icon are installed under.
const DESKTOP_NAME: &str = "soko";
const DAEMON: &str = "org.freedesktop.Notifications";
const DAEMON_PATH: &str = "/org/freedesktop/Notifications";
/// How long the end of the program waits for a daemon that does not answer.
const AWAY_WAIT_MAX: Duration = Duration::from_secs(1);

/// What is shown, by what it is about. All of it lives on the device's thread.
#[derive(Clone, Default)]
pub(crate) struct Board(Rc<RefCell<BTreeMap<Waiting, Shown>>>);

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
        let keeper = about.and_then(|about| self.0.borrow().get(&about)?.keeper.clone());
        let mut word = Word::Instead(news, tell);
        if let Some(keeper) = keeper {
            match keeper.send(word) {
                Ok(()) => return told,
                Err(unsent) => word = unsent.0,
            }
        }
        let (words, heard) = mpsc::unbounded_channel();
        if let Some(about) = about {
            self.0.borrow_mut().entry(about).or_default().keeper = Some(words.clone());
        }
        let keeper = Keeper { board: self.clone(), about, opened, heard, words };
        spawn_local(keeper.keep(word));
        told
    }

    /// Somebody looked, or it waits no longer. Says whether anything was shown.
    pub(crate) fn put_away(&self, about: &Waiting) -> bool {
        let Some(shown) = self.0.borrow_mut().remove(about) else { return false };
        spawn_local(shown.put_away());
        true
    }

    pub(crate) fn of_stall(&self, stall: LogId) -> Vec<Waiting> {
        self.0.borrow().keys().filter(|about| about.stall == stall).copied().collect()
    }

    pub(crate) fn place(&self, about: &Waiting) -> Option<Place> {
        self.0.borrow().get(about)?.place.clone()
    }

    /// An earlier life of the program showed it there. Says whether it may still be: another daemon gives its numbers to
    /// others.
    pub(crate) async fn recall(&self, about: Waiting, place: Place) -> bool {
        let is_same = daemon().await.is_ok_and(|daemon| daemon == place.0);
        if is_same {
            self.0.borrow_mut().entry(about).or_default().place = Some(place);
        }
        is_same
    }

    /// The program ends: nobody would hear a click.
    pub(crate) async fn put_all_away(&self) {
        let all: Vec<Shown> = std::mem::take(&mut *self.0.borrow_mut()).into_values().collect();
        let away = async {
            for shown in all {
                shown.put_away().await;
            }
        };
        if tokio::time::timeout(AWAY_WAIT_MAX, away).await.is_err() {
            tracing::warn!("the notification daemon does not answer; what it shows stays");
        }
    }
}

impl Shown {
    async fn put_away(self) {
        let (done, gone) = oneshot::channel();
        if self.keeper.is_some_and(|keeper| keeper.send(Word::Away(done)).is_ok()) {
            // A keeper that ended has nothing shown.
            let _ = gone.await;
        } else if let Some(place) = self.place
            && let Err(error) = close(&place).await
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
        let mut handle: Option<NotificationHandle> = None;
        let mut next = Some(first);
        while let Some(word) = next {
            next = match word {
                Word::Away(done) => {
                    if let Some(handle) = handle.take() {
                        handle.close_async().await;
                    }
                    // Whoever asked may have stopped waiting.
                    let _ = done.send(());
                    None
                }
                Word::Instead(news, tell) => match self.show(&news).await {
                    Ok(shown) => {
                        let _ = tell.send(Ok(()));
                        let happened = happens(&shown, &mut self.heard).await;
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
    async fn show(&self, news: &News) -> Result<NotificationHandle, String> {
        let mut daemon = daemon().await.ok();
        let before = self.about.and_then(|about| self.board.place(&about));
        let instead_of = before.filter(|(whose, _)| Some(whose) == daemon.as_ref()).map(|(_, id)| id);
        let handle = match wanted(news, instead_of).show_async().await {
            // GNOME lets only the connection that showed one put another in its place, and each of ours is a new one; with the old
            // one what it showed goes away.
            Err(_) if instead_of.is_some() => wanted(news, None).show_async().await,
            tried => tried,
        };
        let handle = handle.map_err(|error| error.to_string())?;
        if daemon.is_none() {
            // It was started by being asked.
            daemon = self::daemon().await.ok();
        }
        self.is_at(daemon.map(|daemon| (daemon, handle.id())));
        Ok(handle)
    }

    /// What is to be done next. What was said while it went away is about one that is not there any more.
    fn follows(
        &mut self,
        happened: Happened,
        news: News,
        handle: &mut Option<NotificationHandle>,
    ) -> Option<Word> {
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
        if let Some(shown) = self.board.0.borrow_mut().get_mut(&about).filter(|shown| self.keeps(shown)) {
            shown.place = place;
        }
    }

    /// Somebody else may keep another one of the same thing by now.
    fn end(&self) {
        let Some(about) = self.about else { return };
        let mut all = self.board.0.borrow_mut();
        if all.get(&about).is_some_and(|shown| self.keeps(shown)) {
            all.remove(&about);
        }
    }

    fn keeps(&self, shown: &Shown) -> bool {
        shown.keeper.as_ref().is_some_and(|keeper| keeper.same_channel(&self.words))
    }
}

fn wanted(news: &News, instead_of: Option<u32>) -> Notification {
    let mut wanted = notification(news);
    wanted.icon(DESKTOP_NAME).hint(Hint::DesktopEntry(DESKTOP_NAME.into()));
    if news.waits_for.is_some() {
        // An order stays until somebody saw it.
        wanted.urgency(Urgency::Critical).timeout(Timeout::Never);
    } else {
        wanted.urgency(Urgency::Normal);
    }
    if let Some(id) = instead_of {
        wanted.id(id);
    }
    wanted
}

async fn happens(shown: &NotificationHandle, heard: &mut mpsc::UnboundedReceiver<Word>) -> Happened {
    // Where the bus ends nothing is answered.
    let clicked = Cell::new(false);
    let answered =
        shown.wait_for_action_async(|response: &NotificationResponse| clicked.set(is_click(response)));
    tokio::select! {
        () = answered => if clicked.get() { Happened::Clicked } else { Happened::Closed },
        Some(word) = heard.recv() => Happened::Said(word),
    }
}

/// The daemon that shows notifications now, by a name that no other one has or had.
async fn daemon() -> zbus::Result<String> {
    whose(&Connection::session().await?).await
}

async fn whose(connection: &Connection) -> zbus::Result<String> {
    let bus = DBusProxy::new(connection).await?;
    let owner = bus.get_name_owner(BusName::try_from(DAEMON)?).await?;
    Ok(format!("{} {owner}", bus.get_id().await?))
}

/// What is shown there, if that daemon is still the one.
async fn close(place: &Place) -> zbus::Result<()> {
    let connection = Connection::session().await?;
    if whose(&connection).await? == place.0 {
        connection
            .call_method(Some(DAEMON), DAEMON_PATH, Some(DAEMON), "CloseNotification", &(place.1,))
            .await?;
    }
    Ok(())
}
