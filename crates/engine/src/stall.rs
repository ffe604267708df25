//! One stall as the engine holds it in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use soko_app_api::{Notice, QueryKey};
use soko_domain::ids::{LogId, ProductId};
use soko_projection::Trust;
use soko_replication::{Head, Offer, Pen, Session, Start};

use crate::options::Options;
use crate::own::StallRow;
use crate::people::Here;
use crate::prices::{Looked, Prices};
use crate::search::{Changes, Index};
use crate::verbs::Plan;

/// More changed keys than this are told as `Everything`.
const KEYS_MAX: usize = 200;

pub(crate) struct Stall {
    pub(crate) row: StallRow,
    pub(crate) here: Here,
    /// Nothing while the register is frozen.
    pub(crate) pen: Option<Pen>,
    pub(crate) trust: Trust,
    pub(crate) session: Session,
    /// Loaded with the first search.
    pub(crate) index: Option<Index>,
    /// The rows of the import that was looked at last.
    pub(crate) plan: Option<Arc<Plan>>,
    /// What was learnt of prices, once somebody asked.
    pub(crate) prices: Option<Prices>,
    /// The last look at prices that move by themselves.
    pub(crate) looked: Option<Looked>,
    changed: BTreeSet<QueryKey>,
    revision: u64,
    /// Only a weakened rule looks at it.
    #[cfg(feature = "sabotage")]
    pub(crate) quota: crate::weaken::Quota,
    /// The page that is on its way.
    pub(crate) in_flight: Option<u64>,
    /// Something was written since the last page.
    pub(crate) wants_to_send: bool,
}

/// What a stall is built from.
pub(crate) struct Parts<'a> {
    pub(crate) row: StallRow,
    pub(crate) pen: Option<Pen>,
    pub(crate) server_keys: Vec<[u8; 32]>,
    pub(crate) seed: [u8; 16],
    pub(crate) options: &'a SessionOptions,
}

/// What every session of this engine begins with.
pub(crate) struct SessionOptions {
    pub(crate) timing: soko_replication::Timing,
}

impl From<&Options> for SessionOptions {
    fn from(options: &Options) -> Self {
        Self { timing: options.timing }
    }
}

impl Stall {
    pub(crate) fn new(parts: Parts<'_>) -> Self {
        let session = session(&parts.row, parts.seed, parts.options);
        Self {
            row: parts.row,
            here: Here::default(),
            pen: parts.pen,
            trust: Trust { server_keys: parts.server_keys.into_iter().collect() },
            session,
            index: None,
            plan: None,
            prices: None,
            looked: None,
            changed: BTreeSet::new(),
            revision: 0,
            #[cfg(feature = "sabotage")]
            quota: crate::weaken::Quota::default(),
            in_flight: None,
            wants_to_send: true,
        }
    }

    pub(crate) fn log(&self) -> LogId {
        self.row.log
    }

    /// No server joins this stall: what is here is all there is of it.
    pub(crate) fn is_alone(&self) -> bool {
        self.trust.server_keys.is_empty()
    }

    /// Units of the own share that no record gave. None, unless a rule is weakened.
    #[cfg(feature = "sabotage")]
    pub(crate) fn believed(&self, product: ProductId) -> i64 {
        self.quota.believed(product)
    }

    #[cfg(not(feature = "sabotage"))]
    pub(crate) fn believed(&self, _product: ProductId) -> i64 {
        0
    }

    /// Begins another conversation, as another author or after the server was found to be another.
    pub(crate) fn restart_session(&mut self, seed: [u8; 16], options: &SessionOptions) {
        self.session = session(&self.row, seed, options);
        self.in_flight = None;
    }

    pub(crate) fn changed(&mut self, keys: impl IntoIterator<Item = QueryKey>) {
        self.changed.extend(keys);
        if self.changed.len() > KEYS_MAX {
            self.changed = [QueryKey::Everything].into();
        }
    }

    pub(crate) fn take_notice(&mut self) -> Option<Notice> {
        if self.changed.is_empty() {
            return None;
        }
        self.revision += 1;
        let keys = std::mem::take(&mut self.changed).into_iter().collect();
        Some(Notice { stall: self.row.log, keys, revision: self.revision })
    }

    /// What came into the search with a transaction that was kept.
    pub(crate) fn learn(&mut self, changes: Changes) {
        if let Some(index) = &mut self.index {
            changes.put_into(index);
        }
    }

    /// Where the pen stands, to come back to if the transaction is not kept.
    pub(crate) fn pen_head(&self) -> Option<Head> {
        self.pen.as_ref().map(Pen::head)
    }

    pub(crate) fn rewind_pen(&mut self, head: Option<Head>) {
        if let (Some(pen), Some(head)) = (&mut self.pen, head) {
            pen.rewind(head);
        }
    }
}

fn session(row: &StallRow, seed: [u8; 16], options: &SessionOptions) -> Session {
    let [a, b] = [&seed[..8], &seed[8..]].map(|half| u64::from_be_bytes(half.try_into().unwrap_or_default()));
    Session::new(Start {
        log: row.log,
        sender: row.author,
        offer: Offer::OURS,
        epoch: row.epoch,
        first_number: a,
        seed: b,
        timing: options.timing,
    })
}
