//! What people are told by mail: through the real router, store and mail client, to a mail server on this machine.

mod bounced;
mod email_change;
mod gathered;
mod given_up;
mod hourly;
mod money;
mod push;
mod receipts;
mod sink;
mod slow;
mod sms;
mod transfers;
mod watched;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::json;
use sink::{Fault, Mail, Sink};
use soko_record_log::StoreError;
use soko_sync_server::core::StallCore;
use soko_sync_server::messages::{Carriers, Listed, Post, Round, State, Which, again, listed, round};
use soko_sync_server::store::Shard;

use crate::common::TestStore;
use crate::common::server::{PASSWORD, TestServer, Wanted};
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, stores};

const ORIGIN: &str = "https://market.example";
const MINUTE_MS: i64 = 60_000;

struct Market {
    shop: Shop,
    sink: Sink,
    post: Carriers,
    buyer: String,
}

fn post(sink: &Sink) -> Carriers {
    let post = Post::new(&format!("smtp://{}", sink.address), "Soko <market@example.org>").unwrap();
    Carriers { post: Some(post), push: None, hooks: None, sms: None, origin: ORIGIN.to_owned() }
}

impl Market {
    async fn open(store: TestStore) -> Self {
        Self::open_with(store, 9).await
    }

    async fn open_with(store: TestStore, units: i64) -> Self {
        let wanted = Wanted { sends_mail: true, ..Wanted::default() };
        let shop = Shop::open_wanted(store, core(), units, wanted).await;
        let sink = Sink::open().await;
        let buyer = shop.server.person("amina@example.org").await;
        Self { post: post(&sink), shop, sink, buyer }
    }

    async fn order(&self, order: u8) {
        let body = json!({"order": id(order), "lines": [{"product": TEA.to_string(), "quantity": 2}]});
        let placed = self.shop.server.post(&orders(), &body).bearer(&self.buyer).send().await;
        placed.expect(StatusCode::CREATED);
    }

    async fn end(&self, order: u8, how: &str, who: &str) {
        let path = format!("{}/{}/{how}", orders(), id(order));
        self.shop.server.ask(Method::POST, &path).bearer(who).send().await.expect(StatusCode::OK);
    }

    async fn round(&self) -> Round {
        round(&self.shop.server.app, &self.post).await.unwrap()
    }

    async fn listed(&self) -> Vec<Listed> {
        let store = &self.shop.server.store.store;
        let read = store.read(|tx| listed(tx, None, 100)).await;
        read.map_err(StoreError::from).unwrap()
    }
}

