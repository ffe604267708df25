//! What a person likes, on every engine; all that is kept of them, and its end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_domain::ids::ProductId;

use crate::common::server::{Answer, PASSWORD, TestServer};
use crate::common::shop::{STALL, Shop, TEA, core, id, secret, stores};

async fn say(server: &TestServer, token: &str, since: i64, said: &[(ProductId, u32)]) -> Answer {
    let like = |(product, turns): &(ProductId, u32)| json!({"stall": STALL.to_string(), "product": product.to_string(), "turns": turns});
    let likes: Vec<Value> = said.iter().map(like).collect();
    server.post("/v1/me/likes", &json!({"since": since, "likes": likes})).bearer(token).send().await
}

/// How far it is, and what was said since.
async fn said(server: &TestServer, token: &str, since: i64, new: &[(ProductId, u32)]) -> (i64, Vec<i64>) {
    let answer = say(server, token, since, new).await.expect(StatusCode::OK).json();
    let likes = answer["likes"].as_array().unwrap();
    assert!(likes.iter().all(|like| like["product"] == TEA.to_string()), "{likes:?}");
    (answer["up_to"].as_i64().unwrap(), likes.iter().map(|like| like["turns"].as_i64().unwrap()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_devices_like_meets_and_stays_somebodys_own() {
    for store in stores() {
        let shop = Shop::open(store, core(), 2).await;
        let amina = shop.server.person("amina@example.org").await;
        let baraka = shop.server.person("baraka@example.org").await;
        // The phone says it, twice; the tablet hears it once, and takes it back.
        for _ in 0..2 {
            assert_eq!(said(&shop.server, &amina, 0, &[(TEA, 1)]).await, (1, vec![1]));
        }
        assert_eq!(said(&shop.server, &amina, 0, &[]).await, (1, vec![1]));
        assert_eq!(said(&shop.server, &amina, 1, &[(TEA, 2)]).await, (2, vec![2]));
        // Late from the phone, what is older changes nothing; what it has not seen it gets.
        assert_eq!(said(&shop.server, &amina, 1, &[(TEA, 1)]).await, (2, vec![2]));
        assert_eq!(said(&shop.server, &amina, 2, &[]).await, (2, vec![]));
        // A server that was set back says less than the device has seen.
        assert_eq!(said(&shop.server, &amina, 9, &[]).await, (2, vec![]));
        // What the market does not know is left out, and nobody sees another's.
        assert_eq!(said(&shop.server, &baraka, 0, &[(ProductId([9; 16]), 1)]).await, (0, vec![]));

        for turns in [0, 1_000_001] {
            say(&shop.server, &amina, 0, &[(TEA, turns)]).await.refused(StatusCode::BAD_REQUEST, "malformed");
        }
        let many = vec![(TEA, 1); 201];
        say(&shop.server, &amina, 0, &many).await.refused(StatusCode::BAD_REQUEST, "malformed");
        say(&shop.server, "nobody", 0, &[]).await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        assert_eq!(said(&shop.server, &amina, 0, &[]).await, (2, vec![2]));
    }
}

fn address(number: u8, edits: u32, goes_to: Option<&str>) -> Value {
    let written = goes_to
        .map(|goes_to| json!({"label": "Home", "name": "Amina", "reach": "+254 700 1", "goes_to": goes_to}));
    json!({"address": id(number), "edits": edits, "chosen": u32::from(number), "written": written})
}

async fn say_addresses(server: &TestServer, token: &str, since: i64, said: &[Value]) -> Answer {
    let body = json!({"since": since, "addresses": said});
    server.post("/v1/me/addresses", &body).bearer(token).send().await
}

/// How far it is, and what was said since.
async fn addresses(server: &TestServer, token: &str, since: i64, new: &[Value]) -> (i64, Value) {
    let answer = say_addresses(server, token, since, new).await.expect(StatusCode::OK).json();
    (answer["up_to"].as_i64().unwrap(), answer["addresses"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_devices_keep_of_addresses_meets_and_stays_somebodys_own() {
    for store in stores() {
        let shop = Shop::open(store, core(), 2).await;
        let server = &shop.server;
        let amina = server.person("amina@example.org").await;
        let baraka = server.person("baraka@example.org").await;
        let (home, moved) = (address(1, 1, Some("Moi Avenue 7")), address(1, 2, Some("Uhuru Street 1")));
        for _ in 0..2 {
            assert_eq!(addresses(server, &amina, 0, std::slice::from_ref(&home)).await, (1, json!([home])));
        }
        assert_eq!(addresses(server, &amina, 1, std::slice::from_ref(&moved)).await, (2, json!([moved])));
        // Late from another device, what is older changes nothing; apart taken out, it stays as it was written.
        assert_eq!(addresses(server, &amina, 2, &[home]).await, (2, json!([])));
        assert_eq!(addresses(server, &amina, 2, &[address(1, 2, None)]).await, (2, json!([])));
        assert_eq!(addresses(server, &baraka, 0, &[]).await, (0, json!([])), "nobody sees another's");
        let all = server.get("/v1/me/data").bearer(&amina).send().await.expect(StatusCode::OK).json();
        assert_eq!(all["addresses"], json!([moved]));
        let gone = address(1, 3, None);
        assert_eq!(addresses(server, &amina, 2, std::slice::from_ref(&gone)).await, (3, json!([gone])));
        let all = server.get("/v1/me/data").bearer(&amina).send().await.expect(StatusCode::OK).json();
        assert_eq!(all["addresses"], json!([]), "nothing is left to tell of what was taken out");

        for wrong in [
            address(2, 0, Some("Lamu")),
            address(2, 1_000_001, Some("Lamu")),
            address(2, 1, Some("")),
            address(2, 1, Some(" Lamu")),
            address(2, 1, Some(&"x".repeat(501))),
        ] {
            let answer = say_addresses(server, &amina, 0, &[wrong]).await;
            answer.refused(StatusCode::BAD_REQUEST, "malformed");
        }
        let eleven = vec![address(2, 1, Some("Lamu")); 11];
        say_addresses(server, &amina, 0, &eleven).await.refused(StatusCode::BAD_REQUEST, "malformed");
        say_addresses(server, "nobody", 0, &[]).await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        for ten in (1..=200).collect::<Vec<u8>>().chunks(10) {
            let ten: Vec<Value> = ten.iter().map(|number| address(*number, 4, Some("Lamu"))).collect();
            addresses(server, &amina, 3, &ten).await;
        }
        let one_more = say_addresses(server, &amina, 0, &[address(201, 1, Some("Lamu"))]).await;
        one_more.refused(StatusCode::CONFLICT, "too_many");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_all_that_is_kept_of_them_and_ends_it() {
    for store in stores() {
        let shop = Shop::open(store, core(), 2).await;
        let server = &shop.server;
        let amina = server.person("amina@example.org").await;
        said(server, &amina, 0, &[(TEA, 1)]).await;
        let lines = json!([{"product": TEA.to_string(), "quantity": 1}]);
        let contact = json!({"name": "Amina", "reach": "+254 700 1", "address": ""});
        let order = json!({"order": id(8), "lines": lines, "contact": contact, "note": "ring twice"});
        let path = format!("/v1/stalls/{STALL}/orders");
        server.post(&path, &order).bearer(&amina).send().await.expect(StatusCode::CREATED);

        let all = server.get("/v1/me/data").bearer(&amina).send().await.expect(StatusCode::OK).json();
        assert_eq!(
            (all["email"].as_str(), all["likes"][0]["turns"].as_i64()),
            (Some("amina@example.org"), Some(1))
        );
        assert_eq!(all["sessions"].as_array().unwrap().len(), 1);
        assert_eq!(all["contact"], contact);
        let told = &all["orders"][0];
        assert_eq!((&told["order"], &told["stall"]), (&json!(id(8)), &json!(STALL.to_string())));
        assert_eq!(
            (&told["note"], &told["contact"], &told["state"]),
            (&json!("ring twice"), &contact, &json!("held"))
        );
        let line = &told["lines"][0];
        assert_eq!((&line["product"], &line["quantity"]), (&json!(TEA.to_string()), &json!(1)));
        assert_eq!((&told["total_minor"], &told["handing"]), (&line["total_minor"], &json!("pickup")));
        server.get("/v1/me/data").send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");

        let erase = async |token: &str, password: &str| {
            server.post("/v1/me/erasure", &json!({"password": password})).bearer(token).send().await
        };
        erase(&amina, "not the password").await.refused(StatusCode::UNAUTHORIZED, "wrong_credentials");
        server.clock.advance_ms(60_000);
        // A stall is not left without anybody.
        erase(&shop.owner, PASSWORD).await.refused(StatusCode::CONFLICT, "last_owner");
        erase(&amina, PASSWORD).await.expect(StatusCode::NO_CONTENT);
        server
            .get("/v1/me/data")
            .bearer(&amina)
            .send()
            .await
            .refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        let again = json!({"email": "amina@example.org", "password": PASSWORD, "carrier": "bearer"});
        server
            .post("/v1/sessions", &again)
            .send()
            .await
            .refused(StatusCode::UNAUTHORIZED, "wrong_credentials");
        // The same address is a new person, of whom nothing is kept.
        let new = server.person("amina@example.org").await;
        let all = server.get("/v1/me/data").bearer(&new).send().await.expect(StatusCode::OK).json();
        assert_eq!((&all["likes"], &all["orders"]), (&json!([]), &json!([])));
        // What was ordered is still the stall's, for whoever fetches it.
        let kept = server.get(&format!("{path}/{}", id(8))).bearer(&shop.owner).send().await;
        assert_eq!(kept.expect(StatusCode::OK).text("state"), "held");
        let whose = server.get(&format!("{path}/{}/contact", id(8))).bearer(&shop.owner).send().await;
        whose.refused(StatusCode::NOT_FOUND, "contact_erased");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ordered_as_a_guest_becomes_an_accounts_and_nobody_elses() {
    for store in stores() {
        let shop = Shop::open(store, core(), 2).await;
        let server = &shop.server;
        let amina = server.person("amina@example.org").await;
        let path = format!("/v1/stalls/{STALL}/orders");
        shop.order(1, 9, 1).send().await.expect(StatusCode::CREATED);
        let as_guest = format!("{path}/{}", id(9));
        let see = async |token: &str| server.get(&as_guest).bearer(token).send().await.status;
        assert_eq!(see(&amina).await, StatusCode::NOT_FOUND);
        let was = |token: &str, header: &str| {
            server.ask(Method::POST, "/v1/me/guest").bearer(token).header("soko-buyer", header).send()
        };
        was(&amina, "abc").await.refused(StatusCode::BAD_REQUEST, "malformed");
        was(&amina, &secret(2)).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(see(&amina).await, StatusCode::NOT_FOUND, "another guest's secret");
        was(&amina, &secret(1)).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(see(&amina).await, StatusCode::OK);
        let baraka = server.person("baraka@example.org").await;
        was(&baraka, &secret(1)).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(see(&baraka).await, StatusCode::NOT_FOUND, "the first account keeps it");
        let all = server.get("/v1/me/data").bearer(&amina).send().await.expect(StatusCode::OK).json();
        assert_eq!(all["orders"][0]["order"].as_str(), Some(&*id(9)));
    }
}
