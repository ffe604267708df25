//! What no record says by itself: low stock, and what people like.

use axum::http::StatusCode;
use serde_json::json;
use soko_documents::{DocumentKind, Product, Typed as _};
use soko_domain::entry::ReceivedLine;
use soko_domain::ids::{ShareId, ThingId};
use soko_domain::verbs::receive_stock::{self, ReceiveStock};
use soko_domain::verbs::return_share::{self, ReturnShare};

use soko_record_log::{StoreError, Tx, params};
use soko_sync_server::store::Shard;

use super::{MINUTE_MS, Market, pairs, told};
use crate::common::server::hex;
use crate::common::shop::{STALL, TEA, id, orders, stores};

const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

impl Market {
    async fn edit(&mut self, price_minor: i64, low_level: i64) {
        let tea = Product {
            name: "Mint tea".into(),
            price_minor,
            currency: "EUR".into(),
            low_level: Some(low_level),
            ..Product::default()
        };
        let document = (ThingId(TEA.0), DocumentKind::Product);
        let at_ms = self.shop.server.app.now_ms();
        self.shop.register.device.edit(document, &tea.edits(), at_ms).unwrap();
        self.shop.exchange().await;
    }

    /// Access lasts ten minutes.
    pub(super) async fn let_in_again(&mut self) {
        let introduction = hex(&self.shop.register.device.introduction());
        let body =
            json!({"introduction": introduction, "name": "counter", "request": id(1), "role": "owner"});
        let answer = self.shop.server.post("/v1/devices/enrol", &body).bearer(&self.shop.owner).send().await;
        self.shop.register.access = answer.expect(StatusCode::CREATED).text("access_token");
    }

    async fn receive(&mut self) {
        let line = ReceivedLine { product: TEA, quantity: 8, cost_minor: None };
        let come = ReceiveStock { delivery: ThingId([8; 16]), lines: vec![line], note: String::new() };
        let facts = return_share::Facts { frozen: false, own_share: 12 };
        let back = ReturnShare { share: ShareId([9; 16]), product: TEA, quantity: 4, recall: None };
        let at_ms = self.shop.server.app.now_ms();
        let device = &mut self.shop.register.device;
        device.write(receive_stock::decide(&come).unwrap(), at_ms).unwrap();
        device.write(return_share::decide(&facts, &back).unwrap(), at_ms).unwrap();
        self.shop.exchange().await;
    }

    /// So much is ordered and handed over; what was told of the order itself is left out.
    async fn sell(&self, order: u8, quantity: i64) -> Vec<(String, String)> {
        let body = json!({"order": id(order), "lines": [{"product": TEA.to_string(), "quantity": quantity}]});
        let placed = self.shop.server.post(&orders(), &body).bearer(&self.buyer).send().await;
        placed.expect(StatusCode::CREATED);
        self.shop.hand_over(order).await;
        self.heard().await
    }

