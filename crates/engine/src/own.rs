//! The tables that only this device has: who it is, what it answered, what it asked.

use soko_app_api::Said;
use soko_domain::ask::{Answer, Ask};
use soko_domain::ids::{AuthorId, EpochId, LogId, ProductId, SaleId, ThingId};
use soko_domain::role::Role;
use soko_domain::wire::Wire as _;
use soko_record_log::{Row, StoreError, Tx, params};
use soko_replication::Introduction;
use soko_replication::protocol::Epoch;

use crate::identity::FrozenWhy;

/// Requests that are looked through; whatever is older was answered long ago.
const ASKS_MAX: usize = 1_000;

/// Which database this is, and how far it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StoreRow {
    pub(crate) store: ThingId,
    pub(crate) generation: u64,
    /// Whether it was closed in order.
    pub(crate) clean: bool,
}

pub(crate) fn store_row(tx: &mut dyn Tx) -> Result<Option<StoreRow>, StoreError> {
    let row = tx.query_opt("select store, generation, clean from own_store", &[])?;
    row.map(|row| Ok(StoreRow { store: row.id(0)?, generation: row.number(1)?, clean: row.bool(2)? }))
        .transpose()
}

pub(crate) fn begin_store(tx: &mut dyn Tx, store: ThingId) -> Result<(), StoreError> {
    tx.execute("insert into own_store (id, store, generation, clean) values (1, $1, 0, 1)", params![store])?;
    Ok(())
}

pub(crate) fn set_clean(tx: &mut dyn Tx, clean: bool) -> Result<(), StoreError> {
    tx.execute("update own_store set clean = $1", params![clean])?;
    Ok(())
}

/// One step further. Every commit that a restored backup must not undo takes it.
pub(crate) fn next_generation(tx: &mut dyn Tx) -> Result<u64, StoreError> {
    let row = tx.query_one("update own_store set generation = generation + 1 returning generation", &[])?;
    row.number(0)
}

/// A restored database is as far as the vault remembers once it was frozen for being behind.
pub(crate) fn reach_generation(tx: &mut dyn Tx, generation: u64) -> Result<(), StoreError> {
    tx.execute("update own_store set generation = max(generation, $1)", params![generation])?;
    Ok(())
}

/// A stall as this device keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StallRow {
    pub(crate) stall: i64,
    pub(crate) log: LogId,
    pub(crate) author: AuthorId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) epoch: Epoch,
    pub(crate) frozen: Option<FrozenWhy>,
    /// What stands in the way of exchanging records.
    pub(crate) trouble: Option<Said>,
}

pub(crate) fn stalls(tx: &mut dyn Tx) -> Result<Vec<StallRow>, StoreError> {
    let rows = tx.query(
        "select stall, log, author, name, role, epoch, epoch_counter, frozen, trouble
         from own_stall order by stall",
        &[],
    )?;
    rows.iter().map(stall_row).collect()
}

fn stall_row(row: &Row) -> Result<StallRow, StoreError> {
    let role = Role::from_number(row.number(4)?);
    let frozen = match row.number::<u8>(7)? {
        0 => None,
        number => Some(FrozenWhy::from_number(number).ok_or_else(|| odd("a reason to be frozen"))?),
    };
    Ok(StallRow {
        stall: row.int(0)?,
        log: row.id(1)?,
        author: row.id(2)?,
        name: row.text(3)?.into(),
        role: role.ok_or_else(|| odd("a role"))?,
        epoch: Epoch { id: row.id::<EpochId>(5)?, counter: row.number(6)? },
        frozen,
        trouble: Said::from_text(row.text(8)?),
    })
}

fn odd(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} is none that this program knows"))
}

/// Adds the stall; answers its number here.
pub(crate) fn add_stall(tx: &mut dyn Tx, row: &StallRow) -> Result<i64, StoreError> {
    let added = tx.query_one(
        "insert into own_stall (log, author, name, role, epoch, epoch_counter, frozen, trouble, last_receipt)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0) returning stall",
        params![
            row.log,
            row.author,
            row.name,
            row.role.number(),
            row.epoch.id,
            row.epoch.counter,
            row.frozen.map_or(0, FrozenWhy::number),
            row.trouble.as_ref().map(Said::to_text).unwrap_or_default()
        ],
    )?;
    added.int(0)
}

