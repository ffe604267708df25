//! What concerns the device itself: which stalls it works for, its servers, who is signed in, where it keeps what
//! it holds.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{AuthorId, Hash, LogId, ThingId};
use soko_domain::role::Role;

use crate::edits::StallContent;
use crate::messages::{MessagesReply, MessagesVerb};
use crate::returned::ReturnAnswer;
use crate::review::ReviewAnswer;
use crate::said::Said;
use crate::text::{as_hex, as_word};

/// Longest picture, after the screen made it smaller.
pub const PICTURE_BYTES_MAX: usize = 512 * 1024;

/// One thing to do with the device. Those that need a server say so when there is none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeviceCommand {
    #[serde(with = "as_hex")]
    pub id: ThingId,
    pub verb: DeviceVerb,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceVerb {
    /// Begins a stall with this device as its first register. Needs no server.
    FoundStall {
        #[serde(with = "as_hex")]
        stall: LogId,
        content: StallContent,
        /// What people call this device.
        device_name: String,
    },
    /// Which server this device talks to, before anybody signs in.
    UseServer {
        server: String,
    },
    /// Makes an account, and signs in with it.
    CreateAccount {
        email: String,
        password: String,
    },
    SignIn {
        email: String,
        password: String,
    },
    /// Asks for another mail address for whoever is signed in. It counts once a link in a mail to it was followed.
    ChangeEmail {
        email: String,
        password: String,
    },
    /// Another password for whoever is signed in; their other sessions end.
    ChangePassword {
        old: String,
        new: String,
    },
    /// Asks the server for a mail with a link that sets another password.
    ForgotPassword {
        email: String,
    },
    SignOut,
    /// Answers a review, as the stall whose register this is.
    AnswerReview(ReviewAnswer),
    /// What whoever is signed in is told outside of the app.
    Messages(MessagesVerb),
    /// Takes back what a buyer brings, or says why not.
    AnswerReturn(ReturnAnswer),
    /// Everything that the server keeps of whoever is signed in, as a file.
    OwnData,
    /// Ends the account of whoever is signed in, for good, at the server and here.
    EraseAccount {
        password: String,
    },
    /// Claims a stall that was founded here for the signed-in account, and enrols this device.
    Connect(#[serde(with = "as_hex")] LogId),
    /// Makes this device a register of a stall, by what another device's `Invite` answered.
    Join {
        invitation: String,
        device_name: String,
    },
    /// Lets one more device in, once, for ten minutes. The signed-in account must own or manage the stall.
    Invite {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_word")]
        role: Role,
    },
    /// Gives back what this device may promise, sends what is unsent, takes its leave of the server and removes the stall from here.
    /// Asked again after it broke off, it goes on where it was.
    Leave {
        #[serde(with = "as_hex")]
        stall: LogId,
        /// What cannot be sent is in a backup that was just saved; receipts that still wait are given up.
        by_backup: bool,
    },
    /// After a restore or a copy: goes on as a new author.
    Renew(#[serde(with = "as_hex")] LogId),
    /// Keeps a picture under the hash of its bytes, here and, once it can be sent, at the server.
    PutPicture {
        /// JPEG, PNG or WebP.
        bytes: Vec<u8>,
    },
    /// Everything of a stall in one file under a password, for another device.
    BackUp {
        #[serde(with = "as_hex")]
        stall: LogId,
        password: String,
    },
    /// Makes this device a register of the stall in such a file, as a new author.
    Restore {
        bytes: Vec<u8>,
        password: String,
        device_name: String,
    },
    /// Everything of a stall as tables and as JSON, for other programs.
    Export(#[serde(with = "as_hex")] LogId),
    /// Exchanges with every server now, whatever the next appointment is.
    ExchangeNow,
    /// Shows a notification, to see that they arrive.
    TestNotification,
    /// Where whoever is signed in is signed in, and the end of that elsewhere.
    Sessions(SessionsVerb),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionsVerb {
    Look,
    /// Signs out there.
    End(#[serde(with = "as_hex")] ThingId),
    /// Signs out everywhere but here.
    EndOthers,
}

/// One place where somebody is signed in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionRow {
    #[serde(with = "as_hex")]
    pub session: ThingId,
    /// Browser and system; empty where they are not known.
    pub name: String,
    pub begun_ms: i64,
    /// When it was used last, a few minutes more or less.
    pub seen_ms: i64,
    pub is_here: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceReply {
    Done,
    Picture(#[serde(with = "as_hex")] Hash),
    Joined(#[serde(with = "as_hex")] LogId),
    File(FileMade),
    Messages(MessagesReply),
    /// Text for the other device: typed, pasted or read from a code.
    Invitation {
        invitation: String,
        expires_ms: i64,
    },
    /// As they are then, the latest used first.
    Sessions(Vec<SessionRow>),
}

/// A file for the person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileMade {
    pub name: String,
    /// Where it was put; empty where only the screen can hand it out.
    pub place: String,
    /// Empty where it was put somewhere.
    pub bytes: Vec<u8>,
}

/// A clock that is closer to the server's is right: a date of HTTP has whole seconds, and answers take their time.
const SKEW_MS: i64 = 60_000;

impl DeviceView {
    /// How far this device's clock is ahead of the server's, if it is off at all.
    #[must_use]
    pub fn clock_off_ms(&self) -> Option<i64> {
        self.clock_ahead_ms.filter(|ahead_ms| ahead_ms.abs() >= SKEW_MS)
    }
}

/// How the device stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeviceView {
    pub version: String,
    /// Empty when none was named.
    pub server: String,
    /// Whether the server answered last time; nothing if it was not asked yet.
    pub is_online: Option<bool>,
    pub last_contact_ms: Option<i64>,
    /// How far this device's clock is ahead of the server's.
    pub clock_ahead_ms: Option<i64>,
    /// E-mail address of whoever is signed in.
    pub account: Option<String>,
    /// E-mail address of whoever was signed in until the session ended by itself, and has not come back yet.
    pub rested: Option<String>,
    pub stalls: Vec<OwnStall>,
    pub keeps: Keeps,
    /// What was found when it was opened, for whoever looks after it.
    pub warnings: Vec<Said>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnStall {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    #[serde(with = "as_hex")]
    pub author: AuthorId,
    pub name: String,
    pub currency: String,
    #[serde(with = "as_word")]
    pub role: Role,
    /// Whether this device was let in at a server.
    pub is_connected: bool,
    /// What the server has of this stall never was here as a whole yet: what is shown is a part of it.
    pub is_arriving: bool,
    /// Own records that the server has not confirmed.
    pub unsent: u64,
    /// What stands in the way of exchanging records.
    pub trouble: Option<Said>,
}

/// Where a device keeps what it holds, and how sure that is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Keeps {
    pub place: KeptIn,
    pub used_bytes: Option<u64>,
    pub free_bytes: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptIn {
    /// Files of this device.
    Files,
    /// The browser's storage, which it promised to keep.
    Browser,
    /// The browser's storage, which it may clear when the disk is full.
    BrowserMayClear,
    /// Nowhere: it is gone with the page.
    Memory,
}
