//! Each payment's row. It is written in the transaction of what it says.

use soko_checkout::{Call, Due, Ending, Part, Payment, Stage, State, Status, Trouble};
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::money::Currency;
use soko_record_log::{Row, StoreError, Tx, params};

/// A payment, and what else has to be known to drive it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Kept {
    pub(crate) payment: Payment,
    pub(crate) provider: String,
    pub(crate) way: PayWay,
    pub(crate) phone: String,
    pub(crate) back: String,
    pub(crate) asked_ms: i64,
    pub(crate) next_ms: i64,
    pub(crate) begun_ms: i64,
}

/// What there is of an order's payment here.
pub(crate) enum Found {
    None,
    Kept(Box<Kept>),
    /// There is a row, and nobody here can read it: an older program's, or a newer one's.
    Unread,
}

/// A payment that is to be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DuePayment {
    pub stall: LogId,
    pub order: OrderId,
    pub provider: String,
}

/// How far back payments that had ended are looked up again after a restore.
const DOUBTED_MS: i64 = 30 * 24 * 3_600_000;

const COLUMNS: &str =
    "provider, way, account, amount_minor, currency, state, doubt, object, page, seen, ending,
    trouble, looks, is_posted, asks, tries, unanswered, phone, back, asked_ms, next_ms, begun_ms, denials";

