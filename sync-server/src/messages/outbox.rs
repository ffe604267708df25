//! The messages themselves: what waits, what left, what was given up.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use soko_domain::ids::{LogId, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};

use super::channel::{Channel, Offers};
use super::topic::Topic;
use super::{gathered, mailbox, push, receipt, telephone, wishes};

/// Messages that one look takes along.
pub(super) const CLAIM_MAX: usize = 20;
/// Whoever took a message along has this long to say what became of it; then somebody else takes it.
pub(super) const LEASE_MS: i64 = 2 * 60_000;
/// Longest time that one of them may be on its way.
pub(super) const CALL_MAX: Duration = Duration::from_secs(60);
/// What is left of a lease then has to be enough to note what became of all that was taken along.
pub(super) const BEGINS_WITHIN_MS: i64 = 30_000;
/// How long to wait after each failure; after the last one a message is given up.
pub(super) const WAITS_MS: [i64; 7] =
    [60_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000, 6 * 3_600_000, 12 * 3_600_000, 24 * 3_600_000];
/// How long it can be looked up what left.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;
const REASON_CHARS_MAX: usize = 200;
/// Longest wait that somebody else may ask for.
const ASKED_WAIT_MS_MAX: i64 = 24 * 3_600_000;
/// Waiting for any other way than mail. A program that knows only mail leaves it alone.
const WAITING_OTHERWISE: i64 = 5;
/// Waiting for an address of a program, for the same reason.
pub(super) const WAITING_FOR_HOOK: i64 = 6;
/// Waiting for a text to a telephone, for the same reason.
const WAITING_FOR_SMS: i64 = 7;
/// A receipt that waits for a text. A program that knows texts to people alone would take its number for a mailbox.
const WAITING_FOR_TEXTED_RECEIPT: i64 = 8;
/// Texts to one person within a day: each costs whoever runs the server money.
const TEXTS_PER_DAY_MAX: i64 = 50;
/// Every number that means waiting.
const ALL_WAITING: [i64; 7] = [
    1,
    WAITING_OTHERWISE,
    WAITING_FOR_HOOK,
    WAITING_FOR_SMS,
    WAITING_FOR_TEXTED_RECEIPT,
    gathered::GATHERED,
    gathered::WAITING,
];

/// Where a message stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Waiting,
    Sent,
    /// It will not be tried again by itself.
    GivenUp,
    /// Nobody wants it any more.
    Dropped,
    /// It was given up, and somebody looked at it and left it at that.
    Discarded,
    /// Whoever brought it says that it is there.
    Delivered,
}

impl State {
    const ALL: [Self; 6] =
        [Self::Waiting, Self::Sent, Self::GivenUp, Self::Dropped, Self::Discarded, Self::Delivered];

    pub(super) fn number(self) -> i64 {
        match self {
            Self::Waiting => 1,
            Self::Sent => 2,
            Self::GivenUp => 3,
            Self::Dropped => 4,
            Self::Discarded => 11,
            Self::Delivered => 12,
        }
    }

    fn from_number(number: i64) -> Option<Self> {
        let number = if ALL_WAITING.contains(&number) { Self::Waiting.number() } else { number };
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// As programs call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::GivenUp => "given-up",
            Self::Dropped => "dropped",
            Self::Discarded => "discarded",
            Self::Delivered => "delivered",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::GivenUp => "given up",
            Self::Dropped => "dropped",
            Self::Discarded => "discarded",
            Self::Delivered => "delivered",
        }
    }
}

/// What a message is about; what it says is found when it leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    pub(crate) message: ThingId,
    pub(crate) topic: Topic,
    /// Whose log it stands in: a person's, or that of a program's address.
    pub(crate) account: ThingId,
    pub(crate) log: Option<LogId>,
    /// An order or a product.
    pub(crate) subject: Option<ThingId>,
    /// Which incident.
    pub(crate) detail: i64,
    pub(crate) channel: Channel,
    /// Which of a person's browsers, or which address.
    pub(crate) target: Option<ThingId>,
}

