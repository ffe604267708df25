//! The buyer's orders as tables.

use soko_app_api::{
    ContactView, OrderLineView, OwnOrderRow, OwnOrderState, OwnOrderView, OwnPayState, OwnPayment, OwnRefund,
    OwnRefundState, PayChoice, TaxRow, TransferView, Window,
};
use soko_domain::delivery::Handing;
use soko_domain::entry::{PayWay, ReleaseReason};
use soko_domain::ids::{LogId, OrderId, ProductId};
use soko_domain::quantity::Unit;
use soko_domain::tax::TaxMode;
use soko_domain::transfer::BankAccount;
use soko_record_log::{Param, Row, StoreError, Tx, params};

use super::by_whom::{self, BUYER, Buyer};
use super::{bounded, returns, swaps};
use crate::market::handings;
use crate::server::{Brought, CardNow, LineNow, OrderNow};

pub(super) struct NewOrder<'a> {
    pub(super) order: OrderId,
    pub(super) stall: LogId,
    pub(super) stall_name: String,
    pub(super) buyer: &'a Buyer,
    pub(super) at_ms: i64,
    pub(super) currency: String,
    pub(super) note: &'a str,
    pub(super) pay: Option<&'a PayChoice>,
    pub(super) handing: Handing,
    pub(super) zone: &'a str,
    pub(super) delivery_minor: i64,
    pub(super) taxes: Vec<TaxRow>,
    pub(super) total_minor: i64,
    pub(super) coupon: &'a str,
    pub(super) discount_minor: i64,
    pub(super) seen_total_minor: Option<i64>,
    pub(super) seen_tax_minor: Option<i64>,
    pub(super) card: (&'a str, Option<i64>),
    pub(super) contact: ContactView,
    pub(super) lines: Vec<OrderLine>,
}

pub(super) struct OrderLine {
    pub(super) product: ProductId,
    pub(super) name: String,
    pub(super) unit: Unit,
    pub(super) quantity: i64,
    pub(super) seen_minor: i64,
    pub(super) total_minor: i64,
}

/// An order that the server has to be asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Open {
    pub(super) order: OrderId,
    pub(super) stall: LogId,
    pub(super) buyer: Buyer,
    pub(super) state: OwnOrderState,
    pub(super) is_tried: bool,
    pub(super) cancel_asked: bool,
    pub(super) note: String,
    pub(super) pay: Option<PayChoice>,
    pub(super) how: Brought,
    /// Where its payment was when the server was last asked.
    pub(super) pay_state: Option<OwnPayState>,
}

const STATES: &[(OwnOrderState, u8)] = &[
    (OwnOrderState::Saved, 1),
    (OwnOrderState::Reconfirm, 2),
    (OwnOrderState::Held, 3),
    (OwnOrderState::HandedOver, 4),
    (OwnOrderState::Cancelled, 5),
    (OwnOrderState::Refused, 6),
    (OwnOrderState::Accepted, 7),
    (OwnOrderState::Packed, 8),
    (OwnOrderState::Ready, 9),
    (OwnOrderState::OnTheWay, 10),
];
/// States in which the server has to be asked, by their numbers.
const OPEN: &str = "(1, 3, 7, 8, 9, 10)";

/// So are those of which the stall was asked to take something back.
const ASKED: u8 = 2;

const PAY_STATES: &[(OwnPayState, u8)] = &[
    (OwnPayState::Asking, 1),
    (OwnPayState::Waiting, 2),
    (OwnPayState::Confirming, 3),
    (OwnPayState::Paid, 4),
    (OwnPayState::Cancelling, 5),
    (OwnPayState::Cancelled, 6),
    (OwnPayState::Returning, 7),
    (OwnPayState::Returned, 8),
];

fn pay_number(state: OwnPayState) -> u8 {
    PAY_STATES.iter().find(|(known, _)| *known == state).map_or(0, |(_, number)| *number)
}

