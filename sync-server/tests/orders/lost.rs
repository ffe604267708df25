//! Orders that a restored server does not know any more, or not yet: what may still be charged holds its goods, nothing is asked for
//! again that was called off, and money that came for nothing is told.

use axum::http::{Method, StatusCode};
use soko_checkout::{Answer, Call, DENIALS_MAX, Due, Payment};
use soko_domain::entry::{Entry, IncidentKind, OrderCancelAsked};
use soko_domain::ids::OrderId;
use soko_domain::money::Currency;
use soko_record_log::StoreError;
use soko_sync_server::pay::{Asked, forgotten_parts};
use soko_sync_server::standing::Standing;

use crate::common::hostile::{Asks, Fault, Hostile, Speaks, word};
use crate::common::shop::{STALL, id, orders, secret, stores};
use crate::paying::{LATER_MS, LOOKS, ORDER, World, scenes};

/// Of which this server never heard.
const LOST: u8 = 9;
/// Whose payment nobody here can read.
const UNREAD: u8 = 2;
const NEVER_CAME: &str = "its money never came";

impl World {
    /// Its disk is as it was before the buyer ordered, and devices brought the order back.
    async fn forgetful(self) -> Self {
        self.sql(&["delete from checkout_part", "delete from checkout"]).await;
        self.restored().await
    }

    /// A register says so, with its reason, and hears what became of it.
    pub(crate) async fn is_called_off(&mut self, order: u8) {
        let order = OrderId::from_hex(&id(order)).unwrap();
        let asked = Entry::from(OrderCancelAsked { order, reason: NEVER_CAME.into() });
        self.shop.exchange().await;
        self.shop.register.device.write([asked], self.now_ms()).unwrap();
        self.shop.exchange().await;
        self.shop.exchange().await;
    }

    /// As often as a provider is asked.
    pub(crate) async fn is_denied(&self) {
        for _ in 0..DENIALS_MAX + 2 {
            self.drive().await;
            self.shop.server.clock.advance_ms(LATER_MS);
        }
    }

    async fn denied(&self) -> i64 {
        let now_ms = self.now_ms();
        let read = self.shop.server.store.store.read(move |tx| Standing::read(tx, now_ms)).await;
        let jobs = read.map_err(StoreError::from).unwrap().jobs;
        jobs.iter().filter(|(kind, state, _)| (*kind, *state) == ("payment", "denied")).map(|job| job.2).sum()
    }

    /// A buyer paid for an order that was lost with the server's disk before any device had heard of it.
    async fn pay_for_nothing(&self, is_captured: bool) {
        let order = OrderId::from_hex(&id(LOST)).unwrap();
        let currency = Currency::parse("EUR").unwrap();
        let due = Due { order, account: STALL.to_string(), amount_minor: 900, currency };
        let mut asked = Asked {
            stall: STALL,
            call: Call::Ask,
            key: Call::Ask.key(order),
            payment: Payment::new(due),
            part: None,
            phone: String::new(),
            back: String::new(),
            asked_ms: self.now_ms(),
            now_ms: self.now_ms(),
        };
        let provider = self.provider.provider();
        let Answer::Seen(object) = provider.ask(&asked).await else { panic!("it is not shown") };
        self.provider.books().buyer(true);
        if is_captured {
            (asked.call, asked.key) = (Call::Capture, Call::Capture.key(order));
            asked.payment.object = Some(object.id);
            assert!(matches!(provider.ask(&asked).await, Answer::Seen(_)));
        }
    }

