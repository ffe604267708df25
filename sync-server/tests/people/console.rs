//! The operators' console: ranks, reasons, what is written down, stalls out of the market, locked accounts.

use axum::http::StatusCode;
use serde_json::{Value, json};
use soko_app_api::{MarketQuery, MarketView, Window, decode, encode};
use soko_record_log::params;
use soko_sync_server::platform::Refusal;
use soko_sync_server::store::Shard;

use crate::common::server::{Answer, OPERATOR_KEY, PASSWORD, TestServer};
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret, stores};

const WHY: &str = "ticket 4711: asks where the parcel is";

/// The market's people, by name.
struct Team {
    admin: String,
    operator: String,
    viewer: String,
}

async fn grant(server: &TestServer, who: &str, email: &str, rank: &str) -> Answer {
    let body = json!({"email": email, "rank": rank, "because": "joins the team"});
    server.post("/v1/operator/people", &body).bearer(who).send().await
}

async fn team(server: &TestServer) -> Team {
    let admin = server.person("admin@example.org").await;
    let operator = server.person("operator@example.org").await;
    let viewer = server.person("viewer@example.org").await;
    grant(server, OPERATOR_KEY, "admin@example.org", "admin").await.expect(StatusCode::CREATED);
    grant(server, &admin, "operator@example.org", "operator").await.expect(StatusCode::CREATED);
    grant(server, &admin, "viewer@example.org", "viewer").await.expect(StatusCode::CREATED);
    Team { admin, operator, viewer }
}

async fn get(server: &TestServer, who: &str, path: &str) -> Value {
    server.get(path).bearer(who).send().await.expect(StatusCode::OK).json()
}

async fn act(server: &TestServer, who: &str, path: &str, because: &str) -> Answer {
    server.post(path, &json!({"because": because})).bearer(who).send().await
}

async fn me(server: &TestServer, who: &str) -> String {
    get(server, who, "/v1/me").await["account"].as_str().unwrap().to_owned()
}

