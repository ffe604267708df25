//! In which ways people are told, and which of them this server has.

/// A way to a person. Numbers are kept in the store: they never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Channel {
    Mail,
    /// A browser's notification, with the app closed, too.
    Push,
    /// A request to an address of a stall's own program.
    Hook,
    /// A text to a telephone. Each costs whoever runs the server money.
    Sms,
}

impl Channel {
    /// Those that lead to people.
    pub const ALL: [Self; 3] = [Self::Mail, Self::Push, Self::Sms];

    pub fn number(self) -> i64 {
        match self {
            Self::Mail => 1,
            Self::Push => 2,
            Self::Hook => 3,
            Self::Sms => 4,
        }
    }

    pub fn from_number(number: i64) -> Option<Self> {
        [Self::Mail, Self::Push, Self::Hook, Self::Sms].into_iter().find(|channel| channel.number() == number)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Push => "push",
            Self::Hook => "hook",
            Self::Sms => "sms",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    /// Whether it wakes people up.
    pub(crate) fn rings(self) -> bool {
        match self {
            Self::Mail | Self::Hook => false,
            Self::Push | Self::Sms => true,
        }
    }

    /// Whether whoever said nothing is told in this way.
    pub(crate) fn is_wanted_unasked(self) -> bool {
        self != Self::Sms
    }
}

/// Which ways there are.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Offers {
    pub mail: bool,
    pub push: bool,
    pub hooks: bool,
    pub sms: bool,
}

impl Offers {
    pub fn has(self, channel: Channel) -> bool {
        match channel {
            Channel::Mail => self.mail,
            Channel::Push => self.push,
            Channel::Hook => self.hooks,
            Channel::Sms => self.sms,
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
