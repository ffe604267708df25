//! Where somebody is signed in, and ending that from elsewhere.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::common::server::{PASSWORD, TestServer};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

async fn listed(server: &TestServer, token: &str) -> Vec<Value> {
    let answer = server.get("/v1/me/sessions").bearer(token).send().await.expect(StatusCode::OK).json();
    answer["sessions"].as_array().unwrap().clone()
}

async fn is_signed_in(server: &TestServer, token: &str) -> bool {
    server.get("/v1/me").bearer(token).send().await.status == StatusCode::OK
}

async fn end(server: &TestServer, token: &str, which: &str) {
    let path = format!("/v1/me/sessions{which}");
    server.delete(&path).bearer(token).send().await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_sees_where_they_are_signed_in_and_ends_one_or_all_others() {
    let server = TestServer::new();
    let stranger = server.person("baraka@example.org").await;
    let first = server.person("amina@example.org").await;
    server.clock.advance_ms(10 * MINUTE_MS);
    let sign_in = json!({"email": "amina@example.org", "password": PASSWORD, "carrier": "bearer"});
    let asked = server.post("/v1/sessions", &sign_in).header("user-agent", FIREFOX);
    let second = asked.send().await.expect(StatusCode::CREATED).text("token");

    let all = listed(&server, &second).await;
    let shown = |it: &Value| (it["name"].clone(), it["current"].clone());
    assert_eq!(
        all.iter().map(shown).collect::<Vec<_>>(),
        [(json!("Firefox · Linux"), json!(true)), (json!(""), json!(false))]
    );
    assert_eq!(all[0]["seen_ms"].as_i64().unwrap() - all[1]["seen_ms"].as_i64().unwrap(), 10 * MINUTE_MS);
    // It is used once more.
    server.clock.advance_ms(10 * MINUTE_MS);
    assert!(is_signed_in(&server, &first).await);
    let again = listed(&server, &second).await;
    assert_eq!(
        again.iter().find(|it| it["session"] == all[1]["session"]).unwrap()["begun_ms"],
        all[1]["begun_ms"]
    );
    let used = |it: &&Value| it["seen_ms"].as_i64() > all[0]["seen_ms"].as_i64();
    assert_eq!(again.iter().filter(used).count(), 2);

    // Nobody ends what is another's, and nothing that is said of a session opens it.
    let id = all[1]["session"].as_str().unwrap();
    end(&server, &stranger, &format!("/{id}")).await;
    assert!(is_signed_in(&server, &first).await);
    assert!(!is_signed_in(&server, &format!("soko_s_{id}{id}")).await);
    end(&server, &second, &format!("/{id}")).await;
    assert!(!is_signed_in(&server, &first).await);
    end(&server, &second, &format!("/{id}")).await;
    assert_eq!(listed(&server, &second).await.len(), 1);
    server
        .delete("/v1/me/sessions/x")
        .bearer(&second)
        .send()
        .await
        .refused(StatusCode::BAD_REQUEST, "malformed");

    let others = [server.signed_in("amina@example.org").await, server.signed_in("amina@example.org").await];
    end(&server, &second, "").await;
    for other in &others {
        assert!(!is_signed_in(&server, other).await);
    }
    assert!(is_signed_in(&server, &second).await && is_signed_in(&server, &stranger).await);

    // What nobody used for a month is none any more.
    server.signed_in("amina@example.org").await;
    for _ in 0..4 {
        server.clock.advance_ms(8 * DAY_MS);
        assert!(is_signed_in(&server, &second).await);
    }
    assert_eq!(listed(&server, &second).await.len(), 1);
    server.get("/v1/me/sessions").send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
}
