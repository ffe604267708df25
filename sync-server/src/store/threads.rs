//! The threads that own connections: each takes jobs from its bounded queue until it is told to stop, and then
//! finishes what is queued. A connection that the engine gave up is opened anew before the next job.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use soko_record_log::StoreError;

use crate::store::conn::{Conn, Opener};
use crate::store::group::{GroupReport, run_group};
use crate::store::job::{Job, NoAnswer, Ran};

/// Requests in one commit at most.
pub const GROUP_MAX: usize = 64;
/// Requests waiting for one writer; more are refused with "try again shortly".
pub const WRITE_QUEUE_MAX: usize = 1_024;
/// Requests waiting for the readers.
pub const READ_QUEUE_MAX: usize = 1_024;

const _: () = assert!(GROUP_MAX <= WRITE_QUEUE_MAX);

/// Hears about every group after its commit.
pub type Observer = Arc<dyn Fn(GroupReport) + Send + Sync>;

pub(crate) enum Message {
    Job(Box<dyn Job>),
    Stop,
}

/// A queue and the threads behind it.
pub(crate) struct Lane {
    queue: SyncSender<Message>,
    waiting: Arc<AtomicUsize>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    threads_count: usize,
    is_closed: AtomicBool,
}

impl Lane {
    pub(crate) fn send(&self, job: Box<dyn Job>) {
        if self.is_closed.load(Ordering::Acquire) {
            return job.fail(NoAnswer::Closed);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let (message, why) = match self.queue.try_send(Message::Job(job)) {
            Ok(()) => return,
            Err(TrySendError::Full(message)) => (message, NoAnswer::QueueFull),
            Err(TrySendError::Disconnected(message)) => (message, NoAnswer::Closed),
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Message::Job(job) = message {
            job.fail(why);
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Refuses new jobs, finishes those queued, ends the threads. A second call does nothing.
    pub(crate) fn close(&self) {
        if self.is_closed.swap(true, Ordering::AcqRel) {
            return;
        }
        for _ in 0..self.threads_count {
            // The queue may be full: this waits for the thread to take something.
            let _ = self.queue.send(Message::Stop);
        }
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

/// One writer.
pub(crate) fn writer(name: String, opener: Arc<dyn Opener>, observer: Observer) -> Result<Lane, StoreError> {
    let (queue, jobs) = sync_channel(WRITE_QUEUE_MAX);
    let waiting = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&waiting);
    let thread = spawn(name, move || {
        let mut line = Line { opener, conn: None };
        let mut is_stopping = false;
        while !is_stopping {
            let group = next_group(&jobs, &mut is_stopping);
            count.fetch_sub(group.len(), Ordering::Relaxed);
            if !group.is_empty() {
                write_group(&mut line, group, &observer);
            }
            if count.load(Ordering::Relaxed) == 0 {
                line.rest();
            }
        }
    })?;
    Ok(lane(queue, waiting, vec![thread]))
}

/// Several readers on one queue.
pub(crate) fn readers(count: usize, opener: &Arc<dyn Opener>) -> Result<Lane, StoreError> {
    let (queue, jobs) = sync_channel(READ_QUEUE_MAX);
    let waiting = Arc::new(AtomicUsize::new(0));
    let jobs = Arc::new(Mutex::new(jobs));
    let mut threads = Vec::new();
    for number in 0..count {
        let (jobs, waiting, opener) = (Arc::clone(&jobs), Arc::clone(&waiting), Arc::clone(opener));
        threads.push(spawn(format!("reader-{number}"), move || {
            let mut line = Line { opener, conn: None };
            while let Some(job) = next_read(&jobs) {
                waiting.fetch_sub(1, Ordering::Relaxed);
                read_one(&mut line, job);
            }
        })?);
    }
    Ok(lane(queue, waiting, threads))
}

fn lane(queue: SyncSender<Message>, waiting: Arc<AtomicUsize>, threads: Vec<JoinHandle<()>>) -> Lane {
    let threads_count = threads.len();
    Lane { queue, waiting, threads: Mutex::new(threads), threads_count, is_closed: AtomicBool::new(false) }
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new()
        .name(name)
        .spawn(work)
        .map_err(|error| StoreError::Other(format!("no thread for the store: {error}")))
}

/// Waits for a job and takes along what else is there. Nothing is sent after `Stop`, and what was sent before it
/// stands ahead of it in the queue.
fn next_group(jobs: &Receiver<Message>, is_stopping: &mut bool) -> Vec<Box<dyn Job>> {
    let mut group = Vec::new();
    while group.len() < GROUP_MAX {
        let message = if group.is_empty() { jobs.recv().ok() } else { jobs.try_recv().ok() };
        match message {
            Some(Message::Job(job)) => group.push(job),
            Some(Message::Stop) => {
                *is_stopping = true;
                break;
            }
            None => {
                *is_stopping = group.is_empty();
                break;
            }
        }
    }
    group
}

fn next_read(jobs: &Mutex<Receiver<Message>>) -> Option<Box<dyn Job>> {
    let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    match jobs.recv() {
        Ok(Message::Job(job)) => Some(job),
        Ok(Message::Stop) | Err(_) => None,
    }
}

fn write_group(line: &mut Line, group: Vec<Box<dyn Job>>, observer: &Observer) {
    let report = match line.conn() {
        Ok(conn) => run_group(conn, group),
        Err(error) => {
            let failed = u32::try_from(group.len()).unwrap_or(u32::MAX);
            group.into_iter().for_each(|job| job.fail(NoAnswer::NotKept(error.clone())));
            GroupReport { failed, ..GroupReport::default() }
        }
    };
    observer(report);
}

fn read_one(line: &mut Line, mut job: Box<dyn Job>) {
    let mut answer = read_once(line, job.as_mut());
    // A connection may have died while nobody used it. Reading twice changes nothing.
    if answer.as_ref().is_err_and(StoreError::needs_reopening) {
        answer = read_once(line, job.as_mut());
    }
    match answer {
        Ok(()) => job.answer(),
        Err(error) => job.fail(NoAnswer::NotKept(error)),
    }
}

fn read_once(line: &mut Line, job: &mut dyn Job) -> Result<(), StoreError> {
    let mut ran = Ran::Undo;
    line.conn()?.read(&mut |tx| ran = job.run(tx))?;
    match ran {
        Ran::Keep | Ran::Undo => Ok(()),
        Ran::Failed(error) => Err(error),
    }
}

/// A thread's connection, opened when it is needed and whenever it broke.
struct Line {
    opener: Arc<dyn Opener>,
    conn: Option<Box<dyn Conn>>,
}

impl Line {
    fn rest(&mut self) {
        if let Some(conn) = &mut self.conn {
            conn.rest();
        }
    }

    fn conn(&mut self) -> Result<&mut dyn Conn, StoreError> {
        let usable = self.conn.take().filter(|conn| conn.is_usable());
        let conn = match usable {
            Some(conn) => conn,
            None => self.opener.open()?,
        };
        Ok(self.conn.insert(conn).as_mut())
    }
}