impl Message {
    /// About an account itself, by mail.
    pub(crate) fn of_account(message: ThingId, topic: Topic, account: ThingId) -> Self {
        let channel = Channel::Mail;
        Self { message, topic, account, log: None, subject: None, detail: 0, channel, target: None }
    }
}

/// What somebody is to be told, whichever way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub(crate) topic: Topic,
    pub(crate) account: ThingId,
    pub(crate) log: Option<LogId>,
    pub(crate) subject: Option<ThingId>,
    pub(crate) detail: i64,
}

/// In which ways somebody wants to hear of something, looked up once for all that is told with one look.
pub(super) struct Ways {
    offers: Offers,
    now_ms: i64,
    known: BTreeMap<(ThingId, i64), Vec<Way>>,
}

/// A way, and whereto in it.
#[derive(Clone, Copy)]
struct Way {
    channel: Channel,
    target: Option<ThingId>,
    starts: Starts,
}

/// How a message begins.
#[derive(Clone, Copy)]
enum Starts {
    AtOnce,
    /// In the one mail that leaves then.
    Gathered(i64),
    /// Given up: its mailbox is not written to.
    Returned,
}

impl Ways {
    pub(super) fn new((offers, now_ms): (Offers, i64)) -> Self {
        Self { offers, now_ms, known: BTreeMap::new() }
    }

    /// Makes a message for each way in which this person wants to hear of it, once whatever it is asked for again.
    /// Says how many ways that are.
    pub(super) fn address(
        &mut self,
        tx: &mut dyn Tx,
        about: &About,
        because: &[&[u8]],
    ) -> Result<usize, StoreError> {
        let key = (about.account, about.topic.number());
        let ways = match self.known.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(wanted(tx, about, (self.offers, self.now_ms))?),
        };
        add_each(tx, about, because, (ways, self.now_ms))
    }
}

/// Makes a message for each way in which this person wants to hear of it, once whatever it is asked for again. Says
/// how many ways that are.
pub(crate) fn address(
    tx: &mut dyn Tx,
    about: &About,
    because: &[&[u8]],
    told: (Offers, i64),
) -> Result<usize, StoreError> {
    Ways::new(told).address(tx, about, because)
}

fn wanted(tx: &mut dyn Tx, about: &About, (offers, now_ms): (Offers, i64)) -> Result<Vec<Way>, StoreError> {
    let mut ways = Vec::new();
    for channel in Channel::ALL.into_iter().filter(|channel| offers.has(*channel)) {
        if wishes::wants(tx, about.account, (channel, about.topic))? {
            let starts = starts(tx, about, (channel, now_ms))?;
            let targets = targets(tx, about.account, (channel, now_ms))?;
            ways.extend(targets.into_iter().map(|target| Way { channel, target, starts }));
        }
    }
    Ok(ways)
}

fn starts(tx: &mut dyn Tx, about: &About, (channel, now_ms): (Channel, i64)) -> Result<Starts, StoreError> {
    if channel != Channel::Mail {
        return Ok(Starts::AtOnce);
    }
    if mailbox::failing(tx, about.account)?.is_some() {
        return Ok(Starts::Returned);
    }
    let due_ms = gathered::due_ms(tx, about.account, (about.topic, now_ms))?;
    Ok(due_ms.map_or(Starts::AtOnce, Starts::Gathered))
}

/// The same in one way, wanted or not.
pub(crate) fn address_by(
    tx: &mut dyn Tx,
    about: &About,
    because: &[&[u8]],
    (channel, now_ms): (Channel, i64),
) -> Result<usize, StoreError> {
    let targets = targets(tx, about.account, (channel, now_ms))?;
    let ways: Vec<Way> =
        targets.into_iter().map(|target| Way { channel, target, starts: Starts::AtOnce }).collect();
    add_each(tx, about, because, (&ways, now_ms))
}

