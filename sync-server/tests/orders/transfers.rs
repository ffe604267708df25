//! Orders that are paid to the stall's own account: told where to, seen to come by registers, ended by the clock, and sent back by hand.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_documents::{DocumentKind, Edit, Field};
use soko_domain::entry::{
    Entry, IncidentKind, OrderBackAsked, OrderCancelAsked, OrderHandedOver, OrderSentBack, OrderTransferCame,
};
use soko_domain::ids::{OrderId, ThingId};
use soko_domain::transfer::reference;
use soko_projection::order_refunds;
use soko_record_log::{StoreError, params};
use soko_sync_server::pay::lapse;

use crate::common::TestStore;
use crate::common::server::Answer;
use crate::common::shop::{Register, STALL, Shop, TEA, core, exchange, id, orders, secret, stores};

const AT_MS: i64 = 1_790_000_000_000;
const DAY_MS: i64 = 24 * 3_600_000;
const TERMS: &str = "holder Tea House\nnumber DE89370400440532013000\nbank COBADEFFXXX\ndays 2";
const UNITS: i64 = 5;
/// Three teas.
const DUE_MINOR: i64 = 1_350;

/// A shop with an account.
pub(crate) async fn shop(store: TestStore) -> Shop {
    let mut shop = Shop::open(store, core(), UNITS).await;
    says_terms(&mut shop, TERMS).await;
    shop
}

pub(crate) async fn says_terms(shop: &mut Shop, terms: &str) {
    let edit = Edit::SetText { field: Field::TransferTerms, text: terms.into() };
    shop.register.device.edit((ThingId(STALL.0), DocumentKind::Stall), &[edit], AT_MS).unwrap();
    shop.exchange().await;
}

fn order(number: u8) -> OrderId {
    OrderId::from_hex(&id(number)).unwrap()
}

pub(crate) async fn orders_tea(shop: &Shop, number: u8) -> Answer {
    let lines = [json!({"product": TEA.to_string(), "quantity": 3})];
    let body = json!({"order": id(number), "lines": lines, "pay": {"way": "transfer"}});
    shop.server.post(&orders(), &body).header("soko-buyer", &secret(1)).send().await
}

fn came(number: u8, seen: &str) -> Entry {
    OrderTransferCame { order: order(number), amount_minor: DUE_MINOR, reference: seen.into() }.into()
}

async fn says(shop: &mut Shop, entries: Vec<Entry>) {
    shop.register.device.write(entries, AT_MS).unwrap();
    shop.exchange().await;
}

async fn tells(shop: &Shop, register: &mut Register, entries: Vec<Entry>) {
    register.device.write(entries, AT_MS).unwrap();
    exchange(&shop.server, register).await;
}

async fn seen(shop: &Shop, number: u8) -> Value {
    let path = format!("{}/{}", orders(), id(number));
    let answer = shop.server.get(&path).header("soko-buyer", &secret(1)).send().await;
    answer.expect(StatusCode::OK).json()
}

/// State of the order, and of its payment.
async fn standing(shop: &Shop, number: u8) -> (String, String) {
    let seen = seen(shop, number).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&seen["state"]), text(&seen["payment"]["state"]))
}

fn both(state: &str, payment: &str) -> (String, String) {
    (state.into(), payment.into())
}

async fn incidents(shop: &Shop) -> Vec<i64> {
    let read = shop.server.store.store.read(|tx| {
        let rows = tx.query("select kind from incident where log = $1 order by kind", params![STALL])?;
        rows.iter().map(|row| row.int(0)).collect::<Result<Vec<i64>, StoreError>>()
    });
    read.await.map_err(StoreError::from).unwrap()
}

/// What is to be sent back, and how much.
async fn owed(shop: &Shop, number: u8) -> Vec<(ThingId, i64)> {
    let order = order(number);
    let read = shop.server.store.store.read(move |tx| order_refunds::parts(tx, STALL, order)).await;
    let parts = read.map_err(StoreError::from).unwrap();
    parts.into_iter().filter(|part| part.counts()).map(|part| (part.refund, part.amount_minor)).collect()
}