pub(crate) fn update_stall(tx: &mut dyn Tx, row: &StallRow) -> Result<(), StoreError> {
    tx.execute(
        "update own_stall set author = $2, name = $3, role = $4, epoch = $5, epoch_counter = $6,
         frozen = $7, trouble = $8 where stall = $1",
        params![
            row.stall,
            row.author,
            row.name,
            row.role.number(),
            row.epoch.id,
            row.epoch.counter,
            row.frozen.map_or(0, FrozenWhy::number),
            row.trouble.as_ref().map(Said::to_text).unwrap_or_default()
        ],
    )?;
    Ok(())
}

/// The next number on a receipt, taken in the transaction of its sale.
pub(crate) fn take_receipt_number(tx: &mut dyn Tx, stall: i64) -> Result<u64, StoreError> {
    let row = tx.query_one(
        "update own_stall set last_receipt = last_receipt + 1 where stall = $1 returning last_receipt",
        params![stall],
    )?;
    row.number(0)
}

pub(crate) fn last_receipt_number(tx: &mut dyn Tx, stall: i64) -> Result<u64, StoreError> {
    tx.query_one("select last_receipt from own_stall where stall = $1", params![stall])?.number(0)
}

/// A new author begins a series of its own.
pub(crate) fn begin_receipts(tx: &mut dyn Tx, stall: i64) -> Result<(), StoreError> {
    tx.execute("update own_stall set last_receipt = 0 where stall = $1", params![stall])?;
    Ok(())
}

pub(crate) fn add_author(
    tx: &mut dyn Tx,
    log: LogId,
    author: AuthorId,
    introduction: &Introduction,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into own_author (log, author, introduction) values ($1, $2, $3)",
        params![log, author, introduction.to_bytes()],
    )?;
    Ok(())
}

pub(crate) fn introduction(
    tx: &mut dyn Tx,
    log: LogId,
    author: AuthorId,
) -> Result<Introduction, StoreError> {
    let row = tx.query_one(
        "select introduction from own_author where log = $1 and author = $2",
        params![log, author],
    )?;
    Introduction::from_bytes(row.blob(0)?).map_err(|_| odd("an introduction"))
}

/// Every author this device ever was in a log.
pub(crate) fn authors(tx: &mut dyn Tx, log: LogId) -> Result<Vec<AuthorId>, StoreError> {
    let rows = tx.query("select author from own_author where log = $1 order by author", params![log])?;
    rows.iter().map(|row| row.id(0)).collect()
}

pub(crate) fn add_server(tx: &mut dyn Tx, log: LogId, key: &[u8; 32]) -> Result<(), StoreError> {
    tx.execute(
        "insert into own_server (log, public_key) values ($1, $2) on conflict (log, public_key) do nothing",
        params![log, key],
    )?;
    Ok(())
}

pub(crate) fn servers(tx: &mut dyn Tx, log: LogId) -> Result<Vec<[u8; 32]>, StoreError> {
    let rows =
        tx.query("select public_key from own_server where log = $1 order by public_key", params![log])?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Answers that are kept in full, several market days of a busy register. A screen repeats a command within
/// seconds, and a program that lost its reply at its next start; whoever comes later is told that it is too late.
/// What is left of an older answer are the sixteen bytes of its command, much less than the record it wrote.
pub const ANSWERS_KEPT_MAX: i64 = 10_000;
/// Older answers are given up so many at a time.
const ANSWERS_STEP: i64 = 64;

/// What is known of a command that was answered before.
pub(crate) enum Before {
    Kept(Answered),
    LongAgo,
}

/// The first answer to a command.
pub(crate) struct Answered {
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) outcome: Vec<u8>,
}