    async fn heard(&self) -> Vec<(String, String)> {
        self.round().await;
        let mut all = told(&self.sink.taken());
        all.retain(|(_, subject)| subject.contains("Mint tea"));
        all
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_low_and_what_is_liked_is_told_once_until_it_changes_again() {
    for store in stores() {
        let mut market = Market::open_with(store, 4).await;
        let (owner, buyer) = ("owner@example.org", "amina@example.org");
        let like = json!({"since": 0, "likes": [
            {"stall": STALL.to_string(), "product": TEA.to_string(), "turns": 1}]});
        let liked = market.shop.server.post("/v1/me/likes", &like).bearer(&market.buyer).send().await;
        liked.expect(StatusCode::OK);
        assert_eq!(market.heard().await, [], "what is there already is no news");

        // Eight are at the stall, four of them in the shop; the owner wants to have more than six.
        market.edit(450, 6).await;
        assert_eq!(market.sell(1, 1).await, [], "seven are left");
        assert_eq!(market.sell(2, 1).await, pairs(&[(owner, "Mint tea runs low at Tea House")]));
        assert_eq!(market.sell(3, 1).await, [], "it was told");
        market.edit(440, 6).await;
        assert_eq!(market.heard().await, [], "that is not much less");
        market.edit(400, 6).await;
        assert_eq!(market.heard().await, pairs(&[(buyer, "Mint tea costs less")]));
        market.edit(300, 6).await;
        assert_eq!(market.heard().await, [], "it was told today");

        // The shop sells its last; two days later there are eight more, half of them in the shop.
        assert_eq!(market.sell(4, 1).await, []);
        market.shop.server.clock.advance_ms(2 * DAY_MS);
        market.let_in_again().await;
        market.receive().await;
        assert_eq!(market.heard().await, pairs(&[(buyer, "Mint tea is there again")]));
        market.edit(300, 10).await;
        assert_eq!(market.heard().await, [], "twelve are enough");
        assert_eq!(market.sell(5, 2).await, pairs(&[(owner, "Mint tea runs low at Tea House")]));
    }
}

const CROWD: i64 = 1_005;

impl Market {
    async fn like(&self) {
        let like = json!({"since": 0, "likes": [
            {"stall": STALL.to_string(), "product": TEA.to_string(), "turns": 1}]});
        let liked = self.shop.server.post("/v1/me/likes", &like).bearer(&self.buyer).send().await;
        liked.expect(StatusCode::OK);
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let store = &self.shop.server.store.store;
        store.write(Shard::stall(STALL), work).await.map_err(StoreError::from).unwrap()
    }

    /// So many more people like the tea, with accounts of their own.
    async fn crowd(&self) {
        self.write(|tx| {
            for number in 1..=CROWD {
                let account = ThingId((0xc0de_0000_i128 + i128::from(number)).to_be_bytes());
                tx.run(
                    "insert into account (account, email, password, created_ms, password_changed_ms)
                     values ($1, $2, 'none', 0, 0)",
                    params![account, format!("{number}@example.org")],
                )?;
                tx.run(
                    "insert into liked (account, stall, product, turns, version) values ($1, $2, $3, 1, 1)",
                    params![account, STALL, TEA],
                )?;
            }
            Ok(())
        })
        .await;
    }

    /// People who were told that something costs less, and messages that say so.
    async fn told_of_price(&self) -> (i64, i64) {
        self.write(|tx| {
            let sql = "select count(distinct account), count(*) from message where topic = 18";
            let row = tx.query_one(sql, &[])?;
            Ok((row.int(0)?, row.int(1)?))
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_within_a_day_of_the_last_word_is_told_when_the_day_is_over() {
    for store in stores() {
        let mut market = Market::open_with(store, 4).await;
        let buyer = "amina@example.org";
        market.like().await;
        assert_eq!(market.heard().await, []);
        market.edit(400, 0).await;
        assert_eq!(market.heard().await, pairs(&[(buyer, "Mint tea costs less")]));
        // The shop sells its last, and has some more.
        assert_eq!(market.sell(1, 4).await, []);
        market.receive().await;
        assert_eq!(market.heard().await, [], "it was told today");
        market.shop.server.clock.advance_ms(DAY_MS - MINUTE_MS);
        assert_eq!(market.heard().await, [], "a minute is missing");
        market.shop.server.clock.advance_ms(MINUTE_MS);
        assert_eq!(market.heard().await, pairs(&[(buyer, "Mint tea is there again")]), "and no record came");
        assert_eq!(market.heard().await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_likes_something_is_told_once_wherever_the_server_is_killed() {
    for store in stores() {
        let mut market = Market::open_with(store, 4).await;
        market.crowd().await;
        assert_eq!(market.heard().await, []);
        market.edit(300, 0).await;
        let mut kills = 0;
        while market.told_of_price().await.0 < CROWD {
            // Killed as soon as something more was told.
            let before = market.told_of_price().await.0;
            tokio::select! {
                done = market.round() => panic!("it was not killed: {done:?}"),
                () = async {
                    while market.told_of_price().await.0 == before {
                        tokio::task::yield_now().await;
                    }
                } => kills += 1,
            }
        }
        assert!(kills > 1, "{kills}");
        assert_eq!(market.told_of_price().await, (CROWD, CROWD));
    }
}