fn pay_state(number: u8) -> Option<OwnPayState> {
    PAY_STATES.iter().find(|(_, known)| *known == number).map(|(state, _)| *state)
}

fn number(state: OwnOrderState) -> u8 {
    STATES.iter().find(|(known, _)| *known == state).map_or(0, |(_, number)| *number)
}

fn state(row: &Row, column: usize) -> Result<OwnOrderState, StoreError> {
    let number: u8 = row.number(column)?;
    let known = STATES.iter().find(|(_, known)| *known == number).map(|(state, _)| *state);
    known.ok_or_else(|| StoreError::Corrupt("a state of an order is unknown".into()))
}

pub(super) fn add(tx: &mut dyn Tx, new: &NewOrder<'_>) -> Result<(), StoreError> {
    tx.execute(
        "insert into own_order (order_id, stall, stall_name, server, is_guest, state, at_ms, currency,
           total_minor, note, because, is_tried, cancel_asked, pay_way, pay_phone, pay_state,
           handing, zone, delivery_minor, seen_total_minor, contact_name, contact_reach, contact_address, coupon,
           discount_minor, whose, guest, seen_tax_minor, card_code, card_seen_minor, card_pays_minor)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', 0, 0, $11, $12, $13,
           $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)",
        params![
            new.order,
            new.stall,
            new.stall_name,
            new.buyer.server,
            new.buyer.guest.is_some(),
            number(OwnOrderState::Saved),
            new.at_ms,
            new.currency,
            new.total_minor,
            new.note,
            new.pay.map_or(0, |pay| pay.way.number()),
            new.pay.map_or("", |pay| pay.phone.as_str()),
            new.pay.map_or(0, |_| pay_number(OwnPayState::Asking)),
            new.handing.number(),
            new.zone,
            new.delivery_minor,
            new.seen_total_minor,
            new.contact.name,
            new.contact.reach,
            new.contact.address,
            new.coupon,
            new.discount_minor,
            new.buyer.whose,
            new.buyer.guest,
            new.seen_tax_minor,
            new.card.0,
            new.card.1,
            new.card.1.unwrap_or_default()
        ],
    )?;
    for (place, line) in new.lines.iter().enumerate() {
        tx.execute(
            "insert into own_order_line (order_id, place, product, name, unit, quantity, seen_minor, total_minor)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                new.order,
                place,
                line.product,
                line.name,
                line.unit.number(),
                line.quantity,
                line.seen_minor,
                line.total_minor
            ],
        )?;
    }
    keep_taxes(tx, new.order, &new.taxes)
}

fn keep_taxes(tx: &mut dyn Tx, order: OrderId, taxes: &[TaxRow]) -> Result<(), StoreError> {
    tx.execute("delete from own_order_tax where order_id = $1", params![order])?;
    for (place, tax) in taxes.iter().enumerate() {
        let is_inclusive = tax.mode == TaxMode::Inclusive;
        tx.execute(
            "insert into own_order_tax (order_id, place, label, ppm, is_inclusive, net_minor, tax_minor)
             values ($1, $2, $3, $4, $5, $6, $7)",
            params![order, place, tax.label, tax.ppm, is_inclusive, tax.net_minor, tax.tax_minor],
        )?;
    }
    Ok(())
}

fn taxes(tx: &mut dyn Tx, order: OrderId) -> Result<Vec<TaxRow>, StoreError> {
    let rows = tx.query(
        "select label, ppm, is_inclusive, net_minor, tax_minor from own_order_tax where order_id = $1 order by place",
        params![order],
    )?;
    let tax = |row: &Row| {
        Ok(TaxRow {
            label: row.text(0)?.into(),
            ppm: row.number(1)?,
            mode: TaxMode::of(row.bool(2)?),
            net_minor: row.int(3)?,
            tax_minor: row.int(4)?,
        })
    };
    rows.iter().map(tax).collect()
}

