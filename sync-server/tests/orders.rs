//! Orders through the real router and the real rules, on every engine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "orders/answers.rs"]
mod answers;
#[path = "orders/cards.rs"]
mod cards;
mod common;
#[path = "orders/coupons.rs"]
mod coupons;
#[path = "orders/deals.rs"]
mod deals;
#[path = "orders/first_life.rs"]
mod first_life;
#[path = "orders/following.rs"]
mod following;
#[path = "orders/frozen.rs"]
mod frozen;
#[path = "orders/hanging.rs"]
mod hanging;
#[path = "orders/killed.rs"]
mod killed;
#[path = "orders/localstripe.rs"]
mod localstripe;
#[path = "orders/lost.rs"]
mod lost;
mod mail;
#[path = "orders/parts.rs"]
mod parts;
#[path = "orders/paying.rs"]
mod paying;
#[path = "orders/paypal.rs"]
mod paypal;
#[path = "orders/quotes.rs"]
mod quotes;
#[path = "orders/race.rs"]
mod race;
#[path = "orders/returns.rs"]
mod returns;
#[path = "orders/reviews.rs"]
mod reviews;
#[path = "orders/spans.rs"]
mod spans;
#[path = "orders/standing.rs"]
mod standing;
#[path = "orders/stays.rs"]
mod stays;
#[path = "orders/swaps.rs"]
mod swaps;
#[path = "orders/transfers.rs"]
mod transfers;

