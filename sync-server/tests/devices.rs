//! Enrolment, access and refresh of devices: through the real router.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use axum::http::StatusCode;
use common::TestStore;
use common::server::{Answer, Device, TestServer, Wanted, hex};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use soko_domain::ids::LogId;
use soko_sync_server::platform::refresh::signed_bytes;
use soko_sync_server::secret::Token;

const MINUTE_MS: i64 = 60_000;

fn refresh_request(device: &Device, token: &str, nonce: u8) -> Value {
    let bytes = Token::from_hex(token.strip_prefix("soko_r_").unwrap()).unwrap();
    let message = signed_bytes(device.pen.author(), &bytes, &[nonce; 16]);
    let signature = SigningKey::from_bytes(&device.secret).sign(&message).to_bytes();
    json!({
        "author": device.author(),
        "refresh_token": token,
        "nonce": hex(&[nonce; 16]),
        "signature": hex(&signature),
    })
}

async fn refresh(server: &TestServer, device: &Device, token: &str) -> Answer {
    server.post("/v1/devices/refresh", &refresh_request(device, token, 1)).send().await
}

/// A device enrolled as a cashier's register, and its tokens.
async fn enrolled(server: &TestServer) -> (String, Device, Answer) {
    let (owner, founder) = server.owner_and_stall().await;
    let device = Device::new(2, founder.pen.log());
    let code = server.code(&owner, founder.pen.log(), "cashier").await;
    let answer = server.post("/v1/devices/enrol", &device.enrol_with(&code)).send().await;
    (owner, device, answer.expect(StatusCode::CREATED))
}

