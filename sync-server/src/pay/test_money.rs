//! Money for trying: a provider of this server's own, behind the same trait as the others. It moves nothing and says so
//! wherever a buyer meets it. By card there is a page with two buttons; a telephone says yes by itself at the second look,
//! and no if its number ends in 0.

use axum::http::HeaderMap;
use soko_checkout::{Answer, Back, Call, Due, Object, Stage, Status};
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::money::Currency;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::pay::provider::{Asked, Heard, NotHeard, Promised, Provider};
use crate::store::{Shard, Store};

/// Looks that a telephone takes to answer.
const LOOKS_OF_A_PHONE: i64 = 2;

/// What the page shows of one payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TestPayment {
    pub(crate) stall: LogId,
    pub(crate) due_minor: i64,
    pub(crate) currency: Currency,
    pub(crate) is_pending: bool,
    pub(crate) back: String,
}

pub struct TestMoney {
    store: Store,
    way: PayWay,
}

impl TestMoney {
    pub fn new(store: Store, way: PayWay) -> Self {
        Self { store, way }
    }

    async fn answer(&self, asked: &Asked) -> Result<Answer, StoreError> {
        let asked = asked.clone();
        let way = self.way;
        let shard = Shard::stall(asked.stall);
        let done = self.store.write(shard, move |tx| serve(tx, way, &asked)).await;
        done.map_err(StoreError::from)
    }
}

impl Provider for TestMoney {
    fn name(&self) -> &'static str {
        match self.way {
            PayWay::Card => "test-card",
            PayWay::Phone => "test-phone",
            PayWay::Transfer => "test-transfer",
        }
    }

    fn way(&self) -> PayWay {
        self.way
    }

    fn is_test(&self) -> bool {
        true
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn account(&self, stall: LogId) -> String {
        stall.to_string()
    }

    fn ask<'a>(&'a self, asked: &'a Asked) -> Promised<'a, Answer> {
        Box::pin(async move { self.answer(asked).await.unwrap_or(Answer::Unknown) })
    }

    fn is_there(&self, _: i64) -> Promised<'_, bool> {
        Box::pin(std::future::ready(true))
    }

    fn heard<'a>(&'a self, _: &'a HeaderMap, _: &'a [u8], _: i64) -> Promised<'a, Result<Heard, NotHeard>> {
        Box::pin(std::future::ready(Err(NotHeard::Never)))
    }
}

fn serve(tx: &mut dyn Tx, way: PayWay, asked: &Asked) -> Result<Answer, StoreError> {
    let due = &asked.payment.due;
    if asked.call == Call::Ask {
        let is_no_number = way == PayWay::Phone && !asked.phone.bytes().any(|byte| byte.is_ascii_digit());
        if is_no_number {
            return Ok(Answer::Refused("no such number".into()));
        }
        tx.execute(
            "insert into test_money (order_id, log, way, amount_minor, currency, status, back, looked)
             values ($1, $2, $3, $4, $5, $6, $7, 0) on conflict (order_id) do nothing",
            params![
                due.order,
                asked.stall,
                way.number(),
                due.amount_minor,
                due.currency.code(),
                Status::Pending.number(),
                asked.back
            ],
        )?;
    }
    if let (Call::RefundPart, Some(part)) = (asked.call, &asked.part) {
        tx.execute(
            "insert into test_money_part (order_id, refund, amount_minor) values ($1, $2, $3)
             on conflict (order_id, refund) do nothing",
            params![due.order, part.refund, part.amount_minor],
        )?;
    }
    let Some((row, status)) = find(tx, due.order)? else { return Ok(Answer::Nothing) };
    let looked = row.int(5)?;
    let next = match (asked.call, status) {
        (Call::LookUp, Status::Pending) if way == PayWay::Phone && looked + 1 >= LOOKS_OF_A_PHONE => {
            if asked.phone.ends_with('0') { Status::Dead } else { Status::Captured }
        }
        (Call::Capture, Status::Authorised) => Status::Captured,
        (Call::Void, Status::Pending | Status::Authorised) => Status::Dead,
        (Call::Refund, Status::Captured) => Status::Refunded,
        _ => status,
    };
    tx.execute(
        "update test_money set status = $2, looked = looked + 1 where order_id = $1",
        params![due.order, next.number()],
    )?;
    let parts = tx.query("select refund from test_money_part where order_id = $1", params![due.order])?;
    let parts = parts.iter().map(|row| Ok((row.id(0)?, Stage::Done))).collect::<Result<_, StoreError>>()?;
    let back = Back { parts, outside_minor: 0 };
    Ok(Answer::Seen(Object { back, ..shown(&row, due.order, next, way)? }))
}

fn find(tx: &mut dyn Tx, order: OrderId) -> Result<Option<(Row, Status)>, StoreError> {
    let row = tx.query_opt(
        "select log, amount_minor, currency, status, back, looked from test_money where order_id = $1",
        params![order],
    )?;
    let Some(row) = row else { return Ok(None) };
    let status = Status::from_number(row.number(3)?);
    let status = status.ok_or_else(|| StoreError::Corrupt("a test payment is in no state".into()))?;
    Ok(Some((row, status)))
}

fn shown(row: &Row, order: OrderId, status: Status, way: PayWay) -> Result<Object, StoreError> {
    let stall: LogId = row.id(0)?;
    let currency = currency(row)?;
    let back = row.text(4)?;
    // The page is where the buyer's browser reaches this server.
    let origin = back.find("/my-orders/").and_then(|end| back.get(..end)).unwrap_or_default();
    let page = format!("{origin}/v1/test-money/{order}");
    Ok(Object {
        id: format!("test-{order}"),
        status,
        due: Due { order, account: stall.to_string(), amount_minor: row.int(1)?, currency },
        page: (way == PayWay::Card).then_some(page),
        back: Back::default(),
    })
}

fn currency(row: &Row) -> Result<Currency, StoreError> {
    let currency = Currency::parse(row.text(2)?);
    currency.ok_or_else(|| StoreError::Corrupt("a test payment has no currency".into()))
}

/// What the page shows.
pub(crate) fn page_of(tx: &mut dyn Tx, order: OrderId) -> Result<Option<TestPayment>, StoreError> {
    let Some((row, status)) = find(tx, order)? else { return Ok(None) };
    Ok(Some(TestPayment {
        stall: row.id(0)?,
        due_minor: row.int(1)?,
        currency: currency(&row)?,
        is_pending: status == Status::Pending,
        back: row.text(4)?.into(),
    }))
}

/// The buyer presses one of the two buttons; only the first press counts.
pub(crate) fn press(tx: &mut dyn Tx, order: OrderId, is_yes: bool) -> Result<(), StoreError> {
    let status = if is_yes { Status::Authorised } else { Status::Dead };
    tx.execute(
        "update test_money set status = $2 where order_id = $1 and status = $3",
        params![order, status.number(), Status::Pending.number()],
    )?;
    Ok(())
}
