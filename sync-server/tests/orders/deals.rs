//! Another price for a while and for so many: sold to the last unit, once each, in any race.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_documents::{DocumentKind, Edit, Field};
use soko_domain::deal::Deal;
use soko_domain::ids::ThingId;

use crate::common::server::{Answer, Ask, Wanted};
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret, stores};

const USUAL_MINOR: i64 = 450;
const DEAL_MINOR: i64 = 300;
const HOUR_MS: i64 = 3_600_000;

fn deal(shop: &Shop, quantity: i64, each: Option<i64>) -> Deal {
    let now_ms = shop.server.app.now_ms();
    Deal {
        id: ThingId([0xdd; 16]),
        price_minor: DEAL_MINOR,
        price_per: Some(1),
        from_ms: now_ms - HOUR_MS,
        until_ms: now_ms + HOUR_MS,
        quantity,
        each,
    }
}

/// A register says it, and the server hears of it.
pub(crate) async fn said(shop: &mut Shop, deal: &Deal) {
    let edit = Edit::SetText { field: Field::Deal, text: deal.to_string() };
    let at_ms = shop.server.app.now_ms();
    shop.register.device.edit((ThingId(TEA.0), DocumentKind::Product), &[edit], at_ms).unwrap();
    shop.exchange().await;
}

/// An order of whoever signs it, for what they saw.
fn ordered(shop: &Shop, order: u8, (quantity, seen): (i64, Option<i64>)) -> Ask {
    let line = json!({"product": TEA.to_string(), "quantity": quantity, "seen_price_minor": seen});
    shop.server.post(&orders(), &json!({"order": id(order), "lines": [line]}))
}

fn by(guest: u8, ask: Ask) -> Ask {
    ask.header("soko-buyer", &secret(guest))
}

async fn cancelled(shop: &Shop, guest: u8, order: u8) {
    let path = format!("{}/{}/cancel", orders(), id(order));
    by(guest, shop.server.ask(Method::POST, &path)).send().await.expect(StatusCode::OK);
}

