//! What stalls offer in place of lines of the buyer's orders. The answer is kept before it is sent, and sent once.

use soko_app_api::{OwnSwap, OwnSwapState, Told};
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};

use super::by_whom::{self, BUYER, Buyer};
use super::own_orders::{self, Why};
use super::sending::{Heard, Waits, each};
use super::{Tried, refused};
use crate::device::Device;
use crate::failure::Undone;

const STATES: &[(OwnSwapState, u8)] = &[
    (OwnSwapState::Offered, 1),
    (OwnSwapState::Yes, 2),
    (OwnSwapState::No, 3),
    (OwnSwapState::Taken, 4),
    (OwnSwapState::Over, 5),
];

fn number(state: OwnSwapState) -> u8 {
    STATES.iter().find(|(known, _)| *known == state).map_or(0, |(_, number)| *number)
}

/// An answer that the server has not heard.
struct Unsent {
    swap: ThingId,
    order: OrderId,
    stall: LogId,
    buyer: Buyer,
    is_taken: bool,
}

/// Keeps what its buyer says. As long as it is not sent, they may think again.
pub(super) fn answer(
    tx: &mut dyn Tx,
    whose: &str,
    (order, swap): (OrderId, ThingId),
    is_taken: bool,
) -> Tried {
    let said = if is_taken { OwnSwapState::Yes } else { OwnSwapState::No };
    let changed = tx.execute(
        "update own_swap set state = $3 where swap = $1 and order_id = $2 and state in (1, 2, 3)
           and exists (select 1 from own_order o where o.order_id = $2 and o.whose = $4)",
        params![swap, order, number(said), whose],
    )?;
    let over = || refused("swap_over", "the offer is over; look at the order again");
    Ok(if changed == 1 { Ok(()) } else { Err(over()) })
}

pub(super) fn of_order(tx: &mut dyn Tx, order: OrderId) -> Result<Vec<OwnSwap>, StoreError> {
    let rows = tx.query(
        "select swap, line, product, name, quantity, total_minor, delta_minor, state from own_swap
         where order_id = $1 order by line, swap",
        params![order],
    )?;
    let one = |row: &Row| {
        let known: u8 = row.number(7)?;
        let state = STATES.iter().find(|(_, number)| *number == known).map(|(state, _)| *state);
        Ok(OwnSwap {
            swap: row.id(0)?,
            line: row.number(1)?,
            product: row.id_opt::<[u8; 16]>(2)?.map(soko_domain::ids::ProductId),
            name: row.text(3)?.into(),
            quantity: row.int(4)?,
            total_minor: row.int(5)?,
            delta_minor: row.int(6)?,
            state: state.ok_or_else(|| StoreError::Corrupt("a state of an offer is unknown".into()))?,
        })
    };
    rows.iter().map(one).collect()
}

/// What the server says of them; an answer that it has not heard stays. Says whether something is another thing now.
pub(super) fn became(tx: &mut dyn Tx, order: OrderId, known: &[OwnSwap]) -> Result<bool, StoreError> {
    let mut is_new = false;
    for now in known {
        let changed = tx.execute(
            "insert into own_swap (swap, order_id, line, product, name, quantity, total_minor, delta_minor, state)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (swap) do update set state = excluded.state
             where own_swap.state <> excluded.state and not (excluded.state = 1 and own_swap.state in (2, 3))",
            params![
                now.swap,
                order,
                now.line,
                now.product,
                now.name,
                now.quantity,
                now.total_minor,
                now.delta_minor,
                number(now.state)
            ],
        )?;
        is_new |= changed > 0;
    }
    Ok(is_new)
}

impl Device {
    /// Brings the answers that were given here to the servers of the orders, each once.
    pub(super) async fn send_answers(&self) -> Result<Option<Waits>, Undone> {
        each(self.read(unsent)?, async |unsent| self.send_answer(&unsent).await).await
    }

    async fn send_answer(&self, unsent: &Unsent) -> Result<Option<Waits>, Undone> {
        let own = self.own()?;
        let Some(buyer) = unsent.buyer.placed_as(&own) else {
            return Ok(Some(Waits::ForPerson));
        };
        let server = self.server_at(&unsent.buyer.server)?;
        let said = (unsent.swap, unsent.is_taken);
        match self.heard(&own, server.answer_swap(&buyer, (unsent.stall, unsent.order), said).await)? {
            Heard::Now(now) => {
                self.write(|tx| {
                    became(tx, unsent.order, &now.swaps)?;
                    own_orders::became(tx, unsent.order, (now.state, Why::default()), Some(&now))
                })?;
            }
            Heard::Waits(waits) => return Ok(Some(waits)),
            // It is over: the order says how, when it is looked at the next time.
            Heard::Refused { .. } => {
                self.write(|tx| {
                    tx.execute(
                        "update own_swap set state = $2 where swap = $1",
                        params![unsent.swap, number(OwnSwapState::Over)],
                    )
                })?;
            }
        }
        self.tell(&Told::Buyer);
        self.orders.ring();
        Ok(None)
    }
}

fn unsent(tx: &mut dyn Tx) -> Result<Vec<Unsent>, StoreError> {
    let sql = format!(
        "select s.swap, s.order_id, o.stall, s.state, {BUYER}
         from own_swap s join own_order o on o.order_id = s.order_id
         where s.state in (2, 3) order by s.order_id, s.line"
    );
    let rows = tx.query(&sql, &[])?;
    let one = |row: &Row| {
        Ok(Unsent {
            swap: row.id(0)?,
            order: OrderId(row.id(1)?),
            stall: LogId(row.id(2)?),
            is_taken: row.number::<u8>(3)? == number(OwnSwapState::Yes),
            buyer: by_whom::buyer(row, 4)?,
        })
    };
    rows.iter().map(one).collect()
}
