//! Money that does not go back the way it came, or went back past this server: a person hears of it in the right words, goods wait for
//! nothing that never comes, and no more goes out of a drawer than is the buyer's still. On every engine, with the hostile provider.

use axum::http::{Method, StatusCode};
use soko_domain::entry::{BackWay, IncidentKind, OrderBackAsked, OrderCashGiven};
use soko_domain::ids::{OrderId, ShiftId, ThingId};
use soko_domain::verbs::pay_order::PayStanding;
use soko_domain::verbs::refund_order::PartStanding;
use soko_record_log::{StoreError, params};

use crate::common::hostile::{Asks, Crowd, Fault, Speaks, word_of};
use crate::common::shop::{STALL, id, stores};
use crate::parts::asks;
use crate::paying::{LATER_MS, ORDER, World, scenes};

fn order() -> OrderId {
    OrderId::from_hex(&id(ORDER)).unwrap()
}

impl World {
    /// What a person has to look at, and how much it is about.
    pub(crate) async fn to_look_at(&self) -> Vec<(IncidentKind, i64)> {
        let read = self.shop.server.store.store.read(|tx| {
            let sql = "select kind, quantity from incident where log = $1 order by at_ms, author, seq";
            let rows = tx.query(sql, params![STALL])?;
            rows.iter()
                .map(|row| Ok((row.number::<u8>(0)?, row.int(1)?)))
                .collect::<Result<Vec<_>, StoreError>>()
        });
        let told = read.await.map_err(StoreError::from).unwrap();
        told.into_iter().map(|(kind, amount)| (IncidentKind::from_number(kind).unwrap(), amount)).collect()
    }

    async fn asks_all_back(&mut self) {
        self.register_says(vec![OrderBackAsked { order: order(), reason: "mould".into() }.into()]).await;
    }

    /// The provider says something about the session.
    async fn says(&self, name: &str, session: Option<&str>) {
        let (body, signature) = word_of((name, session), (&STALL.to_string(), &id(ORDER)), self.now_ms());
        let ask = self.shop.server.ask(Method::POST, "/v1/pay/stripe/webhook");
        let told = ask.header("stripe-signature", &signature).body("application/json", body).send().await;
        told.expect(StatusCode::OK);
    }

