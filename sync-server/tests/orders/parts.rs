//! Parts of what was paid go back: each once, never more than was paid, whatever is lost, whoever dies and whoever asks, on every
//! engine, with the hostile provider.

use axum::http::{Method, StatusCode};
use soko_domain::entry::{
    BackWay, Entry, GoodsBack, IncidentKind, OrderBackAsked, OrderBackLine, OrderCashGiven, OrderHandedOver,
    OrderRefundAsked, RefundEnd,
};
use soko_domain::ids::{OrderId, ShiftId, ThingId};
use soko_domain::verbs::refund_order::PartStanding;
use soko_projection::order_refunds;
use soko_record_log::{StoreError, params};

use crate::common::hostile::{Asks, Fault, Speaks};
use crate::common::shop::{Register, STALL, exchange, id, orders, stores};
use crate::paying::{FAULTS, LOOKS, ORDER, Scene, World, scenes};

const AT_MS: i64 = 1_790_000_000_000;

fn order() -> OrderId {
    OrderId::from_hex(&id(ORDER)).unwrap()
}

/// Of the three packets, for 1350.
pub(crate) fn asks(name: u8, packets: i64, amount_minor: i64, way: BackWay) -> Entry {
    let line = OrderBackLine { line: 0, quantity: packets, goods: GoodsBack::Sellable };
    let lines = if packets > 0 { vec![line] } else { vec![] };
    let (refund, reason) = (ThingId([name; 16]), "mould".into());
    OrderRefundAsked { refund, order: order(), lines, amount_minor, way, reason }.into()
}

impl World {
    /// Paid by card, and handed over.
    pub(crate) async fn handed_over(scene: Scene) -> Self {
        let world = Self::waiting(scene).await;
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        let path = format!("{}/{}/fulfil", orders(), id(ORDER));
        let fulfil = world.shop.server.ask(Method::POST, &path).bearer(&world.shop.owner).send().await;
        fulfil.expect(StatusCode::OK);
        world
    }

    pub(crate) async fn register_says(&mut self, entries: Vec<Entry>) {
        self.shop.register.device.write(entries, AT_MS).unwrap();
        self.shop.exchange().await;
    }

    async fn other_says(&self, other: &mut Register, entries: Vec<Entry>) {
        other.device.write(entries, AT_MS).unwrap();
        exchange(&self.shop.server, other).await;
    }

    /// Until nothing is due any more.
    pub(crate) async fn rests(&self) {
        for _ in 0..LOOKS / 3 {
            self.drive().await;
            // Less than the life of a token, however often.
            self.shop.server.clock.advance_ms(8_000);
        }
    }

    /// Each part as the records have it: its first byte, how far it is, how much.
    pub(crate) async fn parts(&self) -> Vec<(u8, PartStanding, i64)> {
        let read =
            self.shop.server.store.store.read(move |tx| order_refunds::parts(tx, STALL, order())).await;
        let mut parts: Vec<_> = (read.map_err(StoreError::from).unwrap().into_iter())
            .map(|part| (part.refund.0[0], part.standing, part.amount_minor))
            .collect();
        parts.sort_by_key(|part| part.0);
        parts
    }

