//! How much one person is told within an hour: what is more waits, in its turn, and none of it is lost.

use axum::http::StatusCode;
use serde_json::json;
use soko_sync_server::messages::{Round, State};

use super::sink::{Mail, Sink};
use super::{Fault, MINUTE_MS, Market, post};
use crate::common::TestStore;
use crate::common::server::{PASSWORD, Wanted};
use crate::common::shop::{Shop, core, stores};

const MOST: usize = 5;
/// Of these a fifth is kept for money and security.
const ORDINARY: usize = 4;
const NEW_PASSWORD: &str = "lantern gravel seven";

async fn market(store: TestStore) -> Market {
    let wanted = Wanted { sends_mail: true, messages_per_hour: Some(MOST), ..Wanted::default() };
    let shop = Shop::open_wanted(store, core(), 20, wanted).await;
    let sink = Sink::open().await;
    let buyer = shop.server.person("amina@example.org").await;
    Market { post: post(&sink), shop, sink, buyer }
}

/// What this person's mails are about.
fn to(mails: &[Mail], person: &str) -> Vec<String> {
    let theirs = mails.iter().filter(|mail| mail.header("To") == person);
    theirs.map(|mail| mail.header("Subject")).collect()
}

async fn change_password(market: &Market) {
    let body = json!({"old": PASSWORD, "new": NEW_PASSWORD});
    let changed = market.shop.server.put("/v1/me/password", &body).bearer(&market.buyer).send().await;
    changed.expect(StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_an_hours_share_waits_and_comes_once() {
    for store in stores() {
        let market = market(store).await;
        for order in 1..=7 {
            market.order(order).await;
        }
        let both = 2 * ORDINARY;
        let done = market.round().await;
        assert_eq!(done, Round { made: 14, sent: both, held: 14 - both, ..Round::default() });
        let mails = market.sink.taken();
        for person in ["amina@example.org", "owner@example.org"] {
            assert_eq!(to(&mails, person).len(), ORDINARY, "{person}");
        }
        let waiting: Vec<_> =
            market.listed().await.into_iter().filter(|one| one.state == State::Waiting).collect();
        assert_eq!(waiting.len(), 14 - both);
        assert!(waiting.iter().all(|one| one.reason.contains("within an hour")), "{waiting:?}");
        let metrics = market.shop.server.get("/metrics").from("127.0.0.1").send().await;
        let metrics = String::from_utf8(metrics.bytes.to_vec()).unwrap();
        assert!(metrics.contains("soko_messages_held_total 6"), "{metrics}");

        market.shop.server.clock.advance_ms(59 * MINUTE_MS);
        assert_eq!(market.round().await, Round::default(), "not before there is room, and counted once");
        market.shop.server.clock.advance_ms(2 * MINUTE_MS);
        assert_eq!(market.round().await, Round { sent: 14 - both, ..Round::default() });
        let later = market.sink.taken();
        for person in ["amina@example.org", "owner@example.org"] {
            assert_eq!(to(&later, person).len(), 7 - ORDINARY, "{person}");
        }
        market.shop.server.clock.advance_ms(180 * MINUTE_MS);
        assert_eq!(market.round().await, Round::default(), "each came once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_speaks_of_security_finds_room_and_comes_first() {
    for store in stores() {
        let market = market(store).await;
        for order in 1..=6 {
            market.order(order).await;
        }
        market.round().await;
        market.sink.taken();
        // The ordinary share is used up, and the password was changed.
        change_password(&market).await;
        assert_eq!(market.round().await, Round { sent: 1, ..Round::default() });
        assert_eq!(to(&market.sink.taken(), "amina@example.org").len(), 1);
        // Whoever forgot a password waits for no hour.
        let asked = json!({"email": "amina@example.org"});
        market.shop.server.post("/v1/recoveries", &asked).send().await.expect(StatusCode::ACCEPTED);
        assert_eq!(market.round().await, Round { sent: 1, ..Round::default() });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_waits_together_money_and_security_leave_before_the_rest() {
    for store in stores() {
        let market = market(store).await;
        for order in 1..=6 {
            market.order(order).await;
        }
        change_password(&market).await;
        // Made last, it is among the first.
        market.round().await;
        let subjects = to(&market.sink.taken(), "amina@example.org");
        assert_eq!(subjects.len(), ORDINARY, "{subjects:?}");
        let orders = subjects.iter().filter(|subject| subject.contains("order")).count();
        assert_eq!(orders, ORDINARY - 1, "{subjects:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_brought_takes_no_room() {
    for store in stores() {
        let market = market(store).await;
        market.order(1).await;
        market.sink.fail(&[Fault::Text("451 later"), Fault::Text("451 later")]);
        assert_eq!(market.round().await, Round { made: 2, later: 2, ..Round::default() });
        market.shop.server.clock.advance_ms(10 * MINUTE_MS);
        for order in 2..=4 {
            market.order(order).await;
        }
        assert_eq!(market.round().await, Round { made: 6, sent: 8, ..Round::default() });
    }
}
