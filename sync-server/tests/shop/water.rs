//! Low and high water at the real server: who has less than half of what is expected of it is filled up, whoever has most above that is
//! asked for it, once, and in between nothing moves.

use soko_domain::basket::TenderKind;
use soko_domain::entry::{Entry, ReceivedLine, ShareReturned, ShiftOpened, Standing, StockReceived};
use soko_domain::ids::{AuthorId, SaleId, ShareId, ShiftId, ThingId};
use soko_domain::stock::Account;
use soko_projection::read;
use soko_record_log::{StoreError, params};

use crate::common::shop::{STALL, Shop, TEA, core, sale, stores};

const AT_MS: i64 = 1_795_000_000_000;

/// What the shop may promise, and what the register may.
async fn shares(shop: &Shop) -> (i64, i64) {
    let me = shop.register.device.author();
    let read = shop.server.store.store.read(move |tx| {
        let pool = read::balance(tx, STALL, TEA, Account::Pool)?;
        Ok::<_, StoreError>((pool, read::balance(tx, STALL, TEA, Account::Share(me))?))
    });
    read.await.map_err(StoreError::from).unwrap()
}

/// Who is asked for how much, and has not answered.
async fn recalls(shop: &Shop) -> Vec<(ThingId, AuthorId, i64)> {
    let read = shop.server.store.store.read(|tx| {
        let sql =
            "select recall, author, quantity from recall where log = $1 and answered = 0 order by recall";
        let rows = tx.query(sql, params![STALL])?;
        rows.iter()
            .map(|row| Ok((row.id(0)?, row.id(1)?, row.int(2)?)))
            .collect::<Result<Vec<_>, StoreError>>()
    });
    read.await.map_err(StoreError::from).unwrap()
}

async fn write(shop: &mut Shop, entry: impl Into<Entry>) {
    shop.register.device.write([entry.into()], AT_MS).unwrap();
    shop.exchange().await;
}

async fn sell(shop: &mut Shop, number: u8, units: i64) {
    let paid = (TenderKind::Cash, Standing::Settled);
    write(shop, sale(SaleId([number; 16]), ShiftId([0x5a; 16]), units, paid)).await;
}

async fn receive(shop: &mut Shop, number: u8) {
    let line = ReceivedLine { product: TEA, quantity: 1, cost_minor: None };
    let delivery = ThingId([number; 16]);
    write(shop, StockReceived { delivery, lines: vec![line], note: String::new() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_too_little_is_filled_up_and_who_has_most_is_asked_for_it_once() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 10).await;
        write(&mut shop, ShiftOpened { shift: ShiftId([0x5a; 16]), float_minor: 0 }).await;
        assert_eq!(shares(&shop).await, (10, 10));
        // Six are more than half of the ten that it should have: nothing moves.
        sell(&mut shop, 1, 4).await;
        assert_eq!(shares(&shop).await, (10, 6));
        // Of 13 it should have 8 by now, and 3 are less than half of those: it is filled up from what the shop can spare.
        sell(&mut shop, 2, 3).await;
        assert_eq!((shares(&shop).await, recalls(&shop).await.len()), ((5, 8), 0));

        // The shop is left with one unit, of the four that it should have.
        shop.order(1, 1, 4).send().await.expect(axum::http::StatusCode::CREATED);
        receive(&mut shop, 0x31).await;
        let asked = recalls(&shop).await;
        let [(recall, from, quantity)] = asked[..] else { panic!("{asked:?}") };
        assert_eq!((from, quantity), (shop.register.device.author(), 3));
        assert_eq!(shares(&shop).await, (1, 9), "only who holds units gives them away");
        // Once, however often the register reports until it answers.
        receive(&mut shop, 0x32).await;
        assert_eq!(recalls(&shop).await, asked);

        let share = ShareId([0x41; 16]);
        write(&mut shop, ShareReturned { share, product: TEA, quantity, recall: Some(recall) }).await;
        assert_eq!((shares(&shop).await, recalls(&shop).await), ((4, 7), Vec::new()));
    }
}
