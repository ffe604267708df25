//! From what a stall's records say to whom it has to be told.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;

use soko_domain::entry::{Entry, Kind, OrderCashGiven, OrderStep, OrderStepped, PurseMove, ReleaseReason};
use soko_domain::ids::{AuthorId, LogId, OrderId, ThingId};
use soko_domain::role::Role;
use soko_domain::verbs::pay_order::PayStanding;
use soko_projection::{order_money, read};
use soko_record_log::{StoreError, Tx, params};

use super::channel::Offers;
use super::hooks;
use super::money;
use super::outbox::{About, Ways};
use super::topic::{Audience, Topic};
use crate::platform::guests;

/// Records that one look goes through.
const PORTION: usize = 200;
/// How far a stall's log may have moved with nothing to tell before that is noted.
const UNNOTED_MAX: i64 = 500;
/// What is older is no news to people: after a restore, or when mail is set up for the first time.
const NEWS_MS: i64 = 24 * 3_600_000;

/// What people, or programs, are told of.
const TOLD: [Kind; 16] = [
    Kind::OrderPlaced,
    Kind::OrderReleased,
    Kind::OrderFulfilled,
    Kind::OrderStepped,
    Kind::OrderSwapOffered,
    Kind::OrderPaid,
    Kind::OrderTransferCame,
    Kind::OrderPaidBack,
    Kind::OrderRefundEnded,
    Kind::OrderCashGiven,
    Kind::OrderSentBack,
    Kind::OrderPurseMoved,
    Kind::ReturnTaken,
    Kind::ReturnRefused,
    Kind::DeviceRevoked,
    Kind::IncidentRaised,
];

pub(crate) fn is_told(kind: u16) -> bool {
    TOLD.iter().any(|told| told.number() == kind)
}

/// The server took what stands in a log from one position up to another, now.
pub(crate) fn note_taken(
    tx: &mut dyn Tx,
    log: LogId,
    (from, up_to): (u64, u64),
    now_ms: i64,
) -> Result<(), StoreError> {
    tx.run(
        "insert into told_taken (log, position, from_position, taken_ms) values ($1, $2, $3, $4)
         on conflict (log, position) do nothing",
        params![log, up_to, from, now_ms],
    )
}

/// Stalls whose logs went on since they were last looked through, and how far they are.
pub(super) fn behind(tx: &mut dyn Tx) -> Result<Vec<(LogId, i64)>, StoreError> {
    let rows = tx.query(
        "select c.log, c.last_position from log_counter c left join told_up_to t on t.log = c.log
         where c.last_position > coalesce(t.position, 0) order by c.log",
        &[],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.int(1)?))).collect()
}

/// What was found in a stretch of a log.
pub(super) struct Stretch {
    causes: Vec<Cause>,
    up_to: i64,
    from: i64,
    /// There may be more behind it.
    pub(super) is_full: bool,
    /// Something in it could have been told: an address that a program gives later hears of what comes after it.
    has_any: bool,
}

impl Stretch {
    /// Whether it is worth a write.
    pub(super) fn matters(&self) -> bool {
        self.has_any || self.is_full || self.up_to - self.from > UNNOTED_MAX
    }
}

struct Cause {
    author: AuthorId,
    seq: i64,
    topic: Topic,
    /// Whose order it is.
    buyer: Option<ThingId>,
    subject: Option<ThingId>,
    detail: i64,
}

