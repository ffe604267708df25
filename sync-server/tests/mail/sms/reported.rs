//! What providers report of texts, each in its own way.

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};
use soko_sync_server::messages::{SmsShape, TextReports};
use soko_sync_server::pay::Secret;

use super::{Market, NUMBER, REPORTED, SHAPES};
use crate::common::TestStore;
use crate::common::server::{Answer, Wanted};
use crate::common::shop::stores;

const KEY: &str = "a key of thirty-two characters, or more";
const FORM: &str = "application/x-www-form-urlencoded";

fn signed(body: &str) -> String {
    let mut fields: Vec<(String, String)> =
        reqwest::Url::parse(&format!("http://form/?{body}")).unwrap().query_pairs().into_owned().collect();
    fields.sort();
    let all: String = fields.into_iter().map(|(name, value)| name + &value).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"hush");
    STANDARD.encode(hmac::sign(&key, format!("{REPORTED}{all}").as_bytes()))
}

impl Market {
    async fn reporting(store: TestStore, shape: SmsShape) -> Self {
        let secret = Secret::new(if shape == SmsShape::Twilio { "hush" } else { KEY });
        let reports = TextReports { shape, address: REPORTED.to_owned(), secret };
        let wanted =
            Wanted { sends_sms: true, sends_mail: true, text_reports: Some(reports), ..Wanted::default() };
        let market = Self::open_wanted(store, shape, wanted).await;
        market.confirmed(&market.buyer).await;
        // This provider calls all texts the same: the latest is meant.
        market.server().clock.advance_ms(1);
        market
    }

    /// A text to the buyer, as we call it.
    async fn texted(&self) -> String {
        let test = self.server().post("/v1/me/messages/test", &json!({"channel": "sms"}));
        test.bearer(&self.buyer).send().await.expect(StatusCode::ACCEPTED);
        assert_eq!(self.round().await.sent, 1);
        self.log().await[0]["message"].as_str().unwrap().to_owned()
    }

    async fn log(&self) -> Vec<Value> {
        let log = self.server().get("/v1/me/messages/log").bearer(&self.buyer).send().await;
        log.json()["messages"].as_array().unwrap().clone()
    }

    /// A report in the words of this provider, with this proof or the right one.
    async fn report(&self, shape: SmsShape, (text, state): (&str, &str), proof: Option<&str>) -> Answer {
        let post = |path: &str| self.server().ask(Method::POST, path);
        match shape {
            SmsShape::Http => {
                let body = json!({"id": text, "state": state, "reason": "switched off"}).to_string();
                let asked = post("/v1/sms/reported").bearer(proof.unwrap_or(KEY));
                asked.body("application/json", body).send().await
            }
            SmsShape::Twilio => {
                let to = NUMBER.replace('+', "%2B");
                let sid = if text == "unknown" { "SM9" } else { "SM1" };
                let state = if state == "failed" { "undelivered" } else { state };
                let body = format!("MessageSid={sid}&MessageStatus={state}&ErrorCode=30003&To={to}");
                let proof = proof.map_or_else(|| signed(&body), str::to_owned);
                post("/v1/sms/reported").header("x-twilio-signature", &proof).body(FORM, body).send().await
            }
            SmsShape::AfricasTalking => {
                let id = if text == "unknown" { "AT9" } else { "AT1" };
                let state = match state {
                    "failed" => "Failed",
                    "delivered" => "Success",
                    other => other,
                };
                let body = format!(
                    "id={id}&status={state}&phoneNumber=%2B254712345678&failureReason=AbsentSubscriber"
                );
                let key = proof.unwrap_or(KEY).replace(' ', "%20");
                post(&format!("/v1/sms/reported/{key}")).body(FORM, body).send().await
            }
        }
    }

