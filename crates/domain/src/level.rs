//! How much there is of a product beside the level that its owner wants to have, and what of that is news.

/// How a product stands. Numbers are kept in stores: they never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standing {
    Enough,
    /// No more than the level.
    Low,
    /// Nothing.
    Out,
}

impl Standing {
    pub fn of(here: i64, level: i64) -> Self {
        match here {
            ..=0 => Self::Out,
            here if here <= level => Self::Low,
            _ => Self::Enough,
        }
    }

    pub fn number(self) -> i64 {
        match self {
            Self::Enough => 0,
            Self::Low => 1,
            Self::Out => 2,
        }
    }

    pub fn from_number(number: i64) -> Option<Self> {
        [Self::Enough, Self::Low, Self::Out].into_iter().find(|standing| standing.number() == number)
    }

    /// Whether it fell since it stood so. What rises is no news, nor what stays as it was told.
    pub fn fell_from(self, before: Self) -> bool {
        self > before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_stands_by_what_is_here_beside_its_level() {
        for (here, level, expected) in [
            (6, 5, Standing::Enough),
            (5, 5, Standing::Low),
            (1, 5, Standing::Low),
            (0, 5, Standing::Out),
            (-3, 5, Standing::Out),
            (1, 0, Standing::Enough),
            (0, 0, Standing::Out),
        ] {
            assert_eq!(Standing::of(here, level), expected, "{here} beside {level}");
            assert_eq!(Standing::from_number(expected.number()), Some(expected));
        }
        assert_eq!(Standing::from_number(3), None);
    }

    #[test]
    fn each_fall_is_news_once() {
        use Standing::{Enough, Low, Out};
        // Sold down step by step, filled up a little, sold out, filled up, and sold down at once.
        let stood = [Enough, Low, Low, Out, Out, Low, Out, Enough, Out];
        let news: Vec<bool> = stood.windows(2).map(|pair| pair[1].fell_from(pair[0])).collect();
        assert_eq!(news, [true, false, true, false, false, true, false, true]);
    }
}
