//! What PayPal alone has: an approval that holds nothing yet, tokens that end, orders that cannot be looked for, amounts without
//! decimals, and webhooks that it judges itself. What it has in common with others is in `paying` and `parts`.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_domain::entry::IncidentKind;

use crate::common::hostile::paypal::Word;
use crate::common::hostile::{Asks, Fault, Speaks};
use crate::common::server::Answer;
use crate::common::shop::{STALL, id, stores};
use crate::paying::{FAULTS, LATER_MS, ORDER, Scene, World};

const HOUR_MS: i64 = 60 * 60 * 1_000;

fn scenes() -> Vec<Scene> {
    stores().into_iter().map(|store| (store, Speaks::Paypal)).collect()
}

fn about(order: u8) -> Value {
    json!(format!("{STALL}{}", id(order)))
}

impl World {
    pub(crate) async fn told(&self, word: &Word) -> Answer {
        let ask = self.shop.server.ask(Method::POST, "/v1/pay/paypal/webhook");
        let ask = word.headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
        ask.body("application/json", word.body.clone()).send().await
    }

    pub(crate) fn word(&self, name: &str, kind: &str, resource: &Value) -> Word {
        Word::new(&self.provider, (name, kind), resource, self.now_ms())
    }

    fn holds(&self) -> u32 {
        self.provider.books().holds
    }

    fn asked(&self, asks: Asks) -> usize {
        self.provider.books().asked.iter().filter(|asked| **asked == asks).count()
    }

