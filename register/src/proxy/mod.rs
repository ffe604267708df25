//! A proxy that breaks connections on purpose, between registers and their server.
//!
//! It understands just enough HTTP to know where a request ends, so that it can lose a request before the server
//! saw it, lose the reply after the server did its work, send a request twice, cut either short, hold one back
//! until others have overtaken it, or say nothing at all. Every fault is drawn from a seed, and counted when it
//! has really happened: a test whose faults never happened proves nothing.

mod connection;
mod faults;
mod message;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub use faults::{Counters, Fault, Knobs, WordRefused};

use faults::Dice;

/// Connections at once. More are closed as they come.
const CONNECTIONS_MAX: usize = 512;

/// What all connections of one proxy share.
#[derive(Debug)]
pub struct Shared {
    knobs: Mutex<Knobs>,
    counters: Mutex<Counters>,
    dice: Mutex<Dice>,
    open: Mutex<usize>,
    /// Rings when the partition begins or ends.
    partition: watch::Sender<bool>,
}

impl Shared {
    pub fn new(seed: u64, knobs: Knobs) -> Arc<Self> {
        let (partition, _) = watch::channel(knobs.partition);
        Arc::new(Self {
            knobs: Mutex::new(knobs),
            counters: Mutex::default(),
            dice: Mutex::new(Dice::new(seed)),
            open: Mutex::new(0),
            partition,
        })
    }

    /// Obeys a word such as `loss 30` or `partition on`.
    pub fn obey(&self, words: &str) -> Result<(), WordRefused> {
        let mut knobs = held(&self.knobs);
        knobs.obey(words)?;
        self.partition.send_replace(knobs.partition);
        Ok(())
    }

    pub fn counters(&self) -> Counters {
        held(&self.counters).clone()
    }

    fn knobs(&self) -> Knobs {
        *held(&self.knobs)
    }

    /// The fault of the next request, if any.
    fn draw(&self) -> Option<Fault> {
        let knobs = self.knobs();
        held(&self.dice).draw(&knobs)
    }

    fn below(&self, limit: u64) -> u64 {
        held(&self.dice).below(limit)
    }

    fn count(&self, fault: Fault) {
        held(&self.counters).add(fault);
    }

    fn count_whole(&self) {
        held(&self.counters).whole += 1;
    }
}

/// A value that a panicking thread left behind is still a value: nothing here spans two changes.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries connections from the listener to the target until the task is dropped.
pub async fn carry(listener: TcpListener, target: SocketAddr, shared: Arc<Shared>) -> io::Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        let Some(place) = Place::take(&shared) else { continue };
        tokio::spawn(async move {
            // An end of either side ends the connection; there is nobody else to tell.
            let _ = one(client, target, &place).await;
        });
    }
}

async fn one(client: TcpStream, target: SocketAddr, place: &Place) -> io::Result<()> {
    let shared = &place.shared;
    let mut partition = shared.partition.subscribe();
    if *partition.borrow_and_update() {
        shared.count(Fault::Partition);
        return Ok(());
    }
    let cut = async {
        // Ends only when the partition begins; a proxy that went away ends the connection too.
        let _ = partition.wait_for(|on| *on).await;
    };
    tokio::select! {
        ended = connection::carry(client, target, shared) => ended,
        () = cut => {
            shared.count(Fault::Partition);
            Ok(())
        }
    }
}

/// One of the connections that may be open.
struct Place {
    shared: Arc<Shared>,
}

impl Place {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        let mut open = held(&shared.open);
        if *open >= CONNECTIONS_MAX {
            return None;
        }
        *open += 1;
        Some(Self { shared: Arc::clone(shared) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *held(&self.shared.open) -= 1;
    }
}
