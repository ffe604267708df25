//! The device in its folder, with what this system gives it: clock, waiting, tasks of one thread, randomness.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::Local;
use soko_app_api::{Answer, Call, Keeps, KeptIn, Printer, PrinterTrouble, Said, Told, decode};
use soko_device::{
    Device as Inner, FileBegun, Host, NotPrinted, Options, Parts, Printing, Undone, Work, open_folder,
    send_to_printer,
};
use soko_domain::ids::Hash;
use soko_engine::{Entropy, Now};
use soko_record_log::{DataDirectory, StoreError};
use tokio::sync::mpsc;

#[cfg(not(any(target_os = "android", target_os = "ios")))]
use crate::files;

/// Why there is no device.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// Another process has its folder.
    Busy(Said),
    Unreadable(Said),
}

pub(crate) struct Device(Rc<Inner>);

impl Device {
    /// Opens the device and begins what goes on in the background. `tell` gets what happens by itself.
    pub(crate) fn open(
        (folder, server): (&Path, &str),
        tell: mpsc::UnboundedSender<Told>,
    ) -> Result<Self, NotOpened> {
        // Asked first, because whoever finds the folder taken looks for the window that has it.
        match DataDirectory::open(folder) {
            Ok(_) => {}
            Err(error @ StoreError::Busy(_)) => return Err(NotOpened::Busy(Undone::from(error).said())),
            Err(error) => return Err(NotOpened::Unreadable(Undone::from(error).said())),
        }
        let host = Rc::new(System { folder: folder.to_owned(), began: Instant::now() });
        let open = Box::new(open_folder(folder, Default::default(), || Box::new(Random)));
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let options = Options { version, server: server.to_owned(), ..Options::default() };
        let opened = Inner::open(Parts { host, open, options });
        let inner = opened.map_err(|error| NotOpened::Unreadable(error.said()))?;
        inner.on_told(Box::new(move |bytes| {
            match decode::<Told>(&bytes) {
                // The thread that hears it ends after the device.
                Ok(told) => drop(tell.send(told)),
                Err(error) => tracing::error!(%error, "something that happened cannot be read"),
            }
        }));
        inner.run();
        Ok(Self(inner))
    }

    pub(crate) async fn call(&self, call: Call) -> Answer {
        self.0.answer(call).await
    }

    /// For whoever meets other registers in its name.
    pub(crate) fn shared(&self) -> Rc<Inner> {
        Rc::clone(&self.0)
    }

    pub(crate) fn quiet_left_ms(&self, is_urgent: bool) -> Option<u64> {
        self.0.quiet_left_ms(is_urgent)
    }

    pub(crate) async fn picture(&self, picture: Hash) -> Option<Vec<u8>> {
        self.0.picture(picture).await.map(|(bytes, _)| bytes)
    }

    pub(crate) fn close(&self) {
        if let Err(error) = self.0.close() {
            tracing::warn!(
                sentence = error.to_string(),
                "the device did not close in order; its files are whole"
            );
        }
    }
}

struct System {
    folder: PathBuf,
    began: Instant,
}

impl Host for System {
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Now { at_ms, offset_minutes: Local::now().offset().local_minus_utc() / 60 }
    }

    fn clock_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, ms: u64) -> Work {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }

    fn spawn(&self, work: Work) {
        tokio::task::spawn_local(work);
    }

    fn fill(&self, bytes: &mut [u8]) {
        Random.fill(bytes);
    }

    fn keeps(&self) -> Keeps {
        let used_bytes = std::fs::read_dir(&self.folder).ok().map(|files| {
            files.flatten().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
        });
        Keeps { place: KeptIn::Files, used_bytes, free_bytes: None }
    }

    #[cfg(not(any(target_os = "android", target_os = "ios")))]
    fn put_file(&self, name: &str, bytes: &[u8]) -> Option<String> {
        let written = files::put(&folder_for_files()?, name, bytes);
        if let Err(error) = &written {
            // The page then tries to hand it out itself.
            tracing::warn!(%error, "a file could not be put into the folder for downloads");
        }
        Some(written.ok()?.display().to_string())
    }

    #[cfg(not(any(target_os = "android", target_os = "ios")))]
    fn begin_file(&self, name: &str) -> Option<Box<dyn FileBegun>> {
        let begun = files::Begun::new(&folder_for_files()?, name);
        if let Err(error) = &begun {
            tracing::warn!(%error, "a file could not be put into the folder for downloads");
        }
        Some(Box::new(Begun(begun.ok()?)))
    }

    fn rings(&self) -> bool {
        true
    }

    fn can_print(&self) -> bool {
        true
    }

    /// On a thread of its own: a printer takes its time, and selling goes on.
    fn print(&self, printer: &Printer, bytes: Vec<u8>) -> Printing {
        let printer = printer.clone();
        Box::pin(async move {
            let printed = tokio::task::spawn_blocking(move || send_to_printer(&printer, &bytes)).await;
            printed.unwrap_or_else(|_| Err(NotPrinted::during(PrinterTrouble::Stopped)))
        })
    }
}

#[cfg(not(any(target_os = "android", target_os = "ios")))]
fn folder_for_files() -> Option<std::path::PathBuf> {
    dirs::download_dir().or_else(dirs::document_dir).or_else(dirs::home_dir)
}

#[cfg(not(any(target_os = "android", target_os = "ios")))]
struct Begun(files::Begun);

#[cfg(not(any(target_os = "android", target_os = "ios")))]
impl FileBegun for Begun {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write(bytes)
    }

    fn finish(self: Box<Self>) -> std::io::Result<String> {
        Ok(self.0.finish()?.display().to_string())
    }
}

/// The operating system's randomness.
#[derive(Debug)]
struct Random;

impl Entropy for Random {
    fn fill(&mut self, bytes: &mut [u8]) {
        // Every known system has it. Without randomness no id and no key may be made, so there is no way on.
        if let Err(error) = getrandom::fill(bytes) {
            panic!("this system has no randomness: {error}");
        }
    }
}
