//! Mail that comes back: at once, or as a report hours later.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_sync_server::messages::Round;

use super::{Fault, MINUTE_MS, Market};
use crate::common::server::{Answer, BOUNCE_KEY, TestServer, Wanted};
use crate::common::shop::stores;

const HOUR_MS: i64 = 60 * MINUTE_MS;

/// What a mail server says of a letter of ours.
fn report(identity: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@relay.example\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n\
         Final-Recipient: rfc822; amina@example.org\r\nAction: failed\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; 550 <amina@example.org> no\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {identity}\r\n\r\n--b--\r\n"
    )
}

async fn hand_on(server: &TestServer, key: &str, raw: String) -> Answer {
    server.ask(Method::POST, "/v1/mail/bounced").bearer(key).body("message/rfc822", raw).send().await
}

impl Market {
    /// Orders, and says under which identity the buyer was written to.
    async fn buyer_is_written_to(&self, order: u8) -> String {
        self.order(order).await;
        self.round().await;
        let mails = self.sink.taken();
        let buyers = mails.iter().find(|mail| mail.header("To") == "amina@example.org");
        buyers.map(|mail| mail.header("Message-ID")).unwrap_or_default()
    }

    async fn buyers(&self, path: &str) -> Value {
        self.shop.server.get(path).bearer(&self.buyer).send().await.expect(StatusCode::OK).json()
    }

    async fn is_failing(&self) -> bool {
        !self.buyers("/v1/me/messages").await["mailbox_failing"].is_null()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_none_is_not_written_to_until_its_owner_says_that_it_works() {
    for store in stores() {
        let market = Market::open(store).await;
        let server = &market.shop.server;
        let letter = market.buyer_is_written_to(1).await;
        for _ in 0..2 {
            let noted = hand_on(server, BOUNCE_KEY, report(&letter, "5.1.1")).await.expect(StatusCode::OK);
            assert_eq!(noted.json(), json!({"known": true}));
        }
        let failing = market.buyers("/v1/me/messages").await["mailbox_failing"].clone();
        let reason = failing["reason"].as_str().unwrap();
        assert!(reason.contains("5.1.1") && !reason.contains("amina"), "{reason}");
        let log = market.buyers("/v1/me/messages/log").await;
        assert_eq!(log["messages"][0]["state"], "given-up");

        server.clock.advance_ms(MINUTE_MS);
        assert_eq!(market.buyer_is_written_to(2).await, "", "nothing is sent there");
        let log = market.buyers("/v1/me/messages/log").await;
        assert_eq!(log["messages"][0]["reason"], "mail to this address came back");
        // What was asked for a moment ago goes all the same, and that the mail server takes it says nothing.
        let test =
            server.post("/v1/me/messages/test", &json!({"channel": "mail"})).bearer(&market.buyer).send();
        test.await.expect(StatusCode::ACCEPTED);
        assert_eq!(market.round().await.sent, 1);
        market.sink.taken();
        assert!(market.is_failing().await);

        let works = server.delete("/v1/me/messages/mailbox-failing").bearer(&market.buyer).send().await;
        works.expect(StatusCode::NO_CONTENT);
        assert!(!market.is_failing().await);
        assert_ne!(market.buyer_is_written_to(3).await, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_trouble_ends_nothing_until_it_does_not_pass() {
    for store in stores() {
        let mut market = Market::open_with(store, 20).await;
        // Full twice, then for long nothing, then three times.
        let pauses = [HOUR_MS, 15 * 24 * HOUR_MS, HOUR_MS, HOUR_MS, HOUR_MS];
        let mut failing = Vec::new();
        for (order, pause_ms) in (1..).zip(pauses) {
            let letter = market.buyer_is_written_to(order).await;
            let server = &market.shop.server;
            hand_on(server, BOUNCE_KEY, report(&letter, "5.2.2")).await.expect(StatusCode::OK);
            failing.push(market.is_failing().await);
            server.clock.advance_ms(pause_ms);
            // Sessions do not last as long.
            market.buyer = server.signed_in("amina@example.org").await;
        }
        assert_eq!(failing, [false, false, false, false, true]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_mail_server_refuses_at_once_is_over_when_it_takes_a_letter_again() {
    for store in stores() {
        let market = Market::open(store).await;
        market.sink.fail(&[Fault::Address("550 no such user")]);
        market.order(1).await;
        // Whoever of the two came first.
        assert_eq!(market.round().await, Round { made: 2, sent: 1, given_up: 1, ..Round::default() });
        let failing_owner =
            market.shop.server.get("/v1/me/messages").bearer(&market.shop.owner).send().await.json();
        let is_owners = !failing_owner["mailbox_failing"].is_null();
        assert_ne!(market.is_failing().await, is_owners, "one of both");
        let who = if is_owners { &market.shop.owner } else { &market.buyer };
        let test = market.shop.server.post("/v1/me/messages/test", &json!({"channel": "mail"})).bearer(who);
        test.send().await.expect(StatusCode::ACCEPTED);
        market.round().await;
        let now = market.shop.server.get("/v1/me/messages").bearer(who).send().await.json();
        assert!(now["mailbox_failing"].is_null());

        // That we are not liked, or sent too much, says nothing of the mailbox.
        market.sink.fail(&[Fault::Address("550 5.7.1 not from you"), Fault::Text("552 5.3.4 too large")]);
        market.order(2).await;
        assert_eq!(market.round().await.given_up, 2);
        assert!(!market.is_failing().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_says_that_mail_came_back() {
    for store in stores() {
        let market = Market::open(store).await;
        let server = &market.shop.server;
        let letter = market.buyer_is_written_to(1).await;
        let forged =
            hand_on(server, "somebody else's key, which is just as long", report(&letter, "5.1.1")).await;
        forged.refused(StatusCode::UNAUTHORIZED, "not_the_bounce_key");
        let unknown = report("<00112233445566778899aabbccddeeff@example.org>", "5.1.1");
        let noted = hand_on(server, BOUNCE_KEY, unknown).await.expect(StatusCode::OK);
        assert_eq!(noted.json(), json!({"known": false}));
        for rubbish in [String::new(), "hello".to_owned(), report("<somebody@elsewhere.example>", "5.1.1")] {
            hand_on(server, BOUNCE_KEY, rubbish).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "no_report");
        }
        assert!(!market.is_failing().await);
    }
    let server = TestServer::with(Wanted { without_bounce_key: true, ..Wanted::default() });
    hand_on(&server, BOUNCE_KEY, String::new()).await.refused(StatusCode::NOT_FOUND, "no_bounce_key");
}