pub(crate) fn find(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<Found, StoreError> {
    let sql = format!("select {COLUMNS} from checkout where log = $1 and order_id = $2");
    let Some(row) = tx.query_opt(&sql, params![stall, order])? else { return Ok(Found::None) };
    let read = kept(&row, order).and_then(|kept| Ok((kept, parts(tx, stall, order)?)));
    let (mut kept, parts) = match read {
        Ok(read) => read,
        Err(StoreError::Corrupt(_)) => return Ok(Found::Unread),
        Err(failed) => return Err(failed),
    };
    kept.payment.parts = parts;
    Ok(Found::Kept(Box::new(kept)))
}

/// What cannot be read is looked at again then, and keeps no place of what can.
pub(crate) fn put_off(tx: &mut dyn Tx, stall: LogId, order: OrderId, next_ms: i64) -> Result<(), StoreError> {
    tx.run(
        "update checkout set next_ms = $3 where log = $1 and order_id = $2",
        params![stall, order, next_ms],
    )
}

/// Whether a payment ended or is to end without the money; also of one that cannot be read otherwise.
pub(crate) fn is_ending(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<bool, StoreError> {
    let sql = "select 1 from checkout where log = $1 and order_id = $2 and state >= $3 and state <> $4";
    let (ending, stays) = (State::Cancelling.number(), State::Stays.number());
    Ok(tx.query_opt(sql, params![stall, order, ending, stays])?.is_some())
}

fn parts(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<Vec<Part>, StoreError> {
    let rows = tx.query(
        "select refund, amount_minor, stage, asks from checkout_part
         where log = $1 and order_id = $2 order by place, refund",
        params![stall, order],
    )?;
    let part = |row: &Row| {
        let stage = Stage::from_number(row.number(2)?);
        let stage = stage.ok_or_else(|| StoreError::Corrupt("a part of a payment is in no stage".into()))?;
        Ok(Part { refund: row.id(0)?, amount_minor: row.int(1)?, stage, asks: row.number(3)? })
    };
    rows.iter().map(part).collect()
}

fn save_parts(tx: &mut dyn Tx, stall: LogId, payment: &Payment) -> Result<(), StoreError> {
    for (place, part) in payment.parts.iter().enumerate() {
        tx.run(
            "insert into checkout_part (log, order_id, place, refund, amount_minor, stage, asks)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (log, order_id, refund) do update set stage = excluded.stage, asks = excluded.asks",
            params![
                stall,
                payment.due.order,
                place,
                part.refund,
                part.amount_minor,
                part.stage.number(),
                part.asks
            ],
        )?;
    }
    Ok(())
}

fn kept(row: &Row, order: OrderId) -> Result<Kept, StoreError> {
    let odd = || StoreError::Corrupt("a payment's row cannot be read".into());
    let optional = |column: usize| row.number::<u8>(column);
    let some_text =
        |column: usize| row.text(column).map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()));
    let due = Due {
        order,
        account: row.text(2)?.into(),
        amount_minor: row.int(3)?,
        currency: Currency::parse(row.text(4)?).ok_or_else(odd)?,
    };
    let payment = Payment {
        due,
        state: State::from_number(row.number(5)?).ok_or_else(odd)?,
        doubt: Call::from_number(optional(6)?),
        object: some_text(7)?,
        page: some_text(8)?,
        seen: Status::from_number(optional(9)?),
        ending: Ending::from_number(optional(10)?),
        trouble: Trouble::from_number(optional(11)?),
        looks: row.number(12)?,
        is_posted: row.bool(13)?,
        asks: row.number(14)?,
        tries: row.number(15)?,
        unanswered: row.number(16)?,
        denials: row.number(22)?,
        parts: Vec::new(),
    };
    Ok(Kept {
        payment,
        provider: row.text(0)?.into(),
        way: PayWay::from_number(row.number(1)?).ok_or_else(odd)?,
        phone: row.text(17)?.into(),
        back: row.text(18)?.into(),
        asked_ms: row.int(19)?,
        next_ms: row.int(20)?,
        begun_ms: row.int(21)?,
    })
}

pub(crate) fn save(tx: &mut dyn Tx, stall: LogId, kept: &Kept) -> Result<(), StoreError> {
    let payment = &kept.payment;
    let is_settled = payment.is_settled();
    // Whose telephone it was is nobody's business once nobody has to be asked.
    let phone = if is_settled { "" } else { kept.phone.as_str() };
    save_parts(tx, stall, payment)?;
    tx.run(
        "insert into checkout (log, order_id, provider, way, account, amount_minor, currency, state, doubt, object,
           page, seen, ending, trouble, looks, is_posted, asks, tries, unanswered, phone, back, asked_ms, next_ms,
           begun_ms, denials, settled)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
           $23, $24, $25, $26)
         on conflict (log, order_id) do update set state = excluded.state, doubt = excluded.doubt,
           object = excluded.object, page = excluded.page, seen = excluded.seen, ending = excluded.ending,
           trouble = excluded.trouble, looks = excluded.looks, is_posted = excluded.is_posted, asks = excluded.asks,
           tries = excluded.tries, unanswered = excluded.unanswered, denials = excluded.denials, phone = excluded.phone,
           asked_ms = excluded.asked_ms, next_ms = excluded.next_ms, settled = excluded.settled",
        params![
            stall,
            payment.due.order,
            kept.provider,
            kept.way.number(),
            payment.due.account,
            payment.due.amount_minor,
            payment.due.currency.code(),
            payment.state.number(),
            payment.doubt.map_or(0, Call::number),
            payment.object.as_deref().unwrap_or(""),
            payment.page.as_deref().unwrap_or(""),
            payment.seen.map_or(0, Status::number),
            payment.ending.map_or(0, Ending::number),
            payment.trouble.map_or(0, Trouble::number),
            payment.looks,
            payment.is_posted,
            payment.asks,
            payment.tries,
            payment.unanswered,
            phone,
            kept.back,
            kept.asked_ms,
            kept.next_ms,
            kept.begun_ms,
            payment.denials,
            is_settled
        ],
    )
}

/// Those that are to be looked at now, the most overdue first, so many of each provider: one that does not answer hides nobody else's.
pub fn due(tx: &mut dyn Tx, now_ms: i64, limit: usize) -> Result<Vec<DuePayment>, StoreError> {
    let rows = tx.query(
        "select log, order_id, provider from (
           select log, order_id, provider, next_ms,
             row_number() over (partition by provider order by next_ms, order_id) as place
           from checkout where settled = 0 and next_ms <= $1) d
         where place <= $2 order by next_ms, order_id",
        params![now_ms, limit],
    )?;
    let one =
        |row: &Row| Ok(DuePayment { stall: row.id(0)?, order: row.id(1)?, provider: row.text(2)?.into() });
    rows.iter().map(one).collect()
}