const COLUMNS: &str = "o.order_id, o.stall, o.stall_name, o.state, o.at_ms, o.currency, o.total_minor,
    (select count(*) from own_order_line l where l.order_id = o.order_id), o.note, o.because, o.cancel_asked,
    o.pay_way, o.pay_state, o.pay_page, o.reason, o.handing, o.zone, o.delivery_minor, o.contact_name,
    o.contact_reach, o.contact_address, o.coupon, o.discount_minor, o.because_said,
    o.card_pays_minor, o.card_back_minor, o.ended";

fn row(row: &Row) -> Result<OwnOrderRow, StoreError> {
    Ok(OwnOrderRow {
        order: OrderId(row.id(0)?),
        stall: LogId(row.id(1)?),
        stall_name: row.text(2)?.into(),
        state: state(row, 3)?,
        at_ms: row.int(4)?,
        currency: row.text(5)?.into(),
        total_minor: row.int(6)?,
        lines: row.number(7)?,
        handing: handing(row, 15)?,
    })
}

/// Somebody's, the latest first.
pub(super) fn rows(tx: &mut dyn Tx, whose: &str, window: Window) -> Result<Vec<OwnOrderRow>, StoreError> {
    let (offset, limit) = bounded(window);
    let sql = format!(
        "select {COLUMNS} from own_order o where o.whose = $3
         order by o.at_ms desc, o.order_id limit $1 offset $2"
    );
    tx.query(&sql, params![limit, offset, whose])?.iter().map(row).collect()
}

/// Nothing where it is somebody else's.
/// Where it was placed; empty for one that is not here.
pub(super) fn server_of(tx: &mut dyn Tx, order: OrderId) -> Result<String, StoreError> {
    let row = tx.query_opt("select server from own_order where order_id = $1", params![order])?;
    row.map_or(Ok(String::new()), |row| Ok(row.text(0)?.to_owned()))
}

pub(super) fn view(tx: &mut dyn Tx, whose: &str, order: OrderId) -> Result<Option<OwnOrderView>, StoreError> {
    let sql = format!("select {COLUMNS} from own_order o where o.order_id = $1 and o.whose = $2");
    let Some(found) = tx.query_opt(&sql, params![order, whose])? else { return Ok(None) };
    let lines = tx.query(
        "select product, name, unit, quantity, total_minor from own_order_line where order_id = $1 order by place",
        params![order],
    )?;
    let line = |row: &Row| {
        Ok(OrderLineView {
            product: ProductId(row.id(0)?),
            name: row.text(1)?.into(),
            unit: Unit::from_number(row.number(2)?).unwrap_or(Unit::Piece),
            quantity: row.int(3)?,
            total_minor: row.int(4)?,
        })
    };
    Ok(Some(OwnOrderView {
        row: row(&found)?,
        lines: lines.iter().map(line).collect::<Result<_, StoreError>>()?,
        note: found.text(8)?.into(),
        because: found.text(9)?.into(),
        because_said: found.text(23)?.into(),
        reason: found.text(14)?.into(),
        ended: ReleaseReason::from_number(found.number(26)?),
        delivery_minor: if handing(&found, 15)?.is_brought() { Some(found.int(17)?) } else { None },
        zone: found.text(16)?.into(),
        taxes: taxes(tx, order)?,
        contact: contact(&found, 18)?,
        coupon: found.text(21)?.into(),
        discount_minor: found.int(22)?,
        cancel_asked: found.bool(10)?,
        payment: payment(tx, order, &found)?,
        card_minor: found.int(24)?,
        card_back_minor: found.int(25)?,
        refunds: refunds(tx, order)?,
        return_days: handings(tx, LogId(found.id(1)?))?.map_or(0, |page| page.handings.return_days),
        returns: returns::of_order(tx, order)?,
        swaps: swaps::of_order(tx, order)?,
        pickup: None,
    }))
}

