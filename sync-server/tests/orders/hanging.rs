//! A provider that takes requests and never answers keeps nobody else's payments waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use soko_checkout::{Answer, COOL_MS};
use soko_domain::entry::PayWay;
use soko_domain::ids::LogId;
use soko_domain::money::Currency;
use soko_record_log::StoreError;
use soko_sync_server::pay::provider::Promised;
use soko_sync_server::pay::{Asked, Heard, NotHeard, Provider, drive};

use crate::common::TestStore;
use crate::common::hostile::Hostile;
use crate::common::server::Wanted;
use crate::common::shop::{Shop, TEA, core, id, orders, secret, stores};
use crate::paying::{ORDER, World};

/// Less than one call of the silent provider takes.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Payments by telephone: more than are driven at a time.
const PHONES: u8 = 70;

/// Takes payments by telephone, and says nothing of them.
#[derive(Default)]
struct Silent {
    /// By card instead.
    is_for_cards: bool,
    /// It says at once that it does not know.
    is_quick: AtomicBool,
    asked: AtomicUsize,
    looked: AtomicUsize,
}

impl Provider for Silent {
    fn name(&self) -> &'static str {
        "silent"
    }

    fn way(&self) -> PayWay {
        if self.is_for_cards { PayWay::Card } else { PayWay::Phone }
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn account(&self, stall: LogId) -> String {
        stall.to_string()
    }

    fn ask<'a>(&'a self, _: &'a Asked) -> Promised<'a, Answer> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_quick.load(Ordering::SeqCst) {
            return Box::pin(async { Answer::Unknown });
        }
        Box::pin(std::future::pending())
    }

    fn is_there(&self, _: i64) -> Promised<'_, bool> {
        self.looked.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    }

    fn heard<'a>(&'a self, _: &'a HeaderMap, _: &'a [u8], _: i64) -> Promised<'a, Result<Heard, NotHeard>> {
        Box::pin(async { Err(NotHeard::Never) })
    }
}

impl World {
    async fn beside(store: TestStore, silent: &Arc<Silent>) -> Self {
        let provider = Hostile::open().await;
        let pay = vec![Arc::clone(silent) as Arc<dyn Provider>, provider.provider()];
        let wanted = Wanted { pay, ..Wanted::default() };
        Self { shop: Shop::open_wanted(store, core(), 100, wanted).await, provider }
    }

    async fn by_phone(&self, number: u8) {
        self.by(number, json!({"way": "phone", "phone": "+254 712 345678"})).await;
    }

    async fn by(&self, number: u8, pay: Value) {
        let lines = [json!({"product": TEA.to_string(), "quantity": 1})];
        let body = json!({"order": id(100 + number), "lines": lines, "pay": pay});
        let placed = self.shop.server.post(&orders(), &body).header("soko-buyer", &secret(100 + number));
        placed.send().await.expect(StatusCode::CREATED);
    }

    /// Devices brought all that was asked for back to a server that does not remember any of it.
    async fn forgotten(self, pay: Vec<Arc<dyn Provider>>) -> Self {
        self.sql(&["delete from checkout_part", "delete from checkout"]).await;
        self.restored().await.restart_with(pay)
    }

    async fn remembered(&self) -> i64 {
        let count = "select count(*) from checkout";
        let read = self.shop.server.store.store.read(move |tx| tx.query_one(count, &[])?.int(0));
        read.await.map_err(StoreError::from).unwrap()
    }

    /// Somebody else drives.
    async fn comes_to(&self, wanted: &str) {
        let began = Instant::now();
        loop {
            let standing = self.standing().await.1;
            if standing == wanted {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "it stayed at {standing}");
            // What is due later is due now.
            self.shop.server.clock.advance_ms(1_000);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn is_paid_by_card_meanwhile(&self) {
        self.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        self.comes_to("waiting").await;
        self.provider.books().buyer(true);
        self.comes_to("paid").await;
        assert_eq!(self.moved(), (1, 1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_one_is_back_is_looked_at_beside_the_payments_of_others() {
    for store in stores() {
        let silent = Arc::new(Silent::default());
        silent.is_quick.store(true, Ordering::SeqCst);
        let world = World::beside(store, &silent).await;
        for number in 0..5 {
            world.by_phone(number).await;
            drive::once(&world.shop.server.app).await;
        }
        world.shop.server.clock.advance_ms(COOL_MS);
        let following = tokio::spawn(drive::follow(world.shop.server.app.clone()));
        while silent.looked.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        world.is_paid_by_card_meanwhile().await;
        following.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_hang_take_no_place_of_another_providers_payments() {
    for store in stores() {
        let silent = Arc::new(Silent::default());
        let world = World::beside(store, &silent).await;
        for number in 0..PHONES {
            world.by_phone(number).await;
        }
        let following = tokio::spawn(drive::follow(world.shop.server.app.clone()));
        while silent.asked.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        world.is_paid_by_card_meanwhile().await;
        following.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_keeps_no_forgotten_payment_of_another_waiting() {
    // Where nobody can say anything of the payment by card, that by telephone is remembered; and who has it says so meanwhile.
    for is_down in [true, false] {
        for store in stores() {
            let quick = Arc::new(Silent::default());
            quick.is_quick.store(true, Ordering::SeqCst);
            let world = World::beside(store, &quick).await;
            world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
            world.until(("held", "waiting")).await;
            world.by_phone(0).await;
            let hangs: Arc<dyn Provider> = Arc::new(Silent { is_for_cards: true, ..Silent::default() });
            let pay = vec![hangs, world.provider.provider(), Arc::clone(&quick) as Arc<dyn Provider>];
            let world = world.forgotten(pay).await;
            world.provider.books().is_down = is_down;
            let following = tokio::spawn(drive::follow(world.shop.server.app.clone()));
            let (began, wanted) = (Instant::now(), if is_down { 1 } else { 2 });
            while world.remembered().await < wanted {
                assert!(began.elapsed() < PATIENCE, "{is_down}: it was not remembered");
                tokio::time::sleep(LOOK_EVERY).await;
            }
            following.abort();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forgotten_payments_of_which_nobody_says_anything_leave_their_turn_to_those_behind_them() {
    for store in stores() {
        let silent = Arc::new(Silent { is_for_cards: true, ..Silent::default() });
        silent.is_quick.store(true, Ordering::SeqCst);
        let world = World::beside(store, &silent).await;
        for number in 0..PHONES {
            world.by(number, json!({"way": "card"})).await;
        }
        let silent = || Arc::clone(&silent) as Arc<dyn Provider>;
        let other = world.provider.provider();
        let world = world.restart_with(vec![Arc::clone(&other), silent()]);
        world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        world.until(("held", "waiting")).await;
        let world = world.forgotten(vec![silent(), other]).await;
        world.until(("held", "waiting")).await;
    }
}
