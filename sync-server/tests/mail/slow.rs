//! A mail server that takes its time: no letter is on its way when its lease ends, so nobody else brings it meanwhile.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use soko_sync_server::messages::{Carriers, Post, Round, State, round};

use super::{Fault, MINUTE_MS, Market, ORIGIN, post};
use crate::common::shop::stores;

impl Market {
    async fn only_buyers(&self) {
        let wishes = json!({"topics": {"order-new": false}});
        let chosen = self.shop.server.put("/v1/me/messages", &wishes).bearer(&self.shop.owner).send().await;
        chosen.expect(StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_turn_while_the_mail_server_is_slow_is_left_to_the_next_and_sent_once() {
    for store in stores() {
        let market = Market::open_with(store, 40).await;
        market.only_buyers().await;
        // Four leave at once; the others wait for their turn.
        for order in 1..=6 {
            market.order(order).await;
        }
        market.sink.fail(&[Fault::Slow; 4]);
        let slow = market.round();
        let meanwhile = async {
            market.sink.heard(4).await;
            market.shop.server.clock.advance_ms(MINUTE_MS);
            // A second server looks: all six are taken along.
            let other = post(&market.sink);
            assert_eq!(round(&market.shop.server.app, &other).await.unwrap(), Round::default());
            market.sink.answer(4);
        };
        let (done, ()) = tokio::join!(slow, meanwhile);
        assert_eq!(done, Round { made: 6, sent: 6, ..Round::default() });
        let listed = market.listed().await;
        let tries: Vec<usize> = listed.iter().map(|one| one.tries).collect();
        assert_eq!(tries, [1; 6], "what was put back was not tried");
        market.shop.server.clock.advance_ms(3 * MINUTE_MS);
        assert_eq!(market.round().await, Round::default());
        let mut identities: Vec<String> =
            market.sink.taken().iter().map(|mail| mail.header("Message-ID")).collect();
        identities.sort();
        identities.dedup();
        assert_eq!(identities.len(), 6);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_whose_lease_went_to_somebody_else_is_not_put_back() {
    for store in stores() {
        let market = Market::open_with(store, 40).await;
        market.only_buyers().await;
        for order in 1..=5 {
            market.order(order).await;
        }
        market.sink.fail(&[Fault::Slow; 4]);
        let meanwhile = async {
            market.sink.heard(4).await;
            // This machine stood still until every lease had ended, and another server takes all along.
            market.shop.server.clock.advance_ms(3 * MINUTE_MS);
            let other = post(&market.sink);
            assert_eq!(round(&market.shop.server.app, &other).await.unwrap().sent, 5);
            market.sink.answer(4);
        };
        let (done, ()) = tokio::join!(market.round(), meanwhile);
        assert_eq!(done.sent, 4);
        let is_sent = market.listed().await.iter().all(|one| one.state == State::Sent);
        assert!(is_sent);
        assert_eq!(market.sink.taken().len(), 9, "the fifth was sent by the other one alone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_does_not_end_is_left_before_the_lease_ends() {
    for store in stores() {
        let mut market = Market::open(store).await;
        market.only_buyers().await;
        market.order(1).await;
        market.sink.fail(&[Fault::NoAnswer]);
        let impatient = Post::new(&format!("smtp://{}", market.sink.address), "Soko <market@example.org>");
        let impatient = impatient.unwrap().patient(Duration::from_millis(200));
        let origin = ORIGIN.to_owned();
        market.post = Carriers { post: Some(impatient), push: None, hooks: None, sms: None, origin };
        assert_eq!(market.round().await, Round { made: 1, later: 1, ..Round::default() });
        let listed = market.listed().await;
        assert_eq!(listed[0].reason, "the mail server takes too long");
        market.post = post(&market.sink);
        market.sink.fail(&[]);
        market.shop.server.clock.advance_ms(2 * MINUTE_MS);
        market.round().await;
        assert_eq!(market.listed().await[0].state, State::Sent);
    }
}
