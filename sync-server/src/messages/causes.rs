//! From what a stall's records say to whom it has to be told.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;

use soko_domain::entry::{Entry, Kind, OrderStep, OrderStepped, ReleaseReason};
use soko_domain::ids::{AuthorId, LogId, OrderId, ThingId};
use soko_domain::role::Role;
use soko_projection::read;
use soko_record_log::{StoreError, Tx, params};

use super::channel::Offers;
use super::hooks;
use super::outbox::{About, Ways};
use super::topic::{Audience, Topic};
use crate::platform::guests;

/// Records that one look goes through.
const PORTION: usize = 200;
/// How far a stall's log may have moved with nothing to tell before that is noted.
const UNNOTED_MAX: i64 = 500;
/// What is older is no news to people: after a restore, or when mail is set up for the first time.
const NEWS_MS: i64 = 24 * 3_600_000;

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
    // What was parked did not happen.
    let rows = tx.query(
        "select r.position, r.author, r.seq, r.kind, r.body from record r
         where r.log = $1 and r.position > $2 and r.kind in ($3, $4, $5, $6, $8, $9, $10, $11, $12, $13, $14, $15, $16)
           and not exists (select 1 from parked p
                           where p.log = r.log and p.author = r.author and p.seq = r.seq)
         order by r.position limit $7",
        params![
            log,
            from,
            Kind::OrderPlaced.number(),
            Kind::OrderReleased.number(),
            Kind::OrderFulfilled.number(),
            Kind::IncidentRaised.number(),
            PORTION,
            Kind::OrderStepped.number(),
            Kind::OrderPaidBack.number(),
            Kind::DeviceRevoked.number(),
            Kind::OrderPaid.number(),
            Kind::OrderRefundEnded.number(),
            Kind::OrderCashGiven.number(),
            Kind::OrderSwapOffered.number(),
            Kind::OrderTransferCame.number(),
            Kind::OrderSentBack.number()
        ],
    )?;
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
        if !is_first_word(tx, log, &entry, row.int(0)?)? {
            continue;
        }
        if stamp.at_ms >= now_ms - NEWS_MS {
            causes.extend(told_of(tx, log, &entry)?.into_iter().map(|told| told.because_of(whose)));
        }
        // A program follows what there is, however late a register that was offline, or whose clock is slow, says it.
        if has_hooks && let Some((topic, order, detail)) = hooks::meant(&entry) {
            let (topic, subject) = (Topic::Program(topic), Some(ThingId(order.0)));
            causes.push(Told { topic, buyer: None, subject, detail }.because_of(whose));
        }
    }
    Ok(Stretch { causes, up_to, from, is_full, has_any: !rows.is_empty() })
}

/// What a message about an order that ended says beside that: its transfer did not come in time.
pub(super) const LAPSED: i64 = 4;

struct Told {
    topic: Topic,
    buyer: Option<ThingId>,
    subject: Option<ThingId>,
    detail: i64,
}

impl Told {
    fn because_of(self, (author, seq): (AuthorId, i64)) -> Cause {
        let Self { topic, buyer, subject, detail } = self;
        Cause { author, seq, topic, buyer, subject, detail }
    }
}

fn told_of(tx: &mut dyn Tx, log: LogId, entry: &Entry) -> Result<Vec<Told>, StoreError> {
    let about =
        |topic, order: OrderId, buyer| Told { topic, buyer, subject: Some(ThingId(order.0)), detail: 0 };
    let lapsed = |told: Told| Told { detail: LAPSED, ..told };
    Ok(if let Entry::OrderPlaced(placed) = entry {
        let stall = about(Topic::OrderNew, placed.order, None);
        vec![stall, about(Topic::OrderHeld, placed.order, Some(placed.buyer))]
    } else if let Entry::OrderFulfilled(fulfilled) = entry {
        let buyer = buyer_of(tx, log, fulfilled.order)?;
        vec![about(Topic::OrderHandedOver, fulfilled.order, buyer)]
    } else if let Entry::OrderSwapOffered(offered) = entry {
        let buyer = buyer_of(tx, log, offered.order)?;
        vec![about(Topic::OrderSwap, offered.order, buyer)]
    } else if let Entry::OrderPaidBack(back) = entry {
        let buyer = buyer_of(tx, log, back.order)?;
        vec![about(Topic::OrderPaidBack, back.order, buyer)]
    } else if let Entry::OrderSentBack(sent) = entry {
        let buyer = buyer_of(tx, log, sent.order)?;
        vec![about(Topic::OrderPaidBack, sent.order, buyer)]
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
fn is_first_word(tx: &mut dyn Tx, log: LogId, entry: &Entry, position: i64) -> Result<bool, StoreError> {
    let earlier = if let Entry::OrderStepped(stepped) = entry {
        is_stepped_before(tx, log, stepped, position)?
    } else if let Entry::OrderTransferCame(came) = entry {
        let sql = "select 1 from order_money m
             join record r on r.log = m.log and r.author = m.author and r.seq = m.seq
             where m.log = $1 and m.order_id = $2 and m.kind = 2 and r.position < $3 limit 1";
        tx.query_opt(sql, params![log, came.order, position])?.is_some()
    } else if let Entry::OrderSentBack(sent) = entry {
        let sql = "select 1 from order_refund s
             join record r on r.log = s.log and r.author = s.author and r.seq = s.seq
             where s.log = $1 and s.order_id = $2 and s.refund = $3 and s.what = 5 and r.position < $4 limit 1";
        tx.query_opt(sql, params![log, sent.order, sent.refund, position])?.is_some()
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

fn buyer_of(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Option<ThingId>, StoreError> {
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
