//! What was given up: who may leave it at that or have it tried again, and how many there are.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_sync_server::messages::{Listed, Round, State, Which, again};
use soko_sync_server::store::Shard;

use super::{Fault, Market};
use crate::common::server::{OPERATOR_KEY, TestServer};
use crate::common::shop::{STALL, stores};

const LIST: &str = "/v1/operator/messages/given-up";

/// What a scraper reads.
async fn gauge(server: &TestServer) -> i64 {
    let metrics = server.get("/metrics").from("127.0.0.1").send().await.expect(StatusCode::OK);
    let text = String::from_utf8(metrics.bytes.to_vec()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("soko_messages_given_up "));
    line.unwrap().parse().unwrap()
}

async fn operator(server: &TestServer, path: &str, body: &Value) -> (StatusCode, Value) {
    let answer = server.post(path, body).bearer(OPERATOR_KEY).send().await;
    (answer.status, answer.json())
}

impl Market {
    /// Two letters of two orders that fail for good, for different reasons: those of the buyer and of the owner.
    async fn fail_all(&self) {
        for (order, answer) in [(1, "552 5.3.4 too large"), (2, "550 5.7.1 not from you")] {
            self.order(order).await;
            self.sink.fail(&[Fault::Text(answer); 2]);
            assert_eq!(self.round().await, Round { made: 2, given_up: 2, ..Round::default() });
        }
    }

    async fn given_up(&self) -> Vec<Listed> {
        self.listed().await.into_iter().filter(|one| one.state == State::GivenUp).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_runs_the_server_tries_all_of_a_reason_again_or_leaves_one_at_that() {
    for store in stores() {
        let market = Market::open(store).await;
        let server = &market.shop.server;
        market.fail_all().await;
        assert_eq!(gauge(server).await, 4);
        let shown = server.get(LIST).bearer(OPERATOR_KEY).send().await.expect(StatusCode::OK).json();
        assert_eq!((&shown["given_up"], &shown["waiting"]), (&json!(4), &json!(0)));
        let reasons = shown["reasons"].as_array().unwrap();
        assert_eq!(reasons.len(), 2);
        assert!(reasons.iter().all(|row| row["messages"] == 2), "{reasons:?}");
        let large = reasons.iter().find(|row| row["reason"].as_str().unwrap().contains("5.3.4")).unwrap();

        let all = json!({"reason": large["reason"]});
        let (status, made) = operator(server, "/v1/operator/messages/again", &all).await;
        assert_eq!((status, &made["messages"]), (StatusCode::OK, &json!(2)));
        assert_eq!(gauge(server).await, 2, "before anything is sent");
        assert_eq!(market.round().await, Round { sent: 2, ..Round::default() });
        let acts = server.get("/v1/operator/acts").bearer(OPERATOR_KEY).send().await.json();
        assert_eq!(
            (&acts["acts"][0]["act"], &acts["acts"][0]["subject"]),
            (&json!("tried-again"), &json!("messages"))
        );
        let none = operator(server, "/v1/operator/messages/again", &all).await;
        assert_eq!(none.1["messages"], 0, "only what was given up");

        let [one, other] = market.given_up().await.try_into().unwrap();
        let path = format!("/v1/operator/messages/{}/discard", one.message);
        server.clock.advance_ms(7);
        let now_ms = server.app.now_ms();
        assert_eq!(operator(server, &path, &json!({})).await.0, StatusCode::NO_CONTENT);
        let twice = server.post(&path, &json!({})).bearer(OPERATOR_KEY).send().await;
        twice.refused(StatusCode::NOT_FOUND, "not_given_up");
        assert_eq!(gauge(server).await, 1);
        let shown = server.get(LIST).bearer(OPERATOR_KEY).send().await.json();
        let kept = &shown["discarded"][0];
        assert_eq!(kept["discarded_by"], "operator");
        assert_eq!((&kept["state"], &kept["done_ms"]), (&json!("discarded"), &json!(now_ms)));
        assert!(kept["reason"].as_str().unwrap().contains("5.7.1"), "what it was given up for: {kept}");

        // Somebody tries again past this server, with another process: the gauge knows.
        let which = Which::One(other.message);
        let work = move |tx: &mut dyn soko_record_log::Tx| again(tx, (None, &which), now_ms);
        let store = &server.store.store;
        assert_eq!(store.write(Shard::stall(STALL), work).await.ok(), Some(1));
        assert_eq!(gauge(server).await, 0);
        assert_eq!(
            market.round().await,
            Round { sent: 1, ..Round::default() },
            "nothing of what was discarded"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_leave_their_own_messages_at_that_and_nobody_elses() {
    for store in stores() {
        let market = Market::open(store).await;
        let server = &market.shop.server;
        market.fail_all().await;
        let log = async |who: &str| {
            let log = server.get("/v1/me/messages/log").bearer(who).send().await.expect(StatusCode::OK);
            log.json()["messages"].as_array().unwrap().clone()
        };
        let mine = log(&market.buyer).await[0].clone();
        let path = format!("/v1/me/messages/{}/discard", mine["message"].as_str().unwrap());
        let ask = |path: &str, who: &str| server.ask(Method::POST, path).bearer(who).send();
        ask(&path, &market.shop.owner).await.refused(StatusCode::NOT_FOUND, "not_given_up");
        let operators = path.replace("/me/", "/operator/");
        ask(&operators, &market.buyer).await.refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        ask(LIST, &market.buyer).await.expect(StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(gauge(server).await, 4);

        ask(&path, &market.buyer).await.expect(StatusCode::NO_CONTENT);
        let me = server.get("/v1/me").bearer(&market.buyer).send().await.json();
        let kept =
            log(&market.buyer).await.into_iter().find(|row| row["message"] == mine["message"]).unwrap();
        assert_eq!((&kept["state"], &kept["discarded_by"]), (&json!("discarded"), &me["account"]));
        let theirs = log(&market.shop.owner).await;
        assert!(theirs.iter().all(|row| row["state"] == "given-up"));
        assert_eq!(gauge(server).await, 3);

        let path = format!("/v1/me/messages/{}/again", theirs[0]["message"].as_str().unwrap());
        ask(&path, &market.buyer).await.refused(StatusCode::NOT_FOUND, "not_given_up");
        ask(&path, &market.shop.owner).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(market.round().await, Round { sent: 1, ..Round::default() });
        ask(&path, &market.shop.owner).await.refused(StatusCode::NOT_FOUND, "not_given_up");
    }
}
