//! The server's side: a few children, started when needed, replaced when they die or take too long. Callers are
//! threads that may block; never the async runtime, and better not inside a transaction.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use soko_documents::Refused;
use soko_documents::worker::{WorkReply, WorkRequest};
use soko_domain::wire::Wire as _;

use crate::worker::child::{SUBCOMMAND, read_frame, write_frame};

/// Children at work at once.
pub const WORKERS_MAX: usize = 2;
/// Callers waiting for a child; more are told to come back.
pub const WAITING_MAX: usize = 64;
/// What one request may take, from writing it to reading its answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How to start a child.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkerCommand {
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

impl WorkerCommand {
    /// This very program.
    pub fn own() -> io::Result<Self> {
        let program = std::env::current_exe()?;
        Ok(Self { program, arguments: vec![SUBCOMMAND.to_owned()] })
    }
}

/// Why there is no answer about the document. Trying again later can help.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WorkFault {
    #[error("too many documents are being changed at this moment: try again")]
    Busy,
    #[error("no document worker can be started: {0}")]
    NotStarted(String),
}

/// The children. Shared by reference among threads.
pub struct WorkerPool {
    command: WorkerCommand,
    timeout: Duration,
    seats: Mutex<Seats>,
    freed: Condvar,
}

#[derive(Default)]
struct Seats {
    idle: Vec<Worker>,
    busy: usize,
    waiting: usize,
}

impl WorkerPool {
    pub fn new(command: WorkerCommand, timeout: Duration) -> Self {
        Self { command, timeout, seats: Mutex::default(), freed: Condvar::new() }
    }

    /// Has a child apply the changes. A child that dies or dawdles means that these bytes are refused.
    pub fn apply(&self, request: &WorkRequest) -> Result<WorkReply, WorkFault> {
        let request = request.to_bytes();
        let mut seat = self.sit()?;
        let mut answer = None;
        // A child that served before may have died of its age: then, and only then, another one is asked.
        for _ in 0..2 {
            let (worker, was_used) = match seat.worker.take() {
                Some(worker) => (worker, true),
                None => (Worker::start(&self.command)?, false),
            };
            match worker.ask(request.clone(), self.timeout) {
                Asked::Answered(reply, worker) => {
                    answer = WorkReply::from_bytes(&reply).ok();
                    // One that babbles is not asked again.
                    seat.worker = answer.is_some().then_some(worker);
                    break;
                }
                Asked::Died if was_used => {}
                Asked::Died | Asked::TimedOut => break,
            }
        }
        Ok(answer.unwrap_or(WorkReply::Refused(Refused::Panicked)))
    }

    /// Takes a place, with an idle child if there is one.
    fn sit(&self) -> Result<Seat<'_>, WorkFault> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.busy >= WORKERS_MAX && seats.waiting >= WAITING_MAX {
            return Err(WorkFault::Busy);
        }
        seats.waiting += 1;
        while seats.busy >= WORKERS_MAX {
            seats = self.freed.wait(seats).unwrap_or_else(PoisonError::into_inner);
        }
        seats.waiting -= 1;
        seats.busy += 1;
        let worker = seats.idle.pop();
        Ok(Seat { pool: self, worker })
    }
}

/// One caller's place; what it holds goes back to the others.
struct Seat<'a> {
    pool: &'a WorkerPool,
    worker: Option<Worker>,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut seats = self.pool.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.busy -= 1;
        seats.idle.extend(self.worker.take());
        drop(seats);
        self.pool.freed.notify_one();
    }
}

/// A child, and the thread that talks to it: whoever waits for an answer must be able to give up.
struct Worker {
    child: Child,
    requests: SyncSender<Vec<u8>>,
    replies: Receiver<Vec<u8>>,
}

enum Asked {
    Answered(Vec<u8>, Worker),
    Died,
    TimedOut,
}

impl Worker {
    fn start(command: &WorkerCommand) -> Result<Self, WorkFault> {
        let not_started = |error: io::Error| WorkFault::NotStarted(error.to_string());
        // The server's secrets stand in its environment; a child has no use for them.
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(not_started)?;
        let (Some(mut input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(WorkFault::NotStarted("it has no pipes".to_owned()));
        };
        let (requests, to_send) = sync_channel::<Vec<u8>>(1);
        let (received, replies) = sync_channel(1);
        let talk = move || {
            for request in to_send {
                if write_frame(&mut input, &request).is_err() {
                    return;
                }
                let Ok(Some(reply)) = read_frame(&mut output) else { return };
                if received.send(reply).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("worker-pipe".to_owned()).spawn(talk).map_err(not_started)?;
        Ok(Self { child, requests, replies })
    }

    fn ask(self, request: Vec<u8>, timeout: Duration) -> Asked {
        if self.requests.send(request).is_err() {
            return Asked::Died;
        }
        match self.replies.recv_timeout(timeout) {
            Ok(reply) => Asked::Answered(reply, self),
            Err(RecvTimeoutError::Disconnected) => Asked::Died,
            Err(RecvTimeoutError::Timeout) => Asked::TimedOut,
        }
    }
}

impl Drop for Worker {
    /// The thread ends with the pipes of the child.
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
