//! What a shell gives a device: time, waiting, tasks of one thread, randomness. A window, a worker and a command
//! line each have their own.

use std::future::Future;
use std::pin::Pin;

use soko_app_api::Keeps;
use soko_engine::Now;

/// Something to be done on the device's thread.
pub type Work = Pin<Box<dyn Future<Output = ()>>>;

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
}

/// Random bytes of the host.
pub(crate) fn random<const N: usize>(host: &dyn Host) -> [u8; N] {
    let mut bytes = [0; N];
    host.fill(&mut bytes);
    bytes
}
