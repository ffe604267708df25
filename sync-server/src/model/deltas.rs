//! Differences between kept models, made when the first device asks and then kept in memory: some, not all.

use std::collections::VecDeque;
use std::sync::Arc;

use soko_domain::ids::Hash;
use soko_recommend::packed::difference;
use soko_record_log::StoreError;
use tokio::sync::Mutex;

use super::kept;
use crate::store::Store;

/// Each is smaller than a model: 16 MB at most. Devices that come later have the model before, or the one before that.
const KEPT_MAX: usize = 8;

/// Between two models; none where it would save nothing.
type Delta = ((Hash, Hash), Option<Arc<[u8]>>);

#[derive(Default)]
pub(crate) struct Deltas(Mutex<VecDeque<Delta>>);

impl Deltas {
    /// From the first to the second; none where either is not kept here, or where it would save nothing. While one is made, others wait: it
    /// is made once.
    pub(crate) async fn between(
        &self,
        store: &Store,
        pair: (Hash, Hash),
    ) -> Result<Option<Arc<[u8]>>, StoreError> {
        let mut known = self.0.lock().await;
        if let Some((_, delta)) = known.iter().find(|it| it.0 == pair) {
            return Ok(delta.clone());
        }
        let both =
            store.read(move |tx| Ok::<_, StoreError>((kept::bytes(tx, pair.0)?, kept::bytes(tx, pair.1)?)));
        // What is not kept is not remembered: else anybody could push out what is.
        let (Some(from), Some(to)) = both.await? else { return Ok(None) };
        let made = tokio::task::spawn_blocking(move || difference(&from, &to));
        let made = made.await.map_err(|error| StoreError::Other(error.to_string()))?;
        let delta: Option<Arc<[u8]>> = made.map(Arc::from);
        known.push_back((pair, delta.clone()));
        if known.len() > KEPT_MAX {
            known.pop_front();
        }
        Ok(delta)
    }
}