/// What is asked for of each product: product, quantity, price that was seen.
pub(super) fn wishes(tx: &mut dyn Tx, order: OrderId) -> Result<Vec<(ProductId, i64, i64)>, StoreError> {
    let rows = tx.query(
        "select product, quantity, seen_minor from own_order_line where order_id = $1 order by place",
        params![order],
    )?;
    rows.iter().map(|row| Ok((ProductId(row.id(0)?), row.int(1)?, row.int(2)?))).collect()
}

const OPENED: &str = "o.order_id, o.stall, o.state, o.is_tried, o.cancel_asked, o.note, o.pay_way, o.pay_phone,
    o.pay_state, o.contact_name, o.contact_reach, o.contact_address, o.handing, o.zone, o.seen_total_minor, o.coupon,
    o.seen_tax_minor, o.card_code, o.card_seen_minor";

/// Somebody's orders that have not ended, and those of which money is on its way back, the oldest first.
pub(super) fn open(tx: &mut dyn Tx, whose: &str) -> Result<Vec<Open>, StoreError> {
    let sql = format!(
        "select {OPENED}, {BUYER} from own_order o
         where o.whose = $1 and (o.state in {OPEN}
           or o.order_id in (select order_id from own_refund where state in (1, 2))
           or exists (select 1 from buyer_return r where r.order_id = o.order_id and r.state = {ASKED}))
         order by o.at_ms, o.order_id"
    );
    opened(tx, &sql, params![whose])
}

/// Those of these that ended: something may have become of their money since.
pub(super) fn ended(tx: &mut dyn Tx, whose: &str, orders: &[OrderId]) -> Result<Vec<Open>, StoreError> {
    let mut all = Vec::new();
    for order in orders {
        let sql = format!(
            "select {OPENED}, {BUYER} from own_order o
             where o.order_id = $1 and o.whose = $2 and not o.state in {OPEN} and o.is_tried = 1"
        );
        all.extend(opened(tx, &sql, params![order, whose])?);
    }
    Ok(all)
}