fn add_each(
    tx: &mut dyn Tx,
    about: &About,
    because: &[&[u8]],
    (ways, now_ms): (&[Way], i64),
) -> Result<usize, StoreError> {
    let About { topic, account, log, subject, detail } = *about;
    for Way { channel, target, starts } in ways.iter().copied() {
        let message = identity(because, topic, account, (channel, target));
        let message = Message { message, topic, account, log, subject, detail, channel, target };
        match starts {
            Starts::AtOnce => add(tx, &message, now_ms)?,
            Starts::Gathered(due_ms) => gathered::add(tx, &message, (due_ms, now_ms))?,
            Starts::Returned if keep(tx, &message, (waiting(channel, topic), now_ms), now_ms)? > 0 => {
                end(tx, message.message, (State::GivenUp, mailbox::NOT_WRITTEN_TO), now_ms)?;
            }
            Starts::Returned => {}
        }
    }
    Ok(ways.len())
}

/// Whereto in this way: one mailbox, each browser, or a telephone if there is one.
fn targets(
    tx: &mut dyn Tx,
    account: ThingId,
    (channel, now_ms): (Channel, i64),
) -> Result<Vec<Option<ThingId>>, StoreError> {
    match channel {
        Channel::Mail => Ok(vec![None]),
        Channel::Push => {
            let browsers = push::of_account(tx, account, now_ms)?;
            Ok(browsers.into_iter().map(|browser| Some(browser.subscription)).collect())
        }
        Channel::Hook => Ok(vec![Some(account)]),
        Channel::Sms => Ok(telephone::confirmed(tx, account)?.map(|_| None).into_iter().collect()),
    }
}

/// The one identity of what is told to somebody because of something: told twice, it is the same message.
pub(super) fn identity(
    because: &[&[u8]],
    topic: Topic,
    account: ThingId,
    (channel, target): (Channel, Option<ThingId>),
) -> ThingId {
    let (topic, way, target) =
        (topic.number().to_be_bytes(), channel.number().to_be_bytes(), target.unwrap_or_default());
    let mut parts = because.to_vec();
    parts.extend([&topic[..], account.as_bytes()]);
    if channel != Channel::Mail {
        parts.extend([&way[..], target.as_bytes()]);
    }
    hashed(b"soko message 1", &parts)
}

/// An identity that these parts, one behind the other, always have.
pub(super) fn hashed(purpose: &[u8], parts: &[&[u8]]) -> ThingId {
    let mut hasher = Sha256::new_with_prefix(purpose);
    parts.iter().for_each(|part| hasher.update(part));
    let hash: [u8; 32] = hasher.finalize().into();
    let mut id = ThingId::default();
    id.0.copy_from_slice(&hash[..ThingId::SIZE]);
    id
}

/// Keeps a message to be sent, unless it is known.
pub(crate) fn add(tx: &mut dyn Tx, new: &Message, now_ms: i64) -> Result<(), StoreError> {
    keep(tx, new, (waiting(new.channel, new.topic), now_ms), now_ms).map(drop)
}

/// Keeps a message in a state of waiting until it is due, unless it is known. Says how many that are.
pub(super) fn keep(
    tx: &mut dyn Tx,
    new: &Message,
    (state, due_ms): (i64, i64),
    now_ms: i64,
) -> Result<u64, StoreError> {
    tx.execute(
        "insert into message (message, topic, account, log, subject, detail, state, due_ms, tries, reason, made_ms,
           channel, target)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', $11, $9, $10) on conflict (message) do nothing",
        params![
            new.message,
            new.topic.number(),
            new.account,
            new.log,
            new.subject,
            new.detail,
            state,
            due_ms,
            new.channel.number(),
            new.target,
            now_ms
        ],
    )
}

fn waiting(channel: Channel, topic: Topic) -> i64 {
    match channel {
        Channel::Mail => State::Waiting.number(),
        Channel::Push => WAITING_OTHERWISE,
        Channel::Hook => WAITING_FOR_HOOK,
        Channel::Sms if topic == Topic::Receipt => WAITING_FOR_TEXTED_RECEIPT,
        Channel::Sms => WAITING_FOR_SMS,
    }
}

/// What is known of a message that is taken along.
pub(super) const CLAIMED: &str = "message, topic, account, log, subject, detail, tries, channel, target";

