//! Something else in place of a line: offered with units that are held for it, and answered once, by the order's buyer alone.

use axum::http::{Method, StatusCode};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use soko_documents::{DocumentKind, Product, Typed as _};
use soko_domain::entry::{
    BackWay, Entry, Instead, OrderHandedOver, OrderRefundAsked, OrderStep, OrderStepped, OrderSwapAsked,
    OrderSwapWithdrawn, ReceivedLine,
};
use soko_domain::ids::{OrderId, ProductId, ShareId, ThingId};
use soko_domain::verbs::receive_stock::{self, ReceiveStock};
use soko_domain::verbs::return_share::{self, ReturnShare};

use crate::common::TestStore;
use crate::common::hostile::Speaks;
use crate::common::server::Answer;
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret, stores};
use crate::frozen::{confirm, freeze};
use crate::paying::{ORDER, World};

const COFFEE: ProductId = ProductId([0xc0; 16]);
const AT_MS: i64 = 1_790_000_000_000;

/// A shop that may promise ten teas of 4.50 and four coffees of 6.00, and a guest's order of three teas.
async fn shop(store: TestStore) -> Shop {
    let mut shop = Shop::open(store, core(), 10).await;
    let device = &mut shop.register.device;
    let coffee =
        Product { name: "Coffee".into(), price_minor: 600, currency: "EUR".into(), ..Product::default() };
    device.edit((ThingId(COFFEE.0), DocumentKind::Product), &coffee.edits(), AT_MS).unwrap();
    let line = ReceivedLine { product: COFFEE, quantity: 8, cost_minor: None };
    let command = ReceiveStock { delivery: ThingId([5; 16]), lines: vec![line], note: String::new() };
    device.write(receive_stock::decide(&command).unwrap(), AT_MS).unwrap();
    let facts = return_share::Facts { frozen: false, own_share: 8 };
    let command = ReturnShare { share: ShareId([6; 16]), product: COFFEE, quantity: 4, recall: None };
    device.write(return_share::decide(&facts, &command).unwrap(), AT_MS).unwrap();
    shop.exchange().await;
    shop.order(1, 1, 3).send().await.expect(StatusCode::CREATED);
    shop
}

fn order(number: u8) -> OrderId {
    OrderId::from_hex(&id(number)).unwrap()
}

fn asks(swap: u8, instead: Option<(ProductId, i64)>) -> Entry {
    let instead = instead.map(|(product, quantity)| Instead { product, quantity });
    OrderSwapAsked { swap: ThingId([swap; 16]), order: order(1), line: 0, instead }.into()
}

async fn says(shop: &mut Shop, entries: Vec<Entry>) {
    shop.register.device.write(entries, AT_MS).unwrap();
    shop.exchange().await;
}

async fn seen(shop: &Shop) -> Value {
    let path = format!("{}/{}", orders(), id(1));
    let answer = shop.server.get(&path).header("soko-buyer", &secret(1)).send().await;
    answer.expect(StatusCode::OK).json()
}

async fn answers(shop: &Shop, guest: u8, swap: u8, take: bool) -> Answer {
    let path = format!("{}/{}/swaps/{}/answer", orders(), id(1), id(swap));
    shop.server.post(&path, &json!({"take": take})).header("soko-buyer", &secret(guest)).send().await
}

