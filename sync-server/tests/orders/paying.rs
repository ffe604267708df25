//! Orders that are paid before they are fetched: the real router, the real rules and the real adapter, with a hostile
//! provider on loopback, on every engine. Whatever dies or is lost, there is one order, at most one charge, and the
//! same answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use soko_checkout::COOL_MS;
use soko_domain::entry::{IncidentKind, OrderBackAsked};
use soko_domain::ids::OrderId;
use soko_domain::verbs::pay_order::Facts;
use soko_projection::order_money;
use soko_record_log::{StoreError, params};
use soko_sync_server::core::{Now, StallCore};
use soko_sync_server::pay::momo::{Momo, MomoSettings};
use soko_sync_server::pay::test_money::TestMoney;
use soko_sync_server::pay::{Provider, Secret, drive};
use soko_sync_server::platform::Refusal;
use soko_sync_server::stall::{LEASE_MS, Open, PayTurn};
use soko_sync_server::store::Shard;
use soko_sync_server::sweep::{ANSWERS_KEPT_MS, sweep};

use crate::common::TestStore;
use crate::common::hostile::{Asks, Fault, Hostile, Speaks, word};
use crate::common::server::{Answer, Ask, Wanted};
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret, stores};

/// Longer than any wait between two looks.
pub(crate) const LATER_MS: i64 = 16 * 60 * 1_000;
/// Looks within which everything comes to rest.
pub(crate) const LOOKS: usize = 60;
pub(crate) const ORDER: u8 = 1;

/// A store, and whose interface the provider speaks.
pub(crate) type Scene = (TestStore, Speaks);

/// Each store with each interface.
pub(crate) fn scenes() -> Vec<Scene> {
    let speaking = |speaks: Speaks| stores().into_iter().map(move |store| (store, speaks));
    speaking(Speaks::Stripe).chain(speaking(Speaks::Paypal)).collect()
}

pub(crate) struct World {
    pub(crate) shop: Shop,
    pub(crate) provider: Hostile,
}

impl World {
    pub(crate) async fn open(scene: Scene) -> Self {
        Self::open_with(scene, 5).await
    }

    async fn open_with((store, speaks): Scene, units: i64) -> Self {
        let provider = Hostile::open_as(speaks).await;
        let wanted = Wanted { pay: vec![provider.provider()], ..Wanted::default() };
        Self { shop: Shop::open_wanted(store, core(), units, wanted).await, provider }
    }

    /// One unit, by a guest of its own.
    pub(crate) async fn some(&self, order: u8) -> Answer {
        let lines = [json!({"product": TEA.to_string(), "quantity": 1})];
        let body = json!({"order": id(order), "lines": lines, "pay": {"way": "card"}});
        self.shop.server.post(&orders(), &body).header("soko-buyer", &secret(1)).send().await
    }

    /// A kill: nothing in memory is left, and whoever called at that moment is gone.
    pub(crate) fn restart(self) -> Self {
        let pay = vec![self.provider.provider()];
        self.restart_with(pay)
    }

    /// With whoever takes payments from then on.
    pub(crate) fn restart_with(mut self, pay: Vec<Arc<dyn Provider>>) -> Self {
        let as_core: Arc<dyn StallCore> = self.shop.core.clone();
        let wanted = Wanted { core: Some(as_core), pay, ..Wanted::default() };
        self.shop.server = self.shop.server.restarted(wanted);
        self.shop.server.clock.advance_ms(LEASE_MS + 1);
        self
    }

    pub(crate) fn order(&self, guest: u8, order: u8) -> Ask {
        let lines = [json!({"product": TEA.to_string(), "quantity": 3})];
        let body = json!({"order": id(order), "lines": lines, "pay": {"way": "card"}});
        self.shop.server.post(&orders(), &body).header("soko-buyer", &secret(guest))
    }

    pub(crate) async fn seen(&self) -> Value {
        let path = format!("{}/{}", orders(), id(ORDER));
        let answer = self.shop.server.get(&path).header("soko-buyer", &secret(1)).send().await;
        answer.expect(StatusCode::OK).json()
    }