fn opened(tx: &mut dyn Tx, sql: &str, with: &[Param<'_>]) -> Result<Vec<Open>, StoreError> {
    let rows = tx.query(sql, with)?;
    let open = |row: &Row| {
        Ok(Open {
            order: OrderId(row.id(0)?),
            stall: LogId(row.id(1)?),
            state: state(row, 2)?,
            is_tried: row.bool(3)?,
            cancel_asked: row.bool(4)?,
            note: row.text(5)?.into(),
            pay: PayWay::from_number(row.number(6)?)
                .map(|way| Ok::<_, StoreError>(PayChoice { way, phone: row.text(7)?.into() }))
                .transpose()?,
            pay_state: pay_state(row.number(8)?),
            how: Brought {
                contact: contact(row, 9)?,
                handing: handing(row, 12)?,
                zone: row.text(13)?.into(),
                seen_total_minor: row.int_opt(14)?,
                seen_tax_minor: row.int_opt(16)?,
                coupon: row.text(15)?.into(),
                card: row.text(17)?.into(),
                seen_card_minor: row.int_opt(18)?,
            },
            buyer: by_whom::buyer(row, 19)?,
        })
    };
    rows.iter().map(open).collect()
}

/// Whom somebody's last order was for. One that is fetched does not make an address forgotten.
pub(super) fn last_contact(tx: &mut dyn Tx, whose: &str) -> Result<Option<ContactView>, StoreError> {
    let mut last = |needed: &str| {
        let sql = format!(
            "select contact_name, contact_reach, contact_address from own_order
             where whose = $1 and {needed} <> '' order by at_ms desc, order_id limit 1"
        );
        tx.query_opt(&sql, params![whose])?.map(|row| contact(&row, 0)).transpose()
    };
    let Some(mut found) = last("contact_name || contact_reach || contact_address")? else { return Ok(None) };
    if found.address.is_empty() {
        found.address = last("contact_address")?.map(|last| last.address).unwrap_or_default();
    }
    Ok(Some(found))
}

/// It is about to be sent: from now on only the server knows what became of it.
pub(super) fn set_tried(tx: &mut dyn Tx, order: OrderId) -> Result<(), StoreError> {
    tx.execute("update own_order set is_tried = 1 where order_id = $1", params![order])?;
    Ok(())
}

/// What was never sent is cancelled by saying so; the rest when the server agrees.
pub(super) fn ask_cancel(tx: &mut dyn Tx, order: OrderId) -> Result<(), StoreError> {
    tx.execute("update own_order set cancel_asked = 1 where order_id = $1", params![order])?;
    tx.execute(
        "update own_order set state = $2, card_code = '', card_pays_minor = 0
         where order_id = $1 and state = $3 and is_tried = 0",
        params![order, number(OwnOrderState::Cancelled), number(OwnOrderState::Saved)],
    )?;
    Ok(())
}

/// It goes on as if nobody had asked.
pub(super) fn cancel_refused(tx: &mut dyn Tx, order: OrderId) -> Result<(), StoreError> {
    tx.execute("update own_order set cancel_asked = 0 where order_id = $1", params![order])?;
    Ok(())
}

pub(super) fn set_cancelled(tx: &mut dyn Tx, order: OrderId) -> Result<(), StoreError> {
    tx.execute(
        "update own_order set state = $2, because = '', card_code = '', card_pays_minor = 0 where order_id = $1",
        params![order, number(OwnOrderState::Cancelled)],
    )?;
    Ok(())
}

/// What its gift card pays, as the server says. Whoever holds the device later finds no code: the server has it now.
pub(super) fn card_became(tx: &mut dyn Tx, order: OrderId, card: CardNow) -> Result<bool, StoreError> {
    let CardNow { pays_minor, back_minor } = card;
    let changed = tx.execute(
        "update own_order set card_code = '', card_pays_minor = $2, card_back_minor = $3
         where order_id = $1 and (card_code <> '' or card_pays_minor <> $2 or card_back_minor <> $3)",
        params![order, pays_minor, back_minor],
    )?;
    Ok(changed > 0)
}

/// The code of the gift card of what somebody has to confirm again at a stall; empty without one.
pub(super) fn card_to_reconfirm(tx: &mut dyn Tx, whose: &str, stall: LogId) -> Result<String, StoreError> {
    to_reconfirm(tx, "card_code", (whose, stall))
}

/// The code of what somebody has to confirm again at a stall; empty without one.
pub(super) fn coupon_to_reconfirm(tx: &mut dyn Tx, whose: &str, stall: LogId) -> Result<String, StoreError> {
    to_reconfirm(tx, "coupon", (whose, stall))
}

fn to_reconfirm(
    tx: &mut dyn Tx,
    column: &'static str,
    (whose, stall): (&str, LogId),
) -> Result<String, StoreError> {
    let sql = format!(
        "select {column} from own_order where whose = $1 and stall = $2 and state = $3
         order by at_ms desc limit 1"
    );
    let row = tx.query_opt(&sql, params![whose, stall, number(OwnOrderState::Reconfirm)])?;
    row.map_or(Ok(String::new()), |row| row.text(0).map(str::to_owned))
}

/// What has to be confirmed again and is in the basket is confirmed by ordering that.
pub(super) fn forget_reconfirm(tx: &mut dyn Tx, whose: &str, stall: LogId) -> Result<(), StoreError> {
    let rows = tx.query(
        "select order_id from own_order o where whose = $1 and stall = $2 and state = $3 and exists (
           select 1 from own_order_line l join basket_line b on b.product = l.product
           where l.order_id = o.order_id and b.whose = $1 and b.stall = $2)",
        params![whose, stall, number(OwnOrderState::Reconfirm)],
    )?;
    for row in &rows {
        let order = OrderId(row.id(0)?);
        tx.execute("delete from own_order_tax where order_id = $1", params![order])?;
        tx.execute("delete from own_order_line where order_id = $1", params![order])?;
        tx.execute("delete from own_order where order_id = $1", params![order])?;
    }
    Ok(())
}