/// Takes along what is due to people. Until its lease ends nobody else does.
pub(super) fn claim(
    tx: &mut dyn Tx,
    offers: Offers,
    now_ms: i64,
) -> Result<Vec<(Message, usize)>, StoreError> {
    // What there is no way for now waits for one.
    let (mail, gathered) = if offers.mail { (State::Waiting.number(), gathered::WAITING) } else { (0, 0) };
    let otherwise = if offers.push { WAITING_OTHERWISE } else { 0 };
    let (sms, texted) = if offers.sms { (WAITING_FOR_SMS, WAITING_FOR_TEXTED_RECEIPT) } else { (0, 0) };
    let first: Vec<i64> =
        Topic::ALL.into_iter().filter(|topic| topic.is_first()).map(Topic::number).collect();
    let first = listed_numbers(&first);
    let sql = format!(
        "select {CLAIMED} from message
         where state in ($1, $2, $5, $6, $7) and due_ms <= $3
         order by case when topic in ({first}) then 0 else 1 end, due_ms, made_ms, message limit $4"
    );
    let rows = tx.query(&sql, params![mail, otherwise, now_ms, CLAIM_MAX, sms, texted, gathered])?;
    take(tx, &rows, now_ms)
}

/// Takes these along.
pub(super) fn take(tx: &mut dyn Tx, rows: &[Row], now_ms: i64) -> Result<Vec<(Message, usize)>, StoreError> {
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        let message: ThingId = row.id(0)?;
        tx.run(
            "update message set due_ms = $2, tries = tries + 1 where message = $1",
            params![message, now_ms + LEASE_MS],
        )?;
        if let Some(found) = read(row)? {
            claimed.push((found, row.number::<usize>(6)? + 1));
        }
    }
    Ok(claimed)
}

/// A row of [`CLAIMED`]; nothing if this program does not know what it is about.
pub(super) fn read(row: &Row) -> Result<Option<Message>, StoreError> {
    let (topic, channel) = (Topic::from_number(row.int(1)?), Channel::from_number(row.int(7)?));
    let (Some(topic), Some(channel)) = (topic, channel) else { return Ok(None) };
    Ok(Some(Message {
        message: row.id(0)?,
        topic,
        account: row.id(2)?,
        log: row.id_opt(3)?,
        subject: row.id_opt(4)?,
        detail: row.int(5)?,
        channel,
        target: row.id_opt(8)?,
    }))
}

/// Puts a message that was taken along back, as if it had not been, until a moment.
pub(super) fn hold(tx: &mut dyn Tx, message: ThingId, until_ms: i64) -> Result<(), StoreError> {
    tx.run("update message set due_ms = $2, tries = tries - 1 where message = $1", params![message, until_ms])
}

/// The same where there was no room for it within the hour, with the reason. Says whether it did not wait for that before.
pub(super) fn hold_for_room(
    tx: &mut dyn Tx,
    message: ThingId,
    (until_ms, reason): (i64, &str),
) -> Result<bool, StoreError> {
    hold(tx, message, until_ms)?;
    let sql = "update message set reason = $2 where message = $1 and reason <> $2";
    Ok(tx.execute(sql, params![message, reason])? > 0)
}

/// When each message left that this person got in the same way, or to the same browser, since a moment; what others have taken along leaves
/// now. What left in a mail with others is one with it.
pub(super) fn left_since(
    tx: &mut dyn Tx,
    message: &Message,
    (since_ms, now_ms): (i64, i64),
) -> Result<Vec<i64>, StoreError> {
    let waiting = listed_numbers(&ALL_WAITING);
    let sql = format!(
        "select case when state in ($3, $4) then done_ms else cast($6 as bigint) end from message
         where account = $1 and channel = $2 and tries > 0 and ($8 = 0 or target = $9)
           and ((state in ($3, $4) and done_ms > $5)
             or (state in ({waiting}) and due_ms > $6 and due_ms < $7))"
    );
    let target = message.target.filter(|_| message.channel == Channel::Push);
    let (sent, delivered) = (State::Sent.number(), State::Delivered.number());
    let rows = tx.query(
        &sql,
        params![
            message.account,
            message.channel.number(),
            sent,
            delivered,
            since_ms,
            now_ms,
            // What is taken along at this moment is asked about one by one.
            now_ms + LEASE_MS,
            i64::from(target.is_some()),
            target.unwrap_or_default()
        ],
    )?;
    rows.iter().map(|row| row.int(0)).collect()
}