/// To whom, and about what, in order of the addresses.
fn told(mails: &[Mail]) -> Vec<(String, String)> {
    let mut told: Vec<_> = mails.iter().map(|mail| (mail.header("To"), mail.header("Subject"))).collect();
    told.sort();
    told
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(to, subject)| ((*to).to_owned(), (*subject).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn buyer_and_stall_hear_of_an_order_once_each() {
    for store in stores() {
        let market = Market::open(store).await;
        market.shop.member("manager@example.org", "manager").await;
        market.shop.member("cashier@example.org", "cashier").await;
        market.order(1).await;
        let done = market.round().await;
        assert_eq!(done, Round { made: 3, sent: 3, ..Round::default() });
        let mails = market.sink.taken();
        let expected = [
            ("amina@example.org", "Tea House set your order aside"),
            ("manager@example.org", "New order at Tea House"),
            ("owner@example.org", "New order at Tea House"),
        ];
        assert_eq!(told(&mails), pairs(&expected));
        let buyers = mails.iter().find(|mail| mail.header("To") == "amina@example.org").unwrap();
        let text = buyers.text();
        for part in ["Crème tea: 9.00 EUR", "Total: 9.00 EUR", &format!("{ORIGIN}/my-orders/{}", id(1))] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(buyers.header("Auto-Submitted"), "auto-generated");

        assert_eq!(market.round().await, Round::default(), "nothing happened since");
        market.order(2).await;
        market.order(3).await;
        market.shop.hand_over(1).await;
        market.end(2, "cancel", &market.buyer).await;
        market.end(3, "cancel", &market.shop.owner).await;
        market.round().await;
        let told = told(&market.sink.taken());
        let to_buyer: Vec<&str> = told
            .iter()
            .filter(|(to, _)| to == "amina@example.org")
            .map(|(_, subject)| subject.as_str())
            .collect();
        let expected = [
            "Tea House could not fulfil your order",
            "Tea House handed your order over",
            "Tea House set your order aside",
            "Tea House set your order aside",
        ];
        assert_eq!(to_buyer, expected);
        let cancelled = told.iter().filter(|(_, subject)| subject == "An order at Tea House was cancelled");
        assert_eq!(cancelled.count(), 2, "owner and manager hear that the buyer cancelled");
        assert!(told.iter().all(|(to, _)| to != "cashier@example.org"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_mail_says_the_taxes_in_its_total_as_a_receipt_does() {
    for store in stores() {
        let market = Market::open(store).await;
        let contact = json!({"name": "W", "reach": "+254 700 1", "address": "Lane 4"});
        let lines = json!([{"product": TEA.to_string(), "quantity": 2}]);
        let body =
            json!({"order": id(1), "lines": lines, "handing": "local", "zone": "Town", "contact": contact});
        let placed = market.shop.server.post(&orders(), &body).bearer(&market.buyer).send().await;
        placed.expect(StatusCode::CREATED);
        market.round().await;
        let mails = market.sink.taken();
        assert_eq!(mails.len(), 2, "to the buyer and to the owner");
        for mail in mails {
            // 1.50 for bringing, with a quarter of the net amount in it.
            let expected = "- Crème tea: 9.00 EUR\nincl. 25% tax on 1.20: 0.30 EUR\nTotal: 10.50 EUR";
            let text = mail.text().replace('\r', "");
            assert!(text.contains(expected), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_fails_is_tried_again_or_given_up_with_its_reason() {
    for store in stores() {
        let market = Market::open(store).await;
        let only_buyer = json!({"topics": {"order-new": false}});
        let owner = &market.shop.owner;
        market
            .shop
            .server
            .put("/v1/me/messages", &only_buyer)
            .bearer(owner)
            .send()
            .await
            .expect(StatusCode::OK);
        market.order(1).await;
        // The mail server has no time; then it takes the letter and the answer is lost.
        market.sink.fail(&[Fault::Text("451 later"), Fault::LostAnswer]);
        assert_eq!(market.round().await, Round { made: 1, later: 1, ..Round::default() });
        assert_eq!(market.round().await, Round::default(), "it is not due yet");
        market.shop.server.clock.advance_ms(2 * MINUTE_MS);
        assert_eq!(market.round().await, Round { later: 1, ..Round::default() });
        market.shop.server.clock.advance_ms(10 * MINUTE_MS);
        assert_eq!(market.round().await, Round { sent: 1, ..Round::default() });
        let copies = market.sink.taken();
        let identities: Vec<String> = copies.iter().map(|mail| mail.header("Message-ID")).collect();
        assert_eq!(identities.len(), 2);
        assert!(identities[0] == identities[1] && identities[0].ends_with("@example.org>"), "{identities:?}");

        // No such mailbox: at once, with the reason and without the address. Then it is there after all.
        market.sink.fail(&[Fault::Address("550 5.1.1 <amina@example.org> unknown")]);
        market.order(2).await;
        assert_eq!(market.round().await, Round { made: 1, given_up: 1, ..Round::default() });
        let given_up = market.listed().await.into_iter().find(|one| one.state == State::GivenUp).unwrap();
        assert!(given_up.reason.contains("550") && !given_up.reason.contains("amina"), "{given_up:?}");
        let now_ms = market.shop.server.app.now_ms();
        let again = market
            .shop
            .server
            .store
            .store
            .write(Shard::stall(STALL), move |tx| again(tx, (None, &Which::All), now_ms));
        assert_eq!(again.await.map_err(StoreError::from).unwrap(), 1);
        assert_eq!(market.round().await, Round { sent: 1, ..Round::default() });

        // Our own access is refused: the letter is none the worse, for days.
        market.order(3).await;
        market.sink.fail(&[Fault::Address("535 who are you"); 8]);
        let mut rounds = vec![market.round().await];
        for _ in 0..7 {
            market.shop.server.clock.advance_ms(30 * 60 * MINUTE_MS);
            rounds.push(market.round().await);
        }
        assert_eq!(rounds.iter().map(|round| round.later).sum::<usize>(), 7);
        assert_eq!(rounds.iter().map(|round| round.given_up).sum::<usize>(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_it_sends_sends_the_same_letter_again_and_makes_no_other() {
    for store in stores() {
        let mut market = Market::open(store).await;
        market.order(1).await;
        market.sink.fail(&[Fault::NoAnswer, Fault::NoAnswer]);
        // Killed: what it was doing stops where it is.
        tokio::select! {
            done = market.round() => panic!("nobody answered, and yet {done:?}"),
            () = market.sink.heard(2) => {}
        }
        let before = market.sink.taken();
        // A new process has no connection from before.
        market.post = post(&market.sink);
        assert_eq!(market.round().await, Round::default(), "somebody else may still be at it");
        market.shop.server.clock.advance_ms(3 * MINUTE_MS);
        assert_eq!(market.round().await, Round { sent: 2, ..Round::default() });
        let after = market.sink.taken();
        let identities = |mails: &[Mail]| {
            let mut all: Vec<String> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
            all.sort();
            all
        };
        assert_eq!(identities(&before), identities(&after));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_long_ago_is_no_news() {
    for store in stores() {
        let market = Market::open(store).await;
        market.order(1).await;
        market.shop.server.clock.advance_ms(25 * 60 * MINUTE_MS);
        market.order(2).await;
        assert_eq!(market.round().await, Round { made: 2, sent: 2, ..Round::default() });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_press_ends_a_kind_of_mail_and_the_page_brings_it_back() {
    for store in stores() {
        let market = Market::open(store).await;
        let server = &market.shop.server;
        market.order(1).await;
        market.round().await;
        let mails = market.sink.taken();
        let mail = mails.iter().find(|mail| mail.header("To") == "amina@example.org").unwrap();
        let stop = mail.header("List-Unsubscribe");
        assert_eq!(mail.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        let stop = stop.strip_prefix(&format!("<{ORIGIN}")).and_then(|link| link.strip_suffix('>')).unwrap();
        // A program that only looks changes nothing.
        let page = server.get(stop).send().await.expect(StatusCode::OK);
        let looked = String::from_utf8(page.bytes.to_vec()).unwrap();
        assert!(looked.contains("name=\"order-held\" checked"), "{looked}");
        let form = "application/x-www-form-urlencoded";
        let pressed = server.ask(Method::POST, stop).body(form, "List-Unsubscribe=One-Click").send().await;
        pressed.expect(StatusCode::OK);
        market.order(2).await;
        assert_eq!(market.round().await.made, 1, "only the owner is told");

        let page = stop.split('?').next().unwrap();
        let chosen = server.ask(Method::POST, page).body(form, "order-held=on&language=ar").send().await;
        let chosen = String::from_utf8(chosen.expect(StatusCode::OK).bytes.to_vec()).unwrap();
        assert!(
            chosen.contains("dir=\"rtl\"") && !chosen.contains("name=\"order-released\" checked"),
            "{chosen}"
        );
        let mine = server.get("/v1/me/messages").bearer(&market.buyer).send().await.expect(StatusCode::OK);
        assert_eq!(
            (mine.text("language"), mine.json()["topics"]["order-held"].as_bool()),
            ("ar".into(), Some(true))
        );
        assert_eq!(mine.text("page"), page);

        for (path, body) in
            [(page, json!({"topics": {"recovery": false}})), (page, json!({"language": "de"}))]
        {
            let refused = server.put("/v1/me/messages", &body).bearer(&market.buyer).send().await;
            refused.refused(StatusCode::BAD_REQUEST, "malformed");
            let forged =
                format!("{}{}", &path[..path.len() - 1], if path.ends_with('0') { '1' } else { '0' });
            server.ask(Method::POST, &forged).body(form, "").send().await.expect(StatusCode::GONE);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_set_anew_once_and_within_the_hour() {
    for store in stores() {
        let core: Arc<dyn StallCore> = core();
        let wanted = Wanted { core: Some(core), sends_mail: true, ..Wanted::default() };
        let server = TestServer::on(store, wanted);
        let sink = Sink::open().await;
        let post = post(&sink);
        let old = server.person("amina@example.org").await;
        let forgot = |email: &str| server.post("/v1/recoveries", &json!({ "email": email })).send();
        let form = "application/x-www-form-urlencoded";

        forgot("nobody@example.org").await.expect(StatusCode::ACCEPTED);
        forgot("amina@example.org").await.expect(StatusCode::ACCEPTED);
        forgot("amina@example.org").await.expect(StatusCode::ACCEPTED);
        assert_eq!(round(&server.app, &post).await.unwrap(), Round { sent: 1, ..Round::default() });
        let mails = sink.taken();
        assert_eq!(told(&mails), pairs(&[("amina@example.org", "Set a new password")]));
        let link = mails[0].link("/recover/");
        assert!(mails[0].header("List-Unsubscribe").is_empty(), "nobody can decline this");

        server.get(&link).send().await.expect(StatusCode::OK);
        let weak = server.ask(Method::POST, &link).body(form, "password=short").send().await;
        weak.expect(StatusCode::UNPROCESSABLE_ENTITY);
        let set = || server.ask(Method::POST, &link).body(form, "password=walnut+kettle+prairie").send();
        set().await.expect(StatusCode::OK);
        set().await.expect(StatusCode::GONE);
        server.get("/v1/me").bearer(&old).send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        let sign_in = |password: &str| {
            let body = json!({"email": "amina@example.org", "password": password, "carrier": "bearer"});
            server.post("/v1/sessions", &body).send()
        };
        sign_in(PASSWORD).await.refused(StatusCode::UNAUTHORIZED, "wrong_credentials");
        sign_in("walnut kettle prairie").await.expect(StatusCode::CREATED);
        round(&server.app, &post).await.unwrap();
        assert_eq!(told(&sink.taken()), pairs(&[("amina@example.org", "Your password was changed")]));

        server.clock.advance_ms(2 * MINUTE_MS);
        forgot("amina@example.org").await.expect(StatusCode::ACCEPTED);
        round(&server.app, &post).await.unwrap();
        let late = sink.taken()[0].link("/recover/");
        server.clock.advance_ms(61 * MINUTE_MS);
        server.get(&late).send().await.expect(StatusCode::GONE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_nobody_waits_for_a_mail() {
    let server = TestServer::new();
    let asked = server.post("/v1/recoveries", &json!({"email": "amina@example.org"})).send().await;
    asked.refused(StatusCode::CONFLICT, "no_mail");
}
