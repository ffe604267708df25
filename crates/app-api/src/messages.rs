//! What somebody is told outside of the app, as they choose it themselves. It is kept at the server of whoever is signed
//! in; ways and topics have the names that its interface has.

use serde::{Deserialize, Serialize};
use soko_domain::ids::ThingId;
use soko_domain::quiet;

use crate::text::as_hex;

/// One thing to do about one's messages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessagesVerb {
    Look,
    /// Wants a topic in a way, or does not.
    Want {
        channel: String,
        topic: String,
        wanted: bool,
    },
    KeepQuiet(QuietHours),
    /// What comes once a day in one mail, and when. Topics that are not named stay as they are.
    Gather(Gathered),
    /// Mail arrives again.
    MailboxWorks,
    /// The language that messages are written in.
    Speak {
        language: String,
    },
    /// What became of the last ones.
    Log,
    /// Tries one again that was given up, or leaves it at that.
    GivenUp {
        #[serde(with = "as_hex")]
        message: ThingId,
        again: bool,
    },
    /// Sends one, to see that it arrives.
    Test {
        channel: String,
    },
    /// This browser shows notifications from now on.
    Listen(BrowserKeys),
    /// That browser does not any more.
    StopListening(#[serde(with = "as_hex")] ThingId),
    /// Texts a code to a number, to which texts go once it is typed.
    Text {
        number: String,
    },
    Confirm {
        code: String,
    },
    StopTexting,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessagesReply {
    Wishes(Box<Wishes>),
    Log(Vec<MessageRow>),
    /// This browser is that one.
    Listening(#[serde(with = "as_hex")] ThingId),
    Done,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Wishes {
    /// The language that messages are written in.
    pub language: String,
    /// Whether the person owns or manages a stall.
    pub sells: bool,
    pub channels: Vec<ChannelWishes>,
    pub quiet: QuietHours,
    pub gathered: Gathered,
    /// Set where mail came back, so that none is written any more.
    pub mailbox_failing: Option<MailboxFailing>,
    /// What a browser subscribes to; empty where there are no push messages.
    pub push_key: String,
    pub browsers: Vec<OwnBrowser>,
    pub telephone: OwnTelephone,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChannelWishes {
    /// `mail`, `push` or `sms`.
    pub channel: String,
    /// Whether the server has this way.
    pub is_offered: bool,
    /// Each topic, and whether it is wanted.
    pub topics: Vec<(String, bool)>,
}

/// Hours in which nothing rings.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QuietHours {
    pub is_on: bool,
    /// As the person's clock shows it: 22:00.
    pub from: String,
    pub to: String,
    pub zone: String,
    /// What cannot wait rings all the same.
    pub urgent_rings: bool,
}

impl QuietHours {
    /// For how many minutes nothing rings when the person's clock shows this minute of the day; nothing if it may ring.
    pub fn left_minutes(&self, minute: u32, is_urgent: bool) -> Option<u32> {
        let ends = quiet::minute_of(&self.from).zip(quiet::minute_of(&self.to))?;
        let holds = self.is_on && !(is_urgent && self.urgent_rings);
        quiet::left_minutes(ends, minute).filter(|_| holds)
    }
}

/// Mail that comes once a day, all in one.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Gathered {
    /// As the person's clock shows it: 06:00. Empty where the server has no such mail.
    pub at: String,
    pub zone: String,
    /// What can wait and is wanted by mail, and whether it comes in it.
    pub topics: Vec<(String, bool)>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MailboxFailing {
    pub since_ms: i64,
    /// What the mail server said.
    pub reason: String,
}

/// A browser that shows notifications.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnBrowser {
    #[serde(with = "as_hex")]
    pub browser: ThingId,
    pub name: String,
    pub made_ms: i64,
}

/// Where somebody is texted.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnTelephone {
    /// Empty where nobody is.
    pub number: String,
    /// What waits for its code; empty where nothing does.
    pub asked: String,
}

/// A message that was or is to be sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MessageRow {
    #[serde(with = "as_hex")]
    pub message: ThingId,
    pub topic: String,
    pub channel: String,
    /// May be empty.
    pub browser: String,
    /// `waiting`, `sent`, `given-up` or `dropped`.
    pub state: String,
    /// Why it did not leave; empty otherwise.
    pub reason: String,
    pub made_ms: i64,
    /// When it is tried next, while it waits.
    pub due_ms: Option<i64>,
}

/// What a browser says of its subscription.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BrowserKeys {
    pub endpoint: String,
    pub p256dh: String,
    pub auth: String,
    pub name: String,
}
