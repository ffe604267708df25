//! Receipts of sales at a counter, that a register has mailed.

use axum::http::StatusCode;
use serde_json::json;
use soko_domain::ids::{LogId, SaleId};
use soko_record_log::{StoreError, Tx, params};
use soko_sync_server::demo::Device;
use soko_sync_server::messages::{Carriers, Round, Which, again, round};
use soko_sync_server::store::Shard;

use super::sink::{Fault, Sink};
use super::{pairs, post, told};
use crate::common::TestStore;
use crate::common::server::{Answer, Wanted, hex};
use crate::common::shop::{SALE, STALL, Shop, core, enrolled, id, stores};

struct Counter {
    shop: Shop,
    sink: Sink,
    post: Carriers,
}

impl Counter {
    async fn open(store: TestStore) -> Self {
        let wanted = Wanted { sends_mail: true, ..Wanted::default() };
        let shop = Shop::open_wanted(store, core(), 9, wanted).await;
        let sink = Sink::open().await;
        Self { post: post(&sink), shop, sink }
    }

    async fn ask(&self, sale: SaleId, request: u8, address: &str) -> Answer {
        let body = json!({"address": address, "language": "en"});
        let path = format!("/v1/stalls/{STALL}/sales/{sale}/mailed/{}", id(request));
        self.shop.server.put(&path, &body).bearer(&self.shop.register.access).send().await
    }

    /// Where it stands, as the register is told.
    async fn state(&self, request: u8) -> String {
        self.ask(SALE, request, "amina@example.org").await.expect(StatusCode::OK).text("state")
    }

    async fn round(&self) -> Round {
        round(&self.shop.server.app, &self.post).await.unwrap()
    }

