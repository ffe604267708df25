//! What the last look at prices that move by themselves saw. Stock changes with each sale, and a price that keeps does not depend on it: a
//! sale need not pay for a look at all of them.

use std::collections::BTreeMap;

use soko_domain::ids::ProductId;
use soko_domain::verbs::move_price::Rule;

use super::{Moment, Rules};

/// After so long everything is looked at again.
const AGAIN_MS: i64 = 15 * 60 * 1_000;

pub(crate) struct Looked {
    today: i32,
    at_ms: i64,
    opened_at_ms: Option<i64>,
    rules: BTreeMap<ProductId, (u64, Rule)>,
    /// How much there was of what must be gone.
    left: BTreeMap<ProductId, i64>,
}

impl Looked {
    pub(crate) fn new(rules: &Rules, moment: &Moment, opened_at_ms: Option<i64>) -> Self {
        let rules = rules.by_product.clone();
        Self { today: moment.today, at_ms: moment.at_ms, opened_at_ms, rules, left: BTreeMap::new() }
    }

    /// Whether it was a moment ago, with the same drawer and limits.
    pub(crate) fn holds(&self, rules: &Rules, moment: &Moment, opened_at_ms: Option<i64>) -> bool {
        self.is_of(moment.today)
            && (0..AGAIN_MS).contains(&moment.at_ms.saturating_sub(self.at_ms))
            && self.opened_at_ms == opened_at_ms
            && self.rules == rules.by_product
    }

    pub(crate) fn is_of(&self, today: i32) -> bool {
        self.today == today
    }

    /// Notes how much is left of a product; whether that is something else than when it was looked at last.
    pub(crate) fn note_left(&mut self, product: ProductId, left: i64) -> bool {
        self.left.insert(product, left) != Some(left)
    }
}
