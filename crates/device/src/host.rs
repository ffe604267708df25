//! What a shell gives a device: time, waiting, tasks of one thread, randomness. A window, a worker and a command
//! line each have their own.

use std::future::Future;
use std::pin::Pin;

use soko_app_api::{Keeps, Printer, PrinterTrouble};
use soko_engine::Now;

/// Something to be done on the device's thread.
pub type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Something on its way to a printer.
pub type Printing = Pin<Box<dyn Future<Output = Result<bool, NotPrinted>>>>;

/// Why it is not on paper, or not as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotPrinted {
    pub trouble: PrinterTrouble,
    /// Whether a part of it may have come out.
    pub has_begun: bool,
}

impl NotPrinted {
    /// Nothing came out.
    pub fn before(trouble: PrinterTrouble) -> Self {
        Self { trouble, has_begun: false }
    }

    pub fn during(trouble: PrinterTrouble) -> Self {
        Self { trouble, has_begun: true }
    }
}

/// A file that is written piece by piece. Dropped before its end, it is no file.
pub trait FileBegun {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()>;

    /// Waits for the disk, and says where the file is.
    fn finish(self: Box<Self>) -> std::io::Result<String>;
}

pub trait Host {
    /// Time of day and zone, for labels.
    fn now(&self) -> Now;

    /// Milliseconds since some moment; it only grows.
    fn clock_ms(&self) -> u64;

    fn sleep(&self, ms: u64) -> Work;

    /// Runs it on this thread, besides everything else.
    fn spawn(&self, work: Work);

    /// The operating system's randomness: secrets are made from it.
    fn fill(&self, bytes: &mut [u8]);

    fn keeps(&self) -> Keeps;

    /// Puts a file where the person finds it, and says where. None where only the screen can hand it out.
    fn put_file(&self, _name: &str, _bytes: &[u8]) -> Option<String> {
        None
    }

    /// A file that is put there piece by piece. None where only the screen can hand one out.
    fn begin_file(&self, _name: &str) -> Option<Box<dyn FileBegun>> {
        None
    }

    /// Whether this shell shows notifications by itself, and so has to know when nothing may ring.
    fn rings(&self) -> bool {
        false
    }

    /// Whether a printer can be reached without the system's dialog.
    fn can_print(&self) -> bool {
        false
    }

    /// Sends these bytes to a printer, and says whether the printer confirmed that they are on paper.
    fn print(&self, _printer: &Printer, _bytes: Vec<u8>) -> Printing {
        Box::pin(std::future::ready(Err(NotPrinted::before(PrinterTrouble::Unable))))
    }
}

/// Random bytes of the host.
pub(crate) fn random<const N: usize>(host: &dyn Host) -> [u8; N] {
    let mut bytes = [0; N];
    host.fill(&mut bytes);
    bytes
}
