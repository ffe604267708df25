//! Notes what providers of texts report later: one step each, however often it is said, and never back.

use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx, params};

use super::channel::{Channel, Offers};
use super::letter::TELEPHONE;
use super::outbox::{self, About, State};
use super::sms::{Became, Named};
use super::topic::Topic;

/// Nobody hears more often that texts do not arrive.
const DAY_MS: i64 = 24 * 3_600_000;

/// What a report changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Noted {
    Delivered,
    Failed,
    /// It is on its way, or this was said before.
    Nothing,
    /// No text of ours is called so.
    Unknown,
}

pub(crate) fn note(
    tx: &mut dyn Tx,
    (named, became): (&Named, &Became),
    (offers, now_ms): (Offers, i64),
) -> Result<Noted, StoreError> {
    let find = "select message, topic, account, state from message where channel = $2 and";
    let row = match named {
        Named::Ours(message) => {
            tx.query_opt(&format!("{find} message = $1"), params![*message, Channel::Sms.number()])?
        }
        Named::Theirs(name) => tx.query_opt(
            &format!("{find} provider_ref = $1 order by made_ms desc limit 1"),
            params![name.as_str(), Channel::Sms.number()],
        )?,
    };
    let Some(row) = row else { return Ok(Noted::Unknown) };
    let (message, account): (ThingId, ThingId) = (row.id(0)?, row.id(2)?);
    if row.int(3)? != State::Sent.number() {
        return Ok(Noted::Nothing);
    }
    match became {
        Became::Underway => Ok(Noted::Nothing),
        Became::Delivered => {
            outbox::end(tx, message, (State::Delivered, ""), now_ms)?;
            Ok(Noted::Delivered)
        }
        Became::Failed(reason) => {
            outbox::end(tx, message, (State::GivenUp, reason), now_ms)?;
            // A receipt's number belongs to no account, and one that waits for its code is nobody's yet.
            if Topic::from_number(row.int(1)?).is_some_and(|topic| topic.may_decline()) {
                tell(tx, account, (offers, now_ms))?;
            }
            Ok(Noted::Failed)
        }
    }
}

/// Tells whoever is texted there in another way, once a day.
fn tell(tx: &mut dyn Tx, account: ThingId, (offers, now_ms): (Offers, i64)) -> Result<(), StoreError> {
    let about = About { topic: Topic::MailboxFailing, account, log: None, subject: None, detail: TELEPHONE };
    let day = now_ms.div_euclid(DAY_MS).to_be_bytes();
    for channel in [Channel::Mail, Channel::Push].into_iter().filter(|channel| offers.has(*channel)) {
        outbox::address_by(tx, &about, &[b"telephone", &day], (channel, now_ms))?;
    }
    Ok(())
}