    /// The addresses that the server holds.
    async fn held(&self) -> Vec<String> {
        let find = |tx: &mut dyn Tx| {
            let sql =
                "select address from mailed_receipt where stall = $1 and address <> '' order by address";
            tx.query(sql, params![STALL])?.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
        };
        let found: Result<Vec<String>, _> = self.shop.server.store.store.read(find).await;
        found.map_err(StoreError::from).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_mailed_once_with_what_the_records_say() {
    for store in stores() {
        let mut counter = Counter::open(store).await;
        let early = counter.ask(SALE, 1, "amina@example.org").await;
        early.refused(StatusCode::SERVICE_UNAVAILABLE, "sale_not_here");
        counter.shop.sell(2).await;
        assert_eq!(counter.state(1).await, "waiting");
        assert_eq!(counter.state(1).await, "waiting", "its answer was lost, and it asks again");
        assert_eq!(counter.held().await, ["amina@example.org"]);
        assert_eq!(counter.round().await, Round { sent: 1, ..Round::default() });
        let mails = counter.sink.taken();
        assert_eq!(told(&mails), pairs(&[("amina@example.org", "Receipt 1 from Tea House")]));
        let text = mails[0].text();
        for part in ["Tea House", "Receipt 1", "2 × 4.50", "Total EUR", ">9.00</th>", "Cash"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("COPY") && text.contains("It is not kept."), "{text}");
        assert!(mails[0].header("List-Unsubscribe").is_empty(), "nobody is on a list");

        assert_eq!(counter.state(1).await, "sent");
        assert_eq!(counter.round().await, Round::default());
        assert_eq!(counter.held().await, [""; 0]);
        // Somebody else wants one, too.
        counter.ask(SALE, 2, "Salim@Example.org").await.expect(StatusCode::OK);
        counter.round().await;
        let mails = counter.sink.taken();
        assert_eq!(told(&mails), pairs(&[("salim@example.org", "Receipt 1 from Tea House")]));
        assert!(mails[0].text().contains("COPY"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_none_is_told_and_forgotten() {
    for store in stores() {
        let mut counter = Counter::open(store).await;
        counter.shop.sell(1).await;
        counter.state(1).await;
        counter.sink.fail(&[Fault::Address("550 5.1.1 <amina@example.org> unknown")]);
        assert_eq!(counter.round().await, Round { given_up: 1, ..Round::default() });
        let answer = counter.ask(SALE, 1, "amina@example.org").await.expect(StatusCode::OK);
        assert_eq!(answer.text("state"), "given-up");
        let reason = answer.text("reason");
        assert!(reason.contains("550") && !reason.contains("amina"), "{reason}");
        assert_eq!(counter.held().await, [""; 0]);
        // Whoever runs the server cannot send it either.
        let now_ms = counter.shop.server.app.now_ms();
        let store = &counter.shop.server.store.store;
        let again = store.write(Shard::stall(STALL), move |tx| again(tx, (None, &Which::All), now_ms)).await;
        assert_eq!(again.map_err(StoreError::from).unwrap(), 1);
        assert_eq!(counter.round().await, Round { dropped: 1, ..Round::default() });
        assert!(counter.sink.taken().is_empty());
        // Nobody has a paper yet: the next one is the first.
        counter.ask(SALE, 2, "amina@example.com").await.expect(StatusCode::OK);
        assert_eq!(counter.round().await, Round { sent: 1, ..Round::default() });
        assert!(!counter.sink.taken()[0].text().contains("COPY"));
        counter.ask(SALE, 3, "amina@example.com").await.expect(StatusCode::OK);
        counter.round().await;
        assert!(counter.sink.taken()[0].text().contains("COPY"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_have_a_receipt_mailed_is_told_why() {
    for store in stores() {
        let mut counter = Counter::open(store).await;
        counter.shop.sell(1).await;
        let wrong = counter.ask(SALE, 1, "amina at example.org").await;
        wrong.refused(StatusCode::UNPROCESSABLE_ENTITY, "email_unreadable");
        let path = format!("/v1/stalls/{STALL}/sales/{SALE}/mailed/{}", id(1));
        let body = json!({"address": "amina@example.org", "language": "en"});
        let server = &counter.shop.server;
        let tongue = json!({"address": "amina@example.org", "language": "de"});
        let tongue = server.put(&path, &tongue).bearer(&counter.shop.register.access).send().await;
        tongue.refused(StatusCode::UNPROCESSABLE_ENTITY, "language_unknown");
        let person = server.put(&path, &body).bearer(&counter.shop.owner).send().await;
        person.refused(StatusCode::UNAUTHORIZED, "not_signed_in");

        // A register of another stall learns nothing of this one.
        let other = Device::new([8; 32], LogId([0x52; 16]), [8; 16], "elsewhere").unwrap();
        let owner = server.person("salim@example.org").await;
        let claim = json!({"introduction": hex(&other.introduction())});
        server.post("/v1/stalls", &claim).bearer(&owner).send().await.expect(StatusCode::CREATED);
        let access = enrolled(server, &owner, &other, "owner", 8).await;
        let foreign = server.put(&path, &body).bearer(&access).send().await;
        foreign.refused(StatusCode::NOT_FOUND, "no_such_stall");
        let own = format!("/v1/stalls/{}/sales/{SALE}/mailed/{}", other.stall(), id(1));
        let foreign = server.put(&own, &body).bearer(&access).send().await;
        foreign.refused(StatusCode::SERVICE_UNAVAILABLE, "sale_not_here");

        for request in 1..=5 {
            assert_eq!(counter.state(request).await, "waiting");
        }
        let sixth = counter.ask(SALE, 6, "amina@example.org").await;
        sixth.refused(StatusCode::CONFLICT, "mailed_enough");
        let reused = counter.ask(SaleId([1; 16]), 5, "amina@example.org").await;
        reused.refused(StatusCode::UNPROCESSABLE_ENTITY, "id_reused");
        assert_eq!(counter.round().await, Round { sent: 5, ..Round::default() });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_mail_says_so() {
    let [store] = [TestStore::sqlite()];
    let mut shop = Shop::open(store, core(), 9).await;
    shop.sell(1).await;
    let body = json!({"address": "amina@example.org", "language": "en"});
    let path = format!("/v1/stalls/{STALL}/sales/{SALE}/mailed/{}", id(1));
    let asked = shop.server.put(&path, &body).bearer(&shop.register.access).send().await;
    asked.refused(StatusCode::CONFLICT, "no_mail");
}