    /// State of the order, state of its payment.
    pub(crate) async fn standing(&self) -> (String, String) {
        let seen = self.seen().await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&seen["state"]), text(&seen["payment"]["state"]))
    }

    pub(crate) async fn cancel(&self) {
        let path = format!("{}/{}/cancel", orders(), id(ORDER));
        let asked = self.shop.server.ask(Method::POST, &path).header("soko-buyer", &secret(1));
        asked.send().await.expect(StatusCode::OK);
    }

    /// Begins what comes next, and dies before it is sent.
    pub(crate) async fn begin_and_die(self) -> Self {
        let core = self.shop.core.clone();
        let now = Now { now_ms: self.now_ms(), seed: [7; 32] };
        let order = OrderId::from_hex(&id(ORDER)).unwrap();
        let begin = PayTurn::Begin(Open { charges: true, returns: true });
        let work = move |tx: &mut dyn soko_record_log::Tx| {
            Ok::<_, Refusal>(core.pay_turn(tx, STALL, (order, &begin), now)?)
        };
        let begun = self.shop.server.store.store.write(Shard::stall(STALL), work).await;
        assert!(
            begun.map_err(|failed| format!("{failed:?}")).unwrap().0.is_some(),
            "there was nothing to begin"
        );
        self.restart()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        use soko_sync_server::outside::Clock as _;
        self.shop.server.clock.now_ms()
    }

    pub(crate) async fn drive(&self) {
        drive::once(&self.shop.server.app).await;
    }

    /// Until nothing is due any more, or this is reached.
    pub(crate) async fn until(&self, wanted: (&str, &str)) {
        for _ in 0..LOOKS {
            let (order, payment) = self.standing().await;
            if (order.as_str(), payment.as_str()) == wanted {
                return;
            }
            self.drive().await;
            self.shop.server.clock.advance_ms(LATER_MS / 8);
        }
        panic!("it stayed at {:?} instead of {wanted:?}", self.standing().await);
    }

    /// What the stall's records say.
    pub(crate) async fn records(&self) -> Facts {
        let order = OrderId::from_hex(&id(ORDER)).unwrap();
        let read = self.shop.server.store.store.read(move |tx| order_money::of(tx, STALL, order)).await;
        read.map_err(StoreError::from).unwrap()
    }

    pub(crate) async fn incidents(&self) -> Vec<i64> {
        let read = self.shop.server.store.store.read(|tx| {
            let rows = tx.query("select kind from incident where log = $1 order by kind", params![STALL])?;
            rows.iter().map(|row| row.int(0)).collect::<Result<Vec<i64>, StoreError>>()
        });
        read.await.map_err(StoreError::from).unwrap()
    }

    pub(crate) fn moved(&self) -> (usize, u32, u32) {
        let books = self.provider.books();
        (books.sessions(), books.charges, books.refunds)
    }

    /// A buyer who came as far as the provider's page.
    pub(crate) async fn waiting(scene: Scene) -> Self {
        let world = Self::open(scene).await;
        world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        world.until(("held", "waiting")).await;
        world
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid_by_card_and_the_records_say_so() {
    for store in stores() {
        let world = World::open((store, Speaks::Stripe)).await;
        let first = world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        assert_eq!(first.json()["payment"]["state"], "asking");
        world.until(("held", "waiting")).await;
        assert_eq!(world.seen().await["payment"]["page"], "https://pay.example/cs_1");
        world.provider.books().buyer(true);
        // A word twice, a forged one, and one about somebody else's order: each is a hint at most.
        let path = "/v1/pay/stripe/webhook";
        let (stall, order) = (STALL.to_string(), id(ORDER));
        let (body, signature) = word("evt_1", (&stall, &order), world.now_ms());
        let told = |body: &str, signature: &str| {
            let ask = world.shop.server.ask(Method::POST, path).header("stripe-signature", signature);
            ask.body("application/json", body.to_owned()).send()
        };
        told(&body, "t=1,v1=00").await.refused(StatusCode::BAD_REQUEST, "not_taken");
        told(&body.replace("evt_1", "evt_2"), &signature).await.refused(StatusCode::BAD_REQUEST, "not_taken");
        for _ in 0..2 {
            told(&body, &signature).await.expect(StatusCode::OK);
        }
        let (other, signature) = word("evt_3", (&stall, &id(9)), world.now_ms());
        told(&other, &signature).await.expect(StatusCode::OK);
        world.until(("held", "paid")).await;
        assert_eq!(world.moved(), (1, 1, 0));
        assert_eq!((world.records().await.paid_minor, world.records().await.back_minor), (1_350, 0));
        // What was told before the money was held is explained by that: nobody looks again.
        let asked = world.provider.books().asked.len();
        for _ in 0..3 {
            world.shop.server.clock.advance_ms(LATER_MS);
            world.drive().await;
        }
        assert_eq!(world.provider.books().asked.len(), asked);
        // The first answer again, to the byte, whatever became of it since.
        assert_eq!(world.order(1, ORDER).send().await.expect(StatusCode::CREATED).bytes, first.bytes);
        // The stall calls it off: the money goes back before the units do.
        let path = format!("{}/{order}/cancel", orders());
        let cancel = world.shop.server.ask(Method::POST, &path).bearer(&world.shop.owner).send().await;
        assert_eq!(cancel.expect(StatusCode::OK).text("state"), "held");
        assert_eq!(world.shop.available().await, 2);
        world.until(("cancelled", "returned")).await;
        assert_eq!((world.moved(), world.shop.available().await), ((1, 1, 1), 5));
        assert_eq!(world.records().await.back_minor, 1_350);
        assert!(world.incidents().await.is_empty());
    }
}

/// What may go wrong with a call.
pub(crate) const FAULTS: [Option<Fault>; 5] =
    [None, Some(Fault::Before), Some(Fault::After), Some(Fault::Error), Some(Fault::ErrorAfter)];

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_each_phase_of_paying_charges_once() {
    for phase in [Asks::Create, Asks::Capture] {
        for fault in FAULTS {
            for scene in scenes() {
                let mut world = if phase == Asks::Create {
                    let world = World::open(scene).await;
                    world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
                    world
                } else {
                    let world = World::waiting(scene).await;
                    world.provider.books().buyer(true);
                    world
                };
                match fault {
                    // It dies with the call kept and not sent.
                    None => {
                        if phase == Asks::Capture {
                            // What it saw first is that the buyer paid.
                            world.shop.server.clock.advance_ms(LATER_MS);
                            world.provider.plan(&[(Asks::Capture, Fault::Before)]);
                            world.drive().await;
                            world = world.restart();
                        } else {
                            world = world.begin_and_die().await;
                        }
                    }
                    Some(fault) => {
                        world.provider.plan(&[(phase, fault)]);
                        world.shop.server.clock.advance_ms(LATER_MS);
                        world.drive().await;
                        world = world.restart();
                    }
                }
                for _ in 0..20 {
                    world.drive().await;
                    world.shop.server.clock.advance_ms(LATER_MS / 16);
                }
                // A day later a provider has forgotten what it repeats.
                world.provider.books().forget_keys();
                if phase == Asks::Create {
                    world.until(("held", "waiting")).await;
                    world.provider.books().buyer(true);
                }
                world.until(("held", "paid")).await;
                // PayPal's orders cannot be looked for. One that was made behind an answer that never came is nothing: its
                // page is shown to nobody, and no money is held for it.
                let is_lost = phase == Asks::Create && fault == Some(Fault::ErrorAfter);
                let lost = usize::from(is_lost && world.provider.speaks() == Speaks::Paypal);
                assert_eq!(world.moved(), (1 + lost, 1, 0), "{phase:?} {fault:?}");
                assert_eq!(world.records().await.paid_minor, 1_350);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_each_phase_of_ending_gives_back_once() {
    for (phase, is_paid) in [(Asks::Void, false), (Asks::Refund, true)] {
        for fault in FAULTS {
            for scene in scenes() {
                let mut world = World::waiting(scene).await;
                if is_paid {
                    world.provider.books().buyer(true);
                    world.until(("held", "paid")).await;
                }
                world.cancel().await;
                assert_eq!(world.standing().await.0, "held", "nothing is free before the provider said so");
                world = match fault {
                    None => world.begin_and_die().await,
                    Some(fault) => {
                        world.provider.plan(&[(phase, fault)]);
                        world.drive().await;
                        world.restart()
                    }
                };
                // Where nothing is held, there is nothing that PayPal would have to give up.
                if fault == Some(Fault::Error) && (is_paid || world.provider.speaks() == Speaks::Stripe) {
                    assert_eq!(world.shop.available().await, 2);
                }
                for _ in 0..20 {
                    world.drive().await;
                    world.shop.server.clock.advance_ms(LATER_MS);
                }
                world.provider.books().forget_keys();
                let ended = if is_paid { "returned" } else { "cancelled" };
                world.until(("cancelled", ended)).await;
                let wanted = if is_paid { (1, 1, 1) } else { (1, 0, 0) };
                assert_eq!((world.moved(), world.shop.available().await), (wanted, 5), "{phase:?} {fault:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_repetitions_at_once_are_one_order_and_one_charge() {
    for scene in scenes() {
        let world = World::open(scene).await;
        let answers = futures_util::future::join_all((0..50).map(|_| world.order(1, ORDER).send())).await;
        for answer in &answers {
            assert_eq!((answer.status, &answer.bytes), (StatusCode::CREATED, &answers[0].bytes));
        }
        // Several processes look at once.
        let app = &world.shop.server.app;
        futures_util::future::join_all((0..8).map(|_| drive::once(app))).await;
        world.until(("held", "waiting")).await;
        world.provider.books().buyer(true);
        world.shop.server.clock.advance_ms(LATER_MS);
        futures_util::future::join_all((0..8).map(|_| drive::once(app))).await;
        world.until(("held", "paid")).await;
        assert_eq!((world.moved(), world.shop.available().await), ((1, 1, 0), 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_amount_is_never_paid_and_a_person_hears_of_it() {
    for scene in scenes() {
        let world = World::open(scene).await;
        world.provider.plan(&[(Asks::Create, Fault::OtherAmount)]);
        world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        world.drive().await;
        world.provider.books().buyer(true);
        for _ in 0..LOOKS {
            world.shop.server.clock.advance_ms(LATER_MS);
            world.drive().await;
        }
        assert_eq!((world.moved(), world.shop.available().await), ((1, 0, 0), 2));
        assert_eq!(world.incidents().await, [i64::from(IncidentKind::PaymentOdd.number())], "told once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_is_not_asked_and_nothing_is_held_for_it() {
    for scene in scenes() {
        let world = World::open_with(scene, 8).await;
        let creates = || world.provider.books().asked.iter().filter(|asked| **asked == Asks::Create).count();
        world.provider.books().is_down = true;
        world.some(1).await.expect(StatusCode::CREATED);
        // Look-ups fail, too, and open nothing: it is asked for again only after one was answered.
        for _ in 0..10 {
            world.drive().await;
            world.shop.server.clock.advance_ms(LEASE_MS);
        }
        assert_eq!(creates(), 1);
        for order in 2..=5 {
            world.some(order).await.expect(StatusCode::CREATED);
            world.drive().await;
        }
        assert_eq!((creates(), world.shop.available().await), (5, 3));
        let refused = world.some(6).await;
        refused.refused(StatusCode::SERVICE_UNAVAILABLE, "busy");
        assert_eq!(world.shop.available().await, 3, "nothing is held for what could not be paid");
        world.some(1).await.expect(StatusCode::CREATED);
        // A look-up finds out that it is back, and nobody's payment is the test.
        world.provider.books().is_down = false;
        world.shop.server.clock.advance_ms(COOL_MS);
        world.drive().await;
        world.some(6).await.expect(StatusCode::CREATED);
        world.until(("held", "waiting")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_paid_is_refused_before_anything_is_held() {
    for scene in scenes() {
        let world = World::open(scene).await;
        let ask = |way: &str, phone: &str| {
            let lines = [json!({"product": TEA.to_string(), "quantity": 1})];
            let pay = json!({"way": way, "phone": phone});
            let body = json!({"order": id(7), "lines": lines, "pay": pay});
            world.shop.server.post(&orders(), &body).header("soko-buyer", &secret(1)).send()
        };
        ask("gold", "").await.refused(StatusCode::BAD_REQUEST, "malformed");
        for odd in ["call me", "+", "()", "", "0712 345678", "+254"] {
            ask("phone", odd).await.refused(StatusCode::BAD_REQUEST, "malformed");
        }
        ask("phone", "+254 712 345678").await.refused(StatusCode::BAD_REQUEST, "unknown_way");
        assert_eq!(world.shop.available().await, 5);
        let path = format!("/v1/stalls/{STALL}/ways-to-pay");
        let ways = world.shop.server.get(&path).send().await.expect(StatusCode::OK).json();
        assert_eq!(ways, json!({"ways": [{"way": "card", "is_test": true}]}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_went_away_is_ended_by_the_provider_and_not_by_time() {
    for store in stores() {
        let world = World::waiting((store, Speaks::Stripe)).await;
        world.provider.plan(&[(Asks::Void, Fault::Before), (Asks::Void, Fault::Before)]);
        world.shop.server.clock.advance_ms(46 * 60 * 1_000);
        world.drive().await;
        assert_eq!(
            (world.standing().await, world.shop.available().await),
            (("held".into(), "cancelling".into()), 2)
        );
        world.until(("cancelled", "cancelled")).await;
        assert_eq!(world.seen().await["ended"], "payment");
        assert_eq!((world.moved(), world.shop.available().await), ((1, 0, 0), 5));
    }
}

impl World {
    pub(crate) async fn sql(&self, work: &'static [&'static str]) {
        let run = move |tx: &mut dyn soko_record_log::Tx| {
            work.iter().try_for_each(|sql| tx.execute(sql, &[]).map(drop))
        };
        let done = self.shop.server.store.store.write(Shard::stall(STALL), run).await;
        done.map_err(StoreError::from).unwrap();
    }

    /// A new life, as `restore` begins it, and the owner has confirmed the devices.
    pub(crate) async fn restored(self) -> Self {
        let core = self.shop.core.clone();
        let now = Now { now_ms: self.now_ms(), seed: [9; 32] };
        let begin = move |tx: &mut dyn soko_record_log::Tx| Ok::<_, Refusal>(core.new_epoch(tx, now)?);
        let begun = self.shop.server.store.store.write(Shard::stall(STALL), begin).await;
        begun.map_err(|failed| format!("{failed:?}")).unwrap();
        let world = self.restart();
        let path = format!("/v1/stalls/{STALL}/confirm-devices");
        let confirm = world.shop.server.ask(Method::POST, &path).bearer(&world.shop.owner).send().await;
        confirm.expect(StatusCode::OK);
        world
    }

    /// All devices have reported, too: the stall waits for nothing any more.
    pub(crate) async fn thaw(&mut self) {
        self.shop.renew(0x3a).await;
        for _ in 0..2 {
            self.shop.exchange().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_currency_that_is_not_taken_is_refused_in_words_before_anything_is_held() {
    for store in stores() {
        let settings = MomoSettings {
            url: "http://127.0.0.1:9".into(),
            environment: "sandbox".into(),
            user: "user".into(),
            key: Secret::new("k"),
            collections: Secret::new("c"),
            disbursements: Secret::new("d"),
            currency: soko_domain::money::Currency::parse("UGX").unwrap(),
        };
        let wanted = Wanted { pay: vec![Arc::new(Momo::new(settings).unwrap())], ..Wanted::default() };
        let shop = Shop::open_wanted(store, core(), 5, wanted).await;
        let lines = [json!({"product": TEA.to_string(), "quantity": 3})];
        let pay = json!({"way": "phone", "phone": "+254 712 345678"});
        let body = json!({"order": id(ORDER), "lines": lines, "pay": pay});
        let asked = shop.server.post(&orders(), &body).header("soko-buyer", &secret(1)).send().await;
        asked.refused(StatusCode::BAD_REQUEST, "unknown_way");
        assert!(asked.text("detail").contains("EUR"), "{asked:?}");
        assert_eq!(shop.available().await, 5);
    }
}

/// Nobody signs the words of this provider.
#[tokio::test(flavor = "multi_thread")]
async fn a_word_about_a_payment_that_is_none_leaves_nothing_behind() {
    for store in stores() {
        let settings = MomoSettings {
            url: "http://127.0.0.1:9".into(),
            environment: "sandbox".into(),
            user: "user".into(),
            key: Secret::new("k"),
            collections: Secret::new("c"),
            disbursements: Secret::new("d"),
            currency: soko_domain::money::Currency::parse("EUR").unwrap(),
        };
        let wanted = Wanted { pay: vec![Arc::new(Momo::new(settings).unwrap())], ..Wanted::default() };
        let shop = Shop::open_wanted(store, core(), 5, wanted).await;
        let kept = async || {
            let read = shop.server.store.store.read(|tx| {
                let sql = "select (select count(*) from record) + (select count(*) from stall_core)
                                + (select count(*) from provider_word)";
                tx.query_one(sql, params![])?.int(0)
            });
            read.await.map_err(StoreError::from).unwrap()
        };
        let before = kept().await;
        // About this stall it may be money that came for nothing, and nobody answers who could say so.
        for (stall, status) in
            [(STALL.to_string(), StatusCode::SERVICE_UNAVAILABLE), (id(0x77), StatusCode::OK)]
        {
            let word = json!({"externalId": format!("{stall}{}", id(0x66))}).to_string();
            let told = shop.server.ask(Method::POST, "/v1/pay/momo/webhook").body("application/json", word);
            told.send().await.expect(status);
            assert_eq!(kept().await, before, "{stall}");
        }
    }
}

/// What a backup may hold of a payment, and what happened behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_server_looks_up_what_it_does_not_remember() {
    // Whether the backup has the payment at all, and whether the buyer paid since.
    for (is_kept, is_paid) in [(true, true), (true, false), (false, true), (false, false)] {
        for scene in scenes() {
            let world = World::open(scene).await;
            world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
            if is_kept {
                world.sql(&["create table backup as select * from checkout"]).await;
            }
            world.until(("held", "waiting")).await;
            if is_paid {
                world.provider.books().buyer(true);
                world.until(("held", "paid")).await;
            }
            world.sql(&["delete from checkout"]).await;
            if is_kept {
                world.sql(&["insert into checkout select * from backup", "drop table backup"]).await;
            }
            // Longer ago than any buyer is waited for.
            world.shop.server.clock.advance_ms(2 * 60 * 60 * 1_000);
            let mut world = world.restored().await;
            world.thaw().await;
            world.until(("held", if is_paid { "paid" } else { "waiting" })).await;
            world.provider.books().buyer(true);
            world.shop.server.clock.advance_ms(LATER_MS);
            world.until(("held", "paid")).await;
            assert_eq!(world.moved(), (1, 1, 0), "{is_kept} {is_paid}");
            assert_eq!((world.records().await.paid_minor, world.records().await.back_minor), (1_350, 0));
            assert!(world.incidents().await.is_empty(), "{is_kept} {is_paid}");
        }
    }
}

/// It was paid, called off and given back, and the backup knows of none of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_before_a_restore_is_not_given_back_again() {
    for scene in scenes() {
        let world = World::open(scene).await;
        world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        world.sql(&["create table backup as select * from checkout"]).await;
        world.until(("held", "waiting")).await;
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        world.cancel().await;
        world.until(("cancelled", "returned")).await;
        let back = ["delete from checkout", "insert into checkout select * from backup", "drop table backup"];
        world.sql(Box::leak(Box::new(back))).await;
        let world = world.restored().await;
        world.until(("cancelled", "returned")).await;
        assert_eq!((world.moved(), world.records().await.back_minor), ((1, 1, 1), 1_350));
        assert!(world.incidents().await.is_empty());
    }
}

/// The goods are gone, and a register says that the buyer is to have the money again; twice, and the answer is lost once.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_over_is_paid_back_once_when_a_register_asks() {
    for scene in scenes() {
        let mut world = World::waiting(scene).await;
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        let path = format!("{}/{}/fulfil", orders(), id(ORDER));
        let fulfil = world.shop.server.ask(Method::POST, &path).bearer(&world.shop.owner).send().await;
        fulfil.expect(StatusCode::OK);
        world.provider.plan(&[(Asks::Refund, Fault::After)]);
        for reason in ["mould", "mould again"] {
            let order = OrderId::from_hex(&id(ORDER)).unwrap();
            let asked = OrderBackAsked { order, reason: reason.into() };
            world.shop.register.device.write(vec![asked.into()], 1_790_000_000_000).unwrap();
            world.shop.exchange().await;
        }
        assert!(world.records().await.is_back_asked);
        world.until(("fulfilled", "returned")).await;
        assert_eq!((world.moved(), world.shop.available().await), ((1, 1, 1), 2), "the goods stay gone");
        assert_eq!(world.records().await.back_minor, 1_350);
        assert!(world.incidents().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_remembered_for_thirty_days_and_an_order_for_ever() {
    for scene in scenes() {
        let world = World::open(scene).await;
        let first = world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        world.shop.order(1, 2, 9).send().await.refused(StatusCode::CONFLICT, "share_exceeded");
        world.shop.server.clock.advance_ms(ANSWERS_KEPT_MS);
        assert_eq!(sweep(&world.shop.server.app).await.unwrap(), 0);
        world.shop.server.clock.advance_ms(1);
        assert_eq!(sweep(&world.shop.server.app).await.unwrap(), 2);
        assert_eq!(world.order(1, ORDER).send().await.expect(StatusCode::CREATED).bytes, first.bytes);
        world.order(2, ORDER).send().await.refused(StatusCode::CONFLICT, "id_reused");
        assert_eq!(world.shop.available().await, 2, "held once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handed_over_without_its_money_a_person_hears_of_it() {
    for scene in scenes() {
        let world = World::waiting(scene).await;
        world.shop.hand_over(ORDER).await;
        assert_eq!(world.standing().await.0, "fulfilled");
        world.provider.books().buyer(false);
        world.until(("fulfilled", "cancelled")).await;
        assert_eq!(world.incidents().await, [i64::from(IncidentKind::HandedOverUnpaid.number())]);
        assert_eq!((world.moved(), world.shop.available().await), ((1, 0, 0), 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_for_trying_goes_the_same_way() {
    for store in stores() {
        let opened = store.store.clone();
        let test = |way| Arc::new(TestMoney::new(opened.clone(), way)) as Arc<dyn Provider>;
        let pay = soko_domain::entry::PayWay::ALL
            .iter()
            .filter(|way| way.has_provider())
            .map(|way| test(*way))
            .collect();
        let wanted = Wanted { pay, public_origin: Some("https://market.example"), ..Wanted::default() };
        let world = World {
            shop: Shop::open_wanted(store, core(), 5, wanted).await,
            provider: Hostile::open().await,
        };
        world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        world.until(("held", "waiting")).await;
        let page = format!("/v1/test-money/{}", id(ORDER));
        assert_eq!(world.seen().await["payment"]["page"], format!("https://market.example{page}"));
        let shown = world.shop.server.get(&page).header("accept-language", "sw").send().await;
        let shown = String::from_utf8(shown.expect(StatusCode::OK).bytes.to_vec()).unwrap();
        assert!(shown.contains("Pesa za majaribio") && shown.contains("13.50 EUR"), "{shown}");
        let press = world
            .shop
            .server
            .ask(Method::POST, &page)
            .body("application/x-www-form-urlencoded", "answer=yes");
        let pressed = press.send().await.expect(StatusCode::SEE_OTHER);
        assert_eq!(pressed.headers["location"], format!("https://market.example/my-orders/{}", id(ORDER)));
        world.until(("held", "paid")).await;
        world.cancel().await;
        world.until(("cancelled", "returned")).await;
        assert_eq!(world.shop.available().await, 5);
    }
}

/// Mobile money as its provider does it: what was asked for under a name is there once, whatever is lost on the way.
#[derive(Clone, Default)]
struct Phones {
    requests: Arc<Mutex<BTreeMap<String, Value>>>,
    refunds: Arc<Mutex<BTreeMap<String, Value>>>,
    loses: Arc<AtomicU32>,
}

impl Phones {
    async fn open(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let token = || async { Json(json!({"access_token": "t", "expires_in": 3600})) };
        let router = Router::new()
            .route("/collection/token/", post(token))
            .route("/disbursement/token/", post(token))
            .route("/collection/v1_0/requesttopay", post(ask_phone))
            .route("/collection/v1_0/requesttopay/{id}", get(look_phone))
            .route("/disbursement/v1_0/refund", post(refund_phone))
            .route("/disbursement/v1_0/refund/{id}", get(look_refund))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// Done, and perhaps the answer is lost.
    fn kept(&self, all: &Mutex<BTreeMap<String, Value>>, headers: &HeaderMap, mut body: Value) -> StatusCode {
        let id = headers["x-reference-id"].to_str().unwrap().to_owned();
        body["status"] = json!("PENDING");
        let mut all = all.lock().unwrap();
        if all.contains_key(&id) {
            return StatusCode::CONFLICT;
        }
        all.insert(id, body);
        let is_lost =
            self.loses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if is_lost { StatusCode::BAD_GATEWAY } else { StatusCode::ACCEPTED }
    }

    fn all_become(all: &Mutex<BTreeMap<String, Value>>, status: &str) {
        all.lock().unwrap().values_mut().for_each(|one| one["status"] = json!(status));
    }
}

async fn ask_phone(State(phones): State<Phones>, headers: HeaderMap, Json(body): Json<Value>) -> StatusCode {
    phones.kept(&phones.requests, &headers, body)
}

async fn refund_phone(
    State(phones): State<Phones>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> StatusCode {
    phones.kept(&phones.refunds, &headers, body)
}

async fn look_phone(State(phones): State<Phones>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    phones.requests.lock().unwrap().get(&id).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn look_refund(
    State(phones): State<Phones>,
    Path(id): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    phones.refunds.lock().unwrap().get(&id).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_is_asked_once_and_paid_back_once_though_answers_are_lost() {
    for store in stores() {
        let phones = Phones::default();
        let settings = MomoSettings {
            url: phones.open().await,
            environment: "sandbox".into(),
            user: "user".into(),
            key: Secret::new("k"),
            collections: Secret::new("c"),
            disbursements: Secret::new("d"),
            currency: soko_domain::money::Currency::parse("EUR").unwrap(),
        };
        let provider: Arc<dyn Provider> = Arc::new(Momo::new(settings).unwrap());
        let wanted = Wanted { pay: vec![provider], ..Wanted::default() };
        let shop = Shop::open_wanted(store, core(), 5, wanted).await;
        let world = World { shop, provider: Hostile::open().await };
        phones.loses.store(1, Ordering::SeqCst);
        let lines = [json!({"product": TEA.to_string(), "quantity": 3})];
        let pay = json!({"way": "phone", "phone": "+254 712 345678"});
        let body = json!({"order": id(ORDER), "lines": lines, "pay": pay});
        let asked = world.shop.server.post(&orders(), &body).header("soko-buyer", &secret(1)).send().await;
        asked.expect(StatusCode::CREATED);
        world.until(("held", "waiting")).await;
        let request = phones.requests.lock().unwrap().values().next().cloned().unwrap();
        assert_eq!(
            (&request["amount"], &request["payer"]["partyId"]),
            (&json!("13.50"), &json!("254712345678"))
        );
        // A callback is a hint: that it says "paid" is not believed.
        let told = json!({"externalId": request["externalId"], "status": "SUCCESSFUL"}).to_string();
        let told = world.shop.server.ask(Method::POST, "/v1/pay/momo/webhook").body("application/json", told);
        told.send().await.expect(StatusCode::OK);
        for _ in 0..6 {
            world.shop.server.clock.advance_ms(20_000);
            world.drive().await;
        }
        assert_eq!(world.standing().await.1, "waiting");
        Phones::all_become(&phones.requests, "SUCCESSFUL");
        world.until(("held", "paid")).await;
        phones.loses.store(1, Ordering::SeqCst);
        world.cancel().await;
        for _ in 0..6 {
            world.shop.server.clock.advance_ms(20_000);
            world.drive().await;
        }
        assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("held", 2));
        Phones::all_become(&phones.refunds, "SUCCESSFUL");
        world.until(("cancelled", "returned")).await;
        assert_eq!(world.shop.available().await, 5);
        assert_eq!((phones.requests.lock().unwrap().len(), phones.refunds.lock().unwrap().len()), (1, 1));
    }
}