/// Puts back what was taken along and whose turn did not come in time, as if it had not been: at once, unless its lease ended and
/// somebody else has it.
pub(super) fn put_back(
    tx: &mut dyn Tx,
    (message, tries): (ThingId, usize),
    (claimed_ms, now_ms): (i64, i64),
) -> Result<(), StoreError> {
    tx.run(
        "update message set due_ms = $3, tries = tries - 1 where message = $1 and tries = $2 and due_ms = $4",
        params![message, tries, now_ms, claimed_ms + LEASE_MS],
    )
}

/// It is over with a message.
pub(super) fn end(
    tx: &mut dyn Tx,
    message: ThingId,
    (state, reason): (State, &str),
    now_ms: i64,
) -> Result<(), StoreError> {
    let reason: String = reason.chars().take(REASON_CHARS_MAX).collect();
    tx.run(
        "update message set state = $2, reason = $3, done_ms = $4 where message = $1",
        params![message, state.number(), reason, now_ms],
    )?;
    gathered::ended(tx, message, (state, &reason), now_ms)?;
    receipt::forget(tx, message)
}

/// It left, and whoever took it calls it so.
pub(super) fn sent_as(
    tx: &mut dyn Tx,
    (message, name): (ThingId, &str),
    now_ms: i64,
) -> Result<(), StoreError> {
    tx.run("update message set provider_ref = $2 where message = $1", params![message, name])?;
    end(tx, message, (State::Sent, ""), now_ms)
}

/// It did not leave: it is tried again later, or given up. Says which.
pub(super) fn failed(
    tx: &mut dyn Tx,
    message: ThingId,
    (tries, reason): (usize, &str),
    (after_ms, now_ms): (Option<i64>, i64),
) -> Result<State, StoreError> {
    let Some(wait_ms) = wait_ms(message, tries) else {
        end(tx, message, (State::GivenUp, reason), now_ms)?;
        return Ok(State::GivenUp);
    };
    let wait_ms = wait_ms.max(after_ms.unwrap_or(0).min(ASKED_WAIT_MS_MAX));
    let reason: String = reason.chars().take(REASON_CHARS_MAX).collect();
    tx.run(
        "update message set due_ms = $2, reason = $3 where message = $1",
        params![message, now_ms + wait_ms, reason],
    )?;
    Ok(State::Waiting)
}

/// How long to wait after so many tries: up to a fifth more or less, so that what failed together does not come
/// back together.
fn wait_ms(message: ThingId, tries: usize) -> Option<i64> {
    let wait_ms = tries.checked_sub(1).and_then(|failures| WAITS_MS.get(failures).copied())?;
    let jitter = i64::from(message.0[0]) - 128;
    Some(wait_ms + wait_ms / 5 * jitter / 128)
}

/// Where a message stands, and why it did not leave.
pub(super) fn standing(tx: &mut dyn Tx, message: ThingId) -> Result<Option<(State, String)>, StoreError> {
    let row = tx.query_opt("select state, reason from message where message = $1", params![message])?;
    let Some(row) = row else { return Ok(None) };
    let state = State::from_number(row.int(0)?);
    Ok(Some((state.unwrap_or(State::Waiting), row.text(1)?.to_owned())))
}

/// When a message was made.
pub(super) fn made_ms(tx: &mut dyn Tx, message: ThingId) -> Result<Option<i64>, StoreError> {
    let row = tx.query_opt("select made_ms from message where message = $1", params![message])?;
    row.map(|row| row.int(0)).transpose()
}

/// What waits for an address is given up, with the reason why it did not leave before, if there is one.
pub(super) fn give_up_all(tx: &mut dyn Tx, hook: ThingId, now_ms: i64) -> Result<(), StoreError> {
    tx.run(
        "update message set state = $3, done_ms = $4,
           reason = case when reason = '' then 'the address was switched off' else reason end
         where account = $1 and state = $2",
        params![hook, WAITING_FOR_HOOK, State::GivenUp.number(), now_ms],
    )
}

