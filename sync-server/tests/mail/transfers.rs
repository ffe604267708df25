//! What is told of an order that is paid by bank transfer: where to send the money, and that it did not come in time.

use axum::http::StatusCode;
use serde_json::json;
use soko_domain::ids::OrderId;
use soko_domain::transfer::reference;
use soko_sync_server::pay::lapse;

use super::{Market, told};
use crate::common::shop::{TEA, id, orders, stores};
use crate::transfers::says_terms;

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_of_an_order_says_where_to_send_the_money_and_both_hear_when_it_did_not_come() {
    for store in stores() {
        let mut market = Market::open(store).await;
        says_terms(&mut market.shop, "holder Tea <House>\nnumber DE89370400440532013000\ndays 1").await;
        let lines = [json!({"product": TEA.to_string(), "quantity": 2})];
        let body = json!({"order": id(1), "lines": lines, "pay": {"way": "transfer"}});
        let placed = market.shop.server.post(&orders(), &body).bearer(&market.buyer).send().await;
        placed.expect(StatusCode::CREATED);
        market.round().await;
        let mails = market.sink.taken();
        let of = |to: &str| mails.iter().find(|mail| mail.header("To") == to).unwrap().text();
        let text = of("amina@example.org");
        let reference = reference(OrderId::from_hex(&id(1)).unwrap());
        for part in [
            "Please send 9.00 EUR by bank transfer.",
            "Account holder: Tea <House>",
            "Account: DE89 3704 0044 0532 0130 00",
            &format!("Reference: {reference}"),
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("Bank:"), "{text}");
        assert!(!of("owner@example.org").contains("Reference"));

        market.shop.server.clock.advance_ms(24 * 3_600_000 + 1);
        lapse::once(&market.shop.server.app).await;
        market.round().await;
        let expected = [
            ("amina@example.org", "Your order at Tea House ran out of time"),
            ("owner@example.org", "An order at Tea House was not paid in time"),
        ];
        assert_eq!(told(&market.sink.taken()), super::pairs(&expected));
    }
}
