//! What a person ordered on any of their devices, on every engine: told in portions to them and to nobody else.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::server::{Answer, TestServer};
use crate::common::shop::{STALL, Shop, TEA, core, id, secret, stores};

async fn ask(server: &TestServer, token: &str, query: &str) -> Answer {
    server.get(&format!("/v1/me/orders{query}")).bearer(token).send().await
}

async fn all(server: &TestServer, token: &str, query: &str) -> Value {
    ask(server, token, query).await.expect(StatusCode::OK).json()
}

fn told(portion: &Value) -> Vec<&str> {
    portion["orders"].as_array().unwrap().iter().map(|it| it["order"]["order"].as_str().unwrap()).collect()
}

async fn order(server: &TestServer, token: &str, number: u8) {
    let lines = json!([{"product": TEA.to_string(), "quantity": 1}]);
    let contact = json!({"name": "Amina", "reach": "+254 700 1", "address": ""});
    let body = json!({"order": id(number), "lines": lines, "note": "no plastic", "contact": contact});
    let path = format!("/v1/stalls/{STALL}/orders");
    server.post(&path, &body).bearer(token).send().await.expect(StatusCode::CREATED);
    server.clock.advance_ms(1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_orders_of_a_person_come_in_portions_and_nobody_elses() {
    for store in stores() {
        let shop = Shop::open(store, core(), 9).await;
        let server = &shop.server;
        let (amina, baraka) =
            (server.person("amina@example.org").await, server.person("baraka@example.org").await);
        assert_eq!(all(server, &amina, "").await, json!({"orders": []}));
        for number in [21, 22, 23] {
            order(server, &amina, number).await;
        }
        order(server, &baraka, 24).await;

        let whole = all(server, &amina, "").await;
        assert_eq!((told(&whole), &whole["next"]), (vec![&*id(23), &id(22), &id(21)], &Value::Null));
        let first = &whole["orders"][0];
        assert_eq!(
            (first["stall"].as_str(), &first["units"]),
            (Some(&*STALL.to_string()), &json!(["piece"]))
        );
        assert!(!first["stall_name"].as_str().unwrap().is_empty());
        assert_eq!(
            (&first["order"]["note"], &first["order"]["state"]),
            (&json!("no plastic"), &json!("held"))
        );
        assert_eq!(first["contact"]["reach"], "+254 700 1");

        // In portions, and each of them once; whatever is placed meanwhile is in front.
        let portion = all(server, &amina, "?limit=2").await;
        assert_eq!(told(&portion), [id(23), id(22)]);
        order(server, &amina, 25).await;
        let next = portion["next"].as_str().unwrap();
        let rest = all(server, &amina, &format!("?limit=2&after={next}")).await;
        assert_eq!((told(&rest), &rest["next"]), (vec![&*id(21)], &Value::Null));

        // What was ordered as a guest is told, too, once it is said whose it was.
        shop.order(1, 26, 1).send().await.expect(StatusCode::CREATED);
        assert_eq!(told(&all(server, &amina, "").await).len(), 4);
        let was = server.ask(Method::POST, "/v1/me/guest").bearer(&amina).header("soko-buyer", &secret(1));
        was.send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(told(&all(server, &amina, "?limit=1").await), [id(26)]);
        assert_eq!(told(&all(server, &baraka, "").await), [id(24)]);

        // What has ended says how, and nothing of whom it was for.
        shop.hand_over(23).await;
        let whole = all(server, &amina, "").await;
        let ended =
            whole["orders"].as_array().unwrap().iter().find(|it| it["order"]["order"] == id(23)).unwrap();
        assert_eq!((&ended["order"]["state"], ended.get("contact")), (&json!("fulfilled"), None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_did_not_sign_in_is_told_no_orders() {
    for store in stores() {
        let shop = Shop::open(store, core(), 2).await;
        let amina = shop.server.person("amina@example.org").await;
        ask(&shop.server, "nobody", "").await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        let guest = shop.server.get("/v1/me/orders").header("soko-buyer", &secret(1)).send().await;
        guest.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        for wrong in ["?limit=0", "?limit=101", "?after=1", "?after=x.y.z", "?whose=me"] {
            ask(&shop.server, &amina, wrong).await.refused(StatusCode::BAD_REQUEST, "malformed");
        }
    }
}
