//! What buyers bring back: asked once, answered once, and on the shelf once.

use axum::http::StatusCode;
use serde_json::{Value, json};
use soko_domain::entry::OrderHandedOver;
use soko_domain::ids::OrderId;

use crate::common::server::Answer;
use crate::common::shop::{Shop, core, id, orders, secret, stores};
use crate::frozen::{confirm, freeze, register_says};

async fn asked(shop: &Shop, (guest, order, returned): (u8, u8, u8), lines: Value) -> Answer {
    let body = json!({"returned": id(returned), "why": "damaged", "lines": lines});
    let path = format!("{}/{}/returns", orders(), id(order));
    shop.server.post(&path, &body).header("soko-buyer", &secret(guest)).send().await
}

async fn answered(shop: &Shop, token: &str, returned: u8, body: Value) -> Answer {
    let path = format!("{}/{}/returns/{}/answer", orders(), id(1), id(returned));
    shop.server.post(&path, &body).bearer(token).send().await
}

/// By the life that is forgotten it may be there already.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_back_onto_the_shelf_before_a_restored_server_has_heard_all() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 10).await;
        shop.order(1, 1, 5).send().await.expect(StatusCode::CREATED);
        let handed = OrderHandedOver { order: OrderId::from_hex(&id(1)).unwrap(), taken: None };
        register_says(&mut shop, handed.into()).await;
        asked(&shop, (1, 1, 40), json!([{"line": 0, "quantity": 2}])).await.expect(StatusCode::OK);
        freeze(&shop).await;
        let take = || json!({"goods": [{"line": 0, "goods": "sellable"}]});
        let early = answered(&shop, &shop.owner, 40, take()).await;
        early.refused(StatusCode::SERVICE_UNAVAILABLE, "stall_frozen");
        for _ in 0..2 {
            shop.exchange().await;
        }
        confirm(&shop).await;
        answered(&shop, &shop.owner, 40, take()).await.expect(StatusCode::OK);
        assert_eq!(shop.available().await, 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_over_comes_back_once() {
    for store in stores() {
        let shop = Shop::open(store, core(), 10).await;
        shop.order(1, 1, 5).send().await.expect(StatusCode::CREATED);
        let two = || json!([{"line": 0, "quantity": 2}]);
        asked(&shop, (1, 1, 40), two()).await.refused(StatusCode::CONFLICT, "return_not_handed_over");
        shop.hand_over(1).await;
        assert_eq!(shop.available().await, 5);
        // Whose order it is not cannot tell whether there is one.
        asked(&shop, (2, 1, 40), two()).await.refused(StatusCode::NOT_FOUND, "no_such_order");
        for (lines, status, code) in [
            (json!([{"line": 0, "quantity": 6}]), 409, "return_too_many"),
            (json!([{"line": 0, "quantity": -1}]), 422, "quantity_odd"),
            (json!([{"line": 7, "quantity": 1}]), 422, "order_line_unknown"),
            (json!([]), 422, "lines_odd"),
        ] {
            let answer = asked(&shop, (1, 1, 40), lines).await;
            answer.refused(StatusCode::from_u16(status).unwrap(), code);
        }
        for _ in 0..3 {
            let order = asked(&shop, (1, 1, 40), two()).await.expect(StatusCode::OK).json();
            let [back] = order["returns"].as_array().unwrap().as_slice() else { panic!("{order}") };
            assert_eq!((back["state"].as_str(), back["why"].as_str()), (Some("asked"), Some("damaged")));
        }
        let four = json!([{"line": 0, "quantity": 4}]);
        asked(&shop, (1, 1, 41), four.clone()).await.refused(StatusCode::CONFLICT, "return_too_many");
        assert_eq!(shop.available().await, 5, "nothing is on the shelf by being asked for");

        // The stall alone answers, and says of every line where it goes.
        let take = || json!({"goods": [{"line": 0, "goods": "sellable"}]});
        let stranger = shop.server.person("stranger@example.org").await;
        answered(&shop, &stranger, 40, take()).await.refused(StatusCode::NOT_FOUND, "no_such_stall");
        for (body, status, code) in [
            (json!({"goods": []}), 422, "goods_unsaid"),
            (json!({"goods": [{"line": 0, "goods": "eaten"}]}), 400, "malformed"),
            (json!({"reason": "  "}), 422, "reason_missing"),
            (json!({"reason": "x".repeat(501)}), 400, "malformed"),
        ] {
            let answer = answered(&shop, &shop.owner, 40, body).await;
            answer.refused(StatusCode::from_u16(status).unwrap(), code);
        }
        answered(&shop, &shop.owner, 49, take()).await.refused(StatusCode::CONFLICT, "return_unknown");
        for _ in 0..3 {
            let order = answered(&shop, &shop.owner, 40, take()).await.expect(StatusCode::OK).json();
            assert_eq!(order["returns"][0]["state"], "taken");
            assert_eq!(shop.available().await, 7);
        }
        let no = json!({"reason": "it was eaten"});
        answered(&shop, &shop.owner, 40, no.clone()).await.refused(StatusCode::CONFLICT, "return_answered");

        // What is refused can be asked for again; what is spoilt is on no shelf.
        asked(&shop, (1, 1, 42), json!([{"line": 0, "quantity": 3}])).await.expect(StatusCode::OK);
        let refused = answered(&shop, &shop.owner, 42, no).await.expect(StatusCode::OK).json();
        assert_eq!(refused["returns"][1]["reason"], "it was eaten");
        asked(&shop, (1, 1, 43), json!([{"line": 0, "quantity": 3}])).await.expect(StatusCode::OK);
        let waste = json!({"goods": [{"line": 0, "goods": "waste"}]});
        answered(&shop, &shop.owner, 43, waste).await.expect(StatusCode::OK);
        assert_eq!(shop.available().await, 7);
        asked(&shop, (1, 1, 44), json!([{"line": 0, "quantity": 1}]))
            .await
            .refused(StatusCode::CONFLICT, "return_too_many");
    }
}
