//! The store: SQLite in a data directory, or PostgreSQL. Callers hand in closures over one open transaction and
//! wait; which engine runs them, in which thread and in which commit is decided here. No rule of the business and
//! no table is known here.

mod address;
pub mod conn;
mod files;
mod group;
pub mod job;
mod migrate;
mod neighbours;
mod postgres;
mod sqlite;
mod threads;

use std::path::PathBuf;
use std::sync::Arc;

use soko_record_log::{Dialect, StoreError, Tx};
use tokio::sync::oneshot;

pub use conn::Shard;
pub use files::{DATABASE_FILE, holds_store};
pub use group::GroupReport;
pub use job::{Failed, JobError, NoAnswer};
pub use migrate::STEPS;
pub use neighbours::{Heard, Neighbours};
pub use threads::{GROUP_MAX, Observer, READ_QUEUE_MAX, WRITE_QUEUE_MAX};

use address::Address;
use conn::{Conn, Opener};
use job::Work;
use threads::Lane;

/// Threads and connections for reading.
pub const READERS: usize = 2;
/// Writers on PostgreSQL; SQLite has one, because the engine has one.
pub const POSTGRES_WRITERS: usize = 4;

/// Where everything is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// A directory of this machine, held by one process at a time.
    Directory(PathBuf),
    /// `postgres://…`, shared by any number of processes.
    Url(String),
}

/// An open store. Cheap to clone; closed by `close`.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    dialect: Dialect,
    writers: Vec<Lane>,
    readers: Lane,
}

impl Store {
    /// Opens the store, creates or upgrades its tables, and starts its threads.
    pub fn open(place: &Place, observer: Observer) -> Result<Self, StoreError> {
        match place {
            Place::Directory(path) => {
                let directory = sqlite::Directory::open(path)?;
                migrate::run(&mut directory.connect()?)?;
                Self::start(Dialect::Sqlite, Arc::new(directory), 1, observer)
            }
            Place::Url(url) => {
                let database = postgres::Postgres::new(url)?;
                let mut first = database.connect()?;
                first.refuse_unfinished_restore()?;
                migrate::run(&mut first)?;
                Self::start(Dialect::Postgres, Arc::new(database), POSTGRES_WRITERS, observer)
            }
        }
    }

    /// Opens a store of this program's version and changes nothing of it; one of another version is refused.
    pub fn open_as_it_is(place: &Place, observer: Observer) -> Result<Self, StoreError> {
        read_beside(place, |_| Ok::<(), StoreError>(()))?;
        match place {
            Place::Directory(path) => {
                let directory = sqlite::Directory::open(path)?;
                Self::start(Dialect::Sqlite, Arc::new(directory), 1, observer)
            }
            Place::Url(url) => {
                let database = postgres::Postgres::new(url)?;
                Self::start(Dialect::Postgres, Arc::new(database), POSTGRES_WRITERS, observer)
            }
        }
    }