    pub(crate) fn returned(&self) -> (u32, i64) {
        let books = self.provider.books();
        (books.refunds, books.returned_minor())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_each_phase_gives_each_part_back_once() {
    use PartStanding::Back;
    for fault in FAULTS {
        for scene in scenes() {
            let mut world = World::handed_over(scene).await;
            world.register_says(vec![asks(1, 2, 0, BackWay::AsPaid), asks(2, 0, 200, BackWay::AsPaid)]).await;
            assert_eq!(world.shop.available().await, 4, "two packets are the shop's again");
            world = match fault {
                None => world.begin_and_die().await,
                Some(fault) => {
                    world.provider.plan(&[(Asks::Refund, fault), (Asks::Refund, Fault::After)]);
                    world.drive().await;
                    world.restart()
                }
            };
            world.rests().await;
            // A day later a provider has forgotten what it repeats.
            world.provider.books().forget_keys();
            world.rests().await;
            assert_eq!(world.parts().await, [(1, Back, 900), (2, Back, 200)], "{fault:?}");
            assert_eq!(world.returned(), (2, 1_100), "{fault:?}");
            assert_eq!(world.records().await.left_minor(), 250);
            let shown = world.seen().await;
            assert_eq!(
                (&shown["refunds"][0]["state"], &shown["payment"]["state"]),
                (&"back".into(), &"paid".into())
            );
            // What is left goes back as a whole, and then nothing is.
            let mut other = world.shop.register(2, "cashier").await;
            let all = OrderBackAsked { order: order(), reason: "all".into() };
            world.other_says(&mut other, vec![all.into()]).await;
            let more = vec![asks(3, 1, 0, BackWay::AsPaid), asks(4, 0, 1, BackWay::Cash)];
            world.other_says(&mut other, more).await;
            world.rests().await;
            assert_eq!(world.standing().await, ("fulfilled".into(), "returned".into()));
            assert_eq!((world.returned(), world.records().await.left_minor()), ((3, 1_350), 0));
            assert_eq!(world.records().await.back_minor, 250, "the rest, beside the parts");
            assert!(world.incidents().await.is_empty(), "{fault:?} {:?}", world.incidents().await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_registers_that_did_not_hear_each_other_give_back_what_was_paid_and_no_more() {
    use PartStanding::{Allowed, Back, Refused};
    for scene in scenes() {
        let mut world = World::handed_over(scene).await;
        let mut other = world.shop.register(2, "cashier").await;
        // Both wrote without a network. What arrives first is first; what it leaves is for the other one.
        world
            .other_says(&mut other, vec![asks(1, 2, 0, BackWay::Cash), asks(2, 0, 450, BackWay::AsPaid)])
            .await;
        world.register_says(vec![asks(3, 2, 0, BackWay::AsPaid), asks(4, 0, 1, BackWay::AsPaid)]).await;
        world.rests().await;
        let wanted = [(1, Allowed, 900), (2, Back, 450), (3, Refused, 0), (4, Refused, 0)];
        assert_eq!((world.parts().await, world.returned()), (wanted.to_vec(), (1, 450)));
        assert_eq!(world.seen().await["refunds"][0]["state"], "to-fetch");
        // The cash is given once, by whoever may; another register's word moves nothing.
        let given = |shift: u8| -> Entry {
            let (refund, shift) = (ThingId([1; 16]), ShiftId([shift; 16]));
            OrderCashGiven { refund, order: order(), shift, amount_minor: 900 }.into()
        };
        world.register_says(vec![given(8)]).await;
        assert_eq!(world.parts().await[0].1, Allowed);
        world.other_says(&mut other, vec![given(9)]).await;
        assert_eq!(world.parts().await[0].1, Back);
        // All that is left is nothing: the whole does not go back beside the cash.
        world.register_says(vec![OrderBackAsked { order: order(), reason: "all".into() }.into()]).await;
        world.rests().await;
        assert_eq!((world.returned(), world.records().await.left_minor()), ((1, 450), 0));
        assert!(world.incidents().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_after_cash_is_what_cash_left() {
    for scene in scenes() {
        let mut world = World::handed_over(scene).await;
        world.register_says(vec![asks(5, 0, 350, BackWay::Cash)]).await;
        for reason in ["all", "all again"] {
            let asked = OrderBackAsked { order: order(), reason: reason.into() };
            world.register_says(vec![asked.into()]).await;
        }
        world.rests().await;
        assert_eq!((world.returned(), world.records().await.left_minor()), ((1, 1_000), 0));
        assert!(world.incidents().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_provider_does_not_give_back_can_go_back_in_cash() {
    for scene in scenes() {
        let mut world = World::handed_over(scene).await;
        world.provider.books().is_broke = true;
        world.register_says(vec![asks(1, 1, 0, BackWay::AsPaid)]).await;
        world.rests().await;
        assert_eq!((world.parts().await, world.returned()), (vec![(1, PartStanding::Refused, 450)], (0, 0)));
        assert_eq!(
            (world.seen().await["refunds"][0]["state"].clone(), world.shop.available().await),
            ("refused".into(), 3)
        );
        world.register_says(vec![asks(2, 0, 450, BackWay::Cash)]).await;
        assert_eq!(world.parts().await[1], (2, PartStanding::Allowed, 450));
        assert_eq!(world.shop.available().await, 3, "the goods came back once");
        assert_eq!(world.to_look_at().await, [(IncidentKind::PaymentStays, 450)], "somebody hears of it");
    }
}

impl World {
    /// Paid by card, and its buyer taps Cancel.
    pub(crate) async fn cancelled_once_paid(scene: Scene) -> Self {
        let world = Self::waiting(scene).await;
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        world.cancel().await;
        world
    }

    /// A register that still sees it as paid gives the goods out.
    async fn given_out(&mut self) {
        self.register_says(vec![OrderHandedOver { order: order(), taken: None }.into()]).await;
    }
}

/// The provider gives it back, its answer is lost, and a register that still sees it as paid hands over; then the goods come back to it.
#[tokio::test(flavor = "multi_thread")]
async fn what_its_buyer_cancelled_does_not_go_back_out_of_the_drawer_too() {
    for fault in [Fault::Before, Fault::After] {
        for scene in scenes() {
            let mut world = World::cancelled_once_paid(scene).await;
            world.provider.plan(&[(Asks::Refund, fault)]);
            world.drive().await;
            world.given_out().await;
            assert_eq!(world.standing().await, ("fulfilled".into(), "returning".into()));
            world.register_says(vec![asks(1, 3, 0, BackWay::Cash), asks(2, 0, 100, BackWay::AsPaid)]).await;
            world.rests().await;
            let refused = [(1, PartStanding::Refused, 0), (2, PartStanding::Refused, 0)];
            assert_eq!((world.parts().await, world.returned()), (refused.to_vec(), (1, 1_350)), "{fault:?}");
            let read = world.shop.server.store.store.read(move |tx| order_refunds::parts(tx, STALL, order()));
            let parts = read.await.map_err(StoreError::from).unwrap();
            assert!(parts.iter().all(|part| part.end == Some(RefundEnd::Whole)), "{parts:?}");
            assert_eq!(world.records().await.left_minor(), 0);
        }
    }
}

/// The money goes back before the register's word arrives, or after it.
#[tokio::test(flavor = "multi_thread")]
async fn goods_and_money_both_gone_a_person_hears_of_it_once() {
    for is_back_first in [true, false] {
        for scene in scenes() {
            let mut world = World::cancelled_once_paid(scene).await;
            if is_back_first {
                world.until(("cancelled", "returned")).await;
            }
            world.given_out().await;
            world.until(("fulfilled", "returned")).await;
            world.rests().await;
            assert_eq!(world.incidents().await, [i64::from(IncidentKind::HandedOverUnpaid.number())]);
            assert_eq!((world.returned(), world.shop.available().await), ((1, 1_350), 2));
        }
    }
}

/// A word alone takes no money. What is paid counts as sold when it is given out by one.
#[tokio::test(flavor = "multi_thread")]
async fn by_a_word_only_what_is_paid_is_given_out_and_counts_as_sold() {
    for scene in scenes() {
        let world = World::waiting(scene).await;
        world.shop.order(1, 2, 1).send().await.expect(StatusCode::CREATED);
        let gives = |order: u8| {
            let path = format!("{}/{}/fulfil", orders(), id(order));
            world.shop.server.ask(Method::POST, &path).bearer(&world.shop.owner).send()
        };
        let sold = async || {
            let read = world.shop.server.store.store.read(|tx| {
                let sql =
                    "select cast(coalesce(sum(revenue_minor), 0) as bigint) from figure_hour where log = $1";
                tx.query_one(sql, params![STALL])?.int(0)
            });
            read.await.map_err(StoreError::from).unwrap()
        };
        for unpaid in [ORDER, 2] {
            gives(unpaid).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "underpaid");
        }
        assert_eq!((world.standing().await.0.as_str(), sold().await), ("held", 0));
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        for _ in 0..2 {
            assert_eq!(gives(ORDER).await.expect(StatusCode::OK).text("state"), "fulfilled");
            assert_eq!((sold().await, world.incidents().await.len()), (1_350, 0));
        }
    }
    for scene in scenes() {
        let world = World::cancelled_once_paid(scene).await;
        let path = format!("{}/{}/fulfil", orders(), id(ORDER));
        let gives = world.shop.server.ask(Method::POST, &path).bearer(&world.shop.owner).send().await;
        gives.refused(StatusCode::UNPROCESSABLE_ENTITY, "underpaid");
    }
}

/// The backup was made before the part was asked for, or knows of no part at all: it is looked up, and not made again.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_server_makes_no_part_twice() {
    for is_known in [true, false] {
        for scene in scenes() {
            let mut world = World::handed_over(scene).await;
            world.register_says(vec![asks(1, 0, 300, BackWay::AsPaid)]).await;
            world.sql(&["create table backup as select * from checkout_part"]).await;
            world.rests().await;
            assert_eq!(world.returned(), (1, 300));
            let back: &[&str] = if is_known {
                &[
                    "delete from checkout_part",
                    "insert into checkout_part select * from backup",
                    "drop table backup",
                ]
            } else {
                &["delete from checkout_part", "drop table backup"]
            };
            world.sql(Box::leak(Box::new(back.to_vec()))).await;
            // Not even the key is there any more.
            world.provider.books().forget_keys();
            let world = world.restored().await;
            world.rests().await;
            assert_eq!(world.returned(), (1, 300), "{is_known}");
            assert_eq!(world.records().await.left_minor(), 1_050);
            assert_eq!(
                world
                    .incidents()
                    .await
                    .iter()
                    .filter(|kind| **kind == i64::from(IncidentKind::PaymentReturned.number()))
                    .count(),
                0
            );
        }
    }
}

/// A program that cannot read a payment's row allows parts of it all the same: the goods are back. The stall hears of it, and the money
/// goes back once somebody can read the row, also where a program of before had told nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_allowed_while_its_payment_cannot_be_read_is_told_and_goes_back_later() {
    use PartStanding::{Allowed, Back};
    for store in stores() {
        let mut world = World::handed_over((store, Speaks::Stripe)).await;
        world.sql(&["update checkout set currency = 'no'"]).await;
        world.register_says(vec![asks(1, 2, 0, BackWay::AsPaid)]).await;
        let told = [i64::from(IncidentKind::PaymentOdd.number())];
        assert_eq!(world.incidents().await, told, "somebody has to know");
        world.sql(&["delete from pay_nobody"]).await;
        world.rests().await;
        assert_eq!((world.parts().await, world.returned()), (vec![(1, Allowed, 900)], (0, 0)));
        world.sql(&["update checkout set currency = 'EUR'"]).await;
        world.rests().await;
        assert_eq!((world.parts().await, world.returned()), (vec![(1, Back, 900)], (1, 900)));
        world.rests().await;
        assert_eq!(world.returned(), (1, 900), "once");
    }
}
