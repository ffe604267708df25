//! Training: from who had what, in which order, to models that score. Seeds come in; the same seed gives the same model,
//! whatever the number of threads.

mod deeds;
mod ease;
mod follows;
mod gate;
mod histories;
mod ials;
mod inverse;
mod kernel;
mod market;
mod measure;
mod model;
mod neighbours;
mod newcomers;
mod parallel;
mod refresh;
mod search;
mod seeds;
mod signals;
mod together;
mod told;
mod traits;
mod voices;
mod weighed;

pub use ease::{EASE_PRODUCTS_MAX, EaseParameters, ease};
pub use follows::{FollowsParameters, follows};
pub use gate::{Compared, Gate};
pub(crate) use histories::index;
pub use histories::{HISTORY_MAX, Histories};
pub use ials::{ENTRIES_AT_ONCE, Factors, IalsParameters, Shards};
pub use market::{Found, MARKET, Trade, Way};
pub use measure::{Quality, standardise};
pub use model::{Blend, Model, Parameters, Recency};
pub use neighbours::{Neighbour, Neighbours};
#[cfg(feature = "native")]
pub use parallel::on_threads;
pub use refresh::Since;
pub use search::{Order, Trial};
pub use seeds::Seeds;
pub use signals::{Deed, DeedWeights, Signal};
pub use together::{together, together_of};
pub use weighed::Weighed;
