//! What a shopper meets in the shop: what they saw, opened, wanted and sent away, by the hour. It says what and where, and
//! never who. The numbers are kept by devices and servers: none is ever given to something else.

/// Longest name of an experiment, and of an arm of one.
pub const ARM_BYTES_MAX: usize = 40;
/// What is said of fewer people than this is said of one of them, too.
pub const PEOPLE_MIN: u32 = 5;
/// How long anybody keeps it.
pub const KEPT_HOURS: i64 = 400 * 24;

const HOUR_MS: i64 = 3_600_000;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Met {
    /// It stood in sight for a second.
    Seen,
    /// Its page was opened.
    Opened,
    Liked,
    /// It came into the basket.
    Put,
    Ordered,
    /// A suggestion was sent away.
    Dismissed,
    /// It stood in sight for a second as a suggestion.
    Suggested,
    /// A suggestion was followed.
    Followed,
}

/// Where that was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// The front of the market.
    Home,
    /// Found by words or in a category.
    Search,
    /// A stall's own page.
    Stall,
    /// A product's page.
    Product,
    Basket,
}

impl Met {
    pub const ALL: [Self; 8] = [
        Self::Seen,
        Self::Opened,
        Self::Liked,
        Self::Put,
        Self::Ordered,
        Self::Dismissed,
        Self::Suggested,
        Self::Followed,
    ];

    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Seen => 1,
            Self::Opened => 2,
            Self::Liked => 3,
            Self::Put => 4,
            Self::Ordered => 5,
            Self::Dismissed => 6,
            Self::Suggested => 7,
            Self::Followed => 8,
        }
    }

    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }

    /// How far this is on the way to an order. Whoever was further was here, too: they may have come by a link.
    #[must_use]
    pub fn step(self) -> Step {
        match self {
            Self::Seen | Self::Liked | Self::Dismissed | Self::Suggested => Step::Seen,
            Self::Opened | Self::Followed => Step::Opened,
            Self::Put => Step::Put,
            Self::Ordered => Step::Ordered,
        }
    }

    /// Whether it is about a suggestion.
    #[must_use]
    pub fn is_of_suggestion(self) -> bool {
        match self {
            Self::Dismissed | Self::Suggested | Self::Followed => true,
            Self::Seen | Self::Opened | Self::Liked | Self::Put | Self::Ordered => false,
        }
    }
}

impl Place {
    pub const ALL: [Self; 5] = [Self::Home, Self::Search, Self::Stall, Self::Product, Self::Basket];

    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Home => 1,
            Self::Search => 2,
            Self::Stall => 3,
            Self::Product => 4,
            Self::Basket => 5,
        }
    }

    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }
}

/// The steps from a glance to an order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    Seen,
    Opened,
    Put,
    Ordered,
}

impl Step {
    pub const ALL: [Self; 4] = [Self::Seen, Self::Opened, Self::Put, Self::Ordered];
}

/// People by how far they came: of each step, those who came so far or further.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Reached {
    people: [u32; 4],
}

impl Reached {
    /// So many got to this step and no further.
    pub fn add(&mut self, furthest: Step, people: u32) {
        for (step, count) in Step::ALL.into_iter().zip(&mut self.people) {
            if step <= furthest {
                *count = count.saturating_add(people);
            }
        }
    }

    /// What may be said of it.
    #[must_use]
    pub fn told(&self) -> [Option<u32>; 4] {
        self.people.map(told)
    }

    #[must_use]
    pub fn seen(&self) -> u32 {
        self.people[0]
    }
}

/// So many people as may be told; nothing where they are so few that it would be said of each.
#[must_use]
pub fn told(people: u32) -> Option<u32> {
    (people == 0 || people >= PEOPLE_MIN).then_some(people)
}

#[must_use]
pub fn hour(at_ms: i64) -> i64 {
    at_ms.div_euclid(HOUR_MS)
}

/// Both name an experiment and an arm of it, or neither names anything.
#[must_use]
pub fn is_arm(experiment: &str, arm: &str) -> bool {
    let is_name = |text: &str| {
        let is_known = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.');
        (1..=ARM_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_known)
    };
    (experiment.is_empty() && arm.is_empty()) || (is_name(experiment) && is_name(arm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_for_ever() {
        assert_eq!(Met::ALL.map(Met::number), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(Place::ALL.map(Place::number), [1, 2, 3, 4, 5]);
        for number in 1..=8 {
            assert_eq!(Met::from_number(number).map(Met::number), Some(number));
        }
        assert_eq!((Met::from_number(0), Met::from_number(9), Place::from_number(6)), (None, None, None));
    }

    #[test]
    fn whoever_ordered_came_by_every_step_and_few_people_are_not_told() {
        let mut reached = Reached::default();
        reached.add(Step::Seen, 6);
        reached.add(Step::Ordered, 2);
        reached.add(Step::Opened, 3);
        assert_eq!(reached.told(), [Some(11), Some(5), None, None]);
        assert_eq!(Reached::default().told(), [Some(0); 4]);
        reached.add(Step::Ordered, u32::MAX);
        assert_eq!(reached.seen(), u32::MAX);
    }

    #[test]
    fn an_arm_is_two_names_or_none() {
        for (experiment, arm, expected) in [
            ("", "", true),
            ("home-2", "b", true),
            ("home", "", false),
            ("", "b", false),
            ("a b", "b", false),
            ("é", "b", false),
            (&*"x".repeat(ARM_BYTES_MAX), "y", true),
            (&*"x".repeat(ARM_BYTES_MAX + 1), "y", false),
        ] {
            assert_eq!(is_arm(experiment, arm), expected, "{experiment} {arm}");
        }
    }

    #[test]
    fn an_hour_begins_on_the_hour_before_1970_too() {
        assert_eq!([0, 3_599_999, 3_600_000, -1].map(hour), [0, 0, 1, -1]);
    }
}
