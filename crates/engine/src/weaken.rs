//! Whether a rule is weakened. Without the feature this is a constant, and nothing of it is in the program.

#[cfg(feature = "sabotage")]
pub(crate) use soko_domain::sabotage::Sabotage;

/// The rules of this crate that can be weakened, named even where they cannot be.
#[cfg(not(feature = "sabotage"))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sabotage {
    NoCloneCheck,
    NoRestoreCheck,
    UnchainedLog,
    AckBeforeDurable,
    RetryExecutesAgain,
    ShareCheckSkipped,
    NumberRefuses,
    ArrivalsUnfollowed,
    NumberReused,
    TotalApart,
}

#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Weakened {
    #[cfg(feature = "sabotage")]
    pub(crate) rule: Option<Sabotage>,
}

impl Weakened {
    #[cfg(feature = "sabotage")]
    pub(crate) fn is(self, rule: Sabotage) -> bool {
        self.rule == Some(rule)
    }

    #[cfg(not(feature = "sabotage"))]
    pub(crate) fn is(self, _rule: Sabotage) -> bool {
        false
    }
}

/// Shares under the rule that a grant sets them to what they were when it was asked for, plus the grant.
#[cfg(feature = "sabotage")]
#[derive(Default)]
pub(crate) struct Quota {
    asked: std::collections::BTreeMap<soko_domain::ids::ProductId, i64>,
    beyond: std::collections::BTreeMap<soko_domain::ids::ProductId, i64>,
}

#[cfg(feature = "sabotage")]
impl Quota {
    pub(crate) fn believed(&self, product: soko_domain::ids::ProductId) -> i64 {
        self.beyond.get(&product).copied().unwrap_or_default()
    }

    /// A page goes out, and with it what the shares are now.
    pub(crate) fn ask(&mut self, shares: impl IntoIterator<Item = (soko_domain::ids::ProductId, i64)>) {
        self.asked =
            shares.into_iter().map(|(product, share)| (product, share + self.believed(product))).collect();
    }

    /// A grant came; `share` is what the records say without it.
    pub(crate) fn grant(&mut self, product: soko_domain::ids::ProductId, share: i64) {
        let asked = self.asked.get(&product).copied().unwrap_or_default();
        self.beyond.insert(product, (asked - share).max(0));
    }
}