/// The next stretch of a stall's log that was not looked through.
pub(super) fn stretch(tx: &mut dyn Tx, log: LogId, now_ms: i64) -> Result<Stretch, StoreError> {
    let row = tx.query_opt("select position from told_up_to where log = $1", params![log])?;
    let from = row.map(|row| row.int(0)).transpose()?.unwrap_or(0);
    let end = tx.query_opt("select last_position from log_counter where log = $1", params![log])?;
    let end = end.map(|row| row.int(0)).transpose()?.unwrap_or(0);
    let told = TOLD.map(|kind| kind.number().to_string()).join(", ");
    // What was parked did not happen.
    let sql = format!(
        "select r.position, r.author, r.seq, r.kind, r.body, (
           select t.taken_ms from told_taken t
           where t.log = r.log and t.from_position <= r.position and t.position = (
             select min(u.position) from told_taken u where u.log = r.log and u.position >= r.position))
         from record r
         where r.log = $1 and r.position > $2 and r.kind in ({told})
           and not exists (select 1 from parked p
                           where p.log = r.log and p.author = r.author and p.seq = r.seq)
         order by r.position limit $3"
    );
    let rows = tx.query(&sql, params![log, from, PORTION])?;
    let is_full = rows.len() == PORTION;
    let has_hooks = hooks::has_any(tx, log)?;
    let mut up_to = end;
    let mut causes = Vec::new();
    for row in &rows {
        if is_full {
            up_to = row.int(0)?;
        }
        let (Some(kind), Some(body)) = (Kind::from_number(row.number(3)?), row.blob_opt(4)?) else {
            continue;
        };
        // What only a newer program reads is told by a newer program.
        let Ok((stamp, entry)) = Entry::from_body(kind, body) else { continue };
        let whose = (row.id(1)?, row.int(2)?);
        if !is_first_word(tx, log, ((whose.0, row.number(2)?), &entry), row.int(0)?)? {
            continue;
        }
        // A device's clock may be days off: what it sent is as old as it is known here. What the server wrote has the server's clock.
        if row.int_opt(5)?.unwrap_or(stamp.at_ms) >= now_ms - NEWS_MS {
            let told = told_of(tx, log, (whose.0, &entry))?;
            causes.extend(told.into_iter().map(|told| told.because_of(whose)));
        }
        // A program follows what there is, however late it is said.
        if has_hooks && let Some((topic, order, detail)) = hooks::meant(&entry) {
            let (topic, subject) = (Topic::Program(topic), Some(ThingId(order.0)));
            causes.push(Told { topic, buyer: None, subject, detail }.because_of(whose));
        }
    }
    let causes = payments_together(causes);
    Ok(Stretch { causes, up_to, from, is_full, has_any: !rows.is_empty() })
}

/// Payments that came since the last look, such as those of a bank's statement that somebody went through, are one message: how many
/// they are, because of the first of them.
fn payments_together(causes: Vec<Cause>) -> Vec<Cause> {
    let (mut payments, mut all): (Vec<_>, Vec<_>) =
        causes.into_iter().partition(|cause| cause.topic == Topic::PaymentCame);
    let count = i64::try_from(payments.len()).unwrap_or(i64::MAX);
    if count > 1 {
        payments.truncate(1);
        payments.iter_mut().for_each(|first| (first.subject, first.detail) = (None, count));
    }
    all.extend(payments);
    all
}

/// What a message about an order that ended says beside that: its transfer did not come in time.
pub(super) const LAPSED: i64 = 4;
/// What a message about an order says beside that: nobody has its money yet, or nobody ever had.
pub(super) const UNPAID: i64 = 5;

/// What a record means to people.
pub(super) struct Told {
    pub(super) topic: Topic,
    pub(super) buyer: Option<ThingId>,
    pub(super) subject: Option<ThingId>,
    pub(super) detail: i64,
}

impl Told {
    fn because_of(self, (author, seq): (AuthorId, i64)) -> Cause {
        let Self { topic, buyer, subject, detail } = self;
        Cause { author, seq, topic, buyer, subject, detail }
    }
}