/// What everybody is told of the tea: its price, and the deal.
async fn told(shop: &Shop) -> (i64, Value) {
    let answer = shop.server.get(&format!("/v1/stalls/{STALL}/products")).send().await;
    let tea = answer.expect(StatusCode::OK).json()["products"][0].clone();
    (tea["price_minor"].as_i64().unwrap(), tea["deal"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_buyers_exactly_as_many_get_the_deal_as_there_are_and_a_cancelled_one_comes_back() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 100).await;
        let deal = deal(&shop, 5, None);
        said(&mut shop, &deal).await;
        assert_eq!(told(&shop).await.0, DEAL_MINOR);
        let wanted = (1, Some(DEAL_MINOR));
        let race = (1..=50).map(|guest| by(guest, ordered(&shop, guest, wanted)).send());
        let answers: Vec<Answer> = futures_util::future::join_all(race).await;
        let mut won = Vec::new();
        for (guest, answer) in (1..=50).zip(&answers) {
            if answer.status == StatusCode::CREATED {
                assert_eq!(answer.json()["total_minor"], DEAL_MINOR);
                won.push(guest);
            } else {
                answer.refused(StatusCode::CONFLICT, "deal_sold_out");
            }
        }
        assert_eq!((won.len(), shop.available().await), (5, 95));
        let (price_minor, left) = told(&shop).await;
        assert_eq!((price_minor, left["left"].as_i64()), (USUAL_MINOR, Some(0)));

        // Whatever was lost on the way is answered again, and takes nothing.
        let lost = (1..=50).find(|guest| !won.contains(guest)).unwrap();
        for _ in 0..3 {
            by(won[0], ordered(&shop, won[0], wanted)).send().await.expect(StatusCode::CREATED);
            let again = by(lost, ordered(&shop, lost, wanted)).send().await;
            again.refused(StatusCode::CONFLICT, "deal_sold_out");
        }
        // Who says no price is charged none that nobody saw; who saw the usual one pays it.
        let blind = by(lost, ordered(&shop, 60, (1, None))).send().await;
        blind.refused(StatusCode::CONFLICT, "deal_sold_out");
        let usual = by(lost, ordered(&shop, 61, (1, Some(USUAL_MINOR)))).send().await;
        assert_eq!(usual.expect(StatusCode::CREATED).json()["total_minor"], USUAL_MINOR);

        cancelled(&shop, won[1], won[1]).await;
        cancelled(&shop, won[1], won[1]).await;
        let again = (70..=79).map(|guest| by(guest, ordered(&shop, guest, wanted)).send());
        let answers: Vec<Answer> = futures_util::future::join_all(again).await;
        let created = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
        assert_eq!((created, shop.available().await), (1, 94));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_buyer_has_so_many_and_the_rest_at_the_usual_price() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 100).await;
        let deal = deal(&shop, 50, Some(2));
        said(&mut shop, &deal).await;
        let person = shop.server.person("buyer@example.org").await;
        let at_deal = |order: u8, quantity| ordered(&shop, order, (quantity, Some(DEAL_MINOR)));
        at_deal(1, 3).bearer(&person).send().await.refused(StatusCode::CONFLICT, "deal_each");
        at_deal(2, 1).bearer(&person).send().await.expect(StatusCode::CREATED);
        let second = at_deal(3, 2).bearer(&person).send().await;
        second.refused(StatusCode::CONFLICT, "deal_each");
        // A device puts this line alone at the usual price.
        assert!(second.text("detail").contains(&TEA.to_string()), "{}", second.text("detail"));
        at_deal(4, 1).bearer(&person).send().await.expect(StatusCode::CREATED);
        at_deal(5, 1).bearer(&person).send().await.refused(StatusCode::CONFLICT, "deal_each");
        let usual = ordered(&shop, 6, (1, Some(USUAL_MINOR))).bearer(&person).send().await;
        assert_eq!(usual.expect(StatusCode::CREATED).json()["total_minor"], USUAL_MINOR);
        let path = format!("{}/{}/cancel", orders(), id(4));
        shop.server.ask(Method::POST, &path).bearer(&person).send().await.expect(StatusCode::OK);
        // Now it can be had again, so the usual price is not what it costs.
        let cheaper = ordered(&shop, 7, (1, Some(USUAL_MINOR))).bearer(&person).send().await;
        cheaper.refused(StatusCode::CONFLICT, "price_changed");
        at_deal(8, 1).bearer(&person).send().await.expect(StatusCode::CREATED);

        // A guest is whoever has the secret: in a race with itself it gets no more than its part.
        let race = (10..=17).map(|order| by(9, at_deal(order, 1)).send());
        let answers: Vec<Answer> = futures_util::future::join_all(race).await;
        let created = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
        assert_eq!(created, 2);
        by(10, at_deal(20, 2)).send().await.expect(StatusCode::CREATED);
        assert_eq!(told(&shop).await.1["left"], 50 - 2 - 2 - 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_begins_and_ends_by_the_servers_clock_and_a_price_that_moved_is_asked_about() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 100).await;
        let now_ms = shop.server.app.now_ms();
        let later =
            Deal { from_ms: now_ms + HOUR_MS, until_ms: now_ms + 2 * HOUR_MS, ..deal(&shop, 5, None) };
        said(&mut shop, &later).await;
        let order = |shop: &Shop, order, seen| by(order, ordered(shop, order, (1, Some(seen)))).send();
        let (price_minor, before) = told(&shop).await;
        assert_eq!((price_minor, before["from_ms"].as_i64()), (USUAL_MINOR, Some(later.from_ms)));
        order(&shop, 1, DEAL_MINOR).await.refused(StatusCode::CONFLICT, "price_changed");
        order(&shop, 2, USUAL_MINOR).await.expect(StatusCode::CREATED);

        shop.server.clock.advance_ms(HOUR_MS);
        assert_eq!(told(&shop).await.0, DEAL_MINOR);
        order(&shop, 3, USUAL_MINOR).await.refused(StatusCode::CONFLICT, "price_changed");
        order(&shop, 4, DEAL_MINOR).await.expect(StatusCode::CREATED);

        shop.server.clock.advance_ms(HOUR_MS);
        assert_eq!(told(&shop).await, (USUAL_MINOR, Value::Null));
        order(&shop, 5, DEAL_MINOR).await.refused(StatusCode::CONFLICT, "price_changed");
        order(&shop, 6, USUAL_MINOR).await.expect(StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_takes_each_unit_once_and_remembers_all_of_them() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 100).await;
        let deal = deal(&shop, 3, Some(2));
        said(&mut shop, &deal).await;
        let wanted = |shop: &Shop, guest| by(guest, ordered(shop, guest, (2, Some(DEAL_MINOR)))).send();
        wanted(&shop, 1).await.expect(StatusCode::CREATED);
        let Shop { server, core, owner, register } = shop;
        let wanted_again = Wanted { core: Some(core.clone()), ..Wanted::default() };
        let shop = Shop { server: server.restarted(wanted_again), core, owner, register };
        for _ in 0..3 {
            wanted(&shop, 1).await.expect(StatusCode::CREATED);
        }
        assert_eq!(told(&shop).await.1["left"], 1);
        wanted(&shop, 2).await.refused(StatusCode::CONFLICT, "deal_sold_out");
        let last = by(3, ordered(&shop, 3, (1, Some(DEAL_MINOR)))).send().await;
        last.expect(StatusCode::CREATED);
        assert_eq!(told(&shop).await.1["left"], 0);
    }
}
