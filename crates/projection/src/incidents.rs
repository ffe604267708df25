//! What needs a person's eye, and what somebody said of it. Both only ever are added, in any order.

use soko_domain::entry::{IncidentKind, IncidentRaised, IncidentSettled, Stamp};
use soko_domain::ids::{AuthorId, LogId, PersonId, ProductId, ThingId};
use soko_domain::verbs::settle_incident::Facts;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::digest::{INCIDENT, INCIDENT_WORD};
use crate::ledger::Place;
use crate::project::Touched;

pub(crate) fn raised(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    raised: &IncidentRaised,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.incidents = true;
    let kind = raised.kind.number();
    book.add(
        &INCIDENT,
        params![place.author, place.seq, kind, raised.product, raised.quantity],
        "insert into incident (log, author, seq, kind, product, quantity, at_ms, incident)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (log, author, seq) do nothing",
        params![
            place.log,
            place.author,
            place.seq,
            kind,
            raised.product,
            raised.quantity,
            stamp.at_ms,
            raised.incident
        ],
    )
}

pub(crate) fn settled(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    word: &IncidentSettled,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.incidents = true;
    book.add(
        &INCIDENT_WORD,
        params![place.author, place.seq, word.incident],
        "insert into incident_word (log, author, seq, incident, person, at_ms, offset_minutes)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (log, author, seq) do nothing",
        params![
            place.log,
            place.author,
            place.seq,
            word.incident,
            stamp.by,
            stamp.at_ms,
            stamp.offset_minutes
        ],
    )
}

/// An incident's row, with the first word that it was dealt with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncidentFound {
    /// Its record.
    pub author: AuthorId,
    pub seq: u64,
    pub kind: IncidentKind,
    pub product: Option<ProductId>,
    /// Units, or money where it is about money.
    pub quantity: i64,
    pub at_ms: i64,
    pub settled: Option<SettledFound>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettledFound {
    pub author: AuthorId,
    pub person: Option<PersonId>,
    pub at_ms: i64,
}

/// Those that wait first, the latest first in each half.
pub fn incidents(
    tx: &mut dyn Tx,
    log: LogId,
    (offset, rows): (u32, u32),
) -> Result<Vec<IncidentFound>, StoreError> {
    let rows = tx.query(
        "select i.author, i.seq, i.kind, i.product, i.quantity, i.at_ms, w.author, w.person, w.at_ms
         from incident i
         left join incident_word w on w.log = i.log and w.incident = i.incident and not exists (
           select 1 from incident_word e where e.log = w.log and e.incident = w.incident
             and (e.at_ms < w.at_ms or (e.at_ms = w.at_ms and (e.author < w.author
               or (e.author = w.author and e.seq < w.seq)))))
         where i.log = $1
         order by case when w.author is null then 0 else 1 end, i.at_ms desc, i.author, i.seq limit $2 offset $3",
        params![log, rows, offset],
    )?;
    rows.iter().map(found).collect()
}

fn found(row: &Row) -> Result<IncidentFound, StoreError> {
    let kind = IncidentKind::from_number(row.number(2)?);
    let settled = match row.id_opt(6)? {
        Some(author) => Some(SettledFound { author, person: row.id_opt(7)?, at_ms: row.int(8)? }),
        None => None,
    };
    Ok(IncidentFound {
        author: row.id(0)?,
        seq: row.number(1)?,
        kind: kind.ok_or_else(|| StoreError::Corrupt("a kind of incident is unknown".into()))?,
        product: row.id_opt(3)?,
        quantity: row.int(4)?,
        at_ms: row.int(5)?,
        settled,
    })
}

/// How many nobody dealt with.
pub fn waiting(tx: &mut dyn Tx, log: LogId) -> Result<i64, StoreError> {
    let sql = "select count(*) from incident i where i.log = $1 and not exists (
         select 1 from incident_word w where w.log = i.log and w.incident = i.incident)";
    tx.query_one(sql, params![log])?.int(0)
}

/// What a decision about one incident needs.
pub fn facts(tx: &mut dyn Tx, log: LogId, incident: ThingId) -> Result<Facts, StoreError> {
    let of = |table: &str| format!("select 1 from {table} where log = $1 and incident = $2 limit 1");
    let is_known = tx.query_opt(&of("incident"), params![log, incident])?.is_some();
    let is_settled = tx.query_opt(&of("incident_word"), params![log, incident])?.is_some();
    Ok(Facts { is_known, is_settled })
}