fn handing(row: &Row, column: usize) -> Result<Handing, StoreError> {
    Ok(Handing::from_number(row.number(column)?).unwrap_or(Handing::Pickup))
}

/// Three columns from this one on.
fn contact(row: &Row, column: usize) -> Result<ContactView, StoreError> {
    let text = |place: usize| row.text(column + place).map(str::to_owned);
    Ok(ContactView { name: text(0)?, reach: text(1)?, address: text(2)? })
}

fn payment(tx: &mut dyn Tx, order: OrderId, row: &Row) -> Result<Option<OwnPayment>, StoreError> {
    let way = PayWay::from_number(row.number(11)?);
    let state = pay_state(row.number(12)?);
    let page = row.text(13)?;
    let transfer = match way {
        Some(PayWay::Transfer) => transfer(tx, order)?,
        Some(PayWay::Card | PayWay::Phone) | None => None,
    };
    Ok(way.zip(state).map(|(way, state)| OwnPayment { way, state, page: page.into(), transfer }))
}

fn transfer(tx: &mut dyn Tx, order: OrderId) -> Result<Option<TransferView>, StoreError> {
    let row = tx.query_opt(
        "select holder, number, bank, amount_minor, until_ms from own_transfer where order_id = $1",
        params![order],
    )?;
    let view = |row: Row| {
        let text = |column| row.text(column).map(str::to_owned);
        let to = BankAccount { holder: text(0)?, number: text(1)?, bank: text(2)? };
        Ok(TransferView::of(order, &to, row.int(3)?, row.int(4)?))
    };
    row.map(view).transpose()
}

/// Where the server says the money goes: once, with the order.
fn keep_transfer(tx: &mut dyn Tx, order: OrderId, known: &OrderNow) -> Result<(), StoreError> {
    let Some(to) = &known.transfer else { return Ok(()) };
    tx.execute(
        "insert into own_transfer (order_id, holder, number, bank, amount_minor, until_ms)
         values ($1, $2, $3, $4, $5, $6) on conflict (order_id) do nothing",
        params![order, to.holder, to.number, to.bank, to.amount_minor, to.until_ms],
    )?;
    Ok(())
}

const REFUND_STATES: &[(OwnRefundState, u8)] = &[
    (OwnRefundState::OnItsWay, 1),
    (OwnRefundState::ToFetch, 2),
    (OwnRefundState::Back, 3),
    (OwnRefundState::Refused, 4),
];

pub(super) fn refunds(tx: &mut dyn Tx, order: OrderId) -> Result<Vec<OwnRefund>, StoreError> {
    let rows = tx.query(
        "select amount_minor, state, reason, at_ms from own_refund where order_id = $1 order by place",
        params![order],
    )?;
    let refund = |row: &Row| {
        let number: u8 = row.number(1)?;
        let state = REFUND_STATES.iter().find(|(_, known)| *known == number);
        let state = state.map_or(OwnRefundState::OnItsWay, |(state, _)| *state);
        Ok(OwnRefund { amount_minor: row.int(0)?, state, reason: row.text(2)?.into(), at_ms: row.int(3)? })
    };
    rows.iter().map(refund).collect()
}

/// What the server says goes back in parts. Says whether that is something else now.
pub(super) fn goes_back(tx: &mut dyn Tx, order: OrderId, known: &OrderNow) -> Result<bool, StoreError> {
    if refunds(tx, order)? == known.refunds {
        return Ok(false);
    }
    tx.execute("delete from own_refund where order_id = $1", params![order])?;
    for (place, refund) in known.refunds.iter().enumerate() {
        let number = REFUND_STATES.iter().find(|(state, _)| *state == refund.state).map_or(0, |(_, it)| *it);
        tx.execute(
            "insert into own_refund (order_id, place, amount_minor, state, reason, at_ms)
             values ($1, $2, $3, $4, $5, $6)",
            params![order, place, refund.amount_minor, number, refund.reason, refund.at_ms],
        )?;
    }
    Ok(true)
}