fn number(kind: IncidentKind) -> i64 {
    kind.number().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_is_told_where_to_send_it_and_the_stall_says_that_it_came() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), UNITS).await;
        let ways = format!("/v1/stalls/{STALL}/ways-to-pay");
        let none = shop.server.get(&ways).send().await.expect(StatusCode::OK).json();
        assert_eq!(none["ways"], json!([]), "nobody offers it without an account");
        orders_tea(&shop, 1).await.refused(StatusCode::CONFLICT, "way_not_taken");
        says_terms(&mut shop, "holder Tea House\nnumber DE88370400440532013000\ndays 2").await;
        assert_eq!(shop.server.get(&ways).send().await.json()["ways"], json!([]), "nor with a wrong one");
        says_terms(&mut shop, TERMS).await;
        let offered = shop.server.get(&ways).send().await.expect(StatusCode::OK).json();
        assert_eq!(offered["ways"], json!([{"way": "transfer", "is_test": false}]));

        let now_ms = shop.server.app.now_ms();
        let placed = orders_tea(&shop, 2).await.expect(StatusCode::CREATED).json();
        let told = json!({
            "holder": "Tea House",
            "number": "DE89370400440532013000",
            "bank": "COBADEFFXXX",
            "amount_minor": DUE_MINOR,
            "reference": reference(order(2)),
            "until_ms": now_ms + 2 * DAY_MS,
        });
        assert_eq!(
            placed["payment"],
            json!({"way": "transfer", "state": "waiting", "page": "", "transfer": told})
        );
        assert_eq!(shop.available().await, UNITS - 3);
        // Another account is for the next order.
        says_terms(&mut shop, "holder Tea House\nnumber 12345\ndays 9").await;
        assert_eq!(orders_tea(&shop, 2).await.expect(StatusCode::CREATED).json(), placed);
        assert_eq!(seen(&shop, 2).await["payment"], placed["payment"]);

        let fulfil = format!("{}/{}/fulfil", orders(), id(2));
        let early = shop.server.ask(Method::POST, &fulfil).bearer(&shop.owner).send().await;
        early.refused(StatusCode::CONFLICT, "transfer_awaited");
        says(&mut shop, vec![came(2, "FT 1")]).await;
        assert_eq!(standing(&shop, 2).await, both("held", "paid"));
        shop.server.clock.advance_ms(3 * DAY_MS);
        lapse::once(&shop.server.app).await;
        shop.renew(1).await;
        says(&mut shop, vec![OrderHandedOver { order: order(2), taken: None }.into()]).await;
        assert_eq!(standing(&shop, 2).await, both("fulfilled", "paid"));
        assert_eq!((shop.available().await, incidents(&shop).await), (UNITS - 3, vec![]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_paid_in_time_is_cancelled_and_late_money_is_owed_once() {
    for store in stores() {
        let mut shop = shop(store).await;
        orders_tea(&shop, 1).await.expect(StatusCode::CREATED);
        shop.server.clock.advance_ms(2 * DAY_MS);
        lapse::once(&shop.server.app).await;
        assert_eq!(standing(&shop, 1).await, both("held", "waiting"), "the last moment is in time");
        shop.server.clock.advance_ms(1);
        for _ in 0..2 {
            lapse::once(&shop.server.app).await;
            assert_eq!(standing(&shop, 1).await, both("cancelled", "cancelled"));
            assert_eq!(seen(&shop, 1).await["ended"], "lapsed");
        }
        assert_eq!((shop.available().await, incidents(&shop).await), (UNITS, vec![]));

        // A register without a network had seen the money before it could hear of that; so had another one.
        shop.renew(1).await;
        let mut other = shop.register(2, "cashier").await;
        says(&mut shop, vec![came(1, "FT 1")]).await;
        tells(&shop, &mut other, vec![came(1, "ft-1")]).await;
        assert_eq!(standing(&shop, 1).await, both("cancelled", "returning"));
        assert_eq!(incidents(&shop).await, [number(IncidentKind::TransferToSendBack)]);
        let owed_now = owed(&shop, 1).await;
        let [(refund, DUE_MINOR)] = owed_now.as_slice() else { panic!("{owed_now:?}") };
        let sent = OrderSentBack {
            refund: *refund,
            order: order(1),
            amount_minor: DUE_MINOR,
            reference: String::new(),
        };
        says(&mut shop, vec![sent.clone().into()]).await;
        tells(&shop, &mut other, vec![sent.into()]).await;
        let back = seen(&shop, 1).await;
        assert_eq!(
            (back["payment"]["state"].as_str(), back["refunds"][0]["state"].as_str()),
            (Some("returned"), Some("back"))
        );
        assert_eq!((owed(&shop, 1).await.len(), shop.available().await), (1, UNITS));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_word_about_a_transfer_is_told_unless_it_names_the_same() {
    for store in stores() {
        let mut shop = shop(store).await;
        let mut other = shop.register(2, "cashier").await;
        orders_tea(&shop, 1).await.expect(StatusCode::CREATED);
        says(&mut shop, vec![came(1, "FT 1")]).await;
        tells(&shop, &mut other, vec![came(1, " ft1 ")]).await;
        assert_eq!(incidents(&shop).await, Vec::<i64>::new(), "both saw the same one");
        let mut third = shop.register(3, "cashier").await;
        tells(&shop, &mut third, vec![came(1, "")]).await;
        assert_eq!(incidents(&shop).await, [number(IncidentKind::TransferTwice)]);
        assert_eq!(standing(&shop, 1).await, both("held", "paid"));

        // It is paid once, so it goes back once.
        says(&mut shop, vec![OrderHandedOver { order: order(1), taken: None }.into()]).await;
        let asked = OrderBackAsked { order: order(1), reason: "mould".into() };
        says(&mut shop, vec![asked.clone().into()]).await;
        tells(&shop, &mut other, vec![asked.into()]).await;
        let owed = owed(&shop, 1).await;
        assert_eq!(owed.iter().map(|(_, minor)| *minor).collect::<Vec<_>>(), [DUE_MINOR]);
        let sent = OrderSentBack {
            refund: owed[0].0,
            order: order(1),
            amount_minor: DUE_MINOR,
            reference: String::new(),
        };
        assert_eq!(standing(&shop, 1).await, both("fulfilled", "returning"));
        says(&mut shop, vec![sent.into()]).await;
        assert_eq!(standing(&shop, 1).await, both("fulfilled", "returned"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cancels_what_was_paid_is_owed_the_money_and_the_goods_are_free() {
    for store in stores() {
        let mut shop = shop(store).await;
        // By the buyer, by staff at the server, and by a register.
        for number in [1, 2, 3] {
            orders_tea(&shop, number).await.expect(StatusCode::CREATED);
            says(&mut shop, vec![came(number, "")]).await;
            assert_eq!(shop.available().await, UNITS - 3);
            let path = format!("{}/{}/cancel", orders(), id(number));
            match number {
                1 => drop(
                    shop.server
                        .ask(Method::POST, &path)
                        .header("soko-buyer", &secret(1))
                        .send()
                        .await
                        .expect(StatusCode::OK),
                ),
                2 => drop(
                    shop.server
                        .ask(Method::POST, &path)
                        .bearer(&shop.owner)
                        .send()
                        .await
                        .expect(StatusCode::OK),
                ),
                _ => {
                    says(
                        &mut shop,
                        vec![OrderCancelAsked { order: order(number), reason: "no time".into() }.into()],
                    )
                    .await
                }
            }
            assert_eq!(standing(&shop, number).await, both("cancelled", "returning"));
            assert_eq!(owed(&shop, number).await.len(), 1);
            assert_eq!(incidents(&shop).await.len(), usize::from(number));
            assert_eq!(shop.available().await, UNITS);
        }
        // What was not paid is only cancelled.
        orders_tea(&shop, 4).await.expect(StatusCode::CREATED);
        let path = format!("{}/{}/cancel", orders(), id(4));
        for _ in 0..2 {
            let cancelled =
                shop.server.ask(Method::POST, &path).header("soko-buyer", &secret(1)).send().await;
            cancelled.expect(StatusCode::OK);
        }
        assert_eq!(standing(&shop, 4).await, both("cancelled", "cancelled"));
        assert_eq!((owed(&shop, 4).await.len(), incidents(&shop).await.len()), (0, 3));
    }
}
