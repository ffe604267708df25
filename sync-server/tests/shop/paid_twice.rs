//! One open order that two registers took money for, apart from each other: both sales are facts, and a person hears of it once.

use soko_domain::basket::TenderKind;
use soko_domain::entry::{Entry, IncidentKind, SaleMade, ShiftOpened, Standing, TabPaid, TabSpan};
use soko_domain::ids::{OrderId, SaleId, ShiftId, ThingId};
use soko_record_log::{StoreError, params};

use crate::common::shop::{Register, STALL, Shop, core, exchange, sale, stores};

const TAB: OrderId = OrderId([0x60; 16]);

/// About how much money each incident of this kind is.
async fn told(shop: &Shop) -> Vec<i64> {
    let read = shop.server.store.store.read(|tx| {
        let kind = i64::from(IncidentKind::PaidTwice.number());
        let sql = "select quantity from incident where log = $1 and kind = $2 order by seq";
        let rows = tx.query(sql, params![STALL, kind])?;
        rows.iter().map(|row| row.int(0)).collect::<Result<Vec<i64>, StoreError>>()
    });
    read.await.map_err(StoreError::from).unwrap()
}

/// A register takes money for units of a line of the order; none of a program that does not say which.
async fn pay(shop: &Shop, register: &mut Register, number: u8, units: Option<(u8, i64, i64)>) {
    let (id, shift) = (SaleId([number; 16]), ShiftId([number; 16]));
    let quantity = units.map_or(1, |(_, from, upto)| upto - from);
    let made = sale(id, shift, quantity, (TenderKind::Cash, Standing::Settled));
    let word = units.map(|(line, from, upto)| {
        let spans = vec![TabSpan { line: ThingId([line; 16]), from, upto }];
        Entry::from(TabPaid { sale: id, tab: TAB, spans })
    });
    let entries = [Some(ShiftOpened { shift, float_minor: 0 }.into()), word]
        .into_iter()
        .flatten()
        .chain([Entry::from(SaleMade { tab: Some(TAB), ..made })]);
    register.device.write(entries, shop.server.app.now_ms()).unwrap();
    exchange(&shop.server, register).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_of_an_open_order_that_two_registers_took_money_for_are_told_once() {
    for store in stores() {
        let shop = Shop::open(store, core(), 20).await;
        let mut one = shop.register(2, "cashier").await;
        let mut two = shop.register(3, "cashier").await;
        pay(&shop, &mut one, 10, Some((1, 0, 2))).await;
        // What was put in meanwhile, on top of these or as a line of its own, is nobody's but theirs who pay it.
        pay(&shop, &mut two, 11, Some((1, 2, 3))).await;
        pay(&shop, &mut two, 12, Some((2, 0, 3))).await;
        assert!(told(&shop).await.is_empty());
        pay(&shop, &mut two, 13, Some((2, 1, 2))).await;
        assert_eq!(told(&shop).await, [450]);
        exchange(&shop.server, &mut one).await;
        exchange(&shop.server, &mut two).await;
        assert_eq!(told(&shop).await, [450], "once");
        pay(&shop, &mut one, 14, Some((3, 0, 5))).await;
        pay(&shop, &mut one, 15, None).await;
        assert_eq!(told(&shop).await, [450, 450], "who does not say what of means all of it");
    }
}
