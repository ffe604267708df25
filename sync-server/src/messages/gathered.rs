//! What can wait, for whoever would rather have one mail a day than many: messages wait in a mail of their own and share what becomes of it.

use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx, params};

use super::letter::{self, Letter, Load, Sender};
use super::outbox::{self, Message, State};
use super::page::Section;
use super::quiet;
use super::topic::Topic;
use super::wishes;

/// Waiting in a mail with others. A program that knows no such mail leaves it alone.
pub(super) const GATHERED: i64 = 9;
/// Such a mail, waiting for its hour.
pub(super) const WAITING: i64 = 10;
/// A mail that leaves sooner than this takes nothing more along: what is being written now may be seen after it left.
const CLOSED_MS: i64 = 5 * 60_000;
/// What one mail tells; of what is more it tells how much.
const SECTIONS_MAX: usize = 50;

/// When that mail leaves, as its reader's clock shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Gathering {
    pub(crate) at_minute: u32,
    pub(crate) zone: chrono_tz::Tz,
}

/// Before the market opens.
const AT_MINUTE: u32 = 6 * 60;

/// As it was chosen; else at six, by the clock that quiet hours go by.
pub(crate) fn of(tx: &mut dyn Tx, account: ThingId) -> Result<Gathering, StoreError> {
    let row = tx.query_opt("select at_minute, zone from gathering where account = $1", params![account])?;
    let Some(row) = row else {
        return Ok(Gathering { at_minute: AT_MINUTE, zone: quiet::of(tx, account)?.zone });
    };
    // A zone that this program does not know any more is taken for no zone at all.
    Ok(Gathering { at_minute: row.number(0)?, zone: row.text(1)?.parse().unwrap_or(chrono_tz::Tz::UTC) })
}

pub(crate) fn set(tx: &mut dyn Tx, account: ThingId, at: Gathering) -> Result<(), StoreError> {
    tx.run(
        "insert into gathering (account, at_minute, zone) values ($1, $2, $3)
         on conflict (account) do update set at_minute = excluded.at_minute, zone = excluded.zone",
        params![account, at.at_minute, at.zone.name()],
    )
}

/// When a mail about this leaves, if its reader wants it with others.
pub(super) fn due_ms(
    tx: &mut dyn Tx,
    account: ThingId,
    (topic, now_ms): (Topic, i64),
) -> Result<Option<i64>, StoreError> {
    if !wishes::is_gathered(tx, account, topic)? {
        return Ok(None);
    }
    let at = of(tx, account)?;
    Ok(quiet::next_ms(at.zone, at.at_minute, now_ms + CLOSED_MS))
}

/// Keeps a message until the mail that leaves then, unless it is known.
pub(super) fn add(tx: &mut dyn Tx, new: &Message, (due_ms, now_ms): (i64, i64)) -> Result<(), StoreError> {
    if outbox::keep(tx, new, (GATHERED, due_ms), now_ms)? == 0 {
        return Ok(());
    }
    let message = identity(new.account, due_ms);
    let mail = Message { detail: due_ms, ..Message::of_account(message, Topic::Gathered, new.account) };
    outbox::keep(tx, &mail, (WAITING, due_ms), now_ms)?;
    Ok(())
}

fn identity(account: ThingId, due_ms: i64) -> ThingId {
    outbox::hashed(b"soko gathered 1", &[account.as_bytes(), &due_ms.to_be_bytes()])
}

