//! Who wants to hear of what, and in which language. Whoever said nothing hears everything that concerns them, but by no text.

use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx, params};

use super::channel::Channel;
use super::topic::Topic;
use super::words::Language;

pub(crate) fn language_of(tx: &mut dyn Tx, account: ThingId) -> Result<Language, StoreError> {
    let row = tx.query_opt("select language from reader where account = $1", params![account])?;
    Ok(match row {
        Some(row) => Language::from_code(row.text(0)?).unwrap_or_default(),
        None => Language::default(),
    })
}

pub(crate) fn set_language(tx: &mut dyn Tx, account: ThingId, language: Language) -> Result<(), StoreError> {
    tx.run(
        "insert into reader (account, language) values ($1, $2)
         on conflict (account) do update set language = excluded.language",
        params![account, language.code()],
    )
}

/// What was chosen for mail, and where what was chosen for every other way.
const MAIL: &str = "select wanted from message_wish where account = $1 and topic = $2";
const OTHER: &str = "select wanted from channel_wish where account = $1 and topic = $2 and channel = $3";

pub(crate) fn wants(
    tx: &mut dyn Tx,
    account: ThingId,
    (channel, topic): (Channel, Topic),
) -> Result<bool, StoreError> {
    let row = match channel {
        Channel::Mail => tx.query_opt(MAIL, params![account, topic.number()])?,
        Channel::Push | Channel::Hook | Channel::Sms => {
            tx.query_opt(OTHER, params![account, topic.number(), channel.number()])?
        }
    };
    let wanted = row.map(|row| row.int(0)).transpose()?;
    Ok(!topic.may_decline() || wanted.map_or(channel.is_wanted_unasked(), |wanted| wanted != 0))
}

/// Wanted, with others, once a day. A program that does not know this number sends at once.
const GATHERED: i64 = 2;

/// Whether mail about this is to come once a day, with what else there is.
pub(crate) fn is_gathered(tx: &mut dyn Tx, account: ThingId, topic: Topic) -> Result<bool, StoreError> {
    let row = tx.query_opt(MAIL, params![account, topic.number()])?;
    let wanted = row.map(|row| row.int(0)).transpose()?;
    Ok(topic.can_wait() && wanted == Some(GATHERED))
}

/// Mail about this comes once a day, or at once. It is wanted from now on, either way.
pub(crate) fn gather(
    tx: &mut dyn Tx,
    account: ThingId,
    (topic, gathered): (Topic, bool),
) -> Result<(), StoreError> {
    tx.run(
        "insert into message_wish (account, topic, wanted) values ($1, $2, $3)
         on conflict (account, topic) do update set wanted = excluded.wanted",
        params![account, topic.number(), if gathered { GATHERED } else { 1 }],
    )
}

/// What can come once a day and is wanted by mail, and whether it does.
pub(crate) fn gathered(tx: &mut dyn Tx, account: ThingId) -> Result<Vec<(Topic, bool)>, StoreError> {
    let mut topics = Vec::new();
    for topic in Topic::ALL.into_iter().filter(|topic| topic.can_wait()) {
        if wants(tx, account, (Channel::Mail, topic))? {
            topics.push((topic, is_gathered(tx, account, topic)?));
        }
    }
    Ok(topics)
}

/// Mail that is wanted stays as it is, at once or with others.
pub(crate) fn set(
    tx: &mut dyn Tx,
    account: ThingId,
    (channel, topic): (Channel, Topic),
    wanted: bool,
) -> Result<(), StoreError> {
    match channel {
        Channel::Mail => tx.run(
            "insert into message_wish (account, topic, wanted) values ($1, $2, $3)
             on conflict (account, topic) do update
               set wanted = case when excluded.wanted = 0 or message_wish.wanted = 0 then excluded.wanted
                 else message_wish.wanted end",
            params![account, topic.number(), i64::from(wanted)],
        ),
        Channel::Push | Channel::Hook | Channel::Sms => tx.run(
            "insert into channel_wish (account, channel, topic, wanted) values ($1, $2, $3, $4)
             on conflict (account, channel, topic) do update set wanted = excluded.wanted",
            params![account, channel.number(), topic.number(), i64::from(wanted)],
        ),
    }
}

/// Each topic that can be declined, and whether it is wanted in this way.
pub(crate) fn all(
    tx: &mut dyn Tx,
    account: ThingId,
    channel: Channel,
) -> Result<Vec<(Topic, bool)>, StoreError> {
    let topics = Topic::ALL.into_iter().filter(|topic| topic.may_decline());
    topics.map(|topic| Ok((topic, wants(tx, account, (channel, topic))?))).collect()
}