pub(crate) fn answered(tx: &mut dyn Tx, command: ThingId) -> Result<Option<Before>, StoreError> {
    let kept =
        tx.query_opt("select fingerprint, outcome from own_answer where command = $1", params![command])?;
    if let Some(row) = kept {
        let (fingerprint, outcome) = (row.blob(0)?.into(), row.blob(1)?.into());
        return Ok(Some(Before::Kept(Answered { fingerprint, outcome })));
    }
    let row = tx.query_opt("select 1 from own_answered where command = $1", params![command])?;
    Ok(row.map(|_| Before::LongAgo))
}

pub(crate) fn keep_answer(
    tx: &mut dyn Tx,
    (command, log): (ThingId, LogId),
    answer: &Answered,
) -> Result<(), StoreError> {
    let rows = tx.query(
        "insert into own_answer (command, log, fingerprint, outcome) values ($1, $2, $3, $4)
         on conflict (command) do nothing returning place",
        params![command, log, answer.fingerprint, answer.outcome],
    )?;
    let Some(row) = rows.first() else { return Ok(()) };
    let place = row.int(0)?;
    if place % ANSWERS_STEP != 0 || place <= ANSWERS_KEPT_MAX {
        return Ok(());
    }
    let last = place - ANSWERS_KEPT_MAX;
    tx.execute(
        "insert into own_answered (command) select command from own_answer where place <= $1
         on conflict (command) do nothing",
        params![last],
    )?;
    tx.execute("delete from own_answer where place <= $1", params![last])?;
    Ok(())
}

pub(crate) fn add_ask(tx: &mut dyn Tx, log: LogId, ask: ThingId, body: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "insert into own_ask (log, ask, body) values ($1, $2, $3) on conflict (ask) do nothing",
        params![log, ask, body],
    )?;
    Ok(())
}

/// Requests without an answer, the oldest first; what nobody waits for at the counter last, since it may wait for a register
/// that is off.
pub(crate) fn asks_waiting(
    tx: &mut dyn Tx,
    log: LogId,
    limit: usize,
) -> Result<Vec<soko_replication::page::Ask>, StoreError> {
    let rows = tx.query(
        "select ask, body from own_ask where log = $1 and answer is null
         order by (select count(*) from own_points_asked p where p.log = own_ask.log and p.ask = own_ask.ask), place
         limit $2",
        params![log, limit],
    )?;
    rows.iter()
        .map(|row| Ok(soko_replication::page::Ask { id: row.id(0)?, body: row.blob(1)?.into() }))
        .collect()
}

pub(crate) fn count_asks_waiting(tx: &mut dyn Tx, log: LogId) -> Result<u32, StoreError> {
    let row = tx.query_one("select count(*) from own_ask where log = $1 and answer is null", params![log])?;
    row.number(0)
}

/// What was asked and what was answered, the latest first.
pub(crate) fn asks(tx: &mut dyn Tx, log: LogId) -> Result<Vec<(Vec<u8>, Option<Vec<u8>>)>, StoreError> {
    let rows = tx.query(
        "select body, answer from own_ask where log = $1 order by place desc limit $2",
        params![log, ASKS_MAX],
    )?;
    rows.iter().map(|row| Ok((row.blob(0)?.into(), row.blob_opt(1)?.map(Vec::from)))).collect()
}

/// Points that are to be taken back and were asked for.
pub(crate) struct PointsAsked {
    pub ask: ThingId,
    pub purse: ProductId,
    pub sale: SaleId,
    pub units: i64,
}

pub(crate) fn add_points_asked(tx: &mut dyn Tx, log: LogId, asked: &PointsAsked) -> Result<(), StoreError> {
    let PointsAsked { ask, purse, sale, units } = asked;
    tx.run(
        "insert into own_points_asked (log, ask, purse, sale, units) values ($1, $2, $3, $4, $5)
         on conflict (log, ask) do nothing",
        params![log, ask, purse, sale, units],
    )
}