fn told_of(
    tx: &mut dyn Tx,
    log: LogId,
    (author, entry): (AuthorId, &Entry),
) -> Result<Vec<Told>, StoreError> {
    let told = money::told_of(tx, log, (author, entry))?;
    if !told.is_empty() {
        return Ok(told);
    }
    let about =
        |topic, order: OrderId, buyer| Told { topic, buyer, subject: Some(ThingId(order.0)), detail: 0 };
    let lapsed = |told: Told| Told { detail: LAPSED, ..told };
    let unpaid = |told: Told| Told { detail: UNPAID, ..told };
    Ok(if let Entry::OrderPlaced(placed) = entry {
        let stall = about(Topic::OrderNew, placed.order, None);
        let waits = order_money::of(tx, log, placed.order)?.standing() == PayStanding::Waiting;
        let stall = if waits { unpaid(stall) } else { stall };
        vec![stall, about(Topic::OrderHeld, placed.order, Some(placed.buyer))]
    } else if let Entry::OrderFulfilled(fulfilled) = entry {
        let buyer = buyer_of(tx, log, fulfilled.order)?;
        vec![about(Topic::OrderHandedOver, fulfilled.order, buyer)]
    } else if let Entry::OrderSwapOffered(offered) = entry {
        let buyer = buyer_of(tx, log, offered.order)?;
        vec![about(Topic::OrderSwap, offered.order, buyer)]
    } else if let Entry::OrderReleased(released) = entry {
        if released.reason == ReleaseReason::BuyerCancelled {
            return Ok(vec![about(Topic::OrderCancelled, released.order, None)]);
        }
        let buyer = buyer_of(tx, log, released.order)?;
        let told = about(Topic::OrderReleased, released.order, buyer);
        if released.reason == ReleaseReason::Lapsed {
            // Nobody decided this: the stall hears of it, too.
            return Ok(vec![lapsed(about(Topic::OrderCancelled, released.order, None)), lapsed(told)]);
        }
        let never_came = order_money::of(tx, log, released.order)?.paid_minor == 0;
        if released.reason == ReleaseReason::PaymentFailed && never_came {
            // Nobody decided this, either.
            return Ok(vec![unpaid(about(Topic::OrderCancelled, released.order, None)), unpaid(told)]);
        }
        vec![told]
    } else if let Entry::OrderStepped(stepped) = entry {
        let topic = match stepped.step {
            // That the shop holds the goods was told before.
            OrderStep::Accepted => return Ok(vec![]),
            OrderStep::Packed => Topic::OrderPacked,
            OrderStep::Ready => Topic::OrderReady,
            OrderStep::OnTheWay => Topic::OrderOnTheWay,
        };
        let buyer = buyer_of(tx, log, stepped.order)?;
        vec![about(topic, stepped.order, buyer)]
    } else if let Entry::DeviceRevoked(revoked) = entry {
        let subject = Some(ThingId(revoked.author.0));
        vec![Told { topic: Topic::DeviceRevoked, buyer: None, subject, detail: 0 }]
    } else if let Entry::IncidentRaised(raised) = entry {
        let subject = raised.product.map(|product| ThingId(product.0));
        let detail = raised.kind.number().into();
        vec![Told { topic: Topic::Incident, buyer: None, subject, detail }]
    } else {
        vec![]
    })
}

/// Registers that do not hear each other may say the same; whoever was told once is not told again.
fn is_first_word(
    tx: &mut dyn Tx,
    log: LogId,
    (whose, entry): ((AuthorId, u64), &Entry),
    position: i64,
) -> Result<bool, StoreError> {
    let earlier = if let Entry::OrderStepped(stepped) = entry {
        is_stepped_before(tx, log, stepped, position)?
    } else if let Entry::OrderTransferCame(came) = entry {
        is_money_said_before(tx, log, (came.order, 2), position)?
    } else if let Entry::OrderSentBack(sent) = entry {
        is_part_said_before(tx, log, (sent.order, sent.refund, 5), position)?
    } else if let Entry::OrderRefundEnded(ended) = entry {
        is_part_said_before(tx, log, (ended.order, ended.refund, 3), position)?
    } else if let Entry::OrderCashGiven(given) = entry {
        is_given_before(tx, log, (whose.0, given), position)?
    } else if let Entry::OrderPurseMoved(moved) = entry {
        moved.cause == PurseMove::Back
            && order_money::is_card_said_before(tx, log, (moved.order, whose), position)?
    } else if let Entry::OrderPaid(paid) = entry {
        is_money_said_before(tx, log, (paid.order, 2), position)?
    } else if let Entry::OrderPaidBack(back) = entry {
        is_money_said_before(tx, log, (back.order, 3), position)?
    } else {
        false
    };
    Ok(!earlier)
}

fn is_stepped_before(
    tx: &mut dyn Tx,
    log: LogId,
    stepped: &OrderStepped,
    position: i64,
) -> Result<bool, StoreError> {
    let earlier = tx.query_opt(
        "select 1 from order_step s join record r on r.log = s.log and r.author = s.author and r.seq = s.seq
         where s.log = $1 and s.order_id = $2 and s.step = $3 and r.position < $4 limit 1",
        params![log, stepped.order, stepped.step.number(), position],
    )?;
    Ok(earlier.is_some())
}

/// Whether the records before a place say this of an order's money: 2 it came, 3 it went back.
fn is_money_said_before(
    tx: &mut dyn Tx,
    log: LogId,
    (order, kind): (OrderId, i64),
    position: i64,
) -> Result<bool, StoreError> {
    let sql = "select 1 from order_money m
         join record r on r.log = m.log and r.author = m.author and r.seq = m.seq
         where m.log = $1 and m.order_id = $2 and m.kind = $3 and r.position < $4 limit 1";
    Ok(tx.query_opt(sql, params![log, order, kind, position])?.is_some())
}