/// Forgets what left long ago.
pub(super) fn sweep(tx: &mut dyn Tx, now_ms: i64) -> Result<(), StoreError> {
    tx.run(
        "delete from message where state in ($1, $2, $4, $5) and done_ms < $3",
        params![
            State::Sent.number(),
            State::Dropped.number(),
            now_ms - KEPT_MS,
            State::Discarded.number(),
            State::Delivered.number()
        ],
    )?;
    receipt::sweep(tx, now_ms, now_ms - KEPT_MS)
}

/// A message as whoever runs the server sees it: nobody's address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    pub message: ThingId,
    pub topic: Topic,
    pub channel: Channel,
    pub state: State,
    pub tries: usize,
    pub reason: String,
    pub made_ms: i64,
    pub due_ms: i64,
    /// Which of a person's browsers.
    pub target: Option<ThingId>,
    pub done_ms: Option<i64>,
    /// Who discarded it; none is whoever runs the server.
    pub ended_by: Option<ThingId>,
}

/// The youngest messages; all of them or those in one state.
pub fn listed(tx: &mut dyn Tx, state: Option<State>, limit: usize) -> Result<Vec<Listed>, StoreError> {
    let number = state.map_or(0, State::number);
    let numbers =
        if state == Some(State::Waiting) { listed_numbers(&ALL_WAITING) } else { number.to_string() };
    let sql = format!(
        "select {LISTED} from message where $1 = 0 or state in ({numbers}) order by made_ms desc, message limit $2"
    );
    read_listed(&tx.query(&sql, params![number, limit])?)
}

/// As a statement lists them.
fn listed_numbers(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

/// The youngest messages to one person, or to one address.
pub(crate) fn of_account(tx: &mut dyn Tx, account: ThingId, limit: usize) -> Result<Vec<Listed>, StoreError> {
    let sql =
        format!("select {LISTED} from message where account = $1 order by made_ms desc, message limit $2");
    read_listed(&tx.query(&sql, params![account, limit])?)
}

const LISTED: &str =
    "message, topic, state, tries, reason, made_ms, due_ms, channel, target, done_ms, ended_by";

fn read_listed(rows: &[Row]) -> Result<Vec<Listed>, StoreError> {
    let read = |row: &Row| {
        let (topic, state) = (Topic::from_number(row.int(1)?), State::from_number(row.int(2)?));
        let channel = Channel::from_number(row.int(7)?);
        let (Some(topic), Some(state), Some(channel)) = (topic, state, channel) else { return Ok(None) };
        Ok(Some(Listed {
            message: row.id(0)?,
            topic,
            channel,
            state,
            tries: row.number(3)?,
            reason: row.text(4)?.to_owned(),
            made_ms: row.int(5)?,
            due_ms: row.int(6)?,
            target: row.id_opt(8)?,
            done_ms: row.int_opt(9)?,
            ended_by: row.id_opt(10)?,
        }))
    };
    rows.iter().filter_map(|row| read(row).transpose()).collect()
}

/// Which of the messages that were given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    All,
    One(ThingId),
    /// All that have this reason, word for word.
    Because(String),
}

impl Which {
    /// The message and the reason that are asked for, and whether each of them is.
    fn parts(&self) -> (ThingId, &str, i64, i64) {
        match self {
            Self::All => (ThingId::default(), "", 0, 0),
            Self::One(message) => (*message, "", 1, 0),
            Self::Because(reason) => (ThingId::default(), reason, 0, 1),
        }
    }
}