    /// Runs `work` in a group commit and answers after the commit. The shard is the stall or account that it
    /// writes; without one it shares nothing with others. May run more than once, so it must not give away what
    /// it captured.
    pub async fn write<T, E>(
        &self,
        shard: Shard,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failed<E>>
    where
        T: Send + 'static,
        E: JobError,
    {
        received(self.send_write(shard, work).await)
    }

    /// The same for callers that are a thread of their own.
    pub fn write_blocking<T, E>(
        &self,
        shard: Shard,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failed<E>>
    where
        T: Send + 'static,
        E: JobError,
    {
        received(self.send_write(shard, work).blocking_recv())
    }

    /// Runs `work` on one moment of the store.
    pub async fn read<T, E>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failed<E>>
    where
        T: Send + 'static,
        E: JobError,
    {
        received(self.send_read(work).await)
    }

    /// The same for callers that are a thread of their own.
    pub fn read_blocking<T, E>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failed<E>>
    where
        T: Send + 'static,
        E: JobError,
    {
        received(self.send_read(work).blocking_recv())
    }

    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// Requests waiting for writers and for readers.
    pub fn waiting(&self) -> (usize, usize) {
        let writing = self.inner.writers.iter().map(Lane::waiting).sum();
        (writing, self.inner.readers.waiting())
    }

    /// Refuses new requests, finishes those it has, and ends its threads. Blocks until they have ended.
    pub fn close(&self) {
        // The last connection of SQLite puts the log into the database, unless another one closes at the same moment.
        self.inner.readers.close();
        self.inner.writers.iter().for_each(Lane::close);
    }

    fn start(
        dialect: Dialect,
        opener: Arc<dyn Opener>,
        writers: usize,
        observer: Observer,
    ) -> Result<Self, StoreError> {
        let writers: Result<Vec<Lane>, StoreError> = (0..writers)
            .map(|number| {
                threads::writer(format!("writer-{number}"), Arc::clone(&opener), Arc::clone(&observer))
            })
            .collect();
        let readers = threads::readers(READERS, &opener)?;
        Ok(Self { inner: Arc::new(Inner { dialect, writers: writers?, readers }) })
    }

    fn send_write<T, E>(
        &self,
        shard: Shard,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Failed<E>>>
    where
        T: Send + 'static,
        E: JobError,
    {
        let (job, answer) = Work::boxed(Some(shard), work);
        if let Some(lane) = self.inner.lane(shard) {
            lane.send(job);
        }
        answer
    }

    fn send_read<T, E>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Failed<E>>>
    where
        T: Send + 'static,
        E: JobError,
    {
        let (job, answer) = Work::boxed(None, work);
        self.inner.readers.send(job);
        answer
    }
}

impl Inner {
    /// The same shard goes to the same writer, so that it waits in a queue and not for a lock.
    fn lane(&self, shard: Shard) -> Option<&Lane> {
        let count = i64::try_from(self.writers.len()).ok()?;
        let at = usize::try_from(shard.key().checked_rem_euclid(count)?).ok()?;
        self.writers.get(at)
    }
}

/// Meets the other processes on this database; `own` tells them apart. A directory belongs to one process, which has
/// nobody to talk to.
pub fn meet_neighbours(
    place: &Place,
    own: u64,
    listen: impl Fn(Heard) + Send + Sync + 'static,
) -> Result<Option<Neighbours>, StoreError> {
    match place {
        Place::Directory(_) => Ok(None),
        Place::Url(url) => Neighbours::meet(Address::read(url)?, own, Arc::new(listen)).map(Some),
    }
}

/// Creates or upgrades the tables; says how many steps that took.
pub fn migrate_place(place: &Place) -> Result<u32, StoreError> {
    match place {
        Place::Directory(path) => migrate::run(&mut sqlite::Directory::open(path)?.connect()?),
        Place::Url(url) => {
            let mut first = postgres::Postgres::new(url)?.connect()?;
            first.refuse_unfinished_restore()?;
            migrate::run(&mut first)
        }
    }
}

/// Runs `work` on one moment of a store that somebody else may be serving at the same time; nothing can be changed, and
/// nobody waits for it. A store of another version is refused.
pub fn read_beside<T, E: From<StoreError>>(
    place: &Place,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, E>,
) -> Result<T, E> {
    look_beside(place, |tx| {
        of_this_version(tx)?;
        work(tx)
    })
}

/// The same of a store of any version; the work must not rely on its tables.
pub fn look_beside<T, E: From<StoreError>>(
    place: &Place,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, E>,
) -> Result<T, E> {
    let mut reader: Box<dyn Conn> = match place {
        Place::Directory(path) => Box::new(sqlite::SqliteConn::beside(path)?),
        Place::Url(url) => {
            let mut reader = postgres::Postgres::new(url)?.connect()?;
            reader.refuse_unfinished_restore()?;
            Box::new(reader)
        }
    };
    let (mut work, mut done) = (Some(work), None);
    reader.read(&mut |tx| done = work.take().map(|work| work(tx)))?;
    done.unwrap_or_else(|| Err(StoreError::Other("nothing was read".to_owned()).into()))
}

fn of_this_version(tx: &mut dyn Tx) -> Result<(), StoreError> {
    if migrate::is_current(tx)? {
        return Ok(());
    }
    Err(StoreError::Other(
        "the store is of an older version: start the server once, or say soko-server migrate".to_owned(),
    ))
}

/// Marks an empty PostgreSQL database as being filled.
pub(crate) fn begin_restore(url: &str) -> Result<(), StoreError> {
    postgres::Postgres::new(url)?.connect()?.begin_restore()
}

/// Takes the mark back.
pub(crate) fn give_up_restore(url: &str) -> Result<(), StoreError> {
    postgres::Postgres::new(url)?.connect()?.give_up_restore()
}

/// Brings the filled database up to date, runs `after`, and takes the mark back with it.
pub(crate) fn finish_restore(
    url: &str,
    after: impl FnMut(&mut dyn Tx) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut filled = postgres::Postgres::new(url)?.connect()?;
    migrate::run(&mut filled)?;
    filled.finish_restore(after)
}

/// Whether what is said to this database travels readable over a network.
pub(crate) fn is_in_the_open(place: &Place) -> bool {
    match place {
        Place::Directory(_) => false,
        Place::Url(url) => Address::read(url).is_ok_and(|address| address.is_in_the_open()),
    }
}

/// A database's address as the variables that PostgreSQL's own programs read.
pub(crate) fn pg_environment(url: &str) -> Result<Vec<(&'static str, String)>, StoreError> {
    Ok(Address::read(url)?.environment())
}

fn received<T, E>(answer: Result<Result<T, Failed<E>>, oneshot::error::RecvError>) -> Result<T, Failed<E>> {
    answer.unwrap_or(Err(Failed::NoAnswer(NoAnswer::Closed)))
}