/// Whether the records before a place say this of a part: 3 it ended, 5 it was sent by hand.
fn is_part_said_before(
    tx: &mut dyn Tx,
    log: LogId,
    (order, refund, what): (OrderId, ThingId, i64),
    position: i64,
) -> Result<bool, StoreError> {
    let sql = "select 1 from order_refund s
         join record r on r.log = s.log and r.author = s.author and r.seq = s.seq
         where s.log = $1 and s.order_id = $2 and s.refund = $3 and s.what = $4 and r.position < $5 limit 1";
    Ok(tx.query_opt(sql, params![log, order, refund, what, position])?.is_some())
}

/// Whether the same device said before that it gave a part out of its drawer: the word of another one means nothing.
fn is_given_before(
    tx: &mut dyn Tx,
    log: LogId,
    (author, given): (AuthorId, &OrderCashGiven),
    position: i64,
) -> Result<bool, StoreError> {
    let sql = "select 1 from order_refund s
         join record r on r.log = s.log and r.author = s.author and r.seq = s.seq
         where s.log = $1 and s.order_id = $2 and s.refund = $3 and s.what = 4 and s.author = $4
           and r.position < $5 limit 1";
    Ok(tx.query_opt(sql, params![log, given.order, given.refund, author, position])?.is_some())
}

pub(super) fn buyer_of(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Option<ThingId>, StoreError> {
    let Some(found) = read::order(tx, log, order)? else { return Ok(None) };
    Ok(Some(read::order_placed(tx, log, &found)?.buyer))
}

/// Makes the messages of a stretch, and notes that it was looked through. Says how many there are.
pub(super) fn tell(
    tx: &mut dyn Tx,
    log: LogId,
    stretch: &Stretch,
    (offers, now_ms): (Offers, i64),
) -> Result<usize, StoreError> {
    let mut made = 0;
    let (mut ways, mut audiences) = (Ways::new((offers, now_ms)), Audiences::default());
    for cause in &stretch.causes {
        let because: [&[u8]; 3] = [log.as_bytes(), cause.author.as_bytes(), &cause.seq.to_be_bytes()];
        let Cause { topic, subject, detail, .. } = *cause;
        if let (Topic::Program(topic), true) = (topic, offers.hooks) {
            made += hooks::address(tx, (log, topic), (subject, detail), (&because, now_ms))?;
        }
        for account in audiences.of(tx, log, cause)? {
            let about = About { topic, account: *account, log: Some(log), subject, detail };
            made += ways.address(tx, &about, &because)?;
        }
    }
    tx.run(
        "insert into told_up_to (log, position) values ($1, $2)
         on conflict (log) do update set position = excluded.position",
        params![log, stretch.up_to],
    )?;
    tx.run("delete from told_taken where log = $1 and position <= $2", params![log, stretch.up_to])?;
    Ok(made)
}

/// Accounts with an address, looked up once for a stretch: a busy stall has many causes and few people.
#[derive(Default)]
struct Audiences(BTreeMap<Option<ThingId>, Vec<ThingId>>);

impl Audiences {
    /// A guest who made no account has no address, and whoever sells behind a counter asked for none.
    fn of(&mut self, tx: &mut dyn Tx, log: LogId, cause: &Cause) -> Result<&[ThingId], StoreError> {
        let buyer = match (cause.topic.audience(), cause.buyer) {
            (Audience::Stall, _) => None,
            (Audience::Buyer, Some(buyer)) => Some(buyer),
            (Audience::Buyer, None) | (Audience::Account | Audience::Customer | Audience::Program, _) => {
                return Ok(&[]);
            }
        };
        match self.0.entry(buyer) {
            MapEntry::Occupied(known) => Ok(known.into_mut()),
            MapEntry::Vacant(unknown) => Ok(unknown.insert(match buyer {
                None => of_stall(tx, log)?,
                Some(buyer) => guests::account_of(tx, buyer)?,
            })),
        }
    }
}

/// Whoever owns it.
pub(super) fn owners(tx: &mut dyn Tx, log: LogId) -> Result<Vec<ThingId>, StoreError> {
    let sql = "select account from member where stall = $1 and role = $2 order by account";
    let rows = tx.query(sql, params![log, Role::Owner.number()])?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Whoever owns or manages it.
pub(super) fn of_stall(tx: &mut dyn Tx, log: LogId) -> Result<Vec<ThingId>, StoreError> {
    let rows = tx.query(
        "select account from member where stall = $1 and role in ($2, $3) order by account",
        params![log, Role::Owner.number(), Role::Manager.number()],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}
