//! Notifications on phones are not built yet.

use soko_domain::ids::LogId;
use tokio::sync::oneshot;

use super::{Place, Told};
use crate::news::{News, Waiting};

#[derive(Default)]
pub(crate) struct Board;

impl Board {
    pub(crate) fn show(&self, _: News, _: impl FnOnce(News) + Send + 'static) -> Told {
        let (tell, told) = oneshot::channel();
        // Its other end is in our hand.
        let _ = tell.send(Err("notifications on phones are not built yet".to_owned()));
        told
    }

    pub(crate) fn put_away(&self, _: &Waiting) -> bool {
        false
    }

    pub(crate) fn of_stall(&self, _: LogId) -> Vec<Waiting> {
        Vec::new()
    }

    pub(crate) fn place(&self, _: &Waiting) -> Option<Place> {
        None
    }

    #[expect(clippy::unused_async, reason = "elsewhere it asks")]
    pub(crate) async fn recall(&self, _: Waiting, _: Place) -> bool {
        false
    }

    #[expect(clippy::unused_async, reason = "elsewhere it waits")]
    pub(crate) async fn put_all_away(&self) {}
}
