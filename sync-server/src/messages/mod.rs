//! What people are told outside of the app, by mail, as a browser's notification or as a text to their telephone, and what a stall's own programs are told:
//! who hears of what, in which language, once.
//!
//! The records are the outbox. Whoever follows a stall's log finds there what happened, and makes the messages in the
//! transaction that notes how far it looked: so nothing is told twice or forgotten, whenever the server ends, and
//! selling and ordering wait for none of it. A message then waits until the mail server took it. It holds neither
//! address nor text: both are looked up when it leaves, so that nothing of a person is kept here.
//!
//! * [`topic`]: of what, and to whom. [`causes`], [`money`], [`watched`]: from records and stock to messages. [`outbox`]: what waits, left or failed.
//! * [`wishes`], [`quiet`], [`gathered`]: who wants what, when, and what with others once a day; [`hourly`]: how much of it within an hour. [`bounced`], [`mailbox`]: what mail servers
//!   report later, and who is not written to because of it. [`letter`], [`page`] and [`words`]: what it says. [`post`]: the mail server.
//!   [`receipt`]: of a sale at a counter, the one message that has an address of its own. [`push`]: browsers. [`sms`]: telephones, [`reported`]: what becomes of texts, and
//!   [`telephone`]: whose number. [`hooks`]: programs. [`send`]: all together.

pub(crate) mod bounced;
mod causes;
mod channel;
mod delivery;
pub(crate) mod email_change;
pub(crate) mod gathered;
pub(crate) mod hooks;
mod hourly;
pub(crate) mod letter;
pub(crate) mod mailbox;
mod money;
pub(crate) mod outbox;
mod page;
mod post;
pub(crate) mod push;
pub(crate) mod quiet;
pub(crate) mod receipt;
pub(crate) mod recovery;
pub(crate) mod reported;
mod send;
mod sms;
pub(crate) mod telephone;
mod topic;
mod watched;
pub(crate) mod wishes;
pub(crate) mod words;

pub(crate) use causes::{is_told, note_taken};
pub use channel::{Channel, Offers};
pub use hooks::{HookTopic, Hooks};
pub use outbox::{Listed, State, Which, again, discard, listed};
pub use post::{BadMail, Post};
pub use push::{Push, PushKey, ensure as ensure_push_key};
pub use send::{Carriers, Round, follow, round};
pub(crate) use sms::NotTaken;
pub use sms::{BadSms, Sms, SmsSettings, SmsShape, TextReports};
pub use topic::{Audience, Topic};

/// Whether a letter is a mail server's report about one of ours: for whoever tries out what is read of letters.
pub fn is_bounced(raw: &[u8]) -> bool {
    bounced::read(raw).is_some()
}