/// What was given up is tried again from the start: of everybody, or of one person or address. Says how many that are.
pub fn again(
    tx: &mut dyn Tx,
    (of, which): (Option<ThingId>, &Which),
    now_ms: i64,
) -> Result<u64, StoreError> {
    let (sms, receipt) = (Channel::Sms.number(), Topic::Receipt.number());
    let again = format!(
        "update message set state = case
           when channel = {sms} and topic = {receipt} then {WAITING_FOR_TEXTED_RECEIPT}
           when channel = {sms} then {WAITING_FOR_SMS}
           when channel = {} then {WAITING_FOR_HOOK}
           when channel = {} then {}
           else {WAITING_OTHERWISE} end, tries = 0, due_ms = $1, done_ms = null
         where state = $2 and ($3 = 0 or (account = $4 and channel <> {sms})) and ($5 = 0 or message = $6) and ($7 = 0 or reason = $8)",
        Channel::Hook.number(),
        Channel::Mail.number(),
        State::Waiting.number()
    );
    let (message, reason, is_one, is_because) = which.parts();
    gathered::go_with_theirs(tx, (of, which.parts()))?;
    tx.execute(
        &again,
        params![
            now_ms,
            State::GivenUp.number(),
            i64::from(of.is_some()),
            of.unwrap_or_default(),
            is_one,
            message,
            is_because,
            reason
        ],
    )
}

/// A message that was given up is left at that, as somebody said: of anybody, or of one person or address. Says whether there is
/// such a message.
pub fn discard(
    tx: &mut dyn Tx,
    (of, message): (Option<ThingId>, ThingId),
    (by, now_ms): (Option<ThingId>, i64),
) -> Result<bool, StoreError> {
    let discarded = tx.execute(
        "update message set state = $2, done_ms = $3, ended_by = $4
         where message = $1 and state = $5 and ($6 = 0 or account = $7)",
        params![
            message,
            State::Discarded.number(),
            now_ms,
            by,
            State::GivenUp.number(),
            i64::from(of.is_some()),
            of.unwrap_or_default()
        ],
    )?;
    if discarded > 0 {
        gathered::discarded(tx, message, (by, now_ms))?;
    }
    Ok(discarded > 0)
}

/// Why messages were given up, and how many for each reason, most first.
pub(crate) fn reasons(tx: &mut dyn Tx, limit: usize) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.query(
        "select reason, count(*) from message where state = $1 group by reason order by 2 desc, reason limit $2",
        params![State::GivenUp.number(), limit],
    )?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?))).collect()
}

/// How many wait, and how many were given up.
pub(crate) fn counts(tx: &mut dyn Tx) -> Result<(i64, i64), StoreError> {
    let mut count = |numbers: &[i64]| {
        let sql = format!("select count(*) from message where state in ({})", listed_numbers(numbers));
        tx.query_one(&sql, &[])?.int(0)
    };
    Ok((count(&ALL_WAITING)?, count(&[State::GivenUp.number()])?))
}

/// Whether a person got as many texts since a moment as one may, this one among them, which was taken along.
pub(super) fn has_enough_texts(tx: &mut dyn Tx, account: ThingId, since_ms: i64) -> Result<bool, StoreError> {
    let sql = "select count(*) from message
               where account = $1 and made_ms > $2 and channel = $3 and tries > 0 and state in ($4, $5, $6)";
    let (sent, waiting, there) = (State::Sent.number(), WAITING_FOR_SMS, State::Delivered.number());
    let row = tx.query_one(sql, params![account, since_ms, Channel::Sms.number(), sent, waiting, there])?;
    Ok(row.int(0)? > TEXTS_PER_DAY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end_and_differ_a_little() {
        let of = |first: u8, tries| wait_ms(ThingId([first; 16]), tries);
        let waits: Vec<i64> = (1..=WAITS_MS.len()).filter_map(|tries| of(128, tries)).collect();
        assert_eq!(waits, WAITS_MS);
        assert!(of(0, 1) < of(128, 1) && of(128, 1) < of(255, 1));
        assert!(of(0, 3) > of(255, 2), "even the shortest is longer than the longest before");
        assert_eq!((of(1, 0), of(1, WAITS_MS.len() + 1)), (None, None));
    }

    #[test]
    fn nothing_is_on_its_way_when_its_lease_ends() {
        let call_ms = i64::try_from(CALL_MAX.as_millis()).unwrap();
        assert!(BEGINS_WITHIN_MS + call_ms < LEASE_MS);
    }
}