/// The mail with everything in it that is still wanted; nothing if that is nothing.
pub(super) fn write(
    tx: &mut dyn Tx,
    sender: &Sender<'_>,
    (mail, now_ms): (&Message, i64),
) -> Result<Option<Load>, StoreError> {
    let language = wishes::language_of(tx, mail.account)?;
    let (mut sections, mut count) = (Vec::new(), 0_usize);
    for message in inside(tx, mail)? {
        let is_wanted = wishes::wants(tx, mail.account, (message.channel, message.topic))?;
        let section = if is_wanted { letter::section(tx, sender, (&message, language))? } else { None };
        match section {
            Some(section) if sections.len() < SECTIONS_MAX => {
                sections.push(section);
                count += 1;
            }
            Some(_) => count += 1,
            None => outbox::end(tx, message.message, (State::Dropped, letter::UNWANTED), now_ms)?,
        }
    }
    if count == 0 {
        return Ok(None);
    }
    if let Some(more) = count.checked_sub(SECTIONS_MAX).filter(|more| *more > 0) {
        let said = language.say("gathered.more", &[("count", &more.to_string())]);
        sections.push(Section { paragraphs: vec![said], ..Section::default() });
    }
    let Some(to) = letter::mailbox(tx, mail.account)? else { return Ok(None) };
    let subject = language
        .say("gathered.subject", &[("count", &count.to_string()), ("market", letter::market(sender))]);
    let page = letter::page(sender, (mail.account, language), sections);
    Ok(Some(Load::Mail(Letter {
        message: mail.message,
        to,
        plain: page.plain(),
        html: page.html(&subject),
        subject,
        stop: page.choose.as_ref().map(|(_, choose)| format!("{choose}?stop={}", mail.topic.name())),
    })))
}

/// What waits in a mail, the eldest first.
fn inside(tx: &mut dyn Tx, mail: &Message) -> Result<Vec<Message>, StoreError> {
    let sql = format!(
        "select {} from message where state = $1 and due_ms = $2 and account = $3 order by made_ms, message",
        outbox::CLAIMED
    );
    let rows = tx.query(&sql, params![GATHERED, mail.detail, mail.account])?;
    let read = rows.iter().filter_map(|row| outbox::read(row).transpose());
    read.collect()
}

/// What was in a mail fares as the mail.
pub(super) fn ended(
    tx: &mut dyn Tx,
    mail: ThingId,
    (state, reason): (State, &str),
    now_ms: i64,
) -> Result<(), StoreError> {
    let sql = "select account, detail from message where message = $1 and topic = $2";
    let Some(row) = tx.query_opt(sql, params![mail, Topic::Gathered.number()])? else { return Ok(()) };
    let (account, due_ms): (ThingId, i64) = (row.id(0)?, row.int(1)?);
    tx.run(
        "update message set state = $4, reason = $5, done_ms = $6
         where state in ($1, $7) and due_ms = $2 and account = $3 and topic <> $8",
        params![
            GATHERED,
            due_ms,
            account,
            state.number(),
            reason,
            now_ms,
            // It left, and came back.
            State::Sent.number(),
            Topic::Gathered.number()
        ],
    )
}

/// What is in the mails of these that were given up waits in them again, so that each leaves whole.
pub(super) fn go_with_theirs(
    tx: &mut dyn Tx,
    (of, which): (Option<ThingId>, (ThingId, &str, i64, i64)),
) -> Result<(), StoreError> {
    let (message, reason, is_one, is_because) = which;
    tx.run(
        "update message set state = $1, done_ms = null
         where state = $2 and topic <> $3 and exists (
           select 1 from message d
           where d.account = message.account and d.detail = message.due_ms and d.topic = $3 and d.state = $2
             and ($4 = 0 or d.account = $5) and ($6 = 0 or d.message = $7) and ($8 = 0 or d.reason = $9))",
        params![
            GATHERED,
            State::GivenUp.number(),
            Topic::Gathered.number(),
            i64::from(of.is_some()),
            of.unwrap_or_default(),
            is_one,
            message,
            is_because,
            reason
        ],
    )
}

/// Whoever leaves such a mail at that leaves what is in it.
pub(super) fn discarded(
    tx: &mut dyn Tx,
    mail: ThingId,
    (by, now_ms): (Option<ThingId>, i64),
) -> Result<(), StoreError> {
    tx.run(
        "update message set state = $1, done_ms = $2, ended_by = $3
         where state = $4 and topic <> $5 and exists (
           select 1 from message d
           where d.message = $6 and d.topic = $5 and d.account = message.account and d.detail = message.due_ms)",
        params![
            State::Discarded.number(),
            now_ms,
            by,
            State::GivenUp.number(),
            Topic::Gathered.number(),
            mail
        ],
    )
}
