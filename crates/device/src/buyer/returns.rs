//! What the buyer of this device brings back. It is kept before it is sent, and sent once.

use std::collections::BTreeMap;

use soko_app_api::{BackLine, OwnOrderState, OwnReturn, OwnReturnState, Told};
use soko_domain::entry::ReturnWhy;
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};

use super::by_whom::{self, BUYER, Buyer};
use super::own_orders;
use super::sending::{Heard, Waits, each};
use super::{Tried, refused};
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::{pack, unpack};
use crate::server::ReturnNow;

const STATES: &[(OwnReturnState, u8)] = &[
    (OwnReturnState::Saved, 1),
    (OwnReturnState::Asked, 2),
    (OwnReturnState::Taken, 3),
    (OwnReturnState::Refused, 4),
    (OwnReturnState::Declined, 5),
];

fn number(state: OwnReturnState) -> u8 {
    STATES.iter().find(|(known, _)| *known == state).map_or(0, |(_, number)| *number)
}

/// A return that the server has not heard of.
struct Unsent {
    returned: ThingId,
    order: OrderId,
    stall: LogId,
    buyer: Buyer,
    why: ReturnWhy,
    lines: Vec<BackLine>,
}

/// Keeps what somebody wants to bring back.
pub(super) fn put(
    tx: &mut dyn Tx,
    whose: &str,
    (order, returned): (OrderId, ThingId),
    (why, lines): (ReturnWhy, &[BackLine]),
    now_ms: i64,
) -> Tried {
    let Some(known) = own_orders::view(tx, whose, order)? else {
        return Ok(Err(refused("unknown_order", "this device knows no such order")));
    };
    if known.row.state != OwnOrderState::HandedOver {
        return Ok(Err(refused("return_not_handed_over", "only what was handed over can come back")));
    }
    let mut back: BTreeMap<u32, i64> = BTreeMap::new();
    let before = of_order(tx, order)?;
    let counts = |state| !matches!(state, OwnReturnState::Refused | OwnReturnState::Declined);
    let before =
        before.iter().filter(|it| it.returned != returned && counts(it.state)).flat_map(|it| &it.lines);
    for line in before.chain(lines) {
        let sum = back.entry(line.line).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    let fits = |(line, quantity): (&u32, &i64)| {
        let bought = usize::try_from(*line).ok().and_then(|place| known.lines.get(place));
        bought.is_some_and(|bought| *quantity <= bought.quantity)
    };
    if lines.is_empty() || lines.iter().any(|line| line.quantity < 1) || !back.iter().all(fits) {
        return Ok(Err(refused("return_too_many", "so many of it cannot come back")));
    }
    tx.execute(
        "insert into buyer_return (returned, order_id, why, lines, state, because, at_ms)
         values ($1, $2, $3, $4, $5, '', $6) on conflict (returned) do nothing",
        params![returned, order, why.number(), pack(&lines.to_vec())?, number(OwnReturnState::Saved), now_ms],
    )?;
    Ok(Ok(()))
}

/// What comes back of an order, the oldest first.
pub(super) fn of_order(tx: &mut dyn Tx, order: OrderId) -> Result<Vec<OwnReturn>, StoreError> {
    let rows = tx.query(
        "select returned, why, lines, state, because from buyer_return where order_id = $1 order by at_ms, returned",
        params![order],
    )?;
    let one = |row: &Row| {
        let known: u8 = row.number(3)?;
        let state = STATES.iter().find(|(_, number)| *number == known).map(|(state, _)| *state);
        Ok(OwnReturn {
            returned: row.id(0)?,
            why: ReturnWhy::from_number(row.number(1)?).unwrap_or(ReturnWhy::NotWanted),
            lines: unpack(row.blob(2)?).unwrap_or_default(),
            state: state.ok_or_else(|| StoreError::Corrupt("a state of a return is unknown".into()))?,
            because: row.text(4)?.into(),
        })
    };
    rows.iter().map(one).collect()
}

/// What the server says of them. Says whether that is something else now.
pub(super) fn became(tx: &mut dyn Tx, order: OrderId, known: &[ReturnNow]) -> Result<bool, StoreError> {
    let mut is_new = false;
    for now in known {
        let changed = tx.execute(
            "insert into buyer_return (returned, order_id, why, lines, state, because, at_ms)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (returned) do update set state = excluded.state, because = excluded.because
             where buyer_return.state <> excluded.state",
            params![
                now.returned,
                order,
                now.why.number(),
                pack(&now.lines)?,
                number(now.state),
                now.reason,
                now.asked_ms
            ],
        )?;
        is_new |= changed > 0;
    }
    Ok(is_new)
}

impl Device {
    /// Brings what was asked for here to the servers of the orders, each once.
    pub(super) async fn send_returns(&self) -> Result<Option<Waits>, Undone> {
        each(self.read(unsent)?, async |unsent| self.send_return(&unsent).await).await
    }

    async fn send_return(&self, unsent: &Unsent) -> Result<Option<Waits>, Undone> {
        let own = self.own()?;
        let Some(buyer) = unsent.buyer.placed_as(&own) else {
            return Ok(Some(Waits::ForPerson));
        };
        let server = self.server_at(&unsent.buyer.server)?;
        let asked = (unsent.returned, unsent.why, unsent.lines.as_slice());
        match self.heard(&own, server.ask_return(&buyer, (unsent.stall, unsent.order), asked).await)? {
            Heard::Now(now) => {
                self.write(|tx| became(tx, unsent.order, &now.returns))?;
            }
            Heard::Waits(waits) => return Ok(Some(waits)),
            Heard::Refused { code, .. } => {
                self.write(|tx| {
                    tx.execute(
                        "update buyer_return set state = $2, because = $3 where returned = $1",
                        params![unsent.returned, number(OwnReturnState::Declined), code],
                    )
                })?;
            }
        }
        self.tell(&Told::Buyer);
        // From now on there is an answer to listen for.
        self.orders.ring();
        Ok(None)
    }
}

fn unsent(tx: &mut dyn Tx) -> Result<Vec<Unsent>, StoreError> {
    let sql = format!(
        "select r.returned, r.order_id, o.stall, r.why, r.lines, {BUYER}
         from buyer_return r join own_order o on o.order_id = r.order_id
         where r.state = $1 order by r.at_ms, r.returned"
    );
    let rows = tx.query(&sql, params![number(OwnReturnState::Saved)])?;
    let one = |row: &Row| {
        Ok(Unsent {
            returned: row.id(0)?,
            order: OrderId(row.id(1)?),
            stall: LogId(row.id(2)?),
            why: ReturnWhy::from_number(row.number(3)?).unwrap_or(ReturnWhy::NotWanted),
            lines: unpack(row.blob(4)?).unwrap_or_default(),
            buyer: by_whom::buyer(row, 5)?,
        })
    };
    rows.iter().map(one).collect()
}
