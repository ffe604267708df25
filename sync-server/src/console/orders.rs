//! Orders of the whole market: where, how old, how far, and how their money stands. Whom an order is for is read one order at a
//! time, in the transaction that writes down why.

use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::verbs::release_order::OrderState;
use soko_record_log::{Param, Row, StoreError, Tx, params};

use crate::console::acts::{self, Act, Done};
use crate::console::cursor::Cursor;
use crate::console::{Acting, Need, reason, require};
use crate::platform::Refusal;
use crate::stall::Contact;

/// How an order's money stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Money {
    /// It is paid when it is fetched.
    AtTheStall,
    ToBePaid,
    Paid,
    PaidBack,
}

impl Money {
    pub const ALL: [Self; 4] = [Self::AtTheStall, Self::ToBePaid, Self::Paid, Self::PaidBack];

    pub fn name(self) -> &'static str {
        match self {
            Self::AtTheStall => "at-the-stall",
            Self::ToBePaid => "to-be-paid",
            Self::Paid => "paid",
            Self::PaidBack => "paid-back",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|money| money.name() == name)
    }

    /// The furthest that its records say.
    fn number(self) -> i64 {
        match self {
            Self::AtTheStall => 0,
            Self::ToBePaid => 1,
            Self::Paid => 2,
            Self::PaidBack => 3,
        }
    }
}

const MONEY: &str = "coalesce((select max(m.kind) from order_money m
       where m.log = o.log and m.order_id = o.order_id and m.kind < 5), 0)";

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderRow {
    pub stall: LogId,
    pub stall_name: String,
    pub order: OrderId,
    /// An account, or the name of a guest.
    pub buyer: ThingId,
    pub state: OrderState,
    pub placed_ms: i64,
    pub total_minor: i64,
    pub currency: String,
    pub money: Money,
}

#[derive(Clone, Debug)]
pub struct OrdersAsked {
    pub stall: Option<LogId>,
    pub state: Option<OrderState>,
    pub money: Option<Money>,
    pub after: Cursor,
    pub limit: usize,
}

pub fn state(name: &str) -> Option<OrderState> {
    [OrderState::Held, OrderState::HandedOver, OrderState::Released, OrderState::Fulfilled]
        .into_iter()
        .find(|state| state.name() == name)
}

/// As a condition on an order `o`.
fn state_sql(state: OrderState) -> &'static str {
    match state {
        OrderState::Held => "o.fulfilled = 0 and o.released = 0 and o.handed_over = 0",
        OrderState::HandedOver => "o.fulfilled = 0 and o.released = 0 and o.handed_over = 1",
        OrderState::Released => "o.fulfilled = 0 and o.released = 1",
        OrderState::Fulfilled => "o.fulfilled = 1",
    }
}

/// The latest first, and where the list goes on.
pub fn list(tx: &mut dyn Tx, asked: &OrdersAsked) -> Result<(Vec<OrderRow>, Option<Cursor>), StoreError> {
    let mut which = String::from("o.placed = 1 and (o.at_ms, o.order_id) < ($1, $2)");
    let mut params: Vec<Param<'_>> =
        vec![asked.after.at_ms.into(), (&asked.after.id).into(), (&asked.limit).into()];
    if let Some(stall) = &asked.stall {
        params.push(stall.into());
        which.push_str(&format!(" and o.log = ${}", params.len()));
    }
    if let Some(state) = asked.state {
        which.push_str(&format!(" and {}", state_sql(state)));
    }
    if let Some(money) = asked.money {
        params.push(money.number().into());
        which.push_str(&format!(" and {MONEY} = ${}", params.len()));
    }
    let sql = format!(
        "select o.log, o.order_id, o.buyer, o.at_ms, o.total_minor + o.swapped_minor, o.currency,
           o.handed_over, o.released, o.fulfilled, coalesce(s.name, ''), {MONEY}
         from orders o left join stall_profile s on s.log = o.log
         where {which} order by o.at_ms desc, o.order_id desc limit $3"
    );
    let found = tx.query(&sql, &params)?.iter().map(order).collect::<Result<Vec<_>, _>>()?;
    let last = found.last().filter(|_| found.len() == asked.limit);
    let next = last.map(|last| Cursor { at_ms: last.placed_ms, id: last.order.0 });
    Ok((found, next))
}

fn order(row: &Row) -> Result<OrderRow, StoreError> {
    let state = match (row.bool(6)?, row.bool(7)?, row.bool(8)?) {
        (_, _, true) => OrderState::Fulfilled,
        (_, true, false) => OrderState::Released,
        (true, false, false) => OrderState::HandedOver,
        (false, false, false) => OrderState::Held,
    };
    let money = row.int(10)?;
    let money = Money::ALL.into_iter().find(|known| known.number() == money);
    Ok(OrderRow {
        stall: row.id(0)?,
        stall_name: row.text(9)?.to_owned(),
        order: row.id(1)?,
        buyer: row.id(2)?,
        state,
        placed_ms: row.int(3)?,
        total_minor: row.int(4)?,
        currency: row.text(5)?.to_owned(),
        money: money.ok_or_else(|| StoreError::Corrupt("an order's money is of no known kind".into()))?,
    })
}

/// Whom an order is for; nothing once it ended, because then nobody keeps it.
pub fn look(
    tx: &mut dyn Tx,
    acting: Acting,
    (stall, order): (LogId, OrderId),
    (because, now_ms): (&str, i64),
) -> Result<Option<Contact>, Refusal> {
    require(tx, acting, Need::Answer)?;
    let because = reason(because)?;
    let known = "select 1 from orders where log = $1 and order_id = $2 and placed = 1";
    tx.query_opt(known, params![stall, order])?.ok_or(Refusal::NoSuchOrder)?;
    let (subject, more) = (order.to_string(), stall.to_string());
    let act = Act::LookedAtOrder;
    acts::add(tx, &Done { acting, act, subject: &subject, because, more: &more, at_ms: now_ms })?;
    let sql = "select name, reach, address from order_contact where log = $1 and order_id = $2";
    let contact = |row: Row| {
        Ok::<_, StoreError>(Contact {
            name: row.text(0)?.to_owned(),
            reach: row.text(1)?.to_owned(),
            address: row.text(2)?.to_owned(),
        })
    };
    Ok(tx.query_opt(sql, params![stall, order])?.map(contact).transpose()?)
}
