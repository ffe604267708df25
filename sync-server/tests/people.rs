//! Accounts, sessions, members: through the real router.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "people/baskets.rs"]
mod baskets;
mod common;
#[path = "people/console.rs"]
mod console;
#[path = "people/interactions.rs"]
mod interactions;
#[path = "people/own_data.rs"]
mod own_data;
#[path = "people/own_orders.rs"]
mod own_orders;
#[path = "people/sessions.rs"]
mod sessions;

use axum::http::{StatusCode, header};
use common::server::{PASSWORD, TestServer, Wanted};
use serde_json::json;
use soko_sync_server::guard::limits::Rates;

const DAY_MS: i64 = 24 * 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_once_and_signed_in_to() {
    let server = TestServer::new();
    let account = json!({"email": "Amina@Example.org", "password": PASSWORD});
    let made = server.post("/v1/accounts", &account).send().await.expect(StatusCode::CREATED);
    assert_eq!(made.text("email"), "amina@example.org");
    let again = server.post("/v1/accounts", &account).send().await;
    again.refused(StatusCode::CONFLICT, "account_exists");

    let sign_in = json!({"email": "amina@example.org", "password": PASSWORD, "carrier": "bearer"});
    let token = server.post("/v1/sessions", &sign_in).send().await.expect(StatusCode::CREATED).text("token");
    let me = server.get("/v1/me").bearer(&token).send().await.expect(StatusCode::OK);
    assert_eq!(me.text("account"), made.text("account"));

    server.delete("/v1/sessions/current").bearer(&token).send().await.expect(StatusCode::NO_CONTENT);
    server.get("/v1/me").bearer(&token).send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    server.get("/v1/me").send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_addresses_and_passwords_are_named() {
    let server = TestServer::new();
    let cases = [
        ("nobody", PASSWORD, "email_unreadable"),
        ("a@b.c\u{0}", PASSWORD, "email_unreadable"),
        ("amina@example.org", "too short", "weak_password"),
        ("amina@example.org", "passwordpassword", "weak_password"),
    ];
    for (email, password, code) in cases {
        let answer = server.post("/v1/accounts", &json!({"email": email, "password": password})).send().await;
        answer.refused(StatusCode::UNPROCESSABLE_ENTITY, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_learns_nothing_from_a_wrong_password_and_waits_longer_each_time() {
    let server = TestServer::new();
    server.person("amina@example.org").await;
    let tried = |email: &str, password: &str, address: &str| {
        let body = json!({"email": email, "password": password, "carrier": "bearer"});
        server.post("/v1/sessions", &body).from(address).send()
    };
    let wrong = tried("amina@example.org", "not the password", "192.0.2.7").await;
    let unknown = tried("nobody@example.org", "not the password", "192.0.2.7").await;
    wrong.refused(StatusCode::UNAUTHORIZED, "wrong_credentials");
    assert_eq!(wrong.json(), unknown.json());
    for _ in 0..2 {
        let answer = tried("amina@example.org", "not the password", "192.0.2.7").await;
        answer.refused(StatusCode::UNAUTHORIZED, "wrong_credentials");
    }
    let delayed = tried("amina@example.org", PASSWORD, "192.0.2.7").await;
    delayed.refused(StatusCode::TOO_MANY_REQUESTS, "sign_in_delayed");
    tried("amina@example.org", PASSWORD, "198.51.100.1").await.expect(StatusCode::CREATED);
    server.clock.advance_ms(2_000);
    tried("amina@example.org", PASSWORD, "192.0.2.7").await.expect(StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_by_rest_by_age_and_by_a_new_password() {
    let server = TestServer::new();
    let first = server.person("amina@example.org").await;
    let sign_in = json!({"email": "amina@example.org", "password": PASSWORD, "carrier": "bearer"});
    let second = server.post("/v1/sessions", &sign_in).send().await.text("token");

    // Used now and then, it lives; not longer than three months, though. One that ended by itself says so.
    for _ in 0..8 {
        server.clock.advance_ms(11 * DAY_MS);
        server.get("/v1/me").bearer(&first).send().await.expect(StatusCode::OK);
    }
    server.get("/v1/me").bearer(&second).send().await.refused(StatusCode::UNAUTHORIZED, "session_expired");
    server.clock.advance_ms(3 * DAY_MS);
    server.get("/v1/me").bearer(&first).send().await.refused(StatusCode::UNAUTHORIZED, "session_expired");

    // It still does when somebody signed in anew; not for ever, though.
    let mine = server.post("/v1/sessions", &sign_in).send().await.text("token");
    server.get("/v1/me").bearer(&first).send().await.refused(StatusCode::UNAUTHORIZED, "session_expired");
    let other = server.post("/v1/sessions", &sign_in).send().await.text("token");
    let wrong = json!({"old": "not the password", "new": "paper lantern creek"});
    let answer = server.put("/v1/me/password", &wrong).bearer(&mine).send().await;
    answer.refused(StatusCode::UNAUTHORIZED, "wrong_credentials");
    let weak = json!({"old": PASSWORD, "new": "123412341234"});
    let answer = server.put("/v1/me/password", &weak).bearer(&mine).send().await;
    answer.refused(StatusCode::UNPROCESSABLE_ENTITY, "weak_password");
    let good = json!({"old": PASSWORD, "new": "paper lantern creek"});
    server.put("/v1/me/password", &good).bearer(&mine).send().await.expect(StatusCode::NO_CONTENT);
    server.get("/v1/me").bearer(&mine).send().await.expect(StatusCode::OK);
    // Those that a person ended are not known as anybody's.
    for ended in [&other, &first] {
        server.get("/v1/me").bearer(ended).send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    }
    let old = server.post("/v1/sessions", &sign_in).send().await;
    old.refused(StatusCode::UNAUTHORIZED, "wrong_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_for_our_own_pages_alone() {
    for (public_origin, name, is_secure) in
        [(None, "soko", false), (Some("https://market.example"), "__Host-soko", true)]
    {
        let server = TestServer::with(Wanted { public_origin, ..Wanted::default() });
        server.person("amina@example.org").await;
        let sign_in = json!({"email": "amina@example.org", "password": PASSWORD});
        let answer = server.post("/v1/sessions", &sign_in).send().await.expect(StatusCode::CREATED);
        assert!(answer.json().get("token").is_none());
        let set = answer.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(set.starts_with(&format!("{name}=soko_s_")), "{set}");
        assert!(
            set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"),
            "{set}"
        );
        assert_eq!(set.contains("Secure"), is_secure);
        let cookie = set.split(';').next().unwrap();
        server.get("/v1/me").header("cookie", cookie).send().await.expect(StatusCode::OK);

        let ours = public_origin.unwrap_or("http://market.example");
        // (sec-fetch-site, origin, let through)
        let cases = [
            (Some("cross-site"), None, false),
            (Some("same-site"), Some(ours), false),
            (None, Some("https://evil.example"), false),
            (None, Some("null"), false),
            (None, None, false),
            (None, Some(ours), true),
            (Some("same-origin"), Some(ours), true),
            (Some("none"), None, true),
        ];
        for (site, origin, is_let_through) in cases {
            let change = json!({"old": "not the password", "new": "paper lantern creek"});
            let mut ask = server.put("/v1/me/password", &change).header("cookie", cookie);
            ask = ask.header("host", "market.example");
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                ask = match value {
                    Some(value) => ask.header(name, value),
                    None => ask,
                };
            }
            let answer = ask.from("192.0.2.9").send().await;
            // The password is wrong in every case: what differs is whether it was looked at.
            let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
            let is_looked_at = matches!(code.as_str(), "wrong_credentials" | "sign_in_delayed");
            assert_eq!(is_looked_at, is_let_through, "{site:?} {origin:?} {code}");
            assert!(is_looked_at || code == "foreign_page");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_told_when_to_come_back_and_others_are_served() {
    let server = TestServer::with(Wanted { rates: Some(Rates::default()), ..Wanted::default() });
    let flood = || server.get("/v1/me").from("192.0.2.66").send();
    let mut limited = None;
    for _ in 0..2_000 {
        let answer = flood().await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.unwrap();
    limited.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    let seconds: i64 = limited.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    server.get("/v1/me").from("198.51.100.1").send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    server.get("/healthz").from("192.0.2.66").send().await.expect(StatusCode::OK);
    // Nobody's word about the address counts, unless a proxy of ours stands in front.
    let spoofed =
        server.get("/v1/me").from("192.0.2.66").header("x-forwarded-for", "203.0.113.9").send().await;
    spoofed.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    server.clock.advance_ms(seconds * 1_000);
    flood().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_ours_says_whom_a_request_comes_from() {
    let rates = Some(Rates::default());
    let server = TestServer::with(Wanted { rates, behind_proxy: true, ..Wanted::default() });
    let ask = |list: &str| server.get("/v1/me").from("127.0.0.1").header("x-forwarded-for", list).send();
    while ask("203.0.113.9, 192.0.2.66").await.status != StatusCode::TOO_MANY_REQUESTS {}
    // Only what our own proxy wrote, the last one, is believed.
    ask("198.51.100.1, 192.0.2.66").await.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    ask("192.0.2.66, 198.51.100.1").await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_managed_by_those_above_them() {
    let server = TestServer::new();
    let (owner, founder) = server.owner_and_stall().await;
    let stall = founder.pen.log();
    let members = format!("/v1/stalls/{stall}/members");
    let manager = server.person("manager@example.org").await;
    let cashier = server.person("cashier@example.org").await;
    let set = |person: &str, email: &str, role: &str| {
        server.clock.advance_ms(1);
        server.put(&members, &json!({"email": email, "role": role})).bearer(person).send()
    };
    // Who has nothing to do with a stall cannot tell whether it exists.
    server.get(&members).bearer(&manager).send().await.refused(StatusCode::NOT_FOUND, "no_such_stall");
    let answer = set(&manager, "manager@example.org", "owner").await;
    answer.refused(StatusCode::NOT_FOUND, "no_such_stall");

    set(&owner, "manager@example.org", "manager").await.expect(StatusCode::NO_CONTENT);
    set(&owner, "ghost@example.org", "cashier").await.refused(StatusCode::NOT_FOUND, "no_such_person");
    set(&manager, "cashier@example.org", "cashier").await.expect(StatusCode::NO_CONTENT);
    set(&manager, "cashier@example.org", "manager").await.refused(StatusCode::FORBIDDEN, "not_allowed");
    set(&manager, "owner@example.org", "cashier").await.refused(StatusCode::FORBIDDEN, "not_allowed");
    set(&cashier, "cashier@example.org", "manager").await.refused(StatusCode::FORBIDDEN, "not_allowed");
    set(&owner, "owner@example.org", "cashier").await.refused(StatusCode::CONFLICT, "last_owner");

    let list = server.get(&members).bearer(&cashier).send().await.expect(StatusCode::OK).json();
    let roles: Vec<&str> =
        list["members"].as_array().unwrap().iter().map(|member| member["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["owner", "manager", "cashier"]);
    let account = |at: usize| list["members"][at]["account"].as_str().unwrap().to_owned();
    let remove =
        |person: &str, at: usize| server.delete(&format!("{members}/{}", account(at))).bearer(person).send();
    remove(&manager, 0).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    remove(&owner, 0).await.refused(StatusCode::CONFLICT, "last_owner");
    remove(&manager, 2).await.expect(StatusCode::NO_CONTENT);
    remove(&manager, 2).await.refused(StatusCode::NOT_FOUND, "no_such_member");
    server.get(&members).bearer(&cashier).send().await.refused(StatusCode::NOT_FOUND, "no_such_stall");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_belongs_to_whoever_claims_it_first() {
    let server = TestServer::new();
    let (owner, founder) = server.owner_and_stall().await;
    let claim = json!({"introduction": founder.introduction});
    server.post("/v1/stalls", &claim).bearer(&owner).send().await.expect(StatusCode::CREATED);
    let thief = server.person("thief@example.org").await;
    let answer = server.post("/v1/stalls", &claim).bearer(&thief).send().await;
    answer.refused(StatusCode::CONFLICT, "stall_taken");
    let other = common::server::Device::new(9, founder.pen.log());
    let claim = json!({"introduction": other.introduction});
    let answer = server.post("/v1/stalls", &claim).bearer(&thief).send().await;
    answer.refused(StatusCode::CONFLICT, "stall_taken");
    let list = server.get("/v1/stalls").bearer(&owner).send().await.json();
    assert_eq!(list["stalls"][0]["stall"], founder.pen.log().to_string());
    assert_eq!(server.get("/v1/stalls").bearer(&thief).send().await.json()["stalls"], json!([]));
    let answer = server.post("/v1/stalls", &json!({"introduction": "00ff"})).bearer(&thief).send().await;
    answer.refused(StatusCode::UNPROCESSABLE_ENTITY, "introduction_unproven");
}
