//! What an owner's own programs may do and are told: keys that read, and webhooks, on every engine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
#[path = "programs/hooks.rs"]
mod hooks;

use axum::http::StatusCode;
use common::server::{Answer, TestServer, Wanted};
use common::shop::{STALL, Shop, TEA, core, id, orders, secret as guest_secret, stores};
use serde_json::{Value, json};
use soko_domain::entry::{Entry, Kind, ProgramAct};
use soko_domain::ids::ThingId;
use soko_record_log::{Row, StoreError, Tx, params};
use soko_sync_server::guard::limits::{Rate, Rates};

const DAY_MS: i64 = 24 * 3_600_000;

fn keys() -> String {
    format!("/v1/stalls/{STALL}/keys")
}

/// Makes a key; its identity and its secret.
async fn key(shop: &Shop, scopes: &[&str]) -> (String, String) {
    let asked = json!({"name": "Bookkeeping", "scopes": scopes});
    let made = shop.server.post(&keys(), &asked).bearer(&shop.owner).send().await.expect(StatusCode::CREATED);
    (made.text("key"), made.text("secret"))
}

async fn read(server: &TestServer, secret: &str, what: &str) -> Answer {
    server.get(&format!("/v1/stalls/{STALL}/{what}")).bearer(secret).send().await
}