    /// The buyer's yes arrived, and the money is held and not taken.
    async fn held(scene: Scene) -> Self {
        let world = Self::waiting(scene).await;
        world.provider.books().buyer(true);
        world.provider.plan(&[(Asks::Capture, Fault::Before)]);
        world.shop.server.clock.advance_ms(LATER_MS);
        world.drive().await;
        assert_eq!((world.holds(), world.moved()), (1, (1, 0, 0)));
        world
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_holds_the_money_once_whatever_is_lost() {
    for fault in FAULTS.into_iter().flatten() {
        for scene in scenes() {
            let world = World::waiting(scene).await;
            assert_eq!(world.seen().await["payment"]["page"], "https://pay.example/cs_1");
            world.provider.books().buyer(true);
            world.provider.plan(&[(Asks::Hold, fault)]);
            world.shop.server.clock.advance_ms(LATER_MS);
            world.drive().await;
            let world = world.restart();
            world.provider.books().forget_keys();
            world.until(("held", "paid")).await;
            assert_eq!((world.holds(), world.moved()), (1, (1, 1, 0)), "{fault:?}");
            assert_eq!(world.records().await.paid_minor, 1_350);
            assert!(world.incidents().await.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_says_no_leaves_the_buyer_to_choose_another() {
    for scene in scenes() {
        let world = World::waiting(scene).await;
        world.provider.books().declines = true;
        world.provider.books().buyer(true);
        for _ in 0..3 {
            world.shop.server.clock.advance_ms(LATER_MS / 8);
            world.drive().await;
        }
        assert_eq!(world.standing().await, ("held".into(), "waiting".into()));
        assert_eq!((world.holds(), world.moved()), (0, (1, 0, 0)));
        world.provider.books().declines = false;
        world.until(("held", "paid")).await;
        assert_eq!((world.holds(), world.moved()), (1, (1, 1, 0)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_when_the_buyer_cancels_is_given_up_once() {
    for fault in FAULTS {
        for scene in scenes() {
            let world = World::held(scene).await;
            world.cancel().await;
            world.provider.plan(&fault.map(|fault| (Asks::Void, fault)).into_iter().collect::<Vec<_>>());
            world.shop.server.clock.advance_ms(LATER_MS);
            world.drive().await;
            let world = world.restart();
            for _ in 0..20 {
                world.drive().await;
                world.shop.server.clock.advance_ms(LATER_MS);
            }
            world.provider.books().forget_keys();
            world.until(("cancelled", "cancelled")).await;
            assert_eq!((world.moved(), world.shop.available().await), ((1, 0, 0), 5), "{fault:?}");
            assert!(!world.provider.books().is_any_held(), "{fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_yes_costs_nothing_and_what_is_held_late_is_given_up() {
    for scene in scenes() {
        let world = World::waiting(scene).await;
        world.cancel().await;
        world.until(("cancelled", "cancelled")).await;
        assert_eq!(world.shop.available().await, 5);
        world.provider.books().buyer(true);
        let order = json!({"purchase_units": [{"custom_id": about(ORDER)}]});
        world.told(&world.word("WH-1", "CHECKOUT.ORDER.APPROVED", &order)).await.expect(StatusCode::OK);
        for _ in 0..6 {
            world.drive().await;
            world.shop.server.clock.advance_ms(LATER_MS);
        }
        assert_eq!((world.asked(Asks::Hold), world.moved()), (0, (1, 0, 0)));
        // A request of ours that was on its way for long arrives after all.
        world.provider.books().hold_all();
        assert!(world.provider.books().is_any_held());
        let held = json!({"custom_id": about(ORDER)});
        world.told(&world.word("WH-2", "PAYMENT.AUTHORIZATION.CREATED", &held)).await.expect(StatusCode::OK);
        for _ in 0..6 {
            world.drive().await;
            world.shop.server.clock.advance_ms(LATER_MS);
        }
        assert!(!world.provider.books().is_any_held());
        assert_eq!((world.moved(), world.shop.available().await), ((1, 0, 0), 5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_serves_until_it_ends_and_then_there_is_another() {
    for scene in scenes() {
        let world = World::waiting(scene).await;
        assert_eq!(world.provider.books().tokens(), 1, "one for all requests");
        world.provider.books().end_tokens();
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        // Shortly before its end nobody begins anything with it.
        let before = world.provider.books().tokens();
        world.shop.server.clock.advance_ms(9 * HOUR_MS - 59_000);
        world.cancel().await;
        world.until(("cancelled", "returned")).await;
        assert_eq!(world.provider.books().tokens(), before + 1);
        assert_eq!(world.moved(), (1, 1, 1));
    }
}

/// The key of the order is forgotten there, and the order here.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_restored_server_forgot_for_long_is_found_among_what_was_paid() {
    for scene in scenes() {
        let world = World::waiting(scene).await;
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        world.sql(&["delete from checkout"]).await;
        world.provider.books().forget_keys();
        world.shop.server.clock.advance_ms(7 * HOUR_MS);
        let world = world.restored().await;
        world.until(("held", "paid")).await;
        assert_eq!((world.moved(), world.records().await.paid_minor), ((1, 1, 0), 1_350));
        assert!(world.incidents().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_words_of_paypal_for_this_server_are_taken_and_each_once() {
    for scene in scenes() {
        let world = World::waiting(scene).await;
        let order = json!({"purchase_units": [{"custom_id": about(ORDER), "amount": {"value": "0.01"}}]});
        let word = || world.word("WH-1", "CHECKOUT.ORDER.APPROVED", &order);
        let refused = |word: Word| {
            let world = &world;
            async move { world.told(&word).await.refused(StatusCode::BAD_REQUEST, "not_taken") }
        };
        let before = world.asked(Asks::Look);
        for url in [
            "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
            "https://evil.example/v1/notifications/certs/CERT-1",
            "http://api.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
            "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
            "https://api.paypal.com/v1/other/CERT-1",
            "https://api.paypal.com/v1/notifications/certs/../../other",
            "",
        ] {
            refused(word().with("paypal-cert-url", url)).await;
        }
        for age_ms in [4 * 24 * HOUR_MS, -HOUR_MS] {
            let time = world.now_ms() - age_ms;
            refused(Word::new(&world.provider, ("WH-1", "X"), &order, time)).await;
        }
        let mut cut = word();
        cut.body.pop();
        refused(cut).await;
        let mut beside = word();
        beside.body.push_str(",\"webhook_id\":\"WH2\"");
        refused(beside).await;
        assert_eq!(world.asked(Asks::Look), before, "nobody is asked about these");
        // Forged, changed on the way, and for somebody else's webhook: PayPal says so.
        refused(word().with("paypal-transmission-sig", "00")).await;
        let mut changed = word();
        changed.body = changed.body.replace("0.01", "13.50");
        refused(changed).await;
        refused(Word::signed(&world.provider, word().body, "WH2", world.now_ms())).await;
        assert_eq!(world.asked(Asks::Look), before + 3);
        // Once more and later is no news; another amount in it is nothing to anybody.
        for _ in 0..2 {
            world.told(&word()).await.expect(StatusCode::OK);
        }
        let late = Word::new(&world.provider, ("WH-1", "X"), &order, world.now_ms() - 2 * 24 * HOUR_MS);
        world.told(&late).await.expect(StatusCode::OK);
        let other = json!({"purchase_units": [{"custom_id": about(9)}]});
        world.told(&world.word("WH-3", "CHECKOUT.ORDER.APPROVED", &other)).await.expect(StatusCode::OK);
        world.drive().await;
        assert_eq!(world.standing().await, ("held".into(), "waiting".into()));
        // While PayPal does not answer, it is to say it again.
        world.provider.books().is_down = true;
        let again = world.told(&world.word("WH-4", "X", &order)).await;
        again.refused(StatusCode::SERVICE_UNAVAILABLE, "busy");
        world.provider.books().is_down = false;
        world.provider.books().buyer(true);
        world.told(&world.word("WH-4", "X", &order)).await.expect(StatusCode::OK);
        world.until(("held", "paid")).await;
        assert_eq!((world.moved(), world.records().await.paid_minor), ((1, 1, 0), 1_350));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_names_the_payment_by_what_was_taken() {
    for scene in scenes() {
        let world = World::waiting(scene).await;
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        let dispute = json!({"disputed_transactions": [{"seller_transaction_id": "ca-cs_1"}]});
        // No name leads elsewhere.
        let foreign = json!({"disputed_transactions": [{"seller_transaction_id": "../../elsewhere"}]});
        world.told(&world.word("WH-1", "CUSTOMER.DISPUTE.CREATED", &foreign)).await.expect(StatusCode::OK);
        assert!(world.incidents().await.is_empty());
        for _ in 0..2 {
            let word = world.word("WH-2", "CUSTOMER.DISPUTE.CREATED", &dispute);
            world.told(&word).await.expect(StatusCode::OK);
        }
        assert_eq!(world.incidents().await, [i64::from(IncidentKind::PaymentDisputed.number())]);
    }
}