/// An old copy of the store knows less than happened: nothing in it is believed before its provider was asked. What was
/// not asked for in the copy may have been asked for since; a buyer's patience begins anew. Of one stall, or of all.
pub(crate) fn doubt_all(tx: &mut dyn Tx, only: Option<LogId>, now_ms: i64) -> Result<(), StoreError> {
    let is_meant = "($1 = 0 or log = $2)";
    let (is_one, log) = (i64::from(only.is_some()), only.unwrap_or_default());
    tx.run(
        &format!(
            "update checkout set state = $3, doubt = $4, asks = 1,
               asked_ms = case when asked_ms = 0 then begun_ms else asked_ms end
             where {is_meant} and state = $5"
        ),
        params![is_one, log, State::Intent.number(), Call::Ask.number(), State::Created.number()],
    )?;
    // What was not asked for in the copy may have been since, and a no to it would not be the first.
    tx.run(
        &format!("update checkout_part set stage = $3, asks = asks + 1 where {is_meant} and stage = $4"),
        params![is_one, log, Stage::Asked.number(), Stage::Wanted.number()],
    )?;
    tx.run(
        &format!("update checkout set begun_ms = $3 where {is_meant} and settled = 0"),
        params![is_one, log, now_ms],
    )?;
    tx.run(
        &format!(
            "update checkout set looks = 1, tries = 0, unanswered = 0, denials = 0, next_ms = 0, settled = 0
             where {is_meant} and (settled = 0 or (begun_ms > $3 and object <> ''))"
        ),
        params![is_one, log, now_ms - DOUBTED_MS],
    )
}

/// A payment that a stall's records name and nobody here remembers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forgotten {
    pub stall: LogId,
    pub order: OrderId,
    pub way: PayWay,
    /// When the records began to wait for it.
    pub at_ms: i64,
}

impl Forgotten {
    /// Its place in the order in which such payments are looked at.
    pub fn place(&self) -> (i64, OrderId) {
        (self.at_ms, self.order)
    }
}

/// Such payments as devices brought them back to a server that was restored, to be paid in this way, from behind a place on. What was
/// given back is over.
pub fn forgotten(
    tx: &mut dyn Tx,
    way: PayWay,
    behind: Option<(i64, OrderId)>,
    limit: usize,
) -> Result<Vec<Forgotten>, StoreError> {
    let (at_ms, order) = behind.unwrap_or((i64::MIN, OrderId::default()));
    let sql = forgotten_sql(&[way], "and (m.at_ms > $2 or (m.at_ms = $2 and m.order_id > $3))");
    read_forgotten(&tx.query(&sql, params![limit, at_ms, order])?)
}

/// Such payments in any other way that has a provider, of which the stall was not told.
pub(crate) fn of_nobody(
    tx: &mut dyn Tx,
    ways: &[PayWay],
    limit: usize,
) -> Result<Vec<Forgotten>, StoreError> {
    let has_nobody = |way: &PayWay| way.has_provider() && !ways.contains(way);
    let others: Vec<PayWay> = PayWay::ALL.iter().copied().filter(has_nobody).collect();
    let untold =
        "and not exists (select 1 from pay_nobody n where n.log = m.log and n.order_id = m.order_id)";
    read_forgotten(&tx.query(&forgotten_sql(&others, untold), params![limit])?)
}

fn forgotten_sql(ways: &[PayWay], also: &str) -> String {
    // No way has the number 0.
    let numbers = ways.iter().map(|way| way.number().to_string());
    let numbers = std::iter::once("0".to_owned()).chain(numbers).collect::<Vec<_>>().join(", ");
    format!(
        "select m.log, m.order_id, m.way, m.at_ms from order_money m
         join stall_core s on s.log = m.log and s.counter > 1
         join orders o on o.log = m.log and o.order_id = m.order_id and o.placed = 1
         left join checkout c on c.log = m.log and c.order_id = m.order_id
         where m.kind = 1 and m.way in ({numbers}) and c.log is null and not exists (
           select 1 from order_money b where b.log = m.log and b.order_id = m.order_id and b.kind = 3) {also}
         order by m.at_ms, m.order_id limit $1"
    )
}

