//! What addresses of programs can be told.

/// Bits and numbers are kept in the store: they never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum HookTopic {
    OrderPlaced,
    /// Its money is held, or was taken.
    OrderPaid,
    /// How far the stall is with it, until it is handed over.
    OrderStep,
    OrderCancelled,
    /// All of its money, or a part of it, is with the buyer again.
    OrderRefunded,
    /// There is less of a product than its owner wants to have.
    LowStock,
    /// There is nothing left of a product that should not run out.
    SoldOut,
    /// Nothing happened: somebody wants to see a message arrive.
    Test,
}

impl HookTopic {
    pub const ALL: [Self; 8] = [
        Self::OrderPlaced,
        Self::OrderPaid,
        Self::OrderStep,
        Self::OrderCancelled,
        Self::OrderRefunded,
        Self::LowStock,
        Self::SoldOut,
        Self::Test,
    ];

    /// As a message keeps it, apart from what people are told.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::OrderPlaced => 101,
            Self::OrderPaid => 102,
            Self::OrderStep => 103,
            Self::OrderCancelled => 104,
            Self::OrderRefunded => 105,
            Self::LowStock => 106,
            Self::SoldOut => 107,
            Self::Test => 120,
        }
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.number() == number)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::OrderPlaced => "order.placed",
            Self::OrderPaid => "order.paid",
            Self::OrderStep => "order.step",
            Self::OrderCancelled => "order.cancelled",
            Self::OrderRefunded => "order.refunded",
            Self::LowStock => "stock.low",
            Self::SoldOut => "stock.out",
            Self::Test => "test",
        }
    }

    pub(crate) fn is_about_product(self) -> bool {
        matches!(self, Self::LowStock | Self::SoldOut)
    }

    fn bit(self) -> i64 {
        match self {
            Self::OrderPlaced => 1,
            Self::OrderPaid => 2,
            Self::OrderStep => 4,
            Self::OrderCancelled => 8,
            Self::OrderRefunded => 16,
            Self::LowStock => 32,
            Self::SoldOut => 64,
            // Whoever asks for one gets it.
            Self::Test => 0,
        }
    }
}

/// Some topics.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct HookTopics(pub(super) i64);

impl HookTopics {
    pub(crate) fn has(self, topic: HookTopic) -> bool {
        self.0 & topic.bit() != 0
    }

    pub(crate) fn all(self) -> impl Iterator<Item = HookTopic> {
        HookTopic::ALL.into_iter().filter(move |topic| self.has(*topic))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.all().next().is_none()
    }
}

impl FromIterator<HookTopic> for HookTopics {
    fn from_iter<I: IntoIterator<Item = HookTopic>>(topics: I) -> Self {
        Self(topics.into_iter().fold(0, |bits, topic| bits | topic.bit()))
    }
}
