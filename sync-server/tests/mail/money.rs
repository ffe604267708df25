//! What is told of money: to the stall that it came, is disputed or went back; to the buyer that a part of it goes back, and what the stall
//! says to a return.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_domain::entry::{
    BackWay, Entry, OrderCashGiven, OrderRefundAsked, OrderSentBack, OrderTransferCame,
};
use soko_domain::ids::{OrderId, ShiftId, ThingId};
use soko_sync_server::messages::{Round, round};

use super::{MINUTE_MS, Mail, Market, ORIGIN, Sink, pairs, post, told};
use crate::cards::{code, sell};
use crate::common::hostile::Speaks;
use crate::common::shop::{STALL, TEA, id, orders, secret, stores};
use crate::paying::{ORDER, World};
use crate::transfers::says_terms;

const BUYER: &str = "amina@example.org";
const OWNER: &str = "owner@example.org";
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

fn order(number: u8) -> OrderId {
    OrderId::from_hex(&id(number)).unwrap()
}

impl Market {
    async fn by_transfer(&self, number: u8) {
        let lines = [json!({"product": TEA.to_string(), "quantity": 2})];
        let body = json!({"order": id(number), "lines": lines, "pay": {"way": "transfer"}});
        let placed = self.shop.server.post(&orders(), &body).bearer(&self.buyer).send().await;
        placed.expect(StatusCode::CREATED);
    }

    /// What the register writes when its clock is so far from the server's.
    async fn says(&mut self, entries: Vec<Entry>, off_ms: i64) {
        let at_ms = self.shop.server.app.now_ms() + off_ms;
        self.shop.register.device.write(entries, at_ms).unwrap();
        self.shop.exchange().await;
    }

    async fn told_now(&self) -> Vec<(String, String)> {
        self.round().await;
        told(&self.sink.taken())
    }

    async fn returns(&self, returned: u8, answer: Value) {
        let path = format!("{}/{}/returns", orders(), id(1));
        let asked =
            json!({"returned": id(returned), "why": "damaged", "lines": [{"line": 0, "quantity": 1}]});
        let ask = self.shop.server.post(&path, &asked).bearer(&self.buyer).send().await;
        ask.expect(StatusCode::OK);
        for _ in 0..2 {
            let answered = self.shop.server.post(&format!("{path}/{}/answer", id(returned)), &answer);
            answered.bearer(&self.shop.owner).send().await.expect(StatusCode::OK);
        }
    }
}

/// Whoever sent it and whoever waited for it hear that so much came.
fn both_hear_of_nine() -> Vec<(String, String)> {
    pairs(&[
        (BUYER, "Tea House has your payment of 9.00 EUR"),
        (OWNER, "9.00 EUR came for an order at Tea House"),
    ])
}

fn came(number: u8) -> Entry {
    OrderTransferCame { order: order(number), amount_minor: 900, reference: String::new() }.into()
}

