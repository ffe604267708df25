//! Password hashing at the server: few at once, few waiting, the rest told to come back. A flood of sign-ins must
//! not starve the registers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use crate::http::problem::Problem;
use crate::platform::passwords::Passwords;

pub(crate) const RUNNING_MAX: usize = 2;
pub(crate) const WAITING_MAX: usize = 16;

#[derive(Debug)]
pub(crate) struct PasswordDesk {
    passwords: Arc<Passwords>,
    running: Semaphore,
    present: AtomicUsize,
}

impl PasswordDesk {
    pub(crate) fn new(passwords: Passwords) -> Self {
        Self {
            passwords: Arc::new(passwords),
            running: Semaphore::new(RUNNING_MAX),
            present: AtomicUsize::new(0),
        }
    }

    /// Runs slow work on a thread of its own, when it is this caller's turn.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Passwords) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let _seat = Seat::take(&self.present)
            .ok_or_else(|| Problem::busy("too many people are signing in at this moment: try again"))?;
        let _turn = self.running.acquire().await.map_err(|_| Problem::busy("the server is shutting down"))?;
        let passwords = Arc::clone(&self.passwords);
        let done = tokio::task::spawn_blocking(move || work(&passwords)).await;
        done.map_err(|error| Problem::internal(&error.to_string()))
    }
}

/// A place among those who run or wait; given back when the caller is done or goes away.
struct Seat<'a>(&'a AtomicUsize);

impl<'a> Seat<'a> {
    fn take(present: &'a AtomicUsize) -> Option<Self> {
        let seat = Self(present);
        (present.fetch_add(1, Ordering::AcqRel) < RUNNING_MAX + WAITING_MAX).then_some(seat)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::platform::passwords::Cost;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_flood_is_turned_away_and_ends() {
        let desk = Arc::new(PasswordDesk::new(Passwords::new(Cost { memory_kib: 8, passes: 1 }).unwrap()));
        let (go_on, may_go_on) = channel::<()>();
        let may_go_on = Arc::new(Mutex::new(may_go_on));
        let present: Vec<_> = (0..RUNNING_MAX + WAITING_MAX)
            .map(|_| {
                let (desk, may_go_on) = (Arc::clone(&desk), Arc::clone(&may_go_on));
                tokio::spawn(async move { desk.run(move |_| may_go_on.lock().unwrap().recv()).await })
            })
            .collect();
        while desk.present.load(Ordering::Acquire) < RUNNING_MAX + WAITING_MAX {
            tokio::task::yield_now().await;
        }
        let turned_away = desk.run(|_| ()).await.unwrap_err();
        assert_eq!(turned_away.code(), "busy");
        drop(go_on);
        for one in present {
            assert!(one.await.unwrap().is_ok());
        }
        assert!(desk.run(|_| ()).await.is_ok());
    }
}
