//! The stalls of the market as its operators see them: what they are called, since when they are there, when their devices were
//! heard, and whether they are blocked.

use soko_domain::ids::LogId;
use soko_projection::folded;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::console::acts::{self, Act, Done};
use crate::console::cursor::Cursor;
use crate::console::{Acting, Need, reason, require};
use crate::market::note_goods;
use crate::platform::Refusal;

/// Stalls that one answer looks through for a name; the next portion goes on behind them.
const LOOKED_AT_MAX: usize = 5_000;
const PORTION: usize = 250;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StallState {
    Open,
    Blocked,
    /// It never said what it is called, so it is not in the market.
    Unnamed,
}

impl StallState {
    pub const ALL: [Self; 3] = [Self::Open, Self::Blocked, Self::Unnamed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Blocked => "blocked",
            Self::Unnamed => "unnamed",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StallRow {
    pub stall: LogId,
    pub name: String,
    pub state: StallState,
    pub claimed_ms: i64,
    /// Devices that were not revoked.
    pub devices: i64,
    /// When one of them was heard last.
    pub heard_ms: Option<i64>,
    pub blocked_because: String,
    pub blocked_ms: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct StallsAsked {
    /// A part of the name; accents and capitals do not matter. Or the beginning of its identity.
    pub search: String,
    pub state: Option<StallState>,
    pub after: Cursor,
    pub limit: usize,
}

impl StallsAsked {
    fn fits(&self, row: &StallRow) -> bool {
        let search = folded(&self.search);
        self.state.is_none_or(|state| state == row.state)
            && (folded(&row.name).contains(&search) || row.stall.to_string().starts_with(&search))
    }
}

/// The latest first, and where the list goes on.
pub fn list(tx: &mut dyn Tx, asked: &StallsAsked) -> Result<(Vec<StallRow>, Option<Cursor>), StoreError> {
    let (mut found, mut at, mut looked_at) = (Vec::new(), asked.after, 0);
    loop {
        let rows = portion(tx, at)?;
        for row in &rows {
            let row = stall(row)?;
            at = Cursor { at_ms: row.claimed_ms, id: row.stall.0 };
            if asked.fits(&row) {
                found.push(row);
            }
            if found.len() == asked.limit {
                return Ok((found, Some(at)));
            }
        }
        looked_at += rows.len();
        if rows.len() < PORTION {
            return Ok((found, None));
        }
        if looked_at >= LOOKED_AT_MAX {
            return Ok((found, Some(at)));
        }
    }
}

fn portion(tx: &mut dyn Tx, after: Cursor) -> Result<Vec<Row>, StoreError> {
    tx.query(
        "select s.stall, coalesce(p.name, ''), s.claimed_ms, b.because, b.at_ms,
           (select count(*) from device d where d.stall = s.stall and d.revoked_ms is null),
           (select max(r.last_ms) from reported r where r.log = s.stall)
         from stall s left join stall_profile p on p.log = s.stall left join stall_block b on b.stall = s.stall
         where (s.claimed_ms, s.stall) < ($1, $2) order by s.claimed_ms desc, s.stall desc limit $3",
        params![after.at_ms, after.id, PORTION],
    )
}

fn stall(row: &Row) -> Result<StallRow, StoreError> {
    let (name, blocked_ms) = (row.text(1)?.to_owned(), row.int_opt(4)?);
    let state = match (blocked_ms, name.is_empty()) {
        (Some(_), _) => StallState::Blocked,
        (None, true) => StallState::Unnamed,
        (None, false) => StallState::Open,
    };
    Ok(StallRow {
        stall: row.id(0)?,
        name,
        state,
        claimed_ms: row.int(2)?,
        devices: row.int(5)?,
        heard_ms: row.int_opt(6)?,
        blocked_because: row.text_opt(3)?.unwrap_or_default().to_owned(),
        blocked_ms,
    })
}

/// Takes a stall out of the market: nobody finds it, and it takes no new orders. What was ordered is handed over, and its own
/// registers go on selling.
pub fn block(
    tx: &mut dyn Tx,
    acting: Acting,
    stall: LogId,
    (because, now_ms): (&str, i64),
) -> Result<(), Refusal> {
    let because = decided(tx, acting, stall, because)?;
    tx.run(
        "insert into stall_block (stall, because, at_ms) values ($1, $2, $3)
         on conflict (stall) do update set because = excluded.because, at_ms = excluded.at_ms",
        params![stall, because, now_ms],
    )?;
    told(tx, acting, (Act::BlockedStall, stall), (because, now_ms))
}

/// Lets it into the market again.
pub fn unblock(
    tx: &mut dyn Tx,
    acting: Acting,
    stall: LogId,
    (because, now_ms): (&str, i64),
) -> Result<(), Refusal> {
    let because = decided(tx, acting, stall, because)?;
    tx.run("delete from stall_block where stall = $1", params![stall])?;
    told(tx, acting, (Act::UnblockedStall, stall), (because, now_ms))
}

fn decided<'a>(tx: &mut dyn Tx, acting: Acting, stall: LogId, because: &'a str) -> Result<&'a str, Refusal> {
    require(tx, acting, Need::Answer)?;
    let because = reason(because)?;
    let known = tx.query_opt("select 1 from stall where stall = $1", params![stall])?;
    known.map(|_| because).ok_or(Refusal::NoSuchStall)
}

/// Whoever holds the market in memory reads the stall again.
fn told(
    tx: &mut dyn Tx,
    acting: Acting,
    (act, stall): (Act, LogId),
    (because, at_ms): (&str, i64),
) -> Result<(), Refusal> {
    note_goods(tx, stall)?;
    let subject = stall.to_string();
    acts::add(tx, &Done { acting, act, subject: &subject, because, more: "", at_ms })
}
