//! What came of an arm, counted by people and not by taps: one person who taps a hundred times is one person.

/// People of one arm. Each count after the first is how many of those people did so at least once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ArmCounts {
    /// Who came to a place where something could be suggested.
    pub people: u64,
    /// Of them, who was shown a suggestion.
    pub shown: u64,
    pub tapped: u64,
    pub basket: u64,
    pub ordered: u64,
    /// Who sent a suggestion away.
    pub dismissed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Metric {
    Shown,
    Tapped,
    Basket,
    Ordered,
    Dismissed,
}

impl Metric {
    pub const ALL: [Self; 5] = [Self::Shown, Self::Tapped, Self::Basket, Self::Ordered, Self::Dismissed];

    /// Whether more of it is better.
    #[must_use]
    pub fn is_good(self) -> bool {
        match self {
            Self::Shown | Self::Tapped | Self::Basket | Self::Ordered => true,
            Self::Dismissed => false,
        }
    }
}

/// So many of so many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Share {
    pub hits: u64,
    pub of: u64,
}

impl Share {
    #[must_use]
    pub fn rate(self) -> f64 {
        self.hits as f64 / self.of.max(1) as f64
    }
}

impl ArmCounts {
    /// Of all people of the arm: whether something was found to be shown is part of what is tried out.
    #[must_use]
    pub fn share(&self, metric: Metric) -> Share {
        let hits = match metric {
            Metric::Shown => self.shown,
            Metric::Tapped => self.tapped,
            Metric::Basket => self.basket,
            Metric::Ordered => self.ordered,
            Metric::Dismissed => self.dismissed,
        };
        // What a sender counts wrongly makes no rate above one.
        Share { hits: hits.min(self.people), of: self.people }
    }
}