/// What the stall's records say that owners let programs do.
async fn acts(shop: &Shop) -> Vec<(ProgramAct, String, ThingId)> {
    let kind = Kind::ProgramActed;
    let find = move |tx: &mut dyn Tx| {
        let sql = "select body from record where log = $1 and kind = $2 order by position";
        let read = |row: &Row| {
            let (_, entry) = Entry::from_body(kind, row.blob(0)?).unwrap();
            let Entry::ProgramActed(acted) = entry else { panic!("{entry:?}") };
            Ok::<_, StoreError>((acted.act, acted.name, acted.by))
        };
        tx.query(sql, params![STALL, kind.number()])?.iter().map(read).collect()
    };
    shop.server.store.store.read(find).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_reads_what_it_may_and_ends_at_once() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let server = &shop.server;
        shop.order(1, 1, 2).send().await.expect(StatusCode::CREATED);
        let (name, secret) = key(&shop, &["orders:read"]).await;
        assert!(secret.starts_with("soko_k_") && secret.len() == 71, "{secret}");
        let listed = server.get(&keys()).bearer(&shop.owner).send().await.expect(StatusCode::OK);
        assert!(!String::from_utf8_lossy(&listed.bytes).contains(&secret[7..]));
        let listed = listed.json()["keys"][0].clone();
        assert_eq!((listed["key"].as_str(), listed.get("used_ms")), (Some(name.as_str()), None));
        assert_eq!(listed["scopes"], json!(["orders:read"]));

        let list = read(server, &secret, "orders").await.expect(StatusCode::OK).json();
        assert_eq!(list["orders"][0]["order"], json!(id(1)));
        let one = read(server, &secret, &format!("orders/{}", id(1))).await.expect(StatusCode::OK).json();
        assert_eq!((&one["total_minor"], &one["state"]), (&json!(900), &json!("held")));
        read(server, &secret, &format!("orders/{}", id(9)))
            .await
            .refused(StatusCode::NOT_FOUND, "no_such_order");
        let listed = server.get(&keys()).bearer(&shop.owner).send().await.json();
        assert_eq!(listed["keys"][0]["used_ms"], json!(server.app.now_ms()));

        // What is missing is named.
        for (what, scope) in [("catalogue", "products:read"), ("sales-by-day", "sales:read")] {
            let answer = read(server, &secret, what).await;
            answer.refused(StatusCode::FORBIDDEN, "scope_missing");
            assert!(answer.text("detail").contains(scope), "{:?}", answer.bytes);
        }

        let path = format!("{}/{name}", keys());
        server.delete(&path).bearer(&shop.owner).send().await.expect(StatusCode::NO_CONTENT);
        read(server, &secret, "orders").await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        server.delete(&path).bearer(&shop.owner).send().await.refused(StatusCode::NOT_FOUND, "no_such_key");
        let me = server.get("/v1/me").bearer(&shop.owner).send().await.text("account");
        let by = ThingId::from_hex(&me).unwrap();
        let called = "Bookkeeping".to_owned();
        let told = [(ProgramAct::KeyMade, called.clone(), by), (ProgramAct::KeyEnded, called, by)];
        assert_eq!(acts(&shop).await, told);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_one_stall_and_never_anything_that_writes_or_tells_of_people() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let server = &shop.server;
        shop.order(1, 1, 2).send().await.expect(StatusCode::CREATED);
        let (_, secret) = key(&shop, &["orders:read", "products:read", "sales:read"]).await;
        // Another stall and one that does not exist look the same, be the order there or not.
        let theirs = server.person("other@example.org").await;
        let other = common::server::Device::new(9, soko_domain::ids::LogId([0x66; 16]));
        let claim = json!({"introduction": other.introduction});
        server.post("/v1/stalls", &claim).bearer(&theirs).send().await.expect(StatusCode::CREATED);
        let mut answers = Vec::new();
        for stall in [id(0x66), id(0x67)] {
            for what in
                ["orders".to_owned(), format!("orders/{}", id(1)), "catalogue".into(), "sales-by-day".into()]
            {
                let path = format!("/v1/stalls/{stall}/{what}");
                let answer = server.get(&path).bearer(&secret).send().await;
                answer.refused(StatusCode::NOT_FOUND, "no_such_stall");
                answers.push(answer.json());
            }
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]));

        let order = format!("{}/{}", orders(), id(1));
        let stall = format!("/v1/stalls/{STALL}");
        for ask in [
            server.post(&format!("{order}/cancel"), &json!({})),
            server.post(&format!("{order}/fulfil"), &json!({})),
            server.post(&format!("{order}/step"), &json!({"step": "accepted"})),
            server.get(&format!("{order}/contact")),
            server.get(&format!("{stall}/members")),
            server.get(&format!("{stall}/devices")),
            server.get(&format!("{stall}/keys")),
            server.post(&format!("{stall}/keys"), &json!({"name": "more", "scopes": ["orders:read"]})),
            server.post(&format!("{stall}/enrolment-codes"), &json!({"role": "owner"})),
            server.get("/v1/me"),
            server.get("/v1/me/data"),
        ] {
            let answer = ask.bearer(&secret).send().await;
            answer.refused(StatusCode::FORBIDDEN, "not_for_keys");
        }
        // Nothing in what it reads says who the buyer is.
        let read = server.get(&order).bearer(&secret).send().await.expect(StatusCode::OK).json();
        assert!(read.get("contact").is_none() && read["buyer"].as_str().unwrap().len() == 32, "{read}");
        for wrong in
            ["soko_k_", "soko_k_00", &format!("soko_k_{}", "0".repeat(64)), &secret.replace("_k_", "_a_")]
        {
            let answer = server.get(&order).bearer(wrong).send().await;
            answer.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_alone_make_keys_and_a_key_ends_with_its_day_or_its_makers_role() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let server = &shop.server;
        let wanted = |more: Value| {
            let mut asked = json!({"name": "Stock", "scopes": ["products:read"]});
            asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            asked
        };
        let manager = shop.member("manager@example.org", "manager").await;
        let stranger = server.person("stranger@example.org").await;
        for (who, status, code) in [
            (&manager, StatusCode::FORBIDDEN, "not_allowed"),
            (&stranger, StatusCode::NOT_FOUND, "no_such_stall"),
        ] {
            server.post(&keys(), &wanted(json!({}))).bearer(who).send().await.refused(status, code);
            server.get(&keys()).bearer(who).send().await.refused(status, code);
            server.delete(&format!("{}/{}", keys(), id(1))).bearer(who).send().await.refused(status, code);
        }
        let now_ms = server.app.now_ms();
        for (more, code) in [
            (json!({"scopes": []}), "malformed"),
            (json!({"scopes": ["orders:write"]}), "malformed"),
            (json!({"ends_ms": now_ms}), "malformed"),
            (json!({"role": "owner"}), "malformed"),
        ] {
            let answer = server.post(&keys(), &wanted(more)).bearer(&shop.owner).send().await;
            answer.refused(StatusCode::BAD_REQUEST, code);
        }
        let answer = server.post(&keys(), &wanted(json!({"name": " "}))).bearer(&shop.owner).send().await;
        answer.refused(StatusCode::UNPROCESSABLE_ENTITY, "name_unusable");

        // Of a second owner, until a day.
        let second = shop.member("second@example.org", "owner").await;
        let ends = wanted(json!({"ends_ms": now_ms + DAY_MS}));
        let made = server.post(&keys(), &ends).bearer(&second).send().await.expect(StatusCode::CREATED);
        let for_a_day = made.text("secret");
        let made = server.post(&keys(), &wanted(json!({}))).bearer(&second).send().await;
        let for_long = made.expect(StatusCode::CREATED).text("secret");
        read(server, &for_a_day, "catalogue").await.expect(StatusCode::OK);
        server.clock.advance_ms(DAY_MS);
        read(server, &for_a_day, "catalogue").await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        read(server, &for_long, "catalogue").await.expect(StatusCode::OK);
        let members = format!("/v1/stalls/{STALL}/members");
        let less = json!({"email": "second@example.org", "role": "manager"});
        server.put(&members, &less).bearer(&shop.owner).send().await.expect(StatusCode::NO_CONTENT);
        read(server, &for_long, "catalogue").await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");

        for _ in 2..20 {
            let made = server.post(&keys(), &wanted(json!({}))).bearer(&shop.owner).send().await;
            made.expect(StatusCode::CREATED);
        }
        let answer = server.post(&keys(), &wanted(json!({}))).bearer(&shop.owner).send().await;
        answer.refused(StatusCode::CONFLICT, "too_many");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_page_by_page_what_is_there_and_what_was_sold() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 5).await;
        shop.sell(1).await;
        shop.order(1, 1, 2).send().await.expect(StatusCode::CREATED);
        shop.order(1, 2, 1).send().await.expect(StatusCode::CREATED);
        let server = &shop.server;
        let (_, secret) = key(&shop, &["orders:read", "products:read", "sales:read"]).await;

        let goods = read(server, &secret, "catalogue?limit=1").await.expect(StatusCode::OK).json();
        let tea = &goods["products"][0];
        assert_eq!((&tea["product"], &tea["price_minor"]), (&json!(TEA.to_string()), &json!(450)));
        // Five for the shop, of which three are promised; of the register's five, one was sold.
        assert_eq!((&tea["available"], &tea["at_stall"]), (&json!(2), &json!(9)));
        let rest = format!("catalogue?limit=1&after={}", goods["next"].as_str().unwrap());
        let rest = read(server, &secret, &rest).await.expect(StatusCode::OK);
        assert_eq!(rest.json(), json!({"products": []}));

        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let page =
                read(server, &secret, &format!("orders?limit=1{after}")).await.expect(StatusCode::OK).json();
            seen.extend(page["orders"].as_array().unwrap().iter().map(|order| order["order"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        seen.sort_by_key(ToString::to_string);
        assert_eq!(seen, [json!(id(1)), json!(id(2))]);

        let sold = read(server, &secret, "sales-by-day").await.expect(StatusCode::OK).json();
        assert_eq!((&sold["to"], &sold["from"]), (&json!("2026-09-21"), &json!("2026-08-23")));
        let day = json!({
            "day": "2026-09-21", "sales": 1, "revenue_minor": 450, "tax_minor": 0, "discount_minor": 0,
            "refunds": 0, "refunded_minor": 0,
        });
        assert_eq!((&sold["currency"], &sold["days"]), (&json!("EUR"), &json!([day])));
        let before = read(server, &secret, "sales-by-day?from=2026-01-01&to=2026-09-20").await;
        assert_eq!(before.expect(StatusCode::OK).json()["days"], json!([]));
        for wrong in ["from=yesterday", "from=2026-09-22&to=2026-09-21", "from=2020-01-01&to=2026-09-21"] {
            let answer = read(server, &secret, &format!("sales-by-day?{wrong}")).await;
            answer.refused(StatusCode::BAD_REQUEST, "malformed");
        }
        // The same for people, each by their role.
        let manager = shop.member("manager@example.org", "manager").await;
        let cashier = shop.member("cashier@example.org", "cashier").await;
        read(server, &manager, "sales-by-day").await.expect(StatusCode::OK);
        read(server, &cashier, "sales-by-day").await.refused(StatusCode::FORBIDDEN, "not_allowed");
        read(server, &cashier, "catalogue").await.expect(StatusCode::OK);
        let guest =
            server.get(&format!("/v1/stalls/{STALL}/catalogue")).header("soko-buyer", &guest_secret(1));
        guest.send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_asks_too_often_is_told_when_to_come_back() {
    let rich = Rate { burst: 100_000, per_second: 1_000 };
    let rates =
        Rates { prefix: rich, account: Rate { burst: 300, per_second: 1 }, device: rich, stall: rich };
    let [store] = [common::TestStore::sqlite()];
    let shop = Shop::open_wanted(store, core(), 5, Wanted { rates: Some(rates), ..Wanted::default() }).await;
    let (_, one) = key(&shop, &["products:read"]).await;
    let (_, other) = key(&shop, &["products:read"]).await;
    for _ in 0..300 {
        read(&shop.server, &one, "catalogue").await.expect(StatusCode::OK);
    }
    read(&shop.server, &one, "catalogue").await.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    read(&shop.server, &other, "catalogue").await.expect(StatusCode::OK);
}

#[test]
fn every_way_in_is_described() {
    let api = serde_json::to_value(soko_sync_server::http::router::openapi()).unwrap();
    let schemes = &api["components"]["securitySchemes"];
    assert_eq!(schemes["program_key"]["scheme"], json!("bearer"));
    let of = |path: &str| api["paths"][format!("/v1/stalls/{{stall}}/{path}")]["get"]["security"][0].clone();
    for (path, scope) in [
        ("orders", "orders:read"),
        ("orders/{order}", "orders:read"),
        ("catalogue", "products:read"),
        ("sales-by-day", "sales:read"),
    ] {
        assert_eq!(of(path), json!({"program_key": [scope]}), "{path}");
    }
}