    async fn counted(&self, kind: &str) -> u64 {
        let metrics = self.server().get("/metrics").from("127.0.0.1").send().await;
        let text = String::from_utf8(metrics.bytes.to_vec()).unwrap();
        let begins = format!("soko_text_reports_total{{kind=\"{kind}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&begins)).unwrap().parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_on_the_telephone_is_so_once_and_for_good() {
    for shape in SHAPES {
        for store in stores() {
            let market = Market::reporting(store, shape).await;
            let text = market.texted().await;
            assert_eq!(market.log().await[0]["state"], "sent");
            let underway = market.report(shape, (&text, "sent"), None).await.expect(StatusCode::OK);
            assert_eq!(underway.json(), json!({"news": false}), "{shape:?}");
            let there = market.report(shape, (&text, "delivered"), None).await.expect(StatusCode::OK);
            assert_eq!(there.json(), json!({"news": true}), "{shape:?}");
            assert_eq!(market.log().await[0]["state"], "delivered");
            // Said again, or taken back: nothing moves.
            for state in ["delivered", "failed", "sent"] {
                let again = market.report(shape, (&text, state), None).await.expect(StatusCode::OK);
                assert_eq!(again.json(), json!({"news": false}), "{shape:?} {state}");
            }
            assert_eq!(market.log().await[0]["state"], "delivered");
            let counted = (market.counted("delivered").await, market.counted("nothing-new").await);
            assert_eq!((counted, market.counted("failed").await), ((1, 4), 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_did_not_arrive_says_why_and_nobody_else_says_so() {
    for shape in SHAPES {
        for store in stores() {
            let market = Market::reporting(store, shape).await;
            let text = market.texted().await;
            let forged = market.report(shape, (&text, "failed"), Some("Zm9yZ2Vk")).await;
            forged.refused(StatusCode::UNAUTHORIZED, "not_the_provider");
            let unknown =
                if shape == SmsShape::Http { "00000000000000000000000000000009" } else { "unknown" };
            let strange = market.report(shape, (unknown, "failed"), None).await;
            strange.refused(StatusCode::NOT_FOUND, "no_such_text");
            assert_eq!(market.log().await[0]["state"], "sent");

            market.report(shape, (&text, "failed"), None).await.expect(StatusCode::OK);
            market.report(shape, (&text, "failed"), None).await.expect(StatusCode::OK);
            let log = market.log().await;
            let failed = log.iter().find(|row| row["message"] == json!(text)).unwrap();
            assert_eq!(failed["state"], "given-up");
            let reason = failed["reason"].as_str().unwrap();
            assert!(reason.starts_with("it did not arrive: ") && !reason.contains("254712"), "{reason}");
            let counted = (market.counted("failed").await, market.counted("forged").await);
            assert_eq!((counted, market.counted("unknown").await), ((1, 1), 1), "{shape:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_reached_by_texts_hears_of_it_by_mail_once_a_day() {
    for store in stores() {
        let shape = SmsShape::Http;
        let market = Market::reporting(store, shape).await;
        market.choose(&market.buyer, &json!({"channels": {"sms": {"order-held": true}}})).await;
        for order in [1, 2] {
            market.order(order).await;
            market.round().await;
            let log = market.log().await;
            let is_text = |row: &&Value| row["channel"] == "sms" && row["state"] == "sent";
            let text = log.iter().filter(is_text).find(|row| row["topic"] == "order-held").unwrap();
            let text = text["message"].as_str().unwrap().to_owned();
            market.report(shape, (&text, "failed"), None).await.expect(StatusCode::OK);
        }
        let told = market.log().await;
        let told: Vec<&Value> = told.iter().filter(|row| row["topic"] == "mailbox-failing").collect();
        assert_eq!((told.len(), &told[0]["channel"]), (1, &json!("mail")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_no_report_is_taken() {
    for store in stores() {
        let market = Market::open(store, SmsShape::AfricasTalking).await;
        let refused = market.report(SmsShape::AfricasTalking, ("AT1", "failed"), None).await;
        refused.refused(StatusCode::NOT_FOUND, "no_text_reports");
    }
}