/// What was done, the latest first.
async fn acts(server: &TestServer, who: &str, query: &str) -> Vec<Value> {
    get(server, who, &format!("/v1/operator/acts{query}")).await["acts"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn ranks_are_granted_by_admins_and_the_last_admin_stays() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let server = &shop.server;
        // The key names the first admin, nobody else, and nobody once there is one.
        grant(server, OPERATOR_KEY, "owner@example.org", "viewer")
            .await
            .refused(StatusCode::FORBIDDEN, "not_by_name");
        grant(server, &shop.owner, "owner@example.org", "admin")
            .await
            .refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        let Team { admin, operator, viewer } = team(server).await;
        grant(server, OPERATOR_KEY, "owner@example.org", "admin")
            .await
            .refused(StatusCode::FORBIDDEN, "not_by_name");
        for who in [&operator, &viewer] {
            grant(server, who, "owner@example.org", "viewer")
                .await
                .refused(StatusCode::FORBIDDEN, "rank_too_low");
        }
        grant(server, &admin, "nobody@example.org", "viewer")
            .await
            .refused(StatusCode::NOT_FOUND, "no_such_person");
        grant(server, &admin, "owner@example.org", "king")
            .await
            .refused(StatusCode::BAD_REQUEST, "malformed");

        // The last admin is neither revoked, nor made less, nor locked, nor erased.
        let own = me(server, &admin).await;
        let revoke = format!("/v1/operator/people/{own}/revoke");
        act(server, &admin, &revoke, "leaves").await.refused(StatusCode::CONFLICT, "last_admin");
        grant(server, &admin, "admin@example.org", "viewer")
            .await
            .refused(StatusCode::CONFLICT, "last_admin");
        let lock = format!("/v1/operator/accounts/{own}/lock");
        act(server, &operator, &lock, "odd").await.refused(StatusCode::CONFLICT, "last_admin");
        let erase = server.post("/v1/me/erasure", &json!({"password": PASSWORD})).bearer(&admin).send().await;
        erase.refused(StatusCode::CONFLICT, "last_admin");

        // With another one, the first can go, and is none from the next request on.
        grant(server, &admin, "operator@example.org", "admin").await.expect(StatusCode::CREATED);
        act(server, &operator, &revoke, "leaves").await.expect(StatusCode::NO_CONTENT);
        server
            .get("/v1/operator/stalls")
            .bearer(&admin)
            .send()
            .await
            .refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        let people = get(server, &viewer, "/v1/operator/people").await;
        assert_eq!(
            (people["operators"].as_array().unwrap().len(), people["rank"].as_str()),
            (2, Some("viewer"))
        );
        let said: Vec<_> = acts(server, &viewer, "?act=revoked").await;
        assert_eq!(
            (said.len(), &said[0]["subject"], &said[0]["because"]),
            (1, &json!(own), &json!("leaves"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_looked_at_without_a_name_a_rank_and_a_reason_that_stays() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let server = &shop.server;
        let Team { admin, operator, viewer } = team(server).await;
        let owner = me(server, &shop.owner).await;
        let before = acts(server, &viewer, "").await.len();

        // Lists name nobody, for nobody.
        for who in [OPERATOR_KEY, &viewer, &operator, &admin] {
            let list = get(server, who, "/v1/operator/accounts").await;
            assert_eq!(list["accounts"].as_array().unwrap().len(), 4);
            assert!(!list.to_string().contains('@'), "{list}");
        }
        let look = format!("/v1/operator/accounts/{owner}/look");
        act(server, OPERATOR_KEY, &look, WHY).await.refused(StatusCode::FORBIDDEN, "not_by_name");
        act(server, &viewer, &look, WHY).await.refused(StatusCode::FORBIDDEN, "rank_too_low");
        act(server, &shop.owner, &look, WHY).await.refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        for nothing in ["", "  ", "\u{7}"] {
            let answer = act(server, &operator, &look, nothing).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(!answer.json().to_string().contains('@'));
        }
        assert_eq!(acts(server, &viewer, "").await.len(), before, "what was refused saw nothing");

        let person = act(server, &operator, &look, WHY).await.expect(StatusCode::OK);
        assert_eq!(person.text("email"), "owner@example.org");
        let [said] =
            <[Value; 1]>::try_from(acts(server, &viewer, &format!("?subject={owner}")).await).unwrap();
        let who = me(server, &operator).await;
        assert_eq!(
            (&said["actor"], &said["act"], &said["because"]),
            (&json!(who), &json!("looked-at-account"), &json!(WHY))
        );
        // The person hears that somebody looked and why, and not who.
        let own = get(server, &shop.owner, "/v1/me/data").await;
        let [told] = <[Value; 1]>::try_from(own["looked_at"].as_array().unwrap().clone()).unwrap();
        assert_eq!((&told["act"], &told["because"]), (&json!("looked-at-account"), &json!(WHY)));
        assert!(!own["looked_at"].to_string().contains(&who));
        // That nobody has an address was looked at, too; the address is kept nowhere.
        let asked = json!({"email": "somebody@example.org", "because": WHY});
        let none = server.post("/v1/operator/accounts/search", &asked).bearer(&operator).send().await;
        none.refused(StatusCode::NOT_FOUND, "no_such_person");
        let said = acts(server, &viewer, "?act=searched-address").await;
        assert_eq!((said.len(), said[0].to_string().contains("somebody")), (1, false));
        let asked = json!({"email": "owner@example.org", "because": WHY});
        let found = server.post("/v1/operator/accounts/search", &asked).bearer(&operator).send().await;
        assert_eq!(found.expect(StatusCode::OK).text("account"), owner);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_did_shows_when_it_was_changed() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let server = &shop.server;
        let Team { admin, operator, viewer } = team(server).await;
        let stall = format!("/v1/operator/stalls/{STALL}");
        act(server, &operator, &format!("{stall}/block"), "=1+1, \"quoted\"")
            .await
            .expect(StatusCode::NO_CONTENT);
        act(server, &operator, &format!("{stall}/unblock"), "was nothing")
            .await
            .expect(StatusCode::NO_CONTENT);

        // By key: nothing twice, nothing left out.
        let (mut numbers, mut next) = (Vec::new(), String::new());
        loop {
            let page = get(server, &viewer, &format!("/v1/operator/acts?limit=2{next}")).await;
            numbers
                .extend(page["acts"].as_array().unwrap().iter().map(|act| act["number"].as_i64().unwrap()));
            let Some(before) = page["next"].as_i64() else { break };
            next = format!("&before={before}");
        }
        assert_eq!(numbers, [5, 4, 3, 2, 1]);

        let export = "/v1/operator/acts/export?act=blocked-stall";
        act(server, &viewer, export, "for the file").await.refused(StatusCode::FORBIDDEN, "rank_too_low");
        let table = act(server, &admin, export, "for the file").await.expect(StatusCode::OK);
        let table = String::from_utf8(table.bytes.to_vec()).unwrap();
        assert_eq!(table.lines().count(), 2);
        assert!(table.contains("\"'=1+1, \"\"quoted\"\"\""), "{table}");
        let proof = get(server, &viewer, "/v1/operator/acts/proof").await;
        assert_eq!((proof["acts"].as_i64(), &proof["broken_at"]), (Some(6), &Value::Null));

        for (change, broken_at) in [
            ("update operator_act set because = 'another' where seq = 4", 4),
            ("delete from operator_act where seq = 3", 3),
            ("delete from operator_act where seq < 3", 1),
        ] {
            let work = move |tx: &mut dyn soko_record_log::Tx| {
                tx.run(change, params![])?;
                Ok::<_, Refusal>(())
            };
            shop.server.store.store.write(Shard::stall(STALL), work).await.unwrap();
            let proof = get(server, &viewer, "/v1/operator/acts/proof").await;
            assert_eq!(proof["broken_at"].as_i64(), Some(broken_at), "{change}");
        }
    }
}

async fn market_names(shop: &Shop) -> String {
    let query = MarketQuery::Stalls { text: String::new(), window: Window { offset: 0, rows: 50 } };
    let asked = shop.server.ask(axum::http::Method::POST, "/v1/market/ask");
    let answer = asked.body("application/octet-stream", encode(&query).unwrap()).send().await;
    let view: MarketView = decode(&answer.expect(StatusCode::OK).bytes).unwrap();
    format!("{view:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_stall_is_not_in_the_market_takes_no_orders_and_sells_on() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 5).await;
        let Team { operator, viewer, .. } = team(&shop.server).await;
        shop.order(1, 1, 1).send().await.expect(StatusCode::CREATED);
        assert!(market_names(&shop).await.contains("Tea House"));
        let found = get(&shop.server, &viewer, "/v1/operator/stalls?search=TEA%20h&state=open").await;
        assert_eq!(found["stalls"][0]["stall"], json!(STALL.to_string()));
        assert_eq!(
            (&found["stalls"][0]["devices"], found["stalls"][0]["heard_ms"].is_i64()),
            (&json!(1), true)
        );

        let block = format!("/v1/operator/stalls/{STALL}/block");
        act(&shop.server, &viewer, &block, WHY).await.refused(StatusCode::FORBIDDEN, "rank_too_low");
        act(&shop.server, OPERATOR_KEY, &block, WHY).await.refused(StatusCode::FORBIDDEN, "not_by_name");
        act(&shop.server, &operator, &block, " ")
            .await
            .refused(StatusCode::UNPROCESSABLE_ENTITY, "no_reason");
        act(&shop.server, &operator, &block, WHY).await.expect(StatusCode::NO_CONTENT);
        assert!(!market_names(&shop).await.contains("Tea House"));
        for path in [format!("/v1/stalls/{STALL}"), format!("/v1/stalls/{STALL}/products")] {
            shop.server.get(&path).send().await.refused(StatusCode::NOT_FOUND, "no_such_stall");
        }
        let stalls = shop.server.get("/v1/market/stalls").send().await.expect(StatusCode::OK);
        assert_eq!(stalls.json()["stalls"], json!([]));
        shop.order(2, 2, 1).send().await.refused(StatusCode::CONFLICT, "stall_blocked");
        let asked = json!({"lines": [{"product": TEA.to_string(), "quantity": 1}]});
        let quote = shop.server.post(&format!("{}/quote", orders()), &asked).header("soko-buyer", &secret(2));
        quote.send().await.refused(StatusCode::CONFLICT, "stall_blocked");
        // What was ordered before is its buyer's and is handed over; the same request has its first answer; the counter sells.
        shop.order(1, 1, 1).send().await.expect(StatusCode::CREATED);
        let own = format!("{}/{}", orders(), id(1));
        shop.server.get(&own).header("soko-buyer", &secret(1)).send().await.expect(StatusCode::OK);
        shop.hand_over(1).await;
        shop.sell(1).await;

        let listed = get(&shop.server, &viewer, "/v1/operator/stalls?state=blocked").await;
        assert_eq!(listed["stalls"][0]["blocked_because"], json!(WHY));
        let unblock = format!("/v1/operator/stalls/{STALL}/unblock");
        act(&shop.server, &operator, &unblock, "settled").await.expect(StatusCode::NO_CONTENT);
        assert!(market_names(&shop).await.contains("Tea House"));
        shop.order(3, 3, 1).send().await.expect(StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_account_is_signed_out_and_stays_so() {
    for store in stores() {
        let shop = Shop::open(store, core(), 5).await;
        let server = &shop.server;
        let Team { operator, viewer, .. } = team(server).await;
        let owner = me(server, &shop.owner).await;
        let of = |what: &str| format!("/v1/operator/accounts/{owner}/{what}");
        act(server, &viewer, &of("lock"), WHY).await.refused(StatusCode::FORBIDDEN, "rank_too_low");
        act(server, &operator, &of("end-sessions"), WHY).await.expect(StatusCode::NO_CONTENT);
        server
            .get("/v1/me")
            .bearer(&shop.owner)
            .send()
            .await
            .refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        let again = server.signed_in("owner@example.org").await;

        act(server, &operator, &of("lock"), WHY).await.expect(StatusCode::NO_CONTENT);
        server.get("/v1/me").bearer(&again).send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        let sign_in = json!({"email": "owner@example.org", "password": PASSWORD, "carrier": "bearer"});
        let refused = server.post("/v1/sessions", &sign_in).send().await;
        refused.refused(StatusCode::FORBIDDEN, "account_locked");
        let wrong = json!({"email": "owner@example.org", "password": "not this one", "carrier": "bearer"});
        // Only whoever knows the password learns that it is locked.
        server
            .post("/v1/sessions", &wrong)
            .send()
            .await
            .refused(StatusCode::UNAUTHORIZED, "wrong_credentials");
        let listed = get(server, &viewer, &format!("/v1/operator/accounts?state=locked&stall={STALL}")).await;
        assert_eq!(listed["accounts"][0]["account"], json!(owner));
        act(server, &operator, &of("unlock"), "settled").await.expect(StatusCode::NO_CONTENT);
        server.signed_in("owner@example.org").await;
        let said: Vec<_> = acts(server, &viewer, &format!("?subject={owner}")).await;
        let said: Vec<_> = said.iter().map(|act| act["act"].as_str().unwrap()).collect();
        assert_eq!(said, ["unlocked-account", "locked-account", "ended-sessions"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_all_stalls_are_listed_and_their_people_are_not() {
    for store in stores() {
        let shop = Shop::open(store, core(), 9).await;
        let server = &shop.server;
        let Team { operator, viewer, .. } = team(server).await;
        let lines = json!([{"product": TEA.to_string(), "quantity": 1}]);
        let contact = json!({"name": "Amina Odhiambo", "reach": "+254700000001", "address": "Hill Road 3"});
        let order =
            json!({"order": id(1), "lines": lines, "handing": "local", "zone": "Town", "contact": contact});
        let amina = server.person("amina@example.org").await;
        server.post(&orders(), &order).bearer(&amina).send().await.expect(StatusCode::CREATED);
        for number in [2, 3] {
            server.clock.advance_ms(3_600_000);
            shop.order(number, number, 1).send().await.expect(StatusCode::CREATED);
        }
        shop.hand_over(2).await;

        let names = async |query: &str| {
            let list = get(server, &viewer, &format!("/v1/operator/orders{query}")).await;
            assert!(!list.to_string().contains("Amina") && !list.to_string().contains("Hill Road"), "{list}");
            let all = list["orders"].as_array().unwrap().iter();
            all.map(|order| order["order"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("").await, [id(3), id(2), id(1)]);
        assert_eq!(names("?older_hours=1").await, [id(2), id(1)]);
        assert_eq!(names(&format!("?state=held&stall={STALL}")).await, [id(3), id(1)]);
        assert_eq!(names("?money=at-the-stall&state=fulfilled").await, [id(2)]);
        assert_eq!(names("?money=paid").await, Vec::<String>::new());
        let first = get(server, &viewer, "/v1/operator/orders?limit=2").await;
        let rest = names(&format!("?limit=2&after={}", first["next"].as_str().unwrap())).await;
        assert_eq!(rest, [id(1)]);

        let look = format!("/v1/operator/stalls/{STALL}/orders/{}/look", id(1));
        act(server, &viewer, &look, WHY).await.refused(StatusCode::FORBIDDEN, "rank_too_low");
        act(server, &operator, &look, " ").await.refused(StatusCode::UNPROCESSABLE_ENTITY, "no_reason");
        let person = act(server, &operator, &look, WHY).await.expect(StatusCode::OK);
        assert_eq!(
            (person.text("name"), person.text("address")),
            ("Amina Odhiambo".into(), "Hill Road 3".into())
        );
        let said = acts(server, &viewer, "?act=looked-at-order").await;
        assert_eq!((said.len(), &said[0]["subject"]), (1, &json!(id(1))));
        let jobs = get(server, &viewer, "/v1/operator/jobs").await;
        assert_eq!(jobs["jobs"].as_array().unwrap().len(), 4);
        act(server, &viewer, "/v1/operator/jobs/feeds/run", WHY)
            .await
            .refused(StatusCode::FORBIDDEN, "rank_too_low");
        act(server, &operator, "/v1/operator/jobs/feeds/run", WHY).await.expect(StatusCode::ACCEPTED);
    }
}
