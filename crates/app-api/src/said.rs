//! What a device has to say about how it stands: a warning, a hindrance, why something counts for nothing. Screens have
//! a text for each of these in every language; whoever has none says the plain sentence.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::codec::CodecError;
use crate::refused::Refused;

/// Something said to a person.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Said {
    /// The key of the screens' text; empty where there is only the sentence.
    pub key: String,
    /// What stands for `{about}` in that text: a number, a name, a field.
    pub about: String,
    /// What was wrong and what to do, in plain English.
    pub sentence: String,
}

/// Between the parts of a kept [`Said`]. None of them has a line break.
const MARK: char = '\n';

impl Said {
    /// Only the sentence: a cause from outside, such as a disk's, that has no text of its own.
    pub fn plainly(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), ..Self::default() }
    }

    /// Only a text of the screens.
    pub fn keyed(key: &str) -> Self {
        Self { key: key.into(), ..Self::default() }
    }

    /// One text, to keep it.
    pub fn to_text(&self) -> String {
        if self.key.is_empty() {
            return self.sentence.clone();
        }
        [&self.key, &self.about, &self.sentence].map(|part| part.replace(MARK, " ")).join(&MARK.to_string())
    }

    /// Reads what [`Self::to_text`] wrote; anything else is a sentence, and nothing is nothing.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, MARK);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(key), Some(about), Some(sentence)) => {
                Some(Self { key: key.into(), about: about.into(), sentence: sentence.into() })
            }
            _ => (!text.is_empty()).then(|| Self::plainly(text)),
        }
    }
}

impl From<CodecError> for Said {
    fn from(error: CodecError) -> Self {
        Hindrance::OtherVersion.said(&error, &error)
    }
}

impl From<&Refused> for Said {
    fn from(refused: &Refused) -> Self {
        let key = format!("refused.{}", refused.code);
        Self { key, about: String::new(), sentence: refused.sentence.clone() }
    }
}

macro_rules! sayings {
    ($(#[$about:meta])* $list:ident { $($(#[$doc:meta])* $name:ident = $key:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $list { $($(#[$doc])* $name,)* }

        impl $list {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key),* }
            }

            pub fn said(self, about: impl Display, sentence: impl Display) -> Said {
                Said { key: self.key().into(), about: about.to_string(), sentence: sentence.to_string() }
            }

            /// Where it is about nothing in particular.
            pub fn plain(self, sentence: impl Display) -> Said {
                self.said("", sentence)
            }

            pub fn of(said: &Said) -> Option<Self> {
                Self::ALL.iter().copied().find(|saying| saying.key() == said.key)
            }
        }
    };
}

sayings! {
    /// How a device stands and what it found, each with a text of its own.
    Saying {
    // Found when the device was opened, or by its shell.
    DiskFull = "warning.disk-full",
    DiskLow = "warning.disk-low",
    /// About how many records were saved.
    Salvaged = "warning.salvaged",
    /// About what was not.
    SalvageLost = "warning.salvage-lost",
    DatabaseMissing = "warning.database-missing",
    Cleared = "warning.cleared",
    ClearedBefore = "warning.lost",
    /// About the system's reason.
    NoNotifications = "warning.no-notifications",
    // What stands in the way of exchanging records.
    VersionsApart = "trouble.versions-apart",
    OldServer = "trouble.old-server",
    OtherStall = "trouble.other-stall",
    ServerWentBack = "trouble.server-went-back",
    WrittenTwice = "trouble.written-twice",
    /// About which device.
    ChainRefused = "trouble.chain-refused",
    // Why a register may not go on as who it was.
    Restored = "frozen.restored",
    Copied = "frozen.copied",
    KeysGone = "frozen.keys-gone",
    Behind = "frozen.behind",
    Forked = "frozen.forked",
    // Why a record counts for nothing.
    Unreadable = "set-aside.unreadable",
    Impossible = "set-aside.impossible",
    NotTheServer = "set-aside.not-the-server",
    RoleForbids = "set-aside.role-forbids",
    ChangeRefused = "set-aside.change-refused",
    Newer = "set-aside.newer",
    // What is wrong with what people edited; each about a field.
    FieldMissing = "problem.missing",
    FieldOfWrongType = "problem.wrong-type",
    FieldTooLong = "problem.too-long",
    FieldOutOfRange = "problem.out-of-range",
    FieldInConflict = "problem.conflict",
    TooManyEntries = "problem.too-many",
    FieldUnknown = "problem.unknown",
    }
}

sayings! {
    /// Why something could not be tried; about the technical cause, for whoever helps. Nothing that a first visit gets names
    /// one of these.
    Hindrance {
    InUse = "undone.in-use",
    StoreReadOnly = "undone.store-read-only",
    StoreDamaged = "undone.store-damaged",
    StoreClosed = "undone.store-closed",
    StoreNewer = "undone.store-newer",
    StoreFailed = "undone.store-failed",
    VaultUnreadable = "undone.vault-unreadable",
    VaultDamaged = "undone.vault-damaged",
    TablesApart = "undone.tables-apart",
    UnknownStall = "undone.unknown-stall",
    KnownStall = "undone.known-stall",
    NoAnswer = "undone.no-answer",
    /// What came from the other side of a link, which is of another version.
    OtherVersion = "undone.other-version",
    /// About the file.
    FileNotSaved = "undone.file-not-saved",
    FilesTaken = "undone.files-taken",
    NotStarted = "undone.not-started",
    /// A call that ended the program again and again.
    EndedProgram = "undone.ended-program",
    /// Anything else that should not happen.
    Other = "undone.other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let told = Saying::ChainRefused.said("Till 2", "Till 2: records\nare missing");
        let read = Said::from_text(&told.to_text()).map(|said| (said.key, said.about, said.sentence));
        let wanted = ("trouble.chain-refused", "Till 2", "Till 2: records are missing");
        assert_eq!(read, Some((wanted.0.into(), wanted.1.into(), wanted.2.into())));
        assert_eq!(
            Said::from_text("a sentence of an older version"),
            Some(Said::plainly("a sentence of an older version"))
        );
        assert_eq!(Said::from_text(""), None);
    }

    #[test]
    fn every_saying_is_found_by_its_key() {
        for saying in Saying::ALL {
            assert_eq!(Saying::of(&saying.plain("")), Some(*saying));
        }
        for hindrance in Hindrance::ALL {
            assert_eq!(Hindrance::of(&hindrance.plain("")), Some(*hindrance));
        }
    }
}
