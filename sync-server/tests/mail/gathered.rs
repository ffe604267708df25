//! What can wait, in one mail a day.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_record_log::Tx;
use soko_sync_server::messages::{Listed, Round, State, Topic, Which, again, discard};
use soko_sync_server::store::Shard;

use super::{Fault, MINUTE_MS, Mail, Market, told};
use crate::common::shop::{STALL, id, stores};

const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

async fn gathers(market: &Market, topics: &Value) -> Value {
    let body = json!({"gathered": {"at": "06:00", "zone": "Africa/Nairobi", "topics": topics}});
    let kept = market.shop.server.put("/v1/me/messages", &body).bearer(&market.shop.owner).send().await;
    kept.expect(StatusCode::OK).json()
}

/// What the owner's mails are about.
fn to_owner(mails: &[Mail]) -> Vec<String> {
    told(mails).into_iter().filter(|(to, _)| to == "owner@example.org").map(|(_, subject)| subject).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_wait_comes_once_a_day_in_one_mail() {
    for store in stores() {
        let market = Market::open(store).await;
        let kept = gathers(&market, &json!({"order-new": true})).await;
        assert_eq!(kept["gathered"]["topics"]["order-new"], json!(true));
        assert_eq!(kept["gathered"]["topics"]["low-stock"], json!(false), "at once, as before");
        assert_eq!(kept["topics"]["order-new"], json!(true), "it is wanted all the same");
        market.order(1).await;
        market.order(2).await;
        assert_eq!(market.round().await, Round { made: 4, sent: 2, ..Round::default() });
        assert!(to_owner(&market.sink.taken()).is_empty(), "only the buyer hears at once");

        // Whatever the hour is now, it is six in Nairobi within a day. The mail server has no time then.
        market.shop.server.clock.advance_ms(DAY_MS + 5 * MINUTE_MS);
        market.sink.fail(&[Fault::Text("451 later")]);
        assert_eq!(market.round().await, Round { later: 1, ..Round::default() });
        // What happens meanwhile is in the next one.
        market.order(3).await;
        market.shop.server.clock.advance_ms(2 * MINUTE_MS);
        assert_eq!(market.round().await, Round { made: 2, sent: 2, ..Round::default() });
        let mails = market.sink.taken();
        assert_eq!(to_owner(&mails), ["2 news from market.example"]);
        let text = mails.iter().find(|mail| mail.header("To") == "owner@example.org").unwrap().text();
        for order in [1, 2] {
            assert!(text.contains(&format!("/orders/{}", id(order))), "{order}: {text}");
        }
        assert!(!text.contains(&id(3)) && text.contains("New order at Tea House"), "{text}");
        assert_eq!(market.round().await, Round::default(), "once");

        let path = "/v1/me/messages/log";
        let log = market.shop.server.get(path).bearer(&market.shop.owner).send().await.json();
        let states = |state: &str| {
            let rows = log["messages"].as_array().unwrap().iter();
            rows.filter(|row| row["state"] == state)
                .map(|row| row["topic"].as_str().unwrap().to_owned())
                .collect()
        };
        let mut sent: Vec<String> = states("sent");
        sent.sort();
        assert_eq!(sent, ["gathered", "order-new", "order-new"]);
        let waiting: Vec<String> = states("waiting");
        assert_eq!(waiting.len(), 2, "the third order, and the mail that brings it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_press_ends_what_is_in_such_a_mail_and_what_waits_in_it_goes_with_it() {
    for store in stores() {
        let market = Market::open(store).await;
        let server = &market.shop.server;
        gathers(&market, &json!({"order-new": true, "order-cancelled": true})).await;
        market.order(1).await;
        market.round().await;
        server.clock.advance_ms(DAY_MS + 5 * MINUTE_MS);
        market.round().await;
        let mails = market.sink.taken();
        let mail = mails.iter().find(|mail| mail.header("To") == "owner@example.org").unwrap();
        let stop = mail.header("List-Unsubscribe");
        let stop =
            stop.strip_prefix("<https://market.example").and_then(|link| link.strip_suffix('>')).unwrap();
        market.order(2).await;
        market.round().await;
        let form = "application/x-www-form-urlencoded";
        let pressed = server.ask(Method::POST, stop).body(form, "List-Unsubscribe=One-Click").send().await;
        pressed.expect(StatusCode::OK);
        let wishes = server.get("/v1/me/messages").bearer(&market.shop.owner).send().await.json();
        let topics =
            ["order-new", "order-cancelled", "low-stock"].map(|topic| wishes["topics"][topic].clone());
        assert_eq!(topics, [json!(false), json!(false), json!(true)]);
        server.clock.advance_ms(DAY_MS + 5 * MINUTE_MS);
        market.sink.taken();
        assert_eq!(market.round().await, Round { dropped: 1, ..Round::default() });
        assert!(market.sink.taken().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_without_an_account_leaves_once_a_day_as_it_is() {
    for store in stores() {
        let market = Market::open(store).await;
        let server = &market.shop.server;
        let page = gathers(&market, &json!({"order-new": true, "review-new": true})).await["page"].clone();
        let form = "application/x-www-form-urlencoded";
        let kept = server.ask(Method::POST, page.as_str().unwrap()).body(form, "order-new=on").send().await;
        kept.expect(StatusCode::OK);
        let wishes = server.get("/v1/me/messages").bearer(&market.shop.owner).send().await.json();
        assert_eq!(wishes["gathered"]["topics"], json!({"order-new": true}));
        let now = gathers(&market, &json!({"order-new": false})).await;
        assert_eq!(now["gathered"]["topics"], json!({"order-new": false}));

        for bad in [
            json!({"at": "6", "zone": "UTC", "topics": {}}),
            json!({"at": "06:00", "zone": "Kenya time", "topics": {}}),
            json!({"at": "06:00", "zone": "UTC", "topics": {"order-ready": true}}),
        ] {
            let refused = server.put("/v1/me/messages", &json!({"gathered": bad})).bearer(&market.shop.owner);
            refused.send().await.refused(StatusCode::BAD_REQUEST, "malformed");
        }
    }
}

impl Market {
    /// Two orders in one mail that fails for good.
    async fn fails_gathered(&self) -> Vec<Listed> {
        gathers(self, &json!({"order-new": true})).await;
        self.order(1).await;
        self.order(2).await;
        self.round().await;
        self.shop.server.clock.advance_ms(DAY_MS + 5 * MINUTE_MS);
        self.sink.taken();
        self.sink.fail(&[Fault::Text("552 5.3.4 too large")]);
        assert_eq!(self.round().await, Round { given_up: 1, ..Round::default() });
        let given_up: Vec<Listed> = self.in_state(State::GivenUp).await;
        assert_eq!(given_up.len(), 3, "the mail and what is in it");
        given_up
    }

    async fn in_state(&self, state: State) -> Vec<Listed> {
        self.listed().await.into_iter().filter(|one| one.state == state).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn such_a_mail_is_tried_again_whole() {
    for by in ["all", "one", "because"] {
        for store in stores() {
            let market = Market::open(store).await;
            let given_up = market.fails_gathered().await;
            let mail = given_up.iter().find(|one| one.topic == Topic::Gathered).unwrap();
            let which = match by {
                "all" => Which::All,
                "one" => Which::One(mail.message),
                _ => Which::Because(mail.reason.clone()),
            };
            let now_ms = market.shop.server.app.now_ms();
            let work = move |tx: &mut dyn Tx| again(tx, (None, &which), now_ms);
            let store = &market.shop.server.store.store;
            assert_eq!(store.write(Shard::stall(STALL), work).await.ok(), Some(1), "{by}");
            assert_eq!(market.round().await, Round { sent: 1, ..Round::default() }, "{by}");
            assert_eq!(to_owner(&market.sink.taken()), ["2 news from market.example"], "{by}");
            assert_eq!(market.in_state(State::GivenUp).await, []);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn such_a_mail_is_left_at_that_with_what_is_in_it() {
    for store in stores() {
        let market = Market::open(store).await;
        let given_up = market.fails_gathered().await;
        let mail = given_up.iter().find(|one| one.topic == Topic::Gathered).unwrap().message;
        let now_ms = market.shop.server.app.now_ms();
        let work = move |tx: &mut dyn Tx| discard(tx, (None, mail), (None, now_ms));
        let store = &market.shop.server.store.store;
        assert_eq!(store.write(Shard::stall(STALL), work).await.ok(), Some(true));
        assert_eq!(market.in_state(State::Discarded).await.len(), 3);
        assert_eq!(market.in_state(State::GivenUp).await, []);
    }
}
