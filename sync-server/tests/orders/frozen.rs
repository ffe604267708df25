//! Orders of a stall that waits for its devices after a restore, through the real router on every engine: none ends, whoever asks; what
//! nobody paid is called off at its provider; and nobody is asked to pay who was not asked before.

use axum::http::{Method, StatusCode};
use soko_domain::entry::{Entry, OrderCancelAsked, OrderHandedOver};
use soko_domain::ids::OrderId;
use soko_replication::Run;
use soko_sync_server::core::Now;
use soko_sync_server::pay::lapse;
use soko_sync_server::platform::Refusal;
use soko_sync_server::store::Shard;

use crate::cards::{Backup, servers_records};
use crate::common::server::{Answer, Ask};
use crate::common::shop::{STALL, Shop, core, id, orders, secret, stores};
use crate::paying::{LATER_MS, LOOKS, ORDER, World, scenes};
use crate::transfers;

const UNITS: i64 = 5;
/// Longer than a buyer is waited for.
const PATIENCE_MS: i64 = 46 * 60 * 1_000;
const DAY_MS: i64 = 24 * 3_600_000;

fn order(number: u8) -> OrderId {
    OrderId::from_hex(&id(number)).unwrap()
}

fn end(shop: &Shop, (number, how): (u8, &str)) -> Ask {
    shop.server.ask(Method::POST, &format!("{}/{}/{how}", orders(), id(number)))
}

async fn by_buyer(shop: &Shop, number: u8) -> Answer {
    end(shop, (number, "cancel")).header("soko-buyer", &secret(1)).send().await
}

async fn by_staff(shop: &Shop, number: u8, how: &str) -> Answer {
    end(shop, (number, how)).bearer(&shop.owner).send().await
}

fn frozen(answer: &Answer) {
    answer.refused(StatusCode::SERVICE_UNAVAILABLE, "stall_frozen");
}

async fn state(shop: &Shop, number: u8) -> String {
    let path = format!("{}/{}", orders(), id(number));
    let seen = shop.server.get(&path).header("soko-buyer", &secret(1)).send().await;
    seen.expect(StatusCode::OK).text("state")
}

/// As `restore` does it; nothing is forgotten.
pub(crate) async fn freeze(shop: &Shop) {
    let (core, now) = (shop.core.clone(), Now { now_ms: shop.server.app.now_ms(), seed: [9; 32] });
    let begun = shop
        .server
        .store
        .store
        .write(Shard::stall(STALL), move |tx| Ok::<_, Refusal>(core.new_epoch(tx, now)?));
    begun.await.map_err(|failed| format!("{failed:?}")).unwrap();
}

pub(crate) async fn confirm(shop: &Shop) {
    let confirm = format!("/v1/stalls/{STALL}/confirm-devices");
    shop.server.ask(Method::POST, &confirm).bearer(&shop.owner).send().await.expect(StatusCode::OK);
}

/// What a register says of it.
pub(crate) async fn register_says(shop: &mut Shop, entry: Entry) {
    let at_ms = shop.server.app.now_ms();
    shop.register.device.write([entry], at_ms).unwrap();
    shop.exchange().await;
}

fn cancels(number: u8) -> Entry {
    OrderCancelAsked { order: order(number), reason: "sold out".into() }.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_ends_before_all_is_heard_and_what_was_asked_for_is_done_then() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), UNITS).await;
        for number in 1..=4 {
            shop.order(1, number, 1).send().await.expect(StatusCode::CREATED);
        }
        freeze(&shop).await;
        shop.exchange().await;
        frozen(&by_buyer(&shop, 1).await);
        frozen(&by_staff(&shop, 2, "cancel").await);
        register_says(&mut shop, cancels(3)).await;
        register_says(&mut shop, OrderHandedOver { order: order(4), taken: None }.into()).await;
        for number in 1..=3 {
            assert_eq!(state(&shop, number).await, "held", "{number}");
        }
        // Whoever gave it out said so, and the server says nothing yet.
        assert_ne!(state(&shop, 4).await, "fulfilled");
        frozen(&by_staff(&shop, 4, "fulfil").await);

        confirm(&shop).await;
        assert_eq!((state(&shop, 3).await, state(&shop, 4).await), ("cancelled".into(), "fulfilled".into()));
        by_buyer(&shop, 1).await.expect(StatusCode::OK);
        by_staff(&shop, 2, "cancel").await.expect(StatusCode::OK);
        assert_eq!((state(&shop, 1).await, state(&shop, 2).await), ("cancelled".into(), "cancelled".into()));
        assert_eq!(shop.available().await, UNITS - 1);
    }
}

