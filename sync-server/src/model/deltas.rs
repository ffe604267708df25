//! Differences between kept models, made when the first device asks and then kept in memory: some, not all.

use std::collections::VecDeque;
use std::sync::Arc;

use soko_domain::ids::Hash;
use soko_recommend::packed::difference;
use soko_record_log::StoreError;
use tokio::sync::{Mutex, OnceCell};

use super::kept;
use crate::store::Store;

/// Each is smaller than a model: 64 MB at most. Devices come with any of the models that are kept.
const KEPT_MAX: usize = 32;

type Pair = (Hash, Hash);
/// None inside where it would save nothing.
type Delta = Arc<OnceCell<Option<Arc<[u8]>>>>;

#[derive(Default)]
pub(crate) struct Deltas(Mutex<VecDeque<(Pair, Delta)>>);

impl Deltas {
    /// From the first to the second; none where either is not kept here, or where it would save nothing. Each is made once: whoever asks for it
    /// meanwhile waits, and nobody who asks for another one.
    pub(crate) async fn between(&self, store: &Store, pair: Pair) -> Result<Option<Arc<[u8]>>, StoreError> {
        let both = store
            .read(move |tx| Ok::<_, StoreError>(kept::is_kept(tx, pair.0)? && kept::is_kept(tx, pair.1)?));
        // What is not kept is not remembered: else anybody could push out what is.
        if !both.await? {
            return Ok(None);
        }
        let delta = self.place(pair).await;
        Ok(delta.get_or_try_init(|| made(store, pair)).await?.clone())
    }

    async fn place(&self, pair: Pair) -> Delta {
        let mut known = self.0.lock().await;
        if let Some((_, delta)) = known.iter().find(|it| it.0 == pair) {
            return Arc::clone(delta);
        }
        let delta = Delta::default();
        known.push_back((pair, Arc::clone(&delta)));
        if known.len() > KEPT_MAX {
            known.pop_front();
        }
        delta
    }
}

async fn made(store: &Store, pair: Pair) -> Result<Option<Arc<[u8]>>, StoreError> {
    let both =
        store.read(move |tx| Ok::<_, StoreError>((kept::bytes(tx, pair.0)?, kept::bytes(tx, pair.1)?)));
    let (Some(from), Some(to)) = both.await? else { return Ok(None) };
    let made = tokio::task::spawn_blocking(move || difference(&from, &to)).await;
    Ok(made.map_err(|error| StoreError::Other(error.to_string()))?.map(Arc::from))
}
