//! News that a person wants to hear of at once: each is told once, whatever is closed and opened in between.

use soko_app_api::{Arrival, Told};
use soko_domain::ids::{LogId, OrderId};
use soko_domain::verbs::pay_order::PayStanding;
use soko_projection::order_money;
use soko_projection::read::{self as facts, OrderFound};
use soko_record_log::{StoreError, Tx, params};

use crate::device::Device;
use crate::failure::Undone;
use crate::levels::Moved;

const ORDER: u8 = 1;
const INCIDENT: u8 = 2;
const PAID: u8 = 3;
/// Waiting orders that are looked at; more wait for others to be handed over.
const LOOK_MAX: u32 = 500;

/// What was not told yet.
struct News {
    stall_name: String,
    orders: Vec<OrderFound>,
    /// Author and place of each incident's record.
    incidents: Vec<([u8; 16], u64)>,
    paid: Vec<Paid>,
}

/// An order whose money came.
struct Paid {
    order: OrderId,
    currency: String,
    amount_minor: i64,
}

impl News {
    fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.incidents.is_empty() && self.paid.is_empty()
    }
}

impl Device {
    /// Tells what is new at a stall. What was there before this device had everything is no news.
    pub(crate) fn look_for_arrivals(&self, stall: LogId) {
        // Whoever fails here is told with the next call; the marks are as they were.
        let Ok(news) = self.read(|tx| news(tx, stall)) else { return };
        if news.is_empty() {
            return;
        }
        let is_news = self.link(stall).is_ok_and(|link| link.is_some_and(|link| link.caught_up));
        // The mark first: told twice is worse than not at all, and the list shows it anyway.
        if self.write(|tx| mark(tx, stall, &news)).is_err() || !is_news {
            return;
        }
        let News { stall_name, orders, incidents, mut paid } = news;
        // Of what was told as soon as it was paid, that is no further news.
        paid.retain(|paid| orders.iter().all(|order| order.order != paid.order));
        for order in orders {
            self.tell(&Told::Arrived(Arrival::Order {
                stall,
                order: order.order,
                stall_name: stall_name.clone(),
                currency: order.currency,
                total_minor: order.total_minor,
                lines: order.lines,
            }));
        }
        let payments = u32::try_from(paid.len()).unwrap_or(u32::MAX);
        if let Some(Paid { order, currency, amount_minor }) = paid.into_iter().next() {
            let stall_name = stall_name.clone();
            let news = Arrival::Paid { stall, order, stall_name, currency, amount_minor, payments };
            self.tell(&Told::Arrived(news));
        }
        if !incidents.is_empty() {
            self.tell(&Told::Arrived(Arrival::Incident { stall, stall_name }));
        }
    }

    /// This device has everything that the server had: what comes from now on is news.
    pub(crate) fn caught_up(&self, stall: LogId) -> Result<(), Undone> {
        if self.troubles.borrow_mut().remove(&stall).is_some() {
            self.tell_device();
        }
        let Some(link) = self.link(stall)?.filter(|link| !link.caught_up) else { return Ok(()) };
        self.look_for_arrivals(stall);
        self.look_at_levels(stall, Moved::All);
        self.write(|tx| tx.execute("update own_link set caught_up = 1 where log = $1", params![link.stall]))?;
        self.tell_device();
        Ok(())
    }
}

fn news(tx: &mut dyn Tx, stall: LogId) -> Result<News, StoreError> {
    // Those first that nobody has begun with; among them, in the order in which they came.
    let mut orders = facts::orders(tx, (stall, true), (0, LOOK_MAX))?;
    let paid = paid(tx, stall, &orders)?;
    let told = tx.query("select thing from own_told where log = $1 and kind = $2", params![stall, ORDER])?;
    let told: Vec<&[u8]> = told.iter().map(|row| row.blob(0)).collect::<Result<_, _>>()?;
    orders.retain(|order| !told.contains(&order.order.as_bytes()));
    let orders = no_more_awaited(tx, stall, orders)?;
    let rows = tx.query(
        "select i.author, i.seq from incident i where i.log = $1 and not exists (
           select 1 from own_told t
           where t.log = i.log and t.kind = $2 and t.thing = i.author and t.seq = i.seq)
         order by i.author, i.seq limit $3",
        params![stall, INCIDENT, LOOK_MAX],
    )?;
    let incidents =
        rows.iter().map(|row| Ok((row.id(0)?, row.number(1)?))).collect::<Result<_, StoreError>>()?;
    let stall_name = facts::profile(tx, stall)?.map(|profile| profile.name).unwrap_or_default();
    Ok(News { stall_name, orders, incidents, paid })
}

/// Without those that are about to be paid at a provider: nobody hands those over yet, and many are never paid. A transfer is looked for by
/// the stall itself.
fn no_more_awaited(
    tx: &mut dyn Tx,
    stall: LogId,
    orders: Vec<OrderFound>,
) -> Result<Vec<OrderFound>, StoreError> {
    let mut told = Vec::with_capacity(orders.len());
    for order in orders {
        let money = order_money::of(tx, stall, order.order)?;
        if money.standing() != PayStanding::Waiting || money.is_transfer() {
            told.push(order);
        }
    }
    Ok(told)
}

/// Orders that wait and whose money came since they were looked at. Whoever marks a transfer here knows it.
fn paid(tx: &mut dyn Tx, stall: LogId, waiting: &[OrderFound]) -> Result<Vec<Paid>, StoreError> {
    let rows = tx.query(
        "select m.order_id, max(m.amount_minor) from order_money m
         join orders o on o.log = m.log and o.order_id = m.order_id
         where m.log = $1 and m.kind = 2 and o.placed = 1 and o.handed_over = 0 and o.released = 0
           and o.fulfilled = 0
           and not exists (select 1 from own_told t
                           where t.log = m.log and t.kind = $2 and t.thing = m.order_id)
           and not exists (select 1 from own_author a where a.log = m.log and a.author = m.author)
         group by m.order_id order by m.order_id limit $3",
        params![stall, PAID, LOOK_MAX],
    )?;
    let mut paid = Vec::new();
    for row in &rows {
        let (order, amount_minor) = (OrderId(row.id(0)?), row.int(1)?);
        if let Some(found) = waiting.iter().find(|found| found.order == order) {
            paid.push(Paid { order, currency: found.currency.clone(), amount_minor });
        }
    }
    Ok(paid)
}

fn mark(tx: &mut dyn Tx, stall: LogId, news: &News) -> Result<(), StoreError> {
    let orders = news.orders.iter().map(|order| (ORDER, order.order.0, 0));
    let incidents = news.incidents.iter().map(|(author, seq)| (INCIDENT, *author, *seq));
    let paid = news.paid.iter().map(|paid| (PAID, paid.order.0, 0));
    for (kind, thing, seq) in orders.chain(incidents).chain(paid) {
        tx.execute(
            "insert into own_told (log, kind, thing, seq) values ($1, $2, $3, $4)
             on conflict (log, kind, thing, seq) do nothing",
            params![stall, kind, thing, seq],
        )?;
    }
    // An order that ended never waits again.
    tx.execute(
        "delete from own_told where log = $1 and kind in ($2, $3) and exists (
           select 1 from orders o where o.log = own_told.log and o.order_id = own_told.thing
             and (o.handed_over = 1 or o.released = 1 or o.fulfilled = 1))",
        params![stall, ORDER, PAID],
    )?;
    Ok(())
}