async fn left(shop: &Shop, product: ProductId) -> i64 {
    let answer = shop.server.get(&format!("/v1/stalls/{STALL}/products")).send().await;
    let page = answer.expect(StatusCode::OK).json();
    let mut products = page["products"].as_array().unwrap().iter();
    let found = products.find(|it| it["product"] == product.to_string()).unwrap();
    found["available"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_buyer_takes_stands_on_the_order_and_is_held_for_it() {
    for store in stores() {
        let mut shop = shop(store).await;
        says(&mut shop, vec![asks(50, Some((COFFEE, 2)))]).await;
        let offered = seen(&shop).await;
        let [swap] = offered["swaps"].as_array().unwrap().as_slice() else { panic!("{offered}") };
        assert_eq!((swap["state"].as_str(), swap["delta_minor"].as_i64()), (Some("offered"), Some(-150)));
        assert_eq!(
            (swap["into"]["name"].as_str(), offered["total_minor"].as_i64()),
            (Some("Coffee"), Some(1350))
        );
        assert_eq!((left(&shop, TEA).await, left(&shop, COFFEE).await), (7, 2), "nobody else is promised it");

        // Another guest does not learn of the order, and the stall does not answer for its buyer.
        answers(&shop, 2, 50, true).await.refused(StatusCode::NOT_FOUND, "no_such_order");
        let path = format!("{}/{}/swaps/{}/answer", orders(), id(1), id(50));
        let of_owner = shop.server.post(&path, &json!({"take": true})).bearer(&shop.owner).send().await;
        of_owner.refused(StatusCode::CONFLICT, "unknown_order");
        answers(&shop, 1, 51, true).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "swap_unknown");

        for _ in 0..3 {
            let taken = answers(&shop, 1, 50, true).await.expect(StatusCode::OK).json();
            assert_eq!(
                (taken["total_minor"].as_i64(), taken["lines"][0]["quantity"].as_i64()),
                (Some(1200), Some(0))
            );
            assert_eq!(taken["lines"][1]["quantity"], 2);
        }
        answers(&shop, 1, 50, false).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "swap_over");
        // Whoever asks for the order once more gets the first answer.
        let again = shop.order(1, 1, 3).send().await.expect(StatusCode::CREATED).json();
        assert_eq!(
            (again["total_minor"].as_i64(), again["lines"][0]["quantity"].as_i64()),
            (Some(1350), Some(3))
        );
        // What was missing is promised to nobody.
        assert_eq!((left(&shop, TEA).await, left(&shop, COFFEE).await), (7, 2));
        says(&mut shop, vec![OrderHandedOver { order: order(1), taken: None }.into()]).await;
        assert_eq!(seen(&shop).await["state"], "fulfilled");
        assert_eq!((left(&shop, TEA).await, left(&shop, COFFEE).await), (7, 2));
        // Nobody says what they think of goods that they never had.
        for (product, expected) in [(TEA, StatusCode::CONFLICT), (COFFEE, StatusCode::CREATED)] {
            let path = format!("{}/{}/reviews/{product}", orders(), id(1));
            let said = shop.server.put(&path, &json!({"stars": 4})).header("soko-buyer", &secret(1));
            said.send().await.expect(expected);
        }
    }
}