use axum::http::{Method, StatusCode};
use common::server::{Answer, TestServer, hex};
use common::shop::{STALL, Shop, TEA, asked, core, exchange, id, orders, secret, stores};
use serde_json::json;
use soko_domain::ask::Ask;
use soko_domain::ids::LogId;
use soko_domain::verbs::place_order::ORDERS_HELD_MAX;
use soko_record_log::StoreError;
use soko_sync_server::core::{CoreRefusal, Now};
use soko_sync_server::demo::Device;
use soko_sync_server::store::Shard;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_order_gets_the_first_answer_refusals_included() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let first = shop.order(1, 1, 3).send().await.expect(StatusCode::CREATED);
        assert_eq!((first.text("state"), first.json()["total_minor"].as_i64()), ("held".into(), Some(1350)));
        let again = shop.order(1, 1, 3).send().await.expect(StatusCode::CREATED);
        assert_eq!((first.bytes.clone(), shop.available().await), (again.bytes, 2));

        shop.order(1, 2, 3).send().await.refused(StatusCode::CONFLICT, "share_exceeded");
        let cancel = format!("{}/{}/cancel", orders(), id(1));
        let cancelled = shop.server.ask(Method::POST, &cancel).header("soko-buyer", &secret(1)).send().await;
        assert_eq!(cancelled.expect(StatusCode::OK).text("state"), "cancelled");
        assert_eq!(shop.available().await, 5);
        // Now there would be enough, and the question was answered before.
        shop.order(1, 2, 3).send().await.refused(StatusCode::CONFLICT, "share_exceeded");
        let late = shop.order(1, 1, 3).send().await.expect(StatusCode::CREATED);
        assert_eq!((late.bytes, shop.available().await), (first.bytes, 5));

        // The same key with other content, another guest's key, and the key by header.
        shop.order(1, 1, 2).send().await.refused(StatusCode::UNPROCESSABLE_ENTITY, "id_reused");
        shop.order(2, 1, 3).send().await.refused(StatusCode::CONFLICT, "id_reused");
        let keyed = || shop.order(1, 3, 1).header("idempotency-key", "k-1");
        keyed().send().await.expect(StatusCode::CREATED);
        keyed().send().await.expect(StatusCode::CREATED);
        assert_eq!(shop.available().await, 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_buyers_race_for_the_last_unit_and_one_gets_it() {
    for store in stores() {
        let shop = Shop::open(store, core(), 1).await;
        let race = (1..=8).map(|guest| shop.order(guest, guest, 1).send());
        let answers: Vec<Answer> = futures_util::future::join_all(race).await;
        let won = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
        let lost = answers.iter().filter(|answer| answer.status == StatusCode::CONFLICT).count();
        assert_eq!((won, lost, shop.available().await), (1, 7, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_server_promises_nothing_until_devices_and_owner_have_spoken() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 5).await;
        let core = shop.core.clone();
        let work =
            move |tx: &mut dyn soko_record_log::Tx| core.new_epoch(tx, Now { now_ms: 1, seed: [9; 32] });
        let begun: Result<(), soko_sync_server::store::Failed<CoreRefusal>> =
            shop.server.store.store.write(Shard::stall(STALL), work).await;
        begun.map_err(|failed| format!("{failed:?}")).unwrap();

        let confirm = format!("/v1/stalls/{STALL}/confirm-devices");
        let answer = shop.server.ask(Method::POST, &confirm).bearer(&shop.owner).send().await;
        assert_eq!(answer.expect(StatusCode::OK).json()["frozen"], true, "no device has reported yet");
        assert_eq!(shop.available().await, 0);
        let frozen = || shop.order(1, 1, 1).send();
        frozen().await.refused(StatusCode::SERVICE_UNAVAILABLE, "stall_frozen");

        // The first page learns of the new life, the second is of it.
        shop.exchange().await;
        shop.exchange().await;
        assert_eq!(shop.available().await, 5);
        let after = shop.order(1, 1, 1).send().await;
        after.expect(StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_of_another_life_of_the_server_confirms_nothing() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 5).await;
        let first = shop.register.device.epoch.id;
        let core = shop.core.clone();
        let work =
            move |tx: &mut dyn soko_record_log::Tx| core.new_epoch(tx, Now { now_ms: 1, seed: [9; 32] });
        let begun: Result<(), soko_sync_server::store::Failed<CoreRefusal>> =
            shop.server.store.store.write(Shard::stall(STALL), work).await;
        begun.map_err(|failed| format!("{failed:?}")).unwrap();
        shop.exchange().await;
        // Late, from before the restore; and by a version that named no life.
        for (number, ask) in [(61, Ask::ConfirmDevicesOf { epoch: first }), (62, Ask::ConfirmDevices)] {
            assert_eq!(
                asked(&shop.server, &mut shop.register, (number, ask)).await.as_deref(),
                Some("other_epoch")
            );
        }
        shop.exchange().await;
        assert_eq!(shop.available().await, 0, "it was released by somebody who knew nothing of this life");
        let present = shop.register.device.epoch.id;
        assert_eq!(
            asked(&shop.server, &mut shop.register, (63, Ask::ConfirmDevicesOf { epoch: present })).await,
            None
        );
        shop.exchange().await;
        assert_eq!(shop.available().await, 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_buyer_holds_no_more_than_a_fair_number_of_orders() {
    for store in stores() {
        let shop = Shop::open(store, core(), 100).await;
        let held = u8::try_from(ORDERS_HELD_MAX).unwrap();
        for order in 1..=held {
            shop.order(1, order, 1).send().await.expect(StatusCode::CREATED);
        }
        shop.order(1, held + 1, 1).send().await.refused(StatusCode::CONFLICT, "too_many_held");
        // The first answers stay, others are served, and an ended order makes room.
        shop.order(1, 1, 1).send().await.expect(StatusCode::CREATED);
        shop.order(2, held + 2, 1).send().await.expect(StatusCode::CREATED);
        let cancel = format!("{}/{}/cancel", orders(), id(1));
        let cancelled = shop.server.ask(Method::POST, &cancel).header("soko-buyer", &secret(1)).send().await;
        cancelled.expect(StatusCode::OK);
        shop.order(1, held + 3, 1).send().await.expect(StatusCode::CREATED);
    }
}

/// Who may do what to an order: status codes of seeing, cancelling and fulfilling it; who may do that is told that it is not paid.
#[tokio::test(flavor = "multi_thread")]
async fn each_order_is_its_buyers_and_its_stalls() {
    for store in stores() {
        let shop = Shop::open(store, core(), 50).await;
        let server = &shop.server;
        let cashier = shop.member("cashier@example.org", "cashier").await;
        let manager = shop.member("manager@example.org", "manager").await;
        let customer = shop.member("customer@example.org", "buyer").await;
        let stranger = server.person("stranger@example.org").await;
        let other = other_stalls_owner(server).await;
        let register = shop.register(7, "cashier").await;

        let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
        // (who, header, sees, cancels, fulfils, lists)
        let table = [
            ("its buyer", ("soko-buyer", secret(1)), 200, 200, 401, 401),
            ("another guest", ("soko-buyer", secret(2)), 404, 404, 401, 401),
            ("nobody", ("x-nobody", "1".into()), 401, 401, 401, 401),
            ("a stranger", bearer(&stranger), 404, 404, 404, 404),
            ("a customer", bearer(&customer), 404, 404, 404, 403),
            ("another stall's owner", bearer(&other), 404, 404, 404, 404),
            ("a cashier", bearer(&cashier), 200, 200, 422, 200),
            ("a manager", bearer(&manager), 200, 200, 422, 200),
            ("the owner", bearer(&shop.owner), 200, 200, 422, 200),
            ("a register", bearer(&register.access), 200, 200, 422, 200),
        ];
        for (number, (who, (name, value), sees, cancels, fulfils, lists)) in (10..).step_by(2).zip(table) {
            let (kept, given) = (id(number), id(number + 1));
            for order in [number, number + 1] {
                shop.order(1, order, 1).send().await.expect(StatusCode::CREATED);
            }
            let ask = |method: Method, path: String| server.ask(method, &path).header(name, &value).send();
            let base = orders();
            let found = [
                ask(Method::GET, format!("{base}/{kept}")).await.status.as_u16(),
                ask(Method::POST, format!("{base}/{kept}/cancel")).await.status.as_u16(),
                ask(Method::POST, format!("{base}/{given}/fulfil")).await.status.as_u16(),
                ask(Method::GET, format!("{base}?limit=2")).await.status.as_u16(),
            ];
            assert_eq!(found, [sees, cancels, fulfils, lists], "{who}");
        }
        // Only the owner confirms devices and reclaims.
        let confirm = format!("/v1/stalls/{STALL}/confirm-devices");
        for (token, status) in [(&cashier, 403), (&manager, 403), (&other, 404), (&shop.owner, 200)] {
            let answer = server.ask(Method::POST, &confirm).bearer(token).send().await;
            assert_eq!(answer.status.as_u16(), status);
        }
        let device = format!("/v1/stalls/{STALL}/devices/{}", register.device.author());
        let reason = json!({"reason": "fell into the river"});
        let reclaim = |token: &str| server.post(&format!("{device}/reclaim"), &reason).bearer(token).send();
        reclaim(&manager).await.refused(StatusCode::FORBIDDEN, "not_allowed");
        reclaim(&shop.owner).await.refused(StatusCode::CONFLICT, "not_revoked");
        server.delete(&device).bearer(&shop.owner).send().await.expect(StatusCode::NO_CONTENT);
        assert!(reclaim(&shop.owner).await.expect(StatusCode::OK).text("risk").contains("twice"));
    }
}

async fn other_stalls_owner(server: &TestServer) -> String {
    let other = server.person("other@example.org").await;
    let device = Device::new([5; 32], LogId([0x52; 16]), [5; 16], "other").unwrap();
    let claim = json!({"introduction": hex(&device.introduction())});
    server.post("/v1/stalls", &claim).bearer(&other).send().await.expect(StatusCode::CREATED);
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_ends_once() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 5).await;
        shop.order(1, 1, 2).send().await.expect(StatusCode::CREATED);
        shop.hand_over(1).await;
        let end = |how: &str| {
            let path = format!("{}/{}/{how}", orders(), id(1));
            shop.server.ask(Method::POST, &path).bearer(&shop.owner).send()
        };
        for _ in 0..2 {
            assert_eq!(end("fulfil").await.expect(StatusCode::OK).text("state"), "fulfilled");
        }
        end("cancel").await.refused(StatusCode::CONFLICT, "order_ended");
        assert_eq!(shop.available().await, 3);
        // The register hears of it like of everything else.
        let reply = exchange(&shop.server, &mut shop.register).await;
        assert!(reply.heads.len() >= 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_the_stalls_follow_each_other_and_move_nothing() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let customer = shop.member("customer@example.org", "buyer").await;
        shop.order(1, 1, 2).send().await.expect(StatusCode::CREATED);
        let path = format!("{}/{}", orders(), id(1));
        let step = |token: &str, step: &str| {
            shop.server.post(&format!("{path}/step"), &json!({"step": step})).bearer(token).send()
        };
        // Whose order it is has no say, and strangers find none.
        step(&customer, "accepted").await.refused(StatusCode::NOT_FOUND, "no_such_order");
        for (word, status, code) in [
            ("eaten", 400, "malformed"),
            ("packed", 409, "step_too_early"),
            ("on its way", 422, "step_misfit"),
        ] {
            step(&shop.owner, word).await.refused(StatusCode::from_u16(status).unwrap(), code);
        }
        for word in ["accepted", "accepted", "packed", "ready"] {
            assert_eq!(step(&shop.owner, word).await.expect(StatusCode::OK).text("step"), word);
        }
        step(&shop.owner, "packed").await.refused(StatusCode::CONFLICT, "step_taken");
        let seen = shop.server.ask(Method::GET, &path).header("soko-buyer", &secret(1)).send().await;
        let seen = seen.expect(StatusCode::OK);
        assert_eq!((seen.text("state").as_str(), seen.text("step").as_str()), ("held", "ready"));
        assert_eq!(shop.available().await, 3);
        // Placed again, it is answered as it was.
        let again = shop.order(1, 1, 2).send().await.expect(StatusCode::CREATED).json();
        assert!(again.get("step").is_none(), "{again}");
        let cancel =
            shop.server.ask(Method::POST, &format!("{path}/cancel")).header("soko-buyer", &secret(1));
        assert_eq!(cancel.send().await.expect(StatusCode::OK).text("state"), "cancelled");
        step(&shop.owner, "ready").await.refused(StatusCode::CONFLICT, "order_ended");
        assert_eq!(shop.available().await, 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bringing_is_paid_as_the_buyer_saw_it() {
    for store in stores() {
        let shop = Shop::open(store, core(), 50).await;
        let server = &shop.server;
        let account = server.person("buyer@example.org").await;
        let contact =
            json!({"name": "Wanjiku", "reach": "+254 700 1", "address": "Acacia Lane 4\nblue gate"});
        let asked = |order: u8, quantity: i64, more: serde_json::Value| {
            let lines = json!([{"product": TEA.to_string(), "quantity": quantity}]);
            let mut body = json!({"order": id(order), "lines": lines});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            server.post(&orders(), &body)
        };
        let town = json!({"handing": "local", "zone": "Town", "contact": contact, "seen_total_minor": 600});
        let placed =
            asked(1, 1, town.clone()).bearer(&account).send().await.expect(StatusCode::CREATED).json();
        assert_eq!((placed["total_minor"].as_i64(), placed["handing"].as_str()), (Some(600), Some("local")));
        assert_eq!(placed["delivery"], json!({"zone": "Town", "tax_minor": 30, "total_minor": 150}));
        // The same again is the same; with another address it is another order under a used name.
        let again = asked(1, 1, town).bearer(&account).send().await.expect(StatusCode::CREATED).json();
        assert_eq!(again, placed);
        let (zone, nowhere) =
            (json!({"handing": "local", "zone": "Hills"}), json!({"name": "W", "reach": "1"}));
        for (number, (more, status, code)) in (10..).zip([
            (
                json!({"handing": "local", "zone": "Town", "contact": contact, "seen_total_minor": 450}),
                409,
                "total_changed",
            ),
            (json!({"handing": "local", "zone": "Mombasa", "contact": contact}), 409, "unknown_zone"),
            (json!({"handing": "shipping", "contact": contact}), 409, "handing_not_offered"),
            (zone, 409, "no_address"),
            (json!({"handing": "local", "zone": "Hills", "contact": nowhere}), 409, "no_address"),
            (json!({"contact": {"name": "", "reach": "1"}}), 409, "contact"),
            (json!({"contact": {"name": "a\u{7}b", "reach": "1"}}), 400, "malformed"),
            (json!({"contact": {"name": "x".repeat(201), "reach": "1"}}), 400, "malformed"),
            (json!({"handing": "pigeon"}), 400, "malformed"),
            (json!({"zone": "x".repeat(999)}), 400, "malformed"),
        ]) {
            let answer = asked(number, 1, more).header("soko-buyer", &secret(1)).send().await;
            answer.refused(StatusCode::from_u16(status).unwrap(), code);
        }
        let stall = server.get(&format!("/v1/stalls/{STALL}")).send().await.expect(StatusCode::OK).json();
        let zones = json!([{"zone": "Town", "price_minor": 150}, {"zone": "Hills", "price_minor": 300}]);
        assert_eq!(
            stall["handings"],
            json!({"pickup": true, "local": {"by_zone": zones, "free_from_minor": 2000}})
        );
        assert_eq!(stall["return_days"], 14);
        // From so much on it is free.
        let free = json!({"handing": "local", "zone": "Hills", "contact": contact, "seen_total_minor": 2250});
        let free =
            asked(2, 5, free).header("soko-buyer", &secret(1)).send().await.expect(StatusCode::CREATED);
        assert_eq!(free.json()["delivery"]["total_minor"], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_an_order_is_for_is_the_stalls_to_see_and_in_no_record() {
    for store in stores() {
        let shop = Shop::open(store, core(), 50).await;
        let server = &shop.server;
        let account = server.person("buyer@example.org").await;
        let contact =
            json!({"name": "Wanjiku", "reach": "+254 700 1", "address": "Acacia Lane 4\nblue gate"});
        let lines = json!([{"product": TEA.to_string(), "quantity": 1}]);
        for order in [1, 2] {
            let body = json!({
                "order": id(order), "lines": lines, "handing": "local", "zone": "Town", "contact": contact
            });
            server.post(&orders(), &body).bearer(&account).send().await.expect(StatusCode::CREATED);
        }
        let of = |order: u8| format!("{}/{}/contact", orders(), id(order));
        let seen = server.get(&of(1)).bearer(&shop.owner).send().await.expect(StatusCode::OK).json();
        assert_eq!(seen, contact);
        let device = server.get(&of(2)).bearer(&shop.register.access).send().await;
        device.expect(StatusCode::OK);
        let stranger = server.person("stranger@example.org").await;
        server.get(&of(1)).bearer(&stranger).send().await.refused(StatusCode::NOT_FOUND, "no_such_stall");
        server.get(&of(1)).bearer(&account).send().await.refused(StatusCode::NOT_FOUND, "no_such_stall");
        let told = server.store.store.read(|tx: &mut dyn soko_record_log::Tx| {
            let rows = tx.query("select body from record where body is not null", &[])?;
            let bodies: Result<Vec<Vec<u8>>, StoreError> =
                rows.iter().map(|row| row.blob(0).map(<[u8]>::to_vec)).collect();
            bodies
        });
        let bodies: Vec<Vec<u8>> = told.await.map_err(|failed| format!("{failed:?}")).unwrap();
        for secret in ["Wanjiku", "Acacia", "254 700"] {
            let is_there = |body: &Vec<u8>| body.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!bodies.iter().any(is_there), "{secret} is in a record");
        }
        assert!(
            bodies.iter().any(|body| body.windows(4).any(|part| part == b"Town")),
            "the search finds nothing"
        );

        // What ended needs no address; the account keeps its own until it says otherwise.
        let cancel = server.ask(Method::POST, &format!("{}/{}/cancel", orders(), id(1))).bearer(&account);
        cancel.send().await.expect(StatusCode::OK);
        server.get(&of(1)).bearer(&shop.owner).send().await.refused(StatusCode::NOT_FOUND, "no_contact");
        let mine = || server.get("/v1/me/contact").bearer(&account).send();
        assert_eq!(mine().await.expect(StatusCode::OK).json(), contact);
        server.delete("/v1/me/contact").bearer(&account).send().await.expect(StatusCode::NO_CONTENT);
        mine().await.refused(StatusCode::NOT_FOUND, "no_contact");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_is_not_cancelled_by_its_buyer() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let contact = json!({"name": "Wanjiku", "reach": "+254 700 1", "address": "Acacia Lane 4"});
        let lines = json!([{"product": TEA.to_string(), "quantity": 2}]);
        let body =
            json!({"order": id(1), "lines": lines, "handing": "local", "zone": "Town", "contact": contact});
        let placed = shop.server.post(&orders(), &body).header("soko-buyer", &secret(1)).send().await;
        placed.expect(StatusCode::CREATED);
        let path = format!("{}/{}", orders(), id(1));
        for step in ["accepted", "packed", "on its way"] {
            let body = json!({"step": step});
            let taken = shop.server.post(&format!("{path}/step"), &body).bearer(&shop.owner).send().await;
            assert_eq!(taken.expect(StatusCode::OK).text("step"), step);
        }
        let cancel = || shop.server.ask(Method::POST, &format!("{path}/cancel"));
        let refused = cancel().header("soko-buyer", &secret(1)).send().await;
        refused.refused(StatusCode::CONFLICT, "on_the_way");
        assert_eq!(shop.available().await, 3);
        // It came back, and the stall says so.
        cancel().bearer(&shop.owner).send().await.expect(StatusCode::OK);
        assert_eq!(shop.available().await, 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_an_order_is_refused_with_a_reason() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let line = |quantity: i64| json!({"product": TEA.to_string(), "quantity": quantity});
        let stale = json!({"product": TEA.to_string(), "quantity": 1, "seen_price_minor": 1});
        let unknown = json!({"product": id(0x44), "quantity": 1});
        let many = vec![line(1); 501];
        // (lines, note, status, code)
        let table = [
            (json!([]), "", 400, "malformed"),
            (json!(many), "", 400, "malformed"),
            (json!([line(0)]), "", 409, "quantity_odd"),
            (json!([line(-1)]), "", 409, "quantity_odd"),
            (json!([line(i64::MAX), line(i64::MAX)]), "", 409, "quantity_odd"),
            (json!([line(3), line(3)]), "", 409, "share_exceeded"),
            (json!([stale]), "", 409, "price_changed"),
            (json!([unknown]), "", 409, "unknown_product"),
            (json!([line(1)]), "a\u{0}b", 400, "malformed"),
        ];
        for (number, (lines, note, status, code)) in (1..).zip(table) {
            let body = json!({"order": id(number), "lines": lines, "note": note});
            let answer = shop.server.post(&orders(), &body).header("soko-buyer", &secret(1)).send().await;
            answer.refused(StatusCode::from_u16(status).unwrap(), code);
        }
        assert_eq!(shop.available().await, 5);
        let short = shop.order(1, 1, 1).header("soko-buyer", "abc");
        assert!(short.send().await.status.is_success(), "the first of two headers counts");
        let body = json!({"order": id(99), "lines": [line(1)]});
        let refused = shop.server.post(&orders(), &body).header("soko-buyer", "abc").send().await;
        refused.refused(StatusCode::BAD_REQUEST, "malformed");
        let nowhere = format!("/v1/stalls/{}/orders", LogId([0x66; 16]));
        let answer = shop.server.post(&nowhere, &body).header("soko-buyer", &secret(1)).send().await;
        answer.refused(StatusCode::NOT_FOUND, "no_such_stall");
    }
}
