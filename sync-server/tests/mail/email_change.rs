//! Another mail address: confirmed by whoever reads what comes there, told to the old one, and telling nobody who has an account.

use axum::http::StatusCode;
use serde_json::json;
use soko_sync_server::messages::Round;

use super::{Fault, MINUTE_MS, Market, pairs, told};
use crate::common::server::{Answer, PASSWORD};
use crate::common::shop::stores;

const OLD: &str = "amina@example.org";
const NEW: &str = "amina@new.example";
const FORM: &str = "application/x-www-form-urlencoded";
const ASKED: &str = "Another e-mail address was asked for";
const CONFIRM: &str = "Confirm this e-mail address";

async fn ask(market: &Market, token: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    market.shop.server.post("/v1/me/email", &body).bearer(token).send().await
}

async fn sign_in(market: &Market, email: &str, password: &str) -> StatusCode {
    let body = json!({"email": email, "password": password, "carrier": "bearer"});
    market.shop.server.post("/v1/sessions", &body).send().await.status
}

async fn press(market: &Market, link: &str) -> StatusCode {
    market.shop.server.ask(axum::http::Method::POST, link).body(FORM, "").send().await.status
}

/// Asks, and answers the link that came.
async fn link(market: &Market, token: &str, email: &str) -> String {
    ask(market, token, email, PASSWORD).await.expect(StatusCode::ACCEPTED);
    market.round().await;
    let mails = market.sink.taken();
    mails.iter().find(|mail| mail.header("To") == email).unwrap().link("/confirm-address/")
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_counts_once_its_owner_said_so_and_the_old_one_is_told() {
    for store in stores() {
        let market = Market::open(store).await;
        let (server, amina) = (&market.shop.server, market.buyer.clone());
        ask(&market, &amina, NEW, "not it").await.refused(StatusCode::UNAUTHORIZED, "wrong_credentials");
        ask(&market, &amina, OLD, PASSWORD).await.refused(StatusCode::CONFLICT, "same_email");
        ask(&market, &amina, "amina", PASSWORD)
            .await
            .refused(StatusCode::UNPROCESSABLE_ENTITY, "email_unreadable");
        ask(&market, "nobody", NEW, PASSWORD).await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        ask(&market, &amina, " Amina@New.Example ", PASSWORD).await.expect(StatusCode::ACCEPTED);
        market.round().await;
        let mails = market.sink.taken();
        assert_eq!(told(&mails), pairs(&[(OLD, ASKED), (NEW, CONFIRM)]));
        for mail in &mails {
            assert!(!mail.text().contains("/messages/"), "nobody there chooses what the account is told");
        }
        let to_old = mails.iter().find(|mail| mail.header("To") == OLD).unwrap();
        assert!(
            !to_old.text().contains(NEW),
            "whoever reads it there may be somebody else: {}",
            to_old.text()
        );
        let link = mails.iter().find(|mail| mail.header("To") == NEW).unwrap().link("/confirm-address/");
        let data = server.get("/v1/me/data").bearer(&amina).send().await.expect(StatusCode::OK).json();
        assert_eq!((data["email"].as_str(), data["asked_email"].as_str()), (Some(OLD), Some(NEW)));

        // A program that looks at links changes nothing.
        server.get(&link).send().await.expect(StatusCode::OK);
        assert_eq!(sign_in(&market, OLD, PASSWORD).await, StatusCode::CREATED);
        assert_eq!(sign_in(&market, NEW, PASSWORD).await, StatusCode::UNAUTHORIZED);
        server.post("/v1/recoveries", &json!({"email": OLD})).send().await.expect(StatusCode::ACCEPTED);
        market.round().await;
        let recovery = market.sink.taken()[0].link("/recover/");

        assert_eq!(press(&market, &link).await, StatusCode::OK);
        assert_eq!(press(&market, &link).await, StatusCode::GONE, "once");
        market.round().await;
        assert_eq!(told(&market.sink.taken()), pairs(&[(OLD, "Your account has another e-mail address")]));
        server.get(&recovery).send().await.expect(StatusCode::GONE);
        assert_eq!(sign_in(&market, OLD, PASSWORD).await, StatusCode::UNAUTHORIZED);
        assert_eq!(sign_in(&market, NEW, PASSWORD).await, StatusCode::CREATED);
        let me = server.get("/v1/me").bearer(&amina).send().await.expect(StatusCode::OK);
        assert_eq!(me.text("email"), NEW, "whoever was signed in still is");
        for email in [OLD, NEW] {
            server.post("/v1/recoveries", &json!({"email": email})).send().await.expect(StatusCode::ACCEPTED);
        }
        server.clock.advance_ms(2 * MINUTE_MS);
        server.post("/v1/recoveries", &json!({"email": NEW})).send().await.expect(StatusCode::ACCEPTED);
        market.order(1).await;
        market.round().await;
        let to_buyer: Vec<_> = told(&market.sink.taken()).into_iter().filter(|(to, _)| to == NEW).collect();
        assert!(to_buyer.contains(&(NEW.into(), "Tea House set your order aside".into())), "{to_buyer:?}");
        assert!(to_buyer.contains(&(NEW.into(), "Set a new password".into())), "{to_buyer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_has_an_account_does_not_say_so_and_gets_no_link() {
    for store in stores() {
        let market = Market::open(store).await;
        let amina = market.buyer.clone();
        market.shop.server.person("baraka@example.org").await;
        ask(&market, &amina, "baraka@example.org", PASSWORD).await.expect(StatusCode::ACCEPTED);
        market.round().await;
        assert_eq!(told(&market.sink.taken()), pairs(&[(OLD, ASKED)]), "as with any other");
        // Somebody makes an account of it between the mail and the press.
        let link = link(&market, &amina, NEW).await;
        market.shop.server.person(NEW).await;
        assert_eq!(press(&market, &link).await, StatusCode::GONE);
        assert_eq!(sign_in(&market, OLD, PASSWORD).await, StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_another_address_ends_with_the_next_one_the_password_the_hour_and_the_account() {
    for store in stores() {
        let market = Market::open(store).await;
        let (server, amina) = (&market.shop.server, market.buyer.clone());
        let first = link(&market, &amina, NEW).await;
        let second = link(&market, &amina, "amina@other.example").await;
        server.get(&first).send().await.expect(StatusCode::GONE);
        server.get(&second).send().await.expect(StatusCode::OK);
        // Whoever hears of it and did not ask sets another password.
        let other = json!({"old": PASSWORD, "new": "walnut kettle prairie"});
        server.put("/v1/me/password", &other).bearer(&amina).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(press(&market, &second).await, StatusCode::GONE);
        let back = json!({"old": "walnut kettle prairie", "new": PASSWORD});
        server.put("/v1/me/password", &back).bearer(&amina).send().await.expect(StatusCode::NO_CONTENT);
        let late = link(&market, &amina, NEW).await;
        server.clock.advance_ms(61 * MINUTE_MS);
        assert_eq!(press(&market, &late).await, StatusCode::GONE);
        let fourth = link(&market, &amina, NEW).await;
        assert_ne!(fourth, late);
        let last = link(&market, &amina, NEW).await;
        let too_often = ask(&market, &amina, NEW, PASSWORD).await;
        too_often.refused(StatusCode::CONFLICT, "too_often");
        let erase = json!({"password": PASSWORD});
        server.post("/v1/me/erasure", &erase).bearer(&amina).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(press(&market, &last).await, StatusCode::GONE);
    }
}

/// Mail to an address that is not the account's says nothing of the account's mailbox.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_takes_no_mail_leaves_the_old_mailbox_as_it_was() {
    for store in stores() {
        let market = Market::open(store).await;
        let gone = Fault::Address("550 5.1.1 no such mailbox");
        market.sink.fail(&[gone, gone]);
        ask(&market, &market.buyer, NEW, PASSWORD).await.expect(StatusCode::ACCEPTED);
        assert_eq!(market.round().await, Round { given_up: 2, ..Round::default() });
        let mine = market.shop.server.get("/v1/me/messages").bearer(&market.buyer).send().await;
        assert_eq!(mine.expect(StatusCode::OK).json()["mailbox_failing"], json!(null));
    }
}