/// What the access token opens: a stream is refused or begins.
async fn has_access(server: &TestServer, device: &Device, token: &str) -> bool {
    let path = format!("/v1/stalls/{}/stream", device.pen.log());
    server.get(&path).bearer(token).raw().await.status() == StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lets_one_device_in_once() {
    let server = TestServer::new();
    let (owner, founder) = server.owner_and_stall().await;
    let stall = founder.pen.log();
    let code = server.code(&owner, stall, "cashier").await;
    let (device, other) = (Device::new(2, stall), Device::new(3, stall));

    let typed = code.to_lowercase().replace('-', " ");
    let answer = server.post("/v1/devices/enrol", &device.enrol_with(&typed)).send().await;
    let answer = answer.expect(StatusCode::CREATED);
    assert_eq!((answer.text("author"), answer.text("role")), (device.author(), "cashier".to_owned()));
    assert!(has_access(&server, &device, &answer.text("access_token")).await);

    let second = server.post("/v1/devices/enrol", &other.enrol_with(&code)).send().await;
    second.refused(StatusCode::UNPROCESSABLE_ENTITY, "code_unknown");
    let list = server.get(&format!("/v1/stalls/{stall}/devices")).bearer(&owner).send().await.json();
    assert_eq!(list["devices"].as_array().map(Vec::len), Some(1));
    assert_eq!(list["devices"][0]["name"], "kiosk");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_for_its_stall_its_minutes_and_its_maker() {
    let server = TestServer::new();
    let (owner, founder) = server.owner_and_stall().await;
    let stall = founder.pen.log();
    let enrol =
        |device: &Device, code: &str| server.post("/v1/devices/enrol", &device.enrol_with(code)).send();

    let code = server.code(&owner, stall, "cashier").await;
    let foreign = Device::new(4, LogId([0x99; 16]));
    enrol(&foreign, &code).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "other_stall");
    server.clock.advance_ms(10 * MINUTE_MS);
    enrol(&Device::new(5, stall), &code).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "code_unknown");
    let unknown = enrol(&Device::new(5, stall), "0000-0000-0000").await;
    unknown.refused(StatusCode::UNPROCESSABLE_ENTITY, "code_unknown");

    let manager = server.person("manager@example.org").await;
    let member = json!({"email": "manager@example.org", "role": "manager"});
    let members = format!("/v1/stalls/{stall}/members");
    server.put(&members, &member).bearer(&owner).send().await.expect(StatusCode::NO_CONTENT);
    let above = server
        .post(&format!("/v1/stalls/{stall}/enrolment-codes"), &json!({"role": "owner"}))
        .bearer(&manager);
    above.send().await.refused(StatusCode::FORBIDDEN, "not_allowed");
    let code = server.code(&manager, stall, "cashier").await;
    let demoted = json!({"email": "manager@example.org", "role": "cashier"});
    server.put(&members, &demoted).bearer(&owner).send().await.expect(StatusCode::NO_CONTENT);
    enrol(&Device::new(6, stall), &code).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "code_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_to_an_enrolment_costs_nothing() {
    let server = TestServer::new();
    let (owner, founder) = server.owner_and_stall().await;
    let stall = founder.pen.log();
    let device = Device::new(2, stall);
    let code = server.code(&owner, stall, "cashier").await;
    let by_code = device.enrol_with(&code);
    let request = hex(&[8; 16]);
    let by_person =
        json!({"introduction": founder.introduction, "name": "counter", "request": request, "role": "owner"});
    for (body, device) in [(by_code, &device), (by_person, &founder)] {
        let enrol = || server.post("/v1/devices/enrol", &body).bearer(&owner).send();
        let first = enrol().await.expect(StatusCode::CREATED);
        let again = enrol().await.expect(StatusCode::CREATED);
        assert_eq!(first.text("refresh_token"), again.text("refresh_token"));
        assert!(has_access(&server, device, &again.text("access_token")).await);
        refresh(&server, device, &again.text("refresh_token")).await.expect(StatusCode::OK);
        enrol().await.refused(StatusCode::CONFLICT, "already_enrolled");
    }
    let list = server.get(&format!("/v1/stalls/{stall}/devices")).bearer(&owner).send().await.json();
    assert_eq!(list["devices"].as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_code_it_takes_a_person_who_may() {
    let server = TestServer::new();
    let (owner, founder) = server.owner_and_stall().await;
    let stranger = server.person("stranger@example.org").await;
    let body = json!({"introduction": founder.introduction, "name": "counter", "request": hex(&[8; 16])});
    let enrol = || server.post("/v1/devices/enrol", &body);
    enrol().send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    enrol().bearer(&stranger).send().await.refused(StatusCode::NOT_FOUND, "no_such_stall");
    enrol().bearer(&owner).send().await.expect(StatusCode::CREATED);
    let nameless = json!({"introduction": founder.introduction, "name": " \t", "request": hex(&[9; 16])});
    let answer = server.post("/v1/devices/enrol", &nameless).bearer(&owner).send().await;
    answer.refused(StatusCode::UNPROCESSABLE_ENTITY, "name_unusable");
    let unasked = json!({"introduction": founder.introduction, "name": "counter"});
    let answer = server.post("/v1/devices/enrol", &unasked).bearer(&owner).send().await;
    answer.refused(StatusCode::BAD_REQUEST, "malformed");
}

#[test]
fn a_lost_reply_to_a_refresh_gets_the_same_successor_and_reuse_ends_the_family() {
    // On both engines: this is what must not differ between them.
    each_store_server(|server| async move {
        let (_, device, answer) = enrolled(&server).await;
        let first = answer.text("refresh_token");
        let second = refresh(&server, &device, &first).await.expect(StatusCode::OK).text("refresh_token");
        // The reply was lost, twice.
        for _ in 0..2 {
            let again = refresh(&server, &device, &first).await.expect(StatusCode::OK);
            assert_eq!(again.text("refresh_token"), second);
        }
        let renewed = refresh(&server, &device, &second).await.expect(StatusCode::OK);
        let (third, access) = (renewed.text("refresh_token"), renewed.text("access_token"));
        assert!(third != second && has_access(&server, &device, &access).await);
        // Now the successor of the first was used: two hold the first.
        refresh(&server, &device, &first).await.refused(StatusCode::UNAUTHORIZED, "refresh_reused");
        assert!(!has_access(&server, &device, &access).await);
        refresh(&server, &device, &third).await.refused(StatusCode::UNAUTHORIZED, "refresh_unknown");
    });
}

/// Runs a test on the real server over every engine there is.
fn each_store_server<F: Future<Output = ()>>(test: impl Fn(TestServer) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let stores = [Some(TestStore::sqlite()), TestStore::postgres()];
    for store in stores.into_iter().flatten() {
        runtime.block_on(test(TestServer::on(store, Wanted::default())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_token_is_worth_nothing_without_the_key() {
    let server = TestServer::new();
    let (_, device, answer) = enrolled(&server).await;
    let token = answer.text("refresh_token");
    let good = refresh_request(&device, &token, 1);
    let other_key = refresh_request(&Device::new(7, device.pen.log()), &token, 1);
    let mut cases = Vec::new();
    for (field, value) in [
        ("signature", other_key["signature"].clone()),
        ("nonce", json!(hex(&[2; 16]))),
        ("author", json!(device.author())),
    ] {
        let mut request = if field == "author" { other_key.clone() } else { good.clone() };
        request[field] = value;
        cases.push(request);
    }
    for request in cases {
        let answer = server.post("/v1/devices/refresh", &request).send().await;
        answer.refused(StatusCode::UNAUTHORIZED, "signature_wrong");
    }
    let unknown = server.post("/v1/devices/refresh", &other_key).send().await;
    unknown.refused(StatusCode::UNAUTHORIZED, "refresh_unknown");
    // None of this cost the device anything.
    refresh(&server, &device, &token).await.expect(StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn access_ends_by_itself_and_by_revoking() {
    let server = TestServer::new();
    let (owner, device, answer) = enrolled(&server).await;
    let (access, token) = (answer.text("access_token"), answer.text("refresh_token"));
    server.clock.advance_ms(10 * MINUTE_MS - 1);
    assert!(has_access(&server, &device, &access).await);
    server.clock.advance_ms(1);
    assert!(!has_access(&server, &device, &access).await);

    let renewed = refresh(&server, &device, &token).await.expect(StatusCode::OK);
    let path = format!("/v1/stalls/{}/devices/{}", device.pen.log(), device.author());
    let cashier = server.person("cashier@example.org").await;
    server.delete(&path).bearer(&cashier).send().await.refused(StatusCode::NOT_FOUND, "no_such_stall");
    for _ in 0..2 {
        server.delete(&path).bearer(&owner).send().await.expect(StatusCode::NO_CONTENT);
    }
    assert!(!has_access(&server, &device, &renewed.text("access_token")).await);
    let answer = refresh(&server, &device, &renewed.text("refresh_token")).await;
    answer.refused(StatusCode::UNAUTHORIZED, "device_revoked");
    let code = server.code(&owner, device.pen.log(), "cashier").await;
    let answer = server.post("/v1/devices/enrol", &device.enrol_with(&code)).send().await;
    answer.refused(StatusCode::UNAUTHORIZED, "device_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_enrols_again_with_a_new_code_and_its_old_tokens_end() {
    let server = TestServer::new();
    let (owner, device, answer) = enrolled(&server).await;
    let old = (answer.text("access_token"), answer.text("refresh_token"));
    let code = server.code(&owner, device.pen.log(), "manager").await;
    let answer = server.post("/v1/devices/enrol", &device.enrol_with(&code)).send().await;
    let answer = answer.expect(StatusCode::CREATED);
    assert_eq!(answer.text("role"), "manager");
    assert!(!has_access(&server, &device, &old.0).await);
    refresh(&server, &device, &old.1).await.refused(StatusCode::UNAUTHORIZED, "refresh_unknown");
    refresh(&server, &device, &answer.text("refresh_token")).await.expect(StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_reads_no_other_stall_and_manages_nobody() {
    let server = TestServer::new();
    let (_, device, answer) = enrolled(&server).await;
    let access = answer.text("access_token");
    let other = format!("/v1/stalls/{}/stream", LogId([0x77; 16]));
    server.get(&other).bearer(&access).send().await.refused(StatusCode::NOT_FOUND, "no_such_stall");
    let members = format!("/v1/stalls/{}/members", device.pen.log());
    server.get(&members).bearer(&access).send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
}