/// Those that were answered: with what came, or that nothing comes.
pub(crate) fn points_answered(
    tx: &mut dyn Tx,
    log: LogId,
    limit: u32,
) -> Result<Vec<(PointsAsked, Answer)>, StoreError> {
    let rows = tx.query(
        "select p.ask, p.purse, p.sale, p.units, a.answer from own_points_asked p
         join own_ask a on a.ask = p.ask where p.log = $1 and a.answer is not null order by p.ask limit $2",
        params![log, limit],
    )?;
    let mut answered = Vec::new();
    for row in &rows {
        let asked = PointsAsked {
            ask: row.id(0)?,
            purse: ProductId(row.id(1)?),
            sale: SaleId(row.id(2)?),
            units: row.int(3)?,
        };
        if let Ok(answer) = Answer::from_bytes(row.blob(4)?) {
            answered.push((asked, answer));
        }
    }
    Ok(answered)
}

pub(crate) fn drop_points_asked(tx: &mut dyn Tx, log: LogId, ask: ThingId) -> Result<(), StoreError> {
    tx.run("delete from own_points_asked where log = $1 and ask = $2", params![log, ask])
}

pub(crate) fn asked(tx: &mut dyn Tx, ask: ThingId) -> Result<Option<Ask>, StoreError> {
    let row = tx.query_opt("select body from own_ask where ask = $1", params![ask])?;
    Ok(row.map(|row| row.blob(0).map(Ask::from_bytes)).transpose()?.and_then(Result::ok))
}

/// Keeps the first answer; says whether it was the first.
pub(crate) fn answer_ask(tx: &mut dyn Tx, ask: ThingId, answer: &[u8]) -> Result<bool, StoreError> {
    let changed =
        tx.execute("update own_ask set answer = $2 where ask = $1 and answer is null", params![ask, answer])?;
    Ok(changed > 0)
}

/// The answer to a request; inside `None` while it waits, outside `None` if it is unknown.
pub(crate) fn ask_answer(tx: &mut dyn Tx, ask: ThingId) -> Result<Option<Option<Vec<u8>>>, StoreError> {
    let row = tx.query_opt("select answer from own_ask where ask = $1", params![ask])?;
    row.map(|row| Ok(row.blob_opt(0)?.map(Vec::from))).transpose()
}

/// A share of `author` that was given back and that the server has not confirmed.
pub(crate) struct Returned {
    pub(crate) author: AuthorId,
    pub(crate) seq: u64,
    pub(crate) product: ProductId,
    pub(crate) quantity: i64,
}

pub(crate) fn add_return(tx: &mut dyn Tx, log: LogId, returned: &Returned) -> Result<(), StoreError> {
    let Returned { author, seq, product, quantity } = returned;
    tx.execute(
        "insert into own_return (log, author, seq, product, quantity) values ($1, $2, $3, $4, $5)",
        params![log, author, seq, product.as_bytes(), quantity],
    )?;
    Ok(())
}

/// Own authors of which something is on the way.
pub(crate) fn returning_authors(tx: &mut dyn Tx, log: LogId) -> Result<Vec<AuthorId>, StoreError> {
    let rows =
        tx.query("select distinct author from own_return where log = $1 order by author", params![log])?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// The server holds these records now.
pub(crate) fn returns_confirmed(
    tx: &mut dyn Tx,
    log: LogId,
    author: AuthorId,
    up_to_seq: u64,
) -> Result<Vec<ProductId>, StoreError> {
    let rows = tx.query(
        "delete from own_return where log = $1 and author = $2 and seq <= $3 returning product",
        params![log, author, up_to_seq],
    )?;
    rows.iter().map(|row| row.id::<[u8; 16]>(0).map(ProductId)).collect()
}

/// The same of every product that has any.
pub(crate) fn all_on_the_way(tx: &mut dyn Tx, log: LogId) -> Result<Vec<(ProductId, i64)>, StoreError> {
    let rows = tx.query(
        "select product, cast(sum(quantity) as integer) from own_return where log = $1 group by product",
        params![log],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.int(1)?))).collect()
}

pub(crate) fn on_the_way(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<i64, StoreError> {
    let row = tx.query_one(
        "select cast(coalesce(sum(quantity), 0) as integer) from own_return where log = $1 and product = $2",
        params![log, product.as_bytes()],
    )?;
    row.int(0)
}