/// A register gave it out in the life that is forgotten, and its buyer calls it off in the next one.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_and_given_out_in_a_life_that_is_forgotten_is_not_paid_back() {
    for scene in scenes() {
        let mut world = World::waiting(scene).await;
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        world.shop.exchange().await;
        let backup = Backup::of(&world.shop).await;
        register_says(&mut world.shop, OrderHandedOver { order: order(ORDER), taken: None }.into()).await;
        assert_eq!(world.standing().await.0, "fulfilled");
        let pay = vec![world.provider.provider()];
        world.shop = backup.put_back_with(world.shop, pay).await;
        world.drive().await;
        assert_eq!(world.standing().await, ("held".into(), "paid".into()));
        frozen(&by_buyer(&world.shop, ORDER).await);
        for how in ["cancel", "fulfil"] {
            frozen(&by_staff(&world.shop, ORDER, how).await);
        }
        confirm(&world.shop).await;
        world.thaw().await;
        for _ in 0..3 {
            world.drive().await;
            world.shop.server.clock.advance_ms(LATER_MS);
        }
        assert_eq!(world.standing().await, ("fulfilled".into(), "paid".into()));
        by_buyer(&world.shop, ORDER).await.refused(StatusCode::CONFLICT, "order_ended");
        assert_eq!((world.moved(), world.shop.available().await), ((1, 1, 0), 2));
    }
}

/// Who wants an order to end that nobody paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ends {
    Buyer,
    Register,
    Patience,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_paid_is_called_off_at_its_provider_at_once_and_its_goods_are_free_later() {
    for ends in [Ends::Buyer, Ends::Register, Ends::Patience] {
        for scene in scenes() {
            let mut world = World::waiting(scene).await.restored().await;
            if ends == Ends::Buyer {
                // The backup is old: it may be paid by now, and only its provider knows.
                frozen(&by_buyer(&world.shop, ORDER).await);
            }
            world.drive().await;
            match ends {
                Ends::Buyer => {
                    let called_off = by_buyer(&world.shop, ORDER).await.expect(StatusCode::OK);
                    assert_eq!(called_off.text("state"), "held");
                }
                Ends::Register => register_says_once(&mut world, cancels(ORDER)).await,
                Ends::Patience => world.shop.server.clock.advance_ms(PATIENCE_MS),
            }
            world.until(("held", "cancelled")).await;
            // Whoever comes late pays nothing.
            world.provider.books().buyer(true);
            world.drive().await;
            assert_eq!((world.moved(), world.standing().await.0.as_str()), ((1, 0, 0), "held"), "{ends:?}");
            world.thaw().await;
            assert_eq!(world.standing().await, ("cancelled".into(), "cancelled".into()), "{ends:?}");
            assert_eq!((world.moved(), world.shop.available().await), ((1, 0, 0), UNITS), "{ends:?}");
            assert!(world.incidents().await.is_empty(), "{ends:?}");
        }
    }
}

/// In one page, after which it has not reported in this life yet.
pub(crate) async fn register_says_once(world: &mut World, entry: Entry) {
    let at_ms = world.now_ms();
    world.shop.renew(0x3b).await;
    world.shop.register.device.write([entry], at_ms).unwrap();
    let page = world.shop.register.device.page().unwrap().encode().unwrap();
    let access = world.shop.register.access.clone();
    world.shop.page(&access, page).send().await.expect(StatusCode::OK);
}

/// The backup has an order that was called off since, perhaps given out by a register that did not know.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_to_pay_for_what_was_called_off_since_the_backup() {
    for is_given_out in [false, true] {
        for scene in scenes() {
            let mut world = World::open(scene).await;
            world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
            let backup = Backup::of(&world.shop).await;
            world.cancel().await;
            assert_eq!(world.standing().await.0, "cancelled");
            if is_given_out {
                let handed = OrderHandedOver { order: order(ORDER), taken: None };
                register_says(&mut world.shop, handed.into()).await;
            }
            let forgotten = servers_records(&world.shop).await;
            let (pay, shop) = (vec![world.provider.provider()], world.shop);
            world.shop = backup.put_back_with(shop, pay).await;
            confirm(&world.shop).await;
            for _ in 0..LOOKS / 4 {
                world.drive().await;
                world.shop.server.clock.advance_ms(LATER_MS);
            }
            assert_eq!((world.moved(), world.standing().await.0.as_str()), ((0, 0, 0), "held"));
            // A device brings what the server had said of it.
            world.shop.renew(0x3b).await;
            let mut page = world.shop.register.device.page().unwrap();
            page.runs.push(Run::from_records(forgotten).unwrap());
            let page = page.encode().unwrap();
            world.shop.page(&world.shop.register.access, page).send().await.expect(StatusCode::OK);
            world.thaw().await;
            for _ in 0..LOOKS / 4 {
                world.drive().await;
                world.shop.server.clock.advance_ms(LATER_MS);
            }
            assert_eq!(world.moved(), (0, 0, 0), "{is_given_out}");
            let ended = if is_given_out { "fulfilled" } else { "cancelled" };
            assert_eq!(world.standing().await.0, ended);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_paid_in_time_waits_with_its_end() {
    for store in stores() {
        let mut shop = transfers::shop(store).await;
        transfers::orders_tea(&shop, 1).await.expect(StatusCode::CREATED);
        freeze(&shop).await;
        confirm(&shop).await;
        shop.server.clock.advance_ms(3 * DAY_MS);
        lapse::once(&shop.server.app).await;
        assert_eq!(state(&shop, 1).await, "held");
        shop.renew(1).await;
        for _ in 0..2 {
            shop.exchange().await;
        }
        lapse::once(&shop.server.app).await;
        assert_eq!((state(&shop, 1).await.as_str(), shop.available().await), ("cancelled", UNITS));
    }
}