fn asks(name: u8, amount_minor: i64, way: BackWay) -> Entry {
    let (refund, reason) = (ThingId([name; 16]), "mould".into());
    OrderRefundAsked { refund, order: order(1), lines: vec![], amount_minor, way, reason }.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_and_what_goes_back_in_parts_is_told_once_with_its_amount() {
    for store in stores() {
        let mut market = Market::open(store).await;
        says_terms(&mut market.shop, "holder Tea House\nnumber DE89370400440532013000\ndays 2").await;
        for number in 1..=3 {
            market.by_transfer(number).await;
        }
        market.told_now().await;
        market.says(vec![came(1)], 0).await;
        market.round().await;
        let mails = market.sink.taken();
        assert_eq!(told(&mails), both_hear_of_nine());
        let links =
            [format!("{ORIGIN}/my-orders/{}", id(1)), format!("{ORIGIN}/orders/{}?at={STALL}", id(1))];
        for link in links {
            assert!(mails.iter().any(|mail| mail.text().contains(&link)), "{link}");
        }
        // Somebody goes through a statement; what was told is said again by a register that did not hear of it.
        market.says(vec![came(1), came(2), came(3)], 0).await;
        let paid = "Tea House has your payment of 9.00 EUR";
        let twice = "A transfer at Tea House was counted twice";
        let many = [(BUYER, paid), (BUYER, paid), (OWNER, "2 payments came at Tea House"), (OWNER, twice)];
        market.round().await;
        let mails = market.sink.taken();
        assert_eq!(told(&mails), pairs(&many));
        let odd = mails.iter().find(|mail| mail.header("Subject") == twice).unwrap().text();
        assert!(odd.contains(&format!("{ORIGIN}/orders/{}?at={STALL}", id(1))), "{odd}");

        market.shop.hand_over(1).await;
        market.told_now().await;
        market.says(vec![asks(1, 250, BackWay::AsPaid), asks(2, 350, BackWay::Cash)], 0).await;
        assert_eq!(market.told_now().await, [], "it is only asked for and allowed");
        let sent = |amount_minor| -> Entry {
            let (refund, reference) = (ThingId([1; 16]), String::new());
            OrderSentBack { refund, order: order(1), amount_minor, reference }.into()
        };
        let shift = ShiftId([7; 16]);
        let given = OrderCashGiven { refund: ThingId([2; 16]), order: order(1), shift, amount_minor: 350 };
        market.says(vec![sent(250), sent(250), given.clone().into(), given.into()], 0).await;
        let both = [
            (BUYER, "Tea House gave you 3.50 EUR back in cash"),
            (BUYER, "Tea House gives you 2.50 EUR back"),
        ];
        assert_eq!(market.told_now().await, pairs(&both));
        assert_eq!(market.round().await, Round::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_back_to_a_gift_card_and_in_cash_is_told_as_both() {
    for store in stores() {
        let mut market = Market::open(store).await;
        sell(&mut market.shop, 1, (200, 200)).await;
        let lines = [json!({"product": TEA.to_string(), "quantity": 2})];
        let body = json!({"order": id(1), "lines": lines, "card": {"code": code(1)}});
        let placed = market.shop.server.post(&orders(), &body).bearer(&market.buyer).send().await;
        placed.expect(StatusCode::CREATED);
        market.shop.hand_over(1).await;
        market.told_now().await;
        // 2.00 of it for the card, at once, and 2.50 out of the drawer.
        market.says(vec![asks(1, 450, BackWay::Cash)], 0).await;
        market.round().await;
        let mails = market.sink.taken();
        assert_eq!(told(&mails), pairs(&[(BUYER, "Tea House gives you 2.00 EUR back")]));
        assert!(mails[0].text().contains("On a gift card it is there at once"), "{}", mails[0].text());
        let shift = ShiftId([7; 16]);
        let given = OrderCashGiven { refund: ThingId([1; 16]), order: order(1), shift, amount_minor: 250 };
        market.says(vec![given.into()], 0).await;
        assert_eq!(market.told_now().await, pairs(&[(BUYER, "Tea House gave you 2.50 EUR back in cash")]));
        assert_eq!(market.round().await, Round::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_return_is_told_once_and_says_why_not() {
    for store in stores() {
        let market = Market::open(store).await;
        market.order(1).await;
        market.shop.hand_over(1).await;
        market.told_now().await;
        market.returns(40, json!({"reason": "it was eaten"})).await;
        market.round().await;
        let mails = market.sink.taken();
        assert_eq!(told(&mails), pairs(&[(BUYER, "Tea House does not take your return")]));
        let text = mails[0].text();
        for part in ["It says why: it was eaten", &format!("{ORIGIN}/my-orders/{}", id(1))] {
            assert!(text.contains(part), "{part}: {text}");
        }
        market.returns(41, json!({"goods": [{"line": 0, "goods": "sellable"}]})).await;
        assert_eq!(market.told_now().await, pairs(&[(BUYER, "Tea House has what you brought back")]));

        // Whoever does not want to hear of it does not, and hears of the rest.
        let wishes = json!({"topics": {"return-answered": false}});
        let chosen = market.shop.server.put("/v1/me/messages", &wishes).bearer(&market.buyer).send().await;
        chosen.expect(StatusCode::OK);
        market.returns(42, json!({"reason": "too late"})).await;
        assert_eq!(market.told_now().await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_as_old_as_the_server_knows_it_whatever_a_clock_says() {
    for store in stores() {
        let mut market = Market::open(store).await;
        says_terms(&mut market.shop, "holder Tea House\nnumber DE89370400440532013000\ndays 7").await;
        for number in 1..=3 {
            market.by_transfer(number).await;
        }
        market.told_now().await;
        let one = both_hear_of_nine();
        // A clock that is two days late, and a register that was two days without a network, are the same to the server.
        market.says(vec![came(1)], -2 * DAY_MS).await;
        assert_eq!(market.told_now().await, one, "it was taken just now");
        // Nobody looked for two days; a clock that is three days ahead makes it no younger.
        market.says(vec![came(2)], 3 * DAY_MS).await;
        market.shop.server.clock.advance_ms(2 * DAY_MS);
        market.let_in_again().await;
        market.says(vec![came(3)], 0).await;
        assert_eq!(market.told_now().await, one, "only the third");
    }
}

/// What was told since the last look, and the texts of it.
async fn news(world: &World, sink: &Sink) -> (Vec<(String, String)>, Vec<String>) {
    round(&world.shop.server.app, &post(sink)).await.unwrap();
    let mails = sink.taken();
    (told(&mails), mails.iter().map(Mail::text).collect())
}

/// Its buyer goes away from the page.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_not_paid_is_no_sale_to_its_stall_and_no_fault_of_it_to_its_buyer() {
    for store in stores() {
        let (world, sink) = (World::waiting((store, Speaks::Stripe)).await, Sink::open().await);
        let buyer = world.shop.server.person(BUYER).await;
        let claim = world.shop.server.ask(Method::POST, "/v1/me/guest").header("soko-buyer", &secret(1));
        claim.bearer(&buyer).send().await.expect(StatusCode::NO_CONTENT);
        let placed =
            [(BUYER, "Tea House set your order aside"), (OWNER, "New order at Tea House, not paid yet")];
        assert_eq!(news(&world, &sink).await.0, pairs(&placed));
        world.provider.books().buyer(false);
        world.until(("cancelled", "cancelled")).await;
        let ended =
            [(BUYER, "Your order at Tea House was not paid"), (OWNER, "An order at Tea House was not paid")];
        assert_eq!(news(&world, &sink).await.0, pairs(&ended));
        world.rests().await;
        assert_eq!(news(&world, &sink).await.0, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_payment_that_comes_goes_back_in_part_and_is_disputed_is_told_once_each() {
    for store in stores() {
        let (mut world, sink) = (World::waiting((store, Speaks::Paypal)).await, Sink::open().await);
        let buyer = world.shop.server.person(BUYER).await;
        let claim = world.shop.server.ask(Method::POST, "/v1/me/guest").header("soko-buyer", &secret(1));
        claim.bearer(&buyer).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(news(&world, &sink).await.0.len(), 2, "the order itself");
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        let arrived = [
            (BUYER, "Tea House has your payment of 13.50 EUR"),
            (OWNER, "13.50 EUR came for an order at Tea House"),
        ];
        assert_eq!(news(&world, &sink).await.0, pairs(&arrived));
        world.shop.hand_over(ORDER).await;
        news(&world, &sink).await;
        world.register_says(vec![asks(1, 450, BackWay::AsPaid)]).await;
        world.rests().await;
        world = world.restart();
        assert_eq!(news(&world, &sink).await.0, pairs(&[(BUYER, "Tea House gives you 4.50 EUR back")]));

        let dispute = json!({"disputed_transactions": [{"seller_transaction_id": "ca-cs_1"}]});
        for _ in 0..2 {
            let word = world.word("WH-2", "CUSTOMER.DISPUTE.CREATED", &dispute);
            world.told(&word).await.expect(StatusCode::OK);
        }
        let (heard, texts) = news(&world, &sink).await;
        assert_eq!(heard, pairs(&[(OWNER, "A payment at Tea House is disputed")]));
        let link = format!("/orders/{}?at={STALL}", id(ORDER));
        assert!(texts[0].contains(&link), "{}", texts[0]);
        world.rests().await;
        world = world.restart();
        assert_eq!(news(&world, &sink).await.0, [], "nothing twice");
    }
}

/// Weeks later a bank does not take what went back: whoever counted on it is told, and what the order says of it is true again.
#[tokio::test(flavor = "multi_thread")]
async fn money_that_did_not_arrive_is_told_to_the_stall_and_to_whom_it_is_owed() {
    for store in stores() {
        let (mut world, sink) = (World::waiting((store, Speaks::Stripe)).await, Sink::open().await);
        let buyer = world.shop.server.person(BUYER).await;
        let claim = world.shop.server.ask(Method::POST, "/v1/me/guest").header("soko-buyer", &secret(1));
        claim.bearer(&buyer).send().await.expect(StatusCode::NO_CONTENT);
        world.provider.books().buyer(true);
        world.until(("held", "paid")).await;
        world.shop.hand_over(ORDER).await;
        world.register_says(vec![asks(1, 450, BackWay::AsPaid)]).await;
        world.rests().await;
        news(&world, &sink).await;
        let part = async |world: &World| world.seen().await["refunds"][0]["state"].clone();
        assert_eq!(part(&world).await, "back");

        world.provider.books().undo_refunds();
        world.looks_after("evt_1").await;
        assert_eq!(part(&world).await, "refused");
        let (heard, texts) = news(&world, &sink).await;
        let owed =
            [(BUYER, "Tea House owes you 4.50 EUR"), (OWNER, "Money for a buyer stays with Tea House")];
        assert_eq!(heard, pairs(&owed));
        assert!(texts.iter().any(|text| text.contains(&format!("/my-orders/{}", id(ORDER)))), "{texts:?}");
        world.looks_after("evt_2").await;
        world = world.restart();
        assert_eq!(news(&world, &sink).await.0, [], "nothing twice");
        assert_eq!(part(&world).await, "refused");
    }
}