fn read_forgotten(rows: &[Row]) -> Result<Vec<Forgotten>, StoreError> {
    let one = |row: &Row| {
        let way = PayWay::from_number(row.number(2)?);
        let way = way.ok_or_else(|| StoreError::Corrupt("a way to pay is unknown".into()))?;
        Ok(Forgotten { stall: row.id(0)?, order: row.id(1)?, way, at_ms: row.int(3)? })
    };
    rows.iter().map(one).collect()
}

/// Parts that a stall's records allow and nobody here remembers: a restored server forgot them, or they were allowed while the
/// payment's row could not be read. What a gift card took alone asks nothing of a provider. From behind a payment on: what still cannot
/// be read keeps nobody else waiting.
pub fn forgotten_parts(
    tx: &mut dyn Tx,
    behind: Option<(LogId, OrderId)>,
    limit: usize,
) -> Result<Vec<DuePayment>, StoreError> {
    let (stall, order) = behind.unwrap_or_default();
    let rows = tx.query(
        "select distinct a.log, a.order_id, c.provider from order_refund a
         join checkout c on c.log = a.log and c.order_id = a.order_id
         where a.what = 2 and a.way = 1 and a.amount_minor > 0
           and (a.log > $2 or (a.log = $2 and a.order_id > $3))
           and not exists (select 1 from order_refund e
             where e.log = a.log and e.order_id = a.order_id and e.refund = a.refund and e.what = 3 and e.code <> 1)
           and not exists (select 1 from checkout_part p
             where p.log = a.log and p.order_id = a.order_id and p.refund = a.refund)
         order by a.log, a.order_id limit $1",
        params![limit, stall, order],
    )?;
    let one =
        |row: &Row| Ok(DuePayment { stall: row.id(0)?, order: row.id(1)?, provider: row.text(2)?.into() });
    rows.iter().map(one).collect()
}

/// Keeps that the stall was told that nobody can be asked about a payment. Says whether that is news.
pub(crate) fn keep_nobody(
    tx: &mut dyn Tx,
    stall: LogId,
    (order, now_ms): (OrderId, i64),
) -> Result<bool, StoreError> {
    let added = tx.execute(
        "insert into pay_nobody (log, order_id, at_ms) values ($1, $2, $3) on conflict (log, order_id) do nothing",
        params![stall, order, now_ms],
    )?;
    Ok(added == 1)
}

/// Whether the stall was told that nobody can be asked about a payment.
pub(crate) fn is_of_nobody(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<bool, StoreError> {
    let sql = "select 1 from pay_nobody where log = $1 and order_id = $2";
    Ok(tx.query_opt(sql, params![stall, order])?.is_some())
}

/// Somebody can be asked after all.
pub(crate) fn somebody(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<(), StoreError> {
    tx.run("delete from pay_nobody where log = $1 and order_id = $2", params![stall, order])
}

/// Nobody calls any more: all that is open is due.
pub fn take_back(tx: &mut dyn Tx) -> Result<(), StoreError> {
    tx.run("update checkout set next_ms = 0 where settled = 0", params![])
}

/// Whether there is such a payment.
pub(crate) fn is_known(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<bool, StoreError> {
    let sql = "select 1 from checkout where log = $1 and order_id = $2";
    Ok(tx.query_opt(sql, params![stall, order])?.is_some())
}

/// Whether a payment of a stall that is here is remembered by nobody, and its order named by no record.
pub fn is_lost(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<bool, StoreError> {
    let sql = "select 1 from stall_core s where s.log = $1
        and not exists (select 1 from checkout c where c.log = s.log and c.order_id = $2)
        and not exists (select 1 from orders o where o.log = s.log and o.order_id = $2 and o.placed = 1)";
    Ok(tx.query_opt(sql, params![stall, order])?.is_some())
}

/// Whether a provider says this for the first time. In the transaction of what follows from it.
pub(crate) fn is_new_word(
    tx: &mut dyn Tx,
    (provider, word): (&str, &str),
    now_ms: i64,
) -> Result<bool, StoreError> {
    let added = tx.execute(
        "insert into provider_word (provider, word, at_ms) values ($1, $2, $3)
         on conflict (provider, word) do nothing",
        params![provider, word, now_ms],
    )?;
    Ok(added == 1)
}