    /// It says so, and is looked up as often as that wants.
    pub(crate) async fn looks_after(&self, name: &str) {
        self.says(name, None).await;
        for _ in 0..8 {
            self.drive().await;
            self.shop.server.clock.advance_ms(60_000);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_never_given_back_of_what_was_handed_over_goes_back_in_cash() {
    for scene in scenes() {
        let mut world = World::handed_over(scene).await;
        world.provider.books().is_broke = true;
        world.asks_all_back().await;
        assert_eq!(world.records().await.standing(), PayStanding::PayingBack);
        world.is_denied().await;
        assert_eq!(
            world.to_look_at().await,
            [(IncidentKind::PaymentStays, 1_350)],
            "once, and in these words alone"
        );
        let money = world.records().await;
        assert_eq!((money.is_not_taken, money.is_back_asked, money.left_minor()), (true, false, 1_350));
        assert_eq!((world.standing().await.1.as_str(), world.returned()), ("paid", (0, 0)));
        // The provider could now, and is not asked: somebody may have given it back.
        world.provider.books().is_broke = false;
        world.shop.renew(40).await;
        let asked = vec![
            asks(5, 0, 1_351, BackWay::Cash),
            asks(2, 0, 1_350, BackWay::Cash),
            asks(3, 0, 1, BackWay::Cash),
        ];
        world.register_says(asked).await;
        world.asks_all_back().await;
        world.register_says(vec![asks(4, 0, 450, BackWay::AsPaid)]).await;
        world.rests().await;
        let parts: Vec<_> = world.parts().await.into_iter().filter(|part| part.2 > 0).collect();
        assert_eq!((parts, world.returned()), (vec![(2, PartStanding::Allowed, 1_350)], (0, 0)));
        let (refund, shift) = (ThingId([2; 16]), ShiftId([8; 16]));
        let given = OrderCashGiven { refund, order: order(), shift, amount_minor: 1_350 };
        world.register_says(vec![given.into()]).await;
        assert_eq!(world.records().await.standing(), PayStanding::PaidBack);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn units_of_a_cancelled_order_wait_for_no_refund_that_never_comes() {
    for scene in scenes() {
        let mut world = World::cancelled_once_paid(scene).await;
        world.provider.books().is_broke = true;
        world.rests().await;
        assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("held", 2));
        world.is_denied().await;
        assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("cancelled", 5));
        assert_eq!(world.to_look_at().await, [(IncidentKind::PaymentStays, 1_350)]);
        // The buyer has it in cash, out of a drawer that counts it.
        world.shop.renew(40).await;
        world.register_says(vec![asks(5, 1, 0, BackWay::Cash), asks(2, 0, 1_350, BackWay::Cash)]).await;
        let parts: Vec<_> = world.parts().await.into_iter().filter(|part| part.0 != 1).collect();
        assert_eq!(parts, [(2, PartStanding::Allowed, 1_350), (5, PartStanding::Refused, 0)]);
    }
}

/// Somebody gives it back there after all, once its provider refused it for long.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_there_in_the_end_is_written_and_no_cash_goes_beside_it() {
    for store in stores() {
        let mut world = World::cancelled_once_paid((store, Speaks::Stripe)).await;
        world.provider.books().is_broke = true;
        world.is_denied().await;
        world.provider.books().give_back(1_350);
        world.looks_after("evt_1").await;
        assert_eq!((world.standing().await.1.as_str(), world.records().await.left_minor()), ("returned", 0));
        let both = [(IncidentKind::PaymentStays, 1_350), (IncidentKind::PaymentReturned, 1_350)];
        assert_eq!(world.to_look_at().await, both);
        world.shop.renew(40).await;
        world.register_says(vec![asks(5, 0, 1, BackWay::Cash)]).await;
        assert!(world.parts().await.iter().all(|part| part.1 == PartStanding::Refused));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_of_a_provider_that_was_taken_out_of_the_settings_come_to_a_person() {
    for scene in scenes() {
        // Paid, handed over, and to go back.
        let mut world = World::handed_over(scene).await;
        world.asks_all_back().await;
        let world = world.restart_with(vec![]);
        world.is_denied().await;
        assert_eq!(
            world.to_look_at().await,
            [(IncidentKind::PaymentOdd, 1_350), (IncidentKind::PaymentStays, 1_350)]
        );
        assert!(world.records().await.is_not_taken);
    }
    for scene in scenes() {
        // Whether this one was paid nobody knows: the stall says.
        let world = World::waiting(scene).await;
        let mut world = world.restart_with(vec![]);
        for _ in 0..2 {
            world.is_denied().await;
        }
        assert_eq!(world.to_look_at().await, [(IncidentKind::PaymentOdd, 1_350)]);
        assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("held", 2));
        world.shop.renew(40).await;
        world.is_called_off(ORDER).await;
        assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("cancelled", 5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_nothing_for_long_leaves_the_word_to_the_stall() {
    for scene in scenes() {
        let mut world = World::waiting(scene).await;
        world.provider.books().is_down = true;
        for _ in 0..2 {
            world.is_denied().await;
        }
        assert_eq!(world.shop.available().await, 2, "time alone frees nothing");
        world.shop.renew(40).await;
        world.is_called_off(ORDER).await;
        assert_eq!((world.standing().await.0.as_str(), world.shop.available().await), ("cancelled", 5));
        // It was paid in the last moment: that goes back by itself.
        world.provider.books().is_down = false;
        world.provider.books().buyer(true);
        world.is_denied().await;
        let (_, charges, refunds) = world.moved();
        assert_eq!((charges, world.standing().await.0.as_str()), (refunds, "cancelled"));
        assert_eq!(world.shop.available().await, 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_lost_among_many_is_found_by_when_it_was_asked_for_or_by_its_name() {
    for crowd in [Crowd::Since, Crowd::Always] {
        for store in stores() {
            let world = World::open((store, Speaks::Stripe)).await;
            world.provider.plan(&[(Asks::Create, Fault::After)]);
            world.provider.books().crowd = crowd;
            world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
            for _ in 0..5 {
                world.drive().await;
                world.shop.server.clock.advance_ms(LATER_MS / 16);
            }
            let is_found = crowd == Crowd::Since;
            assert_eq!(world.standing().await.1, if is_found { "waiting" } else { "asking" });
            world.says("evt_1", Some("cs_1")).await;
            world.until(("held", "waiting")).await;
            world.provider.books().buyer(true);
            world.until(("held", "paid")).await;
            assert_eq!(world.moved(), (1, 1, 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_a_bank_does_not_take_is_told_whole_or_in_part() {
    for store in stores() {
        let world = World::cancelled_once_paid((store, Speaks::Stripe)).await;
        world.until(("cancelled", "returned")).await;
        world.provider.books().undo_refunds();
        for word in ["evt_1", "evt_2"] {
            world.looks_after(word).await;
            assert_eq!(world.to_look_at().await, [(IncidentKind::PaymentStays, 1_350)], "once");
        }
        assert_eq!(world.standing().await, ("cancelled".into(), "paid".into()));
    }
    for store in stores() {
        let mut world = World::handed_over((store, Speaks::Stripe)).await;
        world.register_says(vec![asks(1, 0, 450, BackWay::AsPaid)]).await;
        world.rests().await;
        assert_eq!(world.parts().await, [(1, PartStanding::Back, 450)]);
        world.provider.books().undo_refunds();
        for word in ["evt_1", "evt_2"] {
            world.looks_after(word).await;
            assert_eq!(world.to_look_at().await, [(IncidentKind::PaymentStays, 450)], "once");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_there_in_part_is_told_with_its_amount_and_leaves_the_rest() {
    for store in stores() {
        let mut world = World::handed_over((store, Speaks::Stripe)).await;
        world.provider.books().give_back(200);
        world.looks_after("evt_1").await;
        assert_eq!(world.to_look_at().await, [(IncidentKind::PaymentReturned, 200)]);
        world.provider.books().give_back(300);
        for word in ["evt_2", "evt_3"] {
            world.looks_after(word).await;
            assert_eq!(
                world.to_look_at().await,
                [(IncidentKind::PaymentReturned, 200), (IncidentKind::PaymentReturned, 300)]
            );
        }
        let money = world.records().await;
        assert_eq!((money.left_minor(), money.standing()), (850, PayStanding::PartlyBack));
        world.shop.renew(40).await;
        // No more than that leaves a drawer, and a part goes back as ever.
        world
            .register_says(vec![
                asks(1, 0, 851, BackWay::Cash),
                asks(2, 0, 400, BackWay::Cash),
                asks(3, 0, 100, BackWay::AsPaid),
            ])
            .await;
        world.rests().await;
        let parts: Vec<_> = world
            .parts()
            .await
            .into_iter()
            .map(|part| (part.1, part.2))
            .filter(|part| part.1 != 200 && part.1 != 300)
            .collect();
        assert_eq!(parts.len(), 3);
        assert!(
            parts.contains(&(PartStanding::Refused, 0)) && parts.contains(&(PartStanding::Allowed, 400)),
            "{parts:?}"
        );
        assert!(parts.contains(&(PartStanding::Back, 100)), "{parts:?}");
        assert_eq!(world.records().await.left_minor(), 350);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_held_no_less_is_taken_and_called_paid() {
    for store in stores() {
        let world = World::waiting((store, Speaks::Stripe)).await;
        world.provider.books().buyer(true);
        world.provider.books().take(500);
        world.looks_after("evt_1").await;
        assert_eq!(world.records().await.paid_minor, 0);
        assert_eq!(world.to_look_at().await, [(IncidentKind::PaymentOdd, 1_350)]);
    }
}
