//! In which ways people are told, and which of them this server has.

/// A way to a person. Numbers are kept in the store: they never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Channel {
    Mail,
    /// A browser's notification, with the app closed, too.
    Push,
    /// A request to an address of a stall's own program.
    Hook,
}

impl Channel {
    /// Those that lead to people.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Push];

    pub fn number(self) -> i64 {
        match self {
            Self::Mail => 1,
            Self::Push => 2,
            Self::Hook => 3,
        }
    }

    pub fn from_number(number: i64) -> Option<Self> {
        [Self::Mail, Self::Push, Self::Hook].into_iter().find(|channel| channel.number() == number)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Push => "push",
            Self::Hook => "hook",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    /// Whether it wakes people up.
    pub(crate) fn rings(self) -> bool {
        match self {
            Self::Mail | Self::Hook => false,
            Self::Push => true,
        }
    }
}

/// Which ways there are.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Offers {
    pub mail: bool,
    pub push: bool,
    pub hooks: bool,
}

impl Offers {
    pub fn has(self, channel: Channel) -> bool {
        match channel {
            Channel::Mail => self.mail,
            Channel::Push => self.push,
            Channel::Hook => self.hooks,
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