    /// The provider says something about it.
    async fn told_of_lost(&self, name: &str) -> StatusCode {
        let (body, signature) = word(name, (&STALL.to_string(), &id(LOST)), self.now_ms());
        let ask = self.shop.server.ask(Method::POST, "/v1/pay/stripe/webhook");
        ask.header("stripe-signature", &signature).body("application/json", body).send().await.status
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_off_before_its_payment_is_remembered_holds_its_goods() {
    for is_paid in [false, true] {
        for scene in scenes() {
            let world = World::waiting(scene).await;
            if is_paid {
                world.provider.books().buyer(true);
            }
            let mut world = world.forgetful().await;
            world.thaw().await;
            // A buyer is told to try again; what a register wants is in the records, and waits.
            let path = format!("{}/{}/cancel", orders(), id(ORDER));
            let cancel = world.shop.server.ask(Method::POST, &path).header("soko-buyer", &secret(1));
            cancel.send().await.refused(StatusCode::SERVICE_UNAVAILABLE, "payment_looked_up");
            let order = OrderId::from_hex(&id(ORDER)).unwrap();
            let asked = Entry::from(OrderCancelAsked { order, reason: "sold out".into() });
            world.shop.register.device.write([asked], world.now_ms()).unwrap();
            world.shop.exchange().await;
            world.shop.exchange().await;
            assert_eq!(world.standing().await.0, "held");
            assert_eq!(world.shop.available().await, 2, "the provider may still charge");
            world.drive().await;
            world.shop.exchange().await;
            for _ in 0..LOOKS {
                world.shop.server.clock.advance_ms(LATER_MS / 8);
                world.drive().await;
            }
            assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("cancelled", 5));
            let (_, charges, refunds) = world.moved();
            assert_eq!(charges, refunds);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_for_again_that_was_called_off_before_a_restore() {
    // Whether the backup has the payment, which was not asked for then.
    for is_kept in [true, false] {
        for scene in scenes() {
            let world = World::open(scene).await;
            world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
            if is_kept {
                world.sql(&["create table backup as select * from checkout"]).await;
            }
            world.cancel().await;
            assert_eq!(world.standing().await.0, "cancelled");
            world.sql(&["delete from checkout"]).await;
            if is_kept {
                world.sql(&["insert into checkout select * from backup", "drop table backup"]).await;
            }
            let world = world.restored().await;
            for _ in 0..LOOKS {
                world.drive().await;
                world.shop.server.clock.advance_ms(LATER_MS);
            }
            assert_eq!(world.moved(), (0, 0, 0), "kept: {is_kept}");
            assert_eq!(world.standing().await.0, "cancelled");
            assert!(world.incidents().await.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_for_an_order_that_was_lost_is_told_once_and_stays_for_people_to_decide() {
    for is_captured in [true, false] {
        for store in stores() {
            let world = World::open((store, Speaks::Stripe)).await;
            world.pay_for_nothing(is_captured).await;
            for name in ["evt_1", "evt_1", "evt_2"] {
                assert_eq!(world.told_of_lost(name).await, StatusCode::OK);
            }
            let odd = [i64::from(IncidentKind::PaymentOdd.number())];
            assert_eq!(world.incidents().await, odd, "told once");
            // A device that was away may bring the order, and its buyer may have the goods.
            let mut world = world.restored().await;
            world.shop.exchange().await;
            world.shop.exchange().await;
            assert_eq!(world.told_of_lost("evt_3").await, StatusCode::OK);
            for _ in 0..LOOKS / 4 {
                world.drive().await;
                world.shop.server.clock.advance_ms(LATER_MS);
            }
            assert_eq!(world.moved(), (1, u32::from(is_captured), 0));
            assert_eq!(world.incidents().await, odd);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_by_the_records_is_not_asked_for_again_though_its_provider_shows_nothing() {
    // Whether the backup has the payment, which was not asked for then.
    for is_kept in [true, false] {
        for scene in scenes() {
            let world = World::open(scene).await;
            world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
            if is_kept {
                world.sql(&["create table backup as select * from checkout"]).await;
            }
            world.until(("held", "waiting")).await;
            world.provider.books().buyer(true);
            world.until(("held", "paid")).await;
            world.provider.books().forget_all();
            world.sql(&["delete from checkout"]).await;
            if is_kept {
                world.sql(&["insert into checkout select * from backup", "drop table backup"]).await;
            }
            let world = world.restored().await;
            for _ in 0..LOOKS / 4 {
                world.drive().await;
                world.shop.server.clock.advance_ms(LATER_MS);
            }
            assert_eq!((world.moved(), world.standing().await.0.as_str()), ((0, 1, 0), "held"), "{is_kept}");
            assert_eq!(world.incidents().await, [i64::from(IncidentKind::PaymentOdd.number())], "told once");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_take_cards_the_one_that_has_a_payment_is_found() {
    let paid = scenes().into_iter().map(|scene| (scene, true));
    // Where nothing was paid yet only Stripe says what it has.
    let unpaid = stores().into_iter().map(|store| ((store, Speaks::Stripe), false));
    for (scene, is_paid) in paid.chain(unpaid) {
        let world = World::waiting(scene).await;
        if is_paid {
            world.provider.books().buyer(true);
            world.until(("held", "paid")).await;
        }
        let speaks = if world.provider.speaks() == Speaks::Stripe { Speaks::Paypal } else { Speaks::Stripe };
        let other = Hostile::open_as(speaks).await;
        let both = vec![other.provider(), world.provider.provider()];
        let world = world.forgetful().await.restart_with(both);
        // One that does not answer keeps nobody from finding what the other one has.
        other.books().is_down = true;
        world.until(("held", if is_paid { "paid" } else { "waiting" })).await;
        assert_eq!((other.books().sessions(), world.moved()), (0, (1, u32::from(is_paid), 0)));
        assert!(world.incidents().await.is_empty());
    }
}

/// Where nobody is left to ask whether it was paid, the stall looks and has the word; its buyer has not.
#[tokio::test(flavor = "multi_thread")]
async fn a_stall_calls_off_an_order_about_which_nobody_can_be_asked() {
    for store in stores() {
        let world = World::waiting((store, Speaks::Stripe)).await;
        let mut world = world.forgetful().await.restart_with(vec![]);
        world.shop.exchange().await;
        world.shop.exchange().await;
        world.drive().await;
        let path = format!("{}/{}/cancel", orders(), id(ORDER));
        let cancel = world.shop.server.ask(Method::POST, &path).header("soko-buyer", &secret(1));
        cancel.send().await.refused(StatusCode::CONFLICT, "payment_nobody_to_ask");
        let cancel = world.shop.server.ask(Method::POST, &path).bearer(&world.shop.owner);
        cancel.send().await.expect(StatusCode::OK);
        assert_eq!(world.shop.available().await, 5);
        // Whoever takes payments is back, and what waited there is ended.
        let world = world.restart();
        for _ in 0..3 {
            world.drive().await;
        }
        assert_eq!((world.moved(), world.shop.available().await), ((1, 0, 0), 5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_about_which_nobody_can_be_asked_is_told_once_and_waits_for_somebody() {
    for store in stores() {
        let world = World::waiting((store, Speaks::Stripe)).await;
        let mut world = world.forgetful().await.restart_with(vec![]);
        world.shop.exchange().await;
        world.shop.exchange().await;
        for _ in 0..3 {
            world.drive().await;
        }
        assert_eq!(world.incidents().await, [i64::from(IncidentKind::PaymentOdd.number())], "told once");
        let path = format!("{}/{}/cancel", orders(), id(ORDER));
        let cancel = world.shop.server.ask(Method::POST, &path).header("soko-buyer", &secret(1));
        cancel.send().await.refused(StatusCode::CONFLICT, "payment_nobody_to_ask");
        assert_eq!(world.shop.available().await, 2, "it may be paid");
        // Whoever took it is back.
        let world = world.restart();
        world.until(("held", "waiting")).await;
        world.cancel().await;
        world.until(("cancelled", "cancelled")).await;
        assert_eq!((world.moved(), world.shop.available().await), ((1, 0, 0), 5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_its_provider_denies_for_long_it_is_asked_rarely_and_the_stall_has_the_word() {
    // Whether the stall calls the order off before that.
    for is_early in [false, true] {
        for scene in scenes() {
            let world = World::waiting(scene).await;
            world.provider.books().buyer(true);
            world.until(("held", "paid")).await;
            world.provider.books().forget_all();
            let mut world = world.forgetful().await;
            world.shop.exchange().await;
            world.shop.exchange().await;
            world.drive().await;
            if is_early {
                world.is_called_off(ORDER).await;
            }
            world.is_denied().await;
            if !is_early {
                let asked = world.provider.books().asked.len();
                for _ in 0..3 {
                    world.drive().await;
                    world.shop.server.clock.advance_ms(LATER_MS);
                }
                assert_eq!(world.provider.books().asked.len(), asked, "somebody still asks");
                assert_eq!(world.denied().await, 1, "whoever runs the server sees it");
                let path = format!("{}/{}/cancel", orders(), id(ORDER));
                let cancel = world.shop.server.ask(Method::POST, &path).header("soko-buyer", &secret(1));
                cancel.send().await.refused(StatusCode::CONFLICT, "payment_nobody_to_ask");
                assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("held", 2));
                world.shop.renew(40).await;
                world.is_called_off(ORDER).await;
                // Its money is asked back once more, in case it was our own key that was wrong.
                assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("held", 2));
                world.is_denied().await;
                world.shop.renew(41).await;
            } else {
                world.shop.renew(40).await;
            }
            world.shop.exchange().await;
            assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("cancelled", 5));
            assert_eq!(world.seen().await["reason"], NEVER_CAME);
            assert_eq!((world.records().await.paid_minor, world.records().await.back_minor), (1_350, 0));
            assert_eq!(world.incidents().await, [i64::from(IncidentKind::PaymentOdd.number())], "told once");
            assert_eq!((world.moved(), world.denied().await), ((0, 1, 0), 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_provider_shows_with_another_amount_is_asked_rarely_and_the_stall_settles_it() {
    for scene in scenes() {
        let mut world = World::open(scene).await;
        world.provider.plan(&[(Asks::Create, Fault::OtherAmount)]);
        world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        // Its buyer is given up meanwhile, which begins the count anew.
        for _ in 0..2 {
            world.is_denied().await;
        }
        let asked = world.provider.books().asked.len();
        for _ in 0..3 {
            world.drive().await;
            world.shop.server.clock.advance_ms(LATER_MS);
        }
        assert_eq!(world.provider.books().asked.len(), asked, "somebody still asks");
        assert_eq!(world.denied().await, 1, "whoever runs the server sees it");
        assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("held", 2));
        let path = format!("{}/{}/cancel", orders(), id(ORDER));
        let cancel = world.shop.server.ask(Method::POST, &path).header("soko-buyer", &secret(1));
        cancel.send().await.refused(StatusCode::CONFLICT, "payment_nobody_to_ask");
        world.shop.renew(40).await;
        world.is_called_off(ORDER).await;
        assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("cancelled", 5));
        assert_eq!(world.seen().await["reason"], NEVER_CAME);
        assert_eq!(world.incidents().await, [i64::from(IncidentKind::PaymentOdd.number())], "told once");
        assert_eq!((world.moved(), world.denied().await), ((1, 0, 0), 0));
    }
}

/// What cannot be read stays among them, and keeps nobody else waiting.
#[tokio::test(flavor = "multi_thread")]
async fn parts_that_nobody_remembers_are_found_one_behind_the_other() {
    for store in stores() {
        let world = World::open((store, Speaks::Stripe)).await;
        world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        world.some(UNREAD).await.expect(StatusCode::CREATED);
        let allowed: &[&str] = &["insert into order_refund
            (log, author, seq, order_id, refund, what, way, code, amount_minor, note, at_ms)
            select log, order_id, 1, order_id, order_id, 2, 1, 0, 5, '', 0 from checkout"];
        world.sql(allowed).await;
        let mut behind = None;
        let mut found = Vec::new();
        for _ in 0..3 {
            let read = world.shop.server.store.store.read(move |tx| forgotten_parts(tx, behind, 1)).await;
            let one = read.map_err(StoreError::from).unwrap().pop();
            behind = one.map(|one| (one.stall, one.order));
            found.push(behind.map(|(_, order)| order));
        }
        let expected = [ORDER.min(UNREAD), ORDER.max(UNREAD)].map(|it| OrderId::from_hex(&id(it)).unwrap());
        assert_eq!(found, [Some(expected[0]), Some(expected[1]), None]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_cannot_be_read_stops_no_other_and_is_told_once() {
    for store in stores() {
        let mut world = World::open((store, Speaks::Stripe)).await;
        world.some(UNREAD).await.expect(StatusCode::CREATED);
        world.sql(&["update checkout set currency = 'no'"]).await;
        world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        world.until(("held", "waiting")).await;
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        assert_eq!(world.incidents().await, [i64::from(IncidentKind::PaymentOdd.number())], "told once");
        let path = format!("{}/{}", orders(), id(UNREAD));
        let seen = world.shop.server.get(&path).header("soko-buyer", &secret(1)).send().await;
        assert_eq!(seen.expect(StatusCode::OK).json()["payment"]["state"], "confirming");
        let cancel = world.shop.server.ask(Method::POST, &format!("{path}/cancel"));
        let cancel = cancel.header("soko-buyer", &secret(1)).send().await;
        cancel.refused(StatusCode::CONFLICT, "payment_nobody_to_ask");
        // The stall has the word, and its registers go on exchanging.
        world.is_called_off(UNREAD).await;
        let seen = world.shop.server.get(&path).header("soko-buyer", &secret(1)).send().await;
        assert_eq!(seen.expect(StatusCode::OK).json()["state"], "cancelled");
        assert_eq!(world.shop.available().await, 2);
        // Another program can read it: nothing was asked for, and nothing is.
        world.sql(&["update checkout set currency = 'EUR'"]).await;
        for _ in 0..3 {
            world.shop.server.clock.advance_ms(LATER_MS);
            world.drive().await;
        }
        assert_eq!(world.moved(), (1, 1, 0));
    }
}