/// In the life that is forgotten the goods may be gone, and some of their money would go back.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_answered_once_a_restored_server_has_heard_all() {
    for store in stores() {
        let mut shop = shop(store).await;
        says(&mut shop, vec![asks(50, Some((COFFEE, 2)))]).await;
        freeze(&shop).await;
        for take in [true, false] {
            let early = answers(&shop, 1, 50, take).await;
            early.refused(StatusCode::SERVICE_UNAVAILABLE, "stall_frozen");
        }
        for _ in 0..2 {
            shop.exchange().await;
        }
        confirm(&shop).await;
        let taken = answers(&shop, 1, 50, true).await.expect(StatusCode::OK).json();
        assert_eq!(taken["total_minor"], 1200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declined_withdrawn_or_late_leaves_the_order_as_it_was() {
    for store in stores() {
        let mut shop = shop(store).await;
        // More than there is, is not offered, and its buyer hears nothing.
        says(&mut shop, vec![asks(50, Some((COFFEE, 5)))]).await;
        assert_eq!((seen(&shop).await["swaps"].clone(), left(&shop, COFFEE).await), (Value::Null, 4));
        says(&mut shop, vec![asks(51, Some((COFFEE, 4)))]).await;
        assert_eq!(left(&shop, COFFEE).await, 0);
        let declined = answers(&shop, 1, 51, false).await.expect(StatusCode::OK).json();
        assert_eq!((declined["swaps"][0]["end"].as_str(), left(&shop, COFFEE).await), (Some("declined"), 4));
        answers(&shop, 1, 51, true).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "swap_over");

        let withdraw = OrderSwapWithdrawn { swap: ThingId([52; 16]), order: order(1) };
        says(&mut shop, vec![asks(52, Some((COFFEE, 1)))]).await;
        says(&mut shop, vec![withdraw.into()]).await;
        assert_eq!(
            (seen(&shop).await["swaps"][1]["end"].clone(), left(&shop, COFFEE).await),
            ("withdrawn".into(), 4)
        );
        // Asked for and taken back before the server heard of either.
        let withdraw = OrderSwapWithdrawn { swap: ThingId([53; 16]), order: order(1) };
        says(&mut shop, vec![asks(53, Some((COFFEE, 1))), withdraw.into()]).await;
        assert_eq!(left(&shop, COFFEE).await, 4);

        // Handed over by a register that knew of no offer: what was offered is not among the goods.
        says(&mut shop, vec![asks(54, Some((COFFEE, 3)))]).await;
        assert_eq!(left(&shop, COFFEE).await, 1);
        says(&mut shop, vec![OrderHandedOver { order: order(1), taken: None }.into()]).await;
        let over = seen(&shop).await;
        assert_eq!((over["state"].as_str(), over["total_minor"].as_i64()), (Some("fulfilled"), Some(1350)));
        assert_eq!(left(&shop, COFFEE).await, 4);
        answers(&shop, 1, 54, true).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "swap_over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_ready_or_cancelled_is_offered_nothing() {
    for store in stores() {
        let mut shop = shop(store).await;
        says(&mut shop, vec![asks(50, Some((COFFEE, 2)))]).await;
        let path = format!("{}/{}/cancel", orders(), id(1));
        shop.server
            .post(&path, &json!({}))
            .header("soko-buyer", &secret(1))
            .send()
            .await
            .expect(StatusCode::OK);
        assert_eq!(
            (left(&shop, TEA).await, left(&shop, COFFEE).await),
            (10, 4),
            "all of it is the shop's again"
        );
        answers(&shop, 1, 50, true).await.refused(StatusCode::CONFLICT, "order_ended");

        shop.order(1, 2, 1).send().await.expect(StatusCode::CREATED);
        let steps = [OrderStep::Accepted, OrderStep::Packed, OrderStep::Ready];
        let steps = steps.map(|step| OrderStepped { order: order(2), step }.into());
        says(&mut shop, steps.to_vec()).await;
        let late = OrderSwapAsked { swap: ThingId([51; 16]), order: order(2), line: 0, instead: None };
        says(&mut shop, vec![late.into()]).await;
        assert_eq!(left(&shop, TEA).await, 9);
    }
}

/// Yes and no at the same moment: one of them counts, and units and total agree with it.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_answers_at_once_one_counts() {
    for store in stores() {
        let mut shop = shop(store).await;
        says(&mut shop, vec![asks(50, Some((COFFEE, 2)))]).await;
        let all = [true, false, true, false, true, false].map(|take| answers(&shop, 1, 50, take));
        let codes: Vec<bool> = futures_util::future::join_all(all)
            .await
            .iter()
            .map(|answer| answer.status.is_success())
            .collect();
        assert_eq!(codes.iter().filter(|is_ok| **is_ok).count(), 3, "{codes:?}");
        let order = seen(&shop).await;
        let wanted = if codes[0] { (Some("taken"), Some(1200), 2) } else { (Some("ended"), Some(1350), 4) };
        let swap = &order["swaps"][0];
        assert_eq!(
            (swap["state"].as_str(), order["total_minor"].as_i64(), left(&shop, COFFEE).await),
            wanted
        );
    }
}

/// Who has paid gets the difference back the way it was paid, once.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_cheaper_than_what_was_paid_goes_back_in_part() {
    for store in stores() {
        let mut world = World::waiting((store, Speaks::Stripe)).await;
        let less = OrderSwapAsked {
            swap: ThingId([50; 16]),
            order: order(ORDER),
            line: 0,
            instead: Some(Instead { product: TEA, quantity: 2 }),
        };
        // As long as it waits for its payment, nothing is offered.
        let early = OrderSwapAsked { swap: ThingId([49; 16]), ..less.clone() };
        world.register_says(vec![early.into()]).await;
        assert_eq!(world.seen().await["swaps"], Value::Null);
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        world.register_says(vec![less.into()]).await;
        let path = format!("{}/{}/swaps/{}/answer", orders(), id(ORDER), id(50));
        for _ in 0..2 {
            let asked = world.shop.server.post(&path, &json!({"take": true}));
            let taken = asked.header("soko-buyer", &secret(1)).send().await.expect(StatusCode::OK).json();
            assert_eq!(taken["total_minor"], 900);
        }
        world.rests().await;
        assert_eq!(world.returned(), (1, 450));
        assert_eq!(world.seen().await["refunds"][0]["state"], "back");
        assert!(world.incidents().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_buyer_hears_at_once_what_is_offered() {
    for store in stores() {
        let mut shop = shop(store).await;
        let path = format!("/v1/orders/stream?orders={STALL}.{}", id(1));
        let response = shop.server.get(&path).header("soko-buyer", &secret(1)).raw().await;
        let mut words = response.into_body().into_data_stream();
        says(&mut shop, vec![asks(50, Some((COFFEE, 2)))]).await;
        let word = String::from_utf8(words.next().await.unwrap().unwrap().to_vec()).unwrap();
        assert!(word.contains(&id(1)), "{word}");
        shop.server.app.begin_closing();
    }
}

/// What went back of the money before the buyer agreed does not go back again.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_goes_back_than_is_left_of_what_was_paid() {
    for store in stores() {
        let mut world = World::waiting((store, Speaks::Stripe)).await;
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        let left_out =
            OrderSwapAsked { swap: ThingId([50; 16]), order: order(ORDER), line: 0, instead: None };
        let part = OrderRefundAsked {
            refund: ThingId([51; 16]),
            order: order(ORDER),
            lines: vec![],
            amount_minor: 1_000,
            way: BackWay::AsPaid,
            reason: "late".into(),
        };
        world.register_says(vec![left_out.into(), part.into()]).await;
        let path = format!("{}/{}/swaps/{}/answer", orders(), id(ORDER), id(50));
        let asked = world.shop.server.post(&path, &json!({"take": true}));
        asked.header("soko-buyer", &secret(1)).send().await.expect(StatusCode::OK);
        world.rests().await;
        assert_eq!(world.returned(), (2, 1_350));
        let shown = world.seen().await;
        let parts: Vec<&Value> = shown["refunds"].as_array().unwrap().iter().collect();
        assert!(parts.iter().all(|part| part["state"] == "back"), "{shown}");
        assert!(world.incidents().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ordered_as_a_guest_and_has_an_account_now_answers_with_it() {
    for store in stores() {
        let mut shop = shop(store).await;
        says(&mut shop, vec![asks(50, Some((COFFEE, 2)))]).await;
        let amina = shop.server.person("amina@example.org").await;
        let path = format!("{}/{}/swaps/{}/answer", orders(), id(1), id(50));
        let take = || shop.server.post(&path, &json!({"take": true})).bearer(&amina).send();
        take().await.refused(StatusCode::NOT_FOUND, "no_such_order");
        let was =
            shop.server.ask(Method::POST, "/v1/me/guest").bearer(&amina).header("soko-buyer", &secret(1));
        was.send().await.expect(StatusCode::NO_CONTENT);
        let taken = take().await.expect(StatusCode::OK).json();
        assert_eq!(taken["total_minor"], 1200);
    }
}
