//! In which ways people are told, and which of them this server has.

/// A way to a person. Numbers are kept in the store: they never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Channel {
    Mail,
    /// A browser's notification, with the app closed, too.
    Push,
}

impl Channel {
    pub const ALL: [Self; 2] = [Self::Mail, Self::Push];

    pub fn number(self) -> i64 {
        match self {
            Self::Mail => 1,
            Self::Push => 2,
        }
    }

    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.number() == number)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Push => "push",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    /// Whether it wakes people up.
    pub(crate) fn rings(self) -> bool {
        match self {
            Self::Mail => false,
            Self::Push => true,
        }
    }
}

/// Which ways there are.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Offers {
    pub mail: bool,
    pub push: bool,
}

impl Offers {
    pub fn has(self, channel: Channel) -> bool {
        match channel {
            Channel::Mail => self.mail,
            Channel::Push => self.push,
        }
    }

    pub fn is_empty(self) -> bool {
        Channel::ALL.into_iter().all(|channel| !self.has(channel))
    }
}