/// What the server says of the payment. Says whether that is something else now.
pub(super) fn pays(tx: &mut dyn Tx, order: OrderId, known: &OrderNow) -> Result<bool, StoreError> {
    let Some((now_state, page)) = &known.payment else { return Ok(false) };
    keep_transfer(tx, order, known)?;
    let changed = tx.execute(
        "update own_order set pay_state = $2, pay_page = $3
         where order_id = $1 and (pay_state <> $2 or pay_page <> $3)",
        params![order, pay_number(*now_state), page],
    )?;
    Ok(changed > 0)
}

/// Why it was refused or must be confirmed again: a code that the screens have words for, and the server's own for one that they
/// do not know.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Why<'a> {
    pub(super) code: &'a str,
    pub(super) sentence: &'a str,
}

/// The server's word. Says whether the state is another one now.
pub(super) fn became(
    tx: &mut dyn Tx,
    order: OrderId,
    (now_state, why): (OwnOrderState, Why<'_>),
    known: Option<&OrderNow>,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update own_order set state = $2, because = $3, because_said = $4 where order_id = $1 and state <> $2",
        params![order, number(now_state), why.code, why.sentence],
    )?;
    if known.is_none() && now_state != OwnOrderState::Saved {
        // It was not taken: its card paid nothing. Whoever confirms it again types no code, and nobody else finds one.
        let keeps = i64::from(now_state == OwnOrderState::Reconfirm);
        tx.execute(
            "update own_order set card_pays_minor = 0, card_code = case when $2 = 1 then card_code else '' end
             where order_id = $1",
            params![order, keeps],
        )?;
    }
    if let Some(known) = known {
        tx.execute(
            "update own_order set total_minor = $2, reason = $3, delivery_minor = $4, discount_minor = $5, ended = $6
             where order_id = $1",
            params![
                order,
                known.total_minor,
                known.reason,
                known.delivery_minor,
                known.discount_minor,
                known.ended.map_or(0, |ended| ended.number())
            ],
        )?;
        // One that says nothing of taxes knows no such lines, and what was worked out here stays.
        if let Some(said) = &known.taxes {
            keep_taxes(tx, order, said)?;
        }
        for (place, line) in known.lines.iter().enumerate() {
            let LineNow { product, name, quantity, total_minor } = line;
            tx.execute(
                "insert into own_order_line (order_id, place, product, name, unit, quantity, seen_minor, total_minor)
                 values ($1, $2, $3, $4, coalesce((select unit from own_order_line l
                   where l.order_id = $1 and l.product = $3 limit 1), $7), $5, 0, $6)
                 on conflict (order_id, place) do update
                 set quantity = excluded.quantity, total_minor = excluded.total_minor",
                params![order, place, product, name, quantity, total_minor, Unit::Piece.number()],
            )?;
        }
    }
    Ok(changed > 0)
}

/// What the server named of it costs this buyer what it usually costs.
pub(super) fn at_usual_price(tx: &mut dyn Tx, open: &Open, said: &str) -> Result<(), StoreError> {
    for (product, ..) in wishes(tx, open.order)? {
        if said.contains(&product.to_string()) {
            tx.execute(
                "update basket_line set is_usual = 1 where whose = $1 and stall = $2 and product = $3",
                params![open.buyer.whose, open.stall, product],
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_server_decides_about_is_asked_about() {
        for (state, number) in STATES {
            let is_listed = OPEN.trim_matches(['(', ')']).split(", ").any(|open| open == number.to_string());
            assert_eq!(is_listed, *state == OwnOrderState::Saved || state.is_under_way(), "{state:?}");
        }
    }
}
