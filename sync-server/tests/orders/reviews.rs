//! Reviews: by who has the goods, once, answered by the stall, hidden by the operator, gone with the account.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_app_api::{MarketQuery, MarketView, Rating, Window, decode, encode};
use soko_domain::ids::ProductId;

use crate::common::server::{Answer, OPERATOR_KEY, PASSWORD};
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret, stores};

const ALERT: &str = "<script>alert(1)</script> & \"more\"";

fn path(order: u8, product: ProductId) -> String {
    format!("{}/{}/reviews/{product}", orders(), id(order))
}

/// A guest's word on an order.
async fn say(shop: &Shop, guest: u8, order: u8, said: &Value) -> Answer {
    shop.server.put(&path(order, TEA), said).header("soko-buyer", &secret(guest)).send().await
}

async fn listed(shop: &Shop) -> Vec<Value> {
    let answer = shop.server.get(&format!("/v1/stalls/{STALL}/products/{TEA}/reviews")).send().await;
    answer.expect(StatusCode::OK).json()["reviews"].as_array().unwrap().clone()
}

/// As the market's lists show it.
async fn rating(shop: &Shop) -> Rating {
    let query = MarketQuery::Offer { stall: STALL, product: TEA };
    let asked = shop.server.ask(axum::http::Method::POST, "/v1/market/ask");
    let answer = asked.body("application/octet-stream", encode(&query).unwrap()).send().await;
    let MarketView::Offer(offer) = decode(&answer.expect(StatusCode::OK).bytes).unwrap() else {
        panic!("no offer")
    };
    offer.value.row.rating
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_the_goods_reviews_them_and_each_purchase_once() {
    for store in stores() {
        let shop = Shop::open(store, core(), 9).await;
        for order in [1, 2] {
            shop.order(order, order, 1).send().await.expect(StatusCode::CREATED);
        }
        let good = json!({"stars": 5, "words": ALERT});
        say(&shop, 1, 1, &good).await.refused(StatusCode::CONFLICT, "not_handed_over");
        shop.hand_over(1).await;
        // Of nothing that was bought, by a stranger, on somebody else's order, by the stall itself, by nobody.
        say(&shop, 1, 77, &good).await.refused(StatusCode::NOT_FOUND, "no_such_order");
        say(&shop, 2, 1, &good).await.refused(StatusCode::NOT_FOUND, "no_such_order");
        let own = shop.server.put(&path(1, TEA), &good).bearer(&shop.owner).send().await;
        own.refused(StatusCode::FORBIDDEN, "not_yours");
        shop.server.put(&path(1, TEA), &good).send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        let other = path(1, ProductId([9; 16]));
        let other = shop.server.put(&other, &good).header("soko-buyer", &secret(1)).send().await;
        other.refused(StatusCode::CONFLICT, "not_ordered");
        // What is no review.
        for (said, status, code) in [
            (json!({"stars": 0}), StatusCode::UNPROCESSABLE_ENTITY, "stars"),
            (json!({"stars": 6}), StatusCode::UNPROCESSABLE_ENTITY, "stars"),
            (json!({"stars": 999}), StatusCode::BAD_REQUEST, "malformed"),
            (
                json!({"stars": 5, "words": "x".repeat(10_000)}),
                StatusCode::UNPROCESSABLE_ENTITY,
                "text_too_long",
            ),
            (json!({"stars": 5, "words": "bell\u{7}"}), StatusCode::UNPROCESSABLE_ENTITY, "text_not_plain"),
            (json!({"stars": 5, "name": "Amina"}), StatusCode::BAD_REQUEST, "malformed"),
        ] {
            say(&shop, 1, 1, &said).await.refused(status, code);
        }
        assert_eq!(
            (listed(&shop).await.len(), rating(&shop).await),
            (0, Rating::default()),
            "none had an effect"
        );

        // Written, and changed: still one. What stands in it is text.
        say(&shop, 1, 1, &good).await.expect(StatusCode::CREATED);
        let changed = json!({"stars": 3, "words": ALERT});
        say(&shop, 1, 1, &changed).await.expect(StatusCode::NO_CONTENT);
        let [one] = <[Value; 1]>::try_from(listed(&shop).await).unwrap();
        assert_eq!((one["stars"].as_u64(), one["words"].as_str()), (Some(3), Some(ALERT)));
        assert!(!one.to_string().contains(&id(1)), "an order is nobody else's business: {one}");
        shop.hand_over(2).await;
        say(&shop, 2, 2, &json!({"stars": 4})).await.expect(StatusCode::CREATED);
        assert_eq!(rating(&shop).await, Rating { reviews: 2, stars: 7 });
        let back = || shop.server.delete(&path(2, TEA)).header("soko-buyer", &secret(2)).send();
        for _ in 0..2 {
            back().await.expect(StatusCode::NO_CONTENT);
        }
        assert_eq!(rating(&shop).await, Rating { reviews: 1, stars: 3 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stall_answers_the_operator_hides_and_erasure_takes_it_away() {
    for store in stores() {
        let shop = Shop::open(store, core(), 9).await;
        let server = &shop.server;
        let amina = server.person("amina@example.org").await;
        let lines = json!([{"product": TEA.to_string(), "quantity": 1}]);
        let order = json!({"order": id(1), "lines": lines});
        server.post(&orders(), &order).bearer(&amina).send().await.expect(StatusCode::CREATED);
        shop.hand_over(1).await;
        let said = json!({"stars": 2, "words": "Cold."});
        server.put(&path(1, TEA), &said).bearer(&amina).send().await.expect(StatusCode::CREATED);
        let review = listed(&shop).await[0]["review"].as_str().unwrap().to_owned();

        // The owner by session, a manager's register by its access; nobody else.
        let answer = async |who: &str, words: &str| {
            let path = format!("/v1/stalls/{STALL}/reviews/{review}/answer");
            server.put(&path, &json!({"words": words})).bearer(who).send().await
        };
        let cashier = shop.register(2, "cashier").await;
        answer(&cashier.access, "Sorry.").await.refused(StatusCode::FORBIDDEN, "not_allowed");
        answer(&amina, "Me again.").await.refused(StatusCode::NOT_FOUND, "no_such_stall");
        answer(&shop.owner, &"x".repeat(10_000))
            .await
            .refused(StatusCode::UNPROCESSABLE_ENTITY, "text_too_long");
        answer(&shop.register.access, "We warm it up.").await.expect(StatusCode::NO_CONTENT);
        assert_eq!(listed(&shop).await[0]["answer"], "We warm it up.");
        let none = format!("/v1/stalls/{STALL}/reviews/{}/answer", id(9));
        let none = server.put(&none, &json!({"words": "?"})).bearer(&shop.owner).send().await;
        none.refused(StatusCode::NOT_FOUND, "no_such_review");

        // Hidden only by the operator, and only with a reason; then it counts for nothing.
        let hide = async |who: &str, because: Option<&str>| {
            let path = format!("/v1/operator/reviews/{review}");
            server.put(&path, &json!({"because": because})).bearer(who).send().await
        };
        hide(&shop.owner, Some("bad for business"))
            .await
            .refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        hide(OPERATOR_KEY, Some(" ")).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "no_reason");
        hide(OPERATOR_KEY, Some("names a person")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!((listed(&shop).await.len(), rating(&shop).await), (0, Rating::default()));
        answer(&shop.owner, "Still here?").await.refused(StatusCode::NOT_FOUND, "no_such_review");
        let all = server.get("/v1/operator/reviews").bearer(OPERATOR_KEY).send().await.expect(StatusCode::OK);
        assert_eq!(all.json()["reviews"][0]["hidden_because"], "names a person");
        server.get("/v1/operator/reviews").send().await.refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        // Changed by its writer, it stays hidden.
        server
            .put(&path(1, TEA), &json!({"stars": 1}))
            .bearer(&amina)
            .send()
            .await
            .expect(StatusCode::NO_CONTENT);
        assert_eq!(rating(&shop).await, Rating::default());
        hide(OPERATOR_KEY, None).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(rating(&shop).await, Rating { reviews: 1, stars: 1 });

        let data = server.get("/v1/me/data").bearer(&amina).send().await.expect(StatusCode::OK).json();
        assert_eq!(data["reviews"][0]["stars"], 1);
        let erased =
            server.post("/v1/me/erasure", &json!({"password": PASSWORD})).bearer(&amina).send().await;
        erased.expect(StatusCode::NO_CONTENT);
        assert_eq!((listed(&shop).await.len(), rating(&shop).await), (0, Rating::default()));
    }
}

/// Ordered by a guest who makes an account later: what was said before and after is that account's, and ends with it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_said_is_the_accounts_that_the_guest_became() {
    for store in stores() {
        let shop = Shop::open(store, core(), 9).await;
        let server = &shop.server;
        for order in [1, 2] {
            shop.order(1, order, 1).send().await.expect(StatusCode::CREATED);
            shop.hand_over(order).await;
        }
        say(&shop, 1, 1, &json!({"stars": 2, "words": "Cold."})).await.expect(StatusCode::CREATED);
        let amina = server.person("amina@example.org").await;
        let said = |order: u8, stars: u8| {
            server.put(&path(order, TEA), &json!({"stars": stars})).bearer(&amina).send()
        };
        said(1, 3).await.refused(StatusCode::NOT_FOUND, "no_such_order");
        let was = server.ask(Method::POST, "/v1/me/guest").bearer(&amina).header("soko-buyer", &secret(1));
        was.send().await.expect(StatusCode::NO_CONTENT);
        said(1, 3).await.expect(StatusCode::NO_CONTENT);
        said(2, 5).await.expect(StatusCode::CREATED);
        let back = || server.delete(&path(2, TEA)).bearer(&amina).send();
        back().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(rating(&shop).await, Rating { reviews: 1, stars: 3 });

        let data = server.get("/v1/me/data").bearer(&amina).send().await.expect(StatusCode::OK).json();
        assert_eq!((data["reviews"].as_array().unwrap().len(), &data["reviews"][0]["stars"]), (1, &json!(3)));
        let erased =
            server.post("/v1/me/erasure", &json!({"password": PASSWORD})).bearer(&amina).send().await;
        erased.expect(StatusCode::NO_CONTENT);
        assert_eq!((listed(&shop).await.len(), rating(&shop).await), (0, Rating::default()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_hid_stays_hidden_when_it_is_taken_back_and_written_again() {
    for store in stores() {
        let shop = Shop::open(store, core(), 9).await;
        let server = &shop.server;
        shop.order(1, 1, 1).send().await.expect(StatusCode::CREATED);
        shop.hand_over(1).await;
        let written = json!({"stars": 1, "words": "Again."});
        say(&shop, 1, 1, &written).await.expect(StatusCode::CREATED);
        let review = listed(&shop).await[0]["review"].as_str().unwrap().to_owned();
        let hide = async |because: Option<&str>| {
            let path = format!("/v1/operator/reviews/{review}");
            server.put(&path, &json!({"because": because})).bearer(OPERATOR_KEY).send().await
        };
        let back = || server.delete(&path(1, TEA)).header("soko-buyer", &secret(1)).send();
        let all = async || {
            let all = server.get("/v1/operator/reviews").bearer(OPERATOR_KEY).send().await;
            all.expect(StatusCode::OK).json()["reviews"].clone()
        };
        let nothing = (0, Rating::default());
        hide(Some("names a person")).await.expect(StatusCode::NO_CONTENT);
        back().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(all().await, json!([]), "of what is taken back nobody is shown anything");
        say(&shop, 1, 1, &written).await.expect(StatusCode::NO_CONTENT);
        assert_eq!((listed(&shop).await.len(), rating(&shop).await), nothing);
        let seen = all().await;
        let seen = (&seen[0]["words"], &seen[0]["hidden_because"]);
        assert_eq!(seen, (&json!("Again."), &json!("names a person")));
        hide(None).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(rating(&shop).await, Rating { reviews: 1, stars: 1 });

        // Shown again after it was taken back, it is gone, and may be written anew.
        hide(Some("names a person")).await.expect(StatusCode::NO_CONTENT);
        back().await.expect(StatusCode::NO_CONTENT);
        hide(None).await.expect(StatusCode::NO_CONTENT);
        hide(None).await.refused(StatusCode::NOT_FOUND, "no_such_review");
        assert_eq!((listed(&shop).await.len(), rating(&shop).await), nothing);
        say(&shop, 1, 1, &written).await.expect(StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sells_at_a_stall_reviews_nothing_of_it_also_as_the_guest_they_were() {
    for store in stores() {
        let shop = Shop::open(store, core(), 9).await;
        let server = &shop.server;
        let lines = json!([{"product": TEA.to_string(), "quantity": 1}]);
        let order = json!({"order": id(1), "lines": lines});
        server.post(&orders(), &order).bearer(&shop.owner).send().await.expect(StatusCode::CREATED);
        shop.order(2, 2, 1).send().await.expect(StatusCode::CREATED);
        for order in [1, 2] {
            shop.hand_over(order).await;
        }
        let praise = json!({"stars": 5, "words": "The best."});
        let owners = |order: u8| server.put(&path(order, TEA), &praise).bearer(&shop.owner).send();
        owners(1).await.refused(StatusCode::FORBIDDEN, "own_stall");
        let was =
            server.ask(Method::POST, "/v1/me/guest").bearer(&shop.owner).header("soko-buyer", &secret(2));
        was.send().await.expect(StatusCode::NO_CONTENT);
        owners(2).await.refused(StatusCode::FORBIDDEN, "own_stall");
        say(&shop, 2, 2, &praise).await.refused(StatusCode::FORBIDDEN, "own_stall");
        assert_eq!((listed(&shop).await.len(), rating(&shop).await), (0, Rating::default()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalls_reviews_are_one_list_for_its_people() {
    for store in stores() {
        let shop = Shop::open(store, core(), 9).await;
        for order in 1..=3 {
            shop.order(order, order, 1).send().await.expect(StatusCode::CREATED);
            shop.hand_over(order).await;
            shop.server.clock.advance_ms(1_000);
            say(&shop, order, order, &json!({"stars": order})).await.expect(StatusCode::CREATED);
        }
        let window = Window { offset: 1, rows: 5 };
        let query = MarketQuery::Reviews { stall: STALL, product: None, window };
        let asked = shop.server.ask(axum::http::Method::POST, "/v1/market/ask");
        let answer = asked.body("application/octet-stream", encode(&query).unwrap()).send().await;
        let MarketView::Reviews(found) = decode(&answer.bytes).unwrap() else { panic!("{answer:?}") };
        let stars: Vec<u8> = found.value.iter().map(|row| row.stars).collect();
        assert_eq!(
            (stars, found.value[0].product_name.as_str()),
            (vec![2, 1], "Crème tea"),
            "the latest first"
        );
    }
}
